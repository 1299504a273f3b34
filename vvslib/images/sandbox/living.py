"""Animals, a face and plants."""

from collections.abc import Sequence

from vvslib.images.sandbox.category import ANY, BARK, BLACK, LEAF, WHITE, Category, Paint, between
from vvslib.images.sandbox.mesh import Mesh, join
from vvslib.images.sandbox.scene import MOTTLED, STRIPED
from vvslib.images.sandbox.shapes import box, cylinder, ellipsoid, lathe, plate, smooth, tube


def bird(u: Sequence[float]) -> Mesh:
    """A perching bird, seen from its side: beak towards +x."""
    stout, tail = between(0.36, 0.5, u[0]), between(0.45, 0.8, u[1])
    body = ellipsoid((0, 0, 0), (0.68, stout, stout * 0.85)).turned("z", 28)
    head = ellipsoid((0.58, 0.6, 0), (0.3, 0.29, 0.27), 0)
    beak = cylinder((0.8, 0.6, 0), (1.0 + 0.22 * u[2], 0.54, 0), 0.11, 3, 0.005, 8)
    wing = ellipsoid((0, 0, 0), (0.52, 0.24, 0.08), 1).turned("z", 22).moved(-0.14, 0.02, stout * 0.8)
    other = ellipsoid((0, 0, 0), (0.52, 0.24, 0.08), 1).turned("z", 22).moved(-0.14, 0.02, -stout * 0.8)
    feathers = plate([(-0.5, -0.08), (-0.5, -0.36), (-0.7 - tail, -0.66), (-0.74 - tail, -0.46)], 0.2, 1)
    eyes = [ellipsoid((0.68, 0.68, z), (0.06, 0.06, 0.05), 4, 8) for z in (-0.22, 0.22)]
    legs = [tube([(0.02, -0.3, z), (0.0, -0.72, z), (0.2, -0.76, z)], 0.04, 3, 6) for z in (-0.14, 0.14)]
    breast = ellipsoid((0.26, -0.05, 0), (0.36, 0.36, stout * 0.84), 2).turned("z", 28)
    return join(body, head, beak, wing, other, feathers, breast, *eyes, *legs)


def dog(u: Sequence[float]) -> Mesh:
    """A dog standing, seen from its side: snout towards +x."""
    leg, length = between(0.5, 0.7, u[0]), between(0.62, 0.8, u[1])
    body = tube(smooth([(-length, 0.02, 0), (-0.2, -0.02, 0), (0.25, -0.04, 0), (length * 0.9, 0.08, 0)], 3),
                smooth([(0.2,), (0.25,), (0.3,), (0.2,)], 3)[:, 0], 0, 12)  # fmt: skip
    neck = cylinder((length * 0.75, 0.1, 0), (length + 0.14, 0.5, 0), 0.2, 0, 0.15)
    head = ellipsoid((length + 0.18, 0.58, 0), (0.23, 0.21, 0.2), 0)
    snout = cylinder((length + 0.25, 0.54, 0), (length + 0.56, 0.47, 0), 0.13, 0, 0.09)
    nose = ellipsoid((length + 0.58, 0.5, 0), (0.06, 0.06, 0.07), 2, 8)
    ears = [ellipsoid((length + 0.04, 0.52, z), (0.1, 0.22, 0.05), 1, 10) for z in (-0.2, 0.2)]
    eyes = [ellipsoid((length + 0.34, 0.66, z), (0.035, 0.04, 0.03), 2, 8) for z in (-0.13, 0.13)]
    legs = [
        tube([(x, -0.05, z), (x - 0.03, -0.3 * leg - 0.1, z), (x, -leg - 0.1, z), (x + 0.12, -leg - 0.12, z)],
             [0.14, 0.09, 0.07, 0.06], 0, 8)
        for x in (-length + 0.08, length * 0.78) for z in (-0.16, 0.16)
    ]  # fmt: skip
    up = between(0.15, 0.6, u[2])
    tail = tube(smooth([(-length - 0.05, 0.08, 0), (-length - 0.25, 0.2 + 0.3 * up, 0), (-length - 0.32, 0.25 + up, 0)], 3),
                smooth([(0.08,), (0.06,), (0.03,)], 3)[:, 0], 0, 8)  # fmt: skip
    return join(body, neck, head, snout, nose, tail, *ears, *eyes, *legs)


def elephant(u: Sequence[float]) -> Mesh:
    """An elephant standing: trunk towards +x."""
    ear, bend = between(0.34, 0.5, u[0]), between(-0.1, 0.35, u[1])
    body = ellipsoid((-0.1, 0, 0), (0.78, 0.52, 0.46))
    head = ellipsoid((0.72, 0.3, 0), (0.33, 0.36, 0.3))
    trunk = tube(
        smooth([(0.92, 0.3, 0), (1.16, 0.05, 0), (1.2, -0.35, 0), (1.2 + bend, -0.66, 0), (1.3 + bend, -0.7, 0)], 4),
        smooth([(0.2,), (0.15,), (0.11,), (0.08,), (0.06,)], 4)[:, 0], 0, 10,
    )  # fmt: skip
    ears = [ellipsoid((0.56, 0.3, 0), (ear * 0.85, ear, 0.05), 1).turned("y", 25 * s).moved(0, 0, 0.3 * s) for s in (-1, 1)]
    tusks = [
        tube([(0.88, 0.1, z), (1.08, -0.12, z * 1.2), (1.28, -0.12, z * 1.2)], [0.06, 0.05, 0.01], 2, 8) for z in (-0.18, 0.18)
    ]
    legs = [cylinder((x, -0.1, z), (x, -0.95, z), 0.2, 0, 0.17, 10) for x in (-0.55, 0.4) for z in (-0.24, 0.24)]
    tail = tube([(-0.84, 0.15, 0), (-0.98, -0.1, 0), (-0.98, -0.4, 0)], [0.05, 0.03, 0.04], 0, 6)
    eyes = [ellipsoid((0.98, 0.42, z), (0.04, 0.04, 0.04), 3, 8) for z in (-0.2, 0.2)]
    return join(body, head, trunk, tail, *ears, *tusks, *legs, *eyes)


def fish(u: Sequence[float]) -> Mesh:
    """A fish: mouth towards +x."""
    tall, fork = between(0.34, 0.55, u[0]), between(0.34, 0.55, u[1])
    body = ellipsoid((0.1, 0, 0), (0.8, tall, 0.2), 0, 18)
    tail = [plate([(-0.5, 0.0), (-0.62, 0.1 * s), (-1.2, fork * s), (-1.0, 0.0)], 0.07, 1, 0.4) for s in (-1, 1)]
    back = plate([(-0.4, tall * 0.6), (0.4, tall * 0.8), (0.1, tall + 0.26), (-0.34, tall + 0.16)], 0.06, 1, 0.4)
    belly = plate([(-0.25, -tall * 0.8), (0.2, -tall * 0.85), (-0.2, -tall - 0.2)], 0.06, 1, 0.4)
    side = [ellipsoid((0.15, -0.06, z), (0.2, 0.1, 0.03), 1, 8).turned("z", 20) for z in (-0.21, 0.21)]
    eyes = [ellipsoid((0.62, 0.12, z), (0.1, 0.1, 0.05), 2, 10) for z in (-0.12, 0.12)]
    eyes += [ellipsoid((0.64, 0.12, z), (0.05, 0.05, 0.03), 3, 8) for z in (-0.16, 0.16)]
    return join(body, *tail, back, belly, *side, *eyes)


def face(u: Sequence[float]) -> Mesh:
    """A head on its neck, looking towards +z."""
    wide, jaw = between(0.58, 0.7, u[0]), between(0.55, 0.75, u[1])
    skull = ellipsoid((0, 0.18, -0.04), (wide, 0.66, 0.68), 0, 20)
    chin = ellipsoid((0, -0.3, 0.08), (wide * jaw * 1.15, 0.46, 0.5), 0, 18)
    hair = ellipsoid((0, 0.32, -0.16), (wide + 0.06, 0.62, 0.66), 1, 20)
    fringe = ellipsoid((0, 0.68, 0.25), (wide * 0.8, 0.2, 0.36), 1, 14)
    nose = join(
        ellipsoid((0, -0.06, 0.66), (0.1, 0.1, 0.12), 0, 10), cylinder((0, 0.24, 0.6), (0, -0.04, 0.68), 0.06, 0, 0.09, 8)
    )
    eye = join(
        ellipsoid((0.24, 0.18, 0.55), (0.13, 0.085, 0.08), 2, 12), ellipsoid((0.24, 0.18, 0.61), (0.06, 0.065, 0.04), 3, 10)
    )
    brow = box((0.25, 0.34, 0.6), (0.28, 0.06, 0.08), 1).turned("z", -4)
    ear = ellipsoid((wide + 0.02, 0.1, -0.05), (0.09, 0.19, 0.13), 0, 10)
    mouth = ellipsoid((0, -0.36, 0.55), (between(0.2, 0.27, u[2]), 0.06, 0.08), 4, 12)
    neck = cylinder((0, -0.5, -0.1), (0, -1.05, -0.12), 0.3, 0, 0.36, 14)
    return join(skull, chin, hair, fringe, nose, eye.mirrored(), brow.mirrored(), ear.mirrored(), mouth, neck)


def mushroom(u: Sequence[float]) -> Mesh:
    """A mushroom with a domed, spotted cap."""
    wide, tall = between(0.75, 1.0, u[0]), between(0.5, 0.75, u[1])
    stem = lathe(smooth([(0, -0.8), (0.3, -0.8), (0.22, -0.4), (0.2, 0.1), (0, 0.12)], 4), 1)
    cap = lathe(smooth([(0, tall), (0.45 * wide, tall * 0.86), (0.85 * wide, tall * 0.4), (wide, 0.0)], 5), 0, 24)
    gills = lathe([(wide, 0.0), (0.9 * wide, -0.06), (0.0, 0.08)], 1, 24)
    dots = []
    for height, around, n in ((0.84, 0.34, 3), (0.45, 0.76, 6)):
        for k in range(n):
            dot = ellipsoid((around * wide, height * tall, 0), (0.12, 0.08, 0.12), 2, 8)
            dots.append(dot.turned("y", 360 * k / n + 40 * n))
    return join(stem, cap, gills, *dots)


def tree(u: Sequence[float]) -> Mesh:
    """A broad-leaved tree, or for half of the exemplars a fir."""
    if u[0] > 0.5:
        stout = between(0.85, 1.2, u[1])
        tiers = [lathe([(0, top), (stout * wide, low), (0, low + 0.06)], 0, 14)
                 for top, low, wide in ((1.25, 0.55, 0.36), (0.85, 0.08, 0.52), (0.4, -0.42, 0.68))]  # fmt: skip
        return join(cylinder((0, -0.9, 0), (0, 0, 0), 0.12, 1, 0.08), *tiers)
    spread = between(0.45, 0.55, u[1])
    blobs = [
        (0, 0.62, 0, 0.5),
        (spread, 0.3, 0.1, 0.42),
        (-spread, 0.28, 0.05, 0.44),
        (0.1, 0.3, -0.45, 0.42),
        (0, 0.35, 0.45, 0.42),
    ]
    crown = [ellipsoid((x, y, z), (r, r * 0.9, r), 0, 14) for x, y, z, r in blobs]
    trunk = tube([(0, -1.0, 0), (0.02, -0.6, 0), (0, 0.2, 0)], [0.2, 0.13, 0.1], 1, 8)
    return join(trunk, *crown)


FUR = Paint(((0.45, 0.3, 0.18), (0.7, 0.5, 0.3), (0.25, 0.2, 0.17), (0.85, 0.78, 0.68)), 0.05, MOTTLED)
SKIN = Paint(((0.93, 0.74, 0.62), (0.78, 0.55, 0.42), (0.5, 0.33, 0.24), (0.98, 0.84, 0.74)), 0.12)
BEAK = Paint(((0.95, 0.6, 0.12), (0.35, 0.3, 0.25)), 0.2)

BREAST = Paint(((0.9, 0.5, 0.3), (0.9, 0.88, 0.8)))
EARS = Paint(((0.3, 0.2, 0.13), (0.5, 0.35, 0.2)), 0.05)
HIDE = Paint(((0.5, 0.5, 0.52), (0.6, 0.57, 0.54)), 0.05, MOTTLED)
HAIR = Paint(((0.2, 0.13, 0.08), (0.45, 0.3, 0.15), (0.85, 0.7, 0.4), (0.55, 0.2, 0.1)), 0.2, MOTTLED)
IRIS = Paint(((0.15, 0.1, 0.08), (0.15, 0.3, 0.5)), 0.5)
LIPS = Paint(((0.72, 0.25, 0.25), (0.6, 0.3, 0.28)), 0.2)
CAP = Paint(((0.8, 0.14, 0.1), (0.7, 0.4, 0.18), (0.85, 0.45, 0.12)), 0.25)
STEM = Paint(((0.93, 0.88, 0.78),), 0.05)

CATEGORIES = (
    Category("bird", bird, (Paint((), 0.1, MOTTLED), Paint((), 0.1, STRIPED), BREAST, BEAK, BLACK), (-25, 10)),
    Category("dog", dog, (FUR, EARS, BLACK), (-35, 12)),
    Category("elephant", elephant, (HIDE, Paint(((0.45, 0.44, 0.46),), 0.05), WHITE, BLACK), (-35, 12)),
    Category("face", face, (SKIN, HAIR, WHITE, IRIS, LIPS), (20, 4)),
    Category("fish", fish, (Paint((), 0.4, ANY), Paint((), 0.2, STRIPED), WHITE, BLACK), (-25, 8)),
    Category("mushroom", mushroom, (CAP, STEM, WHITE), (0, 14)),
    Category("tree", tree, (LEAF, BARK), (0, 5)),
)
