"""One image's scene, drawn from its counter: pose, size, position, light, paint, background.

Variation in the spirit of Majaj, Hong, Solomon & DiCarlo (2015, doi:10.1523/JNEUROSCI.5181-14.2015): at ``low`` an object is seen
nearly as it is shown in a catalogue; at ``high`` its pose is any rotation at all, and place and size vary widely. The same draw
stands behind all three, so that image i differs between them by the width of the variation only.
"""

import numpy as np
from numba import njit

from vvslib.images.sandbox.counter import cos_sin, mix, unit

VARIATIONS = {
    # turn about the vertical, nod, roll (degrees either way); shift (image widths either way); size (factor either way)
    "low": (12.0, 6.0, 4.0, 0.02, 1.05),
    "medium": (55.0, 25.0, 15.0, 0.12, 1.3),
    "high": (180.0, 180.0, 180.0, 0.2, 1.6),
}
N_SLOTS = 6
N_COLOURS = 4
PLAIN, MOTTLED, STRIPED, SPOTTED = range(4)

STRETCH, SHIFT, LIGHT, AMBIENT, LENGTH = 9, 12, 14, 17, 18
"""Where a scene's numbers lie: rotation (row by row) first, then size along each axis, shift, light, ambient share."""


@njit
def draw_pose(state, widths, view, pose):
    """Fill `pose` (LENGTH,): rotation matrix, size, shift, direction of light, ambient share.

    `widths` are a row of `VARIATIONS`, `view` the catalogue's turn and nod in degrees.
    """
    if widths[0] >= 180.0:
        _any_rotation(state, pose)
    else:
        turn = view[0] + widths[0] * (2.0 * unit(state, 0) - 1.0)
        nod = view[1] + widths[1] * (2.0 * unit(state, 1) - 1.0)
        _rotation(turn / 360.0, nod / 360.0, widths[2] * (2.0 * unit(state, 2) - 1.0) / 360.0, pose)
    # Between 1/f and f, symmetric about 1 in ratio: a fraction of two lines, without a power.
    t = 2.0 * unit(state, 3) - 1.0
    f = widths[4] - 1.0
    size = 1.0 + f * t if t > 0.0 else 1.0 / (1.0 - f * t)
    for k in range(3):
        pose[STRETCH + k] = size * (0.9 + 0.2 * unit(state, 4 + k))
    pose[SHIFT], pose[SHIFT + 1] = widths[3] * (2.0 * unit(state, 7) - 1.0), widths[3] * (2.0 * unit(state, 8) - 1.0)
    c, s = cos_sin(unit(state, 9))
    x, y, z = 0.8 * c, 0.35 + 0.45 * s, 0.75
    length = np.sqrt(x * x + y * y + z * z)
    pose[LIGHT], pose[LIGHT + 1], pose[LIGHT + 2] = x / length, y / length, z / length
    pose[AMBIENT] = 0.22 + 0.16 * unit(state, 10)


@njit
def _rotation(turn, nod, roll, pose):
    """Turn about y, then nod about x, then roll about z; angles in turns."""
    a, b = cos_sin(turn)
    c, d = cos_sin(nod)
    e, f = cos_sin(roll)
    rows = ((a, 0.0, b), (d * b, c, -d * a), (-c * b, d, c * a))
    for k in range(3):
        pose[k] = e * rows[0][k] - f * rows[1][k]
        pose[3 + k] = f * rows[0][k] + e * rows[1][k]
        pose[6 + k] = rows[2][k]


@njit
def _any_rotation(state, pose):
    """Uniform over all rotations (Shoemake 1992)."""
    u = unit(state, 0)
    c, s = cos_sin(unit(state, 1))
    e, f = cos_sin(unit(state, 2))
    p, q = np.sqrt(1.0 - u), np.sqrt(u)
    x, y, z, w = p * s, p * c, q * f, q * e
    pose[0], pose[1], pose[2] = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)
    pose[3], pose[4], pose[5] = 2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)
    pose[6], pose[7], pose[8] = 2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)


@njit
def draw_paint(state, colours, counts, finish, paint):
    """Fill `paint` (N_SLOTS, 7): linear red, green, blue; gloss; texture, its strength, its cells per unit length.

    `colours` (N_SLOTS, N_COLOURS, 3) and `counts` (N_SLOTS,) are a category's palette, a count of 0 meaning any colour;
    `finish` (N_SLOTS, 2) holds gloss and texture, a texture of −1 meaning any.
    """
    for slot in range(N_SLOTS):
        own = mix(state, np.uint64(100 + slot))
        if counts[slot] > 0:
            chosen = int(unit(own, 0) * counts[slot])
            brightness = 0.88 + 0.24 * unit(own, 1)
            for k in range(3):
                value = min(max(colours[slot, chosen, k] * brightness + 0.08 * (unit(own, 2 + k) - 0.5), 0.02), 1.0)
                paint[slot, k] = value * value
        else:
            any_colour(own, paint[slot])
        paint[slot, 3] = finish[slot, 0]
        texture = finish[slot, 1]
        paint[slot, 4] = float(int(unit(own, 6) * 4.0)) if texture < 0.0 else texture
        paint[slot, 5] = 0.25 + 0.3 * unit(own, 7)
        paint[slot, 6] = 3.0 + 5.0 * unit(own, 8)


@njit
def any_colour(state, colour):
    """Any hue, of some saturation and brightness, as linear light into `colour[:3]`."""
    hue, saturation, value = 6.0 * unit(state, 0), 0.15 + 0.75 * unit(state, 1), 0.35 + 0.6 * unit(state, 2)
    for k in range(3):
        distance = (hue + 2.0 * (3 - k)) % 6.0
        ramp = min(max(abs(distance - 3.0) - 1.0, 0.0), 1.0)
        display = value * (1.0 - saturation * (1.0 - ramp))
        colour[k] = display * display


@njit
def draw_palette(state, paint, palette):
    """Fill `palette` (3, 3), the background's colours, muted, at another brightness than the object's first paint."""
    for k in range(3):
        any_colour(mix(state, np.uint64(200 + k)), palette[k])
        grey = 0.3 * palette[k, 0] + 0.59 * palette[k, 1] + 0.11 * palette[k, 2]
        for c in range(3):
            palette[k, c] = 0.45 * palette[k, c] + 0.55 * grey
    mean = 0.0
    for k in range(3):
        mean += (0.3 * palette[k, 0] + 0.59 * palette[k, 1] + 0.11 * palette[k, 2]) / 3.0
    own = 0.7 * (0.3 * paint[0, 0] + 0.59 * paint[0, 1] + 0.11 * paint[0, 2])
    wanted = mean
    if abs(mean - own) < 0.18:
        wanted = own + 0.18 if own < 0.25 else own - 0.18
    gain = wanted / mean
    for k in range(3):
        for c in range(3):
            palette[k, c] = min(palette[k, c] * gain, 1.0)
