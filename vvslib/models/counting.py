"""Parameters and operations of a network, counted without computing anything.

The network is run once on torch's ``meta`` device, where tensors have shapes and no content, and every operation that reaches the
dispatcher is counted by its shapes. No memory is taken and no random number drawn.

**The convention is the published one**, found by reproducing the table of Gokce & Schrimpf (2025): `flops` = 2 × MACs, where the
MACs are those of fvcore's ``FlopCountAnalysis``,

* convolutions and matrix products: one a multiplication-and-addition, biases not counted;
* batch and layer normalisation with scale and shift: 5 an element (fvcore's count for training);
* average pooling: one an element of its input;
* nothing for activations, additions, max pooling, softmax,

and **nothing for the two matrix products of fused attention**, which fvcore does not see. `attention_flops` holds these
(2 × their MACs); flops + attention_flops is what a ViT computes.
"""

import math
from collections import Counter
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


@dataclass(frozen=True)
class Count:
    """What one image costs: `n_params`, and `flops` and `attention_flops` of one forward pass (2 × MACs)."""

    n_params: int
    flops: int
    attention_flops: int


def n_params(model: nn.Module) -> int:
    """Number of parameters; a shared one counts once, buffers do not count.

    Examples
    --------
    >>> n_params(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in model.parameters())


def count(model: nn.Module, size: int) -> Count:
    """Count parameters and operations of one forward pass of one image.

    Parameters
    ----------
    model
        A network on the ``meta`` device, images (b, 3, size, size) → anything. It is put into evaluation mode.
    size
        Pixels of a side.

    Examples
    --------
    >>> with torch.device("meta"):
    ...     model = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    >>> count(model, 10)
    Count(n_params=216, flops=43200, attention_flops=0)
    """
    model.eval()
    # In inference mode attention arrives whole; with gradients, or in their absence only, it would arrive as its parts.
    with Operations() as seen, torch.inference_mode():
        model(torch.empty(1, 3, size, size, device="meta"))
    return Count(n_params(model), 2 * seen.macs["seen"], 2 * seen.macs["attention"])


class Unfilled(TorchDispatchMode):
    """While active, in-place operations on tensors of the ``meta`` device are left out: they would change nothing, slowly."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kind = func.overloadpacket.__name__
        if kind.endswith("_") and not kind.endswith("__") and args[0].is_meta:
            return args[0]
        return func(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    """While active, adds up the MACs of every operation in `macs`: those fvcore sees, and those of fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.macs: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        kind = func.overloadpacket
        if kind is aten.scaled_dot_product_attention:
            query, key, value = (tensor.shape for tensor in args[:3])
            self.macs["attention"] += math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])
            return torch.empty_like(args[0])
        if kind in NORMALISATIONS:
            self.macs["seen"] += 5 * args[0].numel()
            return torch.empty_like(args[0])
        if kind in ELEMENTWISE:
            return torch.empty(_broadcast(args), dtype=args[0].dtype, device="meta")
        if kind in SEEN:
            out = func(*args, **kwargs)
            self.macs["seen"] += SEEN[kind](args, out)
            return out
        with self:
            parts = func.decompose(*args, **kwargs)
        return func(*args, **kwargs) if parts is NotImplemented else parts


def _convolution(args, out) -> int:
    weight = args[1].shape
    transposed = args[6]
    return math.prod(weight[1:]) * (args[0].numel() if transposed else out.numel())


def _matrix_product(args, out) -> int:
    return out.numel() * args[0].shape[-1]


def _added_matrix_product(args, out) -> int:
    return out.numel() * args[1].shape[-1]


def _pooling(args, out) -> int:
    return args[0].numel()


def _mean(args, out) -> int:
    """Global average pooling arrives as a mean over the two last dimensions of a map; other means are not counted."""
    image = args[0]
    over = {dim % image.ndim for dim in args[1] or ()}
    return image.numel() if image.ndim == 4 and over == {2, 3} else 0


def _broadcast(args) -> torch.Size:
    return torch.broadcast_shapes(*(tensor.shape for tensor in args[:2] if isinstance(tensor, torch.Tensor)))


SEEN = {
    aten.convolution: _convolution,
    aten.mm: _matrix_product,
    aten.bmm: _matrix_product,
    aten.addmm: _added_matrix_product,
    aten.baddbmm: _added_matrix_product,
    aten._adaptive_avg_pool2d: _pooling,
    aten.mean: _mean,
}

NORMALISATIONS = {aten.batch_norm, aten.layer_norm, aten.group_norm}

# Neither counted nor computed: torch would take longer over their shapes than over all that is counted.
ELEMENTWISE = {aten.relu, aten.relu_, aten.gelu, aten.silu, aten.silu_, aten.sigmoid, aten.dropout, aten.add, aten.mul}
