"""Error beyond the fitted range: fit the smaller scales, predict the largest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vvslib.errors import VvsError
from vvslib.fits.result import Fit, as_columns
from vvslib.fits.solver import fit


@dataclass(frozen=True)
class HeldOut:
    """Prediction of the largest scales by a law fitted below them.

    Attributes
    ----------
    fit
        The fit of the smaller scales.
    rmse, bias
        Root mean square and mean of predicted minus observed score over the held-out rows.
    n_train, n_test
        Rows fitted and held out.
    threshold
        Scale from which rows were held out, in the unit of x.
    """

    fit: Fit
    rmse: float
    bias: float
    n_train: int
    n_test: int
    threshold: float


def hold_out_largest(
    law: str, x: ArrayLike, L: ArrayLike, *, share: float = 0.1, delta: float = 1e-3, by: ArrayLike | None = None
) -> HeldOut:
    """Fit all but the largest scales and predict them.

    Parameters
    ----------
    law, x, L, delta
        As in `solver.fit`.
    share
        Share of rows to hold out, in (0, 1); rows of equal scale stay together.
    by
        What is large, ``(n,)``; x itself when None (needed for two-variable laws).

    Returns
    -------
    HeldOut
        The error.

    Raises
    ------
    VvsError
        When the share is outside (0, 1), leaves no row on one side, or `by` is missing for a two-variable law.

    Examples
    --------
    >>> x = np.geomspace(1, 1e6, 40)
    >>> found = hold_out_largest("saturating", x, 0.5 + 0.4 * x**-0.2)
    >>> found.n_test, round(found.rmse, 6)
    (4, 0.0)
    """
    if not 0 < share < 1:
        raise VvsError(f"share must lie between 0 and 1; got {share}")
    x = np.asarray(x, float)
    if by is None and x.ndim == 2 and x.shape[1] > 1:
        raise VvsError("a law of two variables needs `by`: the scale by which rows are held out")
    L = np.asarray(L, float)
    size = x.reshape(len(L), -1)[:, 0] if by is None else np.asarray(by, float)
    threshold = np.sort(size)[int(np.floor(len(size) * (1 - share)))]
    test = size >= threshold
    if test.all() or not test.any():
        raise VvsError(f"holding out {share:.0%} of {len(size)} rows leaves none to fit: too few distinct scales")
    found = fit(law, x[~test], L[~test], delta=delta)
    residual = found.score(as_columns(x, found.reference.size)[test]) - (1 - L[test])
    return HeldOut(
        found,
        float(np.sqrt(np.mean(residual**2))),
        float(np.mean(residual)),
        int((~test).sum()),
        int(test.sum()),
        float(threshold),
    )
