"""Running the notebooks: parameters, order, staleness, failures, interruption."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvslib import sources
from vvslib.errors import VvsError
from vvslib.runs.execute import Silent, execute, missing_sources
from vvslib.runs.modules import imported, reached
from vvslib.runs.notebooks import Notebook, assignments, find
from vvslib.runs.parameters import combination_name, combinations, parse
from vvslib.runs.plan import ordered, plan
from vvslib.runs.staleness import why_stale

NOTEBOOKS = Path(__file__).parent / "data" / "notebooks"
VVS = [
    sys.executable,
    "-c",
    "from vvslib.cli.run import register; import typer; a = typer.Typer(); register(a); a.command('x')(print); a()",
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project: the notebooks `plain`, and `reader` which needs it, beside a copy of vvslib."""
    for folder in ("notebooks", "experiments", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "_config.yml").touch()
    package = Path(__file__).resolve().parents[1] / "vvslib"
    shutil.copytree(package, tmp_path / "vvslib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("plain", "reader"):
        shutil.copy(NOTEBOOKS / f"{name}.ipynb", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(project, names=(), pairs=()):
    return plan(project, find(project), names, pairs)


def statuses(outcomes):
    return {outcome.run.label: outcome.status for outcome in outcomes}


def edit(project, name, change):
    path = project / "notebooks" / f"{name}.ipynb"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_second_run_executes_nothing(project):
    """Running twice executes everything once."""
    assert statuses(execute(planned(project), jobs=2)) == {"plain": "ran", "reader": "ran"}
    assert statuses(execute(planned(project))) == {"plain": "fresh", "reader": "fresh"}


def test_what_took_longest_begins_first(project):
    """Several at a time, the long ones go first, by what the committed results say; one at a time, the order of names stands."""
    for name, seconds in {"brief": 1.0, "long": 9.0}.items():
        shutil.copy(NOTEBOOKS / "plain.ipynb", project / "notebooks" / f"{name}.ipynb")
        (project / "results" / name).mkdir()
        (project / "results" / name / "provenance.json").write_text(json.dumps({"wall_seconds": seconds}))
    begun = []

    class Heard(Silent):
        def started(self, run, why):
            begun.append(run.name)

    for jobs in (2, 1):
        execute(planned(project, ["brief", "long"]), jobs=jobs, force=["brief", "long"], listener=Heard())
    assert begun == ["long", "brief", "brief", "long"]


def test_an_edition_is_a_run_of_its_own(project):
    """Other parameters under another name: results beside the notebook's, stale by what it is given, swept as any other."""
    (project / "notebooks" / "editions.yaml").write_text("twice: {notebook: plain, parameters: {seed: 21}}\n")
    runs = planned(project)
    assert {run.label for run in runs} == {"plain", "reader", "twice"}
    assert statuses(execute(runs)) == {"plain": "ran", "reader": "ran", "twice": "ran"}
    assert json.loads((project / "results/twice/values.json").read_text()) == {"seed": 21}
    assert json.loads((project / "results/plain/values.json").read_text()) == {"seed": 0}
    assert {run.name: why_stale(run) for run in planned(project)} == dict.fromkeys(["plain", "reader", "twice"])
    (project / "notebooks" / "editions.yaml").write_text("twice: {notebook: plain, parameters: {seed: 20}}\n")
    assert why_stale(planned(project, ["twice"])[0]) is not None
    (swept,) = planned(project, ["twice"], [("sleep", "0.1")])
    assert swept.results == project / "results/sweeps/twice/sleep=0.1"
    assert swept.injected == {"seed": 20, "sleep": 0.1, "results": "results/sweeps/twice/sleep=0.1"}


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("twice: {notebook: plian, parameters: {}}", "twice is of 'plian', which is no notebook; did you mean 'plain'"),
        ("twice: {notebook: plain, parameters: {sede: 1}}", "notebook plain has no parameter 'sede'; did you mean 'seed'"),
        ("plain: {notebook: plain, parameters: {}}", "plain is the name of a notebook"),
        ("twice: {notebook: plain}", "must say `notebook` and `parameters`, a mapping, and nothing else"),
    ],
)
def test_editions_that_cannot_be_are_refused(project, listed, said):
    """Each with what is wrong, and the nearest name."""
    (project / "notebooks" / "editions.yaml").write_text(listed)
    with pytest.raises(VvsError, match=re.escape(said)):
        planned(project)


def test_a_source_follows_the_parameter_that_names_it(project):
    """What a score table stands on is needed only where a parameter names such a table; what else is needed, always."""
    edit(
        project,
        "plain",
        lambda content: (
            content["metadata"].update(vvs={"sources": ["published_scores", "cifar10"]}),
            content["cells"][1].update(source="table = 'published'\nseed = 0\nresults = ''"),
        ),
    )
    (plain,) = planned(project, ["plain"])
    assert plain.sources == ("published_scores", "cifar10")
    others = planned(project, ["plain"], [("table", "open"), ("table", "published_checkpoints")])
    assert [run.sources for run in others] == [("cifar10",), ("published_scores", "cifar10")]


def test_reader_follows_what_it_needs(project):
    """A notebook runs after the one it needs, and again when that one's values change."""
    execute(planned(project))
    assert json.loads((project / "results/reader/values.json").read_text()) == {"product": 0.0}
    edit(
        project, "plain", lambda content: content["cells"][1].update(source="seed = 21\nfail = False\nsleep = 0.0\nresults = ''")
    )
    assert statuses(execute(planned(project))) == {"plain": "ran", "reader": "ran"}
    assert json.loads((project / "results/reader/values.json").read_text()) == {"product": 42.0}


def test_changed_module_reruns_its_dependents_only(project):
    """A change in a module of vvslib makes exactly the notebooks stale that reach it."""
    execute(planned(project))
    module = project / "vvslib" / "errors.py"
    module.write_text(module.read_text() + "\n# a change\n")
    reasons = {run.name: why_stale(run) for run in planned(project)}
    assert reasons == {"plain": "code changed: vvslib.errors", "reader": None}


def test_outputs_and_parameter_reasons_are_said(project):
    """Why a run is stale is said in words: outputs that somebody changed, a notebook that changed."""
    execute(planned(project, ["plain"]))
    (project / "results/plain/values.json").write_text("{}")
    (run,) = planned(project, ["plain"])
    assert why_stale(run) == "results are not those of the last run: values.json"
    edit(project, "plain", lambda content: content["cells"][0].update(source="# Another title"))
    (run,) = planned(project, ["plain"])
    assert why_stale(run) == "the notebook changed"


def test_saved_outputs_do_not_make_a_notebook_stale(project):
    """Execution counts and outputs in the notebook file do not count as a change."""
    before = Notebook(project / "notebooks/plain.ipynb").digest
    edit(project, "plain", lambda content: content["cells"][2].update(execution_count=7, outputs=[]))
    assert Notebook(project / "notebooks/plain.ipynb").digest == before


def test_sweep_gives_one_output_per_combination(project):
    """A swept parameter yields one result folder per value, and leaves the defaults' results alone."""
    outcomes = execute(planned(project, ["plain"], [("seed", "3"), ("seed", "4")]))
    assert statuses(outcomes) == {"plain[seed=3]": "ran", "plain[seed=4]": "ran"}
    assert json.loads((project / "results/sweeps/plain/seed=4/values.json").read_text()) == {"seed": 4}
    assert not (project / "results/plain").exists()


def test_failing_cell_is_shown_and_leaves_everything(project):
    """A failure carries the cell's source and traceback; results, executed copy and state stay as they were."""
    (run,) = planned(project, ["plain"])
    execute([run])
    before = {path: path.read_bytes() for path in (run.executed, run.state, run.results / "values.json")}
    edit(project, "plain", lambda content: content["cells"][1].update(source="seed = 1\nfail = True\nsleep = 0.0\nresults = ''"))
    (outcome,) = execute(planned(project, ["plain"]))
    assert outcome.status == "failed"
    assert "cell 4 of 5 failed: VvsError: the planted failure" in outcome.error
    assert "raise VvsError('the planted failure')" in outcome.error and "Traceback" in outcome.error
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in run.folder.iterdir() if "ipynb" in path.name) == ["executed.ipynb"]


def test_what_needs_a_failed_notebook_is_blocked(project):
    """A notebook does not run on the results of one that failed."""
    edit(project, "plain", lambda content: content["cells"][1].update(source="seed = 1\nfail = True\nsleep = 0.0\nresults = ''"))
    assert statuses(execute(planned(project))) == {"plain": "failed", "reader": "blocked"}


def test_time_limit_ends_the_run(project):
    """A notebook that takes longer than its limit is stopped and said to have failed."""
    (outcome,) = execute(planned(project, ["plain"], [("sleep", "600")]), timeout=8)
    assert outcome.status == "failed" and "took more than the 8 s" in outcome.error and "--timeout" in outcome.error


def test_absent_source_blocks_and_names_the_command(project, monkeypatch):
    """A notebook whose data are not here is blocked, not failed, and the fetch command is named."""
    monkeypatch.setenv("VVS_DATA", str(project / "nothing"))
    monkeypatch.setenv("VVS_CACHE", str(project / "nothing"))
    shutil.copy(NOTEBOOKS / "absent.ipynb", project / "notebooks")
    (outcome,) = execute(planned(project, ["absent"]))
    assert (outcome.status, outcome.why) == ("blocked", "published_scores is not on this machine: `vvs fetch published_scores`")


def test_an_original_does_for_its_packed_copy(project, monkeypatch):
    """Where the official archive is there instead, nothing is lacking; else it is what to fetch."""
    monkeypatch.setattr(sources, "data_folders", lambda: [project / "data"])
    content = json.loads((NOTEBOOKS / "absent.ipynb").read_text())
    content["metadata"]["vvs"]["sources"] = ["cifar10"]
    (project / "notebooks" / "absent.ipynb").write_text(json.dumps(content))
    (run,) = planned(project, ["absent"])
    assert missing_sources(run) == "cifar10 is not on this machine: `vvs fetch cifar10_archive`"
    for file in sources.source("cifar10_archive").files:
        path = project / "data" / "cifar10_archive" / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert missing_sources(run) is None


def test_plain_papermill_works(project):
    """A notebook runs under papermill itself, with a parameter and an output folder."""
    import papermill

    papermill.execute_notebook(
        "notebooks/plain.ipynb", "out.ipynb", {"seed": 9, "results": "elsewhere"}, progress_bar=False, kernel_name="python3"
    )
    assert json.loads((project / "elsewhere/values.json").read_text()) == {"seed": 9}


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_nothing_survives_an_interruption(project, stop):
    """When the command is interrupted or killed, its workers and kernels end, and no result is left half-made."""
    command = [*VVS, "run", "plain", "-p", "sleep", "600"]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    with subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        deadline = time.monotonic() + 60
        while (
            not any("ipykernel_launcher" in " ".join(_command(c)) for c in _children(process.pid)) and time.monotonic() < deadline
        ):
            time.sleep(0.1)
        children = _children(process.pid)
        process.send_signal(stop)
        process.communicate(timeout=30)
    assert len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    assert not (project / "results/sweeps/plain").exists()
    (run,) = planned(project, ["plain"], [("sleep", "600")])
    assert why_stale(run) == "never run here"


def _children(pid):
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_unknown_parameter_is_refused_with_the_nearest():
    """A parameter that does not exist is refused, and the nearest is named."""
    with pytest.raises(VvsError, match="notebook compute_scaling has no parameter 'dleta'; did you mean 'delta'"):
        combinations([("dleta", "1")], {"delta": 1e-3, "seed": 0}, "compute_scaling")


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("1e-3", 0.1, 1e-3),
        ("inf", 0.1, float("inf")),
        ("1", 0.1, 1.0),
        ("true", False, True),
        ("3", "text", "3"),
        ("[1, 2]", [0], [1, 2]),
        ("[1e-3, 1]", [0.1], [1e-3, 1.0]),
        ("{a: 2}", {"a": 1}, {"a": 2}),
        ("null", None, None),
        ("-4", 7, -4),
    ],
)
def test_value_takes_the_type_of_its_default(text, default, value):
    """What is typed becomes a value of the type of the notebook's default."""
    assert parse("p", text, default) == value
    assert type(parse("p", text, default)) is type(value)


@pytest.mark.parametrize(
    ("text", "default", "must"),
    [
        ("1.5", 7, "an integer"),
        ("many", 0.1, "a number"),
        ("nan", 0.1, "a number"),
        ("1", True, "true or false"),
        ("V1", ["V1"], "a YAML list of str"),
        ("[1, 2]", ["V1"], "a YAML list of str"),
        ("[1", [1], "a YAML list of int"),
        ("3", {"a": 1}, "a YAML mapping"),
    ],
)
def test_wrong_type_is_refused(text, default, must):
    """A value of another type than the default's is refused, and the right one is named."""
    with pytest.raises(VvsError, match=f"parameter 'p' must be {must}"):
        parse("p", text, default)


def test_sweep_is_the_product():
    """Two parameters given twice make four combinations; a value that is the default is not an override."""
    found = combinations([("a", "1"), ("a", "2"), ("b", "x"), ("b", "y")], {"a": 1, "b": "x"}, "n")
    assert found == [{}, {"b": "y"}, {"a": 2}, {"a": 2, "b": "y"}]


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=150) | st.integers(), min_size=1), min_size=2, max_size=2)
)
def test_combination_names_tell_parameters_apart(pair):
    """Different parameter sets never share a folder, and a folder name is one plain component."""
    first, second = map(combination_name, pair)
    assert "/" not in first and first not in (".", "..") and len(first) < 120
    if list(pair[0].items()) != list(pair[1].items()) and {k: str(v) for k, v in pair[0].items()} != {
        k: str(v) for k, v in pair[1].items()
    }:
        assert first != second


def test_needs_in_a_circle_are_refused(tmp_path):
    """Notebooks that need each other in a circle are refused, and the circle is named."""
    cells = [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ""}]
    for name, need in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps({"cells": cells, "metadata": {"vvs": {"needs": [need]}}}))
    with pytest.raises(VvsError, match=r"in a circle; got (a → b → a|b → a → b)"):
        ordered({name: Notebook(tmp_path / f"{name}.ipynb") for name in "ab"})


def test_unknown_notebook_is_refused_with_the_nearest(project):
    """A notebook that does not exist is refused, and the nearest is named."""
    with pytest.raises(VvsError, match="there is no notebook 'planin'; did you mean 'plain'"):
        planned(project, ["planin"])


def test_imports_inside_functions_are_found():
    """Imports count wherever they stand, in every form."""
    source = "def f():\n    from vvslib.fits import solver\nimport vvslib.table as t\nfrom . import laws\nimport numpy"
    assert imported(source, "vvslib.fits") == {
        "vvslib.fits",
        "vvslib.fits.solver",
        "vvslib.fits.laws",
        "vvslib.table",
    }


def test_reached_follows_imports_and_counts_package_data(tmp_path):
    """The modules reached are those imported, transitively, with the packages above them and their data; others are not."""
    files = {
        "__init__.py": "",
        "a.py": "from vvslib.sub import b",
        "sub/__init__.py": "",
        "sub/b.py": "from .c import f",
        "sub/c.py": "",
        "sub/other.py": "",
        "sub/style.mplstyle": "lines.linewidth: 2",
    }
    for name, source in files.items():
        path = tmp_path / "vvslib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    found = set(reached("import vvslib.a", tmp_path))
    assert found == {"vvslib", "vvslib.a", "vvslib.sub", "vvslib.sub.b", "vvslib.sub.c", "vvslib.sub/style.mplstyle"}


@pytest.mark.parametrize(
    "source", ["a = f()", "a = b = 1", "a += 1", "print(1)", "a = 1\na = 2", "a, b = 1, 2", "a = [x for x in y]"]
)
def test_parameters_cell_holds_literals_only(source):
    """Anything but one literal assignment a name is refused."""
    with pytest.raises(VvsError, match="parameter"):
        assignments(source)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["run", "--list"], 0, "seed = 0"),
        (["run", "--dry-run"], 0, "never run here"),
        (["run", "plain", "-p", "fail", "true"], 1, "the planted failure"),
    ],
)
def test_command_line(project, arguments, status, said):
    """`vvs run` lists, plans and reports failure with its exit code."""
    done = subprocess.run([*VVS, *arguments], cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stderr
    assert said in done.stdout
