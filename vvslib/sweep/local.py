"""Runs on this machine: a pool of processes in which one that is killed takes nothing but its own run down.

The pool of the standard library breaks as a whole when a worker is killed, as happens when memory runs out. Here every slot has a
process of its own, started when there is work and started anew after it died.
"""

import contextlib
import os
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from vvslib.errors import VvsError
from vvslib.sweep import worker
from vvslib.sweep.work import WorkerDied

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PATIENCE_S = 5.0


class LocalExecutor(Executor):
    """Processes of this machine, one a slot.

    Parameters
    ----------
    environments
        For each slot, the variables its process gets on top of this one's (`slots` makes them).

    Examples
    --------
    >>> with LocalExecutor([{"OMP_NUM_THREADS": "1"}]) as pool:
    ...     pool.submit(divmod, 7, 2).result()
    (3, 1)
    """

    def __init__(self, environments: Sequence[dict[str, str]]):
        if not environments:
            raise VvsError("a pool must have at least one slot; got none; ask for --jobs 1 or more")
        self._calls: queue.SimpleQueue[tuple[Future, bytes] | None] = queue.SimpleQueue()
        self._closed = False
        self._slots = [_Slot(self._calls, dict(environment)) for environment in environments]

    @property
    def window(self) -> int:
        """Calls worth having in flight: every slot's, and the next."""
        return 2 * len(self._slots)

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Have a function called in a worker. It is sent by name, so it must be a module's.

        Raises
        ------
        VvsError
            When it cannot be sent.
        """
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        try:
            if getattr(function, "__module__", None) == "__main__":
                raise pickle.PicklingError("it lies in the script that runs")
            data = pickle.dumps((function, arguments, named))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise VvsError(f"a call must be of a module's function; got {function!r}: {error}; move it to a module") from None
        future: Future = Future()
        self._calls.put((future, data))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; let those that were taken finish."""
        self._closed = True
        if cancel_futures:
            self._cancel()
        for _ in self._slots:
            self._calls.put(None)
        if wait:
            for slot in self._slots:
                slot.thread.join()

    def stop(self) -> None:
        """End every worker now; their calls end as `WorkerDied`, those not begun as cancelled."""
        self._closed = True
        self._cancel()
        for slot in self._slots:
            slot.stop()
        self.shutdown(wait=True)

    def _cancel(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                entry = self._calls.get_nowait()
                if entry is not None:
                    entry[0].cancel()
                    entry[0].set_running_or_notify_cancel()


class _Slot:
    """A thread that hands calls to its process, and starts another when that is gone."""

    def __init__(self, calls: queue.SimpleQueue, environment: dict[str, str]):
        self._calls = calls
        self._environment = environment
        self._process: subprocess.Popen | None = None
        self._stopping = False
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True, name="slot")
        self.thread.start()

    def _serve(self) -> None:
        try:
            while (entry := self._calls.get()) is not None:
                future, data = entry
                if future.set_running_or_notify_cancel():
                    self._call(future, data)
        finally:
            self._close()

    def _call(self, future: Future, data: bytes) -> None:
        try:
            with self._lock:
                process = self._process = None if self._stopping else self._process or self._start()
            if process is None:
                raise EOFError
            worker.send(process.stdin, data)
            good, found = worker.receive(process.stdout)
        except (EOFError, OSError) as error:
            future.set_exception(WorkerDied(self._cause(error)))
            return
        except BaseException as error:
            future.set_exception(error)
            return
        if good:
            future.set_result(found)
        else:
            future.set_exception(found)

    def _start(self) -> subprocess.Popen:
        path = os.pathsep.join([part or os.getcwd() for part in sys.path])
        return subprocess.Popen(
            [sys.executable, "-m", "vvslib.sweep.worker"],
            env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"} | self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def _cause(self, error: BaseException) -> str:
        process, self._process = self._process, None
        if process is None:
            return "stopped"
        _close_pipes(process)
        try:
            status = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if self._stopping:
            return "stopped"
        if status == -signal.SIGKILL:
            return "its process was killed by SIGKILL (by the system, if memory ran out)"
        if status < 0:
            return f"its process was killed by {signal.Signals(-status).name}"
        return f"its process ended with status {status} ({error or 'no answer'})"

    def stop(self) -> None:
        """End the process: without its pipe it gives its claims up and goes, or it is killed."""
        with self._lock:
            self._stopping = True
            process = self._process
        if process is not None:
            _end(process)

    def _close(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _end(process)
            _close_pipes(process)


def _end(process: subprocess.Popen) -> None:
    with contextlib.suppress(OSError, ValueError):
        process.stdin.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close_pipes(process: subprocess.Popen) -> None:
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError, ValueError):
            pipe.close()


def gpus() -> list[str]:
    """The GPUs that may be used: those of CUDA_VISIBLE_DEVICES, or all that nvidia-smi lists. Does not load torch.

    Examples
    --------
    >>> isinstance(gpus(), list)
    True
    """
    stated = os.environ.get("CUDA_VISIBLE_DEVICES")
    if stated is not None:
        return [name.strip() for name in stated.split(",") if name.strip() not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def cores() -> int:
    """The CPU cores this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slots(jobs: int | None = None, threads: int | None = None, devices: Sequence[str] | None = None) -> list[dict[str, str]]:
    """The variables of every slot: a GPU each where there are any, else cores shared out; threads held to what a slot has.

    Parameters
    ----------
    jobs
        How many slots; one a GPU, or one a core without GPUs, when None. More slots than GPUs share them.
    threads
        Threads a process may use; its share of the cores when None. Sums depend on it in the last digits: state it where results
        must be the same bits on machines with different numbers of cores.
    devices
        The GPUs; those that are found when None.

    Raises
    ------
    VvsError
        When a number is below 1.

    Examples
    --------
    >>> [slot["CUDA_VISIBLE_DEVICES"] for slot in slots(3, threads=1, devices=["0", "1"])]
    ['0', '1', '0']
    """
    devices = gpus() if devices is None else list(devices)
    for name, value in (("--jobs", jobs), ("--threads", threads)):
        if value is not None and value < 1:
            raise VvsError(f"{name} must be at least 1; got {value}")
    count = jobs or len(devices) or cores()
    share = threads or max(1, cores() // count)
    environment = dict.fromkeys(THREADS, str(share))
    return [environment | ({"CUDA_VISIBLE_DEVICES": devices[i % len(devices)]} if devices else {}) for i in range(count)]
