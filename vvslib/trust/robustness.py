"""Claims × choices: every statement under every choice of an analysis; and the specification curve, all choices at once."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import load
from vvslib.fits.objective import OBJECTIVES
from vvslib.trust import kept
from vvslib.trust.choices import FAMILIES, Choice, NotApplicable, apply, choices, fitted
from vvslib.trust.statements import STATEMENTS, Part, Statement, data_exponent, statement

HOLDS, WEAK, FAILS, NONE = "holds", "weak", "fails", "not applicable"
OUTCOMES = {
    "neural": ("compute_neuro", ("saturating", "shifted", "exponential", "logistic")),
    "behaviour": ("compute_behavior", ("saturating", "shifted", "exponential", "logistic")),
    "data exponent": ("compute_chinchilla", ("chinchilla", "interaction")),
}
"""Outcome → experiment, and the forms that have it."""


def verdict(part: Part, values: np.ndarray) -> tuple[str, float, float, float]:
    """Verdict on one quantity with its estimate and limits of 95 %.

    Parameters
    ----------
    part
        What it must be.
    values
        Estimate, then resamples; those that are NaN are left out.

    Returns
    -------
    (str, float, float, float)
        holds, weak or fails; value, low, high.

    Examples
    --------
    >>> verdict(Part("a", "a", above=0.0), np.array([0.5, 0.4, 0.6]))[0]
    'holds'
    >>> verdict(Part("a", "a", above=0.0), np.array([0.5, -0.4, 0.6]))[0]
    'weak'
    """
    value, drawn = float(values[0]), values[1:][~np.isnan(values[1:])]
    low, high = (float(v) for v in np.quantile(drawn, [0.025, 0.975])) if len(drawn) else (value, value)
    if not part.above < value < part.below:
        return FAILS, value, low, high
    inside = part.above < low and high < part.below
    return (HOLDS if inside else WEAK), value, low, high


def judge(
    scores: pd.DataFrame,
    one: Statement,
    choice: Choice,
    *,
    resamples: int = 200,
    seed: int = 42,
    rows: pd.DataFrame | None = None,
) -> list[dict]:
    """One statement under one choice: a line for each of its quantities, or one that says why it does not apply.

    Parameters
    ----------
    scores
        A score table.
    one, choice
        What is asked, and how it is analysed.
    resamples, seed
        Of the choice's unit.
    rows
        The table under the choice, where it is at hand.
    """
    line = {"claim": one.id, "column": choice.column, "choice": choice.label}
    empty = {"quantity": "", "says": "", "verdict": NONE, "value": None, "low": None, "high": None}
    try:
        found = one.compute(apply(scores, choice) if rows is None else rows, choice, resamples, seed)
    except (NotApplicable, VvsError) as error:
        return [line | empty | {"says": str(error)}]
    told = []
    for part in one.parts:
        values = found.get(part.key)
        if values is not None and np.isfinite(values[0]):
            said, value, low, high = verdict(part, np.asarray(values, float))
            told.append(
                line | {"quantity": part.key, "says": part.says, "verdict": said, "value": value, "low": low, "high": high}
            )
    return told or [line | empty | {"says": "the quantity is not defined for this choice"}]


def robustness(
    scores: pd.DataFrame,
    claims: Sequence[int] = tuple(one.id for one in STATEMENTS),
    *,
    resamples: int = 200,
    seed: int = 42,
    progress: Callable[[str], None] = lambda step: None,
) -> pd.DataFrame:
    """Every claim under every choice.

    Parameters
    ----------
    scores
        A score table with the columns that the published experiments name.
    claims
        Numbers of claims.
    resamples, seed
        As in `judge`.
    progress
        Told each choice as it begins.

    Returns
    -------
    DataFrame
        claim, column, choice, quantity, says, verdict, value, low, high.
    """
    lines = []
    for choice in choices():
        progress(f"{choice.column}: {choice.label}")
        rows = apply(scores, choice)
        for claim in claims:
            lines += judge(scores, statement(claim), choice, resamples=resamples, seed=seed, rows=rows)
    return pd.DataFrame(lines)


def specifications(forms: Sequence[str]) -> Iterator[Choice]:
    """Every combination of objective, form, cut and family left out; the authors' first where the forms begin with theirs."""
    objectives = ("huber", "huber_0.1", "squares", "squares_linear", "squares_logit")
    for name, form, fewest, without in product(objectives, forms, (0, 10), ("", *FAMILIES)):
        yield Choice("all", "", objective=name, form=form, fewest=fewest, without=without)


def specification_curve(scores: pd.DataFrame, outcome: str, progress: Callable[[str], None] = lambda step: None) -> pd.DataFrame:
    """An outcome under every combination of choices, sorted.

    Parameters
    ----------
    scores
        A score table.
    outcome
        Key of `OUTCOMES`.
    progress
        Told each combination as it begins.

    Returns
    -------
    DataFrame
        outcome, value, rank (from 1, the lowest first), objective, form, cut, without; fits without such a value are left out.

    Raises
    ------
    VvsError
        For an unknown outcome.
    """
    if outcome not in OUTCOMES:
        raise VvsError(f"outcome must be one of {', '.join(OUTCOMES)}; got {outcome!r}")
    name, forms = OUTCOMES[outcome]
    experiment, lines, tables = load(name), [], {}
    for choice in specifications(forms):
        progress(str(asdict(choice)))
        key = choice.fewest, choice.without
        if key not in tables:
            tables[key] = apply(scores, choice)
        own = choice if choice.form != experiment.law else Choice(objective=choice.objective)
        found = fitted(tables[key], experiment, own)
        value = data_exponent(found)[0] if outcome == "data exponent" else 1 - found.parameter("E")[0]
        if np.isfinite(value):
            lines.append(
                {
                    "outcome": outcome,
                    "value": float(value),
                    "objective": OBJECTIVES[choice.objective].label,
                    "form": choice.form,
                    "cut": "10 or more images per class" if choice.fewest else "all rows",
                    "without": choice.without or "none",
                }
            )
    frame = pd.DataFrame(lines).sort_values("value", kind="stable", ignore_index=True)
    return frame.assign(rank=np.arange(1, len(frame) + 1))


CODE = ("trust/choices", "trust/statements", "trust/robustness")


def kept_lines(scores: pd.DataFrame, *, resamples: int = 200, seed: int = 42, recompute: bool = False, **more) -> pd.DataFrame:
    """`robustness` of all claims, read where it is kept.

    Parameters
    ----------
    scores, resamples, seed
        As in `robustness`.
    recompute, more
        As in `kept.kept`; minutes.
    """
    key = {"table": kept.of_table(scores), "code": kept.of_code(*CODE), "resamples": resamples, "seed": seed}
    compute = partial(_lines, scores, resamples, seed)
    return pd.DataFrame(kept.kept("claims_by_choices", key, compute, recompute=recompute, **more))


def _lines(scores: pd.DataFrame, resamples: int, seed: int) -> list[dict]:
    return json.loads(robustness(scores, resamples=resamples, seed=seed).to_json(orient="records", double_precision=6))


def kept_curves(scores: pd.DataFrame, *, recompute: bool = False, **more) -> pd.DataFrame:
    """`specification_curve` of all outcomes, read where it is kept; parameters as in `kept_lines`."""
    key = {"table": kept.of_table(scores), "code": kept.of_code(*CODE)}
    return pd.DataFrame(kept.kept("specifications", key, partial(_curves, scores), recompute=recompute, **more))


def _curves(scores: pd.DataFrame) -> list[dict]:
    whole = pd.concat([specification_curve(scores, outcome) for outcome in OUTCOMES])
    return json.loads(whole.to_json(orient="records", double_precision=6))
