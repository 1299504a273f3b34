"""Exponential moving average of weights."""

import copy

import torch
from torch import nn


class Average:
    """A copy of a network whose weights follow it: w ← d·w + (1 − d)·w' after every step; buffers are copied.

    Parameters
    ----------
    network
        To follow.
    decay
        d, at most; early in training (1 + t) / (10 + t) where that is less, so that the start is forgotten.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network, self.decay = copy.deepcopy(network).requires_grad_(False).eval(), decay

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Move towards a network after step `step`, counted from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for slow, fast in zip(self.network.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1 - decay)
        for slow, fast in zip(self.network.buffers(), network.buffers(), strict=True):
            slow.copy_(fast)
