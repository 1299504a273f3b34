"""What can be scored: matrices of finite numbers, stimuli that match, neuroids that vary."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError

NAMED = 5  # so many are named in an error; the rest is counted


def as_matrix(values: ArrayLike, what: str, columns: str) -> NDArray[np.floating]:
    """`values` as a matrix of finite numbers; float32 stays float32, all else becomes float64.

    Parameters
    ----------
    values
        ``(n_stimuli, n)``.
    what, columns
        What it is and what its columns are, for the error.

    Returns
    -------
    ndarray
        The same values, not copied where they need no conversion.

    Raises
    ------
    VvsError
        For anything but a matrix with at least one row and one column, and for NaN or infinite values.

    Examples
    --------
    >>> as_matrix([[1, 2]], "features", "features").dtype
    dtype('float64')
    """
    matrix = as_table(values, what, columns)
    # a sum is finite where all of its terms are, and needs no copy; where it is not, the terms are looked at
    if not np.isfinite(matrix.sum(dtype=np.float64)) and (bad := ~np.isfinite(matrix)).any():
        row, column = np.argwhere(bad)[0]
        raise VvsError(f"{what} must be finite; got {matrix[row, column]} at stimulus {row}, column {column} ({bad.sum()} such)")
    return matrix


def as_table(values: ArrayLike, what: str, columns: str) -> NDArray[np.floating]:
    """As `as_matrix`, for values that may be NaN."""
    matrix = np.asarray(values)
    if matrix.dtype != np.float32:
        matrix = matrix.astype(np.float64, copy=False)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise VvsError(f"{what} must be a matrix, stimuli × {columns}, of at least one each; got shape {matrix.shape}")
    return matrix


def match(n_features: int, n_responses: int) -> None:
    """Refuse features and responses of different numbers of stimuli.

    Raises
    ------
    VvsError
        Where the two differ.

    Examples
    --------
    >>> match(5, 5)
    """
    if n_features != n_responses:
        raise VvsError(
            f"features and responses must have a row for each stimulus, in the same order; got {n_features} stimuli of "
            f"features and {n_responses} of responses"
        )


def usable_neuroids(
    responses: NDArray[np.floating], neuroids: Sequence[object] | None = None, leave_out: bool = False
) -> NDArray[np.bool_]:
    """Which neuroids vary and have no NaN.

    Parameters
    ----------
    responses
        ``(n_stimuli, n_neuroids)``.
    neuroids
        Their names, for the error; their numbers are named when None.
    leave_out
        Whether others are left out; refused when False.

    Returns
    -------
    ndarray of bool
        ``(n_neuroids,)``.

    Raises
    ------
    VvsError
        For constant neuroids and those with NaN or infinite responses, by name, unless `leave_out`; and where none is left.

    Examples
    --------
    >>> usable_neuroids(np.array([[1.0, 5.0], [2.0, 5.0]]), leave_out=True)
    array([ True, False])
    """
    names = np.arange(responses.shape[1]) if neuroids is None else list(neuroids)
    if len(names) != responses.shape[1]:
        raise VvsError(
            f"neuroids must name each column of the responses; got {len(names)} names for {responses.shape[1]} columns"
        )
    finite = np.isfinite(responses).all(axis=0)
    varied = responses.max(axis=0, initial=-np.inf) > responses.min(axis=0, initial=np.inf)
    usable = finite & varied
    if usable.all() or (leave_out and usable.any()):
        return usable
    found = [
        f"{listed(names, wrong)} {reason}"
        for wrong, reason in ((~finite, "with NaN or infinite responses"), (finite & ~varied, "with constant responses"))
        if wrong.any()
    ]
    what = "leave_out=True leaves them out" if usable.any() else "none is left"
    raise VvsError(f"every neuroid must respond with finite numbers that vary; got neuroids {' and '.join(found)}; {what}")


def listed(names: Sequence[object], chosen: NDArray[np.bool_]) -> str:
    """The chosen names in a sentence: the first few, and how many more.

    Examples
    --------
    >>> listed("abcdefgh", np.arange(8) > 0)
    'b, c, d, e, f and 2 more'
    """
    at = np.flatnonzero(chosen)
    first = ", ".join(str(names[i]) for i in at[:NAMED])
    return f"{first} and {at.size - NAMED} more" if at.size > NAMED else first
