r"""Along a line of equal compute: what every split of a budget between model and data is expected to score.

At a budget C the product :math:`N D` is fixed (`allocation.ComputeRelation`), so that a law of both sizes has one free direction.
The optimum is found on a grid of that line, for every law and every resample at once; where the law has a closed form
(`allocation.allocation`) the two agree. A line of equal compute shows what the optimum alone hides: how flat it is (Hoffmann
et al. 2022, section 3.2), and what is lost by another's rule.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError
from vvslib.fits.allocation import ComputeRelation

POINTS = 481
"""Points of a line; the optimum between them is that of a parabola through three."""


@dataclass(frozen=True)
class Line:
    """Scores along a line of equal compute, of one law or of many resamples.

    Attributes
    ----------
    N, D
        Sizes along the line, ``(m,)``, N increasing; in the unit of the fit.
    score
        Expected score, ``(..., m)``.
    best_N, best_D, best_score
        The optimum, shape ``(...)``.
    at_edge
        Whether it sits at an end of the line, so that no optimum lies within, ``(...)``.
    """

    N: NDArray[np.float64]
    D: NDArray[np.float64]
    score: NDArray[np.float64]
    best_N: NDArray[np.float64]
    best_D: NDArray[np.float64]
    best_score: NDArray[np.float64]
    at_edge: NDArray[np.bool_]

    def within(self, loss: float) -> tuple[float, float]:
        """Smallest and largest N whose score is at most `loss` below the optimum; the ends of the line where it is flat so far.

        Parameters
        ----------
        loss
            In score, > 0.

        Raises
        ------
        VvsError
            For a loss that is not positive, or a line of several resamples.
        """
        if self.score.ndim != 1:
            raise VvsError(f"a range is of one law; this line holds {self.score.shape[0]} resamples; take one of them")
        if not loss > 0:
            raise VvsError(f"loss must be a positive difference of scores; got {loss}")
        short = self.best_score - loss - self.score  # ≤ 0 within the range
        inside = np.flatnonzero(short <= 0)
        low, high = int(inside[0]), int(inside[-1])
        ends = []
        for edge, outer in ((low, low - 1), (high, high + 1)):
            known = 0 <= outer < len(self.N)
            share = short[edge] / (short[edge] - short[outer]) if known else 0.0
            step = np.log(self.N[outer] / self.N[edge]) if known else 0.0
            ends.append(float(self.N[edge] * np.exp(share * step)))
        return ends[0], ends[1]


def line(score: Callable[[NDArray[np.float64]], NDArray[np.float64]], relation: ComputeRelation, C: float, N: ArrayLike) -> Line:
    """Scores along the line of equal compute at one budget.

    Parameters
    ----------
    score
        Sizes ``(m, 2)`` → scores ``(m,)``, or ``(n_resamples, m)``: `Fit.score`, `Bootstrap.scores`.
    relation
        Compute against N·D, in the unit of the fit.
    C
        Budget (FLOP), > 0.
    N
        Smallest and largest model size looked at, in the unit of the fit.

    Returns
    -------
    Line
        Sizes, scores and the optimum.

    Raises
    ------
    VvsError
        For a budget or sizes that are not positive, or no line between them.

    Examples
    --------
    >>> from vvslib.fits.laws import chinchilla
    >>> law = lambda x: 1 - chinchilla(x[:, 0], x[:, 1], E=0.5, A=0.2, alpha=0.5, B=0.2, beta=0.5)
    >>> found = line(law, ComputeRelation(6.0, 1.0), 6e4, (1.0, 1e4))
    >>> round(float(found.best_N), 3), round(float(found.best_D), 3), bool(found.at_edge)
    (100.0, 100.0, False)
    >>> [round(float(end)) for end in found.within(0.005)]
    [37, 269]
    """
    low, high = (float(v) for v in N)
    if not (np.isfinite(C) and C > 0):
        raise VvsError(f"a budget must be a positive number of FLOP; got {C}")
    if not 0 < low < high < np.inf:
        raise VvsError(f"model sizes must run from a positive number to a larger one; got {low:g} to {high:g}")
    sizes = np.geomspace(low, high, POINTS)
    other = float(relation.product(C)) / sizes
    found = np.asarray(score(np.column_stack([sizes, other])), float)
    index = np.argmax(found, axis=-1)
    at_edge = (index == 0) | (index == POINTS - 1)
    middle = np.clip(index, 1, POINTS - 2)
    before, here, after = (np.take_along_axis(found, (middle + k)[..., None], -1)[..., 0] for k in (-1, 0, 1))
    bend = before - 2 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.where(at_edge | (bend >= 0), 0.0, np.clip((before - after) / (2 * bend), -1, 1))
    step = np.log(high / low) / (POINTS - 1)
    best_N = sizes[np.where(at_edge, index, middle)] * np.exp(offset * step)
    peak = here - 0.25 * (before - after) * offset
    best = np.where(at_edge, np.max(found, axis=-1), peak)
    return Line(sizes, other, found, best_N, float(relation.product(C)) / best_N, best, at_edge)


def regret(score: Callable, line_of_truth: Line, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
    """Score that is lost by sizes other than the optimum, under the law that is true.

    Parameters
    ----------
    score
        The true law, as in `line`.
    line_of_truth
        Its line at the same budget.
    N, D
        Sizes that are followed, in the unit of the fit.

    Returns
    -------
    ndarray
        Score lost, ≥ 0, shape of N.

    Examples
    --------
    >>> from vvslib.fits.laws import chinchilla
    >>> law = lambda x: 1 - chinchilla(x[:, 0], x[:, 1], E=0.5, A=0.2, alpha=0.5, B=0.2, beta=0.5)
    >>> best = line(law, ComputeRelation(6.0, 1.0), 6e4, (1.0, 1e4))
    >>> regret(law, best, [100.0, 400.0], [100.0, 25.0]).round(4).tolist()
    [0.0, 0.01]
    """
    sizes = np.column_stack([np.atleast_1d(np.asarray(N, float)), np.atleast_1d(np.asarray(D, float))])
    return np.maximum(line_of_truth.best_score - np.asarray(score(sizes), float), 0.0)
