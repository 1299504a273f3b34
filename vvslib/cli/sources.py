"""``vvs sources`` and ``vvs fetch``: what can be downloaded, where it is, and getting it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vvslib import sources

SOURCES_HELP = """List every downloadable thing: name, size, licence, citation, where it was found or how to get it.

Looked for in the folders named in VVS_DATA, in ../shared/data beside the checkout, and in the user's cache.

\b
Examples:
  vvs sources
  vvs sources --json
"""

FETCH_HELP = """Download a source, check its sha256, and keep nothing partial under the final name.

\b
Examples:
  vvs fetch published_scores                 into the user's cache
  vvs fetch published_scores --to ~/data     into ~/data/published_scores; look there with VVS_DATA=~/data
  VVS_ORIGIN=http://localhost:8000 vvs fetch published_scores
                                             from a mirror laid out as <mirror>/<source>/<file>
"""


def register(app: typer.Typer) -> None:
    """Add the commands ``sources`` and ``fetch``."""

    @app.command("sources", help=SOURCES_HELP, short_help="What can be downloaded, and where it is.")
    def list_sources(
        as_json: Annotated[bool, typer.Option("--json", help="One JSON array, an object a source.")] = False,
    ) -> None:
        described = [describe(name) for name in sources.SOURCES]
        typer.echo(json.dumps(described, indent=2, ensure_ascii=False) if as_json else "\n\n".join(map(as_text, described)))

    @app.command("fetch", help=FETCH_HELP, short_help="Download a source, checked by sha256.")
    def fetch(
        name: Annotated[str, typer.Argument(help="Name of the source; `vvs sources` lists them.")],
        to: Annotated[Path | None, typer.Option(help="Data folder; the files go to its sub-folder NAME.", metavar="DIR")] = None,
        force: Annotated[bool, typer.Option("--force", help="Download again what is there and right.")] = False,
        progress: Annotated[bool, typer.Option(help="Draw progress bars.")] = True,
    ) -> None:
        sources.fetch(name, to, progress=progress, force=force, say=typer.echo)


def describe(name: str) -> dict[str, Any]:
    """One source, ready for JSON: what it is, and where it stands on this machine.

    Parameters
    ----------
    name
        Name of the source.

    Returns
    -------
    dict
        name, title, bytes, licence, licence_url, citation, bibtex, files [{name, bytes, sha256, url or None}], found (folder or
        None), problem (text or None), get (the command that gets or mends it, or None).

    Examples
    --------
    >>> describe("published_scores")["licence"]
    'MIT'
    """
    entry, state = sources.source(name), sources.status(name)
    return {
        "name": entry.name,
        "title": entry.title,
        "bytes": entry.bytes,
        "licence": entry.licence,
        "licence_url": entry.licence_url,
        "citation": entry.citation,
        "bibtex": entry.bibtex,
        "files": [{"name": f.name, "bytes": f.bytes, "sha256": f.sha256, "url": entry.url(f.name) or None} for f in entry.files],
        "found": None if state.found is None else str(state.found),
        "problem": state.problem,
        "get": state.mend,
    }


def as_text(described: dict[str, Any]) -> str:
    """A source as a block of lines for people."""
    if described["problem"]:
        where = f"{described['found']}, but wrong: {described['problem']}"
    elif described["found"]:
        where = f"{described['found']} (sha256 checked)"
    else:
        where = f"not found; get it with `{described['get']}`"
    return "\n".join(
        (
            f"{described['name']}: {described['title']}",
            f"  size      {described['bytes'] / 1e6:.1f} MB in {len(described['files'])} files",
            f"  licence   {described['licence']} ({described['licence_url']})",
            f"  cite      {described['citation']}",
            f"  found     {where}",
        )
    )
