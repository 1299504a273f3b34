"""Rules written beforehand: an interval gets the answer that its side has, and no other."""

import numpy as np
import pytest

from vvslib import questions
from vvslib.errors import VvsError
from vvslib.questions import QUESTIONS
from vvslib.verdicts import UNKNOWN


def estimate(low, high):
    """An estimate between its limits."""
    return {"value": (low + high) / 2, "low": low, "high": high}


@pytest.mark.parametrize("key", QUESTIONS)
def test_an_interval_gets_the_answer_of_its_side(key):
    """Clear of the line on either side, what the rule says there, or that nothing can be told; across it, neither side's."""
    one = QUESTIONS[key]
    assert one.answer(estimate(one.at + 0.1, one.at + 0.2)) == (one.above or one.across)
    assert one.answer(estimate(one.at - 0.2, one.at - 0.1)) == (one.below or one.across)
    for wide in (estimate(one.at - 0.1, one.at + 0.2), estimate(-np.inf, np.inf), estimate(np.nan, np.nan)):
        assert one.answer(wide) == one.across


def test_touching_the_line_is_across_it():
    """An interval that ends on the line decides nothing: a plateau whose profile reaches 1 is not identified."""
    assert QUESTIONS["plateau"].answer(estimate(0.4, 1.0)) == "not identified at this scale"
    assert QUESTIONS["images"].answer(estimate(0.5, 0.9)) == UNKNOWN


def test_the_page_states_every_answer():
    """Whatever can be said stands among the rules that the design shows."""
    stated = questions.rules()
    for one in QUESTIONS.values():
        own = set(stated.loc[(stated["question"] == one.asked) & (stated["estimate"] == one.estimate), "said"])
        assert {said for said in (one.above, one.below, one.across) if said} <= own


def test_every_question_is_answered():
    """A question without an estimate is an error; one without limits cannot be told."""
    known = {key: {"V4": {"value": 0.7, "low": None, "high": None}} for key in QUESTIONS}
    found = questions.answers(known)
    assert found["key"].tolist() == list(QUESTIONS) and set(found["said"]) <= {one.across for one in QUESTIONS.values()}
    for wrong in ({key: value for key, value in known.items() if key != "diet"}, known | {"diets": known["diet"]}):
        with pytest.raises(VvsError, match=r"every question and no other .*; look at diets?$"):
            questions.answers(wrong)
