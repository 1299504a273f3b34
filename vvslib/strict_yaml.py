"""YAML read strictly: a key twice is an error, and ``1e-3`` is a number."""

import re
from typing import Any

import yaml

from vvslib.errors import VvsError


class UniqueKeys(yaml.SafeLoader):
    """YAML in which a key that stands twice in one mapping is an error, not the last of the two."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """As the base class does, after a look at the keys."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands there twice, again in line {line}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# YAML 1.1 takes 1e-3 for text, because it has no point; everybody who writes it means the number.
UniqueKeys.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def load(text: str, where: str) -> Any:
    """The content of YAML text.

    Parameters
    ----------
    text
        YAML.
    where
        What the error names, such as the file.

    Raises
    ------
    VvsError
        When the text is not YAML, or a key stands twice in one mapping.

    Examples
    --------
    >>> load("{lr: 1e-3, seeds: [0, 1]}", "an example")
    {'lr': 0.001, 'seeds': [0, 1]}
    >>> load("a: 1\\na: 2", "an example")
    Traceback (most recent call last):
    vvslib.errors.VvsError: an example is not valid YAML: key 'a' stands there twice, again in line 2
    """
    try:
        return yaml.load(text, UniqueKeys)
    except yaml.YAMLError as error:
        raise VvsError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from None
