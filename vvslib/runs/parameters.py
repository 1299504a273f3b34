"""Check parameters before anything runs: known names, right types, and the product of a sweep.

papermill only warns about a misspelt parameter and runs with the default; here both a wrong name and a wrong type are refused.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from vvslib.errors import VvsError, suggest

RESULTS = "results"  # where a notebook writes; set by the run, so never swept


def parse(name: str, text: str, default: Any) -> Any:
    """Turn the text of ``-p NAME TEXT`` into a value of the default's type.

    Parameters
    ----------
    name
        Parameter, for the error.
    text
        What was typed.
    default
        The literal of the parameters cell. An int is accepted for a float; a string is taken as typed; lists, mappings,
        booleans and what defaults to None are read as YAML, their elements checked against the default's where those agree.

    Raises
    ------
    VvsError
        When the text is not a value of that type.

    Examples
    --------
    >>> parse("delta", "1e-3", 0.1), parse("n_bootstraps", "200", 1000), parse("regions", "[V1, IT]", ["V4"])
    (0.001, 200, ['V1', 'IT'])
    >>> parse("n_bootstraps", "many", 1000)
    Traceback (most recent call last):
    ...
    vvslib.errors.VvsError: parameter 'n_bootstraps' must be an integer (default 1000); got 'many'
    """
    try:
        return _convert(text, default)
    except (ValueError, yaml.YAMLError) as error:
        raise VvsError(f"parameter {name!r} must be {_kind(default)} (default {default!r}); got {text!r}") from error


def _convert(text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return {"true": True, "yes": True, "false": False, "no": False}[_known(text.strip().casefold())]
    if isinstance(default, int):
        return int(text)
    if isinstance(default, float):
        return _number(text)
    value = yaml.safe_load(text)
    if default is None:
        return _numeric(value)
    if isinstance(default, tuple):
        default = list(default)
    if not isinstance(value, type(default)):
        raise ValueError(text)
    if isinstance(default, list):
        return _elements(value, default)
    return {key: _elements([item], [default[key]])[0] if key in default else _numeric(item) for key, item in value.items()}


def _known(text: str) -> str:
    if text not in {"true", "yes", "false", "no"}:
        raise ValueError(text)
    return text


def _number(text: Any) -> float:
    value = float(text)
    if math.isnan(value):
        raise ValueError(text)
    return value


def _numeric(value: Any) -> Any:
    """YAML 1.1 reads ``1e-3`` as text; mean what was meant."""
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value):
        return float(value)
    return value


def _elements(values: list[Any], defaults: list[Any]) -> list[Any]:
    kinds = {type(item) for item in defaults}
    if len(kinds) != 1:
        return [_numeric(value) for value in values]
    (kind,) = kinds
    if kind is float and not any(isinstance(value, bool) for value in values):
        return [_number(value) for value in values]
    if kind in (str, int, bool) and not all(type(value) is kind for value in values):
        raise ValueError(values)
    return values


def _kind(default: Any) -> str:
    if isinstance(default, list | tuple):
        kinds = {type(item).__name__ for item in default}
        return "a YAML list, e.g. '[a, b]'" if len(kinds) != 1 else f"a YAML list of {kinds.pop()}, e.g. '[a, b]'"
    names = {str: "text", bool: "true or false", int: "an integer", float: "a number", dict: "a YAML mapping, e.g. '{a: 1}'"}
    return names.get(type(default), "YAML")


def combinations(pairs: Iterable[tuple[str, str]], defaults: Mapping[str, Any], notebook: str) -> list[dict[str, Any]]:
    """The parameter sets that a list of ``-p NAME VALUE`` stands for.

    Parameters
    ----------
    pairs
        Names and texts in the order typed; a name given several times is swept.
    defaults
        The notebook's parameters cell.
    notebook
        Its name, for the error.

    Returns
    -------
    list of dict
        The cartesian product over swept names, each a mapping of what differs from the defaults; ``[{}]`` when nothing does.

    Raises
    ------
    VvsError
        On an unknown name, a wrong type, or an attempt to set `results`.

    Examples
    --------
    >>> combinations([("delta", "1e-3"), ("delta", "1e-1"), ("seed", "7")], {"delta": 0.001, "seed": 0}, "compute_scaling")
    [{'seed': 7}, {'delta': 0.1, 'seed': 7}]
    >>> combinations([("delat", "1")], {"delta": 0.001}, "compute_scaling")
    Traceback (most recent call last):
    ...
    vvslib.errors.VvsError: notebook compute_scaling has no parameter 'delat'; did you mean 'delta'?
    """
    values: dict[str, list[Any]] = {}
    for name, text in pairs:
        if name == RESULTS:
            raise VvsError(
                "parameter 'results' is set by the run (results/<name>, or results/sweeps/<name>/<parameters>); leave it out, "
                "or run papermill yourself"
            )
        if name not in defaults:
            raise VvsError(f"notebook {notebook} has no parameter {name!r}; {suggest(name, set(defaults) - {RESULTS})}")
        value = parse(name, text, defaults[name])
        if value not in values.setdefault(name, []):
            values[name].append(value)
    product = [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]
    return [{name: value for name, value in chosen.items() if value != defaults[name]} for chosen in product]


def combination_name(overrides: Mapping[str, Any]) -> str:
    """The folder name of a parameter set: ``key=value`` pairs, comma-separated, empty for the defaults.

    Characters that a path should not hold become ``_``; when anything was replaced or the name is long, a short digest keeps
    different values apart.

    Examples
    --------
    >>> combination_name({"delta": 0.1, "seed": 7})
    'delta=0.1,seed=7'
    >>> combination_name({"regions": ["V1", "IT"]})
    'regions=V1+IT'
    """
    from hashlib import sha256

    plain = ",".join(f"{name}={_text(value)}" for name, value in overrides.items())
    safe = re.sub(r"[^A-Za-z0-9_.,=+-]", "_", plain)
    if safe == plain and len(safe) <= 100:
        return safe
    return f"{safe[:80]},{sha256(repr(dict(overrides)).encode()).hexdigest()[:8]}"


def _text(value: Any) -> str:
    if isinstance(value, list | tuple) and all(re.fullmatch(r"[A-Za-z0-9_.-]+", str(item)) for item in value):
        return "+".join(map(str, value))
    return str(value)
