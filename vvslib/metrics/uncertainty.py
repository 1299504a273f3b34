"""How uncertain a score is: over splits, over neuroids, over stimuli.

The three answer different questions. Splits of one set of stimuli overlap, so that their scatter says how much the score depends
on the split, not how far it may lie from that of other stimuli or neurons. The bootstrap over neuroids asks for other neurons of
the same area, the one over stimuli for other images of the same kind.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError


def standard_error(values: ArrayLike) -> float:
    """Standard error of the mean over splits, as Brain-Score states it: divided by n, not n − 1.

    Parameters
    ----------
    values
        Score of each split, ``(n_splits,)``; NaN is left out.

    Returns
    -------
    float
        NaN where fewer than two splits have a score.

    Examples
    --------
    >>> standard_error([0.2, 0.4, np.nan])
    0.0707...
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    return float(values.std() / np.sqrt(values.size)) if values.size > 1 else float("nan")


def median(values: ArrayLike) -> NDArray[np.float64]:
    """Median over the last axis; NaN is left out, and what is left of where all are NaN.

    Examples
    --------
    >>> median([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    array([ 2., nan])
    """
    values = np.asarray(values, float)
    missing = np.isnan(values)
    result = np.full(values.shape[:-1], np.nan)
    whole = ~missing.any(axis=-1)
    result[whole] = np.median(values[whole], axis=-1)  # several times faster than nanmedian
    some = ~whole & ~missing.all(axis=-1)
    if some.any():
        result[some] = np.nanmedian(values[some], axis=-1)
    return result


def over_neuroids(r: ArrayLike, n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Scores of resampled neuroids.

    Parameters
    ----------
    r
        Correlation of each neuroid in each split, ``(n_splits, n_neuroids)``. Neuroids without any, which were left out, are not
        drawn; single NaN do not count.
    n_resamples
        Number of resamples.
    rng
        Where they are drawn from.

    Returns
    -------
    ndarray
        Median over the neuroids drawn, mean over splits: ``(n_resamples,)``. Its standard deviation is the error of the score.

    Raises
    ------
    VvsError
        For anything but a matrix with a correlation of at least one neuroid.

    Examples
    --------
    >>> r = np.tile(np.linspace(0, 1, 51), (10, 1))
    >>> over_neuroids(r, 200, np.random.default_rng(0)).std().round(2)
    0.07
    """
    r = np.asarray(r, float)
    if r.ndim != 2 or 0 in r.shape:
        raise VvsError(f"r must be a matrix, splits × neuroids, of at least one each; got shape {r.shape}")
    r = r[:, ~np.isnan(r).all(axis=0)]
    n = r.shape[1]
    if not n:
        raise VvsError("r must hold a correlation of at least one neuroid; got NaN only")
    drawn = rng.integers(0, n, (n_resamples, n))
    return np.nanmean([median(row[drawn]) for row in r], axis=0)


def over_stimuli(
    statistic: Callable[[NDArray[np.int64]], float], n_stimuli: int, n_resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A statistic of resampled stimuli.

    Parameters
    ----------
    statistic
        From the positions of the stimuli drawn, with repetition, to a number. Draw among the stimuli that a map is *judged* on:
        a stimulus drawn into both parts of a split would be known to the map.
    n_stimuli, n_resamples
        How many there are; number of resamples.
    rng
        Where they are drawn from.

    Returns
    -------
    ndarray
        ``(n_resamples,)``.

    Raises
    ------
    VvsError
        For fewer than 2 stimuli.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> over_stimuli(lambda drawn: x[drawn].mean(), 100, 500, np.random.default_rng(1)).std().round(1)
    0.1
    """
    if n_stimuli < 2:
        raise VvsError(f"a bootstrap over stimuli must have at least 2; got {n_stimuli}")
    return np.array([statistic(rng.integers(0, n_stimuli, n_stimuli)) for _ in range(n_resamples)])
