"""What a category of objects is: how an exemplar is built, what it may be painted with, how a catalogue shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vvslib.images.sandbox.mesh import Mesh
from vvslib.images.sandbox.scene import MOTTLED, PLAIN, STRIPED

ANY = -1

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Paint:
    """One slot of paint: the colours it may have (display values, 0 to 1; none for any), gloss from 0 to 1, texture."""

    colours: tuple[Colour, ...] = ()
    gloss: float = 0.1
    texture: int = PLAIN


@dataclass(frozen=True)
class Category:
    """A category: `build` makes an exemplar from numbers in [0, 1), `shape` of them; `view` is the catalogue's turn and nod."""

    name: str
    build: Callable[[Sequence[float]], Mesh]
    paints: tuple[Paint, ...]
    view: tuple[float, float]
    shape: int = 4
    fill: float = 1.0


def between(low: float, high: float, u: float) -> float:
    """The number a share `u` of the way from `low` to `high`."""
    return low + (high - low) * u


ANY_GLOSSY = Paint((), 0.35, PLAIN)
ANY_TEXTURED = Paint((), 0.1, ANY)
BLACK = Paint(((0.08, 0.08, 0.09),), 0.3)
DARK_GLASS = Paint(((0.12, 0.16, 0.22), (0.2, 0.28, 0.36)), 0.6)
WOOD = Paint(((0.55, 0.36, 0.2), (0.7, 0.5, 0.3), (0.4, 0.25, 0.15)), 0.1, STRIPED)
METAL = Paint(((0.7, 0.7, 0.72), (0.55, 0.56, 0.6)), 0.7)
BRASS = Paint(((0.8, 0.65, 0.28), (0.68, 0.68, 0.7), (0.7, 0.5, 0.25)), 0.7)
WHITE = Paint(((0.95, 0.94, 0.9),), 0.2)
LEAF = Paint(((0.25, 0.5, 0.16), (0.35, 0.55, 0.15), (0.16, 0.4, 0.2)), 0.1, MOTTLED)
BARK = Paint(((0.4, 0.28, 0.18),), 0.0, MOTTLED)
