"""Switches above an interactive figure that show and hide data sets, whatever the legend shows and hides."""

from collections.abc import Mapping, Sequence
from typing import Any

from vvslib.plotting import palette

GLYPHS = {"full": "●", "open": "○", "open-dot": "⊙", "dot": "◉"}
LINE = 30
"""Pixels from one line of switches to the next."""
WIDTH = 330
"""Pixels in which a line must fit: a phone."""


def switches(
    fills: Mapping[object, str], owners: Sequence[object], traces: Sequence[Mapping[str, Any]], above: int = 0
) -> list[dict[str, Any]]:
    """One plotly ``updatemenu`` per data set, whose single button hides its traces, and shows them again.

    Hidden means opacity 0 and no hover, not ``visible: false``: that attribute is the legend's, and each would undo the other.

    Parameters
    ----------
    fills
        Data set → fill of its markers.
    owners
        Data set of each trace, None where it belongs to none.
    traces
        The traces, whose hover is to be restored.
    above
        Pixels between the panels and the lowest line of switches.

    Returns
    -------
    list of dict
        Empty where there are fewer than two data sets: there would be nothing to choose.

    Examples
    --------
    >>> menus = switches({"imagenet": "full", "ecoset": "open"}, [None, "imagenet", "ecoset"], [{}, {}, {}])
    >>> [menu["buttons"][0]["label"] for menu in menus]
    ['● ImageNet', '○ ecoset']
    >>> menus[1]["buttons"][0]["args"]
    [{'opacity': 0, 'hoverinfo': 'skip', 'hovertemplate': ''}, {'updatemenus[1].buttons[0].label': '<s>○ ecoset</s>'}, [2]]
    """
    if len(fills) < 2:
        return []
    menus: list[dict[str, Any]] = []
    left, line = 0, 0
    for number, (name, fill) in enumerate(fills.items()):
        label = f"{GLYPHS[fill]} {palette.style(name).name}"
        width = 30 + 8 * len(label)
        if left and left + width > WIDTH:
            left, line = 0, line + 1
        mine = [i for i, owner in enumerate(owners) if owner is not None and owner == name]
        where = f"updatemenus[{number}].buttons[0].label"
        # plotly ignores hoverinfo beside a template, so both go, and both come back.
        hover = {
            key: [traces[i].get(key, default) for i in mine] for key, default in (("hoverinfo", "all"), ("hovertemplate", ""))
        }
        button = {
            "label": label,
            "method": "update",
            "args": [{"opacity": 0, "hoverinfo": "skip", "hovertemplate": ""}, {where: f"<s>{label}</s>"}, mine],
            "args2": [{"opacity": 1, **hover}, {where: label}, mine],
        }
        menus.append(
            {
                "type": "buttons",
                "buttons": [button],
                # Not yet pressed: the first click runs args, the next one args2.
                "active": -1,
                "showactive": False,
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "bottom",
                "pad": {"l": left, "b": above + LINE * line, "t": 0, "r": 0},
                "bgcolor": "rgba(0,0,0,0)",
                "bordercolor": palette.NEUTRAL,
                "borderwidth": 1,
                "font": {"size": 12, "color": palette.NEUTRAL},
            }
        )
        left += width
    return menus


def lines(menus: Sequence[Mapping[str, Any]]) -> int:
    """How many lines the switches take."""
    return len({menu["pad"]["b"] for menu in menus})
