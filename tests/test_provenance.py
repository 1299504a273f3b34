"""What is said of a result's origin."""

import hashlib
import json
import subprocess
import sys
import time

import pytest

from vvslib import provenance
from vvslib.errors import VvsError


@pytest.fixture(autouse=True)
def fresh():
    """Nothing read before, nothing left behind."""
    before = dict(provenance._inputs)
    provenance.reset()
    yield
    provenance._inputs.clear()
    provenance._inputs.update(before)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout under git, with one commit, as the working directory."""
    root = tmp_path / "checkout"
    (root / "experiments").mkdir(parents=True)
    (root / "results").mkdir()
    (root / "_config.yml").write_text("title: x\n")
    monkeypatch.chdir(root)
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "x"),
    ):
        subprocess.run(("git", *command), cwd=root, check=True)
    return root


def test_an_input_is_named_below_the_checkout(checkout):
    """Paths are relative, digests are of the bytes."""
    (checkout / "results" / "t.csv").write_bytes(b"abc")
    digest = provenance.record_input("results/t.csv")
    assert digest == hashlib.sha256(b"abc").hexdigest()
    assert provenance.inputs() == [{"name": "results/t.csv", "path": "results/t.csv", "sha256": digest, "bytes": 3}]


def test_an_input_elsewhere_says_nothing_of_the_machine(checkout, tmp_path):
    """A file outside the checkout goes by the name it is given, or by its bare name."""
    (tmp_path / "a.csv").write_bytes(b"a")
    (tmp_path / "b.csv").write_bytes(b"b")
    provenance.record_input(tmp_path / "a.csv", "source/a.csv")
    provenance.record_input(tmp_path / "b.csv")
    assert [entry["path"] for entry in provenance.inputs()] == ["b.csv", "source/a.csv"]
    assert str(tmp_path) not in json.dumps(provenance.inputs())


def test_reading_twice_is_listed_once(tmp_path):
    """A file is one input however often it is read."""
    (tmp_path / "a").write_bytes(b"a")
    provenance.record_input(tmp_path / "a")
    provenance.record_input(tmp_path / "a")
    assert len(provenance.inputs()) == 1


def test_a_file_that_changed_between_readings_is_listed_twice(tmp_path):
    """Both versions went into the result."""
    for content in (b"a", b"longer"):
        (tmp_path / "a").write_bytes(content)
        provenance.record_input(tmp_path / "a")
    assert sorted(entry["bytes"] for entry in provenance.inputs()) == [1, 6]


def test_reset_forgets(tmp_path):
    """After a reset nothing was read."""
    (tmp_path / "a").write_bytes(b"a")
    provenance.record_input(tmp_path / "a")
    provenance.reset()
    assert provenance.inputs() == []


def test_an_input_that_is_absent_is_refused(tmp_path):
    """The path is named."""
    with pytest.raises(VvsError, match=r"nowhere\.csv"):
        provenance.record_input(tmp_path / "nowhere.csv")


def test_a_clean_checkout_is_not_dirty(checkout):
    """The commit is the full one."""
    head = subprocess.run(("git", "rev-parse", "HEAD"), cwd=checkout, check=True, capture_output=True, text=True).stdout.strip()
    assert provenance.code_version() == {"commit": head, "dirty": False}


def test_changed_code_is_dirty_and_new_results_are_not(checkout):
    """What a run writes does not make the next run dirty; an edit does."""
    (checkout / "results" / "fits.csv").write_text("x")
    assert provenance.code_version()["dirty"] is False
    (checkout / "experiments" / "new.yaml").write_text("x")
    assert provenance.code_version()["dirty"] is True


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    """An unpacked archive is described all the same, even inside somebody else's repository."""
    subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)
    inner = tmp_path / "inner"
    (inner / "experiments").mkdir(parents=True)
    (inner / "_config.yml").touch()
    monkeypatch.chdir(inner)
    assert provenance.code_version() is None
    assert provenance.describe({}, None, time.time())["commit"] is None


def test_a_machine_without_the_git_command_has_no_commit(checkout, monkeypatch):
    """No git on the PATH is no error."""
    monkeypatch.setenv("PATH", "")
    assert provenance.code_version() is None


def test_torch_is_not_imported_to_look_for_a_gpu():
    """Describing a run costs no torch."""
    code = "import sys, time; from vvslib import provenance as p; p.describe({}, 1, time.time()); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_description_is_json_with_all_its_parts(tmp_path):
    """Everything that belongs in provenance.json, and the inputs read so far."""
    (tmp_path / "a").write_bytes(b"a")
    provenance.record_input(tmp_path / "a")
    described = json.loads(json.dumps(provenance.describe({"delta": 1e-3}, 42, time.time() - 2)))
    parts = {"commit", "dirty", "parameters", "seed", "inputs", "versions", "device", "date", "wall_seconds"}
    assert set(described) == parts
    assert described["inputs"][0]["name"] == "a"
    assert 2 <= described["wall_seconds"] < 30
    assert described["date"].endswith("+00:00")


def test_a_start_on_another_clock_is_refused():
    """perf_counter's seconds are not a date."""
    with pytest.raises(VvsError, match=r"time\.time\(\)"):
        provenance.describe({}, None, 12.5)
