"""Where the checkout is."""

import shutil
from pathlib import Path

import pytest

from vvslib import project
from vvslib.errors import VvsError


@pytest.fixture
def elsewhere(tmp_path):
    """A folder that looks like a checkout, with a folder below."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "_config.yml").touch()
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    return tmp_path


def test_root_is_found_from_below(elsewhere):
    """From any folder inside a checkout, its root is found."""
    assert project.root(elsewhere / "notebooks" / "deep") == elsewhere


def test_root_is_found_from_the_working_directory(elsewhere, monkeypatch):
    """Without a start, the working directory is where the search begins."""
    monkeypatch.chdir(elsewhere / "notebooks")
    assert project.root() == elsewhere


def test_nearest_checkout_wins(elsewhere):
    """Inside a checkout inside a checkout, the inner one is meant."""
    inner = elsewhere / "notebooks" / "deep"
    (inner / "experiments").mkdir()
    (inner / "_config.yml").touch()
    assert project.root(inner) == inner


@pytest.mark.parametrize(
    ("folder", "name"), [("experiments", "experiments"), ("notebooks", "notebooks"), ("results", "results"), ("build", "_build")]
)
def test_folders_lie_in_the_root(folder, name, elsewhere, monkeypatch):
    """Each folder of the project is named from its root."""
    monkeypatch.chdir(elsewhere)
    assert getattr(project, folder)() == elsewhere / name


def test_no_checkout_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    """Outside any checkout, and with the package installed outside one, the error names the start and what must lie there."""
    package = tmp_path / "site-packages" / "vvslib"
    package.mkdir(parents=True)
    shutil.copy(project.__file__, package)
    monkeypatch.setattr(project, "__file__", str(package / Path(project.__file__).name))
    with pytest.raises(
        VvsError, match=r"no vvs-scaling checkout at or above .*experiments/ and _config.yml must lie there; change to"
    ):
        project.root(tmp_path)
