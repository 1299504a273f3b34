"""Building an architecture by its name, and saying what it is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vvslib.errors import VvsError
from vvslib.models import pretrained as libraries
from vvslib.models.catalogue import find
from vvslib.models.members import Member

if TYPE_CHECKING:
    from torch import nn

N_CLASSES = 1000
"""Outputs where none are asked for: the published counts are those of ImageNet's classes."""


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
        Names of the modules that a forward hook can record, in the order in which they finish: each runs once, returns one
        tensor, and in evaluation nothing alters that tensor in place afterwards.
    """

    name: str
    family: str
    n_params: int
    flops: int
    attention_flops: int
    size: int
    layers: tuple[str, ...]


def build(
    name: str,
    n_classes: int | None = None,
    size: int | None = None,
    *,
    pretrained: bool | None = None,
    drop_path: float = 0.0,
) -> "nn.Module":
    """Build an architecture; fresh weights are drawn from torch's global generator, and from nothing else.

    Parameters
    ----------
    name
        A name of `names`, one of a small pattern such as ``small_resnet_w20_d3``, or a model of another library
        (`vvslib.models.pretrained`), such as ``torchvision:resnet18``.
    n_classes
        Outputs of the classifier; when None 1000, or those of the weights of a pretrained model.
    size
        Pixels of a side of the images; the architecture's own when None. Only the position embedding of a published ViT depends
        on it. It cannot be chosen for models of another library.
    pretrained
        Whether to get the weights of a model of another library, which needs the network once; for these True when None.
    drop_path
        Rate of stochastic depth, for published ConvNeXt (growing to it block by block) and ViT (in every block, as in DeiT-III).

    Returns
    -------
    torch.nn.Module
        Images (b, 3, size, size) → logits (b, n_classes), in training mode unless pretrained.

    Raises
    ------
    VvsError
        For an unknown name (the nearest are given), fewer than one class, a size that the architecture cannot take, a rate where
        there is no stochastic depth, weights of an architecture that has none or that cannot be got.

    Examples
    --------
    >>> import torch
    >>> build("small_resnet_w4_d1", n_classes=10)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    from vvslib.models.splitting import name_classifier

    member = find(name, (libraries.read,))
    options = dict(member.options)
    of_library = member.kind.builder.startswith("pretrained.")
    if n_classes is None and not of_library:
        n_classes = N_CLASSES
    if of_library:
        options["pretrained"] = pretrained is None or pretrained
    elif pretrained:
        raise VvsError(
            f"{name} has no weights here; name a library's model, such as torchvision:resnet18, or leave pretrained out"
        )
    if member.kind.drops:
        options["drop_path"] = _rate(drop_path)
    elif drop_path:
        raise VvsError(f"drop_path is for published ConvNeXt and ViT; {name} has no stochastic depth; leave it at 0")
    model = _builder(member)(_classes(n_classes), _side(member, size), **options)
    return name_classifier(model, member.kind.head) if member.kind.head else model


@cache
def info(name: str, n_classes: int | None = None, size: int | None = None) -> Info:
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

    member = find(name, (libraries.read,))
    side = _side(member, size)
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), counting.Unfilled():
            model = build(name, n_classes, size, pretrained=False)
        counted = counting.count(model, side, member.kind.layers)
    except NotImplementedError as error:
        raise VvsError(
            f"{name} looks at numbers while it is built or run and cannot be counted by shapes alone ({error})"
        ) from error
    return Info(member.name, member.family, counted.n_params, counted.flops, counted.attention_flops, side, counted.layers)


def _builder(member: Member) -> "Callable[..., nn.Module]":
    module, function = member.kind.builder.split(".")
    return getattr(import_module(f"vvslib.models.{module}"), function)


def _classes(n_classes: Any) -> int | None:
    return n_classes if n_classes is None else _whole(n_classes, "n_classes")


def _whole(value: Any, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise VvsError(f"{argument} must be a whole number from 1; got {value!r}")
    return value


def _side(member: Member, size: int | None) -> int:
    kind = member.kind
    side = kind.size if size is None else _whole(size, "size")
    if kind.fixed and side != kind.size:
        raise VvsError(f"size of {member.name} is that of its weights, {kind.size} px; got {side}; leave it out")
    if side < kind.smallest or side % kind.multiple:
        step = f" and a multiple of {kind.multiple}" if kind.multiple > 1 else ""
        raise VvsError(f"size must be at least {kind.smallest} px{step} for {member.name}; got {side}")
    return side


def _rate(drop_path: float) -> float:
    if not 0 <= drop_path < 1:
        raise VvsError(f"drop_path must be a rate, from 0 to below 1; got {drop_path!r}")
    return float(drop_path)
