r"""Compute-optimal allocation under the two-variable law.

For :math:`L = E + A N^{-\alpha} + B D^{-\beta}` at a fixed product :math:`N D = P` the loss is least where
:math:`\alpha A N^{-\alpha} = \beta B D^{-\beta}`, so (Hoffmann et al. 2022, equation 4, with its G for positive exponents)

.. math:: N^* = G\,P^{a},\quad D^* = G^{-1} P^{b},\quad a = \frac{\beta}{\alpha + \beta},\ b = \frac{\alpha}{\alpha + \beta},\quad
          G = \left(\frac{\alpha A}{\beta B}\right)^{1/(\alpha + \beta)}.

Compute is not 6 N D for convolutional networks, whose weights are used many times an image; as in Gokce & Schrimpf (2025) the
product is tied to it by the regression :math:`\log C = \log m + n \log(N D)` over the trained models, so :math:`N^* \propto
C^{a/n}` and :math:`D^* \propto C^{b/n}`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError
from vvslib.fits.laws import chinchilla


@dataclass(frozen=True)
class ComputeRelation:
    """Compute as a power of the product of model size and samples seen, C = m (N D)^n.

    Attributes
    ----------
    m, n
        Factor (FLOP, for N and D in the unit of the fit) and slope.
    """

    m: float
    n: float

    def product(self, C: ArrayLike) -> NDArray[np.float64]:
        """N·D that a compute budget buys, in the units of N and D."""
        return (np.asarray(C, float) / self.m) ** (1 / self.n)


def compute_relation(C: ArrayLike, N: ArrayLike, D: ArrayLike) -> ComputeRelation:
    """Least-squares regression of log C on log(N·D).

    Parameters
    ----------
    C, N, D
        Training compute (FLOP), model size and samples seen of each model, ``(n,)``, positive.

    Returns
    -------
    ComputeRelation
        Factor and slope.

    Raises
    ------
    VvsError
        When N·D does not vary.

    Examples
    --------
    >>> relation = compute_relation([6.0, 600.0], [1.0, 10.0], [1.0, 10.0])
    >>> round(relation.m, 6), round(relation.n, 6)
    (6.0, 1.0)
    """
    product = np.log(np.asarray(N, float) * np.asarray(D, float))
    if np.ptp(product) == 0:
        raise VvsError("N·D must vary over the models to tie it to compute; all rows have the same product")
    n, log_m = np.polyfit(product, np.log(np.asarray(C, float)), 1)
    return ComputeRelation(float(np.exp(log_m)), float(n))


@dataclass(frozen=True)
class Allocation:
    """How the best model and data size grow with compute; scalars, or one entry a resample.

    Attributes
    ----------
    a, b
        Exponents of N·D for N and D, before the regression of compute; they add up to one.
    G
        Balance of model against data, > 0, in the units of the fit.
    N_exponent, D_exponent
        Exponents of compute, a/n and b/n.
    relation
        Compute against N·D.
    """

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    G: NDArray[np.float64]
    N_exponent: NDArray[np.float64]
    D_exponent: NDArray[np.float64]
    relation: ComputeRelation

    def sizes(self, C: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Compute-optimal N*(C) and D*(C).

        Parameters
        ----------
        C
            Compute budgets (FLOP), ``(m,)``.

        Returns
        -------
        (ndarray, ndarray)
            N* and D* in the units of the fit, shape of G followed by ``(m,)``.
        """
        P = self.relation.product(C)
        a, b, G = (np.asarray(v)[..., None] for v in (self.a, self.b, self.G))
        return G * P**a, P**b / G


def allocation(parameters: dict[str, ArrayLike], relation: ComputeRelation) -> Allocation:
    """Compute-optimal allocation of a fitted two-variable law.

    Parameters
    ----------
    parameters
        A, alpha, B, beta: scalars, or one entry a resample.
    relation
        Compute against N·D, in the same units.

    Returns
    -------
    Allocation
        Exponents and balance.

    Raises
    ------
    VvsError
        When a parameter is missing, None, or not positive: such a fit has no interior optimum.

    Examples
    --------
    The exponents of Chinchilla's approach 3 (Hoffmann et al. 2022, section 3.3: a = 0.46, b = 0.54):

    >>> found = allocation(dict(A=406.4, alpha=0.34, B=410.7, beta=0.28), ComputeRelation(6.0, 1.0))
    >>> round(float(found.a), 2), round(float(found.b), 2)
    (0.45, 0.55)
    """
    names = ("A", "alpha", "B", "beta")
    bad = [n for n in names if parameters.get(n) is None or not np.all(np.asarray(parameters[n], float) > 0)]
    if bad:
        raise VvsError(
            f"allocation needs positive A, alpha, B and beta; {', '.join(bad)} is missing or sits at zero, where one of the two "
            "sizes no longer matters"
        )
    A, alpha, B, beta = (np.asarray(parameters[n], float) for n in names)
    total = alpha + beta
    a, b = beta / total, alpha / total
    return Allocation(a, b, (alpha * A / (beta * B)) ** (1 / total), a / relation.n, b / relation.n, relation)


def optimal_score(parameters: dict[str, ArrayLike], found: Allocation, C: ArrayLike) -> NDArray[np.float64]:
    """Score S*(C) at the compute-optimal allocation.

    Parameters
    ----------
    parameters
        E, A, alpha, B, beta: scalars, or one entry a resample.
    found
        Their allocation.
    C
        Compute budgets (FLOP), ``(m,)``.

    Returns
    -------
    ndarray
        1 - L at (N*, D*), shape of the parameters followed by ``(m,)``.
    """
    N, D = found.sizes(C)
    values = {k: np.asarray(parameters[k], float)[..., None] for k in ("E", "A", "alpha", "B", "beta")}
    return 1 - chinchilla(N, D, **values)
