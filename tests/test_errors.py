"""The nearest names that an error suggests."""

import pytest

from vvslib.errors import VvsError, suggest


def test_nearest_name_is_suggested():
    """A misspelt name brings the nearest known one."""
    assert suggest("compute_nuero", ["compute_neuro", "region_v1"]) == "did you mean 'compute_neuro'?"


def test_nearest_names_come_nearest_first():
    """Of several near names the nearest stands first."""
    assert suggest("region_v1x", ["region_v2", "region_v1"]) == "did you mean 'region_v1', 'region_v2'?"


def test_at_most_n_are_suggested():
    """`n` limits how many names are suggested."""
    assert suggest("law", ["law1", "law2", "law3"], n=1).count("'") == 2


def test_all_are_named_where_none_is_near():
    """Where nothing is near, everything known is named, sorted."""
    assert suggest("zzz", ["b", "a"]) == "known: 'a', 'b'"


@pytest.mark.parametrize("name", ["N_PARAMS", "n_params", "N_Params"])
def test_case_does_not_matter(name):
    """Names that differ in case only are near, and are given as they are spelt."""
    assert suggest(name, ["n_params", "flops"]) == "did you mean 'n_params'?"


def test_names_may_be_anything_with_a_text():
    """Keys that are no strings are compared by their text."""
    assert suggest("10", [100, 7]) == "did you mean '100'?"


def test_the_error_is_a_value_error():
    """Callers that catch ValueError catch ours."""
    assert issubclass(VvsError, ValueError)
