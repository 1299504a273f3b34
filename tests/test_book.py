"""What the roles and directives of the book show, on the pages of a sample; and how builds fail."""

import json
import re

import books
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vvslib.book.chapters import page
from vvslib.book.results import Results, written
from vvslib.book.tables import rounded
from vvslib.errors import VvsError
from vvslib.runs.notebooks import Notebook

pytestmark = pytest.mark.filterwarnings("error")


def test_sample_builds_strictly():
    """A book that uses everything the extension offers builds with warnings as errors."""
    assert books.sample().status == 0, books.sample().said


def test_values_stand_in_the_text():
    """The role shows values of results in the format asked for, in a caption too."""
    said = books.sample().text("index.html")
    assert "The exponent is 0.50 , the largest compute 1.0 × 10¹⁹" in said
    assert "the second gain −0.2" in said and "what is not known –" in said
    assert "Scores rise with compute; the exponent is 0.50" in said


def test_figures_and_tables_are_numbered():
    """Captions carry numbers, and the prose refers to them."""
    said = books.sample().text("index.html")
    assert "Fig. 1 and Table 1 show it" in said
    assert re.search(r"Fig\. 1 Scores rise", said) and re.search(r"Table 1 The planted law", said)


def test_figure_comes_with_its_files():
    """Below a figure stand links to its data, points, PNG and SVG, and the files are there."""
    built = books.sample()
    html = (built.html / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(_static/study/planted/law[^"?]*)"', html)
    assert [link.rpartition("/")[2] for link in links] == ["law.csv", "law_points.csv", "law.png", "law.svg"]
    assert all((built.html / link).is_file() for link in links)


def test_table_shows_labels_and_digits():
    """A table has the columns asked for, with the notebook's headings, digits and a real minus sign."""
    html = (books.sample().html / "index.html").read_text(encoding="utf-8")
    table = re.search(r'<table[^>]*id="sample-fits".*?</table>', html, re.S)[0]
    assert re.findall(r"<p>([^<]*)</p>", table) == ["region", "E", "α", "V1", "0.50", "0.50", "IT", "−0.25", "0.50"]


def test_run_box_says_what_was_run():
    """The box names parameters, date and versions of the run."""
    said = books.sample().text("index.html")
    assert "What was run: planted" in said and "alpha = 0.5" in said and "executed by this build" in said


def test_status_lists_every_notebook():
    """The status page lists every notebook, those executed and those that could not be."""
    said = books.sample().text("status.html")
    assert "planted ( ipynb ) executed here" in said and "absent ( ipynb ) committed" in said


def test_pages_of_blocked_notebooks_carry_a_notice():
    """A page that shows committed results says so below its title; a page that does not, does not."""
    notice = "shown are the results committed on 2026-11-01"
    assert notice in books.sample().text("status.html") and notice in books.sample().text("chapters/absent.html")
    assert notice not in books.sample().text("index.html")


def test_missing_names_fail_a_strict_build():
    """Unknown values, figures and notebooks are warnings that name the nearest, so that a strict build fails."""
    root = books.sample_project()
    (root / "book/status.md").write_text(
        "# Status\n\n{val}`planted.alhpa` {val}`plantde.alpha` {val}`planted.alpha:q`\n\n"
        "```{study-figure} planted/lwa\n:alt: A law.\n```\n\n```{study-table} planted/fits\n:columns: regoin\n```\n\n"
        "```{study-figure} planted/law\nNo alternative text.\n```\n\n"
        "```{glossary}\nbend\n  Where $f$ is.\n```\n\n```{bibtex} papr\n```\n\n```{figure-index} nowhere.yaml\n```\n"
    )
    built = books.build(root, **books.without_data(root))
    assert built.status != 0
    for said in (
        "has no value 'alhpa'; did you mean 'alpha'?",
        "no results of a notebook 'plantde'; did you mean 'planted'?",
        "format 'q' must fit 0.5",
        "has no figure 'lwa'; did you mean 'law'?",
        "has no column 'regoin'; did you mean 'region'?",
        "must have :alt:",
        "the definition of 'bend' must begin with a paragraph of plain words",
        "got 'papr'; did you mean 'paper'?",
        "nowhere.yaml",
    ):
        assert said in built.said


def test_failing_notebook_stops_the_build_with_its_traceback():
    """A notebook that fails stops the build, which shows the cell and the error."""
    root = books.sample_project()
    path = root / "notebooks" / "planted.ipynb"
    path.write_text(path.read_text().replace("_ = report.write()", "1 / 0"))
    built = books.build(root, **books.without_data(root))
    assert built.status != 0
    assert "failed: ZeroDivisionError: division by zero" in built.said and "1 / 0" in built.said
    assert not (root / "book/chapters/planted.ipynb").exists()


def test_changed_values_are_read_again():
    """After the results change, the pages that show them are built anew, and only those that do."""
    root = books.sample_project()
    environment = books.without_data(root)
    books.build(root, **environment)
    path = root / "results/absent/values.json"
    path.write_text('{"seed": 77}')
    built = books.build(root, **environment)
    assert "0 added, 1 changed, 0 removed" in built.said
    assert "The committed seed is 77" in built.text("status.html")


def test_code_of_a_page_is_behind_a_toggle():
    """Every code cell of a chapter is hidden behind a toggle, none removed, and the page is the same for the same notebook."""
    notebook = Notebook(books.NOTEBOOKS / "planted.ipynb")
    cells = json.loads(page(notebook))["cells"]
    assert len(cells) == len(notebook.cells)
    assert all("hide-input" in cell["metadata"]["tags"] for cell in cells if cell["cell_type"] == "code")
    assert page(notebook) == page(Notebook(notebook.path))


def test_toc_with_an_unknown_chapter_is_refused():
    """A chapter that is no notebook stops the build, and the nearest is named."""
    root = books.sample_project()
    toc = yaml.safe_load((root / "book/_toc.yml").read_text())
    toc["chapters"][0]["file"] = "chapters/plantde"
    (root / "book/_toc.yml").write_text(yaml.safe_dump(toc))
    built = books.build(root, **books.without_data(root))
    assert built.status != 0 and "names chapters/plantde, and there is no such notebook; did you mean 'planted'?" in built.said


@pytest.mark.parametrize(
    ("value", "spec", "shown"),
    [
        (0.70312, ".3f", "0.703"),
        (-0.5, ".1f", "−0.5"),
        (-0.0001, ".2f", "0.00"),
        (0.123, ".1%", "12.3%"),
        (1281167, ",", "1,281,167"),
        (1.553e20, "sci", "1.6 × 10²⁰"),
        (1.553e20, "sci3", "1.55 × 10²⁰"),
        (-2.5e-7, ".1e", "−2.5 × 10⁻⁷"),
        (None, ".3f", "–"),
        ("Infinity", ".3f", "∞"),
        (True, "", "yes"),
        ("ViT", "", "ViT"),
    ],
)
def test_written(value, spec, shown):
    """Values are written as a sentence wants them."""
    assert written(value, spec) == shown


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_numbers_have_no_hyphen(value):
    """No number is written with a hyphen for a minus, nor as a negative zero."""
    for spec in ("", ".3f", "sci", ".2%"):
        text = written(value, spec)
        assert "-" not in text and not re.fullmatch(r"−0(\.0*)?%?", text)


def test_value_names_are_checked(tmp_path):
    """An unknown key or index is refused with the nearest, or with how many there are."""
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws/values.json").write_text('{"gains": [1, 2], "by": {"V1": 3}}')
    results = Results(tmp_path)
    assert (results.value("laws.gains[-1]"), results.value("laws.by[V1]")) == ("2", "3")
    for reference, said in (
        ("laws.gain", "did you mean 'gains'"),
        ("laws.gains[2]", "2 entries"),
        ("laws.gains", "give an index"),
        ("laws", "name.key"),
        ("laws.by[V2]", "did you mean 'V1'"),
    ):
        with pytest.raises(VvsError, match=re.escape(said)):
            results.value(reference)


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_whole_numbers_keep_all_their_digits(value):
    """A count in a table is never rounded."""
    assert int(rounded(str(value), 2).replace(",", "").replace("−", "-")) == value
