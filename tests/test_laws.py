"""The laws as pure functions: values known by hand or from the literature, and how they turn into each other."""

import inspect

import numpy as np
import pytest

from vvslib.errors import VvsError
from vvslib.fits import laws

X = np.geomspace(1e-3, 1e9, 25)


def test_power_law_loses_a_factor_per_decade():
    """A pure power law with exponent 0.5 falls by √10 each decade."""
    assert laws.power([1, 10, 100], A=0.8, alpha=0.5) == pytest.approx([0.8, 0.8 / 10**0.5, 0.08], rel=1e-14)


def test_saturating_law_without_floor_is_the_power_law():
    """E = 0 leaves the pure power law."""
    assert laws.saturating(X, 0.0, 0.8, 0.3) == pytest.approx(laws.power(X, 0.8, 0.3), rel=0)


def test_saturating_law_tends_to_its_floor():
    """At infinite scale only E is left."""
    assert laws.saturating(np.inf, 0.52, 0.5, 0.2) == 0.52


def test_shifted_law_without_shift_is_the_saturating_law():
    """s = 0 leaves the saturating law."""
    assert laws.shifted(X, 0.5, 0.4, 0.2, 0.0) == pytest.approx(laws.saturating(X, 0.5, 0.4, 0.2), rel=0)


def test_shifted_law_tends_to_the_exponential():
    """For alpha, s → ∞ at alpha / s = rate the shifted law is E + B exp(-rate x)."""
    x, rate, s = np.linspace(0, 5, 20), 0.7, 1e7
    alpha = rate * s
    curve = 0.5 + 0.3 * np.exp(-alpha * np.log1p(x / s))  # A = 0.3 s^alpha is beyond a float
    assert curve == pytest.approx(laws.exponential(x, 0.5, 0.3, rate), rel=1e-6)


@pytest.mark.parametrize(("E", "A", "alpha", "B", "beta"), [(1.69, 406.4, 0.34, 410.7, 0.28)])
def test_chinchilla_predicts_its_own_paper(E, A, alpha, B, beta):
    """Hoffmann et al.'s constants give the loss 1.93 to 1.94 for Chinchilla itself (70 G parameters, 1.4 T tokens)."""
    assert laws.chinchilla(70e9, 1.4e12, E, A, alpha, B, beta) == pytest.approx(1.936, abs=2e-3)


def test_chinchilla_broadcasts_model_against_data():
    """Sizes and samples of different shapes span a grid."""
    grid = laws.chinchilla(X[:, None], X[None, :7], 0.5, 0.2, 0.5, 0.5, 0.2)
    assert grid.shape == (25, 7)
    assert grid[3, 4] == pytest.approx(0.5 + 0.2 * X[3] ** -0.5 + 0.5 * X[4] ** -0.2, rel=1e-14)


def test_loglinear_law_gains_its_slope_each_decade():
    """The slope is the gain of score per decade."""
    L = laws.loglinear(10.0 ** np.arange(5), intercept=0.9, slope=0.07)
    assert np.diff(L) == pytest.approx(-0.07 * np.ones(4), rel=1e-12)


@pytest.mark.parametrize("law", laws.LAWS.values(), ids=lambda law: law.name)
def test_registry_names_the_parameters_of_the_function(law):
    """`Law.parameters` are the arguments of the function after the scale, in order."""
    arguments = tuple(inspect.signature(law.function).parameters)
    assert arguments[law.n_variables :] == law.parameters


@pytest.mark.parametrize("law", laws.LAWS.values(), ids=lambda law: law.name)
def test_laws_with_a_floor_say_that_they_saturate(law):
    """A law has an asymptote exactly when it has the parameter E."""
    assert law.saturates is ("E" in law.parameters)


def test_unknown_law_is_refused_with_the_nearest():
    """A misspelt law is named with what was probably meant."""
    with pytest.raises(VvsError, match=r"law 'saturatin' is unknown: did you mean 'saturating'\?"):
        laws.law("saturatin")
