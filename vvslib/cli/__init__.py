"""The command `vvs`: thin, one module a command group, and one way to end.

A module listed in `COMMANDS` offers ``register(app: typer.Typer) -> None`` and imports what is heavy inside its commands, so
that ``vvs --help`` stays quick. How commands end is decided here, once: a `VvsError` is one line on stderr, exit code 2; Ctrl-C
is a last line that says what is valid and exit code 130 (a command that knows raises ``KeyboardInterrupt("what is valid")``); a
closed pipe is silence.
"""

import logging
import os
import sys
from importlib import import_module
from typing import Annotated

import typer
import typer.core

from vvslib import __version__
from vvslib.errors import VvsError

COMMANDS = (
    "vvslib.cli.sources",
    "vvslib.cli.table",
    "vvslib.cli.models",
    "vvslib.cli.images",
    "vvslib.cli.benchmarks",
    "vvslib.cli.train",
    "vvslib.cli.score",
    "vvslib.cli.layers",
    "vvslib.cli.fit",
    "vvslib.cli.trust",
    "vvslib.cli.place",
    "vvslib.cli.allocate",
    "vvslib.cli.run",
    "vvslib.cli.sweep",
    "vvslib.cli.export",
)
"""The modules whose commands are mounted, in the order of the help."""

REFUSED, INTERRUPTED, CLOSED_PIPE = 2, 130, 141

HELP = """Scaling laws of the primate visual ventral stream: tables, fits, and the book made of them.

\b
Examples:
  vvs sources                      what can be downloaded, and where it was found
  vvs fetch published_scores       the paper's score tables, checked by sha256
  vvs table check my_scores.csv    whether a table keeps to the schema
  vvs models                       the architectures: parameters, operations, layers
  vvs images                       which image sets there are; with a name, what it holds
  vvs benchmarks                   what models are compared with: data, ceilings, licences
  vvs train --arch small_resnet_w8_d1 --images cifar10 --per-class 100
  vvs score torchvision:resnet18 --benchmark simulated
  vvs fit --experiment compute_neuro --bootstraps 1000
  vvs trust --experiment compute_neuro   what that fit rests on, and how far it reaches
  vvs place --flops 3e18 --score IT=0.55   is a network more brain-like than its scale explains
  vvs allocate --flops 1e18 --region IT    how to split a compute budget
  vvs run                          execute the notebooks that are stale
"""


class Commands(typer.core.TyperGroup):
    """The commands, with one end for every error a user can meet."""

    def invoke(self, ctx):
        """Run the command; turn `VvsError`, Ctrl-C and a closed pipe into one line, or none, and an exit code."""
        try:
            return super().invoke(ctx)
        except VvsError as error:
            _last_line(f"error: {' '.join(str(error).split())}")
            raise typer.Exit(REFUSED) from None
        except KeyboardInterrupt as interrupt:
            valid = str(interrupt) or "what was finished before is valid, nothing half-written was kept"
            _last_line(f"interrupted: {valid}")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _close_quietly()
            raise typer.Exit(CLOSED_PIPE) from None


def _last_line(text: str) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def _close_quietly() -> None:
    """Let the interpreter's own flush at the end meet no closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vvs-scaling {__version__}")
        raise typer.Exit()


def build() -> typer.Typer:
    """The typer app with every command of `COMMANDS`.

    Examples
    --------
    >>> build().info.name
    'vvs'
    """
    app = typer.Typer(
        name="vvs",
        cls=Commands,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(help=HELP)
    def vvs(
        version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
    ) -> None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("note: %(message)s"))
        log = logging.getLogger("vvslib")
        log.handlers[:] = [handler]
        log.setLevel(logging.INFO)

    for module in COMMANDS:
        import_module(module).register(app)
    return app


def main() -> None:
    """Entry point of the console script ``vvs``."""
    try:
        build()()
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _close_quietly()
