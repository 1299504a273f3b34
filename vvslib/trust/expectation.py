"""What a law expects of a model that it has not seen: the curve, how well the curve is known, how far models lie off it.

Residuals are split into effects of families, architectures, configurations and seeds (`fits.simulation.effects`). A model of a
new family has a new effect of each, so that its prediction interval holds all of them beside the variance of the curve; limits
are those of Student's t with Satterthwaite's degrees of freedom (Satterthwaite 1946, Biometrics Bulletin 2:110), since a spread
known from a handful of families is itself hardly known.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vvslib.experiments import Experiment, Observations
from vvslib.fits.bootstrap import Bootstrap, bootstrap, cluster_weights
from vvslib.fits.objective import restore, transform
from vvslib.fits.resampling import FEWEST, jackknife_weights, scheme, turned_responses
from vvslib.fits.result import Fit
from vvslib.fits.simulation import Effects, effects
from vvslib.fits.solver import fit
from vvslib.trust.units import UNITS, has, labels, nested

CURVE = ("families", "architectures", "configurations", "rows")
"""Units that the curve may vary by, coarsest first: the first with three clusters or more is taken."""


@dataclass(frozen=True)
class Expectation:
    """A law fitted to reference models, with everything that its predictions vary by.

    Attributes
    ----------
    experiment, rows, fit
        Definition, reference models, and their fit.
    unit, method, n_units
        What was resampled for the curve, how (`fits.resampling.scheme`), and how many there are.
    many
        Its resamples.
    effects
        Standard deviation of each effect, in the space of the objective.
    freedom
        Degrees of freedom of each: ``curve``, the levels of `effects`, ``row``.
    """

    experiment: Experiment
    rows: Observations
    fit: Fit
    unit: str
    method: str
    n_units: int
    many: Bootstrap = field(repr=False)
    effects: Effects
    freedom: dict[str, float]

    @property
    def space(self) -> str:
        """Space of the objective, in which effects add up."""
        return self.fit.space

    def score(self, x: ArrayLike) -> NDArray[np.float64]:
        """Expected score at scales ``(m, k)`` in the unit of the experiment, ``(m,)``."""
        return self.fit.score(x)

    def curve_sd(self, x: ArrayLike) -> NDArray[np.float64]:
        """Standard error of the curve in the space of the objective, ``(m,)``."""
        drawn = transform(np.maximum(1 - self.many.scores(x), 1e-9), self.space)
        if self.method == "jackknife":
            k = len(drawn)
            return np.sqrt((k - 1) / k * np.sum((drawn - drawn.mean(0)) ** 2, axis=0))
        # Half of the middle 68 %: a few resamples in another basin leave it as it is, a spread that is real does not.
        low, high = np.quantile(drawn, [0.15866, 0.84134], axis=0)
        return (high - low) / 2

    def interval(self, x: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Limits of the expected score, ``(m,)`` each: where the curve runs, not where models lie."""
        return self._limits(x, self.curve_sd(x), np.full(1, self.freedom["curve"]), level)

    def prediction(self, x: ArrayLike, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Limits of the score of a new model of a new family (of a new architecture, where all are of one), ``(m,)`` each."""
        sd, freedom = self._predictive(x)
        return self._limits(x, sd, freedom, level)

    def quantile(self, x: ArrayLike, score: ArrayLike) -> NDArray[np.float64]:
        """Share of new models at these scales that are expected to score lower, ``(m,)``."""
        sd, freedom = self._predictive(x)
        off = transform(1 - np.asarray(score, float), self.space) - transform(self.fit.misalignment(x), self.space)
        return stats.t.sf(off / sd, freedom)

    def _predictive(self, x: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        parts = {"curve": self.curve_sd(x), **self.effects.of, "row": self.effects.row}
        variances = {name: np.asarray(sd) ** 2 for name, sd in parts.items()}
        total = sum(variances.values()) + 0.0 * variances["curve"]
        spread = sum(v**2 / self.freedom[name] for name, v in variances.items())
        return np.sqrt(total), np.where(spread > 0, total**2 / np.maximum(spread, 1e-300), np.inf)

    def _limits(self, x, sd, freedom, level):
        reach = stats.t.ppf((1 + level) / 2, freedom) * sd
        middle = transform(self.fit.misalignment(x), self.space)
        with np.errstate(over="ignore"):
            return 1 - restore(middle + reach, self.space), 1 - restore(middle - reach, self.space)


def expect(rows: Observations, experiment: Experiment, *, resamples: int = 400, seed: int = 42) -> Expectation:
    """Fit a law to reference models and find what its predictions vary by.

    The curve is resampled by the coarsest unit of which the table has three or more: families, or else architectures,
    configurations, single rows.

    Parameters
    ----------
    rows, experiment
        Reference models and definition.
    resamples, seed
        Of the curve, at least 20.

    Returns
    -------
    Expectation
        The law and its spread. A table without families has no effect of families, and predictions say nothing of a new one.

    Raises
    ------
    VvsError
        When the rows cannot be fitted.
    """
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta, labels=rows.labels)
    unit, own = coarsest(rows)
    n_units = len(np.unique(own))
    method = scheme(n_units, unit)
    if method == "jackknife":
        many = bootstrap(found, rows.x, rows.L, jackknife_weights(own))
    elif method == "turned":
        many = bootstrap(
            found, rows.x, rows.L, None, responses=turned_responses(found, rows.x, rows.L, own, resamples, seed), n_pool=100
        )
    else:
        many = bootstrap(found, rows.x, rows.L, cluster_weights(own, resamples, seed), n_pool=100)
    residual = transform(rows.L, found.space) - transform(found.misalignment(rows.x), found.space)
    levels = {name: one for name, one in nested(rows).items() if len(np.unique(one)) >= FEWEST}
    freedom, before = {"curve": float(n_units - 1)}, 1
    for name, one in levels.items():
        n = len(np.unique(one))
        freedom[name], before = float(max(n - before, 1)), n
    freedom["row"] = float(max(len(rows.L) - max(before, len(found.parameters)), 1))
    return Expectation(experiment, rows, found, unit, method, n_units, many, effects(residual, levels), freedom)


def coarsest(rows: Observations) -> tuple[str, NDArray]:
    """The coarsest unit with three clusters or more, and its labels ``(n,)``.

    Examples
    --------
    >>> import pandas as pd
    >>> one = Observations(np.ones((4, 1)), np.ones(4), pd.DataFrame({"arch": list("abcc"), "arch_family": list("xxyy")}))
    >>> coarsest(one)[0]
    'architectures'
    """
    for name in CURVE[:-1]:
        if all(has(rows.frame, column) for column in UNITS[name].columns):
            own = labels(rows, UNITS[name])
            if len(np.unique(own)) >= FEWEST:
                return name, own
    return "rows", labels(rows, UNITS["rows"])
