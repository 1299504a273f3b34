"""Building an architecture by its name, saying what it is, and parting its features from its classifier."""

import copy
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from vvslib.errors import VvsError
from vvslib.models.catalogue import find
from vvslib.models.members import Member

if TYPE_CHECKING:
    from torch import nn

HEAD = "classifier_name"
"""The attribute of a built model that holds the name of its classifier."""


@dataclass(frozen=True)
class Info:
    """What an architecture is.

    Parameters
    ----------
    name, family
        As in the score table's columns ``arch`` and ``arch_family``.
    n_params
        Parameters, classifier included.
    flops
        2 × MACs of one forward pass of one image, counted as in the published table (`vvslib.models.counting`).
    attention_flops
        2 × MACs of the products within fused attention, which the published count leaves out; 0 without attention.
    size
        Pixels of a side of that image.
    layers
        Names of the modules that can be recorded, in the order in which they run.
    """

    name: str
    family: str
    n_params: int
    flops: int
    attention_flops: int
    size: int
    layers: tuple[str, ...]


def build(name: str, n_classes: int = 1000, size: int | None = None, *, drop_path: float = 0.0) -> "nn.Module":
    """Build an architecture with fresh weights, drawn from torch's global generator.

    Parameters
    ----------
    name
        A name of `names`, or one of a small pattern such as ``small_resnet_w20_d3``.
    n_classes
        Outputs of the classifier.
    size
        Pixels of a side of the images; the architecture's own when None. Only the position embedding of a published ViT depends
        on it.
    drop_path
        Rate of stochastic depth at the last block, for ConvNeXt and ViT.

    Returns
    -------
    torch.nn.Module
        Images (b, 3, size, size) → logits (b, n_classes), in training mode.

    Raises
    ------
    VvsError
        For an unknown name (the nearest are given), for fewer than one class, for a size that the architecture cannot take, and
        for a rate where there is no stochastic depth.

    Examples
    --------
    >>> import torch
    >>> build("small_resnet_w4_d1", n_classes=10)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    member = find(name)
    options = dict(member.options)
    if member.kind.drops:
        options["drop_path"] = _rate(drop_path)
    elif drop_path:
        raise VvsError(f"drop_path is for ConvNeXt and ViT; {name} has no stochastic depth; leave it at 0")
    model = _builder(member)(_whole(n_classes, "n_classes"), _side(member, size), **options)
    setattr(model, HEAD, member.kind.head)
    return model


@cache
def info(name: str, n_classes: int = 1000, size: int | None = None) -> Info:
    """Say what an architecture is, without memory for it and without drawing a random number.

    Parameters
    ----------
    name, n_classes, size
        As for `build`.

    Raises
    ------
    VvsError
        As `build` does.

    Examples
    --------
    >>> known = info("small_resnet_w16_d1", n_classes=10)
    >>> known.n_params, known.layers[0]
    (308826, 'maxpool')
    """
    import torch

    from vvslib.models import counting

    member = find(name)
    with torch.random.fork_rng(devices=[]), torch.device("meta"), counting.Unfilled():
        model = build(name, n_classes, size)
    side = _side(member, size)
    counted = counting.count(model, side)
    return Info(
        member.name,
        member.family,
        counted.n_params,
        counted.flops,
        counted.attention_flops,
        side,
        _layers(member, model),
    )


def split(model: "nn.Module") -> "tuple[nn.Module, int]":
    """Part a built model's features from its classifier.

    Parameters
    ----------
    model
        A result of `build`, or a deep copy of one. It is left as it is.

    Returns
    -------
    backbone : torch.nn.Module
        Images (b, 3, s, s) → features (b, d): what the classifier would get. It shares every parameter and buffer with `model`,
        and names them as `model` does: training the one trains the other.
    d : int
        Number of features.

    Raises
    ------
    VvsError
        For a model that `build` did not make.

    Examples
    --------
    >>> import torch
    >>> backbone, d = split(build("small_resnet_w4_d1", n_classes=10))
    >>> d, backbone(torch.zeros(2, 3, 32, 32)).shape
    (32, torch.Size([2, 32]))
    """
    from torch import nn

    path = getattr(model, HEAD, None)
    if path is None:
        raise VvsError(f"model must be made by vvslib.models.build; got {type(model).__name__}, whose classifier is not known")
    classifier = model.get_submodule(path)
    return _with(model, path.split("."), nn.Identity()), classifier.in_features


def _with(module: "nn.Module", path: list[str], put: "nn.Module") -> "nn.Module":
    """`module` with another sub-module at `path`: copies of the containers on the way there, everything else shared."""
    if not path:
        return put
    copied = copy.copy(module)
    copied._modules = {**module._modules, path[0]: _with(module._modules[path[0]], path[1:], put)}
    return copied


def _builder(member: Member):
    module, function = member.kind.builder.split(".")
    return getattr(import_module(f"vvslib.models.{module}"), function)


def _layers(member: Member, model: "nn.Module") -> tuple[str, ...]:
    import re

    return tuple(name for name, _ in model.named_modules() if re.fullmatch(member.kind.layers, name))


def _whole(value: int, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise VvsError(f"{argument} must be a whole number from 1; got {value!r}")
    return value


def _side(member: Member, size: int | None) -> int:
    kind = member.kind
    side = kind.size if size is None else _whole(size, "size")
    if side < kind.smallest or side % kind.multiple:
        step = f" and a multiple of {kind.multiple}" if kind.multiple > 1 else ""
        raise VvsError(f"size must be at least {kind.smallest} px{step} for {member.name}; got {side}")
    return side


def _rate(drop_path: float) -> float:
    if not 0 <= drop_path < 1:
        raise VvsError(f"drop_path must be a rate, from 0 to below 1; got {drop_path!r}")
    return float(drop_path)
