"""Things that grow together, kept apart: how much of one effect remains where what went along with it is held.

With the number of epochs fixed, more images are more steps as well, and a wider network offers a read-out more features. An
*effect* is the mean difference of matched networks; a *share* is what is left of one effect in another, a ratio of two means,
with Fieller's limits over clusters of networks: where the whole effect may be none, the share may be anything, and the limits
say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vvslib.errors import VvsError
from vvslib.experiments import matches, require_column
from vvslib.fits.bootstrap import PUBLISHED_SEED
from vvslib.fits.limits import jackknife_interval
from vvslib.fits.resampling import FEWEST
from vvslib.metrics.uncertainty import median

Condition = Mapping[str, Any]
"""Column → the value, or list of values, that a network must have."""


@dataclass(frozen=True)
class Contrast:
    """Matched groups of networks, one group high and one low in something, alike in all else that matters.

    Attributes
    ----------
    pairs
        What the networks of a pair share: one row a pair.
    weights
        ``(n_pairs, n_networks)``: mean of the high ones minus mean of the low ones, for any value of the networks.

    Examples
    --------
    >>> frame = pd.DataFrame({"arch": ["a", "a", "b", "b"], "d": [1, 9, 1, 9], "score": [0.1, 0.4, 0.2, 0.3]})
    >>> contrast(frame, {"d": 1}, {"d": 9}, ["arch"]).of(frame["score"]).round(6).tolist()
    [0.3, 0.1]
    """

    pairs: pd.DataFrame
    weights: NDArray[np.float64]

    def of(self, values: ArrayLike) -> NDArray[np.float64]:
        """The difference of each pair, ``(n_pairs,)``, or ``(n_pairs, k)`` of values ``(n_networks, k)``."""
        return self.weights[:, self.used] @ np.asarray(values, float)[self.used]

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which networks are in some pair, ``(n_networks,)``."""
        return self.weights.any(axis=0)


def contrast(frame: pd.DataFrame, low: Condition, high: Condition, on: Sequence[str]) -> Contrast:
    """Pairs of networks that differ in a condition and agree in some columns.

    Parameters
    ----------
    frame
        One row a network.
    low, high
        What the two sides must have.
    on
        Columns that both sides of a pair share.

    Raises
    ------
    VvsError
        For an unknown column, or where no network of one side has a partner on the other.
    """
    for column in on:
        require_column(frame, column)
    sides = [matches(frame, dict(side)).to_numpy() for side in (low, high)]
    numbers = frame.groupby(list(on), dropna=False).ngroup().to_numpy()
    shared = np.intersect1d(numbers[sides[0]], numbers[sides[1]])
    if not len(shared):
        counts = [int(side.sum()) for side in sides]
        raise VvsError(
            f"{counts[0]} networks with {_said(low)} and {counts[1]} with {_said(high)} must share {', '.join(on)}; none do; "
            "compare them on fewer columns, or others"
        )
    weights = np.zeros((len(shared), len(frame)))
    for row, key in enumerate(shared):
        own = numbers == key
        for side, sign in zip(sides, (-1, 1), strict=True):
            weights[row, own & side] = sign / (own & side).sum()
    first = [int(np.flatnonzero(numbers == key)[0]) for key in shared]
    return Contrast(frame[list(on)].iloc[first].reset_index(drop=True), weights)


def _said(condition: Condition) -> str:
    return ", ".join(f"{key} {value}" for key, value in condition.items())


def effect(pairs: pd.DataFrame, values: ArrayLike, clusters: Sequence[str], level: float = 0.95) -> dict[str, float]:
    """The mean of differences, with Student's limits over clusters; each cluster counts alike.

    Parameters
    ----------
    pairs
        `Contrast.pairs`.
    values
        The difference of each pair, ``(n_pairs,)``.
    clusters
        Columns of `pairs` that together name a cluster.
    level
        Confidence.

    Returns
    -------
    dict
        value, low, high, n (pairs), n_clusters; limits are NaN for fewer than three clusters.
    """
    means = _by_cluster(pairs, np.asarray(values, float), clusters)
    limits = {"low": np.nan, "high": np.nan}
    if len(means) >= FEWEST:
        half = stats.t.ppf((1 + level) / 2, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means))
        limits = {"low": float(means.mean() - half), "high": float(means.mean() + half)}
    return {"value": float(means.mean()), **limits, "n": len(pairs), "n_clusters": len(means)}


def share(
    pairs: pd.DataFrame,
    part: ArrayLike,
    whole: ArrayLike,
    clusters: Sequence[str],
    level: float = 0.95,
    *,
    drawn: tuple[ArrayLike, ArrayLike] | None = None,
    fixed: bool = False,
) -> dict[str, float]:
    """How much of one effect there is in another: a ratio of means, with Fieller's limits over clusters.

    Networks and what they are measured on (stimuli, neuroids) are crossed: each network meets the same resamples. The variance of
    a mean is then that over clusters plus that over resamples; what is particular to a network *and* a stimulus is in both, so
    that limits over both are a little too wide.

    Parameters
    ----------
    pairs
        What the pairs of both effects share, one row a pair.
    part, whole
        The two differences of each pair, ``(n_pairs,)``.
    clusters
        Columns of `pairs` that together name a cluster.
    level
        Confidence.
    drawn
        The two differences of each pair in resamples of what networks are measured on, ``(n_pairs, n_resamples)`` each: limits
        are then for others of these as well.
    fixed
        Whether the networks are taken as given, so that limits are over resamples alone.

    Returns
    -------
    dict
        value, low, high, n, n_clusters. Limits are −inf and inf where the whole effect may be none; NaN for fewer than three
        clusters.

    Source
    ------
    Fieller (1954), J. R. Stat. Soc. B 16:175, for means of paired values. Owen (2007), Ann. Appl. Stat. 1:386, for crossed units:
    resampling each on its own counts their interaction more than once.

    Examples
    --------
    >>> pairs = pd.DataFrame({"arch": list("abcd")})
    >>> found = share(pairs, [0.10, 0.11, 0.09, 0.10], [0.20, 0.21, 0.19, 0.20], ["arch"])
    >>> round(found["value"], 3), 0.45 < found["low"] < 0.5 < found["high"] < 0.55
    (0.5, True)
    """
    parts, wholes = (_by_cluster(pairs, np.asarray(values, float), clusters) for values in (part, whole))
    found = {"value": float(parts.mean() / wholes.mean()) if wholes.mean() else np.nan, "low": np.nan, "high": np.nan}
    if drawn is not None:
        resampled = [_by_cluster(pairs, np.asarray(values, float), clusters).mean(axis=0) for values in drawn]
        spread = np.cov(*resampled) * stats.norm.ppf((1 + level) / 2) ** 2
    else:
        spread = np.zeros((2, 2))
    if fixed or len(parts) >= FEWEST:
        spread = spread if fixed else spread + _spread(parts, wholes, level)
        found["low"], found["high"] = ratio_limits(parts.mean(), wholes.mean(), spread)
    return {**found, "n": len(pairs), "n_clusters": len(parts)}


def fieller(part: NDArray[np.float64], whole: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Limits of the ratio of two means of paired values; −inf and inf where the divisor's mean may be 0.

    Examples
    --------
    >>> fieller(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 1.5]))
    (-inf, inf)
    """
    return ratio_limits(part.mean(), whole.mean(), _spread(part, whole, level))


def _spread(part: NDArray[np.float64], whole: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Covariance of two means of paired values, times the square of Student's t, ``(2, 2)``."""
    return np.cov(part, whole) / len(part) * stats.t.ppf((1 + level) / 2, len(part) - 1) ** 2


def ratio_limits(a: float, b: float, spread: NDArray[np.float64]) -> tuple[float, float]:
    """Fieller's limits of a / b; −inf and inf where b may be 0.

    Parameters
    ----------
    a, b
        Estimates.
    spread
        Their covariance, times the square of the quantile that the limits are for, ``(2, 2)``.
    """
    (aa, ab), (_, bb) = spread
    if b**2 <= bb:
        return -np.inf, np.inf
    middle, root = a * b - ab, np.sqrt(max(0.0, (a * b - ab) ** 2 - (a**2 - aa) * (b**2 - bb)))
    return float((middle - root) / (b**2 - bb)), float((middle + root) / (b**2 - bb))


def _by_cluster(pairs: pd.DataFrame, values: NDArray[np.float64], clusters: Sequence[str]) -> NDArray[np.float64]:
    for column in clusters:
        require_column(pairs, column)
    keys = pairs.reset_index(drop=True)[list(clusters)].astype(str).agg("|".join, axis=1)
    return pd.DataFrame(values).groupby(keys.to_numpy()).mean().to_numpy().reshape(-1, *values.shape[1:])


def shared(part: Contrast, whole: Contrast) -> tuple[Contrast, Contrast]:
    """Two contrasts cut down to the pairs that both have, in one order.

    Raises
    ------
    VvsError
        Where they match networks by other columns, or have no pair in common.
    """
    on = list(part.pairs.columns)
    if on != list(whole.pairs.columns):
        raise VvsError(f"two contrasts must match networks alike; got {on} and {list(whole.pairs.columns)}; take the same")
    keys = [pd.MultiIndex.from_frame(one.pairs) for one in (part, whole)]
    common = sorted(set(keys[0]) & set(keys[1]))
    if not common:
        raise VvsError(f"two contrasts must have networks of the same {', '.join(on)}; there are none; train what is missing")
    rows = [one.get_indexer(common) for one in keys]
    cut = [Contrast(one.pairs.iloc[r].reset_index(drop=True), one.weights[r]) for one, r in zip((part, whole), rows, strict=True)]
    return cut[0], cut[1]


def over_neuroids(values: NDArray[np.float64], n_resamples: int, seed: int = PUBLISHED_SEED) -> NDArray[np.float64]:
    """Scores of networks in resamples of the neuroids, the same ones for all networks.

    Parameters
    ----------
    values
        Raw correlation of each network and neuroid, ``(n_networks, n_neuroids)``; a network's score is its median.
    n_resamples, seed
        Number of resamples, and their seed.

    Returns
    -------
    ndarray
        ``(n_networks, n_resamples)``.
    """
    n = values.shape[1]
    drawn = np.random.default_rng(seed).integers(0, n, (n_resamples, n))
    return np.stack([median(values[:, columns]) for columns in drawn], axis=1)


def slopes(
    frame: pd.DataFrame, value: str, scales: Sequence[str], groups: Sequence[str], clusters: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """What a tenfold increase of each of several scales changes while the others stay, and each one's share of all together.

    Least squares on the decimal logarithms, with a constant for each group. Where the scales grow together, tenfold each, the
    change is the sum of the slopes: a slope's share of the sum is the share of the effect that remains when the others are held.

    Parameters
    ----------
    frame
        One row a network.
    value
        What changes.
    scales
        Columns of positive numbers.
    groups
        Columns that together name a group.
    clusters
        Columns that together name a cluster; limits are Student's, from a jackknife over clusters.
    level
        Confidence.

    Returns
    -------
    DataFrame
        scale, slope, low, high, share, share_low, share_high, n, n_clusters.

    Raises
    ------
    VvsError
        For scales that are not positive or do not vary apart, and fewer than three clusters.
    """
    for column in (*scales, *groups, *clusters, value):
        require_column(frame, column)
    x = frame[list(scales)].to_numpy(float)
    if not (x > 0).all():
        raise VvsError(f"scales must be positive to have a logarithm; {', '.join(scales)} are not; leave untrained networks out")
    constants = pd.get_dummies(frame[list(groups)].astype(str).agg("|".join, axis=1)).to_numpy(float)
    design, y = np.column_stack([np.log10(x), constants]), frame[value].to_numpy(float)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise VvsError(
            f"{' and '.join(scales)} must vary apart within {', '.join(groups)}; they go together; take other networks"
        )
    labels = frame[list(clusters)].astype(str).agg("|".join, axis=1).to_numpy()
    names = np.unique(labels)
    fitted = _slopes(design, y, len(scales))
    left_out = np.array([_slopes(design[labels != name], y[labels != name], len(scales)) for name in names])
    rows = []
    for i, scale in enumerate(scales):
        limits = jackknife_interval(fitted[i], left_out[:, i], level)
        parts = jackknife_interval(fitted[i] / fitted.sum(), left_out[:, i] / left_out.sum(axis=1), level)
        shares = {"share": fitted[i] / fitted.sum(), "share_low": parts["low"], "share_high": parts["high"]}
        found = {"scale": scale, "slope": fitted[i], "low": limits["low"], "high": limits["high"], **shares}
        rows.append({**found, "n": len(y), "n_clusters": len(names)})
    return pd.DataFrame(rows)


def _slopes(design: NDArray[np.float64], y: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Slopes of the scales; the constant of a group that is left out whole is 0, which changes none of them."""
    return np.linalg.lstsq(design, y, rcond=None)[0][:n]
