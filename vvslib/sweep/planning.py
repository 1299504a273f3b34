"""From a grid to the runs it asks for: parameters checked, data identified, cost estimated, before anything is executed."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from vvslib.errors import VvsError, suggest
from vvslib.sweep import expansion, task
from vvslib.sweep.grid import Grid
from vvslib.sweep.records import FINAL, CorruptRecord
from vvslib.sweep.run import Run, label
from vvslib.sweep.store import Store

ORDERS = ("grid", "cheap", "costly")


def plan(grid: Grid, identify: bool = True, only: Mapping[str, Any] | None = None) -> list[Run]:
    """The runs of a grid, in its order.

    Parameters
    ----------
    grid
        What is asked for.
    identify
        Whether to take the digest of named data, without which ids are not those of the store. False for a look at the cost where
        the data are not.
    only
        Parameter → value or values, to take a part of the grid (`expansion.select`).

    Raises
    ------
    VvsError
        When the grid does not expand, its task is not there, or the task refuses some parameters (they are named).

    Examples
    --------
    >>> from vvslib.sweep import grid
    >>> plan(grid.build({"name": "g", "task": "vvslib.sweep.tsak:f", "axes": {"seed": [0]}}))
    Traceback (most recent call last):
    vvslib.errors.VvsError: task 'vvslib.sweep.tsak:f': there is no module 'vvslib.sweep.tsak'; check the spelling and PYTHONPATH
    """
    found = task.load(grid.task)
    runs = []
    expanded = grid.expand()
    _refuse_unknown_conditions(grid, {key for parameters in expanded for key in parameters})
    for parameters in expansion.select(expanded, only or {}, grid.name):
        try:
            found.check(parameters)
            digests = found.digests(parameters) if identify else {}
            runs.append(Run(grid.task, found.version, parameters, digests, found.flops(parameters)))
        except VvsError as error:
            raise VvsError(f"grid {grid.name!r}, run {label(parameters)}: {error}") from None
    _refuse_same_data(runs, grid.name)
    return runs


def _refuse_unknown_conditions(grid: Grid, known: Set[str]) -> None:
    """A condition on a parameter that no run has would leave a way of scoring without networks, and say nothing."""
    for wanted in grid.score:
        for key in (key for one in wanted.only or () for key in one):
            if key not in known:
                raise VvsError(f"grid {grid.name!r}: `only` of {wanted.stem!r} names {key!r}: {suggest(key, known)}")


def _refuse_same_data(runs: Sequence[Run], name: str) -> None:
    """Two spellings of one image set make two runs that are the same."""
    seen: dict[str, Run] = {}
    for run in runs:
        other = seen.setdefault(run.id, run)
        if other is not run:
            raise VvsError(
                f"grid {name!r} expands to duplicates: {run.label} and {other.label} name the same data; take one of them out"
            )


def order(runs: Iterable[Run], by: str = "grid") -> list[Run]:
    """Runs in the order in which to begin them: the grid's, the cheap ones first, or the costly ones first.

    The costly first end soonest with several slots; the cheap first show soonest what is wrong. Runs that do not state their cost
    come last.

    Raises
    ------
    VvsError
        For an unknown order.

    Examples
    --------
    >>> runs = [Run("m:f", 1, {"seed": seed}, {}, flops) for seed, flops in enumerate((2.0, None, 1.0))]
    >>> [run.parameters["seed"] for run in order(runs, "cheap")]
    [2, 0, 1]
    """
    runs = list(runs)
    if by not in ORDERS:
        raise VvsError(f"the order must be one of {', '.join(ORDERS)}; got {by!r}")
    if by == "grid":
        return runs
    sign = 1.0 if by == "cheap" else -1.0
    return sorted(runs, key=lambda run: (run.flops is None, sign * (run.flops or 0.0)))


def missing(store: Store, runs: Iterable[Run], retry_failed: bool = False) -> list[Run]:
    """The runs without a final record; with `retry_failed`, those that failed too.

    Examples
    --------
    >>> import tempfile
    >>> len(missing(Store.create(tempfile.mkdtemp()), [Run("m:f", 1, {"seed": 0})]))
    1
    """
    recorded = store.recorded()
    left = []
    for run in runs:
        try:
            found = store.record(run.id) if run.id in recorded else None
        except CorruptRecord:
            found = None
        if found is None or found.state not in FINAL or (retry_failed and found.state == "failed"):
            left.append(run)
    return left
