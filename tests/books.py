"""Books for the tests, each built once a session, strictly, in a process of its own: the real one, one without data, a sample."""

import atexit
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path

from vvslib import project
from vvslib.images import cache as images_cache

CHECKOUT = Path(__file__).resolve().parents[1]
NOTEBOOKS = CHECKOUT / "tests" / "data" / "notebooks"
SAMPLE = Path(__file__).parent / "data" / "book"


@dataclass(frozen=True)
class Built:
    """A finished build: its project's root, exit status, what it said, and how long it took in seconds."""

    root: Path
    status: int
    said: str

    @property
    def html(self) -> Path:
        """Folder of the pages."""
        return self.root / "_build" / "html"

    def pages(self) -> list[Path]:
        """Every page of the book, search and index among them."""
        return sorted(path for path in self.html.rglob("*.html") if "_static" not in path.parts)

    def text(self, page: str) -> str:
        """A page's text, without tags."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", (self.html / page).read_text(encoding="utf-8"))).split())


def build(root: Path, **environment: str) -> Built:
    """Build the book of a project as a person does, with warnings as errors."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "-W", "-n", "--keep-going"]
    variables = {**os.environ, "PYTHONPATH": str(root), **environment}
    done = subprocess.run(
        command, cwd=root, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Built(root, done.returncode, done.stdout)


def new_folder() -> Path:
    """An empty folder that is gone after the session."""
    folder = Path(tempfile.mkdtemp(prefix="vvs-book-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def without_data(root: Path) -> dict[str, str]:
    """Environment in which no source can be found. What was trained, rendered or simulated here is shared: it takes minutes, and
    is no data.
    """
    nothing = root / "_nothing"
    nothing.mkdir(exist_ok=True)
    computed = images_cache.folder()
    computed.mkdir(parents=True, exist_ok=True)
    if not (nothing / computed.name).exists():
        (nothing / computed.name).symlink_to(computed, target_is_directory=True)
    return {"VVS_DATA": str(nothing), "VVS_CACHE": str(nothing), "VVS_SWEEPS": str(project.sweeps())}


@contextmanager
def checkout_book(kind: int = fcntl.LOCK_EX) -> Iterator[None]:
    """While this holds nobody else builds the checkout's book; with ``fcntl.LOCK_SH`` others may hold the same, to look at it."""
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"vvs-book-{name}.lock").open("w") as file:
        fcntl.flock(file, kind)
        yield


@cache
def real() -> Built:
    """The book of this checkout, with the data that this machine has: built by the first process that asks, for all of them."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if session is None:
        with checkout_book():
            return build(CHECKOUT)
    told = Path(tempfile.gettempdir()) / f"vvs-book-{session}.json"
    if not told.exists():  # asked first: who looks at the book keeps no other from finding out that it is there
        with checkout_book():
            if not told.exists():
                built = build(CHECKOUT)
                partial = told.with_suffix(".partial")
                partial.write_text(json.dumps({"status": built.status, "said": built.said}), encoding="utf-8")
                partial.replace(told)
    return Built(CHECKOUT, **json.loads(told.read_text(encoding="utf-8")))


@cache
def bare() -> Built:
    """The book of a copy of the tracked files, where no data can be reached."""
    root = new_folder() / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, root / name)
    with checkout_book(fcntl.LOCK_SH):  # what the real one trains and renders is shared: it may be on its way
        return build(root, **without_data(root))


def sample_project() -> Path:
    """A small project in a new folder: three notebooks, and pages that use everything that the extension offers."""
    root = new_folder()
    shutil.copytree(SAMPLE, root / "book")
    shutil.copytree(CHECKOUT / "book" / "_static", root / "book" / "_static")
    shutil.copytree(CHECKOUT / "vvslib", root / "vvslib", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("_config.yml", "CITATION.cff"):
        shutil.copy(CHECKOUT / file, root)
    for folder in ("experiments", "results", "notebooks"):
        (root / folder).mkdir()
    shutil.copy(CHECKOUT / "experiments" / "compute.yaml", root / "experiments")
    for name in ("planted", "absent"):
        shutil.copy(NOTEBOOKS / f"{name}.ipynb", root / "notebooks")
    shutil.copytree(NOTEBOOKS / "absent", root / "results" / "absent")
    return root


@cache
def sample() -> Built:
    """The sample, where no data can be reached: one notebook executed, one shown as committed."""
    root = sample_project()
    return build(root, **without_data(root))
