"""Limits of an asymptote that hold at its bound and with clusters: a test of each value, inverted.

Where the fit sits at Ŝ = 1 nearly every resample does, and percentiles give an interval of no width: at a bound the bootstrap is
inconsistent (Andrews 2000, Econometrica 68:399). Here each value is tested on its own: the law is fitted with its asymptote held
there, the rise of the loss is compared with its distribution when residuals of *that* fit have the signs of whole clusters turned
(the wild cluster bootstrap under the null, Cameron, Gelbach & Miller 2008), and what is not rejected is the interval. Where 1
is not rejected it is one-sided: a lower limit, with nothing said above it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vvslib.errors import VvsError
from vvslib.fits import newton
from vvslib.fits.bootstrap import PUBLISHED_SEED
from vvslib.fits.identification import ABSENT, one_term
from vvslib.fits.objective import restore
from vvslib.fits.resampling import FEWEST, FEWEST_TURNED, members, signs
from vvslib.fits.solver import check_rows, fit, ladder

GRID = 12  # floors from which the free fit of a draw may start
BATCH = 20  # draws between two looks at whether a test is decided


@dataclass(frozen=True)
class Limits:
    """Limits of an asymptote.

    Attributes
    ----------
    low, high
        Lowest and highest score that is not rejected; `high` is 1 where no upper limit exists.
    one_sided
        Whether an asymptote of 1, no plateau at all, is not rejected.
    level
        Confidence.
    p_at_one
        Share of draws that rise at least as much as the data do when the asymptote is held at 1.
    n_clusters
        How many clusters had their signs turned.
    """

    low: float
    high: float
    one_sided: bool
    level: float
    p_at_one: float
    n_clusters: int


class AsymptoteTest:
    """Tests values of the asymptote of the saturating law on one set of rows.

    Parameters
    ----------
    x, L
        Scale ``(n,)`` and misalignment ``(n,)``.
    clusters
        Label of each row's cluster, ``(n,)``; every row its own when None.
    delta, space
        Objective.
    n_draws, seed
        Draws per value, and their seed: the same signs for each value, so that p varies smoothly.

    Raises
    ------
    VvsError
        For fewer than six clusters, or rows that cannot be fitted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.geomspace(1, 1e6, 60)
    >>> L = (0.5 + 0.4 * x**-0.3) * np.exp(0.02 * rng.standard_normal(60))
    >>> test = AsymptoteTest(x, L, delta=np.inf, n_draws=99)
    >>> test.p(0.5) > 0.05 > test.p(0.7)
    True
    """

    def __init__(
        self,
        x: ArrayLike,
        L: ArrayLike,
        clusters: ArrayLike | None = None,
        *,
        delta: float = 1e-3,
        space: str = "log",
        n_draws: int = 399,
        seed: int = PUBLISHED_SEED,
    ) -> None:
        x, L, _ = check_rows("saturating", x, L, space=space)
        labels, member = members(np.arange(len(L)) if clusters is None else clusters)
        if len(member) != len(L):
            raise VvsError(f"clusters must name one cluster a row; got {len(member)} for {len(L)} rows")
        if len(labels) < FEWEST_TURNED:
            raise VvsError(f"{len(labels)} clusters are too few to turn their signs; at least {FEWEST_TURNED} are needed")
        self.delta, self.space, self.n_clusters = delta, space, len(labels)
        self.found = fit("saturating", x, L, delta=delta, space=space)
        self.problem = one_term(np.log(x[:, 0]), L, space)
        self.ones = np.ones(len(L))
        self.signs = signs(len(labels), n_draws, seed)[:, member[self.problem.order]]
        rungs = ladder(self.problem.y, delta, 4)
        self.rungs = rungs[rungs <= max(30 * delta, rungs[-1])]  # every start is a minimum already, of other draws
        floors = np.r_[np.linspace(0, float(np.min(L)), GRID), self.found.parameters["E"]]
        self.starts = np.array([self._refit(self.problem.y[None], floor, self._through(floor)[None])[1][0] for floor in floors])
        losses = self._free(self.problem.y[None])
        self.loss = min(self.found.loss, losses[0])

    @property
    def asymptote(self) -> float:
        """The fitted asymptote."""
        return self.found.asymptote

    def held(self, asymptote: float) -> NDArray[np.float64]:
        """E, log A and alpha of the law fitted to the data with this asymptote, ``(3,)``."""
        floor = 1 - asymptote
        return self._refit(self.problem.y[None], floor, np.array([self._through(floor), *self._near(floor)]))[1][0][:3]

    def p(self, asymptote: float) -> float:
        """Share of draws under this asymptote, the data counted as one, whose loss rises at least as much as that of the data.

        Parameters
        ----------
        asymptote
            Score to hold, at most 1.
        """
        count = sum(int(above.sum()) for above in self._risen(asymptote, len(self.signs)))
        return float((1 + count) / (1 + len(self.signs)))

    def rejects(self, asymptote: float, alpha: float = 0.05) -> bool:
        """Whether p is at most alpha; as soon as that is sure, no more is drawn (Besag & Clifford 1991, Biometrika 78:301).

        Parameters
        ----------
        asymptote
            Score to hold, at most 1.
        alpha
            Level of the test.
        """
        allowed = alpha * (1 + len(self.signs)) * (1 + 1e-12) - 1
        count, left = 0, len(self.signs)
        for above in self._risen(asymptote, BATCH):
            count, left = count + int(above.sum()), left - len(above)
            if count > allowed or count + left <= allowed:
                break
        return count <= allowed

    def _risen(self, asymptote: float, size: int) -> Iterator[NDArray[np.bool_]]:
        """Whether the loss rises as much as that of the data, `size` draws at a time."""
        floor = 1 - asymptote
        losses, thetas = self._refit(self.problem.y[None], floor, np.array([self._through(floor), *self._near(floor)]))
        rise = losses[0] - self.loss
        held, pool = self._predict(thetas[0]), np.array([thetas[0], *self._near(floor)])
        for first in range(0, len(self.signs), size):
            draws = held + self.signs[first : first + size] * (self.problem.y - held)
            if self.space == "linear" and not np.all(restore(draws, "linear") > 0):
                raise VvsError("residuals of L that are turned bring a score to 1 or more; take an objective in log L or logits")
            under, _ = self._refit(draws, floor, pool)
            yield under - np.minimum(self._free(draws), under) >= rise * (1 - 1e-9)

    def limits(self, level: float = 0.95, tolerance: float = 2e-3) -> Limits:
        """The values around the fit that are not rejected at 1 - level, to a twentieth of their distance, at most `tolerance`."""
        at_one = self.p(1.0)
        lowest = 1 - float(np.max(np.exp(self.problem.log_L))) - 0.5
        low = self._end(self.asymptote, lowest, 1 - level, tolerance)
        high = 1.0 if at_one > 1 - level else self._end(self.asymptote, 1.0, 1 - level, tolerance)
        return Limits(low, high, at_one > 1 - level, level, at_one, self.n_clusters)

    def _end(self, inside: float, outside: float, alpha: float, tolerance: float) -> float:
        step = 0.02 if outside > inside else -0.02
        edge = inside
        while True:
            trial = edge + step
            if (trial >= outside) if step > 0 else (trial <= outside):
                trial = outside
                break
            if self.rejects(trial, alpha):
                break
            edge, step = trial, 2 * step
        while abs(trial - edge) > min(tolerance, 0.05 * abs(edge - inside) + 1e-5):
            middle = 0.5 * (edge + trial)
            if self.rejects(middle, alpha):
                trial = middle
            else:
                edge = middle
        return float(trial)

    def _near(self, floor: float) -> NDArray[np.float64]:
        """Starts whose floor is nearest to one, held there."""
        near = self.starts[np.argsort(np.abs(self.starts[:, 0] - floor), kind="stable")[:2]].copy()
        near[:, 0] = floor
        return near

    def _through(self, floor: float) -> NDArray[np.float64]:
        """A curve with this floor that has the level and slope of the fit in the middle of the rows."""
        u = np.median(self.problem.U[:, 0])
        scale = np.exp(u)
        step = 1e-4
        level, above = (float(self.found.misalignment([scale * f])[0]) for f in (1.0, np.exp(step)))
        left = max(level - floor, 1e-3)
        slope = max((level - above) / step / left, 1e-6)
        return np.array([floor, np.log(left) + slope * u, slope, ABSENT, 0.0])

    def _predict(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        L = theta[0] + np.exp(theta[1] - theta[2] * self.problem.U[:, 0])
        L = np.repeat(L, np.diff(self.problem.first))
        return np.log(L) if self.space == "log" else L if self.space == "linear" else np.log(L) - np.log(2 - L)

    def _solve(self, ys, lower, upper, pool, tried) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        one, n = self.problem, len(ys)
        thetas, losses, converged = np.tile(pool[0], (n, 1)), np.full(n, np.inf), np.zeros(n, np.bool_)
        newton.improve_resamples(
            one.kind, np.ascontiguousarray(pool), tried, lower, upper, one.U, one.first, np.ascontiguousarray(ys),
            np.arange(len(self.ones)), self.ones[None], self.rungs, one.space, 200, 1e-9, thetas, losses, converged,
        )  # fmt: skip
        return losses, thetas

    def _refit(self, ys, floor: float, pool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Losses and coordinates with the floor held."""
        lower, upper = self.problem.lower.copy(), self.problem.upper.copy()
        lower[0] = upper[0] = floor
        return self._solve(ys, lower, upper, pool, np.tile(np.arange(len(pool)), (len(ys), 1)))

    def _free(self, ys) -> NDArray[np.float64]:
        """Losses with the floor free, from the three most promising of the starts and both ends of their floors."""
        predicted = np.array([self._predict(theta) for theta in self.starts])
        size = np.abs(predicted[None] - ys[:, None])
        clipped = np.minimum(size, self.delta)
        order = np.argsort(np.sum(clipped * (size - 0.5 * clipped), axis=2), axis=1, kind="stable")
        ends = np.tile([0, GRID // 2], (len(ys), 1))
        tried = np.ascontiguousarray(np.column_stack([order[:, :3], ends]))
        return self._solve(ys, self.problem.lower, self.problem.upper, self.starts, tried)[0]


def jackknife_interval(
    estimate: float, left_out: ArrayLike, level: float = 0.95, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> dict[str, float]:
    """Student's interval from estimates with one cluster left out at a time.

    Parameters
    ----------
    estimate
        From all clusters.
    left_out
        One estimate for each cluster left out, ``(g,)``.
    level
        Confidence; Student's t has g - 1 degrees of freedom.
    bounds
        What the quantity cannot leave.

    Returns
    -------
    dict
        ``low``, ``high``, ``error`` (the jackknife standard error, Efron & Tibshirani 1993, equation 11.5).

    Raises
    ------
    VvsError
        For fewer than three clusters, or an estimate that is not finite.

    Examples
    --------
    >>> found = jackknife_interval(2.0, [1.5, 2.0, 2.5])
    >>> round(found["error"], 3), round(found["high"], 2)
    (0.577, 4.48)
    """
    left_out = np.asarray(left_out, float)
    if len(left_out) < FEWEST:
        raise VvsError(f"{len(left_out)} clusters cannot be left out one at a time; at least {FEWEST} are needed")
    if not np.isfinite(left_out).all() or not np.isfinite(estimate):
        raise VvsError(
            "a jackknife needs finite estimates; one ran to infinity when a cluster was left out: take another quantity"
        )
    g = len(left_out)
    error = float(np.sqrt((g - 1) / g * np.sum((left_out - left_out.mean()) ** 2)))
    width = stats.t.ppf(0.5 + level / 2, g - 1) * error
    return {"low": float(max(estimate - width, bounds[0])), "high": float(min(estimate + width, bounds[1])), "error": error}
