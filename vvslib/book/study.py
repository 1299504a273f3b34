"""What a build knows about the notebooks, kept on the Sphinx application: results, outcomes, and which page uses which."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from vvslib.book.results import Results
from vvslib.errors import VvsError
from vvslib.runs.execute import Outcome


@dataclass(frozen=True)
class Study:
    """The notebooks of a build.

    Parameters
    ----------
    root
        The project's root.
    results
        What the pages read.
    outcomes
        How each notebook's run ended, by name.
    chapters
        Notebooks that are pages of the book.
    """

    root: Path
    results: Results
    outcomes: Mapping[str, Outcome]
    chapters: frozenset[str]

    def provenance(self, name: str) -> dict[str, Any]:
        """A notebook's provenance; empty when it has none yet."""
        try:
            return self.results.read(name, "provenance.json")
        except VvsError:
            return {}

    def committed(self, name: str) -> bool:
        """Whether the pages show results that were not computed here."""
        return name in self.outcomes and self.outcomes[name].status == "blocked"

    def stamp(self, name: str) -> str:
        """What a page that shows this notebook depends on, besides the files it reads."""
        if name == "*":
            return " ".join(f"{each}:{self.stamp(each)}" for each in sorted(self.outcomes))
        return f"{'committed' if self.committed(name) else 'executed'} {self.provenance(name).get('date', '')}"


def study(app: Sphinx) -> Study:
    """The study of this build."""
    return app.vvs_study  # type: ignore[attr-defined]


def uses(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """``{page: {notebook: stamp when the page was read}}``; the notebook ``*`` stands for all of them."""
    if not hasattr(env, "vvs_uses"):
        env.vvs_uses = {}  # type: ignore[attr-defined]
    return env.vvs_uses  # type: ignore[attr-defined]


def note_use(env: BuildEnvironment, name: str, *files: Path) -> None:
    """Remember that the page being read shows a notebook's results, and which files it read.

    Parameters
    ----------
    env
        Sphinx's environment.
    name
        Notebook.
    files
        Those that exist make the page stale when they change.
    """
    uses(env).setdefault(env.docname, {})[name] = study(env.app).stamp(name)
    for path in files:
        if path.is_file():
            env.note_dependency(str(path.resolve()))


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget what a page used, since it is read anew."""
    uses(env).pop(docname, None)


def merge_pages(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what another process read."""
    uses(env).update({page: used for page, used in uses(other).items() if page in docnames})


def outdated_pages(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Pages whose notebooks were executed or came to be shown as committed since they were read."""
    now = study(app)
    return [
        page
        for page, used in uses(env).items()
        if page in env.all_docs and any(now.stamp(name) != stamp for name, stamp in used.items())
    ]
