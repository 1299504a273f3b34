r"""What the measurement does to a law: the rule that divides by the ceiling, the seed, the choice of benchmarks.

Published neural scores are :math:`(r/c)^2`, with c the reliability of a neuroid's mean response (split halves, corrected after
Spearman and Brown). A model that predicts everything but noise reaches :math:`r = \sqrt{c}` (Spearman 1904, Am J Psychol 15:72),
so that :math:`r^2 / c` is 1 for it, and :math:`(r/c)^2` is 1/c: in the published unit a score of 1 is not the best possible
one. With one ceiling c for a region, :math:`r^2/c = c\,(r/c)^2`. Neither raw values nor ceilings are published per model; what
follows here takes one ceiling a region, and says so.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, observe
from vvslib.fits.objective import objective, transform
from vvslib.fits.simulation import effects
from vvslib.fits.solver import fit
from vvslib.refit import varied
from vvslib.trust.reference import NEURAL
from vvslib.trust.units import UNITS, nested
from vvslib.trust.variance import interval

CEILINGS = {"V1": 0.873345, "V2": 0.824836, "V4": 0.89503, "IT": 0.821841}
"""Ceilings that Brain-Score's own tests state for the private halves of these four benchmarks, medians over neuroids.

Source: brain-score/vision on GitHub, ``benchmarks/freemanziemba2013/test.py`` (commit 016a8dc) and
``benchmarks/majajhong2015/test.py`` (commit 1914524), ``test_ceilings``. That those of the public halves are alike is assumed.
"""


def renormalised(scores: pd.DataFrame, ceilings: Mapping[str, float] | float | None = None) -> pd.DataFrame:
    """A score table with its neural scores as r²/c instead of (r/c)².

    Where a row has its own `raw` and `ceiling` these are used; elsewhere the score is multiplied by the ceiling given for its
    region, which is exact where all neuroids share it.

    Parameters
    ----------
    scores
        A score table whose neural rows are normalised as ``r/c squared``.
    ceilings
        Region → ceiling in (0, 1], or one number for all four neural regions; `CEILINGS` when None.

    Returns
    -------
    DataFrame
        A copy; rows of behaviour, whose rule is another, stay as they are.

    Raises
    ------
    VvsError
        For a ceiling outside (0, 1], a region without one, or neural rows that are normalised otherwise already.

    Examples
    --------
    >>> rows = pd.DataFrame({"region": ["IT", "behavior"], "score": [0.5, 0.4]})
    >>> renormalised(rows, 0.8)["score"].tolist()
    [0.4, 0.4]
    """
    neural = scores["region"].isin(NEURAL).to_numpy()
    given = dict(CEILINGS if ceilings is None else ceilings) if not isinstance(ceilings, float | int) else {}
    given = given or dict.fromkeys(NEURAL, float(ceilings))
    bad = {region: c for region, c in given.items() if not 0 < c <= 1}
    if bad:
        region, value = next(iter(bad.items()))
        raise VvsError(f"a ceiling must be a reliability in (0, 1]; got {value:g} for {region}")
    if "normalisation" in scores:
        other = scores.loc[neural, "normalisation"].dropna().unique()
        if set(other) - {"r/c squared"}:
            raise VvsError(
                f"neural scores must be normalised as 'r/c squared'; got {', '.join(map(repr, other))}; nothing to turn"
            )
    missing = sorted(set(scores.loc[neural, "region"]) - set(given))
    if missing:
        raise VvsError(f"every neural region needs a ceiling; {', '.join(missing)} has none; give one")
    found = scores.copy()
    turned = scores["score"] * scores["region"].map(given).fillna(1.0)
    if {"raw", "ceiling"} <= set(scores):
        known = scores["raw"].notna() & scores["ceiling"].gt(0)
        turned = turned.where(~known, scores["raw"] ** 2 / scores["ceiling"])
    found["score"] = scores["score"].where(~neural, turned)
    if "normalisation" in found:
        found.loc[neural, "normalisation"] = "r2/c"
    return found


def by_normalisation(
    scores: pd.DataFrame,
    experiment: Experiment,
    rules: Mapping[str, Mapping[str, float] | float | None],
    *,
    objectives: Sequence[str] = ("huber", "squares", "squares_linear"),
    unit: str = "rows",
    resamples: int = 500,
    draws: int = 99,
    seed: int = 42,
) -> pd.DataFrame:
    """The asymptote under several rules of normalisation.

    Parameters
    ----------
    scores, experiment
        Table in (r/c)², and a definition of the saturating law.
    rules
        Name → ceilings for `renormalised`; 1.0 leaves the scores as published.
    objectives
        Names of objectives.
    unit, resamples, draws, seed
        As in `variance.interval`; no interval for resamples = 0.

    Returns
    -------
    DataFrame
        rule, objective, mean_ceiling, asymptote, low, high, one_sided; `of_published` (asymptote divided by the mean ceiling:
        in the published unit again), best (highest score of a model), room (asymptote / best - 1).
    """
    rows = []
    for rule, ceilings in rules.items():
        turned = renormalised(scores, ceilings)
        seen = observe(turned, experiment)
        c = CEILINGS if ceilings is None else dict.fromkeys(NEURAL, ceilings) if isinstance(ceilings, float | int) else ceilings
        regions = experiment.where.get("region", NEURAL)
        regions = [regions] if isinstance(regions, str) else regions
        mean = float(np.mean([c.get(region, 1.0) for region in regions]))
        for name in objectives:
            one = objective(name)
            found = fit(experiment.law, seen.x, seen.L, delta=one.delta, space=one.space)
            low = high = np.nan
            one_sided = False
            if resamples:
                limits = interval(
                    seen, experiment, UNITS[unit], found=found, name="asymptote", resamples=resamples, draws=draws, seed=seed
                )
                low, high, one_sided = limits.low, limits.high, limits.one_sided
            best = 1 - float(seen.L.min())
            rows.append(
                {
                    "rule": rule,
                    "objective": name,
                    "mean_ceiling": mean,
                    "asymptote": found.asymptote,
                    "low": low,
                    "high": high,
                    "one_sided": one_sided,
                    "of_published": found.asymptote / mean,
                    "best": best,
                    "room": found.asymptote / best - 1,
                }
            )
    return pd.DataFrame(rows)


def by_benchmarks(scores: pd.DataFrame, experiment: Experiment, objectives: Sequence[str] = ("huber", "squares")) -> pd.DataFrame:
    """The asymptote of the mean over every selection of the regions that an experiment averages.

    Returns
    -------
    DataFrame
        regions, n_regions, objective, asymptote, at_one (whether it sits at its bound), best (highest mean score of a model).

    Raises
    ------
    VvsError
        When the experiment averages a single region.
    """
    regions = experiment.where.get("region")
    if not isinstance(regions, list) or len(regions) < 2:
        raise VvsError(f"{experiment.name} averages {regions}: at least two regions are needed to leave one out; take another")
    rows = []
    for size in range(1, len(regions) + 1):
        for chosen in combinations(regions, size):
            seen = observe(scores, varied(experiment, region=list(chosen)))
            for name in objectives:
                one = objective(name)
                found = fit(experiment.law, seen.x, seen.L, delta=one.delta, space=one.space)
                about = {"regions": ", ".join(chosen), "n_regions": size, "objective": name, "asymptote": found.asymptote}
                rows.append(about | {"at_one": "E" in found.at_bound, "best": 1 - float(seen.L.min())})
    return pd.DataFrame(rows)


def spread(scores: pd.DataFrame, experiment: Experiment, measures: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """What residuals of a law are made of: effects of families, architectures, configurations, and of the seed.

    Effects of levels are found by the method of moments, that of the seed from the rows of each configuration among themselves.

    Parameters
    ----------
    scores, experiment
        Table and definition.
    measures
        Name → regions that are averaged.

    Returns
    -------
    DataFrame
        measure, level (families, architectures, configurations, seeds), sd (in log L), share (of the variance).
    """
    rows = []
    for name, regions in measures.items():
        seen = observe(scores, varied(experiment, region=list(regions)))
        found = fit(experiment.law, seen.x, seen.L, delta=experiment.delta)
        residual, levels = transform(seen.L) - transform(found.misalignment(seen.x)), nested(seen)
        split = effects(residual, levels)
        parts = {**split.of, "seeds": _within(residual, levels) if levels else split.row}
        total = sum(sd**2 for sd in parts.values())
        rows += [{"measure": name, "level": level, "sd": sd, "share": sd**2 / total} for level, sd in parts.items()]
    return pd.DataFrame(rows)


def _within(residual: np.ndarray, levels: Mapping[str, np.ndarray]) -> float:
    """Standard deviation of rows that share the finest level, pooled; 0 where no two do."""
    _, member = np.unique(list(levels.values())[-1], return_inverse=True)
    n, total, squares = (np.bincount(member, w) for w in (None, residual, residual**2))
    freedom = int(np.sum(n - 1))
    return float(np.sqrt(max(np.sum(squares - total**2 / n), 0.0) / freedom)) if freedom else 0.0
