"""Rendered objects of 24 categories: meshes, lit, textured, posed, scaled and shifted, over varied backgrounds.

A stand-in for photographs where there are none: made from a seed, as many as asked, the same bytes on every machine. The first
call in a fresh checkout compiles the renderer for some seconds; later processes load it from numba's cache.
"""

import logging
import os

import numpy as np

from vvslib.errors import VvsError
from vvslib.images import cache
from vvslib.images.imageset import MemoryImages
from vvslib.images.sandbox.catalogue import CLASSES
from vvslib.images.sandbox.render import STREAMS, render
from vvslib.images.sandbox.scene import VARIATIONS
from vvslib.images.sandbox.version import version

__all__ = ["CLASSES", "STREAMS", "VARIATIONS", "load", "render", "version"]

logger = logging.getLogger(__name__)

WORTH_A_WORD = 5_000
"""Rendering more images than this takes long enough to be told about."""


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

    Raises
    ------
    VvsError
        For more images than fit into the machine's memory.

    Examples
    --------
    >>> few = load("sandbox", "train", size=32, per_class=2, val_per_class=1, variation="low", seed=0)
    >>> few.images.shape, few.classes[:3]
    ((48, 32, 32, 3), ('airplane', 'apple', 'banana'))
    """
    n = per_class if split == "train" else val_per_class
    taken, there = n * len(CLASSES) * size * size * 3, _memory()
    if taken > there:
        raise VvsError(
            f"{name}: images must fit into memory; {n:,} of {len(CLASSES)} classes at {size} px take {taken / 1e9:,.0f} GB, and "
            f"this machine has {there / 1e9:,.0f} GB; ask for fewer or smaller ones"
        )
    labels = np.repeat(np.arange(len(CLASSES)), n)
    indices = np.tile(np.arange(n), len(CLASSES))
    key = cache.key("sandbox", version(), split, size, n, variation, seed)

    def make() -> np.ndarray:
        if labels.size > WORTH_A_WORD:
            logger.info("%s, %s: rendering %d images, which is done once; kept in %s", name, split, labels.size, cache.folder())
        return render(labels, indices, size, variation, seed, split)

    return MemoryImages(name, split, CLASSES, labels, cache.remembered(f"sandbox-{key}", make))


def _memory() -> int:
    """Bytes of memory of this machine; where it does not say, more than anything takes."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**63
