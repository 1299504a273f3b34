"""The open replication: its definitions and notebooks on a simulated table of its design; what is committed, once it is."""

import json
from pathlib import Path

import open_study
import papermill
import pytest

from vvslib import experiments, replication, sources
from vvslib.images.kinds import KINDS
from vvslib.report import read_table, read_values
from vvslib.scoring import committed
from vvslib.sweep import again, design, grid, nominal

OWN = {name: one for name, one in experiments.load_all().items() if one.table == "open"}
CHEAP = ["cowley2023.V4-pls"]
DATA = ("cifar10", "macaque_v4")
TOLERANCE = {"acc": 0.03, "cowley2023.V4-pls": 0.03}
"""Three standard deviations over seeds: on another machine sums are rounded otherwise, and training goes another way."""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """The folder of a simulated export."""
    return open_study.write(tmp_path_factory.mktemp("simulated"))


@pytest.mark.parametrize("name", OWN)
def test_definitions_keep_comparable_networks(simulated, name):
    """Each law of the open table has enough networks, all scored on the same benchmarks, at more than two scales."""
    rows = experiments.observe(replication.scores(within=simulated), OWN[name])
    assert len(rows.frame) >= 8 and len(set(map(tuple, rows.x))) > 2
    assert not rows.frame[["is_random", "is_ssl", "is_adv"]].any(axis=None)


def test_the_design_has_its_three_axes_apart():
    """At least 300 networks of 4 families on 2 diets, three seeds where images are few; images, steps and size vary apart."""
    found = design.networks(grid.read(grid.find("open/study")))
    assert len(found) >= 300 and found["arch_family"].nunique() >= 4 and found["dataset"].nunique() == 2
    assert found["model_id"].is_unique
    held = found[(found["length_by"] == "steps") & (found["dataset"] == "cifar10") & (found["objective"] == "supervised")]
    assert held.groupby(["arch", "n_steps"])["n_samples"].nunique().max() >= 4
    assert held.groupby(["arch", "n_samples"])["n_steps"].nunique().max() >= 3
    assert held.groupby(["n_samples", "n_steps"])["n_params"].nunique().max() >= 5
    few = held[held["arch"].isin(["small_resnet_w4_d1", "small_resnet_w8_d1", "small_resnet_w16_d1"]) & (held["n_steps"] == 1000)]
    assert few[few["n_samples"] <= 1000].groupby(["arch", "n_samples"])["seed"].nunique().min() == 3


@pytest.mark.parametrize("name", sorted(nominal.SMALL))
def test_sizes_of_image_sets_are_those_of_the_sets(name):
    """What the design takes for the sizes of image sets is what they have, where they are found."""
    from vvslib import images

    needed = {"cifar10": "cifar10", "tiny_imagenet": "tiny_imagenet_32"}[name]
    if sources.locate(needed) is None:
        pytest.skip(f"{needed} is not here")
    known, found = nominal.small(name), images.load(name, "train")
    assert (len(known), len(known.classes), known.size) == (len(found), len(found.classes), found.size)
    assert name in KINDS


@pytest.fixture(scope="module")
def page(checkout, simulated, tmp_path_factory):
    """A function that runs a notebook on the simulated tables: name, other parameters → the folder of its results."""

    def execute(name, **given):
        out = tmp_path_factory.mktemp(name)
        path = checkout / "notebooks" / f"{name}.ipynb"
        given = {key: str(value) if isinstance(value, Path) else value for key, value in given.items()}
        given |= {"results": str(out / "results")}
        papermill.execute_notebook(path, out / "done.ipynb", given, cwd=checkout, progress_bar=False)
        return out / "results"

    return execute


of_a_page = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # warnings of the kernel's client, not of ours


class TestPages:
    """Run on simulated tables, each page has the truth within its limits."""

    pytestmark = of_a_page

    def test_shares_of_images_length_and_size(self, page, simulated):
        """What was put in for images, steps and the width of the read-out comes out."""
        given = {"matched": simulated / "matched.parquet", "within": simulated, "bootstraps": 20}
        out = page("open_apart", table=simulated / "scores.parquet", **given)
        size = read_values("open_apart", out)["size"]["V4"]
        assert size["share_low"] < 1 - open_study.READOUT < size["share_high"]
        slopes = read_table("open_apart", "slopes", out)
        v4 = slopes[slopes["measure"] == "V4"].set_index("scale")
        assert v4["slope"].to_dict() == pytest.approx(
            dict(zip(("n_samples", "n_steps"), open_study.LAW["V4"][2:], strict=True)), abs=0.01
        )

    def test_slopes_of_every_region(self, page, simulated):
        """Tenfold images, steps and parameters add what the law of each region says, in those that do not scale nothing."""
        out = page("open_regions", table=simulated / "scores.parquet", matched=simulated / "matched.parquet")
        found = read_table("open_regions", "slopes_table", out).set_index(["measure", "tenfold"])
        for measure, region in (("V4", "V4"), ("IT", "IT"), ("behavior", "behavior"), ("V1 (simulated)", "V1")):
            for tenfold, slope in zip(("parameters", "images", "steps"), open_study.LAW[region][1:], strict=True):
                at = found.loc[(measure, tenfold)]
                assert at["low"] - 0.003 < slope < at["high"] + 0.003, (measure, tenfold)
        for measure in ("V4", "behavior"):
            left = (1 - open_study.READOUT) * open_study.LAW[measure][1]
            at = found.loc[(measure, "parameters, matched read-out")]
            assert at["low"] - 0.003 < left < at["high"] + 0.003, measure

    def test_leads_of_families_and_diets(self, page, simulated):
        """Families lead by what was put in, whatever the images, and two diets are alike."""
        out = page("open_families", table=simulated / "scores.parquet")
        leads = read_table("open_families", "leads", out).set_index(["measure", "of"])
        change = leads.loc[("V4", "few − all")]
        assert change["low"] - 0.005 < 0 < change["high"] + 0.005 and leads.loc[("V4", "all images"), "value"] > 0.02
        diets = read_table("open_families", "diets", out)
        assert ((diets["low"] < 0.01) & (diets["high"] > -0.01)).all()

    def test_laws_of_compute(self, page, simulated):
        """Plateaus and exponents stand there with limits that hold their values."""
        out = page("open_compute", table=simulated / "scores.parquet", bootstraps=100)
        exponents = read_table("open_compute", "exponents", out).set_index(["measure", "of"])
        assert ((exponents["low"] <= exponents["value"]) & (exponents["value"] <= exponents["high"])).all()
        # Linear in logarithms, as what was put in is, every way of spending is as good: the limits must leave an even one open.
        assert exponents["value"].between(0, 1).all() and ((exponents["low"] < 0.5) & (exponents["high"] > 0.5)).all()
        verdicts = read_table("open_compute", "verdicts", out)
        assert set(verdicts["measure"]) == {"V4", "human IT", "behavior"}
        assert (verdicts[verdicts["measure"] == "V4"]["high"] == 1).all()  # no plateau was put in, so none has an upper limit

    def test_order_of_learning(self, page, simulated):
        """V4 is there after two epochs, IT after five, behaviour rises to the end: nine tenths of each as worked out by hand."""
        out = page("open_dynamics", checkpoints=simulated / "checkpoints.parquet", bootstraps=20)
        assert read_values("open_dynamics", out)["epoch"] == pytest.approx(
            {"V4": 2**0.8, "IT": 4 * 1.25**0.5, "behavior": 8 * 1.125**0.1}
        )


@pytest.fixture
def exported():
    """The committed tables; skipped where they are not."""
    if not replication.there():
        pytest.skip("results/open is not there: `vvs export open/study` has not been committed")
    return replication.folder()


def test_what_is_committed_is_whole(exported):
    """No run and no score of the grid is missing, and the grid is the one that stands here."""
    origin = json.loads((exported / "provenance.json").read_text())
    assert origin["complete"] and origin["networks"]["trained"] >= 300
    asked = grid.find("open/study").read_bytes()
    assert (exported / "grid.yaml").read_bytes() == asked
    assert sum(path.stat().st_size for path in exported.iterdir()) < 12e6


def test_depth_is_the_place_in_the_network(exported):
    """Not that of the name: features.11 comes after features.9 and before avgpool."""
    (one,) = (
        entry
        for entry in committed.read(exported / "layers.yaml").entries
        if (entry.arch, entry.dataset, entry.region, entry.simulated) == ("small_alexnet_w16", "cifar10", "V4", False)
    )
    assert len(one.raw) == 8
    places = {name: one.model_copy(update={"layer": name}).depth * 7 for name in ("features.1", "features.9", "features.11")}
    assert places == {"features.1": 0, "features.9": 3, "features.11": 4}
    assert one.model_copy(update={"layer": "classifier.5"}).depth == 1
    assert one.model_copy(update={"layer": "avgpool", "raw": {"avgpool": 0.2}}).depth == 0


@pytest.mark.slow
def test_three_networks_again(exported, tmp_path):
    """Three networks that learned something, trained and scored from nothing, agree with the table as seeds agree."""
    absent = [name for name in DATA if sources.locate(name) is None]
    if absent:
        pytest.skip(f"{', '.join(absent)}: not here")
    chosen = again.cheapest(exported, 3, at_least={"n_steps": 1000, "n_samples": 1000})
    found = again.rerun(exported, chosen, tmp_path, CHEAP)
    assert len(found) == 6 and found["again"].notna().all()
    assert (found["difference"].abs() < found["quantity"].map(TOLERANCE)).all(), found.to_string()
