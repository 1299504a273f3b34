"""The Sphinx extension: it runs the notebooks that are stale, then shows their results on the pages.

In ``_config.yml``: ``sphinx: {local_extensions: {vvslib.book: .}}``. Pages then have the role ``val`` and the directives
``study-figure``, ``study-table``, ``study-run``, ``study-status``, ``data-dictionary``, ``model-explorer``, ``figure-index``,
``claim-grid`` and ``bibtex``; notebooks that the table of contents names as ``chapters/<name>`` are pages; terms of the glossary
are explained where they are first used.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from vvslib import __version__


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    from vvslib.book import (
        accessibility,
        chapters,
        citation,
        claim_grid,
        dictionary,
        directives,
        explorer,
        figure_index,
        glossary,
        nodes,
        notice,
        study,
    )
    from vvslib.runs.execute import TIME_LIMIT

    app.add_config_value("vvs_jobs", 0, "", types=(int,))
    app.add_config_value("vvs_timeout", TIME_LIMIT, "", types=(int, float))
    skip = (nodes.skip, None)
    app.add_node(nodes.BookHtml, html=(nodes.visit_html, None), latex=skip, text=skip, man=skip, texinfo=skip)
    app.add_config_value("vvs_terms_marked_only", [], "env", types=(list,))
    app.add_node(glossary.Term, html=(glossary.visit_html, glossary.depart_html))
    app.add_post_transform(glossary.ExplainTerms)
    app.add_role("val", directives.ValueRole())
    app.add_directive("study-figure", directives.StudyFigure)
    app.add_directive("study-table", directives.StudyTable)
    app.add_directive("study-run", directives.StudyRun)
    app.add_directive("study-status", directives.StudyStatus)
    app.add_directive("data-dictionary", dictionary.DataDictionary)
    app.add_directive("model-explorer", explorer.ModelExplorer)
    app.add_directive("figure-index", figure_index.FigureIndex)
    app.add_directive("claim-grid", claim_grid.ClaimGrid)
    app.add_directive("bibtex", citation.BibTeX)
    # sphinx-external-toc looks for the pages at priority 900.
    app.connect("config-inited", chapters.prepare, priority=100)
    app.connect("config-inited", _load_vendored_on_demand, priority=100)
    app.connect("env-get-outdated", study.outdated_pages)
    app.connect("env-purge-doc", study.forget_page)
    app.connect("env-merge-info", study.merge_pages)
    app.connect("doctree-read", notice.add_notice)
    app.connect("doctree-read", glossary.collect)
    app.connect("env-purge-doc", glossary.forget_page)
    app.connect("env-merge-info", glossary.merge_pages)
    app.connect("env-updated", glossary.outdated_by_glossary)
    app.connect("html-page-context", accessibility.mend)
    app.connect("build-finished", _copy_files)
    app.connect("build-finished", _forget_after_warnings, priority=900)
    return {"version": __version__, "env_version": _source_number(), "parallel_read_safe": True, "parallel_write_safe": True}


def _load_vendored_on_demand(app: Sphinx, config: Config) -> None:
    """Jupyter Book puts every script below _static on every page; vendored ones are loaded by the pages that need them."""
    config.html_js_files = [entry for entry in config.html_js_files if not str(entry).startswith("vendor/")]


def _source_number() -> int:
    """A number that changes with this extension's source, so that no page read by an older one is kept."""
    import hashlib

    sources = sorted(Path(__file__).parent.glob("*.py"))
    return int.from_bytes(hashlib.sha256(b"".join(path.read_bytes() for path in sources)).digest()[:6], "big")


def _forget_after_warnings(app: Sphinx, exception: Exception | None) -> None:
    """After a build with warnings, read every page anew: Sphinx would not repeat the warnings of pages that it kept."""
    if exception is not None or app._warncount:
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)


def _copy_files(app: Sphinx, exception: Exception | None) -> None:
    """Bring the files that the pages point to."""
    from vvslib.book import explorer, files, study

    if exception is not None or app.builder.format != "html":
        return
    here = study.study(app)
    notebooks = {name: outcome.run.notebook.path for name, outcome in here.outcomes.items()}
    files.copy_results(here.results, notebooks, Path(app.outdir))
    files.copy_plotly(Path(app.outdir))
    explorer.write(app)
