"""What to say when a batch does not fit the device's memory: one that does."""

import torch
from torch import nn

from vvslib.errors import VvsError
from vvslib.training import crops
from vvslib.training.spec import Plan


def refusal(objective: nn.Module, plan: Plan, size: int, device: torch.device) -> VvsError:
    """The error of a run that ran out of memory, with the largest power of two that fits as its batch."""
    asked = plan.recipe.batch_size
    fits = largest_batch(objective, plan, size, device)
    advice = f"recipe.batch_size={fits} would fit" if fits else "not even one image fits: take a smaller network or size"
    return VvsError(f"a batch of {asked} images of {size} px does not fit the memory of {device}; {advice}")


def largest_batch(objective: nn.Module, plan: Plan, size: int, device: torch.device) -> int:
    """The largest power of two below the batch asked for with which one forward and backward pass fits; 0 for none."""
    batch = 1 << (plan.recipe.batch_size - 1).bit_length()
    while batch := batch // 2:
        objective.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        try:
            views = [torch.zeros(batch, 3, view.size, view.size, device=device) for view in crops.views(plan.recipe, size)]
            labels = torch.zeros(batch, dtype=torch.long, device=device)
            loss, _ = objective(views, labels, 0, 1, torch.Generator().manual_seed(0))
            loss.backward()
            return batch
        except torch.cuda.OutOfMemoryError:
            continue
    return 0
