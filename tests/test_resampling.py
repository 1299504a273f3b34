"""Whose variance: weights and draws of each unit, which suits how many clusters, and whether intervals hold a simulated truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vvslib.errors import VvsError
from vvslib.fits import laws
from vvslib.fits.bootstrap import bootstrap, cluster_weights, row_weights
from vvslib.fits.limits import AsymptoteTest, jackknife_interval
from vvslib.fits.resampling import (
    crossed_weights,
    jackknife_weights,
    scheme,
    signs,
    stratified_weights,
    turned_responses,
)
from vvslib.fits.solver import fit

LABELS = st.lists(st.sampled_from("abcd"), min_size=4, max_size=20)


@given(LABELS)
def test_rows_drawn_within_their_stratum_keep_its_size(strata):
    """Counts of each stratum add up to its rows: a configuration without a second seed never varies."""
    weights = stratified_weights(strata, 20, seed=1)
    for one in set(strata):
        inside = np.array(strata) == one
        assert np.all(weights[:, inside].sum(axis=1) == inside.sum())


@given(LABELS)
def test_crossed_weights_are_products_of_both_counts(one):
    """Rows that share both clusters share their weight, and no resample is empty."""
    other = np.arange(len(one)) % 3
    weights = crossed_weights(one, other, 30, seed=2)
    assert np.all(weights.sum(axis=1) > 0)
    for label in set(zip(one, other, strict=True)):
        same = [(a, b) == label for a, b in zip(one, other, strict=True)]
        assert np.all(weights[:, same] == weights[:, same][:, :1])


def test_crossed_weights_are_those_of_two_independent_draws():
    """Where all four pairs occur, the product of the two cluster draws."""
    one, other = ["a", "a", "b", "b", "c", "c"], list("xyxyxy")
    expected = cluster_weights(one, 50, 7) * cluster_weights(other, 50, 8)
    assert crossed_weights(one, other, 50, seed=7).tolist() == expected.tolist()


def test_jackknife_leaves_each_cluster_out_once():
    """In the order of sorted labels."""
    weights = jackknife_weights(["b", "a", "b", "c"])
    assert weights.tolist() == [[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 0]]


def test_every_pattern_of_signs_stands_once_where_there_are_few():
    """2^g of them; drawn where that is too many."""
    assert len({tuple(row) for row in signs(9, 1000)}) == len(signs(9, 1000)) == 512
    assert signs(12, 1000).shape == (1000, 12)


def test_turned_responses_turn_whole_clusters():
    """Log-residuals keep their size; their signs are the same within a cluster."""
    rng = np.random.default_rng(0)
    x = np.geomspace(1, 1e4, 24)
    L = 0.8 * x**-0.05 * np.exp(0.1 * rng.standard_normal(24))
    clusters = np.arange(24) % 6
    found = fit("power", x, L, delta=np.inf)
    turned = np.log(turned_responses(found, x, L, clusters, 100)) - np.log(found.misalignment(x))
    ratio = turned / (np.log(L) - np.log(found.misalignment(x)))
    assert np.abs(ratio) == pytest.approx(1.0)
    assert len(turned) == 64
    for one in range(6):
        assert np.ptp(ratio[:, clusters == one], axis=1) == pytest.approx(np.zeros(64), abs=1e-6)


@pytest.mark.parametrize(("n", "how"), [(30, "bootstrap"), (29, "turned"), (6, "turned"), (5, "jackknife"), (3, "jackknife")])
def test_scheme_follows_the_number_of_clusters(n, how):
    """Many are drawn, few have their signs turned, very few are left out one at a time."""
    assert scheme(n) == how


def test_two_clusters_are_refused():
    """The message says what would work."""
    with pytest.raises(VvsError, match="2 data sets cannot say how data sets vary: at least 3 are needed, 6 to turn residuals"):
        scheme(2, "data sets")
    x, L = [1, 2, 3, 4, 5], [0.9, 0.8, 0.7, 0.6, 0.5]
    with pytest.raises(VvsError, match="5 clusters have 32 patterns of signs"):
        turned_responses(fit("power", x, L), x, L, range(5), 9)
    with pytest.raises(VvsError, match="at least 3 are needed"):
        jackknife_interval(1.0, [1.0, 2.0])


def test_responses_of_another_shape_are_refused():
    """So many rows they must have, and a score below 1."""
    x, L = np.geomspace(1, 10, 5), np.linspace(0.9, 0.5, 5)
    found = fit("power", x, L)
    with pytest.raises(VvsError, match=r"responses must have shape \(n_resamples, 5\); got \(3, 4\)"):
        bootstrap(found, x, L, None, responses=np.ones((3, 4)))
    with pytest.raises(VvsError, match="responses must be misalignments whose score lies below 1"):
        bootstrap(found, x, L, None, responses=np.zeros((3, 5)))


def test_bootstrap_of_responses_is_a_fit_of_each():
    """Rows drawn anew give, resample by resample, the loss of a fit of their own."""
    rng = np.random.default_rng(3)
    x = np.geomspace(1, 1e5, 50)
    curve = laws.saturating(x, 0.5, 0.4, 0.3)
    L = curve * np.exp(0.05 * rng.standard_normal(50))
    drawn = curve * np.exp(0.05 * rng.standard_normal((6, 50)))
    for delta, space in ((1e-3, "log"), (np.inf, "linear"), (np.inf, "logit")):
        found = fit("saturating", x, L, delta=delta, space=space)
        many = bootstrap(found, x, L, None, responses=drawn)
        alone = [fit("saturating", x, one, delta=delta, space=space).loss for one in drawn]
        assert many.losses == pytest.approx(alone, rel=1e-6)


def test_jackknife_of_a_mean_is_students_interval():
    """Known answer: left out one by one, the mean has its usual standard error and t limits."""
    values = np.array([1.0, 2.0, 4.0, 7.0])
    left_out = (values.sum() - values) / 3
    found = jackknife_interval(values.mean(), left_out)
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (found["low"], found["high"]) == pytest.approx((low, high))


def families(seed, n_families=12, n_each=12, effect=0.06, noise=0.02, E=0.0):
    """A table whose families stand at scales of their own and share an effect."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(n_families), n_each)
    u = np.repeat(np.linspace(0, 8, n_families), n_each) + rng.uniform(-1, 3, n_families * n_each)
    L = (E + 0.8 * np.exp(-0.05 * u)) * np.exp(
        effect * rng.standard_normal(n_families)[family] + noise * rng.standard_normal(len(u))
    )
    return family, np.exp(u), L


def covered(how, truth=0.05, n_tables=40):
    """Share of simulated tables whose 95 % interval of the exponent holds the planted one."""
    hits = 0
    for seed in range(n_tables):
        family, x, L = families(seed)
        found = fit("power", x, L, delta=np.inf)
        if how == "jackknife":
            left = bootstrap(found, x, L, jackknife_weights(family)).parameters["alpha"]
            limits = jackknife_interval(found.parameters["alpha"], left)
        else:
            weights = row_weights(len(L), 199) if how == "rows" else None
            drawn = None if how == "rows" else turned_responses(found, x, L, family, 199)
            limits = bootstrap(found, x, L, weights, responses=drawn).interval("alpha")
        hits += limits["low"] <= truth <= limits["high"]
    return hits / n_tables


def test_rows_under_cover_where_families_have_effects():
    """Resampled one by one, rows give limits of 95 % that hold the truth in fewer than 7 of 10 tables."""
    assert covered("rows") < 0.7


@pytest.mark.parametrize("how", ["turned", "jackknife"])
def test_clusters_cover_where_families_have_effects(how):
    """Twelve families resampled whole hold it in about 95 %: at least 34 of 40 tables."""
    assert covered(how) >= 0.85


def test_limits_hold_the_planted_asymptote_and_shrink_with_noise():
    """A test inverted: the truth is inside, and a tenth of the noise gives narrower limits."""
    widths = []
    for noise in (0.03, 0.003):
        rng = np.random.default_rng(1)
        x = np.geomspace(1, 1e6, 60)
        L = laws.saturating(x, 0.5, 0.4, 0.3) * np.exp(noise * rng.standard_normal(60))
        found = AsymptoteTest(x, L, delta=np.inf, n_draws=99).limits()
        assert found.low <= 0.5 <= found.high and not found.one_sided
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 3


def test_the_estimate_itself_is_never_rejected():
    """Held at the estimate the data's loss does not rise, so that every draw rises at least as much."""
    rng = np.random.default_rng(4)
    x = np.geomspace(1, 1e5, 40)
    test = AsymptoteTest(x, laws.saturating(x, 0.5, 0.4, 0.3) * np.exp(0.02 * rng.standard_normal(40)), delta=np.inf, n_draws=49)
    assert test.p(test.asymptote) > 0.9


@pytest.mark.parametrize("asymptote", [0.45, 0.48, 0.5, 0.52, 0.6, 1.0])
def test_a_test_that_stops_early_decides_as_all_its_draws_do(asymptote):
    """Rejected as soon as that is sure, or not: the same as p at most 0.05 of all draws."""
    rng = np.random.default_rng(4)
    x = np.geomspace(1, 1e5, 40)
    test = AsymptoteTest(x, laws.saturating(x, 0.5, 0.4, 0.3) * np.exp(0.02 * rng.standard_normal(40)), delta=np.inf, n_draws=59)
    assert test.rejects(asymptote) == (test.p(asymptote) <= 0.05)


def test_limit_at_the_bound_is_one_sided():
    """Without a floor the fit sits at Ŝ = 1: percentiles have no width, the limit is a lower one and below 1."""
    rng = np.random.default_rng(2)
    x = np.geomspace(1, 1e5, 60)
    L = laws.power(x, 0.9, 0.05) * np.exp(-0.003 * np.log(x) ** 2 + 0.005 * rng.standard_normal(60))
    found = fit("saturating", x, L, delta=np.inf)
    percentiles = bootstrap(found, x, L, row_weights(60, 99)).interval("asymptote")
    limits = AsymptoteTest(x, L, delta=np.inf, n_draws=99).limits()
    assert found.asymptote == percentiles["low"] == percentiles["high"] == 1.0
    assert limits.one_sided and limits.high == 1.0
    assert limits.low < 0.999


def test_limits_need_six_clusters():
    """The number there is is said, and the number needed."""
    with pytest.raises(VvsError, match="3 clusters are too few to turn their signs; at least 6"):
        AsymptoteTest([1, 2, 3, 4], [0.9, 0.8, 0.7, 0.65], ["a", "a", "b", "c"])
