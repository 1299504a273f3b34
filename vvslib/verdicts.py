"""Two studies, effect by effect: agrees, differs, cannot tell.

Not to find a difference is not to agree. Effects of one direction agree where both studies are sure of it; numbers on one scale
agree where the interval of their difference lies within what counts as the same (an equivalence test). What neither shows cannot
be told.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from vvslib.errors import VvsError

AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "cannot tell"
Estimate = Mapping[str, float]
"""``value``, ``low``, ``high``: an estimate with limits of 95 %, NaN where there are none."""


def direction(one: Estimate, other: Estimate, none: float = 0.0) -> str:
    """Whether two effects go the same way.

    Parameters
    ----------
    one, other
        Effects with limits, on any two scales.
    none
        The value that stands for no effect.

    Returns
    -------
    str
        ``agrees`` where both intervals lie on one side of `none`, ``differs`` where they lie on opposite sides, else
        ``cannot tell``.

    Examples
    --------
    >>> up, down = {"value": 2, "low": 1, "high": 3}, {"value": -2, "low": -3, "high": -1}
    >>> direction(up, up), direction(up, down), direction(up, {"value": 2, "low": -1, "high": 5})
    ('agrees', 'differs', 'cannot tell')
    """
    sides = [side(known, none) for known in (one, other)]
    if 0 in sides:
        return UNKNOWN
    return AGREES if sides[0] == sides[1] else DIFFERS


def side(known: Estimate, none: float) -> int:
    """Which side of a number an interval lies on: 1 above, −1 below, 0 across it or without limits."""
    if known["low"] > none:
        return 1
    return -1 if known["high"] < none else 0


def size(one: Estimate, other: Estimate, same: float) -> str:
    """Whether two numbers on one scale are the same.

    Parameters
    ----------
    one, other
        Numbers with limits, of independent studies.
    same
        Largest difference that counts as none.

    Returns
    -------
    str
        ``differs`` where the interval of the difference leaves 0 out, ``agrees`` where it lies within ± `same`, else
        ``cannot tell``. Where it does both, a sure difference that counts as none, it agrees.

    Raises
    ------
    VvsError
        When `same` is not positive.

    Source
    ------
    Limits of the difference from those of its parts: Zou & Donner (2008), Stat. Med. 27:1693 (MOVER), which needs no symmetry.

    Examples
    --------
    >>> r = {"value": 0.90, "low": 0.85, "high": 0.94}
    >>> size(r, {"value": 0.92, "low": 0.90, "high": 0.94}, 0.1), size(r, {"value": 0.3, "low": 0.1, "high": 0.5}, 0.1)
    ('agrees', 'differs')
    """
    if not same > 0:
        raise VvsError(f"what counts as the same must be a positive difference; got {same}; take one from the question")
    low, high = difference(one, other)
    if not np.isfinite([low, high]).all():
        return UNKNOWN
    if -same <= low and high <= same:
        return AGREES
    return DIFFERS if low > 0 or high < 0 else UNKNOWN


def difference(one: Estimate, other: Estimate) -> tuple[float, float]:
    """Limits of the difference of two independent estimates, from the limits of each."""
    d = one["value"] - other["value"]
    low = d - np.hypot(one["value"] - one["low"], other["high"] - other["value"])
    high = d + np.hypot(one["high"] - one["value"], other["value"] - other["low"])
    return float(low), float(high)


def compare(
    effects: Mapping[str, tuple[Estimate, Estimate]],
    kinds: Mapping[str, tuple[Literal["direction", "size"], float]],
) -> pd.DataFrame:
    """Every effect with its two estimates and the verdict.

    Parameters
    ----------
    effects
        Name → (published, here).
    kinds
        Name → ("direction", the value of no effect) or ("size", the largest difference that counts as none).

    Returns
    -------
    DataFrame
        effect, question, published, published_low, published_high, here, low, high, verdict.

    Raises
    ------
    VvsError
        For an effect without a kind.
    """
    rows = []
    for name, (published, here) in effects.items():
        if name not in kinds:
            raise VvsError(f"effect {name!r} must say how it is compared, by direction or size; it does not; add it")
        kind, number = kinds[name]
        verdict = direction(published, here, number) if kind == "direction" else size(published, here, number)
        question = f"side of {number:g}" if kind == "direction" else f"within {number:g}"
        row = {"effect": name, "question": question, "verdict": verdict}
        row |= {("published" if key == "value" else f"published_{key}"): published[key] for key in ("value", "low", "high")}
        rows.append(row | {("here" if key == "value" else key): here[key] for key in ("value", "low", "high")})
    numbers = ["published", "published_low", "published_high", "here", "low", "high"]
    return pd.DataFrame(rows, columns=["effect", "question", *numbers, "verdict"])
