r"""What a fit minimises: the Huber loss of log-residuals.

:math:`\sum_i w_i\, H_\delta\!\left(\log \hat L_i - \log L_i\right)` with :math:`H_\delta(r) = r^2/2` for :math:`|r| \le \delta`
and :math:`\delta(|r| - \delta/2)` beyond (Huber 1964; the form of Hoffmann et al. 2022, section 3.3). Where residuals are much
larger than δ, as with the published δ = 1e-3 and residuals near 0.1, it is δ times the sum of absolute log-residuals; δ = inf
gives least squares. This is the plain statement of what `kernels` computes fast; tests hold the two together.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def huber(residual: ArrayLike, delta: float) -> NDArray[np.float64]:
    """Huber loss of each residual.

    Parameters
    ----------
    residual
        Residuals, any shape.
    delta
        Where the loss turns from quadratic to linear, > 0; ``inf`` for half the square.

    Returns
    -------
    ndarray
        Loss, shape of `residual`.

    Examples
    --------
    >>> huber([0.5, 3.0], delta=1.0).tolist()
    [0.125, 2.5]
    >>> huber([3.0], delta=float("inf")).tolist()
    [4.5]
    """
    residual = np.asarray(residual, float)
    clipped = np.clip(residual, -delta, delta)
    return clipped * (residual - clipped / 2)


def total(predicted: ArrayLike, observed: ArrayLike, delta: float, weights: ArrayLike | None = None) -> float:
    """Weighted sum of Huber losses of log-residuals.

    Parameters
    ----------
    predicted, observed
        Misalignment, shape ``(n,)``, positive.
    delta
        As in `huber`.
    weights
        Shape ``(n,)``, non-negative; ones when None.

    Returns
    -------
    float
        The objective; inf where a predicted misalignment is not positive.

    Examples
    --------
    >>> round(total([1.0, 1.0], [1.0, 2.0], delta=1e-3), 6)
    0.000693
    """
    predicted, observed = np.asarray(predicted, float), np.asarray(observed, float)
    if not np.all(predicted > 0):
        return float("inf")
    loss = huber(np.log(predicted) - np.log(observed), delta)
    return float(np.sum(loss if weights is None else np.asarray(weights) * loss))
