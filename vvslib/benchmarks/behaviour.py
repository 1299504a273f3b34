"""Benchmarks of behaviour: are the images that people confuse confused by the model, and with the same objects?

People's choices are dealt into halves; the model is compared with one half, and so is the other half, so that raw score and
ceiling rest on as many choices. A model answers by a read-out fitted on its features, or as the classifier that it is.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vvslib.benchmarks.benchmark import N_RESAMPLES, STIMULI, Benchmark, Facts, Features, Score
from vvslib.benchmarks.stimuli import Stimuli
from vvslib.errors import VvsError
from vvslib.metrics import readout
from vvslib.metrics.behaviour import Level, consistency, correlate, influence, pattern
from vvslib.metrics.checks import as_matrix
from vvslib.metrics.choices import halves_of_counts, halves_of_trials, rates_of_probabilities, rates_of_trials
from vvslib.metrics.gram import Gram

Halving = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Rates of two halves of the choices, ``(n_stimuli, n_objects)`` each, as `vvslib.metrics.choices` makes them."""

N_HALVINGS = 10
"""Brain-Score takes two; ten make the scatter over them known."""

SUM_TOLERANCE = 0.01
"""By which probabilities, in float16 too, may miss a sum of 1."""


def halvings_of_counts(
    counts: ArrayLike, truth: ArrayLike, *, n_halvings: int = N_HALVINGS, seed: int = 0, correction: float = 0.0
) -> list[Halving]:
    """Rates of random halves of named choices, where one of all objects was to be named.

    Parameters
    ----------
    counts
        How often each object was chosen, ``(n_stimuli, n_objects)``, whole numbers.
    truth
        Object shown, from 0, ``(n_stimuli,)``.
    n_halvings, seed
        How often the choices are dealt anew, and what they are drawn from.
    correction
        Added to every count of a half before rates are formed. 0.5, the log-linear correction of Hautus 1995
        (doi:10.3758/BF03203619), keeps d′ finite where nobody erred, or everybody did.

    Returns
    -------
    list of (ndarray, ndarray)

    Examples
    --------
    >>> one, other = halvings_of_counts([[40, 0], [4, 36]], [0, 1], correction=0.5)[0]
    >>> float(one[0, 1].round(3)), other.shape  # 0.5 / 21
    (0.024, (2, 2))
    """
    rng = np.random.default_rng(seed)
    return [
        tuple(rates_of_probabilities(half + correction, truth) for half in halves_of_counts(counts, rng))
        for _ in range(n_halvings)
    ]


def halvings_of_trials(
    stimulus: ArrayLike,
    distractor: ArrayLike,
    chosen: ArrayLike,
    truth: ArrayLike,
    n_objects: int,
    *,
    n_halvings: int = N_HALVINGS,
    seed: int = 0,
) -> list[Halving]:
    """Rates of random halves of match-to-sample trials, each of which offered the object shown and one distractor.

    Parameters
    ----------
    stimulus, distractor, chosen, truth, n_objects
        As in `vvslib.metrics.choices.rates_of_trials`.
    n_halvings, seed
        How often the trials are dealt anew, and what they are drawn from, as Brain-Score draws them.

    Returns
    -------
    list of (ndarray, ndarray)

    Examples
    --------
    >>> halvings_of_trials([0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1], [0, 1], 2, n_halvings=1)[0][0].shape
    (2, 2)
    """
    rng = np.random.RandomState(seed)
    trials = [np.asarray(values) for values in (stimulus, distractor, chosen)]
    return [
        tuple(
            rates_of_trials(*(values[half] for values in trials), truth, n_objects)
            for half in halves_of_trials(len(trials[0]), rng)
        )
        for _ in range(n_halvings)
    ]


class BehaviourBenchmark(Benchmark):
    """Consistency with people's choices, of a read-out on features or of a classifier.

    Parameters
    ----------
    facts
        What it is.
    test
        What people saw, with the name of the object shown by each.
    objects
        Names of the objects, in the order of the columns of rates and probabilities.
    halves
        Human rates from two halves of the choices, for each halving: `halvings_of_counts` or `halvings_of_trials`.
    level
        "i2n" by distractor, "i1" averaged over distractors, and the others of `vvslib.metrics.behaviour`.
    fit
        Other stimuli of the same objects, on which a read-out of the model's features is fitted. None takes the model's own
        probabilities instead: `classes` then are the objects.

    Raises
    ------
    VvsError
        For stimuli without objects or with others, objects that are not fitted on, and halves that do not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shown = np.array(["cat", "dog"] * 20)
    >>> test = Stimuli("pets", rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8), objects=shown)
    >>> p = rng.beta(8, 2, 40)
    >>> chosen = rng.binomial(100, p)
    >>> counts = np.where((shown == "cat")[:, None], np.c_[chosen, 100 - chosen], np.c_[100 - chosen, chosen])
    >>> halves = halvings_of_counts(counts, (shown == "dog").astype(int))
    >>> facts = Facts("pets.behavior-i1", "behavior", "i1", 1, (), "none", "nobody", "")
    >>> benchmark = BehaviourBenchmark(facts, test, ("cat", "dog"), halves, "i1")
    >>> truth_knower = np.where((shown == "cat")[:, None], np.c_[p, 1 - p], np.c_[1 - p, p])
    >>> bool(benchmark.score([truth_knower]).value > 0.85)
    True
    """

    def __init__(
        self,
        facts: Facts,
        test: Stimuli,
        objects: Sequence[str],
        halves: Sequence[Halving],
        level: Level = "i2n",
        fit: Stimuli | None = None,
    ) -> None:
        self.facts, self.objects, self.level, self.fit, self.test = facts, tuple(objects), level, fit, test
        self.stimuli = (test,) if fit is None else (fit, test)
        self.classes = self.objects if fit is None else None
        self.truth = _truth(test, self.objects)
        if fit is not None and (lacking := set(range(len(self.objects))) - set(_truth(fit, self.objects))):
            names = ", ".join(self.objects[number] for number in sorted(lacking))
            raise VvsError(f"{fit.name}: a read-out must be fitted on every object; got no {names}")
        shape = (len(test), len(self.objects))
        if not len(halves) or any(np.shape(half) != shape for pair in halves for half in pair):
            raise VvsError(
                f"{facts.name}: halves must be rates of {shape[0]} stimuli × {shape[1]} objects, of at least one halving"
            )
        self.halves = tuple(halves)
        patterns = [[pattern(half, self.truth, level) for half in pair] for pair in self.halves]
        self._ceiling = float(np.mean([correlate(*pair) for pair in patterns]))

    def recorded(self) -> list[NDArray]:
        """Rates of the halves."""
        return [half for pair in self.halves for half in pair]

    @property
    def ceiling(self) -> float:
        """Mean correlation between halves of the choices: as the raw score, of one half, hence without Spearman-Brown."""
        return self._ceiling

    @property
    def ceiling_kind(self) -> str:
        """Always "split-half"."""
        return "split-half"

    def score(self, features: Sequence[Features]) -> Score:
        """Score features of both sets of stimuli, or a classifier's probabilities; `other_errors` holds the error over stimuli.

        That error is for other stimuli of the same objects in the test; the read-out is taken as it is.
        """
        if len(features) != len(self.stimuli):
            raise VvsError(f"{self.name}: features must be of {len(self.stimuli)} sets of stimuli; got {len(features)}")
        model = rates_of_probabilities(self.probabilities(features), self.truth)
        found = consistency(model, self.halves, self.truth, self.level)
        moved = influence(model, self.halves, self.truth, self.level)
        n = len(moved)
        drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
        return Score(
            raw=found.raw,
            raw_error=found.error,
            ceiling=self.ceiling,
            ceiling_kind=self.ceiling_kind,
            rule="r/root c",
            error_of="halvings",
            other_errors={"stimuli": float(np.sqrt(np.sum(moved**2)))},
            resamples={STIMULI: found.raw + (drawn - 1) @ moved},
        )

    def part(self, kept: Sequence[NDArray[np.int64]]) -> "BehaviourBenchmark":
        """The same people and their ceiling, on some of the stimuli."""
        rows, fit = kept[-1], None if self.fit is None else self.fit.part(kept[0])
        halves = [tuple(half[rows] for half in pair) for pair in self.halves]
        part = BehaviourBenchmark(self.facts, self.test.part(rows), self.objects, halves, self.level, fit)
        part.notes, part._ceiling = self.notes, self._ceiling
        return part

    def probabilities(self, features: Sequence[Features]) -> NDArray[np.float64]:
        """What the model takes each stimulus of the test for, ``(n_stimuli, n_objects)``.

        Parameters
        ----------
        features
            As in `score`.
        """
        if any(isinstance(one, Gram) for one in features):
            raise VvsError(f"{self.name}: features must be matrices, stimuli × features; a Gram matrix has lost what is read out")
        matrices = [_matrix(one, shown) for one, shown in zip(features, self.stimuli, strict=True)]
        if self.fit is None:
            return self._of_classifier(matrices[0].astype(np.float64))
        fitted = readout.fit(matrices[0], self.fit.objects)
        order = [list(fitted.objects).index(name) for name in self.objects]
        return fitted.probabilities(matrices[1])[:, order]

    def _of_classifier(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities that are of the right classes, and probabilities."""
        if p.shape[1] != len(self.objects):
            wanted = f"the {len(self.objects)} classes {', '.join(self.objects)}"
            raise VvsError(f"{self.name}: probabilities must be of {wanted}; got {p.shape[1]}")
        if p.min() < 0 or np.abs(p.sum(axis=1) - 1).max() > SUM_TOLERANCE:
            raise VvsError(f"{self.name}: probabilities must be 0 or more and sum to 1 for each stimulus; pass logits by softmax")
        return p


def _truth(shown: Stimuli, objects: tuple[str, ...]) -> NDArray[np.int64]:
    """The object of each stimulus by its position among `objects`."""
    if shown.objects is None:
        raise VvsError(f"{shown.name}: every stimulus of a benchmark of behaviour must have an object; got none")
    if other := set(np.unique(shown.objects)) - set(objects):
        raise VvsError(f"{shown.name}: objects must be among {', '.join(objects)}; got {', '.join(map(str, sorted(other)))}")
    return np.array([objects.index(name) for name in shown.objects])


def _matrix(features: Features, shown: Stimuli) -> NDArray[np.floating]:
    matrix = as_matrix(features, f"features of {shown.name}", "features")
    if len(matrix) != len(shown):
        raise VvsError(f"{shown.name}: features must have a row for each of {len(shown)} stimuli; got {len(matrix)}")
    return matrix
