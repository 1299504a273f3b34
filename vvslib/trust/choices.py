"""Choices of an analysis: which objective, form, unit of resampling, rows, families and normalisation; the authors' own first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError
from vvslib.experiments import Experiment, Observations, observe
from vvslib.fits.bootstrap import Bootstrap, bootstrap, cluster_weights, row_weights
from vvslib.fits.laws import LAWS
from vvslib.fits.objective import OBJECTIVES, objective
from vvslib.fits.resampling import ENOUGH, FEWEST_TURNED, turned_responses
from vvslib.fits.result import Fit
from vvslib.fits.solver import fit
from vvslib.table import REGIONS
from vvslib.trust.units import UNITS, labels

COLUMNS = ("as published", "objective", "form", "resampling unit", "cut", "family left out", "normalisation")
FAMILIES = ("ResNet", "EfficientNet", "ConvNeXt", "ViT", "AlexNet", "CORnet-S")
FORMS = ("power", "shifted", "exponential", "logistic", "interaction")
OTHER_OBJECTIVES = ("huber_0.1", "squares", "squares_linear", "squares_logit")
OTHER_UNITS = ("configurations", "architectures", "families")


@dataclass(frozen=True)
class Choice:
    """One way to analyse a table; the defaults are the authors'.

    Attributes
    ----------
    column, label
        Which of `COLUMNS` it departs in; in what.
    objective
        Name of an objective.
    form
        Law in place of the published one; None for that one.
    unit
        Unit of resampling.
    without
        Family that is left out, its Flex variants with it.
    fewest
        Rows with fewer images per class are left out.
    below
        Rows with as much training compute (FLOP), or more, are left out; inf for none.
    root
        Whether neural scores are r/c, the square root of the published (r/c)².
    """

    column: str = "as published"
    label: str = "as published"
    objective: str = "huber"
    form: str | None = None
    unit: str = "rows"
    without: str = ""
    fewest: int = 0
    below: float = np.inf
    root: bool = False

    @property
    def on_rows(self) -> bool:
        """Whether it changes rows or scores, and not how they are fitted."""
        return bool(self.without or self.fewest or self.root) or self.below < np.inf


AUTHORS = Choice()


def choices() -> list[Choice]:
    """Every choice that departs from the authors' in one thing, theirs first."""
    return [
        AUTHORS,
        *(Choice("objective", OBJECTIVES[name].label, objective=name) for name in OTHER_OBJECTIVES),
        *(Choice("form", name, form=name) for name in FORMS),
        *(Choice("resampling unit", name, unit=name) for name in OTHER_UNITS),
        Choice("cut", "10 or more images per class", fewest=10),
        Choice("cut", "below 1e19 FLOP", below=1e19),
        *(Choice("family left out", name, without=name) for name in FAMILIES),
        Choice("normalisation", "r/c instead of (r/c)²", root=True),
    ]


def apply(scores: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """A score table's rows and scores under a choice.

    Raises
    ------
    VvsError
        For neural scores without a real root to speak of.

    Examples
    --------
    >>> table = pd.DataFrame({"arch_family": ["ViTFlex", "ResNet"], "region": ["V1", "V1"], "score": [0.04, 0.25]})
    >>> apply(table, Choice(without="ViT"))["score"].tolist(), apply(table, Choice(root=True))["score"].tolist()
    ([0.25], [0.2, 0.5])
    """
    kept = scores
    if choice.without:
        kept = kept[kept["arch_family"].astype(str).str.removesuffix("Flex") != choice.without]
    if choice.fewest:
        kept = kept[(kept["samples_per_class"] == 0) | (kept["samples_per_class"] >= choice.fewest)]
    if choice.below < np.inf:
        kept = kept[~(kept["total_flops"] >= choice.below)]
    if choice.root:
        neural = kept["region"].isin(REGIONS[:-1])
        root = np.sign(kept["score"]) * np.sqrt(kept["score"].abs())
        kept = kept.assign(score=kept["score"].where(~neural, root))
    return kept


@dataclass(frozen=True)
class Fitted:
    """An experiment fitted under a choice.

    Attributes
    ----------
    rows, fit
        Its rows and fit.
    many
        Its resamples; None where none were asked for.
    unit
        Of the scale columns.
    """

    rows: Observations
    fit: Fit
    many: Bootstrap | None
    unit: list[float]

    def score(self, *x: float) -> np.ndarray:
        """Score at a scale, in its own unit: of the fit first, then of each resample, ``(1 + k,)``."""
        at = np.array([[value / unit for value, unit in zip(x, self.unit, strict=True)]])
        return np.r_[self.fit.score(at), np.empty(0) if self.many is None else self.many.scores(at)[:, 0]]

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Score at each of some rows' scales, in the unit of the fit, ``(1 + k, n)``."""
        own = self.fit.score(x)[None]
        return own if self.many is None else np.vstack([own, self.many.scores(x)])

    def parameter(self, name: str) -> np.ndarray:
        """A parameter, of the fit first, then of each resample, ``(1 + k,)``; NaN where the law has none of that name."""
        value = self.fit.parameters.get(name)
        drawn = np.empty(0) if self.many is None else np.asarray(self.many.parameters.get(name, np.empty(0)), float)
        return np.r_[np.nan if value is None else value, drawn]


class NotApplicable(Exception):
    """A choice does not bear on a claim, or leaves too little to ask it of."""


def fitted(scores: pd.DataFrame, experiment: Experiment, choice: Choice, resamples: int = 0, seed: int = 42) -> Fitted:
    """Fit an experiment under a choice (`apply` has been called on the scores).

    Parameters
    ----------
    scores, experiment, choice
        What is fitted, and how.
    resamples, seed
        Of the choice's unit: drawn with replacement from 30 units on, below that with the signs of their residuals turned.

    Raises
    ------
    NotApplicable
        When no rows are left, the form takes another number of scales or is the published one, or the units are too few.
    """
    law = experiment.law
    if choice.form is not None:
        if LAWS[choice.form].n_variables != LAWS[law].n_variables or choice.form == law:
            raise NotApplicable(f"{choice.form} is no alternative to {law}")
        law = choice.form
    one = objective(choice.objective)
    try:
        rows = observe(scores, experiment)
        found = fit(law, rows.x, rows.L, delta=one.delta, space=one.space)
    except VvsError as error:
        raise NotApplicable(str(error)) from None
    return Fitted(rows, found, _resampled(rows, found, choice, resamples, seed) if resamples else None, experiment.unit)


def _resampled(rows: Observations, found: Fit, choice: Choice, resamples: int, seed: int) -> Bootstrap:
    if choice.unit == "rows":
        weights, responses = row_weights(len(rows.L), resamples, seed), None
    else:
        own = labels(rows, UNITS[choice.unit])
        n_units = len(np.unique(own))
        if n_units < FEWEST_TURNED:
            raise NotApplicable(f"{n_units} {choice.unit} are too few to resample")
        weights = cluster_weights(own, resamples, seed) if n_units >= ENOUGH else None
        try:
            responses = None if weights is not None else turned_responses(found, rows.x, rows.L, own, resamples, seed)
        except VvsError as error:
            raise NotApplicable(str(error)) from None
    return bootstrap(found, rows.x, rows.L, weights, responses=responses, n_pool=100)
