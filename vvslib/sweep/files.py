"""Files that appear whole or not at all, and stay when the machine goes down: written beside their name, synced, then named."""

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from vvslib.errors import VvsError

FULL = (errno.ENOSPC, errno.EDQUOT)


class StoreFull(VvsError):
    """There is no room left where a store lies."""


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room left, or the quota is used up.

    Examples
    --------
    >>> is_full(OSError(errno.ENOSPC, "No space left on device")), is_full(OSError(errno.EACCES, "Permission denied"))
    (True, False)
    """
    return isinstance(error, OSError) and error.errno in FULL


def replace(path: Path, data: bytes, durable: bool = True) -> None:
    """Write a file, in place of an older one if there is one.

    Parameters
    ----------
    path
        Its final name, in a folder that exists.
    data
        Its content.
    durable
        Whether it must outlive a crash of the machine; what is for display only need not.

    Raises
    ------
    StoreFull
        When there is no room.
    VvsError
        When it cannot be written for another reason.
    """
    with _beside(path, data, durable) as partial:
        partial.replace(path)
        if durable:
            sync_folder(path.parent)


def create(path: Path, data: bytes) -> bool:
    """Write a file unless there is one of that name; of several who try at once, exactly one succeeds.

    A hard link is what shared file systems make atomically (NFS included, where the answer may get lost: the number of links
    tells). Where there are none the name is taken with O_EXCL, which is as exclusive but may show an empty file for a moment.

    Returns
    -------
    bool
        Whether this call made the file.

    Raises
    ------
    StoreFull, VvsError
        As `replace`.
    """
    with _beside(path, data, durable=True) as partial:
        try:
            os.link(partial, path)
        except FileExistsError:
            return partial.stat().st_nlink == 2
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                return _answer_was_lost(partial, error)
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            except FileExistsError:
                return False
            partial.replace(path)
        sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written out, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _answer_was_lost(partial: Path, error: OSError) -> bool:
    if partial.stat().st_nlink == 2:
        return True
    raise error


@contextlib.contextmanager
def _beside(path: Path, data: bytes, durable: bool) -> Iterator[Path]:
    """A complete file beside `path`, gone afterwards unless it got its name; errors in the words of the project."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        with partial.open("wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        yield partial
    except OSError as error:
        if is_full(error):
            raise StoreFull(
                f"{path.parent} must have room for a record; got {error.strerror}; free some space, the same command then goes on"
            ) from None
        raise VvsError(f"{path} must be a file that can be written ({error.strerror or error}); check the folder") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
