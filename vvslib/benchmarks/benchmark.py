"""The protocol of a benchmark, and the score that it gives."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vvslib.benchmarks.stimuli import Stimuli
from vvslib.errors import VvsError
from vvslib.metrics.ceilings import Normalisation, normalise, normalised_error
from vvslib.metrics.gram import Gram

N_RESAMPLES = 200
"""Of neuroids and of stimuli, for the errors over them."""

STIMULI, BOTH = "stimuli", "stimuli and neuroids"
"""What `Score.resamples` draw anew."""

Rule = Literal["r/c squared", "r/root c", "r/c"]

Features = NDArray[np.floating] | Gram
"""``(n_stimuli, n_features)``, rows in the order of the stimuli, or their `Gram`."""


@dataclass(frozen=True)
class Facts:
    """What is known of a benchmark before its data are loaded.

    Attributes
    ----------
    name
        Identifier, as Brain-Score writes them: ``study.region-metric``.
    region
        V1, V2, V4, IT or behavior.
    metric
        How a model is compared, in a few words.
    version
        Raised whenever the same model would get another score.
    sources
        Names of `vvslib.sources` that it needs; none where it is simulated.
    licence
        Of its data.
    citation, bibtex
        Whose data they are.
    data
        What it is made of besides `sources`, such as recordings of the user's own that were found.
    simulated
        Whether no animal and no person stands behind it. Shown wherever its scores are.
    variant
        Whether it measures again what a standard benchmark measures: by another map or read-out, or a part of its recordings. It
        is scored where its name goes further than that of the study, and not by default.
    scale
        "open", or "full" where it is one of Brain-Score's own; what is simulated is "sandbox" (`vvslib.columns`).
    """

    name: str
    region: str
    metric: str
    version: int
    sources: tuple[str, ...]
    licence: str
    citation: str
    bibtex: str
    simulated: bool = False
    data: str = ""
    variant: bool = False
    scale: Literal["open", "full"] = "open"


@dataclass(frozen=True)
class Score:
    """A model's score in a benchmark, with all that it was made of; nothing is clipped.

    Attributes
    ----------
    raw, raw_error
        Correlation, not divided by any ceiling, and its standard error.
    ceiling
        The most that the recordings allow; NaN where it is not known.
    ceiling_kind
        How the ceiling was found: "split-half", "subjects", "variance estimate", "true" (simulated), or "" where it is not known.
    rule
        How `value` is made of raw score r and ceiling c. "r/c squared" for neurons, as the paper does. "r/root c" for behaviour,
        as Brain-Score does: r and c are correlations with half of the choices, so that the true pattern reaches √c. "r/c" for
        dissimilarities, whose ceiling is the highest r.
    error_of
        What `raw_error` is the error over: "splits", "subjects", "halvings", "stimuli".
    other_errors
        Standard errors of `raw` over something else: "neuroids", "stimuli".
    by_neuroid, ceiling_by_neuroid
        Raw correlation and ceiling of each neuroid, ``(n_neuroids,)``; None where there are no neuroids.
    resamples
        `raw` in resamples of the recording: "stimuli", and "stimuli and neuroids" → ``(N_RESAMPLES,)``. They are drawn alike for
        every model that a benchmark scores, so that a difference of models may be resampled as one. Empty where they are not
        known; of remembered scores they are not.

    Examples
    --------
    >>> score = Score(raw=0.4, raw_error=0.01, ceiling=0.8, ceiling_kind="split-half")
    >>> score.value.round(3), score.r2_over_c.round(3), round(score.error, 4)
    (0.25, 0.2, 0.0125)
    >>> Score(raw=0.4, raw_error=0.01, ceiling=0.64, ceiling_kind="split-half", rule="r/root c").value.round(3)
    0.5
    """

    raw: float
    raw_error: float
    ceiling: float
    ceiling_kind: str
    rule: Rule = "r/c squared"
    error_of: str = "splits"
    other_errors: dict[str, float] = field(default_factory=dict)
    by_neuroid: NDArray[np.float64] | None = field(default=None, repr=False)
    ceiling_by_neuroid: NDArray[np.float64] | None = field(default=None, repr=False)
    resamples: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def normalisation(self) -> Normalisation | None:
        """How `value` was made, where it is one of the two of the score table; else None."""
        return "r/c squared" if self.rule == "r/c squared" else None

    @property
    def value(self) -> float:
        """The score by its `rule`; NaN without a ceiling."""
        if self.rule == "r/c squared":
            return normalise(self.raw, self.ceiling, "r/c squared")
        return np.float64(self.raw / self._divisor)

    @property
    def error(self) -> float:
        """Standard error of `value`, the ceiling taken as known."""
        if self.rule == "r/c squared":
            return normalised_error(self.raw, self.raw_error, self.ceiling, "r/c squared")
        return float(self.raw_error / self._divisor)

    @property
    def r2_over_c(self) -> float:
        """Brain-Score's normalisation of neurons since December 2025, r²/c; NaN for others and without a ceiling."""
        return normalise(self.raw, self.ceiling, "r2/c") if self.rule == "r/c squared" else np.float64(np.nan)

    @property
    def _divisor(self) -> float:
        if not self.ceiling > 0:
            return float("nan")
        return float(np.sqrt(self.ceiling)) if self.rule == "r/root c" else self.ceiling


class Benchmark(ABC):
    """Stimuli to show, and a score for the features that they evoke.

    Attributes
    ----------
    facts
        Name, region, version, licence, citation.
    stimuli
        Sets of images, in the order in which `score` takes their features.
    classes
        None where `score` takes features. Otherwise it takes the probabilities that a classifier of exactly these classes gives
        each, ``(n_stimuli, n_classes)``, and models that are no such classifier cannot be scored.
    takes_gram
        Whether features may be given as their `Gram`.
    notes
        What must be said wherever its scores are shown: a ceiling that is an estimate, sessions that are not the standard ones.
    """

    facts: Facts
    stimuli: tuple[Stimuli, ...]
    classes: tuple[str, ...] | None = None
    takes_gram: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The identifier."""
        return self.facts.name

    @cached_property
    def digest(self) -> str:
        """sha256 of all that a score depends on besides the model: name, version, stimuli, `recorded`; 64 hexadecimal digits."""
        found = hashlib.sha256(f"{self.name} {self.facts.version}".encode())
        for one in self.stimuli:
            found.update(f" {one.digest} {None if one.objects is None else list(map(str, one.objects))}".encode())
        for array in self.recorded():
            values = np.ascontiguousarray(array)
            found.update(f" {values.dtype} {values.shape}".encode() + values.tobytes())
        return found.hexdigest()

    def recorded(self) -> Sequence[NDArray]:
        """The arrays that features are compared with, and the ceilings: what `digest` is taken of."""
        return ()

    @property
    @abstractmethod
    def ceiling(self) -> float:
        """The most that the recordings allow, as a correlation; NaN where it is not known."""

    @property
    @abstractmethod
    def ceiling_kind(self) -> str:
        """As `Score.ceiling_kind`."""

    @property
    def least_features(self) -> int:
        """How many features a model must offer, for layers that are tried and have fewer to be passed over."""
        return 1

    @property
    def n_neuroids(self) -> int | None:
        """How many neuroids are predicted; None where there are none."""
        return None

    def part(self, kept: Sequence[NDArray[np.int64]]) -> "Benchmark":
        """The same benchmark on some of its stimuli, so that a layer can be chosen on other stimuli than it is scored on.

        Parameters
        ----------
        kept
            Positions of the stimuli that stay, of each set. Ceilings stay as they are.

        Raises
        ------
        VvsError
            For a benchmark that cannot be divided.
        """
        raise VvsError(f"{self.name} cannot be divided into stimuli to choose a layer on and stimuli to score it on")

    @abstractmethod
    def score(self, features: Sequence[Features]) -> Score:
        """Score a model.

        Parameters
        ----------
        features
            What each set of `stimuli` evoked, in their order.

        Returns
        -------
        Score

        Raises
        ------
        VvsError
            For another number of sets, of stimuli in one, and features that are not finite.
        """
