"""ResNet (He et al. 2016, doi:10.1109/CVPR.2016.90): torchvision's, the Flex series, and small ones for 32 to 64 px.

The Flex networks have torchvision's module names, so that a checkpoint of either loads into the other where the shapes agree.
"""

from collections.abc import Sequence

import torch
from torch import nn

from vvslib.models.projection import Projection


def published(n_classes: int, size: int, name: str) -> nn.Module:
    """torchvision's ResNet of that name, freshly initialised."""
    from torchvision import models

    return models.get_model(name, weights=None, num_classes=n_classes)


def flex(n_classes: int, size: int, widths: Sequence[int], blocks: Sequence[int]) -> nn.Module:
    """A member of the Flex series: ResNet-18's stem and blocks, with other widths and numbers of blocks."""
    stem = nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False)
    return ResNet(stem, nn.MaxPool2d(3, stride=2, padding=1), widths[1:], blocks, n_classes)


def small(n_classes: int, size: int, width: int, depth: int) -> nn.Module:
    """A ResNet for 32 to 64 px: a 3 × 3 stem of stride 2 without pooling, `depth` blocks a stage, widths w, 2w, 4w, 8w."""
    stem = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
    return ResNet(stem, nn.Identity(), [width * 2**k for k in range(4)], [depth] * 4, n_classes)


class Block(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut, which is projected where the shape changes.

    Parameters
    ----------
    n_in, n_out
        Channels of input and output.
    stride
        Of the first convolution and of the projection.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(Projection(n_in, n_out, stride), nn.BatchNorm2d(n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Channels (b, n_in, h, w) → (b, n_out, h / stride, w / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + shortcut)


class ResNet(nn.Module):
    """A residual network of two-layer blocks with any stem, widths and numbers of blocks.

    Every stage after the first begins with stride 2. A stage without blocks is left out together with its stride, so that later
    stages see larger maps.

    Parameters
    ----------
    stem
        The first convolution, from 3 channels.
    pool
        What follows its activation.
    widths
        Channels of each of the four stages.
    blocks
        Blocks of each of the four stages; 0 leaves a stage out.
    n_classes
        Outputs.
    """

    def __init__(self, stem: nn.Conv2d, pool: nn.Module, widths: Sequence[int], blocks: Sequence[int], n_classes: int) -> None:
        super().__init__()
        self.conv1 = stem
        self.bn1 = nn.BatchNorm2d(stem.out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = pool
        channels = stem.out_channels
        for stage, (width, n_blocks) in enumerate(zip(widths, blocks, strict=True), start=1):
            first = 1 if stage == 1 else 2
            rows = [Block(channels if k == 0 else width, width, first if k == 0 else 1) for k in range(n_blocks)]
            self.add_module(f"layer{stage}", nn.Sequential(*rows))
            channels = width if n_blocks else channels
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (b, 3, s, s) → logits (b, n_classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))
