"""Questions put to a fit: does it agree with the published one, and does what it says survive another objective, another unit of
resampling, held-out scales?
"""

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, Observations, published_results
from vvslib.fits.bootstrap import bootstrap, cluster_weights, row_weights
from vvslib.fits.coordinates import parameters
from vvslib.fits.heldout import hold_out_largest
from vvslib.fits.identification import profile, ranges
from vvslib.fits.objective import total
from vvslib.fits.solver import fit
from vvslib.refit import ALLOCATION, Refit, cluster_labels

UNITS = {
    "rows": None,
    "configurations (seeds together)": ["arch", "dataset", "samples_per_class"],
    "architectures": ["arch"],
    "families": ["arch_family"],
}
"""Units of resampling, from the finest to the coarsest."""

LOWER = 1e-5
"""Relative difference from which one loss counts as lower than another."""


def published(experiment: str, quantity: str, column: str = "value") -> float:
    """A published result; NaN where none was published.

    Parameters
    ----------
    experiment
        Name of the experiment.
    quantity
        n_rows, loss, a parameter, asymptote, or an allocation quantity.
    column
        value, median, low or high.
    """
    rows = published_results()
    row = rows[(rows["experiment"] == experiment) & (rows["quantity"] == quantity)]
    return float(row[column].iloc[0]) if len(row) else float("nan")


def compare(found: list[Refit]) -> pd.DataFrame:
    """Published fits beside ours.

    Parameters
    ----------
    found
        Refits of published experiments.

    Returns
    -------
    DataFrame
        One row per experiment: rows, loss and its relative difference, asymptote with intervals, published and here, differences,
        parameters at a bound and not identified.
    """
    rows = []
    for one in found:
        loss = published(one.name, "loss")
        asymptote, interval = estimate(one, "asymptote")
        rows.append(
            {
                "experiment": one.name,
                "law": one.fit.law,
                "n_published": published(one.name, "n_rows"),
                "n": one.fit.n,
                "loss_published": loss,
                "loss": one.fit.loss,
                "loss_difference": one.fit.loss / loss - 1,
                "asymptote_published": published(one.name, "asymptote"),
                "asymptote": asymptote,
                "asymptote_difference": asymptote - published(one.name, "asymptote"),
                "low_published": published(one.name, "asymptote", "low"),
                "low": interval["low"],
                "high_published": published(one.name, "asymptote", "high"),
                "high": interval["high"],
                "at_bound": ", ".join(one.fit.at_bound),
                "limit": one.fit.limit or "",
                "not_identified": ", ".join(one.ranges.not_identified),
            }
        )
    return pd.DataFrame(rows)


def beside(found: list[Refit], quantities: list[str]) -> pd.DataFrame:
    """Paper, here, difference: one row per experiment and quantity.

    Returns
    -------
    DataFrame
        experiment, quantity, paper, here, difference, low, high (ours, 95 %); NaN where nothing was published, or where the law
        has no such quantity.
    """
    rows = []
    for one in found:
        for quantity in quantities:
            here, interval = estimate(one, quantity)
            paper = published(one.name, quantity)
            rows.append(
                {
                    "experiment": one.name,
                    "quantity": quantity,
                    "paper": paper,
                    "here": here,
                    "difference": here - paper,
                    "low": interval["low"],
                    "high": interval["high"],
                }
            )
    return pd.DataFrame(rows)


def estimate(found: Refit, quantity: str) -> tuple[float, dict[str, float]]:
    """A quantity of a refit, with median, low and high (95 %); NaN where the law, or this fit, has no such number."""
    known = dict(found.fit.parameters)
    if found.fit.asymptote is not None:
        known["asymptote"] = found.fit.asymptote
    if found.allocation is not None:
        known |= {name: float(getattr(found.allocation, name)) for name in ALLOCATION}
    value = known.get(quantity)
    resampled = found.allocations if quantity in ALLOCATION else found.bootstrap
    has_limits = quantity in known and resampled is not None
    limits = found.interval(quantity) if has_limits else dict.fromkeys(("median", "low", "high"), np.nan)
    return np.nan if value is None else value, limits


def objectives(rows: Observations, experiment: Experiment, deltas: list[float]) -> pd.DataFrame:
    """The same rows under other objectives.

    Parameters
    ----------
    rows, experiment
        What is fitted.
    deltas
        Huber δ; inf for least squares.

    Returns
    -------
    DataFrame
        delta, asymptote, within_low, within_high (within 1 % of the loss), alpha, loss, sum_of_squares of the log-residuals.
    """
    table = []
    for delta in deltas:
        found = fit(experiment.law, rows.x, rows.L, delta=delta)
        within = ranges(found, rows.x, rows.L).within.get("asymptote", (np.nan, np.nan))
        table.append(
            {
                "delta": delta,
                "asymptote": found.asymptote,
                "within_low": within[0],
                "within_high": within[1],
                "alpha": found.parameters.get("alpha"),
                "loss": found.loss,
                "sum_of_squares": 2 * total(found.misalignment(rows.x), rows.L, np.inf),
            }
        )
    return pd.DataFrame(table)


def asymptote_profile(rows: Observations, experiment: Experiment, deltas: list[float], asymptotes: np.ndarray) -> pd.DataFrame:
    """How much of the minimum loss an asymptote held elsewhere costs, under several objectives.

    Returns
    -------
    DataFrame
        delta, asymptote, loss, rise (relative to the minimum).
    """
    parts = []
    for delta in deltas:
        found = fit(experiment.law, rows.x, rows.L, delta=delta)
        losses = profile(found, rows.x, rows.L, "asymptote", asymptotes)
        parts.append(
            pd.DataFrame(
                {"delta": delta, "asymptote": asymptotes, "loss": losses, "rise": losses / min(found.loss, losses.min()) - 1}
            )
        )
    return pd.concat(parts, ignore_index=True)


def resampling_units(rows: Observations, experiment: Experiment, bootstraps: int, seed: int) -> pd.DataFrame:
    """The interval of the asymptote when rows, configurations, architectures or families are resampled.

    Returns
    -------
    DataFrame
        unit, n_units, asymptote, median, low, high, at_one (share of resamples whose asymptote is 1).
    """
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta)
    table = []
    for unit, columns in UNITS.items():
        if columns is None:
            n_units, weights = len(rows.L), row_weights(len(rows.L), bootstraps, seed)
        else:
            labels = cluster_labels(rows.frame, columns)
            n_units, weights = len(np.unique(labels)), cluster_weights(labels, bootstraps, seed)
        many = bootstrap(found, rows.x, rows.L, weights)
        interval = many.interval("asymptote")
        table.append(
            {
                "unit": unit,
                "n_units": n_units,
                "asymptote": found.asymptote,
                **interval,
                "at_one": float(np.mean(many.asymptote > 1 - 1e-6)),
            }
        )
    return pd.DataFrame(table)


def held_out(rows: Observations, share: float = 0.1, delta: float = 1e-3) -> pd.DataFrame:
    """Error of each one-variable law and objective on the largest scales, fitted below them.

    Returns
    -------
    DataFrame
        law, delta, rmse, bias (score), asymptote of the fit, n_train, n_test.
    """
    table = []
    for law in ("saturating", "power", "loglinear"):
        for d in (delta, np.inf):
            found = hold_out_largest(law, rows.x, rows.L, share=share, delta=d)
            table.append(
                {
                    "law": law,
                    "delta": d,
                    "rmse": found.rmse,
                    "bias": found.bias,
                    "asymptote": found.fit.asymptote,
                    "n_train": found.n_train,
                    "n_test": found.n_test,
                }
            )
    return pd.DataFrame(table)


def basins(found: Refit, apart: float = 0.1, tolerated: float = 0.01) -> pd.DataFrame:
    """Minima of a fit whose asymptotes lie apart, lowest first.

    Parameters
    ----------
    found
        A refit of a law with an asymptote.
    apart
        Asymptotes closer than this to a lower minimum are the same basin.
    tolerated
        Minima higher than this above the lowest, relatively, are left out.

    Returns
    -------
    DataFrame
        asymptote, loss, rise (relative to the lowest).

    Raises
    ------
    VvsError
        For a law without an asymptote.
    """
    one = found.fit
    if one.asymptote is None:
        raise VvsError(f"{found.name} follows the law {one.law!r}, which has no asymptote; take a law with E")
    asymptotes = 1 - parameters(one.law, one.minima, one.reference)["E"]
    kept: list[int] = []
    for i, loss in enumerate(one.minima_losses):
        near = any(abs(asymptotes[i] - asymptotes[k]) < apart for k in kept)
        if not near and loss <= one.loss * (1 + tolerated):
            kept.append(i)
    losses = one.minima_losses[kept]
    return pd.DataFrame({"asymptote": asymptotes[kept], "loss": losses, "rise": losses / one.loss - 1})
