"""A simulated export of the open replication: its design, scores drawn from known laws. It says nothing of brains."""

from pathlib import Path

import numpy as np
import pandas as pd

from vvslib import table
from vvslib.sweep import design, export_origin, grid

MEASURES = {
    "cowley2023.V4-pls": "V4",
    "cowley2023.V4-ridge": "V4",
    "kriegeskorte2008.IT-rdm": "IT",
    "kriegeskorte2008.humanIT-rdm": "IT",
    "peterson2019.behavior-i2n": "behavior",
    "peterson2019.behavior-i1": "behavior",
    "peterson2019.behavior-i2n-classifier": "behavior",
    "peterson2019.behavior-i1-classifier": "behavior",
    "simulated.V1-pls": "V1",
    "simulated.V2-pls": "V2",
}
FOLLOWED = ["cowley2023.V4-pls", "kriegeskorte2008.IT-rdm", "peterson2019.behavior-i2n"]
UNCEILED = "kriegeskorte2008.IT-rdm"
"""One matrix of both monkeys: no ceiling, and so no score."""
LAW = {  # constant, and what tenfold N, D and steps add
    "V1": (0.30, 0.01, 0.00, 0.00),
    "V2": (0.25, 0.02, 0.01, 0.01),
    "V4": (0.10, 0.03, 0.03, 0.03),
    "IT": (0.05, 0.02, 0.02, 0.01),
    "behavior": (-0.15, 0.02, 0.03, 0.03),
}
CEILING = {"V1": 0.9, "V2": 0.9, "V4": 0.86, "IT": 0.6, "behavior": 0.8}
FAMILY = {"ResNet": 0.02, "AlexNet": 0.01, "CORnet-S": 0.01, "ConvNeXt": -0.01, "ViT": -0.03}
READOUT = 0.5
"""Share of the size effect that is the width of the read-out."""
N_NEUROIDS, N_RESAMPLES = 40, 50
BEHAVIOR = "peterson2019.behavior-i2n"
SHARED_SD, OWN_SD = 0.05, 0.005
"""What a resample of the stimuli does to all networks, and to each on its own."""
FLAGS = ("is_pretrained", "is_random", "is_ssl", "is_ablation", "is_open_clip", "is_adv", "is_simulated")


def networks(seed: int = 0) -> pd.DataFrame:
    """Every network of the design, and three untrained ones of each architecture, with a raw score a region."""
    rng = np.random.default_rng(seed)
    found = design.networks(grid.read(grid.find("open/study")))
    found = found.assign(is_ssl=found["objective"] == "simclr", is_adv=found["objective"] == "adversarial", is_random=False)
    bare = found.drop_duplicates("arch")[["arch", "arch_family", "n_params"]].merge(
        pd.DataFrame({"seed": [0, 1, 2]}), how="cross"
    )
    bare = bare.assign(model_id=bare["arch"] + "_untrained_s" + bare["seed"].astype(str), is_random=True, n_samples=0, n_steps=0)
    frame = pd.concat([found, bare.assign(is_ssl=False, is_adv=False, n_samples_seen=0)], ignore_index=True)
    frame["flops"] = (frame["total_flops"] / 3 / frame["n_samples_seen"]).where(~frame["is_random"])
    frame["run_id"] = [f"{i:016x}" for i in range(len(frame))]
    logs = [np.log10(frame["n_params"] / 1e4), *(np.log10(frame[name].clip(lower=1)) for name in ("n_samples", "n_steps"))]
    prior = frame["arch_family"].map(FAMILY)
    for region, (constant, *slopes) in LAW.items():
        law = constant + sum(slope * log for slope, log in zip(slopes, logs, strict=True)) + prior
        frame[region] = (law + 0.006 * rng.standard_normal(len(frame))).clip(0.005, 0.75)
    frame["acc"] = (0.15 + 1.8 * frame["behavior"] + 0.01 * rng.standard_normal(len(frame))).clip(0.1).where(~frame["is_random"])
    return frame


def rows(frame: pd.DataFrame, benchmarks: list[str], readout: str, less: float = 0.0) -> pd.DataFrame:
    """Networks as rows of a score table; `less` of the size effect is taken away."""
    parts = []
    about = frame.drop(columns=[*LAW, "block", "objective"])
    for name in benchmarks:
        region = MEASURES[name]
        raw = frame[region] - less * LAW[region][1] * np.log10(frame["n_params"] / 1e4)
        score = (raw / CEILING[region]) ** 2 if region in ("V1", "V2", "V4") else raw / CEILING[region]
        own = {"benchmark_name": name, "region": region, "raw": raw, "score": score, "ceiling": CEILING[region]}
        if name == UNCEILED:
            own |= {"score": np.nan, "ceiling": np.nan}
        parts.append(about.assign(**own, readout=readout, is_simulated=name.startswith("simulated.")))
    joined = pd.concat(parts, ignore_index=True)
    return table.check(joined.assign(layer="layer4.0", scale="open", **{name: False for name in FLAGS if name not in joined}))


def epoch_by_epoch(frame: pd.DataFrame) -> pd.DataFrame:
    """The networks whose epochs are kept, ten of them: V4 is there after two, behaviour rises to the end."""
    last = frame[(frame["length_by"] == "epochs") & (frame["samples_per_class"] == 0)]
    parts = []
    for epoch in range(1, 11):
        reached = {"V4": min(1.0, epoch / 2), "behavior": epoch / 10, "IT": min(1.0, epoch / 5)}
        grown = {region: last[region] * share for region, share in reached.items()}
        grown |= {name: last[name] * epoch / 10 for name in ("n_samples_seen", "total_flops")}
        parts.append(last.assign(epochs=epoch, n_epochs=epoch, acc=np.nan, **grown))
    return pd.concat(parts, ignore_index=True)


def write(folder: Path, seed: int = 0) -> Path:
    """The simulated tables, as `vvs export` writes them."""
    frame = networks(seed)
    rng = np.random.default_rng(seed + 1)
    table.write(rows(frame, list(MEASURES), "at 64 px, pooled to 4"), folder / "scores.parquet")
    narrow = ["cowley2023.V4-pls", "cowley2023.V4-ridge", "peterson2019.behavior-i2n", "peterson2019.behavior-i1"]
    table.write(rows(frame, narrow, "at 64 px, projected to 16", READOUT), folder / "matched.parquet")
    table.write(rows(epoch_by_epoch(frame), FOLLOWED, "at 64 px, pooled to 4"), folder / "checkpoints.parquet")
    write_lists(folder, frame, rng)
    return folder


def write_lists(folder: Path, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Raw scores neuroid by neuroid, and resample by resample."""
    spread = rng.normal(0, 0.1, N_NEUROIDS)
    own = rng.normal(0, 0.02, (len(frame), N_NEUROIDS))
    lists = [list(value + spread + noise) for value, noise in zip(frame["V4"], own, strict=True)]
    kept = {"model_id": frame["model_id"], "benchmark_name": "cowley2023.V4-pls", "readout": None, "raw_by_neuroid": lists}
    (folder / "neuroids.parquet").write_bytes(export_origin.parquet(pd.DataFrame(kept)))
    (folder / "resamples.parquet").write_bytes(export_origin.parquet(resamples(frame, rng)))


def resamples(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Raw scores in resamples: what is drawn moves all networks alike, and each a little on its own."""
    parts = []
    for name, what in (("cowley2023.V4-pls", "stimuli"), ("cowley2023.V4-pls", "stimuli and neuroids"), (BEHAVIOR, "stimuli")):
        alike = rng.normal(0, SHARED_SD, N_RESAMPLES)
        for readout, less in ((None, 0.0), ("projected to 16", READOUT)):
            region = MEASURES[name]
            raw = frame[region] - less * LAW[region][1] * np.log10(frame["n_params"] / 1e4)
            lists = [list(value + alike + rng.normal(0, OWN_SD, N_RESAMPLES)) for value in raw]
            about = {"model_id": frame["model_id"], "benchmark_name": name, "readout": readout, "drawn": what}
            parts.append(pd.DataFrame({**about, "raw_by_resample": lists}))
    return pd.concat(parts, ignore_index=True)
