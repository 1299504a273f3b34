"""Notebooks as pages: run what is stale, then write ``book/chapters/<name>.ipynb`` from the executed copies."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import SphinxError
from sphinx.util import logging

from vvslib import project
from vvslib.book.results import Results
from vvslib.book.study import Study
from vvslib.errors import VvsError, suggest
from vvslib.runs.execute import Outcome, execute
from vvslib.runs.notebooks import Notebook, find
from vvslib.runs.plan import plan
from vvslib.runs.progress import Lines

logger = logging.getLogger(__name__)

FOLDER = "chapters"
CODE_SHOWN_AS = frozenset({"hide-input", "remove-input", "show-input", "hide-cell", "remove-cell", "remove_cell", "remove_input"})


class NotebookError(SphinxError):
    """A notebook that failed, or cannot be run: the build stops and says why."""

    category = "Notebook error"


def prepare(app: Sphinx, config: Config) -> None:
    """Run the stale notebooks and write the chapters, before the table of contents and the sources are read.

    Raises
    ------
    NotebookError
        When a notebook fails, with its cell and traceback, or when the table of contents names a chapter that is no notebook.
    """
    try:
        root = project.root(Path(app.srcdir))
        notebooks = find(root)
        chapters = chapters_named(Path(app.srcdir) / config.external_toc_path)
        for name in chapters:
            if name not in notebooks:
                hint = suggest(name, notebooks) if notebooks else "notebooks/ is empty"
                raise VvsError(f"the table of contents names {FOLDER}/{name}, and there is no such notebook; {hint}")
            if notebooks[name].edition:
                whose = f"an edition of {notebooks[name].path.stem}, whose words are about other results"
                raise VvsError(f"the table of contents names {FOLDER}/{name}, {whose}; write a page that shows its results")
        jobs = config.vvs_jobs or min(4, os.cpu_count() or 1)
        outcomes = execute(plan(root, notebooks), jobs=jobs, timeout=config.vvs_timeout, listener=Lines(logger.info))
    except VvsError as error:
        raise NotebookError(str(error)) from None
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise NotebookError("\n\n".join(outcome.error for outcome in failed))
    by_name = {outcome.run.name: outcome for outcome in outcomes}
    app.vvs_study = Study(root, Results(root / "results"), by_name, frozenset(chapters))  # type: ignore[attr-defined]
    write_chapters(Path(app.srcdir) / FOLDER, chapters, by_name)


def chapters_named(toc: Path) -> list[str]:
    """Notebooks that a table of contents has as chapters.

    Parameters
    ----------
    toc
        ``_toc.yml``.

    Returns
    -------
    list of str
        Names of the entries ``chapters/<name>``, in order.
    """
    return list(_entries(yaml.safe_load(toc.read_text(encoding="utf-8"))))


def _entries(node: Any) -> Iterable[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _entries(value)
    elif isinstance(node, list):
        for value in node:
            yield from _entries(value)
    elif isinstance(node, str) and node.startswith(f"{FOLDER}/"):
        yield node.removeprefix(f"{FOLDER}/").removesuffix(".ipynb")


def write_chapters(folder: Path, chapters: Iterable[str], outcomes: Mapping[str, Outcome]) -> None:
    """Write the pages whose bytes differ, and remove those that are chapters no longer.

    Parameters
    ----------
    folder
        ``book/chapters``.
    chapters
        Their names.
    outcomes
        How each notebook's run ended: the page is the executed copy, or the notebook itself where it could not run.
    """
    folder.mkdir(exist_ok=True)
    wanted = {}
    for name in chapters:
        outcome = outcomes[name]
        notebook = outcome.run.notebook if outcome.status == "blocked" else Notebook(outcome.run.executed)
        wanted[folder / f"{name}.ipynb"] = page(notebook).encode()
    for path in folder.glob("*.ipynb"):
        if path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def page(notebook: Notebook) -> str:
    """A notebook as a page of the book: code behind a toggle, pictures with a text, nothing of the run's bookkeeping.

    Parameters
    ----------
    notebook
        The notebook, executed or not.

    Returns
    -------
    str
        Notebook JSON; the same for the same cells and outputs.
    """
    content = json.loads(json.dumps(notebook.content))
    kept = ("kernelspec", "language_info", "jupytext", "mystnb")
    content["metadata"] = {key: value for key, value in content.get("metadata", {}).items() if key in kept}
    for cell in content["cells"]:
        metadata = cell.setdefault("metadata", {})
        for key in ("papermill", "execution"):
            metadata.pop(key, None)
        if cell.get("cell_type") != "code":
            continue
        tags = metadata.get("tags", [])
        if not CODE_SHOWN_AS & set(tags):
            metadata["tags"] = [*tags, "hide-input"]
        text = _alternative(cell.get("outputs", []))
        if text:
            metadata.setdefault("mystnb", {}).setdefault("image", {}).setdefault("alt", text)
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _alternative(outputs: Iterable[dict[str, Any]]) -> str | None:
    """What a picture among the outputs says of itself in words."""
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data or "image/svg+xml" in data:
            text = " ".join("".join(data.get("text/plain", "")).split())
            return text if text and not text.startswith("<") else None
    return None
