"""All categories and their exemplars, laid out for the renderer."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vvslib.images.sandbox import fruit, household, living, tools, vehicles
from vvslib.images.sandbox.category import Category
from vvslib.images.sandbox.counter import units
from vvslib.images.sandbox.mesh import corner_normals, normalised
from vvslib.images.sandbox.scene import N_COLOURS, N_SLOTS

N_EXEMPLARS = 8
"""Different objects of each category; the first is the typical one."""

CATEGORIES: tuple[Category, ...] = tuple(
    sorted((c for module in (fruit, household, living, tools, vehicles) for c in module.CATEGORIES), key=lambda c: c.name)
)

CLASSES: tuple[str, ...] = tuple(c.name for c in CATEGORIES)
"""Names of the categories, in the order of the labels."""


@dataclass(frozen=True)
class Catalogue:
    """Meshes and palettes as arrays; the mesh of exemplar e of category c is number c · N_EXEMPLARS + e.

    Attributes
    ----------
    corners, normals
        Of every face of every mesh; float64, shape (f, 3, 3).
    slots
        Slot of paint of every face; int64, shape (f,).
    starts
        First face of each mesh, and the number of faces; int64, shape (m + 1,).
    colours, counts, finish
        Palettes by category: float64 (c, N_SLOTS, N_COLOURS, 3), int64 (c, N_SLOTS), and gloss and texture, float64
        (c, N_SLOTS, 2).
    views
        Turn and nod in degrees, float64 (c, 2).
    """

    corners: np.ndarray
    normals: np.ndarray
    slots: np.ndarray
    starts: np.ndarray
    colours: np.ndarray
    counts: np.ndarray
    finish: np.ndarray
    views: np.ndarray


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Every exemplar built and every palette laid out; once a process."""
    meshes = [
        normalised(c.build(units(c.name, exemplar, c.shape)), c.fill) for c in CATEGORIES for exemplar in range(N_EXEMPLARS)
    ]
    n = len(CATEGORIES)
    colours, counts = np.zeros((n, N_SLOTS, N_COLOURS, 3)), np.zeros((n, N_SLOTS), np.int64)
    finish = np.zeros((n, N_SLOTS, 2))
    for i, category in enumerate(CATEGORIES):
        for slot, paint in enumerate(category.paints):
            counts[i, slot] = len(paint.colours)
            colours[i, slot, : len(paint.colours)] = paint.colours or np.zeros((0, 3))
            finish[i, slot] = paint.gloss, paint.texture
    return Catalogue(
        corners=np.concatenate([m.vertices[m.faces] for m in meshes]),
        normals=np.concatenate([corner_normals(m) for m in meshes]),
        slots=np.concatenate([m.slots for m in meshes]).astype(np.int64),
        starts=np.cumsum([0, *(len(m.faces) for m in meshes)]).astype(np.int64),
        colours=colours,
        counts=counts,
        finish=finish,
        views=np.array([c.view for c in CATEGORIES], dtype=np.float64),
    )
