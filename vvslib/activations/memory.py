"""How much memory may be taken, and how amounts are written."""

import math
from pathlib import Path

import psutil

from vvslib.errors import VvsError

SHARE = 0.5
"""Of what is available, taken where no limit is given."""

LIMIT, USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def available() -> int:
    """Bytes that could be had: of the machine, or of the container or job where that is less."""
    free = psutil.virtual_memory().available
    try:
        return max(0, min(free, int(LIMIT.read_text()) - int(USED.read_text())))
    except (OSError, ValueError):  # no such limit
        return free


def allowed(memory: int | None) -> int:
    """Bytes that may be taken: those given, or a share of what is available.

    Raises
    ------
    VvsError
        For a limit that is no positive number of bytes.

    Examples
    --------
    >>> allowed(10**9)
    1000000000
    """
    if memory is None:
        return int(SHARE * available())
    if isinstance(memory, bool) or not isinstance(memory, int | float) or not memory > 0:
        raise VvsError(f"memory must be a positive number of bytes; got {memory!r}")
    return int(memory)


def written(n_bytes: float) -> str:
    """Bytes for a person.

    Examples
    --------
    >>> written(1.53e9), written(20_000)
    ('1.53 GB', '0.02 MB')
    """
    return f"{n_bytes / 1e9:.3g} GB" if n_bytes >= 1e9 else f"{max(n_bytes, 1e4) / 1e6:.3g} MB"


def sufficient(n_bytes: int) -> str:
    """The memory that would do, as an argument and as an option of the command line.

    Examples
    --------
    >>> sufficient(191_692_032)
    'memory=191692032 (--memory 0.192) would do'
    """
    return f"memory={n_bytes} (--memory {math.ceil(n_bytes / 1e6) / 1e3:g}) would do"
