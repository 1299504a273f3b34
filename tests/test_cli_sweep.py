"""`vvs sweep` and `vvs status`: what they say before, during and after, and what they refuse."""

import json
import re
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vvslib.cli import build
from vvslib.sweep.records import Record
from vvslib.sweep.run import Run
from vvslib.sweep.store import Store

GRID = "name: toy\ntask: toy_task:misbehave\nfixed: {seconds: 0.0}\naxes: {seed: [0, 1], how: [count, diverge]}\n"


@pytest.fixture
def vvs(tmp_path, monkeypatch):
    """A function that runs `vvs` with words; `GRID` is a file of four runs, `STORE` a folder."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    (tmp_path / "toy.yaml").write_text(GRID)
    places = {"GRID": str(tmp_path / "toy.yaml"), "STORE": str(tmp_path / "store")}

    def run(*words):
        return CliRunner().invoke(build(), [places.get(word, word) for word in words])

    return run


def test_dry_run_says_what_it_would_cost(vvs, tmp_path):
    """Runs, FLOP and hours at the stated rate; what varies; and nothing is made."""
    done = vvs("sweep", "GRID", "--store", "STORE", "--dry-run", "--jobs", "2", "--flops-per-second", "1")
    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert lines[0].startswith("toy: 4 runs of toy_task:misbehave, 4e+03 FLOP; store ")
    assert lines[1] == "4 runs to do: 4e+03 FLOP, 33 min at 1 FLOP/s a run (stated) and 2 runs at a time"
    assert "  how: count (2), diverge (2)" in lines
    assert not (tmp_path / "store").exists()


def test_sweep_tells_every_end_and_does_only_what_is_missing(vvs):
    """A line a run, a table at the end; the second time there is nothing to do."""
    first = vvs("sweep", "GRID", "--store", "STORE", "--jobs", "1")
    assert first.exit_code == 0, first.output
    assert len(re.findall(r"^done in .*: how=count seconds=0.0 seed=\d: steps=4 sum=", first.output, re.M)) == 2
    assert len(re.findall(r"^diverged at step 17: ", first.output, re.M)) == 2
    assert re.search(r"^done +2 +2e\+03 ", first.output, re.M)
    assert re.search(r"^diverged +2 +2e\+03 ", first.output, re.M)
    second = vvs("sweep", "GRID", "--store", "STORE", "--jobs", "1")
    assert "nothing to do: all are recorded" in second.output
    assert "done in" not in second.output


def test_failed_runs_are_shown_with_their_log(vvs):
    """Exit code 1; each failed run with its error and where its traceback lies."""
    done = vvs("sweep", "GRID", "--store", "STORE", "--jobs", "1", "--set", "how=raise", "--set", "seed=5")
    assert done.exit_code == 1
    last = [line for line in done.output.splitlines() if line.startswith("failed: ")][-1]
    shown = re.fullmatch(r"failed: how=raise seconds=0.0 seed=5: ValueError: the width is wrong; see (.*log.txt)", last)
    assert "ValueError: the width is wrong" in Path(shown[1]).read_text()


def test_part_of_a_grid(vvs):
    """--only takes the runs that match, patterns too."""
    done = vvs("sweep", "GRID", "--store", "STORE", "--dry-run", "--only", "how=*erg*", "--only", "seed=1")
    assert done.output.startswith("toy: 1 run of ")


def test_status_reads_the_store_alone(vvs, tmp_path):
    """Counts in a line, what ended otherwise than well below it; --json has the same; the grid is not needed."""
    vvs("sweep", "GRID", "--store", "STORE", "--jobs", "1", "--only", "seed=0")
    (tmp_path / "toy.yaml").unlink()
    shown = vvs("status", "--store", "STORE").output.splitlines()
    assert re.fullmatch(r"toy-[0-9a-f]{8}: 1 of 2 done, 1 diverged", shown[0])
    assert shown[1] == "  diverged at step 17: how=diverge seconds=0.0 seed=0"
    (found,) = json.loads(vvs("status", "--store", "STORE", "--json").output)
    assert found["counts"] == {"done": 1, "failed": 0, "diverged": 1, "died": 0, "running": 0, "pending": 0}
    assert found["ended"][0]["step"] == 17


def test_status_draws_learning_curves(vvs, tmp_path):
    """Of what trained networks; a store whose runs have none says so."""
    vvs("sweep", "GRID", "--store", "STORE", "--jobs", "1")
    refused = vvs("status", "--store", "STORE", "--curves", str(tmp_path / "curves.svg"))
    assert refused.exit_code == 2 and "learning curves need runs that were trained" in refused.stderr
    run = {"arch": "a", "n_params": 10, "n_samples": 24, "samples_per_class": 1, "seed": 0}
    points = [{"step": step, "train_loss": 1 / step, "val_acc": step / 10} for step in (1, 2, 3)]
    kept = Store(tmp_path / "store")
    asked = Run("m:f", 1, {"arch": "a"})
    with kept.claims.take(asked.id) as claim:
        kept.commit(Record(asked, "done", {**run, "curve": points}, None, None, {}), claim)
    kept.write_sweep("later", [asked])
    assert vvs("status", "--store", "STORE", "--curves", str(tmp_path / "curves.svg")).exit_code == 0
    assert "Validation accuracy" in (tmp_path / "curves.svg").read_text()


def test_status_shows_what_was_asked_for_last(vvs, tmp_path):
    """A list that another took the place of is shown by --all; a part leaves the whole standing; asked again, it is last."""
    kept = Store.create(tmp_path / "store")
    wide, narrow, part, other = (
        [Run("m:f", 1, {"seed": seed}) for seed in seeds] for seeds in ([0, 1, 2], [0, 1], [0], [5, 6, 7, 8])
    )

    def shown(*words):
        found = json.loads(vvs("status", "--store", "STORE", "--json", *words).output)
        return [sum(one["counts"].values()) for one in found]

    for name, runs, is_part in (("a", wide, False), ("a", narrow, False), ("a", part, True), ("a-b", other, False)):
        kept.write_sweep(name, runs, is_part)
        time.sleep(0.01)
    assert shown() == [2, 1, 4] and shown("--all") == [3, 2, 1, 4]
    kept.write_sweep("a", wide)
    assert shown() == [4, 3] and shown("--all") == [2, 1, 4, 3]


def test_status_names_corrupt_records(vvs, tmp_path):
    """A damaged record is named, and its run counts as pending."""
    vvs("sweep", "GRID", "--store", "STORE", "--jobs", "1", "--only", "seed=0", "--only", "how=count")
    (path,) = (tmp_path / "store" / "records").glob("*.json")
    path.write_text("{")
    shown = vvs("status", "--store", "STORE").output
    assert "0 of 1 done, 1 pending" in shown
    assert f"corrupt: {path} must be a whole record; it is cut short or garbled; the next sweep executes its run again" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--executor", "slrum"), "the executor 'slrum' is unknown: did you mean 'slurm'?"),
        (("--jobs", "0"), "--jobs must be at least 1; got 0"),
        (("--retries", "-1"), "--retries must be at least 0; got -1"),
        (("--set", "seed"), "--set must be followed by KEY=VALUE; got 'seed'"),
        (("--set", "seed=1", "--set", "seed=2"), "--set seed must be given once; it is given again as '2'"),
        (("--only", "sede=0"), "grid 'toy' has no parameter 'sede': did you mean 'seed', 'seconds'?"),
        (("--only", "seed=7"), "grid 'toy' has no run with seed=7; take another value"),
        (("--order", "big"), "the order must be one of grid, cheap, costly; got 'big'"),
        (("--flops-per-second", "0"), "the rate must be a positive number of operations a second; got 0.0; for example 1e12"),
        (("--slurm", "partition=a"), "options of Slurm need --executor slurm; got partition for the local executor"),
        (
            ("--executor", "slurm", "--slurm", "partitoin=a"),
            "the Slurm option 'partitoin' is unknown: did you mean 'partition', 'timeout_min'?; any option of sbatch "
            "goes as sbatch.KEY=VALUE",
        ),
        (
            ("--executor", "slurm", "--slurm", "timeout_min=2"),
            "the time limit of 2 min must leave a job more than signal_delay_s + 60 s = 180 s, or it is told to stop as it "
            "starts; give it a longer timeout_min",
        ),
        (("--executor", "slurm", "--slurm", "pack=0"), "the Slurm option pack must be a whole number of at least 1; got 0"),
    ],
)
def test_wrong_words_are_refused_before_anything(words, said, vvs, tmp_path):
    """One line that says what must be what; no store is made."""
    done = vvs("sweep", "GRID", "--store", "STORE", *words)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"error: {said}")
    assert not (tmp_path / "store").exists()


def test_without_slurm_the_executor_says_so(vvs, monkeypatch):
    """Where there is no sbatch."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    done = vvs("sweep", "GRID", "--store", "STORE", "--executor", "slurm")
    assert done.stderr.splitlines()[-1] == (
        "error: --executor slurm needs Slurm's commands; sbatch is not on the PATH; run this where sbatch works"
    )


def test_unknown_store_is_refused(vvs):
    """Nothing was begun there."""
    assert "error: a store must be a folder that a sweep made; there is none at" in vvs("status", "--store", "STORE").stderr


def test_store_of_another_version_is_refused(vvs, tmp_path):
    """Both versions are named."""
    Store.create(tmp_path / "store")
    (tmp_path / "store" / "store.json").write_text('{"kind":"vvs sweep","format":9}')
    for words in (("status",), ("sweep", "GRID")):
        done = vvs(*words, "--store", "STORE")
        assert (done.exit_code, "has format 9, this version reads format 1" in done.stderr) == (2, True)
