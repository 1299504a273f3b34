"""The task of a sweep that scores one network: one which another run of the same store has trained, or an untrained one.

A run is what was trained, on which benchmarks, and which layers stand for which of them; the network's id stands for its weights.
So the ids of training runs never change because something is scored, and whatever is scored anew is another run.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vvslib.errors import VvsError, suggest
from vvslib.scoring.remembered import VERSION

if TYPE_CHECKING:
    from vvslib.activations import Subject
    from vvslib.benchmarks import Benchmark
    from vvslib.scoring.score import Progress

__all__ = ["VERSION", "check", "digests", "score_run"]

TRAINING = "vvslib.sweep.train:train_run"
"""The task whose runs are scored."""

NEUROID_DECIMALS = 4
"""Of the correlations that a record holds neuroid by neuroid; their errors are some hundred times as large."""

RESAMPLE_DECIMALS = 5
"""Of those that it holds resample by resample, whose differences between networks are small."""

KEYS = (
    "run",
    "untrained",
    "seed",
    "benchmarks",
    "layers",
    "epoch",
    "chosen_on",
    "projected",
    "size",
    "pool",
    "dimension",
    "leave_out",
    "resamples",
)


def check(parameters: dict[str, Any]) -> None:
    """Refuse parameters that no run can have, without loading anything.

    Raises
    ------
    VvsError
        For an unknown parameter or benchmark, with the nearest.
    """
    from vvslib.benchmarks import registry

    if parameters.get("resamples") and parameters.get("layers") is None:
        raise VvsError("a scoring run that keeps resamples must be given the layers that it scores; got none")
    for key in parameters:
        if key not in KEYS:
            raise VvsError(f"parameter {key!r} of a scoring run is unknown: {suggest(key, KEYS)}")
    named = [isinstance(parameters.get(key), str) for key in ("run", "untrained")]
    if sum(named) != 1 or not isinstance(parameters.get("benchmarks"), list):
        raise VvsError("a scoring run must name the run that was trained, or an untrained architecture, and a list of benchmarks")
    registry.select(parameters["benchmarks"])


def digests(parameters: dict[str, Any]) -> dict[str, str]:
    """Which benchmarks the names stand for, with their versions; of recordings of the user's own, what they are."""
    from vvslib.benchmarks import registry

    known = registry.facts()
    named = [known[name] for name in registry.select(parameters["benchmarks"])]
    leave_out = parameters.get("leave_out", False)
    own = {one.name: f" {registry.load(one.name, leave_out).digest}" for one in named if one.data}
    return {"benchmarks": ", ".join(f"{one.name} v{one.version}{own.get(one.name, '')}" for one in named)}


def score_run(parameters: dict[str, Any], folder: Path, report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Score one network.

    Parameters
    ----------
    parameters
        ``run``: id of the run that trained it, in the same store; or ``untrained``: an architecture, and ``seed``.
        ``benchmarks``: their names. ``layers``: benchmark → layer, or None to score all layers and commit to the best. ``epoch``:
        take the weights kept after it. ``chosen_on`` and ``projected``: as in `vvslib.scoring.commitment.Commitment`, where
        layers are chosen. ``size``, ``pool``, ``dimension``, ``leave_out`` and ``resamples``: as in
        `vvslib.sweep.scoring_options.Scoring`.
    folder
        The run's own, in the store.
    report
        Is told ``fraction``.

    Returns
    -------
    dict
        ``scores``: rows of the score table, one a benchmark, ``score_of`` each region by its first benchmark, and ``by_neuroid``:
        raw correlation of every neuroid, where there are any, ``by_resample``: benchmark, what was drawn anew and raw score of
        each resample, where they are kept; or, where layers were chosen, ``by_layer`` and ``commitments``.
        ``left_out``: benchmarks that were not scored, with the reason.

    Raises
    ------
    VvsError
        When the run was not trained, its weights or the benchmark's data are not there, and whatever scoring refuses.
    """
    from vvslib.benchmarks import registry

    subject = _subject(parameters, folder.parents[2])
    leave_out = parameters.get("leave_out", False)
    benchmarks = [registry.load(name, leave_out) for name in registry.select(parameters["benchmarks"])]

    def told(what: str, done: int, total: int) -> None:
        report({"fraction": 0.9 * done / max(1, total) if what != "scores" else done / max(1, total), "what": what})

    return (_choose if parameters.get("layers") is None else _score)(subject, benchmarks, parameters, told)


def _subject(parameters: dict[str, Any], place: Path) -> "Subject":
    from vvslib.scoring import trained
    from vvslib.sweep.store import Store

    size = parameters.get("size")
    if "untrained" in parameters:
        return trained.untrained(parameters["untrained"], parameters.get("seed", 0), size)
    store = Store(place)
    record = store.record(parameters["run"])
    if record is None or record.state != "done":
        state = "there is no record of it" if record is None else f"it ended as {record.state}"
        raise VvsError(f"run {parameters['run']} must have been trained to be scored; {state} in {store.folder}")
    given = {"run_id": record.id, "epoch": parameters.get("epoch"), "size": size}
    return trained.of_run(record.run.parameters, record.result, store.run_folder(record.id), **given)


def _score(subject: "Subject", benchmarks: "Sequence[Benchmark]", parameters: dict[str, Any], told: "Progress") -> dict[str, Any]:
    from vvslib.scoring import commitment
    from vvslib.scoring.features import Options
    from vvslib.scoring.rows import CHOICES, row
    from vvslib.scoring.score import score

    chosen_on = parameters.get("chosen_on", commitment.SAME)
    if chosen_on == commitment.OTHER:
        benchmarks = [commitment.divide(one)[1] if one.facts.region != "behavior" else one for one in benchmarks]
    options = Options(pool=parameters.get("pool"), projected=parameters.get("dimension"))
    kept = bool(parameters.get("resamples"))
    found = score(subject, benchmarks, parameters["layers"], options=options, force=kept, progress=told)
    choice = CHOICES | {"layer": f"committed, on {chosen_on}"}
    size = f"at {parameters['size']} px" if parameters.get("size") == subject.preprocessing.size else None
    readout = ", ".join(filter(None, (size, options.said))) or None
    columns = subject.columns | {"model_id": subject.name}
    rows = [row(columns, result, choice[result.reading.kind], readout) for result in found.results]
    left_out = [[name, why] for name, why in found.left_out.items()]
    shown = {one["region"]: one["score"] for one in reversed(rows) if one["score"] is not None}
    neuroids = [(one.benchmark.name, one.score.by_neuroid) for one in found.results if one.score.by_neuroid is not None]
    by_neuroid = [[name, [_rounded(value) for value in values]] for name, values in neuroids]
    result = {"scores": rows, "left_out": left_out, "subject": subject.digest, "score_of": shown, "by_neuroid": by_neuroid}
    if kept:
        resamples = [(one.benchmark.name, what, values) for one in found.results for what, values in one.score.resamples.items()]
        result["by_resample"] = [[*of, [_rounded(value, RESAMPLE_DECIMALS) for value in values]] for *of, values in resamples]
    return result


def _rounded(value: float, decimals: int = NEUROID_DECIMALS) -> float | None:
    return None if value != value else round(float(value), decimals)


def _choose(
    subject: "Subject", benchmarks: "Sequence[Benchmark]", parameters: dict[str, Any], told: "Progress"
) -> dict[str, Any]:
    from vvslib.scoring import commitment
    from vvslib.scoring.features import Options
    from vvslib.scoring.score import score

    chosen_on = parameters.get("chosen_on", commitment.SAME)
    projected = parameters.get("dimension") or parameters.get("projected")
    neural = [one for one in benchmarks if one.facts.region != "behavior"]
    if chosen_on == commitment.OTHER:
        neural = [commitment.divide(one)[0] for one in neural]
    found = score(subject, neural, options=Options(pool=parameters.get("pool"), projected=projected), progress=told)
    data = {one.name: one.digest for one in neural}
    columns = subject.columns | {"model_id": subject.name}
    entries = commitment.commit(columns, subject.digest, found.results, data, chosen_on=chosen_on, projected=projected)
    by_layer = [
        {"benchmark_name": one.benchmark.name, "layer": one.reading.layer, "raw": one.score.raw, "raw_error": one.score.raw_error}
        for one in found.results
    ]
    return {"commitments": [one.model_dump() for one in entries], "by_layer": by_layer, "subject": subject.digest}
