"""The same effects in any score table, each found in the same way: what two studies are compared by (`vvslib.verdicts`).

A frame has one row a network and a column a measure (`vvslib.apart.networks`). Limits are Student's, from a jackknife over
architectures: networks of one architecture share what it does to them, and their number is small in either study.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import matches, require_column
from vvslib.fits.limits import jackknife_interval
from vvslib.fits.resampling import FEWEST
from vvslib.matched import differences
from vvslib.separation import Condition

NOTHING = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0, "n_clusters": 0}
"""What is said of an effect for which a table has no networks."""

ALIKE = ("arch", "dataset", "samples_per_class", "n_steps", "seed")
"""What networks that are compared with one another agree in, as far as a table says it."""

Statistic = Callable[[pd.DataFrame], float]


def over_architectures(frame: pd.DataFrame, statistic: Statistic, level: float = 0.95) -> dict[str, float]:
    """A number of some networks, with limits over architectures.

    Parameters
    ----------
    frame
        One row a network, with a column ``arch``.
    statistic
        From rows to the number; NaN where it cannot be said of them.
    level
        Confidence.

    Returns
    -------
    dict
        value, low, high, n, n_clusters; limits are NaN for fewer than three architectures, or where the number cannot be said
        without one of them.

    Examples
    --------
    >>> frame = pd.DataFrame({"arch": list("abcd"), "V4": [0.1, 0.2, 0.3, 0.4]})
    >>> found = over_architectures(frame, lambda rows: rows["V4"].mean())
    >>> round(found["value"], 3), found["low"] < 0.2, found["n_clusters"]
    (0.25, True, 4)
    """
    require_column(frame, "arch")
    names = sorted(frame["arch"].unique())
    value = float(statistic(frame)) if len(frame) else np.nan
    found = {"value": value, "low": np.nan, "high": np.nan, "n": len(frame), "n_clusters": len(names)}
    if len(names) < FEWEST or not np.isfinite(value):
        return found
    left_out = [float(statistic(frame[frame["arch"] != name])) for name in names]
    if not np.isfinite(left_out).all():
        return found
    limits = jackknife_interval(value, left_out, level)
    return found | {side: limits[side] for side in ("low", "high")}


def chosen(frame: pd.DataFrame, where: Condition, columns: Sequence[str]) -> pd.DataFrame:
    """The networks that match a condition and have all of some columns; none where the table has not that column."""
    known = {key: value for key, value in where.items() if key in frame}
    kept = frame[matches(frame, known)] if set(known) == set(where) else frame.iloc[:0]
    return kept.dropna(subset=list(columns)).reset_index(drop=True)


def slope(frame: pd.DataFrame, measure: str, scale: str, groups: Sequence[str]) -> dict[str, float]:
    """What tenfold more of a scale adds to a measure, networks of one group compared with each other.

    Parameters
    ----------
    frame
        One row a network.
    measure, scale
        Columns; the scale is positive.
    groups
        Columns that together name a group, such as ``arch`` and ``dataset``.

    Examples
    --------
    >>> frame = pd.DataFrame({"arch": list("aabbcc"), "D": [1, 10] * 3, "V4": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]})
    >>> round(slope(frame, "V4", "D", ["arch"])["value"], 6)
    0.1
    """
    return over_architectures(frame, lambda rows: _slope(rows, measure, scale, groups))


def slope_difference(frame: pd.DataFrame, one: str, other: str, scale: str, groups: Sequence[str]) -> dict[str, float]:
    """How much more tenfold of a scale adds to one measure than to another."""
    return over_architectures(frame, lambda rows: _slope(rows, one, scale, groups) - _slope(rows, other, scale, groups))


def _slope(rows: pd.DataFrame, measure: str, scale: str, groups: Sequence[str]) -> float:
    keys = rows[list(groups)].astype(str).agg("|".join, axis=1).to_numpy()
    within = pd.DataFrame({"x": np.log10(rows[scale].astype(float)), "y": rows[measure].astype(float)})
    within = within - within.groupby(keys).transform("mean")
    spread = float((within["x"] ** 2).sum())
    return float((within["x"] * within["y"]).sum() / spread) if spread > 0 else np.nan


def correlation(frame: pd.DataFrame, one: str, other: str) -> dict[str, float]:
    """Pearson r of two columns."""
    return over_architectures(frame, lambda rows: _r(rows, one, other))


def correlation_difference(frame: pd.DataFrame, one: str, other: str, reference: str) -> dict[str, float]:
    """How much closer one column goes with a reference than another does: r minus r."""
    return over_architectures(frame, lambda rows: _r(rows, one, reference) - _r(rows, other, reference))


def _r(rows: pd.DataFrame, one: str, other: str) -> float:
    values = rows[[one, other]].to_numpy(float)
    return float(np.corrcoef(values.T)[0, 1]) if len(values) > 2 and (values.std(axis=0) > 0).all() else np.nan


def mean(frame: pd.DataFrame, measure: str) -> dict[str, float]:
    """Mean of a measure."""
    return over_architectures(frame, lambda rows: float(rows[measure].mean()))


def matched_difference(one: pd.DataFrame, other: pd.DataFrame, measure: str, on: Sequence[str]) -> dict[str, float]:
    """Mean of the networks of one table minus those of another that agree with them in some columns, ``arch`` among these."""
    try:
        found = differences(one, other, on, [measure])
    except VvsError:  # no two agree
        return dict(NOTHING)
    return over_architectures(found, lambda rows: float(rows[measure].mean()))


def lead(frame: pd.DataFrame, measure: str, families: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Mean of one group of families minus that of another, every architecture counting once.

    Parameters
    ----------
    frame
        One row a network.
    measure
        Column.
    families
        Two names → families: the first minus the second.
    """
    rows = _of_families(frame, families)
    return over_architectures(rows, lambda rows: _lead(rows, measure, families))


def lead_change(one: pd.DataFrame, other: pd.DataFrame, measure: str, families: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """How much larger the lead of one group of families is among some networks than among others (`lead`).

    Parameters
    ----------
    one, other
        One row a network each, of the same architectures; those that one of them lacks are left out.
    measure, families
        As in `lead`.

    Examples
    --------
    >>> archs = [("r1", "ResNet", 0.4), ("r2", "ResNet", 0.5), ("v1", "ViT", 0.1), ("v2", "ViT", 0.2)]
    >>> few = pd.DataFrame(archs, columns=["arch", "arch_family", "V4"])
    >>> full = few.assign(V4=[0.5, 0.6, 0.4, 0.5])
    >>> round(lead_change(few, full, "V4", {"strong": ["ResNet"], "weak": ["ViT"]})["value"], 2)
    0.2
    """
    sides = [_of_families(frame, families) for frame in (one, other)]
    shared = set(sides[0]["arch"]) & set(sides[1]["arch"])
    marked = [frame[frame["arch"].isin(shared)].assign(_side=i) for i, frame in enumerate(sides)]

    def change(rows: pd.DataFrame) -> float:
        first, second = (_lead(rows[rows["_side"] == i], measure, families) for i in range(2))
        return first - second

    return over_architectures(pd.concat(marked, ignore_index=True), change)


def _of_families(frame: pd.DataFrame, families: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    return frame[frame["arch_family"].isin([name for group in families.values() for name in group])].reset_index(drop=True)


def _lead(rows: pd.DataFrame, measure: str, families: Mapping[str, Sequence[str]]) -> float:
    means = rows.groupby(["arch_family", "arch"])[measure].mean().reset_index()
    first, second = (means.loc[means["arch_family"].isin(list(group)), measure] for group in families.values())
    return float(first.mean() - second.mean())


def shared_effects(
    frame: pd.DataFrame,
    *,
    plain: Condition,
    coupled: Condition,
    full: Condition,
    few: Condition,
    families: Mapping[str, Sequence[str]],
    measures: Sequence[str] = ("V4", "IT", "behavior"),
) -> dict[str, dict[str, float]]:
    """The effects that both studies have.

    Parameters
    ----------
    frame
        One row a network, with the measures, ``acc`` and the columns of the score table.
    plain
        Networks trained from scratch, under supervision, by the study's own recipe.
    coupled
        Of these, those whose epochs are fixed, so that D and steps grow together.
    full, few
        Of these, those of one length of training, on all images and on few.
    families
        Two names → families: strong inductive bias, weak.
    measures
        V4, behaviour, and others.

    Returns
    -------
    dict
        Effect → value, low, high, n, n_clusters; NaN where a table has no networks for it.
    """
    own = chosen(frame, plain, [*measures, "acc"])
    ends = {name: chosen(own, where, measures) for name, where in (("coupled", coupled), ("full", full), ("few", few))}
    found = {}
    for m in measures:
        found[f"more data, {m}"] = slope(ends["coupled"], m, "n_samples_seen", ["arch", "dataset"])
        found[f"larger networks, {m}"] = slope(ends["full"], m, "n_params", ["dataset"])
        found[f"accuracy goes with {m}"] = correlation(own, "acc", m)
        found[f"strong prior leads at few images, {m}"] = lead(ends["few"], m, families)
        for kind, flag in (("SimCLR", "is_ssl"), ("adversarial", "is_adv")):
            others = chosen(frame, {flag: True}, [m])
            on = [name for name in ALIKE if name in others and others[name].notna().any()]
            found[f"{kind} above supervised, {m}"] = matched_difference(others, own, m, on)
        found[f"untrained networks, {m}"] = mean(chosen(frame, {"is_random": True}, [m]), m)
    seen = ["arch", "dataset"]
    found["data adds more to behavior than to V4"] = slope_difference(ends["coupled"], "behavior", "V4", "n_samples_seen", seen)
    found["accuracy goes with behavior more than with V4"] = correlation_difference(own, "behavior", "V4", "acc")
    return found
