"""Things to travel in, and houses to come home to."""

from collections.abc import Sequence

from vvslib.images.sandbox.category import ANY, ANY_GLOSSY, BLACK, DARK_GLASS, WHITE, WOOD, Category, Paint, between
from vvslib.images.sandbox.mesh import Mesh, join
from vvslib.images.sandbox.scene import MOTTLED, STRIPED
from vvslib.images.sandbox.shapes import box, cylinder, ellipsoid, plate, smooth, tube


def airplane(u: Sequence[float]) -> Mesh:
    """An airliner: nose towards +x."""
    span, sweep = between(0.95, 1.2, u[0]), between(0.25, 0.5, u[1])
    hull = tube(smooth([(-1.2, 0.1, 0), (-0.7, 0.02, 0), (0.2, 0, 0), (0.9, 0, 0), (1.12, -0.03, 0), (1.2, -0.05, 0)], 4),
                smooth([(0.03,), (0.12,), (0.17,), (0.17,), (0.1,), (0.02,)], 4)[:, 0], 0, 14)  # fmt: skip
    wing = plate([(0.34, 0.1), (-0.12, 0.1), (-0.2 - sweep, span), (-0.02 - sweep, span)], 0.07, 1).turned("x", 90)
    tail = plate([(-0.85, 0.05), (-1.15, 0.05), (-1.32, 0.45), (-1.17, 0.45)], 0.05, 1).turned("x", 90).moved(0, 0.1)
    fin = plate([(-0.75, 0.1), (-1.15, 0.1), (-1.34, 0.55), (-1.14, 0.55)], 0.06, 3)
    engine = cylinder((0.2, -0.16, 0.42), (-0.14, -0.16, 0.42), 0.09, 2, 0.07, 10)
    sides = [join(wing, tail, engine), join(wing.scaled(1, 1, -1), tail.scaled(1, 1, -1), engine.scaled(1, 1, -1))]
    cockpit = ellipsoid((0.98, 0.07, 0), (0.12, 0.07, 0.1), 2, 10)
    windows = [box((0.1, 0.06, z), (1.25, 0.05, 0.02), 2) for z in (-0.165, 0.165)]
    return join(hull, fin, cockpit, *windows, *sides)


def car(u: Sequence[float]) -> Mesh:
    """A car, seen from its side: bonnet towards +x."""
    roof, back = between(0.5, 0.66, u[0]), between(-0.95, -0.6, u[1])
    low = [(-1.12, -0.14), (-1.1, 0.16), (-0.95, 0.22), (0.5, 0.22), (1.02, 0.12), (1.14, -0.02), (1.12, -0.2), (-1.1, -0.2)]
    body = plate(low, 0.92, 0)
    cabin = plate([(back, 0.2), (back + 0.22, roof), (0.22, roof), (0.55, 0.2)], 0.78, 1)
    top = box(((back + 0.44) / 2, roof, 0), (0.1 - back, 0.06, 0.8), 0)
    post = box((-0.12, 0.36, 0), (0.06, roof - 0.18, 0.82), 0)
    wheels = []
    for x in (-0.68, 0.7):
        for z in (-0.42, 0.42):
            wheels += [cylinder((x, -0.22, z - 0.09), (x, -0.22, z + 0.09), 0.25, 2, n=16),
                       cylinder((x, -0.22, z - 0.1), (x, -0.22, z + 0.1), 0.12, 3, n=10)]  # fmt: skip
    lamps = [ellipsoid((1.1, 0.03, z), (0.06, 0.07, 0.1), 4, 8) for z in (-0.32, 0.32)]
    rear = [box((-1.11, 0.06, z), (0.05, 0.1, 0.16), 5) for z in (-0.34, 0.34)]
    return join(body, cabin, top, post, *wheels, *lamps, *rear)


def sailboat(u: Sequence[float]) -> Mesh:
    """A sailing boat: bow towards +x."""
    tall, long = between(1.15, 1.5, u[0]), between(0.85, 1.05, u[1])
    stations = [(-long, 0.22, 0.3), (-0.5, 0.3, 0.36), (0.1, 0.31, 0.38), (0.6, 0.22, 0.34), (long * 1.12, 0.02, 0.12)]
    hull = tube(smooth([(x, -0.5, 0) for x, _, _ in stations], 3), smooth([(w,) for _, w, _ in stations], 3)[:, 0], 0, 12)
    hull = hull.moved(0, 0.5).scaled(1, 0.85, 1).moved(0, -0.52)
    deck = plate([(-long, 0.25), (-long, -0.25), (0.3, -0.3), (long, -0.1), (long * 1.1, 0), (long, 0.1), (0.3, 0.3)], 0.06, 2)
    deck = deck.turned("x", 90).moved(0, -0.33)
    mast = cylinder((0.08, -0.35, 0), (0.08, tall, 0), 0.035, 2, 0.025, 8)
    main = plate([(0.02, -0.1), (0.02, tall - 0.08), (-0.3, tall * 0.45), (-0.86, -0.12)], 0.04, 1)
    jib = plate([(0.16, -0.05), (0.14, tall * 0.86), (long * 1.02, -0.2)], 0.04, 3)
    return join(hull, deck, mast, main, jib)


def house(u: Sequence[float]) -> Mesh:
    """A house with a gabled roof, its gable towards +z."""
    wide, deep, pitch = between(0.62, 0.78, u[0]), between(0.6, 0.95, u[1]), between(0.45, 0.75, u[2])
    walls = plate([(-wide, -0.75), (wide, -0.75), (wide, 0.1), (0, 0.1 + pitch), (-wide, 0.1)], 2 * deep, 0)
    slope = plate(
        [(0, 0.2 + pitch), (0, 0.07 + pitch), (wide + 0.16, 0.02 - pitch * 0.2), (wide + 0.16, 0.13 - pitch * 0.2)],
        2 * deep + 0.2,
        1,
    )
    door = box((-0.25, -0.49, deep), (0.28, 0.52, 0.06), 2)
    panes = [box((0.3, -0.3, deep), (0.3, 0.28, 0.06), 3), box((0, 0.2, deep), (0.24, 0.24, 0.06), 3)]
    panes += [box((wide, -0.28, z), (0.06, 0.3, 0.3), 3) for z in (-deep * 0.5, deep * 0.4)]
    panes += [box((-wide, -0.28, z), (0.06, 0.3, 0.3), 3) for z in (-deep * 0.5, deep * 0.4)]
    chimney = box((wide * 0.5, 0.3 + pitch * 0.5, -deep * 0.4), (0.2, 0.6, 0.2), 4)
    return join(walls, slope.mirrored(), door, *panes, chimney)


BODY = Paint(((0.92, 0.93, 0.95), (0.8, 0.82, 0.85), (0.95, 0.9, 0.8)), 0.4)
SAIL = Paint(((0.97, 0.96, 0.93), (0.95, 0.92, 0.82)), 0.0)

WINGS = Paint(((0.75, 0.77, 0.8), (0.9, 0.9, 0.92)), 0.3)
HUBS = Paint(((0.75, 0.75, 0.78),), 0.6)
REAR = Paint(((0.8, 0.1, 0.08),), 0.3)
WALLS = Paint(((0.9, 0.86, 0.76), (0.72, 0.4, 0.3), (0.85, 0.85, 0.88), (0.9, 0.75, 0.45)), 0.0, MOTTLED)
TILES = Paint(((0.6, 0.22, 0.15), (0.35, 0.25, 0.22), (0.3, 0.33, 0.4)), 0.0, STRIPED)
BRICK = Paint(((0.55, 0.27, 0.2),), 0.0, MOTTLED)
JIB = Paint(((0.96, 0.95, 0.92), (0.85, 0.2, 0.15), (0.2, 0.35, 0.65)), 0.0, ANY)

CATEGORIES = (
    Category("airplane", airplane, (BODY, WINGS, DARK_GLASS, ANY_GLOSSY), (-40, 26)),
    Category("car", car, (Paint((), 0.5), DARK_GLASS, BLACK, HUBS, WHITE, REAR), (-32, 15)),
    Category("house", house, (WALLS, TILES, WOOD, DARK_GLASS, BRICK), (-32, 14)),
    Category("sailboat", sailboat, (Paint((), 0.3), SAIL, WOOD, JIB), (-22, 8)),
)
