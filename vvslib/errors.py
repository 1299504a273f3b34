"""The one error a user of vvslib meets, and the suggestions it carries."""

from collections.abc import Iterable
from difflib import get_close_matches


class VvsError(ValueError):
    """What must be what, what was got, and what to do about it."""


def suggest(name: str, known: Iterable[str], n: int = 3) -> str:
    """Name the known names nearest to an unknown one.

    Parameters
    ----------
    name
        What was asked for.
    known
        What there is.
    n
        At most this many suggestions.

    Returns
    -------
    str
        ``"did you mean 'a', 'b'?"``, or ``"known: …"`` where nothing is near.

    Examples
    --------
    >>> suggest("compute_nuero", ["compute_neuro", "region_v1"])
    "did you mean 'compute_neuro'?"
    >>> suggest("zzz", ["b", "a"])
    "known: 'a', 'b'"
    """
    known = sorted(map(str, known))
    folded = {}
    for k in known:
        folded.setdefault(k.casefold(), k)
    near = [folded[m] for m in get_close_matches(str(name).casefold(), folded, n=n, cutoff=0.5)]
    if near:
        return "did you mean " + ", ".join(map(repr, near)) + "?"
    return "known: " + ", ".join(map(repr, known))
