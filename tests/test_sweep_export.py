"""What a sweep leaves for others: tables, provenance and dictionary of a small sweep; three of its networks again."""

import json

import numpy as np
import pandas as pd
import pytest
import training
import yaml
from typer.testing import CliRunner

from vvslib import published, replication, table
from vvslib.benchmarks.benchmark import N_RESAMPLES
from vvslib.cli import build
from vvslib.errors import VvsError
from vvslib.sweep import again, export, export_dictionary, grid, planning, scoring, work
from vvslib.sweep.store import Store

GRID = {
    "name": "small",
    "task": "vvslib.sweep.train:train_run",
    "fixed": {"images": training.IMAGES, "recipe.steps": 4, "recipe.batch_size": 32},
    "blocks": [
        {"axes": {"arch": ["small_resnet_w2_d1", "small_resnet_w4_d1"], "per_class": [2, 0], "seed": [0]}},
        {
            "fixed": {"recipe.steps": None, "recipe.epochs": 2, "recipe.min_steps": 0, "checkpoints": "every"},
            "axes": {"arch": ["small_resnet_w4_d1"], "per_class": [0], "seed": [0]},
        },
    ],
    "score": [
        {"benchmarks": ["simulated.V1-pls", "simulated.behavior-i2n"], "untrained": 1},
        {"benchmarks": ["simulated.V1-pls"], "dimension": 32, "table": "narrow"},
        {"benchmarks": ["simulated.V1-pls"], "epochs": "kept"},
        {
            "benchmarks": ["simulated.V1-pls", "simulated.behavior-i2n"],
            "resamples": True,
            "only": [{"arch": "small_resnet_w2_d1", "per_class": [2, 0]}, {"recipe.epochs": 2}],
            "table": "resampled",
        },
    ],
}
FILES = {f"{stem}.{suffix}" for stem in export.KINDS for suffix in ("parquet", "csv")} | {
    *("neuroids.parquet", "resamples.parquet", "runs.csv", "curves.csv"),
    *("layers.yaml", "grid.yaml", "dictionary.csv", "provenance.json"),
}


def vvs(*words):
    """Run `vvs` in this process."""
    return CliRunner().invoke(build(), list(map(str, words)))


def here(name, runs, store):
    """Execute runs in this process, one after another: what an executor's workers do, without the workers."""
    for run in runs:
        work.execute(work.Job(str(store.folder), run.as_dict(), None, None, 10.0, 60.0))
    assert [record.error for record in store.records(run.id for run in runs) if record.state != "done"] == [], name


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A small sweep that was trained, scored and exported: grid, store, folder."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "grid.yaml").write_text(yaml.safe_dump(GRID))
    asked = grid.read(folder / "grid.yaml")
    store = Store.create(folder / "store")
    runs = planning.plan(asked)
    here("small", runs, store)
    for wanted in asked.score:
        scoring.score_store(store, scoring.trained(store, runs), wanted, "small", lambda name, runs: here(name, runs, store))
    done = vvs("export", folder / "grid.yaml", "--store", folder / "store", "--out", folder / "out")
    assert done.exit_code == 0 and "whole" in done.output, done.output
    return folder / "grid.yaml", Store(folder / "store"), folder / "out"


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes(swept, tmp_path):
    """Exported again, elsewhere, every file is the same; what an earlier export left is taken away."""
    file, store, folder = swept
    (tmp_path / "checkpoints.csv").write_text("old")
    done = vvs("export", file, "--store", store.folder, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert {path.name for path in folder.iterdir()} == FILES == {path.name for path in tmp_path.iterdir()}
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in FILES)


@pytest.mark.slow
def test_csv_and_parquet_are_one_table(swept):
    """Both forms hold the same rows, by the schema, with the length of training beside them."""
    for stem in export.KINDS:
        csv, parquet = (table.read(swept[2] / f"{stem}.{suffix}") for suffix in ("csv", "parquet"))
        pd.testing.assert_frame_equal(csv, parquet)
        assert "unlisted_columns" not in parquet.attrs
    scores = table.read(swept[2] / "scores.parquet")
    trained = scores[~scores["is_random"]]
    assert len(scores) == 2 * (5 + 2) and set(scores.loc[scores["is_random"], "n_steps"]) == {0}
    assert set(trained.loc[trained["length_by"] == "steps", "n_steps"]) == {4}
    by_epochs = trained[trained["length_by"] == "epochs"]
    assert len(by_epochs) == 2 and (by_epochs["n_steps"] == by_epochs["n_samples_seen"] / 32).all()
    assert (trained["n_samples_seen"] == trained["n_samples"] * trained["n_epochs"]).all()


@pytest.mark.slow
def test_tables_differ_in_what_they_say_of_features_and_epochs(swept):
    """Matched read-outs name their dimension; epochs have their share of the steps."""
    matched = replication.scores("open_matched", swept[2])
    assert matched["readout"].str.contains("projected to 32").all() and len(matched) == 5
    epochs = replication.scores("open_checkpoints", swept[2]).sort_values("epochs")
    assert epochs["epochs"].tolist() == [1, 2] and epochs["n_steps"].iloc[0] * 2 == epochs["n_steps"].iloc[1]


@pytest.mark.slow
def test_neuroids_give_the_raw_score(swept):
    """Each list has a value a neuroid, whose median is near the raw score."""
    found = replication.neuroids(swept[2])
    scores = replication.scores(within=swept[2]).set_index(["model_id", "benchmark_name"])
    plain = found[found["readout"].isna() | ~found["readout"].fillna("").str.contains("projected")]
    assert len(plain) == 7 and plain["raw_by_neuroid"].map(len).nunique() == 1
    for row in plain.itertuples():
        assert abs(pd.Series(row.raw_by_neuroid).median() - scores.loc[(row.model_id, row.benchmark_name), "raw"]) < 0.05


@pytest.mark.slow
def test_resamples_are_of_the_networks_that_were_asked_for(swept):
    """Each list lies around the raw score as widely as its error over stimuli says, though the score was remembered before."""
    found = replication.resamples(swept[2])
    scores = replication.scores(within=swept[2]).set_index(["model_id", "benchmark_name"])
    wanted = {name for name in scores.index.unique(0) if "untrained" not in name and ("_w2_" in name or "epochs2" in name)}
    assert len(wanted) == 3 and set(found["model_id"]) == wanted
    kinds = found.groupby("benchmark_name")["drawn"].unique().map(sorted).to_dict()
    assert kinds == {"simulated.V1-pls": ["stimuli", "stimuli and neuroids"], "simulated.behavior-i2n": ["stimuli"]}
    for row in found[found["drawn"] == "stimuli"].itertuples():
        known = scores.loc[(row.model_id, row.benchmark_name)]
        assert len(row.raw_by_resample) == N_RESAMPLES and (row.readout is None or row.readout == known["readout"])
        assert np.mean(row.raw_by_resample) == pytest.approx(known["raw"], abs=2 * known["raw_error_stimuli"])
        assert np.std(row.raw_by_resample, ddof=1) == pytest.approx(known["raw_error_stimuli"], rel=0.2)


@pytest.mark.parametrize("key", ["arhc", "recipe.step"])
def test_conditions_on_unknown_parameters_are_refused(key):
    """A way of scoring for networks with a parameter that there is not would be for none."""
    wanted = [*GRID["score"][:-1], GRID["score"][-1] | {"only": [{key: 1}]}]
    with pytest.raises(VvsError, match=f"`only` of 'resampled' names '{key}'.*did you mean"):
        planning.plan(grid.build(GRID | {"score": wanted}))


@pytest.mark.slow
def test_provenance_says_what_ran_where(swept):
    """Runs, hours, operations, devices and code add up; digests are those of the files; nothing of folders or hosts."""
    _, store, folder = swept
    origin = replication.origin(folder)
    assert origin["complete"] and not origin["missing"] and origin["networks"]["trained"] == 5
    training_ = origin["training"]
    runs = replication.runs(folder)
    assert training_["runs"] == sum(part["runs"] for part in training_["where"]) == sum(training_["commits"].values()) == 5
    assert training_["flops"] == pytest.approx(runs["total_flops"].sum()) and training_["hours"] >= 0
    assert (
        all(digest.isalnum() for digest in origin["data"]["images"].values()) and origin["scoring"]["runs"] == 5 + 2 + 5 + 2 + 3
    )
    text = (folder / "provenance.json").read_text()
    assert str(store.folder) not in text and "host" not in text
    assert set(origin["files"]) == FILES - {"provenance.json"}
    assert json.loads(text)["files"]["runs.csv"]["bytes"] == (folder / "runs.csv").stat().st_size


@pytest.mark.slow
def test_every_column_has_a_meaning(swept):
    """The dictionary lists each column of each table, and no other."""
    listed = pd.read_csv(swept[2] / "dictionary.csv")
    for file, part in listed.groupby("file"):
        path = swept[2] / (file if "." in file else f"{file}.parquet")
        frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        assert part["column"].tolist() == frame.columns.tolist()
    assert listed["meaning"].notna().all()
    with pytest.raises(VvsError, match=r"column 'whim' of runs\.csv must have a meaning in the data dictionary"):
        export_dictionary.describe({"runs.csv": pd.DataFrame({"whim": [1]})})


@pytest.mark.slow
def test_networks_again_are_the_same(swept, tmp_path):
    """On the same machine the cheapest networks, trained and scored from nothing, differ by rounding only."""
    names = again.cheapest(swept[2], 2)
    found = again.rerun(swept[2], names, tmp_path)
    assert found["run_id"].nunique() == 2 and set(found["quantity"]) == {"acc", "simulated.V1-pls", "simulated.behavior-i2n"}
    assert found["difference"].abs().max() < 2e-6
    with pytest.raises(VvsError, match="run 0000 must be one of the grid"):
        again.rerun(swept[2], ["0000"], tmp_path)
    with pytest.raises(VvsError, match="must hold 3 networks that differ in arch; it holds 2"):
        again.cheapest(swept[2], 3)


@pytest.mark.slow
def test_what_is_not_whole_is_refused(swept, tmp_path):
    """A sweep that lacks a run or a score is exported on request only, and says what it lacks."""
    _, store, _ = swept
    wider = {**GRID, "blocks": [GRID["blocks"][0] | {"axes": GRID["blocks"][0]["axes"] | {"seed": [0, 1]}}, GRID["blocks"][1]]}
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(wider))
    done = vvs("export", tmp_path / "grid.yaml", "--store", store.folder, "--out", tmp_path / "out")
    assert done.exit_code == 2 and "lacks 4 of training" in done.output and not (tmp_path / "out").exists()
    done = vvs("export", tmp_path / "grid.yaml", "--store", store.folder, "--out", tmp_path / "out", "--partial")
    assert done.exit_code == 0, done.output
    origin = replication.origin(tmp_path / "out")
    assert not origin["complete"] and origin["missing"] == {"training": 4}


def test_a_grid_must_say_what_it_is_scored_on(tmp_path):
    """Without a section score there is no table; without networks nothing to export."""
    bare = grid.build({key: value for key, value in GRID.items() if key != "score"})
    store = Store.create(tmp_path / "store")
    with pytest.raises(VvsError, match="grid 'small' must have a section `score` to be exported"):
        export.collect(store, bare, [])
    asked = grid.build(GRID)
    with pytest.raises(VvsError, match="must hold networks of 'small' that were trained to the end; there are none"):
        export.collect(store, asked, planning.plan(asked))


def test_names_of_the_committed_tables(tmp_path):
    """`open` is a table like any other; where it was not exported the commands that make it are named."""
    assert set(replication.TABLES) <= set(published.TABLES)
    with pytest.raises(VvsError, match=r"scores\.parquet is not in .*: `vvs sweep open/study`, then `vvs export open/study`"):
        replication.scores(within=tmp_path)
