"""The directive `claim-grid`: each verdict with its numbers, each claim and each kind of choice a link."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx import addnodes

from vvslib.book.claim_grid import PAGES, ClaimGrid
from vvslib.trust.choices import COLUMNS
from vvslib.trust.statements import STATEMENTS


@pytest.fixture
def table() -> nodes.table:
    """Two cells of claim 6 and none of the others."""
    directive = object.__new__(ClaimGrid)
    settings = SimpleNamespace(env=SimpleNamespace(docname="claims"))
    directive.state = SimpleNamespace(document=SimpleNamespace(settings=settings))
    cell = {"claim": "6", "column": "objective", "verdict": "fails", "n": "4", "n_hold": "1", "told": "squares: fails (Ŝ 1)"}
    other = cell | {"column": "form", "verdict": "not applicable", "n": "0", "n_hold": "0", "told": "no plateau"}
    return directive._table({("6", "objective"): cell, ("6", "form"): other}, ["objective", "form"])


def test_a_verdict_has_its_numbers_on_hover_and_its_kind_as_class(table):
    """The word is read, the numbers explain it; what does not apply is a dash with its reason."""
    shown = {node.astext(): node["explanation"] for node in table.findall(nodes.abbreviation)}
    assert shown == {"fails": "squares: fails (Ŝ 1)", "–": "no plateau"}
    entries = [entry for entry in table.findall(nodes.entry) if entry["classes"]]
    assert [entry["classes"] for entry in entries] == [["vvs-fails"], ["vvs-not-applicable"]]
    assert entries[0].astext() == "fails (1 of 4 hold)"


def test_claims_and_choices_are_links(table):
    """To the page of the evidence, and to the page of the choice."""
    targets = [node["reftarget"] for node in table.findall(addnodes.pending_xref)]
    assert targets == [PAGES["objective"], PAGES["form"], next(one.page for one in STATEMENTS if one.id == 6)]


def test_every_kind_of_choice_has_a_page():
    """No column without a link."""
    assert set(PAGES) == set(COLUMNS)
