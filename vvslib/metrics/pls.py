"""Partial least squares on the Gram matrix, for all splits together.

A component of PLS regression (Wold's PLS2 with both sides deflated, as scikit-learn's `PLSRegression`) is the direction w = Xₖᵀ
Yₖ c of the features whose scores covary most with the responses: c is the dominant eigenvector of Mₖ = Yₖᵀ K Yₖ, which is as
small as there are neuroids. NIPALS finds it by iterating over the features; here it is an eigenvector of Mₖ. The scores t = Xₖ w
of different components are orthogonal. Hence, with P the projection off earlier scores,

    Yₖ = P Y,    t ∝ P K Yₖ c,    q = Yᵀ t,    Mₖ₊₁ = Mₖ − g qᵀ − q gᵀ + (tᵀ K t) q qᵀ,    g = Yₖᵀ K t,

so that K itself is never deflated and all splits share it: a component costs two products of K with one column a split. Rows that
a split is not fitted on are carried along, which gives their scores too.

Sources: Wegelin 2000, "A survey of partial least squares methods", section 4.1; Rännar, Lindgren, Geladi & Wold 1994,
doi:10.1002/cem.1180080204; Dayal & MacGregor 1997, doi:10.1002/(SICI)1099-128X(199701)11:1<73::AID-CEM435>3.0.CO;2-#, for
not deflating both sides.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from vvslib.errors import VvsError
from vvslib.metrics.gram import Gram
from vvslib.metrics.splits import Split

N_COMPONENTS = 25
"""Brain-Score's number of components."""

LARGE = 500  # from so many neuroids on a Lanczos iteration is faster than a decomposition
STALE = 1e-8  # updates of M keep 16 digits of what it was when formed: formed anew once so much smaller
NO_RESPONSE = 1e-28  # share of M, which is squared, that comes of rounding alone
NO_FEATURE = 1e-14  # likewise of K: along such a direction of the stimuli no feature varies


def predict(
    gram: Gram, responses: NDArray[np.float64], splits: Sequence[Split], n_components: int = N_COMPONENTS
) -> list[NDArray[np.float64]]:
    """Responses to the stimuli of each split that the map was not fitted on.

    Parameters
    ----------
    gram
        Of the features, n stimuli.
    responses
        ``(n_stimuli, n_neuroids)``, finite.
    splits
        From `splits.shuffle_splits`, or of your own making.
    n_components
        Number of components. Where fewer use up the responses or the features, the rest add nothing.

    Returns
    -------
    list of ndarray
        Predictions of each split, ``(n_test, n_neuroids)``: equal to those of scikit-learn's ``PLSRegression(n_components,
        scale=False)`` where its NIPALS runs to convergence.

    Raises
    ------
    VvsError
        For fewer than one component, or more than the features or the stimuli of a split allow.

    Examples
    --------
    >>> from vvslib.metrics.splits import shuffle_splits
    >>> X = np.random.default_rng(0).normal(size=(40, 60))
    >>> splits = shuffle_splits(40)
    >>> predicted = predict(Gram.of(X), X[:, :2] + 1, splits, n_components=10)
    >>> len(predicted), predicted[0].shape
    (10, (4, 2))
    """
    most = min(gram.rank, *(len(train) - 1 for train, _ in splits))
    if not 1 <= n_components <= most:
        raise VvsError(
            f"n_components must be from 1 to {most}, which features ({gram.rank} independent at most) and the smallest split "
            f"allow; got {n_components}"
        )
    level = responses.mean(axis=0)
    responses = responses - level
    # scores depend on the responses through Y Yᵀ only: with more neuroids than stimuli, as few columns do
    columns = responses if responses.shape[1] <= len(responses) else responses @ np.linalg.qr(responses.T)[0]
    scores = _scores(gram, columns, splits, n_components)
    return [
        level + responses[train].mean(axis=0) + t[:, test].T @ (t[:, train] @ responses[train])
        for t, (train, test) in zip(scores, splits, strict=True)
    ]


def _scores(gram: Gram, Y: NDArray[np.float64], splits: Sequence[Split], n_components: int) -> NDArray[np.float64]:
    """Scores of all stimuli, of length 1 over those fitted on: ``(n_splits, n_components, n_stimuli)``."""
    fitted = np.zeros((len(splits), gram.n_stimuli))
    for number, (train, _) in enumerate(splits):
        fitted[number, train] = 1
    counts = fitted.sum(axis=1, keepdims=True)

    def centre(v: NDArray[np.float64]) -> NDArray[np.float64]:
        return v - (fitted * v).sum(axis=1, keepdims=True) / counts

    M = _covariances(gram, Y, splits, fitted)
    scores = np.zeros((len(splits), n_components, gram.n_stimuli))
    loadings = np.zeros((len(splits), n_components, Y.shape[1]))
    formed = np.trace(M, axis1=1, axis2=2)
    floor, alive = NO_RESPONSE * formed, formed > 0
    for k in range(n_components):
        earlier, earlier_loadings = scores[:, :k], loadings[:, :k]
        largest, c = _dominant(M)
        for split in np.flatnonzero((largest < STALE * formed) & alive):
            left = _residual(Y, splits[split][0], earlier[split], earlier_loadings[split])
            M[split] = left.T @ gram.times(left)
            formed[split] = np.trace(M[split])
            largest[[split]], c[[split]] = _dominant(M[[split]])
            alive[split] = largest[split] > floor[split]
        combined = fitted * (centre(c @ Y.T) - _combine(_products(earlier_loadings, c), earlier))
        t = centre(gram.times(combined.T).T)
        alive &= np.einsum("si,si->s", combined, t) > NO_FEATURE * gram.trace * np.einsum("si,si->s", combined, combined)
        for _ in range(2):  # once would do in exact arithmetic
            t -= _combine(_products(earlier, fitted * t), earlier)
        length = np.sqrt(np.einsum("si,si->s", fitted * t, t))
        t = np.divide(t, length[:, None], out=np.zeros_like(t), where=(alive & (length > 0))[:, None])
        inside = fitted * t
        Kt = fitted * centre(gram.times(inside.T).T)
        q = inside @ Y
        g = Kt @ Y - _combine(_products(earlier, Kt), earlier_loadings)
        tau = np.einsum("si,si->s", inside, Kt)
        half = g - tau[:, None] / 2 * q
        M -= half[:, :, None] * q[:, None, :]
        M -= q[:, :, None] * half[:, None, :]
        scores[:, k], loadings[:, k] = t, q
    return scores


def _covariances(gram: Gram, Y: NDArray[np.float64], splits: Sequence[Split], fitted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Yᵀ K Y over the stimuli that each split is fitted on, both centred there: ``(n_splits, m, m)``.

    The sum over all stimuli is formed once; what concerns the stimuli left out, which are few, is taken off it.
    """
    KY = gram.times(Y)
    total = Y.T @ KY
    covariances = np.empty((len(splits), Y.shape[1], Y.shape[1]))
    sums = gram.times(fitted.T).T
    for number, inside in enumerate(fitted):
        out = np.flatnonzero(inside == 0)
        cross = KY[out].T @ Y[out]
        mean = inside @ Y / inside.sum()
        u = (inside * sums[number]) @ Y
        half = np.outer(u - (inside @ sums[number]) / 2 * mean, mean)
        covariances[number] = total - cross - cross.T + Y[out].T @ gram.block(out, out) @ Y[out] - half - half.T
    return covariances


def _residual(
    Y: NDArray[np.float64], train: NDArray[np.int64], scores: NDArray[np.float64], loadings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What a split's components so far leave of the responses that it is fitted on; 0 for the other stimuli."""
    left = np.zeros_like(Y)
    left[train] = Y[train] - Y[train].mean(axis=0) - scores[:, train].T @ loadings
    return left


def _dominant(M: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest eigenvalue and its eigenvector of each of some symmetric matrices: ``(s,)``, ``(s, m)``."""
    found = [_lanczos(one) if len(one) > LARGE else _largest(one) for one in M]
    return np.array([value for value, _ in found]), np.array([vector for _, vector in found])


def _largest(M: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    values, vectors = eigh(M, subset_by_index=[len(M) - 1] * 2, check_finite=False)
    return values[0], vectors[:, 0]


def _lanczos(M: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """As `_largest`, to the same digits; the start is not random, so that results repeat."""
    try:
        values, vectors = eigsh(M, k=1, which="LA", v0=M[:, np.argmax(np.diag(M))], ncv=min(60, len(M)))
    except ArpackNoConvergence:
        return _largest(M)
    return values[0], vectors[:, 0]


def _products(rows: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inner products of each split's rows ``(s, k, n)`` with its vector ``(s, n)``: ``(s, k)``."""
    return (rows @ vectors[:, :, None])[:, :, 0]


def _combine(weights: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of each split's rows ``(s, k, n)`` by weights ``(s, k)``: ``(s, n)``."""
    return (weights[:, None, :] @ rows)[:, 0]
