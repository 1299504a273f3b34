"""The store of a sweep: a folder, with one small record a run. No server, no database, no lock; it may be shared by machines.

::

    store.json            what the folder is, and its format
    sweeps/<name>.json    the runs that were asked for
    records/<id>.json     how a run ended; whoever is there first wins
    claims/<id>.<n>       who executes a run (`vvslib.sweep.claims`)
    runs/<id>/files/      the run's own folder: checkpoints, curves
    runs/<id>/log.txt     what it printed
    runs/<id>/progress.json
    corrupt/              records that were not whole, kept for a look
    table.csv             the records as a table
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vvslib.errors import VvsError
from vvslib.sweep import files, records
from vvslib.sweep.canonical import canonical, digest
from vvslib.sweep.claims import BEAT_S, DEAD_AFTER_S, Claim, Claims
from vvslib.sweep.records import FORMAT, CorruptRecord, Record
from vvslib.sweep.run import Run

KIND = "vvs sweep"
FOLDERS = ("sweeps", "records", "claims", "runs", "corrupt")


class Store:
    """What has been done.

    Parameters
    ----------
    folder
        The store's folder.
    beat_s, dead_after_s
        See `Claims`.

    Raises
    ------
    VvsError
        When the folder is not a store (`create` makes one).
    OtherFormat
        When another version of the library made it.
    """

    def __init__(self, folder: Path | str, beat_s: float = BEAT_S, dead_after_s: float = DEAD_AFTER_S):
        self.folder = Path(folder).expanduser().resolve()
        self.claims = Claims(self.folder / "claims", beat_s, dead_after_s)
        marker = self.folder / "store.json"
        try:
            content = json.loads(marker.read_bytes())
            kind, written = content["kind"], content["format"]
        except FileNotFoundError:
            raise VvsError(f"a store must be a folder that a sweep made; there is none at {folder}; check --store") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VvsError(f"{marker} must say what the folder is; got {error}; restore it, or take another folder") from None
        if kind != KIND:
            raise VvsError(f"{marker} must be of the kind {KIND!r}; got {kind!r}; take another folder")
        records.refuse_format(written, str(marker))

    @classmethod
    def create(cls, folder: Path | str, **seconds: float) -> "Store":
        """The store in a folder, made where there is none.

        Raises
        ------
        VvsError
            When the folder holds something else, or cannot be made.

        Examples
        --------
        >>> import tempfile
        >>> store = Store.create(tempfile.mkdtemp())
        >>> list(store.records())
        []
        """
        folder = Path(folder).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Another driver may be making the same store just now: what it makes is no stranger's.
            foreign = sorted(p.name for p in folder.iterdir() if p.name not in (*FOLDERS, "store.json") and p.name[0] != ".")
            if not (folder / "store.json").exists() and foreign:
                raise VvsError(
                    f"a store must be a folder of its own; {folder} holds {foreign[0]!r} and no store.json; take another"
                )
            for name in FOLDERS:
                (folder / name).mkdir(exist_ok=True)
        except OSError as error:
            raise VvsError(f"{folder} must be a folder that can be written ({error.strerror}); take another") from None
        files.create(folder / "store.json", (canonical({"kind": KIND, "format": FORMAT}) + "\n").encode())
        return cls(folder, **seconds)

    def run_folder(self, run_id: str) -> Path:
        """The folder of a run's own files; its parent holds the log and the progress."""
        return self.folder / "runs" / run_id / "files"

    def _path(self, run_id: str) -> Path:
        return self.folder / "records" / f"{run_id}.json"

    def recorded(self) -> set[str]:
        """Ids of the runs that have a record, whole or not."""
        with os.scandir(self.folder / "records") as entries:
            return {
                entry.name.removesuffix(".json") for entry in entries if entry.name[0] != "." and entry.name.endswith(".json")
            }

    def record(self, run_id: str) -> Record | None:
        """The record of a run; None where there is none.

        Raises
        ------
        CorruptRecord, OtherFormat
            When it is not whole, or of another version.
        """
        path = self._path(run_id)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CorruptRecord(f"{path} must be a file that can be read ({error.strerror})") from None
        found = records.decode(data, str(path))
        if found.id != run_id:
            raise CorruptRecord(f"{path} must be the record of its run; it is that of {found.id}")
        return found

    def records(self, only: Iterable[str] | None = None) -> Iterator[Record]:
        """The whole records, in the order of task and parameters, which does not depend on when they were made.

        Parameters
        ----------
        only
            Ids to keep; all when None. What is corrupt is left out: `corrupt` names it.
        """
        wanted = self.recorded() if only is None else self.recorded() & set(only)
        found = []
        for run_id in wanted:
            with contextlib.suppress(CorruptRecord):
                found.append(self.record(run_id))
        found = [one for one in found if one is not None]
        yield from sorted(found, key=lambda one: (one.run.task, canonical(one.run.parameters), one.id))

    def corrupt(self) -> list[CorruptRecord]:
        """What is wrong with each record that is not whole."""
        faults = []
        for run_id in sorted(self.recorded()):
            try:
                self.record(run_id)
            except CorruptRecord as fault:
                faults.append(fault)
        return faults

    def commit(self, record: Record, claim: Claim) -> bool:
        """Record how a run ended.

        Parameters
        ----------
        record
            The record.
        claim
            The claim under which it was executed.

        Returns
        -------
        bool
            False where there is a record already, which stays.

        Raises
        ------
        ClaimLost
            When another has taken the run over.
        StoreFull
            When there is no room.
        """
        data = record.encode()
        claim.check(thorough=True)
        return files.create(self._path(record.id), data)

    def discard(self, run_id: str, claim: Claim) -> None:
        """Take a record away, so that its run can be executed again; one that is corrupt is kept in ``corrupt/``.

        Raises
        ------
        ClaimLost
            When the claim is no longer held.
        """
        claim.check(thorough=True)
        path = self._path(run_id)
        try:
            self.record(run_id)
        except CorruptRecord:
            path.replace(self.folder / "corrupt" / f"{run_id}.{claim.number}.json")
        else:
            path.unlink(missing_ok=True)
        files.sync_folder(path.parent)

    def write_progress(self, run_id: str, values: dict[str, Any]) -> None:
        """Say how far a run is; for display, so what cannot be written is left."""
        with contextlib.suppress(VvsError, ValueError):
            files.replace(self.run_folder(run_id).parent / "progress.json", canonical(values).encode(), durable=False)

    def progress(self, run_id: str) -> dict[str, Any]:
        """What a run last said of itself; empty where it said nothing."""
        try:
            content = json.loads((self.run_folder(run_id).parent / "progress.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write_sweep(self, name: str, runs: Iterable[Run], part: bool = False) -> Path:
        """Note what was asked for, so that anybody can see what is missing; the same runs make the same file.

        Parameters
        ----------
        name
            Of the sweep.
        runs
            What was asked for.
        part
            Whether it is only a part of what the sweep has to do, which leaves the rest standing.
        """
        content = {"format": FORMAT, "name": name, "runs": [run.as_dict() for run in runs]} | ({"part": True} if part else {})
        path = self.folder / "sweeps" / f"{name}-{digest(content)[:8]}.json"
        if path.exists():
            os.utime(path)  # asked for again: the newest
        else:
            files.replace(path, (canonical(content) + "\n").encode())
        return path

    def sweeps(self, everything: bool = False) -> dict[str, list[Run]]:
        """What was asked for: file name → runs, oldest first.

        Parameters
        ----------
        everything
            Also what was asked for under a name before something else was, such as a grid before it was changed.

        Raises
        ------
        VvsError
            When a list is not whole.
        """
        found, of = {}, {}
        for path in sorted((self.folder / "sweeps").glob("[!.]*.json"), key=lambda p: (p.stat().st_mtime_ns, p.name)):
            try:
                content = json.loads(path.read_bytes())
                records.refuse_format(content["format"], str(path))
                found[path.stem] = [Run.from_dict(entry) for entry in content["runs"]]
                if not content.get("part"):
                    of[content["name"]] = path.stem
            except (ValueError, KeyError, TypeError) as error:
                if isinstance(error, VvsError):
                    raise
                raise VvsError(
                    f"{path} must list the runs of a sweep; it is garbled: remove it, the sweep makes it again"
                ) from None
        if everything:
            return found
        order = list(found)
        since = {name: order.index(stem) for name, stem in of.items()}
        return {stem: runs for i, (stem, runs) in enumerate(found.items()) if i >= since.get(stem.rpartition("-")[0], 0)}
