"""What some tiny runs lead to, by the version of the trainer: kept in data/known_training.json, written by running this file.

Numbers, not digests of weights: other processors round otherwise. A run of five steps keeps such differences far below TOLERANCE,
and any change of what is drawn, in which order, or of the recipe's meaning far above it.
"""

import json
import tempfile
from pathlib import Path

import torch
import training

from vvslib.training import train
from vvslib.training.checkpoint import read
from vvslib.training.spec import VERSION
from vvslib.training.trainer import Hardware

FILE = Path(__file__).parent / "data" / "known_training.json"
TOLERANCE = 2e-4
SHORT = {"recipe_steps": 5, "recipe_batch_size": 48, "seed": 7, "per_class": 10}
RUNS = {
    "supervised": {"arch": "small_resnet_w2_d1"},
    "every augmentation, mixing and average": {
        "arch": "small_vit_w32_d2",
        **{"recipe_augmentation": "three_augment", "recipe_color_jitter": 0.3, "recipe_erasing": 0.5, "recipe_mixup": 0.8},
        **{"recipe_cutmix": 1.0, "recipe_ema": 0.9, "recipe_repeats": 2, "recipe_loss": "bce"},
    },
    "simclr": {"arch": "small_resnet_w2_d1", "objective": "simclr", "recipe_blur": 0.5},
    "dino": {"arch": "small_resnet_w2_d1", "objective": "dino"},
    "adversarial": {"arch": "small_resnet_w2_d1", "objective": "adversarial", "recipe_epsilon": 0.03},
}


def answer(name: str) -> dict[str, float]:
    """Mean losses between the points of the learning curve, validation loss, and norms of the weights at the end."""
    with tempfile.TemporaryDirectory() as folder:
        done = train(training.spec(**SHORT, **RUNS[name]), Path(folder), hardware=Hardware("cpu"))
        weights = read(done.weights)["weights"]
    found = {f"loss up to step {round(row['step'])}": row["train_loss"] for row in done.curve}
    found |= {key: value for key, value in done.last.items() if key == "val_loss"}
    found |= {f"norm of {key}": value.norm().item() for key, value in sorted(weights.items()) if value.ndim > 1}
    return found


def write() -> None:
    """Write the answers of the present version, in place of its older ones; those of other versions stay."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    known[str(VERSION)] = {name: {key: round(value, 6) for key, value in answer(name).items()} for name in RUNS}
    FILE.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write()
