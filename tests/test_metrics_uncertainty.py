"""Errors of scores: over splits, neuroids and stimuli."""

from functools import partial

import numpy as np
import pytest
from metrics import population

from vvslib.errors import VvsError
from vvslib.metrics.correlation import pearson, weighted_pearson
from vvslib.metrics.linear import linear_predictivity
from vvslib.metrics.uncertainty import median, over_neuroids, over_stimuli, standard_error


def test_standard_error_is_brain_scores():
    """Divided by n, NaN left out; none for a single split."""
    values = np.random.default_rng(0).normal(size=10)
    assert standard_error(values) == pytest.approx(values.std() / np.sqrt(10))
    assert standard_error([*values, np.nan]) == standard_error(values)
    assert np.isnan(standard_error([0.3])) and np.isnan(standard_error([]))


def test_error_over_neuroids_is_that_of_other_neuroids():
    """The bootstrap's deviation is that of the score over populations of other neuroids, within 15 %."""
    draw = np.random.default_rng(0)
    populations = [np.tile(draw.normal(0.5, 0.2, 80), (3, 1)) for _ in range(600)]
    truth = np.std([median(r).mean() for r in populations])
    found = np.mean([over_neuroids(r, 200, np.random.default_rng(1)).std() for r in populations[:60]])
    assert found == pytest.approx(truth, rel=0.15)


def test_error_over_stimuli_is_that_of_other_stimuli():
    """The bootstrap's deviation of a correlation is Fisher's, (1 − r²) / √(n − 1), within 15 %."""
    draw, found = np.random.default_rng(0), []
    for _ in range(30):
        x, noise = draw.normal(size=(2, 150))
        both = np.column_stack([x, 0.6 * x + 0.8 * noise])
        resampled = over_stimuli(lambda at, both=both: pearson(both[at, :1], both[at, 1:])[0], 150, 300, np.random.default_rng(2))
        found.append(resampled.std())
    assert np.mean(found) == pytest.approx(0.64 / np.sqrt(149), rel=0.15)


def test_weights_are_how_often_a_row_was_drawn():
    """A weighted correlation is that of the rows drawn, one by one; NaN where they are all the same."""
    draw = np.random.default_rng(0)
    one, other = draw.normal(3, 1, (2, 40, 5))
    other[:, 4] = 7
    rows = draw.integers(0, 40, (20, 40))
    found = weighted_pearson(one, other, [np.bincount(row, minlength=40) for row in rows])
    assert np.allclose(found, [pearson(one[row], other[row]) for row in rows], equal_nan=True, atol=1e-12)
    assert np.isnan(found[:, 4]).all() and not np.isnan(found[:, :4]).any()
    assert np.isnan(weighted_pearson(one, other, [np.bincount([3] * 40, minlength=40)])).all()


def test_error_over_stimuli_of_a_score_is_that_of_other_stimuli():
    """The bootstrap's deviation is that of the score when other stimuli are judged by the same map, within 25 %."""
    rng = np.random.default_rng(0)
    X, Y = population(500, 40, 60)
    fitted, errors, scores = np.arange(100), [], []
    weights = np.linalg.lstsq(X[fitted], Y[fitted], rcond=None)[0]

    def given(gram, responses, splits):
        return [(X @ weights)[test] for _, test in splits]

    for _ in range(40):
        test = rng.choice(np.arange(100, 500), 60, replace=False)
        score = linear_predictivity(X, Y, [(fitted, test)], mapping=given, n_resamples=100, rng=rng)
        scores.append(score.value)
        errors.append(score.error_over_stimuli)
    assert np.mean(errors) == pytest.approx(np.std(scores) / np.sqrt(1 - 60 / 400), rel=0.25)  # drawn without replacement
    assert np.isnan(linear_predictivity(X, Y, [(fitted, test)], mapping=given).error_over_stimuli)
    dead = linear_predictivity(np.ones_like(X), Y, n_resamples=5)
    assert np.isnan(dead.value) and np.isnan(dead.error_over_stimuli)


def test_resamples_are_drawn_alike_for_all_features():
    """Features that differ by little differ by little in every resample; with other neuroids drawn as well, too."""
    X, Y = population(80, 40, 30)
    other = X + 0.01 * np.random.default_rng(1).standard_normal(X.shape)
    one, two = (linear_predictivity(features, Y, n_resamples=60) for features in (X, other))
    drawn = [score.with_other_neuroids(np.random.default_rng(2)) for score in (one, two)]
    for first, second in ((one.by_resample, two.by_resample), drawn):
        assert np.std(first - second) < 0.5 * np.std(first)  # 1.4 times were they drawn apart
    assert np.std(drawn[0]) > one.error_over_stimuli == pytest.approx(np.std(one.by_resample, ddof=1))
    plain = linear_predictivity(X, Y)
    assert plain.by_resample is None and plain.with_other_neuroids(np.random.default_rng(0)) is None


def test_neuroids_left_out_do_not_count():
    """Resamples of a score draw from the neuroids that were used."""
    X, Y = population(60, 90, 8)
    Y[:, 3] = 0
    score = linear_predictivity(X, Y, leave_out=True)
    resampled = over_neuroids(score.r, 300, np.random.default_rng(0))
    assert not np.isnan(resampled).any()
    assert resampled.mean() == pytest.approx(score.value, abs=3 * resampled.std())
    assert (resampled == over_neuroids(np.delete(score.r, 3, axis=1), 300, np.random.default_rng(0))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            partial(over_neuroids, [0.1, 0.2], 5, np.random.default_rng(0)),
            r"r must be a matrix, splits × neuroids, .* got shape \(2,\)",
        ),
        (
            partial(over_neuroids, np.full((2, 3), np.nan), 5, np.random.default_rng(0)),
            "r must hold a correlation of at least one neuroid",
        ),
        (partial(over_stimuli, len, 1, 5, np.random.default_rng(0)), "a bootstrap over stimuli must have at least 2; got 1"),
    ],
)
def test_bad_input_is_refused(call, message):
    """Each refusal says what must be what and what was got."""
    with pytest.raises(VvsError, match=message):
        call()
