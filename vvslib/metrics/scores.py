"""What a metric of neuroids gives: a correlation for each neuroid in each split, and the numbers that it makes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vvslib.metrics.uncertainty import median, standard_error


@dataclass(frozen=True)
class NeuroidScore:
    """Correlations by split and neuroid.

    Attributes
    ----------
    r
        ``(n_splits, n_neuroids)``. NaN for neuroids that were left out, and where a neuroid or its prediction is constant over
        the stimuli of a split.
    resampled
        The same for resamples of the stimuli that are judged on, ``(n_resamples, n_splits, n_neuroids)``; None where there are
        none.

    Examples
    --------
    >>> score = NeuroidScore(np.array([[0.2, 0.4, 0.9], [0.4, 0.6, np.nan]]))
    >>> round(score.value, 3), round(score.error, 3), score.by_neuroid.round(2).tolist()
    (0.45, 0.035, [0.3, 0.5, 0.9])
    """

    r: NDArray[np.float64]
    resampled: NDArray[np.float64] | None = field(default=None, repr=False, kw_only=True)

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which neuroids have any r, ``(n_neuroids,)``."""
        return ~np.isnan(self.r).all(axis=0)

    @property
    def by_split(self) -> NDArray[np.float64]:
        """Median over neuroids, ``(n_splits,)``; NaN is left out, as Brain-Score does."""
        return median(self.r)

    @property
    def by_neuroid(self) -> NDArray[np.float64]:
        """Mean over splits, ``(n_neuroids,)``; NaN is left out, and what is left of a neuroid without any r."""
        total = np.where(np.isnan(self.r), 0, self.r).sum(axis=0)
        return np.divide(total, (~np.isnan(self.r)).sum(axis=0), out=np.full(len(total), np.nan), where=self.used)

    @property
    def value(self) -> float:
        """Mean over splits of the median over neuroids; splits without any r are left out, and NaN is left of none."""
        known = self.by_split[~np.isnan(self.by_split)]
        return float(known.mean()) if known.size else float("nan")

    @property
    def error(self) -> float:
        """Standard error of `value` over splits; NaN where there is one split only."""
        return standard_error(self.by_split)

    @property
    def by_resample(self) -> NDArray[np.float64] | None:
        """`value` in each resample of the stimuli, maps as they were fitted, ``(n_resamples,)``; None without resamples."""
        return None if self.resampled is None else np.array([NeuroidScore(r).value for r in self.resampled])

    @property
    def error_over_stimuli(self) -> float:
        """Standard error of `value` over other stimuli of the kind, maps as they were fitted; NaN without resamples."""
        if self.resampled is None:
            return float("nan")
        known = self.by_resample[~np.isnan(self.by_resample)]
        return float(known.std(ddof=1)) if known.size > 1 else float("nan")

    def with_other_neuroids(self, rng: np.random.Generator) -> NDArray[np.float64] | None:
        """`by_resample`, where each resample of the stimuli draws its neuroids anew as well, ``(n_resamples,)``.

        The draws depend on the numbers of resamples and neuroids alone: scores of one recording meet the same ones.
        """
        if self.resampled is None:
            return None
        n = self.r.shape[1]
        drawn = rng.integers(0, n, (len(self.resampled), n))
        return np.array([NeuroidScore(r[:, columns]).value for r, columns in zip(self.resampled, drawn, strict=True)])
