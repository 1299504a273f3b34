"""Figures for the browser: plotly's JSON, made by hand so that it is small, deterministic and free of templates.

The legend toggles families and fits in all panels at once. A data set crosses every family, which one plotly legend cannot
say: each data set has a switch above the panels. The two work on different attributes (``visible`` and ``opacity``), so they
combine freely. Backgrounds are transparent and colours readable on light and dark pages. No request leaves the page.
"""

import html
import json
from typing import Any

import numpy as np

from vvslib.plotting import palette
from vvslib.plotting.arrangement import arrange, axis_suffix
from vvslib.plotting.figure import Figure
from vvslib.plotting.switches import lines, switches
from vvslib.plotting.traces import legend_entries, panel_traces


def plotly(figure: Figure) -> dict[str, Any]:
    """The figure as plotly draws it.

    Parameters
    ----------
    figure
        What to draw.

    Returns
    -------
    dict
        ``data``, ``layout`` and ``config`` for ``Plotly.newPlot``; ``wide`` and ``narrow``: what to pass to ``Plotly.relayout``
        on a wide and on a narrow page (panels side by side, or one below the other; `fragment` does it); ``alt``, a description.
        Floats carry five significant digits.

    Examples
    --------
    >>> from vvslib.plotting import Curve, Panel
    >>> drawn = plotly(Figure([Panel([Curve([1, 10], [0.3, 0.4], label="fit")], "C (FLOPs)", "Score")]))
    >>> [trace["name"] for trace in drawn["data"] if trace.get("showlegend")], drawn["layout"]["xaxis"]["type"]
    (['fit'], 'log')
    """
    figure = figure.spelled()
    fills = palette.fills(figure.fill_values)
    traces = legend_entries(figure) if figure.legend else []
    owners: list[Any] = [None] * len(traces)
    for position, panel in enumerate(figure.panels):
        for data_set, trace in panel_traces(figure, panel, fills):
            axes = {"xaxis": f"x{axis_suffix(position)}", "yaxis": f"y{axis_suffix(position)}"}
            traces.append({**trace, **axes})
            owners.append(data_set)
    for trace, owner in zip(traces, owners, strict=True):
        trace["opacity"] = 1
        if owner is not None:
            trace["meta"] = str(owner)
    above = 24 if any(panel.title for panel in figure.panels) else 6
    buttons = switches(fills, owners, traces, above)
    layout, wide, narrow = arrange(figure, above + 30 * lines(buttons))
    if buttons:
        layout["updatemenus"] = buttons
    config = {
        "responsive": True,
        "displaylogo": False,
        "showSendToCloud": False,  # plotly's own default offers to upload the chart
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "svg"},
    }
    drawn = {"data": traces, "layout": layout, "config": config, "wide": wide, "narrow": narrow, "alt": figure.description()}
    return _compact(drawn)


def fragment(drawn: dict[str, Any], element: str) -> str:
    """A piece of HTML that shows the figure, on a page that has loaded plotly.js; text takes the page's own colour.

    Parameters
    ----------
    drawn
        What `plotly` returned, or its JSON read back.
    element
        An id that no other element of the page has.

    Returns
    -------
    str
        A ``<div>`` with its style and script.

    Examples
    --------
    >>> fragment({"data": [], "layout": {}, "config": {}, "wide": {}, "narrow": {}, "alt": "Nothing."}, "example")[:37]
    '<div class="vvs-figure" id="example" '
    """
    # "</" would end the script element early, wherever it stands.
    content = json.dumps(drawn, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    alt, element = html.escape(drawn["alt"], quote=True), html.escape(element, quote=True)
    return (
        f'<div class="vvs-figure" id="{element}" role="figure" aria-label="{alt}"></div>\n'
        "<style>.vvs-figure .main-svg text:not(.hoverlayer text){fill:currentColor!important}"
        ".vvs-figure .updatemenu-item-rect{fill:transparent!important}</style>\n"
        f"<script>(function(){{const f={content};const e=document.getElementById({json.dumps(element)});"
        "let n=null;function fit(){const s=e.clientWidth>0&&e.clientWidth<640;if(s!==n&&e.clientWidth>0){n=s;"
        "Plotly.relayout(e,s?f.narrow:f.wide)}}"
        "Plotly.newPlot(e,f.data,f.layout,f.config).then(function(){fit();new ResizeObserver(fit).observe(e)})})()</script>\n"
    )


def _compact(content: Any) -> Any:
    """The same with floats of five significant digits, whole ones as integers, and null for what JSON cannot say."""
    if isinstance(content, dict):
        return {key: _compact(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_compact(value) for value in content]
    if isinstance(content, float | np.floating):
        if not np.isfinite(content):
            return None
        rounded = float(f"{content:.5g}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 1e6 else rounded
    return int(content) if isinstance(content, np.integer) else content
