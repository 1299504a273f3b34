"""The Huber loss of log-residuals, against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvslib.fits import objective

residuals = st.floats(-50, 50)
deltas = st.floats(1e-6, 1e3)


def by_definition(r, delta):
    """Huber's two branches, as the textbook writes them."""
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


@given(residuals, deltas)
def test_huber_is_its_two_branches(r, delta):
    """Quadratic within δ, linear beyond."""
    assert objective.huber(r, delta) == pytest.approx(by_definition(r, delta), rel=1e-12, abs=1e-300)


@given(residuals, deltas)
def test_huber_is_even(r, delta):
    """The sign of a residual does not matter."""
    assert objective.huber(r, delta) == objective.huber(-r, delta)


@given(residuals, residuals, st.floats(0, 1), deltas)
def test_huber_is_convex(r, s, t, delta):
    """It never rises above its chord."""
    between = objective.huber(t * r + (1 - t) * s, delta)
    chord = t * objective.huber(r, delta) + (1 - t) * objective.huber(s, delta)
    assert between <= chord + 1e-9 * (1 + chord)


@given(residuals)
def test_infinite_delta_is_half_the_square(r):
    """δ = inf is least squares."""
    assert objective.huber(r, float("inf")) == r * r / 2


@given(residuals, deltas)
def test_huber_never_exceeds_half_the_square(r, delta):
    """What lies beyond δ is charged less, never more."""
    assert objective.huber(r, delta) <= r * r / 2 * (1 + 1e-12)


def test_tiny_delta_is_the_sum_of_absolute_residuals():
    """For δ far below the residuals, the loss is δ times their absolute sum."""
    r = np.array([-0.2, 0.1, 0.4])
    assert objective.huber(r, 1e-9).sum() == pytest.approx(1e-9 * 0.7, rel=1e-8)


@given(st.lists(st.tuples(st.floats(0.1, 2), st.floats(0.1, 2), st.integers(0, 4)), min_size=1, max_size=8), deltas)
def test_integer_weights_are_repeated_rows(rows, delta):
    """A weight of k is k copies of the row."""
    predicted, observed, weights = (np.array(column) for column in zip(*rows, strict=True))
    repeated = objective.total(np.repeat(predicted, weights), np.repeat(observed, weights), delta)
    assert objective.total(predicted, observed, delta, weights) == pytest.approx(repeated, rel=1e-12, abs=1e-300)


@given(st.floats(1e-3, 1e3), deltas)
def test_total_sees_ratios_only(factor, delta):
    """Scaling prediction and observation together changes nothing: residuals are of logarithms."""
    predicted, observed = np.array([0.5, 0.6, 0.9]), np.array([0.55, 0.58, 0.7])
    scaled = objective.total(factor * predicted, factor * observed, delta)
    assert scaled == pytest.approx(objective.total(predicted, observed, delta), rel=1e-9)


@pytest.mark.parametrize("impossible", [0.0, -0.1, np.nan])
def test_a_prediction_without_logarithm_costs_infinity(impossible):
    """A misalignment that is not positive is no candidate."""
    assert objective.total([0.5, impossible], [0.5, 0.5], 1e-3) == np.inf
