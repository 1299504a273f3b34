"""Benchmarks of behaviour: who knows the truth reaches the ceiling, what is refused, and the choices on CIFAR-10."""

import numpy as np
import pytest

from vvslib import benchmarks
from vvslib.benchmarks import Facts, Stimuli, baselines
from vvslib.benchmarks.behaviour import BehaviourBenchmark, halvings_of_counts, halvings_of_trials
from vvslib.benchmarks.benchmark import N_RESAMPLES
from vvslib.errors import VvsError
from vvslib.metrics.behaviour import consistency, pattern
from vvslib.metrics.choices import rates_of_probabilities
from vvslib.metrics.gram import Gram

OBJECTS = ("zebra", "ant", "moose")  # not in alphabetical order: columns go by name
FACTS = Facts("zoo.behavior-i2n", "behavior", "i2n", 1, (), "none", "nobody", "")


def stimuli(truth: np.ndarray, name: str = "zoo") -> Stimuli:
    """Blank images of the objects."""
    return Stimuli(name, np.zeros((len(truth), 4, 4, 3), np.uint8), objects=np.array(OBJECTS)[truth])


def observer(n: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Objects shown, evidence for each object ``(n, 3)``, and the probabilities of naming them."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    evidence = 0.8 * rng.normal(size=(n, 3)) + 1.2 * np.eye(3)[truth]
    p = np.exp(evidence)
    return truth, evidence, p / p.sum(axis=1, keepdims=True)


def benchmark(n: int = 150, n_choices: int = 400, level: str = "i2n", seed: int = 0, fitted: bool = False):
    """Of a classifier, or with a read-out fitted on other stimuli; and the observer's evidence and probabilities."""
    truth, evidence, p = observer(n, seed)
    counts = np.random.default_rng(seed + 1000).multinomial(n_choices, p)
    halves = halvings_of_counts(counts, truth)
    fit = stimuli(np.arange(300) % 3, "fit") if fitted else None
    return BehaviourBenchmark(FACTS, stimuli(truth), OBJECTS, halves, level, fit), evidence, p


@pytest.mark.parametrize("level", ["i1", "i1n", "i2", "i2n"])
def test_the_observer_s_own_probabilities_reach_the_ceiling(level):
    """And pass it a little, since they have no noise of choice; the pattern of a shuffled observer is unrelated."""
    one, _, p = benchmark(level=level)
    score = one.score([p])
    assert 0.98 < score.value < 1.1
    assert score.error_of == "halvings" and score.ceiling == one.ceiling and score.rule == "r/root c"


def test_shuffled_images_of_each_object_score_zero():
    """i2n is of differences between images of the same object."""
    one, _, p = benchmark(n=600)
    order = np.arange(600).reshape(-1, 3)
    shuffled = np.random.default_rng(0).permutation(order).ravel()
    score = one.score([p[shuffled]])
    assert abs(score.raw) < 4 * score.other_errors["stimuli"]


def test_resamples_are_those_of_the_images():
    """To first order: within a tenth of their spread of the consistency of the images drawn, repeated as often as drawn."""
    one, _, p = benchmark(n=600)
    score = one.score([0.7 * p + 0.3 / 3])
    drawn = np.random.default_rng(0).multinomial(600, np.full(600, 1 / 600), size=N_RESAMPLES)
    again = []
    for counts in drawn[:30]:
        rows = np.repeat(np.arange(600), counts)
        halves = [tuple(half[rows] for half in pair) for pair in one.halves]
        again.append(consistency(rates_of_probabilities((0.7 * p + 0.1)[rows], one.truth[rows]), halves, one.truth[rows]).raw)
    spread = score.other_errors["stimuli"]
    assert np.std(score.resamples["stimuli"] - score.raw) == pytest.approx(spread, rel=0.15)
    assert np.sqrt(np.mean((score.resamples["stimuli"][:30] - again) ** 2)) < 0.35 * spread
    assert list(score.resamples) == ["stimuli"]


def test_ceiling_is_the_correlation_of_halves():
    """By hand from the patterns of one halving."""
    one, _, _ = benchmark()
    by_hand = []
    for pair in one.halves:
        a, b = (pattern(half, one.truth, "i2n") for half in pair)
        known = ~np.isnan(a) & ~np.isnan(b)
        by_hand.append(np.corrcoef(a[known], b[known])[0, 1])
    assert one.ceiling == pytest.approx(np.mean(by_hand), abs=1e-12)
    assert one.ceiling_kind == "split-half"


def test_read_out_of_the_evidence_is_near_the_observer():
    """Columns go by the names of the objects, whatever their order; unrelated features read out to nothing."""
    one, evidence, _ = benchmark(fitted=True)
    truth, fitted, _ = observer(300, seed=5)
    assert (one.fit.objects == np.array(OBJECTS)[truth]).all()
    p = one.probabilities([fitted, evidence])
    assert (p.argmax(axis=1) == one.truth).mean() > 0.6
    assert one.score([fitted, evidence]).value > 0.9
    noise = np.random.default_rng(0).normal(size=(450, 3))
    unrelated = one.score([noise[:300], noise[300:]])
    assert abs(unrelated.raw) < 4 * unrelated.other_errors["stimuli"]


@pytest.mark.parametrize("level", ["i1", "i2n"])
def test_error_over_stimuli_is_that_of_other_stimuli(level):
    """It is near the scatter of scores over independent sets of stimuli."""
    scores = []
    for seed in range(60):
        one, evidence, _ = benchmark(n=120, n_choices=60, level=level, seed=seed)
        p = np.exp(evidence + np.random.default_rng(2000 + seed).normal(size=evidence.shape))
        scores.append(one.score([p / p.sum(axis=1, keepdims=True)]))
    scatter = np.std([score.raw for score in scores], ddof=1)
    stated = np.sqrt(np.mean([score.other_errors["stimuli"] ** 2 for score in scores]))
    assert 0.8 < stated / scatter < 1.25


def test_a_part_keeps_the_ceiling():
    """And scores the stimuli that are left."""
    one, _, p = benchmark(n=300)
    part = one.part([np.arange(150)])
    assert part.ceiling == one.ceiling and len(part.test) == 150
    assert part.score([p[:150]]).raw > 0.9 * one.score([p]).raw


def test_halves_of_trials_are_rates_of_their_trials():
    """Every trial is in one of the two halves."""
    rng = np.random.default_rng(0)
    truth = np.arange(30) % 3
    stimulus = np.repeat(np.arange(30), 200)
    distractor = (truth[stimulus] + rng.integers(1, 3, stimulus.size)) % 3
    chosen = np.where(rng.random(stimulus.size) < 0.25, distractor, truth[stimulus])
    halves = halvings_of_trials(stimulus, distractor, chosen, truth, 3, n_halvings=2)
    assert len(halves) == 2
    for pair in halves:
        assert np.nanmean(pair) == pytest.approx(0.25, abs=0.02)


def test_the_correction_is_of_every_count():
    """(n + ½) of both choices: never 0 or 1."""
    plain = halvings_of_counts([[40, 0, 0]], [0], n_halvings=1)[0][0]
    corrected = halvings_of_counts([[40, 0, 0]], [0], n_halvings=1, correction=0.5)[0][0]
    assert plain[0, 1] == 0 and corrected[0, 1] == pytest.approx(0.5 / 21)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "features must be of 1 sets of stimuli; got 0"),
        ([np.full((149, 3), 1 / 3)], "features must have a row for each of 150 stimuli; got 149"),
        ([np.full((150, 4), 1 / 4)], "probabilities must be of the 3 classes zebra, ant, moose; got 4"),
        ([np.random.default_rng(0).normal(size=(150, 3))], "pass logits by softmax"),
        ([np.full((150, 3), 1.0)], "sum to 1 for each stimulus"),
        ([np.full((150, 3), np.nan)], "must be finite"),
        ([Gram.of(np.eye(150))], "a Gram matrix has lost what is read out"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(given, said):
    """Number of sets, of stimuli and of classes; logits; NaN."""
    one, _, _ = benchmark()
    assert one.classes == OBJECTS
    with pytest.raises(VvsError, match=said):
        one.score(given)


def test_stimuli_and_halves_that_do_not_fit_are_refused():
    """Stimuli without objects or with others, a fit without an object, rates of another shape."""
    truth, _, p = observer(30)
    halves = halvings_of_counts(np.random.default_rng(0).multinomial(50, p), truth)
    good = stimuli(truth)
    with pytest.raises(VvsError, match="must have an object; got none"):
        BehaviourBenchmark(FACTS, Stimuli("blank", good.images), OBJECTS, halves)
    with pytest.raises(VvsError, match="objects must be among zebra, ant; got moose"):
        BehaviourBenchmark(FACTS, good, OBJECTS[:2], halves)
    with pytest.raises(VvsError, match="a read-out must be fitted on every object; got no moose"):
        BehaviourBenchmark(FACTS, good, OBJECTS, halves, fit=stimuli(np.arange(20) % 2, "fit"))
    with pytest.raises(VvsError, match="halves must be rates of 30 stimuli × 3 objects"):
        BehaviourBenchmark(FACTS, good, OBJECTS, [])
    with pytest.raises(VvsError, match="halves must be rates of 30 stimuli × 3 objects"):
        BehaviourBenchmark(FACTS, good, OBJECTS, [(half[:, :2] for half in halves[0])])


# CIFAR-10H


@pytest.fixture(scope="module")
def cifar10h(locate_or_skip):
    """The benchmark of i2n by a read-out, and the counts."""
    locate_or_skip("cifar10")
    counts = np.load(locate_or_skip("cifar10h") / "cifar10h-counts.npy")
    return benchmarks.load("peterson2019.behavior-i2n"), counts


def test_choices_are_the_published_ones(cifar10h):
    """10,000 images, 511,000 choices, 47 to 63 an image; what most people say is the label of 99.2 %: the orders agree."""
    one, counts = cifar10h
    assert counts.shape == (10000, 10) and counts.sum() == 511_000
    assert (counts.sum(axis=1).min(), counts.sum(axis=1).max()) == (47, 63)
    assert (counts.argmax(axis=1) == one.truth).mean() == pytest.approx(0.992, abs=0.0005)
    assert one.objects[:3] == ("airplane", "automobile", "bird")


def test_what_is_fitted_is_balanced_and_not_tested(cifar10h):
    """500 training images a class; none of their pixels is among the test images."""
    one, _ = cifar10h
    assert set(np.unique(one.fit.objects, return_counts=True)[1]) == {500} and len(one.fit) == 5000
    test = {picture.tobytes() for picture in one.test.images}
    assert not any(picture.tobytes() in test for picture in one.fit.images)


def test_ceilings_of_cifar10h(cifar10h):
    """Halves correlate by .69 in i2n and .86 in i1; without half a choice added, i2n is less reliable."""
    one, counts = cifar10h
    assert one.ceiling == pytest.approx(0.69, abs=0.005)
    assert benchmarks.load("peterson2019.behavior-i1").ceiling == pytest.approx(0.86, abs=0.01)
    plain = BehaviourBenchmark(FACTS, one.test, one.objects, halvings_of_counts(counts, one.truth, n_halvings=2))
    assert plain.ceiling == pytest.approx(0.60, abs=0.01)


def test_a_classifier_is_scored_by_its_probabilities(cifar10h):
    """Those of a read-out give its score; people themselves, as a classifier, are far above it."""
    one, counts = cifar10h
    classifier = benchmarks.load("peterson2019.behavior-i2n-classifier")
    assert classifier.classes == one.objects and classifier.test.digest == one.test.digest
    features = [baselines.pixels(shown.images, side=4) for shown in one.stimuli]
    p = one.probabilities(features)
    assert 0.25 < (p.argmax(axis=1) == one.truth).mean() < 0.5
    by_read_out, by_classifier = one.score(features), classifier.score([p])
    assert by_classifier.raw == pytest.approx(by_read_out.raw, abs=1e-12)
    assert 3 * by_read_out.other_errors["stimuli"] < by_read_out.raw < 0.15
    corrected = counts + 0.5
    people = classifier.score([corrected / corrected.sum(axis=1, keepdims=True)])
    assert people.raw > 0.8
    assert rates_of_probabilities(corrected, one.truth).shape == (10000, 10)
