"""The line at the head of a page whose results were not computed on this machine."""

from docutils import nodes
from sphinx.application import Sphinx

from vvslib.book.chapters import FOLDER
from vvslib.book.provenance import day
from vvslib.book.study import Study, note_use, study, uses
from vvslib.runs.execute import absent

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
    lacking: dict[str, str] = {}
    for name in names:
        lacking |= absent(study.outcomes[name].run)
    named = [THINGS.get(source, source) for source in sorted(lacking)] or ["What these pages need"]
    things = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    days = sorted({day(study.provenance(name)) for name in names})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    verb = "are" if len(named) > 1 else "is"
    line = nodes.paragraph("", f"{things} {verb} not on this machine; shown are the results committed on ")
    line += nodes.inline("", when, classes=["vvs-value"])
    line += nodes.Text(". To compute them here: ")
    for source in dict.fromkeys(lacking[name] for name in sorted(lacking)):
        line += nodes.literal("", f"vvs fetch {source}")
        line += nodes.Text(", ")
    line += nodes.Text("then build the book again.")
    return nodes.admonition("", nodes.title("", "Committed results"), line, classes=["vvs-notice", "note"])
