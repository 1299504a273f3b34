"""Budgets planned and models placed, as figures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from vvslib.figures import AXES, DASHES, HUES, SCORES
from vvslib.fits.hierarchical import Pooling
from vvslib.fits.objective import objective
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


def exponent_and_regret(
    limits: pd.DataFrame,
    exponents: pd.DataFrame,
    lost: pd.DataFrame,
    lost_single: pd.DataFrame,
    published: float,
    *,
    alt: str = "",
) -> Figure:
    """How sure an exponent of allocation is, and what the published rule loses where another fit is true.

    Parameters
    ----------
    limits
        `allocating.exponent_limits`.
    exponents
        `allocating.exponents` of the mean score.
    lost, lost_single
        `allocating.regrets` of one rule, for fits to the mean score and to single regions.
    published
        The published exponent, drawn as a line.
    alt
        Of the figure.
    """
    middle = limits["estimate"].iloc[0]
    choices = {"objectives": "families == 'all families' and law == 'chinchilla'", "forms": "families == 'all families'"}
    choices |= {"families left out": "families.str.startswith('without')", "all of these and selections": "families == families"}
    ranges = [(name, *exponents.query(query, engine="python")["exponent"].agg(["min", "max"])) for name, query in choices.items()]
    units = Estimates(
        [f"{name} resampled" for name in limits["unit"]],
        limits["estimate"].to_numpy(float),
        limits["low"].to_numpy(float),
        limits["high"].to_numpy(float),
        group=HUES[0],
        label="95 % limits",
    )
    spans = Estimates(
        [name for name, *_ in ranges],
        np.full(len(ranges), middle),
        [low for _, low, _ in ranges],
        [high for *_, high in ranges],
        group=HUES[1],
        label="range over choices",
    )
    left = Panel([units, spans], "Exponent of samples seen", "", x_log=False, lines=[Rule(published, axis="x")])
    curves = []
    wanted = (
        ("median of fits to the mean", lost, "median"),
        ("worst of these", lost, "max"),
        ("worst single region", lost_single, "max"),
    )
    for k, (label, frame, how) in enumerate(wanted):
        line = frame.groupby("total_flops")["regret"].agg(how)
        curves.append(Curve(line.index.to_numpy(float), line.to_numpy(float), label=label, group=HUES[k], dash=DASHES[k]))
    right = Panel(curves, AXES["total_flops"], "Score lost by the published rule")
    return Figure([left, right], columns=1, alt=alt)


def normalisation_and_spread(rules: pd.DataFrame, spread: pd.DataFrame, *, alt: str = "") -> Figure:
    """A plateau under several rules of normalisation, and what residuals are made of.

    Parameters
    ----------
    rules
        `measurement.by_normalisation`.
    spread
        `measurement.spread`.
    alt
        Of the figure.
    """
    plateaus = [
        Estimates(
            part["rule"].tolist(),
            part["asymptote"].to_numpy(float),
            part["low"].to_numpy(float),
            part["high"].to_numpy(float),
            group=HUES[k % len(HUES)],
            label=objective(str(name)).label,
        )
        for k, (name, part) in enumerate(rules.groupby("objective", sort=False))
    ]
    shares = [
        Estimates(
            part["measure"].tolist(),
            part["share"].to_numpy(float),
            np.full(len(part), np.nan),
            np.full(len(part), np.nan),
            group=HUES[(k + len(plateaus)) % len(HUES)],
            label=str(level),
        )
        for k, (level, part) in enumerate(spread.groupby("level", sort=False))
    ]
    left = Panel(plateaus, "Neural plateau Ŝ", "", x_log=False, title="The rule of the ceiling")
    right = Panel(shares, "Share of the variance about the law", "", x_log=False, title="What is left to the seed")
    return Figure([left, right], columns=1, height=720, alt=alt)


def family_levels(found: Pooling, x: float) -> pd.DataFrame:
    """Expected score of every family at one scale, by each way of pooling.

    Parameters
    ----------
    found
        Poolings of a law of one scale.
    x
        Scale, in the unit of the fit.

    Returns
    -------
    DataFrame
        family, n, pooled, partial, alone.
    """
    names = list(found.partial.groups)
    levels = found.misalignment(np.full(len(names), x), names)
    scores = {how: 1 - values for how, values in levels.items()}
    return pd.DataFrame({"family": names, "n": found.partial.n_rows, **scores})


def pooled_families(levels: pd.DataFrame) -> Panel:
    """Families by their own fits and with partial pooling, at one scale; a line at the law of all together."""
    unknown = np.full(len(levels), np.nan)
    layers = [
        Estimates(levels["family"].tolist(), levels[how].to_numpy(float), unknown, unknown, group=HUES[k], label=label)
        for k, (how, label) in enumerate((("alone", "its own fit"), ("partial", "partial pooling")))
    ]
    return Panel(layers, "Score", "", x_log=False, lines=[Rule(float(levels["pooled"].iloc[0]), axis="x")])


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
