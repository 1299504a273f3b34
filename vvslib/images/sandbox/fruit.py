"""Fruit."""

from collections.abc import Sequence

from vvslib.images.sandbox.category import BARK, LEAF, Category, Paint, between
from vvslib.images.sandbox.mesh import Mesh, join
from vvslib.images.sandbox.scene import MOTTLED
from vvslib.images.sandbox.shapes import ellipsoid, lathe, smooth, tube


def apple(u: Sequence[float]) -> Mesh:
    """An apple with stem and leaf."""
    wide, shoulder = between(0.92, 1.06, u[0]), between(0.62, 0.8, u[1])
    profile = [
        (0, 0.42),
        (0.14, 0.5),
        (0.45, 0.72),
        (wide * 0.86, 0.5),
        (wide, 0.05),
        (wide * 0.8, -0.5),
        (0.42, -shoulder),
        (0, -0.62),
    ]
    flesh = lathe(smooth(profile, 4), 0, 26)
    stem = tube([(0, 0.4, 0), (0.03, 0.75, 0), (0.12, 1.0, 0)], [0.06, 0.05, 0.06], 1, 7)
    leaf = ellipsoid((0, 0, 0), (0.36, 0.05, 0.17), 2).turned("z", 22).moved(0.42, 0.95, 0.05)
    return join(flesh, stem, leaf)


def banana(u: Sequence[float]) -> Mesh:
    """A banana, its ends up."""
    bend = between(0.35, 0.6, u[0])
    path = [(-1.12, 0.48 + bend, 0), (-0.98, 0.12 + bend * 0.85, 0), (-0.6, -0.1, 0), (0, -bend * 0.62, 0), (0.62, -0.06, 0),
            (1.0, 0.2 + bend * 0.7, 0), (1.06, 0.34 + bend * 0.75, 0)]  # fmt: skip
    thick = between(0.2, 0.27, u[1])
    body = tube(
        smooth(path, 4)[3:],
        smooth([(0.07,), (0.09,), (thick * 0.9,), (thick,), (thick * 0.94,), (0.12,), (0.06,)], 4)[3:, 0],
        0,
        6,
    )
    ends = [tube([path[0], path[1]], [0.085, 0.075], 1, 6), ellipsoid(path[-1], (0.075, 0.075, 0.075), 1, 8)]
    return join(body, *ends)


def pear(u: Sequence[float]) -> Mesh:
    """A pear with its stem."""
    neck, wide = between(0.26, 0.4, u[0]), between(0.72, 0.86, u[1])
    profile = [(0, 1.02), (neck * 0.62, 0.98), (neck, 0.72), (neck * 1.25, 0.3), (wide * 0.92, -0.2), (wide, -0.55),
               (wide * 0.7, -0.95), (0.2, -1.06), (0, -1.0)]  # fmt: skip
    stem = tube([(0, 0.95, 0), (0.04, 1.2, 0), (0.14, 1.4, 0)], [0.05, 0.045, 0.06], 1, 7)
    leaf = ellipsoid((0, 0, 0), (0.26, 0.04, 0.13), 2).turned("z", 30).moved(0.32, 1.22, 0)
    parts = [lathe(smooth(profile, 4), 0, 24), stem]
    return join(*parts, leaf) if u[2] > 0.5 else join(*parts)


APPLE = Paint(((0.78, 0.1, 0.1), (0.5, 0.68, 0.15), (0.85, 0.3, 0.12), (0.86, 0.72, 0.2)), 0.4, MOTTLED)
BANANA = Paint(((0.96, 0.82, 0.2), (0.9, 0.78, 0.3), (0.72, 0.78, 0.25)), 0.15, MOTTLED)
PEAR = Paint(((0.72, 0.74, 0.2), (0.55, 0.66, 0.2), (0.8, 0.66, 0.3)), 0.25, MOTTLED)

CATEGORIES = (
    Category("apple", apple, (APPLE, BARK, LEAF), (0, 16), fill=0.9),
    Category("banana", banana, (BANANA, BARK), (10, 8)),
    Category("pear", pear, (PEAR, BARK, LEAF), (0, 8)),
)
