"""An experiment fitted to a score table: fit, what is identified, resamples, allocation."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError, suggest
from vvslib.experiments import UNITS, Experiment, Observations, load_all, observe
from vvslib.fits.allocation import Allocation, allocation, compute_relation
from vvslib.fits.bootstrap import Bootstrap, bootstrap, cluster_weights, percentile_interval, row_weights
from vvslib.fits.identification import Ranges, ranges
from vvslib.fits.result import Fit
from vvslib.fits.solver import fit


@dataclass(frozen=True)
class Refit:
    """An experiment, fitted.

    Attributes
    ----------
    experiment, observations
        What was fitted, and to what.
    fit, ranges
        The fit, and the range of each parameter within 1 % of its loss.
    bootstrap
        The resamples; None where none were asked for.
    allocation, allocations
        Compute-optimal allocation of the fit, and of each resample, for the two-variable law with an interior optimum; else None.
    """

    experiment: Experiment
    observations: Observations
    fit: Fit
    ranges: Ranges
    bootstrap: Bootstrap | None
    allocation: Allocation | None
    allocations: Allocation | None

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.experiment.name

    @property
    def parameters(self) -> dict[str, float | None]:
        """L-form parameters of the fit; None for one that says nothing: not identified, and beyond `RUNAWAY` or infinite."""
        lost = self.ranges.not_identified
        return {k: None if k in lost and v is not None and v > RUNAWAY else v for k, v in self.fit.parameters.items()}

    @property
    def within(self) -> dict[str, tuple[float, float]]:
        """Range of each parameter, and of ``asymptote``, within 1 % of the loss; inf beyond `RUNAWAY`."""
        lost = self.ranges.not_identified
        return {k: tuple(np.inf if k in lost and v > RUNAWAY else v for v in span) for k, span in self.ranges.within.items()}

    def interval(self, quantity: str) -> dict[str, float]:
        """Median, low and high (95 %) of a parameter, ``asymptote``, or an allocation quantity (a, b, G, N_exponent, D_exponent).

        Raises
        ------
        VvsError
            When there are no resamples, or no such quantity.
        """
        if self.bootstrap is None:
            raise VvsError(f"{self.name} was fitted without resamples; ask for bootstraps > 0")
        if self.allocations is not None and quantity in ALLOCATION:
            return percentile_interval(np.asarray(getattr(self.allocations, quantity)))
        known = [*self.bootstrap.parameters, *(["asymptote"] if self.bootstrap.asymptote is not None else [])]
        if quantity not in known:
            known += ALLOCATION if self.allocations is not None else ()
            raise VvsError(f"{self.name} has no quantity {quantity!r}: {suggest(quantity, known)}")
        limits = self.bootstrap.interval(quantity)
        if quantity in self.ranges.not_identified:
            limits = {k: float("inf") if v > RUNAWAY else v for k, v in limits.items()}
        return limits


RUNAWAY = 1e12
"""A parameter that the data do not determine is no number any more beyond this, in the experiment's unit: it ran off."""

ALLOCATION = ("N_exponent", "D_exponent", "a", "b", "G")


def refit(
    scores: pd.DataFrame, experiment: Experiment, *, bootstraps: int = 0, seed: int = 42, clusters: str | list[str] | None = None
) -> Refit:
    """Fit an experiment to a score table.

    Parameters
    ----------
    scores
        A score table.
    experiment
        Which rows, which scale, which law.
    bootstraps, seed
        Number of resamples and their seed; 42 and rows give the published ones.
    clusters
        Column, or columns together, whose values are resampled whole; single rows when None.

    Returns
    -------
    Refit
        The fit and what came with it.
    """
    return refit_observations(observe(scores, experiment), experiment, bootstraps=bootstraps, seed=seed, clusters=clusters)


def refit_observations(
    rows: Observations, experiment: Experiment, *, bootstraps: int = 0, seed: int = 42, clusters: str | list[str] | None = None
) -> Refit:
    """As `refit`, for rows already observed."""
    if bootstraps < 0:
        raise VvsError(f"bootstraps must be 0 or more; got {bootstraps}")
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta, labels=rows.labels)
    resampled = None
    if bootstraps:
        weights = (
            row_weights(len(rows.L), bootstraps, seed)
            if clusters is None
            else cluster_weights(resampled_whole(rows.frame, clusters), bootstraps, seed)
        )
        resampled = bootstrap(found, rows.x, rows.L, weights)
    allocated, allocations = _allocate(experiment, rows, found, resampled)
    return Refit(experiment, rows, found, ranges(found, rows.x, rows.L), resampled, allocated, allocations)


def refit_all(
    scores: pd.DataFrame, names: list[str], *, delta: float | None = None, bootstraps: int = 0, seed: int = 42
) -> dict[str, Refit]:
    """Fit several of the project's experiments.

    Parameters
    ----------
    scores
        A score table.
    names
        Experiments.
    delta
        Huber δ to use instead of the experiments' own; None for their own.
    bootstraps, seed
        As in `refit`.

    Returns
    -------
    dict
        Name → refit, in the order given.

    Raises
    ------
    VvsError
        For an unknown name, with the nearest known ones.
    """
    known = load_all()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise VvsError(f"experiment {unknown[0]!r} is unknown: {suggest(unknown[0], known)}")
    return {name: refit(scores, varied(known[name], delta=delta), bootstraps=bootstraps, seed=seed) for name in names}


def varied(experiment: Experiment, *, delta: float | None = None, **where) -> Experiment:
    """An experiment with another δ, or with columns of its selection replaced.

    Parameters
    ----------
    experiment
        To start from.
    delta
        Huber δ; its own when None.
    **where
        Column → allowed values, replacing those of the experiment.
    """
    return experiment.model_copy(
        update={"delta": experiment.delta if delta is None else delta, "where": {**experiment.where, **where}}
    )


def along(experiment: Experiment, x: str) -> Experiment:
    """An experiment of one scale, with another column for its scale, in that column's usual unit.

    Raises
    ------
    VvsError
        For a column that has no usual unit, with the nearest; for an experiment of two scales.
    """
    if x not in UNITS:
        raise VvsError(f"a scale must be one of {', '.join(UNITS)}; got {x!r}; {suggest(x, UNITS)}")
    if len(experiment.x) != 1:
        raise VvsError(f"{experiment.name} has two scales, {' and '.join(experiment.x)}; take an experiment of one")
    return experiment.model_copy(update={"x": [x], "unit": [UNITS[x]]})


def cluster_labels(frame: pd.DataFrame, columns: str | list[str]) -> np.ndarray:
    """One label per row from one column, or from several together.

    Raises
    ------
    VvsError
        For an unknown column, with the nearest.
    """
    columns = [columns] if isinstance(columns, str) else columns
    for column in columns:
        if column not in frame.columns:
            raise VvsError(f"column {column!r} is not in the table: {suggest(column, frame.columns)}")
    return frame[columns].astype(str).agg("|".join, axis=1).to_numpy()


def resampled_whole(frame: pd.DataFrame, columns: str | list[str]) -> np.ndarray:
    """The labels of `cluster_labels`, where there are enough to be resampled.

    Raises
    ------
    VvsError
        As `cluster_labels`, and for fewer than three clusters, whose resamples say nothing.

    Examples
    --------
    >>> resampled_whole(pd.DataFrame({"arch": ["a", "a", "b"]}), "arch")
    Traceback (most recent call last):
    ...
    vvslib.errors.VvsError: resampling arch needs three values or more; the rows have 2: take a finer column, or resample rows
    """
    labels = cluster_labels(frame, columns)
    if (n := len(np.unique(labels))) < 3:
        names = columns if isinstance(columns, str) else ", ".join(columns)
        raise VvsError(f"resampling {names} needs three values or more; the rows have {n}: take a finer column, or resample rows")
    return labels


def _allocate(experiment: Experiment, rows: Observations, found: Fit, resampled: Bootstrap | None):
    """Allocation of the fit and of its resamples; (None, None) where the law has none, or model or data no longer matters."""
    model_and_data = experiment.x[0] == "n_params" and experiment.x[-1] in ("n_samples_seen", "n_samples")
    if experiment.law != "chinchilla" or not model_and_data or "total_flops" not in rows.frame or set(found.at_bound) - {"E"}:
        return None, None
    C = rows.frame["total_flops"].to_numpy(float) * experiment.flops_factor
    if not np.all(C > 0) or np.ptp(np.log(rows.x).sum(1)) == 0:
        return None, None
    relation = compute_relation(C, rows.x[:, 0], rows.x[:, 1])
    allocated = allocation(found.parameters, relation)
    if resampled is None:
        return allocated, None
    inner = np.all([resampled.parameters[k] > 0 for k in ("A", "alpha", "B", "beta")], axis=0)
    return allocated, allocation({k: v[inner] for k, v in resampled.parameters.items()}, relation) if inner.any() else None
