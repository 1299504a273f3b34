"""A notebook of this project: its name, its parameters cell, what it needs, and the digest of its source.

``notebooks/editions.yaml`` lists editions: notebooks with other parameters under names, and so results, of their own.
"""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vvslib import strict_yaml
from vvslib.errors import VvsError, suggest

EDITIONS = "editions.yaml"
PARAMETERS_TAG = "parameters"
DECLARED = ("files", "needs", "sources")
"""What a notebook may declare below ``vvs`` in its metadata."""


@dataclass(frozen=True)
class Notebook:
    """One parametrised notebook on disk.

    Parameters
    ----------
    path
        The ``.ipynb`` file; its stem is the notebook's name, and the name of its results folder.
    edition
        Name in its stead, of an edition with parameters of its own; empty for the notebook itself.
    given
        These parameters, as JSON.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "delta = 1e-3\\nresults = ''"}
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "compute_scaling.ipynb"
    >>> _ = path.write_text(json.dumps({"cells": [cell], "metadata": {"vvs": {"needs": ["claims"]}}, "nbformat": 4}))
    >>> notebook = Notebook(path)
    >>> notebook.name, notebook.parameters, notebook.needs
    ('compute_scaling', {'delta': 0.001, 'results': ''}, ('claims',))
    """

    path: Path
    edition: str = ""
    given: str = "{}"

    @property
    def name(self) -> str:
        """The file's stem, or the name of the edition."""
        return self.edition or self.path.stem

    @cached_property
    def content(self) -> dict[str, Any]:
        """The notebook's JSON.

        Raises
        ------
        VvsError
            When the file is not a notebook.
        """
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise VvsError(
                f"notebook {self.name}: {self.path.name} must be notebook JSON; got {error}; restore it from git"
            ) from error
        if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
            raise VvsError(
                f"notebook {self.name}: {self.path.name} must be a notebook with cells (nbformat 4); restore it from git"
            )
        return content

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells, in order."""
        return self.content["cells"]

    @property
    def own(self) -> dict[str, Any]:
        """The parameters that an edition gives; empty for the notebook itself."""
        return json.loads(self.given)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters, in the order of their cell: its literals, or what an edition gives in their place.

        Raises
        ------
        VvsError
            As `assignments`, and for a parameter of an edition that the notebook does not have.
        """
        if unknown := sorted(set(self.own) - set(self.literals)):
            raise VvsError(
                f"{EDITIONS}: {self.name}: notebook {self.path.stem} has no parameter {unknown[0]!r}; "
                f"{suggest(unknown[0], self.literals)}"
            )
        return self.literals | self.own

    @cached_property
    def literals(self) -> dict[str, Any]:
        """The literal assignments of the parameters cell, in order.

        Raises
        ------
        VvsError
            When there is not exactly one such cell, or when it holds anything but ``name = literal``.
        """
        tagged = [cell for cell in self.cells if PARAMETERS_TAG in cell.get("metadata", {}).get("tags", ())]
        if len(tagged) != 1:
            raise VvsError(
                f"notebook {self.name}: exactly one cell must be tagged {PARAMETERS_TAG!r}; got {len(tagged)}; tag one cell"
            )
        return assignments(cell_source(tagged[0]), where=f"notebook {self.name}")

    @property
    def needs(self) -> tuple[str, ...]:
        """Notebooks whose results this one reads (metadata ``{"vvs": {"needs": [...]}}``)."""
        return self._declared("needs")

    @property
    def sources(self) -> tuple[str, ...]:
        """Downloadable things without which it cannot run (metadata ``{"vvs": {"sources": [...]}}``)."""
        return self._declared("sources")

    @property
    def files(self) -> tuple[str, ...]:
        """Files below the checkout without which it cannot run, such as committed tables (``{"vvs": {"files": [...]}}``)."""
        return self._declared("files")

    def _declared(self, key: str) -> tuple[str, ...]:
        declared = self.content.get("metadata", {}).get("vvs", {})
        if not isinstance(declared, dict):
            raise VvsError(f"notebook {self.name}: metadata 'vvs' must be a mapping; got {declared!r}")
        unknown = sorted(set(declared) - set(DECLARED))
        if unknown:
            raise VvsError(f"notebook {self.name}: metadata vvs.{unknown[0]} is not known; {suggest(unknown[0], DECLARED)}")
        names = declared.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise VvsError(f"notebook {self.name}: metadata vvs.{key} must be a list of names; got {names!r}")
        return tuple(names)

    @cached_property
    def digest(self) -> str:
        """sha256 over cell types, sources and tags, and the declared needs; outputs and execution counts do not count."""
        cells = [[cell.get("cell_type"), cell_source(cell), cell.get("metadata", {}).get("tags", [])] for cell in self.cells]
        declared = [self.needs, self.sources, *([self.files] if self.files else []), *([self.own] if self.own else [])]
        text = json.dumps([cells, *declared], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def code(self) -> str:
        """The code cells' sources as one text, IPython's own lines (``%``, ``!``, ``?``) left out."""
        lines = "\n".join(cell_source(cell) for cell in self.cells if cell.get("cell_type") == "code").splitlines()
        return "\n".join("" if line.lstrip().startswith(("%", "!", "?")) else line for line in lines)


def cell_source(cell: dict[str, Any]) -> str:
    """A cell's source as one string, however the file stores it.

    Examples
    --------
    >>> cell_source({"source": ["a = 1\\n", "b = 2"]})
    'a = 1\\nb = 2'
    """
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else source


def assignments(source: str, where: str = "parameters") -> dict[str, Any]:
    """The values of a cell that holds literal assignments only.

    Parameters
    ----------
    source
        Python source of the cell.
    where
        What an error names.

    Raises
    ------
    VvsError
        When a statement is anything but ``name = literal``, or a name is given twice.

    Examples
    --------
    >>> assignments("seed = 0\\nfamilies = ['ResNet', 'ViT']")
    {'seed': 0, 'families': ['ResNet', 'ViT']}
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise VvsError(f"{where}: the parameters cell must be Python; line {error.lineno}: {error.msg}") from error
    values: dict[str, Any] = {}
    for statement in statements:
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        target = statement.target if isinstance(statement, ast.AnnAssign) and statement.value is not None else target
        try:
            if not isinstance(target, ast.Name):
                raise ValueError(ast.unparse(statement))
            value = ast.literal_eval(statement.value)
        except ValueError as error:
            raise VvsError(
                f"{where}: the parameters cell must hold literal assignments only; got {ast.unparse(statement)!r} in line "
                f"{statement.lineno}; move it to the next cell"
            ) from error
        if target.id in values:
            raise VvsError(
                f"{where}: parameter {target.id!r} must be assigned once; it is assigned again in line {statement.lineno}"
            )
        values[target.id] = value
    return values


def find(root: Path) -> dict[str, Notebook]:
    """The project's notebooks and their editions by name, in the order of their names.

    Raises
    ------
    VvsError
        For an edition of no notebook, or with the name of one.

    Examples
    --------
    >>> find(Path("/nowhere"))
    {}
    """
    folder = Path(root) / "notebooks"
    found = {path.stem: Notebook(path) for path in sorted(folder.glob("*.ipynb"))}
    return dict(sorted((found | editions(folder, found)).items()))


def editions(folder: Path, notebooks: Mapping[str, Notebook]) -> dict[str, Notebook]:
    """The editions of a folder: name → notebook with parameters of its own.

    Parameters
    ----------
    folder
        Of notebooks; without `EDITIONS` there are none.
    notebooks
        Those in it.
    """
    path = folder / EDITIONS
    found: dict[str, Notebook] = {}
    known = strict_yaml.load(path.read_text(encoding="utf-8"), EDITIONS) if path.is_file() else {}
    for name, said in known.items():
        if not isinstance(said, dict) or set(said) != {"notebook", "parameters"} or not isinstance(said["parameters"], dict):
            raise VvsError(f"{EDITIONS}: {name} must say `notebook` and `parameters`, a mapping, and nothing else; got {said!r}")
        if said["notebook"] not in notebooks:
            hint = suggest(said["notebook"], notebooks) if notebooks else "there are none"
            raise VvsError(f"{EDITIONS}: {name} is of {said['notebook']!r}, which is no notebook; {hint}")
        if name in notebooks:
            raise VvsError(f"{EDITIONS}: {name} is the name of a notebook; take another")
        found[name] = Notebook(folder / f"{said['notebook']}.ipynb", name, json.dumps(said["parameters"]))
    return found
