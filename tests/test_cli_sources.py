"""The command line: how it lists, fetches and checks, and how it ends."""

import json
import os
import subprocess
import sys

import pytest
import typer

from vvslib import __version__, cli, sources

needs_data = pytest.mark.skipif(
    sources.locate("published_scores") is None,
    reason="published_scores is absent: get it with `vvs fetch published_scores`",
)

START = "import sys; sys.argv[0] = 'vvs'; from vvslib.cli import main; main()"


def vvs(*arguments, **environment):
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", START, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


def published(listed):
    """The entry of the published scores, out of a list of sources."""
    (entry,) = (entry for entry in listed if entry["name"] == "published_scores")
    return entry


def ended_with(error, capsys):
    """Exit code and output of a command that raises."""
    app = typer.Typer(cls=cli.Commands)

    @app.callback()
    def group():
        """Stand for `vvs`."""

    @app.command()
    def work():
        raise error

    with pytest.raises(SystemExit) as ended:
        app(["work"])
    return ended.value.code, capsys.readouterr()


def test_help_names_every_command_and_gives_examples():
    """What a newcomer sees."""
    out = vvs("--help").stdout
    assert "Examples:" in out
    for command in ("sources", "fetch", "table"):
        assert f"\n  {command} " in out


@pytest.mark.parametrize("command", [("sources",), ("fetch",), ("table",)])
def test_help_of_each_command_has_examples(command):
    """Each command teaches by example."""
    assert "Examples:" in vvs(*command, "--help").stdout


def test_help_imports_nothing_heavy():
    """`vvs --help` loads neither pandas nor scipy nor torch."""
    code = "import sys; from vvslib import cli; cli.build(); print({'pandas', 'scipy', 'torch', 'pooch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_version():
    """The package's version."""
    assert vvs("--version").stdout.strip() == f"vvs-scaling {__version__}"


def test_sources_says_how_to_get_what_is_absent(tmp_path):
    """Name, size, licence, citation, and the command, where no place of look-up holds the source."""
    elsewhere = f"from vvslib import sources; sources.project.root = lambda: sources.Path({str(tmp_path / 'a')!r}); "
    done = subprocess.run(
        [sys.executable, "-c", elsewhere + START, "sources"],
        capture_output=True,
        text=True,
        env={**os.environ, "VVS_DATA": "", "VVS_CACHE": str(tmp_path / "cache")},
        check=True,
    )
    for part in ("published_scores", "4.1 MB", "MIT", "Gokce", "not found; get it with `vvs fetch published_scores`"):
        assert part in done.stdout


@needs_data
def test_sources_as_json_says_where_it_was_found():
    """One object a source, with folder, digests and BibTeX."""
    entry = published(json.loads(vvs("sources", "--json").stdout))
    assert entry["found"] == str(sources.locate("published_scores"))
    assert entry["problem"] is None
    assert entry["get"] is None
    assert entry["bibtex"].startswith("@inproceedings{")
    assert sum(file["bytes"] for file in entry["files"]) == entry["bytes"]


def test_sources_reports_wrong_bytes_without_failing(tmp_path):
    """A truncated mirror is listed with what is wrong and the command that mends it."""
    folder = tmp_path / "published_scores"
    folder.mkdir()
    for file in sources.source("published_scores").files:
        (folder / file.name).write_text("cut")
    done = vvs("sources", "--json", VVS_DATA=str(tmp_path))
    entry = published(json.loads(done.stdout))
    assert done.returncode == 0
    assert "truncated" in entry["problem"]
    assert entry["get"] == f"vvs fetch published_scores --to {tmp_path}"


def test_a_refusal_is_one_line_and_code_two():
    """No traceback, the nearest name, nothing on stdout."""
    done = vvs("fetch", "publishd_scores")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: source must be")
    assert "did you mean 'published_scores'" in done.stderr


def test_fetch_without_network_is_one_line(tmp_path):
    """The address, the reason, and what to do by hand."""
    done = vvs("fetch", "published_scores", "--to", str(tmp_path), "--no-progress", VVS_ORIGIN="http://127.0.0.1:9", NO_PROXY="*")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "by hand" in done.stderr
    assert list((tmp_path / "published_scores").iterdir()) == []


@needs_data
def test_fetch_of_what_is_there_says_so():
    """Nothing is downloaded twice."""
    done = vvs("fetch", "published_scores", VVS_ORIGIN="http://127.0.0.1:9")
    assert done.returncode == 0
    assert "already there and right" in done.stdout


@needs_data
def test_table_check_accepts_the_published_table():
    """Rows, models and columns are counted."""
    assert "published: right; 4,965 rows, 993 models" in vvs("table", "check", "published").stdout


def test_table_check_refuses_with_rows(tmp_path):
    """The fault of a user's table, in one line, with the exit code 2."""
    path = tmp_path / "mine.csv"
    path.write_text("model_id,benchmark_name,region,score\na,b,V7,0.5\n")
    done = vvs("table", "check", str(path))
    assert done.returncode == 2
    assert "region must be one of" in done.stderr
    assert "a × b (row 1)" in done.stderr


def test_table_columns_needs_no_data():
    """The data dictionary on the terminal."""
    assert "total_flops: number, FLOP, optional" in vvs("table", "columns").stdout


def test_an_interrupt_ends_with_what_is_valid(capsys):
    """Ctrl-C: code 130, and the command's own last word."""
    code, said = ended_with(KeyboardInterrupt("3 of 43 fits are in fits.csv"), capsys)
    assert code == 130
    assert said.err == "interrupted: 3 of 43 fits are in fits.csv\n"


def test_an_interrupt_without_a_word_still_has_a_clear_line(capsys):
    """Ctrl-C where the command knows nothing to say."""
    code, said = ended_with(KeyboardInterrupt(), capsys)
    assert code == 130
    assert said.err.startswith("interrupted: ")


def test_an_unforeseen_error_keeps_its_traceback(capsys):
    """A bug is not dressed up as the user's mistake."""
    app = typer.Typer(cls=cli.Commands, pretty_exceptions_enable=False)
    app.command()(lambda: None)

    @app.command()
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app(["broken"])


@pytest.mark.skipif(os.name != "posix", reason="closes a POSIX pipe")
def test_a_closed_pipe_is_silence():
    """`vvs table columns | head -0` says nothing on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, "table", "columns"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert stderr == ""
