"""The open replication's own files: the tables that were committed in ``results/open``, and what stands beside them.

``vvs sweep open/study`` trains and scores, ``vvs export open/study`` writes them. Nothing of them is somebody else's.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from vvslib import project, provenance, table
from vvslib.errors import VvsError

NAME = "open"
TABLES = {"open": "scores", "open_matched": "matched", "open_checkpoints": "checkpoints"}
"""Name of a table → stem of its file: networks at the end of training, by read-outs of one dimension, and epoch by epoch."""


def folder() -> Path:
    """Where the files lie."""
    return project.results() / NAME


def require(file: str, within: Path | None = None) -> Path:
    """The path of one of the files, its bytes recorded in the provenance.

    Parameters
    ----------
    file
        Its name.
    within
        Another folder that `vvs export` wrote; the committed one when None.

    Raises
    ------
    VvsError
        Where it is not there, with the commands that make it.
    """
    path = (folder() if within is None else Path(within)) / file
    if not path.is_file():
        raise VvsError(
            f"the open replication must have been exported; {file} is not in {path.parent}: "
            "`vvs sweep open/study`, then `vvs export open/study` make it"
        )
    provenance.record_input(path)
    return path


def there() -> bool:
    """Whether the committed tables are there."""
    return (folder() / "scores.parquet").is_file()


def scores(name: str = NAME, within: Path | None = None) -> pd.DataFrame:
    """One of the score tables.

    Parameters
    ----------
    name
        A key of `TABLES`.
    within
        As in `require`.
    """
    return table.read(require(f"{TABLES[name]}.parquet", within))


def runs(within: Path | None = None) -> pd.DataFrame:
    """One row a training run (``runs.csv``)."""
    return pd.read_csv(require("runs.csv", within))


def curves(within: Path | None = None) -> pd.DataFrame:
    """The learning curves, one row an evaluation of a network (``curves.csv``)."""
    return pd.read_csv(require("curves.csv", within))


def neuroids(within: Path | None = None) -> pd.DataFrame:
    """Raw correlations neuroid by neuroid: model_id, benchmark_name, readout, raw_by_neuroid ``(n_neuroids,)``."""
    return pd.read_parquet(require("neuroids.parquet", within))


def resamples(within: Path | None = None) -> pd.DataFrame:
    """Raw scores in resamples: model_id, benchmark_name, readout, drawn (what was), raw_by_resample ``(n_resamples,)``."""
    return pd.read_parquet(require("resamples.parquet", within))


def origin(within: Path | None = None) -> dict[str, Any]:
    """Where the tables came from (``provenance.json``)."""
    return json.loads(require("provenance.json", within).read_text(encoding="utf-8"))
