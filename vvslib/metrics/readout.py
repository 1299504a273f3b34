"""A logistic read-out: which object do these features say is shown?

Multinomial logistic regression on standardised features, with the penalty of Brain-Score's `ProbabilitiesMapping` (C = 0.001).
With more features than stimuli the weights lie in the span of the stimuli, so that as many numbers are sought as there are
stimuli.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, eigh, solve_triangular
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from vvslib.errors import VvsError
from vvslib.metrics.checks import as_matrix

PENALTY_C = 1e-3
"""Brain-Score's inverse penalty: of log-losses summed over stimuli, against half the sum of squared weights."""

GRADIENT = 1e-5  # of the mean log-loss; scikit-learn is content with 1e-4


@dataclass(frozen=True)
class Readout:
    """A fitted read-out.

    Attributes
    ----------
    objects
        What was to be told apart, in order, ``(n_objects,)``.
    mean, scale
        Of each feature over the stimuli fitted on, ``(n_features,)``; the scale of a constant feature is 1.
    weights, intercept
        Of standardised features, ``(n_features, n_objects)`` and ``(n_objects,)``.
    """

    objects: NDArray
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def probabilities(self, features: ArrayLike) -> NDArray[np.float64]:
        """Probability of each object.

        Parameters
        ----------
        features
            ``(n_stimuli, n_features)``.

        Returns
        -------
        ndarray
            ``(n_stimuli, n_objects)``; rows sum to 1.

        Raises
        ------
        VvsError
            For another number of features than it was fitted on, and for features that are not finite.
        """
        features = as_matrix(features, "features", "features")
        if features.shape[1] != len(self.mean):
            raise VvsError(f"features must be the {len(self.mean)} that the read-out was fitted on; got {features.shape[1]}")
        return softmax((features - self.mean) / self.scale @ self.weights + self.intercept, axis=1)


def fit(features: ArrayLike, shown: ArrayLike, penalty_c: float = PENALTY_C) -> Readout:
    """Fit a read-out.

    Parameters
    ----------
    features
        ``(n_stimuli, n_features)``.
    shown
        Object of each stimulus, ``(n_stimuli,)``, of any type that sorts.
    penalty_c
        Inverse penalty, as scikit-learn's ``C``.

    Returns
    -------
    Readout

    Raises
    ------
    VvsError
        For stimuli that do not match, fewer than 2 objects, a penalty that is not positive, and where the minimum is not found.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shown = np.repeat(["car", "face"], 50)
    >>> features = rng.normal(size=(100, 300)) + (shown == "car")[:, None]
    >>> readout = fit(features, shown)
    >>> readout.objects.tolist(), bool((readout.probabilities(features)[:50, 0] > 0.5).all())
    (['car', 'face'], True)
    """
    features = as_matrix(features, "features", "features").astype(np.float64)
    objects, index = np.unique(np.asarray(shown), return_inverse=True)
    if index.shape != (len(features),):
        raise VvsError(f"shown must name the object of each of the {len(features)} stimuli; got shape {np.shape(shown)}")
    if len(objects) < 2:
        raise VvsError(f"a read-out must have at least 2 objects to tell apart; got {len(objects)}")
    if not penalty_c > 0:
        raise VvsError(f"penalty_c must be positive; got {penalty_c}")
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale <= 1e-13 * np.abs(mean)] = 1
    scale[scale == 0] = 1
    standard = (features - mean) / scale
    basis = None if standard.shape[1] <= len(standard) else _span(standard)
    weights, intercept = _minimise(standard if basis is None else standard @ basis, index, len(objects), penalty_c)
    return Readout(objects, mean, scale, weights if basis is None else basis @ weights, intercept)


def _span(standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal directions of the features that the stimuli span, ``(n_features, r)``."""
    values, vectors = eigh(standard @ standard.T)
    kept = values > len(values) * np.finfo(float).eps * values[-1]
    return standard.T @ (vectors[:, kept] / np.sqrt(values[kept]))


def _minimise(
    x: NDArray[np.float64], index: NDArray[np.int64], n_objects: int, penalty_c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``(p, n_objects)`` and intercept of least mean log-loss plus penalty; the intercept is not penalised.

    The search goes over u = Rᵀw, where RRᵀ = c xᵀx / n + ridge is the curvature where all objects are equally probable (with
    c = (K − 1) / K² of K objects). In these coordinates it is nearly round, and a tenth of the steps do. The penalty
    ridge |w|² is |u|² − c |xw|² / n there.
    """
    n = len(x)
    target = np.eye(n_objects)[index]
    ridge = 1 / (penalty_c * n)
    curvature = (n_objects - 1) / n_objects**2
    root = cholesky(curvature / n * (x.T @ x) + ridge * np.eye(x.shape[1]), lower=True, overwrite_a=True, check_finite=False)
    whitened = np.ascontiguousarray(solve_triangular(root, x.T, lower=True, check_finite=False).T)
    whitened = np.hstack([whitened, np.full((n, 1), 1 / np.sqrt(curvature))])  # and the intercept

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        u = flat.reshape(-1, n_objects)
        linear = whitened @ u
        unpenalised = whitened[0, -1] * u[-1]
        logits = log_softmax(linear, axis=1)
        drawn = curvature / n * (linear - unpenalised)
        value = -np.sum(target * logits) / n + (np.sum(u[:-1] ** 2) - np.sum(drawn * (linear - unpenalised))) / 2
        slope = (np.exp(logits) - target) / n
        gradient = whitened.T @ (slope - drawn)
        gradient[:-1] += u[:-1]
        gradient[-1] = whitened[0, -1] * slope.sum(axis=0)
        return value, gradient.ravel()

    start = np.zeros(whitened.shape[1] * n_objects)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-8})
    u = found.x.reshape(-1, n_objects)
    weights, intercept = solve_triangular(root, u[:-1], lower=True, trans="T", check_finite=False), whitened[0, -1] * u[-1]
    slope = (softmax(x @ weights + intercept, axis=1) - target) / n
    steepest = max(np.abs(x.T @ slope + ridge * weights).max(), np.abs(slope.sum(axis=0)).max())
    if not steepest <= GRADIENT:
        raise VvsError(
            f"the read-out's minimum must be found to a gradient of {GRADIENT}; got {steepest:.2g} after {found.nit} steps; "
            f"a smaller penalty_c than {penalty_c} is easier"
        )
    return weights, intercept
