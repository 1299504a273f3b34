"""``vvs place``: is a model more brain-like than its scale explains?"""

from pathlib import Path
from typing import Annotated

import typer

from vvslib.cli.fit_arguments import rows_where
from vvslib.errors import VvsError

HELP = """Place a model: the score that its size and data would lead one to expect, and how far off it is.

With --n-params and --samples-seen the law is that of model size and data; with --flops alone, that of training compute. --flops
is the compute of the whole training, 3 · (operations of one forward pass) · (samples seen); it also says which reference models
are similar. The interval is for one new model of a family that may be new: it holds the spread of families, architectures,
configurations and seeds beside that of the curve. Scores are fractions of the ceiling, normalised as in the reference table.

\b
Examples:
  vvs place --n-params 25.6e6 --samples-seen 1.28e8 --flops 3.1e18 --score IT=0.55 --score behavior=0.5
  vvs place --flops 3.1e18 --score V4=0.6 --figure place.png
  vvs place --models my_scores.csv --model my_network        a row of a table
  vvs place --models published --where "is_adv == True" --json
  vvs place --models my_new.csv --table my_scores.csv        beside any other table
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("place", help=HELP, short_help="Is a model more brain-like than its scale explains?")(place)


def place(
    n_params: Annotated[float | None, typer.Option(metavar="N", help="Parameters.")] = None,
    samples_seen: Annotated[float | None, typer.Option(metavar="D", help="Images seen in training: images × epochs.")] = None,
    flops: Annotated[float | None, typer.Option(metavar="C", help="FLOP of the whole training.")] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(metavar="R=S", help="Region (V1, V2, V4, IT, behavior, or neural, all for means) and score; repeat it."),
    ] = None,
    models: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="Score table whose rows are placed, instead of the numbers above.")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this model of --models; repeat it.")] = None,
    where: Annotated[str | None, typer.Option(metavar="QUERY", help="Only these rows of --models, as a pandas query.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="LAW", help="size (model size and data) or compute; size where both are known.")
    ] = None,
    family: Annotated[str | None, typer.Option(metavar="F", help="Compare with models of this family only.")] = None,
    table: Annotated[str, typer.Option("--table", metavar="NAME|PATH", help="Reference: a name, or a .parquet or .csv.")] = (
        "published"
    ),
    experiment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose rows are the reference; every row of a table of your own.")
    ] = None,
    similar: Annotated[float, typer.Option(metavar="X", help="Factor of compute that counts as similar.")] = 3.0,
    resamples: Annotated[int, typer.Option(metavar="K", help="Resamples behind the limits.")] = 400,
    seed: Annotated[int, typer.Option(metavar="S", help="Seed of the resamples.")] = 42,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Scores beside what is expected: .png, .svg, .html.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Place, print, and draw where a file was named."""
    from vvslib import published
    from vvslib.cli import place_output, targets
    from vvslib.plan_figures import placed
    from vvslib.trust import placement, reference

    numbers = {"--n-params": n_params, "--samples-seen": samples_seen, "--flops": flops}
    if (models is None) == (not score):
        raise VvsError("one of --score R=S and --models TABLE must be given; `vvs place --help` has examples")
    if models is not None and any(value is not None for value in numbers.values()):
        raise VvsError("--models brings its own scales; got them with --n-params, --samples-seen or --flops too; leave these out")
    if models is None and (model or where):
        raise VvsError("--model and --where choose rows of --models; there is none: name the table, or leave them out")
    if resamples < 20 or seed < 0:
        raise VvsError(f"--resamples must be 20 or more, --seed 0; got {resamples} and {seed}")
    if by not in (None, "size", "compute"):
        raise VvsError(f"--by must be size or compute; got {by!r}")
    targets.check_target(figure, *targets.PICTURES)
    if models is None:
        scales = dict(zip(placement.SCALES, numbers.values(), strict=True))
        frame = placement.model("this model", scales, _scores(score))
    else:
        own = published.load(models)
        frame = placement.models(rows_where(own, where) if where else own, model or ())
    scores = published.load(table)
    scales = _scales(frame, by)
    base = experiment or (reference.PUBLISHED[scales] if table == "published" else None)
    measures = [name for name in reference.MEASURES if name in frame and _scored(scores, name)]
    if not measures:
        raise VvsError(
            f"the reference has scores of {', '.join(scores['region'].unique())} only; none of them was given for the model(s)"
        )
    definitions = {name: reference.definition(name, scales, base, family=family) for name in measures}
    if family is not None:
        reference.check_family(scores, family, folded=definitions[measures[0]].fold_flex)
    found = placement.place(scores, frame, definitions, similar=similar, resamples=resamples, seed=seed)
    if figure is not None:
        n = frame["model_id"].nunique()
        if n > 12:
            raise VvsError(f"--figure shows up to 12 models; got {n}: choose some with --model or --where")
        title = str(frame["model_id"].iloc[0])
        targets.write_whole(figure, targets.encoded(placed(found, title=title), figure.suffix, "vvs place"))
    place_output.show_placed(found, similar, as_json=as_json)


def _scores(pairs: list[str]) -> dict[str, float]:
    """``region=value`` pairs as numbers."""
    found: dict[str, float] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            value = float(text)
        except ValueError:
            raise VvsError(f"--score must be REGION=VALUE, as in IT=0.55; got {pair!r}") from None
        if name in found:
            raise VvsError(f"--score must be given once a region; got {name!r} twice")
        found[name] = value
    return found


def _scales(frame, by: str | None) -> tuple[str, ...]:
    """The scales of the law: size and data where models have both, else compute."""
    from vvslib.trust.reference import COMPUTE, SIZE_AND_DATA

    for wanted, scales in (("size", SIZE_AND_DATA), ("compute", COMPUTE)):
        able = all(scale in frame for scale in scales) and frame[list(scales)].gt(0).all(axis=1).any()
        if by == wanted or (by is None and able):
            if not able:
                raise VvsError(f"--by {by} needs {' and '.join(scales)} of the model; got none; give them, or leave --by out")
            return scales
    raise VvsError("the scale of the model must be given: --n-params and --samples-seen, or --flops; got neither")


def _scored(scores, name: str) -> bool:
    """Whether a table has all regions that a measure is the mean of."""
    from vvslib.trust.reference import MEASURES

    return set(MEASURES[name]) <= set(scores["region"].unique())
