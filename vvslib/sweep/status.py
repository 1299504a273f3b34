"""Where a sweep stands, read from its store: what is recorded, what runs and where, what is left, and for how long."""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vvslib.sweep import cost
from vvslib.sweep.records import STATES, CorruptRecord, Record
from vvslib.sweep.run import Run
from vvslib.sweep.store import Store


@dataclass(frozen=True)
class Running:
    """A run that a process holds.

    Attributes
    ----------
    run
        Which.
    host
        Where.
    values
        What it last said of itself (``fraction``: how much is done, 0 to 1).
    """

    run: Run
    host: str
    values: dict[str, Any]

    @property
    def fraction(self) -> float:
        """How much of it is done, 0 to 1; 0 where it does not say."""
        value = self.values.get("fraction")
        return float(value) if isinstance(value, int | float) else 0.0


@dataclass(frozen=True)
class Status:
    """Where a sweep stands.

    Attributes
    ----------
    counts
        State → how many runs: done, failed, diverged, died, running, pending.
    running
        The runs that are held.
    eta_s
        Seconds left; None where that is not known.
    corrupt
        What is wrong with records that are not whole; their runs count as pending.
    """

    counts: dict[str, int]
    running: list[Running] = field(default_factory=list)
    eta_s: float | None = None
    corrupt: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All runs."""
        return sum(self.counts.values())


def read(store: Store, runs: Sequence[Run]) -> tuple[Status, list[Record]]:
    """Where some runs stand, from nothing but their store; and their records.

    Examples
    --------
    >>> import tempfile
    >>> status, _ = read(Store.create(tempfile.mkdtemp()), [Run("m:f", 1, {"seed": 0})])
    >>> status.counts["pending"], status.total
    (1, 1)
    """
    records, corrupt = {}, []
    present = store.recorded()
    for run in runs:
        try:
            found = store.record(run.id) if run.id in present else None
        except CorruptRecord as fault:
            corrupt.append(str(fault))
            continue
        if found is not None:
            records[run.id] = found
    return summarise(store, runs, records, corrupt), list(records.values())


def summarise(store: Store, runs: Sequence[Run], records: Mapping[str, Record], corrupt: Sequence[str] = ()) -> Status:
    """Where some runs stand, given those records of theirs that are known.

    Parameters
    ----------
    store
        Where claims and progress are looked up.
    runs
        The runs.
    records
        Id → record.
    corrupt
        What is wrong with others.
    """
    left = [run for run in runs if run.id not in records]
    held = running(store, left)
    counts = Counter(record.state for run in runs if (record := records.get(run.id)) is not None)
    counts["running"], counts["pending"] = len(held), len(left) - len(held)
    fractions = {one.run.id: one.fraction for one in held}
    eta_s = cost.eta(left, fractions, records.values(), len(held)) if held else None
    return Status({state: counts[state] for state in (*STATES, "running", "pending")}, held, eta_s, list(corrupt))


def running(store: Store, runs: Sequence[Run]) -> list[Running]:
    """Those of the runs that a living process holds, as far as can be told from here.

    A claim that has not moved for its stated time counts as dead; that time is read off this machine's clock, which is good
    enough for display and is used for nothing else.
    """
    with os.scandir(store.claims.folder) as entries:
        claimed = {entry.name.partition(".")[0] for entry in entries if entry.name[0] != "."}
    found = []
    for run in runs:
        holding = store.claims.holding(run.id) if run.id in claimed else None
        if holding is None or holding.over:
            continue
        if time.time() - holding.beat / 1e9 < float(holding.owner.get("dead_after_s", store.claims.dead_after_s)):
            found.append(Running(run, str(holding.owner.get("host", "?")), store.progress(run.id)))
    return found
