"""Adversarial training: the loss on images changed within a small ball so as to raise it (Madry et al. 2018; FFGSM: Wong et al.
2020).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vvslib.errors import VvsError, suggest
from vvslib.objectives.base import Batch, Objective

ATTACKS = ("ffgsm", "pgd_linf", "pgd_l2")


class Adversarial(Objective):
    """Cross-entropy on attacked images.

    Parameters
    ----------
    network
        images → logits ``(b, n_classes)``.
    mean, std
        By which the images were normalised, three each; the attack's sizes are those of pixels in [0, 1].
    attack
        ``ffgsm``: one signed step from a random start; ``pgd_linf``, ``pgd_l2``: several projected steps from a random start.
    epsilon
        Radius of the ball, in pixel values (1/255 is one grey level) for L∞, in the norm of the image for L2.
    alpha
        Size of a step, likewise.
    attack_steps
        Steps of PGD.

    Raises
    ------
    VvsError
        For an unknown attack, with the nearest.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        attack: str = "ffgsm",
        epsilon: float = 1 / 255,
        alpha: float = 1.25 / 255,
        attack_steps: int = 1,
    ):
        super().__init__(network)
        if attack not in ATTACKS:
            raise VvsError(f"attack {attack!r} is unknown: {suggest(attack, ATTACKS)}")
        self.attack, self.epsilon, self.alpha = attack, epsilon, alpha
        self.attack_steps = 1 if attack == "ffgsm" else attack_steps
        self.passes = 1 + self.attack_steps
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy on the attacked batch, and the accuracy there."""
        images = batch.views[0]
        attacked = self.attacked(images, batch.labels, batch.generator)
        logits = self.network(attacked)
        loss = F.cross_entropy(logits, batch.labels)
        return loss, {"robust_acc": (logits.detach().argmax(1) == batch.labels).float().mean()}

    def attacked(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Normalised images moved within the ball, and within [0, 1] as pixels."""
        pixels = (images * self.std + self.mean).detach()
        change = self._start(pixels, generator)
        for _ in range(self.attack_steps):
            change.requires_grad_(True)
            loss = F.cross_entropy(self.network((pixels + change - self.mean) / self.std), labels)
            (gradient,) = torch.autograd.grad(loss, change)
            change = self._project(self._step(change.detach(), gradient), pixels)
        return (pixels + change - self.mean) / self.std

    def _start(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        noise = (torch.rand(pixels.shape, generator=generator) * 2 - 1).to(pixels)
        return self._project(noise * self.epsilon, pixels)

    def _step(self, change: Tensor, gradient: Tensor) -> Tensor:
        if self.attack == "pgd_l2":
            return change + self.alpha * gradient / _norms(gradient)
        return change + self.alpha * gradient.sign()

    def _project(self, change: Tensor, pixels: Tensor) -> Tensor:
        if self.attack == "pgd_l2":
            change = change * (self.epsilon / _norms(change)).clamp(max=1.0)
        else:
            change = change.clamp(-self.epsilon, self.epsilon)
        return (pixels + change).clamp(0, 1) - pixels

    def classifies(self) -> bool:
        """The output names classes."""
        return True


def _norms(images: Tensor) -> Tensor:
    """Euclidean norm of each image, never 0; ``(b, 1, 1, 1)``."""
    return images.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)
