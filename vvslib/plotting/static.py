"""Figures for print and for pages without scripts: matplotlib, deterministic PNG and SVG.

Works on figure objects alone: no pyplot, no state left behind, and nobody's matplotlibrc is read.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from vvslib.plotting import labels, palette
from vvslib.plotting.figure import Figure, Panel
from vvslib.plotting.layers import Curve, Points
from vvslib.plotting.legend import reserve
from vvslib.plotting.marks import COLOUR_MAP, DASHES, INK, RULE, forest, name_rows, scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLE = Path(__file__).with_name("vvs.mplstyle")
WIDTH = 7.2
"""Inches; 720 px of the book's column at 100 dots an inch."""
DPI = 200
SIZES = {1: 26, 2: 19}
"""Area of a marker, in square points, by panels in a row; smaller where there are more."""


@contextmanager
def _style() -> Iterator[None]:
    """matplotlib's own defaults and the style file, for as long as something is drawn."""
    with mpl.rc_context(fname=STYLE):
        yield


def draw(figure: Figure) -> Canvas:
    """The figure as matplotlib draws it, 7.2 inches wide.

    Parameters
    ----------
    figure
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas; unknown to pyplot.

    Examples
    --------
    >>> from vvslib.plotting import Curve, Panel
    >>> canvas = draw(Figure([Panel([Curve([1, 10], [0.3, 0.4], label="fit")], "C (FLOPs)", "Score")]))
    >>> canvas.axes[0].get_xlabel()
    'C (FLOPs)'
    """
    canvas = _composed(figure)
    with _style():
        # Ticks are made when first drawn, and take their looks from the style of that moment.
        canvas.draw_without_rendering()
    return canvas


def render(figure: Figure) -> dict[str, bytes]:
    """The figure as PNG (200 dpi) and SVG; the same bytes every time.

    Returns
    -------
    dict
        ``{"png": …, "svg": …}``.

    Examples
    --------
    >>> from vvslib.plotting import Curve, Panel
    >>> figure = Figure([Panel([Curve([1, 10], [0.3, 0.4])], "C (FLOPs)", "Score")])
    >>> render(figure)["png"][1:4]
    b'PNG'
    """
    png, svg = io.BytesIO(), io.BytesIO()
    canvas = _composed(figure)
    canvas.set_dpi(DPI)
    with _style():
        # Not by savefig, which draws everything once more for each file. Laid out once, or things would move between the two.
        canvas.canvas.print_png(png, metadata={"Software": None})
        canvas.set_layout_engine("none")
        FigureCanvasSVG(canvas).print_svg(svg, metadata={"Date": None, "Creator": None})
    return {"png": png.getvalue(), "svg": svg.getvalue()}


def save(figure: Figure, stem: Path | str) -> list[Path]:
    """Write the figure to ``<stem>.png`` and ``<stem>.svg``; each appears under its name when it is complete.

    Returns
    -------
    list of Path
        The two files.

    Examples
    --------
    >>> import tempfile
    >>> from vvslib.plotting import Curve, Panel
    >>> figure = Figure([Panel([Curve([1, 10], [0.3, 0.4])], "C (FLOPs)", "Score")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save(figure, Path(folder) / "example")]
    ['example.png', 'example.svg']
    """
    written = []
    for kind, content in render(figure).items():
        path = Path(f"{stem}.{kind}")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        written.append(path)
    return written


def _composed(figure: Figure) -> Canvas:
    """All that the figure shows, not drawn yet."""
    figure = figure.spelled()
    with _style():
        canvas = Canvas(figsize=(WIDTH, _height(figure)), layout="constrained")
        FigureCanvasAgg(canvas)
        canvas.get_layout_engine().set(w_pad=0.06, h_pad=0.05, wspace=0.03, hspace=0.04)
        grid = canvas.add_gridspec(figure.rows, figure.columns)
        fills = palette.fills(figure.fill_values)
        norm = _norm(figure)
        all_axes = []
        for position, panel in enumerate(figure.panels):
            axes = canvas.add_subplot(grid[position // figure.columns, position % figure.columns])
            _panel(axes, panel, fills, norm, figure.columns)
            left = figure.panels[position - 1] if position % figure.columns else None
            axes.set_ylabel("" if left is not None and left.y_label == panel.y_label else panel.y_label)
            all_axes.append(axes)
        if norm is not None:
            mappable = mpl.cm.ScalarMappable(norm, COLOUR_MAP)
            bar = canvas.colorbar(
                mappable, ax=all_axes, label=labels.column(figure.layers(Points)[0].colour or ""), aspect=30, pad=0.02
            )
            bar.outline.set_visible(False)
            bar.ax.grid(False)
        if figure.legend:
            reserve(canvas, figure, fills)
    return canvas


def _height(figure: Figure) -> float:
    """Inches of the panels together, without the legend."""
    if figure.height is not None:
        return figure.height / 100
    total = 0.0
    for start in range(0, len(figure.panels), figure.columns):
        row = figure.panels[start : start + figure.columns]
        forest = [sum(len(e.labels) for e in p.layers) if p.is_forest else len(p.rows) for p in row if p.in_rows]
        total += max(
            [0.9 + 0.24 * n for n in forest] + ([{1: 4.2, 2: 3.3}.get(figure.columns, 2.7)] if len(forest) < len(row) else [])
        )
    return total


def _norm(figure: Figure) -> Normalize | None:
    coloured = [p.shown()[p.colour].to_numpy(float) for p in figure.layers(Points) if p.colour is not None]
    values = np.concatenate([*coloured, np.empty(0)])
    return Normalize(values.min(), values.max()) if len(values) else None


def _panel(axes: "Axes", panel: Panel, fills: dict, norm: Normalize | None, columns: int) -> None:
    _axis(axes, panel, "x")
    if not panel.in_rows:
        _axis(axes, panel, "y")
    for depth, layer in enumerate(panel.layers, start=2):
        if isinstance(layer, Points):
            scatter(axes, layer, fills, norm, depth, SIZES.get(columns, 14), ticks=bool(panel.rows))
        elif isinstance(layer, Curve):
            colour = palette.style(layer.group).colour if layer.group is not None else INK
            axes.plot(layer.x, layer.y, color=colour, linestyle=DASHES[layer.dash], zorder=depth + 0.5)
            if layer.low is not None:
                axes.fill_between(layer.x, layer.low, layer.high, color=colour, alpha=0.2, linewidth=0, zorder=depth)
    if panel.is_forest:
        forest(axes, panel)
    if panel.in_rows:
        name_rows(axes, panel.named_rows()[0])
    for line in panel.lines:
        along = axes.axhline if line.axis == "y" else axes.axvline
        along(line.at, **RULE, zorder=1.5)
        if line.label:
            place = {
                "y": ((0.01, line.at), axes.get_yaxis_transform(), 0),
                "x": ((line.at, 0.98), axes.get_xaxis_transform(), 90),
            }
            at, transform, rotation = place[line.axis]
            va, ha = ("bottom", "left") if line.axis == "y" else ("top", "right")
            axes.text(
                *at, line.label, transform=transform, rotation=rotation, va=va, ha=ha, fontsize=7.5, color="#4a4f57", zorder=9
            )
    axes.set_xlabel(panel.x_label)
    if panel.title:
        axes.set_title(panel.title)


def _axis(axes: "Axes", panel: Panel, name: str) -> None:
    """Scale, limits and ticks: powers of ten over decades, plain decimals within one."""
    axis = getattr(axes, f"{name}axis")
    low, high = panel.extent(name)
    if getattr(panel, f"{name}_log"):
        getattr(axes, f"set_{name}scale")("log")
        decades = np.log10(high / low)
        if decades < 1.2:
            axis.set_major_locator(LogLocator(subs=(1, 2, 3, 4, 5, 6, 8) if decades < 0.7 else (1, 2, 5)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    if getattr(panel, f"{name}_range") is not None:
        getattr(axes, f"set_{name}lim")(low, high)
