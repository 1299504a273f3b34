"""Weights from a file: tensors by name, and nothing else."""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vvslib.errors import VvsError
from vvslib.models.splitting import CLASSIFIER

WRAPPED = ("weights", "state_dict", "model_state_dict", "model", "network", "net")
"""Under which name programs put the tensors, beside an epoch or an optimiser's state; the first is vvslib's own."""

PREFIXES = ("module.", "_orig_mod.", "model.", "network.", "net.", "backbone.", "encoder.")
"""What wrappers put before every name: DataParallel's, torch.compile's, and usual names of an attribute."""

WITHOUT_EFFECT = "num_batches_tracked"
"""Buffers that do not alter what a network answers; old files lack them."""


def read(path: Path | str) -> dict[str, torch.Tensor]:
    """Tensors of a file, by name; nothing in the file is ever executed.

    Parameters
    ----------
    path
        What ``torch.save`` wrote of a ``state_dict()``, plain or within a dict (`WRAPPED`); vvslib's ``weights.pt``; or a
        ``.safetensors`` file.

    Raises
    ------
    VvsError
        Where there is no such file, and where it holds anything but plain tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise VvsError(f"no file of weights at {path}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content: Any = load_file(path)
        else:
            with warnings.catch_warnings():  # of torch, about the pickle that it is refusing
                warnings.simplefilter("ignore")
                content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise half a dozen kinds
        raise VvsError(
            f"{path} cannot be read as plain tensors: it holds something else, or is damaged ({type(error).__name__}); "
            "save network.state_dict(), not the network itself"
        ) from None
    found = _tensors(content)
    if found is None:
        raise VvsError(f"{path} must hold the tensors of a state_dict(); got {_got(content)}; save network.state_dict()")
    return found


def _tensors(content: Any) -> dict[str, torch.Tensor] | None:
    if not isinstance(content, dict):
        return None
    for name in WRAPPED:
        if isinstance(content.get(name), dict):
            return _tensors(content[name])
    tensors = {name: value for name, value in content.items() if isinstance(value, torch.Tensor) and isinstance(name, str)}
    return tensors if tensors and len(tensors) == len(content) else None


def _got(content: Any) -> str:
    return f"a dict of {', '.join(map(repr, list(content)[:4]))}, …" if isinstance(content, dict) else type(content).__name__


def unprefixed(tensors: dict[str, torch.Tensor], known: set[str]) -> dict[str, torch.Tensor]:
    """Names without what wrappers put before all of them, as long as that makes more of them known.

    Examples
    --------
    >>> list(unprefixed({"module.fc.bias": torch.zeros(1)}, {"fc.bias"}))
    ['fc.bias']
    """
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            shorter = {name.removeprefix(prefix): value for name, value in tensors.items()}
            if len(known & set(shorter)) > len(known & set(tensors)):
                return shorter
            shorter = unprefixed(shorter, known)
            if len(known & set(shorter)) > len(known & set(tensors)):
                return shorter
    return tensors


def put(module: nn.Module, tensors: dict[str, torch.Tensor], path: Path | str) -> bool:
    """Put weights into a network.

    Parameters
    ----------
    module
        Of the same architecture.
    tensors
        What `read` gave.
    path
        Where they come from, for the error.

    Returns
    -------
    bool
        Whether they brought the classifier too; where a file holds none at all, the network's keeps its fresh weights.

    Raises
    ------
    VvsError
        Where names or shapes do not match: the weights are of another architecture.
    """
    own = module.state_dict()
    tensors = unprefixed(tensors, set(own))
    head = getattr(module, CLASSIFIER, None) or None
    of_head = [name for name in own if head and name.startswith(f"{head}.")]
    headless = bool(of_head) and not any(name in tensors for name in of_head)
    expected = [name for name in own if not name.endswith(WITHOUT_EFFECT) and not (headless and name in of_head)]
    missing = [name for name in expected if name not in tensors]
    unknown = [name for name in tensors if name not in own]
    other = [name for name in expected if name in tensors and own[name].shape != tensors[name].shape]
    if missing or unknown or other:
        kinds = {"missing": missing, "unknown": unknown, "of another shape": other}
        said = "; ".join(f"{len(v)} {kind} ({', '.join(v[:3])}{', …' if len(v) > 3 else ''})" for kind, v in kinds.items() if v)
        raise VvsError(f"{path}: these weights are of another architecture: {said}")
    module.load_state_dict(own | tensors)
    return not headless


def n_classes(tensors: dict[str, torch.Tensor], head: str | None, known: set[str]) -> int | None:
    """How many outputs the classifier of some weights has; None where they hold none.

    Examples
    --------
    >>> n_classes({"module.fc.weight": torch.zeros(10, 4)}, "fc", {"fc.weight"})
    10
    """
    found = unprefixed(tensors, known).get(f"{head}.weight") if head else None
    return None if found is None or found.ndim != 2 else len(found)
