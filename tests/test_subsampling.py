"""Subsets: nested, balanced, the same everywhere, independent of everything else."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvslib.errors import VvsError
from vvslib.subsampling import SIZES, subsample

labelled = st.lists(st.integers(8, 20), min_size=1, max_size=6).flatmap(
    lambda counts: st.permutations([c for c, n in enumerate(counts) for _ in range(n)])
)
seeds = st.integers(0, 2**32 - 1)


@given(labelled, st.integers(1, 7), st.integers(0, 7), seeds)
def test_smaller_lies_inside_larger(labels, small, more, seed):
    """For one seed a subset contains every smaller one; `all` contains them all."""
    inner, outer = (set(subsample(np.array(labels), d, seed)) for d in (small, min(small + more, 8)))
    assert inner <= outer <= set(subsample(np.array(labels), 0, seed))


@given(labelled, st.integers(1, 8), seeds)
def test_every_class_has_as_many(labels, per_class, seed):
    """Exactly `per_class` images of every class, none twice, in ascending order."""
    kept = subsample(np.array(labels), per_class, seed)
    assert np.all(np.diff(kept) > 0)
    assert set(np.bincount(np.array(labels)[kept])) == {per_class}


@given(labelled, st.integers(1, 8), seeds)
def test_a_class_does_not_depend_on_the_others(labels, per_class, seed):
    """Which images of class 0 are taken does not change when the other classes are removed."""
    labels = np.array(labels)
    zeros = np.flatnonzero(labels == 0)
    together = [i for i in subsample(labels, per_class, seed) if labels[i] == 0]
    assert together == list(zeros[subsample(labels[zeros], per_class, seed)])


def test_global_random_state_is_left_alone():
    """Drawing a subset neither reads nor moves numpy's global generator."""
    np.random.seed(1)
    before = subsample(np.repeat([0, 1], 50), 10, seed=3)
    state = np.random.get_state()[1].copy()
    np.random.seed(2)
    assert np.array_equal(before, subsample(np.repeat([0, 1], 50), 10, seed=3))
    np.random.seed(1)
    assert np.array_equal(np.random.get_state()[1], state)


def test_same_on_every_platform():
    """The subsets of a fixed labelling are these, on every machine and with every version."""
    labels = np.arange(10_000) % 10
    kept = np.concatenate([subsample(labels, d, seed) for d in SIZES for seed in (0, 1, 2)])
    assert hashlib.sha256(kept.astype("<i8").tobytes()).hexdigest() == DIGEST


DIGEST = "a008b2efaa121d52c8b7bfdc3e42474147865ebc7b3234a74fdd2582c7fc130d"


def test_images_are_taken_evenly():
    """Over many seeds every image is as likely as every other (χ² within five standard deviations)."""
    counts = np.zeros(40)
    for seed in range(4000):
        counts[subsample(np.repeat([0, 1], 20), 5, seed)] += 1
    expected = 4000 * 5 / 20
    chi2 = np.sum((counts - expected) ** 2 / (expected * (1 - 5 / 20)))
    assert abs(chi2 - 38) < 5 * np.sqrt(2 * 38)


def test_seeds_differ():
    """Two seeds take different images."""
    labels = np.zeros(1000, int)
    shared = set(subsample(labels, 100, 0)) & set(subsample(labels, 100, 1))
    assert 0 < len(shared) < 30


@pytest.mark.parametrize(
    ("labels", "per_class", "seed", "said"),
    [
        ([0, 0, 1], 2, 0, r"2 images per class were asked for; there are fewer of dog \(1\)"),
        ([0, 1], -1, 0, "per_class must be a whole number of images, 0 for all; got -1"),
        ([0, 1], 1.5, 0, "per_class must be a whole number"),
        ([0, 1], 1, -1, "seed must be a whole number from 0"),
        ([0, -1], 1, 0, "from 0; got int64 of shape .* with minimum -1"),
        ([0.5, 1], 1, 0, "labels must be a vector"),
        ([], 1, 0, "at least one"),
    ],
)
def test_refusals(labels, per_class, seed, said):
    """Wrong input is refused, and a class with too few images is named."""
    with pytest.raises(VvsError, match=said):
        subsample(np.array(labels), per_class, seed, classes=("cat", "dog"))
