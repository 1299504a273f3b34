"""Claims: of all processes that want to execute a run, on however many machines, one at a time may.

The claims of a run are files ``<id>.1``, ``<id>.2``, …, each made once (`files.create`) and never removed: who holds the last one
holds the run. A taker makes the next number, which only one can, so a claim thought dead cannot be taken over twice, and who
wakes up after a take-over sees the higher number. The holder touches its file every few seconds with a time that differs from the
last; only whether it changes is looked at, so clocks need not agree. A claim is over

* when it was given up: its time is 0 (which needs no room on a full disk);
* when its process is known to be gone: the same machine without that process, or the same Slurm job in a later start;
* when its time stood still for `DEAD_AFTER_S`, watched by the clock of whoever wants it (`Watch`).
"""

import contextlib
import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vvslib.sweep import files, owner

BEAT_S = 5.0
DEAD_AFTER_S = 120.0

_held: "set[Claim]" = set()


class ClaimLost(Exception):
    """The run is no longer this process's: it stood still for too long, and another took over."""


@dataclass(frozen=True)
class Holding:
    """The last claim on a run, as seen from outside.

    Attributes
    ----------
    number
        Its number.
    beat
        Its time in ns; 0 when it was given up.
    owner
        Who holds it (`vvslib.sweep.owner.describe`), and its ``dead_after_s``.
    """

    number: int
    beat: int
    owner: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether it was given up, or its process is known to be gone."""
        return self.beat == 0 or owner.is_gone(self.owner)


class Claim:
    """A run held by this process: a context manager that beats until it is left, then gives the run up.

    Parameters
    ----------
    path
        Its file.
    beat_s
        Seconds between two beats.
    """

    def __init__(self, path: Path, beat_s: float):
        self.path = path
        self.number = int(path.suffix[1:])
        self._beat_s = beat_s
        self._left = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="claim")

    def __enter__(self) -> "Claim":
        _held.add(self)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._left.set()
        self._thread.join()
        self.give_up()
        _held.discard(self)

    def _beat(self) -> None:
        while not self._left.wait(self._beat_s):
            try:
                os.utime(self.path)
            except FileNotFoundError:
                self._lost.set()
            except OSError:
                continue  # a file system that hangs for a while; whoever watches decides
            if self.path.with_suffix(f".{self.number + 1}").exists():
                self._lost.set()

    def check(self, thorough: bool = False) -> None:
        """Raise when the run was taken over.

        Parameters
        ----------
        thorough
            Whether to look at the folder now, not only at what the last beat saw.

        Raises
        ------
        ClaimLost
            When it was.
        """
        if thorough and (not self.path.exists() or self.path.with_suffix(f".{self.number + 1}").exists()):
            self._lost.set()
        if self._lost.is_set():
            raise ClaimLost(f"the claim {self.path.name} was taken over")

    def give_up(self) -> None:
        """Let others have the run at once."""
        with contextlib.suppress(OSError):
            os.utime(self.path, ns=(0, 0))


class Claims:
    """The claims of a store.

    Parameters
    ----------
    folder
        Where their files lie.
    beat_s, dead_after_s
        Seconds between beats, and without one until the claim is dead. Written into each claim, and taken from there.
    """

    def __init__(self, folder: Path, beat_s: float = BEAT_S, dead_after_s: float = DEAD_AFTER_S):
        self.folder = folder
        self.beat_s = beat_s
        self.dead_after_s = dead_after_s

    def holding(self, run_id: str) -> Holding | None:
        """The last claim on a run, given up or not; None where there never was one."""
        number, path, beat = 0, None, 0
        while True:
            candidate = self.folder / f"{run_id}.{number + 1}"
            try:
                beat = candidate.stat().st_mtime_ns
            except FileNotFoundError:
                break
            number, path = number + 1, candidate
        if path is None:
            return None
        try:
            described = json.loads(path.read_bytes())
        except (OSError, ValueError):
            described = {}  # only silence can end it
        return Holding(number, beat, described)

    def take(self, run_id: str, dead: int | None = None) -> Claim | None:
        """Claim a run.

        Parameters
        ----------
        run_id
            The run.
        dead
            Number of a claim that the caller has watched long enough to know that it is dead (`Watch`).

        Returns
        -------
        Claim or None
            None when another holds it.

        Raises
        ------
        StoreFull
            When there is no room for the claim.
        """
        last = self.holding(run_id)
        if last is not None and not last.over and last.number != dead:
            return None
        path = self.folder / f"{run_id}.{last.number + 1 if last else 1}"
        content = owner.describe() | {"dead_after_s": self.dead_after_s}
        return Claim(path, self.beat_s) if files.create(path, json.dumps(content).encode()) else None


class Watch:
    """Tells by silence that claims of others are dead, by this process's own clock.

    Parameters
    ----------
    claims
        The claims to watch.
    """

    def __init__(self, claims: Claims):
        self._claims = claims
        self._seen: dict[str, tuple[int, int, float]] = {}

    def available(self, run_id: str) -> tuple[bool, int | None]:
        """Whether a run can be claimed, and the number of the claim that is dead by silence, if it is one."""
        last = self._claims.holding(run_id)
        if last is None or last.over:
            return True, None
        number, beat, since = self._seen.get(run_id, (0, 0, 0.0))
        now = time.monotonic()
        if (number, beat) != (last.number, last.beat):
            self._seen[run_id] = (last.number, last.beat, now)
            return False, None
        if now - since > float(last.owner.get("dead_after_s", self._claims.dead_after_s)):
            return True, last.number
        return False, None


def give_up_all() -> None:
    """Give up every claim of this process, which is about to end."""
    for claim in list(_held):
        claim.give_up()
