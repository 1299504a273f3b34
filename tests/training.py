"""Small runs for the tests of training: rendered objects, the smallest residual networks."""

from vvslib import images
from vvslib.training import RunSpec

IMAGES = "sandbox:size=32,per_class=20,val_per_class=5,variation=low"


def spec(**parameters) -> RunSpec:
    """A run of a few steps; keyword ``recipe_lr`` stands for ``recipe.lr``."""
    given = {"arch": "small_resnet_w4_d1", "images": IMAGES, "recipe_steps": 12, "recipe_batch_size": 64, **parameters}
    return RunSpec.of({key.replace("recipe_", "recipe.", 1): value for key, value in given.items()})


def sets(name: str = IMAGES):
    """Training and validation images."""
    return images.load(name, "train"), images.load(name, "val")
