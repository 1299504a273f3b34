"""Scores as rows of the score table, and what is left out of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vvslib.benchmarks import Facts, Score
from vvslib.columns import COLUMNS
from vvslib.scoring.readings import Reading

CHOICES = {
    "named": "named",
    "committed": "committed",
    "best": "best of all on the same stimuli",
    "other": "best of all on other stimuli",
    "read-out": "feeds the classifier",
    "classifier": "the classifier",
}
"""What the column ``layer_choice`` says: how a layer came to be the one that stands in a row."""


@dataclass(frozen=True)
class Result:
    """One network's score in one benchmark, by one reading of the network.

    Attributes
    ----------
    benchmark
        What is known of the benchmark.
    reading
        What was taken of the network.
    score
        The score.
    notes
        What must be said beside it (`Benchmark.notes`).
    remembered
        Whether it was found before, and nothing was computed.
    """

    benchmark: Facts
    reading: Reading
    score: Score
    notes: tuple[str, ...] = ()
    remembered: bool = False


def row(columns: dict[str, Any], result: Result, choice: str, readout: str | None = None) -> dict[str, Any]:
    """A result as a row of the score table (`vvslib.columns`).

    Parameters
    ----------
    columns
        What the table says of the network, ``model_id`` among them.
    result
        The score.
    choice
        How the layer came to be the one: for the column ``layer_choice``.
    readout
        How features were reduced: for the column of that name; None where they were not.

    Returns
    -------
    dict
        Plain values; NaN is None.
    """
    facts, score = result.benchmark, result.score
    own = {
        "benchmark_name": facts.name,
        "region": facts.region,
        "score": score.value,
        "raw": score.raw,
        "raw_error": score.raw_error,
        **{f"raw_error_{over}": error for over, error in score.other_errors.items()},
        "ceiling": score.ceiling,
        "ceiling_kind": score.ceiling_kind or None,
        "score_error": score.error,
        "score_r2c": score.r2_over_c,
        "layer": result.reading.layer,
        "layer_choice": choice,
        "readout": readout if result.reading.kind != "classifier" else None,
        "normalisation": score.normalisation,
        "benchmark_version": str(facts.version),
        "is_simulated": facts.simulated,
        "scale": "sandbox" if facts.simulated else facts.scale,
    }
    flags = {name: False for name, column in COLUMNS.items() if column.kind == "flag"}
    return {**flags, **columns, **{key: _plain(value) for key, value in own.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return value
