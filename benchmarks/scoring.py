"""PLS on the Gram matrix against scikit-learn's, side by side, in one run, at equal value.

Features are activations of torchvision's resnet18 with random weights to rendered images, at the layer and image size that give
the shape; responses are planted in another layer, with as much noise as signal. The shapes are those of recordings:
Freeman-Ziemba's V1, a session of macaque V4, and Majaj-Hong's IT.

scikit-learn fits --folds of the ten splits and its time is scaled to ten: at its default tolerance, as Brain-Score runs it, which
stops early; and to convergence, where predictions can be equal. Both sides get the better of one BLAS thread and of all.

    python benchmarks/scoring.py [--shape NAME]... [--folds N] [--rounds R] [--skip-converged]
"""

import argparse
import resource
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from vvslib.images.sandbox import CLASSES, render
from vvslib.metrics import pls
from vvslib.metrics.correlation import pearson
from vvslib.metrics.gram import Gram
from vvslib.metrics.splits import shuffle_splits

SHAPES = {
    "V1": (135, "layer4", 224, 102),
    "V4": (1200, "layer4", 128, 89),
    "IT": (3200, "layer3", 64, 168),
    "IT-large": (3200, "layer4", 224, 168),
}
"""Stimuli, layer, image size in pixels and neuroids; 25,088, 8,192, 4,096 and 25,088 features."""

OURS_ONLY = "IT-large"  # a fold of scikit-learn takes many minutes there
CONVERGED = {"tol": 1e-20, "max_iter": 100_000}
ROW = "{:34} {:>18} {:>6} {:>7} {:>21} {:>9} {:>21} {:>13}"
LATENT = 40  # dimensions of the planted responses


def activations(n: int, layer: str, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Activations of a layer ``(n, p)``, float32, and pooled ones of an earlier layer ``(n, 128 · 16)``, to rendered images."""
    import vvslib.torchvision_shim  # noqa: F401, I001 before torchvision
    import torchvision

    torch.manual_seed(seed)
    network = torchvision.models.resnet18(weights=None).eval()
    images = render(np.arange(n) % len(CLASSES), np.arange(n) // len(CLASSES), size, "medium")
    found: dict[str, list[np.ndarray]] = {layer: [], "layer2": []}
    for name in found:
        pool = torch.nn.AdaptiveAvgPool2d(4) if name == "layer2" else torch.nn.Identity()
        getattr(network, name).register_forward_hook(
            lambda _, __, out, name=name, pool=pool: found[name].append(pool(out).flatten(1).numpy())
        )
    with torch.inference_mode():
        for start in range(0, n, 50):
            batch = torch.from_numpy(images[start : start + 50]).permute(0, 3, 1, 2).float() / 255
            network(batch - 0.5)
    return np.concatenate(found[layer]), np.concatenate(found["layer2"])


def planted(source: np.ndarray, n_neuroids: int, seed: int = 0) -> np.ndarray:
    """Responses along random directions of the first principal components of `source`, as much noise as signal."""
    rng = np.random.default_rng(seed)
    centred = (source - source.mean(axis=0)).astype(np.float64)
    components = np.linalg.svd(centred, full_matrices=False)[0][:, :LATENT]
    signal = components * np.arange(1, components.shape[1] + 1) ** -0.25 @ rng.normal(size=(components.shape[1], n_neuroids))
    signal /= signal.std(axis=0)
    return signal + rng.normal(size=signal.shape)


def timed(work: Callable[[], object], rounds: int) -> tuple[float, object]:
    """Wall seconds, the best of one BLAS thread and of all, each the best of some rounds; and what the work returned."""
    seconds, result = [], None
    for threads in (1, None):
        with threadpool_limits(threads):
            for _ in range(rounds):
                began = time.perf_counter()
                result = work()
                seconds.append(time.perf_counter() - began)
    return min(seconds), result


def score(predictions: list[np.ndarray], responses: np.ndarray, splits) -> float:
    """Mean over splits of the median r over neuroids."""
    return float(np.mean([np.median(pearson(p, responses[test])) for p, (_, test) in zip(predictions, splits, strict=True)]))


def scikit_learn(features: np.ndarray, responses: np.ndarray, splits, **options) -> list[np.ndarray]:
    """Predictions of each split; features in float64, as it converts them anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = [PLSRegression(25, scale=False, **options).fit(features[train], responses[train]) for train, _ in splits]
    return [fit.predict(features[test].astype(np.float64)) for fit, (_, test) in zip(fits, splits, strict=True)]


def compare(name: str, given: argparse.Namespace) -> list[str]:
    """One row: seconds and ratios, and how far values are apart."""
    n, layer, size, n_neuroids = SHAPES[name]
    features, source = activations(n, layer, size)
    responses = planted(source, n_neuroids)
    splits = shuffle_splits(n)
    forming, gram = timed(lambda: Gram.of(features), given.rounds)
    fitting, ours = timed(lambda: pls.predict(gram, responses, splits), given.rounds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    row = [
        f"{name}: {n:,} × {features.shape[1]:,} → {n_neuroids}",
        f"{forming:.3f} + {fitting:.3f} s",
        f"{score(ours, responses, splits):.3f}",
        f"{memory:.1f} GB",
    ]
    if name == OURS_ONLY:
        return [*row, *["–"] * 4]
    some = splits[: given.folds]
    for options in ({}, CONVERGED):
        if options and given.skip_converged:
            row += ["–"] * 2
            continue
        seconds, theirs = timed(lambda options=options: scikit_learn(features, responses, some, **options), 1)
        scaled = seconds * len(splits) / len(some)
        ratio = f"{scaled:,.1f} s: {scaled / (forming + fitting):,.0f} ×"
        if options:
            apart = max(np.abs(p - q).max() for p, q in zip(ours, theirs, strict=False))
            row += [ratio, f"{apart:.1e}"]
        else:
            apart = abs(score(ours[: given.folds], responses, some) - score(theirs, responses, some))
            row += [ratio, f"{apart:.1e}"]
    return row


def main() -> None:
    """Print one row a shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", action="append", choices=tuple(SHAPES), help="shapes (default: all)")
    parser.add_argument("--folds", type=int, default=1, help="splits that scikit-learn fits, of ten (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of ours, of which the best counts (default 3)")
    parser.add_argument("--skip-converged", action="store_true", help="leave out scikit-learn run to convergence")
    given = parser.parse_args()
    print(f"10 splits, 25 components; scikit-learn timed on {given.folds} of 10 splits and scaled, and compared on those\n")
    print(ROW.format("stimuli × features → neuroids", "ours: K + splits", "score", "peak", *["scikit-learn", "apart"] * 2))
    print(ROW.format(*[""] * 4, *["at its default", "in score"], *["converged", "in prediction"]))
    for name in given.shape or SHAPES:
        print(ROW.format(*compare(name, given)), flush=True)


if __name__ == "__main__":
    main()
