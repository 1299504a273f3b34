"""The pages of measurement, allocation, placing and planning: what their committed results say; prose finds its numbers."""

import json
import re

import pytest

from vvslib.report import read_manifest, read_table, read_values

PAGES = ("measurement", "allocation_uncertainty", "place_model", "plan_budget")


def prose(checkout, name: str) -> str:
    """All text of a notebook."""
    cells = json.loads((checkout / "notebooks" / f"{name}.ipynb").read_text())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("name", PAGES)
def test_every_number_of_the_prose_is_computed(name, checkout):
    """Each `val` names a number of the page's own results; tables and figures are there, with the columns shown."""
    text, values, manifest = prose(checkout, name), read_values(name), read_manifest(name)
    keys = re.findall(r"\{val\}`(\w+)\.([\w.-]+)", text)
    assert len(keys) > 5
    for page, key in keys:
        assert page == name
        found = values
        for part in key.split("."):
            found = found[part]
        assert found is not None
    for kind, target, options in re.findall(rf":::\{{study-(figure|table)\}} {name}/(\w+)\n((?::.*\n)*)", text):
        assert target in manifest[f"{kind}s"]
        columns = re.search(r":columns: (.*)", options)
        if columns and kind == "table":
            assert set(columns[1].split(", ")) <= set(read_table(name, target).columns)


def test_published_exponent_and_its_limits_are_found_again():
    """D ∝ C^.703 with rows resampled near [.656, .754]; coarser units are wider."""
    found = read_table("allocation_uncertainty", "limits").set_index("unit")
    assert found.loc["rows", "estimate"] == pytest.approx(0.703, abs=1e-3)
    assert found.loc["rows", "low"] == pytest.approx(0.656, abs=0.015)
    assert found.loc["rows", "high"] == pytest.approx(0.754, abs=0.015)
    width = found["high"] - found["low"]
    assert width["seeds"] < width["rows"] < width["architectures"] < width["families"]


def test_published_plateau_is_found_again_in_its_own_unit():
    """.477 in (r/c)²; as r²/c lower by the ceiling, and hardly more than that."""
    values = read_values("measurement")
    assert values["published"]["asymptote"] == pytest.approx(0.477, abs=1e-3)
    assert values["turned"]["asymptote"] < values["published"]["low"]
    assert values["turned"]["of_published"] == pytest.approx(values["published"]["asymptote"], rel=0.03)


def test_plans_grow_with_the_budget_and_stay_within_their_ranges():
    """N*, D* and the score rise with compute; the optimum lies within the sizes that are nearly as good."""
    plans = read_table("plan_budget", "plans")
    for column in ("n_params", "n_samples_seen", "score"):
        assert plans[column].is_monotonic_increasing
    assert plans["n_params"].between(plans["range_low"], plans["range_high"]).all()


def test_interval_of_new_families_holds_more_than_the_curves():
    """Families left out lie inside the interval of a new model far more often than inside that of the curve."""
    values = read_values("place_model")
    assert values["held"] > 0.85
    assert values["held_by_curve"] < values["held"] - 0.1
