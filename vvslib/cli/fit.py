"""``vvs fit``: one experiment, a law of one's own choosing, or all experiments, fitted to a score table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vvslib.cli.fit_arguments import NUMBERS, experiments_wanted, listed, number, rows_where, units
from vvslib.errors import VvsError

if TYPE_CHECKING:
    import pandas as pd

    from vvslib.experiments import Experiment
    from vvslib.refit import Refit

PUBLISHED = "published"

HELP = """Fit a scaling law to a score table: an experiment, all of them, or rows and a law of your own.

Scores are averaged per model over the benchmarks kept; the law is fitted to the misalignment L = 1 - score.

\b
Give one of
  --experiment NAME    a definition from experiments/
  --all                every definition of the table
  --x COL[,COL]        your own: --x with --law, --unit, --where
Beside --experiment or --all, --where narrows the rows further (Flex families are then already counted to the family they
vary, where the experiment does so), and --delta takes the place of the experiment's own; beside --experiment, so do --law
and --unit.

\b
Examples:
  vvs fit --experiment compute_neuro --bootstraps 1000
  vvs fit --experiment compute_neuro --delta inf --where "seed == 0" --json
  vvs fit --experiment region_v1_group1 --bootstraps 1000 --clusters arch,dataset --draws draws.parquet
  vvs fit --table my_scores.csv --where "region == 'IT' and n_params > 1e6" --x total_flops --law saturating --plot it.svg
  vvs fit --x n_params,n_samples_seen --law chinchilla --where "is_adv == False and is_ssl == False and is_random == False"
  vvs fit --all --json > fits.json
"""


def register(app: typer.Typer) -> None:
    """Add the command ``fit``."""
    app.command("fit", help=HELP, short_help="Fit a scaling law to a score table.")(fit)


def fit(
    experiment: Annotated[str | None, typer.Option(metavar="NAME", help="Definition to fit.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Fit every definition of the table.")] = False,
    table: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="Score table: a name, or a .parquet or .csv; the definition's own.")
    ] = None,
    where: Annotated[str | None, typer.Option(metavar="QUERY", help="Rows to keep, as a pandas query.")] = None,
    x: Annotated[str | None, typer.Option(metavar="COL[,COL]", help="Scale column; two for chinchilla.")] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="U[,U]", help="Unit of each scale column; the paper's for those it has.")
    ] = None,
    law: Annotated[
        str | None, typer.Option(help="saturating, power, chinchilla, …: `vvs fit --law x` lists them.", metavar="LAW")
    ] = None,
    delta: Annotated[str | None, typer.Option(metavar="D", help='Huber δ; "inf" is least squares. Published: 1e-3.')] = None,
    bootstraps: Annotated[int, typer.Option(metavar="K", help="Number of resamples.")] = 0,
    seed: Annotated[int, typer.Option(metavar="S", help="Seed of the resamples; 42 gives the published ones.")] = 42,
    clusters: Annotated[
        str | None, typer.Option(metavar="COL[,COL]", help="Resample these columns' values whole; single rows otherwise.")
    ] = None,
    draws: Annotated[Path | None, typer.Option(metavar="FILE", help="One row per resample: .parquet or .csv.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Rows and fitted curve: .png, .svg or .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object; a list of them with --all.")] = False,
) -> None:
    """Fit what was asked for, then print it; files are written last, each complete or not at all."""
    from vvslib.cli import fit_files, fit_output, targets

    refuse_combination(experiment, every, x, law, unit)
    if draws is not None and bootstraps < 1:
        raise VvsError("--draws writes one row per resample; there are none: add --bootstraps K with K > 0")
    if clusters is not None and bootstraps < 1:
        raise VvsError("--clusters says what is resampled; nothing is: add --bootstraps K with K > 0")
    if bootstraps < 0 or seed < 0:
        raise VvsError(f"--bootstraps and --seed must be 0 or more; got {bootstraps} and {seed}")
    if plot is not None and every:
        raise VvsError("--plot draws one fit; got it with --all: take --experiment NAME")
    targets.check_target(draws, ".parquet", ".csv")
    targets.check_target(plot, ".png", ".svg", ".html")

    changes = {"law": law, "delta": None if delta is None else number(delta, "--delta", NUMBERS), "unit": units(unit)}
    wanted = experiments_wanted(experiment, every, listed(x), changes)
    resampling = {"bootstraps": bootstraps, "seed": seed, "clusters": listed(clusters)}
    if every:
        table = table or PUBLISHED
        own = table if table in {one.table for one in wanted} else PUBLISHED
        wanted = [one for one in wanted if one.table == own]
        fit_all(wanted, table, where, resampling, draws, as_json)
        return
    from vvslib import published

    found = fit_one(published.load(table or wanted[0].table), wanted[0], where, resampling)
    drawn = None if plot is None else fit_files.picture(found, plot.suffix.casefold())
    if draws is not None:
        fit_files.write_draws([found], draws)
    if drawn is not None:
        targets.write_whole(plot, drawn)
    fit_output.show(found, as_json=as_json, clusters=clusters)


def refuse_combination(experiment: str | None, every: bool, x: str | None, law: str | None, unit: str | None) -> None:
    """Refuse a command line that asks for none or several of an experiment, all of them, and a fit of one's own."""
    asked = [name for name, given in (("--experiment", experiment), ("--all", every), ("--x", x)) if given not in (None, False)]
    if len(asked) != 1:
        got = "none of them" if not asked else " and ".join(asked)
        raise VvsError(f"one of --experiment NAME, --all and --x COL must be given; got {got}; `vvs fit --help` has examples")
    if every and (law is not None or unit is not None):
        raise VvsError("--law and --unit go with one fit; got them with --all: take --experiment NAME, or leave them out")


def fit_one(scores: "pd.DataFrame", experiment: "Experiment", where: str | None, resampling: dict[str, Any]) -> "Refit":
    """One experiment fitted to the rows of a table that the query keeps.

    Parameters
    ----------
    scores, experiment
        Table and definition.
    where
        Pandas query; None for all rows.
    resampling
        bootstraps, seed, clusters, as in `vvslib.refit.refit`.
    """
    from vvslib import experiments, table
    from vvslib.refit import refit_observations, resampled_whole

    if where is not None:
        scores = rows_where(table.fold_flex(scores) if experiment.fold_flex else scores, where)
    rows = experiments.observe(scores, experiment)
    if resampling["clusters"] is not None:
        resampled_whole(rows.frame, resampling["clusters"])  # refused before, not after, the work
    return refit_observations(rows, experiment, **resampling)


def fit_all(
    wanted: list["Experiment"],
    name: str,
    where: str | None,
    resampling: dict[str, Any],
    draws: Path | None,
    as_json: bool,
) -> None:
    """Every experiment that the table has rows for, with a progress bar on stderr; what is finished survives Ctrl-C."""
    from rich.console import Console
    from rich.progress import track

    from vvslib import published, stopping
    from vvslib.cli import fit_files, fit_output

    scores = published.load(name)
    errors = Console(stderr=True)
    found: list[Refit] = []
    refused: list[str] = []
    # Ctrl-C is heard between two fits: within one it could meet the loading of compiled code, which does not survive it.
    with stopping.requested() as stop:
        for one in track(wanted, "fitting", console=errors, transient=True, disable=not errors.is_terminal):
            try:
                found.append(fit_one(scores, one, where, resampling))
            except VvsError as error:
                refused.append(f"{one.name}: {error}")
            if stop.is_set():
                break
    if stop.is_set():
        fit_output.show_all(found, as_json=as_json)
        unwritten = "" if draws is None else f"; {draws} was not written"
        raise KeyboardInterrupt(f"{len(found)} of {len(wanted)} experiments were fitted, are shown above and valid{unwritten}")
    if not found:
        raise VvsError(f"none of {len(wanted)} experiments can be fitted to {name!r}; the first, {refused[0]}")
    if draws is not None:
        fit_files.write_draws(found, draws)
    fit_output.show_all(found, as_json=as_json)
    for reason in refused:
        errors.print(f"not fitted: {reason}", highlight=False, markup=False, soft_wrap=True)
    if refused:
        raise typer.Exit(1)
