"""Gram matrices of layers, without ever holding all features.

K = X Xᵀ needs the features of all stimuli at a time, and not all features: K is the sum of X₁ X₁ᵀ, X₂ X₂ᵀ, … over groups of
features. As many groups, of as many layers, as the memory holds are recorded in one pass of the stimuli; what is left, in
another. So K is exact, passes are the price, and where everything fits there is one. Features are centred over the stimuli before
they are multiplied, and all sums are in double precision, as in `vvslib.metrics.gram`; on a GPU they are formed there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vvslib.activations import memory as amounts
from vvslib.activations.extract import stream
from vvslib.activations.forward import Progress
from vvslib.activations.need import Need, need
from vvslib.activations.subject import Subject
from vvslib.benchmarks import Stimuli
from vvslib.errors import VvsError
from vvslib.metrics.gram import Gram

BLOCK = 2**25
"""Numbers in double precision at a time: 256 MB."""

SHARE_OF_GPU = 0.6
"""Of what a GPU has free, for groups of features and the matrix that they are added to."""


@dataclass(frozen=True)
class Group:
    """Features of a layer, from `start` to before `stop`."""

    layer: str
    start: int
    stop: int


def gram(
    subject: Subject,
    stimuli: Stimuli,
    layers: Sequence[str],
    *,
    batch_size: int | None = None,
    device: str | None = None,
    memory: int | None = None,
    pool: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Gram]:
    """Gram matrix of each layer's features to the stimuli.

    Parameters
    ----------
    subject, stimuli, layers, batch_size, device, pool, progress
        As for `vvslib.activations.extract`; `progress` counts the stimuli of all passes.
    memory
        Bytes that may be taken, the matrices that are returned among them. Less memory means more passes.

    Returns
    -------
    dict of str to Gram
        What `Gram.of` would make of the features.

    Raises
    ------
    VvsError
        As `extract`; too little memory is what does not hold the matrices and one feature.

    Examples
    --------
    >>> from vvslib.activations.preprocessing import Preprocessing
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3))
    >>> noise = Stimuli("noise", np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8))
    >>> gram(Subject("tiny", network, Preprocessing(8)), noise, ["0"])["0"].matrix.shape
    (5, 5)
    """
    given = {"batch_size": batch_size, "device": device, "memory": memory, "pool": pool, "progress": progress}
    return evoked(subject, stimuli, layers, **given)[0]


def evoked(
    subject: Subject,
    stimuli: Stimuli,
    layers: Sequence[str],
    whole: Sequence[str] = (),
    *,
    batch_size: int | None = None,
    device: str | None = None,
    memory: int | None = None,
    pool: int | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, Gram], dict[str, NDArray[np.float32]]]:
    """Gram matrices of some layers and the features of others, from the same passes.

    Parameters
    ----------
    subject, stimuli, layers, batch_size, device, memory, pool, progress
        As for `gram`.
    whole
        Layers whose features are kept as they are, as `extract` gives them; they may be among `layers` too.

    Returns
    -------
    grams : dict of str to Gram
        Of `layers`.
    features : dict of str to ndarray
        Of `whole`, ``(n_stimuli, n_features)``.

    Raises
    ------
    VvsError
        As `gram`.

    Examples
    --------
    >>> from vvslib.activations.preprocessing import Preprocessing
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 2))
    >>> noise = Stimuli("noise", np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8))
    >>> grams, features = evoked(Subject("tiny", network, Preprocessing(8)), noise, ["0"], ["2:input"])
    >>> grams["0"].n_stimuli, features["2:input"].shape
    (5, (5, 144))
    """
    needed = need(subject, stimuli, list(dict.fromkeys([*layers, *whole])), pool=pool, batch_size=batch_size, device=device)
    n = len(stimuli)
    if n < 2:
        raise VvsError(f"a Gram matrix needs at least 2 stimuli; got {n}")
    rounds = passes(needed, _room(subject, needed, amounts.allowed(memory), whole), whole)
    found: dict[str, Gram] = {}
    kept: dict[str, NDArray[np.float32]] = {}
    sums: dict[str, torch.Tensor] = {}
    for k, groups in enumerate(rounds):
        told = None if progress is None else (lambda shown, _, k=k: progress(k * n + shown, len(rounds) * n))
        recorded = _record(subject, stimuli, needed, groups, pool, told)
        for group in groups:
            features = recorded.pop((group.layer, group.start))
            if group.layer in whole:
                kept[group.layer] = features.cpu().numpy()
            if group.layer not in layers:
                continue
            if needed.features[group.layer] < n:  # as they are: the smaller factor
                found[group.layer] = Gram.of(features.cpu().numpy())
                continue
            total = sums.setdefault(group.layer, torch.zeros(n, n, dtype=torch.float64, device=features.device))
            _add(total, features)
            if group.stop == needed.features[group.layer]:
                found[group.layer] = _finished(sums.pop(group.layer))
    return {name: found[name] for name in dict.fromkeys(layers)}, {name: kept[name] for name in dict.fromkeys(whole)}


def passes(needed: Need, room: int, whole: Sequence[str] = ()) -> list[list[Group]]:
    """Which features are recorded in which pass: as many as there is room for, layer after layer.

    Parameters
    ----------
    needed
        What `need` found.
    room
        Bytes for features, float32.
    whole
        Layers that are not divided, whatever room they take.

    Returns
    -------
    list of list of Group
        The groups of each pass.

    Examples
    --------
    >>> needed = Need(n_stimuli=10, features={"a": 100, "b": 30}, kept={}, batch_size=1, working=0)
    >>> [[(g.layer, g.start, g.stop) for g in groups] for groups in passes(needed, 10 * 80 * 4)]
    [[('a', 0, 80)], [('a', 80, 100), ('b', 0, 30)]]
    """
    n, capacity = needed.n_stimuli, room // (4 * needed.n_stimuli)
    rounds, free = [[]], capacity
    for layer, n_features in needed.features.items():
        undivided = n_features < n or layer in whole
        start = 0
        while start < n_features:
            if free == 0 or (undivided and free < n_features):
                rounds.append([])
                free = capacity
            stop = n_features if undivided else min(n_features, start + free)
            rounds[-1].append(Group(layer, start, stop))
            free -= min(free, stop - start)
            start = stop
    return [groups for groups in rounds if groups]


def _room(subject: Subject, needed: Need, allowed: int, whole: Sequence[str] = ()) -> int:
    """Bytes for features, after the matrices, the features that are kept, and what a batch takes."""
    n = needed.n_stimuli
    matrices = 8 * n * sum(min(n, p) for p in needed.features.values()) + 4 * n * sum(needed.features[name] for name in whole)
    forming = 8 * (2 * n * n + 2 * min(BLOCK, n * max(needed.features.values())))
    on_gpu = subject.device.type == "cuda"
    taken = matrices if on_gpu else matrices + forming + needed.working
    smallest = 4 * n * max(min(n, max(needed.features.values())), *(needed.features[name] for name in whole), 0)
    if allowed < taken + (0 if on_gpu else smallest):
        raise VvsError(
            f"{subject.name}: Gram matrices of {len(needed.features)} layers to {n:,} stimuli take at least "
            f"{amounts.written(taken + smallest)}; {amounts.written(allowed)} are allowed; "
            f"{amounts.sufficient(taken + smallest)}, or fewer layers at a time"
        )
    if not on_gpu:
        return allowed - taken
    free, _ = torch.cuda.mem_get_info(subject.device)
    room = int(SHARE_OF_GPU * free) - forming - needed.working
    if room < smallest:
        raise VvsError(
            f"{subject.name}: {amounts.written(free)} of the GPU are free, and Gram matrices of {n:,} stimuli take "
            f"{amounts.written((forming + needed.working + smallest) / SHARE_OF_GPU)} of it; use device='cpu', or a "
            "smaller batch_size"
        )
    return room


def _record(
    subject: Subject, stimuli: Stimuli, needed: Need, groups: list[Group], pool: int | None, progress: Progress | None
) -> dict[tuple[str, int], torch.Tensor]:
    """Features of some groups to all stimuli, ``(n_stimuli, stop − start)`` each, on the subject's device."""
    of_layer: dict[str, list[Group]] = {}
    for group in groups:
        of_layer.setdefault(group.layer, []).append(group)
    kept = {
        (group.layer, group.start): torch.empty(len(stimuli), group.stop - group.start, device=subject.device) for group in groups
    }

    def keep(name: str, part: slice, found: torch.Tensor) -> None:
        for group in of_layer[name]:
            kept[name, group.start][part].copy_(found[:, group.start : group.stop])

    stream(subject, stimuli, needed, keep, only=list(of_layer), pool=pool, progress=progress)
    return kept


def _add(total: torch.Tensor, features: torch.Tensor) -> None:
    """Add the products of centred features, a block at a time, in double precision."""
    step = max(1, BLOCK // len(features))
    for start in range(0, features.shape[1], step):
        block = features[:, start : start + step].double()
        block -= block.mean(dim=0)
        if block.device.type == "cpu":
            rows = block.numpy()
            total += torch.from_numpy(rows @ rows.T)  # numpy sees that the result is symmetric and computes half of it
        else:
            total.addmm_(block, block.T)


def _finished(total: torch.Tensor) -> Gram:
    matrix: NDArray[np.float64] = ((total + total.T) / 2).cpu().numpy()
    return Gram(len(matrix), len(matrix) - 1, matrix=matrix)
