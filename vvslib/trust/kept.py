"""Small results of long computations, kept with the repository and read again as long as they are of the same data and code.

What takes minutes or hours is not done anew by every build of the book. Its result lies in ``results/kept/`` under a key of all
that it depends on: digest of the rows, digest of the code that computes, parameters. Under any other key it is
refused, never shown.
"""

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from vvslib import project, provenance, sources
from vvslib.errors import VvsError
from vvslib.experiments import Observations

FOLDER = "kept"
NUMERICS = (
    "fits/objective",
    "fits/laws",
    "fits/forms",
    "fits/kernels",
    "fits/curves",
    "fits/newton",
    "fits/starts",
    "fits/coordinates",
    "fits/solver",
    "fits/bootstrap",
    "fits/resampling",
    "fits/limits",
    "fits/simulation",
)
"""Modules that every fit, resample and simulated table comes from."""


def kept(
    name: str,
    key: Mapping[str, Any],
    compute: Callable[[], Any],
    *,
    recompute: bool | Literal["when stale"] = False,
    folder: Path | None = None,
) -> Any:
    """A result, read where it lies under this key, computed and laid there where that is asked for.

    Parameters
    ----------
    name
        Of the file, without ``.json``.
    key
        Everything the result depends on, as plain values.
    compute
        Makes it: plain values, as JSON holds them.
    recompute
        Compute and write even where there is one; "when stale", only where there is none under this key.
    folder
        Where it lies; ``results/kept`` of the checkout when None.

    Returns
    -------
    Any
        The result, as JSON gives it back.

    Raises
    ------
    VvsError
        When there is none, or one under another key, and it may not be computed: what differs is named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     made = kept("half", {"of": 3}, lambda: 1.5, recompute=True, folder=Path(place))
    ...     kept("half", {"of": 3}, lambda: 0.0, folder=Path(place))
    1.5
    """
    path = (folder or project.results() / FOLDER) / f"{name}.json"
    key, value = json.loads(json.dumps(dict(key))), None
    if recompute == "when stale":
        try:
            value, recompute = _read(path, key), False
        except VvsError:
            recompute = True
    if recompute:
        value = json.loads(json.dumps(compute()))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps({"key": key, "value": value}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(path)
    elif value is None:
        value = _read(path, key)
    provenance.record_input(path)
    return value


def _read(path: Path, key: dict[str, Any]) -> Any:
    again = "give recompute = true, as in `vvs run NAME -p recompute true`, which takes minutes to hours"
    if not path.is_file():
        raise VvsError(f"{path.name} is not kept in {path.parent}; {again}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known, value = found["key"], found["value"]
    except (ValueError, KeyError, TypeError):
        raise VvsError(f"{path} is no kept result; {again}") from None
    apart = sorted(one for one in {*key, *known} if known.get(one) != key.get(one))
    if apart:
        raise VvsError(f"{path.name} was computed with other {', '.join(apart)}; {again}")
    return value


def of_rows(rows: Observations) -> str:
    """Digest of the rows of a fit: scale and misalignment, to eight digits, and which model each is of."""
    digest = hashlib.sha256("\n".join(rows.labels).encode())
    for values in (rows.x, rows.L):
        digest.update(b"|".join(f"{value:.8g}".encode() for value in np.ravel(values)))
    return digest.hexdigest()[:16]


def of_table(scores: pd.DataFrame) -> str:
    """Digest of a score table: models, benchmarks, scores to eight digits, whatever the order of rows."""
    said = scores[["model_id", "benchmark_name"]].astype(str).agg("|".join, axis=1)
    said = said + "|" + scores["score"].map(lambda value: f"{value:.8g}")
    return hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest()[:16]


@cache
def of_code(*more: str) -> str:
    """Digest of what the numerical modules, and `more` of ours, do: docstrings, comments and layout do not count.

    Parameters
    ----------
    more
        Further modules below ``vvslib``, such as ``"trust/claims"``.
    """
    return _of_modules(Path(__file__).parents[1] / f"{name}.py" for name in (*NUMERICS, *more))


@cache
def of_packages(*names: str) -> str:
    """As `of_code`, of every module of some of our packages and of no other.

    Parameters
    ----------
    names
        Packages, or modules, below ``vvslib``.
    """
    places = [Path(__file__).parents[1] / name for name in names]
    modules = [sorted(at.rglob("*.py")) if at.is_dir() else [at.with_suffix(".py")] for at in places]
    return _of_modules(path for paths in modules for path in paths)


def _of_modules(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(ast.dump(_undocumented(ast.parse(path.read_text(encoding="utf-8")))).encode())
    return digest.hexdigest()[:16]


def of_sources(*names: str) -> dict[str, str]:
    """Digest of the files of each source (`vvslib.sources`), which are checked before they are read."""
    files = {name: [one.sha256 for one in sources.source(name).files] for name in names}
    return {name: hashlib.sha256("".join(one).encode()).hexdigest()[:16] for name, one in files.items()}


def _undocumented(tree: ast.Module) -> ast.Module:
    """The tree without strings that stand alone, which do nothing."""
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            alone = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
            node.body = alone or [ast.Pass()]
    return tree
