"""AlexNet (Krizhevsky 2014, arXiv:1404.5997): torchvision's, and small ones for 32 to 64 px."""

from itertools import pairwise

import torch
from torch import nn


def published(n_classes: int, size: int) -> nn.Module:
    """torchvision's AlexNet, freshly initialised."""
    from torchvision import models

    return models.alexnet(weights=None, num_classes=n_classes)


def small(n_classes: int, size: int, width: int) -> nn.Module:
    """An AlexNet for 32 to 64 px; `width` is that of its first layer, where the published one has 64."""
    return SmallAlexNet(width, n_classes)


class SmallAlexNet(nn.Module):
    """Five convolutions in AlexNet's proportions and two hidden dense layers, without normalisation.

    The first kernel is 5 × 5 with stride 2 instead of 11 × 11 with stride 4, and the maps are averaged to 2 × 2 instead of 6 × 6,
    so that 32 px are enough. Weights are drawn as by He et al. (2015, doi:10.1109/ICCV.2015.123): with torch's defaults the
    signal would fade from layer to layer.

    Parameters
    ----------
    width
        Channels of the first layer; the others have 3, 6, 4 and 4 times as many, the dense layers 16 times.
    n_classes
        Outputs.
    """

    def __init__(self, width: int, n_classes: int) -> None:
        super().__init__()
        widths = [width * factor for factor in (1, 3, 6, 4, 4)]
        rows: list[nn.Module] = [nn.Conv2d(3, widths[0], 5, stride=2, padding=2), nn.ReLU(inplace=True), _pool()]
        for k, (n_in, n_out) in enumerate(pairwise(widths)):
            rows += [nn.Conv2d(n_in, n_out, 5 if k == 0 else 3, padding=2 if k == 0 else 1), nn.ReLU(inplace=True)]
            rows += [_pool()] if k in (0, 3) else []
        self.features = nn.Sequential(*rows)
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        hidden = 16 * width
        dense = [nn.Linear(4 * widths[-1], hidden), nn.ReLU(inplace=True), nn.Dropout()]
        dense += [nn.Linear(hidden, hidden), nn.ReLU(inplace=True)]
        self.classifier = nn.Sequential(nn.Dropout(), *dense, nn.Linear(hidden, n_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.classifier[-1].weight, std=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (b, 3, s, s) → logits (b, n_classes)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, padding=1)
