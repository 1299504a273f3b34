"""A budget planned: the best model size and samples seen, the score to expect there, and how flat the optimum is."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, observe
from vvslib.fits.allocation import ComputeRelation, compute_relation
from vvslib.fits.isocompute import Line, line
from vvslib.fits.resampling import FEWEST
from vvslib.trust.expectation import Expectation, expect
from vvslib.trust.reference import wanted_columns

BEYOND = 100.0
"""How far beyond the reference's smallest and largest model a line of equal compute is followed."""

NEAR = 3.0
"""Factor within which a reference model counts as near a plan, in each size."""

LOSS = 0.005
"""Score that is counted as no loss: about what a seed changes."""


@dataclass(frozen=True)
class Plan:
    """One budget, split.

    Attributes
    ----------
    total_flops
        The budget C (FLOP).
    n_params, n_samples_seen, score
        The optimum N*, D*, and the score expected there.
    limits
        95 % limits of these three, from resamples of the coarsest unit; of the curve, for the score.
    predicted
        95 % limits of the score of a single new model trained so.
    loss, range_params, range_samples
        Smallest and largest N whose expected score is at most `loss` below the optimum, and the D at these ends.
    n_near
        Reference models within a factor of 3 of both N* and D*.
    notes
        What to be careful of: extrapolation, no optimum within, parameters on a bound.
    line
        The line of equal compute, in the unit of the experiment.
    low, high
        95 % limits of the expected score along it.
    """

    total_flops: float
    n_params: float
    n_samples_seen: float
    score: float
    limits: dict[str, tuple[float, float]]
    predicted: tuple[float, float]
    loss: float
    range_params: tuple[float, float]
    range_samples: tuple[float, float]
    n_near: int
    notes: tuple[str, ...]
    line: Line = field(repr=False)
    low: np.ndarray = field(repr=False)
    high: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Planner:
    """A law of model size and data with its relation to compute: plans any budget.

    Attributes
    ----------
    expectation
        The law and its spread.
    relation
        Compute against N·D over the reference models, in the unit of the experiment.
    """

    expectation: Expectation
    relation: ComputeRelation

    @property
    def units(self) -> np.ndarray:
        """Units of N and D, ``(2,)``."""
        return np.array(self.expectation.experiment.unit)

    def sizes(self) -> tuple[float, float]:
        """Smallest and largest model size that lines of equal compute are followed to, in the unit of the experiment."""
        N = self.expectation.rows.x[:, 0]
        return float(N.min()) / BEYOND, float(N.max()) * BEYOND

    def plan(self, C: float, *, loss: float = LOSS, level: float = 0.95) -> Plan:
        """The best split of a budget.

        Parameters
        ----------
        C
            Training compute (FLOP), > 0.
        loss
            Score that the range of nearly as good sizes may cost, > 0.
        level
            Of all limits.

        Raises
        ------
        VvsError
            For a budget or a loss that is not positive.
        """
        one = self.expectation
        best = line(one.score, self.relation, C, self.sizes())
        ends = np.array(best.within(loss))
        at = np.array([[float(best.best_N), float(best.best_D)]])
        drawn = line(one.many.scores, self.relation, C, self.sizes())
        N_low, N_high = self._limits(drawn.best_N, float(best.best_N), level)
        product = float(self.relation.product(C))
        unit_N, unit_D = self.units
        low, high = one.interval(np.column_stack([best.N, best.D]), level)
        of_score, predicted = one.interval(at, level), one.prediction(at, level)
        return Plan(
            total_flops=float(C),
            n_params=float(best.best_N) * unit_N,
            n_samples_seen=float(best.best_D) * unit_D,
            score=float(best.best_score),
            limits={
                "n_params": (N_low * unit_N, N_high * unit_N),
                "n_samples_seen": (product / N_high * unit_D, product / N_low * unit_D),
                "score": (float(of_score[0][0]), float(of_score[1][0])),
            },
            predicted=(float(predicted[0][0]), float(predicted[1][0])),
            loss=loss,
            range_params=(float(ends[0]) * unit_N, float(ends[1]) * unit_N),
            range_samples=(product / float(ends[1]) * unit_D, product / float(ends[0]) * unit_D),
            n_near=int(np.sum(np.all(np.abs(np.log(one.rows.x / at)) <= np.log(NEAR), axis=1))),
            notes=tuple(self._notes(C, at[0], bool(best.at_edge), float(np.mean(drawn.at_edge)))),
            line=best,
            low=low,
            high=high,
        )

    def _limits(self, drawn: np.ndarray, value: float, level: float) -> tuple[float, float]:
        """Limits of N* among the sizes looked at: percentiles of resamples, or Student's t of the jackknife in log N."""
        if self.expectation.method != "jackknife":
            low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
            return float(low), float(high)
        k, logs = len(drawn), np.log(drawn)
        reach = stats.t.ppf((1 + level) / 2, k - 1) * np.sqrt((k - 1) / k * np.sum((logs - logs.mean()) ** 2))
        low, high = np.clip(value * np.exp([-reach, reach]), *self.sizes())
        return float(low), float(high)

    def _notes(self, C: float, at: np.ndarray, at_edge: bool, drawn_at_edge: float):
        one = self.expectation
        if at_edge or set(one.fit.at_bound) - {"E"}:
            bound = ", ".join(set(one.fit.at_bound) - {"E"})
            why = f" ({bound} sits at its bound)" if bound else ""
            yield f"the law has no optimum within the sizes looked at{why}: one of the two hardly matters in it"
        elif drawn_at_edge > 0.025:
            yield f"in {drawn_at_edge:.0%} of the resamples there is no optimum within the sizes looked at"
        trained = one.rows.frame["total_flops"].to_numpy(float) * one.experiment.flops_factor
        if not trained.min() <= C <= trained.max():
            yield (
                f"the budget lies outside the compute of the reference models, {trained.min():.3g} to {trained.max():.3g} FLOP: "
                "an extrapolation"
            )
        for k, name in enumerate(("N*", "D*")):
            own = one.rows.x[:, k]
            if not own.min() <= at[k] <= own.max():
                unit = self.units[k]
                yield f"{name} lies outside that of the reference models, {own.min() * unit:.3g} to {own.max() * unit:.3g}"

    def plans(self, budgets, *, loss: float = LOSS) -> pd.DataFrame:
        """Several budgets as a tidy table: one row each, with the limits of every quantity."""
        rows = []
        for one in (self.plan(float(C), loss=loss) for C in budgets):
            row = {"total_flops": one.total_flops}
            for name in ("n_params", "n_samples_seen", "score"):
                row |= {name: getattr(one, name), f"{name}_low": one.limits[name][0], f"{name}_high": one.limits[name][1]}
            row |= {"predicted_low": one.predicted[0], "predicted_high": one.predicted[1]}
            row |= {"range_low": one.range_params[0], "range_high": one.range_params[1], "n_near": one.n_near}
            rows.append(row)
        return pd.DataFrame(rows)


def planner(scores: pd.DataFrame, experiment: Experiment, *, resamples: int = 400, seed: int = 42) -> Planner:
    """Fit a law of model size and data, and tie its sizes to compute.

    Parameters
    ----------
    scores
        A score table with `n_params`, `n_samples_seen` and `total_flops`.
    experiment
        Which rows; a law of model size and samples seen (`reference.definition`).
    resamples, seed
        Of the curve.

    Returns
    -------
    Planner
        Plans any budget.

    Raises
    ------
    VvsError
        For a law of other scales, a table without compute, fewer rows than the law has parameters, or N·D that does not vary.
    """
    if len(experiment.x) != 2 or experiment.x[0] != "n_params":
        raise VvsError(
            f"a budget is planned with a law of n_params and samples; {experiment.name} is of {', '.join(experiment.x)}; take "
            "one of both"
        )
    if resamples < 20:
        raise VvsError(f"resamples must be 20 or more; got {resamples}")
    wanted_columns(scores, [*experiment.x, "total_flops"])
    rows = observe(scores, experiment)
    for k, name in enumerate(experiment.x):
        n = len(np.unique(rows.x[:, k]))
        if n < FEWEST:
            raise VvsError(
                f"{len(rows.L)} reference models have {n} value(s) of {name}; at least {FEWEST} are needed to say how it should "
                "grow; take more families, or another table"
            )
    C = rows.frame["total_flops"].to_numpy(float) * experiment.flops_factor
    if not np.all(C > 0):
        raise VvsError(f"{int(np.sum(~(C > 0)))} of {len(C)} reference models have no positive total_flops; leave them out")
    relation = compute_relation(C, rows.x[:, 0], rows.x[:, 1])
    if relation.n <= 0:
        raise VvsError("compute must rise with N·D over the reference models; it falls; check the columns, or widen the rows")
    return Planner(expect(rows, experiment, resamples=resamples, seed=seed), relation)
