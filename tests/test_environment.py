"""The environment and the two commands: what is pinned, and when `make env` installs."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

FAKE_PYTHON = """#!/bin/sh
case "$*" in
    *"pip install"*) echo "$*" >> "{log}"; {answer} ;;
    *"pip check"* | *"pip --version"* | *torchvision_shim*) exit 0 ;;
esac
exec "{python}" "$@"
"""


@pytest.fixture
def scratch(tmp_path, checkout):
    """A checkout in a folder with a space, whose `.venv` notes down what pip is asked to install and installs nothing."""
    folder = tmp_path / "a checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(checkout / name, folder)
    pip_answers(folder, "exit 0")
    return folder


def pip_answers(folder: Path, answer: str) -> None:
    """Have `pip install` in the scratch checkout end with the shell command `answer`."""
    python = folder / ".venv" / "bin" / "python"
    python.write_text(FAKE_PYTHON.format(log=folder / "installs", answer=answer, python=sys.executable))
    python.chmod(0o755)


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run make in a folder, free of an outer make's settings."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}}
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, env=inherited | environment)


def installs(folder: Path) -> int:
    """How often pip was asked to install."""
    log = folder / "installs"
    return len(log.read_text().splitlines()) if log.exists() else 0


def pins(checkout: Path) -> dict[str, str]:
    """Package → version, from requirements.txt."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", (checkout / "requirements.txt").read_text(), re.M))


def test_every_requirement_is_pinned(checkout):
    """Each line of requirements.txt is one exact version, and the last one is the package itself."""
    lines = [line for line in (checkout / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "-e ."
    assert [line for line in lines[:-1] if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_environment_is_the_pinned_one(checkout):
    """What is installed here is what requirements.txt says (a local build label such as +cpu aside)."""
    installed = {name: importlib.metadata.version(name).split("+")[0] for name in pins(checkout)}
    assert installed == pins(checkout)


def test_conda_takes_the_same_set(checkout):
    """environment.yml asks for Python 3.11 and pip, and leaves the rest to requirements.txt."""
    dependencies = yaml.safe_load((checkout / "environment.yml").read_text())["dependencies"]
    assert dependencies == ["python=3.11", "pip", {"pip": ["-r requirements.txt"]}]


def test_pyproject_is_the_only_tool_configuration(checkout):
    """No other file configures ruff, pytest, import-linter or setuptools."""
    others = [
        "setup.cfg",
        "setup.py",
        "pytest.ini",
        "tox.ini",
        "ruff.toml",
        ".ruff.toml",
        ".importlinter",
        ".coveragerc",
        ".flake8",
    ]
    assert [name for name in others if (checkout / name).exists()] == []
    assert {"ruff", "pytest", "importlinter", "setuptools"} <= set(
        tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]
    )


def test_citation_names_the_paper(checkout):
    """CITATION.cff is of the compendium and prefers the paper it accompanies."""
    citation = yaml.safe_load((checkout / "CITATION.cff").read_text())
    version = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["version"]
    assert (citation["cff-version"], citation["version"], citation["license"]) == ("1.2.0", version, "MIT")
    paper = citation["preferred-citation"]
    assert [author["family-names"] for author in paper["authors"]] == ["Gokce", "Schrimpf"]
    assert paper["identifiers"][0]["value"] == "arXiv:2411.05712"
    assert paper in citation["references"]


@needs_make
def test_help_lists_every_target(checkout):
    """`make` alone lists all targets, each with what it does."""
    targets = re.findall(r"^([a-z]+):", (checkout / "Makefile").read_text(), re.M)
    shown = make(checkout).stdout
    assert {"env", "book", "test", "lint", "run", "bench", "clean", "help"} == set(targets)
    assert [target for target in targets if not re.search(rf"^  {target} +\w", shown, re.M)] == []


@needs_make
@pytest.mark.parametrize(
    ("answer", "said"), [("echo 3.9.6", "is 3.9.6"), ("exit 1", "is no Python that runs"), ("echo 3.12.1", "is 3.12.1")]
)
def test_wrong_python_gives_one_clear_line(answer, said, scratch):
    """A wrong Python: one line with what was found and what to do, before anything is made."""
    shutil.rmtree(scratch / ".venv")
    python = scratch / "some python"
    python.write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    done = make(scratch, "env", PYTHON=str(python))
    said_by_us = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert said_by_us == [
        f"Python 3.11 is needed, but {python} {said}: install Python 3.11, or name one with make PYTHON=/path/to/python3.11"
    ]
    assert not (scratch / ".venv").exists()


@needs_make
def test_nothing_is_installed_twice(scratch):
    """A second `make env` asks pip for nothing, even after git has touched the files' times."""
    assert make(scratch, "env").returncode == 0
    for name in ("requirements.txt", "pyproject.toml"):
        (scratch / name).touch()
    assert make(scratch, "-j4", "env").returncode == 0
    assert installs(scratch) == 1


@needs_make
@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_changed_contents_are_installed(name, scratch):
    """A change in what is pinned, or in the package's metadata, is installed at the next call."""
    make(scratch, "env")
    with open(scratch / name, "a") as file:
        file.write("# changed\n")
    assert make(scratch, "env").returncode == 0
    assert installs(scratch) == 2


@needs_make
@pytest.mark.parametrize("end", ["exit 1", "kill -KILL $PPID; kill -KILL $$"])
def test_interrupted_installation_is_taken_up_again(end, scratch):
    """Whether pip failed or the whole command was killed, the next `make env` installs."""
    pip_answers(scratch, end)
    assert make(scratch, "env").returncode != 0
    pip_answers(scratch, "exit 0")
    assert make(scratch, "env").returncode == 0
    assert installs(scratch) == 2


@needs_make
def test_half_installed_package_is_forgotten(scratch, tmp_path):
    """A package without RECORD, pip having been stopped in it, is not left to pass for installed."""
    script = re.search(r"^FORGET_HALF_INSTALLED := (.*?)\n\n", (scratch / "Makefile").read_text(), re.M | re.S)
    code = re.sub(r"\\\n\s*", "", script[1]).replace('sysconfig.get_paths()["purelib"]', repr(str(tmp_path)))
    (tmp_path / "half-1.dist-info").mkdir()
    (tmp_path / "whole-1.dist-info").mkdir()
    (tmp_path / "whole-1.dist-info" / "RECORD").touch()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert sorted(path.name for path in tmp_path.glob("*.dist-info")) == ["whole-1.dist-info"]


@needs_make
def test_pip_takes_more_arguments(scratch):
    """PIP_ARGS reaches pip: the way to the CPU builds of torch."""
    make(scratch, "env", "PIP_ARGS=--extra-index-url https://download.pytorch.org/whl/cpu")
    assert "-r requirements.txt --extra-index-url https://download.pytorch.org/whl/cpu" in (scratch / "installs").read_text()
