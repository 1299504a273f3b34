"""This project's fits against the published procedure, side by side, in one run, on one core.

The published procedure (Gokce & Schrimpf 2025) minimises the same objective by scipy's BFGS with finite differences from every
point of a grid of starts: 150 for the saturating law, 750 for the shifted one, 4,500 for the two-variable one (the grid of
Hoffmann et al. 2022, appendix D.3, and its restriction to one variable). Here it is written anew, vectorised over rows.

The same resamples are solved by both. Where the grid is larger than --starts, that many of its points are drawn; the time is then
scaled by the size of the grid, and the loss is the best of the starts that were drawn.
"""

import argparse
import os
from itertools import product
from time import process_time

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.optimize import minimize

from vvslib import experiments, published, sources
from vvslib.errors import VvsError, suggest
from vvslib.experiments import Experiment, published_results
from vvslib.fits.bootstrap import bootstrap, row_weights
from vvslib.fits.laws import LAWS
from vvslib.fits.solver import fit

EXPERIMENTS = ("compute_neuro", "model_convnext_avg", "compute_chinchilla")
EXPONENTS, FLOORS, AMPLITUDES = (0.0, 0.5, 1.0, 1.5, 2.0), (-1.0, -0.5, 0.0, 0.5, 1.0), (0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
SHIFTS = (0.0, 3.0, 6.0, 9.0, 12.0)
"""Grid of starts: exponents; logarithms of E, of amplitudes, and of the shift (its five values are this project's choice)."""

PLANTED = {
    "saturating": {"E": 0.52, "A": 0.55, "alpha": 0.16},
    "shifted": {"E": 0.57, "A": 960.0, "alpha": 0.69, "shift": 8.7e4},
    "chinchilla": {"E": 0.52, "A": 0.18, "alpha": 0.58, "B": 0.5, "beta": 0.22},
}


def rows_of(experiment: Experiment, scores) -> tuple[np.ndarray, np.ndarray]:
    """Scale ``(n, k)`` and misalignment ``(n,)`` of an experiment; synthetic, of the same shape, where there is no table."""
    if scores is not None:
        rows = experiments.observe(scores, experiment)
        return rows.x, rows.L
    known = published_results()
    listed = known[(known.experiment == experiment.name) & (known.quantity == "n_rows")].value
    n = int(listed.iloc[0]) if len(listed) else 300
    rng = np.random.default_rng(n)
    scales = {"total_flops": (1, 7), "n_params": (0.2, 3.5), "n_samples_seen": (0.7, 4.6)}
    distinct = np.column_stack([10 ** rng.uniform(*scales[column], max(n // 3, 1)) for column in experiment.x])
    x = distinct[rng.integers(0, len(distinct), n)]  # seeds share their scale
    L = LAWS[experiment.law].function(*x.T, **PLANTED[experiment.law]) * np.exp(0.05 * rng.standard_t(3, n))
    return x, np.minimum(L, 0.999)


def starts(law: str) -> np.ndarray:
    """The grid of starts, ``(n_starts, p)``: 150, 750 or 4,500."""
    axes = {
        "saturating": (FLOORS, AMPLITUDES, EXPONENTS),
        "shifted": (FLOORS, AMPLITUDES, EXPONENTS, SHIFTS),
        "chinchilla": (FLOORS, AMPLITUDES, EXPONENTS, AMPLITUDES, EXPONENTS),
    }[law]
    return np.array(list(product(*axes)))


def objective(law: str, x: np.ndarray, L: np.ndarray, delta: float):
    """The published objective as a function of (log E, log A, α[, log s][, log B, β])."""
    u, y = np.log(x), np.log(L)

    def loss(theta):
        scale = np.logaddexp(u[:, 0], theta[3]) if law == "shifted" else u[:, 0]
        predicted = np.exp(theta[0]) + np.exp(theta[1] - theta[2] * scale)
        if law == "chinchilla":
            predicted += np.exp(theta[3] - theta[4] * u[:, 1])
        size = np.abs(np.log(predicted) - y)
        clipped = np.minimum(size, delta)
        return np.sum(clipped * (size - clipped / 2))

    return loss


def published_procedure(experiment: Experiment, x, L, grid) -> tuple[float, float]:
    """Lowest loss over the starts, and CPU seconds for them."""
    began, lowest = process_time(), np.inf
    loss = objective(experiment.law, x, L, experiment.delta)
    with np.errstate(all="ignore"):
        for start in grid:
            end = minimize(loss, start, method="BFGS")
            if end.x[2] > 0 and end.fun < lowest:  # NaN is not below
                lowest = float(end.fun)
    return lowest, process_time() - began


def compare(experiment: Experiment, scores, n_resamples: int, n_compared: int, n_starts: int, seed: int) -> dict:
    """One experiment by both: CPU seconds per resample, and by how much the losses of the same resamples differ."""
    x, L = rows_of(experiment, scores)
    began = process_time()
    found = fit(experiment.law, x, L, delta=experiment.delta)
    weights = row_weights(len(L), n_resamples, seed)
    many = bootstrap(found, x, L, weights)
    ours = (process_time() - began) / n_resamples
    grid, rng = starts(experiment.law), np.random.default_rng(seed)
    share = 1.0
    if 0 < n_starts < len(grid):
        share = n_starts / len(grid)
        grid = rng.permutation(grid)[:n_starts]
    seconds, excess = [], []
    for r in range(min(n_compared, n_resamples)):
        drawn = np.repeat(np.arange(len(L)), weights[r].astype(int))
        lowest, took = published_procedure(experiment, x[drawn], L[drawn], grid)
        seconds.append(took / share)
        excess.append(many.losses[r] / lowest - 1)
    return {
        "experiment": experiment.name,
        "law": experiment.law,
        "n": len(L),
        "starts": f"{len(grid):,} of {len(starts(experiment.law)):,}",
        "published": float(np.mean(seconds)),
        "ours": ours,
        "ratio": float(np.mean(seconds)) / ours,
        "worst": float(np.max(excess)),
        "best": float(np.min(excess)),
    }


def table_of(results: list[dict]) -> Table:
    """The comparison as people read it."""
    table = Table("experiment", "law", box=None, pad_edge=False)
    for name in ("n", "starts timed", "published, s/resample", "here, s/resample", "ratio", "loss here / published − 1"):
        table.add_column(name, justify="right")
    for one in results:
        table.add_row(
            one["experiment"],
            one["law"],
            str(one["n"]),
            one["starts"],
            f"{one['published']:.3g}",
            f"{one['ours']:.3g}",
            f"{one['ratio']:,.0f}",
            f"{one['best']:+.1e} … {one['worst']:+.1e}",
        )
    return table


def total_seconds(wanted: dict[str, Experiment], scores, n_resamples: int, seed: int) -> float:
    """CPU seconds of the fit and the resamples of every experiment, one after the other."""
    began = process_time()
    for one in track(wanted.values(), "all fits", console=Console(stderr=True), transient=True):
        x, L = rows_of(one, scores)
        bootstrap(fit(one.law, x, L, delta=one.delta), x, L, row_weights(len(L), n_resamples, seed))
    return process_time() - began


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="*", default=list(EXPERIMENTS), help="experiments to compare on: %(default)s")
    parser.add_argument("--bootstraps", type=int, default=1000, metavar="K", help="resamples solved here (%(default)s)")
    parser.add_argument("--compared", type=int, default=2, metavar="R", help="resamples solved by both (%(default)s)")
    parser.add_argument("--starts", type=int, default=100, metavar="N", help="starts timed at most, 0 for all (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, metavar="S", help="seed of the resamples (%(default)s)")
    parser.add_argument("--no-total", action="store_true", help="leave out the total of all published experiments")
    return parser.parse_args(words)


def main() -> None:
    """Compare, and print."""
    asked = parse()
    known = experiments.load_all()
    for name in asked.experiments:
        if name not in known:
            raise VvsError(f"experiment {name!r} is unknown: {suggest(name, known)}")
    if asked.bootstraps < 1 or asked.compared < 1 or asked.starts < 0:
        raise VvsError("--bootstraps and --compared must be 1 or more, --starts 0 or more")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    console = Console(highlight=False, width=max(Console().width, 140))
    scores = published.scores() if sources.locate(published.SOURCE) else None
    console.print(
        "rows: the published table"
        if scores is not None
        else "rows: SYNTHETIC, of the published experiments' shapes, because the published table was not found; `vvs fetch "
        f"{published.SOURCE}` gets it"
    )
    for law in PLANTED:  # compiled before anything is timed
        x, L = rows_of(next(one for one in known.values() if one.law == law), None)
        bootstrap(fit(law, x, L), x, L, row_weights(len(L), 2))
    results = []
    for name in track(asked.experiments, "comparing", console=Console(stderr=True), transient=True):
        results.append(compare(known[name], scores, asked.bootstraps, asked.compared, asked.starts, asked.seed))
    console.print(table_of(results))
    console.print(
        f"CPU seconds on one core. {asked.compared} resamples by the published procedure: its time SCALED from the starts timed "
        "to the whole grid, its loss the best of the starts timed. "
        f"{asked.bootstraps:,} resamples here, the fit of all rows included.",
        soft_wrap=True,
    )
    if not asked.no_total:
        wanted = {name: one for name, one in known.items() if not name.startswith("ccn_")}
        seconds = total_seconds(wanted, scores, asked.bootstraps, asked.seed)
        console.print(f"all {len(wanted)} published experiments × {asked.bootstraps:,} resamples: {seconds:.1f} CPU seconds here")


if __name__ == "__main__":
    try:
        main()
    except VvsError as error:
        raise SystemExit(f"error: {error}") from None
