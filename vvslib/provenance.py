"""What a result was made from: the bytes read, the code, the packages, the machine, the time.

Whoever reads a file calls `record_input`; whoever writes a result stores `describe`. Paths are relative to the checkout or named
after their source, so that a committed result says nothing of the machine's folders.
"""

import hashlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from vvslib import project
from vvslib.errors import VvsError

PACKAGES = (
    "vvs-scaling",
    "numpy",
    "scipy",
    "numba",
    "pandas",
    "pyarrow",
    "matplotlib",
    "plotly",
    "papermill",
    "jupyter-book",
    "torch",
    "torchvision",
    "timm",
    "brainscore-vision",
)

_inputs: dict[tuple[str, str], dict[str, Any]] = {}
_digests: dict[tuple[str, int, int], str] = {}


def record_input(path: Path | str, name: str | None = None) -> str:
    """Remember that a file was read, by the sha256 of its bytes.

    An unchanged file is hashed once a process; one that changed between two readings is listed with both digests.

    Parameters
    ----------
    path
        The file.
    name
        What to call it, such as ``"published_scores/benchmark_scores.csv"``; its path below the checkout when None, or its bare
        name where it lies elsewhere.

    Returns
    -------
    str
        sha256 of the bytes, 64 hexadecimal digits.

    Raises
    ------
    VvsError
        When the file cannot be read.

    Examples
    --------
    >>> record_input(__file__)[:4] == record_input(__file__)[:4]
    True
    """
    resolved = Path(path).resolve()
    try:
        stat = resolved.stat()
        key = (str(resolved), stat.st_size, stat.st_mtime_ns)
        if key not in _digests:
            with resolved.open("rb") as stream:
                _digests[key] = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise VvsError(f"input must be a file that can be read; got {path} ({error.strerror}); check the path") from error
    digest = _digests[key]
    shown = _relative(resolved) or name or resolved.name
    entry = {"name": name or shown, "path": shown, "sha256": digest, "bytes": stat.st_size}
    if name is not None or (str(resolved), digest) not in _inputs:
        _inputs[(str(resolved), digest)] = entry
    return digest


def _relative(path: Path) -> str | None:
    """The path below the checkout, with forward slashes; None where it lies elsewhere."""
    try:
        return path.relative_to(project.root().resolve()).as_posix()
    except (VvsError, ValueError):
        return None


def inputs() -> list[dict[str, Any]]:
    """What was read so far, sorted by name: name, path (below the checkout, or the name), sha256, bytes."""
    return sorted((dict(entry) for entry in _inputs.values()), key=lambda e: (e["name"], e["sha256"]))


def reset() -> None:
    """Forget what was read, at the start of a new result."""
    _inputs.clear()


def _git(*arguments: str, cwd: Path) -> str | None:
    try:
        done = subprocess.run(("git", *arguments), cwd=cwd, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None


def code_version() -> dict[str, Any] | None:
    """The checkout's commit, and whether anything in it but ``results/`` differs from that commit.

    ``results/`` is left out because it is what a run writes: including it would make every second run look dirty.

    Returns
    -------
    dict or None
        ``{"commit": str, "dirty": bool}``; None outside a checkout, without git, or before the first commit.

    Examples
    --------
    >>> version = code_version()
    >>> version is None or len(version["commit"]) == 40
    True
    """
    try:
        root = project.root().resolve()
    except VvsError:
        return None
    top = _git("rev-parse", "--show-toplevel", cwd=root)
    # An unpacked archive inside somebody else's repository has no commit of its own.
    if top is None or Path(top.strip()).resolve() != root:
        return None
    commit = _git("rev-parse", "--verify", "HEAD", cwd=root)
    changes = _git("status", "--porcelain", "--", ".", ":(exclude)results", cwd=root)
    if commit is None or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes.strip())}


def versions() -> dict[str, str]:
    """Versions of Python and of the main packages that are installed.

    Examples
    --------
    >>> "python" in versions() and "numpy" in versions()
    True
    """
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def device() -> dict[str, Any]:
    """The machine: CPU model, cores this process may use, and the GPU where torch is loaded already and sees one.

    Examples
    --------
    >>> device()["cores"] >= 1
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    described: dict[str, Any] = {"cpu": _cpu_model(), "cores": cores, "gpu": None}
    # Importing torch costs seconds; what never loaded it did not use a GPU.
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_available():
        described["gpu"] = cuda.get_device_name()
    return described


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe(parameters: Mapping[str, Any], seed: int | None, started: float) -> dict[str, Any]:
    """Everything that belongs beside a result, ready for JSON.

    Parameters
    ----------
    parameters
        What the run was asked to do.
    seed
        Seed of its random numbers; None where it draws none.
    started
        `time.time` when it began, seconds since 1970.

    Returns
    -------
    dict
        commit, dirty, parameters, seed, inputs, versions, device, date (UTC, ISO 8601, to the second), wall_seconds.

    Raises
    ------
    VvsError
        When `started` lies in the future or before this century.

    Examples
    --------
    >>> describe({"delta": 1e-3}, seed=42, started=time.time())["parameters"]
    {'delta': 0.001}
    """
    now = time.time()
    if not 946_684_800.0 <= started <= now + 1.0:
        raise VvsError(f"started must be the time.time() at which the run began; got {started}; take it with time.time()")
    version = code_version() or {"commit": None, "dirty": None}
    return {
        **version,
        "parameters": dict(parameters),
        "seed": seed,
        "inputs": inputs(),
        "versions": versions(),
        "device": device(),
        "date": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(max(0.0, now - started), 3),
    }
