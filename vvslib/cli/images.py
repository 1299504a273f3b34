"""``vvs images``: which image sets there are, what one holds, and a contact sheet of it."""

from pathlib import Path
from typing import Annotated

import typer

HELP = """List the image sets, or describe one and draw a contact sheet of it.

SPEC is a name, or name:key=value,key=value.

\b
Examples:
  vvs images
  vvs images cifar10
  vvs images sandbox:size=64,per_class=20,variation=high --sheet sandbox.png
  vvs images folder:path=/data/imagenet --split val
"""


def register(app: typer.Typer) -> None:
    """Add the command ``images``."""

    @app.command("images", help=HELP, short_help="List, describe and look at image sets.")
    def show(
        spec: Annotated[str | None, typer.Argument(metavar="[SPEC]", help="The image set; all are listed without one.")] = None,
        split: Annotated[str, typer.Option(help="train or val.")] = "train",
        sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet there (PNG).", metavar="FILE")] = None,
        columns: Annotated[int, typer.Option(help="Images of each class on the sheet.", min=1)] = 12,
        scale: Annotated[int, typer.Option(help="Times by which each pixel is enlarged on the sheet.", min=1)] = 1,
    ) -> None:
        from vvslib import images

        if spec is None:
            typer.echo("\n".join(map(_listed, images.names())))
            return
        chosen = images.load(spec, split)
        typer.echo(describe(chosen))
        if sheet is not None:
            from vvslib.images.sheet import of_set, write

            write(of_set(chosen, columns, scale), sheet)
            typer.echo(f"contact sheet: {sheet}")


def _listed(name: str) -> str:
    """One kind of image set, with its options."""
    from vvslib import images
    from vvslib.images.kinds import KINDS

    lines = [f"{name}: {KINDS[name].summary}"]
    for key, option in sorted(images.options(name).items()):
        default = "must be given" if option.default is None else f"{key}={str(option.default).lower()}"
        choices = f"; {', '.join(map(str, option.choices))}" if option.choices else ""
        lines.append(f"  {key:<14} {option.meaning}{choices} ({default})")
    return "\n".join(lines)


def describe(chosen) -> str:
    """An image set as a block of lines for people."""
    import numpy as np

    counts = np.bincount(chosen.labels, minlength=len(chosen.classes))
    each = f"{counts.min():,}" if counts.min() == counts.max() else f"{counts.min():,} to {counts.max():,}"
    shown = ", ".join(name.partition(",")[0] for name in chosen.classes[:8]) + (", …" if len(chosen.classes) > 8 else "")
    lines = [
        f"{chosen.name}, {chosen.split}",
        f"  images    {len(chosen):,} of {len(chosen.classes):,} classes, {each} a class",
        f"  classes   {shown}",
        f"  size      {chosen.size} px, {'in memory' if chosen.in_memory else 'read from disk as asked for'}",
        f"  digest    {chosen.digest}",
    ]
    if skipped := getattr(chosen, "skipped", ()):
        lines.append(f"  left out  {len(skipped):,} that cannot be decoded: {', '.join(skipped[:5])}")
    return "\n".join(lines)
