"""What defines an architecture: a kind, numbers, and for small ones the pattern of their names. Nothing here imports torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vvslib.errors import VvsError


@dataclass(frozen=True)
class Kind:
    """What the members that one builder makes have in common.

    Parameters
    ----------
    builder
        ``module.function`` below `vvslib.models`; called as ``function(n_classes, size, **options)``.
    layers
        Regular expression: modules with such a name can be recorded.
    head
        Name of the linear classifier, which `split` takes off; unknown, "", where the builder names it.
    size
        Pixels of a side, where none is asked for.
    smallest
        Smallest side the network accepts, in pixels.
    multiple
        The side must be a multiple of this, in pixels.
    fixed
        Whether the side must be `size`.
    drops
        Whether the builder takes ``drop_path``, the rate of stochastic depth.
    """

    builder: str
    layers: str
    head: str
    size: int = 224
    smallest: int = 1
    multiple: int = 1
    fixed: bool = False
    drops: bool = False


@dataclass(frozen=True)
class Member:
    """One architecture: its name, its family, how it is built, and with which numbers."""

    name: str
    family: str
    kind: Kind
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """Names of small members: ``stem`` followed by one number per limit, and what these numbers stand for."""

    stem: str
    family: str
    kind: Kind
    limits: Mapping[str, int]
    listed: tuple[tuple[int, ...], ...]
    width_multiple: int = 1

    def name(self, *numbers: int) -> str:
        """The name of one member, such as ``small_resnet_w16_d1``."""
        return self.stem + "".join(f"_{letter}{number}" for letter, number in zip(self.limits, numbers, strict=True))

    def read(self, name: str) -> Member | None:
        """The member of that name; None where the name is of another form."""
        match = re.fullmatch(self.stem + "".join(rf"_{letter}([1-9]\d*)" for letter in self.limits), name)
        if match is None:
            return None
        numbers = dict(zip(self.limits, map(int, match.groups()), strict=True))
        for letter, number in numbers.items():
            if number > self.limits[letter] or (letter == "w" and number % self.width_multiple):
                step = f", a multiple of {self.width_multiple}" if letter == "w" and self.width_multiple > 1 else ""
                raise VvsError(
                    f"{letter} of {self.stem} must be from {self.width_multiple if letter == 'w' else 1} to "
                    f"{self.limits[letter]}{step}; got {name!r}; `vvs models` lists a selection"
                )
        options = {"width": numbers["w"]} | ({"depth": numbers["d"]} if "d" in numbers else {})
        return Member(name, self.family, self.kind, options)
