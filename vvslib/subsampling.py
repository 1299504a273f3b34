"""Nested, class-balanced subsets of a labelled image set.

Every image gets a rank within its class from a counter-based hash of (seed, class, position within the class). A subset takes the
first d ranks of each class. So a smaller subset lies inside every larger one of the same seed, a class does not depend on the
others, nothing else random is touched, and integer arithmetic makes it the same on every platform and
with every version of numpy. The subsets of Gokce & Schrimpf (2025) are drawn anew for each size; nesting removes that
source of variance.
"""

from collections.abc import Sequence

import numpy as np

from vvslib.errors import VvsError

SIZES = (1, 3, 10, 30, 100, 300, 0)
"""Images per class of Gokce & Schrimpf (2025); 0 means all."""

_STEP, _FIRST, _SECOND = (np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def subsample(labels: np.ndarray, per_class: int, seed: int, classes: Sequence[str] | None = None) -> np.ndarray:
    """Indices of `per_class` images of every class.

    Parameters
    ----------
    labels
        Class of each image, integers from 0; shape (n,).
    per_class
        Images to keep of every class that occurs; 0 for all.
    seed
        0 ≤ seed < 2**32.
    classes
        Names of the classes, for the error; their numbers are named when None.

    Returns
    -------
    ndarray of int64
        Positions in `labels`, ascending; shape (per_class · n_classes,), or (n,) for all.

    Raises
    ------
    VvsError
        For labels that are no vector of non-negative integers, for a negative `per_class`, and where classes hold too few
        images (they are named).

    Examples
    --------
    >>> labels = np.repeat([0, 1, 2], 5)
    >>> small, large = subsample(labels, 1, seed=0), subsample(labels, 3, seed=0)
    >>> np.bincount(labels[large]), set(small) <= set(large)
    (array([3, 3, 3]), True)
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size or labels.min() < 0:
        raise VvsError(
            f"labels must be a vector of at least one class number, from 0; got {labels.dtype} of shape {labels.shape}"
            + (f" with minimum {labels.min()}" if labels.size and labels.dtype.kind in "iu" else "")
        )
    if isinstance(per_class, bool) or int(per_class) != per_class or per_class < 0:
        raise VvsError(f"per_class must be a whole number of images, 0 for all; got {per_class!r}")
    if isinstance(seed, bool) or int(seed) != seed or not 0 <= seed < 2**32:
        raise VvsError(f"seed must be a whole number from 0 to 2**32 − 1; got {seed!r}")
    if per_class == 0:
        return np.arange(labels.size, dtype=np.int64)
    counts = np.bincount(labels)
    few = np.flatnonzero((counts < per_class) & (counts > 0))
    if few.size:
        named = ", ".join(f"{classes[c] if classes is not None else c} ({counts[c]})" for c in few[:5])
        more = f" and {few.size - 5} more classes" if few.size > 5 else ""
        raise VvsError(f"{per_class} images per class were asked for; there are fewer of {named}{more}; take a smaller subset")
    order = np.argsort(labels, kind="stable")
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    position = np.arange(labels.size) - first[labels[order]]
    keys = _hash(seed, labels[order].astype(np.uint64), position.astype(np.uint64))
    ranked = order[np.lexsort((position, keys, labels[order]))]
    return np.sort(ranked[position < per_class]).astype(np.int64)


def _hash(seed: int, group: np.ndarray, position: np.ndarray) -> np.ndarray:
    """SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195) over three counters in turn; uint64 wraps."""
    state = np.full(group.shape, seed, np.uint64)
    for word in (np.zeros_like(group), group, position):
        state = _mix(state + _STEP + word)
    return state


def _mix(z: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64: every bit of the result depends on every bit of the state."""
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))
