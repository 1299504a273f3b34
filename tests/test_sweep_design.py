"""The grids of experiments/: the paper's whole design, held against its published table, and the sandbox."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from vvslib import models
from vvslib.sweep import grid, planning
from vvslib.sweep.train import RunSpec

CLASSES = {"imagenet": 1000, "ecoset": 565}


def dataset(run: dict) -> str:
    """Image set of a run of the design."""
    return "ecoset" if "ecoset" in run["images"] else "imagenet"


@pytest.fixture(scope="module")
def design() -> list[dict]:
    """The parameters of every run of the design."""
    return grid.read(grid.find("full/design")).expand()


def test_design_has_every_family_subset_and_seed(design):
    """At least 600 runs: sizes 0, 1, 10, 100 with seeds 0, 1, 2; 3, 30, 300 with seed 0; Flex on all images with seed 0."""
    assert len(design) >= 600
    seeds = {}
    for run in design:
        flex = "flex" in run["arch"]
        seeds.setdefault((flex, run["per_class"]), set()).add(run["seed"])
    assert seeds == {(False, d): {0, 1, 2} for d in (0, 1, 10, 100)} | {(False, d): {0} for d in (3, 30, 300)} | {(True, 0): {0}}


def test_design_trains_architectures_that_exist(design):
    """Every architecture is one of the registry, and every family of the paper is there."""
    archs = {run["arch"] for run in design}
    assert archs <= set(models.names())
    assert archs == {name for name in models.names() if not name.startswith("small_")}


def test_design_says_where_images_lie_in_one_place():
    """Two names given on the command line reach all runs."""
    found = grid.read(grid.find("full/design")).override({"imagenet": "/a/in1k", "ecoset": "/b/ecoset"})
    roots = {run["images"].partition(",")[0] for run in found.expand()}
    assert roots == {"folder:path=/a/in1k", "folder:path=/b/ecoset"}


def test_design_holds_the_published_runs(design, published_path):
    """Every supervised run of the published table on these two image sets is a run of the design."""
    ours = {(run["arch"], dataset(run), run["per_class"], run["seed"]) for run in design}
    published = supervised(published_path)
    theirs = set(zip(published.arch, published.dataset, published.samples_per_class, published.seed, strict=True))
    assert theirs <= ours


@pytest.mark.slow
def test_cost_of_the_design_is_that_of_the_paper(published_path):
    """With no image at hand the estimated operations of each run are within 1 % of the published ones, on ImageNet's head."""
    runs = planning.plan(grid.read(grid.find("full/design")), identify=False, only={"seed": 0, "images": "*imagenet*"})
    ours = {(run.parameters["arch"], run.parameters["per_class"]): run.flops for run in runs}
    published = supervised(published_path).query("dataset == 'imagenet' and seed == 0")
    ratios = [ours[row.arch, row.samples_per_class] / row.total_flops for row in published.itertuples()]
    assert len(ratios) > 150
    assert np.max(np.abs(np.log(ratios))) < 0.01, json.dumps(worst(published, ratios))


def supervised(folder) -> pd.DataFrame:
    """The published models that were trained from scratch, supervised, on ImageNet or ecoset, by their own recipe."""
    rows = pd.read_csv(folder / "benchmark_scores.csv").drop_duplicates("model_id")
    others = rows[["is_pretrained", "is_random", "is_ssl", "is_adv", "is_ablation"]].any(axis=1)
    return rows[~others & rows.dataset.isin(CLASSES)]


def worst(published: pd.DataFrame, ratios: list[float]) -> list:
    """The rows that are farthest off."""
    by = published.assign(ratio=ratios).sort_values("ratio")
    return by[["arch", "samples_per_class", "ratio"]].iloc[[0, 1, -2, -1]].to_numpy().tolist()


def test_sandbox_grid_is_24_runs():
    """Three architectures, four subset sizes, two seeds; each a run that the trainer accepts."""
    runs = grid.read(grid.find("sandbox/first")).expand()
    assert Counter(len({json.dumps(run[key]) for run in runs}) for key in ("arch", "per_class", "seed")) == {3: 1, 4: 1, 2: 1}
    assert len(runs) == 24
    for run in runs:
        RunSpec.of(run).canonical()


def test_grids_are_no_experiments():
    """The definitions of fits are read without the grids, whose files lie in folders of their own."""
    from vvslib import experiments

    assert all(path.parent.name == "experiments" for path in experiments.paths())
    assert "design" not in experiments.load_all()
