"""Learning rate and weight decay by step."""

import math


def factor(step: int, steps: int, warmup: float, kind: str) -> float:
    """Height of the schedule at a step, 0 to 1.

    Linear from 1/w to 1 over the w = ⌈warmup · steps⌉ first steps; then ``cosine``: ½(1 + cos πt), ``linear``: 1 − t, or
    ``constant``: 1, with t from 0 to 1 over the steps that are left (Loshchilov & Hutter 2017, eq. 5, without restarts).

    Parameters
    ----------
    step, steps
        This step, from 0; all steps.
    warmup
        Share of the steps.
    kind
        ``cosine``, ``linear`` or ``constant``.

    Examples
    --------
    >>> [round(factor(step, 10, 0.2, "linear"), 3) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]
    """
    warm = math.ceil(warmup * steps)
    if step < warm:
        return (step + 1) / warm
    t = (step - warm) / max(steps - warm, 1)
    return {"cosine": 0.5 * (1 + math.cos(math.pi * t)), "linear": 1 - t, "constant": 1.0}[kind]


def learning_rate(step: int, steps: int, peak: float, least: float, warmup: float, kind: str) -> float:
    """Learning rate at a step: up to the peak, down to the least."""
    height = factor(step, steps, warmup, kind)
    if step < math.ceil(warmup * steps):
        return peak * height
    return least + (peak - least) * height


def weight_decay(step: int, steps: int, first: float, last: float | None) -> float:
    """Weight decay at a step: constant, or from the first to the last along a half cosine (Caron et al. 2021).

    Examples
    --------
    >>> weight_decay(0, 10, 0.04, 0.4), weight_decay(5, 10, 0.04, None)
    (0.04, 0.04)
    """
    if last is None:
        return first
    return first + (last - first) * 0.5 * (1 - math.cos(math.pi * step / max(steps, 1)))
