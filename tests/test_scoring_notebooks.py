"""The pages of scoring, through papermill: the numbers of the library itself, from other parameters."""

import papermill
import pytest

from vvslib.activations import load
from vvslib.benchmarks import registry
from vvslib.report import read_values
from vvslib.scoring.network import score_network

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the kernel's client, not of ours

MODEL, BENCHMARKS = "small_resnet_w4_d1@untrained", ["simulated.V1-pls", "simulated.behavior-i2n"]


def test_the_page_of_benchmarks_states_what_its_results_hold():
    """Training beats pixels, Gabor energy and no training on V4, beyond twice the errors; shuffled stimuli give 0."""
    values = read_values("benchmarks")
    reached, error = values["trained"]["V4"]["raw"], values["trained"]["V4"]["raw_error"]
    for other in ("pixels", "Gabor", "untrained"):
        assert reached - values[other]["V4"]["raw"] > 2 * (error + values[other]["V4"]["raw_error"])
    assert values["trained"]["ridge"]["raw"] > values["Gabor"]["ridge"]["raw"] and values["lead"]["low"] > 0
    assert values["shuffled"]["low"] < 0 < values["shuffled"]["high"] < 0.1 * reached
    assert values["trained"]["V4"]["score"] == pytest.approx((reached / values["trained"]["V4"]["ceiling"]) ** 2)


def test_score_one_is_the_library(checkout, tmp_path, monkeypatch):
    """The notebook, `score_network` and so the command line give the same scores, by the same layers."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    given = {"model": MODEL, "benchmarks": BENCHMARKS, "results": str(tmp_path / "score_one")}
    notebook = checkout / "notebooks" / "score_one.ipynb"
    papermill.execute_notebook(notebook, tmp_path / "score_one.ipynb", given, cwd=checkout, progress_bar=False)
    values = read_values("score_one", tmp_path / "score_one")
    found = score_network(load(MODEL), [registry.load(name) for name in BENCHMARKS])
    for result, _ in found.chosen.values():
        told = values[result.benchmark.region]
        assert told["layer"] == result.reading.layer
        assert told["raw"] == pytest.approx(result.score.raw, abs=1e-9)
        assert told["score"] == pytest.approx(result.score.value, abs=1e-9)
    assert values["n_stimuli"] == 1320 and (tmp_path / "score_one" / "neuroids.png").is_file()
