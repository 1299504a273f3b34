"""From the runs that a store has trained to scoring runs, and from their records to the score table."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from vvslib import sources, table
from vvslib.benchmarks import registry
from vvslib.errors import VvsError
from vvslib.scoring import committed
from vvslib.scoring.commitment import Commitment, Committed
from vvslib.sweep import task
from vvslib.sweep.records import Record
from vvslib.sweep.run import Run
from vvslib.sweep.score import TRAINING
from vvslib.sweep.scoring_options import Scoring
from vvslib.sweep.store import Store
from vvslib.sweep.tables import score_table

TASK = "vvslib.sweep.score:score_run"
LAYERS = "layers.yaml"
"""File of a store: the layers that were committed here."""

ABOUT = "Layers committed by `vvs sweep` or `vvs score`, each in the network trained on most images. See `vvs layers`."

Drive = Callable[[str, list[Run]], None]
"""Brings runs, under a name, to records."""


def check(scoring: Scoring) -> None:
    """Refuse what cannot be scored on, before hours of training.

    Raises
    ------
    VvsError
        For an unknown benchmark, and where the data of one are absent: each place tried and what gets them.
    """
    facts = registry.facts()
    for name in scoring.names:
        if any(sources.locate(source) is None for source in facts[name].sources):
            registry.load(name)


def trained(store: Store, runs: Iterable[Run] | None = None) -> list[Record]:
    """Records of networks that were trained to the end, in their own order.

    Parameters
    ----------
    store
        Where they lie.
    runs
        Those to keep; all when None.
    """
    wanted = None if runs is None else {run.id for run in runs}
    found = [one for one in store.records(wanted) if one.run.task == TRAINING and one.state == "done"]
    if wanted is None:
        return found
    by_id = {one.id: one for one in found}
    return [by_id[run.id] for run in runs if run.id in by_id]


def references(records: Sequence[Record]) -> dict[tuple[str, str], Record]:
    """The network in which the layers of each architecture and training set are chosen.

    Parameters
    ----------
    records
        Of training runs.

    Returns
    -------
    dict
        (arch, dataset) → record: supervised where there is one, of the most images, the lowest seed, the longest training.
    """
    best: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=_preference):
        best.setdefault((record.result["arch"], record.result["dataset"]), record)
    return best


def _preference(record: Record) -> tuple:
    known = record.result
    plain = not known.get("is_ssl") and not known.get("is_adv")
    return (not plain, -known["n_samples"], known["seed"], -known["n_samples_seen"], record.id)


def layers_of(store: Store) -> Committed:
    """Layers committed in a store, before those of ``experiments/layers``."""
    path = store.folder / LAYERS
    own = committed.read(path).entries if path.is_file() else ()
    return committed.read_all().with_(own)


def choices(records: Sequence[Record], scoring: Scoring, known: Committed) -> list[Run]:
    """Scoring runs that choose the layers which are not committed yet: all layers of one network a training set."""
    if not scoring.neural:
        return []
    facts = registry.facts()
    wanted = {(facts[name].region, facts[name].simulated) for name in scoring.neural}
    there = {(one.key, one.chosen_on) for one in known.entries}
    runs = []
    for (arch, dataset), record in references(records).items():
        lacking = {kind for kind in wanted if ((arch, dataset, *kind), scoring.chosen_on) not in there}
        names = [name for name in scoring.neural if (facts[name].region, facts[name].simulated) in lacking]
        first = {(facts[name].region, facts[name].simulated): name for name in reversed(names)}
        if names:
            chosen = {"layers": None, "chosen_on": scoring.chosen_on, "projected": scoring.projected, **scoring.further}
            runs.append(_run({"run": record.id, "benchmarks": [n for n in names if n in first.values()], **chosen}))
    return runs


def commitments(store: Store, runs: Sequence[Run]) -> list[Commitment]:
    """What runs of `choices` committed to."""
    found = [record for record in store.records(run.id for run in runs) if record.state == "done"]
    return [Commitment(**entry) for record in found for entry in record.result["commitments"]]


def scores(records: Sequence[Record], scoring: Scoring, known: Committed, store: Store) -> list[Run]:
    """Scoring runs of all networks, each with the layers committed to its architecture and training set."""
    from vvslib.scoring.trained import epochs

    runs = []
    for record in (one for one in records if scoring.wants(one.run.parameters)):
        common = {"run": record.id} | how(scoring, known, record.result["arch"], record.result["dataset"])
        kept = epochs(store.run_folder(record.id)) if scoring.epochs == "kept" else [None]
        runs += [_run(common if epoch is None else common | {"epoch": epoch}) for epoch in kept]
    return runs


def untrained(records: Sequence[Record], scoring: Scoring, known: Committed) -> list[Run]:
    """Scoring runs of untrained networks of the same architectures, by the layers committed with the most images."""
    if not scoring.untrained or scoring.only is not None:
        return []
    best: dict[str, Record] = {}
    for (arch, _), record in references(records).items():
        best[arch] = min(best.get(arch, record), record, key=_preference)
    given = {arch: how(scoring, known, arch, record.result["dataset"]) for arch, record in best.items()}
    return [_run({"untrained": arch, "seed": seed} | said) for arch, said in given.items() for seed in range(scoring.untrained)]


def how(scoring: Scoring, known: Committed, arch: str, dataset: str) -> dict[str, Any]:
    """Parameters of a scoring run besides the network: benchmarks, the layer of each, how features are reduced."""
    facts = registry.facts()
    layers = {simulated: known.layers(arch, dataset, simulated) for simulated in (False, True)}
    given = {name: layers[facts[name].simulated].get(facts[name].region) for name in scoring.neural}
    given = {name: layer for name, layer in given.items() if layer is not None}
    said = {"benchmarks": scoring.names, "layers": given, "chosen_on": scoring.chosen_on, **scoring.further}
    return said | {"resamples": True} if scoring.resamples else said


def _run(parameters: dict[str, Any]) -> Run:
    found = task.load(TASK)
    found.check(parameters)
    return Run(TASK, found.version, parameters, found.digests(parameters))


def score_store(
    store: Store, records: Sequence[Record], scoring: Scoring, name: str, drive: Drive
) -> tuple[list[Run], Path | None]:
    """Score what a store has trained: layers committed first, once; then every network; then the score table.

    Parameters
    ----------
    store
        Where the networks lie, and the records of scoring go.
    records
        Of training runs: `trained`.
    scoring
        On what, and how.
    name
        Of the sweep; the name of the table is added, and ``-layers`` where layers are chosen.
    drive
        Brings runs to records; what is recorded already it leaves.

    Returns
    -------
    runs : list of Run
        All scoring runs.
    path : Path or None
        The score table in the store; None where no network could be scored.

    Raises
    ------
    VvsError
        When there is no network to score.
    """
    if not records:
        raise VvsError(f"{store.folder} must hold networks that were trained to the end to score them; there are none")
    known = layers_of(store)
    choosing = choices(records, scoring, known)
    if choosing:
        drive(f"{name}-{scoring.stem}-layers", choosing)
        made = commitments(store, choosing)
        own = committed.read(store.folder / LAYERS) if (store.folder / LAYERS).is_file() else Committed()
        if made:
            committed.write(own.with_(made), store.folder / LAYERS, ABOUT)
        known = known.with_(made)
    scoring_runs = [*scores(records, scoring, known, store), *untrained(records, scoring, known)]
    if scoring_runs:
        drive(f"{name}-{scoring.stem}", scoring_runs)
    scored = [record for record in store.records(run.id for run in scoring_runs) if record.result.get("scores")]
    path = table.write(score_table(scored), store.folder / f"{scoring.stem}.csv") if scored else None
    return [*choosing, *scoring_runs], path
