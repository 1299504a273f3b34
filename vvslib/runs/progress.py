"""Tell a person what runs: a live line a notebook on a terminal, plain lines elsewhere, and the table at the end."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from vvslib.runs.execute import Outcome
from vvslib.runs.plan import Run

STYLES = {"ran": "green", "stale": "cyan", "fresh": "dim", "blocked": "yellow", "failed": "bold red"}


class Lines:
    """One plain line when a run starts and one when it ends.

    Parameters
    ----------
    say
        What takes a line of text.

    Examples
    --------
    >>> from pathlib import Path
    >>> from vvslib.runs.notebooks import Notebook
    >>> Lines(print).started(Run(Notebook(Path("notebooks/claims.ipynb")), Path(".")), "never run here")
    claims: running (never run here)
    """

    def __init__(self, say: Callable[[str], Any]):
        self.say = say

    def started(self, run: Run, why: str) -> None:
        """Say what runs and why."""
        self.say(f"{run.label}: running ({why})")

    def cell(self, run: Run, index: int, count: int, seconds: float) -> None:
        """Say nothing: a line a cell would be too many."""

    def finished(self, outcome: Outcome) -> None:
        """Say how it ended; nothing for what was fresh."""
        if outcome.status == "ran":
            self.say(f"{outcome.run.label}: done in {outcome.seconds:.1f} s")
        elif outcome.status != "fresh":
            self.say(f"{outcome.run.label}: {outcome.status}{f': {outcome.why}' if outcome.status == 'blocked' else ''}")


class Live:
    """A progress bar a running notebook: name, cell i of n, elapsed. A context manager.

    Parameters
    ----------
    console
        A rich console that is a terminal.
    """

    def __init__(self, console: Console):
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[cell]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Live":
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def started(self, run: Run, why: str) -> None:
        """Add a bar."""
        self._progress.console.print(f"{run.label}: running ({why})", highlight=False, markup=False)
        self._tasks[run.label] = self._progress.add_task(escape(run.label), total=None, cell="starting")

    def cell(self, run: Run, index: int, count: int, seconds: float) -> None:
        """Move the bar."""
        self._progress.update(self._tasks[run.label], total=count, completed=index - 1, cell=f"cell {index}/{count}")

    def finished(self, outcome: Outcome) -> None:
        """Take the bar away."""
        if outcome.run.label in self._tasks:
            self._progress.remove_task(self._tasks.pop(outcome.run.label))


def summary(outcomes: Sequence[Outcome]) -> Table:
    """The final table: name, status, seconds, why.

    Examples
    --------
    >>> summary([]).row_count
    0
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("notebook", overflow="fold")
    table.add_column("status")
    table.add_column("seconds", justify="right")
    table.add_column("why", overflow="fold")
    for outcome in outcomes:
        seconds = f"{outcome.seconds:.1f}" if outcome.seconds else ""
        table.add_row(escape(outcome.run.label), f"[{STYLES[outcome.status]}]{outcome.status}[/]", seconds, escape(outcome.why))
    return table
