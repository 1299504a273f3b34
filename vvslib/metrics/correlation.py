"""Pearson's correlation of matching columns."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError


def pearson(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Pearson r between each column of one matrix and the same column of the other.

    Parameters
    ----------
    one, other
        ``(n, k)`` both; leading dimensions are carried along.

    Returns
    -------
    ndarray
        ``(k,)``; NaN where a column is constant, to rounding, or holds NaN.

    Raises
    ------
    VvsError
        Where the shapes differ.

    Examples
    --------
    >>> pearson([[1, 1], [2, 1], [4, 1]], [[2, 0], [4, 1], [8, 2]])
    array([ 1., nan])
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if one.shape != other.shape or one.ndim < 2:
        raise VvsError(f"what is correlated must be two matrices of the same shape; got {one.shape} and {other.shape}")
    a, b = _standardise(one), _standardise(other)
    return np.clip(np.einsum("...ij,...ij->...j", a, b), -1, 1)


def _standardise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of mean 0 and length 1; NaN where what varies is no more than rounding of the mean."""
    centred = values - values.mean(axis=-2, keepdims=True)
    length = np.sqrt(np.einsum("...ij,...ij->...j", centred, centred))[..., None, :]
    floor = 1e-13 * np.abs(values).max(axis=-2, keepdims=True, initial=0) * np.sqrt(values.shape[-2])
    return np.divide(centred, length, out=np.full_like(centred, np.nan), where=length > floor)
