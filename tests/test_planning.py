"""A model placed and a budget planned: equal compute, expectations with their spread, the two commands."""

import json

import numpy as np
import pandas as pd
import pytest
from planted import JOINT, defined, joint, table
from typer.testing import CliRunner

from vvslib.cli import build
from vvslib.errors import VvsError
from vvslib.experiments import observe
from vvslib.fits.allocation import ComputeRelation, allocation, optimal_score
from vvslib.fits.isocompute import line, regret
from vvslib.fits.laws import chinchilla, saturating
from vvslib.trust.budget import planner
from vvslib.trust.expectation import coarsest, expect
from vvslib.trust.placement import model, models, place
from vvslib.trust.reference import COMPUTE, definition

RELATION = ComputeRelation(600.0, 1.02)


def law(x):
    """The planted score of sizes (m, 2)."""
    return 1 - chinchilla(x[:, 0], x[:, 1], **JOINT)


# lines of equal compute


@pytest.mark.parametrize("C", [1e4, 1e8, 1e12])
def test_optimum_of_a_line_is_the_closed_form(C):
    """Within a thousandth of N*, and its score to a millionth."""
    found, exact = line(law, RELATION, C, (1e-2, 1e8)), allocation(JOINT, RELATION)
    N, D = exact.sizes(np.array([C]))
    assert float(found.best_N) == pytest.approx(N[0], rel=1e-3)
    assert float(found.best_D) == pytest.approx(D[0], rel=1e-3)
    assert float(found.best_score) == pytest.approx(optimal_score(JOINT, exact, np.array([C]))[0], abs=1e-6)


def test_range_of_a_line_costs_what_it_says():
    """At both ends of the range the score is the loss below the best."""
    found = line(law, RELATION, 1e8, (1e-2, 1e8))
    ends = np.array(found.within(0.01))
    assert ends[0] < found.best_N < ends[1]
    short = found.best_score - law(np.column_stack([ends, RELATION.product(1e8) / ends]))
    assert short == pytest.approx([0.01, 0.01], abs=1e-5)


def test_law_without_an_optimum_within_ends_at_an_edge():
    """Where size costs nothing but data, the smallest model wins, and that is said."""
    found = line(lambda x: 1 - x[:, 1] ** -0.1, RELATION, 1e8, (1.0, 100.0))
    assert bool(found.at_edge)
    assert float(found.best_N) == 1.0


def test_regret_is_zero_at_the_optimum_only():
    """Following the optimum loses nothing, ten times its size loses what the law says."""
    truth = line(law, RELATION, 1e8, (1e-2, 1e8))
    N = float(truth.best_N) * np.array([1.0, 10.0])
    D = RELATION.product(1e8) / N
    lost = regret(law, truth, N, D)
    assert lost[0] == pytest.approx(0, abs=1e-9)
    assert lost[1] == pytest.approx(float(truth.best_score) - law(np.column_stack([N, D]))[1])


@pytest.mark.parametrize(
    ("C", "N", "said"),
    [(-1.0, (1, 2), "a budget must be a positive"), (1e8, (2, 1), "must run from a positive number to a larger")],
)
def test_line_refuses_what_is_none(C, N, said):
    """A budget or sizes that make no line."""
    with pytest.raises(VvsError, match=said):
        line(law, RELATION, C, N)


# budgets


@pytest.fixture(scope="module")
def scores():
    """A table of a planted joint law: ten families, each with architectures of its own."""
    family = np.arange(120) % 10
    return table(joint, n=120, noise=0.01, arch_family=[f"f{k}" for k in family], arch=[f"a{i % 40}" for i in range(120)])


@pytest.fixture(scope="module")
def planned(scores):
    """Its planner."""
    return planner(scores, definition("IT"), resamples=60)


def test_plan_spends_its_budget_within_its_limits(planned):
    """N* D* costs what was asked for; the optimum lies within its limits, a new model's are wider than the curve's."""
    plan = planned.plan(1e18)
    product = plan.n_params / 1e5 * plan.n_samples_seen / 1e4
    assert planned.relation.m * product**planned.relation.n == pytest.approx(1e18, rel=1e-6)
    assert plan.limits["n_params"][0] < plan.n_params < plan.limits["n_params"][1]
    assert plan.limits["n_samples_seen"][0] < plan.n_samples_seen < plan.limits["n_samples_seen"][1]
    assert plan.predicted[0] < plan.limits["score"][0] < plan.score < plan.limits["score"][1] < plan.predicted[1]


def test_limits_of_the_optimum_hold_the_planted_one():
    """In ten tables of a planted law the limits of N* hold its true optimum at least seven times: none of them is far off."""
    held = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        frame = table(
            joint, noise=0.0, n=80, arch_family=[f"f{i % 10}" for i in range(80)], arch=[f"a{i % 40}" for i in range(80)]
        )
        frame["score"] = 1 - (1 - frame.score) * np.exp(0.02 * rng.standard_normal(80))
        found = planner(frame, definition("IT").model_copy(update={"delta": np.inf}), resamples=80)
        plan, truth = found.plan(1e18), allocation(JOINT, found.relation).sizes(np.array([1e18]))[0][0] * 1e5
        held.append(plan.limits["n_params"][0] < truth < plan.limits["n_params"][1])
        assert abs(np.log(plan.n_params / truth)) < np.log(3)
    assert sum(held) >= 7


def test_range_grows_with_the_loss_it_may_cost(planned):
    """A larger loss allows more sizes, and both hold the optimum."""
    small, large = planned.plan(1e18, loss=0.002), planned.plan(1e18, loss=0.02)
    assert large.range_params[0] < small.range_params[0] < small.n_params < small.range_params[1] < large.range_params[1]


def test_plan_says_when_it_extrapolates(planned):
    """A budget far beyond the reference: noted, with no model near."""
    plan = planned.plan(1e22)
    assert plan.n_near == 0
    assert any("outside the compute of the reference models" in note for note in plan.notes)
    assert planned.plan(1e16).notes == ()


def test_planner_refuses_tables_that_cannot_say(scores):
    """Without compute; with one size of models; for a law of compute alone."""
    with pytest.raises(VvsError, match="no values in total_flops"):
        planner(scores.drop(columns="total_flops"), definition("IT"))
    with pytest.raises(VvsError, match=r"1 value\(s\) of n_params; at least 3"):
        planner(scores.assign(n_params=1e6), definition("IT"))
    with pytest.raises(VvsError, match="planned with a law of n_params and samples"):
        planner(scores, definition("IT", COMPUTE))


# expectations


def families(seed, n_families=10, spread=0.04, n=8):
    """Models of a saturating law whose families have effects, and one new model of each of many new families."""
    rng = np.random.default_rng(seed)
    draw = lambda k: 10 ** rng.uniform(14, 20, k)  # noqa: E731
    C, new = draw(n_families * n), draw(400)
    of = np.repeat(spread * rng.standard_normal(n_families), n)
    frame = pd.DataFrame(
        {
            "model_id": [f"m{i:03d}" for i in range(len(C))],
            "arch_family": np.repeat([f"f{k}" for k in range(n_families)], n),
            "total_flops": C,
            "region": "IT",
            "benchmark_name": "b",
            "score": 1 - saturating(C / 1e13, 0.5, 0.4, 0.25) * np.exp(of + 0.01 * rng.standard_normal(len(C))),
        }
    )
    truth = 1 - saturating(new / 1e13, 0.5, 0.4, 0.25) * np.exp(
        spread * rng.standard_normal(400) + 0.01 * rng.standard_normal(400)
    )
    return frame, new[:, None] / 1e13, truth


def test_prediction_holds_new_families_and_rows_alone_do_not():
    """Ten families with effects of .04 in log L: about 95 % of new ones lie inside; taken for single rows, far fewer do."""
    shares = {"families": [], "rows": []}
    for seed in range(12):
        frame, x, truth = families(seed)
        for name, known in (("families", frame), ("rows", frame.drop(columns="arch_family"))):
            one = expect(observe(known, defined(delta=np.inf)), defined(delta=np.inf), resamples=100)
            low, high = one.prediction(x)
            shares[name].append(np.mean((low <= truth) & (truth <= high)))
            if name == "families":
                assert one.unit == "families"
    assert 0.90 < np.mean(shares["families"]) < 0.99
    # rows alone: the family effect sits in the residuals, so the interval of a single row is nearly right, its curve's is not
    assert np.mean(shares["families"]) > np.mean(shares["rows"])


def test_curve_is_less_sure_where_families_vary():
    """With families known the standard error of the curve is that of ten families, not of eighty rows."""
    frame, x, _ = families(3)
    apart, alone = (
        expect(observe(known, defined(delta=np.inf)), defined(delta=np.inf), resamples=100).curve_sd(x).mean()
        for known in (frame, frame.drop(columns="arch_family"))
    )
    assert apart > 1.5 * alone


def test_effects_of_families_are_found():
    """A planted spread of .04 among forty families, to a fifth."""
    frame, _, _ = families(0, n_families=40)
    one = expect(observe(frame, defined(delta=np.inf)), defined(delta=np.inf), resamples=40)
    assert one.effects.of["families"] == pytest.approx(0.04, rel=0.2)
    assert one.effects.row == pytest.approx(0.01, rel=0.2)


def test_quantile_agrees_with_the_limits_of_the_prediction():
    """At the limits of 95 % it is .025 and .975; at the expected score one half."""
    frame, x, _ = families(1)
    one = expect(observe(frame, defined()), defined(), resamples=60)
    low, high = one.prediction(x)
    assert one.quantile(x, low) == pytest.approx(0.025)
    assert one.quantile(x, high) == pytest.approx(0.975)
    assert one.quantile(x, one.score(x)) == pytest.approx(0.5)


def test_coarsest_unit_needs_three_clusters(scores):
    """Families where there are three; architectures where all are of one; rows of a bare table."""
    rows = observe(scores, definition("IT"))
    assert coarsest(rows)[0] == "families"
    assert coarsest(observe(scores.assign(arch_family="one"), definition("IT")))[0] == "architectures"
    assert coarsest(observe(scores.drop(columns=["arch", "arch_family"]), definition("IT")))[0] == "rows"


# placing


def test_model_off_its_law_is_called_so(scores):
    """On the law as expected, .2 above it above, .2 below it below; the residual is the difference."""
    N, D = np.full(3, 1e7), np.full(3, 1e7)
    on = float(law(np.array([[100.0, 1000.0]]))[0])
    frame = pd.concat(
        [model(name, {"n_params": N[0], "n_samples_seen": D[0], "total_flops": 1e17}, {"IT": on + off})
         for name, off in (("on", 0.0), ("over", 0.2), ("under", -0.2))]
    )  # fmt: skip
    found = place(scores, frame, {"IT": definition("IT")}, resamples=60)["IT"].placed.set_index("model_id")
    assert found.verdict.to_dict() == {"on": "as expected", "over": "above", "under": "below"}
    assert found.residual["over"] - found.residual["on"] == pytest.approx(0.2)
    assert abs(found.residual["on"]) < 0.02
    assert not found.beyond.any()


def test_percentile_counts_models_of_similar_compute(scores):
    """The share of reference models within the factor that score lower, counted by hand."""
    one = model("mine", {"total_flops": 1e17}, {"IT": 0.35})
    found = place(scores, one, {"IT": definition("IT", COMPUTE)}, similar=5.0, resamples=40)["IT"].placed.iloc[0]
    near = scores[scores.total_flops.between(2e16, 5e17)]
    assert found.n_similar == len(near)
    assert found.percentile == pytest.approx((near.score < 0.35).mean())


def test_model_of_the_reference_is_left_out_of_it(scores):
    """A model placed from the table itself does not vouch for its own place; placing them all is refused."""
    own = models(scores, ["m07"])
    found = place(scores, own, {"IT": definition("IT", COMPUTE)}, resamples=40)["IT"]
    assert len(found.expectation.rows.L) == 119
    assert "m07" not in set(found.expectation.rows.frame.model_id)
    with pytest.raises(VvsError, match="120 of the 120 reference models are to be placed themselves"):
        place(scores, models(scores), {"IT": definition("IT", COMPUTE)}, resamples=40)


def test_scale_beyond_the_reference_is_marked(scores):
    """A model larger than any."""
    one = model("big", {"n_params": 1e12, "n_samples_seen": 1e7}, {"IT": 0.4})
    found = place(scores, one, {"IT": definition("IT")}, resamples=40)["IT"].placed.iloc[0]
    assert found.beyond
    assert np.isnan(found.percentile)


@pytest.mark.parametrize(
    ("scales", "scores_", "said"),
    [
        ({}, {"IT": 1.2}, r"scores must lie between -1 and 1, .* got IT = 1.2"),
        ({}, {"It": 0.5}, "got 'It'; did you mean 'IT'"),
        ({"total_flops": 0.0}, {"IT": 0.5}, "total_flops must be a positive number; got 0"),
        ({}, {}, "placed by at least one score"),
    ],
)
def test_model_refuses_what_is_none(scales, scores_, said):
    """Scores and scales that cannot be."""
    with pytest.raises(VvsError, match=said):
        model("mine", scales, scores_)


# the command line


def vvs(*words):
    """A command line and what came of it."""
    return CliRunner().invoke(build(), [str(word) for word in words])


@pytest.fixture(scope="module")
def minimal(scores, tmp_path_factory):
    """A CSV with the schema's minimal columns and the scales."""
    path = tmp_path_factory.mktemp("planning") / "mine.csv"
    kept = scores[["model_id", "benchmark_name", "region", "score", "n_params", "n_samples_seen", "total_flops"]]
    kept.astype({"n_params": int, "n_samples_seen": int}).to_csv(path, index=False)
    return path


def test_allocate_plans_on_a_users_table(minimal, tmp_path):
    """Printed, as JSON, and drawn; the three say the same."""
    path = tmp_path / "budget.png"
    words = ("allocate", "--flops", "1e17,1e18", "--table", minimal, "--resamples", 40)
    result = vvs(*words, "--figure", path)
    assert result.exit_code == 0, result.output
    assert "no spread of families is known here" in result.output
    assert path.read_bytes()[:4] == b"\x89PNG"
    found = json.loads(vvs(*words, "--json").stdout)
    assert [plan["total_flops"] for plan in found["plans"]] == [1e17, 1e18]
    assert found["plans"][0]["n_params"] < found["plans"][1]["n_params"]
    assert (found["measure"], found["reference"]["n"]) == ("IT", 120)


def test_place_places_numbers_and_rows(minimal, tmp_path):
    """The same model by its numbers and as a row of a table."""
    path = tmp_path / "new.csv"
    pd.DataFrame(
        [{"model_id": "mine", "benchmark_name": "b", "region": "IT", "score": 0.6, "n_params": 10**7, "n_samples_seen": 10**7,
          "total_flops": 1e17}]
    ).to_csv(path, index=False)  # fmt: skip
    common = ("--table", minimal, "--resamples", 40, "--json")
    scales = ("--n-params", 1e7, "--samples-seen", 1e7, "--flops", 1e17)
    numbers = json.loads(vvs("place", *scales, "--score", "IT=0.6", *common).stdout)["placed"][0]
    row = json.loads(vvs("place", "--models", path, "--model", "mine", *common).stdout)["placed"][0]
    assert numbers["verdict"] == "above"
    assert {**row, "model_id": ""} == {**numbers, "model_id": ""}
    said = vvs("place", *scales, "--score", "IT=0.6", *common[:-1])
    assert "above what its scale explains" in said.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("place", "--flops", "1e17"), "one of --score R=S and --models TABLE must be given"),
        (("place", "--score", "IT=0.5"), "the scale of the model must be given"),
        (("place", "--score", "IT:0.5", "--flops", "1e17"), "--score must be REGION=VALUE"),
        (("place", "--score", "V4=0.5", "--flops", "1e17"), "the reference has scores of IT only"),
        (("place", "--score", "IT=50", "--flops", "1e17"), "divide percent by 100"),
        (("place", "--score", "IT=0.5", "--flops", "1e17", "--by", "size"), "--by size needs n_params and n_samples_seen"),
        (("place", "--score", "IT=0.5", "--flops", "1e17", "--family", "ViT"), "no values in arch_family"),
        (("allocate", "--flops", "much"), "--flops must be a number, greater than 0; got 'much'"),
        (("allocate", "--flops", "1e17", "--loss", "2"), "--loss must be a difference of scores"),
        (("allocate", "--flops", "1e17", "--region", "V5"), "got 'V5'; did you mean"),
        (("allocate", "--flops", "1e17", "--figure", "it.txt"), "must end in .png, .svg or .html"),
    ],
)
def test_bad_command_lines_are_one_line(words, said, minimal):
    """Exit code 2 and what to do."""
    result = vvs(*words, "--table", minimal)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert len(result.stderr.strip().splitlines()) == 1
