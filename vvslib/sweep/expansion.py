"""From fixed values, axes and rules to the parameters of every run, in an order that never changes."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from vvslib.errors import VvsError, suggest
from vvslib.sweep.canonical import canonical
from vvslib.sweep.run import label

if TYPE_CHECKING:
    from vvslib.sweep.grid import Axes, Block


def expand(block: "Block", where: str) -> list[dict[str, Any]]:
    """The parameters of a block's runs: every combination of its axes that its rules keep.

    Parameters
    ----------
    block
        `vvslib.sweep.grid.Block`.
    where
        What an error names.

    Raises
    ------
    VvsError
        When a rule names a parameter that gets no value, or no run is left.

    Examples
    --------
    >>> from vvslib.sweep.grid import Block
    >>> expand(Block(fixed={"lr": 0.1}, zip=[{"arch": ["a", "b"], "width": [1, 2]}], where={"width": [2]}), "an example")
    [{'lr': 0.1, 'arch': 'b', 'width': 2}]
    """
    for rule in (block.where, *block.exclude):
        for key in rule:
            if key not in block.names:
                raise VvsError(f"{where}: a rule names parameter {key!r}, which gets no value: {suggest(key, block.names)}")
    axes = [[{key: value} for value in values] for key, values in block.axes.items()]
    for group in block.zip:
        axes.append([dict(zip(group, values, strict=True)) for values in zip(*group.values(), strict=True)])
    product = [
        dict(itertools.chain(block.fixed.items(), *(part.items() for part in parts))) for parts in itertools.product(*axes)
    ]
    product = product if block.names else []
    kept = [run for run in product if matches(run, block.where) and not any(matches(run, rule) for rule in block.exclude)]
    if not kept:
        why = f"its rules leave 0 of {len(product)} runs; widen them" if product else "no parameter gets a value; give it axes"
        raise VvsError(f"{where} expands to nothing: {why}")
    return kept


def substitute(value: Any, names: Mapping[str, str], where: str) -> Any:
    """A value with every ``${name}`` replaced, inside lists and mappings too.

    Raises
    ------
    VvsError
        For a name that is not given, with the nearest.

    Examples
    --------
    >>> substitute({"images": ["folder:path=${imagenet}"]}, {"imagenet": "/data/imagenet"}, "an example")
    {'images': ['folder:path=/data/imagenet']}
    """
    if isinstance(value, list):
        return [substitute(item, names, where) for item in value]
    if isinstance(value, dict):
        return {key: substitute(item, names, where) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    for name in re.findall(r"\$\{([^}]*)\}", value):
        if name not in names:
            raise VvsError(f"{where}: {value!r} names {name!r}, which `let` does not give: {suggest(name, names)}")
        value = value.replace(f"${{{name}}}", names[name])
    return value


def select(runs: Sequence[dict[str, Any]], rule: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The runs whose parameters have the values that a rule names; a text may hold ``*`` and ``?``.

    Raises
    ------
    VvsError
        When no run has the parameter (the nearest is named), or none the value.

    Examples
    --------
    >>> select([{"arch": "resnet18"}, {"arch": "deit_tiny"}], {"arch": "resnet*"}, "g")
    [{'arch': 'resnet18'}]
    """
    kept = list(runs)
    for key, values in rule.items():
        wanted = values if isinstance(values, list) else [values]
        known = {one for run in runs for one in run}
        if key not in known:
            raise VvsError(f"grid {name!r} has no parameter {key!r}: {suggest(key, known)}")
        kept = [run for run in kept if key in run and any(_fits(run[key], value) for value in wanted)]
        if not kept:
            raise VvsError(f"grid {name!r} has no run with {key}={values}; take another value")
    return kept


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return fnmatchcase(value, wanted)
    return canonical(value) == canonical(wanted)


def matches(run: dict[str, Any], rule: "Axes") -> bool:
    """Whether every parameter that a rule names has one of the values it names; 1, 1.0 and true are three values.

    Examples
    --------
    >>> matches({"seed": 1}, {"seed": [0, 1]}), matches({"seed": 1}, {"seed": [True]})
    (True, False)
    """
    return all(any(canonical(run[key]) == canonical(value) for value in values) for key, values in rule.items())


def refuse_duplicates(runs: list[dict[str, Any]], name: str) -> None:
    """Refuse runs that are the same.

    Raises
    ------
    VvsError
        With how many there are, and the first.

    Examples
    --------
    >>> refuse_duplicates([{"seed": 0}, {"seed": 0}, {"seed": 1}], "g")
    Traceback (most recent call last):
    vvslib.errors.VvsError: grid 'g' expands to 3 runs of which 1 is a duplicate: seed=0 stands there 2 times; ...
    """
    counts = Counter(map(canonical, runs))
    surplus = len(runs) - len(counts)
    if surplus:
        first = next(run for run in runs if counts[canonical(run)] > 1)
        many = "is a duplicate" if surplus == 1 else "are duplicates"
        raise VvsError(
            f"grid {name!r} expands to {len(runs)} runs of which {surplus} {many}: {label(first)} stands there "
            f"{counts[canonical(first)]} times; take a value or a block out"
        )
