"""What can stand in a panel: scattered rows, fitted curves with their bands, estimates with intervals, reference lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vvslib.errors import VvsError, suggest
from vvslib.plotting import palette
from vvslib.plotting.points import Points

Dash = Literal["solid", "dash", "dot", "dashdot"]
DASHES = ("solid", "dash", "dot", "dashdot")


def _vector(owner: str, name: str, values: Any, n: int | None = None) -> np.ndarray:
    """The values as floats of shape (n,)."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise VvsError(f"{owner}.{name} must be numbers; got {values!r:.80}; convert them first") from error
    if array.ndim != 1 or (n is not None and len(array) != n):
        expected = "one-dimensional" if n is None else f"of shape ({n},)"
        raise VvsError(f"{owner}.{name} must be {expected}; got shape {array.shape}; give one number per point")
    return array


def _interval(owner: str, low: Any, high: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    low, high = _vector(owner, "low", low, n), _vector(owner, "high", high, n)
    wrong = np.flatnonzero(low > high)
    if len(wrong):
        raise VvsError(
            f"{owner}.low must not exceed {owner}.high; got {low[wrong[0]]} > {high[wrong[0]]} at {wrong[0]}; swap them"
        )
    return low, high


@dataclass(frozen=True, eq=False)
class Curve:
    """A line through (x, y), with an optional band from low to high.

    Attributes
    ----------
    x, y
        Shape (n,).
    low, high
        Limits of the band, shape (n,), both or neither.
    label
        Legend entry; the group's name when empty.
    group
        Family, region or data set whose colour the curve takes, and with whose points it is toggled.
    dash
        One of `DASHES`.
    band
        What the band is, as the legend says it.

    Raises
    ------
    VvsError
        When lengths differ, low exceeds high, or the dash is unknown.

    Examples
    --------
    >>> Curve([1, 10], [0.3, 0.4], low=[0.2, 0.35], high=[0.4, 0.45], label="power law").name
    'power law, 95 % band'
    """

    x: Any
    y: Any
    low: Any = None
    high: Any = None
    label: str = ""
    group: str | None = None
    dash: Dash = "solid"
    band: str = "95 % band"

    def __post_init__(self) -> None:
        x = _vector("Curve", "x", self.x)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", _vector("Curve", "y", self.y, len(x)))
        if (self.low is None) != (self.high is None):
            raise VvsError("Curve.low and Curve.high must be given together; got one of them; give both, or neither for no band")
        if self.low is not None:
            low, high = _interval("Curve", self.low, self.high, len(x))
            object.__setattr__(self, "low", low)
            object.__setattr__(self, "high", high)
        if self.dash not in DASHES:
            raise VvsError(f"Curve.dash must be one of {', '.join(DASHES)}; got {self.dash!r}; {suggest(self.dash, DASHES)}")

    @property
    def kind(self) -> str:
        """The legend's words where the colour already says the group: the label, or "fit", with the band."""
        return (self.label or "fit") + ("" if self.low is None else f", {self.band}")

    @property
    def name(self) -> str:
        """The legend's words, the band's among them."""
        shown = self.label or (palette.style(self.group).name if self.group is not None else "fit")
        return shown if self.low is None else f"{shown}, {self.band}"


@dataclass(frozen=True, eq=False)
class Estimates:
    """Rows of a forest plot: a labelled value with its interval each, top to bottom.

    Attributes
    ----------
    labels
        One text per row.
    value, low, high
        Shape (n,), in units of the panel's x axis. NaN limits: the value alone is drawn; NaN value: the row stays empty.
    group
        One name for all rows or one per row, which sets the colour and shape.
    reference
        A number (drawn as a line) or one per row (drawn as open diamonds): what the estimates are compared with.
    label
        Legend entry; none when empty.
    reference_label
        What the reference is.

    Raises
    ------
    VvsError
        When lengths differ or low exceeds high.

    Examples
    --------
    >>> Estimates(["V1", "IT"], [0.1, 0.6], [0.05, 0.5], [0.2, 0.7], group=["V1", "IT"]).groups()
    ['V1', 'IT']
    """

    labels: Sequence[str]
    value: Any
    low: Any
    high: Any
    group: str | Sequence[str] | None = None
    reference: Any = None
    label: str = ""
    reference_label: str = "published"

    def __post_init__(self) -> None:
        names = tuple(map(str, self.labels))
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise VvsError(
                f"Estimates.labels must differ from row to row; got {sorted(repeated)[0]!r} twice; tell the rows apart"
            )
        value = _vector("Estimates", "value", self.value, len(names))
        low, high = _interval("Estimates", self.low, self.high, len(names))
        if self.group is not None and not isinstance(self.group, str) and len(self.group) != len(names):
            raise VvsError(
                f"Estimates.group must be one name or one per row; got {len(self.group)} for {len(names)} rows; give {len(names)}"
            )
        reference = self.reference
        if reference is not None:
            reference = float(reference) if np.ndim(reference) == 0 else _vector("Estimates", "reference", reference, len(names))
        for name, content in {"labels": names, "value": value, "low": low, "high": high, "reference": reference}.items():
            object.__setattr__(self, name, content)

    def style(self, group: str | None, position: int) -> palette.Style:
        """Colour and shape of a row; neutral, and its layer's own shape, where there is no group."""
        return palette.style(group) if group is not None else palette.Style(palette.NEUTRAL, palette.MARKERS[position], "")

    def groups(self) -> list[str | None]:
        """The group of each row."""
        return [self.group] * len(self.labels) if self.group is None or isinstance(self.group, str) else list(self.group)


Layer = Points | Curve | Estimates


@dataclass(frozen=True)
class Line:
    """A thin reference line across a panel, with its label.

    Attributes
    ----------
    at
        Where, in units of the axis.
    axis
        ``"y"`` for a horizontal line at that y, ``"x"`` for a vertical one at that x.
    label
        Written along the line.
    """

    at: float
    axis: Literal["x", "y"] = "y"
    label: str = ""

    def __post_init__(self) -> None:
        if self.axis not in ("x", "y"):
            raise VvsError(f"Line.axis must be 'x' or 'y'; got {self.axis!r}; 'y' draws a horizontal line")
