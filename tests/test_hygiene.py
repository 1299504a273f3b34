"""House rules for what is committed: notebooks, results, library code, paths."""

import ast
import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MODULES = sorted((ROOT / "vvslib").rglob("*.py"))

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def code_cells(notebook: Path) -> list[dict]:
    """The code cells of a notebook."""
    return [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]


def source(cell: dict) -> str:
    """The source of a cell, as one string."""
    return "".join(cell["source"])


def code_lines(cell: dict) -> int:
    """Lines of a cell that are neither blank nor a comment."""
    return sum(1 for line in source(cell).splitlines() if line.strip() and not line.strip().startswith("#"))


@each_notebook
def test_notebook_is_committed_without_outputs(notebook):
    """No code cell carries outputs or an execution count."""
    assert [cell["id"] for cell in code_cells(notebook) if cell["outputs"] or cell["execution_count"] is not None] == []


@each_notebook
def test_notebook_has_one_parameters_cell_of_literals(notebook):
    """Exactly one cell is tagged `parameters`, and it holds nothing but assignments of literals to names."""
    tagged = [cell for cell in code_cells(notebook) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for statement in ast.parse(source(tagged[0])).body:
        assert isinstance(statement, ast.Assign | ast.AnnAssign), ast.unparse(statement)
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        assert all(isinstance(target, ast.Name) for target in targets), ast.unparse(statement)
        ast.literal_eval(statement.value)


@each_notebook
def test_notebook_is_thin(notebook):
    """A cell has at most 15 lines of code, a notebook at most 80."""
    lengths = [code_lines(cell) for cell in code_cells(notebook)]
    assert max(lengths) <= 15
    assert sum(lengths) <= 80


@each_notebook
def test_notebook_is_plain_python_without_definitions(notebook):
    """Cells parse as Python (so no `!` and no `%`) and define neither functions nor classes."""
    for cell in code_cells(notebook):
        definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        assert [node.lineno for node in ast.walk(ast.parse(source(cell))) if isinstance(node, definitions)] == []


@each_notebook
def test_notebook_changes_no_global_setting(notebook):
    """No cell touches `sys.path` or `rcParams`."""
    assert re.findall(r"sys\.path|rcParams|rc_context|style\.use", "\n".join(map(source, code_cells(notebook)))) == []


@each_notebook
def test_figures_and_tables_stand_once_on_the_page(notebook):
    """What a cell draws is shown by the page's directives: a cell that ends with it has its output removed."""
    for cell in code_cells(notebook):
        last = ast.parse(source(cell)).body[-1]
        if isinstance(last, ast.Expr) and re.match(r"report\.(figure|table)\(", ast.unparse(last)):
            assert "remove-output" in cell["metadata"].get("tags", []), ast.unparse(last)[:80]


@each_notebook
def test_notebook_runs_on_the_kernel_python3(notebook):
    """The kernel is `python3`, which every environment has."""
    assert json.loads(notebook.read_text())["metadata"]["kernelspec"]["name"] == "python3"


def test_no_tracked_file_names_a_path_of_a_machine(tracked_files):
    """Nothing committed says where somebody's files lie."""
    path = re.compile(r"(?<![\w.~-])/(?:root|work|Users/\w+|home/\w+|scratch)/|[A-Z]:\\Users")
    named = []
    for file in tracked_files:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        named += [f"{file.relative_to(ROOT)}: {hit}" for hit in path.findall(text)]
    assert named == []


def strings(value) -> set[str]:
    """Every string inside a decoded JSON value, keys included."""
    if isinstance(value, dict):
        return set().union(*map(strings, value.keys()), *map(strings, value.values()))
    if isinstance(value, list):
        return set().union(*map(strings, value))
    return {value} if isinstance(value, str) else set()


def cells(file: Path) -> set[str]:
    """What stands in a file as separate values."""
    if file.suffix == ".csv":
        with open(file, newline="", encoding="utf-8") as text:
            return {cell for row in csv.reader(text) for cell in row}
    if file.suffix == ".parquet":
        return set(pd.read_parquet(file).astype(str).to_numpy().ravel())
    if file.suffix in {".json", ".ipynb"}:
        return strings(json.loads(file.read_text(encoding="utf-8")))
    return set(re.split(r"[\s\"'<>,;]+", file.read_text(encoding="utf-8")))


DATA_SUFFIXES = {".csv", ".tsv", ".json", ".ipynb", ".parquet", ".yaml", ".yml", ".svg", ".html", ".js", ".md"}


def test_no_tracked_file_holds_runs_of_somebody_elses_table(tracked_files):
    """Rows a model of the published table are not ours to commit: no file has five identifiers of single training runs."""
    seeded = re.compile(r"[\w.-]+_seed-\d+")
    found = {}
    for file in tracked_files:
        if file.suffix in DATA_SUFFIXES:
            runs = {cell for cell in cells(file) if seeded.fullmatch(cell)}
            found[str(file.relative_to(ROOT))] = len(runs)
    assert {name: n for name, n in found.items() if n >= 5} == {}


def test_no_tracked_file_holds_published_models(tracked_files, published_path):
    """The same, against the model identifiers of the published table itself."""
    with open(published_path / "benchmark_scores.csv", newline="") as text:
        published = {row["model_id"] for row in csv.DictReader(text)}
    assert len(published) == 993
    found = {str(file.relative_to(ROOT)): len(published & cells(file)) for file in tracked_files if file.suffix in DATA_SUFFIXES}
    assert {name: n for name, n in found.items() if n >= 5} == {}


def is_main_block(node: ast.AST) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


@each_module
def test_module_checks_input_with_errors(module):
    """The library has no `assert`, no bare `except`, and prints only where it is a command."""
    tree = ast.parse(module.read_text())
    tree.body = [node for node in tree.body if not is_main_block(node)]
    offences = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.ExceptHandler) and node.type is None):
            offences.append(f"line {node.lineno}: {type(node).__name__}")
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print" and "cli" not in module.relative_to(ROOT).parts:
            offences.append(f"line {node.lineno}: print")
    assert offences == []


@each_module
def test_module_is_short(module):
    """A module has at most 400 lines."""
    assert len(module.read_text().splitlines()) <= 400


@each_module
def test_public_names_have_docstrings(module):
    """The module itself, and every public function, class and method in it, has a docstring."""
    tree = ast.parse(module.read_text())
    undocumented = [] if ast.get_docstring(tree) else ["(module)"]
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            members = node.body if isinstance(node, ast.ClassDef) else []
            public = [member for member in members if isinstance(member, kinds) and not member.name.startswith("_")]
            undocumented += [item.name for item in (node, *public) if not ast.get_docstring(item)]
    assert undocumented == []
