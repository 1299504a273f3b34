"""What ``vvs sweep`` and ``vvs status`` print: what is to come, what happens, how it ended."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vvslib.sweep import cost, planning
from vvslib.sweep import status as standing
from vvslib.sweep.canonical import canonical, flat
from vvslib.sweep.grid import Grid
from vvslib.sweep.records import Record
from vvslib.sweep.run import Run, label
from vvslib.sweep.status import Status
from vvslib.sweep.store import Store

STYLES = {"done": "green", "failed": "bold red", "diverged": "yellow", "died": "bold red", "running": "cyan", "pending": "dim"}
SHOWN = 10
EVERY_S = 60.0


def announce(
    grid: Grid, runs: Sequence[Run], left: Sequence[Run], place: Path, rate: cost.Rate, slots: int, unidentified: str | None
) -> None:
    """Say what is to come: runs, operations, hours."""
    whole, rest = cost.total(runs), cost.total(left)
    _print(f"{grid.name}: {count(len(runs), 'run')} of {grid.task}, {flops(whole)}; store {shown(place)}")
    for wanted in grid.score:
        who = "every network is" if wanted.only is None else f"{sum(wanted.wants(run.parameters) for run in runs)} networks are"
        _print(f"then {who} scored on {', '.join(wanted.benchmarks)}: {wanted.stem}.csv")
    if unidentified:
        _print(f"note: what is recorded cannot be told from what is missing: {unidentified}")
    hours = rest.hours(rate, slots)
    at = f"{rate.flops_per_s:.3g} FLOP/s a run ({rate.source}) and {count(slots, 'run')} at a time"
    estimate = f", {duration(hours * 3600)} at {at}" if rest.flops else ""
    done = len(runs) - len(left)
    if not left:
        _print("nothing to do: all are recorded")
        return
    _print(f"{count(len(left), 'run')} to do{f', {done} recorded' if done else ''}: {flops(rest)}{estimate}")


def breakdown(runs: Sequence[Run]) -> None:
    """Say what varies, and which runs are the cheapest and the costliest."""
    values: dict[str, Counter] = {}
    for run in runs:
        for key, value in run.parameters.items():
            values.setdefault(key, Counter())[value if isinstance(value, str) else canonical(value)] += 1
    for key, found in values.items():
        shown = [f"{value} ({n})" for value, n in list(found.items())[:SHOWN]]
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        _print(f"  {key}: {', '.join(shown) if len(found) > 1 else next(iter(found))}{more}")
    if any(run.flops for run in runs):
        known = [run for run in planning.order(runs, "cheap") if run.flops]
        varied = [key for key, found in values.items() if len(found) > 1]
        for word, run in (("cheapest", known[0]), ("costliest", known[-1])):
            _print(
                f"  {word}: {label({key: run.parameters[key] for key in varied if key in run.parameters})}, {run.flops:.3g} FLOP"
            )


@contextlib.contextmanager
def listener(total: int) -> Iterator["Lines"]:
    """Who tells a person what happens: a live view on a terminal, plain lines elsewhere."""
    console = Console()
    if not console.is_terminal:
        yield Lines()
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield Screen(live)


class Lines:
    """A plain line whenever something ends, and one a minute."""

    def __init__(self) -> None:
        self._done = 0
        self._total = 0
        self._said = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)

    def finished(self, record: Record) -> None:
        """Say how a run ended."""
        self._done += 1
        self.say(ending(record))

    def retried(self, run: Run, why: str, attempt: int) -> None:
        """Say that a run is tried again."""
        self.say(f"again (attempt {attempt}): {run.label}: {why}")

    def noted(self, text: str) -> None:
        """Say it."""
        self.say(f"note: {text}")

    def ticked(self, status: Status) -> None:
        """Say where the sweep stands, once a minute."""
        if time.monotonic() - self._said > EVERY_S:
            self._said = time.monotonic()
            self.say(standing_line(status))


class Screen(Lines):
    """A view that is drawn anew: a bar of all runs, a line a running one; what ended scrolls by above it."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def say(self, text: str) -> None:
        """Print a line above the view."""
        self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def ticked(self, status: Status) -> None:
        """Draw."""
        self._live.update(view(status))


def view(status: Status) -> Group:
    """The live view of a status.

    Examples
    --------
    >>> len(view(Status({"done": 1, "failed": 0, "diverged": 0, "died": 0, "running": 0, "pending": 1})).renderables)
    1
    """
    ended = status.total - status.counts["running"] - status.counts["pending"]
    head = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=status.total, completed=ended + sum(one.fraction for one in status.running), width=30)
    head.add_row(bar, Text(standing_line(status)))
    lines: list[Any] = [head]
    for one in status.running[:SHOWN]:
        said = " ".join(f"{key}={_value(value)}" for key, value in one.values.items() if key != "fraction")
        lines.append(Text(f"  {one.fraction:4.0%} {one.run.label} {said} [{one.host}]", no_wrap=True, overflow="ellipsis"))
    if len(status.running) > SHOWN:
        lines.append(Text(f"  and {len(status.running) - SHOWN} more"))
    return Group(*lines)


def standing_line(status: Status) -> str:
    """A status in a line.

    Examples
    --------
    >>> standing_line(Status({"done": 3, "failed": 0, "running": 1, "pending": 4}, eta_s=90.0))
    '3 of 8 done, 1 running, 4 pending, 2 min left'
    """
    parts = [f"{n} {state}" for state, n in status.counts.items() if n and state != "done"]
    left = [f"{duration(status.eta_s)} left"] if status.eta_s is not None else []
    return ", ".join([f"{status.counts['done']} of {status.total} done", *parts, *left])


def ending(record: Record) -> str:
    """How a run ended, in a line."""
    seconds = record.made.get("wall_seconds", 0.0)
    if record.state == "done":
        scalars = [
            (key, value)
            for key, value in flat(record.result).items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        said = " ".join(f"{key}={_value(value)}" for key, value in scalars[:4])
        return f"done in {duration(seconds)}: {record.run.label}: {said}"
    if record.state == "diverged":
        return f"diverged at step {record.step}: {record.run.label}"
    return f"{record.state}: {record.run.label}: {_first_line(record)}"


def summary(store: Store, runs: Sequence[Run]) -> int:
    """Print how the runs ended, as a table, and what is wrong; how many failed or died."""
    status, records = standing.read(store, runs)
    console = _console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("state", "left"), ("runs", "right"), ("FLOP", "right"), ("time", "right")):
        table.add_column(name, justify=justify)
    by_id = {record.id: record for record in records}
    for state, n in status.counts.items():
        if n:
            its = [record for record in records if record.state == state]
            spent = sum(record.made.get("wall_seconds", 0.0) for record in its)
            cells = (f"{cost.total(r.run for r in its).flops:.3g}", duration(spent)) if its else ("", "")
            table.add_row(f"[{STYLES[state]}]{state}[/]", str(n), *cells)
    console.print(table)
    wrong = [by_id[run.id] for run in runs if run.id in by_id and by_id[run.id].state in ("failed", "died")]
    for record in wrong[:SHOWN]:
        log = shown(store.run_folder(record.id).parent / "log.txt")
        _print(f"{record.state}: {record.run.label}: {_first_line(record)}; see {log}")
    if len(wrong) > SHOWN:
        _print(f"and {len(wrong) - SHOWN} more")
    _print(f"table: {shown(store.folder / 'table.csv')}")
    return len(wrong)


def show_status(store: Store, found: Mapping[str, tuple[Status, Sequence[Record]]]) -> None:
    """Print where each sweep of a store stands."""
    if not found:
        _print(f"{shown(store.folder)}: no sweep was begun here")
    for name, (status, records) in found.items():
        _print(f"{name}: {standing_line(status)}")
        for one in status.running:
            said = " ".join(f"{key}={_value(value)}" for key, value in one.values.items() if key != "fraction")
            _print(f"  {one.fraction:4.0%} {one.run.label} {said} [{one.host}]".rstrip())
        for record in records:
            if record.state != "done":
                _print(f"  {ending(record)}")
        for fault in status.corrupt:
            _print(f"  corrupt: {fault}; the next sweep executes its run again")


def as_json(name: str, status: Status, records: Sequence[Record]) -> dict[str, Any]:
    """A status as plain values: sweep, counts, eta_s, running, ended (all that is not done), corrupt."""
    running = [{"id": r.run.id, "parameters": r.run.parameters, "host": r.host, "progress": r.values} for r in status.running]
    ended = [
        {"id": r.id, "parameters": r.run.parameters, "state": r.state, "step": r.step, "error": r.error}
        for r in records
        if r.state != "done"
    ]
    plain = {"sweep": name, "counts": status.counts, "eta_s": status.eta_s}
    return plain | {"running": running, "ended": ended, "corrupt": status.corrupt}


def count(n: int, noun: str) -> str:
    """A number and its noun.

    Examples
    --------
    >>> count(1, "run"), count(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def flops(whole: cost.Cost) -> str:
    """A cost in words.

    Examples
    --------
    >>> flops(cost.Cost(3, 2e15, 1))
    '2e+15 FLOP (1 run does not say)'
    """
    if whole.runs and whole.unknown == whole.runs:
        return "cost not known"
    verb = "does" if whole.unknown == 1 else "do"
    return f"{whole.flops:.3g} FLOP" + (f" ({count(whole.unknown, 'run')} {verb} not say)" if whole.unknown else "")


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them.

    Examples
    --------
    >>> [duration(s) for s in (0.21, 75, 5400, 1e6)]
    ['0.2 s', '1 min', '1.5 h', '11.6 days']
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:,.1f} days"


def _first_line(record: Record) -> str:
    text = (record.error or {}).get("text", "").strip() or "?"
    return f"{record.error['type']}: {text.splitlines()[0]}" if record.state == "failed" else text.splitlines()[0]


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def shown(path: Path) -> str:
    """A path as a person would type it from here."""
    with contextlib.suppress(ValueError):
        relative = os.path.relpath(path)
        return relative if not relative.startswith("..") else str(path)
    return str(path)


def _console() -> Console:
    return Console(width=None if Console().is_terminal else 120)


def _print(text: str) -> None:
    print(text, flush=True)
