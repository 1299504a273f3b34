"""Classification by labels: cross-entropy or binary cross-entropy, smoothed, with mixup and cutmix."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vvslib.errors import VvsError
from vvslib.objectives.base import Batch, Objective

LOSSES = ("cross_entropy", "bce")


def soft_targets(labels: Tensor, n_classes: int, smoothing: float) -> Tensor:
    """Smoothed one-hot targets: 1 − ε + ε/k for the class, ε/k for the others (Szegedy et al. 2016, eq. 3 with uniform u).

    Examples
    --------
    >>> soft_targets(torch.tensor([1]), 4, 0.2)
    tensor([[0.0500, 0.8500, 0.0500, 0.0500]])
    """
    return F.one_hot(labels, n_classes).float() * (1 - smoothing) + smoothing / n_classes


def mix(
    images: Tensor, targets: Tensor, generator: torch.Generator, mixup: float = 0.0, cutmix: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018) or cutmix (Yun et al. 2019) of a batch with itself reversed, one λ a batch.

    With both, one is drawn with equal chance, as the recipes of ConvNeXt and DeiT III do.

    Parameters
    ----------
    images
        ``(b, 3, s, s)``.
    targets
        ``(b, n_classes)``.
    generator
        On the CPU.
    mixup, cutmix
        Parameter of the Beta distribution of λ; 0 for none.

    Returns
    -------
    tuple of Tensor
        Mixed images and targets; for cutmix, λ is the share of the area that is left.
    """
    if mixup <= 0 and cutmix <= 0:
        return images, targets
    cut = cutmix > 0 and (mixup <= 0 or torch.rand((), generator=generator).item() < 0.5)
    share = _beta(cutmix if cut else mixup, generator)
    other = images.flip(0)
    if cut:
        height, width = images.shape[-2:]
        top, left, bottom, right = _box(height, width, share, generator)
        images = images.clone()
        images[:, :, top:bottom, left:right] = other[:, :, top:bottom, left:right]
        share = 1 - (bottom - top) * (right - left) / (height * width)
    else:
        images = images * share + other * (1 - share)
    return images, targets * share + targets.flip(0) * (1 - share)


def _beta(parameter: float, generator: torch.Generator) -> float:
    """One draw of Beta(a, a); torch's own takes no generator."""
    seed = int(torch.randint(2**62, (), generator=generator))
    return float(np.random.default_rng(seed).beta(parameter, parameter))


def _box(height: int, width: int, share: float, generator: torch.Generator) -> tuple[int, int, int, int]:
    """A box of about (1 − share) of the area, centred anywhere and cut at the border (Yun et al. 2019, eq. 2)."""
    side = math.sqrt(1 - share)
    centre = torch.rand(2, generator=generator).tolist()
    edges = []
    for length, at in zip((height, width), centre, strict=True):
        middle, half = int(at * length), int(side * length) // 2
        edges.append((max(middle - half, 0), min(middle + half, length)))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


class Supervised(Objective):
    """Classification.

    Parameters
    ----------
    network
        images → logits ``(b, n_classes)``.
    n_classes
        Number of classes.
    loss
        ``cross_entropy``, or ``bce``: binary cross-entropy summed over classes, mean over images (DeiT III).
    smoothing
        ε of `soft_targets`.
    mixup, cutmix
        As in `mix`.

    Raises
    ------
    VvsError
        For an unknown loss.
    """

    def __init__(
        self,
        network: nn.Module,
        n_classes: int,
        loss: str = "cross_entropy",
        smoothing: float = 0.0,
        mixup: float = 0.0,
        cutmix: float = 0.0,
    ):
        super().__init__(network)
        if loss not in LOSSES:
            raise VvsError(f"loss must be one of {', '.join(LOSSES)}; got {loss!r}")
        self.n_classes, self.kind, self.smoothing, self.mixup, self.cutmix = n_classes, loss, smoothing, mixup, cutmix

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss, and accuracy on the batch where images are not mixed."""
        images, mixed = batch.views[0], self.mixup > 0 or self.cutmix > 0
        if mixed or self.kind == "bce":
            targets = soft_targets(batch.labels, self.n_classes, self.smoothing)
            images, targets = mix(images, targets, batch.generator, self.mixup, self.cutmix)
            logits = self.network(images)
            loss = soft_cross_entropy(logits, targets) if self.kind == "cross_entropy" else binary_cross_entropy(logits, targets)
        else:
            logits = self.network(images)
            loss = F.cross_entropy(logits, batch.labels, label_smoothing=self.smoothing)
        seen = {} if mixed else {"train_acc": (logits.detach().argmax(1) == batch.labels).float().mean()}
        return loss, seen

    def classifies(self) -> bool:
        """The output names classes."""
        return True


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """−Σ_k t_k log p_k, mean over images."""
    return -(targets * F.log_softmax(logits, dim=1)).sum(1).mean()


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy, mean over images and classes."""
    return F.binary_cross_entropy_with_logits(logits, targets)
