"""What the tests of metrics share: planted populations, and Brain-Score's assemblies made of plain arrays."""

import os
import warnings

import numpy as np

os.environ.setdefault("BS_INSTALL_DEPENDENCIES", "no")  # its load_* call pip otherwise


def population(n: int, p: int, m: int, *, noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features with a power-law spectrum ``(n, p)``, and responses to 20 of their dimensions with noise ``(n, m)``."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, min(n, p, 60))) * np.arange(1, min(n, p, 60) + 1) ** -0.5
    features = np.maximum(latent @ rng.normal(size=(latent.shape[1], p)) + 0.3 * rng.normal(size=(n, p)), 0)
    signal = latent[:, :20] @ rng.normal(size=(min(20, latent.shape[1]), m))
    return features, 3 + signal + noise * signal.std() * rng.normal(size=(n, m))


def assembly(values: np.ndarray, objects=None, prefix: str = "neuroid"):
    """A NeuroidAssembly, presentations × neuroids; two coordinates a dimension, as Brain-Score wants."""
    from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly

    n, m = values.shape
    stimuli = [f"stimulus{i:05d}" for i in range(n)]
    coords = {
        "stimulus_id": ("presentation", stimuli),
        "object_name": ("presentation", ["none"] * n if objects is None else list(objects)),
        "neuroid_id": ("neuroid", [f"{prefix}{i:05d}" for i in range(m)]),
        "neuroid_num": ("neuroid", np.arange(m)),
    }
    return NeuroidAssembly(values, coords=coords, dims=["presentation", "neuroid"])


def brainscore(name: str, *args, **kwargs):
    """One of Brain-Score's metrics; what its imports and pandas say about each other's future is not under test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from brainscore_vision import load_metric

        return load_metric(name, *args, **kwargs)
