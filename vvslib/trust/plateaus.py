"""Limits of a plateau by a test inverted, under every unit that is resampled whole: what holds where percentiles do not."""

import json
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from vvslib.experiments import Experiment, Observations, observe
from vvslib.fits.limits import AsymptoteTest
from vvslib.fits.resampling import FEWEST_TURNED
from vvslib.trust import kept
from vvslib.trust.units import UNITS, labels

TESTED = ("rows", "configurations", "architectures", "families")


def tested(
    rows: Observations, experiment: Experiment, units: Sequence[str] = TESTED, *, draws: int = 399, seed: int = 42
) -> pd.DataFrame:
    """Values of the asymptote of the saturating law that are not rejected when whole units have their residuals' signs turned.

    Parameters
    ----------
    rows, experiment
        What is fitted; by the saturating law, whichever law the experiment names.
    units
        Units of resampling; those with fewer than six members are left out.
    draws, seed
        Of each tested value.

    Returns
    -------
    DataFrame
        unit, n_units, asymptote, low, high, one_sided, p_at_one (of no plateau at all).

    Raises
    ------
    VvsError
        For a column that a unit needs and the table lacks.
    """
    lines = []
    for name in units:
        own = labels(rows, UNITS[name])
        if len(np.unique(own)) < FEWEST_TURNED:
            continue
        test = AsymptoteTest(rows.x, rows.L, own, delta=experiment.delta, n_draws=draws, seed=seed)
        found = test.limits(tolerance=5e-3)
        lines.append(
            {
                "unit": name,
                "n_units": found.n_clusters,
                "asymptote": float(test.asymptote),
                "low": found.low,
                "high": found.high,
                "one_sided": found.one_sided,
                "p_at_one": found.p_at_one,
            }
        )
    return pd.DataFrame(lines)


def kept_tested(
    scores: pd.DataFrame,
    experiment: Experiment,
    units: Sequence[str] = TESTED,
    *,
    draws: int = 399,
    seed: int = 42,
    recompute: bool = False,
    **more,
) -> pd.DataFrame:
    """`tested`, read where it is kept (`kept.kept`); computing it takes half a minute a unit."""
    rows = observe(scores, experiment)
    key = {"rows": kept.of_rows(rows), "code": kept.of_code("trust/plateaus"), "draws": draws, "seed": seed}
    key["units"] = list(units)
    compute = partial(_tested, rows, experiment, tuple(units), draws, seed)
    return pd.DataFrame(kept.kept(f"tested_{experiment.name}", key, compute, recompute=recompute, **more))


def _tested(rows: Observations, experiment: Experiment, units: Sequence[str], draws: int, seed: int) -> list[dict]:
    return json.loads(tested(rows, experiment, units, draws=draws, seed=seed).to_json(orient="records", double_precision=6))
