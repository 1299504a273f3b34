"""The sizes of well-known image sets, so that a sweep's cost can be told on a machine where the images are not."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vvslib import images

SETS = {
    "imagenet": (1_000, 1_281_167),
    "ecoset": (565, 1_444_911),
    "imagenet21kp": (10_450, 11_060_223),
    "imagenet21kpclass1000": (1_000, 1_060_048),
    "webvision": (5_000, 16_076_665),
    "webvisionp": (4_186, 13_576_420),
    "places365": (365, 1_803_460),
    "inaturalist": (10_000, 2_686_843),
    "infimnist": (10, 1_200_000),
}
"""Last part of a folder's path → classes, training images.

Images as in the published table of Gokce & Schrimpf (2025); classes by its subsets of one image a class, or as the authors of the
set say (WebVision 2.0: 5,000)."""


SMALL = {"cifar10": (10, 50_000, 32), "tiny_imagenet": (200, 100_000, 32)}
"""Image sets with a name of their own → classes, training images, side in px."""


@dataclass(frozen=True)
class Nominal:
    """What is known of an image set without having it: enough to plan a run.

    Attributes
    ----------
    labels
        Classes of the images, int64 ``(n,)``; only as many of a class as were asked for, where fewer than all were.
    n_classes, n
        Classes, training images.
    size
        Their side in px.
    """

    labels: NDArray[np.int64]
    n_classes: int
    n: int
    size: int

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that stand for the classes."""
        return tuple(map(str, range(self.n_classes)))

    def __len__(self) -> int:
        return self.n


def small(spec: str) -> Nominal | None:
    """What is known of an image set that has a name of its own, whether it is here or not; None for others.

    Examples
    --------
    >>> known = small("cifar10")
    >>> len(known), len(known.classes), known.size
    (50000, 10, 32)
    """
    if spec not in SMALL:
        return None
    n_classes, n, size = SMALL[spec]
    return Nominal(np.arange(n) % n_classes, n_classes, n, size)


def absent(spec: str, per_class: int = 0) -> Nominal | None:
    """What is known of an image set whose folder is not here; None where it is here, or nothing is known.

    Parameters
    ----------
    spec
        Name of the image set.
    per_class
        Images of every class that will be asked for; 0 for all.

    Examples
    --------
    >>> known = absent("folder:path=/nowhere/imagenet,size=240")
    >>> len(known), len(known.classes), known.size
    (1281167, 1000, 240)
    >>> absent("folder:path=/nowhere/holidays") is None
    True
    """
    kind, _, options = images.canonical(spec).partition(":")
    if kind != "folder":
        return None
    values = dict(option.split("=", 1) for option in options.split(",") if "=" in option)
    path = Path(values["path"])
    known = SETS.get(path.name.casefold().replace("-", ""))
    if known is None or os.path.isdir(path):
        return None
    n_classes, n = known
    labels = np.arange(n_classes * min(per_class, n // n_classes) if per_class else n) % n_classes
    return Nominal(labels, n_classes, n, int(values["size"]))
