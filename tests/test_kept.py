"""Results that are kept with the repository: under a key of data and code, or not at all."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vvslib.errors import VvsError
from vvslib.experiments import Observations
from vvslib.trust import kept


def refuse():
    """A computation that must not be made."""
    raise AssertionError("computed although it is kept")


def test_a_kept_result_is_read_and_not_computed(tmp_path):
    """What was computed once is read under the same key, infinities of JSON and nesting included."""
    made = kept.kept("a", {"n": 1}, lambda: {"x": [1.5, None]}, recompute=True, folder=tmp_path)
    assert kept.kept("a", {"n": 1}, refuse, folder=tmp_path) == made == {"x": [1.5, None]}


def test_another_key_is_refused_by_name(tmp_path):
    """What differs is named, and how to compute it."""
    kept.kept("a", {"code": "1", "n": 1}, lambda: 1, recompute=True, folder=tmp_path)
    with pytest.raises(VvsError, match=r"a\.json was computed with other code; give recompute = true"):
        kept.kept("a", {"code": "2", "n": 1}, refuse, folder=tmp_path)


def test_nothing_kept_and_no_result_are_refused(tmp_path):
    """A missing file and a file of something else say so."""
    with pytest.raises(VvsError, match=r"b\.json is not kept in"):
        kept.kept("b", {}, refuse, folder=tmp_path)
    (tmp_path / "b.json").write_text(json.dumps([1]))
    with pytest.raises(VvsError, match="is no kept result"):
        kept.kept("b", {}, refuse, folder=tmp_path)


def test_recomputing_replaces(tmp_path):
    """An older result gives way to the one asked for."""
    for value in (1, 2):
        kept.kept("a", {}, lambda value=value: value, recompute=True, folder=tmp_path)
    assert kept.kept("a", {}, refuse, folder=tmp_path) == 2


def test_digest_of_rows_sees_a_score_and_not_a_rounding():
    """A score that differs in the sixth digit changes it; one in the twelfth does not."""
    rows = Observations(np.ones((2, 1)), np.array([0.5, 0.6]), pd.DataFrame({"model_id": ["a", "b"]}))
    assert kept.of_rows(rows) != kept.of_rows(replace(rows, L=np.array([0.5, 0.600001])))
    assert kept.of_rows(rows) == kept.of_rows(replace(rows, L=np.array([0.5, 0.6 + 1e-12])))


def test_digest_of_a_table_does_not_see_the_order_of_rows():
    """Sorted otherwise, it is the same table; with another score it is not."""
    table = pd.DataFrame({"model_id": ["a", "b"], "benchmark_name": ["x", "x"], "score": [0.1, 0.2]})
    assert kept.of_table(table) == kept.of_table(table.iloc[::-1])
    assert kept.of_table(table) != kept.of_table(table.assign(score=[0.1, 0.3]))


def test_digest_of_code_sees_statements_and_not_docstrings():
    """A docstring, a comment or a line break is no change; a number is."""
    import ast

    def said(text):
        return ast.dump(kept._undocumented(ast.parse(text)))

    plain = said("def f():\n    return 1")
    assert said('def f():\n    """Say."""\n    # why\n    return (\n        1\n    )') == plain
    assert said("def f():\n    return 2") != plain


def test_a_stale_result_is_computed_where_that_is_allowed(tmp_path):
    """Under the same key it is read, under another computed and kept; a file of something else gives way."""
    stale = {"recompute": "when stale", "folder": tmp_path}
    assert kept.kept("a", {"n": 1}, lambda: 1, **stale) == kept.kept("a", {"n": 1}, refuse, **stale) == 1
    assert kept.kept("a", {"n": 2}, lambda: 2, **stale) == kept.kept("a", {"n": 2}, refuse, folder=tmp_path) == 2
    (tmp_path / "a.json").write_text("[]")
    assert kept.kept("a", {"n": 2}, lambda: 3, **stale) == 3


def test_digest_of_packages_is_of_each_module():
    """A package is all of its modules, and another one another digest."""
    assert len({kept.of_packages(*names) for names in (["metrics"], ["metrics/pls"], ["metrics", "stopping"], ["models"])}) == 4


def test_digest_of_sources_is_of_their_files():
    """Two sources have two digests, one a source."""
    found = kept.of_sources("macaque_v4", "object92")
    assert set(found) == {"macaque_v4", "object92"} and len(set(found.values())) == 2
