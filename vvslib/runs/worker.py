"""One notebook in a process of its own: ``python -m vvslib.runs.worker JOB.json``, events as JSON lines on standard output.

The events are ``{"event": "cell", "index": i, "count": n}``, and at the end ``{"event": "done"}`` or ``{"event": "failed", …}``
with the cell's number, source, error and traceback. Everything else that the process or its kernel prints goes to standard
error, the log. The process ends with its parent: when its standard input closes, it stops its kernel and leaves.
"""

import json
import logging
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, TextIO

import psutil


def main(job_path: str) -> int:
    """Execute the notebook that a job file describes.

    Parameters
    ----------
    job_path
        JSON file with ``input``, ``output``, ``parameters`` and ``cwd``.

    Returns
    -------
    int
        Exit status: 0 when every cell ran.
    """
    # Kernels inherit descriptor 1: keep it for the log, and the events on a descriptor of their own.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    with tempfile.TemporaryDirectory(prefix="vvs-kernel-") as folder:
        _use_this_interpreter(Path(folder))
        failure = _execute(job, events)
    events.write(json.dumps(failure or {"event": "done"}) + "\n")
    return 1 if failure else 0


def _leave_with_parent() -> None:
    """Stop when the parent is gone, however it went."""
    while os.read(0, 4096):  # unbuffered: a lock on sys.stdin would abort the interpreter's exit
        continue
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(130)


def _use_this_interpreter(folder: Path) -> None:
    """Put a kernel ``python3`` that is this interpreter before any that the user has installed."""
    spec = folder / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8"
    )
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("JUPYTER_PATH", "")]))


def _execute(job: dict[str, Any], events: TextIO) -> dict[str, Any] | None:
    import papermill
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.exceptions import PapermillExecutionError

    position = {"index": 0, "count": 0}

    class TellingEngine(NBClientEngine):
        """papermill's engine, saying which cell it starts."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            start = nb_man.cell_start

            def cell_start(cell: Any, cell_index: int | None = None, **more: Any) -> Any:
                position.update(index=(cell_index or 0) + 1, count=len(nb_man.nb.cells))
                events.write(json.dumps({"event": "cell", **position}) + "\n")
                return start(cell, cell_index, **more)

            nb_man.cell_start = cell_start
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("telling", TellingEngine)
    try:
        papermill.execute_notebook(
            job["input"],
            job["output"],
            parameters=job["parameters"],
            engine_name="telling",
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
            cwd=job["cwd"],
        )
    except PapermillExecutionError as error:
        return {
            "event": "failed",
            **position,
            "source": error.source,
            "error": f"{error.ename}: {error.evalue}",
            "traceback": "\n".join(error.traceback),
        }
    except Exception as error:  # a kernel that died or never came up: said as it is
        logging.exception("the notebook did not run")
        return {"event": "failed", **position, "source": "", "error": f"{type(error).__name__}: {error}", "traceback": ""}
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
