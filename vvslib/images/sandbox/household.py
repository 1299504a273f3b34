"""Furniture and tableware."""

from collections.abc import Sequence

import numpy as np

from vvslib.images.sandbox.category import ANY, ANY_TEXTURED, BRASS, WHITE, WOOD, Category, Paint, between
from vvslib.images.sandbox.mesh import Mesh, join
from vvslib.images.sandbox.shapes import box, cylinder, lathe, smooth, tube


def bottle(u: Sequence[float]) -> Mesh:
    """A wine bottle with label and capsule."""
    wide, shoulder = between(0.3, 0.42, u[0]), between(0.1, 0.4, u[1])
    profile = [(0, -1.1), (wide * 0.96, -1.1), (wide, -1.04), (wide, shoulder - 0.15)]
    neck = smooth([(wide, shoulder - 0.15), (wide * 0.9, shoulder), (0.14, shoulder + 0.32), (0.12, shoulder + 0.42)], 4)
    glass = lathe([*profile, *neck[1:], (0.12, 1.1), (0, 1.1)], 0, 20)
    label = lathe([(wide + 0.012, -0.75), (wide + 0.012, -0.75 + 0.5 + 0.2 * u[2])], 1, 20)
    capsule = lathe([(0.13, 0.72), (0.13, 1.12), (0, 1.12)], 2, 14)
    lip = lathe([(0.12, 1.0), (0.16, 1.02), (0.16, 1.1), (0.12, 1.12)], 2, 14)
    return join(glass, label, capsule, lip)


def chair(u: Sequence[float]) -> Mesh:
    """A chair with a back of slats, facing +z."""
    wide, back = between(0.46, 0.58, u[0]), between(0.85, 1.15, u[1])
    seat = box((0, 0, 0), (2 * wide, 0.12, 1.0), 1)
    legs = [box((x, -0.48, z), (0.12, 0.9, 0.12), 0, (1.0, 1.0)) for x in (-wide + 0.06, wide - 0.06) for z in (-0.44, 0.44)]
    posts = [box((x, back / 2, -0.46), (0.12, back, 0.1), 0) for x in (-wide + 0.06, wide - 0.06)]
    rails = [box((0, y * back, -0.46), (2 * wide - 0.12, 0.16, 0.06), 0) for y in ((0.9, 0.62, 0.34) if u[2] < 0.6 else (0.92,))]
    slats = [] if u[2] < 0.6 else [box((x * wide, back * 0.46, -0.46), (0.1, back * 0.9, 0.05), 0) for x in (-0.45, 0, 0.45)]
    return join(seat, *legs, *posts, *rails, *slats)


def lamp(u: Sequence[float]) -> Mesh:
    """A table lamp with a shade."""
    wide, top = between(0.62, 0.78, u[0]), between(0.28, 0.45, u[1])
    foot = lathe([(0, -1.02), (0.46, -1.02), (0.46, -0.94), (0.12, -0.86), (0, -0.86)], 0, 20)
    bulge = between(0.1, 0.3, u[2])
    stem = lathe(smooth([(0.07, -0.88), (bulge, -0.55), (bulge * 0.8, -0.25), (0.06, 0.05), (0.05, 0.3)], 4), 0, 14)
    shade = lathe([(wide, 0.12), (top, 0.95)], 1, 24)
    bulb = lathe(smooth([(0, 0.8), (0.16, 0.6), (0.06, 0.3)], 4), 2, 10)
    return join(foot, stem, shade, bulb)


def mug(u: Sequence[float]) -> Mesh:
    """A mug, its handle towards +x."""
    wide, tall, taper = between(0.5, 0.66, u[0]), between(0.55, 0.75, u[1]), between(0.9, 1.1, u[2])
    low, high = wide / taper, wide
    body = lathe([(0, -tall), (low * 0.9, -tall), (low, -tall + 0.06), (high, tall)], 0, 24)
    rim = lathe([(high, tall), (high - 0.06, tall), (low - 0.08, -tall + 0.12)], 1, 24)
    drink = lathe([(high - 0.06, tall * 0.55), (0, tall * 0.55)], 2, 20)
    arc = [(wide * 0.92, tall * 0.66, 0), (wide + 0.34, tall * 0.6, 0), (wide + 0.46, 0.02, 0), (wide + 0.3, -tall * 0.56, 0),
           (wide * 0.9, -tall * 0.6, 0)]  # fmt: skip
    return join(body, rim, drink, tube(smooth(arc, 5), 0.095, 0, 8))


def table(u: Sequence[float]) -> Mesh:
    """A table on four legs; for some exemplars a round one on one foot."""
    if u[0] > 0.75:
        top = lathe([(0, 0.52), (1.0, 0.52), (1.0, 0.4), (0, 0.4)], 0, 28)
        foot = lathe(smooth([(0.1, 0.4), (0.1, 0.0), (0.14, -0.4), (0.5, -0.56), (0, -0.58)], 4), 1, 16)
        return join(top, foot)
    long, deep = between(0.95, 1.2, u[1]), between(0.55, 0.75, u[2])
    top = box((0, 0.5, 0), (2 * long, 0.12, 2 * deep), 0)
    apron = box((0, 0.38, 0), (1.8 * long, 0.14, 1.75 * deep), 1)
    legs = [box((x, -0.1, z), (0.15, 1.1, 0.15), 1) for x in (-long + 0.14, long - 0.14) for z in (-deep + 0.14, deep - 0.14)]
    return join(top, apron, *legs)


def wineglass(u: Sequence[float]) -> Mesh:
    """A wine glass, filled in part."""
    wide, bowl = between(0.42, 0.56, u[0]), between(0.75, 0.95, u[1])
    foot = lathe([(0, -1.06), (0.44, -1.06), (0.42, -1.02), (0.06, -0.95)], 0, 20)
    stem = lathe([(0.055, -0.97), (0.045, -0.3), (0.07, -0.12)], 0, 10)
    rim = -0.12 + 1.3 * bowl
    cup = lathe(smooth([(0.0, -0.14), (wide * 0.62, 0.02), (wide, 0.4), (wide * 0.94, 0.66), (wide * 0.74, rim)], 5), 1, 24)
    wine = lathe(smooth([(0.0, -0.15), (wide * 0.64, 0.01), (wide + 0.01, 0.4)], 5), 2, 24)
    surface = lathe([(wide * 0.98, 0.42), (0, 0.42)], 2, 20)
    return join(foot, stem, cup, wine, surface)


def umbrella(u: Sequence[float]) -> Mesh:
    """An open umbrella with a crooked handle."""
    wide, high = between(0.95, 1.1, u[0]), between(0.42, 0.62, u[1])
    panels = []
    arch = smooth([(0.0, high), (0.45, high * 0.9), (0.82, high * 0.5), (1.0, 0.0)], 4)
    for k in range(8):
        whole = lathe(arch * (wide, 1.0), k % 2, 32)
        kept = (np.arange(len(whole.faces)) // 2 % 32) // 4 == k
        panels.append(Mesh(whole.vertices.copy(), whole.faces[kept], whole.slots[kept]))
    canopy = join(*panels)
    n = len(arch)
    for row in range(n):
        for column in range(32):
            # The hem is drawn up between the ribs.
            t = row / (n - 1)
            canopy.vertices[row * 32 + column :: n * 32, 1] += 0.14 * t * t * t * (column % 4) * (4 - column % 4) / 4
    shaft = cylinder((0, high + 0.12, 0), (0, -0.85, 0), 0.03, 2, n=8)
    hook = tube(smooth([(0, -0.8, 0), (0.02, -1.0, 0), (0.13, -1.1, 0), (0.25, -1.0, 0), (0.26, -0.9, 0)], 4), 0.045, 3, 8)
    return join(canopy, shaft, hook)


GLASS = Paint(((0.85, 0.9, 0.93), (0.75, 0.85, 0.88)), 0.8)
WINE = Paint(((0.5, 0.05, 0.12), (0.93, 0.82, 0.45)), 0.5)
BOTTLE = Paint(((0.1, 0.28, 0.14), (0.3, 0.2, 0.08), (0.08, 0.15, 0.1), (0.2, 0.4, 0.35)), 0.8)
SHADE = Paint(((0.97, 0.9, 0.7), (0.93, 0.75, 0.5), (0.6, 0.75, 0.8), (0.8, 0.35, 0.3)), 0.0)

TABLETOP = Paint(((0.65, 0.45, 0.27), (0.8, 0.62, 0.42), (0.92, 0.9, 0.86), (0.35, 0.22, 0.14)), 0.15, ANY)
LABEL = Paint(((0.95, 0.92, 0.82), (0.85, 0.3, 0.2)), 0.0)
DRINK = Paint(((0.25, 0.14, 0.08), (0.5, 0.32, 0.18)), 0.2)
STEEL = Paint(((0.35, 0.35, 0.38),), 0.5)

CATEGORIES = (
    Category("bottle", bottle, (BOTTLE, LABEL, Paint((), 0.4)), (0, 10)),
    Category("chair", chair, (WOOD, Paint((), 0.05, ANY)), (30, 18)),
    Category("lamp", lamp, (BRASS, SHADE, WHITE), (0, 6)),
    Category("mug", mug, (Paint((), 0.4, ANY), WHITE, DRINK), (-25, 22), fill=0.95),
    Category("table", table, (TABLETOP, WOOD), (25, 20)),
    Category("umbrella", umbrella, (Paint((), 0.1), ANY_TEXTURED, STEEL, WOOD), (0, 8)),
    Category("wineglass", wineglass, (GLASS, GLASS, WINE), (0, 10)),
)
