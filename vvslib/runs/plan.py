"""What is to be run: one `Run` a notebook and parameter set, in an order in which each comes after what it needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from vvslib.errors import VvsError, suggest
from vvslib.runs.notebooks import Notebook
from vvslib.runs.parameters import RESULTS, combination_name, combinations
from vvslib.sources import SOURCES


@dataclass(frozen=True)
class Run:
    """One notebook with one set of parameters.

    Parameters
    ----------
    notebook
        What is run.
    root
        The project's root; also the working directory of the run.
    overrides
        Parameters that differ from the notebook's defaults; empty for the committed result.

    Examples
    --------
    >>> run = Run(Notebook(Path("notebooks/claims.ipynb")), Path("."), {"delta": 0.1})
    >>> run.label, run.results.as_posix()
    ('claims[delta=0.1]', 'results/sweeps/claims/delta=0.1')
    """

    notebook: Notebook
    root: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The notebook's name."""
        return self.notebook.name

    @property
    def combination(self) -> str:
        """Folder name of the parameter set; empty for the defaults."""
        return combination_name(self.overrides)

    @property
    def label(self) -> str:
        """What a person reads: ``name`` or ``name[key=value]``."""
        return f"{self.name}[{self.combination}]" if self.overrides else self.name

    @property
    def results(self) -> Path:
        """Folder that the notebook writes to."""
        results = self.root / "results"
        return results / "sweeps" / self.name / self.combination if self.overrides else results / self.name

    @property
    def folder(self) -> Path:
        """Folder of the executed copy, its state and its log."""
        return self.root / "_build" / "runs" / self.name / self.combination

    @property
    def executed(self) -> Path:
        """The executed copy."""
        return self.folder / "executed.ipynb"

    @property
    def state(self) -> Path:
        """What the last complete run was made from."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """What the last run said."""
        return self.folder / "log.txt"

    @property
    def parameters(self) -> dict[str, Any]:
        """The notebook's defaults with the overrides applied; `results` left out, since it says where and not what."""
        return {k: v for k, v in (self.notebook.parameters | dict(self.overrides)).items() if k != RESULTS}

    @property
    def sources(self) -> tuple[str, ...]:
        """Downloadable things without which it cannot run.

        One that the notebook needs for a score table is not needed by a run whose parameters name tables of other sources.
        """
        before, now = (set(filter(_is_text, values.values())) for values in (self.notebook.literals, self.parameters))
        tables = {name: set(SOURCES[name].tables) if name in SOURCES else set() for name in self.notebook.sources}
        return tuple(name for name, known in tables.items() if not before & known or now & known)

    @property
    def injected(self) -> dict[str, Any]:
        """What papermill is given: nothing for a notebook's defaults, what differs and the output folder otherwise."""
        if not self.overrides and not self.notebook.own:
            return {}
        return {**self.notebook.own, **self.overrides, RESULTS: self.results.relative_to(self.root).as_posix()}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def ordered(notebooks: Mapping[str, Notebook], names: Iterable[str] | None = None) -> list[Notebook]:
    """Notebooks in running order: those asked for and what they need, each after its needs, otherwise by name.

    Parameters
    ----------
    notebooks
        All there are.
    names
        Those asked for; all when None or empty.

    Raises
    ------
    VvsError
        On an unknown name, a need that is not a notebook, or needs that go round in a circle.

    Examples
    --------
    >>> ordered({}, [])
    []
    >>> ordered({}, ["claims"])
    Traceback (most recent call last):
    ...
    vvslib.errors.VvsError: there is no notebook 'claims'; notebooks/ is empty
    """
    wanted = list(dict.fromkeys(names or notebooks))
    for name in wanted:
        _known(name, notebooks, f"there is no notebook {name!r}")
    graph: dict[str, tuple[str, ...]] = {}
    while wanted:
        name = wanted.pop()
        if name in graph:
            continue
        graph[name] = notebooks[name].needs
        for need in graph[name]:
            _known(need, notebooks, f"notebook {name} needs {need!r}, which is no notebook")
            wanted.append(need)
    sorter = TopologicalSorter({name: graph[name] for name in sorted(graph)})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise VvsError(f"notebooks must not need each other in a circle; got {circle}; remove one of these needs") from error
    order: list[Notebook] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(notebooks[name] for name in ready)
        sorter.done(*ready)
    return order


def _known(name: str, notebooks: Mapping[str, Notebook], what: str) -> None:
    if name not in notebooks:
        raise VvsError(f"{what}; {suggest(name, notebooks) if notebooks else 'notebooks/ is empty'}")


def plan(
    root: Path,
    notebooks: Mapping[str, Notebook],
    names: Sequence[str] = (),
    pairs: Sequence[tuple[str, str]] = (),
) -> list[Run]:
    """The runs that a command line asks for, checked before anything runs.

    Parameters
    ----------
    root
        The project's root.
    notebooks
        All there are, by name.
    names
        Those asked for; all when empty. With parameters and no names, every notebook must have these parameters.
    pairs
        ``(name, text)`` of each ``-p``; they concern the notebooks asked for, not those that these need.

    Returns
    -------
    list of Run
        In running order.

    Raises
    ------
    VvsError
        As `ordered` and `vvslib.runs.parameters.combinations`, and where one parameter set's folder would be another's.
    """
    asked = set(names or notebooks)
    runs: list[Run] = []
    for notebook in ordered(notebooks, names):
        sets = combinations(pairs, notebook.parameters, notebook.name) if notebook.name in asked else [{}]
        if any(sets) and RESULTS not in notebook.parameters:
            raise VvsError(
                f"notebook {notebook.name} must have a parameter 'results' (its output folder, default \"\") to be run with "
                "other parameters; add it to the parameters cell"
            )
        runs.extend(Run(notebook, Path(root), overrides) for overrides in sets)
    return runs
