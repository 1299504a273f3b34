"""The 1 × 1 convolution of stride 2 that shortcuts are projected with, in a form that is safe everywhere."""

import torch
from torch import nn
from torch.nn.functional import conv2d


class Projection(nn.Conv2d):
    """A 1 × 1 convolution without bias that takes every `stride`-th pixel, named and initialised as `torch.nn.Conv2d`.

    The pixels are taken first and the convolution has stride 1: the same numbers at the same cost. Left to itself, torch 2.13 on
    an AVX2 processor writes beyond its memory in the backward pass of strided 1 × 1 convolutions with 2 to 7 input channels and
    channels-last memory (oneDNN 3.12; later anything may happen, a crash or a wrong number).

    Parameters
    ----------
    n_in, n_out
        Channels of input and output.
    stride
        Distance of the pixels taken.

    Examples
    --------
    >>> project, x = Projection(4, 8, stride=2), torch.ones(1, 4, 5, 5)
    >>> torch.equal(project(x), nn.Conv2d.forward(project, x))
    True
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__(n_in, n_out, 1, stride=stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, n_in, h, w) → (b, n_out, ⌈h / stride⌉, ⌈w / stride⌉)."""
        step_h, step_w = self.stride
        return conv2d(x[..., ::step_h, ::step_w], self.weight)
