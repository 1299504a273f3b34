"""The data dictionary of an exported sweep: every column of every file, with unit, meaning and what a missing value means."""

from collections.abc import Mapping

import pandas as pd

from vvslib.columns import COLUMNS, Column
from vvslib.errors import VvsError

FURTHER: dict[str, Column] = {
    "raw_by_neuroid": Column("list", "correlation", "raw of each neuroid, in the order of the benchmark's", "NaN in a list"),
    "drawn": Column("text", "–", "what was drawn anew in each resample", "never missing"),
    "raw_by_resample": Column("list", "correlation", "raw in each resample, alike for all networks", "NaN in a list"),
    "step": Column("count", "steps", "steps of the optimiser; of a run, where it diverged", "it did not diverge"),
    "epoch": Column("number", "epochs", "passes over the training images by then", "never missing"),
    "train_loss": Column("number", "nats", "mean training loss since the evaluation before", "not computed"),
    "train_acc": Column("number", "fraction", "top-1 accuracy on training batches since the evaluation before", "not computed"),
    "val_loss": Column("number", "nats", "loss on the validation images", "self-supervised without a read-out"),
    "val_acc": Column("number", "fraction", "top-1 accuracy on the validation images", "self-supervised without a read-out"),
    "val_acc5": Column("number", "fraction", "top-5 accuracy on the validation images", "self-supervised without a read-out"),
    "task": Column("text", "–", "what was run", "never missing"),
    "version": Column("count", "–", "version of the task", "never missing"),
    "state": Column("text", "–", "done, diverged, failed or died", "never missing"),
    "error": Column("text", "–", "what went wrong", "nothing did"),
    "images": Column("text", "–", "training images, as asked for", "never missing"),
    "per_class": Column("count", "images / class", "images kept of every class, as asked for; 0 means all", "all"),
    "objective": Column("text", "–", "what was minimised, as asked for", "supervised"),
    "checkpoints": Column("text", "–", "which weights were kept, as asked for", "the last"),
    "device": Column("text", "–", "GPU, or CPU where there was none", "not known"),
    "wall_seconds": Column("number", "s", "wall time of the run, in its last process", "not known"),
    "commit": Column("text", "–", "commit of the code that ran it", "outside a repository"),
}
RECIPE = "a key of the recipe (vvslib.training.Recipe) that the grid set"


def describe(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every column of some files.

    Parameters
    ----------
    frames
        File, or stem of a file, → its table.

    Returns
    -------
    pandas.DataFrame
        file, column, kind, unit, meaning, missing.

    Raises
    ------
    VvsError
        For a column that has no meaning here: it must get one.

    Examples
    --------
    >>> describe({"runs.csv": pd.DataFrame({"commit": ["a"]})}).loc[0, "meaning"]
    'commit of the code that ran it'
    """
    rows = []
    for file, frame in frames.items():
        for name in map(str, frame.columns):
            bare = name.removeprefix("result.")
            found = next((known[one] for one in (name, bare) for known in (COLUMNS, FURTHER) if one in known), None)
            if found is None and name.startswith("recipe."):
                found = Column("text", "–", RECIPE, "the recipe's own")
            if found is None:
                raise VvsError(f"column {name!r} of {file} must have a meaning in the data dictionary; enter it in {__name__}")
            meaning = f"{found.meaning}; as found" if name.startswith("result.") else found.meaning
            rows.append((file, name, found.kind, found.unit, meaning, found.missing))
    return pd.DataFrame(rows, columns=["file", "column", "kind", "unit", "meaning", "missing"])
