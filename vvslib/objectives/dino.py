"""DINO: a student sees crops, a slowly following teacher sees the large ones, and their outputs agree (Caron et al. 2021,
arXiv:2104.14294)."""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vvslib.objectives.base import Batch, Objective


class Head(nn.Module):
    """Three layers to a narrow unit sphere, then prototypes of unit norm (Caron et al. 2021, appendix C)."""

    def __init__(self, n_features: int, prototypes: int, hidden: int = 2048, bottleneck: int = 256):
        super().__init__()
        self.narrow = nn.Sequential(
            nn.Linear(n_features, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck)
        )
        self.prototypes = nn.Parameter(torch.empty(prototypes, bottleneck))
        for layer in self.narrow:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        nn.init.trunc_normal_(self.prototypes, std=0.02)

    def forward(self, features: Tensor) -> Tensor:
        """Cosines with the prototypes, ``(b, prototypes)``."""
        return F.linear(F.normalize(self.narrow(features), dim=1), F.normalize(self.prototypes, dim=1))


class Dino(Objective):
    """Self-distillation without labels.

    Parameters
    ----------
    network
        The network whose backbone is trained; its classifier is not used.
    backbone, n_features
        images → features ``(b, n_features)``, sharing the network's weights.
    prototypes, hidden, bottleneck
        Widths of the head.
    momentum
        Of the teacher at the start; it rises to 1 by a cosine.
    student_temperature, teacher_temperature, warm_teacher_temperature
        Temperatures; the teacher's rises linearly from the warm one over `warm` of training.
    warm
        Share of training over which the teacher's temperature rises.
    centre_momentum
        Of the running centre that keeps one prototype from winning everything.
    """

    def __init__(
        self,
        network: nn.Module,
        backbone: nn.Module,
        n_features: int,
        prototypes: int = 65_536,
        hidden: int = 2048,
        bottleneck: int = 256,
        momentum: float = 0.9995,
        student_temperature: float = 0.1,
        teacher_temperature: float = 0.07,
        warm_teacher_temperature: float = 0.04,
        warm: float = 0.3,
        centre_momentum: float = 0.9,
    ):
        super().__init__(network)
        self.backbone = backbone
        self.head = Head(n_features, prototypes, hidden, bottleneck)
        self.teacher = nn.ModuleList([copy.deepcopy(backbone), copy.deepcopy(self.head)]).requires_grad_(False)
        self.register_buffer("centre", torch.zeros(prototypes))
        self.momentum, self.warm, self.centre_momentum = momentum, warm, centre_momentum
        self.student_temperature = student_temperature
        self.teacher_temperatures = (warm_teacher_temperature, teacher_temperature)

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy of the student's views against the teacher's two large ones, over pairs of different views (eq. 2–4)."""
        large = batch.views[:2]
        with torch.no_grad():
            taught = self.teacher[1](self.teacher[0](torch.cat(large)))
            if self.training and batch.step == 0:
                self.centre.copy_(taught.mean(0))  # else the first steps only learn what all images share
            temperature = self.temperature(batch.step, batch.steps)
            targets = F.softmax((taught - self.centre) / temperature, dim=1).chunk(2)
            if self.training:
                self.centre.mul_(self.centre_momentum).add_(taught.mean(0), alpha=1 - self.centre_momentum)
        outputs = []
        for views in _by_size(batch.views):
            outputs += (self.head(self.backbone(torch.cat(views))) / self.student_temperature).chunk(len(views))
        logs = [F.log_softmax(output, dim=1) for output in outputs]
        pairs = [(t, s) for t in range(2) for s in range(len(logs)) if s != t]
        loss = -sum((targets[t] * logs[s]).sum(1).mean() for t, s in pairs) / len(pairs)
        entropy = -(targets[0] * targets[0].clamp_min(1e-12).log()).sum(1).mean()
        return loss, {"teacher_entropy": entropy.detach()}

    def temperature(self, step: int, steps: int) -> float:
        """The teacher's temperature at a step."""
        start, end = self.teacher_temperatures
        risen = min(1.0, step / max(self.warm * steps, 1.0))
        return start + (end - start) * risen

    @torch.no_grad()
    def after_step(self, step: int, steps: int) -> None:
        """The teacher follows the student by its momentum, which rises to 1 along a half cosine; buffers are copied."""
        momentum = 1 - (1 - self.momentum) * (math.cos(math.pi * step / max(steps, 1)) + 1) / 2
        for teacher, student in zip(self.teacher, (self.backbone, self.head), strict=True):
            for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                slow.lerp_(fast.detach(), 1 - momentum)
            for slow, fast in zip(teacher.buffers(), student.buffers(), strict=True):
                slow.copy_(fast)

    def trained(self) -> list[tuple[str, nn.Parameter]]:
        """The student: backbone and head."""
        reached = {id(p) for p in (*self.backbone.parameters(), *self.head.parameters())}
        return [(name, p) for name, p in super().trained() if id(p) in reached]


def _by_size(views: list[Tensor]) -> list[list[Tensor]]:
    """Neighbouring views of one size together, to go through the network as one batch."""
    groups: list[list[Tensor]] = []
    for view in views:
        if groups and groups[-1][0].shape == view.shape:
            groups[-1].append(view)
        else:
            groups.append([view])
    return groups
