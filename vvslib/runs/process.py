"""A worker as seen from the parent: started, listened to, ended with everything below it."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil

from vvslib.runs.modules import library
from vvslib.runs.plan import Run

THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Worker:
    """The process that executes one run.

    Parameters
    ----------
    run
        What it executes.
    single_thread
        Whether its numerical libraries are held to one thread, as when several workers run at once.

    Attributes
    ----------
    position : tuple of int
        Cell being executed, and how many there are.
    temporary : pathlib.Path
        Where the copy is written until the run is complete.
    """

    def __init__(self, run: Run, single_thread: bool = False):
        self.run = run
        self.position = (0, 0)
        self.started = time.monotonic()
        self._events: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._last: dict[str, Any] | None = None
        run.folder.mkdir(parents=True, exist_ok=True)
        self.temporary = run.folder / ".executing.ipynb"
        self._job = run.folder / ".job.json"
        job = {"input": run.notebook.path, "output": self.temporary, "cwd": run.root}
        job = {name: str(path.resolve()) for name, path in job.items()} | {"parameters": run.injected}
        self._job.write_text(json.dumps(job), encoding="utf-8")
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(library(run.root).resolve()), environment.get("PYTHONPATH", "")])
        )
        environment["PYTHONUNBUFFERED"] = "1"
        if single_thread:
            environment.update(dict.fromkeys(THREAD_LIMITS, "1"))
        with run.log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vvslib.runs.worker", str(self._job.resolve())],
                cwd=run.root,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C reaches the parent alone, which then ends its workers in order.
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            try:
                self._events.put(json.loads(line))
            except json.JSONDecodeError:
                continue

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.monotonic() - self.started

    def poll(self) -> bool:
        """Take what the worker said; True once it has ended."""
        ended = self._process.poll() is not None
        if ended:
            self._reader.join(timeout=5)
        while not self._events.empty():
            self._last = self._events.get()
            if "index" in self._last:
                self.position = (self._last["index"], self._last["count"])
        return ended

    def failure(self) -> str | None:
        """What went wrong, for a person to read; None when the worker ended well."""
        last = self._last or {}
        if self._process.returncode == 0 and last.get("event") == "done":
            return None
        if last.get("event") != "failed":
            at = f" in cell {self.position[0]} of {self.position[1]}" if self.position[1] else ""
            return f"{self.run.label}: the process ended with status {self._process.returncode}{at}; see {_shown(self.run.log)}"
        parts = [f"{self.run.label}: cell {last['index']} of {last['count']} failed: {last['error']}"]
        if last["source"]:
            parts.append("\n".join(f"    {line}" for line in last["source"].splitlines()))
        if last["traceback"]:
            parts.append(_ANSI.sub("", last["traceback"]))
        return "\n\n".join(parts)

    def stop(self) -> None:
        """End the worker and all that it started, at once."""
        try:
            tree = [*psutil.Process(self._process.pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            tree = []
        self._process.kill()
        for child in tree:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        self._process.wait()

    def clean(self) -> None:
        """Remove the temporary files and close the pipes."""
        self._job.unlink(missing_ok=True)
        self.temporary.unlink(missing_ok=True)
        self._process.stdin.close()
        self._reader.join(timeout=5)
        self._process.stdout.close()


def _shown(path: Path) -> str:
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
