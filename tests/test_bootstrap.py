"""Resamples as weights: the published ones, whole clusters, intervals, and that each is solved as a fit of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import PLANTED

from vvslib.errors import VvsError
from vvslib.fits import laws
from vvslib.fits.bootstrap import bootstrap, cluster_weights, percentile_interval, row_weights
from vvslib.fits.solver import fit


def rows(law, n=70, sigma=0.08, seed=0):
    """Rows of a planted law with heavy-tailed noise."""
    rng = np.random.default_rng(seed)
    x = 10 ** rng.uniform(0, 6, (n, laws.LAWS[law].n_variables))
    return x, laws.LAWS[law].function(*x.T, **PLANTED[law]) * np.exp(sigma * rng.standard_t(3, n))


@pytest.mark.parametrize("n", [4, 35, 620])
def test_seed_42_gives_the_published_resamples(n):
    """Counts of the very rows that numpy's generator draws for (1000, n) integers."""
    drawn = np.random.default_rng(42).integers(0, n, size=(1000, n))
    expected = np.array([np.bincount(row, minlength=n) for row in drawn])
    assert np.array_equal(row_weights(n, 1000, 42), expected)
    assert np.array_equal(row_weights(n, 1000), expected)


@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_every_resample_has_as_many_rows_as_there_are(n, n_resamples, seed):
    """Weights are counts, and sum to n."""
    weights = row_weights(n, n_resamples, seed)
    assert weights.shape == (n_resamples, n)
    assert np.all(weights == weights.astype(int)) and np.all(weights >= 0)
    assert np.all(weights.sum(axis=1) == n)


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.integers(0, 99))
def test_clusters_are_drawn_whole(labels, seed):
    """Rows of one cluster share their count, and as many clusters are drawn as there are."""
    weights = cluster_weights(labels, 10, seed)
    names, first = np.unique(labels, return_index=True)
    for name in names:
        own = weights[:, np.array(labels) == name]
        assert np.all(own == own[:, :1])
    assert np.all(weights[:, first].sum(axis=1) == len(names))


def test_clusters_of_one_row_are_rows():
    """With a label of its own for each row, sorted, clusters are rows."""
    assert np.array_equal(cluster_weights([f"{i:02d}" for i in range(20)], 50, 7), row_weights(20, 50, 7))


@pytest.mark.parametrize("law", PLANTED)
def test_resample_is_solved_as_well_as_a_fit_of_its_rows(law):
    """At most 0.5 % of the resamples end above a fresh global fit of the same rows by more than 1e-4; none of ten here."""
    x, L = rows(law)
    weights = row_weights(70, 10, 3)
    many = bootstrap(fit(law, x, L), x, L, weights)
    alone = np.array([fit(law, x, L, weights=w).loss for w in weights])
    assert np.all(many.losses <= alone * (1 + 1e-4))


@pytest.mark.parametrize("law", PLANTED)
def test_weights_of_one_give_the_fit_itself(law):
    """A resample that holds each row once is the fit."""
    x, L = rows(law)
    found = fit(law, x, L)
    many = bootstrap(found, x, L, np.ones((2, 70)))
    assert many.losses == pytest.approx(np.full(2, found.loss), rel=1e-7)


@pytest.mark.parametrize("law", PLANTED)
def test_same_weights_give_the_same_bits(law):
    """Nothing random is left once the weights are drawn."""
    x, L = rows(law)
    found = fit(law, x, L)
    one, other = (bootstrap(found, x, L, row_weights(70, 20)) for _ in range(2))
    assert one.thetas.tobytes() == other.thetas.tobytes()
    assert one.losses.tobytes() == other.losses.tobytes()


@pytest.mark.parametrize("law", PLANTED)
def test_rows_without_noise_leave_no_spread(law):
    """Every resample of exact rows finds the planted law."""
    x, _ = rows(law)
    L = laws.LAWS[law].function(*x.T, **PLANTED[law])
    many = bootstrap(fit(law, x, L), x, L, row_weights(70, 20))
    for name, value in PLANTED[law].items():
        assert many.parameters[name] == pytest.approx(np.full(20, value), rel=1e-5)


def test_interval_covers_the_planted_asymptote():
    """The 95 % interval of Ŝ holds the truth in at least 16 of 20 made-up studies."""
    covered = 0
    for seed in range(20):
        x, L = rows("saturating", sigma=0.03, seed=seed)
        interval = bootstrap(fit("saturating", x, L), x, L, row_weights(70, 60)).interval("asymptote")
        covered += interval["low"] <= 0.5 <= interval["high"]
    assert covered >= 16


def test_clusters_with_shared_noise_widen_the_interval():
    """Where rows of a cluster err together, whole clusters are the honest unit, and their interval is the wider one."""
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(14), 10)
    x = 10 ** rng.uniform(0, 6, 140)
    noise = 0.1 * rng.standard_normal(14)[cluster] + 0.01 * rng.standard_normal(140)
    L = laws.power(x, **PLANTED["power"]) * np.exp(noise)
    found = fit("power", x, L)
    drawn = row_weights(140, 200), cluster_weights(cluster, 200)
    by_row, by_cluster = (np.ptp(bootstrap(found, x, L, weights).band([1e3]), axis=0)[0] for weights in drawn)
    assert by_cluster > 2 * by_row


def test_band_holds_the_fitted_curve():
    """The pointwise band of the score lies around the fit, and has its shape."""
    x, L = rows("saturating")
    found = fit("saturating", x, L)
    grid = np.geomspace(1, 1e6, 30)
    low, high = bootstrap(found, x, L, row_weights(70, 200)).band(grid)
    assert low.shape == high.shape == (30,)
    assert np.all((low <= found.score(grid)) & (found.score(grid) <= high))


def test_law_without_floor_has_no_asymptote():
    """Power and log-linear laws say None."""
    x, L = rows("power")
    assert bootstrap(fit("power", x, L), x, L, row_weights(70, 5)).asymptote is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_finite_percentiles_are_those_of_numpy(values):
    """Median and limits of finite values."""
    found = percentile_interval(np.array(values))
    assert list(found.values()) == pytest.approx(list(np.quantile(values, [0.5, 0.025, 0.975])))


def test_infinite_percentiles_never_become_nan():
    """Half the values at infinity: the median is infinite or finite, the upper limit infinite."""
    found = percentile_interval(np.array([1.0, 2.0, np.inf, np.inf, np.inf]))
    assert (found["median"], found["high"]) == (np.inf, np.inf)
    assert found["low"] == pytest.approx(1.1)


@pytest.mark.parametrize("shape", [(5,), (5, 69), (2, 3, 70)])
def test_weights_of_another_shape_are_refused(shape):
    """One weight per row and resample; the shape wanted and the shape got are named."""
    x, L = rows("power")
    with pytest.raises(VvsError, match=r"weights must have shape \(n_resamples, 70\); got"):
        bootstrap(fit("power", x, L), x, L, np.ones(shape))
