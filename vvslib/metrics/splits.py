"""Which stimuli a map is fitted on and which it is judged on.

The splits are those of Brain-Score's `CrossValidation`, which takes scikit-learn's `ShuffleSplit` and, where objects are known,
`StratifiedShuffleSplit`: the same numbers drawn in the same order, so that scores can be equal and not only alike. numpy
guarantees the stream of `RandomState` for good.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError

Split = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Indices of the stimuli to fit on and of those to judge on."""

N_SPLITS, TRAIN_SHARE, SEED = 10, 0.9, 1
"""Brain-Score's: `Split.Defaults` in brainscore_vision.metric_helpers.transformations."""


def shuffle_splits(
    n_stimuli: int,
    objects: ArrayLike | None = None,
    *,
    n_splits: int = N_SPLITS,
    train_share: float = TRAIN_SHARE,
    seed: int = SEED,
) -> list[Split]:
    """Random splits of the stimuli; every object keeps its share of each part where objects are given.

    Parameters
    ----------
    n_stimuli
        Number of stimuli.
    objects
        Object shown by each stimulus, ``(n_stimuli,)``, of any type that sorts; None where objects are not known.
    n_splits, train_share, seed
        Number of splits, share of stimuli to fit on, seed. The defaults are Brain-Score's.

    Returns
    -------
    list of (ndarray, ndarray)
        For each split the stimuli to fit on and those to judge on; they overlap in no split, and all stimuli are used.

    Raises
    ------
    VvsError
        For a share that leaves one of the parts too few stimuli, and for objects that do not fit into both parts.

    Examples
    --------
    >>> train, test = shuffle_splits(20, np.repeat(["face", "car"], 10))[0]
    >>> len(train), sorted(test // 10)
    (18, [0, 1])
    """
    if n_splits < 1:
        raise VvsError(f"n_splits must be at least 1; got {n_splits}")
    if not 0 < train_share < 1:
        raise VvsError(f"train_share must lie between 0 and 1; got {train_share}")
    n_train = int(np.floor(train_share * n_stimuli))
    n_test = n_stimuli - n_train
    if n_train < 2 or n_test < 2:
        raise VvsError(
            f"both parts of a split must have at least 2 stimuli; {n_stimuli} stimuli at train_share {train_share} are "
            f"{n_train} to fit on and {n_test} to judge on; change train_share"
        )
    rng = np.random.RandomState(seed)
    if objects is None:
        orders = (rng.permutation(n_stimuli) for _ in range(n_splits))
        return [(order[n_test:], order[:n_test]) for order in orders]
    members = _members(np.asarray(objects), n_stimuli, n_train, n_test)
    return [_stratified(members, n_train, n_test, rng) for _ in range(n_splits)]


def check_splits(splits: Sequence[Split], n_stimuli: int) -> None:
    """Refuse splits that do not fit the stimuli.

    Raises
    ------
    VvsError
        Where there are none, where indices lie outside the stimuli, or a stimulus is in both parts or twice in one.

    Examples
    --------
    >>> check_splits(shuffle_splits(30), 30)
    """
    if not len(splits):
        raise VvsError("splits must hold at least one pair of indices, to fit on and to judge on; got none")
    for number, (train, test) in enumerate(splits):
        used = np.concatenate([np.asarray(train), np.asarray(test)])
        if used.dtype.kind not in "iu" or used.min(initial=0) < 0 or used.max(initial=0) >= n_stimuli:
            raise VvsError(f"splits must hold indices of stimuli, from 0 to {n_stimuli - 1}; split {number} does not")
        if len(train) < 2 or len(test) < 2 or len(np.unique(used)) < len(used):
            raise VvsError(
                f"a split must hold at least two stimuli to fit on and two others to judge on, none twice; split {number} has "
                f"{len(train)} and {len(test)}, {len(np.unique(used))} of them distinct"
            )


def _members(objects: NDArray, n_stimuli: int, n_train: int, n_test: int) -> list[NDArray[np.int64]]:
    """Positions of each object's stimuli, objects in their order."""
    if objects.shape != (n_stimuli,):
        raise VvsError(f"objects must name the object of each of the {n_stimuli} stimuli; got shape {objects.shape}")
    names, member, counts = np.unique(objects, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        raise VvsError(
            f"every object must be shown by at least 2 stimuli; {names[counts.argmin()]} is shown by one; objects=None "
            "splits without regard to objects"
        )
    if min(n_train, n_test) < len(names):
        raise VvsError(
            f"both parts of a split must have room for all {len(names)} objects; got {n_train} stimuli to fit on and {n_test} to "
            "judge on; objects=None splits without regard to objects"
        )
    return np.split(np.argsort(member, kind="stable"), np.cumsum(counts)[:-1])


def _stratified(members: list[NDArray[np.int64]], n_train: int, n_test: int, rng: np.random.RandomState) -> Split:
    """One stratified split, drawing what scikit-learn draws, in its order."""
    counts = np.array([len(stimuli) for stimuli in members])
    to_fit = _shares(counts, n_train, rng)
    to_judge = _shares(counts - to_fit, n_test, rng)
    train, test = [], []
    for stimuli, n_first, n_second in zip(members, to_fit, to_judge, strict=True):
        order = stimuli[rng.permutation(len(stimuli))]
        train.append(order[:n_first])
        test.append(order[n_first : n_first + n_second])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def _shares(counts: NDArray[np.int64], n_drawn: int, rng: np.random.RandomState) -> NDArray[np.int64]:
    """How many of `n_drawn` fall to each object: its share rounded down, then one more by largest remainder, ties at random."""
    exact = counts / counts.sum() * n_drawn
    shares = np.floor(exact)
    missing = int(n_drawn - shares.sum())
    remainder = exact - shares
    for value in np.unique(remainder)[::-1]:
        if missing <= 0:
            break
        tied = np.flatnonzero(remainder == value)
        shares[rng.choice(tied, size=min(len(tied), missing), replace=False)] += 1
        missing -= min(len(tied), missing)
    return shares.astype(np.int64)
