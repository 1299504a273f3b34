"""Units of resampling: which columns of a score table make one, and how the rows of an experiment are labelled by it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError, suggest
from vvslib.experiments import Observations
from vvslib.refit import cluster_labels


@dataclass(frozen=True)
class Unit:
    """One unit of resampling.

    Attributes
    ----------
    name
        As on the command line.
    columns
        Columns whose values, together, make a unit; none for single rows.
    how
        ``whole`` clusters, rows ``within`` them, or ``crossed``: the first column against the second.
    about
        What is asked by resampling it.
    """

    name: str
    columns: tuple[str, ...]
    how: str
    about: str


CONFIGURATION = ("arch", "dataset", "samples_per_class")

UNITS = {
    unit.name: unit
    for unit in (
        Unit("rows", (), "whole", "other runs, as if every run were independent (as published)"),
        Unit("seeds", CONFIGURATION, "within", "the same configurations, with other seeds"),
        Unit("configurations", CONFIGURATION, "whole", "other configurations of architecture, data set and images per class"),
        Unit("architectures", ("arch",), "whole", "other architectures"),
        Unit("families", ("arch_family",), "whole", "other families of architectures"),
        Unit("datasets", ("dataset",), "whole", "other training sets"),
        Unit("architectures_x_datasets", ("arch", "dataset"), "crossed", "other architectures and other training sets"),
    )
}
"""Units of resampling by name. Models × benchmarks is apart: it needs each benchmark's score (`variance`)."""


def unit(name: str) -> Unit:
    """Look a unit up by name.

    Raises
    ------
    VvsError
        For an unknown name, with the nearest known ones.

    Examples
    --------
    >>> unit("families").columns
    ('arch_family',)
    """
    if name not in UNITS:
        raise VvsError(f"unit {name!r} is unknown: {suggest(name, UNITS)}")
    return UNITS[name]


def labels(rows: Observations, one: Unit) -> np.ndarray:
    """One label per row; for crossed units those of the first column.

    Raises
    ------
    VvsError
        When the table lacks a column that the unit needs, or it is empty there; what would work is named.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> table = Observations(np.ones((2, 1)), np.ones(2), pd.DataFrame({"arch": ["a", "b"]}))
    >>> labels(table, UNITS["architectures"]).tolist()
    ['a', 'b']
    """
    if not one.columns:
        return np.arange(len(rows.L))
    missing = [column for column in one.columns if not has(rows.frame, column)]
    if missing:
        able = [name for name, other in UNITS.items() if all(has(rows.frame, column) for column in other.columns)]
        raise VvsError(
            f"resampling {one.name} needs the column(s) {', '.join(one.columns)}; the table has no values in "
            f"{', '.join(missing)}; fill it in, or take {' or '.join(able)}"
        )
    return cluster_labels(rows.frame, list(one.columns if one.how != "crossed" else one.columns[:1]))


NESTED = ("families", "architectures", "configurations")
"""Levels of effects, from the coarsest to the finest; what is left to a row is that of its seed."""


def nested(rows: Observations) -> dict[str, np.ndarray]:
    """Labels of those levels of `NESTED` that the table has columns for, each made unique within the one before.

    Examples
    --------
    >>> frame = pd.DataFrame({"arch_family": ["x", "y"], "arch": ["a", "a"]})
    >>> {name: own.tolist() for name, own in nested(Observations(np.ones((2, 1)), np.ones(2), frame)).items()}
    {'families': ['x', 'y'], 'architectures': ['x/a', 'y/a']}
    """
    found, before = {}, None
    for name in NESTED:
        if not all(has(rows.frame, column) for column in UNITS[name].columns):
            continue
        own = labels(rows, UNITS[name]).astype(str)
        before = own if before is None else np.array([f"{a}/{b}" for a, b in zip(before, own, strict=True)])
        found[name] = before
    return found


def has(frame: pd.DataFrame, column: str) -> bool:
    """Whether a table has a column, with a value in every row."""
    return column in frame and bool(frame[column].notna().all())
