"""Simulated tables in the form of the open replication's, with known effects: what tests and development ask."""

import numpy as np
import pandas as pd

from vvslib import table

WIDTHS = {"small_resnet_w4_d1": 19_902, "small_resnet_w8_d1": 78_002, "small_resnet_w16_d1": 308_826}
CLASSES, ALL, BATCH, EPOCHS = 10, 5000, 128, 10
SEED_SD = 0.005


def lengths(n_samples: int) -> list[tuple[str, int]]:
    """The lengths of training at so many images: three of steps, and ten epochs."""
    return [("steps", n) for n in (250, 1000, 4000)] + [("epochs", EPOCHS * max(1, n_samples // min(BATCH, n_samples)))]


def score(n_params: float, n_samples: float, n_steps: float, slopes: dict[str, float]) -> float:
    """The law that is put in: linear in the logarithms."""
    return 0.1 + slopes["N"] * np.log10(n_params / 1e4) + slopes["D"] * np.log10(n_samples) + slopes["T"] * np.log10(n_steps)


def networks(slopes: dict[str, float], *, noise: float = SEED_SD, seed: int = 0) -> pd.DataFrame:
    """One row a network of the factorial design, `V4` drawn from the law."""
    rng = np.random.default_rng(seed)
    rows = []
    for arch, n_params in WIDTHS.items():
        for per_class in (10, 100, 1000, 0):
            n_samples = CLASSES * (per_class or ALL)
            for by, n_steps in lengths(n_samples):
                for one in (0, 1):
                    value = score(n_params, n_samples, n_steps, slopes) + noise * rng.standard_normal()
                    about = {"arch": arch, "n_params": n_params, "samples_per_class": per_class, "n_samples": n_samples}
                    about |= {"length_by": by, "n_steps": n_steps, "seed": one}
                    rows.append({**about, "model_id": f"{arch}_d{per_class}_{by}{n_steps}_s{one}", "V4": value})
    return pd.DataFrame(rows)


def score_table(frame: pd.DataFrame, benchmarks: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """Columns of measures as rows of a score table: column → (benchmark, region)."""
    rows = []
    for column, (name, region) in benchmarks.items():
        own = frame.drop(columns=[one for one in benchmarks if one in frame]).assign(
            benchmark_name=name, region=region, raw=frame[column], score=frame[column] ** 2 / 0.75**2
        )
        rows.append(own)
    flags = dict.fromkeys(
        ("is_pretrained", "is_random", "is_ssl", "is_ablation", "is_open_clip", "is_adv", "is_simulated"), False
    )
    joined = pd.concat(rows, ignore_index=True)
    return table.check(joined.assign(**{key: value for key, value in flags.items() if key not in joined}))
