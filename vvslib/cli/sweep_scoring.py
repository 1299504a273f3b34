"""Scoring what a store has trained, as ``vvs sweep`` and ``vvs score --store`` do it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vvslib.cli import sweep_output as output
from vvslib.sweep import driver, executors, planning, scoring
from vvslib.sweep.run import Run
from vvslib.sweep.scoring_options import Scoring
from vvslib.sweep.store import Store


def score(
    store: Store,
    runs: Sequence[Run] | None,
    wanted: Scoring,
    name: str,
    how: dict[str, Any],
    *,
    executor: str = "local",
    retries: int = 2,
    retry_failed: bool = False,
    part: bool = False,
) -> tuple[Path | None, int]:
    """Commit layers, score every network, write the score table; only what is missing is done.

    Parameters
    ----------
    store
        Where the networks lie.
    runs
        Training runs to score; all of the store when None.
    wanted
        On what, and how.
    name
        Of the sweep.
    how
        ``jobs``, ``threads`` and ``options`` of the executor.
    executor, retries, retry_failed
        As for `vvslib.sweep.driver.Driver`.
    part
        Whether the runs are only a part of what was asked for (`vvslib.sweep.store.Store.write_sweep`).

    Returns
    -------
    path : Path or None
        The score table; None where nothing was scored.
    wrong : int
        How many scoring runs failed.
    """
    trained = scoring.trained(store, runs)

    def drive(stage: str, stage_runs: list[Run]) -> None:
        store.write_sweep(stage, stage_runs, part)
        left = planning.missing(store, stage_runs, retry_failed)
        word = "to choose layers in, by all their layers" if stage.endswith("-layers") else "scored"
        recorded = len(stage_runs) - len(left)
        done = f", {recorded} recorded" if recorded else ""
        print(f"{stage}: {output.count(len(stage_runs), 'network')} {word} on {', '.join(wanted.benchmarks)}{done}", flush=True)
        if left:
            pool = executors.make(executor, store.folder, **how)
            with output.listener(len(stage_runs)) as listener:
                given = {"retries": retries, "retry_failed": retry_failed, "listener": listener}
                driver.drive(driver.Driver(store, pool, stage_runs, **given))

    scored, path = scoring.score_store(store, trained, wanted, name, drive)
    wrong = output.summary(store, scored)
    if path is not None:
        print(f"score table: {output.shown(path)}", flush=True)
    return path, wrong
