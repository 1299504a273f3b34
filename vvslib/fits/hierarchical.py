r"""Families with partial pooling: a saturating law whose amplitude and exponent vary from family to family around common ones.

.. math:: \log L_i = \log\left(E_g + A_g x_i^{-\alpha_g}\right) + \epsilon_i,\quad
          \log A_g \sim N(\mu_A, \tau_A^2),\ \alpha_g \sim N(\mu_\alpha, \tau_\alpha^2),\ \epsilon_i \sim N(0, \sigma^2)

with x in units of its geometric mean, so that amplitude and exponent are told apart; E is shared, or :math:`\log E_g` varies too.
Given the common parameters each family is a small penalised least-squares problem, solved by Gauss and Newton; the common ones
maximise the likelihood with the effects integrated out after Laplace (nonlinear mixed effects: Lindstrom & Bates 1990, Biometrics
46:673; Pinheiro & Bates 1995, J Comput Graph Stat 4:12). Starts are fits of `solver`, pooled and family by family.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from vvslib.errors import VvsError
from vvslib.fits.resampling import FEWEST, members
from vvslib.fits.result import Fit
from vvslib.fits.solver import check_rows, fit

STEPS, HALVINGS = 40, 12
LOWEST_E, LOWEST_SD = 1e-4, 1e-4
"""A shared floor or a spread that would be below these counts as none: the likelihood is flat in it from there on."""


@dataclass(frozen=True)
class Hierarchical:
    """Families fitted together.

    Attributes
    ----------
    shared
        Whether all families share one floor E.
    groups
        Names of the families, ``(g,)``, sorted.
    parameters
        E, A, alpha of each family, ``(g,)`` each, as in `laws.saturating`, in the unit that the scale was given in.
    common
        E, A, alpha of a typical family.
    spread
        Standard deviations: A (in log A, at the geometric mean of x), alpha; E (in log E) where it is not shared.
    sigma
        Standard deviation of a row in log L.
    log_likelihood
        Laplace's, of the rows.
    converged
        Whether the outer search ended by itself.
    n_rows
        Rows of each family, ``(g,)``.
    """

    shared: bool
    groups: tuple[str, ...]
    parameters: dict[str, NDArray[np.float64]]
    common: dict[str, float]
    spread: dict[str, float]
    sigma: float
    log_likelihood: float
    converged: bool
    n_rows: NDArray[np.int64]

    @property
    def asymptote(self) -> float:
        """Score at infinite scale of a typical family, 1 - E."""
        return 1 - self.common["E"]

    def misalignment(self, x: ArrayLike, groups: ArrayLike | None = None) -> NDArray[np.float64]:
        """Expected misalignment, ``(m,)``: of a typical family, or of the family named for each scale.

        Parameters
        ----------
        x
            Scale ``(m,)``, in the unit of the fit.
        groups
            Family of each, ``(m,)``; one that was not fitted is taken for typical.
        """
        x = np.asarray(x, float).ravel()
        if groups is None:
            values = {name: np.full(len(x), value) for name, value in self.common.items()}
        else:
            known = {name: k for k, name in enumerate(self.groups)}
            index = np.array([known.get(str(name), -1) for name in np.asarray(groups)])
            values = {
                name: np.where(index >= 0, own[np.maximum(index, 0)], self.common[name]) for name, own in self.parameters.items()
            }
        return values["E"] + values["A"] * x ** -values["alpha"]


def hierarchical(x: ArrayLike, L: ArrayLike, groups: ArrayLike, *, shared: bool = True) -> Hierarchical:
    """Fit all families together, each shrunk towards the common law by as little as its rows say.

    Parameters
    ----------
    x, L
        Scale ``(n,)``, positive; misalignment ``(n,)``, positive.
    groups
        Family of each row, ``(n,)``, at least three of them.
    shared
        One floor E for all families; otherwise a floor of each, with a spread of its own.

    Returns
    -------
    Hierarchical
        Families, typical family, spreads.

    Raises
    ------
    VvsError
        For fewer than three families, or rows that cannot be fitted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, family = np.tile(np.geomspace(1, 1e6, 20), 6), np.repeat(list("abcdef"), 20)
    >>> A = np.repeat(0.4 * np.exp(0.2 * rng.standard_normal(6)), 20)
    >>> found = hierarchical(x, (0.5 + A * x**-0.25) * np.exp(0.01 * rng.standard_normal(120)), family)
    >>> round(found.asymptote, 2), found.groups[:2]
    (0.5, ('a', 'b'))
    """
    x, L, _ = check_rows("saturating", x, L)
    labels, member = members(np.asarray(groups).astype(str))
    if len(member) != len(L):
        raise VvsError(f"groups must name one family a row; got {len(member)} for {len(L)} rows")
    if len(labels) < FEWEST:
        raise VvsError(
            f"{len(labels)} families cannot say how families vary: at least {FEWEST} are needed; fit them one by one, or together"
        )
    centre = float(np.exp(np.mean(np.log(x[:, 0]))))
    u, y = np.log(x[:, 0] / centre), np.log(L)
    problem = _Problem(u, y, member, shared)
    best = None
    starts = sorted(_starts(x[:, 0] / centre, L, problem), key=problem.deviance)
    for start in starts[:2]:
        found = minimize(
            problem.deviance,
            start,
            method="L-BFGS-B",
            bounds=problem.bounds(),
            options={"maxiter": 200, "ftol": 1e-10, "maxfun": 4000},
        )
        if best is None or found.fun < best.fun:
            best = found
    problem.deviance(best.x)
    theta, mean = problem.theta, problem.split(best.x)[0]
    to_unit = lambda log_A, alpha: np.exp(log_A + alpha * np.log(centre))  # noqa: E731
    sd = np.exp(problem.split(best.x)[1])
    return Hierarchical(
        shared=shared,
        groups=tuple(map(str, labels)),
        parameters={"E": np.exp(theta[:, 0]), "A": to_unit(theta[:, 1], theta[:, 2]), "alpha": theta[:, 2].copy()},
        common={"E": float(np.exp(mean[0])), "A": float(to_unit(mean[1], mean[2])), "alpha": float(mean[2])},
        spread=dict(zip(("A", "alpha") if shared else ("E", "A", "alpha"), map(float, sd), strict=True)),
        sigma=float(np.exp(problem.split(best.x)[2])),
        log_likelihood=-0.5 * float(best.fun),
        converged=bool(best.success),
        n_rows=np.bincount(member),
    )


def _starts(x: NDArray, L: NDArray, problem: "_Problem"):
    """Starts of the outer search: the pooled fit, and the same with a floor well below and above it."""
    pooled = fit("saturating", x, L, delta=np.inf)
    sigma = max(np.sqrt(2 * pooled.loss / len(L)), 1e-3)
    lowest = float(np.min(L))
    for E in dict.fromkeys((max(pooled.parameters["E"], 0.05 * lowest), 0.5 * lowest, 0.9 * lowest)):
        alpha = max(pooled.parameters["alpha"], 0.02)
        A = max(float(np.exp(np.mean(np.log(np.maximum(L - 0.98 * E, 1e-3)) + alpha * np.log(x)))), 1e-3)
        spreads = [np.log(0.1), np.log(0.05)] if problem.shared else [np.log(0.05), np.log(0.1), np.log(0.05)]
        yield np.array([np.log(E), np.log(A), alpha, *spreads, np.log(sigma)])


class _Problem:
    """-2 log likelihood of the common parameters, with the effects of each family integrated out after Laplace.

    All families are solved side by side: rows are ordered by family, and sums over a family are sums over a slice.
    """

    def __init__(self, u: NDArray, y: NDArray, member: NDArray, shared: bool) -> None:
        order = np.argsort(member, kind="stable")
        self.u, self.y, self.member, self.shared = u[order], y[order], member[order], shared
        self.first = np.flatnonzero(np.r_[True, np.diff(self.member) > 0])
        self.n = np.bincount(member)
        self.free = slice(1, 3) if shared else slice(0, 3)
        self.q = 2 if shared else 3
        self.theta = np.zeros((len(self.n), 3))
        self.offset = np.zeros((len(self.n), self.q))

    def bounds(self) -> list[tuple[float, float]]:
        ceiling = float(np.log(0.999) + np.min(self.y)) if self.shared else 0.5
        return [(np.log(LOWEST_E), ceiling), (-12, 5), (1e-3, 5), *[(np.log(LOWEST_SD), 1.5)] * self.q, (-8, 1)]

    def split(self, v: NDArray) -> tuple[NDArray, NDArray, float]:
        return v[:3], v[3 : 3 + self.q], float(v[-1])

    def deviance(self, v: NDArray) -> float:
        mean, log_sd, log_sigma = self.split(v)
        precision, weight = np.exp(-2 * log_sd), float(np.exp(-2 * log_sigma))
        offset = self.offset  # where the last search ended: near, as a rule
        value, residual, J = self._at(offset, mean, precision, weight)
        zero = self._at(np.zeros_like(offset), mean, precision, weight)
        if zero[0].sum() < value.sum():
            offset, (value, residual, J) = np.zeros_like(offset), zero
        for _ in range(STEPS):
            H = self._curvature(J, precision, weight)
            gradient = weight * np.add.reduceat(J * residual[:, None], self.first) + precision * offset
            step = np.linalg.solve(H, gradient[..., None])[..., 0]
            scale = np.ones(len(self.n))
            for halving in range(HALVINGS + 1):
                trial = offset - scale[:, None] * step
                found = self._at(trial, mean, precision, weight)
                worse = found[0] > value
                if not worse.any():
                    break
                scale = np.where(worse, 0.0 if halving == HALVINGS - 1 else scale / 2, scale)
            gained = float(np.max((value - found[0]) / (1 + value)))
            offset, (value, residual, J) = trial, found
            if gained < 1e-11:
                break
        self.offset, self.theta = offset, np.tile(mean, (len(self.n), 1))
        self.theta[:, self.free] += offset
        inner = np.linalg.slogdet(self._curvature(J, precision, weight))[1]
        normal = len(self.y) * (2 * log_sigma + np.log(2 * np.pi)) + len(self.n) * 2 * log_sd.sum()
        return float(value.sum() + normal + inner.sum())

    def _curvature(self, J, precision, weight):
        return weight * np.add.reduceat(J[:, :, None] * J[:, None, :], self.first) + np.diag(precision)

    def _at(self, offset, mean, precision, weight):
        """Penalised sum of squares of each family, residuals, and their derivatives by the effects."""
        theta = np.tile(mean, (len(self.n), 1))
        theta[:, self.free] += offset
        log_E, log_A, alpha = theta[self.member].T
        E, term = np.exp(np.minimum(log_E, 50.0)), np.exp(np.clip(log_A - alpha * self.u, -300, 300))
        L = E + term
        residual = np.log(L) - self.y
        J = (np.column_stack([E, term, -self.u * term]) / L[:, None])[:, self.free]
        value = weight * np.add.reduceat(residual**2, self.first) + offset**2 @ precision
        return value, residual, J


@dataclass(frozen=True)
class Pooling:
    """The same rows with no, partial and full pooling.

    Attributes
    ----------
    pooled
        One law for all families, by least squares in log L.
    partial
        Families shrunk towards a common law.
    alone
        Family → its own law, by least squares; families with fewer than four rows are left out.
    """

    pooled: Fit
    partial: Hierarchical
    alone: dict[str, Fit]

    def misalignment(self, x: ArrayLike, groups: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """Expected misalignment of rows of named families by each way, ``(m,)``; a family without its own law: the pooled."""
        x, groups = np.asarray(x, float).ravel(), np.asarray(groups).astype(str)
        alone = self.pooled.misalignment(x)
        for name, found in self.alone.items():
            own = groups == name
            alone[own] = found.misalignment(x[own])
        return {
            "pooled": self.pooled.misalignment(x),
            "partial": self.partial.misalignment(x, groups),
            "alone": alone,
        }


def poolings(x: ArrayLike, L: ArrayLike, groups: ArrayLike, *, shared: bool = True) -> Pooling:
    """Fit the same rows with full, partial and no pooling; parameters as in `hierarchical`.

    Examples
    --------
    >>> x, family = np.tile(np.geomspace(1, 1e6, 12), 3), np.repeat(list("abc"), 12)
    >>> rng = np.random.default_rng(1)
    >>> found = poolings(x, (0.5 + 0.4 * x**-0.25) * np.exp(0.01 * rng.standard_normal(36)), family)
    >>> sorted(found.alone), sorted(found.misalignment([1e8], ["a"]))
    (['a', 'b', 'c'], ['alone', 'partial', 'pooled'])
    """
    x, L, groups = np.asarray(x, float).ravel(), np.asarray(L, float).ravel(), np.asarray(groups).astype(str)
    partial = hierarchical(x, L, groups, shared=shared)
    alone = {
        name: fit("saturating", x[groups == name], L[groups == name], delta=np.inf)
        for name, n in zip(partial.groups, partial.n_rows, strict=True)
        if n > 3
    }
    return Pooling(fit("saturating", x, L, delta=np.inf), partial, alone)
