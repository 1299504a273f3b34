"""``vvs run``: execute the notebooks that are stale."""

import contextlib
import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from vvslib import project
from vvslib.errors import VvsError


class PairedOptions(TyperCommand):
    """A command whose ``-p KEY VALUE`` takes two words, as papermill's does; ``-p KEY=VALUE`` means the same."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the two words of each ``-p`` before the options are parsed."""
        joined: list[str] = []
        words = iter(args)
        for word in words:
            joined.append(word)
            if word == "--":
                joined.extend(words)
            if word in ("-p", "--parameter"):
                key = next(words, None)
                if key is not None and re.match(r"[^\W\d]\w*=", key):
                    joined.append(key)
                    continue
                value = next(words, None)
                if key is None or value is None:
                    raise VvsError(f"{word} must be followed by KEY VALUE; got {key or 'nothing'}; for example -p delta 1e-3")
                joined.append(f"{key}={value}")
        return super().parse_args(ctx, joined)


def register(app: typer.Typer) -> None:
    """Mount the command on the application."""
    app.command("run", cls=PairedOptions)(run)


def run(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Notebooks; all when none is named.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="KEY VALUE", help="Set a parameter; given twice for one KEY, sweep it."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Notebooks at a time.")] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds that one notebook may take.")] = 1800.0,
    force: Annotated[bool, typer.Option("--force", "-f", help="Run those named (or all) even when nothing changed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what is stale and why; run nothing.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the notebooks with their parameters and defaults.")] = False,
) -> None:
    """Execute the notebooks that are stale, each in a process of its own.

    A notebook is stale when its source, its parameters, the vvslib modules it uses or the files it read have changed.
    Results go to results/NAME/; with other parameters than the defaults, to results/sweeps/NAME/KEY=VALUE/.

    \b
    Examples:
      vvs run                                                all that is stale
      vvs run --dry-run                                      what would run, and why
      vvs run compute_scaling -p delta 1e-3 -p delta 1e-1    one output per value
    """
    from rich.console import Console

    from vvslib.runs.notebooks import find
    from vvslib.runs.plan import plan

    root = project.root()
    console = Console()
    notebooks = find(root)
    pairs = [tuple(text.split("=", 1)) for text in parameter or ()]
    runs = plan(root, notebooks, names or (), pairs)
    if list_:
        _list(console, runs)
    elif dry_run:
        _dry_run(console, runs, set(names or notebooks) if force else set())
    else:
        _execute(console, runs, jobs, timeout, set(names or notebooks) if force else set())


def _list(console: Any, runs: list[Any]) -> None:
    for one in runs:
        needs = f"  (after {', '.join(one.notebook.needs)})" if one.notebook.needs else ""
        console.print(f"{one.label}{needs}", highlight=False, markup=False, style="bold")
        for name, value in one.parameters.items():
            console.print(f"  {name} = {value!r}", highlight=False, markup=False)


def _dry_run(console: Any, runs: list[Any], force: set[str]) -> None:
    from vvslib.runs.execute import Outcome, missing_files, missing_sources
    from vvslib.runs.progress import summary
    from vvslib.runs.staleness import why_stale

    would: list[Outcome] = []
    stale: set[str] = set()
    for one in runs:
        blocked = missing_sources(one) or missing_files(one)
        why = "asked for" if one.name in force else why_stale(one)
        first = [need for need in one.notebook.needs if need in stale]
        if blocked is None and why is None and first:
            why = f"if {', '.join(first)} changes"
        if blocked is None and why is not None:
            stale.add(one.name)
        would.append(Outcome(one, "blocked" if blocked else "fresh" if why is None else "stale", blocked or why or "up to date"))
    console.print(summary(would))


def _execute(console: Any, runs: list[Any], jobs: int, timeout: float, force: set[str]) -> None:
    from vvslib.runs.execute import execute
    from vvslib.runs.progress import Lines, Live, summary

    live = Live(console) if console.is_terminal else contextlib.nullcontext(Lines(lambda line: print(line, flush=True)))
    finished: list[Any] = []
    try:
        with live as listener:
            tell = listener.finished
            listener.finished = lambda outcome: (finished.append(outcome), tell(outcome))
            outcomes = execute(runs, jobs=jobs, timeout=timeout, force=force, listener=listener)
    except KeyboardInterrupt:
        done = sum(outcome.status == "ran" for outcome in finished)
        raise KeyboardInterrupt(
            f"{done} of {len(runs)} notebooks were executed and stay valid, what was running left nothing behind; "
            "the same command goes on"
        ) from None
    for outcome in outcomes:
        if outcome.error:
            console.print(f"\n{outcome.error}\n", highlight=False, markup=False, soft_wrap=True)
    console.print(summary(outcomes))
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)
