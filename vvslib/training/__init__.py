"""Training: the recipe as data, one visible loop, and nothing that a killed process could lose.

`RunSpec` names a run, `train` does it, in a folder that it can be resumed from.
"""

from vvslib.training.recipe import Recipe, recipe
from vvslib.training.spec import RunSpec, plan

__all__ = ["Recipe", "RunSpec", "plan", "recipe", "train"]


def __getattr__(name: str):
    """`train` imports torch, which takes seconds; it comes when it is asked for."""
    if name == "train":
        from vvslib.training.trainer import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
