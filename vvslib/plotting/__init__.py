"""Figures described once and drawn twice: by matplotlib for print (`static`), by plotly for the browser (`interactive`).

A `figure.Figure` says what is shown; `palette` says in which colour and shape, `labels` in which words. No other package of this
project knows matplotlib or plotly. Importing this package loads neither.
"""

from vvslib.plotting.figure import Figure, Panel
from vvslib.plotting.layers import Curve, Estimates, Line, Points

__all__ = ["Curve", "Estimates", "Figure", "Line", "Panel", "Points"]
