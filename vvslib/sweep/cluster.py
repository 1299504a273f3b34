"""Runs as Slurm jobs, through submitit: arrays, several runs to a job, requeued when preempted or out of time.

What submitit leaves to its user is done here: the queue is asked with squeue, so that a job that was killed is noticed where
accounting is off; every wait has an end; a result is believed only with the token of its submission, because a job number may
come again with another job's result beside it; and every driver has a folder of its own.
"""

import pickle
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import DelayedSubmission, FailedJobError, FailedSubmissionError

from vvslib.errors import VvsError
from vvslib.sweep import squeue
from vvslib.sweep.cluster_options import Options
from vvslib.sweep.work import WorkerDied
from vvslib.sweep.worker import answer

GATHER_S = 0.5
ARRAY = 500  # Slurm's own limit is 1001 unless configured otherwise
TRIES, PAUSE_S = 4, 5.0
REQUEUE_S = 10.0
PASSING = ("timed out", "Unable to contact", "temporarily", "try again")

Call = tuple[Callable, tuple, dict]


class Pack:
    """What a job executes: calls, one after another.

    Told to stop, it lets the call in progress go (its claim with it) and is requeued; calls that were finished are repeated then,
    and return at once, since their records are there.
    """

    def __init__(self) -> None:
        self.stopping = False

    def __call__(self, token: str, calls: Sequence[Call]) -> tuple[str, list[tuple[bool, Any]]]:
        """The token, and what each call returned or raised.

        Raises
        ------
        SystemExit
            When the job is being stopped: what is left is the requeued job's.
        """
        answers = []
        for function, arguments, named in calls:
            good, found = answer((function, arguments, named | {"interrupted": self._interrupted}))
            if self.stopping or getattr(found, "ending", None) == "released" or not (good or isinstance(found, Exception)):
                # Whoever leaves while the job is being requeued may make it a failed one, so this waits to be killed. A task that
                # obeys SIGTERM is back even before the signal that has the job requeued, which comes while this waits. Without an
                # answer Slurm's word counts: cancelled, or requeued and to be done again.
                time.sleep(REQUEUE_S)
                raise SystemExit("told to stop")
            answers.append((good, found))
        return token, answers

    def _interrupted(self) -> bool:
        return self.stopping

    def checkpoint(self, token: str, calls: Sequence[Call]) -> DelayedSubmission:
        """What the requeued job is to execute: the same."""
        self.stopping = True
        return DelayedSubmission(Pack(), token, calls)


@dataclass
class _Job:
    """A job that was submitted, and since when it looks as if it had ended without an answer."""

    job: submitit.Job
    token: str
    futures: list[Future] = field(repr=False)
    ended_since: float | None = None


class SlurmExecutor(Executor):
    """Calls as Slurm jobs.

    Calls that are submitted within half a second of each other become one array. They must take the keyword `interrupted`, a
    function that says whether the job is being stopped.

    Parameters
    ----------
    folder
        Where submitit's files go, on a file system that the nodes share; each executor makes a folder in it.
    options
        How runs become jobs.

    Raises
    ------
    VvsError
        When there is no Slurm here.
    """

    window = None  # Slurm has a queue of its own

    def __init__(self, folder: Path, options: Options):
        if missing := [name for name in ("sbatch", "srun", "squeue", "scancel") if shutil.which(name) is None]:
            raise VvsError(
                f"--executor slurm needs Slurm's commands; {missing[0]} is not on the PATH; run this where sbatch works"
            )
        self.folder = folder / f"{datetime.now():%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.folder.mkdir(parents=True)
        self.options = options
        self._submitit = submitit.SlurmExecutor(self.folder, max_num_timeout=options.requeues)
        try:
            self._submitit.update_parameters(**options.for_submitit(f"vvs-{folder.parent.name}"))
        except (ValueError, TypeError) as error:
            raise VvsError(f"the Slurm options cannot be: {' '.join(str(error).split())}") from None
        self._calls: list[tuple[Future, Call]] = []
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._submitted = 0.0
        self._closed = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="slurm")
        self._thread.start()

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Have a function called in a job. It is sent by name, so it must be a module's."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future = Future()
        with self._lock:
            self._calls.append((future, (function, arguments, named)))
            self._submitted = time.monotonic()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; let those that were taken finish."""
        self._closed = True
        if cancel_futures:
            self._cancel()
        if wait:
            while self._calls or self._jobs:
                time.sleep(GATHER_S)
        self._stop.set()
        self._thread.join()

    def stop(self) -> None:
        """Cancel all jobs."""
        self._closed = True
        self._cancel()
        self._stop.set()
        self._thread.join()
        with self._lock:
            jobs, self._jobs = self._jobs, {}
        squeue.cancel(set(jobs))
        for entry in jobs.values():
            _fail(entry.futures, WorkerDied("stopped"))

    def _cancel(self) -> None:
        with self._lock:
            calls, self._calls = self._calls, []
        for future, _ in calls:
            future.cancel()
            future.set_running_or_notify_cancel()

    def _serve(self) -> None:
        looked = 0.0
        while not self._stop.wait(GATHER_S / 2):
            if self._calls and time.monotonic() - self._submitted > GATHER_S:
                self._flush()
            for entry in list(self._jobs.values()):
                self._collect(entry)
            if self._jobs and time.monotonic() - looked > self.options.poll_s:
                looked = time.monotonic()
                self._ask()

    def _flush(self) -> None:
        """Submit what was gathered, as arrays."""
        with self._lock:
            calls, self._calls = self._calls, []
        calls = [entry for entry in calls if entry[0].set_running_or_notify_cancel()]
        packs = [calls[i : i + self.options.pack] for i in range(0, len(calls), self.options.pack)]
        for first in range(0, len(packs), ARRAY):
            chunk = packs[first : first + ARRAY]
            tokens = [uuid.uuid4().hex for _ in chunk]
            try:
                jobs = self._map(tokens, [[call for _, call in pack] for pack in chunk])
            except VvsError as error:
                _fail([future for pack in chunk for future, _ in pack], error)
                continue
            with self._lock:
                for job, token, pack in zip(jobs, tokens, chunk, strict=True):
                    self._jobs[job.job_id] = _Job(job, token, [future for future, _ in pack])

    def _map(self, tokens: list[str], calls: list[list[Call]]) -> list[submitit.Job]:
        for left in reversed(range(TRIES)):
            try:
                return self._submitit.map_array(Pack(), tokens, calls)
            except (FailedJobError, FailedSubmissionError, subprocess.SubprocessError, OSError) as error:
                said = " ".join(str(error).split())
                if not left or not any(word in said for word in PASSING):
                    raise VvsError(
                        f"sbatch must accept the jobs; it said: {said}; change the options given with --slurm"
                    ) from None
                time.sleep(PAUSE_S)
        raise VvsError("sbatch must accept the jobs; it does not answer")

    def _collect(self, entry: _Job) -> None:
        """Take a job's answer, if it is there."""
        path = entry.job.paths.result_pickle
        try:
            if not path.exists():
                return
            with path.open("rb") as stream:
                ending, found = pickle.load(stream)
        except (EOFError, OSError, pickle.UnpicklingError):
            return  # not all of it can be seen yet
        self._forget(entry)
        if ending != "success":
            _fail(entry.futures, WorkerDied(f"job {entry.job.job_id}: {str(found).strip().splitlines()[-1]}"))
            return
        token, answers = found
        if token != entry.token:
            _fail(entry.futures, WorkerDied(f"job {entry.job.job_id} has another submission's result beside it"))
            return
        for future, (good, value) in zip(entry.futures, answers, strict=True):
            future.set_result(value) if good else future.set_exception(value)

    def _ask(self) -> None:
        """Find the jobs that have ended without an answer."""
        states = squeue.states(set(self._jobs))
        if states is None:
            return
        for name, state in states.items():
            entry = self._jobs.get(name)
            if entry is None:
                continue
            if state in squeue.ACTIVE:
                entry.ended_since = None
                continue
            now = time.monotonic()
            entry.ended_since = entry.ended_since or now
            if now - entry.ended_since >= self.options.grace_s:
                self._collect(entry)
                if name in self._jobs:
                    self._forget(entry)
                    _fail(entry.futures, _death(entry.job, state))

    def _forget(self, entry: _Job) -> None:
        with self._lock:
            self._jobs.pop(entry.job.job_id, None)


def _death(job: submitit.Job, state: str) -> WorkerDied:
    """How a job ended, and whether the same may be tried again."""
    try:
        said = [line for line in (job.stderr() or "").splitlines() if line.strip()]
    except OSError:
        said = []
    telling = [line for line in said if "error" in line] or said
    last = f"; it last said: {telling[-1].strip()}" if telling else ""
    if state == "CANCELLED":
        return WorkerDied(f"job {job.job_id} was cancelled", again=False)
    if state == "OUT_OF_MEMORY":
        return WorkerDied(
            f"job {job.job_id} needed more memory than it asked for; give it more with --slurm mem_gb=GB", again=False
        )
    return WorkerDied(f"job {job.job_id} ended as {state} without an answer{last}")


def _fail(futures: Sequence[Future], error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
