"""Parting a model's features from its classifier."""

import copy

from torch import nn

from vvslib.errors import VvsError

CLASSIFIER = "classifier_name"
"""The attribute of a built model with the name of its linear classifier, "" where it has none; a copy of the model keeps it."""

N_FEATURES = "n_features"
"""The attribute of a built model with the number of features that its classifier gets."""


def name_classifier(model: nn.Module, name: str | None, n_features: int | None = None) -> nn.Module:
    """Write on a model where its classifier is; returns the model.

    Parameters
    ----------
    model
        The network.
    name
        Name of its linear classifier; "" for a network that returns features; None where neither is so, and it cannot be split.
    n_features
        How many features it returns, where `name` is "".
    """
    if name is not None:
        setattr(model, CLASSIFIER, name)
        setattr(model, N_FEATURES, model.get_submodule(name).in_features if name else n_features)
    return model


def split(model: nn.Module) -> tuple[nn.Module, int]:
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
        For a model that `build` did not make, and for one without a linear classifier.

    Examples
    --------
    >>> import torch
    >>> from vvslib.models import build
    >>> backbone, d = split(build("small_resnet_w4_d1", n_classes=10))
    >>> d, backbone(torch.zeros(2, 3, 32, 32)).shape
    (32, torch.Size([2, 32]))
    """
    name = getattr(model, CLASSIFIER, None)
    if name is None:
        raise VvsError(
            f"model must be made by vvslib.models.build and end in a linear classifier; got {type(model).__name__}, of which no "
            "classifier is known"
        )
    backbone = _with(model, name.split("."), nn.Identity()) if name else model
    return backbone, getattr(model, N_FEATURES)


def _with(module: nn.Module, path: list[str], put: nn.Module) -> nn.Module:
    """`module` with another sub-module at `path`: copies of the containers on the way there, everything else shared."""
    if not path:
        return put
    copied = copy.copy(module)
    copied._modules = {**module._modules, path[0]: _with(module._modules[path[0]], path[1:], put)}
    return copied
