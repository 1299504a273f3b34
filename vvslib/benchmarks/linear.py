"""Benchmarks of neurons: responses predicted from features by a linear map."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vvslib.benchmarks.benchmark import BOTH, N_RESAMPLES, STIMULI, Benchmark, Facts, Features, Score
from vvslib.benchmarks.stimuli import Stimuli
from vvslib.errors import VvsError
from vvslib.metrics import pls
from vvslib.metrics.ceilings import Ceiling
from vvslib.metrics.linear import linear_predictivity
from vvslib.metrics.scores import NeuroidScore
from vvslib.metrics.uncertainty import over_neuroids


@dataclass(frozen=True)
class Recording:
    """The neuroids that were recorded together.

    Attributes
    ----------
    name
        Of the session.
    stimuli
        What was shown.
    responses
        Averaged over trials, ``(n_stimuli, n_neuroids)``.
    ceiling
        Of its neuroids.
    neuroids
        Their names.
    """

    name: str
    stimuli: Stimuli
    responses: NDArray[np.float64] = field(repr=False)
    ceiling: Ceiling = field(repr=False)
    neuroids: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        n_stimuli, n_neuroids = np.shape(self.responses)
        if n_stimuli != len(self.stimuli):
            raise VvsError(f"{self.name}: {len(self.stimuli)} stimuli and responses to {n_stimuli}; they must be as many")
        if self.ceiling.r.shape[1] != n_neuroids:
            raise VvsError(f"{self.name}: {n_neuroids} neuroids and ceilings of {self.ceiling.r.shape[1]}; they must be as many")


class LinearBenchmark(Benchmark):
    """Neuroids of one recording, or of several pooled: each is predicted within its own, and the median is over all of them.

    Parameters
    ----------
    facts
        What it is.
    recordings
        One or several; each has its own stimuli.
    mapping
        "pls" or "ridge".
    """

    takes_gram = True

    def __init__(self, facts: Facts, recordings: Sequence[Recording], mapping: str) -> None:
        if not recordings:
            raise VvsError(f"{facts.name}: a benchmark of neurons must have at least one recording; got none")
        self.facts, self.recordings, self.mapping = facts, tuple(recordings), mapping
        self.stimuli = tuple(recording.stimuli for recording in self.recordings)
        self._ceilings = NeuroidScore(np.hstack(_alike([recording.ceiling.r for recording in self.recordings])))

    @property
    def least_features(self) -> int:
        """PLS takes as many components as there must be features at least."""
        return pls.N_COMPONENTS if self.mapping == "pls" else 1

    @property
    def n_neuroids(self) -> int:
        """Of all recordings together."""
        return self._ceilings.r.shape[1]

    @property
    def ceiling(self) -> float:
        """Mean over splits of the median over neuroids, as the raw score is made; NaN where no ceiling is known.

        Recordings whose ceilings were found in different numbers of splits count by their mean over splits.
        """
        return self._ceilings.value

    def recorded(self) -> list[NDArray]:
        """Responses and ceilings."""
        return [array for recording in self.recordings for array in (recording.responses, recording.ceiling.r)]

    @property
    def ceiling_kind(self) -> str:
        """Of the recordings; where they differ, all kinds. Nothing is said of recordings whose ceiling is not known."""
        return " and ".join(dict.fromkeys(one.ceiling.kind for one in self.recordings if one.ceiling.kind))

    def part(self, kept: Sequence[NDArray[np.int64]]) -> "LinearBenchmark":
        """The same neuroids and their ceilings, on some of the stimuli."""
        parts = [
            replace(recording, stimuli=recording.stimuli.part(rows), responses=recording.responses[rows])
            for recording, rows in zip(self.recordings, kept, strict=True)
        ]
        part = LinearBenchmark(self.facts, parts, self.mapping)
        part.notes = self.notes
        return part

    def score(self, features: Sequence[Features]) -> Score:
        """Score features by how well they predict the responses; `other_errors` holds those over neuroids and stimuli."""
        if len(features) != len(self.recordings):
            raise VvsError(f"{self.name}: features must be of {len(self.recordings)} sets of stimuli; got {len(features)}")
        parts, rng = [], np.random.default_rng(0)
        for one, recording in zip(features, self.recordings, strict=True):
            names = recording.neuroids or None
            objects = recording.stimuli.objects
            options = {"objects": objects, "mapping": self.mapping, "neuroids": names, "n_resamples": N_RESAMPLES, "rng": rng}
            parts.append(linear_predictivity(one, recording.responses, **options))
        drawn = np.concatenate([part.resampled for part in parts], axis=2)
        found = NeuroidScore(np.hstack([part.r for part in parts]), resampled=drawn)
        resampled = over_neuroids(found.r, N_RESAMPLES, rng)
        return Score(
            raw=found.value,
            raw_error=found.error,
            ceiling=self.ceiling,
            ceiling_kind=self.ceiling_kind,
            other_errors={"neuroids": float(resampled.std(ddof=1)), "stimuli": found.error_over_stimuli},
            resamples={STIMULI: found.by_resample, BOTH: found.with_other_neuroids(rng)},
            by_neuroid=found.by_neuroid,
            ceiling_by_neuroid=self._ceilings.by_neuroid,
        )


def _alike(ceilings: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Ceilings with as many rows each: their splits where these are as many, their means over splits otherwise."""
    if len({len(r) for r in ceilings}) == 1:
        return list(ceilings)
    return [NeuroidScore(r).by_neuroid[None] for r in ceilings]
