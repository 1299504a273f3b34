"""Rendered objects by number: image i of a class is the same on every machine, whatever else is rendered."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from vvslib.errors import VvsError, suggest
from vvslib.images.sandbox.catalogue import CLASSES, N_EXEMPLARS, catalogue
from vvslib.images.sandbox.counter import scenes, word
from vvslib.images.sandbox.kernel import compiled
from vvslib.images.sandbox.scene import VARIATIONS
from vvslib.images.sandbox.version import version

STREAMS = ("train", "val", "stimuli")
"""Image i of one stream has nothing to do with image i of another."""

CHUNK = 64


def render(
    classes: Sequence[str] | Sequence[int] | np.ndarray,
    indices: Sequence[int] | np.ndarray,
    size: int,
    variation: str = "medium",
    seed: int = 0,
    stream: str = "stimuli",
    threads: int | None = None,
) -> np.ndarray:
    """Images of objects.

    An image depends on its class's name, its index, `variation`, `seed` and `stream`; `size` only says how finely the same scene
    is drawn. Other images asked for in the same call change nothing.

    Parameters
    ----------
    classes
        Class of each image, by name or by number in `CLASSES`; shape (n,).
    indices
        Which image of its class, from 0; shape (n,).
    size
        Side in px, 16 to 512.
    variation
        ``"low"``, ``"medium"`` or ``"high"``.
    seed
        0 ≤ seed < 2**32.
    stream
        ``"train"``, ``"val"`` or ``"stimuli"``, whose images are disjoint.
    threads
        At once; as many as there are cores when None.

    Returns
    -------
    ndarray of uint8
        Shape (n, size, size, 3), display values (sRGB-like, the square root of linear light).

    Raises
    ------
    VvsError
        For an unknown class, variation or stream (the nearest are named), and numbers outside their range.

    Examples
    --------
    >>> two = render(["mug", "car"], [7, 7], size=32)
    >>> two.shape, bool((render(["car"], [7], size=32)[0] == two[1]).all())
    ((2, 32, 32, 3), True)
    """
    numbers, indices = _numbers(classes), np.atleast_1d(np.asarray(indices))
    if indices.dtype.kind not in "iu" or indices.shape != numbers.shape or (indices.size and indices.min() < 0):
        raise VvsError(
            f"indices must be as many whole numbers from 0 as there are classes ({numbers.size}); "
            f"got {indices.dtype} of shape {indices.shape}"
            + (f" from {indices.min()}" if indices.dtype.kind in "iu" and indices.size else "")
        )
    for what, value, known in (("variation", variation, VARIATIONS), ("stream", stream, STREAMS)):
        if value not in known:
            raise VvsError(f"{what} must be {', '.join(known)}; got {value!r}; {suggest(str(value), known)}")
    for what, value, low, high in (("size", size, 16, 512), ("seed", seed, 0, 2**32 - 1)):
        if isinstance(value, bool) or int(value) != value or not low <= value <= high:
            raise VvsError(f"{what} must be a whole number from {low} to {high}; got {value!r}")
    out = np.empty((numbers.size, size, size, 3), np.uint8)
    words = np.array([word(name) for name in CLASSES], np.uint64)[numbers]
    states, exemplars = scenes(np.uint64(seed), np.uint64(word(stream)), words, indices.astype(np.int64), N_EXEMPLARS)
    meshes = numbers * N_EXEMPLARS + exemplars
    render_many = _renderer()
    c, widths, samples = catalogue(), np.array(VARIATIONS[variation]), max(2, -(-128 // size))

    def part(first: int) -> None:
        some = slice(first, first + CHUNK)
        render_many(
            states[some], numbers[some], meshes[some], c.corners, c.normals, c.slots, c.starts, c.colours, c.counts, c.finish,
            c.views, widths, samples, out[some],
        )  # fmt: skip

    firsts = range(0, numbers.size, CHUNK)
    threads = min(_cores() if threads is None else threads, len(firsts))
    if threads <= 1:
        for first in firsts:
            part(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, firsts))
    return out


def _numbers(classes: Sequence[str] | Sequence[int] | np.ndarray) -> np.ndarray:
    """Each image's class as a number; int64, shape (n,)."""
    given = np.atleast_1d(np.asarray(classes))
    if given.dtype.kind == "U":
        place = {name: number for number, name in enumerate(CLASSES)}
        if unknown := [str(name) for name in given.ravel() if name not in place]:
            raise VvsError(f"class must be one of the sandbox's; got {unknown[0]!r}; {suggest(unknown[0], CLASSES)}")
        given = np.array([place[name] for name in given.ravel()], np.int64).reshape(given.shape)
    wrong = given.ndim != 1 or (
        given.size and (given.dtype.kind not in "iu" or not 0 <= given.min() <= given.max() < len(CLASSES))
    )
    if wrong:
        raise VvsError(f"classes must be a vector of names or of numbers from 0 to {len(CLASSES) - 1}; got {classes!r}")
    return given.astype(np.int64)


@lru_cache(maxsize=1)
def _renderer():
    return compiled(int(version()[:12], 16))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
