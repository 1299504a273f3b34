"""The numbers behind a figure, as long tables."""

import numpy as np
import pandas as pd

from vvslib.plotting.figure import Figure
from vvslib.plotting.layers import Curve, Estimates, Points

COLUMNS = ("panel", "layer", "label", "group", "item", "x", "y", "low", "high")


def curves(figure: Figure) -> pd.DataFrame:
    """The curves and estimates of a figure, never its points.

    Parameters
    ----------
    figure
        What is drawn.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. A curve has one row per x, with the band's limits low and high of y; an estimate has one row, item its
        label, x its value, low and high the interval's limits, and a second one of layer ``reference`` where it is compared.

    Examples
    --------
    >>> from vvslib.plotting import Panel
    >>> figure = Figure([Panel([Curve([1, 10], [0.3, 0.4], label="fit")], "C (FLOPs)", "Score", title="IT")])
    >>> curves(figure)[["panel", "label", "x", "y"]]
      panel label     x    y
    0    IT   fit   1.0  0.3
    1    IT   fit  10.0  0.4
    """
    parts = []
    for position, panel in enumerate(figure.panels, start=1):
        where = panel.title or f"panel {position}"
        for layer in panel.layers:
            if isinstance(layer, Curve):
                content = {"x": layer.x, "y": layer.y, "low": layer.low, "high": layer.high}
                parts.append(
                    pd.DataFrame({"panel": where, "layer": "curve", "label": layer.label, "group": layer.group, **content})
                )
            elif isinstance(layer, Estimates):
                rows = {"panel": where, "item": layer.labels, "group": layer.groups()}
                interval = {"x": layer.value, "low": layer.low, "high": layer.high}
                parts.append(pd.DataFrame({**rows, "layer": "estimate", "label": layer.label, **interval}))
                if layer.reference is not None:
                    reference = np.broadcast_to(layer.reference, len(layer.labels))
                    parts.append(pd.DataFrame({**rows, "layer": "reference", "label": layer.reference_label, "x": reference}))
    # Columns that a part lacks are added before joining: pandas would guess their types otherwise.
    parts = [part.reindex(columns=list(COLUMNS)).astype(object) for part in parts]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return table.astype(dict.fromkeys(("x", "y", "low", "high"), float))


def points(figure: Figure) -> pd.DataFrame:
    """The rows behind the points of a figure, with the panel that each stands in.

    Examples
    --------
    >>> from vvslib.plotting import Panel
    >>> layer = Points(pd.DataFrame({"n_params": [1e6], "score": [0.3], "unused": [0]}), "n_params", "score")
    >>> points(Figure([Panel([layer], "N", "Score")]))
         panel   n_params  score
    0  panel 1  1000000.0    0.3
    """
    parts = []
    for position, panel in enumerate(figure.panels, start=1):
        where = panel.title or f"panel {position}"
        for layer in panel.layers:
            if isinstance(layer, Points):
                rows = layer.shown()[layer.columns()].reset_index(drop=True)
                parts.append(rows.assign(panel=where)[["panel", *rows.columns.drop("panel", errors="ignore")]])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"panel": []})
