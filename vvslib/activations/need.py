"""What an extraction takes, found from one image before anything else is run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from vvslib.activations import forward, memory, places, projection, recording
from vvslib.activations.places import Place
from vvslib.activations.subject import Subject
from vvslib.benchmarks import Stimuli
from vvslib.errors import VvsError

WORKING = {"cpu": 2**28, "cuda": 2**31}
"""Bytes of intermediate results that the default batch may take."""

LARGEST_BATCH = 256

HELD_AT_ONCE = 3
"""So many intermediate results of the largest size are taken to exist at once: what goes in, what comes out, a shortcut."""


@dataclass(frozen=True)
class Recorded:
    """What one image evokes at a place: which run of the module counts, along which axis images lie, how many features."""

    place: Place
    run: int
    axis: int
    n_features: int


@dataclass(frozen=True)
class Need:
    """What an extraction takes.

    Attributes
    ----------
    n_stimuli
        How many stimuli are shown.
    features
        Number of features of each layer, before any projection.
    kept
        Number of features of each layer that are kept.
    batch_size
        Stimuli shown at a time.
    working
        Bytes of a batch and of the projections: an estimate.
    recorded
        How each layer is recorded.
    """

    n_stimuli: int
    features: dict[str, int]
    kept: dict[str, int]
    batch_size: int
    working: int
    recorded: tuple[Recorded, ...] = ()

    @property
    def bytes(self) -> int:
        """Of the features that are kept, as float32."""
        return 4 * self.n_stimuli * sum(self.kept.values())

    @property
    def total(self) -> int:
        """Bytes in all: features and what is needed while they are computed."""
        return self.bytes + self.working

    def refuse_beyond(self, allowed: int, name: str) -> None:
        """Refuse what takes more than is allowed.

        Raises
        ------
        VvsError
            With the largest layer, the memory that would do, and the projection that would fit.
        """
        if self.total <= allowed:
            return
        largest = max(self.kept, key=self.kept.__getitem__)
        n_layers = len(self.kept)
        matrices = sum(projection.size(n, 1) for n in self.features.values())
        fits = (allowed - self.working) // (4 * self.n_stimuli * n_layers + matrices)
        fitting = f"projected={fits} fits, " if fits >= 1 else ""
        raise VvsError(
            f"{name}: {n_layers} layer{'s' * (n_layers > 1)} of {self.n_stimuli:,} stimuli take {memory.written(self.total)} "
            f"(the largest, {largest}, has {self.kept[largest]:,} features); {memory.written(allowed)} are allowed; "
            f"{memory.sufficient(self.total)}, {fitting}and gram() needs no more than is allowed"
        )


def need(
    subject: Subject,
    stimuli: Stimuli,
    layers: Sequence[str],
    *,
    pool: int | None = None,
    projected: int | None = None,
    batch_size: int | None = None,
    device: str | None = None,
) -> Need:
    """Say what an extraction takes, from one image.

    Parameters
    ----------
    subject, stimuli, layers, pool, projected, batch_size, device
        As for `vvslib.activations.extract`.

    Returns
    -------
    Need

    Raises
    ------
    VvsError
        For layers that are not there, do not run, or give no features of single images.

    Examples
    --------
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten())
    >>> from vvslib.activations.preprocessing import Preprocessing
    >>> grey = Stimuli("grey", np.full((5, 8, 8, 3), 128, np.uint8))
    >>> found = need(Subject("tiny", network, Preprocessing(8)), grey, ["0"])
    >>> found.features, found.bytes
    ({'0': 144}, 2880)
    """
    for name, value in (("pool", pool), ("projected", projected), ("batch_size", batch_size)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
            raise VvsError(f"{name} must be a whole number from 1, or None; got {value!r}")
    if isinstance(layers, str) or not len(layers):
        raise VvsError(f"layers must be a list of at least one name; got {layers!r}")
    chosen = forward.choose(device)
    subject.module.to(chosen).eval()
    wanted = [places.read(name, subject.module, subject.layers, subject.name) for name in dict.fromkeys(layers)]
    recorded, largest = _look(subject, stimuli, wanted, pool)
    features = {one.place.name: one.n_features for one in recorded}
    kept = {name: n if projected is None else min(n, projected) for name, n in features.items()}
    image = HELD_AT_ONCE * 4 * max(largest, 3 * subject.preprocessing.size**2)
    if batch_size is None:
        batch_size = default_batch(image, chosen.type)
    matrices = sum(projection.size(n, kept[name]) for name, n in features.items() if kept[name] < n)
    return Need(len(stimuli), features, kept, int(batch_size), min(batch_size, len(stimuli)) * image + matrices, recorded)


def default_batch(image: int, device: str) -> int:
    """A power of two of images; it depends on the network and the kind of device, not on the machine, and so do last digits.

    Parameters
    ----------
    image
        Bytes of intermediate results of one image.
    device
        "cpu" or "cuda".

    Examples
    --------
    >>> default_batch(10_000_000, "cpu")
    16
    """
    fits = max(1, min(LARGEST_BATCH, WORKING.get(device, WORKING["cpu"]) // image))
    return 1 << (fits.bit_length() - 1)


def _look(subject: Subject, stimuli: Stimuli, wanted: list[Place], pool: int | None) -> tuple[tuple[Recorded, ...], int]:
    """How each place is recorded, and the number of elements of the largest intermediate result of one image."""
    seen: dict[str, list[torch.Tensor]] = {place.name: [] for place in wanted}
    largest = 0

    def take(place: Place, run: int, value: object) -> None:
        seen[place.name].append(value)

    def measure(module: torch.nn.Module, given: object, output: object) -> None:
        nonlocal largest
        largest = max(largest, output.numel() if isinstance(output, torch.Tensor) else 0)

    hooks = [m.register_forward_hook(measure) for m in subject.module.modules() if not len(m._modules)]
    try:
        with forward.exactly(subject.device), recording.Recorder(subject.module, wanted, take):
            forward.show(subject, subject.preprocessing(stimuli, [0]))
            recorded = tuple(_recorded(subject.name, place, seen[place.name], pool) for place in wanted)
    finally:
        for hook in hooks:
            hook.remove()
    return recorded, largest


def _recorded(network: str, place: Place, runs: list[object], pool: int | None) -> Recorded:
    run = place.run if place.run >= 0 else len(runs) + place.run
    if not runs:
        raise VvsError(f"{network}: layer {place.name!r} does not run when the network answers; record the module around it")
    if not 0 <= run < len(runs):
        raise VvsError(f"{network}: layer {place.name!r} runs {len(runs)} times an image, from #0 to #{len(runs) - 1}")
    value = recording.tensor(place, runs[run])
    shape = tuple(value.shape)
    if len(shape) < 2 or not value.numel() or value.is_complex() or 1 not in shape[:2]:
        raise VvsError(
            f"{network}: layer {place.name!r} must give a row of real numbers for each image; for one image it gives "
            f"{value.dtype} of shape {shape}; record another layer"
        )
    axis = shape.index(1)
    return Recorded(place, run, axis, recording.features(value, axis, pool).shape[1])
