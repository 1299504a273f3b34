"""What the open replication asks, and the rule that answers each question: written before its results, kept apart from them.

An answer follows from an estimate's limits of 95 % and the rule alone (`Question.answer`). An interval that a rule does not
provide for is not stretched to fit: nothing is decided, in the words of `Question.across`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from vvslib.errors import VvsError
from vvslib.verdicts import UNKNOWN, Estimate, side


@dataclass(frozen=True)
class Question:
    """A question, what is estimated for it, and what is said of where the interval lies.

    Attributes
    ----------
    asked
        The question.
    estimate
        What answers it.
    at
        The number that the interval is compared with.
    above, below
        What is said where the interval lies on that side of `at`; None where the rule says nothing of it.
    across
        What is said of every other interval: that nothing is decided.

    Examples
    --------
    >>> asked = Question("More?", "difference", 0.0, above="more")
    >>> asked.answer({"value": 2, "low": 1, "high": 3}), asked.answer({"value": -2, "low": -3, "high": -1})
    ('more', 'cannot tell')
    """

    asked: str
    estimate: str
    at: float
    above: str | None = None
    below: str | None = None
    across: str = UNKNOWN

    def answer(self, known: Estimate) -> str:
        """What the rule says of an estimate; without limits, or with infinite ones across `at`, nothing can be told."""
        said = {1: self.above, -1: self.below}.get(side(known, self.at))
        return self.across if said is None else said


QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        "images": Question(
            "Is “more data” more images?",
            "share of the data effect (fixed epochs) that remains at fixed steps",
            0.5,
            above="mostly images",
            below="mostly longer training",
        ),
        "features": Question(
            "Is “a larger model” a better one?",
            "share of the size effect that remains at matched read-out",
            0.0,
            above="the features are better, not only more",
        ),
        "width": Question(
            "Is “a larger model” a better one?",
            "share of the size effect that remains at matched read-out",
            0.5,
            below="half of the effect or more is the width of the read-out",
            across="not shown",
        ),
        "plateau": Question(
            "Does V4 saturate here?",
            "profile of the asymptote of the law of compute",
            1.0,
            below="it saturates",
            across="not identified at this scale",
        ),
        "accuracy": Question(
            "Does behaviour follow accuracy more closely than V4 does?",
            "difference of the two correlations",
            0.0,
            above="as published",
        ),
        "diet": Question(
            "Does the diet matter beyond its size?",
            "difference of two diets at equal D and steps",
            0.0,
            above="yes, for that measure",
            below="yes, for that measure",
        ),
        "prior": Question(
            "Is strong inductive bias worth more where images are few?",
            "lead of the families at few images minus that at all",
            0.0,
            above="as published",
        ),
    }
)


def rules() -> pd.DataFrame:
    """The questions and what would be said of which interval: question, estimate, interval, said; one row an answer."""
    rows = []
    for one in QUESTIONS.values():
        about = {"question": one.asked, "estimate": one.estimate}
        sides = {f"above {one.at:g}": one.above, f"below {one.at:g}": one.below, "any other": one.across}
        rows += [{**about, "interval": where, "said": said} for where, said in sides.items() if said is not None]
    return pd.DataFrame(rows)


def answers(estimates: Mapping[str, Mapping[str, Estimate]]) -> pd.DataFrame:
    """Every question with its estimates and what its rule says of them.

    Parameters
    ----------
    estimates
        Key of `QUESTIONS` → of what (a measure, a number of steps) → value, low, high; None stands for NaN, as in JSON.

    Returns
    -------
    DataFrame
        key, question, of, at, value, low, high, said; in the order of the questions.

    Raises
    ------
    VvsError
        For a question without an estimate, or an estimate without a question: what was asked is answered.

    Examples
    --------
    >>> found = answers({key: {"V4": {"value": 0.6, "low": 0.2, "high": 0.9}} for key in QUESTIONS})
    >>> found["said"].tolist()[:3]
    ['cannot tell', 'the features are better, not only more', 'not shown']
    """
    if set(estimates) != set(QUESTIONS):
        odd = ", ".join(sorted(set(estimates) ^ set(QUESTIONS)))
        raise VvsError(f"estimates must answer every question and no other ({', '.join(QUESTIONS)}); look at {odd}")
    rows = []
    for key, one in QUESTIONS.items():
        for of, known in estimates[key].items():
            numbers = {name: float("nan") if known[name] is None else float(known[name]) for name in ("value", "low", "high")}
            about = {"key": key, "question": one.asked, "of": of, "at": one.at}
            rows.append({**about, **numbers, "said": one.answer(numbers)})
    return pd.DataFrame(rows)
