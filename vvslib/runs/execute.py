"""Execute what is stale, each run after what it needs, a few at a time."""

import fcntl
import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TextIO

from vvslib import sources
from vvslib.errors import VvsError
from vvslib.runs.plan import Run
from vvslib.runs.process import Worker
from vvslib.runs.staleness import Source, read_state, why_stale, write_state

TIME_LIMIT = 1800.0  # seconds a notebook may take


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    run
        What was to be run.
    status
        ``ran``, ``fresh`` (nothing to do), ``blocked`` (what it reads is not there), ``failed``, or ``stale`` (it would run).
    why
        Why it ran, or why it did not.
    seconds
        Wall time now, or of the run that is still valid.
    error
        For a failed one, the cell, its source and the traceback.
    """

    run: Run
    status: str
    why: str = ""
    seconds: float = 0.0
    error: str = ""


class Listener(Protocol):
    """Who is told what happens while notebooks run."""

    def started(self, run: Run, why: str) -> None:
        """A run begins."""

    def cell(self, run: Run, index: int, count: int, seconds: float) -> None:
        """A run is at this cell, counted from 1, after so many seconds."""

    def finished(self, outcome: Outcome) -> None:
        """A run has ended, or needs nothing."""


class Silent:
    """A listener that says nothing."""

    def started(self, run: Run, why: str) -> None:
        """Say nothing."""

    def cell(self, run: Run, index: int, count: int, seconds: float) -> None:
        """Say nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Say nothing."""


def absent(run: Run) -> dict[str, str]:
    """What a run reads that is not on this machine → the source to fetch: for a re-packed copy its original, read as well.

    Raises
    ------
    VvsError
        When the notebook names a source that does not exist.
    """
    wanted = {name: sources.source(name).instead or name for name in run.sources}
    return {name: other for name, other in wanted.items() if sources.locate(name) is None and sources.locate(other) is None}


def missing_files(run: Run) -> str | None:
    """Why a run cannot be done for want of files of the checkout; None when all are there."""
    missing = [name for name in run.notebook.files if not (run.root / name).is_file()]
    return f"{', '.join(missing)} is not there: it has not been made yet" if missing else None


def missing_sources(run: Run) -> str | None:
    """What a run reads that is not on this machine, and the commands that bring it; None when all is there.

    Raises
    ------
    VvsError
        When the notebook names a source that does not exist.
    """
    lacking = absent(run)
    if not lacking:
        return None
    verb = "is" if len(lacking) == 1 else "are"
    return f"{', '.join(lacking)} {verb} not on this machine: {', '.join(f'`vvs fetch {name}`' for name in lacking.values())}"


def last_seconds(run: Run) -> float:
    """Wall time of the last run here, or else of the one whose results are committed; 0 when neither is known.

    Examples
    --------
    >>> from pathlib import Path
    >>> from vvslib.runs.notebooks import Notebook
    >>> last_seconds(Run(Notebook(Path("/nowhere/notebooks/claims.ipynb")), Path("/nowhere")))
    0.0
    """
    if state := read_state(run):
        return float(state.get("seconds", 0.0))
    try:
        written = json.loads((run.results / "provenance.json").read_text(encoding="utf-8"))
        return float(written["wall_seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def execute(
    runs: Sequence[Run],
    jobs: int = 1,
    timeout: float = TIME_LIMIT,
    force: Collection[str] = (),
    listener: Listener | None = None,
) -> list[Outcome]:
    """Execute whatever is stale among these runs.

    A run that fails leaves its executed copy, its state and (through `vvslib.report`) its results as they were. Interrupting
    ends the workers and everything below them; runs that were complete stay complete.

    Parameters
    ----------
    runs
        In running order, as `vvslib.runs.plan.plan` gives them.
    jobs
        How many at a time; with more than one, each is held to one thread, and those that took longest begin first.
    timeout
        Wall time that one run may take, in seconds.
    force
        Names of notebooks that run even when fresh.
    listener
        Who is told; nobody when None.

    Returns
    -------
    list of Outcome
        In the order of `runs`.

    Raises
    ------
    VvsError
        When `jobs` or `timeout` is not positive, or a notebook names an unknown source: before anything runs.
    """
    if jobs < 1:
        raise VvsError(f"jobs must be at least 1; got {jobs}")
    if not timeout > 0:
        raise VvsError(f"timeout must be a positive number of seconds; got {timeout}")
    for run in runs:
        missing_sources(run)
    return _Schedule(runs, jobs, timeout, force, listener or Silent()).go()


class _Schedule:
    """The runs that wait, run and are done."""

    def __init__(self, runs: Sequence[Run], jobs: int, timeout: float, force: Collection[str], listener: Listener):
        self.runs, self.jobs, self.timeout, self.force, self.listener = runs, jobs, timeout, force, listener
        self.waiting = list(runs) if jobs == 1 else sorted(runs, key=last_seconds, reverse=True)  # the longest ends not alone
        self.working: list[tuple[Worker, Source, str, TextIO]] = []
        self.done: dict[str, Outcome] = {}

    def go(self) -> list[Outcome]:
        try:
            while self.waiting or self.working:
                for run in list(self.waiting):
                    self._consider(run)
                self._listen()
                if self.working or self.waiting:
                    time.sleep(0.05)
        finally:
            for worker, _, _, lock in self.working:
                worker.stop()
                worker.clean()
                lock.close()
        return [self.done[run.label] for run in self.runs]

    def _consider(self, run: Run) -> None:
        """Settle a run that needs nothing or cannot run; start one that is stale, when there is room."""
        if len(self.working) >= self.jobs or {other.name for other in self._unsettled(run)} & set(run.notebook.needs):
            return
        blocked = self._blocked(run)
        if blocked:
            self._settle(run, Outcome(run, "blocked", blocked))
            return
        lock = self._lock(run)
        if lock is None:  # another process executes the very same run: look again when it is done
            return
        why = "asked for" if run.name in self.force else why_stale(run)
        if why is None:
            lock.close()
            state = read_state(run) or {}
            self._settle(run, Outcome(run, "fresh", "up to date", float(state.get("seconds", 0.0))))
            return
        self.waiting.remove(run)
        self.listener.started(run, why)
        source = Source.of(run)
        self.working.append((Worker(run, single_thread=self.jobs > 1), source, why, lock))

    def _unsettled(self, run: Run) -> list[Run]:
        return [other for other in self.runs if other.label not in self.done and other is not run]

    def _blocked(self, run: Run) -> str | None:
        for other in self.done.values():
            if other.run.name in run.notebook.needs:
                if other.status == "failed":
                    return f"needs {other.run.label}, which failed"
                if other.status == "blocked" and not (other.run.results / "values.json").is_file():
                    return f"needs {other.run.label}, which could not run"
        return missing_sources(run) or missing_files(run)

    def _lock(self, run: Run) -> TextIO | None:
        run.folder.mkdir(parents=True, exist_ok=True)
        lock = (run.folder / ".lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return None
        return lock

    def _settle(self, run: Run, outcome: Outcome) -> None:
        if run in self.waiting:
            self.waiting.remove(run)
        self.done[run.label] = outcome
        self.listener.finished(outcome)

    def _listen(self) -> None:
        for entry in list(self.working):
            worker, source, why, lock = entry
            before = worker.position
            ended = worker.poll()
            if worker.position != before:
                self.listener.cell(worker.run, *worker.position, worker.seconds)
            late = not ended and worker.seconds > self.timeout
            if late:
                worker.stop()
            if ended or late:
                self.working.remove(entry)
                try:
                    outcome = self._late(worker, why) if late else _finish(worker, source, why)
                finally:
                    worker.clean()
                    lock.close()
                self._settle(worker.run, outcome)

    def _late(self, worker: Worker, why: str) -> Outcome:
        error = (
            f"{worker.run.label}: took more than the {self.timeout:g} s that a notebook may take, in cell {worker.position[0]} "
            f"of {worker.position[1]}; give it longer with --timeout SECONDS"
        )
        return Outcome(worker.run, "failed", why, worker.seconds, error)


def _finish(worker: Worker, source: Source, why: str) -> Outcome:
    """Move a complete copy into place and record its state; a failed one leaves everything as it was."""
    run, seconds = worker.run, worker.seconds
    error = worker.failure()
    if error is None and not run.results.is_dir():
        where = run.results.relative_to(run.root).as_posix()
        error = f"{run.label}: the notebook wrote nothing to {where}; pass its parameter 'results' to Report"
    if error is not None:
        return Outcome(run, "failed", why, seconds, error)
    # Without a state, a copy counts as never run: an interruption between the two moves is harmless.
    run.state.unlink(missing_ok=True)
    worker.temporary.replace(run.executed)
    write_state(run, source, seconds, datetime.now(UTC).isoformat(timespec="seconds"))
    return Outcome(run, "ran", why, seconds)
