"""The stimulus Gram matrix: all that linear maps need to know of the features.

Predictions of PLS and of ridge depend on the features X only through K = X Xᵀ (Rännar et al. 1994, J. Chemometrics 8:111, for
PLS), so that it is formed once, for all splits, all neuroids and all maps. Features are centred over all stimuli first, which
changes no map with an intercept and keeps K from losing digits to a large mean; what is left of the mean of the stimuli
that a split is fitted on is taken off by rank-one corrections where K is used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError
from vvslib.metrics.checks import as_matrix

BLOCK = 2**25
"""Numbers converted to float64 at a time: 256 MB."""


@dataclass(frozen=True)
class Gram:
    """K, or, where features are fewer than stimuli, the features themselves, which then are the smaller factor.

    Attributes
    ----------
    n_stimuli, rank
        Number of stimuli; largest rank that K can have.
    matrix
        K, ``(n_stimuli, n_stimuli)``, float64, of centred features; None where `factor` is kept.
    factor
        Centred features, ``(n_stimuli, n_features)``, float64; None where `matrix` is kept.
    """

    n_stimuli: int
    rank: int
    matrix: NDArray[np.float64] | None = None
    factor: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, features: ArrayLike) -> "Gram":
        """Form K from features.

        Parameters
        ----------
        features
            ``(n_stimuli, n_features)``; float32 is read in blocks and never copied as a whole. All sums are in float64.

        Returns
        -------
        Gram

        Raises
        ------
        VvsError
            For anything but a matrix of finite numbers, and for fewer than 2 stimuli.

        Examples
        --------
        >>> gram = Gram.of(np.eye(3, 5))
        >>> gram.matrix.round(3).tolist()[0]
        [0.667, -0.333, -0.333]
        >>> Gram.of(np.eye(5, 3)).factor.shape
        (5, 3)
        """
        features = as_matrix(features, "features", "features")
        n, p = features.shape
        if n < 2:
            raise VvsError(f"features must have at least 2 stimuli; got {n}")
        if p < n:
            return cls(n, min(n - 1, p), factor=_centred(features))
        matrix = np.zeros((n, n))
        step = max(1, BLOCK // n)
        for start in range(0, p, step):
            block = _centred(features[:, start : start + step])
            matrix += block @ block.T
        return cls(n, min(n - 1, p), matrix=matrix)

    @classmethod
    def from_matrix(cls, products: ArrayLike) -> "Gram":
        """Take X Xᵀ that was formed elsewhere, on a GPU for instance; float64, or the maps lose digits.

        Parameters
        ----------
        products
            Inner products of the stimuli's features, ``(n_stimuli, n_stimuli)``, centred or not.

        Returns
        -------
        Gram

        Raises
        ------
        VvsError
            For anything but a symmetric matrix of finite numbers.

        Examples
        --------
        >>> X = np.random.default_rng(0).normal(size=(4, 9))
        >>> np.allclose(Gram.from_matrix(X @ X.T).matrix, Gram.of(X).matrix)
        True
        """
        matrix = as_matrix(products, "products", "stimuli").astype(np.float64)
        if matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-6 * np.abs(matrix).max()):
            raise VvsError(f"products must be a symmetric matrix, stimuli × stimuli; got shape {matrix.shape}")
        matrix = (matrix + matrix.T) / 2
        mean = matrix.mean(axis=0)
        return cls(len(matrix), len(matrix) - 1, matrix=matrix - mean - (mean - mean.mean())[:, None])

    @property
    def trace(self) -> float:
        """Sum of K's eigenvalues: the variance of the features, times n."""
        if self.matrix is not None:
            return float(np.trace(self.matrix))
        return float(np.einsum("ij,ij->", self.factor, self.factor))

    def times(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """K times the columns of a matrix, ``(n_stimuli, k)``."""
        if self.matrix is not None:
            return self.matrix @ vectors
        return self.factor @ (self.factor.T @ vectors)

    def block(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """The part of K with these rows and columns, ``(n_rows, n_columns)``."""
        if self.matrix is not None:
            return self.matrix[np.ix_(rows, columns)]
        return self.factor[rows] @ self.factor[columns].T


def _centred(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Features less their means, as float64."""
    centred = features.astype(np.float64)
    centred -= centred.mean(axis=0)
    return centred
