"""`vvs score` and `vvs layers` on small networks and the simulated stream: what they print, write, remember and refuse."""

import json
import re
import textwrap

import numpy as np
import pytest
import torch
from typer.testing import CliRunner
from v4_sessions import session

from vvslib import sources, table
from vvslib.cli import build
from vvslib.scoring import committed

NET = """
import torch
from torch import nn

def build():
    layers = [nn.Conv2d(3, 6, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(96, 5)]
    return nn.Sequential(*layers), {"size": 64}

def many():
    return nn.Sequential(nn.Conv2d(3, 6, 5, stride=4), nn.Flatten()), {"size": 32}
"""
NUMBER = r"-?\d\.\d{3}"
REGIONS = ["V1", "V2", "V4", "IT", "behavior"]
FIVE = ["-b", "simulated.V1-pls", "-b", "simulated.V2-pls", "-b", "simulated.V4-pls", "-b", "simulated.IT-pls"]


@pytest.fixture
def vvs(tmp_path, monkeypatch):
    """A function that runs `vvs` with words; NET is a user's file."""
    (tmp_path / "net.py").write_text(textwrap.dedent(NET))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def run(*words):
        return CliRunner().invoke(build(), [word.replace("NET", str(tmp_path / "net.py")) for word in words])

    return run


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """Scores are remembered in a folder of the test's own; the simulated recordings stay where they are."""
    from vvslib.scoring import remembered

    folder = tmp_path / "scores"
    init = remembered.Remembered.__init__
    monkeypatch.setattr(remembered.Remembered, "__init__", lambda self, given=None: init(self, given or folder))
    return folder


@pytest.mark.slow
def test_a_users_file_is_scored_with_one_command(vvs, own_cache, tmp_path):
    """All five regions with raw, ceiling, score and error, called simulated; rows of the score table in a file."""
    out = tmp_path / "mine.csv"
    done = vvs("score", "NET:build", *FIVE, "-b", "simulated.behavior-i2n", "--out", str(out))
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    for region in REGIONS:
        (line,) = [line for line in lines if re.match(rf"simulated\.{region}-", line)]
        assert f"{region} (simulated)" in line and re.search(
            r"-?\d\.\d{3} ± \d\.\d{3} +0\.\d{3} +-?\d\.\d{3} ± \d\.\d{3}", line
        ), line
    assert any("no animal and no person stands behind" in line for line in lines)
    assert any("which favours them a little" in line for line in lines)
    rows = table.read(out)
    assert rows["region"].tolist() == REGIONS and rows["is_simulated"].all()
    assert rows[["raw", "raw_error", "ceiling", "score", "score_error"]].notna().all(axis=None)


@pytest.mark.slow
def test_the_second_time_is_remembered(vvs, own_cache):
    """The same numbers, and it says that they are from before."""
    first = vvs("score", "NET:build", "-b", "simulated.V1-pls", "--json")
    second = vvs("score", "NET:build", "-b", "simulated.V1-pls", "--json")
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert "remembered from before" in vvs("score", "NET:build", "-b", "simulated.V1-pls").output
    assert "remembered from before" not in vvs("score", "NET:build", "-b", "simulated.V1-pls", "--no-cache").output


@pytest.mark.slow
def test_all_layers_and_the_chosen_one(vvs, own_cache):
    """Every layer is there once, the one of highest raw score is marked; a layer that is named stands without a choice."""
    rows = json.loads(vvs("score", "NET:build", "-b", "simulated.V4-pls", "--all-layers", "--json").stdout)
    assert len({row["layer"] for row in rows}) == len(rows) >= 3
    (chosen,) = [row for row in rows if row["chosen"]]
    assert chosen["raw"] == max(row["raw"] for row in rows) and "same stimuli" in chosen["layer_choice"]
    (named,) = json.loads(vvs("score", "NET:build", "-b", "simulated.V4-pls", "--layer", "V4=0", "--json").stdout)
    assert (named["layer"], named["layer_choice"]) == ("0", "named")
    assert named["raw"] == next(row["raw"] for row in rows if row["layer"] == "0")


@pytest.mark.slow
def test_layers_chosen_on_other_stimuli_are_said_to_be(vvs, own_cache):
    """Half of the stimuli are scored, so the number is another one, and the row says how the layer was chosen."""
    (row,) = json.loads(vvs("score", "NET:build", "-b", "simulated.V4-pls", "--other-stimuli", "--json").stdout)
    assert row["layer_choice"] == "best of all on other stimuli"
    (named,) = json.loads(vvs("score", "NET:build", "-b", "simulated.V4-pls", "--layer", row["layer"], "--json").stdout)
    assert named["raw"] != row["raw"]


@pytest.mark.slow
def test_committed_layers_are_kept_and_used(vvs, own_cache, tmp_path, monkeypatch):
    """--commit writes them as data, `vvs layers` prints them, and the next network of the architecture takes them."""
    monkeypatch.setattr(committed, "folder", lambda: tmp_path / "layers")
    first = vvs("score", "NET:build", "-b", "simulated.V1-pls", "--commit", "--json")
    (row,) = json.loads(first.stdout)
    (entry,) = json.loads(vvs("layers", "--json").stdout)
    assert (entry["region"], entry["layer"], entry["simulated"]) == ("V1", row["layer"], True)
    assert entry["raw"][row["layer"]] == pytest.approx(row["raw"], abs=1e-6) == max(entry["raw"].values())
    assert row["layer"] in vvs("layers").output
    (again,) = json.loads(vvs("score", "NET:build", "-b", "simulated.V1-pls", "--json").stdout)
    assert (again["layer"], again["layer_choice"], again["raw"]) == (row["layer"], "committed", row["raw"])


@pytest.mark.slow
def test_memory_is_said_and_refused_with_what_would_do(vvs, own_cache):
    """Before anything is computed."""
    done = vvs("score", "NET:build", "-b", "simulated.V1-pls", "--memory", "0.001")
    assert done.exit_code == 2 and re.search(r"are allowed; memory=\d+ \(--memory [\d.]+\) would do", done.output), done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["score", "NET:biuld"], "no function 'biuld'; did you mean 'build'"),
        (["score", "NET:build", "-b", "simulated.V3-pls"], "got 'simulated.V3-pls'; did you mean 'simulated.V"),
        (["score", "NET:build", "--layer", "V9=0"], "--layer must name one of V1, V2, V4, IT; got 'V9'"),
        (["score", "NET:build", "--layer", "0", "--layer", "1"], "--layer must be REGION=LAYER"),
        (["score", "NET:build", "--layer", "0", "--all-layers"], "leave one out"),
        (["score"], "takes at least one MODEL, or --store"),
        (["score", "NET:build", "NET:many", "--weights", "w.pt"], "--weights is for one MODEL; got 2"),
        (["score", "NET:build", "--out", "scores.txt"], "must end in .csv or .parquet"),
        (["score", "torchvision:resnet81"], "no classifier 'resnet81'"),
        (["score", "0123abcd", "--store", "."], "a store must be a folder that a sweep made"),
    ],
)
def test_what_cannot_be_is_refused(vvs, words, said):
    """One line, exit code 2, before a benchmark is loaded."""
    done = vvs(*words)
    assert done.exit_code == 2 and said in done.output, done.output


def test_weights_of_another_architecture_are_refused(vvs, tmp_path):
    """Names and shapes are said; a pickled network is no file of tensors."""
    torch.save(torch.nn.Linear(3, 2).state_dict(), tmp_path / "other.pt")
    done = vvs("score", "small_resnet_w4_d1", "--weights", str(tmp_path / "other.pt"))
    assert done.exit_code == 2 and "these weights are of another architecture" in done.output
    torch.save(torch.nn.Linear(3, 2), tmp_path / "whole.pt")
    done = vvs("score", "small_resnet_w4_d1", "--weights", str(tmp_path / "whole.pt"))
    assert done.exit_code == 2 and "cannot be read as plain tensors" in done.output


def test_neuroids_that_cannot_be_scored_are_left_out_if_asked_for(vvs, own_cache, tmp_path, monkeypatch):
    """Refused by name with the option that leaves them out; with it, the rows say which they were."""
    monkeypatch.setenv("VVS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(sources, "data_folders", lambda: [tmp_path / "data"])
    folder = tmp_path / "data" / "macaque_v4"
    session(folder, "220101", n_images=100)
    path = folder / "responses_repeat_averaged" / "responses_220101.npy"
    averages = np.load(path)
    averages[3], averages[5, 7] = 2.0, np.nan
    np.save(path, averages)
    words = ("score", "NET:build", "-b", "cowley2023.220101.V4-ridge", "--layer", "0")
    done = vvs(*words)
    assert done.exit_code == 2 and "220101.3 with constant responses" in done.output and "--leave-out" in done.output
    kept = vvs(*words, "--leave-out")
    assert kept.exit_code == 0, kept.output
    assert "left out, being constant or NaN: neuroids 220101.3" in " ".join(kept.output.split()), kept.output


@pytest.mark.slow
def test_an_unknown_layer_is_refused_with_the_nearest(vvs):
    """The network's own names are offered."""
    done = vvs("score", "small_resnet_w4_d1@untrained", "-b", "simulated.V1-pls", "--layer", "layer9.0")
    assert done.exit_code == 2 and re.search(r"has no layer 'layer9\.0'; did you mean 'layer\d\.0'", done.output), done.output


@pytest.mark.slow
def test_the_network_of_the_readme_is_scored(vvs, own_cache, checkout, tmp_path, monkeypatch):
    """The file and the command that the README shows, as they stand there, but for one benchmark instead of all."""
    readme = (checkout / "README.md").read_text()
    (code,) = re.findall(r"```python\n# mynet\.py\n(.*?)```", readme, re.DOTALL)
    (command,) = re.findall(r"^vvs (score mynet\.py:build .*--out .*)$", readme, re.MULTILINE)
    (tmp_path / "mynet.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    done = vvs(*command.replace("simulated", "simulated.V2-pls").split())
    assert done.exit_code == 0, done.output
    assert table.read(tmp_path / "mynet.csv")["region"].tolist() == ["V2"]
