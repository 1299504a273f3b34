"""What the loaders of public sets share: which copy is there, and decoding it once."""

import logging
from collections.abc import Callable
from functools import cache as cache_in_process
from pathlib import Path

import numpy as np

from vvslib import provenance, sources
from vvslib.images import cache, decode

logger = logging.getLogger(__name__)

Arrays = tuple[np.ndarray, np.ndarray]


def found(*names: str) -> tuple[str, Path]:
    """The first of several sources that is there, and the folder that holds it, its bytes checked and recorded as read.

    Raises
    ------
    VvsError
        When none is there, with what to run to get the last; or when the first one found has wrong bytes.
    """
    name = next((name for name in names if sources.locate(name)), names[-1])
    folder = sources.require(name)
    for file in sources.source(name).files:
        provenance.record_input(folder / file.name, f"{name}/{file.name}")
    return name, folder


def decoded(name: str, split: str, size: int, make: Callable[[], Arrays]) -> Arrays:
    """Images and labels of one split of a source, decoded once and kept in the cache.

    Parameters
    ----------
    name
        The source; the sha256 of its files are part of the entry's key.
    split, size
        What else the arrays depend on.
    make
        Returns the images, uint8 (n, size, size, 3), and the labels, int64 (n,).
    """
    entry = cache.key(name, *(f.sha256 for f in sources.source(name).files), split, size, *decode.versions())

    @cache_in_process
    def both() -> Arrays:
        logger.info("%s, %s: decoding, which is done once; kept in %s", name, split, cache.folder())
        return make()

    images = cache.remembered(f"{name}-{entry}", lambda: both()[0])
    labels = cache.remembered(f"{name}-{entry}-labels", lambda: both()[1])
    return images, labels
