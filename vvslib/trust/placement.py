"""A model placed: what a law expects of its size and data, how far off it is, and where it stands among models of its compute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError, suggest
from vvslib.experiments import Experiment, Observations, observe
from vvslib.trust.expectation import Expectation, expect
from vvslib.trust.reference import MEASURES, NEURAL, measure, wanted_columns

LEVEL = 0.95
SIMILAR = 3.0
"""Factor of compute within which reference models count as similar."""

VERDICTS = {
    "above": "above what its scale explains",
    "as expected": "as its scale explains",
    "below": "below what its scale explains",
}
SCALES = ("n_params", "n_samples_seen", "total_flops")


@dataclass(frozen=True)
class Placing:
    """Models placed along one measure.

    Attributes
    ----------
    measure
        Key of `reference.MEASURES`.
    expectation
        The law, its reference models and its spread.
    placed
        One row a model: model_id, measure, score, expected, low, high (95 % of the curve), predicted_low, predicted_high (95 % of
        a new model), residual (score minus expected), quantile (share of new models of its scale expected below it), verdict (key
        of `VERDICTS`), percentile (share of reference models of similar compute that score lower, ties half; NaN without any),
        n_similar, beyond (whether a scale lies outside that of the reference models).
    """

    measure: str
    expectation: Expectation
    placed: pd.DataFrame


def model(model_id: str, scales: Mapping[str, float | None], scores: Mapping[str, float]) -> pd.DataFrame:
    """One model as the row that `place` takes, with the means of regions that it has all of.

    Parameters
    ----------
    model_id
        Its name.
    scales
        Some of n_params, n_samples_seen and total_flops; None for what is not known.
    scores
        Measure → score in (-1, 1).

    Raises
    ------
    VvsError
        For an unknown measure, no score, a score outside (-1, 1), or a scale that is not positive.

    Examples
    --------
    >>> one = model("mine", {"total_flops": 1e18}, {"V1": 0.2, "V2": 0.3, "V4": 0.5, "IT": 0.5})
    >>> float(one["neural"].iloc[0])
    0.375
    """
    if not scores:
        raise VvsError(f"a model is placed by at least one score; got none; give one of {', '.join(MEASURES)}")
    for name, value in scores.items():
        measure(name)
        if not -1 < value < 1:
            raise VvsError(
                f"scores must lie between -1 and 1, as fractions of the ceiling; got {name} = {value:g}; divide percent by 100"
            )
    known = {name: float(value) for name, value in scales.items() if value is not None}
    for name, value in known.items():
        if not (np.isfinite(value) and value > 0):
            raise VvsError(
                f"{name} must be a positive number; got {value:g}; an untrained model has no place on a law of training"
            )
    row = {"model_id": model_id} | {name: known.get(name, np.nan) for name in SCALES} | dict(scores)
    return with_means(pd.DataFrame([row]))


def models(scores: pd.DataFrame, names: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of a score table as models to place: one row each, a column a region, means where all regions are there.

    Parameters
    ----------
    scores
        A score table; several benchmarks of a region are averaged.
    names
        `model_id`s to take; all when empty.

    Raises
    ------
    VvsError
        For a model that the table does not have, or a score of 1 or more.
    """
    missing = [name for name in names if name not in set(scores["model_id"])]
    if missing:
        raise VvsError(f"model {missing[0]!r} is not in the table: {suggest(missing[0], scores['model_id'].unique())}")
    kept = scores[scores["model_id"].isin(list(names))] if names else scores
    wide = kept.pivot_table(index="model_id", columns="region", values="score", aggfunc="mean")
    bad = wide.index[((wide >= 1) | (wide <= -1)).any(axis=1)]
    if len(bad):
        raise VvsError(
            f"scores must lie between -1 and 1; {len(bad)} models have others: {', '.join(map(str, bad[:5]))}; leave them out"
        )
    wide.columns = [str(column) for column in wide.columns]
    about = [c for c in ("arch", "arch_family", "dataset", *SCALES) if c in kept]
    return with_means(kept.groupby("model_id", sort=True)[about].first().join(wide).reset_index())


def with_means(frame: pd.DataFrame) -> pd.DataFrame:
    """The models with ``neural`` and ``all`` added where the regions that these are means of are all there, and they are not."""
    found = frame.copy()
    for name, regions in (("neural", NEURAL), ("all", MEASURES["all"])):
        if name not in found and set(regions) <= set(found):
            found[name] = found[regions].mean(axis=1, skipna=False)
    return found


def place(
    scores: pd.DataFrame,
    frame: pd.DataFrame,
    definitions: Mapping[str, Experiment],
    *,
    similar: float = SIMILAR,
    resamples: int = 400,
    seed: int = 42,
) -> dict[str, Placing]:
    """Place models along measures.

    Parameters
    ----------
    scores
        The reference table.
    frame
        Models (`model`, `models`); those without a measure or a scale that its law takes are left out of it. A model that is in
        the reference itself is left out of that first.
    definitions
        Measure → experiment (`reference.definition`).
    similar
        Factor of compute within which reference models are similar, > 1.
    resamples, seed
        Of the curve.

    Returns
    -------
    dict
        Measure → what was found.

    Raises
    ------
    VvsError
        When no model can be placed, or leaving the placed ones out leaves less than half of the reference.
    """
    if not similar > 1:
        raise VvsError(f"similar must be a factor greater than 1; got {similar:g}")
    found = {}
    for name, experiment in definitions.items():
        wanted_columns(scores, experiment.x)
        if name not in frame:
            continue
        able = frame[frame[[name, *experiment.x]].notna().all(axis=1) & (frame[experiment.x] > 0).all(axis=1)]
        if len(able):
            found[name] = _placing(
                name, expect(_others(scores, experiment, able), experiment, resamples=resamples, seed=seed), able, similar
            )
    if not found:
        scales = sorted({scale for one in definitions.values() for scale in one.x})
        raise VvsError(
            f"no model has both a score of {', '.join(definitions)} and a positive {', '.join(scales)}; fill them in, or "
            "place it by compute alone"
        )
    return found


def by_group(found: Mapping[str, Placing], groups: Mapping[str, str]) -> pd.DataFrame:
    """How groups of placed models stand.

    Parameters
    ----------
    found
        Measure → placing.
    groups
        model_id → group; models without one are left out.

    Returns
    -------
    DataFrame
        measure, group, n, residual (mean), low, high (lowest and highest), above, below (shares outside the interval of a new
        model), percentile (mean, among models of similar compute), beyond (share that is extrapolated to).
    """
    rows = []
    for name, one in found.items():
        of = one.placed["model_id"].map(dict(groups))
        for group, part in one.placed.groupby(of, sort=False):
            residual = part["residual"]
            about = {"measure": name, "group": group, "n": len(part), "residual": residual.mean()}
            about |= {"low": residual.min(), "high": residual.max()}
            about |= {side: float((part["verdict"] == side).mean()) for side in ("above", "below")}
            rows.append(about | {"percentile": part["percentile"].mean(), "beyond": float(part["beyond"].mean())})
    return pd.DataFrame(rows)


def new_families(scores: pd.DataFrame, experiment: Experiment, *, resamples: int = 200, seed: int = 42) -> pd.DataFrame:
    """Does the interval hold families that the law never saw? Each is left out in turn, and its models are placed.

    Parameters
    ----------
    scores, experiment
        Reference table and definition.
    resamples, seed
        Of the curve.

    Returns
    -------
    DataFrame
        family, n, residual and error (median, and median absolute, score minus expected), held (share of its models inside the
        interval of a new model of a new family), width (median, of that interval), held_by_curve (share inside the interval of
        the curve alone), beyond (share of its models at scales that the other families do not reach).

    Raises
    ------
    VvsError
        For a table without families, or with fewer than four of them.
    """
    rows = observe(scores, experiment)
    wanted_columns(rows.frame, ["arch_family"])
    family = rows.frame["arch_family"].astype(str).to_numpy()
    names = np.unique(family)
    if len(names) < 4:
        raise VvsError(f"families are left out one at a time, and three must be left; got {len(names)}; take more of them")
    found = []
    for name in names:
        own = family == name
        kept = Observations(rows.x[~own], rows.L[~own], rows.frame[~own].reset_index(drop=True))
        one = expect(kept, experiment, resamples=resamples, seed=seed)
        x, score = rows.x[own], 1 - rows.L[own]
        low, high = one.prediction(x, LEVEL)
        inner = one.interval(x, LEVEL)
        off = score - one.score(x)
        beyond = np.any((x < kept.x.min(0) * (1 - 1e-9)) | (x > kept.x.max(0) * (1 + 1e-9)), axis=1)
        row = {"family": name, "n": int(own.sum()), "residual": float(np.median(off)), "error": float(np.median(np.abs(off)))}
        row |= {"held": float(np.mean((low <= score) & (score <= high))), "width": float(np.median(high - low))}
        row |= {"held_by_curve": float(np.mean((inner[0] <= score) & (score <= inner[1]))), "beyond": float(beyond.mean())}
        found.append(row)
    return pd.DataFrame(found)


def _others(scores: pd.DataFrame, experiment: Experiment, able: pd.DataFrame) -> Observations:
    """The reference without the models that are placed."""
    rows = observe(scores, experiment)
    others = ~rows.frame["model_id"].isin(able["model_id"]).to_numpy()
    if others.sum() < len(others) / 2:
        raise VvsError(
            f"{int((~others).sum())} of the {len(others)} reference models are to be placed themselves, which leaves too few to "
            "expect anything by; name some of them, or take another reference"
        )
    return Observations(rows.x[others], rows.L[others], rows.frame[others].reset_index(drop=True))


def _placing(name: str, one: Expectation, able: pd.DataFrame, similar: float) -> Placing:
    experiment = one.experiment
    factors = np.array([experiment.flops_factor if c == "total_flops" else 1.0 for c in experiment.x])
    x = able[experiment.x].to_numpy(float) * factors / np.array(experiment.unit)
    score, expected = able[name].to_numpy(float), one.score(x)
    (low, high), (predicted_low, predicted_high) = one.interval(x, LEVEL), one.prediction(x, LEVEL)
    verdict = np.where(score > predicted_high, "above", np.where(score < predicted_low, "below", "as expected"))
    percentile, n_similar = _percentiles(one.rows, able, score, similar)
    return Placing(
        name,
        one,
        pd.DataFrame(
            {
                "model_id": able["model_id"].to_numpy(),
                "measure": name,
                "score": score,
                "expected": expected,
                "low": low,
                "high": high,
                "predicted_low": predicted_low,
                "predicted_high": predicted_high,
                "residual": score - expected,
                "quantile": one.quantile(x, score),
                "verdict": verdict,
                "percentile": percentile,
                "n_similar": n_similar,
                "beyond": np.any((x < one.rows.x.min(0) * (1 - 1e-9)) | (x > one.rows.x.max(0) * (1 + 1e-9)), axis=1),
            }
        ),
    )


def _percentiles(rows: Observations, able: pd.DataFrame, score: np.ndarray, similar: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of reference models of similar compute that score lower, and how many of these there are."""
    share, n = np.full(len(able), np.nan), np.zeros(len(able), int)
    if "total_flops" not in rows.frame or "total_flops" not in able:
        return share, n
    C, S = rows.frame["total_flops"].to_numpy(float), rows.frame["score"].to_numpy(float)
    for i, (own, value) in enumerate(zip(able["total_flops"].to_numpy(float), score, strict=True)):
        with np.errstate(divide="ignore", invalid="ignore"):
            near = np.abs(np.log(C / own)) <= np.log(similar)
        n[i] = int(near.sum())
        if n[i]:
            share[i] = float(np.mean((S[near] < value) + 0.5 * (S[near] == value)))
    return share, n
