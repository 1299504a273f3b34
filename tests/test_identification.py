"""What the rows determine: ranges within 1 % of the minimum loss."""

import numpy as np
import pytest
from planted import PLANTED

from vvslib.errors import VvsError
from vvslib.fits import laws, objective
from vvslib.fits.identification import profile, ranges
from vvslib.fits.solver import fit


def rows(law, n=80, sigma=0.02, seed=0):
    """Rows of a planted law with noise."""
    rng = np.random.default_rng(seed)
    x = 10 ** rng.uniform(0, 6, (n, laws.LAWS[law].n_variables))
    return x, laws.LAWS[law].function(*x.T, **PLANTED[law]) * np.exp(sigma * rng.standard_normal(n))


@pytest.mark.parametrize("delta", [1e-3, np.inf])
@pytest.mark.parametrize("law", PLANTED)
def test_range_holds_the_estimate(law, delta):
    """The minimum itself costs nothing, so every parameter lies in its range."""
    x, L = rows(law)
    found = fit(law, x, L, delta=delta)
    within = ranges(found, x, L).within
    for name, value in found.parameters.items():
        assert within[name][0] <= value * (1 + 1e-6) and within[name][1] >= value * (1 - 1e-6), name


@pytest.mark.parametrize("side", [0, 1])
def test_range_ends_where_the_loss_has_risen_by_the_tolerance(side):
    """With E held at an end of its range, and the rest refitted on a grid, the lowest loss is 1 % above the minimum."""
    x, L = rows("saturating")
    found = fit("saturating", x, L, delta=0.1)
    E = ranges(found, x, L).within["E"][side]
    lowest = min(
        objective.total(laws.saturating(x[:, 0], E, A, alpha), L, 0.1)
        for alpha in np.linspace(0.15, 0.4, 126)
        for A in np.linspace(0.3, 0.5, 101)
    )
    assert lowest == pytest.approx(1.01 * found.loss, rel=2e-3)


def test_tolerance_of_nothing_leaves_a_point():
    """The less the loss may rise, the narrower the range."""
    x, L = rows("saturating")
    found = fit("saturating", x, L, delta=0.1)
    widths = [np.ptp(ranges(found, x, L, tolerated=t).within["E"]) for t in (0.1, 0.01, 1e-4)]
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] < 0.01


def test_range_of_the_asymptote_is_that_of_the_floor_turned_round():
    """Ŝ = 1 - E, so are the limits."""
    x, L = rows("saturating")
    within = ranges(fit("saturating", x, L), x, L).within
    assert within["asymptote"] == (1 - within["E"][1], 1 - within["E"][0])


def test_planted_parameters_are_identified():
    """Six decades with little noise determine all three parameters."""
    x, L = rows("saturating")
    assert ranges(fit("saturating", x, L), x, L).not_identified == ()


def test_scales_too_narrow_identify_no_exponent():
    """A third of a decade with noise does not tell a floor from a slope."""
    rng = np.random.default_rng(1)
    x = 10 ** rng.uniform(0, 0.3, 60)
    L = laws.saturating(x, 0.5, 0.4, 0.25) * np.exp(0.05 * rng.standard_normal(60))
    found = ranges(fit("saturating", x, L), x, L)
    assert {"E", "A", "alpha"} == set(found.not_identified)
    assert found.within["asymptote"][1] == pytest.approx(1.0, abs=1e-9)


def test_exponential_rows_leave_the_shift_open():
    """In the exponential limit A, alpha and shift reach infinity, while the floor stays known."""
    x = np.linspace(0.01, 6, 60)
    L = laws.exponential(x, 0.5, 0.4, 0.8) * np.exp(0.01 * np.random.default_rng(2).standard_normal(60))
    found = ranges(fit("shifted", x, L), x, L)
    assert set(found.not_identified) >= {"A", "alpha", "shift"}
    assert [found.within[name][1] for name in ("A", "alpha", "shift")] == [np.inf] * 3
    assert found.within["E"] == pytest.approx((0.5, 0.5), abs=0.02)


def test_floor_at_its_bound_is_not_identified():
    """E at 0 is a limit from one side only."""
    x = np.geomspace(1, 1e5, 60)
    L = laws.power(x, 0.8, 0.05) * np.exp(-0.005 * np.log(x) ** 2)
    found = fit("saturating", x, L)
    assert found.at_bound == ("E",)
    assert "E" in ranges(found, x, L).not_identified


def test_two_basins_are_both_in_the_range():
    """Where a second minimum lies less than 1 % above the first, the range reaches into it."""
    x = np.repeat(np.geomspace(1, 1e6, 24), 2)
    rng = np.random.default_rng(4)
    L = np.concatenate([laws.saturating(x[:24], 0.5, 0.4, 0.3), laws.power(x[24:], 0.85, 0.03)]) * np.exp(
        0.05 * rng.standard_normal(48)
    )
    found = fit("saturating", x, L)
    near = found.minima[found.minima_losses <= 1.01 * found.loss]
    within = ranges(found, x, L).within["E"]
    for theta in near:
        E = theta[2] * np.exp(theta[0])
        assert within[0] - 1e-6 <= E <= within[1] + 1e-6


def test_rows_of_weight_zero_do_not_matter():
    """Ranges with a row of weight 0 are those without the row."""
    x, L = rows("saturating", n=40)
    weights = np.ones(40)
    weights[[3, 17]] = 0
    kept = weights > 0
    one = ranges(fit("saturating", x, L, weights=weights), x, L, weights=weights)
    other = ranges(fit("saturating", x[kept], L[kept]), x[kept], L[kept])
    for name, span in other.within.items():
        assert one.within[name] == pytest.approx(span, rel=1e-3)


@pytest.mark.parametrize("law", sorted(set(PLANTED) - {"shifted"}))
def test_profile_touches_the_minimum_at_the_estimate(law):
    """Held at its own estimate a parameter costs nothing; held elsewhere it costs more."""
    x, L = rows(law)
    found = fit(law, x, L, delta=0.1)
    for name, value in found.parameters.items():
        losses = profile(found, x, L, name, [value * 0.9, value, value * 1.1])
        assert losses[1] == pytest.approx(found.loss, rel=1e-6)
        assert losses[0] > losses[1] < losses[2]


@pytest.mark.parametrize("law", sorted(set(PLANTED) - {"shifted"}))
def test_profile_reaches_the_ceiling_at_the_ends_of_the_range(law):
    """Profile and range are the same statement: 1 % more loss at each end."""
    x, L = rows(law)
    found = fit(law, x, L, delta=0.1)
    for name, span in ranges(found, x, L).within.items():
        assert profile(found, x, L, name, span) == pytest.approx(np.full(2, 1.01 * found.loss), rel=1e-3), name


def test_profile_of_an_unknown_parameter_is_refused():
    """The parameters there are are named; the shifted law is profiled over its shift only."""
    x, L = rows("power")
    with pytest.raises(VvsError, match="parameter 'alpa' is unknown: did you mean 'alpha'"):
        profile(fit("power", x, L), x, L, "alpa", [0.1])
    with pytest.raises(VvsError, match="profiled over its shift only"):
        profile(fit("shifted", x, L), x, L, "alpha", [0.1])


def test_asymptote_is_not_offered_to_a_law_without_one():
    """The power law's profile names what it has."""
    x, L = rows("power")
    with pytest.raises(VvsError, match=r"parameter 'asymptote' is unknown: known: 'A', 'alpha'$"):
        profile(fit("power", x, L), x, L, "asymptote", [0.5])
