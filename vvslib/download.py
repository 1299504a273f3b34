"""One file from the network to the disk: under its final name lie checked bytes, or what lay there before."""

import hashlib
import os
import re
import time
from pathlib import Path

from vvslib.errors import VvsError

PARTIAL = ".part"
STALE_SECONDS = 3600.0
TIMEOUT_SECONDS = 30.0

_verified: set[tuple[str, int, int, str]] = set()


def mismatch(path: Path, size: int, sha256: str) -> str | None:
    """What is wrong with a file's bytes, in words; None when nothing is.

    An answer is remembered by path, size and time of change, so that asking again costs nothing.

    Parameters
    ----------
    path
        The file.
    size
        What it must measure, in bytes.
    sha256
        What its bytes must hash to, 64 hexadecimal digits.

    Examples
    --------
    >>> mismatch(Path("nowhere.csv"), 3, "ab" * 32)
    'nowhere.csv cannot be read (No such file or directory)'
    """
    try:
        stat = path.stat()
        key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns, sha256)
        if key in _verified:
            return None
        with path.open("rb") as stream:
            got = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror or error})"
    if stat.st_size == size and got == sha256:
        _verified.add(key)
        return None
    if stat.st_size < size:
        what = f"is truncated: {stat.st_size:,} of {size:,} bytes"
    elif stat.st_size > size:
        what = f"is too long: {stat.st_size:,} bytes for {size:,}"
    else:
        what = "has other contents"
    return f"{path} {what}; expected sha256 {sha256}, got {got}"


def download(url: str, path: Path, size: int, sha256: str, progress: bool = True) -> None:
    """Download a file to a temporary name beside its final one, check it, and only then rename it.

    Parameters
    ----------
    url
        Where it lies.
    path
        Its final name; the folder must exist.
    size, sha256
        What must arrive: bytes, and 64 hexadecimal digits.
    progress
        Draw a bar on stderr.

    Raises
    ------
    VvsError
        No network, a refusal, wrong bytes, a full disk. The temporary file is gone then, and an older file stays.
    """
    import pooch
    import requests
    from tqdm import tqdm

    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    bar = tqdm(total=size, unit="B", unit_scale=True, desc=path.name, leave=False, disable=not progress)
    try:
        with partial.open("wb") as stream:
            pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_SECONDS)(url, stream, None)
            stream.flush()
            os.fsync(stream.fileno())
        if wrong := mismatch(partial, size, sha256):
            raise VvsError(f"what {url} sent{wrong.removeprefix(str(partial))}; nothing of it was kept")
        partial.replace(path)
        _sync_folder(path.parent)
    except requests.exceptions.RequestException as error:
        raise VvsError(f"{path.name} could not be downloaded from {url} ({reason(error)})") from error
    except OSError as error:
        raise VvsError(f"{path.name} could not be written into {path.parent} ({error.strerror or error})") from error
    finally:
        bar.close()
        partial.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove partial files that a killed download left behind; those younger than an hour may belong to a living one."""
    for partial in folder.glob(f".*{PARTIAL}"):
        if time.time() - partial.stat().st_mtime > STALE_SECONDS:
            partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the platform lets a folder be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason(error: Exception) -> str:
    """One phrase for what went wrong on the network.

    Examples
    --------
    >>> reason(ConnectionError("Failed to establish a new connection: [Errno 111] Connection refused"))
    'Connection refused'
    """
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    if "timeout" in type(error).__name__.casefold():
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    if known := re.search(r"\[Errno -?\d+\] ([^'\")\]]+)", str(error)):
        return known.group(1)
    if short := re.search(r"IncompleteRead\((\d+) bytes read, (\d+) more expected", str(error)):
        return f"the answer was truncated: {int(short.group(1)):,} of {sum(map(int, short.groups())):,} bytes came"
    return f"{type(error).__name__}: {error}"
