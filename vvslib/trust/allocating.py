"""Allocation under uncertainty: the exponent under every choice of analysis, and what it costs to follow one fit where another is
true.

Choices change the exponent by much and, where lines of equal compute are flat, the score by little: the regret says which. All
fits are compared on the same lines of equal compute, those of the reference models together, so that a rule is a split of N·D.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, Observations, observe, published_results
from vvslib.fits.allocation import ComputeRelation, allocation, compute_relation
from vvslib.fits.isocompute import Line, line, regret
from vvslib.fits.objective import objective
from vvslib.fits.result import Fit
from vvslib.fits.solver import fit
from vvslib.refit import varied
from vvslib.trust.budget import BEYOND
from vvslib.trust.reference import MEASURES
from vvslib.trust.units import UNITS
from vvslib.trust.variance import interval

LAWS = ("chinchilla", "interaction", "repetition")
OBJECTIVES = ("huber", "huber_0.1", "squares", "squares_linear")


@dataclass(frozen=True)
class Candidate:
    """One fit that may be true.

    Attributes
    ----------
    measure, families, objective, law
        The choices that led to it: which scores, which models, how residuals are counted, which form.
    fit
        What was fitted.
    exponent
        Growth of D* with compute: slope of log D* on log C over the budgets; that of N* is what is left of 1 / relation.n.
    at_edge
        Whether the optimum of some budget sits at an end of the sizes looked at: one of the sizes hardly matters there.
    lines
        Line of equal compute of each budget.
    score
        Sizes (m, 2) in the unit of the experiment → expected scores (m,).
    """

    measure: str
    families: str
    objective: str
    law: str
    fit: Fit = field(repr=False)
    exponent: float
    at_edge: bool
    lines: tuple[Line, ...] = field(repr=False)
    score: Callable[[NDArray], NDArray] = field(repr=False)

    @property
    def name(self) -> str:
        """The choices in a line."""
        return f"{self.measure}, {self.families}, {self.objective}, {self.law}"


@dataclass(frozen=True)
class Field:
    """What every candidate is compared on.

    Attributes
    ----------
    experiment, rows
        Definition and reference models that give lines of equal compute.
    relation
        Compute against N·D over them.
    budgets
        Budgets (FLOP), increasing, ``(k,)``.
    epochs
        Median number of epochs of the reference, at which a law with repeated data is read.
    """

    experiment: Experiment
    rows: Observations
    relation: ComputeRelation
    budgets: NDArray[np.float64]
    epochs: float

    def sizes(self) -> tuple[float, float]:
        """Range of model sizes looked at, in the unit of the experiment."""
        N = self.rows.x[:, 0]
        return float(N.min()) / BEYOND, float(N.max()) * BEYOND


def playing_field(scores: pd.DataFrame, experiment: Experiment, budgets: Sequence[float]) -> Field:
    """The lines of equal compute of an experiment.

    Raises
    ------
    VvsError
        For fewer than two budgets, or budgets that do not increase.
    """
    budgets = np.asarray(budgets, float)
    if len(budgets) < 2 or not np.all(np.diff(budgets) > 0) or budgets[0] <= 0:
        raise VvsError(f"budgets must be two or more increasing numbers of FLOP; got {budgets.tolist()}")
    rows = observe(scores, experiment)
    C = rows.frame["total_flops"].to_numpy(float) * experiment.flops_factor
    epochs = float(np.median(rows.frame["n_epochs"])) if "n_epochs" in rows.frame else 1.0
    return Field(experiment, rows, compute_relation(C, rows.x[:, 0], rows.x[:, 1]), budgets, epochs)


def candidate(
    field_: Field,
    scores: pd.DataFrame,
    *,
    measure: str = "all",
    families: str = "all families",
    where: Mapping[str, list] | None = None,
    objective_name: str = "huber",
    law: str = "chinchilla",
) -> Candidate:
    """One fit that may be true, with its optimum at every budget.

    Parameters
    ----------
    field_, scores
        What it is compared on; the score table.
    measure, objective_name, law
        Choices.
    families, where
        Name of a selection of models, and what it replaces in the experiment's own.

    Raises
    ------
    VvsError
        For a law that takes neither N and D nor N, D and distinct samples, or rows that cannot be fitted.
    """
    if law not in LAWS:
        raise VvsError(f"law must be one of {', '.join(LAWS)}, which are of model size and data; got {law!r}")
    rows = observe(scores, varied(field_.experiment, region=MEASURES[measure], **(where or {})))
    chosen = objective(objective_name)
    x = rows.x
    if law == "repetition":
        x = np.column_stack([x, rows.frame["n_samples"].to_numpy(float) / field_.experiment.unit[1]])
    found = fit(law, x, rows.L, delta=chosen.delta, space=chosen.space)
    epochs = field_.epochs

    def score(sizes: NDArray) -> NDArray:
        return found.score(np.column_stack([sizes, sizes[:, 1] / epochs]) if law == "repetition" else sizes)

    lines = tuple(line(score, field_.relation, C, field_.sizes()) for C in field_.budgets)
    D = np.array([float(one.best_D) for one in lines])
    slope = float(np.polyfit(np.log(field_.budgets), np.log(D), 1)[0])
    return Candidate(measure, families, objective_name, law, found, slope, any(bool(one.at_edge) for one in lines), lines, score)


def published_rule(field_: Field) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """N* and D* of the published joint fit at every budget, in the unit of the experiment, ``(k,)`` each.

    Source: the parameters published with Gokce & Schrimpf (2025).

    Raises
    ------
    VvsError
        For an experiment in other units than the published fit.
    """
    rows = published_results().query("experiment == 'compute_chinchilla'").set_index("quantity")["value"]
    if field_.experiment.unit != [1e5, 1e4]:
        raise VvsError(f"the published fit is in units of 1e5 parameters and 1e4 samples; got {field_.experiment.unit}")
    found = allocation({name: float(rows[name]) for name in ("A", "alpha", "B", "beta")}, field_.relation)
    return found.sizes(field_.budgets)


def rule_of(one: Candidate) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """N* and D* of a candidate at every budget, ``(k,)`` each."""
    return np.array([float(each.best_N) for each in one.lines]), np.array([float(each.best_D) for each in one.lines])


def regrets(field_: Field, rules: Mapping[str, tuple[NDArray, NDArray]], candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Score that each rule loses at every budget if each candidate is true.

    Parameters
    ----------
    field_
        Budgets.
    rules
        Name → N and D at every budget.
    candidates
        What may be true.

    Returns
    -------
    DataFrame
        rule, measure, families, objective, law, exponent, at_edge, total_flops, regret (score lost, ≥ 0), best (score at the
        candidate's own optimum).
    """
    found = []
    for name, (N, D) in rules.items():
        for one in candidates:
            for k, C in enumerate(field_.budgets):
                lost = float(regret(one.score, one.lines[k], N[k : k + 1], D[k : k + 1])[0])
                about = {"rule": name, "measure": one.measure, "families": one.families, "objective": one.objective}
                about |= {"law": one.law, "exponent": one.exponent, "at_edge": one.at_edge, "total_flops": float(C)}
                found.append(about | {"regret": lost, "best": float(one.lines[k].best_score)})
    return pd.DataFrame(found)


def safest(field_: Field, candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Rules of all candidates by the largest score that each loses at any budget if any of the others is true.

    Returns
    -------
    DataFrame
        measure, families, objective, law, exponent, worst, mean (score lost, over budgets and candidates); the safest first.
    """
    rules = {str(k): rule_of(one) for k, one in enumerate(candidates)}
    lost = regrets(field_, rules, candidates).groupby("rule", sort=False)["regret"].agg(["max", "mean"])
    found = exponents(candidates)[["measure", "families", "objective", "law", "exponent"]]
    found = found.assign(worst=lost["max"].to_numpy(), mean=lost["mean"].to_numpy())
    return found.sort_values("worst", kind="stable").reset_index(drop=True)


def exponents(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """The exponent of D* of every candidate: one row each, with its choices, asymptote and whether it sits at an edge."""
    return pd.DataFrame(
        [
            {
                "measure": one.measure,
                "families": one.families,
                "objective": one.objective,
                "law": one.law,
                "exponent": one.exponent,
                "asymptote": np.nan if one.fit.asymptote is None else one.fit.asymptote,
                "n": one.fit.n,
                "at_edge": one.at_edge,
            }
            for one in candidates
        ]
    )


def exponent_limits(
    field_: Field,
    units: Sequence[str] = ("rows", "seeds", "configurations", "architectures", "families"),
    *,
    resamples: int = 1000,
    seed: int = 42,
) -> pd.DataFrame:
    """95 % limits of the exponent of D* when each unit is resampled.

    Parameters
    ----------
    field_
        Experiment (of the two-variable law), rows, relation of compute, which is held.
    units
        Names of `units.UNITS`.
    resamples, seed
        Of each.

    Returns
    -------
    DataFrame
        unit, n_units, method, estimate, low, high.
    """
    found = []
    for name in units:
        one = interval(field_.rows, field_.experiment, UNITS[name], name="data_share", resamples=resamples, seed=seed)
        row = {"unit": one.unit, "n_units": one.n_units, "method": one.method}
        found.append(row | {k: getattr(one, k) / field_.relation.n for k in ("estimate", "low", "high")})
    return pd.DataFrame(found)
