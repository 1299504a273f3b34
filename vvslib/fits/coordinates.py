r"""Rows grouped for the minimiser, its scale-free coordinates, and the way back to a law's own parameters.

The L-form parameters of a law are badly scaled: an amplitude is extrapolated to x = 1, and the shifted law can escape to
:math:`\alpha, s \to \infty` with amplitudes of 1e142. The minimiser works instead with the level, slope and bend of the curve
in the middle of the data, and with :math:`v = x_{ref} / (x_{ref} + s)` for the shift, which makes the unshifted law (v = 1) and
the exponential law (v = 0) two ends of one closed interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vvslib.fits import kernels
from vvslib.fits.laws import law as look_up

KINDS = {
    "power": kernels.SATURATING,
    "saturating": kernels.SATURATING,
    "shifted": kernels.SHIFTED,
    "chinchilla": kernels.CHINCHILLA,
    "loglinear": kernels.LOGLINEAR,
}
FLATTEST = 1e-9  # the bend stays below 1 by this much: at 1 nothing is left that scale could remove


@dataclass(frozen=True)
class Problem:
    """Rows of one fit, grouped by distinct scale.

    Attributes
    ----------
    law, kind
        Name of the law; kernel that computes it.
    U, first, y, order
        Predictors of each group ``(n_groups, k)``; where each group's rows begin ``(n_groups + 1,)``; log misalignment of the
        rows in group order ``(n,)``; caller's row of each ``(n,)``.
    reference
        Reference scale per variable, ``(k,)``: the geometric median of the rows.
    lower, upper
        Box of the coordinates, ``(p,)``.
    """

    law: str
    kind: int
    U: NDArray[np.float64]
    first: NDArray[np.int64]
    y: NDArray[np.float64]
    order: NDArray[np.int64]
    reference: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def group(law: str, x: NDArray[np.float64], L: NDArray[np.float64]) -> Problem:
    """Group rows by distinct scale and set up the coordinates of a law.

    Parameters
    ----------
    law
        Name of the law.
    x
        Scale, ``(n, k)``, positive.
    L
        Misalignment, ``(n,)``, positive.

    Returns
    -------
    Problem
        The grouped rows.
    """
    look_up(law)
    kind = KINDS[law]
    distinct, inverse = np.unique(x, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    order = np.argsort(inverse, kind="stable")
    first = np.r_[0, np.cumsum(np.bincount(inverse, minlength=len(distinct)))].astype(np.int64)
    reference = np.exp(np.median(np.log(x), axis=0))
    ratio = distinct / reference
    U = ratio - 1 if kind == kernels.SHIFTED else np.log(ratio)
    lower, upper = {
        kernels.SATURATING: ([-50.0, 0.0, 0.0], [50.0, 100.0, 0.0 if law == "power" else 1 - FLATTEST]),
        kernels.SHIFTED: ([-50.0, 0.0, 0.0, 0.0], [50.0, 1e4, 1 - FLATTEST, 1.0]),
        kernels.CHINCHILLA: ([0.0, -50.0, 0.0, -50.0, 0.0], [1e3, 50.0, 100.0, 50.0, 100.0]),
        kernels.LOGLINEAR: ([-1e3, -1e3], [1e3, 1e3]),
    }[kind]
    return Problem(
        law, kind, np.ascontiguousarray(U), first, np.log(L)[order], order, reference, np.array(lower), np.array(upper)
    )


def starts(problem: Problem, *, dense: bool = False) -> NDArray[np.float64]:
    """A grid of starts that spans what the law can look like over the rows' range.

    Parameters
    ----------
    problem
        Grouped rows.
    dense
        A finer grid, for the laws that have many local minima where rows are few.

    Returns
    -------
    ndarray
        Coordinates, ``(n_starts, p)``.
    """
    y, kind = problem.y, problem.kind
    level, spread = np.median(y), max(np.ptp(y), 1e-3)
    span = max(np.ptp(problem.U[:, 0]), 1e-3)
    if kind == kernels.LOGLINEAR:
        return np.array([[np.exp(level), s * np.exp(level) * spread / span] for s in (0.0, 0.3, 1.0)])
    if kind == kernels.CHINCHILLA:
        P = np.exp(level)
        exponents = (0.05, 0.2, 0.6, 1.5) if dense else (0.1, 0.5)
        return np.array(
            [
                [f * P, np.log((1 - f) * P * share), m, np.log((1 - f) * P * (1 - share)), n]
                for f in ((0.0, 0.3, 0.6, 0.8, 0.95) if dense else (0.0, 0.4, 0.8))
                for share in ((0.1, 0.35, 0.7, 0.9) if dense else (0.2, 0.6))
                for m in exponents
                for n in exponents
            ]
        )
    bends = (0.0,) if problem.law == "power" else (0.0, 0.4, 0.7, 0.85, 0.95)
    if kind == kernels.SATURATING:
        return np.array([[level, s * spread / span, f] for f in bends for s in (0.3, 1.0, 2.0)])
    log_span = np.log1p(span)
    if dense:
        bends, slopes = (0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.87, 0.92, 0.96, 0.98), (0.3, 0.8, 1.5, 4.0)
        ends = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
    else:
        slopes, ends = (0.3, 1.5), (0.02, 0.2, 0.6, 1.0)
    return np.array([[level, s * spread / log_span, f, v] for f in bends for s in slopes for v in ends])


def parameters(law: str, theta: NDArray[np.float64], reference: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """L-form parameters from coordinates.

    Parameters
    ----------
    law
        Name of the law.
    theta
        Coordinates, ``(..., p)``.
    reference
        Reference scales, ``(k,)``.

    Returns
    -------
    dict of ndarray
        Each parameter, shape ``(...)``. For the shifted law at v = 0, A, alpha and shift are inf; the exponential's own
        parameters are given by `exponential_parameters`.
    """
    theta = np.asarray(theta, float)
    kind = KINDS[law]
    if kind == kernels.LOGLINEAR:
        level, slope = theta[..., 0], theta[..., 1]
        return {"intercept": level + slope * np.log(reference[0]), "slope": slope * np.log(10)}
    if kind == kernels.CHINCHILLA:
        E, a, m, b, n = np.moveaxis(theta, -1, 0)
        return {
            "E": E,
            "A": np.exp(a + m * np.log(reference[0])),
            "alpha": m,
            "B": np.exp(b + n * np.log(reference[1])),
            "beta": n,
        }
    level, b, f = theta[..., 0], theta[..., 1], theta[..., 2]
    P, rate = np.exp(level), b / (1 - f)
    if kind == kernels.SATURATING:
        with np.errstate(over="ignore"):
            found = {"E": f * P, "A": (1 - f) * P * reference[0] ** rate, "alpha": rate}
        return {k: found[k] for k in look_up(law).parameters}
    v = theta[..., 3]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        alpha = rate / v
        A = (1 - f) * P * np.exp(-alpha * np.log(v / reference[0]))
        shift = reference[0] * (1 - v) / v
    limit = v == 0
    return {
        "E": f * P,
        "A": np.where(limit, np.inf, A),
        "alpha": np.where(limit, np.inf, alpha),
        "shift": np.where(limit, np.inf, shift),
    }


def exponential_parameters(theta: NDArray[np.float64], reference: NDArray[np.float64]) -> dict[str, float]:
    """E, B and rate of `laws.exponential` for a shifted fit that ran into its exponential limit (v = 0)."""
    level, b, f = (float(t) for t in theta[:3])
    P, rate = np.exp(level), b / (1 - f)
    return {"E": f * P, "B": float((1 - f) * P * np.exp(rate)), "rate": float(rate / reference[0])}


def predict(law: str, theta: NDArray[np.float64], reference: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Misalignment at `x` from coordinates, stable in every limit.

    Parameters
    ----------
    law, reference
        As in `parameters`.
    theta
        Coordinates, ``(r, p)``.
    x
        Scale, ``(m, k)``.

    Returns
    -------
    ndarray
        L, ``(r, m)``.
    """
    theta = np.atleast_2d(theta)[:, :, None]
    ratio = np.asarray(x, float) / reference
    kind = KINDS[law]
    if kind == kernels.LOGLINEAR:
        return theta[:, 0] - theta[:, 1] * np.log(ratio[:, 0])
    if kind == kernels.CHINCHILLA:
        u = np.log(ratio)
        return theta[:, 0] + np.exp(theta[:, 1] - theta[:, 2] * u[:, 0]) + np.exp(theta[:, 3] - theta[:, 4] * u[:, 1])
    if kind == kernels.SATURATING:
        u = np.log(ratio[:, 0])[None, :]
    else:
        v, z = theta[:, 3], ratio[:, 0] - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.where(v * np.abs(z) < 1e-8, z * (1 - v * z / 2), np.log1p(v * z) / v)
    k = 1 - theta[:, 2]
    return np.exp(theta[:, 0]) * (theta[:, 2] + k * np.exp(-theta[:, 1] * u / k))
