"""Numbers from counters: what a scene looks like depends on who asks, never on what was asked before.

SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195) over words in turn, as in `vvslib.subsampling`. Angles come
from a polynomial of IEEE additions and multiplications, because the sine of the C library differs between platforms.
"""

import numpy as np
from numba import njit

_STEP, _FIRST, _SECOND = (np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_THIRTY, _TWENTY_SEVEN, _THIRTY_ONE, _ELEVEN = (np.uint64(k) for k in (30, 27, 31, 11))
_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@njit(cache=True)
def mix(state, word):
    """The next state: uint64 from uint64, every bit depending on every bit of both."""
    z = state + _STEP + word
    z = (z ^ (z >> _THIRTY)) * _FIRST
    z = (z ^ (z >> _TWENTY_SEVEN)) * _SECOND
    return z ^ (z >> _THIRTY_ONE)


@njit(cache=True)
def unit(state, word):
    """A number from [0, 1) for a state (uint64) and a counter (int)."""
    return np.float64(mix(state, np.uint64(word)) >> _ELEVEN) * _UNIT


@njit(cache=True)
def cos_sin(turns):
    """Cosine and sine of an angle in turns, within 1e-9; the same bits wherever IEEE arithmetic is.

    Examples
    --------
    >>> [round(x, 6) for x in cos_sin(0.125)], cos_sin(-0.25)
    ([0.707107, 0.707107], (0.0, -1.0))
    """
    turns = turns - np.floor(turns)
    quarter = np.floor(turns * 4.0 + 0.5)
    a = (turns - quarter * 0.25) * 6.283185307179586
    b = a * a
    s = a * (1.0 + b * (-1.0 / 6.0 + b * (1.0 / 120.0 + b * (-1.0 / 5040.0 + b * (1.0 / 362880.0)))))
    c = 1.0 + b * (-0.5 + b * (1.0 / 24.0 + b * (-1.0 / 720.0 + b * (1.0 / 40320.0 + b * (-1.0 / 3628800.0)))))
    q = int(quarter) % 4
    if q == 0:
        return c, s
    if q == 1:
        return -s, c
    if q == 2:
        return -c, -s
    return s, -c


@njit(cache=True)
def scenes(seed, stream, classes, indices, n_exemplars):
    """The state of each image, and the exemplar that it shows.

    Parameters
    ----------
    seed, stream
        Seed of the set, and the `word` of its stream; uint64.
    classes, indices
        `word` of each image's class, uint64 (n,), and its number within the class, int64 (n,).
    n_exemplars
        How many there are of each category.

    Returns
    -------
    tuple
        States, uint64 (n,), and exemplars, int64 (n,).
    """
    start = mix(mix(seed, np.uint64(0)), stream)
    states, exemplars = np.empty(indices.size, np.uint64), np.empty(indices.size, np.int64)
    for n in range(indices.size):
        state = mix(mix(start, classes[n]), np.uint64(indices[n]))
        states[n], exemplars[n] = state, int(unit(state, 0) * n_exemplars)
    return states, exemplars


def word(text: str) -> int:
    """64 bits for a name (FNV-1a), so that a class is known by its name and not by its place in a list.

    Examples
    --------
    >>> hex(word("mug"))
    '0x7e65a19174a2a30'
    """
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state


def units(name: str, exemplar: int, n: int) -> list[float]:
    """`n` numbers from [0, 1) for one exemplar of a category; all 0.5 for the first, which is the typical one.

    Examples
    --------
    >>> units("mug", 0, 2)
    [0.5, 0.5]
    """
    if exemplar == 0:
        return [0.5] * n
    state = mix(np.uint64(word(name)), np.uint64(exemplar))
    return [float(unit(np.uint64(state), k)) for k in range(n)]
