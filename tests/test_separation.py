"""Effects kept apart: contrasts, shares with Fieller's limits, slopes; on simulated tables whose shares are known."""

import numpy as np
import open_table
import pandas as pd
import pytest

from vvslib import apart, separation
from vvslib.errors import VvsError

SLOPES = {"N": 0.04, "D": 0.03, "T": 0.05}
FEW, MANY = 10, 0
LENGTHS = ("steps", "epochs")


def true_share(slopes, n_params=1e5):
    """Of the effect with epochs fixed, what is left at fixed steps, by the law itself."""
    ends = [open_table.CLASSES * (d or open_table.ALL) for d in (FEW, MANY)]
    held = np.diff([open_table.score(n_params, d, 1000, slopes) for d in ends])[0]
    free = np.diff([open_table.score(n_params, d, open_table.lengths(d)[-1][1], slopes) for d in ends])[0]
    return held / free


def test_shares_are_those_that_were_put_in():
    """Without noise the share of the data effect at every number of steps is the law's, and 1 with epochs fixed."""
    frame = open_table.networks(SLOPES, noise=0.0)
    found = apart.data(frame, "V4", FEW, MANY).set_index("regime")
    assert found.loc["epochs fixed", "share"] == pytest.approx(1)
    assert found.loc[["250 steps", "1,000 steps", "4,000 steps"], "share"].tolist() == pytest.approx([true_share(SLOPES)] * 3)
    assert found["n"].tolist() == [6] * 4 and found["n_clusters"].tolist() == [6] * 4
    assert apart.length(frame, "V4", 250, 4000)["effect"].tolist() == pytest.approx([SLOPES["T"] * np.log10(16)] * 4)


@pytest.mark.parametrize("slopes", [SLOPES, SLOPES | {"D": 0.0}], ids=["part", "none"])
def test_limits_cover(slopes):
    """Of 400 simulated tables about 95 % have the true share within Fieller's limits."""
    truth = true_share(slopes)
    frame = open_table.networks(slopes, noise=0.0)
    frame = frame[(frame["length_by"] == "epochs") | (frame["n_steps"] == 1000)].reset_index(drop=True)
    rng, covered = np.random.default_rng(0), 0
    ends = [{"samples_per_class": d} for d in (FEW, MANY)]
    part, whole = (separation.contrast(frame, *({"length_by": by, **end} for end in ends), ["arch", "seed"]) for by in LENGTHS)
    for _ in range(400):
        values = frame["V4"] + open_table.SEED_SD * rng.standard_normal(len(frame))
        found = separation.share(part.pairs, part.of(values), whole.of(values), ["arch", "seed"])
        covered += found["low"] <= truth <= found["high"]
    assert 0.92 <= covered / 400 <= 0.98


def test_fieller_agrees_with_the_delta_method_where_the_divisor_is_sure():
    """A divisor that hardly varies gives Student's limits of the mean, divided; a swap of signs changes nothing."""
    rng = np.random.default_rng(0)
    part, whole = rng.normal(1.0, 0.2, 20), rng.normal(4.0, 1e-4, 20)
    low, high = separation.fieller(part, whole)
    plain = separation.effect(pd.DataFrame({"i": range(20)}), part / 4, ["i"])
    assert (low, high) == pytest.approx((plain["low"], plain["high"]), abs=1e-4)
    assert separation.fieller(-part, -whole) == pytest.approx((low, high))


def test_a_share_of_nothing_may_be_anything():
    """Where the whole effect may be none the limits are infinite."""
    frame = open_table.networks(dict.fromkeys("NDT", 0.0))
    row = apart.data(frame, "V4", FEW, MANY).iloc[1]
    assert (row["share_low"], row["share_high"]) == (-np.inf, np.inf)


def test_two_clusters_have_no_limits():
    """Two seeds say nothing of seeds: the value stands alone."""
    found = apart.data(open_table.networks(SLOPES), "V4", FEW, MANY, clusters=["seed"])
    assert found["share"].notna().all() and found[["share_low", "share_high", "low", "high"]].isna().all(axis=None)


def test_seeds_of_an_architecture_are_one_cluster():
    """A cluster counts once, however many networks it has."""
    pairs = pd.DataFrame({"arch": list("aab"), "seed": [0, 1, 0]})
    assert separation.effect(pairs, [1.0, 3.0, 6.0], ["arch"])["value"] == 4.0
    assert separation.effect(pairs, [1.0, 3.0, 6.0], ["arch", "seed"])["n_clusters"] == 3


def test_matched_readouts_leave_their_share():
    """A size effect of which half is the width of the read-out has half left when that is matched."""
    frame = open_table.networks(SLOPES, noise=0.002)
    width = np.log10(frame["n_params"] / 1e4) * SLOPES["N"] / 2
    frame["V4_matched"] = frame["V4"] - width
    found = apart.size(frame, "V4", "V4_matched", "small_resnet_w4_d1", "small_resnet_w16_d1")
    assert found["share"].tolist() == pytest.approx([0.5] * 4, abs=0.05)
    assert (found["share_low"] < 0.5).all() and (found["share_high"] > 0.5).all()
    assert found["n_steps"].tolist()[:3] == [250, 1000, 4000] and found["n"].iloc[-1] == 24


def test_slopes_are_those_that_were_put_in():
    """Both slopes come out within their limits, and their shares add up to one; scales that go together are refused."""
    frame = open_table.networks(SLOPES)
    held = frame[frame["length_by"] == "steps"]
    found = separation.slopes(held, "V4", ["n_samples", "n_steps"], ["arch"], ["arch", "seed"]).set_index("scale")
    for scale, name in (("n_samples", "D"), ("n_steps", "T")):
        assert found.loc[scale, "low"] < SLOPES[name] < found.loc[scale, "high"]
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc["n_samples", "share_low"] < 0.375 < found.loc["n_samples", "share_high"]
    together = held.assign(n_steps=held["n_samples"] * 2)
    with pytest.raises(VvsError, match="n_samples and n_steps must vary apart within arch; they go together"):
        separation.slopes(together, "V4", ["n_samples", "n_steps"], ["arch"], ["arch", "seed"])


def test_what_cannot_be_compared_is_named():
    """Missing partners, missing benchmarks and unknown columns say what there is."""
    frame = open_table.networks(SLOPES)
    with pytest.raises(VvsError, match="0 networks with samples_per_class 7 and 24 with samples_per_class 0 must share arch"):
        separation.contrast(frame, {"samples_per_class": 7}, {"samples_per_class": 0}, ["arch"])
    scores = open_table.score_table(frame, {"V4": ("cowley2023.V4-pls", "V4")})
    assert apart.networks(scores, {"V4": "cowley2023.V4-pls"})["V4"].mean() == pytest.approx(frame["V4"].mean())
    with pytest.raises(VvsError, match=r"benchmark 'cowley2023\.V4-plss' is not in the table: did you mean 'cowley2023\.V4-pls'"):
        apart.networks(scores, {"V4": "cowley2023.V4-plss"})
    with pytest.raises(VvsError, match="column 'rawe' is not in the table"):
        apart.networks(scores, {"V4": "cowley2023.V4-pls"}, value="rawe")
