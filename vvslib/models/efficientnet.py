"""EfficientNet (Tan & Le 2019, arXiv:1905.11946): torchvision's, and small ones for 32 to 64 px."""

from functools import partial

from torch import nn

STAGES = (
    # expansion, kernel, stride, channels of B0, whose stem has 32
    (1, 3, 1, 16),
    (6, 3, 2, 24),
    (6, 5, 1, 40),
    (6, 3, 2, 80),
    (6, 5, 1, 112),
    (6, 5, 2, 192),
    (6, 3, 1, 320),
)
"""The stages of EfficientNet-B0, with four of its five strides, the stem's included: 32 px end as 2 × 2."""


def published(n_classes: int, size: int, name: str) -> nn.Module:
    """torchvision's EfficientNet of that name, freshly initialised."""
    from torchvision import models

    return models.get_model(name, weights=None, num_classes=n_classes)


def small(n_classes: int, size: int, width: int, depth: int) -> nn.Module:
    """An EfficientNet for 32 to 64 px: `width` channels in the stem where B0 has 32, `depth` blocks in each of B0's stages."""
    from torchvision.models.efficientnet import EfficientNet, MBConvConfig

    stages, channels = [], width
    for expansion, kernel, stride, of_b0 in STAGES:
        out = max(1, round(of_b0 * width / 32))
        stages.append(MBConvConfig(expansion, kernel, stride, channels, out, depth))
        channels = out
    model = EfficientNet(
        stages, dropout=0.2, stochastic_depth_prob=0.0, num_classes=n_classes, norm_layer=partial(nn.BatchNorm2d, eps=1e-3)
    )
    return model
