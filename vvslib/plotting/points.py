"""Rows of a frame as markers: one layer of a panel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vvslib.errors import VvsError, suggest
from vvslib.plotting import labels, palette

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Points:
    """Rows of a frame as markers. Rows without x, y or colour are not drawn.

    Attributes
    ----------
    frame
        One row per marker.
    x, y
        Numeric columns.
    group
        Column whose value (architecture family, region) sets colour and shape, and which the legend toggles.
    fill
        Column whose value (data set) sets the marker's fill, and which is toggled on its own; at most `palette.FILLS` values.
    colour
        Numeric column on a continuous scale with a colour bar; `group` then sets the shape only.
    label
        Legend entry where there is no group.
    hover
        Columns shown on hover; those of `labels.HOVER` that the frame has when None.

    Raises
    ------
    VvsError
        When a column does not exist, or is not numeric where it must be.

    Examples
    --------
    >>> import pandas as pd
    >>> Points(pd.DataFrame({"n_params": [1e6, 1e7], "score": [0.3, 0.4]}), x="n_params", y="score").columns()
    ['n_params', 'score']
    """

    frame: "pd.DataFrame"
    x: str
    y: str
    group: str | None = None
    fill: str | None = None
    colour: str | None = None
    label: str = ""
    hover: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not hasattr(self.frame, "columns"):
            raise VvsError(f"Points.frame must be a pandas DataFrame; got {type(self.frame).__name__}; wrap it in one")
        if self.hover is None:
            object.__setattr__(self, "hover", tuple(name for name in labels.HOVER if name in self.frame.columns))
        for role in ("x", "y", "group", "fill", "colour"):
            name = getattr(self, role)
            if name is None:
                continue
            if name not in self.frame.columns:
                raise VvsError(f"Points.{role} must be a column of the frame; got {name!r}; {suggest(name, self.frame.columns)}")
            if role in ("x", "y", "colour") and self.frame[name].dtype.kind not in "iufb":
                raise VvsError(
                    f"Points.{role} must be a numeric column; got {name!r} of dtype {self.frame[name].dtype}; convert it first"
                )
        for name in self.hover:
            if name not in self.frame.columns:
                raise VvsError(f"Points.hover must be columns of the frame; got {name!r}; {suggest(name, self.frame.columns)}")

    def shown(self) -> "pd.DataFrame":
        """The rows that are drawn: those where x, y, colour, group and fill are known and finite."""
        numeric = [name for name in (self.x, self.y, self.colour) if name is not None]
        named = [name for name in (self.group, self.fill) if name is not None]
        finite = np.isfinite(self.frame[numeric].to_numpy(dtype=float, na_value=np.nan)).all(axis=1)
        return self.frame[finite & self.frame[named].notna().to_numpy().all(axis=1)]

    def parts(self) -> Iterator[tuple[Any, Any, "pd.DataFrame"]]:
        """The rows by group and fill, in the palette's order: (group or None, fill value or None, rows)."""
        frame = self.shown()
        for group in palette.ordered(frame[self.group].unique()) if self.group is not None else [None]:
            rows = frame if group is None else frame[frame[self.group] == group]
            for variant in palette.ordered(rows[self.fill].unique()) if self.fill is not None else [None]:
                yield group, variant, rows if variant is None else rows[rows[self.fill] == variant]

    def style(self, group: object) -> palette.Style:
        """Colour and shape of a group; of the label where there is no group."""
        if group is not None:
            return palette.style(group)
        return palette.style(self.label) if self.label else palette.Style(palette.PLAIN, "circle", "")

    def columns(self) -> list[str]:
        """Every column the layer uses, once each, in the frame's order."""
        used = {self.x, self.y, self.group, self.fill, self.colour, *self.hover}
        return [name for name in self.frame.columns if name in used]
