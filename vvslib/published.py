"""The paper's three tables, translated once, at the door; and the tables that a name or a path stands for.

Source: Gokce & Schrimpf, ICML 2025 (MIT); see the entry ``published_scores`` of `vvslib.origins`. Nothing is read when
this module is imported. What is translated:

* region ``Behavioral`` is called ``behavior`` here;
* the columns that only this project's own rows can fill (`raw`, `ceiling`, …) are there, and missing; `scale` is ``full``;
* `normalisation` is ``r/c squared`` for the four neural benchmarks, as Brain-Score did at the time. It is missing for behaviour,
  whose consistency is divided by its ceiling, or its root, without a square (its scores can be negative);
* the checkpoint table's `total_flops` lacks the factor 3 of one forward and two backward passes: it is restored.
"""

import logging
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from vvslib import provenance, replication, sources, table
from vvslib.errors import VvsError, suggest

logger = logging.getLogger(__name__)

SOURCE = "published_scores"

PRIVATE_OF: dict[str, str] = {
    "movshon.FreemanZiemba2013public.V1-pls": "FreemanZiemba2013.V1-pls",
    "movshon.FreemanZiemba2013public.V2-pls": "FreemanZiemba2013.V2-pls",
    "dicarlo.MajajHong2015public.V4-pls": "MajajHong2015.V4-pls",
    "dicarlo.MajajHong2015public.IT-pls": "MajajHong2015.IT-pls",
    "dicarlo.Rajalingham2018public-i2n": "Rajalingham2018-i2n",
}
"""The private benchmark, by the public one that stands for it."""

FACTOR_NOTE = "total_flops of the published checkpoint table lacks the factor 3 (one forward, two backward passes): restored here"
FLAGS_NOTE = "is_open_clip and is_adv are absent from the published checkpoint table: False here, as the main table says of them"


def scores() -> pd.DataFrame:
    """The paper's main table: 993 models × 5 public benchmarks.

    Returns
    -------
    pandas.DataFrame
        4,965 rows in the order of the published file, checked by `vvslib.table.check`. `score` is NaN in 6 of them: V2 of the
        untrained EfficientNet-B1 and -B2. ``attrs["notes"]`` says what was translated.

    Raises
    ------
    VvsError
        When the file is not found, or its bytes are not the registry's.

    Source
    ------
    Gokce & Schrimpf, ICML 2025, ``benchmark_scores.csv``.

    Examples
    --------
    >>> scores().groupby("region").score.max().idxmax()  # doctest: +SKIP
    'behavior'
    """
    return _finish(_published("benchmark_scores.csv"), [])


def checkpoints() -> pd.DataFrame:
    """The paper's training dynamics: 43 models at 26 to 32 epochs each × 5 public benchmarks.

    The published `total_flops` lacks the factor 3 of one forward and two backward passes. It is restored here, so that
    total_flops = 3 · flops · n_samples_seen holds as in every other table; ``attrs["notes"]`` and one line on the log say so.
    The number of epochs, `epochs` in the published file, is there as `n_epochs` too.

    Returns
    -------
    pandas.DataFrame
        6,450 rows in the order of the published file, one per (model, benchmark, epoch). `acc` is NaN throughout; `n_params`,
        `flops` and `total_flops` are NaN for three self-supervised ViTs.

    Raises
    ------
    VvsError
        When the file is not found, or its bytes are not the registry's.

    Source
    ------
    Gokce & Schrimpf, ICML 2025, ``benchmark_scores_ckpts.csv``.

    Examples
    --------
    >>> checkpoints().attrs["notes"][0]  # doctest: +SKIP
    'total_flops of the published checkpoint table lacks the factor 3 ...'
    """
    frame = _published("benchmark_scores_ckpts.csv")
    frame["total_flops"] = 3.0 * pd.to_numeric(frame["total_flops"])
    frame["n_epochs"] = frame["epochs"]
    frame = frame.assign(is_open_clip=False, is_adv=False)
    _say_once(FACTOR_NOTE)
    return _finish(frame, [FACTOR_NOTE, FLAGS_NOTE])


def private() -> pd.DataFrame:
    """The paper's check on private data: 28 models × 154 Brain-Score benchmarks, as Brain-Score's site showed them.

    Returns
    -------
    pandas.DataFrame
        4,312 rows, one per (model, benchmark): model_id, benchmark_name, score, and `outcome`: ``scored``; ``failed`` where the
        site shows an X (the model could not be run on it), with score NaN; ``absent`` where it shows nothing, with score NaN.
        Benchmarks include averages of others, such as ``V1`` or ``average_vision``. `PRIVATE_OF` pairs the public benchmarks with
        the private ones.

    Raises
    ------
    VvsError
        When the file is not found, or its bytes are not the registry's.

    Source
    ------
    Gokce & Schrimpf, ICML 2025, ``benchmark_scores_brainscore.csv``.

    Examples
    --------
    >>> private().outcome.value_counts().to_dict()  # doctest: +SKIP
    {'absent': 2156, 'scored': 2134, 'failed': 22}
    """
    wide = _read("benchmark_scores_brainscore.csv")
    cells = wide.set_index("model_id")
    shown = pd.Series(cells.to_numpy().ravel())
    frame = pd.DataFrame(
        {
            "model_id": np.repeat(cells.index.to_numpy(), cells.shape[1]),
            "benchmark_name": np.tile(cells.columns.to_numpy(), len(cells)),
            "score": shown.where(~shown.isin(["X", ""]), np.nan).astype(float),
            "outcome": shown.map({"X": "failed", "": "absent"}).fillna("scored"),
        }
    )
    frame.attrs["notes"] = ["X is read as failed, an empty cell as absent; both have score NaN"]
    return frame


def twins(public: pd.DataFrame) -> pd.DataFrame:
    """The rows of those models that Brain-Score's site scored too, with the private benchmark's score in place of the public one.

    Parameters
    ----------
    public
        The main table (`scores`), or rows of it.

    Returns
    -------
    pandas.DataFrame
        As `public`: 28 models, with `benchmark_name` and `score` of the private benchmark that `PRIVATE_OF` names, and without
        `benchmark_id`, which is the public one's.

    Raises
    ------
    VvsError
        When no row has a private twin.
    """
    found = public.drop(columns=["benchmark_id", "score"], errors="ignore")
    found = found.assign(benchmark_name=found["benchmark_name"].map(PRIVATE_OF)).dropna(subset=["benchmark_name"])
    known = private()[["model_id", "benchmark_name", "score"]]
    found = found.merge(known, on=["model_id", "benchmark_name"], how="inner").dropna(subset=["score"])
    if found.empty:
        raise VvsError("none of the models has a private score; give the table of vvslib.published.scores()")
    return found


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "published": scores,
    "published_checkpoints": checkpoints,
    **{name: partial(replication.scores, name) for name in replication.TABLES},
}
"""Score tables that have a name: the paper's, and those that the open replication committed."""


def load(name_or_path: str | Path) -> pd.DataFrame:
    """The score table that a name or a path stands for.

    Parameters
    ----------
    name_or_path
        A key of `TABLES`, or the path of a ``.parquet`` or ``.csv`` file.

    Returns
    -------
    pandas.DataFrame
        The checked table.

    Raises
    ------
    VvsError
        No table of that name (the nearest are given); no file at that path; whatever reading and checking refuse.

    Examples
    --------
    >>> load("publishd")
    Traceback (most recent call last):
    vvslib.errors.VvsError: table must be a name or the path of a .parquet or .csv file; got 'publishd'; did you mean ...
    """
    name = str(name_or_path)
    if name in TABLES:
        return TABLES[name]()
    path = Path(name_or_path).expanduser()
    looks_like_path = len(path.parts) > 1 or path.suffix.casefold() in table.SUFFIXES or path.exists()
    if name and looks_like_path:
        return table.read(path)
    raise VvsError(f"table must be a name or the path of a .parquet or .csv file; got {name!r}; {suggest(name, TABLES)}")


def _read(file: str) -> pd.DataFrame:
    """A published file, its bytes checked and recorded; text as it stands there, empty cells included."""
    path = sources.require(SOURCE) / file
    provenance.record_input(path, f"{SOURCE}/{file}")
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def _published(file: str) -> pd.DataFrame:
    """Columns and rows of a published score table, with this project's columns beside them."""
    frame = _read(file)
    frame["region"] = frame["region"].replace({"Behavioral": "behavior"})
    added = {name: np.nan for name, column in table.COLUMNS.items() if column.source == "added"}
    frame = frame.assign(**added).assign(scale="full", is_simulated=False)
    frame["normalisation"] = frame["region"].map(lambda region: np.nan if region == "behavior" else "r/c squared")
    frame.attrs["source"] = f"{SOURCE}/{file}"
    return frame


def _finish(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    checked = table.check(frame)
    checked.attrs["notes"] = [*notes, "region Behavioral is called behavior here"]
    return checked


@cache
def _say_once(note: str) -> None:
    logger.info(note)
