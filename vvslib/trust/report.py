"""The whole report on one experiment and one table: forms, identification, whose variance, extrapolation, as tidy tables."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, observe
from vvslib.fits.comparison import FORMS
from vvslib.fits.laws import LAWS
from vvslib.fits.solver import fit
from vvslib.trust.extrapolation import held_out, splits
from vvslib.trust.forms import PROFILED, compared, identified
from vvslib.trust.units import UNITS, has
from vvslib.trust.variance import Interval, interval, models_by_benchmarks

OBJECTIVES = ("huber", "huber_0.1", "squares", "squares_linear", "squares_logit")


@dataclass(frozen=True)
class Trust:
    """What was found about one experiment.

    Attributes
    ----------
    experiment, n_rows
        What was fitted, to how many models.
    forms
        One row per law and objective: asymptote, loss, rmse and mae of the score, aic, bic, at_bound.
    profile
        One row per value of the asymptote held: deviance, under the experiment's objective and by least squares; empty for a law
        that is not profiled.
    identified
        One row per objective: verdict, low, high, basins of the profile, design effect.
    variance
        One row per unit of resampling: `variance.Interval`.
    extrapolation
        `extrapolation.held_out` of the largest scales.
    skipped
        What could not be asked of this table, and why.
    """

    experiment: Experiment
    n_rows: int
    forms: pd.DataFrame
    profile: pd.DataFrame
    identified: pd.DataFrame
    variance: pd.DataFrame
    extrapolation: pd.DataFrame
    skipped: list[str]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name, the empty ones left out."""
        named = {name: getattr(self, name) for name in ("forms", "identified", "profile", "variance", "extrapolation")}
        return {name: frame for name, frame in named.items() if len(frame)}


def trust(
    scores: pd.DataFrame,
    experiment: Experiment,
    *,
    resamples: int = 2000,
    draws: int = 399,
    seed: int = 42,
    objectives: Sequence[str] = OBJECTIVES,
    laws: Sequence[str] | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Trust:
    """Ask everything of one experiment on one table.

    What a table has no columns for is left out and said in ``skipped``.

    Parameters
    ----------
    scores
        A score table, with the minimal columns of the schema and those of the experiment.
    experiment
        Which rows, scale, law.
    resamples, draws, seed
        Of the bootstraps, of each tested value; their seed.
    objectives, laws
        Names of those that are compared; all forms of as many scales as the experiment's law when None.
    progress
        Told the name of each step as it begins.

    Returns
    -------
    Trust
        The tables.

    Raises
    ------
    VvsError
        When the experiment cannot be fitted to the table at all, or scores lie outside (-1, 1).
    """
    rows = observe(scores, experiment)
    if np.any(rows.L >= 2):
        bad = [name for name, L in zip(rows.labels, rows.L, strict=True) if L >= 2]
        raise VvsError(
            f"scores must lie between -1 and 1; {len(bad)} models have a mean score ≤ -1: {', '.join(bad[:5])}; check them"
        )
    n_variables = LAWS[experiment.law].n_variables
    every = FORMS if n_variables == 1 else tuple(n for n, law in LAWS.items() if law.n_variables == n_variables)
    laws = tuple(laws or every)
    progress("forms and objectives")
    forms = compared(rows, laws, objectives)
    skipped: list[str] = []
    progress("identification")
    curve, verdicts = identified(rows, experiment)
    if curve.empty:
        skipped.append(f"profile: the asymptote of the law {experiment.law!r} is not profiled; take {' or '.join(PROFILED)}")
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta)
    intervals: list[Interval] = []
    for unit in UNITS.values():
        progress(f"variance of {unit.name}")
        try:
            intervals.append(interval(rows, experiment, unit, found=found, resamples=resamples, draws=draws, seed=seed))
        except VvsError as error:
            skipped.append(f"{unit.name}: {error}")
    progress("variance of models × benchmarks")
    try:
        intervals.append(models_by_benchmarks(scores, experiment, resamples=resamples, seed=seed))
    except VvsError as error:
        skipped.append(f"models × benchmarks: {error}")
    progress("extrapolation")
    ahead = pd.DataFrame()
    by = None if n_variables == 1 else "total_flops"
    try:
        if by is not None and not has(rows.frame, by):
            raise VvsError("a law of several scales is cut along total_flops, which the table does not have")
        ahead = held_out(rows, splits(rows, by), laws)
    except VvsError as error:
        skipped.append(f"extrapolation: {error}")
    return Trust(
        experiment, len(rows.L), forms, curve, verdicts, pd.DataFrame([asdict(one) for one in intervals]), ahead, skipped
    )
