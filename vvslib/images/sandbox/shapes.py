"""The solids that objects are made of: boxes, ellipsoids, turned and drawn profiles, bent tubes."""

from collections.abc import Sequence

import numpy as np

from vvslib.images.sandbox.counter import cos_sin
from vvslib.images.sandbox.mesh import Mesh, mesh_of, quads

Point = Sequence[float]


def circle(n: int) -> np.ndarray:
    """Cosine and sine of `n` equal steps around; shape (n, 2)."""
    return np.array([cos_sin(k / n) for k in range(n)])


def smooth(points: Sequence[Point], per: int = 4) -> np.ndarray:
    """A curve through the points (Catmull-Rom), `per` steps from each to the next; shape ((k − 1)·per + 1, d).

    Examples
    --------
    >>> smooth([(0, 0), (1, 0), (2, 0)], 2).tolist()
    [[0.0, 0.0], [0.4375, 0.0], [1.0, 0.0], [1.5625, 0.0], [2.0, 0.0]]
    """
    p = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([p[:1], p, p[-1:]])
    curve = []
    for i in range(len(p) - 1):
        a, b, c, d = padded[i : i + 4]
        for step in range(per):
            t = step / per
            curve.append(b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a))))
    return np.array([*curve, p[-1]])


def lathe(profile: Sequence[Point] | np.ndarray, slot: int = 0, n: int = 20) -> Mesh:
    """What turning a profile of (radius, height) about the y axis encloses."""
    profile = np.asarray(profile, dtype=np.float64)
    ring = circle(n)
    radius, height = profile[:, 0, None], profile[:, 1, None]
    vertices = np.stack([radius * ring[:, 0], np.broadcast_to(height, (len(profile), n)), -radius * ring[:, 1]], -1)
    return mesh_of(vertices, quads(len(profile), n, True), slot)


def ellipsoid(centre: Point, radii: Point, slot: int = 0, n: int = 14) -> Mesh:
    """An ellipsoid with its axes along x, y, z."""
    arc = [cos_sin(k / (2 * (n // 2)) - 0.25) for k in range(n // 2 + 1)]
    return lathe(arc, slot, n).scaled(*radii).moved(*centre)


def box(centre: Point, size: Point, slot: int = 0, top: Point = (1.0, 1.0)) -> Mesh:
    """A box of full lengths `size`; its upper face is `top` times as long in x and z."""
    x, y, z = (0.5 * s for s in size)
    corners = [(sx * x * k, sy * y, sz * z * m) for sy, k, m in ((-1, 1, 1), (1, *top)) for sx in (-1, 1) for sz in (-1, 1)]
    sides = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = [triangle for a, b, c, d in sides for triangle in ((a, b, c), (a, c, d))]
    return mesh_of(corners, faces, slot).moved(*centre)


def cylinder(low: Point, high: Point, radius: float, slot: int = 0, end: float | None = None, n: int = 12) -> Mesh:
    """A closed cylinder or cone between two points; `end` is the radius at the second one."""
    return tube([low, high], [radius, radius if end is None else end], slot, n)


def tube(points: Sequence[Point] | np.ndarray, radii: Sequence[float] | float, slot: int = 0, n: int = 10) -> Mesh:
    """A closed tube along a path, with a radius at each point."""
    path = np.asarray(points, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(radii, dtype=np.float64), (len(path),))
    ahead = np.concatenate([path[1:], path[-1:]]) - np.concatenate([path[:1], path[:-1]])
    ring, rings, side = circle(n), [], None
    for point, tangent, radius in zip(path, map(_unit, ahead), radii, strict=True):
        if side is None:
            side = np.eye(3)[int(np.argmin(np.abs(tangent)))]
        # The ring is carried along without twisting: what was sideways stays sideways.
        side = _unit(side - tangent * _dot(side, tangent))
        other = _cross(tangent, side)
        rings.append(point + radius * (ring[:, :1] * side + ring[:, 1:] * other))
    vertices = np.concatenate([*rings, path[:1], path[-1:]])
    first, last, end = len(vertices) - 2, len(vertices) - 1, (len(path) - 1) * n
    caps = [((first, k, (k + 1) % n), (last, end + (k + 1) % n, end + k)) for k in range(n)]
    return mesh_of(vertices, np.concatenate([quads(len(path), n, True)[:, ::-1], np.array(caps).reshape(-1, 3)]), slot)


def plate(outline: Sequence[Point] | np.ndarray, depth: float, slot: int = 0, edge: float = 1.0) -> Mesh:
    """A plane outline (x, y), seen whole from its middle, made `depth` thick about z = 0; `edge` < 1 makes it thinner outside."""
    outline = np.asarray(outline, dtype=np.float64)
    middle = 0.5 * (outline.min(axis=0) + outline.max(axis=0))
    return fan(middle, outline, depth, slot, edge)


def fan(middle: Point, outline: Sequence[Point] | np.ndarray, depth: float, slot: int = 0, edge: float = 1.0) -> Mesh:
    """As `plate`, for an outline that is seen whole from the given point."""
    outline = np.asarray(outline, dtype=np.float64)
    n, h = len(outline), 0.5 * depth
    front, back = (np.column_stack([outline, np.full(n, z * edge)]) for z in (h, -h))
    centres = [(middle[0], middle[1], h), (middle[0], middle[1], -h)]
    k, after = np.arange(n), (np.arange(n) + 1) % n
    faces = np.concatenate(
        [
            np.stack([np.full(n, 2 * n), k, after], 1),
            np.stack([np.full(n, 2 * n + 1), n + after, n + k], 1),
            np.stack([k, n + k, after], 1),
            np.stack([after, n + k, n + after], 1),
        ]
    )
    return mesh_of(np.concatenate([front, back, centres]), faces, slot)


def ring(centre: Point, radius: float, thickness: float, slot: int = 0, n: int = 20, flat: float = 1.0) -> Mesh:
    """A torus in the plane z = 0; `flat` scales its depth."""
    around, across = circle(n), circle(8)
    r = radius + thickness * across[None, :, 0]
    z = np.broadcast_to(flat * thickness * across[None, :, 1], r.shape)
    vertices = np.stack([around[:, :1] * r, around[:, 1:] * r, np.broadcast_to(z, (n, 8))], -1)
    closed = np.concatenate([vertices, vertices[:1]])
    return mesh_of(closed, quads(n + 1, 8, True), slot).moved(*centre)


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _unit(a: np.ndarray) -> np.ndarray:
    length = np.sqrt(_dot(a, a))
    return a / length if length > 0.0 else np.array([0.0, 1.0, 0.0])
