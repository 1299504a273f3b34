"""A fit as people read it in a terminal: what it found, and in words what it does not know."""

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from vvslib.plotting.labels import number

if TYPE_CHECKING:
    from vvslib.refit import Refit

EXPLAINED = {
    "E": "E → 0: the asymptote Ŝ = 1 is the law's bound, and percentile intervals are not valid there",
    "alpha": "alpha at the end of its range",
    "shift": "shift = 0: the plain saturating law",
}


def show(found: "Refit") -> None:
    """Print one fit."""
    console, one = Console(highlight=False), found.fit
    console.print(f"[bold]{found.name}[/]  {found.experiment.about}")
    scales = ", ".join(f"{c} / {u:g}" for c, u in zip(found.experiment.x, found.experiment.unit, strict=True))
    console.print(f"{one.law} law in {scales}; {one.n} models; Huber δ = {one.delta:g}; loss {one.loss:.6g}", end="; ")
    console.print("converged" if one.converged else "[bold]not converged[/]")
    console.print(_parameters(found))
    for line in remarks(found):
        console.print(f"• {line}")


def _parameters(found: "Refit") -> Table:
    table = Table("", "value", "median", "95 % interval", "within 1 % of the loss")
    one = found.fit
    values = dict(one.parameters) | ({} if one.asymptote is None else {"asymptote": one.asymptote})
    if found.allocation is not None:
        values |= {name: float(getattr(found.allocation, name)) for name in ("N_exponent", "D_exponent", "G")}
    for name, value in values.items():
        interval = found.interval(name) if found.bootstrap is not None and _has_interval(found, name) else {}
        limits = _span(interval["low"], interval["high"]) if interval else ""
        within = found.ranges.within.get(name)
        table.add_row(
            name,
            "no meaning" if value is None or not identified_size(value) else number(value, 4),
            _one(interval.get("median")) if interval else "",
            limits,
            _span(*within) if within else "",
        )
    return table


def _has_interval(found: "Refit", name: str) -> bool:
    return name in found.bootstrap.parameters or name == "asymptote" or found.allocations is not None


def identified_size(value: float) -> bool:
    """Whether a number is of a size that can mean something: amplitudes on the way to infinity are not printed.

    Examples
    --------
    >>> identified_size(0.5), identified_size(1e142)
    (True, False)
    """
    return abs(value) < 1e15


def _one(value: float) -> str:
    if math.isinf(value) or not identified_size(value):
        return "∞"
    return number(value, 4)


def _span(low: float, high: float) -> str:
    return f"{_one(low)} … {_one(high)}"


def remarks(found: "Refit") -> list[str]:
    """What a reader must know of a fit, in sentences."""
    one, lines = found.fit, []
    if one.limit == "exponential":
        e = one.exponential
        lines.append(
            "alpha and shift run to infinity: the fit is the saturating exponential "
            f"L = {e['E']:.4g} + {e['B']:.4g}·exp(−{e['rate']:.4g}·x); A, alpha and shift have no meaning"
        )
    else:
        lines += [EXPLAINED.get(name, f"{name} sits at the end of its range") for name in one.at_bound]
    open_ = [name for name in found.ranges.not_identified if one.limit is None or name == "E"]
    if open_:
        lines.append(f"not identified (range within 1 % of the loss is open or too wide): {', '.join(open_)}")
    if found.allocation is not None:
        a = found.allocation
        lines.append(
            f"tenfold compute: {10 ** float(a.N_exponent):.2f} × parameters, {10 ** float(a.D_exponent):.2f} × samples seen "
            f"(log C on log N·D has slope {a.relation.n:.3f})"
        )
    if found.bootstrap is not None:
        lines.append(f"{len(found.bootstrap.losses)} resamples in {found.bootstrap.seconds:.2f} CPU seconds")
    return lines


def show_all(found: "list[Refit]") -> None:
    """Print many fits, one line each."""
    table = Table("experiment", "law", "n", "loss", "Ŝ", "95 %", "at bound", "not identified")
    for one in found:
        asymptote = one.fit.asymptote
        interval = one.interval("asymptote") if one.bootstrap is not None and asymptote is not None else None
        table.add_row(
            one.name,
            one.fit.limit or one.fit.law,
            str(one.fit.n),
            f"{one.fit.loss:.6g}",
            "" if asymptote is None else f"{asymptote:.3f}",
            "" if interval is None else f"{interval['low']:.3f} … {interval['high']:.3f}",
            ", ".join(one.fit.at_bound),
            ", ".join(one.ranges.not_identified),
        )
    Console(highlight=False).print(table)
