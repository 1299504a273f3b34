"""What a worker does with one run, wherever it works: claim it, execute it, record how it ended."""

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from vvslib import provenance
from vvslib.errors import VvsError
from vvslib.sweep import owner, task
from vvslib.sweep.canonical import plain
from vvslib.sweep.claims import Claim, ClaimLost
from vvslib.sweep.files import StoreFull, is_full
from vvslib.sweep.records import FINAL, CorruptRecord, Record
from vvslib.sweep.run import Run
from vvslib.sweep.store import Store

REPORT_EVERY_S = 0.5
Ending = Literal["recorded", "taken", "released", "full"]


class WorkerDied(Exception):
    """What executed a run ended without an answer: it was killed, or its machine went down.

    Parameters
    ----------
    text
        What happened.
    again
        Whether trying the same again may help.
    """

    def __init__(self, text: str, again: bool = True):
        super().__init__(text)
        self.again = again


@dataclass(frozen=True)
class Job:
    """One run to execute, as it is sent to a worker.

    Attributes
    ----------
    store
        The store's folder.
    run
        `Run.as_dict`.
    dead
        Number of a claim known to be dead (`Watch`).
    redo
        Stamp of a final record that is to be replaced; any other record stays.
    beat_s, dead_after_s
        See `Claims`.
    """

    store: str
    run: dict[str, Any]
    dead: int | None
    redo: str | None
    beat_s: float
    dead_after_s: float


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    id
        The run's id, to be held against what was asked: some executors return another's result.
    ending
        ``recorded``: there is a record now; ``taken``: another holds the run; ``released``: given up unfinished; ``full``: no
        room.
    text
        More, for people.
    """

    id: str
    ending: Ending
    text: str = ""


def execute(job: Job, interrupted: Callable[[], bool] = lambda: False) -> Outcome:
    """Execute a run, unless it has a record or another executes it.

    Parameters
    ----------
    job
        The run and its store.
    interrupted
        Whether the process is being stopped: an error that follows from it is not the run's.

    Returns
    -------
    Outcome
        What became of it; how the run itself ended is in its record.

    Raises
    ------
    VvsError
        When the task is not there, or has another version here than was asked for: that is this machine's fault, not the run's.
    """
    run = Run.from_dict(job.run)
    store = Store(job.store, job.beat_s, job.dead_after_s)
    function = _function(run)
    try:
        claim = store.claims.take(run.id, job.dead)
        if claim is None:
            return Outcome(run.id, "taken")
        with claim:
            if _has_lasting_record(store, run, claim, job.redo):
                return Outcome(run.id, "recorded")
            record = _run(store, run, function, claim, interrupted)
            if record is None:
                return Outcome(run.id, "released")
            store.commit(record, claim)
            return Outcome(run.id, "recorded")
    except StoreFull as error:
        return Outcome(run.id, "full", str(error))
    except ClaimLost as error:
        return Outcome(run.id, "taken", str(error))


def record_death(store: Store, run: Run, text: str, redo: str | None = None, dead: int | None = None) -> bool:
    """Record that a run's process or machine went down too often; False where there is a lasting record or a living claim.

    Parameters
    ----------
    store, run
        The run and its store.
    text
        What happened.
    redo, dead
        As in `Job`.

    Raises
    ------
    StoreFull
        When there is no room.
    """
    claim = store.claims.take(run.id, dead)
    if claim is None:
        return False
    with claim:
        if _has_lasting_record(store, run, claim, redo):
            return False
        return store.commit(Record(run, "died", {}, {"type": "Died", "text": text}, None, _made(time.time())), claim)


def _has_lasting_record(store: Store, run: Run, claim: Claim, redo: str | None) -> bool:
    try:
        found = store.record(run.id)
    except CorruptRecord:
        store.discard(run.id, claim)
        return False
    if found is None:
        return False
    if found.state not in FINAL or found.stamp == redo:
        store.discard(run.id, claim)
        return False
    return True


def _function(run: Run) -> task.Function:
    found = task.load(run.task)
    if found.version != run.version:
        text = f"{run.task} has VERSION {found.version} here, {run.version} was asked for: bring this machine's code up to date"
        raise VvsError(text)
    return found.function


def _run(store: Store, run: Run, function: task.Function, claim: Claim, interrupted: Callable[[], bool]) -> Record | None:
    """The record of an execution; None when it was stopped from outside."""
    folder = store.run_folder(run.id)
    started = time.time()
    said = 0.0

    def report(values: dict[str, Any]) -> None:
        nonlocal said
        claim.check()
        if (now := time.monotonic()) - said >= REPORT_EVERY_S:
            said = now
            store.write_progress(run.id, plain(dict(values), "report", missing=True))

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _logged(folder.parent / "log.txt"):
            try:
                result = plain(function(dict(run.parameters), folder, report), "result", missing=True)
                if not isinstance(result, dict):
                    raise VvsError(f"a task must return a mapping; {run.task} returned {type(result).__name__}")
            except task.Diverged as error:
                result = plain(error.result, "result", missing=True)
                return Record(run, "diverged", result, None, int(error.step), _made(started))
            except ClaimLost:
                raise
            except KeyboardInterrupt:
                return None  # how a task says that a signal has stopped it
            except (Exception, SystemExit) as error:
                if interrupted():
                    return None
                if is_full(error) or isinstance(error, StoreFull):
                    text = f"{folder} must have room for the run's files; got {error}; free some space, the same command goes on"
                    raise StoreFull(text) from None
                traceback.print_exc()
                return Record(run, "failed", {}, _described(error), None, _made(started))
    except OSError as error:
        kind = StoreFull if is_full(error) else VvsError
        raise kind(f"{folder} must be a folder that can be written ({error.strerror}); free some space, or mend it") from None
    return Record(run, "done", result, None, None, _made(started))


def _described(error: BaseException) -> dict[str, str]:
    text = str(error) if not isinstance(error, SystemExit) else f"the task called sys.exit({error.code!r})"
    trace = "".join(traceback.format_exception(error))
    return {"type": type(error).__name__, "text": text, "traceback": trace}


def _made(started: float) -> dict[str, Any]:
    """When, where and by which code."""
    now = time.time()
    who = owner.describe()
    when = {"date": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"), "wall_seconds": round(now - started, 3)}
    return {**_code(), **when, "device": provenance.device(), "host": who["host"], "job": who["job"]}


@cache
def _code() -> dict[str, Any]:
    """The code of this process; looked up once, as it was loaded once."""
    return {**(provenance.code_version() or {"commit": None, "dirty": None}), "versions": provenance.versions()}


@contextlib.contextmanager
def _logged(path: Path) -> Iterator[None]:
    """What is printed goes to a file, from libraries and child processes too."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        for descriptor, target in zip(kept, (1, 2), strict=True):
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.close(log)
