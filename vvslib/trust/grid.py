"""Claims × choices as readers see them: one cell per claim and kind of choice, with what each choice found."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from vvslib.fits.objective import Objective
from vvslib.trust.choices import COLUMNS
from vvslib.trust.robustness import FAILS, HOLDS, NONE, WEAK

ORDER = (HOLDS, WEAK, FAILS)


def worst(verdicts: Sequence[str]) -> str:
    """The worst of some verdicts; those that do not apply are left out.

    Examples
    --------
    >>> worst(["holds", "not applicable", "weak"]), worst(["not applicable"])
    ('weak', 'not applicable')
    """
    known = [one for one in verdicts if one in ORDER]
    return max(known, key=ORDER.index) if known else NONE


def cells(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines of `robustness` as cells: one row per claim and column, the worst verdict of its choices and what each found.

    Returns
    -------
    DataFrame
        claim, column, verdict, n (choices that apply), n_hold (those under which it holds), told (each choice with its numbers).
    """
    found = []
    for (claim, column), part in lines.groupby(["claim", "column"], sort=False):
        each = {choice: worst(rows["verdict"]) for choice, rows in part.groupby("choice", sort=False)}
        known = {choice: one for choice, one in each.items() if one != NONE}
        told = "; ".join(_told(choice, rows) for choice, rows in part.groupby("choice", sort=False) if choice in known)
        found.append(
            {
                "claim": claim,
                "column": column,
                "verdict": worst(list(each.values())),
                "n": len(known),
                "n_hold": sum(one == HOLDS for one in known.values()),
                "told": told or part["says"].iloc[0],
            }
        )
    frame = pd.DataFrame(found)
    order = frame["column"].map(COLUMNS.index)
    return frame.iloc[np.lexsort([order, frame["claim"]])].reset_index(drop=True)


def _told(choice: str, rows: pd.DataFrame) -> str:
    numbers = ", ".join(f"{r.says} {r.value:.3g} [{r.low:.3g}, {r.high:.3g}]" for r in rows.itertuples() if r.verdict != NONE)
    return f"{choice}: {worst(rows['verdict'])} ({numbers})"


def options(curve: pd.DataFrame) -> pd.DataFrame:
    """Which options each specification takes, one row an option.

    Parameters
    ----------
    curve
        From `robustness.specification_curve`, of one outcome.

    Returns
    -------
    DataFrame
        The curve's own columns less its choices; choice; option, with the median of its specifications. Choice by choice, options
        in the order in which they come first.

    Examples
    --------
    >>> frame = pd.DataFrame({"form": ["a", "a"], "without": ["none", "ViT"], "value": [1.0, 3.0], "rank": [1, 2]})
    >>> options(frame)[["rank", "option"]].to_dict("split")["data"]
    [[1, 'a: 2.00'], [2, 'a: 2.00'], [1, 'all families: 1.00'], [2, 'without ViT: 3.00']]
    """
    named = curve.copy()
    if "without" in named:
        named["without"] = named["without"].map(lambda name: "all families" if name == "none" else f"without {name}")
    choices = [name for name in ("objective", "form", "cut", "without") if name in named]
    taken = named.melt([name for name in named if name not in choices], choices, var_name="choice", value_name="option")
    medians = taken.groupby(["choice", "option"])["value"].transform("median")
    short = taken["option"].str.removesuffix(" of (1 + S)/2")  # which the page says, and a phone has no room for
    return taken.assign(option=short + medians.map(": {:.2f}".format))


def as_published(curve: pd.DataFrame) -> pd.Series:
    """Which specification is the authors' own: their objective and form, all rows and families.

    Examples
    --------
    >>> row = {"objective": "Huber δ = 0.001 in log L", "form": "saturating", "cut": "all rows", "without": "none"}
    >>> as_published(pd.DataFrame([row, row | {"form": "shifted"}])).tolist()
    [True, False]
    """
    forms = curve["form"].isin(["saturating", "chinchilla"])
    return forms & (curve["objective"] == Objective().label) & (curve["cut"] == "all rows") & (curve["without"] == "none")
