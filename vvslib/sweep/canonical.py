"""Plain values, and the one way to write them: what a run's id, records and tables are made of."""

import hashlib
import json
import math
from typing import Any

from vvslib.errors import VvsError


def plain(value: Any, where: str, missing: bool = False) -> Any:
    """A value as JSON has it: None, bool, int, finite float, text, lists and mappings of these.

    Parameters
    ----------
    value
        What is to be stored. numpy's scalars and arrays become numbers and lists, tuples become lists.
    where
        What an error names.
    missing
        Whether NaN becomes None (a result that is not computable) instead of being refused (a parameter that is not a number).

    Raises
    ------
    VvsError
        For anything else; infinities are refused always.

    Examples
    --------
    >>> plain({"acc": (0.5, float("nan"))}, "result", missing=True)
    {'acc': [0.5, None]}
    >>> plain({"lr": float("inf")}, "parameter")
    Traceback (most recent call last):
    vvslib.errors.VvsError: parameter.lr must be a finite number; got inf
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isnan(value) and missing:
            return None
        if not math.isfinite(value):
            raise VvsError(f"{where} must be a finite number; got {value}")
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{i}]", missing) for i, item in enumerate(value)]
    if isinstance(value, dict):
        if unnamed := [key for key in value if not isinstance(key, str)]:
            raise VvsError(f"{where} must have keys of text; got {unnamed[0]!r}")
        return {key: plain(item, f"{where}.{key}", missing) for key, item in value.items()}
    raise VvsError(f"{where} must be a number, text, a list or a mapping; got {type(value).__name__}")


def canonical(value: Any) -> str:
    """The JSON text of a plain value: keys sorted, no spaces, every digit of a float.

    Examples
    --------
    >>> canonical({"b": 0.1, "a": [1, None]})
    '{"a":[1,null],"b":0.1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """sha256 of a plain value's canonical text, 64 hexadecimal digits.

    Examples
    --------
    >>> digest({"a": 1})[:16]
    '015abd7f5cc57a2d'
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping with dotted keys; lists and empty mappings as their JSON text.

    Examples
    --------
    >>> flat({"arch": "a", "recipe": {"lr": 0.1, "steps": [1, 2]}})
    {'arch': 'a', 'recipe.lr': 0.1, 'recipe.steps': '[1,2]'}
    """
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict) and item:
            found |= flat(item, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = canonical(item) if isinstance(item, dict | list) else item
    return found
