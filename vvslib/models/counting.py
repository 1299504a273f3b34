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
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


@dataclass(frozen=True)
class Count:
    """What one image costs, and what can be recorded.

    Parameters
    ----------
    n_params
        Parameters of the model.
    flops, attention_flops
        2 × MACs of one forward pass, as published, and of the fused attention that this leaves out.
    layers
        Names of modules that run once, return one tensor, and whose output nothing alters in place afterwards (in evaluation); in
        the order in which they finish.
    """

    n_params: int
    flops: int
    attention_flops: int
    layers: tuple[str, ...]


def n_params(model: nn.Module) -> int:
    """Number of parameters; a shared one counts once, buffers do not count.

    Examples
    --------
    >>> n_params(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in model.parameters())


def count(model: nn.Module, size: int, layers: str = "") -> Count:
    """Count parameters and operations of one forward pass of one image, and find what can be recorded.

    Parameters
    ----------
    model
        A network on the ``meta`` device, images (b, 3, size, size) → anything. It is put into evaluation mode.
    size
        Pixels of a side.
    layers
        Regular expression that the names of modules must match as a whole to be recorded.

    Examples
    --------
    >>> with torch.device("meta"):
    ...     model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.ReLU(inplace=True))
    >>> count(model, 10, layers=".")
    Count(n_params=216, flops=43200, attention_flops=0, layers=('1',))
    """
    model.eval()
    outputs = Outputs(model, layers)
    # In inference mode attention arrives whole; otherwise it would arrive as its parts.
    with outputs, Operations(outputs) as seen, torch.inference_mode():
        model(torch.empty(1, 3, size, size, device="meta"))
    return Count(n_params(model), 2 * seen.macs["seen"], 2 * seen.macs["attention"], outputs.unaltered())


class Outputs:
    """While active, collects the outputs of a model's modules, and forgets those that are altered in place later.

    Parameters
    ----------
    model
        The network.
    pattern
        Regular expression for the names of the modules.
    """

    def __init__(self, model: nn.Module, pattern: str) -> None:
        self._modules = {name: module for name, module in model.named_modules() if name and re.fullmatch(pattern, name)}
        self._seen: dict[str, list[object]] = {}
        self._hooks: list[Any] = []

    def __enter__(self) -> Self:
        def collect(name: str) -> Callable[..., None]:
            return lambda module, inputs, output: self._seen.setdefault(name, []).append(output)

        self._hooks = [module.register_forward_hook(collect(name)) for name, module in self._modules.items()]
        return self

    def __exit__(self, *raised: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def alter(self, tensor: torch.Tensor) -> None:
        """Forget the outputs that share memory with a tensor about to be altered."""
        altered = _memory(tensor)
        for outputs in self._seen.values():
            outputs[:] = [None if isinstance(one, torch.Tensor) and _memory(one) == altered else one for one in outputs]

    def unaltered(self) -> tuple[str, ...]:
        """Names of the modules with just one output, a tensor that was never altered."""
        return tuple(name for name, seen in self._seen.items() if len(seen) == 1 and isinstance(seen[0], torch.Tensor))


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _alters(func: Any) -> bool:
    """Whether an operation alters its first argument, as told by its name: ``add_`` does, ``__and__`` does not."""
    name = func.overloadpacket.__name__
    return name.endswith("_") and not name.endswith("__")


class Unfilled(TorchDispatchMode):
    """While active, in-place operations on tensors of the ``meta`` device are left out: they would change nothing, slowly."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if _alters(func) and args[0].is_meta:
            return args[0]
        return func(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    """While active, adds up the MACs of every operation in `macs`: those fvcore sees, and those of fused attention.

    Parameters
    ----------
    outputs
        Told of every tensor that is altered in place.
    """

    def __init__(self, outputs: Outputs) -> None:
        super().__init__()
        self.macs: Counter[str] = Counter()
        self._outputs = outputs

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        kind = func.overloadpacket
        if _alters(func):
            if kind is not aten.dropout_:  # which alters nothing in evaluation
                self._outputs.alter(args[0])
            if kind in ELEMENTWISE:
                return args[0]
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
ELEMENTWISE = {
    *(aten.relu, aten.relu_, aten.gelu, aten.silu, aten.silu_, aten.sigmoid, aten.dropout, aten.dropout_),
    *(aten.add, aten.add_, aten.mul, aten.mul_),
}
