"""Notebooks give the published numbers, through papermill."""

import json

import papermill
import pytest


@pytest.mark.filterwarnings("ignore")  # of the kernel's client, not of ours
def test_data_scaling_gives_the_published_asymptote(checkout, published_path, tmp_path):
    """The data-scaling notebook, run by plain papermill, reproduces Ŝ of ImageNet and writes only where it is told."""
    given = {"bootstraps": 10, "results": str(tmp_path / "results")}
    papermill.execute_notebook(
        checkout / "notebooks" / "data_scaling.ipynb", tmp_path / "out.ipynb", given, cwd=checkout, progress_bar=False
    )
    values = json.loads((tmp_path / "results" / "values.json").read_text())
    fitted = values["sample_imagenet_scaling"]
    assert fitted["n_rows"] == 221
    assert fitted["asymptote"] == pytest.approx(0.4598663, abs=1e-3)
    assert fitted["loss"] <= 0.008069779463593 * (1 + 1e-4)
