"""Networks of an exported sweep once more, from nothing: trained, scored by the committed layers, held against the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from vvslib import table
from vvslib.errors import VvsError
from vvslib.scoring import committed
from vvslib.scoring.commitment import Committed
from vvslib.sweep import export, grid, planning, scoring
from vvslib.sweep.records import Record
from vvslib.sweep.run import Run
from vvslib.sweep.scoring_options import Scoring
from vvslib.sweep.store import Store
from vvslib.sweep.train import train_run

ACCURACY = "acc"


def cheapest(
    folder: Path, n: int, differing: Sequence[str] = ("arch",), at_least: Mapping[str, float] | None = None
) -> list[str]:
    """Ids of exported networks that cost least to train, no two alike in some columns.

    Parameters
    ----------
    folder
        What `vvslib.sweep.export.write` wrote.
    n
        How many.
    differing
        Columns of ``runs.csv``.
    at_least
        Column → the least value that counts.

    Raises
    ------
    VvsError
        When there are not so many.
    """
    runs = _runs(folder)
    for column, least in (at_least or {}).items():
        runs = runs[runs[column] >= least]
    first = runs[runs["state"] == "done"].sort_values(["total_flops", "run_id"]).drop_duplicates(list(differing))
    if len(first) < n:
        raise VvsError(
            f"{folder} must hold {n} networks that differ in {', '.join(differing)}; it holds {len(first)}; ask for fewer"
        )
    return first["run_id"].head(n).tolist()


def rerun(folder: Path, run_ids: Sequence[str], work: Path, benchmarks: Sequence[str] | None = None) -> pd.DataFrame:
    """Train and score exported networks again.

    Parameters
    ----------
    folder
        What `vvslib.sweep.export.write` wrote.
    run_ids
        Ids of training runs.
    work
        An empty folder for weights; no score is taken from those that are remembered.
    benchmarks
        Those to score on; all of the table ``scores`` when None.

    Returns
    -------
    pandas.DataFrame
        One row a network and number: run_id, model_id, quantity (``acc``, or a benchmark, whose raw score it is), committed,
        again, difference.

    Raises
    ------
    VvsError
        For an id that was not exported, data that are not there, and images that are others than those of the export.
    """
    asked = grid.read(folder / "grid.yaml")
    runs = {run.id: run for run in planning.plan(asked)}
    for run_id in run_ids:
        if run_id not in runs:
            raise VvsError(f"run {run_id} must be one of the grid in {folder}, on its images; it is none of its runs")
    layers = committed.read(folder / "layers.yaml")
    kept = table.read(folder / "scores.parquet").set_index(["run_id", "benchmark_name"])
    known = _runs(folder).set_index("run_id")
    rows = []
    for run_id in run_ids:
        record = _trained(runs[run_id], work)
        found = {ACCURACY: (known.loc[run_id, ACCURACY], record.result["acc"])}
        for wanted in (one for one in asked.score if export.kind(one) == "scores"):
            raw = _scored(record, wanted, layers, work, benchmarks)
            found |= {name: (kept.loc[(run_id, name), "raw"], value) for name, value in raw.items()}
        named = {"run_id": run_id, "model_id": record.result["model_id"]}
        rows += [{**named, "quantity": name, "committed": one, "again": other} for name, (one, other) in found.items()]
    frame = pd.DataFrame(rows)
    return frame.assign(difference=frame["again"] - frame["committed"])


def _runs(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "runs.csv", dtype={"run_id": str})


def _trained(run: Run, work: Path) -> Record:
    """A network trained from nothing, as a record of a store in `work`."""
    store = Store.create(work / "store")
    place = store.run_folder(run.id)
    place.mkdir(parents=True, exist_ok=True)
    return Record(run, "done", train_run(dict(run.parameters), place, lambda event: None), None, None, {})


def _scored(
    record: Record, wanted: Scoring, layers: Committed, work: Path, benchmarks: Sequence[str] | None
) -> dict[str, float | None]:
    """Benchmark → raw score of a trained network, found anew."""
    from vvslib.benchmarks import registry
    from vvslib.scoring import trained
    from vvslib.scoring.features import Options
    from vvslib.scoring.remembered import Remembered
    from vvslib.scoring.score import score

    names = [name for name in wanted.names if benchmarks is None or name in benchmarks]
    if not names:
        return {}
    how = scoring.how(wanted, layers, record.result["arch"], record.result["dataset"])
    given = {"run_id": record.id, "epoch": None, "size": wanted.size}
    place = Store(work / "store").run_folder(record.id)
    subject = trained.of_run(record.run.parameters, record.result, place, **given)
    options = Options(pool=wanted.pool, projected=wanted.dimension)
    loaded = [registry.load(name, wanted.leave_out) for name in names]
    found = score(subject, loaded, how["layers"], options=options, remembered=Remembered(work / "scores"))
    return {one.benchmark.name: one.score.raw for one in found.results}
