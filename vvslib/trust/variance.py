"""Whose variance: the interval of a fit's quantity when a unit is resampled, by the method that its number of clusters allows."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, Observations, matches, observe
from vvslib.fits.bootstrap import bootstrap, percentile_interval, row_weights
from vvslib.fits.limits import AsymptoteTest, jackknife_interval
from vvslib.fits.resampling import (
    cluster_weights,
    crossed_weights,
    jackknife_weights,
    scheme,
    stratified_weights,
    turned_responses,
)
from vvslib.fits.result import Fit
from vvslib.fits.simulation import quantity
from vvslib.fits.solver import fit
from vvslib.refit import cluster_labels
from vvslib.trust import kept
from vvslib.trust.units import UNITS, Unit, labels

AT_BOUND = 1 - 1e-6
TOLD = {
    "bootstrap": "percentiles of resamples",
    "turned": "percentiles with signs of residuals turned, for there are few clusters",
    "jackknife": "Student's t, leaving one out, for there are very few clusters",
    "test": "values not rejected with signs of residuals turned",
}


@dataclass(frozen=True)
class Interval:
    """Limits of a quantity when a unit is resampled.

    Attributes
    ----------
    unit, n_units
        The unit, and how many there are.
    quantity, estimate
        What the limits are of; its estimate.
    method
        Key of `TOLD`.
    low, high
        Limits of 95 %.
    one_sided
        Whether the upper limit is the bound itself: a lower limit only.
    at_bound
        Share of resamples on the bound; NaN for a test.
    """

    unit: str
    n_units: int
    quantity: str
    estimate: float
    method: str
    low: float
    high: float
    one_sided: bool
    at_bound: float


def main_quantity(law: str) -> str:
    """What a law is mostly asked for: its asymptote, or else its slope.

    Examples
    --------
    >>> main_quantity("saturating"), main_quantity("power"), main_quantity("loglinear")
    ('asymptote', 'alpha', 'slope')
    """
    return {"power": "alpha", "loglinear": "slope"}.get(law, "asymptote")


def interval(
    rows: Observations,
    experiment: Experiment,
    unit: Unit,
    *,
    found: Fit | None = None,
    name: str | None = None,
    resamples: int = 2000,
    draws: int = 399,
    seed: int = 42,
) -> Interval:
    """The interval of a quantity when one unit is resampled.

    With 30 units or more they are drawn with replacement, with 6 or more their residuals have their signs turned, with 3 or more
    they are left out one at a time. Where the asymptote of the saturating law sits at its bound, or half a tail of its resamples
    does, percentiles are not valid, and a test is inverted.

    Parameters
    ----------
    rows, experiment, unit
        What is fitted, and what resampled.
    found
        The fit, where there is one already.
    name
        Quantity; the law's main one when None.
    resamples, draws, seed
        Of the bootstrap; per tested value; their seed.

    Raises
    ------
    VvsError
        For a column that the unit needs and the table lacks, or fewer than three units.
    """
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta) if found is None else found
    name = main_quantity(found.law) if name is None else name
    own = labels(rows, unit)
    n_units = len(np.unique(own))
    estimate = float(quantity(found.parameters, name))
    weights = responses = None
    method = scheme(n_units, unit.name) if unit.how == "whole" else "bootstrap"
    if unit.how == "within":
        if n_units == len(own):
            raise VvsError(f"no two rows share {', '.join(unit.columns)}: there are no seeds to resample; take another unit")
        weights = stratified_weights(own, resamples, seed)
    elif unit.how == "crossed":
        weights = crossed_weights(own, cluster_labels(rows.frame, list(unit.columns[1:])), resamples, seed)
    elif method == "jackknife":
        left = quantity(bootstrap(found, rows.x, rows.L, jackknife_weights(own)).parameters, name)
        bounds = (-np.inf, 1.0) if name == "asymptote" else (-np.inf, np.inf)
        limits = jackknife_interval(estimate, left, bounds=bounds)
        high, stuck = limits["high"], float(np.mean(left > AT_BOUND))
        return Interval(unit.name, n_units, name, estimate, method, limits["low"], high, name == "asymptote" and high >= 1, stuck)
    elif method == "turned":
        responses = turned_responses(found, rows.x, rows.L, own, resamples, seed)
    else:
        weights = cluster_weights(own, resamples, seed)
    values = quantity(bootstrap(found, rows.x, rows.L, weights, responses=responses).parameters, name)
    limits = percentile_interval(values[~np.isnan(values)])
    stuck = float(np.mean(values > AT_BOUND)) if name == "asymptote" else 0.0
    testable = found.law == "saturating" and name == "asymptote" and unit.how == "whole"
    if testable and (stuck > 0.0125 or estimate > AT_BOUND):
        test = AsymptoteTest(rows.x, rows.L, own, delta=found.delta, space=found.space, n_draws=draws, seed=seed)
        test = test.limits(tolerance=5e-3)
        return Interval(unit.name, n_units, name, estimate, "test", test.low, test.high, test.one_sided, stuck)
    one_sided = name == "asymptote" and limits["high"] > AT_BOUND
    return Interval(unit.name, n_units, name, estimate, method, limits["low"], limits["high"], one_sided, stuck)


def models_by_benchmarks(
    scores: pd.DataFrame, experiment: Experiment, *, columns: list[str] | None = None, resamples: int = 2000, seed: int = 42
) -> Interval:
    """Two ways at once: models (or clusters of them) and the benchmarks that are averaged are both drawn with replacement.

    Parameters
    ----------
    scores
        A score table.
    experiment
        Which rows, scale and law.
    columns
        Columns that make a cluster of models; single models when None.
    resamples, seed
        Of the bootstrap.

    Raises
    ------
    VvsError
        When the experiment averages fewer than three benchmarks.
    """
    whole = observe(scores, experiment)
    kept = scores[scores["model_id"].isin(whole.frame["model_id"])]
    kept = kept[matches(kept, {k: v for k, v in experiment.where.items() if k in ("region", "benchmark_name")})]
    names = sorted(kept["benchmark_name"].unique())
    if len(names) < 3:
        raise VvsError(
            f"{experiment.name} averages {len(names)} benchmark(s): at least 3 are needed to resample them; resample models"
        )
    each = kept.pivot_table(index="model_id", columns="benchmark_name", values="score").loc[whole.frame["model_id"], names]
    L = 1 - each.to_numpy(float)
    rng = np.random.default_rng([seed, 1])
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    found = fit(experiment.law, whole.x, whole.L, delta=experiment.delta)
    own = None if columns is None else cluster_labels(whole.frame, columns)
    weights = row_weights(len(whole.L), resamples, seed) if own is None else cluster_weights(own, resamples, seed)
    many = bootstrap(found, whole.x, whole.L, weights, responses=counts @ L.T / len(names), n_pool=200)
    name = main_quantity(found.law)
    values = quantity(many.parameters, name)
    limits = percentile_interval(values[~np.isnan(values)])
    stuck = float(np.mean(values > AT_BOUND)) if name == "asymptote" else 0.0
    what = "models" if columns is None else " ".join(columns)
    label = f"{what} × {len(names)} benchmarks"
    n_units, estimate = len(whole.L) if own is None else len(np.unique(own)), float(quantity(found.parameters, name))
    one_sided = name == "asymptote" and limits["high"] > AT_BOUND
    return Interval(label, n_units, name, estimate, "bootstrap", limits["low"], limits["high"], one_sided, stuck)


def every_unit(
    scores: pd.DataFrame,
    experiment: Experiment,
    *,
    name: str | None = None,
    resamples: int = 2000,
    draws: int = 399,
    seed: int = 42,
) -> pd.DataFrame:
    """The interval of one quantity under every unit that the table and the experiment allow.

    Parameters
    ----------
    scores, experiment
        Table and experiment.
    name, resamples, draws, seed
        As in `interval`.

    Returns
    -------
    DataFrame
        One row per unit (`Interval`); models × benchmarks too, for the law's main quantity. Units that are too few are left out.
    """
    rows = observe(scores, experiment)
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta)
    table = []
    for one in UNITS.values():
        with suppress(VvsError):
            table.append(interval(rows, experiment, one, found=found, name=name, resamples=resamples, draws=draws, seed=seed))
    if name in (None, main_quantity(experiment.law)):
        with suppress(VvsError):
            table.append(models_by_benchmarks(scores, experiment, resamples=resamples, seed=seed))
    return pd.DataFrame([asdict(one) for one in table])


def kept_units(
    scores: pd.DataFrame,
    experiment: Experiment,
    *,
    name: str | None = None,
    resamples: int = 2000,
    draws: int = 399,
    seed: int = 42,
    recompute: bool = False,
    **more,
) -> pd.DataFrame:
    """`every_unit`, read where it is kept (`kept.kept`); computing it takes a minute or two."""
    asked = {"name": name, "resamples": resamples, "draws": draws, "seed": seed}
    key = {"rows": kept.of_rows(observe(scores, experiment)), "code": kept.of_code("trust/variance"), **asked}
    where = f"units_{experiment.name}" + (f"_{name}" if name else "")
    return pd.DataFrame(kept.kept(where, key, partial(_every, scores, experiment, asked), recompute=recompute, **more))


def _every(scores: pd.DataFrame, experiment: Experiment, asked: dict) -> list[dict]:
    return json.loads(every_unit(scores, experiment, **asked).to_json(orient="records", double_precision=8))
