"""Layer commitment: which layer of a network stands for which region, decided once and then kept.

As in Gokce & Schrimpf (2025): for each architecture and training set, the layer of the network trained on all images (seed 0)
that predicts a region best stands for that region in every network of this architecture and training set. Layers are chosen on
the data that they are then scored on, a small optimistic bias; `divide` sets stimuli apart for the choice instead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import ConfigDict, Field

from vvslib import models
from vvslib.benchmarks import Benchmark
from vvslib.closed import Closed
from vvslib.errors import VvsError
from vvslib.metrics.splits import shuffle_splits
from vvslib.scoring.rows import Result

SHARE = 0.5
"""Of the stimuli, set apart by `divide` to choose layers on."""

SAME, OTHER = "the same stimuli", "other stimuli"


class Commitment(Closed):
    """The layer of an architecture that stands for a region. Frozen, and closed to unknown keys.

    Attributes
    ----------
    arch, dataset
        Architecture and training set that it holds for; `dataset` is None for untrained networks.
    region
        What the layer stands for.
    simulated
        Whether the layer was chosen on a simulated stream; such a choice says nothing of real regions, and is not used for them.
    layer
        The layer.
    benchmark, version, data
        On what it was chosen: name, version, digest of stimuli and recordings.
    model, digest
        In which network it was chosen: ``model_id``, and the digest of weights and preprocessing.
    run_id
        The run that trained that network; None where it is not of a store.
    chosen_on
        "the same stimuli" that networks are scored on, or "other stimuli".
    projected
        Dimension that features were projected to for the choice; None where they were not.
    raw
        Raw score of every layer that was tried, the largest first.
    """

    model_config = ConfigDict(strict=True)

    arch: str
    dataset: str | None
    region: Literal["V1", "V2", "V4", "IT"]
    simulated: bool
    layer: str
    benchmark: str
    version: int
    data: str = Field(pattern=r"^[0-9a-f]{64}$")
    model: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    run_id: str | None = None
    chosen_on: Literal["the same stimuli", "other stimuli"] = SAME
    projected: int | None = None
    raw: dict[str, float]

    @property
    def key(self) -> tuple[str, str | None, str, bool]:
        """What there is one commitment of: architecture, training set, region, simulated or not."""
        return self.arch, self.dataset, self.region, self.simulated

    @property
    def depth(self) -> float:
        """How deep the layer lies among those that were tried, in the network's order: 0 the first, 1 the last, 0 for one alone.

        Raises
        ------
        VvsError
            For an architecture that the registry does not know.
        """
        order = [name for name in models.info(self.arch).layers if name in self.raw]
        return order.index(self.layer) / max(1, len(order) - 1)


@dataclass(frozen=True)
class Committed:
    """Commitments, one of a kind.

    Attributes
    ----------
    entries
        In no particular order.
    """

    entries: tuple[Commitment, ...] = ()

    def layers(self, arch: str | None, dataset: str | None, simulated: bool) -> dict[str, str]:
        """Region → layer of an architecture and training set, for real benchmarks or for simulated ones."""
        kept = [one for one in self.entries if (one.arch, one.dataset, one.simulated) == (arch, dataset, simulated)]
        return {one.region: one.layer for one in kept}

    def with_(self, more: Iterable[Commitment]) -> "Committed":
        """These and others; of two for the same, the later stands."""
        return Committed(tuple({one.key: one for one in (*self.entries, *more)}.values()))


def best(results: Sequence[Result]) -> Result:
    """The result of highest raw score, the earlier of two; the sign counts, which (r/c)² would hide.

    Raises
    ------
    VvsError
        When no result has a score.
    """
    known = [result for result in results if not np.isnan(result.score.raw)]
    if not known:
        names = ", ".join(result.reading.layer for result in results)
        raise VvsError(f"{results[0].benchmark.name}: a layer must have a score to be chosen; none of {names} has")
    return max(known, key=lambda result: result.score.raw)


def commit(
    columns: dict[str, Any],
    digest: str,
    results: Sequence[Result],
    data: dict[str, str],
    *,
    chosen_on: str = SAME,
    projected: int | None = None,
) -> list[Commitment]:
    """Commit to the best layer for each region.

    Parameters
    ----------
    columns
        What the score table says of the network: model_id, arch, dataset, and run_id where it has one.
    digest
        Of the network.
    results
        Scores of its layers. Where several benchmarks are of one region, the first decides.
    data
        Benchmark → `Benchmark.digest`.
    chosen_on, projected
        As in `Commitment`.

    Returns
    -------
    list of Commitment
        One a region; simulated and real ones apart. None where nothing was scored by layers.
    """
    by_kind: dict[tuple[str, bool], list[Result]] = {}
    for result in results:
        kind = (result.benchmark.region, result.benchmark.simulated)
        if result.reading.kind == "layer" and by_kind.setdefault(kind, [result])[0].benchmark.name == result.benchmark.name:
            by_kind[kind] += [result] if by_kind[kind][0] is not result else []
    found = []
    for (region, simulated), tried in by_kind.items():
        chosen = best(tried)
        facts = chosen.benchmark
        known = [result for result in tried if not np.isnan(result.score.raw)]
        raw = {one.reading.layer: round(float(one.score.raw), 6) for one in sorted(known, key=lambda one: -one.score.raw)}
        found.append(
            Commitment(
                arch=columns.get("arch") or columns["model_id"],
                dataset=columns.get("dataset"),
                region=region,
                simulated=simulated,
                layer=chosen.reading.layer,
                benchmark=facts.name,
                version=facts.version,
                data=data[facts.name],
                model=columns["model_id"],
                digest=digest,
                run_id=columns.get("run_id"),
                chosen_on=chosen_on,
                projected=projected,
                raw=raw,
            )
        )
    return found


def divide(benchmark: Benchmark, share: float = SHARE, seed: int = 0) -> tuple[Benchmark, Benchmark]:
    """The benchmark on stimuli to choose a layer on, and on the others, to score it on.

    Parameters
    ----------
    benchmark
        A neural one.
    share
        Of the stimuli, to choose on; of each object alike where objects are known.
    seed
        Which they are.

    Raises
    ------
    VvsError
        For parts that would be too small.
    """
    parts = [shuffle_splits(len(one), one.objects, n_splits=1, train_share=1 - share, seed=seed)[0] for one in benchmark.stimuli]
    return benchmark.part([np.sort(few) for _, few in parts]), benchmark.part([np.sort(most) for most, _ in parts])
