"""Whether a run must be done again, and why.

The key of a run is a sha256 over the notebook's source, its parameters, the source of the vvslib modules that it reaches, and the
digests of what it read. All parts are kept in the state, so that the reason can be said in words.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vvslib import sources
from vvslib.errors import VvsError
from vvslib.runs.modules import library, reached
from vvslib.runs.plan import Run

FORMAT = 1
_digests: dict[tuple[str, int, int], str] = {}


@dataclass(frozen=True)
class Source:
    """What a run depends on before it has read anything: taken when it starts, not when it ends.

    Parameters
    ----------
    notebook
        Digest of the notebook's source.
    parameters
        All parameters but `results`.
    code
        ``{vvslib module: sha256}``.
    """

    notebook: str
    parameters: dict[str, Any]
    code: dict[str, str]

    @classmethod
    def of(cls, run: Run) -> "Source":
        """The notebook, parameters and code as they are now."""
        return cls(run.notebook.digest, json.loads(json.dumps(run.parameters)), reached(run.notebook.code, library(run.root)))


def key(source: Source, inputs: dict[str, str]) -> str:
    """sha256 over everything that a result was made from.

    Examples
    --------
    >>> source = Source("0", {"delta": 0.1}, {})
    >>> key(source, {}) == key(source, {"table.csv": "1"})
    False
    """
    parts = [FORMAT, source.notebook, source.parameters, source.code, inputs]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def digest(path: Path) -> str | None:
    """sha256 of a file's bytes, hashed once a process unless it changes; None when it is not there.

    Examples
    --------
    >>> digest(Path("/nowhere/table.csv")) is None
    True
    """
    try:
        stamp = path.stat()
        at = (str(path), stamp.st_mtime_ns, stamp.st_size)
        if at not in _digests:
            with path.open("rb") as stream:
                _digests[at] = hashlib.file_digest(stream, "sha256").hexdigest()
        return _digests[at]
    except OSError:
        return None


def inputs_read(run: Run) -> dict[str, str]:
    """What the run's own provenance says that it read: ``{name: sha256}``.

    The values and tables of the notebooks that it needs count whether it recorded them or not. A notebook that uses
    experiments without having recorded any depends on the whole folder of them.
    """
    try:
        recorded = json.loads((run.results / "provenance.json").read_text(encoding="utf-8")).get("inputs", [])
    except (OSError, json.JSONDecodeError):
        recorded = []
    read = {entry["path"]: entry["sha256"] for entry in recorded}
    for need in run.notebook.needs:
        folder = run.root / "results" / need
        for path in (folder / "values.json", *sorted(folder.glob("*.csv"))):
            if path.is_file():
                read.setdefault(path.relative_to(run.root).as_posix(), digest(path))
    if "vvslib.experiments" in reached(run.notebook.code, library(run.root)) and not any(
        p.startswith("experiments/") for p in read
    ):
        read["experiments/"] = _folder_digest(run.root / "experiments")
    return read


def inputs_now(run: Run, names: list[str]) -> dict[str, str | None]:
    """Digests that these inputs have now; None for what is no longer there."""
    return {name: _folder_digest(run.root / name) if name.endswith("/") else digest(_where(run.root, name)) for name in names}


def _folder_digest(folder: Path) -> str:
    parts = [f"{p.relative_to(folder).as_posix()}:{digest(p)}" for p in sorted(folder.rglob("*.y*ml"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _where(root: Path, name: str) -> Path:
    """An input lies below the root, or in the folder of the source it is named after."""
    path = root / name
    source, _, file = name.partition("/")
    if path.exists() or not file:
        return path
    try:
        folder = sources.locate(source)
    except VvsError:
        return path
    return path if folder is None else folder / file


def outputs(run: Run) -> dict[str, str | None]:
    """Digest of every file in the results folder of a run, by its path below that folder."""
    files = (path for path in sorted(run.results.rglob("*")) if path.is_file())
    return {path.relative_to(run.results).as_posix(): digest(path) for path in files}


def read_state(run: Run) -> dict[str, Any] | None:
    """The state that the last complete run left; None when there is none, or none that can be read."""
    try:
        state = json.loads(run.state.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return state if isinstance(state, dict) and state.get("format") == FORMAT else None


def write_state(run: Run, source: Source, seconds: float, date: str) -> None:
    """Record a complete run: written under a temporary name, then moved.

    Parameters
    ----------
    run
        What ran.
    source
        What it depended on when it started.
    seconds
        Wall time.
    date
        When it ended, ISO 8601.
    """
    inputs = inputs_read(run)
    state = {
        "format": FORMAT,
        "name": run.name,
        "key": key(source, inputs),
        "notebook": source.notebook,
        "parameters": source.parameters,
        "code": source.code,
        "inputs": inputs,
        "outputs": outputs(run),
        "seconds": round(seconds, 2),
        "date": date,
    }
    write_atomically(run.state, json.dumps(state, indent=1, ensure_ascii=False) + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader finds the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def why_stale(run: Run) -> str | None:
    """Why a run must be done again, in words; None when its results are those of what is there now.

    Parameters
    ----------
    run
        A notebook with its parameters.

    Returns
    -------
    str or None
        The first reason found: never run, notebook, parameters, code, inputs, outputs.

    Examples
    --------
    >>> from vvslib.runs.notebooks import Notebook
    >>> why_stale(Run(Notebook(Path("/nowhere/notebooks/claims.ipynb")), Path("/nowhere")))
    'never run here'
    """
    state = read_state(run)
    if state is None or not run.executed.is_file():
        return "never run here"
    now = Source.of(run)
    if state["notebook"] != now.notebook:
        return "the notebook changed"
    if state["parameters"] != now.parameters:
        changed = sorted(k for k in state["parameters"] | now.parameters if state["parameters"].get(k) != now.parameters.get(k))
        return "parameters changed: " + ", ".join(changed)
    if state["code"] != now.code:
        changed = sorted(k for k in state["code"] | now.code if state["code"].get(k) != now.code.get(k))
        return "code changed: " + ", ".join(changed)
    found = inputs_now(run, list(state["inputs"]))
    changed = sorted(name for name, was in state["inputs"].items() if found[name] != was)
    if changed:
        return "inputs changed: " + ", ".join(f"{name} (gone)" if found[name] is None else name for name in changed)
    written = outputs(run)
    changed = sorted(name for name, was in state["outputs"].items() if written.get(name) != was)
    if changed:
        return "results are not those of the last run: " + ", ".join(changed[:3]) + (" …" if len(changed) > 3 else "")
    return None
