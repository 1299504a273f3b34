"""Ceilings: recovery of a simulated truth, Brain-Score's internal consistency, what a perfect model reaches."""

import numpy as np
import pytest
from metrics import brainscore
from scipy.stats import pearsonr

from vvslib.errors import VvsError
from vvslib.metrics.ceilings import (
    NORMALISATIONS,
    Ceiling,
    between_subjects,
    normalise,
    normalised_error,
    spearman_brown,
    split_half,
    variance_estimate,
)
from vvslib.metrics.linear import linear_predictivity

N_SIMULATIONS = 200


def recording(seed: int, n_trials: int = 10, n_stimuli: int = 200, n_neuroids: int = 8):
    """Poisson counts ``(trials, stimuli, neuroids)``, their true rates, and the true reliability of their averages."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(2.0, 1.5, size=(n_stimuli, n_neuroids))
    signal = rates.var(axis=0)
    truth = signal / (signal + rates.mean(axis=0) / n_trials)
    return rng.poisson(rates, size=(n_trials, n_stimuli, n_neuroids)).astype(float), rates, truth


@pytest.mark.parametrize("estimator", ["split-half", "variance estimate"])
def test_estimators_recover_the_truth(estimator):
    """Over 200 simulations an estimator's mean error is within 4 of its standard errors of 0, or 0.003 (finite-sample bias)."""
    errors = []
    for seed in range(N_SIMULATIONS):
        trials, _, truth = recording(seed)
        found = split_half(trials) if estimator == "split-half" else variance_estimate(trials.mean(axis=0), 10, fano=1)
        assert found.kind == estimator and found.is_estimate == (estimator == "variance estimate")
        errors.append(np.median(found.by_neuroid - truth))
    assert abs(np.mean(errors)) < max(4 * np.std(errors) / np.sqrt(N_SIMULATIONS), 3e-3)
    assert np.std(errors) < 0.02


def test_split_half_is_brain_scores():
    """Value and error are those of Brain-Score's internal consistency on the same trials."""
    from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly

    trials, _, _ = recording(3, n_trials=7, n_stimuli=30, n_neuroids=6)
    n_trials, n_stimuli, n_neuroids = trials.shape
    stimuli = [f"stimulus{i:03d}" for i in range(n_stimuli)]
    made = NeuroidAssembly(
        trials.reshape(-1, n_neuroids),
        coords={
            "stimulus_id": ("presentation", stimuli * n_trials),
            "object_name": ("presentation", ["none"] * n_stimuli * n_trials),
            "repetition": ("presentation", np.repeat(np.arange(n_trials), n_stimuli)),
            "neuroid_id": ("neuroid", np.arange(n_neuroids)),
            "neuroid_num": ("neuroid", np.arange(n_neuroids)),
        },
        dims=["presentation", "neuroid"],
    )
    theirs = brainscore("internal_consistency")(made)
    ours = split_half(trials)
    assert ours.value == pytest.approx(float(theirs), abs=1e-10)
    assert ours.error == pytest.approx(float(theirs.error), abs=1e-10)


def test_split_half_is_a_naive_loop_where_trials_are_missing():
    """Halves are averaged over the trials that were recorded."""
    trials = recording(1, n_trials=8, n_stimuli=40, n_neuroids=3)[0]
    trials[np.random.default_rng(0).random(trials.shape) < 0.1] = np.nan
    ours = split_half(trials, n_splits=3, seed=5)
    rng = np.random.RandomState(5)
    for row in ours.r:
        order = rng.permutation(8)
        for neuroid in range(3):
            halves = [np.nanmean(trials[half, :, neuroid], axis=0) for half in (order[:4], order[4:])]
            assert row[neuroid] == pytest.approx(spearman_brown(pearsonr(*halves)[0]))


def test_a_perfect_model_reaches_the_ceiling():
    """The true rates as features give r²/c = 1 within 3 %, and (r/c)² = 1/c."""
    trials, rates, _ = recording(11, n_trials=4, n_stimuli=600, n_neuroids=10)
    ceiling = split_half(trials).value
    raw = linear_predictivity(rates, trials.mean(axis=0), mapping="ridge").value
    assert normalise(raw, ceiling, "r2/c") == pytest.approx(1, abs=0.03)
    assert normalise(raw, ceiling, "r/c squared") == pytest.approx(1 / ceiling, abs=0.05)
    assert normalise(raw, ceiling, "r/c squared") > 1


def test_half_of_the_trials_predicts_the_other_like_the_ceiling():
    """Self-predictivity of the averages of half of the trials is the uncorrected split-half correlation."""
    trials, _, truth = recording(12, n_trials=20, n_stimuli=600, n_neuroids=10)
    raw = linear_predictivity(trials[:10].mean(axis=0), trials[10:].mean(axis=0), mapping="ridge").value
    assert raw == pytest.approx(np.median(truth / (2 - truth)), abs=0.02)


def test_subjects_share_what_they_share():
    """Subjects of the same latent dimensions predict each other up to their reliability; unrelated ones do not."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 5))
    signals = [shared @ rng.normal(size=(5, n)) for n in (30, 40, 50)]
    subjects = [s + s.std() * 0.5 * rng.normal(size=s.shape) for s in signals]
    ceiling = between_subjects(subjects)
    assert ceiling.kind == "subjects" and ceiling.r.shape == (10, 120)
    best = np.median(
        [np.corrcoef(a, b)[0, 1] for s, t in zip(signals, subjects, strict=True) for a, b in zip(s.T, t.T, strict=True)]
    )
    assert ceiling.value == pytest.approx(best, abs=0.03)
    assert abs(between_subjects([rng.normal(size=(400, 20)) for _ in range(2)]).value) < 0.1


def test_nothing_is_clipped():
    """Scores above the ceiling stay above 1, a negative r keeps its square, no ceiling gives NaN."""
    assert normalise([0.9, -0.3, 0.5, 0.5], [0.5, 0.5, 0.0, -0.1], "r2/c") == pytest.approx(
        [1.62, 0.18, np.nan, np.nan], nan_ok=True
    )
    assert normalise(0.9, 0.5, "r/c squared") == pytest.approx(3.24)


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_error_is_the_derivative(how):
    """The propagated error is the change of the normalised score for a small change of the raw one."""
    change = (normalise(0.6 + 1e-6, 0.7, how) - normalise(0.6, 0.7, how)) / 1e-6
    assert normalised_error(0.6, 0.02, 0.7, how) == pytest.approx(0.02 * change, rel=1e-4)
    assert np.isnan(normalised_error(0.6, 0.02, 0.0, how))


def test_one_row_has_no_error():
    """An estimate without splits has no error over splits."""
    assert np.isnan(Ceiling(np.array([[0.5, 0.7]]), "variance estimate").error)


TRIALS = recording(0, 4, 20, 3)[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split_half(TRIALS[0]), r"trials × stimuli × neuroids, of at least 2 trials and 2 stimuli; got shape \(20, 3\)"),
        (lambda: split_half(TRIALS[:1]), r"at least 2 trials and 2 stimuli; got shape \(1, 20, 3\)"),
        (
            lambda: split_half(TRIALS * [1, 1, 0], neuroids="abc"),
            "neuroids c with constant responses; leave_out=True leaves them out",
        ),
        (lambda: between_subjects([TRIALS[0]]), "subjects must be at least 2; got 1"),
        (lambda: between_subjects([TRIALS[0], TRIALS[1, 1:]]), "must have seen the same stimuli; got 20, 19 stimuli"),
        (lambda: variance_estimate(TRIALS[0] - 50, 4), "averages must be mean spike counts, 0 or more; got -"),
        (
            lambda: variance_estimate(TRIALS[0], 0),
            "n_trials must be positive, one number or one for each of the 20 stimuli; got 0",
        ),
        (lambda: variance_estimate(TRIALS[0], 4, -1), "fano must be 0 or more; got -1"),
        (lambda: normalise(1, 1, "r2c"), "how must be one of 'r/c squared', 'r2/c'; got 'r2c'; did you mean 'r2/c'"),
    ],
)
def test_bad_input_is_refused(call, message):
    """Each refusal says what must be what and what was got."""
    with pytest.raises(VvsError, match=message):
        call()


def test_bad_neuroids_are_left_out_only_if_asked():
    """A neuroid without a ceiling has NaN; the others have what they have without it."""
    bad = TRIALS * [1, 1, 0]
    assert split_half(bad, leave_out=True).r[:, :2] == pytest.approx(split_half(TRIALS[..., :2]).r)
    assert split_half(bad, leave_out=True).used.tolist() == [True, True, False]
