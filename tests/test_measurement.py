"""What the measurement does to a law, and what following another fit's allocation costs."""

import numpy as np
import pandas as pd
import pytest
from planted import BOTH, JOINT, defined, joint, table

from vvslib.errors import VvsError
from vvslib.fits.laws import saturating
from vvslib.fits.solver import fit
from vvslib.trust import allocating, measurement
from vvslib.trust.reference import NEURAL


def neural(noise=0.01):
    """A table of four neural regions and behaviour, all of one saturating law."""
    one = table(lambda f: saturating(f.total_flops / 1e13, 0.5, 0.4, 0.25), noise=noise)
    return pd.concat(
        [one.assign(region=region, benchmark_name=region, normalisation="r/c squared") for region in [*NEURAL, "behavior"]],
        ignore_index=True,
    )


# normalisation


def test_renormalised_scores_are_those_of_raw_and_ceiling():
    """Rows with their own raw value and ceiling become r²/c; from (r/c)² and the ceiling alone comes the same."""
    r, c = np.array([0.3, 0.5]), 0.8
    rows = pd.DataFrame({"region": "IT", "score": (r / c) ** 2, "raw": r, "ceiling": c})
    assert measurement.renormalised(rows)["score"].tolist() == pytest.approx(list(r**2 / c))
    assert measurement.renormalised(rows.drop(columns="raw"), c)["score"].tolist() == pytest.approx(list(r**2 / c))


def test_perfect_model_scores_one_by_the_new_rule_only():
    """Noisy means of reliability c, predicted by what lies under the noise: r²/c is 1, (r/c)² is 1/c."""
    rng = np.random.default_rng(0)
    signal, c = rng.standard_normal(200_000), 0.7
    r = np.corrcoef(signal, signal * np.sqrt(c) + np.sqrt(1 - c) * rng.standard_normal(200_000))[0, 1]
    rows = pd.DataFrame({"region": ["IT"], "score": [(r / c) ** 2]})
    assert rows["score"][0] == pytest.approx(1 / c, rel=0.01)
    assert measurement.renormalised(rows, c)["score"][0] == pytest.approx(1, rel=0.01)


def test_least_squares_in_score_only_changes_the_unit():
    """Under one ceiling the asymptote by least squares in L is the ceiling times the published one; behaviour stays as it is."""
    scores = neural()
    experiment = defined(where={"region": NEURAL})
    found = measurement.by_normalisation(scores, experiment, {"old": 1.0, "new": 0.8}, objectives=["squares_linear"], resamples=0)
    old, new = found["asymptote"]
    assert new == pytest.approx(0.8 * old, abs=1e-4)
    assert found["of_published"].tolist() == pytest.approx([old, old], abs=1e-4)
    turned = measurement.renormalised(scores, 0.8)
    assert turned.loc[turned.region == "behavior", "score"].equals(scores.loc[scores.region == "behavior", "score"])
    assert set(turned.loc[turned.region != "behavior", "normalisation"]) == {"r2/c"}


def test_interval_is_that_of_the_turned_scores():
    """Rows resampled under a ceiling of 1 give the interval of the scores as they are."""
    experiment = defined(where={"region": NEURAL})
    found = measurement.by_normalisation(neural(), experiment, {"old": 1.0}, objectives=["huber"], resamples=40).iloc[0]
    assert found.low < found.asymptote < found.high
    assert found.room == pytest.approx(found.asymptote / found.best - 1)


@pytest.mark.parametrize(
    ("change", "ceilings", "said"),
    [
        ({}, 1.3, r"a ceiling must be a reliability in \(0, 1\]; got 1.3"),
        ({}, {"V1": 0.8}, "every neural region needs a ceiling; IT, V2, V4 has none"),
        ({"normalisation": "r2/c"}, 0.8, "must be normalised as 'r/c squared'; got 'r2/c'"),
    ],
)
def test_scores_that_cannot_be_turned_are_refused(change, ceilings, said):
    """A ceiling that is none, a region without one, scores that are turned already."""
    with pytest.raises(VvsError, match=said):
        measurement.renormalised(neural().assign(**change), ceilings)


# benchmarks and seeds


def test_every_selection_of_regions_is_fitted():
    """Fifteen selections of four; where all regions agree, so do all asymptotes."""
    found = measurement.by_benchmarks(neural(), defined(where={"region": NEURAL}), ["squares"])
    assert len(found) == 15
    assert np.ptp(found["asymptote"]) < 1e-9
    with pytest.raises(VvsError, match="at least two regions"):
        measurement.by_benchmarks(neural(), defined(where={"region": ["IT"]}))


def test_spread_finds_a_planted_effect_of_architectures():
    """An effect of .1 in log L among thirty architectures is most of the variance; shares add up to one."""
    rng = np.random.default_rng(1)
    effect = np.repeat(0.1 * rng.standard_normal(30), 2)
    arch = np.repeat([f"a{k}" for k in range(30)], 2)
    frame = table(lambda f: saturating(f.total_flops / 1e13, 0.5, 0.3, 0.25) * np.exp(effect), noise=0.02, arch=arch)
    found = measurement.spread(frame, defined(delta=np.inf), {"IT": ["IT"]}).set_index("level")
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc["architectures", "sd"] == pytest.approx(0.1, rel=0.4)
    assert found.loc["architectures", "share"] > 0.8


# allocation under uncertainty

BUDGETS = [1e15, 1e17, 1e19]


@pytest.fixture(scope="module")
def scores():
    """A table of a planted joint law in every region, with distinct images."""
    one = table(joint, n=80, noise=0.005, n_epochs=10.0, arch_family=[f"f{i % 10}" for i in range(80)])
    one["n_samples"] = one["n_samples_seen"] / 10
    return pd.concat([one.assign(region=region, benchmark_name=region) for region in [*NEURAL, "behavior"]], ignore_index=True)


@pytest.fixture(scope="module")
def field(scores):
    """Its lines of equal compute."""
    return allocating.playing_field(scores, BOTH, BUDGETS)


@pytest.mark.parametrize("law", allocating.LAWS)
def test_exponent_of_a_planted_law_is_found_by_every_form(law, scores, field):
    """All forms hold the planted law; the exponent is α / (α + β) over the slope of compute."""
    found = allocating.candidate(field, scores, law=law, objective_name="squares")
    truth = JOINT["alpha"] / (JOINT["alpha"] + JOINT["beta"]) / field.relation.n
    assert found.exponent == pytest.approx(truth, abs=0.06)
    assert not found.at_edge


def test_regret_of_a_fits_own_rule_is_nought(scores, field):
    """Its own rule loses nothing, another's something; the safest rule is the one that loses least."""
    own = allocating.candidate(field, scores)
    N, D = allocating.rule_of(own)
    found = allocating.regrets(field, {"own": (N, D), "ten times the size": (10 * N, D / 10)}, [own])
    lost = found.groupby("rule")["regret"].max()
    assert lost["own"] == pytest.approx(0, abs=1e-6)
    assert lost["ten times the size"] > 0.005
    other = allocating.candidate(field, scores, objective_name="squares_linear")
    best = allocating.safest(field, [own, other])
    assert best["worst"].is_monotonic_increasing
    assert len(best) == 2


def test_published_rule_spends_the_budget(field):
    """N* D* of the published fit is the product that the budget buys."""
    sizes = allocating.published_rule(field)
    assert np.prod(sizes, axis=0) == pytest.approx(field.relation.product(np.array(BUDGETS)))


def test_limits_of_the_exponent_hold_the_planted_one(field):
    """Rows and families; the estimate is the same for all units."""
    found = allocating.exponent_limits(field, ["rows", "families"], resamples=60)
    truth = JOINT["alpha"] / (JOINT["alpha"] + JOINT["beta"]) / field.relation.n
    assert found["estimate"].nunique() == 1
    own = fit("chinchilla", field.rows.x, field.rows.L)
    share = own.parameters["alpha"] / (own.parameters["alpha"] + own.parameters["beta"])
    assert found["estimate"].iloc[0] == pytest.approx(share / field.relation.n)
    assert (found["low"] < truth + 0.03).all()
    assert (found["high"] > truth - 0.03).all()


@pytest.mark.parametrize("budgets", [[1e17], [1e18, 1e17], [-1.0, 1e17]])
def test_budgets_must_increase(budgets, scores):
    """One budget, falling ones, or a negative one give no exponent."""
    with pytest.raises(VvsError, match="budgets must be two or more increasing numbers"):
        allocating.playing_field(scores, BOTH, budgets)


def test_laws_of_one_scale_are_refused(scores, field):
    """A law of compute alone splits nothing."""
    with pytest.raises(VvsError, match="law must be one of chinchilla, interaction, repetition"):
        allocating.candidate(field, scores, law="saturating")
