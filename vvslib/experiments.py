"""Experiments: which rows, which scale, which law. One strict schema, read from YAML, and the way from a table to observations.

A file in ``experiments/`` holds ``source`` (where its definitions come from), ``defaults`` (any keys of an experiment;
``where`` is merged) and ``experiments`` (name → definition). Unknown keys are refused by name, with the nearest known one.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from vvslib import closed, project, provenance, strict_yaml, table
from vvslib.errors import VvsError, suggest

UNITS = {"total_flops": 1e13, "n_params": 1e5, "n_samples_seen": 1e4, "n_samples": 1e4}
"""Units of the published fits, used where none is given."""

Value = str | bool | int | float
LawName = Literal[
    "power",
    "saturating",
    "shifted",
    "chinchilla",
    "loglinear",
    "exponential",
    "logistic",
    "m4",
    "broken",
    "interaction",
    "repetition",
]
SCALES = {"chinchilla": 2, "interaction": 2, "repetition": 3}
"""How many scale columns a law takes, where it is not one."""


class Restriction(closed.Closed):
    """Rows that match ``when`` are kept only where they also match ``keep``; other rows stay.

    Attributes
    ----------
    when, keep
        Column → allowed values.
    """

    when: dict[str, list[Value]]
    keep: dict[str, list[Value]]


class Experiment(closed.Closed):
    """One fit: rows, scale, law.

    Attributes
    ----------
    name
        Its name.
    about
        The question in a line.
    where
        Column → allowed value or values; all must hold. A region list also says which benchmarks are averaged per model.
    restrict
        Further, conditional restrictions.
    require
        Columns that must be known; rows where one is missing are left out (the published grouping does so silently).
    fold_flex
        Whether Flex families count as the family they vary.
    x, unit
        One scale column, two for chinchilla and interaction, three for repetition, and the unit each is divided by.
    law, delta
        Law and Huber δ.
    table
        Name of the table whose columns and values `where` speaks of.
    flops_factor
        What `total_flops` is multiplied by (SimCLR rows count two views; 0.5 counts one).
    """

    name: str
    about: str = ""
    where: dict[str, Value | list[Value]] = Field(default_factory=dict)
    restrict: list[Restriction] = Field(default_factory=list)
    require: list[str] = Field(default_factory=list)
    fold_flex: bool = False
    x: list[str]
    unit: list[float]
    law: LawName
    delta: float = Field(default=1e-3, gt=0)
    table: str = "published"
    flops_factor: float = Field(default=1.0, gt=0)

    @field_validator("x", "unit", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int | float) else value

    @field_validator("unit")
    @classmethod
    def _positive(cls, value: list[float]) -> list[float]:
        if any(not u > 0 for u in value):
            raise ValueError("every unit must be positive")
        return value

    @model_validator(mode="after")
    def _as_many_scales_as_the_law_has(self) -> "Experiment":
        wanted = SCALES.get(self.law, 1)
        if len(self.x) != wanted or len(self.unit) != wanted:
            raise ValueError(f"the law {self.law!r} takes {wanted} scale column(s) and as many units; got {self.x}, {self.unit}")
        return self


def build(definition: dict[str, Any], origin: str) -> Experiment:
    """An experiment from plain keys and values.

    Parameters
    ----------
    definition
        Keys of `Experiment`.
    origin
        Where it comes from, for the error.

    Raises
    ------
    VvsError
        For an unknown key (with the nearest known one), a missing key, or a value of the wrong kind.

    Examples
    --------
    >>> build(dict(name="a", x="n_params", unit=1e5, law="saturating"), "an example").unit
    [100000.0]
    """
    return closed.make(Experiment, definition, f"{origin}: experiment {definition.get('name', '?')!r}")


def read(path: Path) -> dict[str, Experiment]:
    """The experiments of one YAML file, by name.

    Raises
    ------
    VvsError
        When the file is not YAML of the shape described above.
    """
    provenance.record_input(path)
    try:
        content = strict_yaml.load(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise VvsError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict) or "experiments" not in content:
        raise VvsError(f"{path} must hold a mapping with the key 'experiments'")
    known = ("source", "defaults", "experiments")
    for key in content:
        if key not in known:
            raise VvsError(f"{path}: key {key!r} is unknown: {suggest(key, known)}")
    defaults = _mapping(content.get("defaults"), f"{path}: defaults")
    found = {}
    for name, own in _mapping(content["experiments"], f"{path}: experiments").items():
        own = _mapping(own, f"{path}: experiment {name!r}")
        wheres = [_mapping(part.get("where"), f"{path}: experiment {name!r}: where") for part in (defaults, own)]
        found[name] = build({**defaults, **own, "name": name, "where": {**wheres[0], **wheres[1]}}, str(path))
    return found


def _mapping(value: Any, what: str) -> dict:
    if not isinstance(value, dict | None):
        raise VvsError(f"{what} must be a mapping of keys to values; got {value!r}")
    return value or {}


def paths(folder: Path | None = None) -> list[Path]:
    """The YAML files of experiment definitions, sorted."""
    return sorted((folder or project.experiments()).glob("*.yaml"))


def load_all(folder: Path | None = None) -> dict[str, Experiment]:
    """Every experiment, by name.

    Parameters
    ----------
    folder
        Folder of YAML files; the project's when None.

    Raises
    ------
    VvsError
        When a name is defined twice, or a file is not as described above.
    """
    found: dict[str, Experiment] = {}
    for path in paths(folder):
        for name, experiment in read(path).items():
            if name in found:
                raise VvsError(f"{path}: experiment {name!r} is defined twice")
            found[name] = experiment
    return found


def load(name: str, folder: Path | None = None) -> Experiment:
    """One experiment by name.

    Raises
    ------
    VvsError
        For an unknown name, with the nearest known ones.
    """
    found = load_all(folder)
    if name not in found:
        raise VvsError(f"experiment {name!r} is unknown: {suggest(name, found)}")
    return found[name]


@dataclass(frozen=True)
class Observations:
    """What a law is fitted to: one row per model.

    Attributes
    ----------
    x
        Scale in the experiment's units, ``(n, k)``.
    L
        Misalignment, 1 minus the mean score over the benchmarks kept, ``(n,)``.
    frame
        One row per model, sorted by model: the table's columns, `score` averaged, `region` the regions it is the mean of.
    """

    x: NDArray[np.float64]
    L: NDArray[np.float64]
    frame: pd.DataFrame

    @property
    def labels(self) -> list[str]:
        """Model of each row."""
        return self.frame["model_id"].astype(str).tolist()


def observe(scores: pd.DataFrame, experiment: Experiment) -> Observations:
    """Rows of a score table as one observation per model.

    Parameters
    ----------
    scores
        A score table (`vvslib.table`).
    experiment
        Which rows, which scale.

    Returns
    -------
    Observations
        Sorted by model, which is the published grouping's order.

    Raises
    ------
    VvsError
        For an unknown column (with the nearest), no rows left, simulated rows among others, NaN scores or scores ≥ 1 among the
        rows kept, or models that were not scored on the same benchmarks.
    """
    kept = table.fold_flex(scores) if experiment.fold_flex else scores
    for restriction in experiment.restrict:
        kept = kept[~matches(kept, restriction.when) | matches(kept, restriction.keep)]
    kept = kept[matches(kept, experiment.where)]
    for column in experiment.require:
        require_column(kept, column)
        kept = kept[kept[column].notna()]
    if kept.empty:
        raise VvsError(f"experiment {experiment.name!r} keeps none of {len(scores)} rows; check its `where`: {experiment.where}")
    if "is_simulated" in kept and kept["is_simulated"].nunique() > 1:
        raise VvsError(
            f"experiment {experiment.name!r} keeps {int(kept['is_simulated'].sum())} simulated rows among {len(kept)}; a law "
            "must be of one or the other; add is_simulated to its `where`"
        )
    return average(kept, experiment)


def matches(scores: pd.DataFrame, where: dict[str, Value | list[Value]]) -> pd.Series:
    """Which rows have an allowed value in every column named."""
    mask = pd.Series(True, index=scores.index)
    for column, allowed in where.items():
        require_column(scores, column)
        mask &= scores[column].isin(allowed if isinstance(allowed, list) else [allowed])
    return mask


def require_column(scores: pd.DataFrame, column: str) -> None:
    """Refuse a column that the table does not have, with the nearest it has."""
    if column not in scores.columns:
        raise VvsError(f"column {column!r} is not in the table: {suggest(column, scores.columns)}")


def average(kept: pd.DataFrame, experiment: Experiment) -> Observations:
    """One observation per model (and epoch, where the table has checkpoints): the mean score over its benchmarks."""
    for column in experiment.x:
        require_column(kept, column)
        if not pd.api.types.is_numeric_dtype(kept[column]):
            raise VvsError(
                f"the scale {column!r} must be a column of numbers; it holds {kept[column].dtype}; take another column"
            )
    refuse_scores(kept, kept["score"].isna(), "a score that is NaN")
    refuse_scores(kept, kept["score"] >= 1, "a score ≥ 1 (its misalignment has no logarithm)")
    keys = ["model_id"] + (["epochs"] if "epochs" in kept.columns else [])
    counts = kept.groupby(keys)["benchmark_name"].nunique()
    if counts.nunique() > 1:
        few = counts[counts < counts.max()]
        names = ", ".join(str(k) for k in few.index[:5])
        raise VvsError(
            f"{len(few)} of {len(counts)} models lack benchmarks that others have ({names}…): their means would not compare; "
            "narrow the selection"
        )
    frame = kept.groupby(keys, sort=True).agg(
        {c: "first" for c in kept.columns if c not in (*keys, "score", "benchmark_name", "region", "benchmark_id")}
        | {"score": "mean"}
    )
    frame = frame.reset_index()
    regions = kept["region"].unique()
    frame["region"] = ", ".join(r for r in table.REGIONS if r in regions)
    x = frame[experiment.x].to_numpy(float)
    x = x * np.array([experiment.flops_factor if c == "total_flops" else 1.0 for c in experiment.x])
    return Observations(x / np.array(experiment.unit), 1 - frame["score"].to_numpy(float), frame)


def refuse_scores(kept: pd.DataFrame, bad: pd.Series, what: str) -> None:
    """Refuse rows with a score that cannot be fitted, counted and named."""
    if bad.any():
        names = kept.loc[bad, "model_id"].astype(str).unique()
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise VvsError(f"{int(bad.sum())} of {len(kept)} rows have {what}: {shown}; leave them out of the selection")


@cache
def published_results() -> pd.DataFrame:
    """Results of the published fits: experiment, quantity, value, median, low, high (limits of 95 % from 1,000 resamples).

    Source: Gokce & Schrimpf (2025), the fits published with the paper. Quantities in the units of the experiment; `shift` too.
    For 14 experiments only `n_rows` is listed.
    """
    path = project.experiments() / "published_results.csv"
    provenance.record_input(path)
    return pd.read_csv(path)
