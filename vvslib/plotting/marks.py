"""How markers and forest plots are painted by matplotlib: what plotly offers ready-made, put together from its parts."""

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.ticker import FixedLocator

from vvslib.plotting import palette
from vvslib.plotting.figure import Panel
from vvslib.plotting.layers import Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#1c2128"
BELOW = 0.24
"""By how much of a row a reference stands below its estimate, so that neither hides the other."""
RULE = {"color": "#6a717b", "linewidth": 0.9, "linestyle": (0, (4, 2))}
"""A reference line."""
MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "triangle-left": "<",
    "cross": "P",
    "x": "X",
    "star": "*",
    "pentagon": "p",
    "hexagon": "h",
}
# Marker areas that look equally large; squares and diamonds reach further than circles of the same size.
_SIZES = {"s": 0.85, "D": 0.72, "*": 1.7, "P": 1.15, "X": 1.15, "^": 1.1, "v": 1.1, "<": 1.1}
DASHES = {"solid": "-", "dash": (0, (5, 2)), "dot": (0, (1, 1.6)), "dashdot": (0, (5, 1.6, 1, 1.6))}
COLOUR_MAP = LinearSegmentedColormap.from_list("vvs", palette.SCALE)


def scatter(
    axes: "Axes", layer: Points, fills: dict, norm: Normalize | None, depth: float, size: float, ticks: bool = False
) -> None:
    """Paint the layer's rows, one marker shape and fill at a time.

    Parameters
    ----------
    axes, layer
        Where and what.
    fills
        Fill of each value of the layer's fill column.
    norm
        Of the colour column, shared by the figure's panels.
    depth
        matplotlib's zorder.
    size
        Area of a circle, square points.
    ticks
        Upright strokes for markers.
    """
    for group, variant, part in layer.parts():
        style = layer.style(group)
        if layer.colour is not None and norm is not None:
            colours = COLOUR_MAP(norm(part[layer.colour].to_numpy(float)))
        else:
            colours = mpl.colors.to_rgba_array(style.colour)
        if ticks:
            axes.scatter(part[layer.x], part[layer.y], s=60, marker="|", c=colours, linewidths=1.0, zorder=depth)
            continue
        _markers(axes, part[layer.x], part[layer.y], MARKERS[style.marker], colours, fills.get(variant, "full"), depth, size)


def _markers(axes: "Axes", x: Any, y: Any, marker: str, colours: np.ndarray, fill: str, depth: float, size: float) -> None:
    size *= _SIZES.get(marker, 1.0)
    filled = fill in ("full", "dot")
    axes.scatter(
        x, y, s=size, marker=marker, alpha=0.8, zorder=depth,
        facecolors=colours if filled else "none", edgecolors="white" if filled else colours, linewidths=0.4 if filled else 1.0,
    )  # fmt: skip
    if "dot" in fill:
        axes.scatter(x, y, s=size * 0.14, marker="o", color="white" if filled else colours, linewidths=0, zorder=depth)


def forest(axes: "Axes", panel: Panel) -> None:
    """Paint estimates as rows, the first label at the top; several layers share a row one below the other."""
    names, shifts = panel.named_rows()
    for number, (layer, shift) in enumerate(zip(panel.layers, shifts, strict=True)):
        for i, (label, group) in enumerate(zip(layer.labels, layer.groups(), strict=True)):
            y = names.index(label) + shift
            style = layer.style(group, number)
            axes.plot([layer.low[i], layer.high[i]], [y, y], color=style.colour, linewidth=2.0, zorder=3)
            _markers(axes, [layer.value[i]], [y], MARKERS[style.marker], mpl.colors.to_rgba_array(style.colour), "full", 4, 30)
            if np.ndim(layer.reference):
                axes.plot([layer.reference[i]], [y + BELOW], "D", mfc="none", mec=INK, ms=4, mew=1.0, zorder=3.5)
        if layer.reference is not None and np.ndim(layer.reference) == 0:
            axes.axvline(layer.reference, **RULE, zorder=1.5)


def name_rows(axes: "Axes", names: list[str]) -> None:
    """Name the rows of a panel, the first at the top."""
    axes.yaxis.set_major_locator(FixedLocator(range(len(names))))
    axes.set_yticklabels(names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
