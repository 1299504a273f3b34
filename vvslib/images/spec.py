"""The name of an image set: ``name`` or ``name:key=value,key=value``, read and written in one place.

Every image set declares its options; nothing else is accepted. `canonical` spells all of them out in one order, so that two ways
of writing the same set become the same string.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vvslib.errors import VvsError, suggest

Value = bool | int | str

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Option:
    """One option of an image set: its type, its default (None: must be given), what it means, and which values it takes."""

    kind: type
    default: Value | None
    meaning: str
    choices: tuple[Value, ...] = ()
    lowest: int | None = None
    highest: int | None = None


def split(spec: str) -> tuple[str, dict[str, str]]:
    """The name and the options of a specification, as they are written.

    A comma ends a value only where another ``key=`` follows, so that a path may hold commas.

    Raises
    ------
    VvsError
        For what is no string, has no name, repeats a key or has a part without ``=``.

    Examples
    --------
    >>> split("folder:path=/data/a,b,size=64")
    ('folder', {'path': '/data/a,b', 'size': '64'})
    """
    if not isinstance(spec, str) or not spec.strip():
        raise VvsError(f"an image set must be named by a string such as 'sandbox:size=32'; got {spec!r}")
    name, colon, rest = spec.strip().partition(":")
    if not name or (colon and not rest):
        raise VvsError(f"an image set must be written name or name:key=value,key=value; got {spec!r}")
    written: dict[str, str] = {}
    for part in re.split(r",(?=\w+=)", rest) if rest else ():
        key, equals, value = part.partition("=")
        if not equals or not key or not value:
            raise VvsError(f"each option of an image set must be written key=value; got {part!r} in {spec!r}")
        if key in written:
            raise VvsError(f"each option of an image set must be given once; got {key!r} twice in {spec!r}")
        written[key] = value
    return name, written


def read(name: str, written: Mapping[str, str], options: Mapping[str, Option]) -> dict[str, Value]:
    """The options of one image set, checked, with defaults filled in, sorted by key.

    Parameters
    ----------
    name
        The image set, for the errors.
    written
        What was given, as text.
    options
        What the image set takes.

    Raises
    ------
    VvsError
        For an unknown key (the nearest are named), a value of the wrong type or outside the range, and a missing one.

    Examples
    --------
    >>> read("cubes", {"size": "64"}, {"size": Option(int, 32, "side in px"), "round": Option(bool, False, "no edges")})
    {'round': False, 'size': 64}
    """
    for key in written:
        if key not in options:
            known = suggest(key, options) if options else "it takes none"
            raise VvsError(f"{name} has no option {key!r}; {known}")
    values = {}
    for key, option in sorted(options.items()):
        if key in written:
            values[key] = _value(f"{name}: {key}", written[key], option)
        elif option.default is None:
            raise VvsError(f"{name} needs {key} ({option.meaning}); write {name}:{key}=…")
        else:
            values[key] = option.default
    return values


def write(name: str, values: Mapping[str, Value]) -> str:
    """One string for an image set: every option, sorted by key.

    Examples
    --------
    >>> write("cubes", {"size": 64, "round": True})
    'cubes:round=true,size=64'
    """
    shown = ",".join(f"{key}={str(v).lower() if isinstance(v, bool) else v}" for key, v in sorted(values.items()))
    return f"{name}:{shown}" if shown else name


def _value(what: str, text: str, option: Option) -> Value:
    """The value that a text stands for."""
    if option.kind is bool:
        if text.lower() not in _WORDS:
            raise VvsError(f"{what} must be true or false; got {text!r}")
        return _WORDS[text.lower()]
    if option.kind is int:
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise VvsError(f"{what} must be a whole number; got {text!r}")
        value: Value = int(text)
        low, high = option.lowest, option.highest
        if (low is not None and value < low) or (high is not None and value > high):
            within = f"from {low} to {high}" if high is not None and low is not None else f"at least {low}"
            raise VvsError(f"{what} must be {within}; got {value}")
    else:
        value = text
    if option.choices and value not in option.choices:
        shown = " or ".join(map(str, option.choices))
        near = "; " + suggest(text, map(str, option.choices)) if option.kind is str else ""
        raise VvsError(f"{what} must be {shown}; got {text!r}{near}")
    return value
