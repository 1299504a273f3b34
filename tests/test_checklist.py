"""The reporting checklist is filled from definitions: what they say stands in it, and what nothing says is called so."""

import pandas as pd
import pytest

from vvslib import published
from vvslib.checklist import ABSENT, GROUPS, answered, fill


@pytest.fixture(scope="module")
def filled(published_path) -> pd.DataFrame:
    """The checklist of two published experiments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VVS_DATA", str(published_path))
        return fill(published.load("published"), ["compute_neuro", "compute_chinchilla"])


def said(filled: pd.DataFrame, item: str, study: str = "published") -> str:
    """What stands in a cell."""
    return filled.set_index("item").loc[item, study]


def test_every_heading_has_items_and_every_item_an_entry(filled):
    """No cell is empty."""
    assert list(dict.fromkeys(filled["group"])) == list(GROUPS)
    assert (filled[["item", "published", "own"]] != "").all().all() and filled["item"].is_unique


def test_cells_follow_from_the_definitions(filled):
    """Rows, laws, objective and the identity of compute as the table and the experiments have them."""
    assert said(filled, "networks per fit") == "compute_neuro: 620; compute_chinchilla: 444"
    assert said(filled, "law that is fitted, and its free parameters") == "saturating, 3 parameters; chinchilla, 5 parameters"
    assert said(filled, "objective").startswith("Huber δ = 0.001 in log L")
    assert said(filled, "how compute is counted") == "total_flops = 3 × flops × n_samples_seen in 100% of rows"
    assert "compute_chinchilla: 176" in said(filled, "networks left out, and why")


def test_the_sweep_is_read_from_its_grid(filled):
    """Images and seeds of the study's own file."""
    assert said(filled, "training sets", "own") == "cifar10, tiny_imagenet"
    assert said(filled, "seeds", "own").startswith("0, 1")


def test_shares_count_what_is_not_reported():
    """One of two."""
    frame = pd.DataFrame({"group": "fitting", "item": ["a", "b"], "published": [ABSENT, "x"], "own": ["x", "x"]})
    assert answered(frame)["value"].tolist() == [0.5, 1.0]
