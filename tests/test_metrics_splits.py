"""The splits of linear predictivity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from vvslib.errors import VvsError
from vvslib.metrics.splits import check_splits, shuffle_splits


@pytest.mark.parametrize("n", [20, 135, 1200, 3200])
def test_splits_are_scikit_learns(n):
    """Without objects the splits are ShuffleSplit's, index by index and in order."""
    theirs = ShuffleSplit(n_splits=10, train_size=0.9, random_state=1).split(np.zeros(n))
    for (train, test), (their_train, their_test) in zip(shuffle_splits(n), theirs, strict=True):
        assert (train == their_train).all() and (test == their_test).all()


@pytest.mark.parametrize("seed", [0, 1, 5])
@pytest.mark.parametrize("counts", [(50,) * 8, (31, 7, 12, 90), (17, 17, 18, 19, 20)])
def test_stratified_splits_are_scikit_learns(counts, seed):
    """With objects, of equal and unequal numbers of stimuli, they are StratifiedShuffleSplit's."""
    objects = np.random.default_rng(seed).permutation(np.repeat([f"object{i}" for i in range(len(counts))], counts))
    theirs = StratifiedShuffleSplit(n_splits=10, train_size=0.9, random_state=seed).split(objects, objects)
    ours = shuffle_splits(len(objects), objects, seed=seed)
    for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
        assert (train == their_train).all() and (test == their_test).all()


@given(n=st.integers(10, 300), share=st.floats(0.3, 0.8), seed=st.integers(0, 2**32 - 1))
def test_every_stimulus_is_used_once(n, share, seed):
    """Each split is a partition of the stimuli."""
    for train, test in shuffle_splits(n, n_splits=3, train_share=share, seed=seed):
        assert sorted([*train, *test]) == list(range(n))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shuffle_splits(10), "10 stimuli at train_share 0.9 are 9 to fit on and 1 to judge on; change train_share"),
        (lambda: shuffle_splits(30, train_share=1), "train_share must lie between 0 and 1; got 1"),
        (lambda: shuffle_splits(30, n_splits=0), "n_splits must be at least 1; got 0"),
        (lambda: shuffle_splits(30, ["a"] * 29), r"objects must name the object of each of the 30 stimuli; got shape \(29,\)"),
        (lambda: shuffle_splits(30, ["a"] * 29 + ["b"]), "every object must be shown by at least 2 stimuli; b is shown by one"),
        (lambda: shuffle_splits(30, np.arange(30) // 2), "must have room for all 15 objects; got 27 stimuli to fit on and 3 to"),
        (lambda: check_splits([], 5), "splits must hold at least one pair of indices"),
        (lambda: check_splits([([0, 1], [2, 5])], 5), "indices of stimuli, from 0 to 4; split 0 does not"),
        (lambda: check_splits([([0, 1], [1, 2])], 5), "none twice; split 0 has 2 and 2, 3 of them distinct"),
    ],
)
def test_what_cannot_be_split_is_refused(call, message):
    """Each refusal says what must be what and what was got."""
    with pytest.raises(VvsError, match=message):
        call()
