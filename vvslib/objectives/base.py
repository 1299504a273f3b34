"""What the trainer asks of an objective."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """One step's images and what the objective may know of the moment.

    Attributes
    ----------
    views
        Images, normalised, each ``(b, 3, s, s)``; the first is the only one unless the objective asks for more.
    labels
        Class numbers, ``(b,)``.
    step, steps
        This step, from 0, and how many there will be.
    generator
        For draws that depend on this step alone (mixing, attacks), so that a resumed run repeats them. On the CPU.
    """

    views: list[Tensor]
    labels: Tensor
    step: int
    steps: int
    generator: torch.Generator


class Objective(nn.Module, ABC):
    """The network, whatever is trained with it, and the loss.

    Attributes
    ----------
    network
        The network whose weights the run is about.
    passes
        Forward-and-backward passes of the network that one image costs at full size, by the convention of the published table:
        2 for SimCLR's two views, 1 + the attack's passes for adversarial training, 1 for DINO, whose crops are not counted.
    """

    passes: int = 1

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    @abstractmethod
    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of a batch, a scalar, and quantities worth a curve (detached scalars)."""

    def forward(
        self, views: list[Tensor], labels: Tensor, step: int, steps: int, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of `Batch`'s parts, through ``forward`` so that wrappers for precision and several devices see it."""
        return self.loss(Batch(views, labels, step, steps, generator))

    def after_step(self, step: int, steps: int) -> None:
        """What follows the optimiser's step; nothing unless overridden."""

    def trained(self) -> list[tuple[str, nn.Parameter]]:
        """Named parameters that the optimiser moves."""
        return [(name, p) for name, p in self.named_parameters() if p.requires_grad]

    def classifies(self) -> bool:
        """Whether the network's own output is trained to name classes."""
        return False
