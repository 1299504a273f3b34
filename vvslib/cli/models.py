"""``vvs models``: the architectures, how large they are, and which of their layers can be recorded."""

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vvslib.models import Info

HELP = """List the architectures: parameters, operations of one forward pass of one image, its size, layers that can be recorded.

flops is 2 × multiply-and-adds, counted as in the published table; attention_flops, in --json, is what that count leaves out.
Small members (small_…), for 32 to 64 px, can be built with other widths and depths than those listed.

\b
Examples:
  vvs models
  vvs models --family CORnet-S --json
  vvs models small_resnet_w20_d3 torchvision:vit_b_16 --n-classes 10
"""


def register(app: typer.Typer) -> None:
    """Add the command ``models``."""
    app.command("models", help=HELP, short_help="The architectures: parameters, operations, layers.")(list_models)


def list_models(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="These only; all that are listed by default.")
    ] = None,
    family: Annotated[str | None, typer.Option(help="Members of this family only.")] = None,
    n_classes: Annotated[int | None, typer.Option(help="Outputs; 1000, or those of pretrained weights, by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, an object a model, with its layers.")] = False,
) -> None:
    """Print a table, or JSON."""
    from vvslib import models, sources
    from vvslib.errors import VvsError
    from vvslib.models import remembered

    if wanted and family is not None:
        raise VvsError("vvs models takes names or --family, not both; leave one out")
    described = []
    names = wanted or models.names(family)
    try:
        for one in remembered.infos(names, n_classes, sources.cache_folder()):
            described.append(one)
            _progress(f"counted {len(described)}/{len(names)}: {one.name}")
    finally:
        _progress("")
    typer.echo(json.dumps([dataclasses.asdict(one) for one in described], indent=2) if as_json else as_table(described))


def as_table(described: "list[Info]") -> str:
    """The models as aligned columns for people."""
    rows = [("name", "family", "n_params", "flops", "size", "layers")]
    rows += [(i.name, i.family, f"{i.n_params:,}", f"{i.flops:.3e}", str(i.size), str(len(i.layers))) for i in described]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if k < 2 else cell.rjust(width) for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _progress(text: str) -> None:
    """One line that overwrites itself, where somebody watches: counting all takes some seconds."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
