"""What a figure shows, said once: panels of layers, with one legend for all.

Nothing here draws: `static` and `interactive` do, from the same description, which is checked when it is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from vvslib.errors import VvsError
from vvslib.plotting import labels, palette
from vvslib.plotting.layers import Curve, Estimates, Layer, Line, Points


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of axes. A panel of estimates has its rows on the y axis and holds nothing else.

    Attributes
    ----------
    layers
        Drawn in order, first at the back.
    x_label, y_label
        Quantity and unit.
    title
        Above the panel.
    x_log, y_log
        Logarithmic axes; every coordinate must then be positive.
    x_range, y_range
        Limits (low, high); from the layers when None.
    lines
        Reference lines.
    rows
        Names of the rows y = 0, 1, … from the top; points in rows are drawn as ticks. None: the y axis is a quantity.

    Raises
    ------
    VvsError
        When there is no layer, layers do not go together, a range is empty, or a logarithmic axis meets a value at or below 0.

    Examples
    --------
    >>> Panel([Curve([1, 10], [0.3, 0.4])], "C (FLOPs)", "Score").x_log
    True
    """

    layers: Sequence[Layer]
    x_label: str
    y_label: str
    title: str = ""
    x_log: bool = True
    y_log: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    lines: Sequence[Line] = ()
    rows: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("layers", "lines", "rows"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.layers or not all(isinstance(layer, Layer) for layer in self.layers):
            got = ", ".join(type(layer).__name__ for layer in self.layers) or "none"
            raise VvsError(
                f"Panel.layers must be Points, Curve or Estimates, at least one; got {got}; wrap the data in one of them"
            )
        if self.is_forest and not all(isinstance(layer, Estimates) for layer in self.layers):
            raise VvsError("Panel.layers must be all Estimates or none; got a mixture; use two panels")
        if self.rows and not all(isinstance(layer, Points) for layer in self.layers):
            raise VvsError("Panel.layers must be Points where Panel.rows are named; estimates name their own; use two panels")
        for axis in ("x", "y"):
            self._check_axis(axis)

    def _check_axis(self, axis: str) -> None:
        limits, logarithmic = getattr(self, f"{axis}_range"), getattr(self, f"{axis}_log")
        if limits is not None and not (len(limits) == 2 and limits[0] < limits[1]):
            raise VvsError(f"Panel.{axis}_range must be (low, high) with low < high; got {limits}; swap or widen it")
        if not logarithmic or (axis == "y" and self.is_forest):
            return
        wrong = sum(int(np.sum(values <= 0)) for values in self._coordinates(axis)) + sum(v <= 0 for v in limits or ())
        if wrong:
            label = getattr(self, f"{axis}_label")
            raise VvsError(
                f"Panel.{axis}_log must be False, or every {axis} positive; got {wrong} values at or below 0 on {label!r}; "
                f"drop those rows, or set {axis}_log=False"
            )

    def _coordinates(self, axis: str) -> list[np.ndarray]:
        found = [np.array([line.at], float) for line in self.lines if line.axis == axis]
        for layer in self.layers:
            if isinstance(layer, Points):
                found.append(layer.shown()[getattr(layer, axis)].to_numpy(float))
            elif isinstance(layer, Curve):
                found += [layer.x] if axis == "x" else [v for v in (layer.y, layer.low, layer.high) if v is not None]
            elif axis == "x":
                found += [layer.value, layer.low, layer.high, np.atleast_1d(np.array(layer.reference, float))]
        return [values[np.isfinite(values)] for values in found]

    def extent(self, axis: Literal["x", "y"]) -> tuple[float, float]:
        """Smallest and largest coordinate along an axis: its range where one is set, otherwise what the layers hold."""
        limits = getattr(self, f"{axis}_range")
        if limits is not None:
            return tuple(map(float, limits))
        values = np.concatenate([*self._coordinates(axis), np.empty(0)])
        return (float(values.min()), float(values.max())) if len(values) else (1.0, 10.0)

    def named_rows(self) -> tuple[list[str], list[float]]:
        """Names of the rows from the top, and by how much each layer of estimates is set off from its row, in rows."""
        n = len(self.layers)
        if self.rows:
            return list(self.rows), [0.0] * n
        rows = dict.fromkeys(label for layer in self.layers if isinstance(layer, Estimates) for label in layer.labels)
        return list(rows), [(position - (n - 1) / 2) * 0.6 / n for position in range(n)]

    def spelled(self) -> "Panel":
        """The same with its words as readers are shown them (`labels.spelled`)."""
        words = {name: labels.spelled(getattr(self, name)) for name in ("x_label", "y_label", "title")}
        words["rows"] = [labels.spelled(name) for name in self.rows]
        return replace(self, layers=[_spelled(layer) for layer in self.layers], **words)

    @property
    def is_forest(self) -> bool:
        """Whether the panel shows estimates, with their labels on the y axis."""
        return any(isinstance(layer, Estimates) for layer in self.layers)

    @property
    def in_rows(self) -> bool:
        """Whether the y axis has names of rows on it, not a quantity."""
        return self.is_forest or bool(self.rows)


def _spelled(layer: Layer) -> Layer:
    if isinstance(layer, Estimates):
        return replace(layer, labels=[labels.spelled(text) for text in layer.labels], label=labels.spelled(layer.label))
    return replace(layer, label=labels.spelled(layer.label))


@dataclass(frozen=True, eq=False)
class Figure:
    """Panels side by side, with one legend for all.

    Attributes
    ----------
    panels
        In reading order.
    columns
        Panels in a row; all of them up to three, two where there are four, three otherwise, when None.
    legend
        Whether there is one.
    height
        Of the panels together, in pixels of a page 720 px wide; chosen from the rows when None.
    alt
        One sentence for those who do not see the figure; composed from the layers when empty.

    Raises
    ------
    VvsError
        When there is no panel, or columns or height are not positive.

    Examples
    --------
    >>> Figure([Panel([Curve([1, 10], [0.3, 0.4])], "C (FLOPs)", "Score")]).description()
    'Score against C (FLOPs): 1 curve.'
    """

    panels: Sequence[Panel]
    columns: int | None = None
    legend: bool = True
    height: float | None = None
    alt: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "panels", tuple(self.panels))
        n = len(self.panels)
        if not n or not all(isinstance(panel, Panel) for panel in self.panels):
            raise VvsError(f"Figure.panels must be Panels, at least one; got {n} of them; wrap the layers in a Panel")
        columns = (2 if n == 4 else min(n, 3)) if self.columns is None else self.columns
        if columns < 1 or (self.height is not None and self.height <= 0):
            raise VvsError(f"Figure.columns and Figure.height must be positive; got {columns} and {self.height}; leave them None")
        object.__setattr__(self, "columns", min(columns, n))
        scales = sorted({layer.colour for layer in self.layers(Points) if layer.colour is not None})
        if len(scales) > 1:
            raise VvsError(
                f"Points.colour must be the same column in all panels of a figure; got {', '.join(scales)}; make two figures"
            )
        palette.fills(self.fill_values)

    @property
    def rows(self) -> int:
        """Number of rows of panels."""
        return -(-len(self.panels) // self.columns)

    def layers(self, kind: type[Layer]) -> list[Any]:
        """All layers of one kind, in reading order."""
        return [layer for panel in self.panels for layer in panel.layers if isinstance(layer, kind)]

    @cached_property
    def group_values(self) -> list[object]:
        """Values of the points' groups, in the palette's order."""
        return palette.ordered(v for p in self.layers(Points) if p.group is not None for v in p.shown()[p.group].unique())

    @cached_property
    def fill_values(self) -> list[object]:
        """Values of the points' fills, in the palette's order."""
        return palette.ordered(v for p in self.layers(Points) if p.fill is not None for v in p.shown()[p.fill].unique())

    def spelled(self) -> "Figure":
        """The same with its words as readers are shown them (`labels.spelled`); what the data hold stays as it is.

        Examples
        --------
        >>> panel = Panel([Curve([1, 10], [0.3, 0.4])], "C (FLOPs)", "Score", title="behavior")
        >>> Figure([panel]).spelled().panels[0].title, panel.title
        ('behaviour', 'behavior')
        """
        return replace(self, panels=[panel.spelled() for panel in self.panels], alt=labels.spelled(self.alt))

    def description(self) -> str:
        """The alt text: the one given, or what is drawn and how much of it."""
        if self.alt:
            return self.alt
        sentences = []
        for panel in self.panels:
            counts = {
                "point": sum(len(layer.shown()) for layer in panel.layers if isinstance(layer, Points)),
                "curve": sum(isinstance(layer, Curve) for layer in panel.layers),
                "estimate": sum(len(layer.labels) for layer in panel.layers if isinstance(layer, Estimates)),
            }
            said = ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for name, n in counts.items() if n)
            axes = (
                f"{panel.x_label} of {len(panel.layers[0].labels)} rows"
                if panel.is_forest
                else f"{panel.y_label} against {panel.x_label}"
            )
            title = f"{panel.title}: " if panel.title else ""
            sentences.append(f"{title}{axes}: {said or 'nothing'}.")
        return " ".join(sentences)
