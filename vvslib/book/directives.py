"""The role ``val`` and the directives ``study-figure``, ``study-table``, ``study-run`` and ``study-status``."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from vvslib.book import files, tables
from vvslib.book.nodes import ROOT, book_html, element
from vvslib.book.provenance import run_box, status_table
from vvslib.book.study import note_use, study
from vvslib.errors import VvsError, suggest

logger = logging.getLogger(__name__)


def _warn(message: str, location: Any) -> None:
    logger.warning(message, location=location, type="vvs", subtype="results")


NUMBER_LENGTH = 16


class ValueRole(SphinxRole):
    """``{val}`name.key:format` ``: a computed number in a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The value as text; a warning and the reference itself when there is none."""
        here = study(self.env.app)
        name = self.text.partition(".")[0].strip()
        try:
            shown = here.results.value(self.text)
            note_use(self.env, name, here.results.of(name) / "values.json")
        except VvsError as error:
            _warn(str(error), self.get_location())
            return [nodes.literal(self.rawtext, self.text, classes=["vvs-missing"])], []
        # Kept on one line: a number should not be torn from its power of ten.
        if len(shown) <= NUMBER_LENGTH:  # a number and its power of ten stay on one line; sentences and lists may break
            return [nodes.inline(self.rawtext, shown.replace(" ", "\N{NO-BREAK SPACE}"), classes=["vvs-value"])], []
        return [nodes.inline(self.rawtext, shown)], []


class ResultDirective(SphinxDirective, ABC):
    """A directive whose argument is ``name/result`` and whose body is a caption."""

    has_content = True
    required_arguments = 1

    def _reference(self, what: str) -> tuple[str, str]:
        name, slash, result = self.arguments[0].strip().partition("/")
        if not slash or not result:
            raise VvsError(f"{self.name} must be given as name/{what}; got {self.arguments[0]!r}")
        return name, result

    def run(self) -> list[nodes.Node]:
        """What the directive stands for; a warning, and nothing, when it cannot be shown."""
        try:
            return self._show()
        except VvsError as error:
            _warn(str(error), self.get_location())
            return []

    @abstractmethod
    def _show(self) -> list[nodes.Node]:
        """What the directive stands for."""

    def _caption(self) -> tuple[list[nodes.Node], list[nodes.Node]]:
        """The first paragraph of the body, which is the caption, and the rest of it."""
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        first, rest = (body.children[0], body.children[1:]) if body.children else (None, [])
        if first is not None and not isinstance(first, nodes.paragraph):
            raise VvsError(f"{self.name} {self.arguments[0]}: its body must begin with a paragraph, the caption")
        return ([] if first is None else list(first.children)), rest


class StudyFigure(ResultDirective):
    """``study-figure``: a numbered figure, interactive where its points are on this machine, with its files below it.

    The argument is ``notebook/figure``; ``:alt:`` says in words what is to be seen, ``:name:`` is what the prose refers to,
    and the body is the caption.
    """

    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required, "name": directives.unchanged_required}

    def _show(self) -> list[nodes.Node]:
        name, figure = self._reference("figure")
        here = study(self.env.app)
        stem = here.results.figure(name, figure)
        alt = " ".join(self.options.get("alt", "").split())
        if not alt:
            raise VvsError(f"study-figure {name}/{figure} must have :alt:, a sentence that says what is to be seen; got none")
        caption, legend = self._caption()
        interactive = files.rows(stem.parent, f"{figure}.plotly.json")
        written = [stem.with_name(f"{figure}{suffix}") for suffix in (".csv", ".png", ".svg")]
        points = files.rows(stem.parent, f"{figure}_points.csv")
        note_use(self.env, name, stem.parent / "manifest.json", *written, interactive, points)

        attributes: dict[str, str | None] = {}
        if interactive.is_file():
            attributes = {
                "data_figure": f"{name}/{figure}",
                "data_script": f"{ROOT}{files.STUDY}/{name}/{figure}.figure.js?v={files.version(interactive)}",
                "data_plotly": f"{ROOT}{files.PLOTLY}",
                "data_alt": alt,
            }
        content = element("div", files.picture(name, stem, alt), class_="vvs-figure", **attributes)
        links = files.downloads(name, written[0], points, *written[1:])
        node = nodes.figure("", book_html(content + links), classes=["vvs-study-figure"])
        if caption:
            node += nodes.caption("", "", *caption)
        if legend:
            node += nodes.legend("", *legend)
        self.set_source_info(node)
        self.add_name(node)
        return [node]


class StudyTable(ResultDirective):
    """``study-table``: a table of results, its numbers aligned and rounded as its notebook asked, with its CSV below it.

    The argument is ``notebook/table``; ``:columns:`` chooses and orders columns, ``:name:`` is what the prose refers to, and the
    body is the caption.
    """

    option_spec: ClassVar[dict[str, Any]] = {"columns": directives.unchanged_required, "name": directives.unchanged_required}

    def _show(self) -> list[nodes.Node]:
        name, table = self._reference("table")
        here = study(self.env.app)
        header, rows, manifest = here.results.table(name, table)
        wanted = [column for column in self.options.get("columns", "").replace(",", " ").split() if column] or header
        for column in wanted:
            if column not in header:
                raise VvsError(f"table {name}/{table} has no column {column!r}; {suggest(column, header)}")
        path = here.results.of(name) / f"{table}.csv"
        note_use(self.env, name, path, path.with_name("manifest.json"))
        caption, after = self._caption()
        node = tables.table(header, rows, wanted, manifest)
        if caption:
            node.insert(0, nodes.title("", "", *caption))
        self.set_source_info(node)
        self.add_name(node)
        return [node, book_html(files.downloads(name, path)), *after]


class StudyRun(ResultDirective):
    """``study-run``: what was run for the results of a notebook: parameters, digests, date, versions, time, machine."""

    has_content = False

    def _show(self) -> list[nodes.Node]:
        name = self.arguments[0].strip()
        here = study(self.env.app)
        path = here.results.of(name) / "provenance.json"
        here.results.read(name, "provenance.json")
        note_use(self.env, name, path)
        return [book_html(run_box(here, name))]


class StudyStatus(SphinxDirective):
    """``study-status``: every notebook, and whether its results were computed here or come with the repository."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        here = study(self.env.app)
        note_use(self.env, "*", *(here.results.folder / name / "provenance.json" for name in here.outcomes))
        return [book_html(status_table(here))]
