"""ConvNeXt (Liu et al. 2022, arXiv:2201.03545): timm's network with the published and the Flex widths, and small ones."""

from collections.abc import Sequence

import torch
from torch import nn


def published(n_classes: int, size: int, depths: Sequence[int], widths: Sequence[int], drop_path: float = 0.0) -> nn.Module:
    """timm's ConvNeXt, freshly initialised; the rate of stochastic depth grows linearly to `drop_path`."""
    from timm.models.convnext import ConvNeXt

    return ConvNeXt(num_classes=n_classes, depths=tuple(depths), dims=tuple(widths), drop_path_rate=drop_path)


def small(n_classes: int, size: int, width: int, depth: int) -> nn.Module:
    """A ConvNeXt for 32 to 64 px: patches of 2 px, stages of (d, d, 3 d, d) blocks with widths w, 2w, 4w, 8w."""
    return SmallConvNeXt([width * 2**k for k in range(4)], [depth, depth, 3 * depth, depth], n_classes)


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of a map (b, c, h, w)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, c, h, w) → the same shape; without a copy where the memory is channels-last."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise convolution, then two dense layers at every position, beside a shortcut.

    Parameters
    ----------
    width
        Channels.
    kernel
        Side of the depthwise kernel, odd.
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.widen = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, width, h, w) → the same shape."""
        inner = self.norm(self.conv(x).permute(0, 2, 3, 1))
        return x + self.narrow(self.act(self.widen(inner))).permute(0, 3, 1, 2)


class SmallConvNeXt(nn.Module):
    """ConvNeXt's block and stages behind patches of 2 px, without its layer scale, which is for deep networks and long training.

    Parameters
    ----------
    widths, depths
        Channels and blocks of each stage; a stage after the first begins by halving the map.
    n_classes
        Outputs.
    kernel
        Side of the depthwise kernels.
    """

    def __init__(self, widths: Sequence[int], depths: Sequence[int], n_classes: int, kernel: int = 5) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 2, stride=2), ChannelNorm(widths[0], eps=1e-6))
        self.stages = nn.ModuleList()
        channels = widths[0]
        for width, depth in zip(widths, depths, strict=True):
            halve = [] if not self.stages else [ChannelNorm(channels, eps=1e-6), nn.Conv2d(channels, width, 2, stride=2)]
            blocks = nn.Sequential(*(Block(width, kernel) for _ in range(depth)))
            self.stages.append(nn.ModuleDict({"halve": nn.Sequential(*halve), "blocks": blocks}))
            channels = width
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.head = nn.Linear(channels, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (b, 3, s, s) → logits (b, n_classes)."""
        x = self.stem(x)
        for stage in self.stages:
            x = stage["blocks"](stage["halve"](x))
        return self.head(self.norm(self.pool(x).flatten(1)))
