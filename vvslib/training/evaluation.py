"""How well a network names classes it was trained on, on images it was not trained on."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vvslib.images import ImageSet
from vvslib.training import photometry


def pixels(images: ImageSet, indices: np.ndarray, device: torch.device, batch: int = 512) -> Iterator[tuple[Tensor, Tensor]]:
    """Images as the network takes them, unchanged but normalised, and their labels."""
    for start in range(0, len(indices), batch):
        taken = indices[start : start + batch]
        values = torch.from_numpy(images.read(taken)).to(device).permute(0, 3, 1, 2).float().div_(255)
        yield (
            photometry.normalise(values).contiguous(memory_format=torch.channels_last),
            torch.from_numpy(images.labels[taken]).to(device),
        )


@torch.inference_mode()
def classify(network: nn.Module, images: ImageSet, device: torch.device) -> dict[str, float]:
    """Validation loss (cross-entropy, nats) and top-1 and top-5 accuracy.

    Parameters
    ----------
    network
        images → logits ``(b, n_classes)``. Its mode is restored afterwards.
    images
        The validation split.
    device
        Of the network.
    """
    was_training = network.training
    network.eval()
    loss = first = fifth = 0.0
    for values, labels in pixels(images, np.arange(len(images)), device):
        logits = network(values).float()
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        best = logits.topk(min(5, logits.shape[1]), dim=1).indices == labels[:, None]
        first, fifth = first + best[:, 0].sum().item(), fifth + best.sum().item()
    network.train(was_training)
    n = len(images)
    return {"val_loss": loss / n, "val_acc": first / n, "val_acc5": fifth / n}


@torch.inference_mode()
def neighbours(
    backbone: nn.Module, bank: ImageSet, indices: np.ndarray, images: ImageSet, device: torch.device, k: int = 20
) -> dict[str, float]:
    """Top-1 accuracy of a weighted vote of the k nearest training images by cosine, T = .07 (Wu et al. 2018).

    Parameters
    ----------
    backbone
        images → features ``(b, d)``. Its mode is restored afterwards.
    bank, indices
        Training images and which of them; at most 10,000 are used, evenly spaced.
    images
        The validation split.
    device
        Of the backbone.
    k
        Neighbours.
    """
    was_training = backbone.training
    backbone.eval()
    kept = indices[np.linspace(0, len(indices) - 1, min(len(indices), 10_000)).astype(int)]
    parts = [(F.normalize(backbone(x).float(), dim=1), y) for x, y in pixels(bank, kept, device)]
    known, classes = torch.cat([f for f, _ in parts]), torch.cat([y for _, y in parts])
    right = 0
    for values, labels in pixels(images, np.arange(len(images)), device):
        similar, nearest = (F.normalize(backbone(values).float(), dim=1) @ known.T).topk(min(k, len(known)), dim=1)
        votes = torch.zeros(len(labels), len(bank.classes), device=device)
        votes.scatter_add_(1, classes[nearest], (similar / 0.07).exp())
        right += (votes.argmax(1) == labels).sum().item()
    backbone.train(was_training)
    return {"val_acc": right / len(images)}
