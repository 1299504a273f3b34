"""The open replication's question, asked of its table: images, length and size of the network each on its own.

`vvslib.separation` has the arithmetic; here is which networks are compared. The whole data effect is the one that studies with a
fixed number of epochs measure, where more images are more steps as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from vvslib.errors import VvsError, suggest
from vvslib.experiments import require_column
from vvslib.separation import Condition, Contrast, contrast, effect, share, shared

CLUSTERS = ("arch", "seed")
OF_SIZE = ("samples_per_class", "seed")
"""What names a cluster where architectures are compared."""
PLAIN = {"is_random": False, "is_ssl": False, "is_adv": False}
EPOCHS, STEPS = {"length_by": "epochs"}, {"length_by": "steps"}


def networks(scores: pd.DataFrame, measures: Mapping[str, str], value: str = "raw", by: Sequence[str] = ()) -> pd.DataFrame:
    """One row a network, with a column a measure.

    Parameters
    ----------
    scores
        A score table.
    measures
        Column → benchmark.
    value
        Which number of the table: raw, score, ceiling, raw_error, …
    by
        What tells the rows of a network apart: ``epochs`` in a table of checkpoints.

    Returns
    -------
    DataFrame
        What the table says of networks, and the measures; NaN where a network was not scored.

    Raises
    ------
    VvsError
        For a benchmark or a column that the table does not have, with the nearest.

    Examples
    --------
    >>> rows = pd.DataFrame({"model_id": ["a", "b"], "benchmark_name": ["v4", "v4"], "raw": [0.1, 0.2]})
    >>> networks(rows, {"V4": "v4"})["V4"].tolist()
    [0.1, 0.2]
    """
    require_column(scores, value)
    known = scores["benchmark_name"].unique()
    for name in measures.values():
        if name not in known:
            raise VvsError(f"benchmark {name!r} is not in the table: {suggest(name, known)}")
    own = scores[scores["benchmark_name"].isin(measures.values())]
    of_rows = ["benchmark_name", "benchmark_id", "region", "score", "raw", "raw_error", "raw_error_stimuli", "raw_error_neuroids"]
    of_rows += ["ceiling", "ceiling_kind", "score_error", "score_r2c", "layer", "layer_choice", "readout", "normalisation"]
    of_rows += ["benchmark_version", "is_simulated", "scale"]
    keys = ["model_id", *by]
    about = own.drop(columns=of_rows, errors="ignore").drop_duplicates(keys).set_index(keys)
    wide = own.pivot(index=keys, columns="benchmark_name", values=value)
    return about.assign(**{label: wide[name] for label, name in measures.items()}).sort_index().reset_index()


def only(frame: pd.DataFrame, where: Condition, measure: str) -> pd.DataFrame:
    """The plainly trained networks that match a condition and have a measure, numbered anew."""
    from vvslib.experiments import matches

    given = {key: value for key, value in PLAIN.items() if key in frame} | dict(where)
    return frame[matches(frame, given) & frame[measure].notna()].reset_index(drop=True)


def data(frame: pd.DataFrame, measure: str, few: int, many: int, clusters: Sequence[str] = CLUSTERS) -> pd.DataFrame:
    """What more images change: with epochs fixed, as in the paper, and at each fixed number of steps.

    Parameters
    ----------
    frame
        One row a network (`networks`), of one training set.
    measure
        Column of a measure.
    few, many
        Images of every class, 0 for all.
    clusters
        Columns that name a cluster: ``arch`` alone, or with ``seed``.

    Returns
    -------
    DataFrame
        One row a regime: regime, n_steps (NaN with epochs fixed), effect, low, high; share, share_low, share_high: of the effect
        with epochs fixed, in networks of the same architecture and seed; n, n_clusters.

    Raises
    ------
    VvsError
        Where networks trained for a fixed number of epochs lack.
    """
    ends = [{"samples_per_class": few}, {"samples_per_class": many}]
    whole = contrast(frame, {**EPOCHS, **ends[0]}, {**EPOCHS, **ends[1]}, CLUSTERS)
    rows = [_row("epochs fixed", np.nan, frame[measure], whole, whole, clusters)]
    for steps in sorted(frame.loc[frame["length_by"] == "steps", "n_steps"].unique()):
        held = {**STEPS, "n_steps": steps}
        try:
            part = contrast(frame, {**held, **ends[0]}, {**held, **ends[1]}, CLUSTERS)
        except VvsError:  # so many steps were not trained with both numbers of images
            continue
        rows.append(_row(f"{int(steps):,} steps", steps, frame[measure], part, whole, clusters))
    return pd.DataFrame(rows)


def length(frame: pd.DataFrame, measure: str, short: int, long: int, clusters: Sequence[str] = CLUSTERS) -> pd.DataFrame:
    """What longer training changes at each number of images.

    Parameters
    ----------
    frame, measure, clusters
        As in `data`.
    short, long
        Steps.

    Returns
    -------
    DataFrame
        One row a number of images: samples_per_class, n_samples, effect, low, high, n, n_clusters.
    """
    rows = []
    sizes = frame[["samples_per_class", "n_samples"]].drop_duplicates().sort_values("n_samples")
    for row in sizes.itertuples():
        own = {**STEPS, "samples_per_class": row.samples_per_class}
        try:
            found = contrast(frame, {**own, "n_steps": short}, {**own, "n_steps": long}, CLUSTERS)
        except VvsError:  # so many images were not trained for both lengths
            continue
        known = effect(found.pairs, found.of(frame[measure]), clusters)
        about = {"samples_per_class": row.samples_per_class, "n_samples": row.n_samples, "effect": known.pop("value")}
        rows.append({**about, **known})
    if not rows:
        raise VvsError(f"networks must have been trained for {short} and for {long} steps on as many images; none were")
    return pd.DataFrame(rows)


def size(
    frame: pd.DataFrame,
    measure: str,
    matched: str,
    small: str,
    large: str,
    clusters: Sequence[str] = OF_SIZE,
) -> pd.DataFrame:
    """What a larger network changes, with its features as they are and by read-outs of one dimension, at each length of training.

    Parameters
    ----------
    frame
        One row a network, with both measures.
    measure, matched
        Columns: features as they are; the same by read-outs of one dimension.
    small, large
        Architectures.
    clusters
        Columns that name a cluster.

    Returns
    -------
    DataFrame
        One row a number of steps, and one of all: n_steps, effect, low, high; matched, matched_low, matched_high; share,
        share_low, share_high: of the effect that is left at matched read-out; n, n_clusters.
    """
    own = frame[frame[matched].notna()].reset_index(drop=True)
    found = size_contrast(own, small, large)
    whole, part = found.of(own[measure]), found.of(own[matched])
    rows = []
    for steps in [*sorted(found.pairs["n_steps"].unique()), None]:
        kept = np.ones(len(whole), bool) if steps is None else (found.pairs["n_steps"] == steps).to_numpy()
        pairs = found.pairs[kept]
        plain, left = effect(pairs, whole[kept], clusters), effect(pairs, part[kept], clusters)
        of = share(pairs, part[kept], whole[kept], clusters)
        about = {
            "n_steps": np.nan if steps is None else steps,
            "effect": plain["value"],
            "low": plain["low"],
            "high": plain["high"],
        }
        about |= {"matched": left["value"], "matched_low": left["low"], "matched_high": left["high"]}
        rows.append({**about, **_share(of)})
    return pd.DataFrame(rows)


def data_contrasts(frame: pd.DataFrame, few: int, many: int, steps: int) -> tuple[Contrast, Contrast]:
    """More images at a number of steps, and with epochs fixed, in the same architectures and seeds: `data`, as contrasts."""
    ends = [{"samples_per_class": few}, {"samples_per_class": many}]
    held = {**STEPS, "n_steps": steps}
    whole = contrast(frame, {**EPOCHS, **ends[0]}, {**EPOCHS, **ends[1]}, CLUSTERS)
    return shared(contrast(frame, {**held, **ends[0]}, {**held, **ends[1]}, CLUSTERS), whole)


def size_contrast(frame: pd.DataFrame, small: str, large: str) -> Contrast:
    """A larger network of as many images and steps, and the same seed: `size`, as a contrast."""
    return contrast(frame, {**STEPS, "arch": small}, {**STEPS, "arch": large}, ["samples_per_class", "n_steps", "seed"])


def _row(
    regime: str, steps: float, values: pd.Series, part: Contrast, whole: Contrast, clusters: Sequence[str]
) -> dict[str, Any]:
    part, whole = shared(part, whole)
    found = effect(part.pairs, part.of(values), clusters)
    of = share(part.pairs, part.of(values), whole.of(values), clusters)
    about = {"regime": regime, "n_steps": steps, "effect": found["value"], "low": found["low"], "high": found["high"]}
    return {**about, **_share(of)}


def _share(found: dict[str, float]) -> dict[str, float]:
    named = {"share": found["value"], "share_low": found["low"], "share_high": found["high"]}
    return {**named, "n": found["n"], "n_clusters": found["n_clusters"]}
