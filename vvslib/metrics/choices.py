"""From choices to rates: how often another object was taken for the one that was shown.

Two kinds of behaviour lead to the same matrix. In a match-to-sample task each trial offers the object shown and one distractor; a
trial counts for the object chosen. Where one of all objects is named, as a classifier does, the choice between two of them is
derived: p(distractor) / (p(distractor) + p(object)), Luce's rule.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError


def rates_of_probabilities(probabilities: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Rate at which each distractor would be chosen over the object shown.

    Parameters
    ----------
    probabilities
        Probability, or count, of each object for each stimulus, ``(n_stimuli, n_objects)``.
    truth
        Object shown, from 0, ``(n_stimuli,)``.

    Returns
    -------
    ndarray
        ``(n_stimuli, n_objects)``; NaN for the object shown, and where neither it nor the distractor was ever chosen.

    Raises
    ------
    VvsError
        For probabilities that are negative or not finite, and a truth that does not fit.

    Examples
    --------
    >>> rates_of_probabilities([[0.6, 0.3, 0.1]], [0]).round(3).tolist()
    [[nan, 0.333, 0.143]]
    """
    p = np.asarray(probabilities, float)
    if p.ndim != 2 or 0 in p.shape or not np.isfinite(p).all() or p.min() < 0:
        raise VvsError(f"probabilities must be a matrix, stimuli × objects, of numbers from 0; got shape {p.shape}{_worst(p)}")
    truth = check_truth(truth, *p.shape)
    both = p + p[np.arange(len(p)), truth][:, None]
    rates = np.divide(p, both, out=np.full(p.shape, np.nan), where=both > 0)
    rates[np.arange(len(p)), truth] = np.nan
    return rates


def rates_of_trials(stimulus: ArrayLike, distractor: ArrayLike, chosen: ArrayLike, truth: ArrayLike, n_objects: int) -> NDArray:
    """Rate at which each distractor was chosen over the object shown, over the trials that offered it.

    Parameters
    ----------
    stimulus, distractor, chosen
        Stimulus, distractor offered and object chosen of each trial, from 0, ``(n_trials,)``.
    truth
        Object shown by each stimulus, ``(n_stimuli,)``.
    n_objects
        Number of objects.

    Returns
    -------
    ndarray
        ``(n_stimuli, n_objects)``; NaN for the object shown, and where a distractor was not offered.

    Raises
    ------
    VvsError
        For trials that do not fit each other, the stimuli or the objects, and where neither of the two objects was chosen.

    Examples
    --------
    >>> rates_of_trials([0, 0, 0], [1, 1, 2], [0, 1, 0], [0], 3).tolist()
    [[nan, 0.5, 0.0]]
    """
    stimulus, distractor, chosen = (np.asarray(a) for a in (stimulus, distractor, chosen))
    truth = check_truth(truth, len(truth), n_objects)
    if not stimulus.shape == distractor.shape == chosen.shape or stimulus.ndim != 1:
        raise VvsError(
            "stimulus, distractor and chosen must have an entry for each trial; got shapes "
            f"{stimulus.shape}, {distractor.shape} and {chosen.shape}"
        )
    if stimulus.size and not (stimulus.min() >= 0 and stimulus.max() < len(truth)):
        raise VvsError(f"stimulus must be from 0 to {len(truth) - 1}; got {stimulus.min()} to {stimulus.max()}")
    shown = truth[stimulus]
    wrong = (distractor < 0) | (distractor >= n_objects) | (distractor == shown) | ((chosen != shown) & (chosen != distractor))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise VvsError(
            f"a trial must offer a distractor other than the object shown, and one of the two must be chosen; trial {at} shows "
            f"{shown[at]}, offers {distractor[at]}, and {chosen[at]} was chosen ({wrong.sum()} such trials)"
        )
    offered, taken = np.zeros((2, len(truth), n_objects))
    np.add.at(offered, (stimulus, distractor), 1)
    np.add.at(taken, (stimulus, distractor), chosen == distractor)
    return np.divide(taken, offered, out=np.full(offered.shape, np.nan), where=offered > 0)


def halves_of_trials(n_trials: int, rng: np.random.RandomState) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the trials in each of two random halves, as Brain-Score draws them: the first is the smaller.

    Examples
    --------
    >>> [len(half) for half in halves_of_trials(5, np.random.RandomState(0))]
    [2, 3]
    """
    order = rng.permutation(n_trials)
    return order[: n_trials // 2], order[n_trials // 2 :]


def halves_of_counts(counts: ArrayLike, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Deal the choices of each stimulus into two random halves.

    Parameters
    ----------
    counts
        How often each object was chosen, ``(n_stimuli, n_objects)``, whole numbers.
    rng
        Where the halves are drawn from.

    Returns
    -------
    (ndarray, ndarray)
        Counts of each half; they sum to `counts`, and stimuli with an odd number of choices have one more in the second.

    Raises
    ------
    VvsError
        For anything but whole numbers from 0.

    Examples
    --------
    >>> one, other = halves_of_counts([[40, 9, 1]], np.random.default_rng(0))
    >>> one.sum(), (one + other).tolist()
    (25, [[40, 9, 1]])
    """
    given = np.asarray(counts)
    counts = given.astype(np.int64)
    if counts.ndim != 2 or (counts != given).any() or counts.min(initial=0) < 0:
        raise VvsError(
            f"counts must be a matrix, stimuli × objects, of whole numbers from 0; got {given.dtype} of shape {given.shape}"
        )
    first = np.array([rng.multivariate_hypergeometric(row, row.sum() // 2) for row in counts])
    return first, counts - first


def check_truth(truth: ArrayLike, n_stimuli: int, n_objects: int) -> NDArray[np.int64]:
    """The object of each stimulus as integers.

    Raises
    ------
    VvsError
        For anything but one object from 0 to ``n_objects − 1`` for each stimulus.

    Examples
    --------
    >>> check_truth([0, 1], 2, 2).tolist()
    [0, 1]
    """
    truth = np.asarray(truth)
    fits = truth.shape == (n_stimuli,) and truth.dtype.kind in "iu" and truth.min(initial=0) >= 0
    if not fits or truth.max(initial=0) >= n_objects:
        raise VvsError(
            f"truth must be the object of each of the {n_stimuli} stimuli, from 0 to {n_objects - 1}; got {truth.dtype} of shape "
            f"{truth.shape}" + (f" from {truth.min()} to {truth.max()}" if truth.size and truth.dtype.kind in "iuf" else "")
        )
    return truth.astype(np.int64)


def _worst(p: NDArray[np.float64]) -> str:
    """The number that is refused, for the error."""
    bad = p[~(p >= 0) | np.isinf(p)]
    return f" with {bad[0]}" if bad.size else ""
