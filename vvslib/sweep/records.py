"""The record of a run: one small JSON file that says what was run and how it ended, and proves to be whole."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vvslib.errors import VvsError
from vvslib.sweep.canonical import canonical, digest, plain
from vvslib.sweep.run import Run

FORMAT = 1
State = Literal["done", "failed", "diverged", "died"]
STATES: tuple[str, ...] = State.__args__
FINAL = ("done", "failed", "diverged")


class CorruptRecord(VvsError):
    """A record that is not whole, or was altered."""


class OtherFormat(VvsError):
    """A store or record that another version of this library wrote."""


@dataclass(frozen=True)
class Record:
    """How a run ended.

    Attributes
    ----------
    run
        What was run.
    state
        ``done``; ``failed``: the task raised an error, so the run itself is wrong; ``diverged``: its numbers ran away;
        ``died``: its process or machine went down as often as was allowed, which says nothing of the run: the next sweep tries
        again.
    result
        What the task returned; empty unless done or diverged. None where a value is not computable.
    error
        ``{"type", "text", "traceback"}`` where failed, ``{"type", "text"}`` where died, else None.
    step
        Where it diverged, else None.
    made
        When, where and by which code: no part of any table.
    """

    run: Run
    state: State
    result: dict[str, Any]
    error: dict[str, str] | None
    step: int | None
    made: dict[str, Any]

    @property
    def id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def stamp(self) -> str:
        """A digest of the record, wall times included: two records of one run differ in it."""
        return digest(self._content())

    def _content(self) -> dict[str, Any]:
        content = asdict(self) | {"run": self.run.as_dict(), "format": FORMAT}
        return plain(content, "record")

    def encode(self) -> bytes:
        """The record as JSON with its own digest.

        Examples
        --------
        >>> record = Record(Run("m:f", 1, {"seed": 0}), "done", {"acc": 0.5}, None, None, {})
        >>> decode(record.encode(), "an example") == record
        True
        """
        content = self._content()
        return (canonical(content | {"sha256": digest(content)}) + "\n").encode()


def decode(data: bytes, where: str) -> Record:
    """The record in a file's bytes.

    Parameters
    ----------
    data
        The bytes.
    where
        The file, for the error.

    Raises
    ------
    CorruptRecord
        When it is cut short, garbled, or not what was written.
    OtherFormat
        When another version of the library wrote it.

    Examples
    --------
    >>> decode(b'{"format":', "a.json")
    Traceback (most recent call last):
    vvslib.sweep.records.CorruptRecord: a.json must be a whole record; it is cut short or garbled
    """
    try:
        content = json.loads(data)
        written = content["format"]
    except (ValueError, KeyError, TypeError):
        raise CorruptRecord(f"{where} must be a whole record; it is cut short or garbled") from None
    refuse_format(written, where)
    sha256 = content.pop("sha256", None)
    if sha256 != digest(content):
        raise CorruptRecord(f"{where} must be a whole record; its content is not what was written")
    try:
        content.pop("format")
        return Record(**content | {"run": Run.from_dict(content["run"])})
    except (KeyError, TypeError, VvsError) as error:
        raise CorruptRecord(f"{where} must be a whole record; got {error}") from None


def refuse_format(written: Any, where: str) -> None:
    """Refuse what another version wrote.

    Raises
    ------
    OtherFormat
        When the format is not this version's.

    Examples
    --------
    >>> refuse_format(2, "store.json")
    Traceback (most recent call last):
    vvslib.sweep.records.OtherFormat: store.json has format 2, this version reads format 1: take the version that wrote it, or ...
    """
    if written != FORMAT:
        raise OtherFormat(
            f"{where} has format {written!r}, this version reads format {FORMAT}: take the version that wrote it, "
            "or another folder"
        )
