"""Forms × objectives, and what a fit determines, of an experiment's rows: as tidy tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, Observations
from vvslib.fits.comparison import compare
from vvslib.fits.likelihood import design_effect, profiled
from vvslib.fits.objective import transform
from vvslib.fits.solver import fit
from vvslib.trust.units import UNITS, has, labels

PROFILED = ("saturating", "chinchilla")


def compared(rows: Observations, laws: Sequence[str], objectives: Sequence[str]) -> pd.DataFrame:
    """Every law under every objective.

    Parameters
    ----------
    rows
        Observations.
    laws, objectives
        Names.

    Returns
    -------
    DataFrame
        law, objective, asymptote (NaN for a law without), loss, rmse and mae of the score, aic, bic, at_bound.
    """
    found = compare(rows.x, rows.L, laws=laws, objectives=objectives, labels=rows.labels)
    return pd.DataFrame(
        [
            {
                "law": one.fit.law,
                "objective": one.objective,
                "asymptote": np.nan if one.fit.asymptote is None else one.fit.asymptote,
                "loss": one.fit.loss,
                "rmse": one.rmse,
                "mae": one.mae,
                "aic": one.aic,
                "bic": one.bic,
                "at_bound": ", ".join(one.fit.at_bound),
            }
            for one in found
        ]
    )


def identified(
    rows: Observations, experiment: Experiment, name: str = "asymptote", values: Sequence[float] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Profile of a parameter, and the verdict on it, under the experiment's δ and by least squares.

    Parameters
    ----------
    rows, experiment
        What is fitted.
    name, values
        Parameter, or ``asymptote``, and the values it is held at; from 0.4 below the best score to 1 for an asymptote when None.

    Returns
    -------
    (DataFrame, DataFrame)
        delta, asymptote (or the parameter's name), loss, deviance; delta, estimate under the same name, verdict, low, high,
        basins, design_effect. Both empty for a law that is not profiled.

    Raises
    ------
    VvsError
        For a parameter without values.
    """
    if experiment.law not in PROFILED:
        return pd.DataFrame(), pd.DataFrame()
    if values is None and name != "asymptote":
        raise VvsError(f"a profile of {name!r} needs the values it is held at; give at least 3")
    if values is None:
        values = np.linspace(max(1 - float(rows.L.min()) - 0.4, -0.5), 1.0, 61)
    clustered = UNITS["architectures"] if has(rows.frame, "arch") else UNITS["rows"]
    parts, verdicts = [], []
    for delta in dict.fromkeys((experiment.delta, np.inf)):
        found = fit(experiment.law, rows.x, rows.L, delta=delta)
        residual = transform(rows.L) - transform(found.misalignment(rows.x))
        effect = design_effect(residual, labels(rows, clustered))
        estimate = found.asymptote if name == "asymptote" else found.parameters[name]
        one = profiled(found, rows.x, rows.L, name, np.unique(np.r_[values, estimate]), design_effect=effect)
        parts.append(pd.DataFrame({"delta": delta, name: one.values, "loss": one.losses, "deviance": one.deviance}))
        verdicts.append(
            {
                "delta": delta,
                name: estimate,
                "verdict": one.verdict,
                "low": one.low,
                "high": one.high,
                "basins": ", ".join(f"{value:.3f}" for value in one.basins),
                "design_effect": effect,
            }
        )
    return pd.concat(parts, ignore_index=True), pd.DataFrame(verdicts)
