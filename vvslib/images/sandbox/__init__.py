"""Rendered objects of 24 categories: meshes, lit, textured, posed, scaled and shifted, over varied backgrounds.

A stand-in for photographs where there are none: made from a seed, as many as asked, the same bytes on every machine. The first
call in a fresh checkout compiles the renderer for some seconds; later processes load it from numba's cache.
"""

import numpy as np

from vvslib.images import cache
from vvslib.images.imageset import MemoryImages
from vvslib.images.sandbox.catalogue import CLASSES
from vvslib.images.sandbox.render import STREAMS, render
from vvslib.images.sandbox.scene import VARIATIONS
from vvslib.images.sandbox.version import version

__all__ = ["CLASSES", "STREAMS", "VARIATIONS", "load", "render", "version"]


def load(name: str, split: str, size: int, per_class: int, val_per_class: int, variation: str, seed: int) -> MemoryImages:
    """The rendered images of one split, from the cache where they were rendered before.

    The images of ``"val"`` are disjoint from those of ``"train"``; the exemplars of a category are the same.

    Parameters
    ----------
    name
        The set's canonical name.
    split
        ``"train"`` or ``"val"``.
    size, per_class, val_per_class, variation, seed
        Side in px; images of each class in the splits; and as in `render`.

    Examples
    --------
    >>> few = load("sandbox", "train", size=32, per_class=2, val_per_class=1, variation="low", seed=0)
    >>> few.images.shape, few.classes[:3]
    ((48, 32, 32, 3), ('airplane', 'apple', 'banana'))
    """
    n = per_class if split == "train" else val_per_class
    labels = np.repeat(np.arange(len(CLASSES)), n)
    indices = np.tile(np.arange(n), len(CLASSES))
    key = cache.key("sandbox", version(), split, size, n, variation, seed)
    images = cache.remembered(f"sandbox-{key}", lambda: render(labels, indices, size, variation, seed, split))
    return MemoryImages(name, split, CLASSES, labels, images)
