"""Where things stand in an interactive figure: axes, titles, lines; side by side on a wide page, stacked on a narrow one."""

from typing import Any

import numpy as np

from vvslib.plotting import labels, palette
from vvslib.plotting.figure import Figure, Panel
from vvslib.plotting.layers import Curve, Estimates, Points

CLEAR = "rgba(0,0,0,0)"
FAINT = "rgba(125,133,143,0.22)"
WIDTH = 760
"""Of the drawing, in pixels, by which gaps are reckoned."""
NAMED_WIDTH = 640
"""The same beside named rows, whose own names take part of it."""
NAMES, NAMES_NARROW = 12, 10
"""Size of the names of rows, on a wide page and on a narrow one."""


def axis_suffix(position: int) -> str:
    """What plotly appends to the names of the axes of a panel: nothing for the first, then 2, 3, …

    Examples
    --------
    >>> axis_suffix(0), axis_suffix(1)
    ('', '2')
    """
    return "" if position == 0 else str(position + 1)


def arrange(figure: Figure, above: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Layout of the figure, and what to change in it for a wide and for a narrow page.

    Parameters
    ----------
    figure
        What is drawn.
    above
        Pixels that titles and switches take above the panels.

    Returns
    -------
    tuple of dict
        ``layout``; ``wide`` and ``narrow``, flat, for ``Plotly.relayout``.

    Examples
    --------
    >>> from vvslib.plotting import Curve, Panel
    >>> panel = Panel([Curve([1, 10], [0.3, 0.4])], "C (FLOPs)", "Score")
    >>> layout, wide, narrow = arrange(Figure([panel, panel]), 0)
    >>> wide["xaxis.domain"][1] < 0.5, narrow["xaxis.domain"]
    (True, [0.0, 1.0])
    """
    top = 8 + above
    layout: dict[str, Any] = {
        "autosize": True,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"size": 12, "color": palette.NEUTRAL, "family": "system-ui, -apple-system, Segoe UI, DejaVu Sans, sans-serif"},
        "margin": {"l": 10, "r": 10, "t": top, "b": 10, "pad": 2},
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": "#20262e", "font": {"size": 12, "color": "#ffffff"}},
        "modebar": {"bgcolor": CLEAR, "color": palette.NEUTRAL, "activecolor": palette.PLAIN},
        "showlegend": figure.legend,
        "annotations": [],
        "shapes": [],
    }
    if figure.legend:
        layout["legend"] = _legend(figure)
    for position, panel in enumerate(figure.panels):
        end = axis_suffix(position)
        layout[f"xaxis{end}"] = _axis(figure, panel, "x") | {"anchor": f"y{end}"}
        layout[f"yaxis{end}"] = (_rows(panel) if panel.in_rows else _axis(figure, panel, "y")) | {"anchor": f"x{end}"}
        shapes, texts = _lines(panel, end)
        layout["shapes"] += shapes
        layout["annotations"] += texts
        if panel.title:
            layout["annotations"].append(_title(panel.title, end))
    colours = [p for p in figure.layers(Points) if p.colour is not None]
    if colours:
        scale = [[i / (len(palette.SCALE) - 1), colour] for i, colour in enumerate(palette.SCALE)]
        title = {"text": labels.column(colours[0].colour), "side": "right"}
        layout["coloraxis"] = {"colorscale": scale, "colorbar": {"thickness": 12, "outlinewidth": 0, "title": title}}
    wide, narrow = _placed(figure, figure.columns, top, NAMES), _placed(figure, 1, top, NAMES_NARROW)
    for name, value in wide.items():
        _put(layout, name, value)
    return layout, wide, narrow


def _put(layout: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        layout = layout.setdefault(parent, {})
    layout[last] = value


def _legend(figure: Figure) -> dict[str, Any]:
    columns = dict.fromkeys(labels.column(p.group) for p in figure.layers(Points) if p.group is not None)
    # Curves in a family's colour have no entry of their own; what they and their bands are is said once.
    fits = dict.fromkeys(curve.kind for curve in figure.layers(Curve) if curve.group in figure.group_values)
    said = "".join(f" · lines: {kind}" for kind in fits)
    title = {"text": f"{' / '.join(columns)}{said} <i>(click: hide)</i>", "side": "top", "font": {"size": 11}}
    return {
        "orientation": "h",
        "traceorder": "normal",
        "groupclick": "togglegroup",
        "itemsizing": "constant",
        "entrywidthmode": "pixels",
        "entrywidth": 0,
        "x": 0,
        "xanchor": "left",
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "bgcolor": CLEAR,
        **({"title": title} if columns else {}),
    }


def _axis(figure: Figure, panel: Panel, name: str) -> dict[str, Any]:
    low, high = panel.extent(name)
    axis: dict[str, Any] = {
        "title": {"text": getattr(panel, f"{name}_label"), "standoff": 8},
        "automargin": True,
        "gridcolor": FAINT,
        "linecolor": palette.NEUTRAL,
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": palette.NEUTRAL,
    }
    logarithmic = getattr(panel, f"{name}_log")
    if logarithmic:
        decades = np.log10(high / low)
        # Powers are left out where they would crowd; within a decade, plotly's own round numbers are labelled.
        step = {"dtick": int(max(1, np.ceil(decades / (8 if figure.columns == 1 else 4))))} if decades >= 1.2 else {"nticks": 7}
        axis |= {"type": "log", "exponentformat": "power", **step}
    if getattr(panel, f"{name}_range") is not None:
        axis["range"] = [float(np.log10(limit)) if logarithmic else limit for limit in (low, high)]
    return axis


def _rows(panel: Panel) -> dict[str, Any]:
    rows, _ = panel.named_rows()
    return {
        "title": {"text": panel.y_label},
        "automargin": True,
        "tickmode": "array",
        "tickvals": list(range(len(rows))),
        "ticktext": rows,
        "range": [len(rows) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": palette.NEUTRAL,
    }


def _lines(panel: Panel, end: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Reference lines, those of the estimates among them, and their labels."""
    marked = [(line.axis, line.at, line.label) for line in panel.lines]
    for layer in panel.layers:
        if isinstance(layer, Estimates) and layer.reference is not None and np.ndim(layer.reference) == 0:
            marked.append(("x", layer.reference, layer.reference_label))
    shapes, texts = [], []
    for axis, at, label in marked:
        # Annotations on a logarithmic axis are placed by the exponent, shapes by the value.
        place = float(np.log10(at)) if getattr(panel, f"{axis}_log") else at
        shape = {"type": "line", "layer": "below", "line": {"color": palette.NEUTRAL, "width": 1, "dash": "dash"}}
        text = {"text": label, "showarrow": False, "font": {"size": 11}}
        if axis == "y":
            shape |= {"xref": f"x{end} domain", "yref": f"y{end}", "x0": 0, "x1": 1, "y0": at, "y1": at}
            text |= {"xref": f"x{end} domain", "yref": f"y{end}", "x": 0, "y": place, "xanchor": "left", "yanchor": "bottom"}
        else:
            shape |= {"xref": f"x{end}", "yref": f"y{end} domain", "x0": at, "x1": at, "y0": 0, "y1": 1}
            text |= {"xref": f"x{end}", "yref": f"y{end} domain", "x": place, "y": 1, "xanchor": "right", "yanchor": "top"}
            text["textangle"] = -90
        shapes.append(shape)
        if label:
            texts.append(text)
    return shapes, texts


def _title(text: str, end: str) -> dict[str, Any]:
    place = {"xref": f"x{end} domain", "yref": f"y{end} domain", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {"text": f"<b>{text}</b>", "showarrow": False, "font": {"size": 13}, **place}


def _room(figure: Figure, columns: int, size: int) -> list[float]:
    """Share of the width that is left free before each column, for ticks and titles or the names of rows; none before the first,
    whose margin grows.
    """
    room = [0.0] + [70 / WIDTH] * (columns - 1)
    for position, panel in enumerate(figure.panels):
        column = position % columns
        if column and panel.in_rows:
            letters = max((len(line) for name in panel.named_rows()[0] for line in str(name).split("<br>")), default=0)
            room[column] = max(room[column], (0.58 * size * letters + 24) / NAMED_WIDTH)
    return [share * min(1.0, 0.5 / max(sum(room), 1e-9)) for share in room]


def _placed(figure: Figure, columns: int, top: int, names: int) -> dict[str, Any]:
    """Height, domains of the axes, titles of the y axes and size of the names of rows for so many panels in a row."""
    rows = -(-len(figure.panels) // columns)
    tall = {1: 380, 2: 340}.get(columns, 290) if rows == 1 or columns > 1 else 290
    named = [sum(len(layer.labels) for layer in p.layers) if p.is_forest else len(p.rows) for p in figure.panels if p.in_rows]
    forest = max([n * 30 + 60 for n in named], default=0)
    each = figure.height / rows if figure.height else max(tall if any(not p.in_rows for p in figure.panels) else 0, forest)
    each = max(each, 240 if not forest else 0)
    gap_y, room = 84, _room(figure, columns, names)
    inner = rows * each + (rows - 1) * gap_y
    placed: dict[str, Any] = {"height": round(top + inner + 130)}
    width = (1 - sum(room)) / columns
    for position, panel in enumerate(figure.panels):
        row, column = divmod(position, columns)
        start, end = column * width + sum(room[: column + 1]), 1 - row * (each + gap_y) / inner
        suffix = axis_suffix(position)
        placed[f"xaxis{suffix}.domain"] = [start, min(1.0, start + width)]
        placed[f"yaxis{suffix}.domain"] = [max(0.0, end - each / inner), end]
        repeated = column > 0 and figure.panels[position - 1].y_label == panel.y_label
        placed[f"yaxis{suffix}.title.text"] = "" if repeated else panel.y_label
        if panel.in_rows:
            placed[f"yaxis{suffix}.tickfont.size"] = names
    return placed
