"""Experiments: what is defined, what the strict schema refuses, and how a table becomes observations."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvslib import experiments
from vvslib.errors import VvsError

RIGHT = {"name": "mine", "x": "n_params", "unit": 1e5, "law": "saturating"}


def scores(**columns):
    """Six models of two families on two benchmarks; score 0.1 · model, a tenth higher on IT."""
    n = 6
    one = pd.DataFrame(
        {
            "model_id": [f"m{i}" for i in range(n)],
            "arch_family": ["ResNet", "ResNetFlex", "ViT"] * 2,
            "samples_per_class": [0, 1, 0, 1, 0, 1],
            "n_params": np.arange(1, n + 1) * 1e5,
            "total_flops": np.arange(1, n + 1) * 1e13,
            "is_adv": [False] * 5 + [True],
            "dataset": ["imagenet"] * 4 + [None, "ecoset"],
        }
    )
    parts = [one.assign(region=r, benchmark_name=f"{r}-b", score=0.1 * np.arange(n) + s) for r, s in (("V4", 0.0), ("IT", 0.1))]
    return pd.concat(parts, ignore_index=True).assign(**columns)


def observed(frame=None, **keys):
    """Observations of a definition."""
    return experiments.observe(scores() if frame is None else frame, experiments.build({**RIGHT, **keys}, "a test"))


@pytest.fixture
def folder(tmp_path):
    """A function that writes one YAML file and reads every experiment of its folder."""

    def read(text, name="a.yaml"):
        (tmp_path / name).write_text(text)
        return experiments.load_all(tmp_path)

    return read


def test_all_44_definitions_of_the_published_table_load():
    """43 published fits and the CCN families' joint fit; the others are of the open replication's table."""
    everything = experiments.load_all()
    found = {name: one for name, one in everything.items() if one.table == "published"}
    assert len(found) == 44 and {one.table for one in everything.values()} == {"published", "open"}
    assert "ccn_chinchilla" in found
    assert all(one.name == name and one.about for name, one in found.items())


def test_every_published_row_count_has_its_definition():
    """Published results and definitions name the same fits."""
    listed = set(experiments.published_results().experiment)
    defined = {name for name, one in experiments.load_all().items() if one.table == "published"}
    assert listed == {name for name in defined if not name.startswith("ccn_")}


def test_defaults_of_a_file_are_merged(folder):
    """`where` is merged key by key; everything else is replaced."""
    found = folder(
        "defaults: {x: n_params, unit: 1.0e+5, law: power, where: {is_adv: false, dataset: imagenet}}\n"
        "experiments:\n  a: {}\n  b: {law: saturating, where: {dataset: ecoset}}\n"
    )
    assert (found["a"].law, found["b"].law) == ("power", "saturating")
    assert found["b"].where == {"is_adv": False, "dataset": "ecoset"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wher": {}}, r"a test: experiment 'mine': key 'wher' is unknown: did you mean 'where'"),
        ({"restrict": [{"wen": {}, "keep": {}, "when": {}}]}, r"key 'restrict.0.wen' is unknown: did you mean 'when'"),
        ({"law": "saturatin"}, r"key 'law' must be 'power', .*; got 'saturatin': did you mean 'saturating'"),
        ({"unit": [1, 2]}, r"the law 'saturating' takes 1 scale column\(s\) and as many units"),
        ({"law": "chinchilla"}, r"the law 'chinchilla' takes 2 scale column\(s\)"),
        ({"unit": 0}, r"experiment 'mine': key 'unit': every unit must be positive; got \[?0"),
        ({"delta": -1}, r"experiment 'mine': key 'delta' must be greater than 0; got -1"),
        ({"flops_factor": 0}, r"experiment 'mine': key 'flops_factor' must be greater than 0; got 0"),
        ({"fold_flex": "perhaps"}, r"experiment 'mine': key 'fold_flex' must be a valid boolean, .*; got 'perhaps'"),
    ],
)
def test_wrong_definition_is_refused_by_name(change, said):
    """The key, the value, and the nearest known name."""
    with pytest.raises(VvsError, match=said):
        experiments.build({**RIGHT, **change}, "a test")


@pytest.mark.parametrize("key", ["x", "unit", "law"])
def test_missing_key_is_named(key):
    """A definition says its scale, unit and law."""
    with pytest.raises(VvsError, match=rf"experiment 'mine': key '{key}' must be given"):
        experiments.build({k: v for k, v in RIGHT.items() if k != key}, "a test")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("experiments: [", r"a\.yaml is not valid YAML"),
        ("- 1", r"a\.yaml must hold a mapping with the key 'experiments'"),
        ("defaults: {}", r"a\.yaml must hold a mapping with the key 'experiments'"),
        ("experiment: {}\nexperiments: {}", r"key 'experiment' is unknown: did you mean 'experiments'"),
        ("experiments: 3", r"experiments must be a mapping"),
        ("experiments: {a: 3}", r"experiment 'a' must be a mapping of keys to values; got 3"),
        ("experiments: {}\ndefaults: [1]", r"defaults must be a mapping"),
        ("experiments: {a: {where: V1}}", r"experiment 'a': where must be a mapping of keys to values; got 'V1'"),
        ("experiments:\n  a: {}\n  a: {}\n", r"key 'a' stands there twice, again in line 3"),
        ("experiments:\n  a: {x: 1, wher: {}}\n", r"a\.yaml: experiment 'a'"),
    ],
)
def test_wrong_file_is_refused(folder, text, said):
    """The file is named, and what is wrong in it."""
    with pytest.raises(VvsError, match=said):
        folder(text)


def test_name_in_two_files_is_refused(folder):
    """One name, one definition."""
    text = "experiments: {a: {x: n_params, unit: 1, law: power}}"
    folder(text)
    with pytest.raises(VvsError, match=r"b\.yaml: experiment 'a' is defined twice"):
        folder(text, "b.yaml")


def test_unknown_name_is_refused_with_the_nearest():
    """A typing slip is met with the name that was meant."""
    with pytest.raises(VvsError, match="experiment 'compute_nuero' is unknown: did you mean 'compute_neuro'"):
        experiments.load("compute_nuero")


def test_definition_cannot_be_changed():
    """Frozen: what was fitted is what is defined."""
    with pytest.raises(ValueError, match="frozen"):
        experiments.build(RIGHT, "a test").law = "power"


def test_scores_are_averaged_per_model():
    """Mean over the benchmarks kept, L = 1 - S, scale in units."""
    rows = observed()
    assert pytest.approx(1 - (0.1 * np.arange(6) + 0.05)) == rows.L
    assert rows.x[:, 0] == pytest.approx(np.arange(1, 7))
    assert rows.labels == [f"m{i}" for i in range(6)]


def test_region_says_which_benchmarks_are_averaged():
    """With one region the score is that benchmark's."""
    assert pytest.approx(0.9 - 0.1 * np.arange(6)) == observed(where={"region": ["IT"]}).L


@given(st.permutations(range(12)))
def test_row_order_of_the_table_does_not_matter(order):
    """Observations come sorted by model, as the published grouping does."""
    rows, other = observed(), observed(scores().iloc[order])
    assert np.array_equal(rows.x, other.x)
    assert pytest.approx(other.L, abs=1e-15) == rows.L
    assert rows.labels == other.labels


def test_flex_models_are_counted_to_their_family_where_asked():
    """ResNetFlex is a ResNet with `fold_flex`, and is not without."""
    assert len(observed(where={"arch_family": ["ResNet"]}, fold_flex=True).L) == 4
    assert len(observed(where={"arch_family": ["ResNet"]}).L) == 2


def test_restriction_touches_only_rows_that_match():
    """ViT only at full data; others at any."""
    restrict = [{"when": {"arch_family": ["ViT"]}, "keep": {"samples_per_class": [0]}}]
    assert observed(restrict=restrict).labels == ["m0", "m1", "m2", "m3", "m4"]


def test_rows_where_a_required_column_is_missing_are_left_out():
    """As the published grouping silently does."""
    assert observed(require=["dataset"]).labels == ["m0", "m1", "m2", "m3", "m5"]


def test_flops_factor_scales_compute_only():
    """Half the compute for two views; parameters stay."""
    assert observed(x="total_flops", unit=1e13, flops_factor=0.5).x[:, 0] == pytest.approx(np.arange(1, 7) / 2)
    assert observed(flops_factor=0.5).x[:, 0] == pytest.approx(np.arange(1, 7))


def test_epochs_are_observations_of_their_own():
    """In a table of training runs each epoch of a model is a row."""
    frame = pd.concat([scores(epochs=e, n_params=1e5 * e) for e in (1, 2)], ignore_index=True)
    assert len(observed(frame).L) == 12


@pytest.mark.parametrize("keys", [{"x": "n_param"}, {"where": {"n_param": 1}}, {"require": ["n_param"]}])
def test_unknown_column_is_refused_with_the_nearest(keys):
    """In the scale, the selection or the requirements."""
    with pytest.raises(VvsError, match=r"column 'n_param' is not in the table: did you mean 'n_params'"):
        observed(**keys)


def test_scale_of_words_is_refused():
    """Text is no scale."""
    with pytest.raises(VvsError, match=r"scale 'arch_family' must be a column of numbers"):
        observed(x="arch_family", unit=1)


def test_selection_that_keeps_nothing_is_refused_with_counts():
    """Of how many rows, and by which selection."""
    with pytest.raises(VvsError, match=r"'mine' keeps none of 12 rows; check its `where`: \{'region': 'V1'\}"):
        observed(where={"region": "V1"})


@pytest.mark.parametrize(("score", "what"), [(np.nan, "a score that is NaN"), (1.0, "a score ≥ 1"), (7.0, "a score ≥ 1")])
def test_impossible_scores_are_counted_and_named(score, what):
    """Rows and models, before anything is averaged away."""
    frame = scores()
    frame.loc[[1, 8], "score"] = score
    with pytest.raises(VvsError, match=rf"2 of 12 rows have {what}.*: m1, m2; leave them out"):
        observed(frame)


def test_impossible_scores_outside_the_selection_do_not_matter():
    """Only the rows kept are looked at."""
    frame = scores()
    frame.loc[0, "score"] = np.nan
    assert len(observed(frame, where={"region": "IT"}).L) == 6


def test_models_with_unequal_benchmarks_are_refused():
    """Means over other benchmarks do not compare: count and names."""
    with pytest.raises(VvsError, match=r"2 of 6 models lack benchmarks that others have \(m4, m5…\)"):
        observed(scores().iloc[:10])


def test_simulated_and_real_rows_are_not_averaged():
    """A law is of one or of the other; which, must be said."""
    mixed = scores(is_simulated=[True] * 6 + [False] * 6)
    with pytest.raises(VvsError, match=r"keeps 6 simulated rows among 12.*add is_simulated"):
        observed(mixed)
    assert observed(mixed, where={"is_simulated": True}).frame["region"].eq("V4").all()


def test_laws_of_experiments_are_those_of_fits():
    """Every law can be asked for by an experiment, with as many scales as it takes."""
    from typing import get_args

    from vvslib.experiments import SCALES, LawName
    from vvslib.fits.laws import LAWS

    assert set(get_args(LawName)) == set(LAWS)
    assert {name: SCALES.get(name, 1) for name in LAWS} == {name: law.n_variables for name, law in LAWS.items()}


def test_every_law_has_its_formula_on_the_command_line():
    """What `vvs fit` prints above its table."""
    from vvslib.cli.fit_output import FORMULAE
    from vvslib.fits.laws import LAWS

    assert set(FORMULAE) == set(LAWS)
