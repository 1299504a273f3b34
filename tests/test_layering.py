"""The house of CONTRIBUTING.md: who may import whom, and what importing the package costs."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest


def lint_imports(folder: Path) -> subprocess.CompletedProcess:
    """Run import-linter on the package and the contracts in `folder`."""
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([command, "--no-cache"], cwd=folder, capture_output=True, text=True)


def house(checkout: Path) -> dict[str, str]:
    """The table "The house": module → its column "may import"."""
    rows = re.findall(r"^\| `vvslib/(\w+)(?:\.py|/)` \|.*\| ([^|]+) \|$", (checkout / "CONTRIBUTING.md").read_text(), re.M)
    return dict(rows)


def allowed(module: str, table: dict[str, str]) -> set[str]:
    """What `module` may import: the names in its row, and what those may import."""
    if table[module] == "all":
        return set(table)
    direct = {name for name in re.findall(r"\w+", table[module].split(";")[0]) if name in table}
    return direct.union(*(allowed(name, table) for name in direct))


def in_new_process(code: str, checkout: Path) -> str:
    """Standard output of `code`, run with this checkout's package first on the path."""
    preamble = f"import sys; sys.path.insert(0, {str(checkout)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", preamble + code], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout


def test_contracts_are_kept(checkout):
    """Every contract of pyproject.toml holds."""
    result = lint_imports(checkout)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("errors.py", "import vvslib.table", "never up"),
        ("fits/laws.py", "import torch", "never reach torch"),
        ("table.py", "from torchvision import models", "never reach torch"),
        ("metrics/pls.py", "import torch", "never reach torch"),
        ("sources.py", "import matplotlib.pyplot", "Only plotting knows matplotlib"),
    ],
)
def test_contracts_are_broken_by(module, line, contract, checkout, tmp_path):
    """An import against the house breaks the contract that forbids it."""
    shutil.copytree(checkout / "vvslib", tmp_path / "vvslib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    with open(tmp_path / "vvslib" / module, "a") as file:
        file.write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    assert re.search(rf"{contract}.* BROKEN", result.stdout.replace("\n", " ")), result.stdout


def test_direct_imports_are_those_of_the_table(checkout):
    """No module of the table imports a module of the table that its row does not allow."""
    table = house(checkout)
    assert {"errors", "fits", "cli"} <= set(table)
    graph = grimp.build_graph("vvslib", cache_dir=None)
    offences = []
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            one, other = (name.split(".")[1] if "." in name else None for name in (importer, imported))
            if one in table and other in table and one != other and other not in allowed(one, table):
                offences.append(f"{importer} → {imported}")
    assert not offences


@pytest.mark.parametrize("package", ["fits", "table", "experiments", "refit", "metrics"])
def test_numbers_never_reach_torch(package):
    """From the table to the fits no chain of imports, however long, ends in torch or torchvision."""
    graph = grimp.build_graph("vvslib", include_external_packages=True, cache_dir=None)
    if f"vvslib.{package}" not in graph.modules:
        pytest.skip(f"vvslib.{package} is not there")
    heavy = {"torch", "torchvision"} & graph.modules
    assert heavy
    importers = {f"vvslib.{package}", *graph.find_descendants(f"vvslib.{package}")}
    assert [chain for one in importers for name in heavy if (chain := graph.find_shortest_chain(one, name))] == []


def test_import_is_fast(checkout):
    """`import vvslib` takes under 0.3 s, the best of five processes."""
    code = "import time; start = time.perf_counter(); import vvslib; print(time.perf_counter() - start)"
    assert min(float(in_new_process(code, checkout)) for _ in range(5)) < 0.3


def test_import_reads_no_file(checkout):
    """`import vvslib` opens nothing in the checkout but Python's own sources and their compiled copies."""
    code = """
import json, pathlib
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import vvslib
seen = list(opened)
print(json.dumps([vvslib.__file__, seen]))
"""
    package, opened = json.loads(in_new_process(code, checkout))
    assert Path(package).parent == checkout / "vvslib"
    ours = [path for path in opened if path.startswith(str(checkout)) and not path.startswith(sys.prefix)]
    assert [path for path in ours if not re.search(r"\.pyc?(\.\d+)?$", path)] == []


@pytest.mark.parametrize("package", ["torch", "numpy", "matplotlib", "plotly", "pandas"])
def test_import_leaves_out(package, checkout):
    """`import vvslib` imports none of the heavy packages."""
    assert in_new_process(f"import vvslib; print({package!r} in sys.modules)", checkout).strip() == "False"
