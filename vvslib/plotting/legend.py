"""The printed figures' legend: rows of entries below the panels, measured, so that nothing overlaps and nothing is cut off."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vvslib.plotting import labels, palette
from vvslib.plotting.figure import Figure
from vvslib.plotting.layers import Curve, Estimates, Points
from vvslib.plotting.marks import DASHES, INK, MARKERS, RULE

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

GAP = 0.06
"""Inches between the rows, and between them and the panels."""

Entry = tuple[Any, str]


def reserve(canvas: "Canvas", figure: Figure, fills: Mapping[object, str]) -> None:
    """Make the canvas taller by the legend's height, and put the legend there.

    Parameters
    ----------
    canvas
        With its panels drawn and constrained layout.
    figure
        What it shows.
    fills
        Data set → fill.
    """
    width, height = canvas.get_size_inches()
    placed = [_wrapped(canvas, section, 0.98 * width) for section in _sections(figure, fills) if section]
    if not placed:
        return
    below = sum(size for _, size in placed) + GAP * (len(placed) + 1)
    total = height + below
    canvas.set_size_inches(width, total)
    canvas.get_layout_engine().set(rect=(0, below / total, 1, height / total))
    top = below - GAP
    for legend, size in placed:
        legend.set_bbox_to_anchor((0.5, top / total), transform=canvas.transFigure)
        top -= size + GAP


def _sections(figure: Figure, fills: Mapping) -> list[list[Entry]]:
    """Families; data sets; curves and estimates: each a heading and its entries."""
    points = figure.layers(Points)
    coloured = any(p.colour is not None for p in points)
    groups = figure.group_values
    families: list[Entry] = []
    for group in groups:
        style = palette.style(group)
        families.append((_marker(MARKERS[style.marker], palette.NEUTRAL if coloured else style.colour), style.name))
    plain = {p.label: p.style(None) for p in points if p.group is None and p.label}
    for label, style in plain.items():
        families.append((_marker(MARKERS[style.marker], palette.NEUTRAL if coloured else style.colour), label))
    data_sets: list[Entry] = [(_marker("o", palette.NEUTRAL, fill), palette.style(name).name) for name, fill in fills.items()]
    return [_headed(points, "group", families), _headed(points, "fill", data_sets), _lines(figure, groups)]


def _headed(points: list[Points], role: str, entries: list[Entry]) -> list[Entry]:
    names = dict.fromkeys(labels.column(getattr(p, role)) for p in points if getattr(p, role) is not None)
    return [(Line2D([], [], linestyle="none"), f"{' / '.join(names)}:"), *entries] if names and entries else entries


def _lines(figure: Figure, groups: list[object]) -> list[Entry]:
    """One entry a curve; one grey entry for all that belong to a family, whose colour says which."""
    entries: dict[str, Any] = {}
    for curve in figure.layers(Curve):
        shared = curve.group in groups
        colour = palette.NEUTRAL if shared else palette.style(curve.group).colour if curve.group is not None else INK
        name = curve.kind if shared else curve.name
        line = Line2D([], [], color=colour, linestyle=DASHES[curve.dash])
        entries.setdefault(name, line if curve.low is None else (Patch(color=colour, alpha=0.25, linewidth=0), line))
    layers = figure.layers(Estimates)
    for position, layer in enumerate(layers):
        if layer.label:
            style = layer.style(layer.group if isinstance(layer.group, str) else None, position)
            entries.setdefault(layer.label, _marker(MARKERS[style.marker], style.colour, line="-"))
        if np.ndim(layer.reference):
            entries.setdefault(layer.reference_label, _marker("D", INK, "open"))
        elif layer.reference is not None:
            entries.setdefault(layer.reference_label, Line2D([], [], **RULE))
    return [(handle, name) for name, handle in entries.items()]


def _marker(marker: str, colour: str, fill: str = "full", line: str = "none") -> Any:
    filled = fill in ("full", "dot")
    whole = Line2D(
        [],
        [],
        linestyle=line,
        marker=marker,
        color=colour,
        markerfacecolor=colour if filled else "none",
        markersize=8 if marker == "*" else 5.5,
    )
    if "dot" not in fill:
        return whole
    return (whole, Line2D([], [], linestyle="none", marker=".", color="white" if filled else colour, markersize=3.5))


def _wrapped(canvas: "Canvas", entries: list[Entry], width: float) -> tuple[Legend, float]:
    """The entries in as few rows as fit into `width` inches, read row by row; with their height in inches."""
    for columns in range(len(entries), 0, -1):
        rows = -(-len(entries) // columns)
        padded = entries + [(Line2D([], [], linestyle="none"), "")] * (rows * columns - len(entries))
        # matplotlib fills column by column.
        reading = [padded[row * columns + column] for column in range(columns) for row in range(rows)]
        legend = Legend(
            canvas, [handle for handle, _ in reading], [name for _, name in reading],
            loc="upper center", bbox_to_anchor=(0.5, 0.5), ncols=columns, handler_map={tuple: HandlerTuple(ndivide=1)},
        )  # fmt: skip
        canvas.legends.append(legend)
        legend.set_in_layout(False)
        box = legend.get_window_extent(canvas.canvas.get_renderer())
        if box.width / canvas.dpi <= width:
            break
        if columns > 1:
            canvas.legends.remove(legend)
    return legend, box.height / canvas.dpi
