"""Refits as JSON and tables."""

import json

import numpy as np
import pytest
from planted import BOTH, defined, joint, table

from vvslib.errors import VvsError
from vvslib.fits.laws import exponential, saturating
from vvslib.refit import refit
from vvslib.summaries import curve, draws, frontier, summary, table_of, values_of


@pytest.fixture(scope="module")
def found():
    """Three refits with resamples: saturating, joint, and one in the exponential limit."""
    one = table(lambda f: saturating(f.total_flops / 1e13, 0.5, 0.4, 0.25))
    limit = table(lambda f: exponential(f.total_flops / f.total_flops.max(), 0.5, 0.4, 3.0), noise=0.0)
    return {
        "saturating": refit(one, defined(), bootstraps=20),
        "joint": refit(table(joint), BOTH, bootstraps=20),
        "limit": refit(limit, defined("shifted", delta=float("inf")), bootstraps=20),
    }


@pytest.mark.parametrize("which", ["saturating", "joint", "limit"])
def test_summary_is_strict_json(found, which):
    """No NaN, no Infinity as a number, no numpy types: it survives a round trip."""
    report = summary(found[which])
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_summary_of_the_exponential_limit_says_so(found):
    """The limit is named, and the parameters that it takes the meaning from are empty."""
    report = summary(found["limit"])
    assert report["limit"] == "exponential"
    assert report["parameters"]["alpha"] is None


def test_summary_without_resamples_says_none():
    """No intervals, and the count is 0."""
    report = summary(refit(table(joint), BOTH))
    assert (report["bootstrap"], report["bootstrap_seconds"], report["n_bootstraps"]) == (None, None, 0)


def test_summary_of_two_variables_has_its_allocation(found):
    """Exponents, balance, the relation of compute, and intervals."""
    report = summary(found["joint"])["allocation"]
    assert {"N_exponent", "D_exponent", "a", "b", "G", "compute_slope", "bootstrap"} <= set(report)
    assert set(report["bootstrap"]["N_exponent"]) == {"median", "low", "high"}
    assert "allocation" not in summary(found["saturating"])


def test_what_a_report_keeps_does_not_differ_from_run_to_run():
    """Everything but the seconds, twice the same."""
    one, other = (values_of(refit(table(joint), BOTH, bootstraps=5)) for _ in range(2))
    assert one == other
    assert "bootstrap_seconds" not in one


def test_table_has_a_row_for_each_quantity(found):
    """Parameters, asymptote, and the allocation's five where there is one."""
    rows = table_of([found["saturating"], found["joint"]])
    assert rows.groupby("law").size().to_dict() == {"saturating": 4, "chinchilla": 6 + 5}
    assert (rows.low <= rows.high).all()


def test_draws_are_the_resamples(found):
    """One row each, with loss, parameters and asymptote."""
    frame = draws(found["saturating"])
    assert list(frame.columns) == ["index", "loss", "converged", "E", "A", "alpha", "asymptote"]
    assert frame["asymptote"].to_numpy() == pytest.approx(1 - frame["E"].to_numpy())
    with pytest.raises(VvsError, match="without resamples"):
        draws(refit(table(joint), BOTH))


def test_curve_spans_the_rows_in_base_units(found):
    """From the smallest to the largest scale in FLOP, with the band around it."""
    one = found["saturating"]
    line = curve(one, n=50, extend=10)
    C = one.observations.frame.total_flops
    assert (line.x.min(), line.x.max()) == pytest.approx((C.min(), 10 * C.max()))
    assert ((line.low <= line.high) & line.score.between(line.low - 0.01, line.high + 0.01)).all()


def test_frontier_buys_its_compute(found):
    """N* and D* in base units use up the budget by the relation, and the score rises with it."""
    C = np.geomspace(1e14, 1e18, 5)
    path = frontier(found["joint"], C)
    spent = 600 * (path.n_params * path.n_samples_seen) ** 1.02
    assert spent.to_numpy() == pytest.approx(C, rel=1e-6)
    assert path.score.is_monotonic_increasing
    assert (path.score_low <= path.score_high).all()


def test_frontier_needs_an_allocation(found):
    """A law of one variable has none."""
    with pytest.raises(VvsError, match="mine has no compute-optimal allocation"):
        frontier(found["saturating"], np.array([1e15]))
