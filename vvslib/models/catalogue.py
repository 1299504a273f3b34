"""Which architectures there are: names, families, and the numbers that define each, as data.

Published names are those of the score table's column ``arch``. Small members, for 32 to 64 px, are called ``small_…``; they
belong to the same families, and their names are patterns: any width ``w`` and depth ``d`` within the limits is accepted, and
`names` lists a selection. Nothing here imports torch.

Source: Gokce & Schrimpf (ICML 2025) for the members and the Flex series; the builders name the paper of each family.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from vvslib.errors import VvsError, suggest
from vvslib.models.members import Kind, Member, Pattern

# Which modules of a network can be recorded. None may be followed by an operation in place, which would alter what was recorded.
RESNET_LAYERS = r"maxpool|layer[1-4]\.\d+|avgpool"
ALEXNET_LAYERS = r"features\.(1|4|7|9|11)|avgpool|classifier\.(2|5)"
EFFICIENTNET_LAYERS = r"features\.0|features\.[1-7]\.\d+|features\.8|avgpool"
CORNET_LAYERS = r"V1|(V2|V4|IT)\.steps\.\d|decoder\.avgpool"

TORCHVISION_RESNET = Kind("resnet.published", RESNET_LAYERS, "fc")
FLEX_RESNET = Kind("resnet.flex", RESNET_LAYERS, "fc")
EFFICIENTNET = Kind("efficientnet.published", EFFICIENTNET_LAYERS, "classifier.1")
ALEXNET = Kind("alexnet.published", ALEXNET_LAYERS, "classifier.6", smallest=63)
CORNET = Kind("cornet.published", CORNET_LAYERS, "decoder.linear")
CONVNEXT = Kind("convnext.published", r"stem|stages\.\d\.blocks\.\d+|head\.norm", "head.fc", smallest=32, drops=True)
VIT = Kind("vit.published", r"patch_embed|blocks\.\d+|norm", "head", smallest=16, multiple=16, drops=True)

SMALL_RESNET = Kind("resnet.small", RESNET_LAYERS, "fc", size=32)
SMALL_EFFICIENTNET = Kind("efficientnet.small", EFFICIENTNET_LAYERS, "classifier.1", size=32)
SMALL_ALEXNET = Kind("alexnet.small", ALEXNET_LAYERS, "classifier.6", size=32)
SMALL_CORNET = Kind("cornet.small", CORNET_LAYERS, "decoder.linear", size=32)
SMALL_CONVNEXT = Kind("convnext.small", r"stem|stages\.\d\.blocks\.\d+|norm", "head", size=32, smallest=16)
SMALL_VIT = Kind("vit.small", r"patch_embed|blocks\.\d+|norm", "head", size=32, smallest=4, multiple=4)

SMALL = (
    Pattern(
        "small_resnet",
        "ResNet",
        SMALL_RESNET,
        {"w": 512, "d": 32},
        (*((w, 1) for w in (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)), *((w, d) for d in (2, 4) for w in (4, 8, 16, 32, 64))),
    ),
    Pattern(
        "small_efficientnet",
        "EfficientNet",
        SMALL_EFFICIENTNET,
        {"w": 256, "d": 16},
        tuple((w, d) for d in (1, 2) for w in (4, 8, 16, 32, 64)),
    ),
    Pattern("small_alexnet", "AlexNet", SMALL_ALEXNET, {"w": 512}, tuple((w,) for w in (4, 8, 16, 32, 64, 128))),
    Pattern("small_cornet_s", "CORnet-S", SMALL_CORNET, {"w": 256}, tuple((w,) for w in (2, 4, 8, 16, 32))),
    Pattern(
        "small_convnext",
        "ConvNeXt",
        SMALL_CONVNEXT,
        {"w": 512, "d": 16},
        tuple((w, d) for d in (1, 2) for w in (4, 8, 16, 32, 64, 96)),
    ),
    Pattern(
        "small_vit",
        "ViT",
        SMALL_VIT,
        {"w": 1024, "d": 48},
        ((32, 2), (48, 4), (64, 6), (96, 6), (128, 6), (192, 6), (192, 12), (256, 12), (384, 12)),
        width_multiple=16,
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


def _convnexts() -> list[Member]:
    sizes = {
        "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
        "small": ((3, 3, 27, 3), (96, 192, 384, 768)),
        "base": ((3, 3, 27, 3), (128, 256, 512, 1024)),
        "large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
    }
    depths, widths = sizes["tiny"]
    flex = {f"l-{k}": (depths, tuple(_rounded(width / 8 ** ((k + 1) / 4), 8) for width in widths)) for k in range(4)}
    return [
        Member(f"{stem}{name}", family, CONVNEXT, {"depths": depths, "widths": widths})
        for stem, family, rows in (("convnext_", "ConvNeXt", sizes), ("convnextflex-", "ConvNeXtFlex", flex))
        for name, (depths, widths) in rows.items()
    ]


def _vits() -> list[Member]:
    sizes = {"tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16)}
    flex = {f"l-{k}": (_rounded(384 / 8 ** ((k + 1) / 4), 6), 12, 6) for k in range(4)}
    return [
        Member(f"{stem}{name}", family, VIT, {"width": width, "depth": depth, "heads": heads})
        for stem, family, rows in (("deit_", "ViT", sizes), ("deitflex-", "ViTFlex", flex))
        for name, (width, depth, heads) in rows.items()
    ]


def _others() -> list[Member]:
    efficientnets = [(f"efficientnet_b{k}", size) for k, size in enumerate((224, 240, 288))]
    return [
        *(Member(name, "EfficientNet", replace(EFFICIENTNET, size=size), {"name": name}) for name, size in efficientnets),
        Member("alexnet", "AlexNet", ALEXNET),
        Member("cornet_s", "CORnet-S", CORNET),
    ]


@cache
def members() -> dict[str, Member]:
    """Every listed member by its name: a family's published members first, then its small ones."""
    published = [*_resnets(), *_others(), *_convnexts(), *_vits()]
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
    name = str(name)
    if name in members():
        return members()[name]
    for read in (*(pattern.read for pattern in SMALL), *readers):
        member = read(name)
        if member is not None:
            return member
    raise VvsError(f"arch must be a name of the registry; got {name!r}; {nearest(name, members())}`vvs models` lists them")


def nearest(name: str, known: Iterable[str]) -> str:
    """What `errors.suggest` says where something is near, and nothing instead of a long list of everything.

    Examples
    --------
    >>> nearest("resnet81", ["resnet18", "vgg"])
    "did you mean 'resnet18'? "
    >>> nearest("zzz", ["resnet18", "vgg"])
    ''
    """
    said = suggest(str(name), known)
    return f"{said} " if said.startswith("did you mean") else ""
