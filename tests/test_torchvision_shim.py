"""torchvision beside a CPU-only torch, in each kind of process; the processes are real ones."""

import functools
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from vvslib import torchvision_shim

SHIM = Path(torchvision_shim.__file__)

needs_torchvision = pytest.mark.skipif(
    not (importlib.util.find_spec("torch") and importlib.util.find_spec("torchvision")),
    reason="torch and torchvision are not installed: pip install -r requirements.txt",
)
USE = "import torchvision, timm; assert torchvision.models.resnet18().fc.out_features == 1000"


def run(code: str, *options: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Run `code` in a new process."""
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, cwd=cwd)


def without_hook(code: str) -> subprocess.CompletedProcess:
    """Run `code` in a new process that no hook reached at its start."""
    return run(f"import sys; sys.meta_path[:] = [f for f in sys.meta_path if not hasattr(f, 'vvs_torchvision_shim')]\n{code}")


@functools.cache
def unfit() -> bool:
    """Whether torchvision's compiled extension does not fit the torch beside it."""
    return "False" in without_hook("import vvslib, torchvision.extension as e; print(e._has_ops())").stdout


@needs_torchvision
def test_import_with_vvslib():
    """After `import vvslib`, torchvision and timm import and build a network, with warnings as errors."""
    done = without_hook(f"import warnings, vvslib.torchvision_shim as s; s.install(); warnings.simplefilter('error')\n{USE}")
    assert done.returncode == 0, done.stderr


@needs_torchvision
def test_import_without_vvslib():
    """A process that never imports vvslib is covered by what `make env` wrote."""
    if importlib.util.find_spec("vvs_torchvision_shim") is None:
        pytest.skip("vvs_torchvision_shim.pth is not in this environment: make env writes it")
    done = run(f"{USE}\nimport sys; assert not [m for m in sys.modules if m.split('.')[0] == 'vvslib']", cwd=Path(sys.prefix))
    assert done.returncode == 0, done.stderr


@needs_torchvision
def test_import_in_spawned_worker(tmp_path):
    """A worker that multiprocessing spawns imports torchvision."""
    script = tmp_path / "pool.py"
    script.write_text(f"""
import multiprocessing, vvslib
def work(_):
    {USE}
    return "built"
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(work, [0]))
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.stdout.strip() == "['built']", done.stderr


@needs_torchvision
@pytest.mark.slow
def test_import_in_notebook(tmp_path):
    """A Jupyter kernel imports torchvision and runs a network."""
    cell = nbformat.v4.new_code_cell(
        f"import vvslib\n{USE}\nimport torch\ntuple(torchvision.models.resnet18().eval()(torch.zeros(1, 3, 64, 64)).shape)"
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert notebook.cells[0].outputs[-1]["data"]["text/plain"] == "(1, 1000)"


@needs_torchvision
def test_every_pending_schema_is_needed():
    """Beside an unfit torch, leaving out any one declaration brings the failure back, naming that operator."""
    if not unfit():
        pytest.skip("torchvision fits the torch beside it here: nothing is declared")
    for name in torchvision_shim.PENDING_SCHEMAS:
        done = without_hook(
            f"import vvslib.torchvision_shim as s; s.install(); del s.PENDING_SCHEMAS[{name!r}]; import torchvision"
        )
        assert f"operator torchvision::{name} does not exist" in done.stderr


@needs_torchvision
def test_compiled_operators_refuse_in_torchvisions_words():
    """What the missing extension implements still ends in torchvision's own error."""
    if not unfit():
        pytest.skip("torchvision fits the torch beside it here: its operators work")
    done = run("import vvslib, torch, torchvision; torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)")
    assert "Couldn't load custom C++ ops" in done.stderr


@needs_torchvision
def test_second_declaration_declares_nothing():
    """Once declared, operators are not declared again."""
    code = "import vvslib.torchvision_shim as s, torchvision.extension as e; print(s.declare_missing_operators(e))"
    assert run(code).stdout.strip() == "()"


def test_fitting_build_is_left_alone():
    """Where the extension was loaded, nothing is declared and torch is not touched."""
    code = """
from types import SimpleNamespace
from vvslib import torchvision_shim
print(torchvision_shim.declare_missing_operators(SimpleNamespace(_has_ops=lambda: True)), "torch" in __import__("sys").modules)
"""
    assert run(code).stdout.strip() == "() False"


def test_asking_for_the_spec_imports_nothing():
    """`find_spec("torchvision")`, the usual question whether it is there, does not import torch."""
    code = "import vvslib, sys, importlib.util as u; u.find_spec('torchvision'); print('torch' in sys.modules)"
    assert run(code).stdout.strip() == "False"


def test_install_twice_puts_one_hook():
    """However often it is installed, and by whichever copy of the module, one hook stands in `sys.meta_path`."""
    code = f"""
import runpy, sys, vvslib
from vvslib import torchvision_shim
again = torchvision_shim.install(), runpy.run_path({str(SHIM)!r})["install"]()
print(again, sum(hasattr(f, "vvs_torchvision_shim") for f in sys.meta_path))
"""
    assert run(code).stdout.strip() == "(False, False) 1"


def test_absent_torchvision_stays_absent(monkeypatch):
    """Where no finder knows torchvision, neither does the hook."""
    monkeypatch.setattr(sys, "meta_path", [torchvision_shim._Finder])
    assert torchvision_shim._Finder.find_spec("torchvision.extension") is None


def test_other_modules_are_not_its_business():
    """The hook answers for `torchvision.extension` only."""
    assert torchvision_shim._Finder.find_spec("torchvision") is None
    assert torchvision_shim._Finder.find_spec("json") is None


def test_loader_is_extended_by_one_step(tmp_path, monkeypatch):
    """The hook runs the module as its own finder found it, then declares."""
    (tmp_path / "extension.py").write_text("def _has_ops():\n    return True\n")
    seen = []
    monkeypatch.setattr(torchvision_shim, "declare_missing_operators", seen.append)
    spec = torchvision_shim._Finder.find_spec("torchvision.extension", [str(tmp_path)])
    assert isinstance(spec.loader, importlib.machinery.SourceFileLoader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert seen == [module]
    assert module._has_ops()


def test_startup_hook_needs_no_vvslib(tmp_path):
    """The two files work in a folder of their own, in an interpreter that cannot import vvslib."""
    written = torchvision_shim.write_startup_hook(tmp_path)
    assert [Path(path).name for path in written] == ["vvs_torchvision_shim.py", "vvs_torchvision_shim.pth"]
    code = f"""
import site, sys
site.addsitedir({str(tmp_path)!r})
print(sum(hasattr(f, "vvs_torchvision_shim") for f in sys.meta_path), "vvslib" in sys.modules)
"""
    done = run(code, "-S", "-I")
    assert (done.stdout.strip(), done.stderr) == ("1 False", "")


def test_startup_hook_is_written_once(tmp_path):
    """Files that are up to date are left alone; one that is not is replaced; nothing partial stays."""
    torchvision_shim.write_startup_hook(tmp_path)
    assert torchvision_shim.write_startup_hook(tmp_path) == ()
    (tmp_path / "vvs_torchvision_shim.py").write_text("stale")
    assert torchvision_shim.write_startup_hook(tmp_path) == (str(tmp_path / "vvs_torchvision_shim.py"),)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vvs_torchvision_shim.pth", "vvs_torchvision_shim.py"]


def test_declares_what_the_extension_lacks(monkeypatch):
    """Only operators that torch does not know are declared, as fragments of the library `torchvision`."""
    declared = []
    library = SimpleNamespace(define=declared.append)
    made = []
    torch = SimpleNamespace(
        ops=SimpleNamespace(torchvision=SimpleNamespace(nms=object())),
        library=SimpleNamespace(Library=lambda *args: made.append(args) or library),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(torchvision_shim, "_libraries", [])
    assert torchvision_shim.declare_missing_operators(SimpleNamespace(_has_ops=lambda: False)) == ("qnms",)
    assert (made, declared) == ([("torchvision", "FRAGMENT")], [torchvision_shim.PENDING_SCHEMAS["qnms"]])
