"""Ridge regression on the Gram matrix, its penalty chosen on the stimuli that it is fitted on.

With centred K = Q Λ Qᵀ the responses fitted at penalty α are H Y, H = 1 1ᵀ/n + Q Λ (Λ + α)⁻¹ Qᵀ: one decomposition a split serves
every penalty and every neuroid. The intercept is not penalised; the centred K does not see it, so that it adds 1/n to each
leverage, once. One penalty is chosen for all neuroids.

Sources: Golub, Heath & Wahba 1979, doi:10.1080/00401706.1979.10489751, eq. 1.4, for generalised cross-validation; Allen 1974,
doi:10.1080/00401706.1974.10489157, for its leave-one-out form, which scikit-learn's `RidgeCV` and so Brain-Score's ``ridgecv``
take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

from vvslib.errors import VvsError, suggest
from vvslib.metrics.gram import Gram
from vvslib.metrics.splits import Split

Criterion = Literal["gcv", "loo"]

RELATIVE_ALPHAS = np.logspace(-6, 4, 41)
"""Penalties tried, as multiples of K's mean eigenvalue, so that the unit of the features does not matter."""


@dataclass(frozen=True)
class RidgePrediction:
    """What ridge predicts, and how strongly it was penalised.

    Attributes
    ----------
    predictions
        Of each split, ``(n_test, n_neuroids)``.
    alphas
        Penalty chosen in each split, ``(n_splits,)``, in squared units of the features.
    """

    predictions: list[NDArray[np.float64]]
    alphas: NDArray[np.float64]


def predict(
    gram: Gram,
    responses: NDArray[np.float64],
    splits: Sequence[Split],
    alphas: ArrayLike | None = None,
    criterion: Criterion = "gcv",
) -> list[NDArray[np.float64]]:
    """Responses to the stimuli of each split that the map was not fitted on: the predictions of `regress`.

    Examples
    --------
    >>> from vvslib.metrics.splits import shuffle_splits
    >>> X = np.random.default_rng(0).normal(size=(40, 60))
    >>> predict(Gram.of(X), X[:, :2], shuffle_splits(40))[0].shape
    (4, 2)
    """
    return regress(gram, responses, splits, alphas, criterion).predictions


def regress(
    gram: Gram,
    responses: NDArray[np.float64],
    splits: Sequence[Split],
    alphas: ArrayLike | None = None,
    criterion: Criterion = "gcv",
) -> RidgePrediction:
    """Predict responses to left-out stimuli, the penalty chosen without them.

    Parameters
    ----------
    gram
        Of the features, n stimuli.
    responses
        ``(n_stimuli, n_neuroids)``, finite.
    splits
        From `splits.shuffle_splits`, or of your own making.
    alphas
        Penalties to choose from, positive; None for `RELATIVE_ALPHAS` times the mean eigenvalue of K over the stimuli fitted on.
        One alone is taken without choice: ``[1.0]`` is Brain-Score's ``ridge``.
    criterion
        "gcv", generalised cross-validation; or "loo", the leave-one-out error. Each is summed over neuroids.

    Returns
    -------
    RidgePrediction

    Raises
    ------
    VvsError
        For penalties that are not positive, and for an unknown criterion.

    Examples
    --------
    >>> from vvslib.metrics.splits import shuffle_splits
    >>> X = np.random.default_rng(0).normal(size=(40, 60))
    >>> regress(Gram.of(X), X[:, :2], shuffle_splits(40), alphas=[0.1]).alphas.tolist()[:3]
    [0.1, 0.1, 0.1]
    """
    if criterion not in ("gcv", "loo"):
        raise VvsError(f"criterion must be 'gcv' or 'loo'; got {criterion!r}; {suggest(criterion, ('gcv', 'loo'))}")
    if alphas is not None:
        alphas = np.atleast_1d(np.asarray(alphas, float))
        if alphas.ndim != 1 or not alphas.size or not (np.isfinite(alphas) & (alphas > 0)).all():
            raise VvsError(f"alphas must be positive numbers, at least one; got {alphas.tolist()}")
    predictions, chosen = [], []
    for train, test in splits:
        basis, values, projected = _decompose(gram, np.asarray(train), np.asarray(test))
        mean = responses[train].mean(axis=0)
        centred = responses[train] - mean
        tried = RELATIVE_ALPHAS * values.sum() / len(train) if alphas is None else alphas
        alpha = tried[0] if len(tried) == 1 else _choose(tried, basis, values, centred, criterion)
        shrunk = (np.sqrt(values) / (values + alpha))[:, None] * (basis.T @ centred)
        predictions.append(mean + projected @ shrunk)
        chosen.append(alpha)
    return RidgePrediction(predictions, np.array(chosen))


def _decompose(
    gram: Gram, train: NDArray[np.int64], test: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Q ``(n_train, r)`` and Λ ``(r,)`` of the features centred over `train`; `test` on the principal axes, ``(n_test, r)``."""
    if gram.factor is not None:
        mean = gram.factor[train].mean(axis=0)
        inside, outside = gram.factor[train] - mean, gram.factor[test] - mean
        values, axes = _positive(inside.T @ inside)
        return inside @ axes / np.sqrt(values), values, outside @ axes
    inside, outside = gram.block(train, train), gram.block(test, train)
    mean = inside.mean(axis=0)
    # the rows of `outside` are centred by their own means, its columns by those of the stimuli fitted on
    outside -= outside.mean(axis=1, keepdims=True) + (mean - mean.mean())
    inside -= mean + (mean - mean.mean())[:, None]
    values, basis = _positive(inside)
    return basis, values, outside @ basis / np.sqrt(values)


def _positive(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The eigenvalues above rounding, and their eigenvectors."""
    values, vectors = eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
    kept = values > len(values) * np.finfo(float).eps * max(values[-1], np.finfo(float).tiny)
    return values[kept], vectors[:, kept]


def _choose(
    alphas: NDArray[np.float64],
    basis: NDArray[np.float64],
    values: NDArray[np.float64],
    centred: NDArray[np.float64],
    criterion: Criterion,
) -> float:
    """The penalty of least criterion; the first of equals."""
    n = len(basis)
    parts = basis.T @ centred
    beyond = max(np.sum(centred**2) - np.sum(parts**2), 0.0)  # of the responses, what no feature reaches
    weight = np.sum(parts**2, axis=1)
    errors = []
    for alpha in alphas:
        left = alpha / (values + alpha)
        if criterion == "gcv":
            freedom = 1 + np.sum(1 - left)
            errors.append((beyond + np.sum(left**2 * weight)) / (1 - freedom / n) ** 2)
        else:
            leverage = 1 / n + basis**2 @ (1 - left)
            residual = centred - basis @ ((1 - left)[:, None] * parts)
            errors.append(np.sum((residual / (1 - leverage)[:, None]) ** 2))
    return float(alphas[np.nanargmin(errors)])
