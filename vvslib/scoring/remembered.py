"""Scores that were found before: one small file each, below the user's cache, made again when damaged."""

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vvslib import sources
from vvslib.benchmarks import Score

logger = logging.getLogger(__name__)

VERSION = 2
"""Version of how features become scores; raised in the same commit as whatever changes a score, wherever it changes."""


@dataclass(frozen=True)
class Key:
    """What a score depends on; any difference makes another entry.

    Attributes
    ----------
    subject
        Digest of the network: weights, architecture, preprocessing.
    benchmark, data
        Name of the benchmark, and its `digest`: version, stimuli, recordings.
    features
        What was taken of the network: a layer, how it was pooled or projected, or the classifier.
    version
        `VERSION`.

    Examples
    --------
    >>> one = Key("a", "simulated.V1-pls", "b", "layer1")
    >>> one.name == Key("a", "simulated.V1-pls", "b", "layer1").name, one.name == Key("a", "simulated.V1-pls", "b", "layer2").name
    (True, False)
    """

    subject: str
    benchmark: str
    data: str
    features: str
    version: int = VERSION

    @property
    def name(self) -> str:
        """Name of the entry's file: 32 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


class Remembered:
    """A folder of scores.

    Parameters
    ----------
    folder
        Where they lie: ``scores`` below the user's cache when None (``VVS_CACHE`` names another one).

    Examples
    --------
    >>> import tempfile
    >>> kept = Remembered(tempfile.mkdtemp())
    >>> kept.put(Key("a", "b", "c", "d"), Score(raw=0.4, raw_error=0.01, ceiling=0.8, ceiling_kind="split-half"))
    >>> kept.get(Key("a", "b", "c", "d")).value.round(3), kept.get(Key("a", "b", "c", "e"))
    (0.25, None)
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = sources.cache_folder() / "scores" if folder is None else Path(folder)

    def path(self, key: Key) -> Path:
        """Where the score of a key lies, or would."""
        return self.folder / key.name[:2] / f"{key.name}.json"

    def get(self, key: Key) -> Score | None:
        """The score of a key; None where there is none, or its file is damaged or of another key."""
        path = self.path(key)
        try:
            content = json.loads(path.read_bytes())
            if content["key"] != asdict(key):
                raise ValueError("it is of another key")
            return _score(content["score"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s is damaged (%s) and made again", path, error)
            return None

    def put(self, key: Key, score: Score) -> None:
        """Keep a score; the file appears whole or not at all. A folder that takes no files costs time and nothing else."""
        path = self.path(key)
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        text = json.dumps({"key": asdict(key), "score": plain(score)}, allow_nan=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                partial.write_text(text, encoding="utf-8")
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            _say_once(
                f"scores are found again each time: {self.folder} takes no files ({error.strerror}); VVS_CACHE names another"
            )


def plain(score: Score) -> dict[str, Any]:
    """A score as plain values, without its resamples; NaN is None.

    Examples
    --------
    >>> plain(Score(raw=0.4, raw_error=float("nan"), ceiling=0.8, ceiling_kind=""))["raw_error"] is None
    True
    """
    return _without_nan({name: value for name, value in asdict(score).items() if name != "resamples"})


def _score(content: dict[str, Any]) -> Score:
    numbers = {name: _number(content[name]) for name in ("raw", "raw_error", "ceiling")}
    arrays = {name: _array(content[name]) for name in ("by_neuroid", "ceiling_by_neuroid")}
    errors = {name: _number(value) for name, value in content["other_errors"].items()}
    return Score(**{**content, **numbers, **arrays, "other_errors": errors})


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _array(values: list[float | None] | None) -> np.ndarray | None:
    return None if values is None else np.array([_number(value) for value in values])


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list):
        return [_without_nan(item) for item in value]
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return value


@cache
def _say_once(text: str) -> None:
    logger.warning(text)
