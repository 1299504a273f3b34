"""Triangle meshes, and the operations that shapes are put together with.

Coordinates: y up, x to the right, z towards the viewer. Only IEEE additions, multiplications, divisions and square roots are
used, element by element (no BLAS, no C library), and coordinates are rounded to 2**-16, so that a mesh is the same on every
machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from vvslib.images.sandbox.counter import cos_sin

GRID = 65536.0
CREASE = 0.70
"""Faces whose normals have at least this cosine are shaded as one smooth surface."""


@dataclass(frozen=True)
class Mesh:
    """Triangles: vertices float64 (v, 3), faces int (f, 3), and the slot of paint of each face, int (f,)."""

    vertices: np.ndarray
    faces: np.ndarray
    slots: np.ndarray

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        """The mesh shifted."""
        return Mesh(self.vertices + np.array([x, y, z]), self.faces, self.slots)

    def scaled(self, x: float, y: float | None = None, z: float | None = None) -> "Mesh":
        """The mesh stretched along the axes; along all of them by `x` where only that is given."""
        y, z = (x if y is None else y), (x if z is None else z)
        return Mesh(self.vertices * np.array([x, y, z]), self.faces, self.slots)

    def turned(self, axis: str, degrees: float) -> "Mesh":
        """The mesh rotated about the axis ``"x"``, ``"y"`` or ``"z"``, counter-clockwise seen from its tip."""
        i = "xyz".index(axis)
        j, k = (i + 1) % 3, (i + 2) % 3
        c, s = cos_sin(degrees / 360.0)
        turned = self.vertices.copy()
        turned[:, j] = c * self.vertices[:, j] - s * self.vertices[:, k]
        turned[:, k] = s * self.vertices[:, j] + c * self.vertices[:, k]
        return Mesh(turned, self.faces, self.slots)

    def mirrored(self) -> "Mesh":
        """The mesh and its mirror image across the plane x = 0, as one."""
        return join(self, Mesh(self.vertices * np.array([-1.0, 1.0, 1.0]), self.faces[:, ::-1], self.slots))

    def painted(self, slot: int) -> "Mesh":
        """The mesh with all faces in one slot of paint."""
        return Mesh(self.vertices, self.faces, np.full(len(self.faces), slot))


def join(*meshes: Mesh) -> Mesh:
    """Several meshes as one."""
    first = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.faces + n for m, n in zip(meshes, first, strict=False)]),
        np.concatenate([m.slots for m in meshes]),
    )


def normalised(mesh: Mesh, fill: float = 1.0) -> Mesh:
    """The mesh centred on its bounding box, its farthest vertex at distance `fill`, on the grid, without faces of no area."""
    centre = 0.5 * (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0))
    v = mesh.vertices - centre
    farthest = np.sqrt((v[:, 0] * v[:, 0] + v[:, 1] * v[:, 1] + v[:, 2] * v[:, 2]).max())
    v = np.rint(v * (fill / farthest) * GRID) / GRID
    whole = (doubled_areas(v[mesh.faces]) != 0.0).any(axis=1)
    return Mesh(v, mesh.faces[whole], mesh.slots[whole])


def doubled_areas(corners: np.ndarray) -> np.ndarray:
    """The vector along each face's normal, twice its area long; from corners (f, 3, 3) to (f, 3)."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.stack([one[:, j] * two[:, k] - one[:, k] * two[:, j] for j, k in ((1, 2), (2, 0), (0, 1))], axis=1)


def corner_normals(mesh: Mesh) -> np.ndarray:
    """Unit normal at each corner of each face, smooth over all but sharp edges; float64, shape (f, 3, 3).

    At a corner the normals of the faces that meet there are added, weighted by area, where they differ little from the face's
    own. Vertices that coincide count as one.
    """
    keys = np.rint(mesh.vertices * 4096.0).astype(np.int64)
    place = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)[mesh.faces]
    order = np.argsort(place, axis=None, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(place.ravel()[order])) + 1, place.size)
    areas = doubled_areas(mesh.vertices[mesh.faces])
    return np.rint(_corner_normals(areas, order, ends) * GRID) / GRID


@njit(cache=True)
def _corner_normals(area, order, ends):
    """Normals (f, 3, 3) from `doubled_areas`; `order` lists the corners grouped by place, `ends` where each group ends."""
    n = area.shape[0]
    flat, normals = np.zeros((n, 3)), np.zeros((n, 3, 3))
    for f in range(n):
        length = np.sqrt(area[f, 0] * area[f, 0] + area[f, 1] * area[f, 1] + area[f, 2] * area[f, 2])
        for i in range(3):
            flat[f, i] = area[f, i] / length if length > 0.0 else 0.0
    first = 0
    for last in ends:
        for one in order[first:last]:
            f = one // 3
            x = y = z = 0.0
            for other in order[first:last]:
                g = other // 3
                if flat[f, 0] * flat[g, 0] + flat[f, 1] * flat[g, 1] + flat[f, 2] * flat[g, 2] > CREASE:
                    x, y, z = x + area[g, 0], y + area[g, 1], z + area[g, 2]
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0.0:
                normals[f, one % 3] = x / length, y / length, z / length
        first = last
    return normals


def quads(rows: int, columns: int, around: bool) -> np.ndarray:
    """Faces of a grid of vertices, ``rows × columns`` row by row; `around`: the last column meets the first. Int (f, 3)."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if around else columns - 1), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    return np.stack([np.stack([a, c, b], -1), np.stack([b, c, d], -1)], 2).reshape(-1, 3)


def mesh_of(vertices: Sequence | np.ndarray, faces: Sequence | np.ndarray, slot: int) -> Mesh:
    """A mesh of one slot of paint from nested lists or arrays."""
    faces = np.asarray(faces, dtype=np.int64).reshape(-1, 3)
    return Mesh(np.asarray(vertices, dtype=np.float64).reshape(-1, 3), faces, np.full(len(faces), slot))
