"""A grid as a design: which networks it trains, before any is trained and without the images."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from vvslib.benchmarks import registry
from vvslib.errors import VvsError
from vvslib.sweep import nominal
from vvslib.sweep.grid import Grid
from vvslib.training.record import row
from vvslib.training.spec import RunSpec, plan

FACTS = ("arch", "arch_family", "dataset", "n_params", "n_samples", "samples_per_class", "n_samples_seen", "n_epochs", "seed")


def networks(grid: Grid) -> pd.DataFrame:
    """Every network that a grid trains.

    Parameters
    ----------
    grid
        Of the task that trains, on image sets whose size is known without them.

    Returns
    -------
    pandas.DataFrame
        One row a network, in the grid's order: model_id, block (its number, from 1), objective, the columns of the score table
        that training decides, n_steps, length_by ("steps" or "epochs"), total_flops.

    Raises
    ------
    VvsError
        For image sets of unknown size.
    """
    rows = []
    for number, parameters in _by_block(grid):
        spec = RunSpec.of(parameters)
        known = nominal.small(spec.images) or nominal.absent(spec.images, spec.per_class)
        if known is None:
            raise VvsError(f"the size of {spec.images} must be known without it; it is not: take {', '.join(nominal.SMALL)}")
        coming = plan(spec, known)
        facts = row(spec, coming, None)
        by = "steps" if parameters.get("recipe.steps") else "epochs"
        about = {"model_id": facts["model_id"], "block": number, "objective": spec.objective}
        about |= {key: facts[key] for key in FACTS} | {"n_steps": coming.steps, "length_by": by}
        rows.append(about | {"total_flops": float(coming.total_flops)})
    return pd.DataFrame(rows)


def _by_block(grid: Grid) -> Iterable[tuple[int, Mapping]]:
    """The parameters of every run, with the number of its block."""
    single = grid.model_dump()
    for number, block in enumerate(grid.blocks or [None], start=1):
        own = Grid(**(single | {"blocks": [] if block is None else [block.model_dump()]}))
        for parameters in own.expand():
            yield number, parameters


def blocks(grid: Grid, found: pd.DataFrame) -> pd.DataFrame:
    """What each block of a grid is for, and how many networks it trains.

    Returns
    -------
    pandas.DataFrame
        about, networks, architectures, n_samples, n_steps (as "least to most"), seeds, flops.
    """
    rows = []
    for number, block in enumerate(grid.blocks or [grid], start=1):
        own = found[found["block"] == number]
        spans = {name: _span(own[name]) for name in ("n_samples", "n_steps")}
        about = {"about": block.about, "networks": len(own), "architectures": own["arch"].nunique(), **spans}
        rows.append({**about, "seeds": own["seed"].nunique(), "flops": own["total_flops"].sum()})
    return pd.DataFrame(rows)


def _span(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def measures(grid: Grid) -> pd.DataFrame:
    """What the networks of a grid are scored on, and how.

    Returns
    -------
    pandas.DataFrame
        benchmark_name, region, metric, readout, networks ("at the end" or "after each epoch"; "some": not all of them;
        "resampled": over stimuli), untrained (seeds), is_simulated.
    """
    facts, rows = registry.facts(), []
    for wanted in grid.score:
        size = f"at {wanted.size} px" if wanted.size else ""
        pooled = f"pooled to {wanted.pool} × {wanted.pool}" if wanted.pool else ""
        projected = f"projected to {wanted.dimension}" if wanted.dimension else ""
        how = ", ".join(filter(None, (size, pooled, projected)))
        when = "at the end" if wanted.epochs == "last" else "after each epoch"
        when += f", {'some' if wanted.only else 'all'} resampled" if wanted.resamples else ", some" if wanted.only else ""
        for name in wanted.names:
            known = facts[name]
            about = {"benchmark_name": name, "region": known.region, "metric": known.metric, "readout": how}
            rows.append({**about, "networks": when, "untrained": wanted.untrained, "is_simulated": known.simulated})
    return pd.DataFrame(rows)


def half_width(seed_sd: float, pairs: int, level: float = 0.95) -> float:
    """Half the width that the interval of an effect will have if only seeds differ between pairs of networks.

    Parameters
    ----------
    seed_sd
        Standard deviation of a score over seeds, from a pilot.
    pairs
        Of independent networks that are compared.
    level
        Confidence, Student's t over pairs.

    Raises
    ------
    VvsError
        For fewer than two pairs, or a spread that is not positive.

    Examples
    --------
    >>> round(half_width(0.01, 6), 4)
    0.0148
    """
    from scipy import stats

    if pairs < 2 or not seed_sd > 0:
        raise VvsError(f"an interval needs at least 2 pairs and a positive spread; got {pairs} and {seed_sd}")
    return float(stats.t.ppf((1 + level) / 2, pairs - 1) * seed_sd * np.sqrt(2 / pairs))
