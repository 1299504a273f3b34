"""Things to hold and use."""

from collections.abc import Sequence

from vvslib.images.sandbox.category import BLACK, BRASS, METAL, WOOD, Category, Paint, between
from vvslib.images.sandbox.mesh import Mesh, join
from vvslib.images.sandbox.scene import STRIPED
from vvslib.images.sandbox.shapes import box, cylinder, fan, ring, smooth


def guitar(u: Sequence[float]) -> Mesh:
    """A guitar, its strings towards +z and its head up."""
    waist, hips = between(0.28, 0.36, u[0]), between(0.5, 0.6, u[1])
    right = [
        (0.0, 0.32),
        (0.24, 0.3),
        (0.4, 0.1),
        (waist, -0.2),
        (hips * 0.85, -0.48),
        (hips, -0.78),
        (hips * 0.75, -1.08),
        (0.0, -1.2),
    ]
    curve = smooth(right, 4)
    outline = [*curve, *(curve[-2:0:-1] * (-1.0, 1.0))]
    body = fan((0.0, -0.4), outline, 0.28, 0)
    edge = fan((0.0, -0.4), [(x * 1.03, -0.4 + (y + 0.4) * 1.03) for x, y in outline], 0.24, 1)
    hole = cylinder((0, -0.28, 0.1), (0, -0.28, 0.152), 0.18, 2, n=18)
    neck = box((0, 0.72, 0.1), (0.16, 1.3, 0.1), 1)
    head = box((0, 1.5, 0.1), (0.26, 0.36, 0.08), 1, (1.15, 1.0))
    bridge = box((0, -0.82, 0.15), (0.34, 0.08, 0.06), 2)
    strings = [box((x, 0.25, 0.165), (0.014, 2.1, 0.01), 3) for x in (-0.045, 0.0, 0.045)]
    pegs = [cylinder((-0.2, y, 0.1), (0.2, y, 0.1), 0.035, 3, n=6) for y in (1.4, 1.52, 1.62)]
    return join(body, edge, hole, neck, head, bridge, *strings, *pegs)


def hammer(u: Sequence[float]) -> Mesh:
    """A claw hammer, its head up and its claw towards −x."""
    long, heavy = between(1.1, 1.35, u[0]), between(0.9, 1.15, u[1])
    handle = cylinder((0, -long, 0), (0, 0.62, 0), 0.11, 0, 0.08, 10)
    grip = cylinder((0, -long - 0.02, 0), (0, -long + 0.62, 0), 0.135, 1, 0.12, 10)
    cheek = box((0, 0.62, 0), (0.34 * heavy, 0.3, 0.26), 2)
    neck = cylinder((0.1, 0.63, 0), (0.42 * heavy, 0.63, 0), 0.12, 2, n=12)
    face = cylinder((0.38 * heavy, 0.63, 0), (0.58 * heavy, 0.63, 0), 0.185, 2, n=14)
    curve = [(-0.12, 0.76), (-0.42, 0.72), (-0.72, 0.4), (-0.66, 0.38), (-0.4, 0.56), (-0.12, 0.5)]
    claw = [fan((-0.3, 0.66), curve, 0.1, 2, 0.7).turned("y", 9 * s).moved(0, 0, 0.07 * s) for s in (-1, 1)]
    return join(handle, grip, cheek, neck, face, *claw)


def key(u: Sequence[float]) -> Mesh:
    """A door key, its ring up and its bit towards +x."""
    bow, deep = between(0.34, 0.44, u[0]), between(0.32, 0.46, u[1])
    loop = ring((0, 0.85, 0), bow, 0.11, 0, 24, 0.8)
    collar = cylinder((0, 0.3, 0), (0, 0.44, 0), 0.15, 0, n=12)
    shaft = cylinder((0, 0.5, 0), (0, -1.2, 0), 0.095, 0, n=12)
    bits = [box((deep / 2, y, 0), (deep, 0.17, 0.12), 0) for y in (-1.08, -0.58)]
    web = box((deep * 0.28, -0.83, 0), (deep * 0.56, 0.6, 0.1), 0)
    if u[2] > 0.6:
        petals = [ring((x, 0.78, 0), bow * 0.62, 0.085, 0, 16, 0.8) for x in (-bow * 0.95, bow * 0.95)]
        top = ring((0, 0.8 + bow, 0), bow * 0.62, 0.085, 0, 16, 0.8)
        loop = join(*petals, top)
    return join(loop, collar, shaft, web, *bits)


SOUNDBOARD = Paint(((0.85, 0.58, 0.28), (0.7, 0.3, 0.12), (0.9, 0.72, 0.42), (0.2, 0.25, 0.5)), 0.35, STRIPED)
GRIP = Paint(((0.7, 0.15, 0.1), (0.12, 0.12, 0.14), (0.85, 0.6, 0.1)), 0.1)

CATEGORIES = (
    Category("guitar", guitar, (SOUNDBOARD, WOOD, BLACK, METAL), (18, 6)),
    Category("hammer", hammer, (WOOD, GRIP, METAL), (15, 6)),
    Category("key", key, (BRASS,), (15, 6)),
)
