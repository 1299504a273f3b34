"""Linear predictivity: against scikit-learn, Brain-Score and plain loops; invariances; what is refused."""

from functools import partial

import numpy as np
import pytest
from metrics import assembly, brainscore, population
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge, RidgeCV

from vvslib.errors import VvsError
from vvslib.metrics import gram as gram_module
from vvslib.metrics import pls, ridge
from vvslib.metrics.correlation import pearson
from vvslib.metrics.gram import Gram
from vvslib.metrics.linear import linear_predictivity
from vvslib.metrics.splits import shuffle_splits

SHAPES = {
    "more features": (120, 700, 40),
    "fewer features": (200, 60, 30),
    "more neuroids": (60, 150, 200),
    "one neuroid": (80, 99, 1),
}


@pytest.fixture(params=SHAPES, scope="module")
def case(request):
    """Features, responses and splits of each kind of shape."""
    X, Y = population(*SHAPES[request.param])
    return X, Y, shuffle_splits(len(X), n_splits=3)


def worst(ours, theirs) -> float:
    """Largest difference of predictions over splits."""
    return max(np.abs(one - other).max() for one, other in zip(ours, theirs, strict=True))


def test_pls_is_converged_nipals(case):
    """Predictions are those of scikit-learn's NIPALS where it runs to convergence, to 1e-6."""
    X, Y, splits = case
    theirs = []
    for train, test in splits:
        fitted = PLSRegression(25, scale=False, tol=1e-20, max_iter=100_000).fit(X[train], Y[train])
        assert max(fitted.n_iter_) < 100_000
        theirs.append(fitted.predict(X[test]).reshape(len(test), -1))
    assert worst(pls.predict(Gram.of(X), Y, splits), theirs) < 1e-6


def test_pls_of_noiseless_responses(case):
    """Where responses are used up before the components are, the rest add nothing and the predictions stay right."""
    X, _, splits = case
    Y = X[:, :3] @ np.array([[1.0, 2.0], [0.5, -1.0], [1.0, 1.0]]) + 1
    fewer = 60 if X.shape[1] == 60 else 25
    predicted = pls.predict(Gram.of(X[:, :fewer]), Y, splits, n_components=fewer)
    assert worst(predicted, [Y[test] for _, test in splits]) < 1e-6


def test_pls_of_features_of_low_rank():
    """Features of 10 dimensions give 10 components and then least squares, however many are asked for."""
    X, Y = population(80, 10, 6)
    X = X @ np.random.default_rng(5).normal(size=(10, 300))
    splits = shuffle_splits(80, n_splits=2)
    theirs = [PLSRegression(10, scale=False, tol=1e-20, max_iter=100_000).fit(X[t], Y[t]).predict(X[u]) for t, u in splits]
    assert worst(pls.predict(Gram.of(X), Y, splits), theirs) < 1e-6


def test_ridge_is_scikit_learns(case):
    """At a given penalty the predictions are those of Ridge."""
    X, Y, splits = case
    theirs = [Ridge(2.5).fit(X[train], Y[train]).predict(X[test]).reshape(len(test), -1) for train, test in splits]
    assert worst(ridge.predict(Gram.of(X), Y, splits, alphas=[2.5]), theirs) < 1e-8


def test_leave_one_out_is_ridge_cvs(case):
    """The penalty of least leave-one-out error, and the predictions, are RidgeCV's."""
    X, Y, splits = case
    alphas = np.logspace(-2, 6, 33)
    found = ridge.regress(Gram.of(X), Y, splits, alphas, criterion="loo")
    theirs = [RidgeCV(alphas).fit(X[train], Y[train]) for train, _ in splits]
    assert found.alphas == pytest.approx([fitted.alpha_ for fitted in theirs])
    assert (
        worst(found.predictions, [f.predict(X[t]).reshape(len(t), -1) for f, (_, t) in zip(theirs, splits, strict=True)]) < 1e-6
    )


@pytest.mark.parametrize("criterion", ["gcv", "loo"])
def test_criteria_by_brute_force(criterion):
    """Both criteria choose what the hat matrix, intercept counted once, and refits without each stimulus say."""
    X, Y = population(30, 50, 4, seed=3)
    train, test = np.arange(25), np.arange(25, 30)
    alphas, errors = np.logspace(-1, 5, 25), []
    for alpha in alphas:
        if criterion == "gcv":
            hat = np.column_stack([Ridge(alpha).fit(X[train], unit).predict(X[train]) for unit in np.eye(25)])
            errors.append(np.sum((Y[train] - hat @ Y[train]) ** 2) / (1 - np.trace(hat) / 25) ** 2)
        else:
            rest = [np.delete(train, i) for i in train]
            errors.append(
                sum(np.sum((Y[i] - Ridge(alpha).fit(X[r], Y[r]).predict(X[i : i + 1])) ** 2) for i, r in enumerate(rest))
            )
    chosen = ridge.regress(Gram.of(X), Y, [(train, test)], alphas, criterion).alphas
    assert chosen == pytest.approx(alphas[np.argmin(errors)])
    assert alphas[0] < chosen[0] < alphas[-1]


def test_default_penalties_follow_the_unit():
    """Features in another unit give the same ridge predictions, at penalties in its square."""
    X, Y = population(80, 200, 5)
    splits = shuffle_splits(80)
    one, other = (ridge.regress(Gram.of(scale * X), Y, splits) for scale in (1, 1000))
    assert worst(one.predictions, other.predictions) < 1e-8
    assert other.alphas == pytest.approx(1e6 * one.alphas)


@pytest.mark.parametrize(
    ("name", "mapping", "apart"), [("pls", "pls", 2e-3), ("ridge", partial(ridge.predict, alphas=[1.0]), 1e-6)]
)
@pytest.mark.parametrize("stratified", [True, False])
def test_scores_are_brain_scores(name, mapping, apart, stratified):
    """Value, error and correlations are those of Brain-Score's metric; its PLS stops early at its default tolerance."""
    X, Y = population(160, 300, 12, seed=4)
    objects = np.repeat([f"object{i}" for i in range(8)], 20) if stratified else None
    theirs = brainscore(name, crossvalidation_kwargs={} if stratified else {"stratification_coord": None})(
        assembly(X, objects, "unit"), assembly(Y, objects)
    )
    ours = linear_predictivity(X, Y, objects=objects, mapping=mapping)
    assert ours.value == pytest.approx(float(theirs), abs=apart)
    assert ours.error == pytest.approx(float(theirs.error), abs=apart)
    assert np.abs(ours.r - theirs.raw.transpose("split", "neuroid").values).max() < 20 * apart


def test_value_is_a_naive_loop():
    """Mean over splits of the median over neuroids of numpy's correlation, one neuroid at a time."""
    X, Y = population(100, 150, 9)
    splits = shuffle_splits(100)
    predicted = pls.predict(Gram.of(X), Y, splits)
    r = [[np.corrcoef(p[:, i], Y[test, i])[0, 1] for i in range(9)] for p, (_, test) in zip(predicted, splits, strict=True)]
    score = linear_predictivity(X, Y)
    assert score.value == pytest.approx(np.mean([np.median(row) for row in r]), abs=1e-12)
    assert score.by_neuroid == pytest.approx(np.mean(r, axis=0), abs=1e-12)
    assert score.error == pytest.approx(np.std([np.median(row) for row in r]) / np.sqrt(10), abs=1e-12)


def test_splits_do_not_see_each_other():
    """A split's predictions are the same alone as among others, also where splits differ in size."""
    X, Y = population(90, 200, 6)
    splits = [*shuffle_splits(90, n_splits=2), *shuffle_splits(90, n_splits=2, train_share=0.5)]
    together = pls.predict(Gram.of(X), Y, splits)
    alone = [pls.predict(Gram.of(X), Y, [split])[0] for split in splits]
    assert worst(together, alone) < 1e-8


def test_many_neuroids_are_solved_alike(monkeypatch):
    """Where neuroids are many an iteration takes the place of the decomposition, with the same predictions."""
    X, Y = population(90, 200, 60)
    splits = shuffle_splits(90, n_splits=3)
    decomposed = pls.predict(Gram.of(X), Y, splits)
    monkeypatch.setattr(pls, "LARGE", 59)
    assert worst(pls.predict(Gram.of(X), Y, splits), decomposed) < 1e-8


@pytest.mark.parametrize("mapping", ["pls", "ridge"])
def test_order_of_neuroids_does_not_matter(mapping):
    """Permuted neuroids have the permuted correlations."""
    X, Y = population(100, 160, 15)
    order = np.random.default_rng(1).permutation(15)
    one, other = linear_predictivity(X, Y, mapping=mapping), linear_predictivity(X, Y[:, order], mapping=mapping)
    assert other.r == pytest.approx(one.r[:, order], abs=1e-7)


@pytest.mark.parametrize("mapping", ["pls", "ridge"])
@pytest.mark.parametrize("p", [40, 160])
def test_rotation_and_shift_of_features_do_not_matter(mapping, p):
    """Features in another orthonormal basis, and with another origin, predict the same."""
    X, Y = population(100, p, 8)
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(p, p)))[0]
    one, other = (linear_predictivity(f, Y, mapping=mapping) for f in (X, X @ rotation + 50))
    assert other.r == pytest.approx(one.r, abs=1e-7)


@pytest.mark.parametrize("mapping", ["pls", "ridge"])
def test_shuffled_stimuli_score_zero(mapping):
    """Responses to other stimuli are not predicted: the score is 0 within 4 of its errors over shuffles."""
    X, Y = population(150, 300, 20)
    values = [linear_predictivity(X, Y[np.random.default_rng(s).permutation(150)], mapping=mapping).value for s in range(12)]
    assert abs(np.mean(values)) < 4 * np.std(values, ddof=1) / np.sqrt(12)
    assert linear_predictivity(X, Y, mapping=mapping).value > 0.3


def test_blocks_make_no_difference(monkeypatch):
    """Float32 features read in blocks give the Gram matrix of all features at once, in float64."""
    X = population(50, 333, 1)[0].astype(np.float32)
    whole = Gram.of(X).matrix
    monkeypatch.setattr(gram_module, "BLOCK", 50 * 100)
    centred = X.astype(np.float64) - X.astype(np.float64).mean(axis=0)
    assert Gram.of(X).matrix == pytest.approx(whole, rel=1e-12)
    assert whole == pytest.approx(centred @ centred.T, rel=1e-12)


def test_gram_made_elsewhere_serves():
    """X Xᵀ formed elsewhere, not centred, gives the same score."""
    X, Y = population(90, 200, 6)
    assert linear_predictivity(Gram.from_matrix(X @ X.T), Y).r == pytest.approx(linear_predictivity(X, Y).r, abs=1e-8)


@pytest.mark.parametrize("mapping", ["pls", "ridge"])
@pytest.mark.parametrize("p", [30, 60])
def test_features_that_never_vary_score_nan(mapping, p):
    """A dead layer predicts the mean of each neuroid, which correlates with nothing: NaN, without a warning."""
    score = linear_predictivity(np.full((40, p), 0.1), population(40, 60, 5)[1], mapping=mapping)
    assert np.isnan(score.value) and np.isnan(score.error) and np.isnan(score.r).all()


def test_constant_in_a_split_is_nan():
    """A neuroid that is silent for the stimuli of a split has no r there, and the median goes without it."""
    X, Y = population(40, 60, 5)
    (_, test), *_ = splits = shuffle_splits(40)
    Y[test, 2] = 0.1
    score = linear_predictivity(X, Y, splits, mapping=partial(pls.predict, n_components=5))
    assert np.isnan(score.r[0]).tolist() == [False, False, True, False, False]
    assert score.by_split[0] == pytest.approx(np.median(np.delete(score.r[0], 2)))


def test_bad_neuroids_are_left_out_only_if_asked():
    """NaN and constant neuroids are refused by name, or have NaN and change nothing for the others."""
    X, Y = population(60, 90, 6)
    good = linear_predictivity(X, Y[:, [0, 2, 3, 5]])
    Y[4, 1], Y[:, 4] = np.nan, 7.0
    names = list("abcdef")
    with pytest.raises(VvsError, match="neuroids b with NaN or infinite responses and e with constant responses; leave_out=True"):
        linear_predictivity(X, Y, neuroids=names)
    score = linear_predictivity(X, Y, neuroids=names, leave_out=True)
    assert score.used.tolist() == [True, False, True, True, False, True]
    assert np.isnan(score.by_neuroid).tolist() == (~score.used).tolist()
    assert score.value == good.value
    with pytest.raises(VvsError, match="none is left"):
        linear_predictivity(X, np.ones((60, 2)), leave_out=True)


X, Y = population(40, 60, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_predictivity(X, Y[:-1]), "in the same order; got 40 stimuli of features and 39 of responses"),
        (
            lambda: linear_predictivity(X[0], Y),
            r"features must be a matrix, stimuli × features, of at least one each; got shape \(60,\)",
        ),
        (
            lambda: linear_predictivity(np.where(np.arange(2400).reshape(40, 60) == 187, np.inf, X), Y),
            r"features must be finite; got inf at stimulus 3, column 7",
        ),
        (
            lambda: linear_predictivity(X, Y, mapping="plz"),
            "mapping must be one of pls, ridge, or a function; got 'plz'; did you mean 'pls'",
        ),
        (lambda: linear_predictivity(X, Y, neuroids="ab"), "got 2 names for 5 columns"),
        (lambda: linear_predictivity(X[:20], Y[:20]), r"n_components must be from 1 to 17, .* allow; got 25"),
        (lambda: linear_predictivity(X[:, :9], Y), r"n_components must be from 1 to 9, which features \(9 independent at most\)"),
        (lambda: ridge.predict(Gram.of(X), Y, shuffle_splits(40), [0.0]), "alphas must be positive numbers, at least one; got"),
        (
            lambda: ridge.predict(Gram.of(X), Y, shuffle_splits(40), criterion="lo"),
            "criterion must be 'gcv' or 'loo'; got 'lo'; did",
        ),
        (lambda: Gram.of(X[:1]), "features must have at least 2 stimuli; got 1"),
        (lambda: Gram.from_matrix(X), r"products must be a symmetric matrix, stimuli × stimuli; got shape \(40, 60\)"),
        (lambda: pearson(X, Y), r"two matrices of the same shape; got \(40, 60\) and \(40, 5\)"),
    ],
)
def test_bad_input_is_refused(call, message):
    """Each refusal says what must be what and what was got."""
    with pytest.raises(VvsError, match=message):
        call()
