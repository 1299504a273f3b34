"""``vvs fit``: what it prints and writes, and how it refuses."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from vvslib import experiments, published, table
from vvslib.cli import build
from vvslib.cli.fit_arguments import experiments_wanted, rows_where
from vvslib.errors import VvsError

PLANTED = {"E": 0.5, "A": 0.4, "alpha": 0.25}
AD_HOC = ("--x", "total_flops", "--unit", "1e13", "--law", "saturating")


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A table of forty made-up models on two benchmarks whose mean score follows a saturating law exactly."""
    n = 40
    flops, seen = np.geomspace(1e8, 1e10, n).round(), np.geomspace(1e5, 1e8, n).round()
    total = 3 * flops * seen
    mean = 1 - (PLANTED["E"] + PLANTED["A"] * (total / 1e13) ** -PLANTED["alpha"])
    one = pd.DataFrame(
        {
            "model_id": [f"model_{i:02d}" for i in range(n)],
            "arch": [f"arch_{i % 8}" for i in range(n)],
            "arch_family": np.resize(["ResNet", "ViT"], n),
            "dataset": "mine",
            "n_params": np.geomspace(1e6, 1e8, n).round().astype(int),
            "flops": flops,
            "n_samples_seen": seen,
            "total_flops": total,
            "seed": np.arange(n) % 3,
        }
    )
    rows = [
        one.assign(benchmark_name=f"{region}-b", region=region, score=mean + shift)
        for region, shift in (("V4", 0.05), ("IT", -0.05))
    ]
    return table.write(pd.concat(rows, ignore_index=True), tmp_path_factory.mktemp("table") / "mine.parquet")


@pytest.fixture(scope="module")
def vvs():
    """A function that runs ``vvs fit`` in this process."""
    runner, app = CliRunner(), build()
    return lambda *words: runner.invoke(app, ["fit", *map(str, words)])


@pytest.fixture(scope="module")
def refused(vvs):
    """A function that runs ``vvs fit`` and gives the one line of its refusal: exit code 2, nothing on stdout."""

    def line(*words):
        result = vvs(*words)
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
        return result.stderr

    return line


def strict(text):
    """JSON without NaN and Infinity."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_planted_law_is_found_from_the_command_line(vvs, mine):
    """Scores are averaged over the benchmarks kept, divided into units, and fitted."""
    result = vvs("--table", mine, *AD_HOC, "--json")
    found = strict(result.stdout)
    assert result.exit_code == 0
    assert found["parameters"] == pytest.approx(PLANTED, rel=1e-6)
    assert (found["experiment"], found["n_rows"], found["law"], found["delta"]) == ("ad hoc", 40, "saturating", 1e-3)


def test_json_has_the_promised_keys(vvs, mine):
    """One object with everything a program asks for."""
    found = strict(vvs("--table", mine, *AD_HOC, "--bootstraps", 20, "--json").stdout)
    promised = (
        "experiment n_rows law delta loss parameters asymptote converged at_bound not_identified bootstrap bootstrap_seconds"
    )
    assert set(promised.split()) <= set(found)
    assert set(found["bootstrap"]) == {"E", "A", "alpha", "asymptote"}
    assert set(found["bootstrap"]["asymptote"]) == {"median", "low", "high"}


def test_where_keeps_rows(vvs, mine):
    """A query on one region and a few models: fewer rows, another mean."""
    found = strict(vvs("--table", mine, *AD_HOC, "--where", "region == 'IT' and seed == 0", "--json").stdout)
    assert found["n_rows"] == 14
    assert found["parameters"]["E"] == pytest.approx(0.55, abs=1e-6)


def test_law_and_unit_have_defaults(vvs, mine):
    """One scale means the saturating law, in the paper's unit."""
    found = strict(vvs("--table", mine, "--x", "total_flops", "--json").stdout)
    assert (found["law"], found["x"]) == ("saturating", {"total_flops": 1e13})


def test_infinite_delta_is_least_squares(vvs, mine):
    """``--delta inf`` is said in JSON without breaking it, and in words for people."""
    assert strict(vvs("--table", mine, *AD_HOC, "--delta", "inf", "--json").stdout)["delta"] == "Infinity"
    assert "least squares" in vvs("--table", mine, *AD_HOC, "--delta", "inf").stdout


@pytest.mark.parametrize("law", ["power", "saturating", "shifted", "loglinear"])
def test_every_law_of_one_variable_prints_a_table(vvs, mine, law):
    """People get parameters, their range, and the number of models."""
    result = vvs("--table", mine, "--x", "total_flops", "--law", law, "--bootstraps", 10)
    assert result.exit_code == 0
    assert "40 models" in result.stdout
    assert "within 1 %" in result.stdout


def test_two_variables_make_the_chinchilla_law(vvs, mine):
    """Two columns, two units."""
    found = strict(vvs("--table", mine, "--x", "n_params,n_samples_seen", "--unit", "1e5,1e4", "--json").stdout)
    assert found["law"] == "chinchilla"
    assert set(found["parameters"]) == {"E", "A", "alpha", "B", "beta"}
    assert "allocation" in found


@pytest.mark.parametrize(("suffix", "read"), [(".parquet", pd.read_parquet), (".csv", pd.read_csv)])
def test_draws_hold_one_row_per_resample(vvs, mine, tmp_path, suffix, read):
    """Index, loss and parameters; nothing else is left in the folder."""
    path = tmp_path / f"draws{suffix}"
    result = vvs("--table", mine, *AD_HOC, "--bootstraps", 7, "--draws", path)
    frame = read(path)
    assert result.exit_code == 0
    assert frame["index"].tolist() == list(range(7))
    assert {"loss", "E", "A", "alpha"} <= set(frame.columns)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_same_seed_same_draws(vvs, mine, tmp_path):
    """Twice the same bytes; another seed, others."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        vvs("--table", mine, *AD_HOC, "--delta", "0.1", "--bootstraps", 5, "--seed", seed, "--draws", tmp_path / f"{name}.csv")
    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b != c


def test_clusters_are_resampled_whole(vvs, mine):
    """Columns together make the clusters, and the table says so."""
    result = vvs("--table", mine, *AD_HOC, "--bootstraps", 10, "--clusters", "arch,dataset")
    assert result.exit_code == 0
    assert "10 resamples of arch,dataset" in result.stdout


@pytest.mark.parametrize(("suffix", "starts"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".html", b"<!doctype html>")])
def test_plot_is_drawn(vvs, mine, tmp_path, suffix, starts):
    """Rows and curve, in the format that the suffix says."""
    path = tmp_path / f"fit{suffix}"
    result = vvs("--table", mine, *AD_HOC, "--bootstraps", 10, "--plot", path)
    assert result.exit_code == 0
    assert path.read_bytes().startswith(starts)


def test_page_asks_the_network_for_nothing(vvs, mine, tmp_path):
    """The HTML plot brings its script along: no source or link points elsewhere."""
    vvs("--table", mine, *AD_HOC, "--plot", tmp_path / "fit.html")
    text = (tmp_path / "fit.html").read_text(encoding="utf-8")
    assert "<script src" not in text and "<link" not in text
    assert len(text) > 1e6


def test_unknown_experiment_is_refused_with_the_nearest(refused):
    """A typing slip is met with the name that was meant."""
    assert "experiment 'compute_nuero' is unknown: did you mean 'compute_neuro'" in refused("--experiment", "compute_nuero")


def test_unknown_law_is_refused_with_the_nearest(refused, mine):
    """So for laws."""
    assert "did you mean 'saturating'" in refused("--table", mine, "--x", "total_flops", "--law", "saturatin")


def test_unknown_table_is_refused_with_the_nearest(refused):
    """So for tables that have a name."""
    assert "got 'publishd'; did you mean 'published'" in refused("--table", "publishd", *AD_HOC)


def test_absent_file_is_named(refused, tmp_path):
    """A path where nothing lies is no table."""
    assert "there is none at" in refused("--table", tmp_path / "nowhere.csv", *AD_HOC)


@pytest.mark.parametrize("unit", [(), ("--unit", "1")])
def test_unknown_scale_is_refused_with_the_nearest(refused, mine, unit):
    """With a unit or without."""
    assert "did you mean 'total_flops'" in refused("--table", mine, "--x", "total_flop", *unit)


def test_scale_of_words_is_refused(refused, mine):
    """A column of text is no scale."""
    assert "must be a column of numbers" in refused("--table", mine, "--x", "arch", "--unit", 1)


def test_unknown_column_of_a_query_is_refused_with_the_nearest(refused, mine):
    """The query's column is named, not pandas' traceback."""
    said = refused("--table", mine, *AD_HOC, "--where", "regoin == 'IT'")
    assert "'regoin', which is no column of the table: did you mean 'region'?" in said


@pytest.mark.parametrize("query", ["region == 'IT", "n_params > 'a'", "seed ==", "(", "seed = 1; 2", "@pd.DataFrame"])
def test_query_that_pandas_cannot_read_is_one_line(refused, mine, query):
    """Whatever is wrong with it, the query is shown."""
    assert "--where" in refused("--table", mine, *AD_HOC, "--where", query)


@pytest.mark.parametrize("query", ["n_params", "1", "seed + 1", "'IT'"])
def test_query_that_is_no_condition_is_refused(refused, mine, query):
    """Rows are kept by a condition, not by a number."""
    assert "must be" in refused("--table", mine, *AD_HOC, "--where", query)


def test_query_reaches_nothing_but_columns(mine):
    """No local or global name of the program can be used in a query."""
    with pytest.raises(VvsError, match="--where"):
        rows_where(table.read(mine), "@query == 'IT'")


def test_query_that_keeps_nothing_is_refused_with_the_count(refused, mine):
    """Of how many rows none was kept."""
    assert "keeps none of 80 rows" in refused("--table", mine, *AD_HOC, "--where", "region == 'V1'")


def test_fewer_rows_than_parameters_are_refused(refused, mine):
    """Two models do not determine three parameters."""
    said = refused("--table", mine, *AD_HOC, "--where", "model_id in ['model_00', 'model_01']")
    assert "2 rows cannot determine the 3 parameters" in said


@pytest.mark.parametrize(("score", "what"), [(np.nan, "a score that is NaN"), (1.0, "a score ≥ 1"), (1.2, "a score ≥ 1")])
def test_impossible_scores_are_counted_and_named(refused, mine, tmp_path, score, what):
    """How many rows, and which models; nothing is written."""
    frame = table.read(mine)
    frame.loc[frame.model_id == "model_03", "score"] = score
    path = table.write(frame, tmp_path / "bad.csv")
    said = refused("--table", path, *AD_HOC, "--bootstraps", 3, "--draws", tmp_path / "draws.csv", "--plot", tmp_path / "fit.png")
    assert f"2 of 80 rows have {what}" in said and "model_03" in said
    assert [p.name for p in tmp_path.iterdir()] == ["bad.csv"]


def test_models_with_unequal_benchmarks_are_refused(refused, mine, tmp_path):
    """Means over other benchmarks do not compare."""
    frame = table.read(mine)
    path = table.write(frame[~((frame.model_id == "model_03") & (frame.region == "IT"))], tmp_path / "some.csv")
    assert "1 of 40 models lack benchmarks that others have (model_03" in refused("--table", path, *AD_HOC)


@pytest.mark.parametrize("units", ["1,2", "1e5,1e4,1"])
def test_units_must_be_as_many_as_scales(refused, mine, units):
    """One scale takes one unit."""
    assert "takes 1 --x and as many --unit" in refused("--table", mine, "--x", "total_flops", "--unit", units)


def test_law_of_two_variables_takes_two_scales(refused, mine):
    """Chinchilla with one column is refused, for an experiment too."""
    assert "takes 2 --x" in refused("--table", mine, "--x", "total_flops", "--law", "chinchilla")
    assert "takes 2 scale" in refused("--table", mine, "--experiment", "compute_neuro", "--law", "chinchilla")


@pytest.mark.parametrize("words", [("--unit", "0"), ("--unit", "much"), ("--delta", "0"), ("--delta", "-1"), ("--delta", "nan")])
def test_numbers_must_be_positive(refused, mine, words):
    """Units and δ are numbers above 0, and the option is named."""
    assert f"{words[0]} must be a number" in refused("--table", mine, "--x", "total_flops", *words)


def test_draws_need_resamples(refused, mine, tmp_path):
    """One row per resample of none is refused, with the option to add."""
    assert "add --bootstraps" in refused("--table", mine, *AD_HOC, "--draws", tmp_path / "draws.csv")


def test_clusters_need_resamples(refused, mine):
    """So is a unit of resampling without resamples."""
    assert "add --bootstraps" in refused("--table", mine, *AD_HOC, "--clusters", "arch")


def test_unknown_cluster_column_is_refused_with_the_nearest(refused, mine):
    """Clusters are columns of the table."""
    assert "did you mean 'arch'" in refused("--table", mine, *AD_HOC, "--bootstraps", 3, "--clusters", "arhc")
    assert "needs three values or more; the rows have 1" in refused(
        "--table", mine, *AD_HOC, "--bootstraps", 3, "--clusters", "region"
    )


@pytest.mark.parametrize(("option", "name"), [("--draws", "draws.txt"), ("--draws", "draws"), ("--plot", "fit.jpg")])
def test_unknown_suffix_is_refused_before_any_work(refused, mine, tmp_path, option, name):
    """The suffixes there are are named."""
    assert "must end in ." in refused("--table", mine, *AD_HOC, "--bootstraps", 3, option, tmp_path / name)


def test_folder_that_is_not_there_is_refused_before_any_work(refused, mine, tmp_path):
    """No folder is made by a slip."""
    assert "folder that exists" in refused("--table", mine, *AD_HOC, "--plot", tmp_path / "no" / "fit.png")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--experiment", "compute_neuro", "--all"),
        ("--experiment", "compute_neuro", "--x", "n_params"),
        ("--all", "--x", "n_params"),
    ],
)
def test_exactly_one_thing_is_fitted(refused, words):
    """An experiment, all, or one's own: none or two of them are refused."""
    assert "one of --experiment NAME, --all and --x COL must be given" in refused(*words)


def test_negative_bootstraps_are_refused(refused, mine):
    """There is no resample number -1."""
    assert "must be 0 or more" in refused("--table", mine, *AD_HOC, "--bootstraps", -1)


def test_all_fits_what_a_table_has_rows_for(vvs, mine, tmp_path):
    """What cannot be fitted is named on stderr with exit code 1; the rest is printed and its draws written."""
    frame = table.read(mine).assign(dataset="imagenet", samples_per_class=0)
    flags = ("is_pretrained", "is_random", "is_ssl", "is_adv", "is_ablation")
    frame = frame[frame.region == "IT"].assign(**dict.fromkeys(flags, False))
    path = table.write(frame, tmp_path / "it.parquet")
    result = vvs("--table", path, "--all", "--bootstraps", 3, "--draws", tmp_path / "draws.csv", "--json")
    found = [one["experiment"] for one in strict(result.stdout)]
    assert "region_it_group1" in found and "compute_behavior" not in found
    assert result.exit_code == 1
    assert "not fitted: compute_behavior: " in result.stderr
    assert pd.read_csv(tmp_path / "draws.csv").experiment.value_counts().to_dict() == dict.fromkeys(found, 3)


def test_all_refuses_a_table_that_fits_nothing(refused, mine):
    """Where no experiment keeps a row, the first reason is given."""
    assert "none of 44 experiments can be fitted" in refused("--table", mine, "--all", "--where", "region == 'V4' and seed == 0")


def test_options_beside_an_experiment_take_the_place_of_its_own():
    """δ, law and unit are replaced, the rest stays."""
    own = experiments.load("compute_neuro")
    changed = experiments_wanted("compute_neuro", False, None, {"law": "shifted", "delta": 0.1, "unit": [1e15]})[0]
    assert (changed.law, changed.delta, changed.unit) == ("shifted", 0.1, [1e15])
    assert changed.where == own.where


def test_experiment_is_fitted_to_the_published_table(vvs, published_path):
    """The first example of the help."""
    found = strict(vvs("--experiment", "compute_neuro", "--bootstraps", 20, "--json").stdout)
    assert (found["experiment"], found["n_rows"]) == ("compute_neuro", 620)
    assert found["asymptote"] == pytest.approx(0.4773, abs=1e-4)


def test_where_beside_an_experiment_sees_folded_families(vvs, published_path):
    """ResNet means what it means in the experiment: ResNets with their Flex variants."""
    narrowed = strict(vvs("--experiment", "region_it_group1", "--where", "arch_family == 'ResNet'", "--json").stdout)
    folded = table.fold_flex(published.scores())
    kept = experiments.observe(folded[folded.arch_family == "ResNet"], experiments.load("region_it_group1"))
    assert narrowed["n_rows"] == len(kept.L) == 217


def test_exponential_limit_is_printed_as_such(vvs, published_path):
    """E, B and rate are shown; A, α and s have no meaning, and no number of a hundred digits appears."""
    text = vvs("--experiment", "region_v1_group2", "--bootstraps", 20).stdout
    assert "A, α and s have no meaning" in text and "κ" in text
    assert "nan" not in text.casefold() and "10¹⁴" not in text


def test_shifted_json_holds_no_runaway_amplitude(vvs, published_path):
    """What ran off is null, and listed as not identified."""
    found = strict(vvs("--experiment", "model_convnext_avg", "--json").stdout)
    assert found["parameters"]["A"] is None
    assert "A" in found["not_identified"]


def test_bound_is_said_in_words(vvs, published_path):
    """A behaviour fit says what E → 0 means for its interval."""
    text = vvs("--experiment", "compute_behavior", "--bootstraps", 20).stdout
    assert "runs to E → 0: Ŝ = 1 is a bound, the percentile interval is not valid there" in text


def test_allocation_is_printed(vvs, published_path):
    """The exponents of compute, with intervals, for people and for programs."""
    words = ("--experiment", "compute_chinchilla", "--bootstraps", 20)
    assert "N* ∝ C^" in vvs(*words).stdout
    found = strict(vvs(*words, "--json").stdout)["allocation"]
    assert found["N_exponent"] == pytest.approx(0.2698, abs=1e-3)
    assert set(found["bootstrap"]["D_exponent"]) == {"median", "low", "high"}


def test_interrupted_run_of_all_shows_what_is_finished(published_path):
    """Ctrl-C ends with exit code 130, a valid JSON list, and a last line that counts; until then a bar shows the progress."""
    terminal, inside = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from vvslib.cli import main; main()", "fit", "--all", "--bootstraps", "3000", "--json"],
        stdout=subprocess.PIPE,
        stderr=inside,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(inside)
    seen = b""
    while b"fitting" not in seen:
        seen += os.read(terminal, 4096)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # the end of a terminal that nobody writes to any more
        while part := os.read(terminal, 4096):
            seen += part
    said = process.communicate(timeout=60)[0]
    last = seen.decode().rstrip().splitlines()[-1]
    assert process.returncode == 130, seen.decode()
    found = strict(said)
    assert last.endswith(f"interrupted: {len(found)} of 44 experiments were fitted, are shown above and valid")
