"""CORnet-S (Kubilius et al. 2019, arXiv:1909.06161): four areas, of which V2, V4 and IT are recurrent; and small ones.

Each recurrent area runs its block several times with the same convolutions and a batch normalisation of its own at each step;
the area's output is that of the last. ``V4.steps.2``, for one, is the output of V4 at its third time step, for hooks to record.
Parameters are named as in the authors' release, so that its checkpoints load.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import conv2d

from vvslib.models.projection import Projection

STEPS = (2, 4, 2)
"""Time steps of V2, V4 and IT."""

EXPANSION = 4
"""Channels within a recurrent block, relative to those of its output."""


def published(n_classes: int, size: int) -> nn.Module:
    """CORnet-S with its published widths."""
    return CORnetS(64, STEPS, n_classes)


def small(n_classes: int, size: int, width: int) -> nn.Module:
    """A CORnet-S for 32 to 64 px: V1 has `width` channels where the published one has 64, and strides 2 instead of 8."""
    return CORnetS(width, STEPS, n_classes, small=True)


class V1(nn.Module):
    """The first area, without recurrence: two convolutions; total stride 8, or 2 for small images."""

    def __init__(self, width: int, small: bool) -> None:
        super().__init__()
        kernel, stride = (3, 2) if small else (7, 2)
        self.conv1 = nn.Conv2d(3, width, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.nonlin1 = nn.ReLU(inplace=True)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.nonlin2 = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (b, 3, s, s) → (b, width, h, w)."""
        x = self.pool(self.nonlin1(self.norm1(self.conv1(x))))
        return self.nonlin2(self.norm2(self.conv2(x)))


class RecurrentArea(nn.Module):
    """One block of three convolutions, run `steps` times on its own output; the first time with stride 2.

    Parameters
    ----------
    n_in, n_out
        Channels of input and output.
    steps
        How often the block runs.
    """

    def __init__(self, n_in: int, n_out: int, steps: int) -> None:
        super().__init__()
        inner = n_out * EXPANSION
        self.conv_input = nn.Conv2d(n_in, n_out, 1, bias=False)
        self.skip = Projection(n_out, n_out, 2)
        self.norm_skip = nn.BatchNorm2d(n_out)
        self.conv1 = nn.Conv2d(n_out, inner, 1, bias=False)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False)
        self.conv3 = nn.Conv2d(inner, n_out, 1, bias=False)
        self.nonlin = nn.ReLU(inplace=True)
        for step in range(steps):
            for k, channels in ((1, inner), (2, inner), (3, n_out)):
                self.add_module(f"norm{k}_{step}", nn.BatchNorm2d(channels))
        # What a hook sees of a time step: the shared modules run once a step, these once an image.
        self.steps = nn.ModuleList(nn.Identity() for _ in range(steps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The area's last output: (b, n_in, h, w) → (b, n_out, h / 2, w / 2)."""
        x = self.conv_input(x)
        for step, output in enumerate(self.steps):
            norm1, norm2, norm3 = (getattr(self, f"norm{k}_{step}") for k in (1, 2, 3))
            shortcut = x if step else self.norm_skip(self.skip(x))
            x = self.nonlin(norm1(self.conv1(x)))
            x = self.nonlin(norm2(conv2d(x, self.conv2.weight, stride=1 if step else 2, padding=1)))
            x = output(self.nonlin(norm3(self.conv3(x)) + shortcut))
        return x


class Decoder(nn.Module):
    """Global average and linear classifier."""

    def __init__(self, n_in: int, n_classes: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(n_in, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Channels (b, n_in, h, w) → logits (b, n_classes)."""
        return self.linear(self.avgpool(x).flatten(1))


class CORnetS(nn.Module):
    """V1, V2, V4, IT and a linear decoder.

    Parameters
    ----------
    width
        Channels of V1; the other areas have 2, 4 and 8 times as many.
    steps
        Time steps of V2, V4 and IT.
    n_classes
        Outputs.
    small
        Whether V1 is made for images of 32 to 64 px.
    """

    def __init__(self, width: int, steps: Sequence[int], n_classes: int, small: bool = False) -> None:
        super().__init__()
        self.V1 = V1(width, small)
        self.V2 = RecurrentArea(width, 2 * width, steps[0])
        self.V4 = RecurrentArea(2 * width, 4 * width, steps[1])
        self.IT = RecurrentArea(4 * width, 8 * width, steps[2])
        self.decoder = Decoder(8 * width, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (b, 3, s, s) → logits (b, n_classes), those of the last time step."""
        return self.decoder(self.IT(self.V4(self.V2(self.V1(x)))))
