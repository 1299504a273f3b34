"""The line at the head of a page whose results were not computed on this machine."""

from docutils import nodes
from sphinx.application import Sphinx

from vvslib.book.chapters import FOLDER
from vvslib.book.provenance import day
from vvslib.book.study import Study, note_use, study, uses

THINGS = {"published_scores": "The published table"}


def add_notice(app: Sphinx, doctree: nodes.document) -> None:
    """Put the notice below a page's title where one of the notebooks that it shows could not run."""
    here = study(app)
    page = app.env.docname
    chapter = page.removeprefix(f"{FOLDER}/")
    if page.startswith(f"{FOLDER}/") and chapter in here.chapters:
        note_use(app.env, chapter)
    shown = uses(app.env).get(page, {})
    names = sorted(name for name in (here.outcomes if "*" in shown else shown) if here.committed(name))
    section = next(iter(doctree.findall(nodes.section)), None)
    if names and section is not None:
        section.insert(1, notice(here, names))


def notice(study: Study, names: list[str]) -> nodes.admonition:
    """The notice for these notebooks: what is not here, whose results are shown, and how to get the data."""
    sources = sorted({source for name in names for source in study.outcomes[name].run.notebook.sources})
    things = " and ".join(THINGS.get(source, source) for source in sources) or "What these pages need"
    days = sorted({day(study.provenance(name)) for name in names})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    line = nodes.paragraph("", f"{things} is not on this machine; shown are the results committed on ")
    line += nodes.inline("", when, classes=["vvs-value"])
    line += nodes.Text(". To compute them here: ")
    for source in sources:
        line += nodes.literal("", f"vvs fetch {source}")
        line += nodes.Text(", ")
    line += nodes.Text("then build the book again.")
    return nodes.admonition("", nodes.title("", "Committed results"), line, classes=["vvs-notice", "note"])
