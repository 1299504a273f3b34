"""The directive ``claim-grid``: claims × choices, each verdict with its numbers on hover and in the file below."""

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes

from vvslib.book import files
from vvslib.book.directives import ResultDirective
from vvslib.book.nodes import book_html
from vvslib.book.study import note_use, study
from vvslib.errors import VvsError

PAGES = {
    "as published": "claims-evidence",
    "objective": "objectives-and-forms",
    "form": "objectives-and-forms",
    "resampling unit": "whose-variance",
    "cut": "extrapolation",
    "family left out": "architectures-chapter",
    "normalisation": "claims-limits",
}
"""Kind of choice → label of the page that says more."""

NEEDED = ("claim", "column", "verdict", "n", "n_hold", "told")


class ClaimGrid(ResultDirective):
    """``claim-grid``: the table ``notebook/cells`` of `vvslib.trust.grid.cells`, a row a claim, a column a kind of choice."""

    option_spec: ClassVar[dict[str, Any]] = {"name": directives.unchanged_required}

    def _show(self) -> list[nodes.Node]:
        name, table = self._reference("table")
        here = study(self.env.app)
        header, rows, _ = here.results.table(name, table)
        missing = [column for column in NEEDED if column not in header]
        if missing:
            raise VvsError(f"claim-grid needs the columns {', '.join(NEEDED)}; {name}/{table} lacks {', '.join(missing)}")
        path = here.results.of(name) / f"{table}.csv"
        note_use(self.env, name, path, path.with_name("manifest.json"))
        cells = {(row["claim"], row["column"]): row for row in (dict(zip(header, row, strict=True)) for row in rows)}
        columns = list(dict.fromkeys(column for _, column in cells))
        caption, after = self._caption()
        node = self._table(cells, columns)
        if caption:
            node.insert(0, nodes.title("", "", *caption))
        self.set_source_info(node)
        self.add_name(node)
        return [node, book_html(files.downloads(name, path)), *after]

    def _table(self, cells: dict[tuple[str, str], dict[str, str]], columns: list[str]) -> nodes.table:
        from vvslib.trust.statements import (
            STATEMENTS,
        )  # takes seconds to import, which a build that changes nothing would wait for

        group = nodes.tgroup(cols=len(columns) + 1)
        group += [nodes.colspec(colwidth=1, **({"stub": 1} if at == 0 else {})) for at in range(len(columns) + 1)]
        heads = [[self._link(PAGES[column], column)] if column in PAGES else [nodes.Text(column)] for column in columns]
        group += nodes.thead("", _row([[nodes.Text("claim")], *heads]))
        body = nodes.tbody()
        for one in STATEMENTS:
            told = [cells.get((str(one.id), column)) for column in columns]
            if any(told):
                body += _row([[self._link(one.page, f"{one.id} {one.says}")], *map(_cell, told)], told)
        group += body
        return nodes.table("", group, classes=["vvs-table", "vvs-grid"])

    def _link(self, label: str, words: str) -> nodes.Node:
        options = dict(refdomain="std", reftype="ref", reftarget=label, refexplicit=True, refwarn=True, refdoc=self.env.docname)
        return addnodes.pending_xref("", nodes.inline("", words), **options)


def _cell(found: dict[str, str] | None) -> list[nodes.Node]:
    if found is None:
        return [nodes.Text("–")]
    shown = nodes.abbreviation("", found["verdict"] if found["verdict"] != "not applicable" else "–", explanation=found["told"])
    mixed = int(found["n"]) > 1 and found["n_hold"] != found["n"]
    return [shown, nodes.Text(f" ({found['n_hold']} of {found['n']} hold)")] if mixed else [shown]


def _row(cells: list[list[nodes.Node]], told: list[dict[str, str] | None] | None = None) -> nodes.row:
    row = nodes.row()
    for at, cell in enumerate(cells):
        found = told[at - 1] if told and at else None
        kinds = [f"vvs-{found['verdict'].replace(' ', '-')}"] if found else []
        row += nodes.entry("", nodes.paragraph("", "", *cell), classes=kinds)
    return row
