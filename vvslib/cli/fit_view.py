"""What ``vvs fit`` shows: a refit in words and numbers, as a picture, and its resamples as a file."""

import io
import json
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from vvslib import figures, refit
from vvslib.errors import VvsError
from vvslib.fits import coordinates
from vvslib.plotting import Figure, interactive, static
from vvslib.plotting.labels import number
from vvslib.refit import Refit

FORMULAE = {
    "power": "L = A·x^(−alpha)",
    "saturating": "L = E + A·x^(−alpha)",
    "shifted": "L = E + A·(x + shift)^(−alpha)",
    "chinchilla": "L = E + A·N^(−alpha) + B·D^(−beta)",
    "loglinear": "L = intercept − slope·log10 x",
}
EXPONENTIAL = "L = E + B·exp(−rate·x)"
ALLOCATION = {
    "N_exponent": "N* ∝ C^",
    "D_exponent": "D* ∝ C^",
    "a": "a, N* ∝ (N·D)^a",
    "b": "b, D* ∝ (N·D)^b",
    "G": "G, balance of N against D",
}
AT_ZERO = 1e-6
"""A resample's E below this sits at the bound."""


def show(found: Refit, resampling: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a refit for people.

    Parameters
    ----------
    found
        The refit.
    resampling
        bootstraps, seed and clusters, as asked for.
    console
        Where to; standard output when None.
    """
    console = console or _console()
    say = _plain(console)
    fit, experiment = found.fit, found.experiment
    say(f"{found.name}{': ' + experiment.about if experiment.about else ''}", style="bold")
    scales = zip(("x",) if len(experiment.x) == 1 else ("N", "D"), experiment.x, experiment.unit, strict=True)
    units = ", ".join(f"{symbol} = {column} / {unit:g}" for symbol, column, unit in scales)
    objective = "least squares" if np.isinf(fit.delta) else f"Huber delta {fit.delta:g}"
    say(f"{fit.n} models; {EXPONENTIAL if fit.limit else FORMULAE[fit.law]}; {units}; {objective} of log L")
    console.print(_parameters(found))
    if found.allocation is not None:
        console.print(_allocation(found))
    state = "converged" if fit.converged else "NOT converged: the minimum may lie lower"
    say(f"loss {fit.loss:.6g}, {state}")
    if found.bootstrap is not None:
        unit = "models" if not resampling.get("clusters") else f"whole values of {', '.join(resampling['clusters'])}"
        taken = found.bootstrap.seconds
        say(f"{len(found.bootstrap.losses)} resamples of {unit}, seed {resampling.get('seed')}, {taken:.1f} CPU seconds")
    for note in notes(found):
        say(f"* {note}")


def notes(found: Refit) -> list[str]:
    """What must be known before the numbers of a refit are used, a sentence each.

    Parameters
    ----------
    found
        The refit.

    Returns
    -------
    list of str
        Bounds met, limits reached, parameters not identified, other minima nearly as low, no allocation.
    """
    fit, said = found.fit, []
    if "E" in fit.at_bound:
        said.append("The fit runs to E → 0: Ŝ = 1 is a bound, the percentile interval is not valid there.")
    elif found.bootstrap is not None and "E" in found.bootstrap.parameters:
        share = float(np.mean(found.bootstrap.parameters["E"] < AT_ZERO))
        if share >= 0.025:
            said.append(f"{share:.0%} of the resamples run to E → 0: the upper limit of Ŝ is a bound, not an estimate.")
    if fit.limit == "exponential":
        said.append(f"The law runs to its exponential limit, {EXPONENTIAL}: A, alpha and shift have no meaning, E and Ŝ have.")
    elif "shift" in fit.at_bound:
        said.append("The fit runs to shift → 0: it is the saturating law.")
    for name in sorted(set(fit.at_bound) - {"E", "shift"} if fit.limit is None else ()):
        said.append(f"{name} sits at an end of its range: its term does not matter, or the rows do not vary enough.")
    lost = [name for name in found.ranges.not_identified if fit.limit is None or name == "E"]
    if lost:
        said.append(f"Not identified (the range within 1 % of the loss is open or too wide): {', '.join(lost)}.")
    said += _other_minima(found)
    if fit.law == "chinchilla" and found.allocation is None:
        said.append("No compute-optimal allocation: it takes N = n_params, D = samples, a column total_flops, and both terms.")
    return said


def _other_minima(found: Refit) -> list[str]:
    """Local minima within 1 % of the loss that say something else about the asymptote."""
    fit = found.fit
    if fit.asymptote is None or not fit.loss > 0:
        return []
    asymptotes = 1 - coordinates.parameters(fit.law, fit.minima, fit.reference)["E"]
    rise = fit.minima_losses / fit.loss - 1
    said, told = [], [fit.asymptote]
    for value, above in zip(asymptotes, rise, strict=True):
        if above <= 0.01 and min(abs(value - one) for one in told) > 0.05:
            told.append(value)
            said.append(f"Another minimum, only {above:.2%} above in loss, has Ŝ = {number(value)}.")
    return said


def _parameters(found: Refit) -> Table:
    table = _table("", "value", "median", "95 % interval", "within 1 % of the loss", "")
    fit, names = found.fit, list(found.parameters)
    values: dict[str, float | None] = dict(found.parameters)
    if fit.limit == "exponential":
        names, values = ["E", "B", "rate"], fit.exponential
    if fit.asymptote is not None:
        names, values = ["asymptote", *names], values | {"asymptote": fit.asymptote}
    for name in names:
        twin = "E" if name == "asymptote" else name
        known = found.bootstrap is not None and name in (*found.bootstrap.parameters, "asymptote")
        interval = found.interval(name) if known and not (fit.limit and name == "B") else None
        remark = "at its bound" if twin in fit.at_bound else "not identified" if twin in found.ranges.not_identified else ""
        table.add_row(
            "Ŝ" if name == "asymptote" else name,
            "no meaning" if values[name] is None else _number(values[name]),
            "" if interval is None else _number(interval["median"]),
            "" if interval is None else _span(interval["low"], interval["high"]),
            _span(*found.within[name]) if name in found.within else "",
            remark,
        )
    return table


def _allocation(found: Refit) -> Table:
    table = _table("compute-optimal", "value", "median", "95 % interval")
    for name, words in ALLOCATION.items():
        interval = found.interval(name) if found.allocations is not None else None
        table.add_row(
            words,
            _number(float(getattr(found.allocation, name))),
            "" if interval is None else _number(interval["median"]),
            "" if interval is None else _span(interval["low"], interval["high"]),
        )
    relation = found.allocation.relation
    table.caption = f"C = {_number(relation.m)} FLOP · (N·D)^{relation.n:.3f}, N and D in the units above"
    return table


def show_all(found: Sequence[Refit], console: Console | None = None) -> None:
    """Print refits as a table, a line each."""
    console = console or _console()
    table = _table("experiment", "n", "law", "loss", "Ŝ", "95 % interval", "exponents", "to be known")
    for one in found:
        fit = one.fit
        known = one.bootstrap is not None and fit.asymptote is not None
        interval = one.interval("asymptote") if known else None
        exponents = [one.parameters[name] for name in ("alpha", "beta", "slope") if name in one.parameters]
        table.add_row(
            one.name,
            str(fit.n),
            fit.law,
            f"{fit.loss:.4g}",
            "" if fit.asymptote is None else _number(fit.asymptote),
            "" if interval is None else _span(interval["low"], interval["high"]),
            ", ".join("–" if value is None else _number(value) for value in exponents),
            _brief(one),
        )
    console.print(table)
    if any("E" in one.fit.at_bound for one in found):
        _plain(console)("E → 0: Ŝ = 1 is a bound there, and the percentile interval is not valid.")


def _brief(found: Refit) -> str:
    fit = found.fit
    said = [] if fit.converged else ["not converged"]
    if "E" in fit.at_bound:
        said.append("E → 0")
    if fit.limit:
        return ", ".join([*said, "exponential limit"])
    lost = [name for name in found.ranges.not_identified if name not in fit.at_bound]
    return ", ".join([*said, *([f"not identified: {' '.join(lost)}"] if lost else [])])


def image(found: Refit, suffix: str) -> bytes:
    """A refit as a picture: models, fitted curve, 95 % band; for the two-variable law, the compute-optimal path.

    Parameters
    ----------
    found
        The refit.
    suffix
        ``.png``, ``.svg`` or ``.html`` (one file, works with the network off).

    Raises
    ------
    VvsError
        For a fit of the two-variable law without an allocation.
    """
    figure = _figure(found)
    if suffix != ".html":
        return static.render(figure)[suffix.removeprefix(".")]
    (package,) = find_spec("plotly").submodule_search_locations
    script = (Path(package) / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    title = json.dumps(found.name)[1:-1].replace("<", "&lt;")
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="color-scheme" content="light dark"><title>{title}</title><style>body{{max-width:60rem;margin:1rem auto;'
        f"font-family:sans-serif}}</style><script>{script}</script></head>\n<body><h1>{title}</h1>\n"
        f"{interactive.fragment(interactive.plotly(figure), 'fit')}</body></html>\n"
    )
    return page.encode()


def _figure(found: Refit) -> Figure:
    if found.experiment.law == "chinchilla":
        if found.allocation is None:
            raise VvsError(f"{found.name} has no compute-optimal allocation to draw; leave --plot out. " + " ".join(notes(found)))
        return figures.allocation_plane(found)
    frame = found.observations.frame
    complete = [c for c in ("arch_family", "dataset") if c in frame and frame[c].notna().all()]
    group = "arch_family" if "arch_family" in complete else None
    fill = "dataset" if "dataset" in complete and frame["dataset"].nunique() <= 4 else None
    return figures.scaling([figures.panel([found], [f"{found.fit.law} law"], title=found.name, group=group, fill=fill)])


def draws(found: Refit, suffix: str) -> bytes:
    """The resamples of a refit as the bytes of a ``.parquet`` or ``.csv`` file: index, loss, converged, parameters, asymptote."""
    frame = refit.draws(found)
    if suffix == ".csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return stream.getvalue()


def _console() -> Console:
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=120)


def _plain(console: Console):
    """Print text as it stands, without markup or colours for numbers."""
    return lambda text, **style: console.print(text, markup=False, highlight=False, **style)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if 0 < i < 4 and column not in ("law",) else "left", no_wrap=i < 2)
    return table


def _number(value: float) -> str:
    return "0" if abs(value) < 1e-9 else number(value)


def _span(low: float, high: float) -> str:
    return f"[{_number(low)}, {_number(high)}]"
