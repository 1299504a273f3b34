"""Reading what a notebook left behind; every file read becomes an input in the provenance of what follows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vvslib import project, provenance
from vvslib.errors import VvsError
from vvslib.report.encoding import MANIFEST, plain_name, restored

if TYPE_CHECKING:
    import pandas as pd


def read_values(name: str, folder: Path | str | None = None) -> dict[str, Any]:
    """The values that a notebook left; None stands for NaN too, infinities are floats again.

    Parameters
    ----------
    name
        Of the notebook.
    folder
        Where it wrote; ``results/<name>`` of the checkout when None. The file counts as read in the provenance of what follows.

    Raises
    ------
    VvsError
        When there are none, or the file is not valid.
    """
    return {key: restored(value) for key, value in _read_json(name, "values.json", folder).items()}


def read_table(name: str, table: str, folder: Path | str | None = None) -> "pd.DataFrame":
    """A table that a notebook left, to the last digit; it counts as read in the provenance of what follows.

    Raises
    ------
    VvsError
        When the notebook left none of that name.
    """
    import pandas as pd

    return _read(name, f"{table}.csv", folder, lambda path: pd.read_csv(path, float_precision="round_trip"))


def read_manifest(name: str, folder: Path | str | None = None) -> dict[str, Any]:
    """Which figures and tables a notebook left: name, figures, tables, files.

    Raises
    ------
    VvsError
        When the notebook left nothing.
    """
    return _read_json(name, MANIFEST, folder)


def read_provenance(name: str, folder: Path | str | None = None) -> dict[str, Any]:
    """How and from what a notebook's results were made (`vvslib.provenance.describe`).

    Raises
    ------
    VvsError
        When the notebook left nothing.
    """
    return _read_json(name, "provenance.json", folder)


def _read_json(name: str, file: str, folder: Path | str | None) -> dict[str, Any]:
    return _read(name, file, folder, lambda path: json.loads(path.read_text(encoding="utf-8")))


def _read(name: str, file: str, folder: Path | str | None, load: Callable[[Path], Any]) -> Any:
    path = (project.results() / plain_name(name, "name of the notebook") if folder is None else Path(folder)) / file
    if not path.is_file():
        raise VvsError(f"results of notebook {name!r} must hold {file}; got none at {path}; make it with: vvs run {name}")
    try:
        content = load(path)
    except ValueError as error:
        raise VvsError(
            f"{path} must be a file that notebook {name!r} wrote; got {error}; make it again with: vvs run {name}"
        ) from error
    provenance.record_input(path)
    return content
