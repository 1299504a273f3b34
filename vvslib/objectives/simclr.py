"""SimCLR: two views of an image agree, those of others do not (Chen et al. 2020, arXiv:2002.05709)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vvslib.errors import VvsError
from vvslib.objectives.base import Batch, Objective


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Normalised temperature-scaled cross-entropy (Chen et al. 2020, eq. 1), mean over the 2b views.

    Parameters
    ----------
    first, second
        Projections of the two views, ``(b, d)``, b ≥ 2 (with one image there is nobody to tell it from, and the loss is 0).
    temperature
        Of the softmax over cosine similarities.

    Examples
    --------
    >>> same, other = torch.eye(4), torch.roll(torch.eye(4), 1, 0)
    >>> bool(nt_xent(same, same, 0.5) < nt_xent(same, other, 0.5))
    True
    """
    views = F.normalize(torch.cat([first, second]).float(), dim=1)
    similarity = views @ views.T / temperature
    n = len(views)
    similarity = similarity.masked_fill(torch.eye(n, dtype=torch.bool, device=views.device), float("-inf"))
    partner = torch.arange(n, device=views.device).roll(n // 2)
    return F.cross_entropy(similarity, partner)


class SimCLR(Objective):
    """Contrastive learning on two views.

    Parameters
    ----------
    network
        The network whose backbone is trained; its classifier is not used.
    backbone, n_features
        images → features ``(b, n_features)``, sharing the network's weights.
    temperature
        Of `nt_xent`.
    head
        Hidden and output width of the projection head.
    """

    passes = 2

    def __init__(
        self,
        network: nn.Module,
        backbone: nn.Module,
        n_features: int,
        temperature: float = 0.5,
        head: tuple[int, int] = (2048, 128),
    ):
        super().__init__(network)
        if temperature <= 0:
            raise VvsError(f"temperature must be positive; got {temperature}")
        self.backbone, self.temperature = backbone, temperature
        hidden, out = head
        self.head = nn.Sequential(
            nn.Linear(n_features, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, out, bias=False),
        )

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """NT-Xent of the two views; both go through the network in one batch, so that its statistics are shared."""
        both = self.head(self.backbone(torch.cat(batch.views[:2])))
        return nt_xent(*both.chunk(2), self.temperature), {}

    def trained(self) -> list[tuple[str, nn.Parameter]]:
        """Backbone and head; the classifier, which the loss does not reach, stays as it began."""
        reached = {id(p) for p in (*self.backbone.parameters(), *self.head.parameters())}
        return [(name, p) for name, p in super().trained() if id(p) in reached]
