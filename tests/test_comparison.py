"""A trained network beside pixels, Gabor energy and its first weights, on simulated recordings."""

import json

import pytest

from vvslib.scoring import comparison


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A narrow network after a few steps on rendered objects."""
    asked = ("small_resnet_w2_d1", "sandbox:size=32,per_class=5,val_per_class=2", 3, 0, 2, tmp_path_factory.mktemp("runs"))
    return comparison.compare(*asked, linear="simulated.V1-pls", more="simulated.V1-ridge", others=["simulated.behavior-i2n"])


def test_every_model_is_scored_and_two_of_them_twice(compared):
    """Four models in two benchmarks, and in the other regression the two that have features of their own."""
    scored = {(row["model"], row["benchmark_name"]) for row in compared["scores"]}
    both = {"simulated.V1-pls", "simulated.behavior-i2n"}
    models = {"pixels", "Gabor energy", "untrained", "trained"}
    assert scored == {(m, b) for m in models for b in both} | {(m, "simulated.V1-ridge") for m in ("Gabor energy", "trained")}
    layers = {row["benchmark_name"]: row["layer"] for row in compared["scores"] if row["model"] == "trained"}
    assert layers["simulated.V1-ridge"] == layers["simulated.V1-pls"]


def test_what_is_compared_in_detail_is_that_of_the_scores(compared):
    """Sessions are of the same neurons, the lead is that of the medians, and exchanged stimuli predict nothing."""
    assert {row["model"] for row in compared["sessions"]} == {"pixels", "Gabor energy", "untrained", "trained"}
    raw = {row["model"]: row["raw"] for row in compared["sessions"]}
    assert compared["lead"]["difference"] == pytest.approx(raw["trained"] - raw["Gabor energy"], abs=1e-9)
    assert compared["shuffled"]["n"] == 2 and abs(compared["shuffled"]["mean"]) < 0.1
    assert sum(row["n_neuroids"] for row in compared["sessions"] if row["model"] == "pixels") == compared["n_neuroids"]


def test_it_is_plain(compared):
    """What is kept is what JSON holds."""
    assert json.loads(json.dumps(compared, allow_nan=False)) == compared
