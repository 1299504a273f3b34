"""``vvs export``: what a sweep leaves for others, as a folder of small files."""

from pathlib import Path
from typing import Annotated

import typer

from vvslib import project
from vvslib.errors import VvsError

HELP = """Turn a store and its scores into a folder that can be committed: score tables (Parquet and CSV), runs, learning curves,
committed layers, the grid, a data dictionary, and where all of it came from. No weights, images or recordings. Doing it again
gives the same bytes.

\b
Examples:
  vvs export open/study
  vvs export open/study --store elsewhere/open-study --out partial/open --partial
  vvs table show open
"""


def register(app: typer.Typer) -> None:
    """Add the command ``export``."""
    app.command("export", help=HELP, short_help="A sweep's tables and provenance as a folder of small files.")(export)


def export(
    name: Annotated[str, typer.Argument(metavar="GRID", help="A YAML file, or its name below experiments/.")],
    store: Annotated[
        Path | None, typer.Option("--store", metavar="DIR", envvar="VVS_STORE", help="Folder of the records.", show_envvar=True)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where to; results/<folder of the grid>.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Even where runs or scores are missing; it says so.")] = False,
) -> None:
    """Write the folder."""
    from vvslib.cli import sweep_output as output
    from vvslib.sweep import export as exporting
    from vvslib.sweep import grid, planning
    from vvslib.sweep.store import Store

    file = grid.find(name)
    chosen = grid.read(file)
    kept = Store(store or project.sweeps() / chosen.name)
    folder = out or project.results() / file.resolve().parent.name
    found = exporting.collect(kept, chosen, planning.plan(chosen))
    lacking = ", ".join(f"{n:,} of {what}" for what, n in found.missing.items())
    if lacking and not partial:
        raise VvsError(
            f"{chosen.name} must be whole to be exported; {kept.folder} lacks {lacking}: `vvs sweep {name}` does what is "
            "missing, --partial exports what there is and says so"
        )
    written = exporting.write(found, file, folder)
    for one, size in written.items():
        typer.echo(f"{output.shown(folder / one)}: {size / 1e3:,.0f} kB")
    typer.echo(f"{len(found.trained):,} networks" + (f"; partial: lacks {lacking}" if lacking else "; whole"))
