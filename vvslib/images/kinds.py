"""The kinds of image sets: which options each takes, and what loads it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from vvslib.errors import VvsError, suggest
from vvslib.images import spec as specs
from vvslib.images.imageset import SPLITS, ImageSet
from vvslib.images.spec import Option, Value


@dataclass(frozen=True)
class Kind:
    """One kind of image set: what it is in words, its options, and the module whose ``load(name, split, **options)`` loads it."""

    summary: str
    options: Mapping[str, Option]
    module: str


KINDS: dict[str, Kind] = {
    "cifar10": Kind("CIFAR-10: 60,000 photographs of 10 classes, 32 px", {}, "vvslib.images.cifar10"),
    "tiny_imagenet": Kind(
        "Tiny-ImageNet: 110,000 photographs of 200 classes",
        {"size": Option(int, 32, "side in px", choices=(32, 64))},
        "vvslib.images.tiny_imagenet",
    ),
    "folder": Kind(
        "any tree with a folder a class: path/train/CLASS/*.jpg and path/val/CLASS/*.jpg",
        {
            "path": Option(str, None, "folder that holds train/ and val/, or the folders of the classes"),
            "size": Option(int, 224, "side in px of what is read", lowest=8, highest=1024),
            "skip_corrupt": Option(bool, False, "leave out images that cannot be decoded; all are decoded once to know"),
        },
        "vvslib.images.folder",
    ),
    "sandbox": Kind(
        "rendered objects over varied backgrounds, as many as asked",
        {
            "size": Option(int, 32, "side in px", lowest=16, highest=512),
            "per_class": Option(int, 500, "training images of each class", lowest=1, highest=1_000_000),
            "val_per_class": Option(int, 50, "validation images of each class", lowest=1, highest=1_000_000),
            "variation": Option(str, "medium", "of pose, position and size", choices=("low", "medium", "high")),
            "seed": Option(int, 0, "which images are drawn", lowest=0, highest=2**32 - 1),
        },
        "vvslib.images.sandbox",
    ),
}


def names() -> list[str]:
    """The kinds of image sets.

    Examples
    --------
    >>> names()
    ['cifar10', 'folder', 'sandbox', 'tiny_imagenet']
    """
    return sorted(KINDS)


def options(name: str) -> Mapping[str, Option]:
    """The options that one kind takes.

    Raises
    ------
    VvsError
        When there is no such kind; the nearest names are given.

    Examples
    --------
    >>> options("tiny_imagenet")["size"].choices
    (32, 64)
    """
    return _kind(name).options


def canonical(spec: str) -> str:
    """The one way to write an image set: every option, sorted by key; a path made absolute.

    Raises
    ------
    VvsError
        For an unknown kind or option (the nearest are named), and for values of the wrong type or outside their range.

    Examples
    --------
    >>> canonical("sandbox:variation=low,size=064")
    'sandbox:per_class=500,seed=0,size=64,val_per_class=50,variation=low'
    """
    name, values = _parse(spec)
    return specs.write(name, values)


def load(spec: str, split: str = "train") -> ImageSet:
    """The images of one split.

    Parameters
    ----------
    spec
        ``name`` or ``name:key=value,key=value``; `names` and `options` say what there is.
    split
        ``"train"`` or ``"val"``.

    Returns
    -------
    ImageSet
        With `labels`, `classes`, `digest`, `read` and `open`; with `images` where they lie in memory.

    Raises
    ------
    VvsError
        For what `canonical` refuses, for an unknown split, and where the images are absent or unreadable.
    """
    name, values = _parse(spec)
    if split not in SPLITS:
        raise VvsError(f"split must be {' or '.join(SPLITS)}; got {split!r}; {suggest(split, SPLITS)}")
    loader: Callable[..., ImageSet] = import_module(KINDS[name].module).load
    return loader(specs.write(name, values), split, **values)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise VvsError(f"there is no image set {name!r}; {suggest(name, KINDS)}")
    return KINDS[name]


def _parse(spec: str) -> tuple[str, dict[str, Value]]:
    name, written = specs.split(spec)
    values = specs.read(name, written, _kind(name).options)
    if "path" in values:
        # A run started from another folder is the same run.
        values["path"] = os.path.abspath(os.path.expanduser(str(values["path"])))
    return name, values
