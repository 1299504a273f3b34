"""``vvs sweep`` and ``vvs status``: run what a grid asks for and a store lacks; see how far that is, from anywhere."""

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vvslib import project
from vvslib.errors import VvsError

if TYPE_CHECKING:
    from vvslib.sweep.run import Run

SWEEP_HELP = """Run what a grid asks for and the store lacks; running it again does only what is missing.

GRID is a YAML file, or the name of one below experiments/. Ctrl-C at any time: what is recorded stays, what was running goes on
from its checkpoint. Several drivers, on several machines, may work on one store.

\b
Examples:
  vvs sweep sandbox/first --dry-run              how many runs, FLOP and hours
  vvs sweep sandbox/first --jobs 2
  vvs sweep full/design --set imagenet=/data/imagenet --set ecoset=/data/ecoset --executor slurm --jobs 64
                        --slurm partition=gpu --slurm gpus_per_node=1 --slurm timeout_min=1440
  vvs sweep full/design --set imagenet=/data/imagenet --only images=*imagenet* --only seed=0
"""

STATUS_HELP = """Where the sweeps of a store stand; reads the store only, so at any time and from any machine.
Of each sweep it shows what was asked for last, and parts that were asked for since.

\b
Examples:
  vvs status --store sweeps/sandbox-first
  vvs status --store sweeps/sandbox-first --watch 5
  vvs status --store sweeps/sandbox-first --curves curves.png
"""

StoreOption = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", envvar="VVS_STORE", help="Folder of the records.", show_envvar=True)
]


def register(app: typer.Typer) -> None:
    """Add the commands ``sweep`` and ``status``."""
    app.command("sweep", help=SWEEP_HELP, short_help="Run a grid of runs, on this machine or on Slurm.")(sweep)
    app.command("status", help=STATUS_HELP, short_help="Where the sweeps of a store stand.")(status)


def sweep(
    name: Annotated[str, typer.Argument(metavar="GRID", help="A YAML file, or its name below experiments/.")],
    store: StoreOption = None,
    executor: Annotated[str, typer.Option(metavar="NAME", help="local or slurm.")] = "local",
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Runs (local) or jobs (Slurm) at a time.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads a run may use; its share of the cores when not given.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Another value of a parameter, or of a name the grid lets; [A, B] for an axis."
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only the runs with this value; * and ? stand for any text.")
    ] = None,
    slurm: Annotated[list[str] | None, typer.Option("--slurm", metavar="KEY=VALUE", help="An option of the jobs.")] = None,
    order: Annotated[str, typer.Option(metavar="ORDER", help="grid, cheap (first) or costly (first).")] = "grid",
    retries: Annotated[int, typer.Option(help="How often to retry a run whose process or machine went down.")] = 2,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run those again that failed before.")] = False,
    rate: Annotated[float | None, typer.Option("--flops-per-second", help="Of one run; measured when not given.")] = None,
    score_only: Annotated[
        bool, typer.Option("--score-only", help="Train nothing; score the networks that are trained by now.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say how many runs, FLOP and hours; run nothing.")] = False,
) -> None:
    """Run what is missing."""
    from vvslib.cli import sweep_output as output
    from vvslib.sweep import cost, driver, executors, grid, planning, scoring
    from vvslib.sweep.store import Store

    chosen = grid.read(grid.find(name)).override(_pairs("--set", set_, parse=True))
    place = store or project.sweeps() / chosen.name
    options = _pairs("--slurm", slurm)
    if retries < 0:
        raise VvsError(f"--retries must be at least 0; got {retries}")
    known = (place / "store.json").exists()
    planning.order((), order)
    runs, unidentified = _plan(chosen, _pairs("--only", only, parse=True), dry_run, known)
    kept = Store(place) if known else None
    records = list(kept.records()) if kept else []
    left = planning.missing(kept, runs, retry_failed) if kept and not unidentified else runs
    slots = executors.slots_of(executor, jobs, threads, options)
    reckoned = cost.rate_of(records, rate, left, executors.threads_of(executor, jobs, threads, options))
    if score_only and not chosen.score:
        raise VvsError(f"--score-only needs a grid with a section `score`; {chosen.name} has none")
    for wanted in [] if dry_run else chosen.score:
        scoring.check(wanted)
    output.announce(chosen, runs, left, place, reckoned, slots, unidentified)
    if dry_run:
        output.breakdown(runs)
        return
    kept = Store.create(place)
    kept.write_sweep(chosen.name, runs, part=bool(only))
    signal.signal(signal.SIGTERM, _interrupt)
    if left and not score_only:
        pool = executors.make(executor, kept.folder, jobs, threads, options)
        with output.listener(len(runs)) as listener:
            work = planning.order(runs, order)
            how = {"retries": retries, "retry_failed": retry_failed, "listener": listener}
            driver.drive(driver.Driver(kept, pool, work, **how))
    wrong = output.summary(kept, runs)
    for wanted in chosen.score:
        from vvslib.cli import sweep_scoring

        how = {"jobs": jobs, "threads": threads, "options": options}
        again = {"executor": executor, "retries": retries, "retry_failed": retry_failed, "part": bool(only)}
        wrong += sweep_scoring.score(kept, runs, wanted, chosen.name, how, **again)[1]
    if wrong:
        raise typer.Exit(1)


def status(
    store: StoreOption = None,
    watch: Annotated[float | None, typer.Option(metavar="SECONDS", help="Look again this often, until all is done.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, an object a sweep.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was asked for before a grid was changed, or set otherwise.")
    ] = False,
    curves: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the newest sweep's learning curves: .png, .svg or .html.")
    ] = None,
) -> None:
    """Where the sweeps stand."""
    from vvslib.cli import sweep_output as output
    from vvslib.cli import targets
    from vvslib.sweep import status as standing
    from vvslib.sweep.store import Store

    if watch is not None and watch <= 0:
        raise VvsError(f"--watch must be a positive number of seconds; got {watch:g}")
    targets.check_target(curves, *targets.PICTURES)
    kept = Store(store or _only_store())
    if curves is not None:
        _draw(kept, curves)
    while True:
        found = {name: standing.read(kept, runs) for name, runs in kept.sweeps(everything).items()}
        if as_json:
            typer.echo(json.dumps([output.as_json(name, *one) for name, one in found.items()], indent=2, ensure_ascii=False))
        else:
            output.show_status(kept, found)
        if watch is None or not any(one.counts["running"] + one.counts["pending"] for one, _ in found.values()):
            return
        time.sleep(watch)


def _draw(kept: Any, path: Path) -> None:
    """Learning curves of the newest sweep of a store that has any, as a file."""
    import pandas as pd

    from vvslib import figures
    from vvslib.cli import targets
    from vvslib.sweep import running

    points, title = pd.DataFrame(), ""
    for name, runs in reversed(kept.sweeps().items()):
        points, title = running.curves(list(kept.records(run.id for run in runs))), f"Learning curves of {name}"
        if len(points):
            break
    targets.write_whole(path, targets.encoded(figures.learning(points), path.suffix, title))


def _plan(chosen: Any, only: dict[str, Any], dry_run: bool, known: bool) -> tuple[list["Run"], str | None]:
    """The runs; and why they could not be identified, where only the cost is asked for and the data are not here."""
    from vvslib.sweep import planning

    if not dry_run:
        return planning.plan(chosen, only=only), None
    if not known:
        return planning.plan(chosen, identify=False, only=only), None
    try:
        return planning.plan(chosen, only=only), None
    except VvsError as error:
        return planning.plan(chosen, identify=False, only=only), str(error)


def _pairs(option: str, texts: list[str] | None, parse: bool = False) -> dict[str, Any]:
    """``KEY=VALUE`` texts as a mapping, the values read as YAML where asked; ``*`` begins a pattern, which is none."""
    from vvslib import strict_yaml

    found: dict[str, Any] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise VvsError(f"{option} must be followed by KEY=VALUE; got {text!r}")
        if key in found:
            raise VvsError(f"{option} {key} must be given once; it is given again as {value!r}")
        found[key] = strict_yaml.load(value, f"{option} {key}") if parse and value[:1] != "*" else value
    return found


def _only_store() -> Path:
    folder = project.sweeps()
    found = sorted(path.parent for path in folder.glob("*/store.json"))
    if len(found) == 1:
        return found[0]
    shown = ", ".join(os.path.relpath(path) for path in found) or f"there is none below {folder}"
    raise VvsError(f"--store must name the folder of a sweep; {'there are ' if found else ''}{shown}")


def _interrupt(signum: int, frame: Any) -> None:
    """A polite request to end is Ctrl-C by other means."""
    raise KeyboardInterrupt
