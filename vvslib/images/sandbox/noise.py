"""Value noise in the plane and in space, from counters; values in [0, 1]."""

import numpy as np
from numba import njit

from vvslib.images.sandbox.counter import unit

_X, _Y, _Z = 73856093, 19349663, 83492791


@njit
def _ease(t):
    return t * t * (3.0 - 2.0 * t)


@njit
def plane(state, x, y):
    """Noise of unit cell size at a point of the plane; `state` (uint64) says which noise."""
    fx, fy = np.floor(x), np.floor(y)
    i, j = int(fx), int(fy)
    u, v = _ease(x - fx), _ease(y - fy)
    a = unit(state, i * _X + j * _Y)
    b = unit(state, (i + 1) * _X + j * _Y)
    c = unit(state, i * _X + (j + 1) * _Y)
    d = unit(state, (i + 1) * _X + (j + 1) * _Y)
    low = a + u * (b - a)
    return low + v * (c + u * (d - c) - low)


@njit
def space(state, x, y, z):
    """Noise of unit cell size at a point in space."""
    fz = np.floor(z)
    k = int(fz)
    w = _ease(z - fz)
    total = 0.0
    fx, fy = np.floor(x), np.floor(y)
    i, j = int(fx), int(fy)
    u, v = _ease(x - fx), _ease(y - fy)
    for step in range(2):
        base = i * _X + j * _Y + (k + step) * _Z
        a, b = unit(state, base), unit(state, base + _X)
        c, d = unit(state, base + _Y), unit(state, base + _X + _Y)
        low = a + u * (b - a)
        level = low + v * (c + u * (d - c) - low)
        total += level * (w if step else 1.0 - w)
    return total


@njit
def fractal(state, x, y, cells, octaves):
    """Noise over octaves, amplitudes halving, of `cells` cells a unit length at the first."""
    total, weight, amplitude = 0.0, 0.0, 1.0
    for octave in range(octaves):
        total += amplitude * plane(state + np.uint64(octave), x * cells, y * cells)
        weight += amplitude
        amplitude *= 0.55
        cells *= 2.0
    return total / weight
