"""The global fit: planted laws found again, an independent optimiser not beaten, invariances, errors in words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from vvslib.errors import VvsError
from vvslib.fits import laws, objective
from vvslib.fits.solver import fit, ladder

PLANTED = {
    "power": {"A": 0.8, "alpha": 0.07},
    "saturating": {"E": 0.52, "A": 0.45, "alpha": 0.21},
    "shifted": {"E": 0.48, "A": 9.0, "alpha": 0.6, "shift": 140.0},
    "chinchilla": {"E": 0.51, "A": 0.18, "alpha": 0.58, "B": 0.47, "beta": 0.22},
    "loglinear": {"intercept": 0.9, "slope": 0.06},
}
DELTAS = (1e-3, 0.1, np.inf)


def scales(law, n=80, seed=0):
    """Scales over six decades, ``(n, k)``; not on a grid."""
    rng = np.random.default_rng(seed)
    return 10 ** rng.uniform(-1, 5, (n, laws.LAWS[law].n_variables))


def noisy(law, n=80, sigma=0.1, seed=0):
    """Rows of a planted law with log-normal noise of heavy tails."""
    rng = np.random.default_rng(seed + 100)
    x = scales(law, n, seed)
    return x, laws.LAWS[law].function(*x.T, **PLANTED[law]) * np.exp(sigma * rng.standard_t(3, n))


def cost(law, x, L, delta):
    """The objective as a function of natural parameters, amplitudes and E as logarithms."""
    found = laws.LAWS[law]
    logs = np.array([name in ("E", "A", "B", "alpha", "beta", "shift") for name in found.parameters])

    def function(theta):
        values = np.where(logs, np.exp(np.clip(np.where(logs, theta, 0.0), -700, 300)), theta)
        with np.errstate(all="ignore"):
            predicted = found.function(*x.T, **dict(zip(found.parameters, values, strict=True)))
            return min(objective.total(predicted, L, delta), 1e30) if np.all(np.isfinite(predicted)) else 1e30

    return function, logs


def independent(law, x, L, delta, n_starts, seed=0):
    """The lowest objective that scipy finds from many random starts, along a ladder of δ, by simplex and by BFGS."""
    rng = np.random.default_rng(seed)
    centre = {"E": -0.7, "A": 0.0, "B": -0.7, "alpha": -1.2, "beta": -1.2, "shift": 4.0, "intercept": 0.8, "slope": 0.05}
    width = {"E": 1.5, "A": 2.0, "B": 1.5, "alpha": 1.0, "beta": 1.0, "shift": 4.0, "intercept": 0.2, "slope": 0.05}
    names, best = laws.LAWS[law].parameters, np.inf
    final, _ = cost(law, x, L, delta)
    for _ in range(n_starts):
        theta = np.array([rng.normal(centre[name], width[name]) for name in names])
        for rung in (0.1, 0.01, delta) if delta < 0.01 else (delta,):
            function, _ = cost(law, x, L, rung)
            for method in ("BFGS", "Nelder-Mead"):
                theta = minimize(function, theta, method=method).x
        best = min(best, final(theta))
    return best


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("law", PLANTED)
def test_planted_law_is_recovered(law, delta):
    """Without noise every parameter of every law is found to 1e-6."""
    x = scales(law)
    found = fit(law, x, laws.LAWS[law].function(*x.T, **PLANTED[law]), delta=delta)
    assert found.parameters == pytest.approx(PLANTED[law], rel=1e-6)
    assert found.converged


@pytest.mark.parametrize("unit", [1e-13, 1e-5, 1e13])
@pytest.mark.parametrize("law", PLANTED)
def test_planted_law_is_recovered_in_awkward_units(law, unit):
    """The same with scales of 1e-14 or 1e18: predictions to 1e-6, and exponents, which have no unit."""
    x = scales(law)
    L = laws.LAWS[law].function(*x.T, **PLANTED[law])
    found = fit(law, x * unit, L)
    assert found.misalignment(x * unit) == pytest.approx(L, rel=1e-6)
    unitless = {name: value for name, value in PLANTED[law].items() if name in ("E", "alpha", "beta", "slope")}
    assert {name: found.parameters[name] for name in unitless} == pytest.approx(unitless, rel=1e-6)


def test_chinchilla_constants_are_recovered():
    """Hoffmann et al.'s published constants, planted over their range of models and tokens."""
    rng = np.random.default_rng(3)
    x = np.column_stack([10 ** rng.uniform(7.6, 10.2, 200), 10 ** rng.uniform(9.7, 11.7, 200)])
    constants = {"E": 1.69, "A": 406.4, "alpha": 0.34, "B": 410.7, "beta": 0.28}
    assert fit("chinchilla", x, laws.chinchilla(*x.T, **constants)).parameters == pytest.approx(constants, rel=1e-6)


@pytest.mark.parametrize("delta", [1e-3, np.inf])
def test_exponential_limit_is_recognised(delta):
    """A planted exponential is the shifted law's limit: named so, with its own parameters, and none of 1e142."""
    x = np.linspace(0.01, 6, 60)
    found = fit("shifted", x, laws.exponential(x, 0.5, 0.4, 0.8), delta=delta)
    assert found.limit == "exponential"
    assert found.exponential == pytest.approx({"E": 0.5, "B": 0.4, "rate": 0.8}, rel=1e-6)
    assert [found.parameters[name] for name in ("A", "alpha", "shift")] == [None, None, None]
    assert found.parameters["E"] == pytest.approx(0.5, rel=1e-6)
    assert set(found.at_bound) == {"A", "alpha", "shift"}


def test_saturating_rows_bring_the_shift_to_its_bound():
    """The shifted law finds s = 0 in rows that have no shift, and says that it sits at a bound."""
    x = scales("saturating")
    found = fit("shifted", x, laws.saturating(x[:, 0], **PLANTED["saturating"]))
    assert found.parameters["shift"] == pytest.approx(0, abs=1e-6)
    assert found.asymptote == pytest.approx(0.48, abs=1e-6)


def test_rows_that_fall_ever_faster_bring_the_floor_to_its_bound():
    """Where misalignment bends away from any floor the saturating law finds E = 0: the asymptote is 1, and a bound."""
    x = scales("power")
    found = fit("saturating", x, laws.power(x[:, 0], **PLANTED["power"]) * np.exp(-0.01 * np.log(10 * x[:, 0]) ** 2))
    assert (found.parameters["E"], found.asymptote, found.at_bound) == (0.0, 1.0, ("E",))


@pytest.mark.parametrize(("law", "n_starts"), [("power", 4), ("saturating", 8), ("shifted", 12), ("loglinear", 4)])
@pytest.mark.parametrize("delta", [1e-3, np.inf])
def test_independent_optimiser_finds_nothing_lower(law, n_starts, delta):
    """scipy from many starts never ends more than 1e-6 below, on rows with heavy-tailed noise."""
    x, L = noisy(law)
    assert fit(law, x, L, delta=delta).loss <= independent(law, x, L, delta, n_starts) * (1 + 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("delta", [1e-3, np.inf])
def test_independent_optimiser_finds_nothing_lower_in_two_variables(delta):
    """The same for the two-variable law, whose five parameters take scipy longer."""
    x, L = noisy("chinchilla")
    assert fit("chinchilla", x, L, delta=delta).loss <= independent("chinchilla", x, L, delta, 12) * (1 + 1e-6)


@pytest.mark.parametrize("law", PLANTED)
def test_loss_is_the_objective_at_the_parameters(law):
    """What is reported as loss is the plain objective of the reported parameters."""
    x, L = noisy(law)
    found = fit(law, x, L)
    predicted = laws.LAWS[law].function(*x.T, **found.parameters)
    assert found.loss == pytest.approx(objective.total(predicted, L, 1e-3), rel=1e-9)


@pytest.mark.parametrize("law", PLANTED)
def test_minimum_is_stationary(law):
    """With a smooth objective the gradient of the free coordinates vanishes, and the result says so."""
    x, L = noisy(law)
    found = fit(law, x, L, delta=np.inf)
    assert found.gradient_norm < 1e-5
    assert np.isfinite(found.condition)


@settings(max_examples=12)
@given(st.sampled_from(sorted(PLANTED)), st.floats(-12, 12))
def test_units_change_amplitudes_only(law, exponent):
    """x in another unit: same loss and exponents; A is multiplied by unit^alpha, the shift by the unit."""
    x, L = noisy(law)
    unit = 10.0**exponent
    one, other = fit(law, x, L), fit(law, x * unit, L)
    assert other.loss == pytest.approx(one.loss, rel=1e-8)
    expected = {
        "E": 1.0,
        "alpha": 1.0,
        "beta": 1.0,
        "slope": 1.0,
        "shift": unit,
        "A": unit ** one.parameters.get("alpha", 0.0),
        "B": unit ** one.parameters.get("beta", 0.0),
    }
    for name in set(one.parameters) - {"intercept"}:
        assert other.parameters[name] == pytest.approx(one.parameters[name] * expected[name], rel=1e-4)


@settings(max_examples=10)
@given(st.sampled_from(sorted(PLANTED)), st.randoms(use_true_random=False))
def test_row_order_does_not_matter(law, random):
    """Shuffled rows give the same fit."""
    x, L = noisy(law, n=50)
    order = list(range(len(L)))
    random.shuffle(order)
    one, other = fit(law, x, L), fit(law, x[order], L[order])
    assert other.loss == pytest.approx(one.loss, rel=1e-9)
    assert other.misalignment(x) == pytest.approx(one.misalignment(x), rel=1e-5)


@settings(max_examples=10)
@given(st.sampled_from(sorted(PLANTED)), st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_integer_weights_are_repeated_rows(law, weights):
    """A weight of k is the same as k copies, 0 the same as leaving the row out."""
    weights = np.array(weights)
    weights[:8] = np.maximum(weights[:8], 1)
    x, L = noisy(law, n=40)
    weighted = fit(law, x, L, weights=weights)
    repeated = fit(law, np.repeat(x, weights, axis=0), np.repeat(L, weights))
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-8)
    assert weighted.misalignment(x) == pytest.approx(repeated.misalignment(x), rel=1e-5)


@pytest.mark.parametrize("seed", range(30))
def test_power_law_is_solved_exactly(seed):
    """A power law's objective is convex in its logarithms, if full of kinks at a small δ: none of them stops the solver."""
    x, L = noisy("power", n=40)
    weights = np.random.default_rng(seed).integers(0, 4, 40)

    def cost_of(theta):
        return objective.total(np.exp(theta[0] - theta[1] * np.log(x[:, 0])), L, 1e-3, weights)

    found = fit("power", x, L, weights=weights)
    theta = np.array([np.log(found.parameters["A"]), found.parameters["alpha"]])
    for _ in range(3):
        theta = minimize(cost_of, theta, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14}).x
    assert found.loss <= cost_of(theta) * (1 + 1e-9)


@pytest.mark.parametrize("law", PLANTED)
def test_same_rows_give_the_same_bits(law):
    """Nothing random, nothing left over from one fit to the next."""
    x, L = noisy(law)
    one, _, other = fit(law, x, L), fit("power", x[:, 0], L), fit(law, x, L)
    assert one.theta.tobytes() == other.theta.tobytes()
    assert one.loss == other.loss


@settings(max_examples=15)
@given(st.floats(0.05, 0.9), st.floats(0.05, 1.0), st.integers(0, 99))
def test_parameters_stay_in_their_range(E, alpha, seed):
    """Whatever the rows: E and the exponent are not negative, the asymptote not above 1, the curve never rises."""
    rng = np.random.default_rng(seed)
    x = 10 ** rng.uniform(-1, 5, 25)
    found = fit("saturating", x, (E + 0.5 * x**-alpha) * np.exp(0.2 * rng.standard_normal(25)))
    assert found.parameters["E"] >= 0
    assert found.parameters["alpha"] >= 0
    assert found.asymptote <= 1
    assert np.all(np.diff(found.misalignment(np.geomspace(0.1, 1e5, 50))) <= 1e-12)


def test_ladder_ends_at_delta():
    """The last rung is the δ asked for, and rungs only descend."""
    rungs = ladder(np.array([0.0, 1.0]), 1e-3)
    assert rungs[-1] == pytest.approx(1e-3, rel=1e-12)
    assert np.all(np.diff(rungs) < 0)


@pytest.mark.parametrize("delta", [0.0, -1.0, np.nan])
def test_delta_that_is_not_positive_is_refused(delta):
    """δ must be positive; the error says what least squares is."""
    with pytest.raises(VvsError, match=r"delta must be positive, or inf for least squares; got"):
        fit("power", [1, 2, 3], [0.5, 0.4, 0.3], delta=delta)


@pytest.mark.parametrize(
    ("L", "said"),
    [
        ([0.5, np.nan, 0.4, np.nan], r"2 of 4 rows with a score that is NaN: b, d; leave them out"),
        ([0.5, 0.0, 0.4, 0.3], r"1 of 4 rows with a score ≥ 1 .*: b; leave"),
        ([0.5, np.inf, 0.4, 0.3], r"1 of 4 rows with an infinite score: b"),
    ],
)
def test_misalignment_that_cannot_be_fitted_is_counted_and_named(L, said):
    """NaN, zero and infinity are refused with how many and which rows."""
    with pytest.raises(VvsError, match=said):
        fit("saturating", [1, 2, 3, 4], L, labels=["a", "b", "c", "d"])


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_scale_that_is_no_positive_number_is_named(scale):
    """So is a scale without a logarithm."""
    with pytest.raises(VvsError, match=r"1 of 4 rows with a scale that is not a positive number: c"):
        fit("saturating", [1, 2, scale, 4], [0.5, 0.4, 0.4, 0.3], labels=["a", "b", "c", "d"])


def test_many_bad_rows_are_not_all_listed():
    """Five are named, the rest counted."""
    with pytest.raises(VvsError, match=r"9 of 9 rows .*: 0, 1, 2, 3, 4 and 4 more"):
        fit("saturating", np.arange(1, 10), np.full(9, np.nan))


def test_fewer_rows_than_parameters_are_refused():
    """Three rows do not determine four parameters; a weight of 0 is no row."""
    with pytest.raises(VvsError, match=r"3 rows cannot determine the 4 parameters of the law 'shifted'"):
        fit("shifted", [1, 2, 3, 4], [0.5, 0.4, 0.35, 0.3], weights=[1, 1, 0, 1])


def test_lengths_that_differ_are_refused():
    """x, L and weights belong together."""
    with pytest.raises(VvsError, match=r"must be equally long; got 3, 2 and 2 rows"):
        fit("power", [1, 2, 3], [0.5, 0.4])


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_impossible_weights_are_refused(weight):
    """Weights are finite and not negative."""
    with pytest.raises(VvsError, match=r"1 of 3 rows with a negative or infinite weight: 1"):
        fit("power", [1, 2, 3], [0.5, 0.4, 0.3], weights=[1, weight, 1])
