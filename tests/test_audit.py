"""Questions put to a fit: published values beside it, other objectives, units of resampling, held-out scales, minima."""

import dataclasses

import numpy as np
import pytest
from planted import BOTH, defined, joint, table
from scipy.optimize import least_squares

from vvslib import audit, experiments
from vvslib.errors import VvsError
from vvslib.experiments import build, load, observe
from vvslib.fits.heldout import hold_out_largest
from vvslib.fits.identification import profile, ranges
from vvslib.fits.laws import exponential, saturating
from vvslib.fits.objective import total
from vvslib.fits.solver import fit
from vvslib.refit import refit

DELTAS = [1e-3, 0.1, np.inf]


def planted(n=60, noise=0.01, E=0.5, **columns):
    """A table whose misalignment saturates with compute, with the columns of every unit of resampling."""
    units = {"arch_family": [f"family_{i % 3}" for i in range(n)], "dataset": "imagenet", "samples_per_class": np.arange(n) % 2}
    return table(lambda f: saturating(f.total_flops / 1e13, E, 0.4, 0.25), n, noise, **units | columns)


@pytest.fixture(scope="module")
def noisy():
    """Observations of the planted table."""
    return observe(planted(), defined())


@pytest.fixture(scope="module")
def exact():
    """The same without noise."""
    return observe(planted(noise=0), defined())


@pytest.fixture(scope="module")
def one():
    """A refit with resamples."""
    return refit(planted(), defined(), bootstraps=20)


def named(name):
    """The planted experiment under the name of a published one."""
    return build({"name": name, "x": "total_flops", "unit": 1e13, "law": "saturating"}, "a test")


# published


@pytest.mark.parametrize(
    ("quantity", "column", "expected"),
    [("n_rows", "value", 620), ("loss", "value", 0.0726773830600232), ("asymptote", "high", 0.5283765071362855)],
)
def test_published_value_is_found(quantity, column, expected):
    """By experiment, quantity and column."""
    assert audit.published("compute_neuro", quantity, column) == expected


@pytest.mark.parametrize("asked", [("compute_neuro", "shift"), ("mine", "loss"), ("compute_neuro", "loss", "low")])
def test_what_was_not_published_is_nan(asked):
    """A quantity of another law, an experiment of one's own, an interval of the loss."""
    assert np.isnan(audit.published(*asked))


def test_published_asymptotes_are_one_minus_the_floor():
    """The two columns of one table say the same: Ŝ = 1 − E, to 1e-9."""
    names = experiments.published_results().query("quantity == 'E'").experiment
    for name in names:
        assert audit.published(name, "asymptote") == pytest.approx(1 - audit.published(name, "E"), abs=1e-9), name


# compare


def test_comparison_holds_both_fits():
    """Rows, loss, asymptote and limits, published and ours, for a planted table under a published name."""
    found = refit(planted(), named("compute_neuro"), bootstraps=20)
    row = audit.compare([found]).iloc[0]
    assert (row.n_published, row.n) == (620, 60)
    assert (row.loss_published, row.loss) == (0.0726773830600232, found.fit.loss)
    assert (row.asymptote_published, row.asymptote) == (0.4773230018151724, found.fit.asymptote)
    assert (row.low_published, row.high_published) == (0.4464753185035862, 0.5283765071362855)
    assert (row.low, row.high) == (found.interval("asymptote")["low"], found.interval("asymptote")["high"])


def test_differences_are_ours_against_the_published():
    """Of losses relative, of asymptotes absolute; both positive where ours is larger."""
    row = audit.compare([refit(planted(), named("compute_neuro"))]).iloc[0]
    assert row.loss_difference == pytest.approx((row.loss - row.loss_published) / row.loss_published)
    assert row.asymptote_difference == pytest.approx(0.5 - 0.4773, abs=0.02)


def test_comparison_without_published_results_is_nan(one):
    """An experiment of one's own has nothing beside it, and keeps its row."""
    row = audit.compare([one]).iloc[0]
    assert (row.experiment, row.n) == ("mine", 60)
    missing = ["n_published", "loss_published", "loss_difference", "asymptote_difference", "low_published"]
    assert row[missing].isna().all()


def test_comparison_without_resamples_has_no_limits():
    """NaN, not an error."""
    row = audit.compare([refit(planted(), defined())]).iloc[0]
    assert np.isnan([row.low, row.high]).all()


def test_comparison_says_where_a_fit_ended(one):
    """Parameters at a bound, the exponential limit, what is not identified; empty texts for a fit well inside."""
    frame = table(lambda f: exponential(f.total_flops / f.total_flops.max(), 0.5, 0.4, 3.0), noise=0)
    rows = audit.compare([one, refit(frame, defined("shifted"))])
    assert rows.limit.tolist() == ["", "exponential"]
    assert rows.at_bound.tolist() == ["", "A, alpha, shift"]
    assert rows.not_identified[0] == ""
    assert {"A", "alpha", "shift"} <= set(rows.not_identified[1].split(", "))


@pytest.mark.parametrize("bootstraps", [0, 5])
def test_comparison_of_a_law_without_asymptote_leaves_it_out(bootstraps):
    """NaN for the power law, with and without resamples; the loss stands."""
    found = refit(planted(), defined("power"), bootstraps=bootstraps)
    row = audit.compare([found]).iloc[0]
    assert np.isnan(row.asymptote)
    assert row.loss == found.fit.loss


# beside


def test_paper_and_refit_stand_side_by_side():
    """One row per experiment and quantity, in the order asked for, with our limits."""
    found = refit(planted(), named("compute_neuro"), bootstraps=20)
    rows = audit.beside([found], ["alpha", "asymptote"])
    assert rows.quantity.tolist() == ["alpha", "asymptote"]
    assert rows.paper.tolist() == [0.15692827, 0.4773230018151724]
    assert rows.here.tolist() == [found.fit.parameters["alpha"], found.fit.asymptote]
    assert rows.difference.tolist() == (rows.here - rows.paper).tolist()
    assert rows.low.tolist() == [found.interval(q)["low"] for q in rows.quantity]


def test_quantities_of_the_allocation_are_beside_too():
    """The exponent of a planted joint law and its limits, from the allocation and its resamples."""
    found = refit(table(joint), BOTH, bootstraps=20)
    row = audit.beside([found], ["D_exponent"]).iloc[0]
    assert row.here == float(found.allocation.D_exponent)
    assert (row.low, row.high) == (found.interval("D_exponent")["low"], found.interval("D_exponent")["high"])


@pytest.mark.parametrize("quantity", ["shift", "D_exponent", "compute_slope"])
@pytest.mark.parametrize("bootstraps", [0, 5])
def test_quantity_that_a_law_does_not_have_is_nan(quantity, bootstraps):
    """A shift of the saturating law, an allocation of one variable: empty, with and without resamples."""
    row = audit.beside([refit(planted(), defined(), bootstraps=bootstraps)], [quantity]).iloc[0]
    assert np.isnan([row.here, row.difference, row.low, row.high]).all()


# objectives


def test_without_noise_every_objective_finds_the_planted_law(exact):
    """The same asymptote and exponent at every δ, and no squares left."""
    found = audit.objectives(exact, defined(), DELTAS)
    assert found.asymptote.to_numpy() == pytest.approx(0.5, abs=1e-6)
    assert found.alpha.to_numpy() == pytest.approx(0.25, abs=1e-6)
    assert found.sum_of_squares.to_numpy() == pytest.approx(0, abs=1e-10)


def test_objectives_are_fits_of_their_own(noisy):
    """Each row is the fit, and the range within 1 % of its loss, at its own δ, not at the experiment's."""
    found = audit.objectives(noisy, defined(delta=0.5), DELTAS)
    assert found.delta.tolist() == DELTAS
    for row in found.itertuples():
        alone = fit("saturating", noisy.x, noisy.L, delta=row.delta)
        assert (row.asymptote, row.alpha, row.loss) == (alone.asymptote, alone.parameters["alpha"], alone.loss)
        assert (row.within_low, row.within_high) == ranges(alone, noisy.x, noisy.L).within["asymptote"]


def test_least_squares_leaves_the_fewest_squares(noisy):
    """The sum of squares is lowest where it is what was minimised, and twice the loss there."""
    squares = audit.objectives(noisy, defined(), [1e-3, 1e-2, np.inf]).set_index("delta")
    assert squares.sum_of_squares.idxmin() == np.inf
    assert squares.sum_of_squares[np.inf] == pytest.approx(2 * squares.loss[np.inf], rel=1e-9)


def test_objectives_of_a_law_without_asymptote_have_none(noisy):
    """NaN for asymptote and its range; the exponent stands."""
    row = audit.objectives(noisy, defined("power"), [0.1]).iloc[0]
    assert row[["asymptote", "within_low", "within_high"]].isna().all()
    assert row.alpha > 0


# asymptote_profile


def test_profile_has_a_row_for_each_objective_and_asymptote(noisy):
    """Tidy, and each loss that of a direct call."""
    held = np.array([0.4, 0.5, 0.6])
    found = audit.asymptote_profile(noisy, defined(), DELTAS, held)
    assert found.groupby("delta", sort=False).asymptote.apply(list).to_dict() == {d: [0.4, 0.5, 0.6] for d in DELTAS}
    for delta, part in found.groupby("delta"):
        alone = fit("saturating", noisy.x, noisy.L, delta=delta)
        assert part.loss.tolist() == profile(alone, noisy.x, noisy.L, "asymptote", held).tolist()


def test_rise_is_zero_at_the_minimum_and_grows_away_from_it(noisy):
    """Relative to the lowest loss; by least squares it grows on both sides."""
    best = fit("saturating", noisy.x, noisy.L, delta=np.inf)
    held = best.asymptote + np.array([-0.06, -0.03, 0.0, 0.03, 0.06])
    found = audit.asymptote_profile(noisy, defined(), [np.inf], held)
    assert found.rise[2] == pytest.approx(0, abs=1e-9)
    assert (np.diff(found.rise[:3]) < 0).all() and (np.diff(found.rise[2:]) > 0).all()
    assert found.loss.to_numpy() == pytest.approx((1 + found.rise) * best.loss)


def test_rise_is_from_the_minimum_even_where_that_is_not_held(noisy):
    """Asymptotes far from the best one all cost something."""
    found = audit.asymptote_profile(noisy, defined(), DELTAS, np.array([0.4, 0.6]))
    assert (found.rise > 0.5).all()


def test_profile_by_least_squares_is_that_of_an_independent_optimiser(noisy):
    """scipy with the floor held gives the same loss."""
    held = np.array([0.42, 0.55, 0.65])
    found = audit.asymptote_profile(noisy, defined(), [np.inf], held)
    x, L = noisy.x[:, 0], noisy.L
    for row in found.itertuples():

        def residual(p, E=1 - row.asymptote):
            return np.log(E + np.exp(p[0]) * x ** -p[1]) - np.log(L)

        alone = least_squares(residual, [np.log(0.4), 0.25], xtol=1e-14, ftol=1e-14, gtol=1e-14)
        assert row.loss == pytest.approx(alone.cost, rel=1e-6)


# resampling_units


def test_units_are_counted(noisy):
    """60 rows of 6 architectures, each at one size of one data set, in 3 families."""
    found = audit.resampling_units(noisy, defined(), 5, 42)
    assert found.unit.tolist() == list(audit.UNITS)
    assert found.n_units.tolist() == [60, 6, 6, 3]


def test_seeds_of_a_configuration_are_one_unit():
    """Rows that differ in their seed only stay together: 30 configurations of two seeds each."""
    frame = planted(arch=[f"arch_{i // 4}" for i in range(60)], seed=np.arange(60) // 2 % 2)
    found = audit.resampling_units(observe(frame, defined()), defined(), 5, 42).set_index("unit").n_units
    assert (found["configurations (seeds together)"], found["architectures"]) == (30, 15)


def test_rows_as_units_give_the_interval_of_the_refit(noisy, one):
    """The published way of resampling: the same limits as the bootstrap of a refit with the same seed."""
    row = audit.resampling_units(noisy, defined(), 20, 42).iloc[0]
    assert row.asymptote == one.fit.asymptote
    assert {k: row[k] for k in ("median", "low", "high")} == one.interval("asymptote")


def test_clusters_as_units_give_the_interval_of_the_refit(noisy):
    """The same with whole families."""
    row = audit.resampling_units(noisy, defined(), 20, 7).iloc[3]
    alone = refit(planted(), defined(), bootstraps=20, seed=7, clusters="arch_family")
    assert {k: row[k] for k in ("median", "low", "high")} == alone.interval("asymptote")


def test_a_single_unit_cannot_vary():
    """With one family every resample is the table itself: an interval of no width at the fit."""
    rows = observe(planted(arch_family="only"), defined())
    row = audit.resampling_units(rows, defined(), 5, 42).iloc[3]
    assert row.n_units == 1
    assert [row["median"], row.low, row.high] == pytest.approx([row.asymptote] * 3, abs=1e-6)


@pytest.mark.parametrize(("E", "share"), [(0.5, 0.0), (0.0, 1.0)])
def test_share_at_one_is_that_of_resamples_without_a_floor(E, share):
    """None where the planted floor is .5, all where there is none, whatever the unit."""
    rows = observe(planted(noise=0, E=E), defined(delta=0.1))
    assert audit.resampling_units(rows, defined(delta=0.1), 10, 42).at_one.tolist() == [share] * 4


def test_units_need_their_columns():
    """A table without families is refused by name."""
    rows = observe(planted().drop(columns="arch_family"), defined())
    with pytest.raises(VvsError, match="column 'arch_family' is not in the table"):
        audit.resampling_units(rows, defined(), 2, 42)


# held_out


def test_held_out_asks_three_laws_under_two_objectives(noisy):
    """Each row is a direct call; the log-linear and the power law have no asymptote."""
    found = audit.held_out(noisy, share=0.2, delta=0.01)
    assert list(zip(found.law, found.delta, strict=True)) == [
        (law, delta) for law in ("saturating", "power", "loglinear") for delta in (0.01, np.inf)
    ]
    for row in found.itertuples():
        alone = hold_out_largest(row.law, noisy.x, noisy.L, share=0.2, delta=row.delta)
        assert (row.rmse, row.bias, row.n_train, row.n_test) == (alone.rmse, alone.bias, 48, 12)
    assert found.asymptote.notna().tolist() == [True, True, False, False, False, False]


def test_only_the_planted_law_predicts_exact_rows(exact):
    """Saturating rows: no error of the saturating law, and too high a promise of both others."""
    found = audit.held_out(exact).set_index("law")
    assert found.rmse["saturating"].to_numpy() == pytest.approx(0, abs=1e-6)
    assert (found.bias[["power", "loglinear"]] > 0.001).all()


# basins


def with_minima(one, asymptotes, rises):
    """The refit with minima at these asymptotes, each so much above its loss."""
    level, others = one.fit.theta[0], one.fit.theta[1:]
    minima = np.array([[level, others[0], (1 - s) / np.exp(level)] for s in asymptotes])
    losses = one.fit.loss * (1 + np.array(rises))
    return dataclasses.replace(one, fit=dataclasses.replace(one.fit, minima=minima, minima_losses=losses))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, [0.5, 0.65]),
        ({"apart": 0.02}, [0.5, 0.56, 0.65]),
        ({"tolerated": 0.1}, [0.5, 0.65, 0.9]),
        ({"tolerated": 0.001}, [0.5]),
    ],
)
def test_basins_are_minima_apart_and_low(one, given, kept):
    """Of five minima, those neither near a lower one nor far above the lowest."""
    found = audit.basins(with_minima(one, [0.5, 0.56, 0.65, 0.651, 0.9], [0, 0.002, 0.005, 0.006, 0.05]), **given)
    assert found.asymptote.to_numpy() == pytest.approx(kept)
    assert found.rise.is_monotonic_increasing
    assert found.loss.to_numpy() == pytest.approx((1 + found.rise) * one.fit.loss)


def test_lowest_basin_is_the_fit(one):
    """The first row has the fit's asymptote and the objective of its curve."""
    found = audit.basins(one).iloc[0]
    rows = one.observations
    assert (found.asymptote, found.rise) == pytest.approx((one.fit.asymptote, 0), abs=1e-9)
    assert found.loss == pytest.approx(total(one.fit.misalignment(rows.x), rows.L, 1e-3), rel=1e-9)


def test_basins_of_a_law_without_asymptote_are_refused():
    """The law is named."""
    with pytest.raises(VvsError, match="mine follows the law 'power', which has no asymptote"):
        audit.basins(refit(planted(), defined("power")))


# the published table


@pytest.fixture(scope="module")
def scores(published_path):
    """The paper's main table."""
    from vvslib.published import scores

    return scores()


@pytest.fixture(scope="module")
def neuro(scores):
    """Neural alignment of the 620 models."""
    return observe(scores, load("compute_neuro"))


def test_published_units_are_as_many_as_the_paper_had(neuro):
    """620 rows of 335 configurations, 60 architectures and 9 families."""
    assert audit.resampling_units(neuro, load("compute_neuro"), 2, 42).n_units.tolist() == [620, 335, 60, 9]


def test_least_squares_has_a_flat_valley_on_the_published_table(neuro):
    """Sum of squares 14.93, 14.71, 14.63 and 14.61 with the neural asymptote held at .45, .55, .7 and 1."""
    found = audit.asymptote_profile(neuro, load("compute_neuro"), [np.inf], np.array([0.45, 0.55, 0.7, 1.0]))
    assert (2 * found.loss).tolist() == pytest.approx([14.93, 14.71, 14.63, 14.61], abs=0.005)


def test_saturating_fit_predicts_the_largest_tenth_worst_under_the_published_objective(neuro):
    """RMSE .083 against .063 by least squares, which is what the power law gives too."""
    found = audit.held_out(neuro).set_index(["law", "delta"]).rmse
    assert found["saturating", 1e-3] == pytest.approx(0.083, abs=5e-4)
    assert found["saturating", np.inf] == pytest.approx(0.063, abs=5e-4)
    assert found["power", np.inf] == pytest.approx(found["saturating", np.inf], abs=1e-5)


def test_vit_behaviour_keeps_two_basins(scores):
    """Ŝ .535, and 1 for 0.8 % more loss."""
    found = audit.basins(refit(scores, load("model_vit_behavior")))
    assert found.asymptote.tolist() == pytest.approx([0.535, 1.0], abs=0.002)
    assert found.rise[1] == pytest.approx(0.008, abs=0.001)
