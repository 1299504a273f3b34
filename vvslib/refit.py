"""An experiment fitted to a score table: fit, what is identified, resamples, allocation, and all of it as tidy tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError, suggest
from vvslib.experiments import Experiment, Observations, load_all, observe
from vvslib.fits.allocation import Allocation, allocation, compute_relation, optimal_score
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
        known = [*self.bootstrap.parameters, *(["asymptote"] if self.bootstrap.asymptote is not None else []), *ALLOCATION]
        if quantity not in known:
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
            else cluster_weights(cluster_labels(rows.frame, clusters), bootstraps, seed)
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


def summary(found: Refit) -> dict:
    """What ``vvs fit --json`` prints: plain values; None for what has no meaning, "Infinity" for what ran there.

    Parameters
    ----------
    found
        A refit.

    Returns
    -------
    dict
        experiment, n_rows, law, delta, loss, parameters, units, asymptote, converged, gradient_norm, condition, limit, at_bound,
        not_identified, within_1_percent, bootstrap, bootstrap_seconds, n_bootstraps and, for chinchilla, allocation.
    """
    result = found.fit
    resampled = found.bootstrap
    quantities = [*result.parameters, *(["asymptote"] if "E" in result.parameters else [])]
    report = {
        "experiment": found.name,
        "n_rows": result.n,
        "law": result.law,
        "delta": result.delta,
        "x": dict(zip(found.experiment.x, found.experiment.unit, strict=True)),
        "loss": result.loss,
        "parameters": found.parameters,
        "asymptote": result.asymptote,
        "converged": result.converged,
        "gradient_norm": result.gradient_norm,
        "condition": result.condition,
        "limit": result.limit,
        "exponential": result.exponential,
        "at_bound": list(result.at_bound),
        "not_identified": list(found.ranges.not_identified),
        "within_1_percent": {k: list(v) for k, v in found.within.items()},
        "n_bootstraps": 0 if resampled is None else len(resampled.losses),
        "bootstrap": None if resampled is None else {q: found.interval(q) for q in quantities},
        "bootstrap_seconds": None if resampled is None else resampled.seconds,
    }
    if found.experiment.law == "chinchilla":
        report["allocation"] = _allocation_summary(found)
    return _plain(report)


def values_of(found: Refit) -> dict:
    """`summary` without what differs from run to run (seconds): what a report keeps."""
    return {key: value for key, value in summary(found).items() if key != "bootstrap_seconds"}


def _allocation_summary(found: Refit) -> dict | None:
    if found.allocation is None:
        return None
    values = {name: float(getattr(found.allocation, name)) for name in ALLOCATION}
    values |= {"compute_factor": found.allocation.relation.m, "compute_slope": found.allocation.relation.n}
    if found.allocations is not None:
        values["bootstrap"] = {name: found.interval(name) for name in ALLOCATION}
    return values


def _plain(value):
    """Values that strict JSON can hold."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value.item() if isinstance(value, np.generic) else value


def table_of(found: list[Refit]) -> pd.DataFrame:
    """Refits as a tidy table, one row per experiment and quantity.

    Parameters
    ----------
    found
        Refits.

    Returns
    -------
    DataFrame
        experiment, law, delta, n_rows, loss, quantity, value (NaN: no meaning), median, low, high (95 %, NaN without resamples),
        within_low, within_high (within 1 % of the loss), at_bound, identified.
    """
    rows = []
    for one in found:
        result = one.fit
        values = dict(one.parameters)
        if result.asymptote is not None:
            values["asymptote"] = result.asymptote
        if one.allocation is not None:
            values |= {name: float(getattr(one.allocation, name)) for name in ALLOCATION}
        for quantity, value in values.items():
            has_interval = one.bootstrap is not None and (quantity not in ALLOCATION or one.allocations is not None)
            interval = one.interval(quantity) if has_interval else {}
            within = one.within.get(quantity, (np.nan, np.nan))
            twin = "E" if quantity == "asymptote" else quantity
            rows.append(
                {
                    "experiment": one.name,
                    "law": result.law,
                    "delta": result.delta,
                    "n_rows": result.n,
                    "loss": result.loss,
                    "quantity": quantity,
                    "value": np.nan if value is None else value,
                    "median": interval.get("median", np.nan),
                    "low": interval.get("low", np.nan),
                    "high": interval.get("high", np.nan),
                    "within_low": within[0],
                    "within_high": within[1],
                    "at_bound": twin in result.at_bound,
                    "identified": twin not in one.ranges.not_identified,
                }
            )
    return pd.DataFrame(rows)


def curve(found: Refit, n: int = 120, extend: float = 1.0, level: float = 0.95) -> pd.DataFrame:
    """The fitted score over the range of a one-variable experiment, with its band.

    Parameters
    ----------
    found
        A refit of a law of one variable.
    n
        Number of points, evenly spaced in log.
    extend
        Factor by which the curve goes on beyond the largest scale.
    level
        Coverage of the pointwise percentile band.

    Returns
    -------
    DataFrame
        x (in base units: FLOP, parameters, samples), score, low, high (NaN without resamples).
    """
    x = found.observations.x[:, 0]
    grid = np.geomspace(x.min(), x.max() * extend, n)
    low = high = np.full(n, np.nan)
    if found.bootstrap is not None:
        low, high = found.bootstrap.band(grid, level)
    return pd.DataFrame({"x": grid * found.experiment.unit[0], "score": found.fit.score(grid), "low": low, "high": high})


def frontier(found: Refit, C: np.ndarray, level: float = 0.95) -> pd.DataFrame:
    """Compute-optimal model size, samples seen and score over compute, with bands.

    Parameters
    ----------
    found
        A refit of the two-variable law with an allocation.
    C
        Compute budgets (FLOP), ``(m,)``.
    level
        Coverage.

    Returns
    -------
    DataFrame
        total_flops; n_params, n_samples_seen, score, each with _low and _high (NaN without resamples).

    Raises
    ------
    VvsError
        When the fit has no allocation.
    """
    if found.allocation is None:
        raise VvsError(f"{found.name} has no compute-optimal allocation: it takes the chinchilla law with an interior optimum")
    units = dict(zip(("n_params", "n_samples_seen"), found.experiment.unit, strict=True))
    N, D = found.allocation.sizes(C)
    columns = {"total_flops": C, "n_params": N * units["n_params"], "n_samples_seen": D * units["n_samples_seen"]}
    columns["score"] = optimal_score(found.fit.parameters, found.allocation, C)
    if found.allocations is not None:
        parameters = found.bootstrap.parameters
        inner = np.all([parameters[k] > 0 for k in ("A", "alpha", "B", "beta")], axis=0)
        many_N, many_D = found.allocations.sizes(C)
        many = {
            "n_params": many_N * units["n_params"],
            "n_samples_seen": many_D * units["n_samples_seen"],
            "score": optimal_score({k: v[inner] for k, v in parameters.items()}, found.allocations, C),
        }
        for name, values in many.items():
            columns[f"{name}_low"], columns[f"{name}_high"] = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame(columns)


def draws(found: Refit) -> pd.DataFrame:
    """One row per resample: index, loss, converged, each parameter, asymptote."""
    if found.bootstrap is None:
        raise VvsError(f"{found.name} was fitted without resamples; ask for bootstraps > 0")
    many = found.bootstrap
    frame = pd.DataFrame(
        {"index": np.arange(len(many.losses)), "loss": many.losses, "converged": many.converged, **many.parameters}
    )
    if many.asymptote is not None:
        frame["asymptote"] = many.asymptote
    return frame
