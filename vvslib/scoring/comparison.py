"""A small trained network beside what needs no training: pixels, Gabor energy, the same network with its first weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from vvslib import activations
from vvslib import images as image_sets
from vvslib.benchmarks import registry
from vvslib.scoring import controls, network, rows, trained
from vvslib.training import RunSpec, train

LINEAR, MORE = "cowley2023.V4-pls", "cowley2023.V4-ridge"
"""Benchmark of neurons that the models are compared on in detail, and its other regression, for the two that lead."""

OTHERS = ("kriegeskorte2008", "peterson2019", "simulated")


def compare(
    arch: str,
    images: str,
    steps: int,
    seed: int,
    shuffles: int,
    folder: Path,
    *,
    linear: str = LINEAR,
    more: str = MORE,
    others: Sequence[str] = OTHERS,
) -> dict[str, Any]:
    """Train a network, score it and its rivals, and deal its features to other stimuli.

    Layers of the networks are chosen on the stimuli that they are scored on; for the second regression the network keeps the
    layer of the first.

    Parameters
    ----------
    arch, images, steps, seed
        Network, image set, and steps of its training by the recipe of its family.
    shuffles
        Times that stimuli are exchanged for one another.
    folder
        Of runs; a finished one is read, not trained again.
    linear, more, others
        Benchmarks: of neurons; the same with another regression; and words that choose further ones.

    Returns
    -------
    dict
        Plain values, as JSON holds them: ``network`` (n_params, val_acc); ``n_neuroids`` and ``n_stimuli`` of the neurons;
        ``scores``, rows of the score table with the column ``model``; ``sessions``, rows of `controls.by_recording` with the
        same; ``lead`` of the trained network over Gabor energy (`controls.lead`); ``shuffled`` (`controls.shuffled`).

    Raises
    ------
    VvsError
        Whatever training, a benchmark or its data refuse.
    """
    spec = RunSpec.of(dict(arch=arch, images=images, per_class=0, seed=seed, changes={"steps": steps}))
    done = train(spec, folder / spec.key(image_sets.load(images, "train").digest))
    own = trained.of_folder(Path(done.weights).parent)
    neurons, again = registry.load(linear), registry.load(more)
    known = [neurons, *(registry.load(name) for name in registry.select(others) if name != linear)]
    found = {
        name: controls.score_features(name, evoke, [*known, again] if name == "Gabor energy" else known)
        for name, evoke in controls.CONTROLS.items()
    }
    for name, subject in {"untrained": activations.load(f"{arch}@untrained", seed=seed), "trained": own}.items():
        found[name] = [result for result, _ in network.score_network(subject, known).chosen.values()]
    layer = found["trained"][0].reading.layer
    found["trained"] += network.score_network(own, [again], layers=layer).results
    features = [activations.extract(own, shown, [layer])[layer] for shown in neurons.stimuli]
    of_linear = {name: next(one.score for one in results if one.benchmark.name == linear) for name, results in found.items()}
    return {
        "network": {"n_params": int(own.columns["n_params"]), "val_acc": float(done.last["val_acc"])},
        "n_neuroids": int(neurons.n_neuroids),
        "n_stimuli": sum(map(len, neurons.stimuli)),
        "scores": [rows.row({"model": name}, result, "") for name, results in found.items() for result in results],
        "sessions": _records(
            pd.concat(controls.by_recording(neurons, score).assign(model=name) for name, score in of_linear.items())
        ),
        "lead": controls.lead(of_linear["trained"], of_linear["Gabor energy"]),
        "shuffled": controls.shuffled(neurons, features, shuffles, seed).values,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records", double_precision=15))
