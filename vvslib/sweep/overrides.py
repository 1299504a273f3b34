"""Values given beside a grid, on a command line say, in place of its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from vvslib.errors import VvsError


def apply(grid: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A grid's keys and values with other values, wherever they stood.

    Parameters
    ----------
    grid
        Keys and values of `vvslib.sweep.grid.Grid`; changed.
    values
        A name of ``let`` → text; a parameter → value, or list in place of an axis; a dotted name reaches into parameters that are
        mappings, if there are such, and is a parameter like any other if not.

    Raises
    ------
    VvsError
        When a name of ``let`` gets something else than text, or a dotted name passes through what is no mapping.

    Examples
    --------
    >>> part = {"fixed": {}, "axes": {"seed": [0, 1]}, "zip": []}
    >>> apply({**part, "let": {"data": "/a"}, "blocks": []}, {"data": "/b", "seed": 7})
    {'fixed': {'seed': 7}, 'axes': {}, 'zip': [], 'let': {'data': '/b'}, 'blocks': []}
    """
    own: dict[str, Any] = dict(grid)
    let = {key: value for key, value in values.items() if key in own["let"]}
    for key, value in let.items():
        if not isinstance(value, str):
            raise VvsError(f"{key} must be text, as it stands inside other values; got {value!r}")
    own["let"] = own["let"] | let
    given = {key: value for key, value in values.items() if key not in let}
    inner = {key: _mappings(key, (own, *own["blocks"])) for key in given}
    whole = {key: value for key, value in given.items() if not inner[key]}
    own |= {"blocks": [block | _without(block, whole) for block in own["blocks"]]} | _without(own, whole)
    for key, value in given.items():
        if key in whole:
            own["axes" if isinstance(value, list) else "fixed"][key] = value
        for mapping in inner[key]:
            _set(mapping, key.split(".")[1:], value, key)
    return own


def _without(content: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """A block's values without the parameters that get theirs elsewhere."""

    def left(values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if key not in gone}

    groups = [kept for group in content["zip"] if (kept := left(group))]
    return {"fixed": left(content["fixed"]), "axes": left(content["axes"]), "zip": groups}


def _mappings(key: str, contents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The mappings that a dotted name reaches into."""
    parent, dot, _ = key.partition(".")
    found = [content["fixed"].get(parent) for content in contents]
    return [value for value in found if dot and isinstance(value, dict)]


def _set(place: Any, path: list[str], value: Any, name: str) -> None:
    """Set a value inside nested mappings."""
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place
    if not isinstance(place, dict):
        raise VvsError(f"{name} must lie in a mapping; got {place!r}; set the whole parameter instead")
    place[path[-1]] = value
