"""How the networks of a grid are scored: the section ``score`` of its file, or one of its several."""

from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict, Field

from vvslib import brainscore
from vvslib.benchmarks import registry
from vvslib.closed import Closed
from vvslib.errors import VvsError

FURTHER = ("size", "pool", "dimension", "leave_out")
"""What of a way of scoring changes features or recordings."""

Value = str | int | float | bool | None


class Scoring(Closed):
    """How the networks of a grid are scored. Frozen, and closed to unknown keys.

    Attributes
    ----------
    benchmarks
        Names, or beginnings of some, as for `vvs benchmarks`. Where several are of one region, the first chooses its layer.
    chosen_on
        Whether layers are chosen on "the same stimuli" that networks are scored on, as in the paper, or on "other stimuli", half
        of them, which are set apart.
    projected
        Dimension to which larger layers are brought by a sparse random projection for the choice only, as in the paper; None
        takes them whole.
    size
        Pixels of a side at which networks are shown stimuli; that of their training images when None.
    pool
        Maps are averaged to pool × pool first; None keeps them whole.
    dimension
        Features of every layer that has more are projected to so many, for scores as for the choice: networks of different width
        then offer the regression equally many. None takes them as they are.
    leave_out
        Leave out neuroids that are constant or NaN, and say so; refused otherwise.
    untrained
        So many untrained networks of each architecture, seeds 0, 1, …, are scored beside the trained ones, by the same layers.
    resamples
        Keep the raw scores in resamples of the stimuli, which are the same for all networks, so that differences of networks may
        be resampled over stimuli. Such scores are found anew even if they are remembered; `vvs export` keeps the resamples alone.
    only
        Conditions on the parameters of a training run, parameter → value or list of values; networks that meet none of them are
        not scored in this way, nor are untrained ones. All are when None.
    epochs
        "last": networks as they are at the end; "kept": after each epoch whose weights were kept.
    table
        Name of the file of the store, without its ending, that takes the score table; "scores", or "scores_by_epoch" of epochs
        that were kept, when None.
    """

    model_config = ConfigDict(strict=True)

    benchmarks: list[str] = Field(min_length=1)
    chosen_on: Literal["the same stimuli", "other stimuli"] = "the same stimuli"
    projected: int | None = Field(default=None, ge=1)
    size: int | None = Field(default=None, ge=1)
    pool: int | None = Field(default=None, ge=1)
    dimension: int | None = Field(default=None, ge=1)
    leave_out: bool = False
    resamples: bool = False
    only: list[dict[str, Value | list[Value]]] | None = Field(default=None, min_length=1)
    untrained: int = Field(default=0, ge=0)
    epochs: Literal["last", "kept"] = "last"
    table: str | None = Field(default=None, pattern=r"^[\w-]+$")

    @property
    def stem(self) -> str:
        """Name of the table's file, without its ending."""
        return self.table or ("scores" if self.epochs == "last" else "scores_by_epoch")

    @property
    def further(self) -> dict[str, int | bool]:
        """What of it changes features or recordings, as parameters of a scoring run; those that were set, so that ids stay."""
        return {key: value for key in FURTHER if (value := getattr(self, key))}

    def wants(self, parameters: Mapping[str, object]) -> bool:
        """Whether a network that was trained with these parameters is scored in this way.

        Examples
        --------
        >>> some = Scoring(benchmarks=["simulated.V1-pls"], only=[{"arch": ["a", "b"], "seed": 0}, {"arch": "c"}])
        >>> [some.wants({"arch": arch, "seed": seed}) for arch, seed in (("a", 0), ("a", 1), ("c", 1))]
        [True, False, True]
        """
        return self.only is None or any(all(_is(parameters.get(key), of) for key, of in one.items()) for one in self.only)

    @property
    def names(self) -> list[str]:
        """Every benchmark.

        Raises
        ------
        VvsError
            For an unknown one, with the nearest, and for one of Brain-Score, which scores single networks only.
        """
        if theirs := [one for one in self.benchmarks if one.startswith(brainscore.PREFIX) or one in brainscore.facts()]:
            raise VvsError(
                f"{theirs[0]} is a benchmark of Brain-Score, whose code scores one network at a time; leave it out of the sweep, "
                f"and score a run by its id: `vvs score RUN --store DIR --benchmark {theirs[0]}`"
            )
        return registry.select(self.benchmarks)

    @property
    def neural(self) -> list[str]:
        """Those that take a committed layer, the first of each region first."""
        known = registry.facts()
        return [name for name in self.names if known[name].region != "behavior"]


def _is(value: object, wanted: Value | list[Value]) -> bool:
    return value in wanted if isinstance(wanted, list) else value == wanted
