"""Error beyond the fitted range."""

import numpy as np
import pytest

from vvslib.errors import VvsError
from vvslib.fits import laws
from vvslib.fits.heldout import hold_out_largest

X = np.geomspace(1, 1e6, 50)
L = laws.saturating(X, 0.5, 0.4, 0.25)


def test_right_law_predicts_exact_rows():
    """The largest tenth, predicted from the rest, without error."""
    found = hold_out_largest("saturating", X, L)
    assert (found.n_train, found.n_test) == (45, 5)
    assert found.rmse == pytest.approx(0, abs=1e-6)


def test_law_without_floor_promises_too_much():
    """A power law fitted below predicts higher scores than a saturating truth gives: the bias is positive."""
    found = hold_out_largest("power", X, L, share=0.3)
    assert found.bias > 0.005
    assert found.rmse >= found.bias


def test_law_is_fitted_below_the_threshold_only():
    """Rows held out do not touch the fit."""
    changed = L.copy()
    changed[-5:] = 0.9
    one, other = hold_out_largest("saturating", X, L), hold_out_largest("saturating", X, changed)
    assert one.fit.parameters == other.fit.parameters
    assert other.rmse > 0.2


def test_row_order_does_not_matter():
    """Large is large wherever it stands."""
    order = np.random.default_rng(0).permutation(50)
    noisy = L * np.exp(0.02 * np.random.default_rng(1).standard_normal(50))
    one, other = hold_out_largest("saturating", X, noisy), hold_out_largest("saturating", X[order], noisy[order])
    assert other.rmse == pytest.approx(one.rmse, rel=1e-5)


def test_rows_of_equal_scale_stay_together():
    """No scale is on both sides: of ten scales with five rows each, the two largest are held out for 12 %."""
    x = np.repeat(np.geomspace(1, 1e4, 10), 5)
    found = hold_out_largest("saturating", x, laws.saturating(x, 0.5, 0.4, 0.25), share=0.12)
    assert found.n_test == 10
    assert found.threshold == pytest.approx(x[40])


def test_two_variables_are_held_out_by_compute():
    """The joint law is fitted below a threshold of compute, and predicts above it."""
    rng = np.random.default_rng(2)
    x = 10 ** rng.uniform(0, 4, (80, 2))
    constants = {"E": 0.5, "A": 0.2, "alpha": 0.5, "B": 0.45, "beta": 0.25}
    found = hold_out_largest("chinchilla", x, laws.chinchilla(*x.T, **constants), by=x.prod(axis=1))
    assert found.n_test == 8
    assert found.rmse == pytest.approx(0, abs=1e-6)


def test_two_variables_need_a_scale_to_hold_out_by():
    """What is large is not said by two columns."""
    with pytest.raises(VvsError, match=r"needs `by`"):
        hold_out_largest("chinchilla", np.ones((9, 2)), np.full(9, 0.5))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 10])
def test_share_outside_its_range_is_refused(share):
    """A share is between 0 and 1."""
    with pytest.raises(VvsError, match=r"share must lie between 0 and 1; got"):
        hold_out_largest("saturating", X, L, share=share)


def test_one_scale_leaves_nothing_to_fit():
    """All rows of one scale would be held out together."""
    with pytest.raises(VvsError, match=r"leaves none to fit: too few distinct scales"):
        hold_out_largest("saturating", np.ones(9), np.full(9, 0.5))
