"""Scoring a network: what is taken of it, what is remembered, which layer stands for a region, what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
import scoring as made
from torch import nn

from vvslib import table
from vvslib.activations import Preprocessing, extract
from vvslib.errors import VvsError
from vvslib.scoring import commitment, committed
from vvslib.scoring.commitment import Committed
from vvslib.scoring.features import Options
from vvslib.scoring.remembered import Remembered
from vvslib.scoring.rows import row
from vvslib.scoring.score import score


@pytest.fixture
def kept(tmp_path):
    """An empty folder of remembered scores."""
    return Remembered(tmp_path / "scores")


def test_the_layer_that_made_the_responses_wins(kept):
    """All layers are scored, and the one that the recordings were made of predicts them best."""
    found = score(made.subject(), [made.neural(layer="middle")], remembered=kept)
    assert [result.reading.layer for result in found.results] == list(made.LAYERS)
    best = commitment.best(found.results)
    assert best.reading.layer == "middle" and best.score.value > 0.8
    assert best.score.value > max(one.score.value for one in found.results if one is not best) + 0.05


def test_scores_are_those_of_features_extracted_by_hand(kept):
    """Nothing happens between features and benchmark: extracting and scoring by hand gives the same number."""
    subject, benchmark = made.subject(1), made.neural()
    found = score(subject, [benchmark], "late", remembered=kept).results
    features = extract(subject, benchmark.stimuli[0], ["late"])["late"]
    assert found[0].score.raw == pytest.approx(benchmark.score([features]).raw, abs=1e-6)


def test_all_layers_cost_one_pass(kept):
    """Two benchmarks on the same stimuli, three layers each: the network sees every stimulus once, but for the first."""
    subject = made.subject()
    both = [made.neural("V4", "middle"), made.neural("IT", "late", n_neuroids=7)]
    found = score(subject, both, options=Options(batch_size=20), remembered=kept)
    assert (len(found.results), found.shown) == (6, 1)
    assert subject.module.passes <= 80 // 20 + 2  # a look at one image comes first


def test_what_is_remembered_takes_no_pass(kept):
    """The second time the network is not run, and every number is the same to the last bit."""
    first = score(made.subject(), [made.neural(), made.behaviour()], remembered=kept)
    subject = made.subject()
    second = score(subject, [made.neural(), made.behaviour()], remembered=kept)
    assert subject.module.passes == 0 and second.shown == 0
    assert all(result.remembered for result in second.results)
    for one, other in zip(first.results, second.results, strict=True):
        assert (one.score.raw, one.score.raw_error, one.score.ceiling) == (
            other.score.raw,
            other.score.raw_error,
            other.score.ceiling,
        )
        np.testing.assert_array_equal(one.score.by_neuroid, other.score.by_neuroid)
        assert one.score.other_errors == other.score.other_errors


@pytest.mark.parametrize(
    "other",
    [
        (lambda: made.subject(1), made.neural),
        (made.subject, lambda: made.neural(version=2)),
        (made.subject, lambda: made.neural(noise=0.31)),
        (lambda: made.subject().with_(preprocessing=Preprocessing(20)), made.neural),
    ],
    ids=["weights", "version", "recordings", "preprocessing"],
)
def test_another_key_is_another_score(kept, other):
    """Other weights, another version of the benchmark, other recordings, another preprocessing: each is scored anew."""
    score(made.subject(), [made.neural()], remembered=kept)
    found = score(other[0](), [other[1]()], remembered=kept)
    assert not any(result.remembered for result in found.results)


def test_projected_features_are_remembered_apart(kept):
    """A score of projected features never passes for one of whole features."""
    whole = score(made.subject(), [made.neural()], "early", remembered=kept).results[0]
    few = score(made.subject(), [made.neural()], "early", options=Options(projected=20), remembered=kept).results[0]
    assert not few.remembered and few.score.raw < whole.score.raw


def test_force_finds_scores_again(kept):
    """What was damaged in a cache by hand does not stay."""
    found = score(made.subject(), [made.neural()], "late", remembered=kept).results[0].score.raw
    (path,) = kept.folder.rglob("*.json")
    content = json.loads(path.read_text())
    content["score"]["raw"] = 0.99
    path.write_text(json.dumps(content))
    assert score(made.subject(), [made.neural()], "late", remembered=kept).results[0].score.raw == 0.99
    assert score(made.subject(), [made.neural()], "late", remembered=kept, force=True).results[0].score.raw == found
    assert score(made.subject(), [made.neural()], "late", remembered=kept).results[0].score.raw == found


def test_a_damaged_entry_is_made_again(kept, caplog):
    """Half a file is no score; a note says so."""
    score(made.subject(), [made.neural()], "late", remembered=kept)
    (path,) = kept.folder.rglob("*.json")
    path.write_bytes(path.read_bytes()[:100])
    with caplog.at_level("WARNING", "vvslib"):
        found = score(made.subject(), [made.neural()], "late", remembered=kept)
    assert not found.results[0].remembered and "is damaged" in caplog.text
    json.loads(path.read_bytes())


def test_little_memory_means_more_passes_and_the_same_scores(kept, tmp_path):
    """Where features of all layers do not fit at once they are taken in turn."""
    whole = score(made.subject(), [made.neural()], remembered=kept)
    parts = score(made.subject(), [made.neural()], remembered=Remembered(tmp_path / "other"), budget=8 * 80 * 80)
    assert (whole.shown, parts.shown) == (1, 3)
    assert [one.score.raw for one in parts.results] == [one.score.raw for one in whole.results]


def test_a_layer_of_too_few_features_is_never_chosen(kept):
    """PLS takes 25 components: of several layers one with fewer features has no score; asked for by itself it is refused."""
    benchmark = made.neural(mapping="pls")
    subject = made.subject()
    subject.module.late.append(nn.AdaptiveAvgPool2d(1))  # 8 features
    subject = made.Subject("narrow", made.headless(subject.module), Preprocessing(16), layers=made.LAYERS)
    found = score(subject, [benchmark], remembered=kept).results
    assert [bool(np.isnan(one.score.raw)) for one in found] == [False, False, True]
    assert commitment.best(found).reading.layer != "late"
    with pytest.raises(VvsError, match=r"narrow, late, made\.V4-pls: n_components must be from 1 to 8"):
        score(subject, [benchmark], "late", remembered=kept, force=True)


def test_behaviour_takes_what_feeds_the_classifier(kept):
    """A read-out gets the features before the head, and its probabilities are compared with people's choices."""
    subject, benchmark = made.subject(), made.behaviour()
    found = score(subject, [benchmark], remembered=kept).results[0]
    features = [extract(subject, shown, ["head:input"])["head:input"] for shown in benchmark.stimuli]
    assert found.reading.kind == "read-out"
    assert found.score.raw == pytest.approx(benchmark.score(features).raw, abs=1e-6)


def test_a_classifier_of_the_same_classes_answers_itself(kept):
    """With the benchmark's own classes the model's probabilities are taken, without any read-out."""
    found = score(made.subject(), [made.behaviour(by_classifier=True)], remembered=kept)
    assert found.results[0].reading.kind == "classifier" and np.isfinite(found.results[0].score.raw)


@pytest.mark.parametrize(
    ("classes", "why"),
    [(None, "the classes of small0 are not known"), (("dog", "cat", "owl"), "small0 tells dog, cat, owl apart")],
)
def test_another_classifier_is_left_out_with_the_reason(kept, classes, why):
    """Unknown classes, or the same in another order, cannot answer; the other benchmarks are scored."""
    benchmarks = [made.behaviour(by_classifier=True), made.neural()]
    found = score(made.subject(classes=classes), benchmarks, "late", remembered=kept)
    assert why in found.left_out["made.behavior-i2n"] and "cat, dog, owl" in found.left_out["made.behavior-i2n"]
    assert [result.benchmark.name for result in found.results] == ["made.V4-pls"]


def test_a_region_without_a_layer_is_left_out_with_the_reason(kept):
    """A mapping of regions to layers scores what it names."""
    found = score(made.subject(), [made.neural("V4"), made.neural("IT")], {"IT": "late"}, remembered=kept)
    assert found.left_out == {"made.V4-pls": "no layer of small0 is committed to V4"}
    assert [result.reading.layer for result in found.results] == ["late"]


def test_an_unknown_layer_is_refused_with_the_nearest(kept):
    """Before anything is run."""
    subject = made.subject()
    with pytest.raises(VvsError, match=r"small0 has no layer 'lates'; did you mean 'late'"):
        score(subject, [made.neural()], ["early", "lates"], remembered=kept)
    assert subject.module.passes == 0


def test_too_little_memory_is_refused_with_the_number_that_would_do(kept):
    """Features that a read-out needs as they are cannot be streamed."""
    with pytest.raises(VvsError, match=r"are allowed; memory=\d+ \(--memory [\d.]+\) would do"):
        score(made.subject(), [made.behaviour()], options=Options(memory=1000), remembered=kept)


def test_output_of_another_shape_is_refused(kept):
    """Three classes and two outputs do not go together."""
    subject = made.subject()
    subject.module.head = nn.Linear(32, 2)
    with pytest.raises(VvsError, match="output must have 3 classes; got 2 numbers"):
        score(subject, [made.behaviour(by_classifier=True)], remembered=kept)


def test_rows_keep_to_the_schema(kept):
    """Raw, ceiling, both normalisations and errors stand in the row, consistent with each other, and the table is right."""
    found = score(made.subject(acc=0.5), [made.neural(), made.behaviour()], "middle", remembered=kept)
    rows = [row(found.subject.columns, result, "named") for result in found.results]
    checked = table.check(pd.DataFrame(rows)).set_index("region")
    v4 = checked.loc["V4"]
    assert v4.score == pytest.approx((v4.raw / v4.ceiling) ** 2) and v4.score_r2c == pytest.approx(v4.raw**2 / v4.ceiling)
    assert v4.score_error == pytest.approx(2 * v4.raw * v4.raw_error / v4.ceiling**2)
    assert (v4.layer, v4.layer_choice, v4.ceiling_kind, v4.normalisation) == ("middle", "named", "split-half", "r/c squared")
    behaviour = checked.loc["behavior"]
    assert behaviour.score == pytest.approx(behaviour.raw / behaviour.ceiling**0.5) and np.isnan(behaviour.score_r2c)
    assert not checked["is_simulated"].any() and checked["acc"].eq(0.5).all()


def test_the_first_benchmark_of_a_region_decides(kept):
    """Layers are committed by region, real and simulated apart, with the scores of all that were tried."""
    benchmarks = [
        made.neural("V4", "middle"),
        made.neural("V4", "late", name="made.V4-other", n_neuroids=9),
        made.neural("V4", "early", name="simulated.V4-pls", simulated=True, n_neuroids=10),
    ]
    subject = made.subject()
    found = score(subject, benchmarks, remembered=kept)
    entries = commitment.commit(subject.columns, subject.digest, found.results, {one.name: one.digest for one in benchmarks})
    assert [(one.region, one.simulated, one.layer, one.benchmark) for one in entries] == [
        ("V4", False, "middle", "made.V4-pls"),
        ("V4", True, "early", "simulated.V4-pls"),
    ]
    assert next(iter(entries[0].raw)) == "middle" and set(entries[0].raw) == set(made.LAYERS)
    both = Committed(tuple(entries))
    assert both.layers("small", "pets", False) == {"V4": "middle"} and both.layers("small", "pets", True) == {"V4": "early"}
    assert both.layers("small", "other pets", False) == {}


def test_a_negative_correlation_is_not_a_good_layer():
    """(r/c)² of −0.5 is large; the layer with the higher correlation is taken all the same."""
    facts = made.facts("made.V4-pls", "V4")
    results = [made.result(facts, "early", -0.5), made.result(facts, "late", 0.1), made.result(facts, "dead", float("nan"))]
    assert commitment.best(results).reading.layer == "late"
    with pytest.raises(VvsError, match="must have a score to be chosen; none of dead has"):
        commitment.best(results[2:])


def test_a_layer_can_be_chosen_on_other_stimuli():
    """Half of the stimuli to choose on, the others to score on, none in both, all of one or the other."""
    benchmark = made.neural()
    choice, rest = commitment.divide(benchmark)
    few, most = (one.stimuli[0].images.reshape(-1, 16 * 16 * 3) for one in (choice, rest))
    assert (len(few), len(most)) == (40, 40)
    together = {one.tobytes() for one in few} | {one.tobytes() for one in most}
    assert together == {one.tobytes() for one in benchmark.stimuli[0].images} and len(together) == 80
    assert len({benchmark.digest, choice.digest, rest.digest}) == 3


def test_committed_layers_are_written_and_read(kept, tmp_path):
    """What is read is what was written; the same commitments give the same bytes."""
    subject, benchmark = made.subject(), made.neural()
    found = score(subject, [benchmark], remembered=kept)
    entries = Committed(
        tuple(commitment.commit(subject.columns, subject.digest, found.results, {benchmark.name: benchmark.digest}))
    )
    one = committed.write(entries, tmp_path / "one.yaml", "a test")
    assert committed.read(one) == entries
    assert committed.write(committed.read(one), tmp_path / "two.yaml", "a test").read_bytes() == one.read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda entry: {**entry, "layers": "late"}, "key 'layers' is unknown: did you mean 'layer'"),
        (lambda entry: {**entry, "version": "one"}, "key 'version' must be a valid integer; got 'one'"),
        (lambda entry: {key: value for key, value in entry.items() if key != "digest"}, "key 'digest' must be given"),
        (lambda entry: "late", "must be a mapping with the keys arch, dataset"),
    ],
)
def test_wrong_commitments_are_refused(tmp_path, change, said):
    """Key or value, with the file and the number of the entry."""
    digest = "0" * 64
    entry = {"arch": "small", "dataset": "pets", "region": "V4", "simulated": False, "layer": "late", "benchmark": "made.V4-pls"}
    entry |= {"version": 1, "data": digest, "model": "small0", "digest": digest, "raw": {"late": 0.5}}
    path = tmp_path / "layers.yaml"
    path.write_text(json.dumps({"about": "a test", "commitments": [entry, change({**entry, "arch": "other"})]}))
    with pytest.raises(VvsError, match=r"layers\.yaml, commitment 2") as caught:
        committed.read(path)
    assert said in str(caught.value)
    path.write_text(json.dumps({"commitments": [entry, entry]}))
    with pytest.raises(VvsError, match="small on pets must have one layer for V4; got two"):
        committed.read(path)
