"""Where an exported sweep came from: code, data, devices, hours and operations; what ran where."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from vvslib.benchmarks import registry
from vvslib.origins import SOURCES
from vvslib.sweep.records import Record

if TYPE_CHECKING:
    from vvslib.sweep.export import Collected


def named(made: Mapping[str, Any]) -> str | None:
    """The device of a record in a word: its GPU where it has one, else the CPU.

    Examples
    --------
    >>> named({"device": {"cpu": "Some CPU", "cores": 2, "gpu": None}})
    'Some CPU'
    """
    device = made.get("device") or {}
    return device.get("gpu") or device.get("cpu")


def describe(found: "Collected", written: Mapping[str, bytes]) -> dict[str, Any]:
    """Everything that belongs beside the tables, ready for JSON. Nothing in it depends on when or where it is exported.

    Parameters
    ----------
    found
        What was exported.
    written
        File → its bytes.

    Returns
    -------
    dict
        grid; complete, and what is missing; networks, architectures, families; ``training``, ``layers`` and ``scoring``: `work`;
        ``data``: digests of the training images, versions of the benchmarks, sha256 of their files; ``files``: sha256 and bytes.
    """
    scored = [one for ways in found.scored.values() for records in ways for one in records]
    results = [one.result for one in found.trained]
    facts = registry.facts()
    benchmarks = sorted({name for wanted in found.grid.score for name in wanted.names})
    sources = sorted({source for name in benchmarks for source in facts[name].sources if source in SOURCES})
    return {
        "grid": found.grid.name,
        "complete": found.complete,
        "missing": found.missing,
        "states": dict(Counter(one.state for one in found.ended)),
        "networks": {
            "asked": len(found.asked),
            "trained": len(found.trained),
            "architectures": len({one["arch"] for one in results}),
            "families": sorted({one["arch_family"] for one in results}),
            "datasets": sorted({one["dataset"] for one in results}),
        },
        "training": work(found.trained),
        "layers": work(found.choices),
        "scoring": work(scored),
        "data": {
            "images": dict(sorted(one.run.digests["images"].rsplit(" ", 1) for one in found.trained)),
            "benchmarks": sorted({part for one in scored for part in one.run.digests["benchmarks"].split(", ")}),
            "files": {name: {file.name: file.sha256 for file in SOURCES[name].files} for name in sources},
        },
        "files": {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in written.items()},
    }


def work(records: Iterable[Record]) -> dict[str, Any]:
    """What making some records took.

    Returns
    -------
    dict
        runs; hours: wall time of each run, added up, runs that shared a machine counted singly; flops of training, where known;
        ``where``: the same by device and by grouping of cores; ``commits``: runs by the commit of their code, ``dirty`` runs of
        altered code, ``versions`` of each package, ``first`` and ``last`` day.
    """
    records = list(records)
    where: dict[tuple, list[Record]] = defaultdict(list)
    versions: dict[str, set[str]] = defaultdict(set)
    for record in records:
        device = record.made.get("device") or {}
        where[device.get("gpu") or "", device.get("cpu") or "", device.get("cores") or 0].append(record)
        for package, version in (record.made.get("versions") or {}).items():
            versions[package].add(version)
    days = sorted(date[:10] for one in records if (date := one.made.get("date")))
    parts = [
        {"gpu": gpu or None, "cpu": cpu or None, "cores": cores or None, **_sums(where[gpu, cpu, cores])}
        for gpu, cpu, cores in sorted(where)
    ]
    return {
        **_sums(records),
        "where": parts,
        "commits": dict(sorted(Counter(one.made.get("commit") or "unknown" for one in records).items())),
        "dirty": sum(bool(one.made.get("dirty")) for one in records),
        "versions": {package: sorted(found) for package, found in sorted(versions.items())},
        "first": days[0] if days else None,
        "last": days[-1] if days else None,
    }


def _sums(records: list[Record]) -> dict[str, Any]:
    flops = [one.result["total_flops"] for one in records if one.result.get("total_flops") is not None]
    hours = sum(one.made.get("wall_seconds") or 0.0 for one in records) / 3600
    return {"runs": len(records), "hours": round(hours, 3), "flops": sum(flops) if flops else None}


def parquet(frame: pd.DataFrame) -> bytes:
    """A frame whose last column is of lists as Parquet: lists of float32, compressed; the same rows give the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    *names, last = frame.columns
    lists = pa.array(frame[last], type=pa.list_(pa.float32()))
    texts = {name: pa.array(frame[name], type=pa.string(), from_pandas=True) for name in names}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({**texts, last: lists}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()
