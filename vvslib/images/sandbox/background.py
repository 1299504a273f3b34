"""What lies behind an object: clouds, landscapes, planks, tiles, lights out of focus, foliage.

A background depends on the scene's state only, in coordinates of the image's width; finer detail is left out at sizes that cannot
show it. Values are linear light.
"""

import numpy as np
from numba import njit

from vvslib.images.sandbox.counter import cos_sin, mix, unit
from vvslib.images.sandbox.noise import fractal

CLOUDS, LANDSCAPE, PLANKS, TILES, LIGHTS, FOLIAGE = range(6)
N_KINDS = 6
N_LIGHTS = 14


@njit
def paint_background(state, palette, size, out):
    """Fill `out` (size, size, 3), linear light, from three colours, float64 (3, 3)."""
    kind = int(unit(state, 0) * N_KINDS)
    cells = 1.5 + 3.0 * unit(state, 1)
    octaves, finest = 1, 2.0 * cells
    while octaves < 6 and finest <= 0.5 * size:
        octaves, finest = octaves + 1, 2.0 * finest
    c, s = cos_sin(unit(state, 2))
    one, two = mix(state, np.uint64(3)), mix(state, np.uint64(4))
    horizon = 0.35 + 0.3 * unit(state, 5)
    period = 0.08 + 0.16 * unit(state, 6)
    ox, oy = unit(state, 7) - 0.5, unit(state, 8) - 0.5
    soft = 1.0 / size
    # A joint narrower than a pixel is drawn a pixel wide and as much fainter.
    wide = max(0.12, 1.0 / (size * period))
    faint = 0.12 / wide
    lights = np.zeros((N_LIGHTS, 4))  # place, radius, brightness
    for k in range(N_LIGHTS):
        lights[k, 0], lights[k, 1] = 1.2 * (unit(two, 3 * k + 1) - 0.5), 1.2 * (unit(two, 3 * k + 2) - 0.5)
        lights[k, 2], lights[k, 3] = 0.04 + 0.12 * unit(two, 3 * k), 0.3 + 0.6 * unit(two, 100 + k)
    for i in range(size):
        for j in range(size):
            x, y = (j + 0.5) / size - 0.5, (i + 0.5) / size - 0.5
            p = fractal(one, x + 8.0, y + 8.0, cells, octaves)
            a = 0.0  # share of the second colour, then b of the third
            b = 0.0
            if kind == CLOUDS:
                a = _rise(p, 0.3, 0.7)
                b = _rise(fractal(two, x + 8.0, y + 8.0, cells, octaves), 0.45, 0.75)
            elif kind == LANDSCAPE:
                edge = 0.5 - horizon + 0.14 * (fractal(two, x + 8.0, 0.0, cells, octaves) - 0.5)
                below = _rise(y - edge, -soft, soft)
                a = below
                b = (1.0 - below) * _rise(p, 0.5, 0.8) * 0.7 + below * 0.6 * _rise(p, 0.3, 0.8)
            elif kind == PLANKS:
                u, v = c * x + s * y + 4.0 * period, c * y - s * x
                lane = np.floor(u / period)
                within = u / period - lane
                shade = unit(two, int(lane) + 64)
                grain = fractal(one, u * 3.0 + 8.0, v * 0.4 + 8.0 + lane, cells * 2.0, octaves)
                a = 0.7 * shade + 0.3 * grain
                b = faint * (1.0 - _rise(within, 0.0, wide) * _rise(1.0 - within, 0.0, wide))
            elif kind == TILES:
                u, v = (c * x + s * y + ox) / period, (c * y - s * x + oy) / period
                m, n = np.floor(u), np.floor(v)
                even = int(m + n) % 2 == 0
                inside = _rise(u - m, 0.0, wide) * _rise(m + 1.0 - u, 0.0, wide) * _rise(v - n, 0.0, wide)
                a = (0.8 if even else 0.2) + 0.3 * (p - 0.5)
                b = 0.8 * faint * (1.0 - inside * _rise(n + 1.0 - v, 0.0, wide))
            elif kind == LIGHTS:
                a = _rise(y, -0.6, 0.6) * 0.7 + 0.3 * p
                for k in range(N_LIGHTS):
                    dx, dy, r = x - lights[k, 0], y - lights[k, 1], lights[k, 2]
                    inside = 1.0 - _rise(np.sqrt(dx * dx + dy * dy) - r, -soft, soft + 0.3 * r)
                    b = max(b, inside * lights[k, 3])
            else:
                ridge = 1.0 - abs(2.0 * p - 1.0)
                a = _rise(ridge, 0.55, 0.95)
                b = _rise(fractal(two, x + 8.0, y + 8.0, 2.5 * cells, max(1, octaves - 1)), 0.5, 0.8) * 0.8
            a, b = min(max(a, 0.0), 1.0), min(max(b, 0.0), 1.0)
            light = 0.75 + 0.5 * p
            for k in range(3):
                colour = palette[0, k] + a * (palette[1, k] - palette[0, k])
                out[i, j, k] = light * (colour + b * (palette[2, k] - colour))


@njit
def _rise(x, low, high):
    """0 below `low`, 1 above `high`, smooth between."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
