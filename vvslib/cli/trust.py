"""``vvs trust``, ``vvs hold-out``, ``vvs coverage``: how far to trust a law, on any score table."""

from pathlib import Path
from typing import Annotated

import typer

from vvslib.cli.fit_arguments import NUMBERS, experiments_wanted, listed, number, rows_where, units
from vvslib.errors import VvsError

TRUST = """How far to trust a law: forms and objectives, identification, whose variance, extrapolation.

\b
Examples:
  vvs trust --experiment compute_neuro
  vvs trust --table my_scores.csv --x total_flops --out my_report
  vvs trust --experiment compute_behavior --resamples 500 --json
"""
HOLD_OUT = """Fit some rows and predict the others: the largest scales, or one group at a time.

\b
Examples:
  vvs hold-out --experiment compute_neuro --share 0.1,0.2
  vvs hold-out --experiment compute_neuro --by n_params --at 1e7
  vvs hold-out --experiment compute_neuro --leave-out arch_family --resamples 200 --clusters architectures
"""
COVERAGE = """How often intervals hold the truth: tables simulated on the real design, with effects of its families, architectures
and seeds.

Each table is a line of --store as soon as it is done: the same command, again, goes on where it was interrupted.

\b
Examples:
  vvs coverage --experiment compute_neuro --store neuro.jsonl --tables 500 --jobs 2
  vvs coverage --experiment compute_neuro --plant 0.55 --store plateau.jsonl
  vvs coverage --experiment compute_chinchilla --quantity data_share --methods rows,clusters --store share.jsonl
"""

Experiment_ = Annotated[str | None, typer.Option("--experiment", metavar="NAME", help="Definition to question.")]
Table_ = Annotated[str, typer.Option("--table", metavar="NAME|PATH", help="Score table: a name, or a .parquet or .csv.")]
Where_ = Annotated[str | None, typer.Option("--where", metavar="QUERY", help="Rows to keep, as a pandas query.")]
X_ = Annotated[str | None, typer.Option("--x", metavar="COL[,COL]", help="Scale column(s), instead of an experiment.")]
Unit_ = Annotated[str | None, typer.Option("--unit", metavar="U[,U]", help="Unit of each scale column.")]
Law_ = Annotated[str | None, typer.Option("--law", metavar="LAW", help="Law; saturating for one scale.")]
Delta_ = Annotated[str | None, typer.Option("--delta", metavar="D", help='Huber δ; "inf" is least squares.')]
Seed_ = Annotated[int, typer.Option("--seed", metavar="S", help="Seed of resamples and draws.")]
Json_ = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("trust", help=TRUST, short_help="How far to trust a law, on any table.")(trust)
    app.command("hold-out", help=HOLD_OUT, short_help="Predict rows that were not fitted.")(hold_out)
    app.command("coverage", help=COVERAGE, short_help="How often intervals hold a simulated truth.")(coverage)


def asked(experiment, table, where, x, unit, law, delta):
    """Table and experiment that a command line asks for."""
    from vvslib import published
    from vvslib.table import fold_flex

    if (experiment is None) == (x is None):
        raise VvsError("one of --experiment NAME and --x COL must be given; `vvs trust --help` has examples")
    changes = {"law": law, "delta": None if delta is None else number(delta, "--delta", NUMBERS), "unit": units(unit)}
    wanted = experiments_wanted(experiment, False, listed(x), changes)[0]
    scores = published.load(table)
    if where is not None:
        scores = rows_where(fold_flex(scores) if wanted.fold_flex else scores, where)
    return scores, wanted


def trust(
    experiment: Experiment_ = None,
    table: Table_ = "published",
    where: Where_ = None,
    x: X_ = None,
    unit: Unit_ = None,
    law: Law_ = None,
    delta: Delta_ = None,
    laws: Annotated[str | None, typer.Option(metavar="LAW[,LAW]", help="Forms to compare; all of as many scales.")] = None,
    resamples: Annotated[int, typer.Option(metavar="K", help="Resamples of each unit.")] = 2000,
    draws: Annotated[int, typer.Option(metavar="K", help="Draws of each tested value.")] = 399,
    seed: Seed_ = 42,
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write tables (CSV) and report.json here.")] = None,
    as_json: Json_ = False,
) -> None:
    """Ask everything, print it, and save it where a folder was named."""
    from rich.console import Console

    from vvslib.cli import trust_output
    from vvslib.trust import report

    if resamples < 20 or draws < 19 or seed < 0:
        raise VvsError(f"--resamples must be 20 or more, --draws 19, --seed 0; got {resamples}, {draws} and {seed}")
    if out is not None and out.exists() and not out.is_dir():
        raise VvsError(f"--out must be a folder; {out} is a file: name another")
    scores, wanted = asked(experiment, table, where, x, unit, law, delta)
    errors = Console(stderr=True)
    with errors.status("fitting") as status:
        found = report.trust(
            scores, wanted, resamples=resamples, draws=draws, seed=seed, laws=listed(laws), progress=status.update
        )
    if out is not None:
        trust_output.save(found, out, {"resamples": resamples, "draws": draws, "seed": seed, "table": table})
    trust_output.show(found, as_json=as_json)


def hold_out(
    experiment: Experiment_ = None,
    table: Table_ = "published",
    where: Where_ = None,
    x: X_ = None,
    unit: Unit_ = None,
    law: Law_ = None,
    share: Annotated[str | None, typer.Option(metavar="S[,S]", help="Shares of rows held out at the large end.")] = None,
    at: Annotated[str | None, typer.Option(metavar="T[,T]", help="Thresholds to cut at, in the column's unit.")] = None,
    by: Annotated[str | None, typer.Option(metavar="COL", help="Column to cut along; the first scale otherwise.")] = None,
    leave_out: Annotated[str | None, typer.Option(metavar="COL", help="Leave each value of this column out instead.")] = None,
    laws: Annotated[str | None, typer.Option(metavar="LAW[,LAW]", help="Forms to rank; all of as many scales.")] = None,
    objectives: Annotated[str, typer.Option(metavar="NAME[,NAME]", help="Objectives.")] = "huber,squares,squares_linear",
    resamples: Annotated[int, typer.Option(metavar="K", help="Resamples for prediction intervals; 0 for none.")] = 0,
    clusters: Annotated[str, typer.Option(metavar="UNIT", help="What prediction intervals resample.")] = "rows",
    seed: Seed_ = 42,
    as_json: Json_ = False,
) -> None:
    """Rank laws by the error on rows that they were not fitted to."""
    from vvslib.cli import trust_output
    from vvslib.experiments import observe
    from vvslib.fits.laws import LAWS
    from vvslib.trust import extrapolation
    from vvslib.trust.units import labels
    from vvslib.trust.units import unit as look_up

    if leave_out is not None and any(option is not None for option in (share, at, by)):
        raise VvsError("--leave-out takes groups, --share, --at and --by take cuts; give one kind")
    if share is not None and at is not None:
        raise VvsError("--share and --at both say where to cut; give one")
    if resamples < 0 or 0 < resamples < 20:
        raise VvsError(f"--resamples must be 0, or 20 or more; got {resamples}")
    scores, wanted = asked(experiment, table, where, x, unit, law, None)
    rows = observe(scores, wanted)
    n_scales = LAWS[wanted.law].n_variables
    names = listed(laws) or [name for name, one in LAWS.items() if one.n_variables == n_scales]
    if leave_out is not None:
        held = extrapolation.groups(rows, leave_out)
    else:
        if by is None:
            by = "total_flops" if n_scales > 1 else wanted.x[0]
        thresholds = [number(text, "--at") for text in listed(at) or []]
        shares = [number(text, "--share") for text in listed(share)] if share else extrapolation.SHARES
        held = extrapolation.splits(rows, by, shares, thresholds)
    own = None if clusters == "rows" else labels(rows, look_up(clusters))
    found = extrapolation.held_out(rows, held, names, listed(objectives), resamples=resamples, clusters=own, seed=seed)
    trust_output.show_table(found.sort_values(["rank", "law", "split"]), f"{wanted.name}: error beyond the fit", as_json=as_json)


def coverage(
    store: Annotated[Path, typer.Option(metavar="FILE", help="File of simulated tables, .jsonl; resumed where it exists.")],
    experiment: Experiment_ = None,
    table: Table_ = "published",
    where: Where_ = None,
    x: X_ = None,
    unit: Unit_ = None,
    law: Law_ = None,
    delta: Delta_ = None,
    quantity: Annotated[str, typer.Option(metavar="NAME", help="asymptote, data_share, or a parameter.")] = "asymptote",
    plant: Annotated[float | None, typer.Option(metavar="S", help="Plant this asymptote instead of the fitted one.")] = None,
    clusters: Annotated[str, typer.Option(metavar="UNIT", help="families, architectures or configurations.")] = "architectures",
    methods: Annotated[str, typer.Option(metavar="NAME[,NAME]", help="rows, clusters, test.")] = "rows,clusters,test",
    tables: Annotated[int, typer.Option(metavar="K", help="Simulated tables in all.")] = 500,
    resamples: Annotated[int, typer.Option(metavar="K", help="Resamples of each table.")] = 200,
    draws: Annotated[int, typer.Option(metavar="K", help="Draws of each tested value.")] = 199,
    jobs: Annotated[int, typer.Option(metavar="J", help="Processes.")] = 1,
    seed: Seed_ = 42,
    as_json: Json_ = False,
) -> None:
    """Simulate, refit, and count."""
    from rich.console import Console
    from rich.progress import Progress

    from vvslib.cli import targets, trust_output
    from vvslib.experiments import observe
    from vvslib.trust import calibration

    targets.check_target(store, ".jsonl", ".ndjson")
    scores, wanted = asked(experiment, table, where, x, unit, law, delta)
    one = calibration.design_of(observe(scores, wanted), wanted, clusters=clusters, truth=plant, seed=seed)
    errors = Console(stderr=True)
    try:
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task("simulating", total=tables)
            found = calibration.calibrate(
                one, store, name=quantity, tables=tables, methods=tuple(listed(methods)), resamples=resamples, draws=draws,
                jobs=jobs, progress=lambda done: bar.update(task, completed=done),
            )  # fmt: skip
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the tables in {store} are valid; the same command goes on from there") from None
    trust_output.show_coverage(one, found, quantity, as_json=as_json)
