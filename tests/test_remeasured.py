"""Shares with limits over networks, stimuli and neuroids: on simulated tables whose shares and spreads are known."""

import numpy as np
import open_study
import open_table
import pandas as pd
import pytest

from vvslib import apart, remeasured, separation

SLOPES = {"N": 0.04, "D": 0.03, "T": 0.05}
FEW, MANY = 10, 0


def truth(frame):
    """The share of the data effect at 1,000 steps, of a table without noise."""
    return apart.data(frame, "V4", FEW, MANY).set_index("regime").loc["1,000 steps", "share"]


def test_what_stimuli_do_to_all_networks_cancels():
    """Resamples that move every network alike, or scale every effect alike, make no interval of their own."""
    frame = open_table.networks(SLOPES)
    moved = frame["V4"].to_numpy()[:, None] + np.random.default_rng(0).normal(0, 0.1, 50)
    scaled = frame["V4"].to_numpy()[:, None] * np.random.default_rng(1).uniform(0.5, 1.5, 50)
    found = remeasured.data(frame, "V4", {"stimuli": moved, "stimuli and neuroids": scaled}, FEW, MANY, [1000]).set_index("over")
    for what in ("stimuli", "stimuli and neuroids"):
        assert found.loc[what, "high"] - found.loc[what, "low"] == pytest.approx(0, abs=1e-6)
    together = found.loc["networks, stimuli", ["low", "high"]].tolist()
    assert together == pytest.approx(found.loc["networks", ["low", "high"]].tolist())


def test_limits_over_networks_alone_are_those_of_the_share():
    """The first row is `vvslib.apart.data`'s, to the last digit."""
    frame = open_table.networks(SLOPES)
    own = apart.data(frame, "V4", FEW, MANY).set_index("regime").loc["250 steps"]
    row = remeasured.data(frame, "V4", {}, FEW, MANY, [250]).iloc[0]
    assert row["over"] == "networks"
    assert row[["value", "low", "high"]].tolist() == own[["share", "share_low", "share_high"]].tolist()


def crossed(rng, frame, n_stimuli, spread):
    """Scores of networks as means over stimuli whose gains differ, and resamples of these stimuli."""
    gains = dict(zip(("steps", "epochs"), 1 + spread * rng.standard_normal((2, n_stimuli)), strict=True))
    clean = frame["V4"].to_numpy()
    many = (frame["samples_per_class"] == MANY).to_numpy()
    by_stimulus = np.where(many[:, None], np.stack([gains[by] for by in frame["length_by"]]), 1.0) * clean[:, None]
    by_stimulus += open_table.SEED_SD * rng.standard_normal((len(frame), 1))
    weights = rng.multinomial(n_stimuli, np.full(n_stimuli, 1 / n_stimuli), size=100) / n_stimuli
    return by_stimulus.mean(axis=1), by_stimulus @ weights.T


def test_limits_cover_other_networks_and_other_stimuli():
    """Where networks and stimuli are both drawn, limits over both hold the truth as often as they say; those over one do not."""
    clean = open_table.networks(SLOPES, noise=0.0)
    kept = (clean["length_by"] == "epochs") | (clean["n_steps"] == 1000)
    clean = clean[kept & clean["samples_per_class"].isin([FEW, MANY])].reset_index(drop=True)
    known, rng, held = truth(clean), np.random.default_rng(0), []
    for _ in range(200):
        scores, resampled = crossed(rng, clean, 60, 0.15)
        frame = clean.assign(V4=scores)
        found = remeasured.data(frame, "V4", {"stimuli": resampled}, FEW, MANY, [1000]).set_index("over")
        held.append((found["low"] <= known) & (known <= found["high"]))
    covered = pd.DataFrame(held).mean()
    assert 0.93 <= covered["networks, stimuli"] <= 0.995
    assert covered["networks"] < 0.8 and covered["stimuli"] < 0.93


def test_networks_without_resamples_leave_a_row_out():
    """One network that is compared and lacks resamples is enough; one that is not compared does no harm."""
    frame = open_table.networks(SLOPES)
    lists = frame["V4"].to_numpy()[:, None] + np.random.default_rng(0).normal(0, 0.01, (len(frame), 20))
    aside = lists.copy()
    aside[(frame["samples_per_class"] == 100).to_numpy()] = np.nan
    assert len(remeasured.data(frame, "V4", {"stimuli": aside}, FEW, MANY, [1000])) == 3
    compared = (frame["samples_per_class"] == MANY) & (frame["n_steps"] == 1000)
    aside[compared.to_numpy().nonzero()[0][1]] = np.nan
    found = remeasured.data(frame, "V4", {"stimuli": aside}, FEW, MANY, [1000])
    assert found["over"].tolist() == ["networks"]
    assert remeasured.widest(found.assign(measure="V4"), ["measure"])["limits"].tolist() == ["networks"]


def test_size_is_resampled_by_both_readouts():
    """Features as they are and matched ones are drawn together: noise that both share leaves the share alone, no other does."""
    frame = open_table.networks(SLOPES, noise=0.001)
    frame["V4_matched"] = frame["V4"] - np.log10(frame["n_params"] / 1e4) * SLOPES["N"] / 2
    rng = np.random.default_rng(0)
    alike, apart_ = rng.normal(0, 0.05, 200), rng.normal(0, 0.02, (2, len(frame), 200))
    plain, matched = (frame[name].to_numpy()[:, None] + alike for name in ("V4", "V4_matched"))
    ends = ("small_resnet_w4_d1", "small_resnet_w16_d1")
    both = {"stimuli": matched}, {"stimuli": plain}
    found = remeasured.size(frame, "V4", "V4_matched", both, *ends).set_index("over")
    assert found["value"].tolist() == pytest.approx([0.5] * 3, abs=0.03)
    assert found.loc["stimuli", "high"] - found.loc["stimuli", "low"] < 1e-6
    noisy = {"stimuli": matched + apart_[0]}, {"stimuli": plain + apart_[1]}
    found = remeasured.size(frame, "V4", "V4_matched", noisy, *ends).set_index("over")
    assert found.loc["stimuli", "low"] < 0.5 < found.loc["stimuli", "high"]
    widths = (found["high"] - found["low"]).to_dict()
    assert widths["networks, stimuli"] > max(widths["networks"], widths["stimuli"]) > 0.01


def test_neuroids_are_drawn_alike_for_all_networks():
    """What all neuroids share makes no interval; effects that differ between neuroids do, around the truth."""
    frame, rng = open_table.networks(SLOPES, noise=0.0), np.random.default_rng(0)
    alike = frame["V4"].to_numpy()[:, None] + rng.normal(0, 0.1, 80)
    drawn = {"neuroids": separation.over_neuroids(alike, 200)}
    found = remeasured.data(frame, "V4", drawn, FEW, MANY, [1000]).set_index("over").loc["neuroids"]
    assert found["low"] == pytest.approx(found["high"]) == pytest.approx(truth(frame))
    gains = rng.uniform(0.5, 1.5, 80)
    held = open_table.networks(SLOPES | {"T": 0.0}, noise=0.0)["V4"].to_numpy()[:, None]
    unlike = held * gains + (frame["V4"].to_numpy()[:, None] - held) / gains
    frame = frame.assign(V4=np.median(unlike, axis=1))
    drawn = {"neuroids": separation.over_neuroids(unlike, 200)}
    found = remeasured.data(frame, "V4", drawn, FEW, MANY, [1000]).set_index("over").loc["neuroids"]
    assert found["high"] - found["low"] > 0.01 and found["low"] < found["value"] < found["high"]


def test_resamples_are_read_by_benchmark_and_readout(tmp_path):
    """Each benchmark and read-out has its own; a benchmark without any has none, and says nothing."""
    frame = pd.DataFrame({"model_id": ["a", "b"], "V4": [0.2, 0.4], "behavior": [0.1, 0.2], "n_params": [1e4, 1e5]})
    open_study.write_lists(tmp_path, frame, np.random.default_rng(0))
    plain = remeasured.drawn(frame, "cowley2023.V4-pls", None, tmp_path, n_resamples=10)
    assert {what: values.shape for what, values in plain.items()} == {
        "neuroids": (2, 10),
        "stimuli": (2, open_study.N_RESAMPLES),
        "stimuli and neuroids": (2, open_study.N_RESAMPLES),
    }
    assert plain["stimuli"].mean(axis=1) == pytest.approx(frame["V4"].to_numpy(), abs=0.03)
    matched = remeasured.drawn(frame, "cowley2023.V4-pls", remeasured.MATCHED, tmp_path)
    assert set(matched) == {"stimuli", "stimuli and neuroids"}
    lost = plain["stimuli"].mean(axis=1) - matched["stimuli"].mean(axis=1)
    assert lost == pytest.approx([0, open_study.READOUT * open_study.LAW["V4"][1]], abs=0.003)
    assert list(remeasured.drawn(frame, open_study.BEHAVIOR, None, tmp_path)) == ["stimuli"]
    assert remeasured.drawn(frame, "kriegeskorte2008.IT-rdm", None, tmp_path) == {}
    unknown = remeasured.drawn(pd.DataFrame({"model_id": ["other"]}), open_study.BEHAVIOR, None, tmp_path)
    assert np.isnan(unknown["stimuli"]).all()
