"""The book of the tracked files alone: a strict build, and what stands in for data that are not there."""

import json

import books
import pytest

from vvslib.book.chapters import chapters_named
from vvslib.runs.notebooks import find

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("error")]


def test_book_without_data_is_strict():
    """The tracked files alone build strictly where no data can be reached."""
    built = books.bare()
    assert built.status == 0, built.said


def test_chapters_without_data_show_committed_results():
    """Without data, each chapter that needs them says so, names the date and the command."""
    built = books.bare()
    notebooks = find(built.root)
    chapters = [name for name in chapters_named(built.root / "book/_toc.yml") if notebooks[name].sources]
    if not chapters:
        pytest.skip("no chapter of the book needs data yet")
    for name in chapters:
        date = json.loads((built.root / "results" / name / "provenance.json").read_text())["date"][:10]
        said = built.text(f"chapters/{name}.html")
        assert f"shown are the results committed on {date}" in said, name
        assert all(f"vvs fetch {source}" in said for source in notebooks[name].sources), name
