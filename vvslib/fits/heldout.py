"""Error beyond the fitted rows: fit below a scale and predict above it, or leave one group out and predict it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError
from vvslib.fits.bootstrap import bootstrap, cluster_weights, row_weights
from vvslib.fits.laws import law as look_up
from vvslib.fits.objective import restore, transform
from vvslib.fits.resampling import FEWEST
from vvslib.fits.result import Fit, as_columns
from vvslib.fits.solver import fit


@dataclass(frozen=True)
class Split:
    """Rows to fit, and rows to predict.

    Attributes
    ----------
    name
        What is held out, in a word: a threshold or a group.
    train, test
        Rows of each, bool ``(n,)``; they share none.
    threshold
        Scale from which rows are held out; NaN for groups.
    """

    name: str
    train: NDArray[np.bool_]
    test: NDArray[np.bool_]
    threshold: float = float("nan")


@dataclass(frozen=True)
class HeldOut:
    """Prediction of rows by a law that was fitted without them.

    Attributes
    ----------
    fit
        The fit of the other rows.
    rmse, bias
        Root mean square and mean of predicted minus observed score over the held-out rows.
    n_train, n_test
        Rows fitted and held out.
    threshold
        Scale from which rows were held out, in the unit of x; NaN for groups.
    coverage
        Share of the held-out scores inside their prediction interval; NaN where none was asked for.
    width
        Mean width of these intervals, in score.
    name
        What was held out.
    """

    fit: Fit
    rmse: float
    bias: float
    n_train: int
    n_test: int
    threshold: float
    coverage: float = float("nan")
    width: float = float("nan")
    name: str = ""


def cut(size: ArrayLike, share: float = 0.1) -> Split:
    """Hold the largest scales out.

    Parameters
    ----------
    size
        What is large, ``(n,)``.
    share
        Share of rows to hold out, in (0, 1); rows of equal scale stay together.

    Raises
    ------
    VvsError
        When the share is outside (0, 1), or leaves no row on one side.

    Examples
    --------
    >>> cut([1.0, 2.0, 3.0, 4.0], 0.25).test.tolist()
    [False, False, False, True]
    """
    if not 0 < share < 1:
        raise VvsError(f"share must lie between 0 and 1; got {share}")
    size = np.asarray(size, float)
    threshold = np.sort(size)[int(np.floor(len(size) * (1 - share)))]
    test = size >= threshold
    if test.all():
        raise VvsError(f"holding out {share:.0%} of {len(size)} rows leaves none to fit: too few distinct scales")
    return Split(f"largest {share:.0%}", ~test, test, float(threshold))


def cut_at(size: ArrayLike, threshold: float) -> Split:
    """Hold out what is at least as large as a threshold.

    Raises
    ------
    VvsError
        When that leaves nothing to predict, or nothing to fit; the range of the rows is named.

    Examples
    --------
    >>> cut_at([1.0, 2.0, 3.0], 2.5).test.tolist()
    [False, False, True]
    """
    size = np.asarray(size, float)
    test = size >= threshold
    if test.all() or not test.any():
        what = "fit" if test.all() else "predict"
        raise VvsError(
            f"a cut at {threshold:g} leaves nothing to {what}: the rows reach from {size.min():g} to {size.max():g}; cut between "
            "the two"
        )
    return Split(f"from {threshold:g}", ~test, test, float(threshold))


def leave_out(groups: ArrayLike) -> Iterator[Split]:
    """Leave one group out at a time: a family, a data set, a size.

    Raises
    ------
    VvsError
        When there is one group only.

    Examples
    --------
    >>> [split.name for split in leave_out(["a", "b", "a"])]
    ['a', 'b']
    """
    groups = np.asarray(groups).astype(str)
    labels = np.unique(groups)
    if len(labels) < 2:
        raise VvsError(f"leaving out {labels[0]!r} leaves nothing to fit: it is the only group; take a column of several values")
    for label in labels:
        yield Split(str(label), groups != label, groups == label)


def predict(
    law: str,
    x: ArrayLike,
    L: ArrayLike,
    split: Split,
    *,
    delta: float = 1e-3,
    space: str = "log",
    resamples: int = 0,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 42,
) -> HeldOut:
    """Fit the rows of one side of a split and predict those of the other.

    Parameters
    ----------
    law, x, L, delta, space
        As in `solver.fit`.
    split
        Which rows are which; those held out enter neither the fit nor the interval.
    resamples
        How many resamples of the fitted rows the prediction interval takes; none is given for 0.
    clusters
        Label of each row's cluster, ``(n,)``: whole clusters are drawn, and residuals of one cluster at a time are added, so that
        the interval is for a row of a cluster that may be new. Rows when None.
    level, seed
        Of the interval; of its resamples.

    Returns
    -------
    HeldOut
        The errors.

    Raises
    ------
    VvsError
        When too few rows are left to fit, or fewer than three clusters.
    """
    found_law = look_up(law)
    L = np.asarray(L, float).ravel()
    x = as_columns(x, found_law.n_variables)
    n_train = int(split.train.sum())
    if n_train < len(found_law.parameters):
        raise VvsError(
            f"holding out {split.name} leaves {n_train} rows for the {len(found_law.parameters)} parameters of {law!r}; "
            "hold out less"
        )
    found = fit(law, x[split.train], L[split.train], delta=delta, space=space)
    observed = 1 - L[split.test]
    error = found.score(x[split.test]) - observed
    coverage = width = float("nan")
    if resamples:
        low, high = interval(found, x, L, split, resamples, clusters, level, seed)
        coverage = float(np.mean((low <= observed) & (observed <= high)))
        width = float(np.mean(high - low))
    return HeldOut(
        found,
        float(np.sqrt(np.mean(error**2))),
        float(np.mean(error)),
        n_train,
        int(split.test.sum()),
        split.threshold,
        coverage,
        width,
        split.name,
    )


def interval(
    found: Fit,
    x: NDArray[np.float64],
    L: NDArray[np.float64],
    split: Split,
    resamples: int,
    clusters: ArrayLike | None,
    level: float,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Prediction limits of the score of each held-out row, ``(n_test,)`` each: a resampled curve plus a drawn residual.

    Both vary: the curve by its resamples, the row by a residual of the fitted rows in the space of the objective, scaled by
    sqrt(n / (n - p)) for the parameters that were fitted to it.
    """
    rng = np.random.default_rng(seed)
    train_x, train_L = x[split.train], L[split.train]
    labels = None if clusters is None else np.asarray(clusters)[split.train]
    if labels is not None and len(np.unique(labels)) < FEWEST:
        raise VvsError(f"holding out {split.name} leaves {len(np.unique(labels))} clusters; an interval needs at least {FEWEST}")
    weights = row_weights(len(train_L), resamples, seed) if labels is None else cluster_weights(labels, resamples, seed)
    many = bootstrap(found, train_x, train_L, weights)
    curves = transform(np.maximum(1 - many.scores(x[split.test]), 1e-9), found.space)
    residual = transform(train_L, found.space) - transform(found.misalignment(train_x), found.space)
    residual *= np.sqrt(len(residual) / max(len(residual) - len(found.parameters), 1))
    if labels is None:
        drawn = residual[rng.integers(0, len(residual), curves.shape)]
    else:
        rows_of = [np.flatnonzero(labels == one) for one in np.unique(labels)]
        picked = rng.integers(0, len(rows_of), curves.shape)
        share = rng.random(curves.shape)
        sizes = np.array([len(rows) for rows in rows_of])
        starts = np.r_[0, np.cumsum(sizes)[:-1]]
        drawn = residual[np.concatenate(rows_of)][starts[picked] + (share * sizes[picked]).astype(int)]
    with np.errstate(over="ignore"):
        scores = 1 - restore(curves + drawn, found.space)
    low, high = np.quantile(scores, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def hold_out_largest(
    law: str,
    x: ArrayLike,
    L: ArrayLike,
    *,
    share: float = 0.1,
    delta: float = 1e-3,
    space: str = "log",
    by: ArrayLike | None = None,
) -> HeldOut:
    """Fit all but the largest scales and predict them.

    Parameters
    ----------
    law, x, L, delta, space
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
    x, L = np.asarray(x, float), np.asarray(L, float)
    if by is None and x.ndim == 2 and x.shape[1] > 1:
        raise VvsError("a law of two variables needs `by`: the scale by which rows are held out")
    size = x.reshape(len(L), -1)[:, 0] if by is None else np.asarray(by, float)
    return predict(law, x, L, cut(size, share), delta=delta, space=space)


def rank(found: Sequence[HeldOut]) -> dict[str, float]:
    """Laws by their error over the same splits: root mean square of all held-out rows together, lowest first.

    Parameters
    ----------
    found
        Predictions of every law for every split, under one objective.

    Returns
    -------
    dict
        Law → RMSE in score.

    Raises
    ------
    VvsError
        When the laws did not predict the same splits: their errors would not compare.

    Examples
    --------
    >>> x = np.geomspace(1, 1e6, 40)
    >>> splits = [cut(x, 0.1), cut(x, 0.3)]
    >>> laws = ("power", "saturating")
    >>> list(rank([predict(law, x, 0.5 + 0.4 * x**-0.2, split) for law in laws for split in splits]))
    ['saturating', 'power']
    """
    by_law: dict[str, list[HeldOut]] = {}
    for one in found:
        by_law.setdefault(one.fit.law, []).append(one)
    splits = {law: sorted((one.name, one.n_test) for one in parts) for law, parts in by_law.items()}
    if len({tuple(names) for names in splits.values()}) > 1:
        raise VvsError(f"laws must predict the same splits to be ranked; got {splits}")
    errors = {
        law: float(np.sqrt(sum(one.n_test * one.rmse**2 for one in parts) / sum(one.n_test for one in parts)))
        for law, parts in by_law.items()
    }
    return dict(sorted(errors.items(), key=lambda pair: pair[1]))
