"""What is known of architectures, kept in a folder from one process to the next: counting all of them takes some seconds."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from vvslib.models.registry import Info, info

LIBRARIES = ("torch", "torchvision", "timm", "open_clip_torch")


def infos(names: Sequence[str], n_classes: int | None, folder: Path) -> Iterator[Info]:
    """`info` of each name, from the folder where it is known there; what was not is written there at the end.

    What is kept holds for one state of this package's source and one set of library versions, after which the file is named. A
    file that cannot be read or written costs time and nothing else.

    Parameters
    ----------
    names, n_classes
        As for `vvslib.models.info`.
    folder
        Where the file lies; it is made if need be.

    Yields
    ------
    Info
        In the order of `names`, each as soon as it is known.

    Raises
    ------
    VvsError
        As `vvslib.models.info` does.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, second = (list(infos(["small_alexnet_w4"], 10, Path(folder))) for _ in range(2))
    >>> first == second
    True
    """
    path = folder / f"models-{_version()}.json"
    known = _read(path)
    before = len(known)
    try:
        for name in names:
            key = f"{name} {n_classes}"
            if key not in known:
                known[key] = info(name, n_classes)
            yield known[key]
    finally:
        if len(known) > before:
            _write(path, known)


def _version() -> str:
    """A digest of everything that the numbers depend on."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for library in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            digest.update(f"{library} {metadata.version(library)}\n".encode())
    return digest.hexdigest()[:16]


def _read(path: Path) -> dict[str, Info]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {key: Info(**row | {"layers": tuple(row["layers"])}) for key, row in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write(path: Path, known: dict[str, Info]) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(json.dumps({key: asdict(row) for key, row in known.items()}), encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
