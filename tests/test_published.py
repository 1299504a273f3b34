"""The paper's tables as they are handed out, against what is known of them."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from vvslib import provenance, published, replication, sources, table
from vvslib.errors import VvsError

needs_data = pytest.mark.skipif(
    sources.locate("published_scores") is None,
    reason="published_scores is absent: get it with `vvs fetch published_scores`",
)


@pytest.fixture(scope="module")
def scores():
    """The main table."""
    return published.scores()


@pytest.fixture(scope="module")
def checkpoints():
    """The checkpoint table."""
    return published.checkpoints()


@needs_data
def test_there_are_993_models_on_five_benchmarks(scores):
    """4,965 rows, each model once on each benchmark."""
    assert len(scores) == 4965
    assert scores.model_id.nunique() == 993
    assert scores.groupby("model_id").size().eq(5).all()


@needs_data
def test_regions_are_spelt_as_in_the_schema(scores):
    """Behavioral is behavior, and there are five regions of 993 rows."""
    assert scores.region.value_counts().to_dict() == dict.fromkeys(table.REGIONS, 993)


@needs_data
def test_rows_keep_the_order_of_the_published_file(scores):
    """The first and the last model are the file's."""
    lines = (sources.require("published_scores") / "benchmark_scores.csv").read_text(encoding="utf-8").splitlines()
    assert scores.model_id.tolist() == [line.partition(",")[0] for line in lines[1:]]


@needs_data
def test_six_scores_are_missing(scores):
    """V2 of the untrained EfficientNet-B1 and -B2, three seeds each."""
    missing = scores[scores.score.isna()]
    assert len(missing) == 6
    assert set(missing.region) == {"V2"}
    assert set(missing.arch) == {"efficientnet_b1", "efficientnet_b2"}
    assert missing.is_random.all()


@needs_data
def test_group_sizes_are_the_known_ones(scores):
    """Supervised from scratch 656, pretrained 182 (18 OpenCLIP), random 48, self-supervised 39, adversarial 44, ablations 24."""
    models = scores.drop_duplicates("model_id")
    sizes = {name: int(models[name].sum()) for name in models if name.startswith("is_")}
    flags = models[["is_pretrained", "is_random", "is_ssl", "is_adv", "is_ablation"]]
    assert sizes == {
        "is_pretrained": 182,
        "is_open_clip": 18,
        "is_random": 48,
        "is_ssl": 39,
        "is_adv": 44,
        "is_ablation": 24,
        "is_simulated": 0,
    }
    assert (~flags.any(axis=1)).sum() == 656
    assert models.ssl_method.value_counts().to_dict() == {"simclr": 36, "dino": 3}


@needs_data
def test_the_identities_hold_exactly(scores):
    """n_samples_seen, total_flops and flops = 2·macs, in every row where they are known."""
    assert (scores.n_samples_seen == scores.n_samples * scores.n_epochs).all()
    known = scores.dropna(subset=["total_flops"])
    np.testing.assert_allclose(known.total_flops, 3 * known.flops * known.n_samples_seen, rtol=1e-15)
    assert (known.flops == 2 * known.macs).all()


@needs_data
def test_ranges_of_the_620_are_the_known_ones(scores):
    """Supervised models on imagenet and ecoset: counts and scores by region."""
    special = scores[["is_pretrained", "is_random", "is_ssl", "is_adv", "is_ablation"]].any(axis=1)
    kept = scores[~special & scores.dataset.isin(["imagenet", "ecoset"])]
    assert kept.model_id.nunique() == 620
    assert (kept.n_samples_seen.min(), kept.n_samples_seen.max()) == (56_500, 433_473_300)
    ranges = kept.groupby("region").score.agg(["min", "max"]).round(3).to_dict("index")
    assert ranges["V1"] == {"min": 0.008, "max": 0.291}
    assert ranges["behavior"] == {"min": -0.081, "max": 0.523}


@needs_data
def test_kinds_are_plain_numpy(scores):
    """Grouping and arithmetic see no pandas extension types."""
    assert {str(dtype) for dtype in scores.dtypes} == {"object", "float64", "int64", "bool"}


@needs_data
def test_columns_of_this_project_are_there_and_missing(scores):
    """One schema: what only this project's rows can fill is empty, scale and normalisation are said."""
    assert scores[["raw", "ceiling", "score_error", "layer", "run_id", "benchmark_version"]].isna().all(axis=None)
    assert scores.scale.eq("full").all() and not scores.is_simulated.any()
    assert scores.groupby("region").normalisation.count().to_dict() == {"V1": 993, "V2": 993, "V4": 993, "IT": 993, "behavior": 0}


@needs_data
def test_flex_families_fold(scores):
    """No Flex family is left after folding, and no row is lost."""
    folded = table.fold_flex(scores).arch_family
    assert not folded.str.contains("Flex").any()
    assert (folded == "ResNet").sum() == 1425 + 335


@needs_data
def test_checkpoints_have_their_factor_three(checkpoints):
    """6,450 rows of 43 models, three ViTs without operations, the identity restored."""
    assert len(checkpoints) == 6450
    assert checkpoints.model_id.nunique() == 43
    known = checkpoints.dropna(subset=["total_flops"])
    assert len(known) == 5970
    np.testing.assert_allclose(known.total_flops, 3 * known.flops * known.n_samples_seen, rtol=1e-15)


@needs_data
def test_the_restored_factor_is_said(caplog):
    """In the notes of the table, in the docstring, and once on the log."""
    published._say_once.cache_clear()
    with caplog.at_level(logging.INFO, logger="vvslib"):
        notes = published.checkpoints().attrs["notes"]
        published.checkpoints()
    assert any("factor 3" in note for note in notes)
    assert caplog.text.count("factor 3") == 1
    assert "factor 3" in published.checkpoints.__doc__


@needs_data
def test_absent_flags_of_checkpoints_agree_with_the_main_table(scores, checkpoints):
    """The models of the checkpoint table are neither adversarial nor OpenCLIP in the main one."""
    same = scores[scores.model_id.isin(checkpoints.model_id)]
    assert same.model_id.nunique() == 43
    assert not same[["is_adv", "is_open_clip"]].any(axis=None)


@needs_data
def test_private_scores_tell_failed_from_absent():
    """28 × 154: X is failed, blank is absent, the rest are numbers."""
    private = published.private()
    assert len(private) == 28 * 154
    assert private.outcome.value_counts().to_dict() == {"absent": 2156, "scored": 2134, "failed": 22}
    assert private.score.notna().equals(private.outcome == "scored")


@needs_data
def test_public_benchmarks_stand_for_private_ones(scores):
    """R² over 28 models of each of the five pairs lies in the published range .95 to .996."""
    private = published.private().pivot(index="model_id", columns="benchmark_name", values="score")
    public = scores.pivot(index="model_id", columns="benchmark_name", values="score").loc[private.index]
    squares = [public[a].corr(private[b]) ** 2 for a, b in published.PRIVATE_OF.items()]
    assert (round(min(squares), 2), round(max(squares), 3)) == (0.95, 0.996)


@needs_data
def test_reading_is_recorded_under_the_source_s_name():
    """Provenance names source and file, not a folder of this machine."""
    published.scores()
    names = {entry["name"]: entry["sha256"] for entry in provenance.inputs()}
    assert names["published_scores/benchmark_scores.csv"] == sources.source("published_scores").files[0].sha256


@needs_data
def test_a_published_table_written_and_read_is_the_same(scores, tmp_path):
    """The real table survives both formats."""
    for suffix in ("csv", "parquet"):
        again = published.load(table.write(scores, tmp_path / f"t.{suffix}"))
        assert again.equals(scores)


@needs_data
def test_named_tables_are_loaded(scores):
    """The two names a user may give."""
    assert published.load("published").equals(scores)
    assert len(published.load("published_checkpoints")) == 6450


def test_an_unknown_table_is_refused_with_the_nearest():
    """A misspelt name gives the right one."""
    with pytest.raises(VvsError, match="got 'publishd_checkpoint'; did you mean 'published_checkpoints'"):
        published.load("publishd_checkpoint")


@pytest.mark.parametrize("path", ["nowhere.csv", "no/folder/scores.parquet"])
def test_a_missing_path_is_said(path):
    """A path is not taken for a name."""
    with pytest.raises(VvsError, match=f"there is none at {path}"):
        published.load(path)


def test_without_the_data_one_error_names_the_command(monkeypatch, tmp_path):
    """Where the source is absent, what to run."""
    monkeypatch.setattr(sources, "data_folders", lambda: [tmp_path / "nothing"])
    with pytest.raises(VvsError, match="`vvs fetch published_scores`"):
        published.scores()


def test_importing_needs_no_data(tmp_path):
    """The module is importable where nothing was fetched."""
    code = "from vvslib import published; print(sorted(published.TABLES))"
    nowhere = {**os.environ, "VVS_DATA": "", "VVS_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=nowhere)
    assert "published_checkpoints" in done.stdout


def test_twins_carry_the_private_score(published_path):
    """28 models, all five benchmarks, the private names, and the very scores of the site."""
    public = published.scores()
    found = published.twins(public)
    assert (found["model_id"].nunique(), len(found)) == (28, 140)
    assert set(found["benchmark_name"]) == set(published.PRIVATE_OF.values())
    known = published.private().set_index(["model_id", "benchmark_name"])["score"]
    assert found["score"].tolist() == known.loc[list(zip(found["model_id"], found["benchmark_name"], strict=True))].tolist()
    assert set(zip(found["region"], found["benchmark_name"], strict=True)) == {
        (region, published.PRIVATE_OF[name]) for region, name in zip(public["region"], public["benchmark_name"], strict=True)
    }


def test_models_without_a_private_score_have_no_twin(published_path):
    """An empty table is refused."""
    public = published.scores()
    with pytest.raises(VvsError, match="none of the models has a private score"):
        published.twins(public[public["is_random"]])


def test_sources_name_the_tables_that_stand_on_them():
    """Every table that is not this project's own is one of a source, so that a run knows what it needs."""
    named = {name for one in sources.SOURCES.values() for name in one.tables}
    assert named == set(published.TABLES) - set(replication.TABLES)
