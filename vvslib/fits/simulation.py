"""Tables drawn from a fitted law with the residual structure of the real one: how often do intervals hold the truth?

Residuals of the fit are split into effects of nested clusters (families, architectures, configurations) and of single rows
(seeds), by the products of residuals of pairs of rows that share one level and no finer one (the method of moments; Searle,
Casella & McCulloch 1992, chapter 3). A simulated table keeps scale and clusters of every row, and draws all effects anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.errors import VvsError, suggest
from vvslib.fits.bootstrap import bootstrap, cluster_weights, row_weights
from vvslib.fits.laws import law as look_up
from vvslib.fits.limits import AsymptoteTest
from vvslib.fits.objective import restore, transform
from vvslib.fits.result import Fit, as_columns
from vvslib.fits.solver import fit

LEVEL = 0.95
METHODS = ("rows", "clusters", "test")
"""Percentiles of resampled rows (as published); of resampled clusters; a test of the asymptote with signs of clusters turned."""


@dataclass(frozen=True)
class Effects:
    """Standard deviations of the effects, in the space of the objective.

    Attributes
    ----------
    of
        Level → standard deviation, from the coarsest to the finest.
    row
        Standard deviation of what is left to a single row.
    """

    of: dict[str, float]
    row: float


def effects(residuals: ArrayLike, levels: Mapping[str, ArrayLike]) -> Effects:
    """Split the variance of residuals over nested levels.

    Parameters
    ----------
    residuals
        In the space of the objective, ``(n,)``; about zero, as residuals of a fit are.
    levels
        Name → label of each row's cluster, ``(n,)``, from the coarsest to the finest, each nested in the one before.

    Returns
    -------
    Effects
        A component that would be negative is zero, and so is that of a level no two rows share.

    Raises
    ------
    VvsError
        When a level is not nested in the one before.

    Examples
    --------
    >>> effects([1.0, 1.0, -1.0, -1.0], {"family": ["a", "a", "b", "b"]})
    Effects(of={'family': 1.0}, row=0.0)
    """
    r = np.asarray(residuals, float)
    sums, pairs, previous = [], [], None
    for name, labels in levels.items():
        _, member = np.unique(np.asarray(labels).astype(str), return_inverse=True)
        member = member.ravel()
        if previous is not None and len(np.unique(np.column_stack([previous, member]), axis=0)) > member.max() + 1:
            raise VvsError(
                f"levels must be nested, from the coarsest to the finest; a cluster of {name!r} lies in several before"
            )
        sizes, total, squares = (np.bincount(member, w) for w in (None, r, r**2))
        sums.append(float(np.sum(total**2 - squares)))
        pairs.append(float(np.sum(sizes * (sizes - 1.0))))
        previous = member
    found, so_far = {}, 0.0
    for k, name in enumerate(levels):
        finer = (sums[k + 1], pairs[k + 1]) if k + 1 < len(sums) else (0.0, 0.0)
        n = pairs[k] - finer[1]
        variance = max((sums[k] - finer[0]) / n - so_far, 0.0) if n > 0 else 0.0
        found[name] = float(np.sqrt(variance))
        so_far += variance
    return Effects(found, float(np.sqrt(max(np.mean(r**2) - so_far, 0.0))))


@dataclass(frozen=True)
class Design:
    """What simulated tables share.

    Attributes
    ----------
    law, parameters
        The truth.
    x
        Scale of each row, ``(n, k)``.
    levels
        Name → label of each row's cluster.
    effects
        Standard deviations of their effects.
    delta, space
        Objective, of the fits and of the effects.
    clusters
        The level that is resampled, or turned, as a whole.
    seed
        Table k is drawn from (seed, k), whatever else was drawn.
    """

    law: str
    parameters: dict[str, float]
    x: NDArray[np.float64]
    levels: dict[str, NDArray]
    effects: Effects
    delta: float
    space: str
    clusters: str
    seed: int = 42

    def __post_init__(self) -> None:
        if self.clusters not in self.levels:
            raise VvsError(f"clusters must be one of the levels; got {self.clusters!r}: {suggest(self.clusters, self.levels)}")


def design(found: Fit, x: ArrayLike, L: ArrayLike, levels: Mapping[str, ArrayLike], clusters: str, *, seed: int = 42) -> Design:
    """The design of real rows, with a fit for truth and its residuals' effects.

    Parameters
    ----------
    found, x, L
        Fit and rows.
    levels
        As in `effects`.
    clusters
        Level that the recommended intervals take for their unit.
    seed
        Of the tables.
    """
    x = as_columns(x, look_up(found.law).n_variables)
    residual = transform(L, found.space) - transform(found.misalignment(x), found.space)
    named = {name: np.asarray(labels).astype(str) for name, labels in levels.items()}
    parameters = {name: float(value) for name, value in found.parameters.items() if value is not None}
    if set(parameters) != set(look_up(found.law).parameters):
        raise VvsError(
            f"the fit of {found.law!r} ran to a limit without parameters; take the limiting law, 'exponential', for truth"
        )
    return Design(found.law, parameters, x, named, effects(residual, named), found.delta, found.space, clusters, seed)


def draw(design: Design, index: int) -> NDArray[np.float64]:
    """Misalignment of one simulated table, ``(n,)``; scores stay below 1.

    Parameters
    ----------
    design
        What is simulated.
    index
        Which table, ≥ 0.

    Examples
    --------
    >>> flat = Design("power", {"A": 0.5, "alpha": 0.0}, np.ones((2, 1)), {"g": np.array(["a", "a"])}, Effects({"g": 0.1}, 0.0),
    ...     np.inf, "log", "g")
    >>> one, other = draw(flat, 0)
    >>> bool(one == other), bool(one == draw(flat, 1)[0])
    (True, False)
    """
    rng = np.random.default_rng([design.seed, index])
    y = transform(look_up(design.law).function(*design.x.T, **design.parameters), design.space)
    for name, labels in design.levels.items():
        _, member = np.unique(labels, return_inverse=True)
        y = y + design.effects.of[name] * rng.standard_normal(member.max() + 1)[member.ravel()]
    y = y + design.effects.row * rng.standard_normal(len(y))
    return np.maximum(restore(y, design.space), 1e-6)


def quantity(parameters: Mapping[str, ArrayLike], name: str) -> NDArray[np.float64]:
    """A quantity of a law: ``asymptote``, ``data_share`` (α / (α + β), the exponent of N·D for data), or a parameter.

    Raises
    ------
    VvsError
        When the law has none.

    Examples
    --------
    >>> float(quantity({"E": 0.4}, "asymptote"))
    0.6
    """
    known = {**parameters}
    if "E" in known:
        known["asymptote"] = 1 - np.asarray(known["E"], float)
    if "alpha" in known and "beta" in known:
        alpha, beta = (np.asarray(known[one], float) for one in ("alpha", "beta"))
        with np.errstate(invalid="ignore", divide="ignore"):
            known["data_share"] = alpha / (alpha + beta)
    if name not in known:
        raise VvsError(f"the law has no quantity {name!r}: {suggest(name, known)}")
    return np.asarray(known[name], float)


def judge(
    design: Design,
    index: int,
    name: str = "asymptote",
    *,
    methods: Sequence[str] = METHODS,
    resamples: int = 200,
    draws: int = 199,
) -> dict[str, float]:
    """Draw one table, refit it, and see whether each interval holds the truth.

    Parameters
    ----------
    design, index
        Which table.
    name
        Quantity (`quantity`).
    methods
        Some of `METHODS`; ``test`` is for the asymptote of the saturating law.
    resamples, draws
        Of the bootstrap, and of each test.

    Returns
    -------
    dict
        index, truth, estimate; for each method ``<method>_covers`` (0 or 1) and, but for ``test``, ``_low`` and ``_high``; for
        ``test`` also ``test_rejects_one`` (1 where an asymptote of 1 is rejected). Limits hold the truth up to 1e-6, so that an
        estimate on the bound counts where the truth is the bound.

    Raises
    ------
    VvsError
        For an unknown method, or a test of something else.
    """
    unknown = [method for method in methods if method not in METHODS]
    if unknown:
        raise VvsError(f"method {unknown[0]!r} is unknown: {suggest(unknown[0], METHODS)}")
    L, labels = draw(design, index), design.levels[design.clusters]
    found = fit(design.law, design.x, L, delta=design.delta, space=design.space)
    truth = float(quantity(design.parameters, name))
    row = {"index": index, "truth": truth, "estimate": float(quantity(found.parameters, name))}
    for method in methods:
        if method == "test":
            if design.law != "saturating" or name != "asymptote":
                raise VvsError("the test is of the asymptote of the saturating law; take the methods rows and clusters")
            test = AsymptoteTest(
                design.x, L, labels, delta=design.delta, space=design.space, n_draws=draws, seed=design.seed + index
            )
            row["test_covers"] = float(not test.rejects(truth, 1 - LEVEL))
            row["test_rejects_one"] = float(test.rejects(1.0, 1 - LEVEL))
            continue
        seed = design.seed + index
        weights = row_weights(len(L), resamples, seed) if method == "rows" else cluster_weights(labels, resamples, seed)
        values = quantity(bootstrap(found, design.x, L, weights).parameters, name)
        low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        row |= {f"{method}_low": float(low), f"{method}_high": float(high)}
        row[f"{method}_covers"] = float(low - 1e-6 <= truth <= high + 1e-6)
    return row


def summarise(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Coverage of each interval, bias and spread of the estimate, power; each share with its Monte-Carlo error.

    Parameters
    ----------
    rows
        From `judge`, of one design.

    Returns
    -------
    dict
        ``estimate``: truth, mean, median, bias, spread (standard deviation), n; for each method: ``coverage`` and ``error``; for
        the test also ``power``: the share of tables where an asymptote of 1 is rejected (where the truth is 1, the size of the
        test).

    Raises
    ------
    VvsError
        When there are no rows.
    """
    if not rows:
        raise VvsError("there are no simulated tables to summarise; simulate at least one")
    estimates, truth = np.array([row["estimate"] for row in rows]), rows[0]["truth"]
    n = len(rows)
    found: dict[str, dict[str, float]] = {
        "estimate": {
            "truth": truth,
            "mean": float(estimates.mean()),
            "median": float(np.median(estimates)),
            "bias": float(estimates.mean() - truth),
            "spread": float(estimates.std(ddof=1)) if n > 1 else float("nan"),
            "n": float(n),
        }
    }
    for method in METHODS:
        if f"{method}_covers" in rows[0]:
            share = float(np.mean([row[f"{method}_covers"] for row in rows]))
            found[method] = {"coverage": share, "error": float(np.sqrt(max(share * (1 - share), 0.25 / n) / n))}
            if method == "test":
                found[method]["power"] = float(np.mean([row["test_rejects_one"] for row in rows]))
            else:
                found[method]["width"] = float(np.median([row[f"{method}_high"] - row[f"{method}_low"] for row in rows]))
    return found
