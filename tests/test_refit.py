"""An experiment fitted to a table: its parts belong together."""

import numpy as np
import pandas as pd
import pytest
from planted import BOTH, defined, joint, table

from vvslib.errors import VvsError
from vvslib.fits.bootstrap import bootstrap, cluster_weights, row_weights
from vvslib.fits.laws import exponential, saturating
from vvslib.refit import RUNAWAY, cluster_labels, refit, refit_all, varied


@pytest.fixture(scope="module")
def one_variable():
    """A saturating law of compute, with resamples."""
    frame = table(lambda f: saturating(f.total_flops / 1e13, 0.5, 0.4, 0.25))
    return refit(frame, defined(), bootstraps=40)


@pytest.fixture(scope="module")
def two_variables():
    """The joint law, with resamples."""
    return refit(table(joint), BOTH, bootstraps=40)


def test_interval_is_that_of_the_resamples(one_variable):
    """Median and limits come from the resamples, and hold the planted asymptote."""
    interval = one_variable.interval("asymptote")
    assert interval == one_variable.bootstrap.interval("asymptote")
    assert interval["low"] < 0.5 < interval["high"]


def test_resamples_of_a_seed_are_those_of_its_weights(one_variable):
    """Seed 42 by default: the losses are those of a bootstrap with the published weights."""
    rows = one_variable.observations
    alone = bootstrap(one_variable.fit, rows.x, rows.L, row_weights(60, 40, 42))
    assert np.array_equal(alone.losses, one_variable.bootstrap.losses)


def test_clusters_reach_the_weights():
    """Resampling whole architectures gives the losses of cluster weights."""
    frame = table(lambda f: saturating(f.total_flops / 1e13, 0.5, 0.4, 0.25))
    found = refit(frame, defined(), bootstraps=10, clusters="arch", seed=7)
    rows = found.observations
    alone = bootstrap(found.fit, rows.x, rows.L, cluster_weights(rows.frame.arch.to_numpy(), 10, 7))
    assert np.array_equal(alone.losses, found.bootstrap.losses)


def test_columns_together_label_clusters():
    """Two rows are of one cluster where they agree in every column."""
    labels = cluster_labels(pd.DataFrame({"arch": ["a", "a", "b"], "seed": [0, 1, 0]}), ["arch", "seed"])
    assert len(set(labels)) == 3


def test_unknown_cluster_column_is_refused_with_the_nearest():
    """Clusters are columns."""
    with pytest.raises(VvsError, match="column 'arhc' is not in the table: did you mean 'arch'"):
        cluster_labels(pd.DataFrame({"arch": ["a"]}), "arhc")


def test_allocation_is_that_of_the_planted_law(two_variables):
    """Exponents from the fitted law, divided by the slope of compute."""
    found = two_variables.allocation
    assert found.relation.n == pytest.approx(1.02, rel=1e-6)
    assert float(found.a) == pytest.approx(0.25 / 0.75, abs=0.05)
    assert float(found.N_exponent) == pytest.approx(float(found.a) / 1.02)


def test_allocation_has_an_interval(two_variables):
    """One allocation per resample; the interval holds the fit's."""
    interval = two_variables.interval("N_exponent")
    assert interval["low"] <= float(two_variables.allocation.N_exponent) <= interval["high"]


def test_one_variable_has_no_allocation(one_variable):
    """There is nothing to divide compute between."""
    assert one_variable.allocation is None and one_variable.allocations is None


def test_two_other_variables_have_no_allocation():
    """Only model size against data is an allocation of compute."""
    swapped = defined("chinchilla", ["n_samples_seen", "n_params"], [1e4, 1e5])
    assert refit(table(joint), swapped).allocation is None


def test_table_without_compute_has_no_allocation():
    """C = m (N·D)^n needs C."""
    assert refit(table(joint).drop(columns="total_flops"), BOTH).allocation is None


def test_amplitude_that_ran_off_has_no_value():
    """In the exponential limit A, alpha and shift are None, their limits infinite, never large numbers."""
    frame = table(lambda f: exponential(f.total_flops / f.total_flops.max(), 0.5, 0.4, 3.0))
    found = refit(frame, defined("shifted"), bootstraps=20)
    assert {"A", "alpha", "shift"} <= set(found.ranges.not_identified)
    assert found.parameters["A"] is None
    for limits in (found.within["A"], found.interval("A").values()):
        assert all(v <= RUNAWAY or v == np.inf for v in limits)


def test_unknown_quantity_is_refused_with_the_nearest(one_variable):
    """So is one that the law does not have."""
    with pytest.raises(VvsError, match="mine has no quantity 'asymptot': did you mean 'asymptote'"):
        one_variable.interval("asymptot")


def test_allocation_quantity_of_one_variable_is_refused(one_variable):
    """There is no exponent of compute to give an interval of, and none is offered."""
    with pytest.raises(VvsError, match=r"mine has no quantity 'N_exponent': known: 'A', 'E', 'alpha', 'asymptote'$"):
        one_variable.interval("N_exponent")


def test_interval_without_resamples_is_refused():
    """The way to get one is named."""
    with pytest.raises(VvsError, match="without resamples; ask for bootstraps > 0"):
        refit(table(joint), BOTH).interval("E")


def test_negative_bootstraps_are_refused():
    """Zero or more."""
    with pytest.raises(VvsError, match="bootstraps must be 0 or more; got -1"):
        refit(table(joint), BOTH, bootstraps=-1)


def test_unknown_name_among_several_is_refused_before_any_fit():
    """The table is not even looked at."""
    with pytest.raises(VvsError, match="experiment 'compute_nuero' is unknown: did you mean 'compute_neuro'"):
        refit_all(pd.DataFrame(), ["compute_neuro", "compute_nuero"])


def test_varied_replaces_delta_and_columns():
    """The rest of the selection stays, and so does the original."""
    own = defined(where={"region": "IT", "seed": 0})
    other = varied(own, delta=0.1, seed=[1, 2])
    assert (other.delta, other.where) == (0.1, {"region": "IT", "seed": [1, 2]})
    assert (own.delta, own.where) == (1e-3, {"region": "IT", "seed": 0})
