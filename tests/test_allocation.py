"""Compute-optimal allocation: Hoffmann et al.'s exponents, and that no other split of the same compute does better."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvslib.errors import VvsError
from vvslib.fits.allocation import ComputeRelation, allocation, compute_relation, optimal_score
from vvslib.fits.laws import chinchilla

HOFFMANN = {"E": 1.69, "A": 406.4, "alpha": 0.34, "B": 410.7, "beta": 0.28}


def test_published_exponents_of_chinchilla():
    """a = .45 (.46 as printed, from unrounded exponents) and b = .55 (.54): the larger exponent of N leaves more to D."""
    found = allocation(HOFFMANN, ComputeRelation(6.0, 1.0))
    assert (float(found.a), float(found.b)) == pytest.approx((0.28 / 0.62, 0.34 / 0.62))
    assert float(found.a) == pytest.approx(0.46, abs=0.01) and float(found.b) == pytest.approx(0.54, abs=0.01)
    assert float(found.N_exponent) == float(found.a)


positive = st.floats(0.05, 2.0)


@given(positive, positive, positive, positive, st.floats(0.8, 1.2), st.floats(1, 12))
def test_no_other_split_of_the_same_compute_is_better(A, alpha, B, beta, slope, decades):
    """Moving along N·D = const from N*, D* raises the loss on both sides: the sign of G is right."""
    parameters = {"E": 0.4, "A": A, "alpha": alpha, "B": B, "beta": beta}
    found = allocation(parameters, ComputeRelation(6.0, slope))
    N, D = found.sizes([10.0**decades])
    best = chinchilla(N, D, **parameters)[0] - 0.4
    for factor in (0.7, 0.99, 1.01, 1.4):
        assert chinchilla(N * factor, D / factor, **parameters)[0] - 0.4 >= best * (1 - 1e-9)


@given(positive, positive, st.floats(0.8, 1.2))
def test_sizes_use_up_the_budget(alpha, beta, slope):
    """N*·D* is what the budget buys, and grows with the exponents said."""
    relation = ComputeRelation(6.0, slope)
    found = allocation({"A": 0.3, "alpha": alpha, "B": 0.5, "beta": beta}, relation)
    C = np.array([1e3, 1e4])
    N, D = found.sizes(C)
    product = N * D
    assert product == pytest.approx(relation.product(C))
    assert np.log10(N[1] / N[0]) == pytest.approx(float(found.N_exponent))
    assert np.log10(D[1] / D[0]) == pytest.approx(float(found.D_exponent))


def test_optimal_score_is_the_law_at_the_optimum():
    """S*(C) = 1 - L(N*, D*)."""
    parameters = {"E": 0.5, "A": 0.2, "alpha": 0.5, "B": 0.45, "beta": 0.25}
    found = allocation(parameters, ComputeRelation(2.0, 1.03))
    C = np.geomspace(1e2, 1e8, 7)
    assert optimal_score(parameters, found, C) == pytest.approx(1 - chinchilla(*found.sizes(C), **parameters))


def test_resamples_are_allocated_one_by_one():
    """One entry a resample: the same as each alone."""
    many = {"A": np.array([0.2, 0.3]), "alpha": np.array([0.5, 0.4]), "B": np.array([0.4, 0.5]), "beta": np.array([0.2, 0.3])}
    relation = ComputeRelation(2.0, 1.0)
    N, _ = allocation(many, relation).sizes([1e3, 1e5])
    assert N.shape == (2, 2)
    for r in range(2):
        assert N[r] == pytest.approx(allocation({k: v[r] for k, v in many.items()}, relation).sizes([1e3, 1e5])[0])


@given(st.floats(1e-3, 1e20), st.floats(0.5, 1.5))
def test_planted_relation_of_compute_is_recovered(m, n):
    """C = m (N·D)^n exactly gives m and n back."""
    rng = np.random.default_rng(0)
    N, D = 10 ** rng.uniform(0, 3, 20), 10 ** rng.uniform(0, 4, 20)
    found = compute_relation(m * (N * D) ** n, N, D)
    assert (found.m, found.n) == pytest.approx((m, n), rel=1e-6)


def test_product_that_does_not_vary_is_refused():
    """One value of N·D ties nothing to compute."""
    with pytest.raises(VvsError, match=r"N·D must vary over the models"):
        compute_relation([1.0, 2.0], [1.0, 2.0], [2.0, 1.0])


@pytest.mark.parametrize("broken", [{"A": None}, {"B": 0.0}, {"alpha": 0.0}, {"beta": -1.0}])
def test_fit_without_an_inner_optimum_is_refused(broken):
    """A parameter at zero is named: model or data no longer matters."""
    with pytest.raises(VvsError, match=rf"needs positive A, alpha, B and beta; {next(iter(broken))} is missing"):
        allocation({**HOFFMANN, **broken}, ComputeRelation(6.0, 1.0))
