"""Which architectures there are: names, families, and the numbers that define each, as data.

Published names are those of the score table's column ``arch``. Small members, for 32 to 64 px, are called ``small_…``; they belong
to the same families, and their names are patterns: any width ``w`` and depth ``d`` within the limits is accepted, and `names` lists
a selection. Nothing here imports torch.

Source: Gokce & Schrimpf (ICML 2025) for the members and the Flex series; the builders name the paper of each family.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from vvslib.errors import VvsError, suggest
from vvslib.models.members import Kind, Member, Pattern

RESNET_LAYERS = r"maxpool|layer[1-4]\.\d+|avgpool"
TORCHVISION_RESNET = Kind("resnet.published", RESNET_LAYERS, "fc")
FLEX_RESNET = Kind("resnet.flex", RESNET_LAYERS, "fc")
SMALL_RESNET = Kind("resnet.small", RESNET_LAYERS, "fc", size=32)

SMALL = (
    Pattern(
        "small_resnet",
        "ResNet",
        SMALL_RESNET,
        {"w": 512, "d": 32},
        (*((w, 1) for w in (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)), *((w, d) for d in (2, 4) for w in (4, 8, 16, 32, 64))),
    ),
)
"""The small members: what their names look like, how far their numbers go, and which of them are listed."""


def _spaced(low: float, high: float, n: int) -> list[float]:
    """`n` numbers from `low` to `high` at equal ratios, both included, exactly."""
    return [low, *(low * math.exp(k / (n - 1) * math.log(high / low)) for k in range(1, n - 1)), high]


def _rounded(value: float, multiple: int) -> int:
    return multiple * int(value / multiple + 0.5)


def _resnets() -> list[Member]:
    flex: dict[str, dict[str, Any]] = {}
    for k, divisor in enumerate(_spaced(1, 16, 20)):
        widths = tuple(int(width / divisor) for width in (128, 128, 256, 512, 1024))
        flex[f"resnetflexfilters-f-1-16-20-{k}"] = {"widths": widths, "blocks": (2, 2, 2, 2)}
    for k, divisor in enumerate(_spaced(1, 2, 4)[:3]):
        widths = tuple(_rounded(width / divisor, 8) for width in (256, 256, 512, 1024, 2048))
        flex[f"resnetflexfilters_wr-4-1-2-4-{k}"] = {"widths": widths, "blocks": (2, 2, 2, 2)}
    for digits in ("1000", "1001", "1002", "1010", "1100", "1110", "1111", "1112", "1122", "1222", "2222"):
        blocks = tuple(map(int, digits))
        flex["resnetflexfilters-d-" + "-".join(digits)] = {"widths": (64, 64, 128, 256, 512), "blocks": blocks}
    published = [Member(f"resnet{n}", "ResNet", TORCHVISION_RESNET, {"name": f"resnet{n}"}) for n in (18, 34, 50, 101, 152)]
    return published + [Member(name, "ResNetFlex", FLEX_RESNET, options) for name, options in flex.items()]


@cache
def members() -> dict[str, Member]:
    """Every listed member by its name: a family's published members first, then its small ones."""
    published = [*_resnets()]
    listed = []
    for family in dict.fromkeys(member.family for member in published):
        listed += [member for member in published if member.family == family]
        listed += [p.read(p.name(*numbers)) for p in SMALL if p.family == family for numbers in p.listed]
    return {member.name: member for member in listed}


def families() -> list[str]:
    """Every family, spelt as in the score table's column ``arch_family``.

    Examples
    --------
    >>> families()[:2]
    ['ResNet', 'ResNetFlex']
    """
    return list(dict.fromkeys(member.family for member in members().values()))


def names(family: str | None = None) -> list[str]:
    """The listed architectures; small members of other widths and depths can be built too.

    Parameters
    ----------
    family
        One of `families`; every family when None.

    Returns
    -------
    list of str
        Published members first, small ones (``small_…``) after them.

    Raises
    ------
    VvsError
        For an unknown family; the nearest are named.

    Examples
    --------
    >>> names("ResNet")[:3]
    ['resnet18', 'resnet34', 'resnet50']
    >>> names("Resnets")
    Traceback (most recent call last):
    vvslib.errors.VvsError: family must be one of the listed ones; got 'Resnets'; did you mean 'ResNet', ...
    """
    if family is not None and family not in families():
        raise VvsError(f"family must be one of the listed ones; got {family!r}; {suggest(str(family), families())}")
    return [member.name for member in members().values() if family in (None, member.family)]


def find(name: str, readers: tuple[Callable[[str], Member | None], ...] = ()) -> Member:
    """The member of that name, listed, of a small pattern, or known to one of `readers`.

    Raises
    ------
    VvsError
        For an unknown name (the nearest are given), and for a width or depth outside its limits.

    Examples
    --------
    >>> find("small_resnet_w20_d3").options
    {'width': 20, 'depth': 3}
    >>> find("resnetflexfilters-f-1-16-20-6").options["widths"]
    (53, 53, 106, 213, 426)
    """
    if name in members():
        return members()[name]
    for read in (*(pattern.read for pattern in SMALL), *readers):
        member = read(name)
        if member is not None:
            return member
    raise VvsError(f"arch must be a name of the registry; got {name!r}; {suggest(str(name), members())} `vvs models` lists them")
