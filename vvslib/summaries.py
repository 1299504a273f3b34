"""Refits as plain values and tidy tables: what is printed, kept and drawn."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.fits.allocation import optimal_score
from vvslib.refit import ALLOCATION, Refit

LABELS = {
    "experiment": "experiment",
    "quantity": "quantity",
    "n_rows": "models",
    "paper": "paper",
    "here": "here",
    "difference": "here − paper",
    "low": "low (95 %)",
    "high": "high (95 %)",
    "within_low": "low (1 % of loss)",
    "within_high": "high (1 % of loss)",
    "asymptote": "asymptote Ŝ",
    "delta": "Huber δ",
    "sum_of_squares": "sum of squares",
    "n_units": "units",
    "at_one": "resamples at Ŝ = 1",
    "rmse": "RMSE",
    "n_train": "fitted",
    "n_test": "held out",
    "total_flops": "C (FLOP)",
    "n_params": "N*",
    "n_samples_seen": "samples seen*",
    "score": "score S*",
    "loss_published": "loss (paper)",
    "loss_difference": "loss: here / paper − 1",
    "asymptote_published": "Ŝ (paper)",
    "at_bound": "at bound",
    "not_identified": "not identified",
}
"""Headings of the columns of these tables, as readers see them."""


def headings(frame: pd.DataFrame, also: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headings of those columns that a table has.

    Parameters
    ----------
    frame
        The table.
    also
        Further headings, or others than the usual ones.

    Examples
    --------
    >>> headings(pd.DataFrame({"rmse": [0.1], "mine": [1]}), {"yours": "Yours"})
    {'rmse': 'RMSE'}
    """
    known = {**LABELS, **(also or {})}
    return {column: known[column] for column in frame.columns if column in known}


def summary(found: Refit) -> dict:
    """What ``vvs fit --json`` prints: plain values; None for what has no meaning, "Infinity" for what ran there.

    Parameters
    ----------
    found
        A refit.

    Returns
    -------
    dict
        experiment, n_rows, law, delta, loss, parameters, units, asymptote, converged, gradient_norm, condition, limit, at_bound,
        not_identified, within_1_percent, bootstrap, bootstrap_seconds, n_bootstraps and, for chinchilla, allocation.
    """
    result = found.fit
    resampled = found.bootstrap
    quantities = [*result.parameters, *(["asymptote"] if "E" in result.parameters else [])]
    report = {
        "experiment": found.name,
        "n_rows": result.n,
        "law": result.law,
        "delta": result.delta,
        "x": dict(zip(found.experiment.x, found.experiment.unit, strict=True)),
        "loss": result.loss,
        "parameters": found.parameters,
        "asymptote": result.asymptote,
        "converged": result.converged,
        "gradient_norm": result.gradient_norm,
        "condition": result.condition,
        "limit": result.limit,
        "exponential": result.exponential,
        "at_bound": list(result.at_bound),
        "not_identified": list(found.ranges.not_identified),
        "within_1_percent": {k: list(v) for k, v in found.within.items()},
        "n_bootstraps": 0 if resampled is None else len(resampled.losses),
        "bootstrap": None if resampled is None else {q: found.interval(q) for q in quantities},
        "bootstrap_seconds": None if resampled is None else resampled.seconds,
    }
    if found.experiment.law == "chinchilla":
        report["allocation"] = _allocation_summary(found)
    return _plain(report)


def values_of(found: Refit) -> dict:
    """`summary` without what differs from run to run (seconds): what a report keeps."""
    return {key: value for key, value in summary(found).items() if key != "bootstrap_seconds"}


def _allocation_summary(found: Refit) -> dict | None:
    if found.allocation is None:
        return None
    values = {name: float(getattr(found.allocation, name)) for name in ALLOCATION}
    values |= {"compute_factor": found.allocation.relation.m, "compute_slope": found.allocation.relation.n}
    if found.allocations is not None:
        values["bootstrap"] = {name: found.interval(name) for name in ALLOCATION}
    return values


def _plain(value):
    """Values that strict JSON can hold."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value.item() if isinstance(value, np.generic) else value


def table_of(found: list[Refit]) -> pd.DataFrame:
    """Refits as a tidy table, one row per experiment and quantity.

    Parameters
    ----------
    found
        Refits.

    Returns
    -------
    DataFrame
        experiment, law, delta, n_rows, loss, quantity, value (NaN: no meaning), median, low, high (95 %, NaN without resamples),
        within_low, within_high (within 1 % of the loss), at_bound, identified.
    """
    rows = []
    for one in found:
        result = one.fit
        values = dict(one.parameters)
        if result.asymptote is not None:
            values["asymptote"] = result.asymptote
        if one.allocation is not None:
            values |= {name: float(getattr(one.allocation, name)) for name in ALLOCATION}
        for quantity, value in values.items():
            has_interval = one.bootstrap is not None and (quantity not in ALLOCATION or one.allocations is not None)
            interval = one.interval(quantity) if has_interval else {}
            within = one.within.get(quantity, (np.nan, np.nan))
            twin = "E" if quantity == "asymptote" else quantity
            rows.append(
                {
                    "experiment": one.name,
                    "law": result.law,
                    "delta": result.delta,
                    "n_rows": result.n,
                    "loss": result.loss,
                    "quantity": quantity,
                    "value": np.nan if value is None else value,
                    "median": interval.get("median", np.nan),
                    "low": interval.get("low", np.nan),
                    "high": interval.get("high", np.nan),
                    "within_low": within[0],
                    "within_high": within[1],
                    "at_bound": twin in result.at_bound,
                    "identified": twin not in one.ranges.not_identified,
                }
            )
    return pd.DataFrame(rows)


def curve(found: Refit, n: int = 120, extend: float = 1.0, level: float = 0.95) -> pd.DataFrame:
    """The fitted score over the range of a one-variable experiment, with its band.

    Parameters
    ----------
    found
        A refit of a law of one variable.
    n
        Number of points, evenly spaced in log.
    extend
        Factor by which the curve goes on beyond the largest scale.
    level
        Coverage of the pointwise percentile band.

    Returns
    -------
    DataFrame
        x (in base units: FLOP, parameters, samples), score, low, high (NaN without resamples).
    """
    x = found.observations.x[:, 0]
    grid = np.geomspace(x.min(), x.max() * extend, n)
    low = high = np.full(n, np.nan)
    if found.bootstrap is not None:
        low, high = found.bootstrap.band(grid, level)
    return pd.DataFrame({"x": grid * found.experiment.unit[0], "score": found.fit.score(grid), "low": low, "high": high})


def frontier(found: Refit, C: np.ndarray, level: float = 0.95) -> pd.DataFrame:
    """Compute-optimal model size, samples seen and score over compute, with bands.

    Parameters
    ----------
    found
        A refit of the two-variable law with an allocation.
    C
        Compute budgets (FLOP), ``(m,)``.
    level
        Coverage.

    Returns
    -------
    DataFrame
        total_flops; n_params, n_samples_seen, score, each with _low and _high (NaN without resamples).

    Raises
    ------
    VvsError
        When the fit has no allocation.
    """
    if found.allocation is None:
        raise VvsError(f"{found.name} has no compute-optimal allocation: it takes the chinchilla law with an interior optimum")
    units = dict(zip(("n_params", "n_samples_seen"), found.experiment.unit, strict=True))
    N, D = found.allocation.sizes(C)
    columns = {"total_flops": C, "n_params": N * units["n_params"], "n_samples_seen": D * units["n_samples_seen"]}
    columns["score"] = optimal_score(found.fit.parameters, found.allocation, C)
    if found.allocations is not None:
        parameters = found.bootstrap.parameters
        inner = np.all([parameters[k] > 0 for k in ("A", "alpha", "B", "beta")], axis=0)
        many_N, many_D = found.allocations.sizes(C)
        many = {
            "n_params": many_N * units["n_params"],
            "n_samples_seen": many_D * units["n_samples_seen"],
            "score": optimal_score({k: v[inner] for k, v in parameters.items()}, found.allocations, C),
        }
        for name, values in many.items():
            columns[f"{name}_low"], columns[f"{name}_high"] = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame(columns)


def draws(found: Refit) -> pd.DataFrame:
    """One row per resample: index, loss, converged, each parameter, asymptote."""
    if found.bootstrap is None:
        raise VvsError(f"{found.name} was fitted without resamples; ask for bootstraps > 0")
    many = found.bootstrap
    frame = pd.DataFrame(
        {"index": np.arange(len(many.losses)), "loss": many.losses, "converged": many.converged, **many.parameters}
    )
    if many.asymptote is not None:
        frame["asymptote"] = many.asymptote
    return frame
