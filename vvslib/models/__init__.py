"""One registry of architectures: the paper's families, small members of the same families, pretrained models by name.

`build` makes one; `info` says what it is (parameters, operations, layers that can be recorded) without allocating it; `split`
parts its features from its classifier. Importing this package imports nothing of torch; building does.
"""

from typing import TYPE_CHECKING

from vvslib.models.catalogue import families, names
from vvslib.models.registry import Info, build, info

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Info", "build", "families", "info", "names", "split"]


def split(model: "nn.Module") -> "tuple[nn.Module, int]":
    """Part a built model's features from its classifier: `vvslib.models.splitting.split`."""
    from vvslib.models import splitting

    return splitting.split(model)
