"""The data dictionary on a page: complete, readable by machines and by assistive technology, and searchable."""

import re
from html.parser import HTMLParser

import books
import pytest

from vvslib.book.dictionary import anchor, select, table
from vvslib.columns import COLUMNS
from vvslib.errors import VvsError

PAGE = "# Columns\n\n```{data-dictionary}\nEvery column.\n```\n"


class Cells(HTMLParser):
    """The rows of a table: each a list of (tag, attributes, text)."""

    def __init__(self, html: str):
        super().__init__()
        self.rows: list[list[list]] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        self.inside = self.inside or tag in ("td", "th")
        if tag in ("td", "th"):
            self.rows[-1].append([tag, dict(attrs), ""])

    def handle_endtag(self, tag):
        """End a cell."""
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        """Add to the cell's text."""
        if self.inside:
            self.rows[-1][-1][2] += data


def test_every_column_of_the_schema_has_a_row():
    """Name, meaning, unit, kind and what an empty cell means are those of the schema, in its order."""
    rows = Cells(table(select(), "Every column.")).rows[1:]
    shown = [[text.removesuffix(" (required)") for _, _, text in row] for row in rows]
    assert shown == [[name, c.meaning, c.unit, c.kind, c.missing] for name, c in COLUMNS.items()]


def test_required_columns_say_so():
    """Exactly the columns that a table must have are marked."""
    rows = Cells(table(select(), "Every column.")).rows[1:]
    marked = {row[0][2].removesuffix(" (required)") for row in rows if row[0][2].endswith(" (required)")}
    assert marked == {name for name, column in COLUMNS.items() if column.required}


def test_headings_have_a_scope():
    """The first row heads the columns, and the first cell of each other row heads its row; no other cell is a heading."""
    first, *rows = Cells(table(select(), "Every column.")).rows
    assert {(tag, attrs["scope"]) for tag, attrs, _ in first} == {("th", "col")}
    for head, *cells in rows:
        assert (head[0], head[1]["scope"]) == ("th", "row") and {tag for tag, _, _ in cells} == {"td"}


def test_table_has_a_name_and_can_be_reached_by_keyboard():
    """The caption names the table and the box in which it scrolls, markup in it being shown as typed."""
    html = table(select(), "Columns & <units>")
    assert "<caption>Columns &amp; &lt;units&gt;</caption>" in html
    box = re.match(r"<div [^>]*>", html)[0]
    assert 'tabindex="0"' in box and 'role="region"' in box and 'aria-label="Columns &amp; &lt;units&gt;"' in box


def test_each_row_can_be_linked_to():
    """Every column has an id of its own."""
    ids = [row[0][1]["id"] for row in Cells(table(select(), "Every column.")).rows[1:]]
    assert ids == [anchor(name) for name in COLUMNS] and len(set(ids)) == len(COLUMNS)


@pytest.mark.parametrize("source", ["published", "added"])
def test_one_source_shows_its_columns_only(source):
    """The columns of the paper's tables and those of this project can stand apart."""
    assert select(source)["column"].tolist() == [name for name, column in COLUMNS.items() if column.source == source]


def test_unknown_source_is_refused_with_the_nearest():
    """A misspelt source is named, and so is the one that was meant."""
    with pytest.raises(VvsError, match=r"must be one of published, added; got 'publishd'; did you mean 'published'\?"):
        select("publishd")


@pytest.fixture(scope="module")
def built():
    """A sample book with a page that holds the dictionary."""
    root = books.sample_project()
    (root / "book/status.md").write_text(PAGE)
    return books.build(root, **books.without_data(root))


def test_page_with_the_dictionary_builds_strictly(built):
    """The directive writes its table into a book that is built with warnings as errors."""
    assert built.status == 0, built.said
    html = (built.html / "status.html").read_text(encoding="utf-8")
    assert all(f'id="{anchor(name)}"' in html for name in COLUMNS)


def test_search_finds_columns(built):
    """The search index of the book holds what the table says."""
    assert "accumul" in (built.html / "searchindex.js").read_text(encoding="utf-8")


def test_misspelt_source_fails_a_strict_build():
    """On a page, an unknown source is a warning that names the nearest, so that a strict build fails."""
    root = books.sample_project()
    (root / "book/status.md").write_text(PAGE.replace("}\n", "}\n:source: publishd\n", 1))
    failed = books.build(root, **books.without_data(root))
    assert failed.status != 0 and "did you mean 'published'?" in failed.said
