"""Effects found alike in any table: known slopes, leads and differences come out; what a table lacks is not made up."""

import numpy as np
import open_study
import pytest

from vvslib import effects

FAMILIES = {"strong": ["ResNet", "AlexNet", "CORnet-S"], "weak": ["ConvNeXt", "ViT"]}
PLAIN = {"is_random": False, "is_ssl": False, "is_adv": False, "dataset": "cifar10"}
HELD = {"length_by": "steps", "n_steps": 1000}


@pytest.fixture(scope="module")
def frame():
    """The networks of the simulated study."""
    return open_study.networks()


@pytest.fixture(scope="module")
def found(frame):
    """Its effects."""
    full, few = ({**HELD, "samples_per_class": d} for d in (0, 10))
    return effects.shared_effects(frame, plain=PLAIN, coupled={"length_by": "epochs"}, full=full, few=few, families=FAMILIES)


def test_slopes_are_those_that_were_put_in(found, frame):
    """With epochs fixed a decade of images seen is one of images and one of steps; their slopes add up."""
    _, size, images, steps = open_study.LAW["V4"]
    data = found["more data, V4"]
    assert data["low"] < data["value"] < data["high"] and data["value"] == pytest.approx(images + steps, abs=0.006)
    assert found["larger networks, V4"]["value"] == pytest.approx(size, abs=0.012)
    assert found["larger networks, V4"]["n_clusters"] == frame["arch"].nunique() > 10


def test_what_makes_no_difference_shows_none(found, frame):
    """The simulation gives self-supervised and adversarial networks the supervised law: their limits hold 0."""
    for kind, flag in (("SimCLR", "is_ssl"), ("adversarial", "is_adv")):
        own = found[f"{kind} above supervised, V4"]
        assert own["n"] == frame[flag].sum() > 2 and abs(own["value"]) < 0.01
    assert found["untrained networks, V4"]["n"] == frame["is_random"].sum() > 10


def test_a_prior_that_was_put_in_is_found(found):
    """Strong families lie above weak ones by what was put in, and the size that goes with them."""
    assert found["strong prior leads at few images, V4"]["low"] > 0


def test_what_a_table_lacks_is_not_made_up(frame):
    """Without untrained networks, or without the column that a condition names, an effect has no value."""
    frame = frame[~frame["is_random"]].drop(columns="length_by")
    given = {"plain": PLAIN, "coupled": {"length_by": "epochs"}, "full": {}, "few": {}, "families": FAMILIES}
    bare = effects.shared_effects(frame, **given)
    assert np.isnan(bare["more data, V4"]["value"]) and np.isnan(bare["untrained networks, V4"]["value"])


def test_one_architecture_has_no_limits(frame):
    """Fewer than three architectures say nothing of architectures."""
    alone = frame[frame["arch"].isin(frame["arch"].unique()[:2]) & ~frame["is_random"]]
    assert np.isnan(effects.slope(alone, "V4", "n_samples", ["arch"])["low"])
