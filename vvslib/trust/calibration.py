"""Coverage by simulation on an experiment's real design: parallel, and resumed where it was interrupted.

Each simulated table is one line of a file, written as it is done; a second call reads what is there and does the rest. The first
line names everything the tables depend on, so that tables of another design are never mixed in.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, Observations
from vvslib.fits.laws import law as look_up
from vvslib.fits.limits import AsymptoteTest
from vvslib.fits.simulation import METHODS, Design, design, effects, judge, quantity, summarise
from vvslib.fits.solver import fit
from vvslib.trust import kept
from vvslib.trust.units import NESTED, UNITS, labels, nested


def design_of(
    rows: Observations, experiment: Experiment, *, clusters: str = "architectures", truth: float | None = None, seed: int = 42
) -> Design:
    """The design of an experiment: its rows' scales and clusters, its fit for truth, effects from its residuals.

    Parameters
    ----------
    rows, experiment
        What is simulated.
    clusters
        Unit that the recommended intervals take whole.
    truth
        Plant this asymptote instead of the fitted one, in the saturating law: it is fitted with the asymptote held, and effects
        are those of its residuals; 1 plants no plateau at all.
    seed
        Of the tables.

    Raises
    ------
    VvsError
        For a unit that the table has no columns for, or an asymptote planted in another law.
    """
    found = fit(experiment.law, rows.x, rows.L, delta=experiment.delta)
    own = labels(rows, UNITS[clusters]) if clusters in UNITS else None
    if own is None or clusters not in NESTED:
        raise VvsError(f"clusters must be one of {', '.join(NESTED)}; got {clusters!r}")
    levels = nested(rows)
    made = design(found, rows.x, rows.L, levels, clusters, seed=seed)
    if truth is None:
        return made
    if experiment.law != "saturating":
        raise VvsError(f"an asymptote can be planted in the saturating law; {experiment.name} follows {experiment.law!r}")
    if not truth <= 1:
        raise VvsError(f"a planted asymptote must be at most 1, which plants none; got {truth}")
    held = _held(rows, experiment, truth)
    residual = np.log(rows.L) - np.log(look_up("saturating").function(rows.x[:, 0], **held))
    return Design(made.law, held, made.x, made.levels, effects(residual, made.levels), made.delta, made.space, clusters, seed)


def _held(rows: Observations, experiment: Experiment, asymptote: float) -> dict[str, float]:
    """Parameters of the saturating law fitted with its asymptote held."""
    test = AsymptoteTest(rows.x, rows.L, delta=experiment.delta, n_draws=1)
    E, a, m = test.held(asymptote)
    return {"E": float(E), "A": float(np.exp(a)), "alpha": float(m)}


def calibrate(
    one: Design,
    path: Path,
    *,
    name: str = "asymptote",
    tables: int = 500,
    methods: tuple[str, ...] = METHODS,
    resamples: int = 200,
    draws: int = 199,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, dict[str, float]]:
    """Simulate tables and count how often each interval holds the truth; tables already in the file are not drawn again.

    Parameters
    ----------
    one
        The design.
    path
        A ``.jsonl`` file: a first line that names the design, then one line a table.
    name, methods, resamples, draws
        As in `simulation.judge`.
    tables
        How many in all.
    jobs
        Processes.
    progress
        Told how many tables are there, whenever one more is.

    Returns
    -------
    dict
        `simulation.summarise` of the first `tables` tables.

    Raises
    ------
    VvsError
        When the file holds tables of another design, or the numbers make no sense.
    """
    if tables < 1 or jobs < 1 or resamples < 20 or draws < 19:
        raise VvsError(
            f"tables and jobs must be 1 or more, resamples 20, draws 19; got {tables}, {jobs}, {resamples} and {draws}"
        )
    quantity(one.parameters, name)
    header = {"design": fingerprint(one), "quantity": name, "methods": list(methods), "resamples": resamples, "draws": draws}
    known = _read(path, header)
    todo = [index for index in range(tables) if index not in known]
    work = partial(judge, one, name=name, methods=methods, resamples=resamples, draws=draws)
    if todo:
        with path.open("a", encoding="utf-8") as file:
            if not known and file.tell() == 0:
                file.write(json.dumps(header) + "\n")
            for row in _judged(work, todo, jobs):
                known[int(row["index"])] = row
                file.write(json.dumps(row) + "\n")
                file.flush()
                progress(len(known))
    return summarise([known[index] for index in range(tables)])


def _judged(work, todo: list[int], jobs: int):
    if jobs == 1:
        yield from map(work, todo)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, todo)


DIGITS = 4
"""Significant digits of a design's numbers in its fingerprint: the last ones of what is fitted hang on the processor."""


def fingerprint(one: Design) -> str:
    """Digest of everything a design's tables depend on; fitted numbers to `DIGITS`."""
    told = [one.law, one.parameters, one.effects.of, one.effects.row, one.delta, one.space, one.clusters, one.seed]
    digest = hashlib.sha256(json.dumps(_rounded(told), sort_keys=True).encode())
    digest.update("|".join(f"{value:.8g}" for value in np.ravel(one.x)).encode())
    for name, own in one.levels.items():
        digest.update(json.dumps([name, own.tolist()]).encode())
    return digest.hexdigest()[:16]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else value


def _read(path: Path, header: dict) -> dict[int, dict[str, float]]:
    """Tables that the file holds; a last line that was cut off is dropped."""
    if not path.exists() or path.stat().st_size == 0:
        return {}
    text = path.read_bytes()
    if not text.endswith(b"\n"):
        text = text[: text.rfind(b"\n") + 1]
        path.write_bytes(text)
    lines = text.decode("utf-8").splitlines()
    if not lines:
        return {}
    try:
        first, rows = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
    except json.JSONDecodeError:
        raise VvsError(f"{path} is not a file of simulated tables; name another, or delete it") from None
    if first != header:
        apart = [key for key in header if not isinstance(first, dict) or first.get(key) != header[key]]
        raise VvsError(f"{path} holds tables of another simulation ({', '.join(apart)} differ); name another file, or delete it")
    return {int(row["index"]): row for row in rows}


def kept_summary(
    one: Design,
    label: str,
    store: Path,
    *,
    name: str,
    tables: int,
    methods: tuple[str, ...],
    resamples: int,
    draws: int,
    recompute: bool = False,
    jobs: int = 1,
    **more,
) -> dict[str, dict[str, float]]:
    """`calibrate`, read where its summary is kept (`kept.kept`); computing it takes minutes to an hour.

    Parameters
    ----------
    one, name, tables, methods, resamples, draws, jobs
        As in `calibrate`.
    label
        Name of the summary.
    store
        File of the single tables, where they have to be drawn.
    recompute, more
        As in `kept.kept`.
    """  # fmt: skip
    asked = {"name": name, "tables": tables, "methods": list(methods), "resamples": resamples, "draws": draws}
    key = {"design": fingerprint(one), "code": kept.of_code(), **asked}
    compute = partial(calibrate, one, store, **(asked | {"methods": methods, "jobs": jobs}))
    return kept.kept(f"coverage_{label}", key, compute, recompute=recompute, **more)


def coverages(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> pd.DataFrame:
    """Summaries as a table: one row per design and interval.

    Parameters
    ----------
    found
        Name of the design → `simulation.summarise`.

    Returns
    -------
    DataFrame
        of, interval, coverage, error, low, high (95 %, of the Monte-Carlo error), width (median), tables.

    Examples
    --------
    >>> one = {"estimate": {"n": 100.0}, "rows": {"coverage": 0.9, "error": 0.03, "width": 0.1}}
    >>> coverages({"a": one})[["of", "interval", "coverage", "tables"]].to_numpy().tolist()
    [['a', 'rows', 0.9, 100.0]]
    """
    lines = []
    for name, one in found.items():
        for method in METHODS:
            if method in one:
                coverage, error = one[method]["coverage"], one[method]["error"]
                limits = {"low": max(coverage - 1.96 * error, 0.0), "high": min(coverage + 1.96 * error, 1.0)}
                width, n = one[method].get("width", np.nan), one["estimate"]["n"]
                lines.append({"of": name, "interval": method, "coverage": coverage, "error": error} | limits)
                lines[-1] |= {"width": width, "tables": n}
    return pd.DataFrame(lines)


def estimates(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> pd.DataFrame:
    """What was put in and what came out: of, truth, mean, median, bias, spread, power (NaN without a test)."""
    columns = ("truth", "mean", "median", "bias", "spread")
    return pd.DataFrame(
        [
            {"of": name, **{k: one["estimate"][k] for k in columns}, "power": one.get("test", {}).get("power", np.nan)}
            for name, one in found.items()
        ]
    )
