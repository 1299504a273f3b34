"""What leads into the book: the start page, the figures of the paper, the glossary, how to cite."""

import json
import re
from html import unescape

import books
import pytest
import yaml

from vvslib import claims
from vvslib.book import citation, figure_index, glossary
from vvslib.book.chapters import chapters_named
from vvslib.errors import VvsError
from vvslib.runs.notebooks import find

BOOK = books.CHECKOUT / "book"
FIGURES = figure_index.load(BOOK / "paper_figures.yaml")
each_figure = pytest.mark.parametrize("one", FIGURES, ids=lambda one: f"figure-{one.figure}")


def test_all_figures_of_the_paper_are_indexed():
    """One to sixteen, each once, in order."""
    assert [one.figure for one in FIGURES] == list(range(1, 17))


@each_figure
def test_counterparts_of_a_figure_exist(one):
    """Its notebooks are there and are pages; its figures are among their results and are shown on their pages."""
    notebooks, pages = find(books.CHECKOUT), chapters_named(BOOK / "_toc.yml")
    for result in one.here:
        name, _, figure = result.partition("/")
        assert name in notebooks and name in pages
        assert figure in json.loads((books.CHECKOUT / "results" / name / "manifest.json").read_text())["figures"]
        text = "\n".join("".join(cell["source"]) for cell in notebooks[name].cells)
        assert result in dict(figure_index.NAMED.findall(text))


@each_figure
def test_pages_name_the_figure_that_they_answer(one):
    """At least one page of a figure's counterparts says that it is of that figure."""
    said = []
    for name in one.notebooks:
        text = "\n".join("".join(cell["source"]) for cell in find(books.CHECKOUT)[name].cells)
        for listed in re.findall(r"ICML Figures? ((?:\d+[a-c]?(?: \(\w+\))?(?:, | and )?)+)", text):
            said += re.findall(r"\d+", listed)
    assert str(one.figure) in said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"experiments": ["compute_nero"]}, "figure 1: 'compute_nero' must be an experiment; did you mean 'compute_neuro'"),
        ({"data": ["benchmark_score.csv"]}, "'benchmark_score.csv' must be a file of a source; did you mean"),
        ({"hear": []}, "key 'hear' is unknown: did you mean 'here'"),
    ],
)
def test_wrong_figures_are_refused(entry, said, tmp_path):
    """An experiment, a file or a key that is not there is named, with the nearest."""
    path = tmp_path / "figures.yaml"
    plain = {"figure": 1, "shows": "x", "here": ["a/b"], "data": ["benchmark_scores.csv"]}
    path.write_text(yaml.safe_dump([plain | entry]))
    with pytest.raises(VvsError, match=re.escape(said)):
        figure_index.load(path)


def test_a_figure_stands_once(tmp_path):
    """A number that stands twice is refused."""
    path = tmp_path / "figures.yaml"
    path.write_text(yaml.safe_dump([{"figure": 3, "shows": "x", "here": ["a/b"], "data": ["benchmark_scores.csv"]}] * 2))
    with pytest.raises(VvsError, match="figure 3 must stand there once"):
        figure_index.load(path)


def test_index_of_figures_links():
    """The table's page, figure and notebook are links to what is there."""
    built = books.sample()
    html = (built.html / "words.html").read_text(encoding="utf-8")
    row = re.search(r"<th class=\"stub\"><p>Figure 1</p></th>.*?</tr>", html, re.S)[0]
    links = re.findall(r'href="([^"]+)"', row)
    assert links == ["chapters/planted.html", "chapters/planted.html#planted-law", "_static/study/planted/planted.ipynb"]
    assert all((built.html / link.partition("#")[0]).is_file() for link in links)
    assert 'id="planted-law"' in (built.html / "chapters/planted.html").read_text(encoding="utf-8")


def test_start_page_has_every_claim_with_its_verdict():
    """Each claim stands on the start page with the verdict that is computed, and a link."""
    text = (BOOK / "index.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[[^\]]+\]\(#[\w-]+\) \| \{val\}`claims\.claim(\d+)\.verdict` \|$", text, re.M)
    assert [(int(a), int(b)) for a, b in rows] == [(one.id, one.id) for one in claims.load()]


def test_start_page_types_no_result():
    """No decimal number of the start page's prose is typed; all are computed."""
    text = (BOOK / "index.md").read_text(encoding="utf-8").partition(":::")[0]
    assert re.findall(r"\d+\.\d+", re.sub(r"\{val\}`[^`]*`", "", text)) == []


class TestCitation:
    """BibTeX comes of CITATION.cff alone."""

    def test_readme_has_the_same(self):
        """The entry in the README is the one that is made."""
        assert f"```bibtex\n{citation.bibtex('paper')}\n```" in (books.CHECKOUT / "README.md").read_text(encoding="utf-8")

    def test_bibliography_agrees(self):
        """The book's own reference to the paper has the same title, authors, volume, pages, year and preprint."""
        entry = (
            (BOOK / "references.bib").read_text(encoding="utf-8").partition("@inproceedings{Gokce2025,")[2].partition("\n}")[0]
        )
        wanted = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.M))
        made = dict(re.findall(r"^  (\w+) = \{(.*)\},$", citation.bibtex("paper"), re.M))
        for name in ("title", "author", "volume", "pages", "year", "eprint"):
            assert made[name] == wanted[name]

    def test_compendium_names_its_version(self):
        """The version is that of CITATION.cff; a group of authors is one name."""
        made = citation.bibtex("compendium")
        version = yaml.safe_load((books.CHECKOUT / "CITATION.cff").read_text())["version"]
        assert f"version {version}" in made and "author = {{the vvs-scaling developers}}" in made

    def test_what_is_not_there_is_refused(self, tmp_path):
        """An unknown part, or a file that lacks a key, is refused by name."""
        with pytest.raises(VvsError, match="paper, compendium; got 'papper'; did you mean 'paper'"):
            citation.bibtex("papper")
        (tmp_path / "CITATION.cff").write_text("title: x\nversion: 1\n")
        with pytest.raises(VvsError, match=r"CITATION\.cff: key 'authors' must be given"):
            citation.bibtex("compendium", tmp_path)

    def test_book_shows_it(self):
        """The page has the entry as code, which the copy button takes."""
        html = (books.sample().html / "words.html").read_text(encoding="utf-8")
        shown = re.search(r'<div class="highlight-bibtex.*?</pre>', html, re.S)[0]
        assert unescape(re.sub(r"<[^>]+>", "", shown)).strip() == citation.bibtex("paper")
        assert "copybutton.js" in html


class TestGlossary:
    """Terms are explained where they are first used."""

    def used(self, page="index.html"):
        """Words of the explained terms of a page of the sample, in order."""
        html = (books.sample().html / page).read_text(encoding="utf-8")
        return re.findall(r'<a [^>]*class="vvs-term"[^>]*>([^<]*)</a>', html)

    def test_first_uses_only(self):
        """The first use of each term, capitalised or plural, is explained; code is not; a common word only where it is marked."""
        assert self.used() == ["neuroids", "IT", "Ceiling", "cluster"]

    def test_glossary_itself_is_left_alone(self):
        """No term is explained on the page that explains it."""
        assert self.used("words.html") == []

    def test_definitions_describe_their_terms(self):
        """Each explained term names a definition that the page has: the first paragraph, in plain words."""
        html = (books.sample().html / "index.html").read_text(encoding="utf-8")
        described = re.findall(r'<a aria-describedby="([^"]+)" class="vvs-term"', html)
        given = dict(re.findall(r'<p id="(definition-[^"]+)">([^<]*)</p>', html))
        assert set(described) == set(given)
        assert given["definition-term-ceiling"] == "The consistency that the noise of the recordings allows."

    def test_every_term_of_the_book_can_be_found(self):
        """The search for terms finds every form of every term of the real glossary."""
        text = (BOOK / "terms.md").read_text(encoding="utf-8").partition("```{glossary}\n")[2].partition("\n```")[0]
        names = re.findall(r"^(\S.*)$", text, re.M)
        search = glossary.pattern(names)
        assert len(names) == len(set(names)) > 40
        assert all(search.fullmatch(form) for name in names for form in glossary.forms(name))

    def test_marked_only_terms_are_terms(self):
        """What `_config.yml` names as explained only where marked stands in the glossary."""
        text = (BOOK / "terms.md").read_text(encoding="utf-8")
        config = yaml.safe_load((books.CHECKOUT / "_config.yml").read_text())
        for name in config["sphinx"]["config"]["vvs_terms_marked_only"]:
            assert re.search(rf"^{name}$", text, re.MULTILINE), name
