"""Tidy tables as charts: models in a plane of their columns, a line per group, several intervals a row, who leads."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vvslib.figures import AXES, DASHES, HUES, SCORES, score_label
from vvslib.plotting import Curve, Estimates, Figure, Line, Panel, Points, palette
from vvslib.refit import Refit
from vvslib.summaries import curve


def forests(
    frame: pd.DataFrame,
    label: str,
    by: str,
    *,
    value: str = "value",
    reference: str | None = None,
    reference_label: str = "reference",
    x_label: str,
    title: str = "",
    lines: Sequence[Line] = (),
    **axes,
) -> Panel:
    """Estimates with several intervals each, such as one a unit of resampling: one set of marks per value of a column.

    Parameters
    ----------
    frame
        One row per estimate and value of `by`, with `low` and `high`.
    label, by, value
        Columns: name of the row, what tells the intervals apart, estimate.
    reference
        Column of values to compare with, the same for every value of `by`; drawn once.
    reference_label
        What these are.
    x_label, title, lines, **axes
        Of the panel; x is linear unless given. Values of `by` that the palette knows have their own colour, others are lent one.
    """
    layers = []
    for i, (name, part) in enumerate(frame.groupby(by, sort=False)):
        layers.append(
            Estimates(
                part[label].astype(str).tolist(),
                part[value].to_numpy(float),
                part["low"].to_numpy(float),
                part["high"].to_numpy(float),
                group=str(name) if palette.known(name) else HUES[i % len(HUES)],
                reference=part[reference].to_numpy(float) if reference is not None and i == 0 else None,
                label=str(name),
                reference_label=reference_label,
            )
        )
    return Panel(layers, x_label, "", title=title, lines=tuple(lines), **({"x_log": False} | axes))


def scatter(frame: pd.DataFrame, x: str, y: str, curves: Sequence[Curve] = (), **axes) -> Panel:
    """Models in a plane of two of their columns, coloured by family and filled by data set, with curves on top.

    Parameters
    ----------
    frame
        One row per model (`vvslib.profiles.profiles`).
    x, y
        Columns.
    curves
        Drawn above the models.
    **axes
        Of the panel; labels follow from the columns, and x is linear, unless given.
    """
    axes = {"x_label": _axis(x), "y_label": _axis(y), "x_log": False} | axes
    return Panel([Points(frame, x, y, group="arch_family", fill="dataset"), *curves], **axes)


def ticks(frame: pd.DataFrame, x: str, row: str, group: str, *, x_label: str, **axes) -> Panel:
    """A row of ticks for every value of a column: where along x it occurs.

    Parameters
    ----------
    frame
        One row a tick.
    x, row, group
        Columns: place, name of the row (in the order in which they come first), colour.
    x_label, **axes
        Of the panel.
    """
    names = list(dict.fromkeys(frame[row]))
    placed = frame.assign(row=frame[row].map(names.index).astype(float))
    return Panel([Points(placed, x, "row", group=group, hover=[row])], x_label, "", x_log=False, rows=names, **axes)


def _axis(column: str) -> str:
    return AXES.get(column) or SCORES.get(column, column)


def leads(lines: Mapping[str, pd.DataFrame], x: str, label: str, *, alt: str = "") -> Figure:
    """Who leads at the same scale: one panel each, with its band and a line at zero.

    Parameters
    ----------
    lines
        Title of the panel → table of `vvslib.contrasts.lead`.
    x
        Column of the scale.
    label
        Of the curve: who leads over whom.
    alt
        Of the figure.
    """
    panels = []
    for title, line in lines.items():
        known = line["low"].notna().all()
        band = (line["low"], line["high"]) if known else (None, None)
        layers = [Curve(line["scale"], line["lead"], *band, label=label)]
        panels.append(Panel(layers, AXES.get(x, x), "Lead in score", title=title, lines=[Line(0.0)]))
    return Figure(panels, alt=alt)


def lines(
    frame: pd.DataFrame, x: str, y: str, by: str, *, y_label: str, x_label: str = "", band: str = "95 % band", **axes
) -> Panel:
    """One line per value of a column, in that value's colour.

    Parameters
    ----------
    frame
        One row per vertex.
    x, y, by
        Columns: horizontal, vertical, one line per value (a family, a region, a data set).
    band
        What the band between columns `low` and `high` is, where the table has them.
    y_label, x_label, **axes
        Of the panel; the scale's usual label when `x_label` is empty.
    """
    layers = []
    for i, name in enumerate(palette.ordered(frame[by].unique())):
        part = frame[frame[by] == name].sort_values(x)
        limits = (part["low"], part["high"]) if {"low", "high"} <= set(part) else (None, None)
        named = dict(label=palette.style(name).name, group=str(name), dash=DASHES[i % 4], band=band)
        layers.append(Curve(part[x], part[y], *limits, **named))
    return Panel(layers, x_label or AXES.get(x, x), y_label, **axes)


def against(
    found: Refit,
    frame: pd.DataFrame,
    *,
    label: str,
    group: str = "arch_family",
    title: str = "",
    y_label: str | None = None,
    extend: float = 1.0,
) -> Panel:
    """Models of any kind beside a law that was fitted to others.

    Parameters
    ----------
    found
        Refit of a law of one variable.
    frame
        The models, with the law's scale and `score`.
    label
        What the law is.
    group
        Column that colours the models.
    title, y_label
        Of the panel; y_label is that of the law's score when None.
    extend
        Factor by which the curve goes on beyond the largest scale of the models it was fitted to.
    """
    scale, line = found.experiment.x[0], curve(found, extend=extend)
    band = (None, None) if found.bootstrap is None else (line["low"], line["high"])
    layers = (Points(frame, scale, "score", group=group), Curve(line["x"], line["score"], *band, label=label))
    return Panel(layers, AXES.get(scale, scale), y_label or score_label(found), title=title)


def paired(frame: pd.DataFrame, x: str, y: str, group: str, *, title: str = "", bootstraps: int = 0, seed: int = 42) -> Panel:
    """Two scores of the same models against each other, with the line of least squares and the line of equal scores.

    Parameters
    ----------
    frame
        One row per model.
    x, y, group
        Columns: the two scores; what colours the models.
    title
        Of the panel.
    bootstraps, seed
        Resamples of models that the band of the line comes from; none for no band.
    """
    known = frame.dropna(subset=[x, y])
    points = known[[x, y]].to_numpy(float)
    low, high = points.min(), points.max()
    grid = np.linspace(points[:, 0].min(), points[:, 0].max(), 40)
    drawn = np.random.default_rng(seed).integers(0, len(points), (bootstraps, len(points)))
    lines = [np.polyval(np.polyfit(*points[rows].T, 1), grid) for rows in drawn]
    band = np.quantile(lines, (0.025, 0.975), axis=0) if bootstraps else (None, None)
    layers = (
        Curve([low, high], [low, high], label="equal scores", dash="dot"),
        Points(known, x, y, group=group),
        Curve(grid, np.polyval(np.polyfit(*points.T, 1), grid), *band, label="least squares"),
    )
    return Panel(
        layers, x.capitalize() if x[0].islower() else x, y.capitalize() if y[0].islower() else y, title=title, x_log=False
    )
