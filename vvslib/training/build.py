"""A run's network and objective, with fresh weights or given ones."""

from pathlib import Path

import torch

from vvslib import models, objectives
from vvslib.objectives import Objective
from vvslib.training import checkpoint, photometry
from vvslib.training.recipe import Recipe
from vvslib.training.seeds import derive
from vvslib.training.spec import RunSpec


def network(spec: RunSpec, recipe: Recipe, n_classes: int, size: int) -> torch.nn.Module:
    """The network of a run as it is before the first step; its weights depend on the seed and the architecture alone."""
    options = {"drop_path": recipe.drop_path} if recipe.drop_path else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(spec.seed, "weights"))
        built = models.build(spec.arch, n_classes, size, **options)
    if spec.initial is not None:
        checkpoint.load_weights(built, Path(spec.initial))
    return built.to(memory_format=torch.channels_last)


def objective(net: torch.nn.Module, recipe: Recipe, n_classes: int, seed: int) -> Objective:
    """The objective of a recipe around a network; heads are drawn from the seed."""
    if recipe.objective == "supervised":
        return objectives.Supervised(net, n_classes, recipe.loss, recipe.smoothing, recipe.mixup, recipe.cutmix)
    if recipe.objective == "adversarial":
        return objectives.Adversarial(
            net, photometry.MEAN, photometry.STD, recipe.attack, recipe.epsilon, recipe.alpha, recipe.attack_steps
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "heads"))
        backbone, n_features = models.split(net)
        if recipe.objective == "simclr":
            return objectives.SimCLR(net, backbone, n_features, recipe.temperature, recipe.head)
        hidden, bottleneck = recipe.dino_head
        return objectives.Dino(
            net,
            backbone,
            n_features,
            recipe.prototypes,
            hidden,
            bottleneck,
            momentum=recipe.teacher_momentum,
            teacher_temperature=recipe.teacher_temperature,
        )
