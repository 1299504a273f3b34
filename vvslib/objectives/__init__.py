"""What training minimises: the loss of one batch, by objective.

An objective is a module that owns everything it trains: the network, heads, a teacher. The trainer knows four things of it: how
many views of an image it wants (`augmentation` decides what a view is), its loss on a batch, what it does after a step, and how
many forward-and-backward passes of the network an image costs (`passes`), which is what compute is counted by.
"""

from vvslib.objectives.adversarial import Adversarial
from vvslib.objectives.base import Batch, Objective
from vvslib.objectives.dino import Dino
from vvslib.objectives.simclr import SimCLR, nt_xent
from vvslib.objectives.supervised import Supervised, mix, soft_targets

__all__ = [
    "Adversarial", "Batch", "Dino", "Objective", "SimCLR", "Supervised", "mix", "nt_xent", "soft_targets",
]  # fmt: skip
