"""Two studies compared: sure of one direction, of the same size, or not sure."""

import numpy as np
import pytest

from vvslib import verdicts
from vvslib.errors import VvsError


def estimate(value, half):
    """An estimate with symmetric limits."""
    return {"value": value, "low": value - half, "high": value + half}


def test_no_difference_found_is_not_agreement():
    """Wide intervals around one number cannot tell; narrow ones agree; narrow ones apart differ."""
    wide, narrow = estimate(0.5, 0.4), estimate(0.5, 0.02)
    assert verdicts.size(wide, narrow, 0.1) == "cannot tell"
    assert verdicts.size(narrow, estimate(0.52, 0.02), 0.1) == "agrees"
    assert verdicts.size(narrow, estimate(0.9, 0.02), 0.1) == "differs"


def test_no_limits_cannot_tell():
    """An estimate without limits, or with infinite ones, decides nothing."""
    for half in (np.nan, np.inf):
        assert verdicts.size(estimate(0.5, half), estimate(0.5, 0.01), 0.1) == "cannot tell"
        assert verdicts.direction(estimate(0.5, half), estimate(0.5, 0.01)) == "cannot tell"


def test_verdicts_do_not_depend_on_the_order():
    """Exchanged, two studies get the same verdict."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        one, other = (estimate(*rng.uniform(-1, 1, 1), rng.uniform(0, 1)) for _ in range(2))
        assert verdicts.size(one, other, 0.3) == verdicts.size(other, one, 0.3)
        assert verdicts.direction(one, other) == verdicts.direction(other, one)


def test_limits_of_a_difference_cover():
    """Of 2,000 pairs of estimates of one number about 95 % have 0 between the limits of their difference."""
    rng = np.random.default_rng(0)
    inside = 0
    for one, other in rng.normal(0, [1.0, 2.0], (2000, 2)):
        low, high = verdicts.difference(estimate(one, 1.96), estimate(other, 3.92))
        inside += low <= 0 <= high
    assert 0.93 < inside / 2000 < 0.97


def test_every_effect_says_how_it_is_compared():
    """A table has a row an effect; one without a kind is refused, as is a tolerance of none."""
    pair = (estimate(1.0, 0.1), estimate(2.0, 0.1))
    found = verdicts.compare({"D": pair, "r": pair}, {"D": ("direction", 0.0), "r": ("size", 0.1)})
    assert found["verdict"].tolist() == ["agrees", "differs"] and found["question"].tolist() == ["side of 0", "within 0.1"]
    with pytest.raises(VvsError, match="effect 'D' must say how it is compared"):
        verdicts.compare({"D": pair}, {})
    with pytest.raises(VvsError, match="must be a positive difference; got 0"):
        verdicts.size(*pair, 0.0)
