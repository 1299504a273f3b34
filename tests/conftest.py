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


def shared_book(file: str, nodeid: str) -> str | None:
    """Which book a test shares with others, if any; tests of either book say which in their parameters."""
    if file in WHOLE or (file in SAMPLE and "[real" in nodeid):
        return "whole"
    return "sample" if file in SAMPLE else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several processes a file's tests stay in one of them, and so do those that share a book."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = nodeid.partition("::")[0]
            return shared_book(Path(path).name, nodeid) or path

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of the whole book first: they take longest, and another process goes on with the sample and the rest."""
    order = ["whole", "sample", None]
    items.sort(key=lambda item: order.index(shared_book(item.path.name, item.nodeid)))


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
