"""Tables whose scores follow a planted law, and definitions to fit them with."""

import numpy as np
import pandas as pd

from vvslib import experiments
from vvslib.fits.laws import chinchilla

PLANTED = {
    "power": {"A": 0.8, "alpha": 0.07},
    "saturating": {"E": 0.5, "A": 0.4, "alpha": 0.25},
    "shifted": {"E": 0.48, "A": 3.0, "alpha": 0.5, "shift": 40.0},
    "chinchilla": {"E": 0.5, "A": 0.2, "alpha": 0.5, "B": 0.45, "beta": 0.25},
    "loglinear": {"intercept": 0.9, "slope": 0.06},
}
"""Parameters of each law."""

JOINT = PLANTED["chinchilla"]


def table(L, n=60, noise=0.01, **columns):
    """A table of one benchmark whose misalignment is a law of N, D or C, with noise."""
    rng = np.random.default_rng(0)
    N, D = 10 ** rng.uniform(5.5, 8, n), 10 ** rng.uniform(5, 8, n)
    frame = pd.DataFrame(
        {
            "model_id": [f"m{i:02d}" for i in range(n)],
            "arch": [f"arch_{i % 6}" for i in range(n)],
            "seed": np.arange(n) % 3,
            "n_params": N,
            "n_samples_seen": D,
            "total_flops": 600 * (N * D) ** 1.02,
            "region": "IT",
            "benchmark_name": "b",
        }
    ).assign(**columns)
    return frame.assign(score=1 - L(frame) * np.exp(noise * rng.standard_normal(n)))


def joint(frame):
    """The planted law of two variables."""
    return chinchilla(frame.n_params / 1e5, frame.n_samples_seen / 1e4, **JOINT)


def defined(law="saturating", x="total_flops", unit=1e13, **keys):
    """A definition."""
    return experiments.build({"name": "mine", "x": x, "unit": unit, "law": law, **keys}, "a test")


BOTH = defined("chinchilla", ["n_params", "n_samples_seen"], [1e5, 1e4])
