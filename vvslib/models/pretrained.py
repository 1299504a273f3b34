"""Models of torchvision, timm and OpenCLIP by name, with their weights or without.

==============================  =====================================================================================
``torchvision:resnet18``        torchvision's default weights; ``torchvision:resnet50@IMAGENET1K_V1`` names others
``timm:convnext_atto``          timm's default weights; ``timm:convnext_tiny.fb_in22k`` names a tag
``open_clip:ViT-B-32/openai``   the image tower of a model and its weights; needs the package ``open_clip_torch``
==============================  =====================================================================================

Weights are downloaded once, by the library that owns them, into its own cache. They are read as tensors only: no pickled code is
run.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from vvslib.errors import VvsError, suggest
from vvslib.models.catalogue import members, nearest
from vvslib.models.members import Kind, Member

if TYPE_CHECKING:
    from torch import nn

LIBRARIES = ("torchvision", "timm", "open_clip")
"""Where pretrained models come from; the part of a name before its colon."""

WITH_AUXILIARY_OUTPUTS = ("googlenet", "inception_v3")
"""Models of torchvision that return several outputs in training, and are not offered."""

OPEN_CLIP_ABSENT = "open_clip models need the package open_clip_torch, which is not installed: pip install open_clip_torch"

ANY_BLOCK = r"[^.]+|(.+\.)?(blocks|resblocks|layers|features|stages|layer\d)\.[^.]+"
"""The modules of an architecture that is not of this project which can be recorded: its parts, and the members of their rows."""


def read(name: str) -> Member | None:
    """The member that a name with a colon stands for; None for a name without one.

    Raises
    ------
    VvsError
        For an unknown library, architecture or set of weights (the nearest are named), and where OpenCLIP is not installed.

    Examples
    --------
    >>> read("torchvision:resnet18").family
    'ResNet'
    """
    library, colon, arch = str(name).partition(":")
    if not colon:
        return None
    if library not in LIBRARIES:
        raise VvsError(f"a name with a colon must begin with a library; got {name!r}; {suggest(library, LIBRARIES)}")
    return {"torchvision": _read_torchvision, "timm": _read_timm, "open_clip": _read_open_clip}[library](name, arch)


def _member(name: str, plain: str, kind: Kind, options: dict[str, Any]) -> Member:
    """A member of the family of this project's architecture of the same name, recorded alike; else of the library's own name."""
    known = members().get(plain)
    if known is None:
        return Member(name, name.partition(":")[0], kind, options)
    return Member(name, known.family, replace(kind, layers=known.kind.layers), options)


def _read_torchvision(name: str, arch: str) -> Member:
    from torchvision import models

    known = set(models.list_models(module=models)) - set(WITH_AUXILIARY_OUTPUTS)
    plain, _, weights = arch.partition("@")
    if plain not in known:
        raise VvsError(
            f"torchvision has no classifier {plain!r}; {nearest(plain, known)}torchvision.models.list_models() lists them"
        )
    sets = models.get_model_weights(plain)
    if weights and weights not in sets.__members__:
        raise VvsError(f"torchvision has no weights {weights!r} for {plain}; {suggest(weights, sets.__members__)}")
    chosen = sets[weights] if weights else sets.DEFAULT
    size = chosen.transforms.keywords["crop_size"]
    kind = Kind("pretrained.from_torchvision", ANY_BLOCK, "", size=size, fixed=True)
    return _member(name, plain, kind, {"arch": plain, "weights": chosen.name})


def _read_timm(name: str, arch: str) -> Member:
    import timm

    plain, _, tag = arch.partition(".")
    if not timm.is_model(plain):
        raise VvsError(f"timm has no model {plain!r}; {nearest(plain, timm.list_models())}timm.list_models() lists them")
    tags = {known.partition(".")[2] for known in timm.list_pretrained(f"{plain}.*")}
    if tag and tag not in tags:
        raise VvsError(f"timm has no weights {tag!r} for {plain}; {suggest(tag, tags) if tags else 'it has none'}")
    size = timm.get_pretrained_cfg(arch).input_size[-1]
    return _member(name, plain, Kind("pretrained.from_timm", ANY_BLOCK, "", size=size, fixed=True), {"arch": arch})


def _read_open_clip(name: str, arch: str) -> Member:
    open_clip = _open_clip()
    plain, _, tag = arch.partition("/")
    if plain not in open_clip.list_models():
        raise VvsError(
            f"open_clip has no model {plain!r}; {nearest(plain, open_clip.list_models())}open_clip.list_models() lists them"
        )
    tags = open_clip.list_pretrained_tags_by_model(plain)
    if tag not in tags:
        raise VvsError(
            f"open_clip models are named open_clip:ARCH/TAG; got {name!r}; {suggest(tag, tags) if tags else 'no tags'}"
        )
    size = open_clip.get_model_config(plain)["vision_cfg"]["image_size"]
    return _member(
        name, plain, Kind("pretrained.from_open_clip", ANY_BLOCK, "", size=size, fixed=True), {"arch": plain, "tag": tag}
    )


def from_torchvision(n_classes: int | None, size: int, arch: str, weights: str, pretrained: bool) -> "nn.Module":
    """torchvision's model; its classifier is a fresh one where `n_classes` is not that of the weights."""
    from torch import nn
    from torchvision import models

    chosen = models.get_model_weights(arch)[weights]
    own = len(chosen.meta["categories"])
    model = models.get_model(arch, weights=None, num_classes=own if pretrained or n_classes is None else n_classes)
    linear = [path for path, module in model.named_modules() if isinstance(module, nn.Linear)]
    head = linear[-1] if linear else None
    if pretrained:
        with _fetching(f"torchvision:{arch}@{weights}"):
            model.load_state_dict(chosen.get_state_dict(progress=False, check_hash=True, weights_only=True))
        if n_classes not in (None, own):
            if not head:
                raise VvsError(f"{arch} has no linear classifier to replace: n_classes must be {own}; got {n_classes}")
            model.set_submodule(head, nn.Linear(model.get_submodule(head).in_features, n_classes))
    return _named(model, head)


def from_timm(n_classes: int | None, size: int, arch: str, pretrained: bool) -> "nn.Module":
    """timm's model; its classifier is a fresh one where `n_classes` is not that of the weights."""
    import timm

    wanted = {} if n_classes is None else {"num_classes": n_classes}
    if not pretrained:
        model = timm.create_model(arch, pretrained=False, **wanted)
    else:
        with _fetching(f"timm:{arch}"), _impatient_hub():
            model = timm.create_model(arch, pretrained=True, **wanted)
    head = model.pretrained_cfg.get("classifier") if model.num_classes else ""
    return _named(model, head if isinstance(head, str) else None, None if head else model.num_features)


def from_open_clip(n_classes: int | None, size: int, arch: str, tag: str, pretrained: bool) -> "nn.Module":
    """The image tower of an OpenCLIP model: images → embeddings; it has no classifier."""
    if n_classes is not None:
        raise VvsError(f"open_clip:{arch} has no classifier: n_classes must be left out; got {n_classes}")
    package = _open_clip()
    if not pretrained:
        tower = package.create_model(arch, pretrained=None).visual
    else:
        with _fetching(f"open_clip:{arch}/{tag}"), _impatient_hub():
            tower = package.create_model(arch, pretrained=tag).visual
    return _named(tower, "", tower.output_dim)


def _named(model: "nn.Module", classifier: str | None, n_features: int | None = None) -> "nn.Module":
    from vvslib.models.splitting import name_classifier

    return name_classifier(model, classifier, n_features)


def _open_clip():
    try:
        import open_clip
    except ImportError as error:
        raise VvsError(OPEN_CLIP_ABSENT) from error
    return open_clip


@contextmanager
def _fetching(name: str) -> Iterator[None]:
    """Whatever a library raises while it gets weights becomes one error that says what to do."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().splitlines()[:1] or [""]
        raise VvsError(
            f"the weights of {name} could not be got ({type(error).__name__}: {reason[0]}); they are downloaded once and "
            "need the network for it; pretrained=False builds the model without them"
        ) from error


@contextmanager
def _impatient_hub() -> Iterator[None]:
    """Have huggingface_hub look into its cache only, where its host cannot be found: by itself it tries for a minute."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    try:
        if not getproxies():
            socket.getaddrinfo(constants.ENDPOINT.partition("://")[2].partition("/")[0].partition(":")[0], 443)
    except OSError:
        constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
