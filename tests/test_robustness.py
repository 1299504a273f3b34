"""Claims × choices: what a choice does to a table, what a verdict is, and that planted tables get the verdicts they deserve."""

import numpy as np
import pandas as pd
import pytest

from vvslib import published
from vvslib.errors import VvsError
from vvslib.experiments import Experiment
from vvslib.trust import grid, robustness
from vvslib.trust.choices import AUTHORS, COLUMNS, Choice, NotApplicable, apply, choices, fitted
from vvslib.trust.robustness import FAILS, HOLDS, NONE, WEAK, verdict
from vvslib.trust.statements import STATEMENTS, Part, data_exponent, statement

ONE = Experiment(name="one", x=["total_flops"], unit=[1e13], law="saturating")
TWO = Experiment(name="two", x=["n_params", "n_samples_seen"], unit=[1e5, 1e4], law="chinchilla")


def planted(ceiling: float = 0.5, n: int = 60, sigma: float = 0.01) -> pd.DataFrame:
    """Models of ten architectures whose neural score saturates at `ceiling`."""
    rng = np.random.default_rng(1)
    flops = np.geomspace(1e14, 1e20, n)
    L = (1 - ceiling) + 0.45 * (flops / 1e14) ** -0.3
    return pd.DataFrame(
        {
            "model_id": [f"m{i}" for i in range(n)],
            "benchmark_name": "b",
            "region": "V4",
            "arch": [f"a{i % 10}" for i in range(n)],
            "arch_family": ["ViTFlex" if i % 2 else "ResNet" for i in range(n)],
            "samples_per_class": [0 if i % 3 else 1 for i in range(n)],
            "total_flops": flops,
            "score": 1 - L * np.exp(sigma * rng.standard_normal(n)),
        }
    )


def test_the_authors_come_first_and_each_choice_departs_in_one_thing():
    """No other choice is called as published, and each differs from the default in one field but its names."""
    every = choices()
    assert every[0] == AUTHORS and {one.column for one in every} == set(COLUMNS)
    for one in every[1:]:
        changed = [f for f in vars(one) if f not in ("column", "label") and getattr(one, f) != getattr(AUTHORS, f)]
        assert len(changed) == 1, one


def test_a_family_is_left_out_with_its_flex_variants():
    """Half of the planted rows are of a Flex family."""
    assert set(apply(planted(), Choice(without="ViT"))["arch_family"]) == {"ResNet"}


def test_cuts_keep_whole_sets_and_drop_what_is_too_large():
    """0 images per class means all, which is not few."""
    table = planted()
    assert set(apply(table, Choice(fewest=10))["samples_per_class"]) == {0}
    assert apply(table, Choice(below=1e17))["total_flops"].max() < 1e17


def test_the_root_is_of_neural_scores_only():
    """Behaviour is not squared by the published normalisation, and a negative score keeps its sign."""
    table = pd.DataFrame({"region": ["V1", "V1", "behavior"], "score": [0.25, -0.04, 0.25]})
    assert apply(table, Choice(root=True))["score"].tolist() == pytest.approx([0.5, -0.2, 0.25])


@pytest.mark.parametrize(
    ("values", "said"),
    [([0.5, 0.4, 0.6], HOLDS), ([0.5, -0.1, 0.6], WEAK), ([-0.1, -0.2, 0.6], FAILS), ([2.0, 1.9, 2.1], FAILS), ([0.5], HOLDS)],
)
def test_verdicts(values, said):
    """Holds with its whole interval, is weak with its estimate alone, fails with its estimate outside."""
    assert verdict(Part("x", "x", above=0.0, below=1.0), np.array(values))[0] == said


def test_a_planted_plateau_is_found_under_every_objective():
    """With little scatter no objective moves it by more than 0.01."""
    found = [fitted(planted(), ONE, one).fit.asymptote for one in choices() if one.column in ("as published", "objective")]
    assert found == pytest.approx([0.5] * len(found), abs=0.01)


def test_units_widen_or_refuse():
    """Ten architectures are turned, two families are too few."""
    rows = fitted(planted(), ONE, AUTHORS, 50)
    turned = fitted(planted(), ONE, Choice(unit="architectures"), 50)
    assert len(rows.parameter("E")) == len(turned.parameter("E")) == 51
    with pytest.raises(NotApplicable, match="2 families are too few"):
        fitted(planted(), ONE, Choice(unit="families"), 50)


def test_a_form_of_other_scales_does_not_apply():
    """Nor does the published form in place of itself."""
    with pytest.raises(NotApplicable, match="no alternative"):
        fitted(planted(), ONE, Choice(form="interaction"))
    with pytest.raises(NotApplicable, match="no alternative"):
        fitted(planted(), ONE, Choice(form="saturating"))


def test_the_exponent_of_data_is_that_of_the_law_with_and_without_interaction():
    """A table without interaction has alpha / (alpha + beta) under both forms, found numerically under the second."""
    N, D = (one.ravel() for one in np.meshgrid(np.geomspace(1e5, 1e8, 8), np.geomspace(1e5, 1e9, 8)))
    L = 0.5 + 0.2 * (N / 1e5) ** -0.6 + 0.4 * (D / 1e4) ** -0.2
    table = pd.DataFrame({"model_id": [f"m{i}" for i in range(64)], "benchmark_name": "b", "region": "IT", "n_params": N})
    table = table.assign(n_samples_seen=D, total_flops=6 * N * D, score=1 - L)
    one, other = (data_exponent(fitted(table, TWO, Choice(form=form)))[0] for form in (None, "interaction"))
    assert one == pytest.approx(0.75, abs=1e-3) and other == pytest.approx(0.75, abs=0.01)


def test_cells_take_the_worst_and_leave_out_what_does_not_apply():
    """A claim with two quantities is as good as its worse one."""
    line = {"claim": 1, "column": "form", "quantity": "q", "says": "a number", "value": 1.0, "low": 0.9, "high": 1.1}
    lines = pd.DataFrame(
        [
            line | {"choice": "power", "verdict": HOLDS},
            line | {"choice": "power", "verdict": WEAK},
            line | {"choice": "shifted", "verdict": HOLDS},
            line | {"choice": "interaction", "verdict": NONE},
        ]
    )
    found = grid.cells(lines).iloc[0]
    assert (found["verdict"], found["n"], found["n_hold"]) == (WEAK, 2, 1)
    assert "power: weak (a number 1 [0.9, 1.1]" in found["told"] and "interaction" not in found["told"]


def test_statements_are_the_eleven_claims():
    """One to eleven, in order; another number is refused."""
    assert [one.id for one in STATEMENTS] == list(range(1, 12))
    with pytest.raises(VvsError, match="1 to 11"):
        statement(12)


@pytest.fixture(scope="module")
def scores(published_path):
    """The published table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VVS_DATA", str(published_path))
        yield published.load("published")


def test_neural_saturation_holds_as_published_and_fails_by_least_squares(scores):
    """Ŝ .477 under the authors' choices, 1 by least squares in the same form; behaviour at the bound under both."""
    as_published = {line["quantity"]: line for line in robustness.judge(scores, statement(6), AUTHORS, resamples=20)}
    assert as_published["neural"]["value"] == pytest.approx(0.4773, abs=0.005)
    assert {line["verdict"] for line in as_published.values()} == {HOLDS}
    squares = robustness.judge(scores, statement(6), Choice(objective="squares"), resamples=0)
    assert {line["quantity"]: line["verdict"] for line in squares}["neural"] == FAILS


def test_kept_results_are_of_this_data_and_code(scores, checkout):
    """Whoever changes a numerical module, or a statement, computes the kept results anew: they are read without recomputing."""
    folder = checkout / "results" / "kept"
    lines = robustness.kept_lines(scores, folder=folder)
    assert set(lines["claim"]) == set(range(1, 12)) and set(lines["column"]) == set(COLUMNS)
    curves = robustness.kept_curves(scores, folder=folder)
    assert set(curves["outcome"]) == set(robustness.OUTCOMES)


def test_kept_lines_are_what_is_computed(scores, checkout):
    """One cell computed again, estimate and verdict, against the kept one."""
    lines = robustness.kept_lines(scores, folder=checkout / "results" / "kept")
    choice = Choice("family left out", "ViT", without="ViT")
    again = robustness.judge(scores, statement(3), choice, resamples=200)[0]
    known = lines[(lines["claim"] == 3) & (lines["choice"] == "ViT")].iloc[0]
    assert known["verdict"] == again["verdict"]
    assert known[["value", "low", "high"]].tolist() == pytest.approx([again[k] for k in ("value", "low", "high")], abs=1e-5)


def test_an_unknown_outcome_is_refused(scores):
    """The known ones are named."""
    with pytest.raises(VvsError, match="neural, behaviour, data exponent"):
        robustness.specification_curve(scores, "neuro")
