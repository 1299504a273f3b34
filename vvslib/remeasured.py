"""The open replication's shares, were other stimuli shown and other neuroids recorded: resampled for all networks at once.

`vvslib.apart` says which networks are compared; here are the limits over what they were measured on. Every network meets the
same resamples (`vvslib.benchmarks.Score.resamples`), so that what a stimulus does to all of them cancels in a difference.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vvslib import apart, replication
from vvslib.fits.bootstrap import PUBLISHED_SEED
from vvslib.separation import Contrast, over_neuroids, share

NETWORKS, NEUROIDS = "networks", "neuroids"
LIMITS = (NETWORKS, "what they are measured on", "both")
"""What limits are over, in `widest`."""

MATCHED = "matched"
"""Read-outs of one dimension, as `readout` says of features."""

Drawn = Mapping[str, NDArray[np.float64]]
"""What was drawn anew → raw scores in resamples of it, ``(n_networks, n_resamples)``; NaN for networks without."""


def drawn(
    frame: pd.DataFrame,
    benchmark: str,
    readout: str | None = None,
    within: Path | None = None,
    n_resamples: int = 1000,
    seed: int = PUBLISHED_SEED,
) -> Drawn:
    """Raw scores of networks in resamples of what they were measured on, in the order of a frame.

    Parameters
    ----------
    frame
        One row a network.
    benchmark
        Of which.
    readout
        "matched" for features of one dimension, None for features as they are.
    within
        As in `vvslib.replication.require`.
    n_resamples, seed
        Of the neuroids; resamples of stimuli were drawn when networks were scored.

    Returns
    -------
    Drawn
        "neuroids", "stimuli", "stimuli and neuroids": those that there are.
    """
    found = {}
    lists = _of(replication.neuroids(within), benchmark, readout)
    if len(lists):
        found[NEUROIDS] = over_neuroids(_stacked(frame, lists["raw_by_neuroid"]), n_resamples, seed)
    for what, part in _of(replication.resamples(within), benchmark, readout).groupby("drawn"):
        found[str(what)] = _stacked(frame, part["raw_by_resample"])
    return found


def _of(kept: pd.DataFrame, benchmark: str, readout: str | None) -> pd.DataFrame:
    kept = kept[kept["benchmark_name"] == benchmark]
    projected = kept["readout"].fillna("").str.contains("projected")
    return kept[projected if readout == MATCHED else ~projected].set_index("model_id")


def _stacked(frame: pd.DataFrame, lists: pd.Series) -> NDArray[np.float64]:
    nothing = np.full(len(lists.iloc[0]), np.nan)
    by_model = lists.to_dict()
    return np.stack([np.asarray(by_model.get(name, nothing), float) for name in frame["model_id"]])


def shares(
    contrasts: tuple[Contrast, Contrast],
    values: tuple[ArrayLike, ArrayLike],
    resampled: tuple[Drawn, Drawn],
    clusters: Sequence[str],
) -> pd.DataFrame:
    """One share with limits over networks, over each thing that was drawn anew, and over networks and that thing together.

    Parameters
    ----------
    contrasts
        Of the part and of the whole, with the same pairs.
    values
        Scores that each is of, ``(n_networks,)``.
    resampled
        The same scores in resamples.
    clusters
        Columns of the pairs that name a cluster.

    Returns
    -------
    DataFrame
        One row each: over, value, low, high, n (pairs), n_clusters. What a network that is compared was not scored in resamples
        of has no row.
    """
    part, whole = contrasts
    pairs, plain = part.pairs, (part.of(values[0]), whole.of(values[1]))
    rows = [{"over": NETWORKS, **share(pairs, *plain, clusters)}]
    for what in (one for one in resampled[0] if one in resampled[1]):
        of = part.of(resampled[0][what]), whole.of(resampled[1][what])
        if np.isnan(of).any():
            continue
        rows.append({"over": what, **share(pairs, *plain, clusters, drawn=of, fixed=True)})
        rows.append({"over": f"{NETWORKS}, {what}", **share(pairs, *plain, clusters, drawn=of)})
    return pd.DataFrame(rows)


def data(frame: pd.DataFrame, measure: str, resampled: Drawn, few: int, many: int, steps: Sequence[int]) -> pd.DataFrame:
    """The share of the data effect at some numbers of steps (`vvslib.apart.data`), with limits over what was drawn anew.

    Parameters
    ----------
    frame
        One row a network.
    measure
        Column of a measure.
    resampled
        Its resamples (`drawn`), in the order of the frame.
    few, many
        Images of every class, 0 for all.
    steps
        Numbers of steps.

    Returns
    -------
    DataFrame
        n_steps and the columns of `shares`.
    """
    parts = []
    for n in steps:
        contrasts = apart.data_contrasts(frame, few, many, n)
        found = shares(contrasts, (frame[measure], frame[measure]), (resampled, resampled), apart.CLUSTERS)
        parts.append(found.assign(n_steps=n))
    return pd.concat(parts, ignore_index=True)


def size(frame: pd.DataFrame, measure: str, matched: str, resampled: tuple[Drawn, Drawn], small: str, large: str) -> pd.DataFrame:
    """The share of the size effect that is left at matched read-out (`vvslib.apart.size`), with limits over what was drawn anew.

    Parameters
    ----------
    frame
        One row a network, with both measures.
    measure, matched
        Columns: features as they are; the same by read-outs of one dimension.
    resampled
        Resamples (`drawn`) of the matched scores and of those of features as they are, in the order of the frame.
    small, large
        Architectures.

    Returns
    -------
    DataFrame
        The columns of `shares`.
    """
    found = apart.size_contrast(frame, small, large)
    return shares((found, found), (frame[matched], frame[measure]), resampled, apart.OF_SIZE)


def effects(
    trained: pd.DataFrame,
    both: pd.DataFrame,
    measure: str,
    benchmark: str,
    *,
    few: int,
    many: int,
    steps: Sequence[int],
    small: str,
    large: str,
    within: Path | None = None,
    n_resamples: int = 1000,
    seed: int = PUBLISHED_SEED,
) -> pd.DataFrame:
    """The shares of one measure: of the data effect at each number of steps, and of the size effect at matched read-out.

    Parameters
    ----------
    trained
        One row a network.
    both
        The same with ``<measure>_matched`` beside the measure.
    measure, benchmark
        Column, and the benchmark that it is of.
    few, many, steps
        As in `data`.
    small, large
        As in `size`.
    within, n_resamples, seed
        As in `drawn`.

    Returns
    -------
    DataFrame
        key (the number of steps, or "size"), effect in words, and the columns of `shares`.
    """
    how = {"within": within, "n_resamples": n_resamples, "seed": seed}
    more = data(trained, measure, drawn(trained, benchmark, **how), few, many, steps)
    keys, words = more["n_steps"].astype(str), more["n_steps"].map("images, {:,} steps".format)
    readouts = drawn(both, benchmark, MATCHED, **how), drawn(both, benchmark, **how)
    larger = size(both, measure, f"{measure}_{MATCHED}", readouts, small, large)
    larger = larger.assign(key="size", effect="size, matched read-out")
    joined = pd.concat([more.drop(columns="n_steps").assign(key=keys, effect=words), larger], ignore_index=True)
    return joined[["key", "effect", *joined.columns.drop(["key", "effect"])]]


def widest(found: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Of each share, limits over networks, over all that they were measured on, and over both.

    Parameters
    ----------
    found
        What `shares` made of several shares.
    by
        Columns that tell them apart.

    Returns
    -------
    DataFrame
        Three rows a share, or one where nothing was drawn anew, with a column ``limits``: one of `LIMITS`.

    Examples
    --------
    >>> over = ["networks", "neuroids", "networks, neuroids", "stimuli and neuroids", "networks, stimuli and neuroids"]
    >>> widest(pd.DataFrame({"measure": "V4", "over": over}), ["measure"])["over"].tolist()
    ['networks', 'stimuli and neuroids', 'networks, stimuli and neuroids']
    """
    parts = []
    for _, part in found.groupby(list(by), sort=False):
        kept = part if len(part) < len(LIMITS) else part.iloc[[0, -2, -1]]
        parts.append(kept.assign(limits=list(LIMITS[: len(kept)])))
    return pd.concat(parts, ignore_index=True)
