"""The pages of training, through papermill: the numbers of the library itself, from other parameters."""

import json

import papermill
import pytest
import training

from vvslib.report import read_values
from vvslib.training.trainer import Hardware, train

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the kernel's client, not of ours

GRID = {
    "about": "two networks, two sizes, two seeds, a few steps",
    "task": "vvslib.sweep.train:train_run",
    "fixed": {"images": training.IMAGES, "recipe.steps": 4, "recipe.batch_size": 32},
    "axes": {"arch": ["small_resnet_w2_d1", "small_resnet_w4_d1"], "per_class": [2, 10], "seed": [0, 1]},
}


@pytest.fixture
def execute(checkout, tmp_path, monkeypatch):
    """A function that runs a notebook of the checkout with parameters, one thread, and returns its values."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("VVS_SWEEPS", str(tmp_path / "sweeps"))

    def execute(name: str, **parameters) -> dict:
        given = {"results": str(tmp_path / name), **parameters}
        notebook = checkout / "notebooks" / f"{name}.ipynb"
        papermill.execute_notebook(notebook, tmp_path / f"{name}.ipynb", given, cwd=checkout, progress_bar=False)
        return read_values(name, tmp_path / name)

    return execute


def test_train_one_is_the_library(execute, tmp_path):
    """The notebook, `vvslib.training.train` and so the command line train the same network."""
    given = {"arch": "small_resnet_w4_d1", "images": training.IMAGES, "per_class": 10, "changes": {"steps": 5, "batch_size": 64}}
    values = execute("train_one", **given, folder=str(tmp_path / "run"))
    done = train(training.spec(per_class=10, recipe_steps=5), tmp_path / "own", hardware=Hardware("cpu"))
    assert (values["steps"], values["n_samples"]) == (5, 240)
    assert values["val_acc"] == done.last["val_acc"]
    assert values["train_loss"] == pytest.approx(done.last["train_loss"], rel=1e-4)


def test_sandbox_sweep_of_another_grid(execute, tmp_path):
    """The page counts runs, classes and steps of whatever grid it is given."""
    (tmp_path / "grid.yaml").write_text(json.dumps(GRID))
    values = execute("sandbox_training", grid=str(tmp_path / "grid.yaml"), jobs=2)
    assert (values["n_runs"], values["n_classes"], values["steps"]) == (8, 24, 4)
    assert values["chance"] == pytest.approx(1 / 24)
    assert (values["fewest"], values["most"]) == (2, 10)
    assert 0 <= values["accuracy_least"] <= values["accuracy_most"] <= 1
