"""What a stopped run goes on from, and the weights it leaves: tensors and plain values, whole files or none, no code inside."""

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vvslib.errors import VvsError

STATE, WEIGHTS = "state.pt", "weights.pt"
FORMAT = 1
"""Version of the layout of both files."""


def write(content: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values; the file appears whole, and an older one stays until then."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            torch.save({"format": FORMAT, **content}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Any]:
    """Read what `write` wrote; nothing in the file is ever executed.

    Raises
    ------
    VvsError
        When the file is missing, damaged, holds anything but tensors and plain values, or another version's layout.
    """
    if not path.is_file():
        raise VvsError(f"no file of weights at {path}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        raise VvsError(
            f"{path}: cannot be read as plain tensors: it holds something else, or is damaged ({type(error).__name__}); "
            "remove it, or name another file"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        got = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise VvsError(f"{path}: layout {FORMAT} was expected, got {got!r}; it was written by another version or program")
    return content


def load_weights(network: nn.Module, path: Path, *, classifier: str | None = None) -> None:
    """Put saved weights into a network.

    Parameters
    ----------
    network
        Of the same architecture.
    path
        A file of weights.
    classifier
        Name of the classifier, when it may have another number of classes and then keeps its fresh weights.

    Raises
    ------
    VvsError
        When names or shapes do not match: the weights are of another architecture.
    """
    saved, own = read(path)["weights"], network.state_dict()
    if classifier is not None and any(saved[k].shape != own[k].shape for k in own if k.startswith(classifier) and k in saved):
        saved = {k: own[k] if k.startswith(classifier) else v for k, v in saved.items()}
    missing, extra = [k for k in own if k not in saved], [k for k in saved if k not in own]
    other = [k for k in own if k in saved and own[k].shape != saved[k].shape]
    if missing or extra or other:
        kinds = {"missing": missing, "unknown": extra, "of another shape": other}
        said = "; ".join(f"{len(v)} {kind} ({', '.join(v[:3])}{', …' if len(v) > 3 else ''})" for kind, v in kinds.items() if v)
        raise VvsError(f"{path}: these weights are of another architecture: {said}")
    network.load_state_dict(saved)
