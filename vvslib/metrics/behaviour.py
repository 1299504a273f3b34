"""Behavioural consistency: are the same images confused with the same objects?

i1, i1n, i2 and i2n of Rajalingham, Issa et al. 2018, doi:10.1523/JNEUROSCI.0388-18.2018, as Brain-Score computes them (Schrimpf,
Kubilius et al. 2018): d′ of each image against each distractor (i2) or their mean over distractors (i1); n means that the mean
over images of the same object and distractor is taken off first, so that only differences between images count. The rate of false
alarms is taken for each object and then averaged, and model responses are probabilities, not trials; both depart from the
original paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from vvslib.errors import VvsError, suggest
from vvslib.metrics.choices import check_truth
from vvslib.metrics.correlation import pearson

Level = Literal["i1", "i1n", "i2", "i2n"]
LEVELS: tuple[Level, ...] = ("i1", "i1n", "i2", "i2n")
CAP = 5.0
"""d′ beyond it is cut off, in either direction."""


@dataclass(frozen=True)
class Consistency:
    """Consistency with human behaviour, and of human behaviour with itself.

    Attributes
    ----------
    raw_by_half, ceiling_by_half
        Correlation of the model with one half of the human choices, and of the two halves, for each halving, ``(n_halvings,)``.
    """

    raw_by_half: NDArray[np.float64]
    ceiling_by_half: NDArray[np.float64]

    @property
    def raw(self) -> float:
        """Mean correlation of the model with half of the human choices."""
        return float(self.raw_by_half.mean())

    @property
    def ceiling(self) -> float:
        """Mean correlation between halves: of half of the choices, as the raw score is, hence without Spearman-Brown."""
        return float(self.ceiling_by_half.mean())

    @property
    def value(self) -> float:
        """Raw over the root of the ceiling, mean over halvings, not clipped, as Brain-Score's benchmark does: 1 for the true
        pattern, which reaches √c with half of the choices. NaN where a ceiling is not positive.
        """
        if not (self.ceiling_by_half > 0).all():
            return float("nan")
        return float((self.raw_by_half / np.sqrt(self.ceiling_by_half)).mean())

    @property
    def error(self) -> float:
        """Standard deviation of the raw score over halvings, which Brain-Score states as its error; in units of `raw`."""
        return float(self.raw_by_half.std())


def pattern(rates: ArrayLike, truth: ArrayLike, level: Level = "i2n") -> NDArray[np.float64]:
    """Discriminability d′ of each image.

    Parameters
    ----------
    rates
        Rate at which each distractor is chosen over the object shown, ``(n_stimuli, n_objects)``, NaN for the object shown; from
        `choices`.
    truth
        Object shown, from 0, ``(n_stimuli,)``.
    level
        "i2" or "i2n" by distractor, "i1" or "i1n" averaged over distractors; n with the mean over images taken off.

    Returns
    -------
    ndarray
        In units of d′, ``(n_stimuli, n_objects)`` or ``(n_stimuli,)``. NaN for the object shown, where a rate is NaN, and where
        hits and false alarms are both 0 or both 1, which says nothing; what is averaged goes without NaN.

    Raises
    ------
    VvsError
        For rates outside 0 to 1, a truth that does not fit, and an unknown level.

    Examples
    --------
    >>> rates = np.array([[np.nan, 0.1], [np.nan, 0.3], [0.2, np.nan], [0.4, np.nan]])
    >>> pattern(rates, [0, 0, 1, 1], "i2").round(2).tolist()  # z(0.9) − z(0.3), ...
    [[nan, 1.81], [nan, 1.05], [1.68, nan], [1.09, nan]]
    >>> pattern(rates, [0, 0, 1, 1], "i1n").round(2).tolist()
    [0.38, -0.38, 0.29, -0.29]
    """
    if level not in LEVELS:
        raise VvsError(f"level must be one of {', '.join(LEVELS)}; got {level!r}; {suggest(level, LEVELS)}")
    rates = np.asarray(rates, float)
    if rates.ndim != 2 or 0 in rates.shape:
        raise VvsError(f"rates must be a matrix, stimuli × objects; got shape {rates.shape}")
    outside = (rates < 0) | (rates > 1)
    if outside.any():
        raise VvsError(f"rates must lie between 0 and 1, or be NaN; got {rates[outside][0]}")
    n_objects = rates.shape[1]
    truth = check_truth(truth, *rates.shape)
    rates = np.where(np.arange(n_objects) == truth[:, None], np.nan, rates)
    false_alarms = _mean_by_object(rates, truth)  # [shown, distractor]
    with np.errstate(invalid="ignore"):  # of the same infinities
        dprime = ndtri(1 - rates) - ndtri(false_alarms.T[truth])
    dprime = np.clip(dprime, -CAP, CAP)
    if level.endswith("n"):
        dprime = dprime - _mean_by_object(dprime, truth)[truth]
    return dprime if level.startswith("i2") else _mean(dprime, axis=1)


def correlate(one: ArrayLike, other: ArrayLike) -> float:
    """Pearson r between two patterns, over what both have.

    Brain-Score leaves out what the human pattern lacks and refuses a model pattern that lacks more; so it is here where the
    model's comes from probabilities above 0.

    Parameters
    ----------
    one, other
        Of the same shape.

    Returns
    -------
    float
        NaN where a pattern is constant.

    Raises
    ------
    VvsError
        For different shapes, and where fewer than 2 entries are in both.

    Examples
    --------
    >>> round(correlate([1, 2, 3, np.nan], [2, 4, 6, 1]), 6)
    1.0
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if one.shape != other.shape:
        raise VvsError(
            f"patterns must be of the same stimuli and objects, at the same level; got shapes {one.shape} and {other.shape}"
        )
    known = ~(np.isnan(one) | np.isnan(other))
    if known.sum() < 2:
        raise VvsError(f"patterns must share at least 2 entries that are not NaN; got {known.sum()}")
    return float(pearson(one[known][:, None], other[known][:, None])[0])


def consistency(
    model: ArrayLike, halves: Sequence[tuple[ArrayLike, ArrayLike]], truth: ArrayLike, level: Level = "i2n"
) -> Consistency:
    """Consistency of a model with humans, relative to that between halves of the human choices.

    Parameters
    ----------
    model
        The model's rates, ``(n_stimuli, n_objects)``, from `choices.rates_of_probabilities`.
    halves
        Human rates from each of two halves of the choices, for each halving: `choices.halves_of_trials` or
        `choices.halves_of_counts`. Brain-Score takes two halvings.
    truth, level
        As in `pattern`.

    Returns
    -------
    Consistency

    Raises
    ------
    VvsError
        For no halving, and as in `pattern` and `correlate`.

    Examples
    --------
    >>> from vvslib.metrics.choices import halves_of_counts, rates_of_probabilities
    >>> rng = np.random.default_rng(0)
    >>> truth = np.repeat([0, 1, 2], 20)
    >>> p = rng.dirichlet([1, 1, 1], 60) + np.eye(3)[truth]
    >>> counts = rng.multinomial(200, p / 2)
    >>> halves = [[rates_of_probabilities(half, truth) for half in halves_of_counts(counts, rng)] for _ in range(2)]
    >>> score = consistency(rates_of_probabilities(p, truth), halves, truth)
    >>> bool(score.value > 0.95)
    True
    """
    if not len(halves):
        raise VvsError("halves must hold the rates of two halves for at least one halving; got none")
    of_model = pattern(model, truth, level)
    raw, ceiling = [], []
    for first, second in halves:
        of_first, of_second = pattern(first, truth, level), pattern(second, truth, level)
        raw.append(correlate(of_model, of_first))
        ceiling.append(correlate(of_first, of_second))
    return Consistency(np.array(raw), np.array(ceiling))


def error_over_stimuli(
    model: ArrayLike, halves: Sequence[tuple[ArrayLike, ArrayLike]], truth: ArrayLike, level: Level = "i2n"
) -> float:
    """Standard error of the raw consistency, for other stimuli of the same objects: the length of their `influence`.

    Parameters
    ----------
    model, halves, truth, level
        As in `consistency`.

    Returns
    -------
    float
        In units of `Consistency.raw`; NaN where a pattern is constant.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = np.arange(400) % 4
    >>> one, other = (np.where(np.eye(4)[truth] > 0, np.nan, rng.random((400, 4))) for _ in range(2))
    >>> round(error_over_stimuli(one, [(other, other)], truth), 2)  # 1,200 unrelated entries: 1/√1,200 = 0.029
    0.03
    """
    return float(np.sqrt(np.sum(influence(model, halves, truth, level) ** 2)))


def influence(
    model: ArrayLike, halves: Sequence[tuple[ArrayLike, ArrayLike]], truth: ArrayLike, level: Level = "i2n"
) -> NDArray[np.float64]:
    """How much each stimulus moves the raw consistency.

    A stimulus that is there k times instead of once adds k − 1 times its influence, to first order: the influence function of
    Pearson's r, summed over its distractors and averaged over halvings. Means over the stimuli of an object are taken as known.

    Parameters
    ----------
    model, halves, truth, level
        As in `consistency`.

    Returns
    -------
    ndarray
        ``(n_stimuli,)``, in units of `Consistency.raw`; their sum is 0. NaN where a pattern is constant.
    """
    of_model = pattern(model, truth, level)
    contributions = []
    for first, _ in halves:
        of_half = pattern(first, truth, level)
        known = ~(np.isnan(of_model) | np.isnan(of_half))
        a, b = (_standardised(one, known) for one in (of_model, of_half))
        r = (a * b).sum() / known.sum()
        moved = np.where(known, a * b - r / 2 * (a**2 + b**2), 0) / known.sum()
        contributions.append(moved.reshape(len(moved), -1).sum(axis=1))
    return np.mean(contributions, axis=0)


def _standardised(one: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean 0 and variance 1 over what is known, 0 elsewhere; NaN where all is the same."""
    centred = np.where(known, one - one[known].mean(), 0)
    length = np.sqrt(np.sum(centred**2) / known.sum())
    return centred / length if length > 1e-13 * np.abs(one[known]).max() else np.full(one.shape, np.nan)


def _mean_by_object(values: NDArray[np.float64], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean over the stimuli of each object, ``(n_objects, n_objects)``; NaN is left out."""
    return np.array([_mean(values[truth == shown], axis=0) for shown in range(values.shape[1])])


def _mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean without NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    return np.divide(np.where(known, values, 0).sum(axis=axis), count, out=np.full(count.shape, np.nan), where=count > 0)
