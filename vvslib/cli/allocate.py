"""``vvs allocate``: a compute budget split between model and data."""

from pathlib import Path
from typing import Annotated

import typer

from vvslib.cli.fit_arguments import listed, number, rows_where
from vvslib.errors import VvsError

HELP = """Plan a compute budget: the best model size and samples seen, the score to expect, and how flat the optimum is.

--flops is the compute of the whole training, C = 3 · (operations of one forward pass) · (samples seen); several budgets may be
listed. The law of model size and data is fitted to the reference models and tied to compute by their regression of log C on
log(N·D); limits (95 %) come from resampling families, or the coarsest unit of which the table has three or more. The
prediction is for one new model trained so, of a family that may be new. "Nearly as good" are the sizes that cost at most --loss.

\b
Examples:
  vvs allocate --flops 1e18
  vvs allocate --flops 1e17,1e18,1e19 --region IT --figure budget.png
  vvs allocate --flops 1e19 --region behavior --family ResNet --json
  vvs allocate --flops 1e15 --table my_scores.csv --region V4
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("allocate", help=HELP, short_help="Split a compute budget between model and data.")(allocate)


def allocate(
    flops: Annotated[str, typer.Option(metavar="C[,C]", help="Budget(s): FLOP of the whole training.")],
    region: Annotated[
        str | None, typer.Option(metavar="R", help="V1, V2, V4, IT, behavior, neural (mean of four), or all (mean of five).")
    ] = None,
    family: Annotated[str | None, typer.Option(metavar="F", help="Only models of this family, as in arch_family.")] = None,
    table: Annotated[str, typer.Option("--table", metavar="NAME|PATH", help="Score table: a name, or a .parquet or .csv.")] = (
        "published"
    ),
    experiment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose rows are the reference; every row of a table of your own.")
    ] = None,
    where: Annotated[str | None, typer.Option(metavar="QUERY", help="Rows to keep, as a pandas query.")] = None,
    loss: Annotated[float, typer.Option(metavar="S", help="Score that nearly as good sizes may cost.")] = 0.005,
    resamples: Annotated[int, typer.Option(metavar="K", help="Resamples behind the limits.")] = 400,
    seed: Annotated[int, typer.Option(metavar="S", help="Seed of the resamples.")] = 42,
    figure: Annotated[Path | None, typer.Option(metavar="FILE", help="Lines of equal compute: .png, .svg or .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Plan, print, and draw where a file was named."""
    from vvslib.cli import place_output, targets
    from vvslib.plan_figures import iso_compute, score_name
    from vvslib.trust.budget import planner

    budgets = [number(text, "--flops") for text in listed(flops)]
    if not 0 < loss < 1:
        raise VvsError(f"--loss must be a difference of scores between 0 and 1; got {loss:g}")
    if resamples < 20 or seed < 0:
        raise VvsError(f"--resamples must be 20 or more, --seed 0; got {resamples} and {seed}")
    targets.check_target(figure, *targets.PICTURES)
    scores, name, one = reference(table, experiment, where, region, family)
    found = planner(scores, one, resamples=resamples, seed=seed)
    plans = [found.plan(budget, loss=loss) for budget in budgets]
    if figure is not None:
        drawn = targets.encoded(iso_compute(found, plans, score_name(name)), figure.suffix, "vvs allocate")
        targets.write_whole(figure, drawn)
    place_output.show_plans(found, plans, name, family, as_json=as_json)


def reference(table: str, experiment: str | None, where: str | None, region: str | None, family: str | None):
    """Table, measure and definition that a command line asks for.

    Without ``--region`` it is ``all``, or the only region that the table has. Without ``--experiment`` the published table is
    restricted as in its own joint fit, and any other table is taken whole.
    """
    from vvslib import published
    from vvslib.trust.reference import PUBLISHED, SIZE_AND_DATA, check_family, definition

    scores = published.load(table)
    if where is not None:
        scores = rows_where(scores, where)
    base = experiment or (PUBLISHED[SIZE_AND_DATA] if table == "published" else None)
    present = list(scores["region"].unique())
    name = region or ("all" if len(present) == 5 else present[0] if len(present) == 1 else None)
    if name is None:
        raise VvsError(f"--region must say which score; the table has {', '.join(present)}")
    one = definition(name, SIZE_AND_DATA, base, family=family)
    if family is not None:
        check_family(scores, family, folded=one.fold_flex)
    return scores, name, one
