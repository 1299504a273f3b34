"""Arrays that are worth computing once: kept below the user's cache, mapped into memory, and made again when damaged.

An entry is one ``.npy`` file and, beside it, the sha256 of its values. The key names what the array was computed from, so that an
entry is never out of date. Files appear whole or not at all; where the cache cannot be written, the array is computed each time.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vvslib import sources

logger = logging.getLogger(__name__)


def folder() -> Path:
    """Where computed arrays are kept: ``images`` below the user's cache (``VVS_CACHE`` names another one)."""
    return sources.cache_folder() / "images"


def key(*parts: object) -> str:
    """A name for what is computed from `parts`: 32 hexadecimal digits.

    Examples
    --------
    >>> key("a", 1) == key("a", 1), key("a", 1) == key("a1")
    (True, False)
    """
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def remembered(name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array kept under a name, else the one that `make` returns, which is kept.

    Parameters
    ----------
    name
        Name of the entry; from `key`, so that it names everything the array depends on.
    make
        Computes the array.

    Returns
    -------
    ndarray
        Mapped copy-on-write where it was kept: processes share its pages, and what one writes into it stays in that process.
    """
    path = folder() / f"{name}.npy"
    kept = _load(path)
    if kept is not None:
        return kept
    array = np.ascontiguousarray(make())
    if not _store(path, array):
        return array
    kept = _load(path)
    return array if kept is None else kept


def _load(path: Path) -> np.ndarray | None:
    """The values of an entry; None where it is absent or its bytes are not those that were written."""
    try:
        expected = path.with_suffix(".sha256").read_text(encoding="ascii").strip()
        array = np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:
        logger.warning("%s is damaged (%s) and made again", path, error)
        return None
    if _digest(array) != expected:
        logger.warning("%s is damaged (its sha256 is another one) and made again", path)
        return None
    return array


def _store(path: Path, array: np.ndarray) -> bool:
    """Write an entry whole; False, with a note, where the cache takes no files."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as stream:
                np.save(stream, array, allow_pickle=False)
            # The digest goes last: an entry without one, or with an older one, counts as absent.
            partial.replace(path)
            partial.write_text(_digest(array) + "\n", encoding="ascii")
            partial.replace(path.with_suffix(".sha256"))
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        logger.warning(
            "images are computed again each time: %s takes no files (%s); name another cache in VVS_CACHE",
            path.parent,
            error.strerror,
        )
        return False
    return True


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
