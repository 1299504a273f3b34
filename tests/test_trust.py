"""Questions put to an experiment and a table: units, intervals, extrapolation, coverage, the whole report."""

import json

import numpy as np
import pandas as pd
import pytest
from planted import defined, table
from typer.testing import CliRunner

from vvslib.cli import build
from vvslib.errors import VvsError
from vvslib.experiments import observe
from vvslib.fits.bootstrap import bootstrap, row_weights
from vvslib.fits.laws import saturating
from vvslib.fits.solver import fit
from vvslib.refit import refit
from vvslib.trust import calibration, extrapolation, report
from vvslib.trust.units import UNITS, labels, unit
from vvslib.trust.variance import interval, models_by_benchmarks


def planted(n=60, noise=0.02, benchmarks=1, **columns):
    """A table whose misalignment saturates at .5, of one or several benchmarks."""
    frame = table(lambda f: saturating(f.total_flops / 1e13, 0.5, 0.4, 0.25), n=n, noise=noise, **columns)
    parts = [
        frame.assign(benchmark_name=f"b{k}", score=frame.score + 0.03 * (k - (benchmarks - 1) / 2)) for k in range(benchmarks)
    ]
    return pd.concat(parts, ignore_index=True)


FULL = {
    "arch_family": np.repeat([f"f{i}" for i in range(10)], 6),
    "arch": [f"a{i // 2}" for i in range(60)],
    "dataset": ["d0", "d1", "d2"] * 20,
    "samples_per_class": 0,
}


@pytest.fixture(scope="module")
def scores():
    """A table with every column that units need."""
    return planted(benchmarks=4, **FULL)


@pytest.fixture(scope="module")
def rows(scores):
    """Its observations."""
    return observe(scores, defined())


@pytest.mark.parametrize("name", UNITS)
def test_each_unit_labels_rows_by_its_columns(name, rows):
    """Rows have the same label exactly where the unit's columns agree; crossed ones by the first column."""
    one = UNITS[name]
    columns = list(one.columns[:1] if one.how == "crossed" else one.columns) or ["model_id"]
    assert len(np.unique(labels(rows, one))) == len(rows.frame[columns].drop_duplicates())


def test_unit_without_its_column_says_what_would_work():
    """A table of architectures without families names the column, and the units it can do."""
    bare = observe(planted(), defined())
    with pytest.raises(VvsError, match=r"resampling families needs the column\(s\) arch_family; .* take rows or architectures"):
        labels(bare, unit("families"))
    with pytest.raises(VvsError, match="unit 'family' is unknown: did you mean 'families'"):
        unit("family")


def test_interval_of_rows_is_that_of_the_refit(rows, scores):
    """The published way, by another door: the same limits."""
    found = interval(rows, defined(), UNITS["rows"], resamples=40)
    alone = refit(scores, defined(), bootstraps=40).interval("asymptote")
    assert (found.method, found.low, found.high) == ("bootstrap", alone["low"], alone["high"])
    assert not found.one_sided


@pytest.mark.parametrize(("name", "method"), [("architectures", "bootstrap"), ("families", "turned"), ("datasets", "jackknife")])
def test_method_follows_the_number_of_units(name, method, rows):
    """Thirty architectures, ten families, three data sets; each holds the planted asymptote and says how it was found."""
    found = interval(rows, defined(delta=np.inf), UNITS[name], resamples=60)
    assert found.method == method
    assert found.low < 0.5 < found.high


def test_seeds_within_configurations_vary_least():
    """Two seeds a configuration, whose scales differ widely: only seeds are drawn, and limits lie within those of rows."""
    frame = planted(**{**FULL, "arch": [f"a{i // 2}" for i in range(60)], "dataset": "d"})
    one = observe(frame, defined(delta=np.inf))
    seeds, whole = (interval(one, defined(delta=np.inf), UNITS[name], resamples=200) for name in ("seeds", "rows"))
    assert seeds.n_units == 30
    assert seeds.high - seeds.low < whole.high - whole.low
    with pytest.raises(VvsError, match="there are no seeds to resample"):
        interval(observe(planted(**{**FULL, "arch": [f"a{i}" for i in range(60)]}), defined()), defined(), UNITS["seeds"])


def test_interval_at_the_bound_is_a_lower_limit():
    """Without a floor percentiles would have no width: a test is inverted, and only a lower limit is left."""
    frame = table(
        lambda f: 0.8 * (f.total_flops / 1e13) ** -0.04 * np.exp(-0.001 * np.log(f.total_flops / 1e13) ** 2), noise=0.01
    )
    one = observe(frame, defined(delta=np.inf))
    found = interval(one, defined(delta=np.inf), UNITS["rows"], resamples=60, draws=99)
    assert (found.estimate, found.method, found.one_sided, found.high) == (1.0, "test", True, 1.0)
    assert found.low < 0.99


def test_two_ways_are_wider_than_models_alone(scores, rows):
    """Four benchmarks that differ by .03 each: drawing them too widens the limits; two benchmarks are too few."""
    both = models_by_benchmarks(scores, defined(delta=np.inf), resamples=200)
    alone = interval(rows, defined(delta=np.inf), UNITS["rows"], resamples=200)
    assert both.unit == "models × 4 benchmarks"
    assert both.high - both.low > 1.2 * (alone.high - alone.low)
    with pytest.raises(VvsError, match=r"averages 1 benchmark\(s\): at least 3"):
        models_by_benchmarks(planted(), defined())


def test_two_ways_of_equal_benchmarks_are_the_models_alone():
    """Where all benchmarks agree, drawing them changes nothing: the limits of rows with the same seed."""
    frame = planted()
    same = pd.concat([frame.assign(benchmark_name=f"b{k}") for k in range(3)], ignore_index=True)
    both = models_by_benchmarks(same, defined(delta=np.inf), resamples=50)
    one = observe(frame, defined())
    found = fit("saturating", one.x, one.L, delta=np.inf)
    alone = bootstrap(found, one.x, one.L, row_weights(60, 50)).interval("asymptote")
    assert (both.low, both.high) == pytest.approx((alone["low"], alone["high"]), abs=1e-4)


def test_held_out_table_ranks_laws_over_all_splits(rows):
    """One row for each law, objective and split; the saturating law, which is true, has the lowest rank."""
    held = extrapolation.splits(rows, None, (0.2, 0.4))
    found = extrapolation.held_out(rows, held, ["saturating", "power", "loglinear"], ["squares"])
    assert len(found) == 6
    assert set(found[found["rank"] == 1].law) == {"saturating"}


def test_groups_and_cuts_need_their_column(rows):
    """A column that is not there, or cannot be cut along, or has gaps, is named."""
    with pytest.raises(VvsError, match="column 'archs' is not in the table: did you mean 'arch'"):
        extrapolation.groups(rows, "archs")
    with pytest.raises(VvsError, match="'arch' is none; take total_flops"):
        extrapolation.splits(rows, "arch")
    with pytest.raises(VvsError, match="leaves nothing to predict"):
        extrapolation.splits(rows, "n_params", at=[1e12])
    assert [split.name for split in extrapolation.groups(rows, "dataset")] == ["d0", "d1", "d2"]


def test_report_holds_the_parts_found_alone(scores, rows):
    """The interval of rows and the fit by least squares are those of direct calls; without seeds these are skipped."""
    found = report.trust(scores, defined(), resamples=40, draws=19, laws=["saturating", "power"])
    assert [reason.split(":")[0] for reason in found.skipped] == ["seeds"]
    alone = interval(rows, defined(), UNITS["rows"], resamples=40)
    first = found.variance.set_index("unit").loc["rows"]
    assert (first.low, first.high) == (alone.low, alone.high)
    by = found.forms.set_index(["law", "objective"]).asymptote
    assert by["saturating", "squares"] == fit("saturating", rows.x, rows.L, delta=np.inf).asymptote
    assert set(found.identified.verdict) == {"identified"}
    assert list(found.tables()) == ["forms", "identified", "profile", "variance", "extrapolation"]


def test_report_refuses_scores_of_minus_one_or_less(scores):
    """The models are named."""
    with pytest.raises(VvsError, match=r"scores must lie between -1 and 1; 1 models have a mean score ≤ -1: m03"):
        report.trust(scores.assign(score=np.where(scores.model_id == "m03", -1.5, scores.score)), defined())


# coverage


def test_coverage_goes_on_where_it_stopped(rows, tmp_path):
    """Two tables, then four: the file's first lines stay, the summary is that of one go; a torn last line is done again."""
    one = calibration.design_of(rows, defined(delta=np.inf))
    path, asked = tmp_path / "some.jsonl", {"methods": ("rows",), "resamples": 20}
    calibration.calibrate(one, path, tables=2, **asked)
    before = path.read_text()
    path.write_text(before + '{"index": 2, "tru')
    resumed = calibration.calibrate(one, path, tables=4, **asked)
    assert path.read_text().startswith(before)
    assert resumed == calibration.calibrate(one, tmp_path / "other.jsonl", tables=4, **asked)


@pytest.mark.slow
def test_coverage_by_two_processes_is_that_of_one(rows, tmp_path):
    """The same tables in the same order."""
    one = calibration.design_of(rows, defined(delta=np.inf))
    for jobs in (1, 2):
        calibration.calibrate(one, tmp_path / f"{jobs}.jsonl", tables=3, methods=("rows",), resamples=20, jobs=jobs)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def test_tables_of_another_design_are_not_mixed_in(rows, tmp_path):
    """Another truth, or another number of resamples, is refused and named; so is a file of something else."""
    path = tmp_path / "some.jsonl"
    one = calibration.design_of(rows, defined(delta=np.inf))
    calibration.calibrate(one, path, tables=1, methods=("rows",), resamples=20)
    other = calibration.design_of(rows, defined(delta=np.inf), truth=0.8)
    with pytest.raises(VvsError, match=r"tables of another simulation \(design differ\)"):
        calibration.calibrate(other, path, tables=1, methods=("rows",), resamples=20)
    with pytest.raises(VvsError, match=r"\(resamples differ\)"):
        calibration.calibrate(one, path, tables=1, methods=("rows",), resamples=30)
    path.write_text("no json\n")
    with pytest.raises(VvsError, match="is not a file of simulated tables"):
        calibration.calibrate(one, path, tables=1)


def test_planted_asymptote_is_the_truth_of_its_design(rows):
    """Held at .8 the law still runs through the rows; above 1 is refused."""
    one = calibration.design_of(rows, defined(delta=np.inf), truth=0.8)
    assert one.parameters["E"] == pytest.approx(0.2)
    predicted = saturating(rows.x[:, 0], **one.parameters)
    assert np.abs(np.log(predicted) - np.log(rows.L)).mean() < 0.05
    with pytest.raises(VvsError, match="at most 1"):
        calibration.design_of(rows, defined(), truth=1.2)
    with pytest.raises(VvsError, match="clusters must be one of families, architectures, configurations; got 'rows'"):
        calibration.design_of(rows, defined(), clusters="rows")


# the command line


def vvs(*words):
    """A command line and what came of it."""
    return CliRunner().invoke(build(), [str(word) for word in words])


FEW = ("--resamples", 20, "--draws", 19)


@pytest.fixture
def minimal(tmp_path):
    """A CSV with the schema's minimal columns and one scale."""
    path = tmp_path / "mine.csv"
    planted()[["model_id", "benchmark_name", "region", "score", "total_flops"]].to_csv(path, index=False)
    return path


def test_trust_works_on_a_csv_of_minimal_columns(minimal, tmp_path):
    """Printed and saved: rows are resampled, units without columns are said to be left out."""
    folder = tmp_path / "out"
    result = vvs("trust", "--table", minimal, "--x", "total_flops", "--laws", "saturating,m4", *FEW, "--out", folder)
    assert result.exit_code == 0, result.output
    assert "whose variance" in result.output
    assert "resampling families needs the column(s) arch_family" in result.output
    written = json.loads((folder / "report.json").read_text())
    assert [one["unit"] for one in written["variance"]] == ["rows"]
    assert len(pd.read_csv(folder / "forms.csv")) == len(written["forms"]) == 10


def test_hold_out_prints_errors_of_groups_and_cuts(minimal):
    """As JSON: one row for each law, objective and split."""
    words = ("--table", minimal, "--x", "total_flops", "--laws", "saturating,power", "--objectives", "squares")
    result = vvs("hold-out", *words, "--share", "0.2,0.3", "--json")
    found = json.loads(result.stdout)
    assert [(one["law"], one["split"]) for one in found] == [
        (law, f"largest {share}%") for law in ("saturating", "power") for share in (20, 30)
    ]
    assert vvs("hold-out", *words, "--share", 0.2, "--resamples", 20).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hold-out", "--at", "1e40"), "a cut at 1e+40 leaves nothing to predict"),
        (("hold-out", "--leave-out", "arch"), "column 'arch' is not in the table"),
        (("hold-out", "--leave-out", "region", "--share", "0.1"), "--leave-out takes groups"),
        (("trust", "--resamples", "3"), "--resamples must be 20 or more"),
        (("coverage", "--store", "a.txt"), "must end in .jsonl or .ndjson"),
    ],
)
def test_bad_command_lines_are_one_line(words, said, minimal):
    """Exit code 2 and what to do."""
    result = vvs(words[0], "--table", minimal, "--x", "total_flops", *words[1:])
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.stderr.strip().splitlines()) == 1


def test_coverage_prints_shares(tmp_path):
    """With effects named, coverage and its Monte-Carlo error."""
    path = tmp_path / "full.csv"
    frame = planted(**FULL)
    frame.astype({"n_params": int, "n_samples_seen": int}).to_csv(path, index=False)
    words = ("--x", "total_flops", "--delta", "inf", "--methods", "rows", "--tables", 3, "--resamples", 20)
    result = vvs("coverage", "--table", path, *words, "--store", tmp_path / "s.jsonl")
    assert result.exit_code == 0, result.output
    assert "rows resampled (as published)" in result.output
    assert "families" in result.output
