"""The traces of an interactive figure: points, curves with their bands, estimates, and the entries of the legend."""

import html
from typing import Any

import numpy as np

from vvslib.plotting import labels, palette
from vvslib.plotting.figure import Figure, Panel
from vvslib.plotting.layers import Curve, Estimates, Points

ANY = "any"
"""What a trace without group and label is toggled with."""


def legend_entries(figure: Figure) -> list[dict[str, Any]]:
    """One empty trace per legend entry, on the first axes: the entry stays visible whatever the data sets' switches hide."""
    entries: dict[str, dict[str, Any]] = {}
    coloured = any(p.colour is not None for p in figure.layers(Points))
    for layer in figure.layers(Points):
        for group, _, _ in layer.parts():
            style = layer.style(group)
            if style.name:
                marker = {"symbol": style.marker, "color": palette.NEUTRAL if coloured else style.colour, "size": 9}
                entries.setdefault(_key(figure, group, layer.label), {"name": style.name, "mode": "markers", "marker": marker})
    for curve in figure.layers(Curve):
        if curve.group in figure.group_values:
            continue
        shape = {"name": curve.name, "mode": "lines", "line": _line(curve)}
        if curve.low is not None:
            shape |= {"fill": "toself", "fillcolor": _faint(shape["line"]["color"])}
        entries.setdefault(_key(figure, curve.group, curve.label), shape)
    for panel in figure.panels:
        for position, layer in enumerate(panel.layers):
            if not isinstance(layer, Estimates):
                continue
            if layer.label:
                style = layer.style(layer.group if isinstance(layer.group, str) else None, position)
                marker = {"symbol": style.marker, "color": style.colour, "size": 9}
                entries.setdefault(layer.label, {"name": layer.label, "mode": "markers", "marker": marker})
            if np.ndim(layer.reference):
                marker = {"symbol": "diamond-open", "color": palette.NEUTRAL, "size": 8}
                entries.setdefault(layer.reference_label, {"name": layer.reference_label, "mode": "markers", "marker": marker})
    order = {palette.style(group).name: rank for rank, group in enumerate(figure.group_values)}
    ranked = sorted(entries.items(), key=lambda item: order.get(item[1]["name"], len(order)))
    return [
        {"type": "scatter", "x": [None], "y": [None], "legendgroup": key, "showlegend": True, "hoverinfo": "skip", **entry}
        for key, entry in ranked
    ]


def _key(figure: Figure, group: object, label: str) -> str:
    """What a trace is toggled with: its family where points are grouped by it, otherwise all of the same label."""
    return str(group) if group is not None and (group in figure.group_values or not label) else label or ANY


def panel_traces(figure: Figure, panel: Panel, fills: dict[object, str]) -> list[tuple[Any, dict[str, Any]]]:
    """The panel's traces from back to front, each with the data set that it belongs to."""
    found: list[tuple[Any, dict[str, Any]]] = []
    for position, layer in enumerate(panel.layers):
        if isinstance(layer, Points):
            found += [(variant, _points(figure, panel, layer, *part, fills)) for part in layer.parts() for variant in [part[1]]]
        elif isinstance(layer, Curve):
            owner = layer.group if layer.group in fills else None
            found += [(owner, {**trace, "legendgroup": _key(figure, layer.group, layer.label)}) for trace in _curve(layer)]
        else:
            found += [(None, trace) for trace in _estimates(panel, layer, position)]
    return [(owner, {"type": "scatter", "showlegend": False, **trace}) for owner, trace in found]


def _points(figure: Figure, panel: Panel, layer: Points, group: Any, variant: Any, rows: Any, fills: dict) -> dict[str, Any]:
    style = layer.style(group)
    fill = fills.get(variant, "full")
    size = {1: 8, 2: 7}.get(figure.columns, 6)
    marker = {"symbol": style.marker if fill == "full" else f"{style.marker}-{fill}", "size": size, "opacity": 0.85}
    if layer.colour is not None:
        marker |= {"color": rows[layer.colour].tolist(), "coloraxis": "coloraxis"}
    else:
        marker["color"] = style.colour
    if panel.rows:
        marker |= {"symbol": "line-ns-open", "size": 11, "line": {"width": 1.2}}
    text = [
        [html.escape(labels.cell(name, value)) for name, value in row.items()]
        for row in rows[list(layer.hover)].to_dict("records")
    ]
    said = "".join(f"<br>{labels.column(name)}: %{{customdata[{i}]}}" for i, name in enumerate(layer.hover) if name != "model_id")
    head = f"<b>%{{customdata[{list(layer.hover).index('model_id')}]}}</b>" if "model_id" in layer.hover else ""
    unsaid = "".join(
        f"<br>{html.escape(name)}: %{{{axis}:.4~g}}"
        for axis, column, name in (("x", layer.x, panel.x_label), ("y", layer.y, panel.y_label))[: 1 if panel.rows else 2]
        if column not in layer.hover
    )
    return {
        "mode": "markers",
        "x": rows[layer.x].tolist(),
        "y": rows[layer.y].tolist(),
        "name": style.name,
        "legendgroup": _key(figure, group, layer.label),
        "marker": marker,
        "customdata": text,
        "hovertemplate": (head + said + unsaid).removeprefix("<br>") + "<extra></extra>",
    }


def _curve(curve: Curve) -> list[dict[str, Any]]:
    line = _line(curve)
    words = html.escape(curve.name)
    drawn = {"mode": "lines", "name": words, "line": line, "x": curve.x.tolist(), "y": curve.y.tolist()}
    drawn["hovertemplate"] = f"<b>{words}</b><br>%{{x:.3~g}} → %{{y:.3f}}<extra></extra>"
    if curve.low is None:
        return [drawn]
    known = np.isfinite(curve.low) & np.isfinite(curve.high)
    x, low, high = curve.x[known], curve.low[known], curve.high[known]
    band = {
        "mode": "lines",
        "name": words,
        "x": [*x.tolist(), *x[::-1].tolist()],
        "y": [*high.tolist(), *low[::-1].tolist()],
        "fill": "toself",
        "fillcolor": _faint(line["color"]),
        "line": {"width": 0, "color": line["color"]},
        "hoverinfo": "skip",
    }
    return [band, drawn]


def _estimates(panel: Panel, layer: Estimates, position: int) -> list[dict[str, Any]]:
    rows, shifts = panel.named_rows()
    styles = [layer.style(group, position) for group in layer.groups()]
    y = [rows.index(label) + shifts[position] for label in layer.labels]
    found = []
    intervals = [f"{labels.number(low)} to {labels.number(high)}" for low, high in zip(layer.low, layer.high, strict=True)]
    head = f"<b>%{{customdata[0]}}</b>{'<br>' + html.escape(layer.label) if layer.label else ''}"
    for i, style in enumerate(styles):
        found.append(
            {
                "mode": "lines+markers",
                "legendgroup": layer.label or ANY,
                "x": [layer.low[i], layer.value[i], layer.high[i]],
                "y": [y[i]] * 3,
                "line": {"color": style.colour, "width": 2.5},
                "marker": {"symbol": style.marker, "color": style.colour, "size": [0, 9, 0], "opacity": 1},
                "customdata": [[html.escape(layer.labels[i]), labels.number(layer.value[i]), intervals[i]]] * 3,
                "hovertemplate": f"{head}<br>%{{customdata[1]}} (%{{customdata[2]}})<extra></extra>",
            }
        )
    if np.ndim(layer.reference):
        found.append(
            {
                "mode": "markers",
                "legendgroup": layer.reference_label,
                "x": layer.reference.tolist(),
                "y": [place + 0.24 for place in y],
                "marker": {"symbol": "diamond-open", "color": palette.NEUTRAL, "size": 7, "line": {"width": 1.5}},
                "customdata": [html.escape(label) for label in layer.labels],
                "hovertemplate": f"<b>%{{customdata}}</b><br>{html.escape(layer.reference_label)}: %{{x:.3~g}}<extra></extra>",
            }
        )
    return found


def _line(curve: Curve) -> dict[str, Any]:
    colour = palette.style(curve.group).colour if curve.group is not None else palette.NEUTRAL
    return {"color": colour, "width": 2.5, "dash": curve.dash}


def _faint(colour: str) -> str:
    return f"rgba({','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))},0.25)"
