"""The eleven claims as statements that can be put to any analysis: each a few quantities, and what they must be.

A statement's quantities come with their resamples, so that it holds where the whole interval of each does what is claimed, is
weak where only the estimate does, and fails where the estimate does not. Thresholds are ours; they stand in `STATEMENTS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from vvslib import accounting, agreement, matched
from vvslib.errors import VvsError
from vvslib.experiments import load
from vvslib.fits.allocation import compute_relation
from vvslib.fits.bootstrap import cluster_weights, row_weights
from vvslib.fits.laws import LAWS
from vvslib.published import twins
from vvslib.refit import cluster_labels, varied
from vvslib.trust.choices import Choice, Fitted, NotApplicable, fitted
from vvslib.trust.units import UNITS

REGIONS = matched.REGIONS
SPELLED = {"behavior": "behaviour"}
STEPS = tuple(pairwise(REGIONS))
WORSE_SETS = ("infimnist", "places365", "inaturalist", "webvisionP")
RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
Quantities = dict[str, np.ndarray]


@dataclass(frozen=True)
class Part:
    """One quantity of a statement, and what it must be.

    Attributes
    ----------
    key, says
        Name of the quantity; what it is, in words.
    above, below
        It must exceed the one, and stay below the other.
    """

    key: str
    says: str
    above: float = -np.inf
    below: float = np.inf


@dataclass(frozen=True)
class Statement:
    """A claim that can be computed.

    Attributes
    ----------
    id
        Number of the claim.
    says
        The claim, short.
    parts
        What must all be so.
    compute
        (table under the choice, choice, resamples, seed) → quantity → estimate first, then its resamples, ``(1 + k,)``.
    page
        Label of the page with the evidence.
    """

    id: int
    says: str
    parts: tuple[Part, ...]
    compute: Callable[[pd.DataFrame, Choice, int, int], Quantities]
    page: str


def _data(scores, choice, resamples, seed) -> Quantities:
    names = ("sample_imagenet_scaling", "sample_ecoset_scaling")
    sets = [fitted(scores, load(name), choice, resamples, seed + k) for k, name in enumerate(names)]
    scales = 10.0 ** np.arange(5, 8.5, 0.5)
    one, other = (np.array([part.score(x) for x in scales]) for part in sets)
    late = np.minimum(*(part.score(1e8) - part.score(1e7) for part in sets))
    early = 0.5 * (one[2] - one[0] + other[2] - other[0])
    return {"late": late, "gap": np.abs(one - other).max(0) / early}


def _size(scores, choice, resamples, seed) -> Quantities:
    one = fitted(scores, load("parameter_scaling"), choice, resamples, seed)
    found = {"next": one.score(1e9) - one.score(1e8)}
    alex = (one.rows.frame["arch_family"] == "AlexNet").to_numpy()
    if choice.without != "AlexNet":
        found["alexnet"] = _off(1 - one.rows.L[alex], one.scores(one.rows.x[alex]), seed)
    return found


def _off(observed: np.ndarray, curves: np.ndarray, seed: int) -> np.ndarray:
    """Mean of observed minus fitted scores, ``(1 + k,)``; in resamples the rows are drawn too."""
    if len(observed) == 0:
        raise NotApplicable("none of the rows that it is about are left")
    off = observed - curves
    k = len(off) - 1
    drawn = np.random.default_rng([seed, 7]).integers(0, len(observed), (k, len(observed)))
    return np.r_[off[0].mean(), np.take_along_axis(off[1:], drawn, axis=1).mean(axis=1)]


def data_exponent(one: Fitted) -> np.ndarray:
    """Exponent of compute for data, D* ∝ C^d, by the law's own optimum, of the fit and of each resample, ``(1 + k,)``.

    Parameters
    ----------
    one
        A fit of the law of model size and samples seen, with interaction or without.
    """
    names = LAWS[one.fit.law].parameters
    theta = {name: one.parameter(name) for name in names}
    C = one.rows.frame["total_flops"].to_numpy(float)
    slope = compute_relation(C, one.rows.x[:, 0], one.rows.x[:, 1]).n
    if one.fit.law == "chinchilla":
        return theta["alpha"] / (theta["alpha"] + theta["beta"]) / slope
    product = np.quantile(np.log(one.rows.x).sum(1), [0.25, 0.75])
    sizes = np.linspace(np.log(one.rows.x[:, 0]).min() - 4, np.log(one.rows.x[:, 0]).max() + 4, 2000)
    best = []
    for log_P in product:
        N = np.exp(sizes)[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            L = LAWS[one.fit.law].function(N, np.exp(log_P) / N, **theta)
        best.append(log_P - sizes[np.nanargmin(L, axis=0)])
    return (best[1] - best[0]) / (product[1] - product[0]) / slope


def _allocation(scores, choice, resamples, seed) -> Quantities:
    return {"exponent": data_exponent(fitted(scores, load("compute_chinchilla"), choice, resamples, seed))}


def _joint(scores, choice, resamples, seed) -> Quantities:
    return {"asymptote": 1 - fitted(scores, load("compute_chinchilla"), choice, resamples, seed).parameter("E")}


def _regions(scores, choice, resamples, seed) -> Quantities:
    fits = [fitted(scores, load(f"region_{name.lower()}_group1"), choice, resamples, seed) for name in REGIONS]
    slope = [one.score(10**17.5) - one.score(10**16.5) for one in fits]
    return {f"{a}_{b}": slope[i + 1] - slope[i] for i, (a, b) in enumerate(STEPS)}


def _plateaus(scores, choice, resamples, seed) -> Quantities:
    neural, behaviour = (fitted(scores, load(f"compute_{name}"), choice, resamples, seed) for name in ("neuro", "behavior"))
    if np.isnan(neural.parameter("E")[0]):
        raise NotApplicable("the form has no plateau")
    return {"neural": 1 - neural.parameter("E"), "behaviour": 1 - behaviour.parameter("E")}


def _bias(scores, choice, resamples, seed) -> Quantities:
    strong, weak = (fitted(scores, load(f"region_avg_group{k}"), choice, resamples, seed + k) for k in (1, 2))
    lead = {C: strong.score(C) - weak.score(C) for C in (1e16, 1e19)}
    return {"lead": lead[1e16], "converge": lead[1e16] - lead[1e19]}


def _diets(scores, choice, resamples, seed) -> Quantities:
    if choice.unit != "rows":
        raise NotApplicable("all other sets were given to one architecture, and to three seeds at most")
    law = fitted(scores, varied(load("sample_imagenet_scaling"), arch=["resnet18"]), choice, resamples, seed)
    found = {}
    for k, name in enumerate(WORSE_SETS):
        other = fitted(scores, varied(load(f"sample_{name}_scaling"), arch=["resnet18"]), Choice(), 0, seed)
        found[name] = _off(1 - other.rows.L, law.scores(other.rows.x), seed + k)
    return found


def _objectives(scores, choice, resamples, seed) -> Quantities:
    supervised = varied(load("model_resnet_avg"), arch=RESNETS, dataset=["imagenet"])
    one, other = (fitted(scores, e, choice, resamples, seed + k) for k, e in enumerate((load("simclr_avg"), supervised)))
    slope = [part.score(1e18) - part.score(1e17) for part in (one, other)]
    everything = matched.models(scores)
    starts = matched.plain(everything, dataset="imagenet", samples_per_class=0, arch=RESNETS, seed=0)
    tuned = everything[everything["is_adv"] & (everything["n_epochs"] == 10) & everything["arch"].isin(starts["arch"])]
    law = fitted(scores, load("model_resnet_avg"), choice, resamples, seed)
    if tuned.empty:
        raise NotApplicable("no fine-tuned network is left")
    cost = accounting.with_start(tuned, starts)["once"].to_numpy(float)
    above = _off(tuned["mean"].to_numpy(float), law.scores(cost[:, None] / law.unit[0]), seed)
    return {"ratio": slope[0] / slope[1], "above": above}


def _private(scores, choice, resamples, seed) -> Quantities:
    _only(choice, "objective", "form")
    both = matched.models(scores).merge(matched.models(twins(scores)), on="model_id", suffixes=("", " private"))
    if len(both) < 6:
        raise NotApplicable("fewer than six models are left")
    weights = _weights(both, choice, resamples, seed)
    found = {}
    for name in REGIONS:
        known = both[[name, f"{name} private"]].notna().all(axis=1).to_numpy()
        pair = both.loc[known, name], both.loc[known, f"{name} private"]
        drawn = agreement.agreement(*pair, weights[:, known]).r2 if resamples else np.empty(0)
        found[name] = np.r_[agreement.agreement(*pair).r2, drawn]
    return found


def _untrained(scores, choice, resamples, seed) -> Quantities:
    _only(choice, "objective", "form", "cut")
    models = matched.models(scores)
    models = models[models["is_random"] & models[list(REGIONS)].notna().all(axis=1)]
    if models.empty:
        raise NotApplicable("no untrained network is left")
    weights = np.vstack([np.ones(len(models)), _weights(models, choice, resamples, seed)])
    mean = {name: weights @ models[name].to_numpy(float) / weights.sum(1) for name in ("neural", "behavior")}
    return {"neural": mean["neural"], "behaviour": mean["behavior"]}


def _weights(frame: pd.DataFrame, choice: Choice, resamples: int, seed: int) -> np.ndarray:
    if not resamples:
        return np.empty((0, len(frame)))
    if choice.unit == "rows":
        return row_weights(len(frame), resamples, seed)
    return cluster_weights(cluster_labels(frame, list(UNITS[choice.unit].columns)), resamples, seed)


def _only(choice: Choice, *columns: str) -> None:
    """Refuse choices of columns that a claim without a fit does not know."""
    if choice.column in columns:
        raise NotApplicable("nothing is fitted" if choice.column != "cut" else "nothing is trained")


STATEMENTS = (
    Statement(1, "Alignment rises with data to the end, alike for ImageNet and ecoset",
        (Part("late", "gain from 1e7 to 1e8 samples seen, the lesser of both sets", above=0.02),
         Part("gap", "largest gap between the sets over the gain of the first decade of samples seen", below=1.0)),
        _data, "data-scaling"),
    Statement(2, "Saturates with model size near 1e8 parameters; architecture matters",
        (Part("next", "gain from 1e8 to 1e9 parameters", below=0.02),
         Part("alexnet", "AlexNet minus the law", below=0.0)), _size, "model-scaling"),
    Statement(3, "Compute-optimal allocation favours data",
        (Part("exponent", "exponent of compute for data", above=0.5),), _allocation, "co-sensitivity"),
    Statement(4, "The joint law saturates",
        (Part("asymptote", "Ŝ of the joint law", below=0.7),), _joint, "co-asymptote"),
    Statement(5, "Scale helps later areas most, behaviour above all",
        tuple(Part(f"{a}_{b}", f"gain of a decade around 1e17 FLOP, {SPELLED.get(b, b)} minus {a}", above=0.0)
              for a, b in STEPS), _regions, "region-gains"),
    Statement(6, "Behaviour keeps scaling, neural alignment saturates",
        (Part("neural", "neural Ŝ", below=0.7), Part("behaviour", "behaviour Ŝ", above=0.9)), _plateaus, "cs-objective"),
    Statement(7, "A strong inductive bias is more compute-efficient; families converge",
        (Part("lead", "lead of strong priors at 1e16 FLOP", above=0.0),
         Part("converge", "lead at 1e16 minus lead at 1e19 FLOP", above=0.0)), _bias, "arch-lead"),
    Statement(8, "ImageNet beats infiMNIST, Places365, iNaturalist and WebVision per image",
        tuple(Part(name, f"{name} minus ImageNet's law (ResNet-18)", below=0.0) for name in WORSE_SETS), _diets,
        "data-diets-chapter"),
    Statement(9, "SimCLR scales alike; adversarial fine-tuning lies above the curve",
        (Part("ratio", "slope of SimCLR over slope of supervised, 1e17 to 1e18 FLOP", above=0.75, below=1.33),
         Part("above", "fine-tuned minus the law of ResNets, start counted", above=0.0)), _objectives, "objectives-chapter"),
    Statement(10, "Public benchmarks stand for private ones",
        tuple(Part(name, f"R² in {SPELLED.get(name, name)}", above=0.9) for name in REGIONS), _private, "private-range"),
    Statement(11, "Untrained networks have some neural, no behavioural alignment",
        (Part("neural", "mean neural score, untrained", above=0.05),
         Part("behaviour", "mean behavioural score, untrained", below=0.05)), _untrained, "untrained-pretrained"),
)  # fmt: skip
"""The eleven claims; what each quantity must be is ours, and stands here alone."""


def statement(claim: int) -> Statement:
    """Look a statement up by the number of its claim.

    Raises
    ------
    VvsError
        For a claim without a statement.

    Examples
    --------
    >>> statement(3).parts[0].above
    0.5
    """
    for one in STATEMENTS:
        if one.id == claim:
            return one
    raise VvsError(f"claim must be one of 1 to {len(STATEMENTS)}; got {claim}")
