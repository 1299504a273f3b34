"""Random numbers that depend on where they are used and not on what was drawn before, so that a resumed run repeats them."""

import zlib

import numpy as np


def derive(seed: int, purpose: str, *counters: int) -> int:
    """A seed for one purpose at one point of training.

    Parameters
    ----------
    seed
        Of the run, ≥ 0.
    purpose
        What it is for; different words give unrelated seeds.
    *counters
        Where in training: epoch, step, image; ≥ 0.

    Returns
    -------
    int
        0 ≤ seed < 2**63, by numpy's SeedSequence, whose output is the same on all platforms and versions.

    Examples
    --------
    >>> derive(0, "order", 3) == derive(0, "order", 3), derive(0, "order", 3) == derive(0, "crop", 3)
    (True, False)
    """
    words = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *counters]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))
