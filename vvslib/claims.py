"""The paper's claims, each with a verdict computed from results.

``experiments/claims.yaml`` states each claim, what the paper reports, what the results must satisfy for it to hold, and what
they must satisfy for it not to depend on a choice. Conditions compare values of notebooks (``notebook.key``) with each other or
with numbers.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from vvslib import closed, project, provenance, strict_yaml
from vvslib.errors import VvsError, suggest

HOLDS, DEPENDS, FAILS, LATER = "holds", "holds, with a condition", "does not hold", "evidence to come"
OPERATORS = {">": lambda a, b: a > b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b}
FIELD = re.compile(r"\{([\w.]+)(?::([^}]*))?\}")


class Claim(closed.Closed):
    """One claim.

    Attributes
    ----------
    id, claim
        Number in the compendium; the claim in a sentence.
    paper
        What the paper reports.
    here
        What the refit says: a template whose fields are values of notebooks.
    holds
        Conditions that must all be met for the claim to hold; none when the evidence comes later.
    robust
        Conditions that must all be met for it not to depend on `condition`.
    condition
        What it depends on otherwise: a template.
    page
        Chapter and label where the evidence is.
    later
        Which chapter will bring the evidence, where there is none yet.
    reader
        What a careful reader may say: a template.
    """

    id: int
    claim: str
    paper: str
    here: str = ""
    holds: list[tuple[str | float, str, str | float]] = Field(default_factory=list)
    robust: list[tuple[str | float, str, str | float]] = Field(default_factory=list)
    condition: str = ""
    page: str = ""
    later: str = ""
    reader: str = ""


def load(path: Path | None = None) -> list[Claim]:
    """The claims, in order.

    Raises
    ------
    VvsError
        For a key or value that the schema does not know.
    """
    path = path or project.experiments() / "claims" / "claims.yaml"
    provenance.record_input(path)
    entries = strict_yaml.load(path.read_text(encoding="utf-8"), str(path))
    return [closed.make(Claim, entry, f"{path}: claim {entry.get('id', '?')}") for entry in entries]


def look_up(values: Mapping[str, Any], name: str) -> Any:
    """A value by its dotted name.

    Raises
    ------
    VvsError
        When it is not there, with the nearest names.

    Examples
    --------
    >>> look_up({"a": {"b": 1.5}}, "a.b")
    1.5
    """
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            known = found if isinstance(found, Mapping) else []
            raise VvsError(f"value {name!r} is not in the results: {part!r}: {suggest(part, known)}")
        found = found[part]
    return found


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A template with its fields replaced by values.

    Examples
    --------
    >>> fill("exponent {a.b:.2f}", {"a": {"b": 0.703}})
    'exponent 0.70'
    """
    return FIELD.sub(lambda m: format(look_up(values, m[1]), m[2] or ""), template)


def met(condition: tuple[str | float, str, str | float], values: Mapping[str, Any]) -> bool:
    """Whether a condition such as ``("a.b", ">", 0.5)`` is met.

    Raises
    ------
    VvsError
        For an unknown comparison.

    Examples
    --------
    >>> met(("a.b", ">", 0.5), {"a": {"b": 0.7}})
    True
    """
    left, operator, right = condition
    if operator not in OPERATORS:
        raise VvsError(f"comparison {operator!r} is unknown: {suggest(operator, OPERATORS)}")
    left, right = (look_up(values, side) if isinstance(side, str) else side for side in (left, right))
    return bool(OPERATORS[operator](left, right))


def judge(claim: Claim, values: Mapping[str, Any]) -> dict[str, Any]:
    """A claim with what the results say of it.

    Parameters
    ----------
    claim
        The claim.
    values
        Notebook → its values.

    Returns
    -------
    dict
        id, claim, paper, here, verdict, page, reader.
    """
    if not claim.holds:
        verdict, here = LATER, claim.later
    elif not all(met(c, values) for c in claim.holds):
        verdict, here = FAILS, fill(claim.here, values)
    elif all(met(c, values) for c in claim.robust):
        verdict, here = HOLDS, fill(claim.here, values)
    else:
        verdict, here = DEPENDS, f"{fill(claim.here, values)} {fill(claim.condition, values)}"
    told = {"id": claim.id, "claim": claim.claim, "paper": claim.paper, "here": here, "verdict": verdict, "page": claim.page}
    return told | {"reader": fill(claim.reader, values)}


def table(values: Mapping[str, Any], path: Path | None = None) -> pd.DataFrame:
    """Every claim judged, one row each."""
    return pd.DataFrame([judge(claim, values) for claim in load(path)])
