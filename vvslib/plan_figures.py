"""Budgets planned and models placed, as figures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vvslib.figures import AXES, DASHES, HUES, SCORES
from vvslib.plotting import Curve, Estimates, Figure, Panel, Points
from vvslib.plotting import Line as Rule
from vvslib.plotting.labels import number
from vvslib.trust.budget import Plan, Planner
from vvslib.trust.placement import Placing
from vvslib.trust.reference import MEASURES


def score_name(measure: str) -> str:
    """Axis label of a measure.

    Examples
    --------
    >>> score_name("IT"), score_name("neural")
    ('IT score', 'Neural score (mean of four regions)')
    """
    return SCORES[", ".join(MEASURES[measure])]


def iso_compute(planner: Planner, plans: Sequence[Plan], y_label: str, *, alt: str = "") -> Figure:
    """Expected score along lines of equal compute, and these lines in the plane of all reference models.

    Parameters
    ----------
    planner
        What planned.
    plans
        One or a few budgets; the first has its band drawn, and the range of sizes that cost no more than its loss.
    y_label
        What the score is of.
    alt
        Of the figure.
    """
    unit_N, unit_D = planner.units
    frame = planner.expectation.rows.frame
    smallest, largest = frame["n_params"].min() / 3, frame["n_params"].max() * 3
    curves, lines = [], []
    for k, plan in enumerate(plans):
        own = plan.line
        inside = (own.N * unit_N >= smallest) & (own.N * unit_N <= largest)
        N, D, score = own.N[inside] * unit_N, own.D[inside] * unit_D, own.score[inside]
        named = dict(label=f"C = {number(plan.total_flops)} FLOP", group=HUES[k % len(HUES)], dash=DASHES[k % 4])
        band = (plan.low[inside], plan.high[inside]) if k == 0 else (None, None)
        curves.append(Curve(N, score, *band, **named))
        lines.append(Curve(N, D, *((D, D) if k == 0 else ()), **named))  # a band of no width: one legend entry for both panels
    optima = pd.DataFrame(
        {"N": [p.n_params for p in plans], "D": [p.n_samples_seen for p in plans], "S": [p.score for p in plans]}
    )
    first, top = plans[0], max(plan.score for plan in plans)
    left = Panel(
        [*curves, Points(optima, "N", "S", label="optimum")],
        AXES["n_params"],
        y_label,
        title=f"Dashed: {first.loss:g} below the best",
        x_range=(smallest, largest),
        y_range=(max(top - 0.25, float(min(curve.y.min() for curve in curves))), top + 0.08),
        lines=[Rule(size, axis="x") for size in first.range_params if smallest < size < largest],
    )
    plane = Panel(
        [Points(frame, "n_params", "n_samples_seen", colour="score"), *lines, Points(optima, "N", "D", label="optimum")],
        AXES["n_params"],
        AXES["n_samples_seen"],
        title="Equal compute, and the models",
        y_log=True,
        x_range=(smallest, largest),
        y_range=(
            float(frame["n_samples_seen"].min()) / 3,
            max(float(frame["n_samples_seen"].max()), float(optima["D"].max())) * 3,
        ),
    )
    return Figure((left, plane), columns=2, alt=alt)


def placed(found: Mapping[str, Placing], *, title: str = "", alt: str = "") -> Figure:
    """Where models stand: for each measure the score, the score that the law expects, and the interval of a new model.

    Parameters
    ----------
    found
        Measure → placing, of at most a dozen models.
    title
        Of the panel, where there is one measure.
    alt
        Of the figure.
    """
    frame = pd.concat([one.placed for one in found.values()], ignore_index=True)
    single = frame["model_id"].nunique() == 1
    panels = []
    for heading, part in [(title, frame)] if single else list(frame.groupby("measure", sort=False)):
        labels = part["measure"] if single else part["model_id"]
        rows = Estimates(
            labels.astype(str).tolist(),
            part["expected"].to_numpy(float),
            part["predicted_low"].to_numpy(float),
            part["predicted_high"].to_numpy(float),
            reference=part["score"].to_numpy(float),
            label="expected at its scale, 95 % of new models",
            reference_label="the model's score",
        )
        panels.append(Panel((rows,), "Score", "", title=str(heading), x_log=False))
    return Figure(panels, alt=alt)


def beside(one: Placing, *, title: str = "") -> Panel:
    """Placed models beside the reference models of one measure, against training compute.

    Parameters
    ----------
    one
        A placing by the law of compute, or of size and data where the table has compute.
    title
        Of the panel.
    """
    experiment, rows = one.expectation.experiment, one.expectation.rows.frame
    group = "arch_family" if "arch_family" in rows and rows["arch_family"].notna().all() else None
    layers: list = [Points(rows, "total_flops", "score", group=group)]
    if experiment.x == ["total_flops"]:
        x = np.geomspace(one.expectation.rows.x.min(), one.expectation.rows.x.max(), 120)[:, None]
        low, high = one.expectation.prediction(x)
        layers.append(
            Curve(x[:, 0] * experiment.unit[0], one.expectation.score(x), low, high, label="law", band="95 % of new models")
        )
    return Panel(layers, AXES["total_flops"], score_name(one.measure), title=title)
