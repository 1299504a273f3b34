"""A checklist of what a scaling study should report, filled from the definitions that the fits and the sweep are made from.

The items are ours, under headings that cover what Li, Kudugunta & Zettlemoyer (2025) ask for: hypothesis, training, data
collection, fitting. What stands in a cell is read from definitions and tables; what no definition holds is our statement about
the study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vvslib import project
from vvslib.experiments import Experiment, load, observe, published_results
from vvslib.fits.laws import LAWS
from vvslib.fits.objective import Objective
from vvslib.refit import cluster_labels
from vvslib.sweep import grid as grids
from vvslib.trust.units import CONFIGURATION

GROUPS = ("hypothesis and form", "training set-up", "data collection", "fitting", "validation")
ABSENT = "not reported"
STUDIES = {"published": "published study", "own": "this project's sweep"}


@dataclass(frozen=True)
class Answer:
    """What a study says to one item.

    Attributes
    ----------
    group, item
        Heading; what should be reported.
    published, own
        What the published study, and this project's sweep, say.
    """

    group: str
    item: str
    published: str
    own: str


def fill(scores: pd.DataFrame, names: Sequence[str], sweep: Path | None = None) -> pd.DataFrame:
    """The checklist, filled.

    Parameters
    ----------
    scores
        The published table.
    names
        The experiments that the checklist is about.
    sweep
        File of the project's own grid; ``experiments/open/study.yaml`` when None.

    Returns
    -------
    DataFrame
        group, item, published, own.
    """
    known = [load(name) for name in names]
    own = _sweep(sweep or project.experiments() / "open" / "study.yaml")
    answers = [
        *_form(known, own),
        *_training(scores, known, own),
        *_data(scores, known, own),
        *_fitting(known),
        *_validation(known),
    ]
    return pd.DataFrame([vars(one) for one in answers])


def _sweep(path: Path) -> dict[str, Any]:
    """What a grid says, gathered."""
    read = grids.read(path)
    runs = pd.DataFrame(read.expand())
    return {"grid": read, "runs": runs, "n": len(runs)}


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _span(values: pd.Series) -> str:
    known = values[values > 0]
    return f"{known.min():.3g} to {known.max():.3g}"


def _values(runs: pd.DataFrame, column: str) -> str:
    return _listed(sorted(runs[column].dropna().unique())) if column in runs else ABSENT


def _form(known: list[Experiment], own: Mapping[str, Any]) -> list[Answer]:
    laws = dict.fromkeys(one.law for one in known)
    formulas = "; ".join(f"{name}, {len(LAWS[name].parameters)} parameters" for name in laws)
    scales = "; ".join(f"{one.name}: {_listed(one.x)} in units of {_listed(f'{u:g}' for u in one.unit)}" for one in known)
    first = GROUPS[0]
    later = "the same definitions, applied to its table with vvs trust; none is fitted in advance"
    return [
        Answer(first, "law that is fitted, and its free parameters", formulas, later),
        Answer(first, "scales and their units", scales, "n_params, n_samples_seen, total_flops; distinct images apart"),
        Answer(first, "what is predicted", "misalignment 1 − S, S a mean of ceiling-normalised benchmark scores", "the same"),
        Answer(first, "what would have refuted the form", ABSENT, ABSENT),
    ]


def _training(scores: pd.DataFrame, known: list[Experiment], own: Mapping[str, Any]) -> list[Answer]:
    frame, runs = observe(scores, known[0]).frame, own["runs"]
    sizes = frame.groupby(list(CONFIGURATION), observed=True)["seed"].nunique()
    group = GROUPS[1]
    epochs = _listed(sorted(int(n) for n in frame["n_epochs"].unique()))
    steps = _listed(sorted(int(n) for n in runs["recipe.steps"].dropna().unique()))
    return [
        Answer(group, "architectures", f"{frame['arch'].nunique()} in {frame['arch_family'].nunique()} families",
               f"{runs['arch'].nunique()} in {runs['arch'].str.split('_w').str[0].nunique()} families"),
        Answer(group, "model sizes (parameters)", _span(frame["n_params"]), "by width, depth, family: in the table of each run"),
        Answer(group, "training compute (FLOP)", _span(frame["total_flops"]), "in the table of each run"),
        Answer(group, "length of training", f"epochs: {epochs}, fixed within a family: samples seen follow distinct images",
               f"steps: {steps}, apart from distinct images; one block repeats the coupling of ten epochs"),
        Answer(group, "seeds", f"{int(sizes.max())} at most; {(sizes > 1).mean():.0%} of configurations have more than one",
               f"{_values(runs, 'seed')}"),
        Answer(group, "hyperparameters", "one recipe a family, whatever the size and the images", "the same; none tuned by size"),
        Answer(group, "how compute is counted", _identity(frame), "the same count"),
    ]  # fmt: skip


def _identity(frame: pd.DataFrame) -> str:
    ratio = frame["total_flops"] / (frame["flops"] * frame["n_samples_seen"])
    return f"total_flops = {ratio.median():.0f} × flops × n_samples_seen in {np.isclose(ratio, 3).mean():.0%} of rows"


def _data(scores: pd.DataFrame, known: list[Experiment], own: Mapping[str, Any]) -> list[Answer]:
    counts = "; ".join(f"{one.name}: {len(observe(scores, one).L)}" for one in known)
    dropped = [f"{one.name}: {_dropped(scores, one)}" for one in known if one.restrict or one.require]
    empty = [name for name in ("raw", "ceiling", "score_error") if name not in scores or scores[name].isna().all()]
    sets, group = _listed(sorted(observe(scores, known[0]).frame["dataset"].unique())), GROUPS[2]
    benchmarks = [name for way in own["grid"].score for name in way.benchmarks]
    return [
        Answer(group, "training sets", sets, _values(own["runs"], "images")),
        Answer(group, "networks per fit", counts, f"{own['n']} runs planned"),
        Answer(group, "networks left out, and why", "; ".join(dropped) or "none", "none by definition"),
        Answer(group, "checkpoints", "the last of each run", "the last; of some runs every epoch, in a table apart"),
        Answer(group, "benchmarks", _listed(sorted(scores["benchmark_name"].dropna().unique())),
               _listed(dict.fromkeys(benchmarks))),
        Answer(group, "raw scores, ceilings, errors", f"{ABSENT}: {_listed(empty)}" if empty else "in the table",
               "in the table, with their estimates of noise"),
        Answer(group, "runs that share causes", _repeats(scores, known[0]), "seeds, architectures and families in the table"),
    ]  # fmt: skip


def _repeats(scores: pd.DataFrame, one: Experiment) -> str:
    frame = observe(scores, one).frame
    labels = cluster_labels(frame, list(CONFIGURATION))
    return f"{len(frame)} networks of {len(np.unique(labels))} configurations, {frame['arch'].nunique()} architectures"


def _dropped(scores: pd.DataFrame, one: Experiment) -> int:
    whole = one.model_copy(update={"restrict": [], "require": []})
    return len(observe(scores, whole).L) - len(observe(scores, one).L)


def _fitting(known: list[Experiment]) -> list[Answer]:
    labels = dict.fromkeys(Objective("log", one.delta).label for one in known)
    own = "; ".join(labels)
    told = published_results()
    intervals = told[told["quantity"].eq("asymptote") & told["low"].notna()]["experiment"].nunique()
    n, group = told["experiment"].nunique(), GROUPS[3]
    return [
        Answer(group, "objective", own, f"{own}; others beside it"),
        Answer(group, "optimiser and starting values", "BFGS with finite differences from a grid of 150 to 4,500 starts",
               "exact Newton steps from many starts, lowest minimum and all others kept"),
        Answer(group, "intervals", f"rows resampled; published for {intervals} of {n} fits",
               "by unit of resampling; tests at a bound"),
        Answer(group, "estimates at a bound", _bound(told), "named with every fit; one-sided limits"),
        Answer(group, "data and code of the fits", "scores, fits and figure notebooks published", "this repository"),
    ]  # fmt: skip


def _bound(told: pd.DataFrame) -> str:
    at = told[told["quantity"].eq("asymptote") & (told["value"] > 1 - 1e-3)]["experiment"]
    return f"{ABSENT} as such: {len(at)} asymptotes are 1 ({_listed(at)})" if len(at) else "none"


def _validation(known: list[Experiment]) -> list[Answer]:
    group = GROUPS[4]
    return [
        Answer(group, "prediction of networks that were not fitted", ABSENT, "cuts along scale, families and sets left out"),
        Answer(group, "other forms and objectives", "shifted law for weak priors, plain law otherwise", "every form × objective"),
        Answer(group, "coverage of the intervals", ABSENT, "by simulation with vvs coverage, once fits are made"),
    ]


def answered(filled: pd.DataFrame) -> pd.DataFrame:
    """Share of items with an answer, by heading and study, with limits equal to it: it is a count, not an estimate.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["a", "a"], "item": ["x", "y"], "published": ["yes", ABSENT], "own": ["yes", "yes"]})
    >>> answered(frame)["value"].tolist()
    [0.5, 1.0]
    """
    lines = []
    for group, part in filled.groupby("group", sort=False):
        for study in STUDIES:
            value = float((~part[study].str.startswith(ABSENT)).mean())
            lines.append({"group": group, "of": STUDIES[study], "value": value, "low": value, "high": value})
    return pd.DataFrame(lines)
