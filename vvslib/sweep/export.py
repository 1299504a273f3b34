"""What a sweep leaves for others: score tables, runs, learning curves, committed layers, and where all of it came from.

No weights, no images, no recordings. The same records give the same bytes, on every machine and at every time.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from vvslib import table
from vvslib.errors import VvsError
from vvslib.scoring import committed
from vvslib.scoring.commitment import Committed
from vvslib.sweep import export_dictionary, export_origin, files, scoring
from vvslib.sweep.grid import Grid
from vvslib.sweep.records import Record
from vvslib.sweep.run import Run
from vvslib.sweep.running import curves
from vvslib.sweep.scoring_options import Scoring
from vvslib.sweep.store import Store
from vvslib.sweep.tables import runs_table, score_table

KINDS = ("scores", "matched", "checkpoints")
"""Score tables: networks at the end of training; the same by read-outs of one dimension; networks epoch by epoch."""

RESAMPLED = "resamples"
"""Scores that were found again for the sake of their resamples, and so are in no table."""

OF_ROW = ("model_id", "benchmark_name", "readout")
"""What tells a row of a score table from the others."""

ROUNDED = ("score", "raw", "raw_error", "ceiling", "score_error", "score_r2c", "raw_error_stimuli", "raw_error_neuroids")
DECIMALS = 6
CURVE = ("run_id", "step", "epoch", "train_loss", "train_acc", "val_loss", "val_acc")
CURVE_DECIMALS = 4


@dataclass(frozen=True)
class Collected:
    """What of a grid a store holds.

    Attributes
    ----------
    grid
        What was asked for.
    asked
        Its training runs.
    trained
        Records of those that were trained to the end, in the grid's order.
    ended
        Records of all that ended, by failing too.
    scored
        Kind of table → for each way of scoring, the records of its scoring runs.
    choices
        Records of the runs in which layers were chosen.
    layers
        The layers of the grid's architectures.
    missing
        What there is none of yet → how many: "training", and the kinds of tables.
    """

    grid: Grid
    asked: list[Run]
    trained: list[Record]
    ended: list[Record]
    scored: dict[str, list[list[Record]]]
    choices: list[Record]
    layers: Committed
    missing: dict[str, int]

    @property
    def complete(self) -> bool:
        """Whether every run was trained, and every network scored in every way that the grid asks for."""
        return not self.missing


def kind(wanted: Scoring) -> str:
    """Which of `KINDS` a way of scoring belongs to, or `RESAMPLED`.

    Examples
    --------
    >>> kind(Scoring(benchmarks=["simulated.V1-pls"], dimension=64))
    'matched'
    """
    if wanted.resamples:
        return RESAMPLED
    if wanted.epochs == "kept":
        return "checkpoints"
    return "matched" if wanted.dimension is not None else "scores"


def collect(store: Store, grid: Grid, asked: Sequence[Run]) -> Collected:
    """The records of a grid's networks and of their scores.

    Parameters
    ----------
    store
        Where they lie.
    grid
        What was asked for, with a section ``score``.
    asked
        Its training runs (`vvslib.sweep.planning.plan`).

    Raises
    ------
    VvsError
        Where the grid says nothing of scoring, or no network was trained.
    """
    if not grid.score:
        raise VvsError(f"grid {grid.name!r} must have a section `score` to be exported: a score table is made of scores")
    trained = scoring.trained(store, asked)
    if not trained:
        raise VvsError(f"{store.folder} must hold networks of {grid.name!r} that were trained to the end; there are none")
    known = scoring.layers_of(store)
    ended = list(store.records(run.id for run in asked))
    missing = Counter({"training": len(asked) - len(trained)})
    found: dict[str, list[list[Record]]] = {}
    choosing: dict[str, Run] = {}
    for wanted in grid.score:
        runs = [*scoring.scores(trained, wanted, known, store), *scoring.untrained(trained, wanted, known)]
        records = [one for one in store.records(run.id for run in runs) if one.state == "done" and one.result.get("scores")]
        found.setdefault(kind(wanted), []).append(records)
        missing[kind(wanted)] += len(runs) - len(records)
        choosing |= {run.id: run for run in scoring.choices(trained, wanted, Committed())}
    archs = {record.result["arch"] for record in trained}
    layers = Committed(tuple(one for one in known.entries if one.arch in archs))
    kept = {name: n for name, n in missing.items() if n}
    return Collected(grid, list(asked), trained, ended, found, list(store.records(choosing)), layers, kept)


def tables(found: Collected) -> dict[str, pd.DataFrame]:
    """The score tables: kind → table; kinds of which nothing was scored are left out.

    Beside what scoring says of a network stands how long it was trained: `n_steps` and `length_by`. Correlations and scores have
    six decimals.

    Raises
    ------
    VvsError
        Where a table does not keep to the schema, such as when two ways of scoring give one network two scores.
    """
    made = {}
    for name, ways in ((one, found.scored[one]) for one in KINDS if one in found.scored):
        parts = [score_table(records) for records in ways if records]
        if parts:
            frame = _with_length(pd.concat(parts, ignore_index=True), found.trained)
            rounded = {column: frame[column].astype(float).round(DECIMALS) for column in ROUNDED if column in frame}
            made[name] = table.check(frame.assign(**rounded))
    return made


def _with_length(frame: pd.DataFrame, trained: Sequence[Record]) -> pd.DataFrame:
    """The columns that say how long a network was trained, and what that followed from."""
    steps = {record.id: n_steps(record) for record in trained}
    epochs = {record.id: record.result["n_epochs"] for record in trained}
    by = {record.id: "steps" if record.run.parameters.get("recipe.steps") else "epochs" for record in trained}
    # Epoch by epoch a network has done its part of the steps.
    share = (frame["n_epochs"].astype(float) / frame["run_id"].map(epochs)).where(lambda part: part < 1, 1.0)
    counted = (frame["run_id"].map(steps) * share).round()
    return frame.assign(n_steps=counted.where(~frame["is_random"], 0), length_by=frame["run_id"].map(by))


def n_steps(record: Record) -> int:
    """Steps of the optimiser that a training run took: where its learning curve ends."""
    return int(record.result["curve"][-1]["step"])


def runs_of(found: Collected) -> pd.DataFrame:
    """One row a training run: parameters, results, steps, and on what device, how long and by which code it was made."""
    frame = runs_table(found.ended)
    by_id = {record.id: record for record in found.ended}
    made = [by_id[run_id].made for run_id in frame["run_id"]]
    return frame.assign(
        n_steps=[n_steps(by_id[run_id]) if by_id[run_id].result.get("curve") else None for run_id in frame["run_id"]],
        device=[export_origin.named(one) for one in made],
        wall_seconds=[one.get("wall_seconds") for one in made],
        commit=[one.get("commit") for one in made],
    )


def curves_of(found: Collected) -> pd.DataFrame:
    """The learning curves: one row an evaluation of a network, four decimals."""
    frame = curves(found.trained)
    frame = frame[[column for column in CURVE if column in frame]]
    return frame.round({column: CURVE_DECIMALS for column in CURVE[2:]})


def neuroids_of(found: Collected) -> pd.DataFrame:
    """Raw correlation of every neuroid, for claims that rest on which neuroids were recorded.

    Returns
    -------
    pandas.DataFrame
        model_id, benchmark_name, readout (as in the score tables), raw_by_neuroid: a list in the order of the benchmark's
        neuroids. Networks epoch by epoch are left out.
    """
    rows = []
    for name in (one for one in KINDS[:2] if one in found.scored):
        for record in (one for records in found.scored[name] for one in records):
            about = {row["benchmark_name"]: row for row in record.result["scores"]}
            for benchmark, values in record.result.get("by_neuroid", ()):
                rows.append({key: about[benchmark].get(key) for key in OF_ROW} | {"raw_by_neuroid": values})
    return pd.DataFrame(rows, columns=[*OF_ROW, "raw_by_neuroid"])


def resamples_of(found: Collected) -> pd.DataFrame:
    """Raw scores in resamples of what networks were measured on, for claims that rest on which stimuli were shown.

    Returns
    -------
    pandas.DataFrame
        model_id, benchmark_name, readout (as in the score tables), drawn: what was drawn anew; raw_by_resample: a list. The same
        position of two lists of a benchmark is the same resample.
    """
    rows = []
    for record in (one for records in found.scored.get(RESAMPLED, ()) for one in records):
        about = {row["benchmark_name"]: row for row in record.result["scores"]}
        for benchmark, drawn, values in record.result["by_resample"]:
            of = {key: about[benchmark].get(key) for key in OF_ROW}
            rows.append(of | {"drawn": drawn, "raw_by_resample": np.asarray(values, np.float32)})
    return pd.DataFrame(rows, columns=[*OF_ROW, "drawn", "raw_by_resample"])


def write(found: Collected, grid_file: Path, folder: Path) -> dict[str, int]:
    """Write everything to a folder.

    Parameters
    ----------
    found
        What a store holds.
    grid_file
        The grid, copied as it is.
    folder
        Where to: scores, matched and checkpoints (.parquet and .csv), neuroids.parquet, resamples.parquet, runs.csv, curves.csv,
        layers.yaml, grid.yaml, dictionary.csv, provenance.json. What an earlier export left there and this one has not goes.

    Returns
    -------
    dict
        File → bytes.

    Raises
    ------
    VvsError
        When no network was scored, or the folder cannot be written.
    """
    made = tables(found)
    if "scores" not in made:
        raise VvsError(
            f"networks of {found.grid.name!r} must be scored to be exported; none is: `vvs sweep --score-only` does it"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VvsError(f"{folder} must be a folder that can be written ({error.strerror}); take another") from None
    frames = {**{f"{name}.parquet": frame for name, frame in made.items()}, **{f"{n}.csv": one for n, one in made.items()}}
    for name, frame in frames.items():
        table.write(frame, folder / name)
    further = {"runs.csv": runs_of(found), "curves.csv": curves_of(found)}
    for name, frame in further.items():
        files.replace(folder / name, frame.to_csv(index=False, lineterminator="\n").encode())
    lists = {"neuroids.parquet": neuroids_of(found), "resamples.parquet": resamples_of(found)}
    lists = {name: frame for name, frame in lists.items() if len(frame)}
    for name, frame in lists.items():
        files.replace(folder / name, export_origin.parquet(frame))
    committed.write(found.layers, folder / "layers.yaml", scoring.ABOUT)
    files.replace(folder / "grid.yaml", grid_file.read_bytes())
    described = export_dictionary.describe({**made, **further, **lists})
    files.replace(folder / "dictionary.csv", described.to_csv(index=False, lineterminator="\n").encode())
    written = {*frames, *further, *lists, "layers.yaml", "grid.yaml", "dictionary.csv"}
    for name in {f"{stem}.{suffix}" for stem in (*KINDS, "neuroids", RESAMPLED) for suffix in ("parquet", "csv")} - written:
        (folder / name).unlink(missing_ok=True)
    content = export_origin.describe(found, {name: (folder / name).read_bytes() for name in sorted(written)})
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    files.replace(folder / "provenance.json", (text + "\n").encode())
    return {name: (folder / name).stat().st_size for name in sorted({*written, "provenance.json"})}
