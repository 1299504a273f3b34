"""Representational similarity: against numpy, scipy and Brain-Score; bounds; what is refused."""

from itertools import combinations

import numpy as np
import pytest
from metrics import assembly, brainscore, population
from scipy.spatial.distance import squareform
from scipy.stats import kendalltau, spearmanr

from vvslib.errors import VvsError
from vvslib.metrics.rsa import SIMILARITIES, compare, compare_with_subjects, dissimilarities, noise_ceiling, upper_triangle


def subjects(n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """The true RDM of 24 stimuli and those of noisy subjects."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(24, 40))
    return dissimilarities(true), [dissimilarities(true + noise * rng.normal(size=true.shape)) for _ in range(n)]


def test_dissimilarities_are_numpys():
    """1 − numpy's correlation coefficients, also for float32."""
    X = population(30, 80, 1)[0]
    assert dissimilarities(X) == pytest.approx(1 - np.corrcoef(X), abs=1e-12)
    assert dissimilarities(X.astype(np.float32)) == pytest.approx(1 - np.corrcoef(X), abs=1e-6)


def test_triangle_is_squareforms():
    """The order is that of scipy's squareform, and of the published object dissimilarities."""
    rdm = dissimilarities(population(12, 30, 1)[0])
    assert (upper_triangle(rdm) == squareform(rdm, checks=False)).all()


def test_spearman_and_kendall_are_scipys():
    """On RDMs with and without ties."""
    one, other = (dissimilarities(population(15, 40, 1, seed=s)[0]) for s in (1, 2))
    for coarse in (one, one.round(1)):
        pairs = upper_triangle(coarse), upper_triangle(other)
        assert compare(coarse, other) == pytest.approx(spearmanr(*pairs)[0], abs=1e-12)
        assert compare(coarse, other, "kendall") == pytest.approx(kendalltau(*pairs)[0], abs=1e-12)


def test_kendall_a_counts_pairs():
    """Concordant less discordant pairs, over all pairs, ties counting as neither."""
    one, other = (dissimilarities(population(8, 40, 1, seed=s)[0]).round(1) for s in (1, 2))
    a, b = upper_triangle(one), upper_triangle(other)
    signs = [np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i, j in combinations(range(len(a)), 2)]
    assert 0 in signs
    assert compare(one, other, "kendall-a") == pytest.approx(np.mean(signs), abs=1e-12)


def test_score_is_brain_scores():
    """The similarity of two populations' RDMs is that of Brain-Score's rdm metric."""
    X, Y = population(40, 90, 30)
    theirs = brainscore("rdm")(assembly(X), assembly(Y))
    assert compare(dissimilarities(X), dissimilarities(Y)) == pytest.approx(float(theirs), abs=1e-10)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_the_truth_lies_between_the_bounds(similarity):
    """Over 20 simulations the true RDM scores between the mean lower and the mean upper bound."""
    found = []
    for seed in range(20):
        true, noisy = subjects(6, 1.0, seed)
        found.append((*noise_ceiling(noisy, similarity), compare_with_subjects(true, noisy, similarity).value))
    low, high, truth = np.mean(found, axis=0)
    assert low < truth < high


def test_no_rdm_exceeds_the_upper_bound():
    """Neither the truth, nor the mean dissimilarity, nor a subject's own RDM scores above the upper bound of Spearman."""
    true, noisy = subjects(5, 1.0)
    upper = noise_ceiling(noisy)[1]
    for candidate in (true, np.mean(noisy, axis=0), *noisy):
        assert compare_with_subjects(candidate, noisy).value <= upper


def test_score_with_subjects_has_an_error_over_them():
    """Mean and standard error over the subjects' similarities."""
    true, noisy = subjects(7, 1.5)
    score = compare_with_subjects(true, noisy)
    each = [compare(true, subject) for subject in noisy]
    assert (score.value, score.error) == pytest.approx((np.mean(each), np.std(each) / np.sqrt(7)))


def test_order_of_neuroids_and_scale_do_not_matter():
    """Permuted neuroids, and a pattern in another unit and of another level, have the same dissimilarities."""
    X = population(20, 50, 1)[0]
    order = np.random.default_rng(0).permutation(50)
    assert dissimilarities(3 * X[:, order] + 7) == pytest.approx(dissimilarities(X), abs=1e-10)


def test_shuffled_stimuli_score_zero():
    """RDMs of stimuli in unrelated orders do not resemble each other, within 4 standard errors over shuffles."""
    true, (other,) = subjects(1, 0.3)
    orders = [np.random.default_rng(s).permutation(24) for s in range(50)]
    values = [compare(true, other[np.ix_(o, o)]) for o in orders]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(50)
    assert compare(true, other) > 0.7


RDM = subjects(1, 1.0)[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dissimilarities(np.ones((4, 1))), "patterns must have at least 2 neuroids to be correlated; got 1"),
        (
            lambda: dissimilarities(np.diag([1.0, 0, 1, 0])),
            "constant ones for stimuli 1, 3; leave these stimuli out of both sides",
        ),
        (lambda: compare(RDM, RDM[:9, :9]), "RDMs must be of the same stimuli, in the same order; got 24 and 9 stimuli"),
        (lambda: compare(RDM[:9], RDM), r"an RDM must be a symmetric matrix, .* of at least 3 stimuli; got shape \(9, 24\)"),
        (
            lambda: compare(np.where(RDM == 0, np.nan, RDM), RDM),
            r"an RDM must be finite; got nan at stimulus 0, column 0 \(24 such\)",
        ),
        (lambda: compare(RDM, RDM, "spear"), "similarity must be one of spearman, kendall, kendall-a; got 'spear'; did you mean"),
        (lambda: noise_ceiling([RDM]), "a noise ceiling must have at least 2 subjects; got 1"),
        (lambda: noise_ceiling([RDM, RDM[:9, :9]]), "RDMs must be of the same stimuli; got 24, 9 stimuli"),
    ],
)
def test_bad_input_is_refused(call, message):
    """Each refusal says what must be what and what was got."""
    with pytest.raises(VvsError, match=message):
        call()
