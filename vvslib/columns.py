"""The columns of the score table: kind, unit, meaning, what a missing value means; and bringing values to their kind.

Kinds are plain numpy dtypes, so that grouping and arithmetic hold no surprises: ``text`` is object with NaN where missing,
``number`` float64, ``flag`` bool, and ``count`` int64, or float64 where some are missing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vvslib.errors import VvsError

REGIONS = ("V1", "V2", "V4", "IT", "behavior")
NORMALISATIONS = ("r/c squared", "r2/c")
SIMULATED = "simulated."
"""How names of simulated benchmarks begin; their rows must say `is_simulated`."""
SHOWN = 3


@dataclass(frozen=True)
class Column:
    """One column: `kind` (text, count, number, flag), unit, meaning, what a missing value means; `source` published or added."""

    kind: str
    unit: str
    meaning: str
    missing: str
    required: bool = False
    source: str = "published"


_NEVER = "never missing"
_UNKNOWN = "not known"

COLUMNS: dict[str, Column] = {
    "model_id": Column("text", "–", "one trained network: architecture, data, size, seed", _NEVER, required=True),
    "benchmark_id": Column("count", "–", "number of the benchmark in the published tables", "not one of the five"),
    "arch": Column("text", "–", "architecture", _UNKNOWN),
    "ckpt": Column("count", "epochs", "epoch at which the checkpoint was saved", "trained to the end"),
    "epochs": Column("count", "epochs", "epochs trained at this checkpoint; only in tables by epoch", "trained to the end"),
    "dataset": Column("text", "–", "training data", _UNKNOWN),
    "n_params": Column("count", "parameters", "N, with the head for 1,000 classes", _UNKNOWN),
    "macs": Column("number", "multiply-accumulates / image", "one forward pass", _UNKNOWN),
    "flops": Column("number", "FLOP / image", "one forward pass; doubled for SimCLR and adversarial training", _UNKNOWN),
    "benchmark_name": Column("text", "–", "Brain-Score's identifier, or another benchmark's", _NEVER, required=True),
    "region": Column("text", "–", "what is compared with: " + ", ".join(REGIONS), _NEVER, required=True),
    "n_samples": Column("count", "images", "D, distinct training images; 0 for an untrained network", _UNKNOWN),
    "samples_per_class": Column("count", "images / class", "images kept of every class; 0 means all", _UNKNOWN),
    "n_epochs": Column("number", "epochs", "passes over the training images; a fraction where steps ended a run", _UNKNOWN),
    "n_samples_seen": Column("count", "images", "n_samples · n_epochs", _UNKNOWN),
    "total_flops": Column("number", "FLOP", "C, 3 · flops · n_samples_seen", "not known, or an untrained network"),
    "score": Column("number", "fraction of the ceiling", "alignment S, noise-ceiled", "not computable", required=True),
    "seed": Column("count", "–", "seed of the subset and of the initialisation", _UNKNOWN),
    "arch_family": Column("text", "–", "family of the architecture; Flex variants apart, see fold_flex", _UNKNOWN),
    "acc": Column("number", "fraction", "top-1 accuracy on the validation images of the training data", "not measured"),
    "checkpoint_url": Column("text", "–", "where the weights lie", "not published"),
    "is_pretrained": Column("flag", "–", "weights trained by others, with another recipe", _NEVER),
    "is_random": Column("flag", "–", "untrained", _NEVER),
    "is_ssl": Column("flag", "–", "self-supervised", _NEVER),
    "ssl_method": Column("text", "–", "method of self-supervision", "supervised"),
    "is_ablation": Column("flag", "–", "recipe varied on purpose", _NEVER),
    "is_open_clip": Column("flag", "–", "from OpenCLIP", _NEVER),
    "is_adv": Column("flag", "–", "adversarially trained", _NEVER),
    "adv_method": Column("text", "–", "attack and schedule of the adversarial training", "no adversarial training"),
    "scale": Column("text", "–", "sandbox, open or full: the parameters the row was made with", _UNKNOWN, source="added"),
    "raw": Column("number", "correlation", "consistency before the ceiling is counted in", "not published", source="added"),
    "raw_error": Column("number", "correlation", "standard error of raw over splits", "not published", source="added"),
    "raw_error_stimuli": Column("number", "correlation", "the same over stimuli", "not computed", source="added"),
    "raw_error_neuroids": Column("number", "correlation", "the same over neuroids", "not computed", source="added"),
    "ceiling": Column("number", "correlation", "noise ceiling of the recordings or choices", "not published", source="added"),
    "ceiling_kind": Column("text", "–", "how the ceiling was found; “variance estimate” is one", "not stated", source="added"),
    "score_error": Column("number", "as score", "standard error of the score over splits", "not published", source="added"),
    "score_r2c": Column("number", "fraction of the ceiling", "the same by r²/c, never clipped", "not computed", source="added"),
    "layer": Column("text", "–", "layer committed to the region", "not published", source="added"),
    "readout": Column("text", "–", "how features of the layer were reduced; at what image size", "as they are", source="added"),
    "layer_choice": Column("text", "–", "how that layer came to be the one", "not published", source="added"),
    "run_id": Column("text", "–", "run of this project that made the row", "made by others", source="added"),
    "normalisation": Column("text", "–", "how raw became score: (r/c)² or r²/c", "another rule, or not known", source="added"),
    "benchmark_version": Column("text", "–", "version of the benchmark", "not stated", source="added"),
    "n_steps": Column("count", "steps", "steps of the optimiser, so many batches; 0 if untrained", "not known", source="added"),
    "length_by": Column("text", "–", "what training ended by: a number of steps, or of epochs", "not known", source="added"),
    "is_simulated": Column("flag", "–", "no animal and no person stands behind the score", _NEVER, source="added"),
}

REQUIRED = tuple(name for name, column in COLUMNS.items() if column.required)
NOT_NEGATIVE = (*(n for n, c in COLUMNS.items() if c.kind == "count" and n != "seed"), "n_epochs", "macs", "flops", "total_flops")


def data_dictionary() -> pd.DataFrame:
    """Every column of the score table, with kind, unit, meaning and what a missing value means.

    Examples
    --------
    >>> data_dictionary().set_index("column").loc["total_flops", "unit"]
    'FLOP'
    """
    return pd.DataFrame(
        [
            (name, c.kind, c.unit, c.meaning, c.missing, "required" if c.required else "optional", c.source)
            for name, c in COLUMNS.items()
        ],
        columns=["column", "kind", "unit", "meaning", "missing", "presence", "source"],
    )


def refuse(frame: pd.DataFrame, bad: pd.Series, what: str, mend: str) -> None:
    """Raise where any row is bad, naming the first few and how many there are.

    Parameters
    ----------
    frame
        The table.
    bad
        bool (n_rows,), True where a row is refused.
    what, mend
        What must be what and what was got; what to do.

    Raises
    ------
    VvsError
        When any row is bad.

    Examples
    --------
    >>> rows = pd.DataFrame({"model_id": ["a"], "benchmark_name": ["b"]})
    >>> refuse(rows, [True], "score must be finite; got inf", "leave it empty")
    Traceback (most recent call last):
    vvslib.errors.VvsError: score must be finite; got inf in 1 row: a × b (row 1); leave it empty
    """
    positions = np.flatnonzero(np.asarray(bad, dtype=bool))
    if not len(positions):
        return
    first = frame.iloc[positions[:SHOWN]]
    named = ", ".join(
        f"{model} × {benchmark} (row {position + 1})"
        for model, benchmark, position in zip(first["model_id"], first["benchmark_name"], positions, strict=False)
    )
    more = f" and {len(positions) - SHOWN:,} more" if len(positions) > SHOWN else ""
    raise VvsError(f"{what} in {len(positions):,} row{'s' * (len(positions) > 1)}: {named}{more}; {mend}")


def cast(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column in its schema's dtype.

    Parameters
    ----------
    frame
        The table, with the columns `model_id` and `benchmark_name` that rows are named by.
    name
        A column of the schema.

    Raises
    ------
    VvsError
        When a value is not of the column's kind; the rows are named.

    Examples
    --------
    >>> cast(pd.DataFrame({"seed": ["0", "2"]}, dtype=object), "seed").tolist()
    [0, 2]
    """
    values, kind = frame[name], COLUMNS[name].kind
    if kind == "text":
        values = blank(values)
        bad = np.array([not isinstance(value, str) for value in values]) & values.notna()
        return _of_kind(frame, name, values, bad, "text")
    if kind == "flag":
        flags = values if values.dtype == bool else values.map(_FLAGS)
        return _of_kind(frame, name, flags, flags.isna(), "True or False").astype(bool)
    if pd.api.types.is_bool_dtype(values):
        raise VvsError(f"{name} must be a number; got True and False; check the order of the columns")
    return _counts(frame, name) if kind == "count" else _numbers(frame, name)


def blank(values: pd.Series) -> pd.Series:
    """Objects, with NaN for whatever stands for nothing: an empty text, None, NA.

    Examples
    --------
    >>> blank(pd.Series(["", None, "a"])).isna().tolist()
    [True, True, False]
    """
    cells = values.to_numpy(dtype=object, copy=True)
    cells[pd.isna(cells) | (cells == "")] = np.nan
    return pd.Series(cells, index=values.index, name=values.name, dtype=object)


_FLAGS = {True: True, False: False, "True": True, "False": False, "true": True, "false": False, "TRUE": True, "FALSE": False}


def _of_kind(frame: pd.DataFrame, name: str, values: pd.Series, bad: pd.Series, what: str) -> pd.Series:
    if bad.any():
        got = frame.loc[np.asarray(bad), name].iloc[0]
        got = "nothing" if pd.isna(got) else repr(got)
        refuse(frame, bad, f"{name} must be {what}; got {got}", "correct the value")
    return values


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series:
    """float64; text is converted by Python's own exact rules, not by pandas' faster ones."""
    values = frame[name]
    if values.dtype == object or pd.api.types.is_string_dtype(values):
        values = blank(values)
        try:
            return values.astype(float)
        except (TypeError, ValueError):
            bad = np.array([not _is_number(value) for value in values])
            return _of_kind(frame, name, values, bad, "a number")
    if not pd.api.types.is_numeric_dtype(values):
        raise VvsError(f"{name} must be a number; got {values.dtype}; convert the column")
    return values.astype(float)


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _counts(frame: pd.DataFrame, name: str) -> pd.Series:
    """int64 where all are known, float64 with NaN otherwise; fractions are refused."""
    values = frame[name]
    if pd.api.types.is_integer_dtype(values) and not values.isna().any():
        return values.astype("int64")
    floats = _numbers(frame, name)
    whole = floats.isna() | np.isinf(floats) | (floats == np.floor(floats))
    floats = _of_kind(frame, name, floats, ~whole, "a whole number")
    return floats if floats.isna().any() or np.isinf(floats).any() else _exact(values, floats)


def _exact(values: pd.Series, floats: pd.Series) -> pd.Series:
    """Whole numbers beyond 2**53 keep every digit where they came as text."""
    try:
        return values.astype("int64")
    except (TypeError, ValueError, OverflowError):
        return floats.astype("int64")


def guess(values: pd.Series) -> pd.Series:
    """Text of a column outside the schema, as whole numbers, numbers or flags where every cell is one.

    Examples
    --------
    >>> guess(pd.Series(["1", "2.5"], dtype=object)).tolist()
    [1.0, 2.5]
    """
    values = blank(values)
    if values.isin(["True", "False"]).all():
        return values.map(_FLAGS).astype(bool)
    for dtype in ("float64",) if values.hasnans else ("int64", "float64"):
        try:
            return values.astype(dtype)
        except (TypeError, ValueError, OverflowError):
            continue
    return values
