"""Where the checkout is, and the folders inside it."""

import os
from pathlib import Path

from vvslib.errors import VvsError


def root(start: Path | None = None) -> Path:
    """The checkout's root: the nearest folder above `start` that holds this project.

    Parameters
    ----------
    start
        Folder to look up from; the working directory when None. Where nothing is found above it, the folder that the
        package itself lies in is tried (an editable install run from elsewhere).

    Raises
    ------
    VvsError
        When neither lies in a checkout.
    """
    start = Path.cwd() if start is None else Path(start)
    for folder in (start, *start.parents, Path(__file__).resolve().parents[1]):
        if (folder / "experiments").is_dir() and (folder / "_config.yml").is_file():
            return folder
    raise VvsError(
        f"no vvs-scaling checkout at or above {start}: experiments/ and _config.yml must lie there; "
        "change to the folder you cloned"
    )


def experiments() -> Path:
    """Folder of the experiment definitions."""
    return root() / "experiments"


def notebooks() -> Path:
    """Folder of the parametrised notebooks."""
    return root() / "notebooks"


def results() -> Path:
    """Folder of the committed results."""
    return root() / "results"


def sweeps() -> Path:
    """Folder of the stores of sweeps: what was trained here, never committed, and not removed by ``make clean``.

    ``sweeps/`` of the checkout, unless ``VVS_SWEEPS`` names another one (a large disk).
    """
    if named := os.environ.get("VVS_SWEEPS"):
        return Path(named).expanduser()
    return root() / "sweeps"


def build() -> Path:
    """Folder of everything made by a build and never committed."""
    return root() / "_build"
