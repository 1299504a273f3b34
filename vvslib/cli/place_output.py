"""What ``vvs place`` and ``vvs allocate`` print."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from vvslib.plotting.labels import number
from vvslib.trust.budget import Plan, Planner
from vvslib.trust.expectation import Expectation
from vvslib.trust.placement import VERDICTS, Placing


def show_plans(planner: Planner, plans: Sequence[Plan], measure: str, family: str | None, *, as_json: bool) -> None:
    """Print budgets: a table for people, or one JSON object."""
    one = planner.expectation
    if as_json:
        _print_json(
            {
                "measure": measure,
                "family": family,
                "reference": _reference(one),
                "compute": {"factor": planner.relation.m, "slope": planner.relation.n},
                "plans": [_plan(plan) for plan in plans],
            }
        )
        return
    console = _console()
    who = f"{len(one.rows.L)} reference models" + ("" if family is None else f" of {family}")
    console.print(f"{measure} score by size and data: {who}; limits of 95 %, {_varied(one)}", markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    headings = ("budget C (FLOP)", "parameters N*", "samples seen D*", "expected score", "a new model so", "nearly as good N")
    for heading in headings:
        table.add_column(heading, justify="right")
    for plan in plans:
        table.add_row(
            number(plan.total_flops),
            *(f"{number(getattr(plan, name))} {_span(plan.limits[name])}" for name in ("n_params", "n_samples_seen", "score")),
            _span(plan.predicted),
            f"{_span(plan.range_params)} (≤ {plan.loss:g} less)",
        )
    console.print(table)
    for plan in plans:
        near = f"{plan.n_near} reference models within a factor of 3 of both sizes"
        for note in [near, *plan.notes]:
            console.print(f"{number(plan.total_flops)}: {note}", markup=False, soft_wrap=True)


def _plan(plan: Plan) -> dict:
    names = ("total_flops", "n_params", "n_samples_seen", "score", "limits", "predicted", "loss", "range_params", "range_samples")
    return {name: getattr(plan, name) for name in (*names, "n_near", "notes")}


def show_placed(found: Mapping[str, Placing], similar: float, *, as_json: bool) -> None:
    """Print where models stand: a table for people with a sentence each, or one JSON object."""
    frame = pd.concat([one.placed for one in found.values()], ignore_index=True)
    if as_json:
        _print_json(
            {
                "reference": {name: _reference(one.expectation) for name, one in found.items()},
                "similar": similar,
                "placed": json.loads(frame.to_json(orient="records")),
            }
        )
        return
    console = _console()
    for name, one in found.items():
        scales = " and ".join(one.expectation.experiment.x)
        console.print(
            f"{name}: law of {scales}, {len(one.expectation.rows.L)} reference models; {_varied(one.expectation)}",
            markup=False,
            soft_wrap=True,
        )
    several = frame["model_id"].nunique() > 1
    table = Table(box=None, pad_edge=False)
    for heading in (*(["model"] if several else []), "score of", "score", "expected", "95 % of new models", "residual"):
        table.add_column(heading, justify="left" if heading in ("model", "score of") else "right")
    table.add_column("among similar compute", justify="right")
    table.add_column("so it is", justify="left")
    for row in frame.sort_values(["model_id", "measure"], kind="stable").itertuples() if several else frame.itertuples():
        known = not np.isnan(row.percentile)
        table.add_row(
            *([row.model_id] if several else []),
            row.measure,
            f"{row.score:.3f}",
            f"{row.expected:.3f} [{row.low:.3f}, {row.high:.3f}]",
            f"[{row.predicted_low:.3f}, {row.predicted_high:.3f}]",
            f"{row.residual:+.3f}",
            f"above {row.percentile:.0%} of {row.n_similar}" if known else "none known",
            VERDICTS[row.verdict] + (", extrapolated" if row.beyond else ""),
        )
    console.print(table)
    console.print(f"similar compute: within a factor of {number(similar)}", markup=False)
    n = len(frame)
    if n > 1:
        console.print(
            f"{n} comparisons: by chance alone about {0.05 * n:.1f} of them lie outside their interval",
            markup=False,
            soft_wrap=True,
        )


def _varied(one: Expectation) -> str:
    """What limits rest on, in words."""
    parts = ", ".join(f"{name} {number(sd)}" for name, sd in {**one.effects.of, "seeds and rest": one.effects.row}.items())
    hint = "" if "families" in one.effects.of else "; no spread of families is known here"
    return f"curve resampled by {one.n_units} {one.unit}; spread in log L: {parts}{hint}"


def _reference(one: Expectation) -> dict:
    return {
        "experiment": one.experiment.name,
        "law": one.fit.law,
        "x": one.experiment.x,
        "n": len(one.rows.L),
        "parameters": one.fit.parameters,
        "resampled": one.unit,
        "n_units": one.n_units,
        "method": one.method,
        "effects": {**one.effects.of, "row": one.effects.row},
    }


def _span(limits: tuple[float, float]) -> str:
    return f"[{number(limits[0])}, {number(limits[1])}]"


def _console() -> Console:
    console = Console(highlight=False)
    return Console(highlight=False, width=max(console.width, 160))


def _print_json(value) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
