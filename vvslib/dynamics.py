"""Training dynamics: how early a score is reached, in which order, and what the first weights still weigh in an average."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vvslib.contrasts import off_curve
from vvslib.errors import VvsError
from vvslib.experiments import observe, require_column
from vvslib.fits.bootstrap import PUBLISHED_SEED, cluster_weights, percentile_interval
from vvslib.refit import Refit

FINAL = 3
"""Checkpoints at the end whose mean is the final score: a single one carries the noise of one."""


def first_reached(epochs: ArrayLike, scores: ArrayLike, share: float, start: float = 0.0) -> float:
    """Epoch at which a score first gets to a share of its final value.

    Parameters
    ----------
    epochs
        Increasing, positive, ``(n,)``.
    scores
        ``(n,)``.
    share
        Of the way from `start` to the final score, which is the mean of the last `FINAL` checkpoints.
    start
        Score before training; 0 makes it a share of the final score itself.

    Returns
    -------
    float
        Interpolated in log epoch; the first epoch where the share is there already (it may have been reached earlier); NaN where
        the final score is not above the start.

    Raises
    ------
    VvsError
        Where epochs do not increase from above 0, or scores do not match or are not finite.

    Examples
    --------
    >>> round(first_reached([1, 10, 100, 1000], [0.0, 0.5, 0.5, 0.5], 0.5), 6)
    3.162278
    """
    e, y = np.asarray(epochs, float), np.asarray(scores, float)
    if e.ndim != 1 or e.shape != y.shape or len(e) <= FINAL or not np.isfinite(y).all():
        raise VvsError(f"scores must be finite, one per epoch, at more than {FINAL} epochs; got shapes {e.shape} and {y.shape}")
    if e[0] <= 0 or not (np.diff(e) > 0).all():
        raise VvsError(f"epochs must increase and be positive; got {e}; sort the checkpoints")
    final = y[-FINAL:].mean()
    if final <= start:
        return float("nan")
    progress = (y - start) / (final - start)
    k = int(np.argmax(progress >= share))  # some of the last are not below their mean, so one is found for any share up to 1
    if progress[k] < share:
        return float("nan")
    if k == 0:
        return float(e[0])
    way = (share - progress[k - 1]) / (progress[k] - progress[k - 1])
    return float(np.exp(np.log(e[k - 1]) + way * np.log(e[k] / e[k - 1])))


def times(
    frame: pd.DataFrame, columns: Sequence[str], share: float, start: Mapping[tuple[str, str], float] | None = None
) -> pd.DataFrame:
    """When each model reaches a share of each score.

    Parameters
    ----------
    frame
        One row per model and epoch: model_id, arch, arch_family, epochs, and the scores.
    columns
        Scores.
    share
        As in `first_reached`.
    start
        (architecture, column) → score before training; 0 where none is given.

    Returns
    -------
    DataFrame
        model_id, arch, arch_family, quantity, epoch, at_once (whether the first checkpoint was there already).
    """
    for column in ("model_id", "arch", "arch_family", "epochs", *columns):
        require_column(frame, column)
    rows = []
    for (model, arch, family), part in frame.sort_values("epochs").groupby(["model_id", "arch", "arch_family"]):
        for column in columns:
            at = first_reached(part["epochs"], part[column], share, (start or {}).get((arch, column), 0.0))
            about = {"model_id": model, "arch": arch, "arch_family": family, "quantity": column}
            rows.append({**about, "epoch": at, "at_once": at == part["epochs"].iloc[0]})
    return pd.DataFrame(rows)


def medians(found: pd.DataFrame, bootstraps: int, seed: int = PUBLISHED_SEED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median time of each family and score, with limits from resampled architectures; and how sure the order of the scores is.

    Parameters
    ----------
    found
        What `times` gave; models without a time are left out.
    bootstraps, seed
        Resamples of architectures, whole, within a family; the same for all scores of a family.

    Returns
    -------
    (DataFrame, DataFrame)
        arch_family, quantity, epoch, low, high, n, at_once (share of the models); and arch_family, quantity, first, last: share
        of resamples in which that score's median is the only smallest or largest.
    """
    rows, orders = [], []
    for family, part in found.groupby("arch_family", sort=False):
        wide = part.pivot(index="model_id", columns="quantity", values="epoch")[list(dict.fromkeys(part["quantity"]))]
        archs = part.drop_duplicates("model_id").set_index("model_id")["arch"].reindex(wide.index)
        weights = cluster_weights(archs.to_numpy(), bootstraps, seed)
        drawn = np.column_stack([_weighted_medians(wide[name].to_numpy(), weights) for name in wide])
        for j, name in enumerate(wide):
            limits = (
                percentile_interval(drawn[~np.isnan(drawn[:, j]), j])
                if wide[name].notna().any()
                else {"low": np.nan, "high": np.nan}
            )
            at_once = part.loc[part["quantity"] == name, "at_once"].mean()
            about = {"arch_family": family, "quantity": name}
            rows.append(
                {**about, "epoch": float(wide[name].median()), "low": limits["low"], "high": limits["high"]}
                | {"n": len(wide), "at_once": float(at_once)}
            )
            others = np.delete(drawn, j, axis=1)
            first, last = drawn[:, j] < others.min(axis=1, initial=np.inf), drawn[:, j] > others.max(axis=1, initial=-np.inf)
            orders.append({**about, "first": float(first.mean()), "last": float(last.mean())})
    return pd.DataFrame(rows), pd.DataFrame(orders)


def _weighted_medians(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    return np.array([np.median(np.repeat(values[known], n)) if n.any() else np.nan for n in weights[:, known].astype(int)])


def weight_left(decay: float, steps: ArrayLike) -> NDArray[np.float64]:
    """What the weights before training still weigh in an exponential moving average.

    Parameters
    ----------
    decay
        Of the average at every step, in [0, 1).
    steps
        Steps of the optimiser, ``(n,)``.

    Returns
    -------
    ndarray
        decay to the power of steps, ``(n,)``.

    Examples
    --------
    >>> weight_left(0.9999, [0, 10_000]).round(3).tolist()
    [1.0, 0.368]
    """
    if not 0 <= decay < 1:
        raise VvsError(f"decay must be at least 0 and below 1; got {decay}; 0.9999 averages over some 10,000 steps")
    return np.power(decay, np.asarray(steps, float))


def average_curves(frame: pd.DataFrame, columns: Sequence[str], by: str = "arch_family", along: str = "epochs") -> pd.DataFrame:
    """Mean of each score over the models of a group at each epoch, with the range from the lowest to the highest model.

    Parameters
    ----------
    frame
        One row per model and epoch.
    columns
        Scores.
    by
        What makes the groups.
    along
        Column that the curves run along. What not all models of a group have of it is left out.

    Returns
    -------
    DataFrame
        by, quantity, along, score, low, high, n.
    """
    parts = []
    for name, group in frame.groupby(by, sort=False):
        counts = group.groupby(along)["model_id"].nunique()
        common = group[group[along].isin(counts.index[counts == counts.max()])]
        for column in columns:
            found = common.groupby(along)[column].agg(["mean", "min", "max", "size"]).reset_index()
            found.columns = [along, "score", "low", "high", "n"]
            parts.append(found.assign(**{by: name, "quantity": column}))
    return pd.concat(parts, ignore_index=True)[[by, "quantity", along, "score", "low", "high", "n"]]


def done(frame: pd.DataFrame) -> pd.Series:
    """Share of its training that each checkpoint has behind it: epochs over the model's last epoch.

    Examples
    --------
    >>> done(pd.DataFrame({"model_id": ["a", "a", "b"], "epochs": [1, 4, 9]})).tolist()
    [0.25, 1.0, 1.0]
    """
    return frame["epochs"] / frame.groupby("model_id")["epochs"].transform("max")


def off_law(found: Refit, followed: pd.DataFrame, factor: float = 1.0) -> pd.DataFrame:
    """How far unfinished runs lie from the law of finished models, at the compute spent so far.

    Parameters
    ----------
    found
        A refit against `total_flops`: the law.
    followed
        A score table of checkpoints.
    factor
        What their `total_flops` is multiplied by.

    Returns
    -------
    DataFrame
        The checkpoints that the law's experiment selects, with `difference` (score minus law) and `done`.
    """
    seen = observe(followed, found.experiment).frame
    seen = seen.assign(total_flops=seen["total_flops"] * factor, done=done(seen))
    return off_curve(found, seen)
