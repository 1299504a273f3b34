"""What the tests share: the checkout, the data where it is there, one thread for linear algebra, repeatable properties."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

# pytest reads this file before numpy is imported: more threads only slow the small problems of these tests down.
for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# Started in the background by a script, this process ignores Ctrl-C, and so would every command that it tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run; `--hypothesis-profile=explore` draws new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")


WHOLE = ("test_book_whole.py", "test_notebooks.py")
SAMPLE = ("test_book.py", "test_book_front.py", "test_browser.py")
"""Files whose tests share a built book: the whole one, or the sample."""

LAST = ("test_book_bare.py", "real desk 1", "real desk 2", "real phone", "real")
"""What needs the whole book built, in pieces that several processes can share at the end, the longest first."""


def together(file: str, nodeid: str) -> str:
    """What a test shares a process with: a built book, a visit to one (as its parameters say), or its file."""
    if file in WHOLE:
        return "whole"
    for visit in LAST:
        if file == visit or (file in SAMPLE and f"[{visit}" in nodeid):
            return visit
    return "sample" if file in SAMPLE else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several processes a file's tests stay in one of them, and so do those that share a book."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = nodeid.partition("::")[0]
            own = together(Path(path).name, nodeid)
            return path if own == Path(path).name else own

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of the whole book first, while another process goes on with the sample and the rest; visits to it last."""
    first = ["whole", "sample"]

    def place(item: pytest.Item) -> int:
        own = together(item.path.name, item.nodeid)
        if own in first:
            return first.index(own)
        return len(first) + (1 + LAST.index(own) if own in LAST else 0)

    items.sort(key=place)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout under test."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def tracked_files(checkout) -> list[Path]:
    """Every file under version control that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip(f"not a git checkout: {checkout}")
    return [path for name in listed.stdout.split("\0") if name and (path := checkout / name).is_file()]


@pytest.fixture(scope="session")
def locate_or_skip():
    """A function from the name of a source to the folder that holds it; skips the test where there is none."""
    from vvslib import sources

    def locate(name: str) -> Path:
        folder = sources.locate(name)
        if folder is None:
            pytest.skip(f"{name} not found: get it with `vvs fetch {name}`, or name the folder that holds it in VVS_DATA")
        return folder

    return locate


@pytest.fixture(scope="session")
def published_path(locate_or_skip) -> Path:
    """The folder of the paper's three CSVs; skips the test where they are absent."""
    return locate_or_skip("published_scores")
