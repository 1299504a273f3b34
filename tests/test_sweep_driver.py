"""The driver: nothing is lost, nothing done twice, whatever is killed when; what is retried and what is not."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Executor, Future
from pathlib import Path

import psutil
import pytest

from vvslib.errors import VvsError
from vvslib.sweep import driver, grid, planning
from vvslib.sweep.files import StoreFull
from vvslib.sweep.local import LocalExecutor, slots
from vvslib.sweep.store import Store
from vvslib.sweep.work import Outcome

TESTS = Path(__file__).resolve().parent
KILLS, RUNS = 30, 100


class Heard(driver.Silent):
    """A listener that remembers."""

    def __init__(self):
        self.ended, self.again, self.notes = [], [], []

    def finished(self, record):
        """Remember the record."""
        self.ended.append(record)

    def retried(self, run, why, attempt):
        """Remember why."""
        self.again.append(why)

    def noted(self, text):
        """Remember it."""
        self.notes.append(text)


def toy_runs(axes: dict, task: str = "misbehave", **fixed) -> list:
    """Runs of the toy task."""
    return planning.plan(grid.build({"name": "toy", "task": f"toy_task:{task}", "fixed": fixed, "axes": axes}))


def pool(jobs: int = 2) -> LocalExecutor:
    """Local processes with one thread each."""
    return LocalExecutor(slots(jobs, threads=1, devices=[]))


def drive(store: Store, runs: list, executor: Executor | None = None, **how) -> tuple[Counter, Heard]:
    """Drive runs to their end; the states by what the runs were told to do, and what was heard."""
    heard = Heard()
    driven = driver.Driver(store, executor or pool(), runs, listener=heard, **how)
    driver.drive(driven)
    return Counter((run.parameters.get("how"), driven.records[run.id].state) for run in runs), heard


def toy_grid(folder: Path, runs: int, seconds: float) -> tuple[Path, Path]:
    """A file of a grid whose runs note what they do, and the file they note it in."""
    log = folder / "log"
    log.touch()
    path = folder / "toy.yaml"
    seeds = list(range(runs))
    path.write_text(f"name: toy\ntask: toy_task:count\nfixed: {{seconds: {seconds}, log: {log}}}\naxes: {{seed: {seeds}}}\n")
    return path, log


def start(path: Path, store: Path, jobs: int = 2) -> subprocess.Popen:
    """A driver in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    return subprocess.Popen([sys.executable, TESTS / "toy_driver.py", path, store, str(jobs)], env=environment)


def noted(log: Path, what: str) -> Counter:
    """How often each seed noted something."""
    return Counter(int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith(what))


def descendants(process: subprocess.Popen) -> list[psutil.Process]:
    """All that a process started."""
    return psutil.Process(process.pid).children(recursive=True)


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.create(tmp_path / "store")


@pytest.mark.slow
def test_killed_thirty_times_it_loses_and_repeats_nothing(tmp_path):
    """kill -9 at 30 random moments: records stay whole, no recorded run starts again, the table is the same byte by byte."""
    path, log = toy_grid(tmp_path, runs=RUNS, seconds=0.1)
    moments = random.Random(0)
    folder = tmp_path / "store"
    history = []
    for kill in range(KILLS):
        noted_before = log.stat().st_size
        process = start(path, folder)
        # Two of three once it works, one at any moment of its start.
        while kill % 3 and log.stat().st_size == noted_before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.3))
        process.kill()
        process.wait()
        if (folder / "store.json").exists():
            store = Store(folder)
            assert store.corrupt() == []
            history.append(({record.run.parameters["seed"] for record in store.records()}, noted(log, "start")))
    assert start(path, folder).wait(timeout=60) == 0
    starts, ends = noted(log, "start"), noted(log, "end")
    assert set(ends) == set(range(RUNS))
    assert len({len(recorded) for recorded, _ in history}) > KILLS / 3, "the kills did not hit a working driver"
    for recorded, before in history:
        assert {seed: starts[seed] for seed in recorded} == {seed: before[seed] for seed in recorded}
    interruptions = starts.total() - RUNS
    assert interruptions > 0
    assert noted(log, "step").total() <= RUNS * 4 + interruptions, "a step was repeated after its checkpoint"
    assert start(path, tmp_path / "calm").wait(timeout=60) == 0
    assert (folder / "table.csv").read_bytes() == (tmp_path / "calm" / "table.csv").read_bytes()


def test_two_drivers_do_each_run_once(tmp_path):
    """Two drivers on one store at the same time: each run starts once, both end well, and both had a share."""
    path, log = toy_grid(tmp_path, runs=40, seconds=0.1)
    drivers = [start(path, tmp_path / "store", jobs=1) for _ in range(2)]
    workers = set()
    while any(process.poll() is None for process in drivers):
        holders = (tmp_path / "store" / "claims").glob("[!.]*.1")
        workers |= {claim.read_text().partition('"pid": ')[2].partition(",")[0] for claim in holders}
        time.sleep(0.2)
    assert [process.wait() for process in drivers] == [0, 0]
    assert noted(log, "start") == dict.fromkeys(range(40), 1)
    assert len(workers) == 2


def test_workers_end_with_their_driver(tmp_path):
    """After kill -9 of the driver nothing of it runs on, and what was claimed can be claimed at once."""
    path, log = toy_grid(tmp_path, runs=4, seconds=20)
    process = start(path, tmp_path / "store")
    while noted(log, "start").total() < 2:
        time.sleep(0.05)
    family = descendants(process)
    assert len(family) == 2
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    store = Store(tmp_path / "store")
    started = [run for run in planning.plan(grid.read(path)) if run.parameters["seed"] in noted(log, "start")]
    assert all(store.claims.holding(run.id).over for run in started)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted_sweep_says_what_is_valid(name, tmp_path):
    """Ctrl-C, or a polite kill: one last line, exit code 130, no process left; the same command does only what is missing."""
    path, log = toy_grid(tmp_path, runs=6, seconds=0.5)
    vvs = Path(sys.executable).with_name("vvs")
    command = [vvs, "sweep", path, "--store", tmp_path / "store", "--jobs", "2", "--threads", "1"]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while noted(log, "start").total() < 4:
        time.sleep(0.05)
    family = descendants(process)
    process.send_signal(signal.Signals[name])
    _, errors = process.communicate(timeout=20)
    recorded = len(Store(tmp_path / "store").recorded())
    assert process.returncode == 130
    assert errors.splitlines()[-1] == (
        f"interrupted: {recorded} of 6 runs are recorded and stay valid, what was running goes on from its checkpoint; "
        "the same command goes on"
    )
    assert [one for one in psutil.wait_procs(family, timeout=5)[1] if one.status() != psutil.STATUS_ZOMBIE] == []
    done = subprocess.run(command, env=environment, text=True, capture_output=True)
    assert (done.returncode, f"{6 - recorded} runs to do, {recorded} recorded" in done.stdout) == (0, True)
    assert noted(log, "end") == dict.fromkeys(range(6), 1)


def test_each_run_ends_as_it_deserves(store):
    """What raises, exits or returns nonsense has failed, what diverged has diverged; neither stops the others."""
    runs = toy_runs({"how": ["raise", "count", "diverge", "exit", "unsayable"], "seed": [0]})
    states, heard = drive(store, runs)
    assert dict(states.keys()) == {
        "raise": "failed",
        "count": "done",
        "diverge": "diverged",
        "exit": "failed",
        "unsayable": "failed",
    }
    assert heard.again == []
    by_how = {record.run.parameters["how"]: record for record in heard.ended}
    assert by_how["diverge"].step == 17
    assert by_how["diverge"].result == {"loss": None}
    assert by_how["unsayable"].error["text"] == "result.sum must be a number, text, a list or a mapping; got object"


def test_killed_worker_takes_only_its_own_run_down(store, tmp_path):
    """A worker killed by -9: its run is tried again and done; the others start once."""
    log = tmp_path / "log"
    runs = toy_runs({"seed": [0, 1, 2, 3], "how": ["count", "kill"]}, times=1, seconds=0.1, log=str(log))
    states, heard = drive(store, runs)
    assert set(states) == {("count", "done"), ("kill", "done")}
    assert heard.again == ["its process was killed by SIGKILL (by the system, if memory ran out)"] * 4
    assert noted(log, "try") == dict.fromkeys(range(4), 3)  # one to count, two of what was killed once


def test_run_stopped_by_a_signal_is_tried_again(store):
    """A task that says it was stopped is neither failed nor the end of the sweep."""
    states, heard = drive(store, toy_runs({"seed": [0], "how": ["stop"]}, times=1, seconds=0.0))
    assert set(states) == {("stop", "done")}
    assert heard.again == ["it was stopped from outside"]


def test_run_that_always_dies_is_given_up_until_the_next_sweep(store, tmp_path):
    """After the retries it is recorded as died, with how often; another sweep tries it again."""
    log = tmp_path / "log"
    runs = toy_runs({"seed": [0], "how": ["kill"]}, times=2, seconds=0.0, log=str(log))
    states, heard = drive(store, runs, retries=1)
    assert set(states) == {("kill", "died")}
    assert heard.ended[0].error["text"].endswith("(by the system, if memory ran out); so it went 2 times")
    states, _ = drive(store, runs, retries=0)
    assert set(states) == {("kill", "done")}


def test_failed_is_final_unless_asked(store):
    """A second sweep leaves what failed or diverged; asked to, it runs what failed again, and only that."""
    runs = toy_runs({"seed": [0], "how": ["raise", "diverge", "count"]}, times=1, seconds=0.0)
    drive(store, runs)
    assert drive(store, runs)[1].ended == []
    states, heard = drive(store, runs, retry_failed=True)
    assert set(states) == {("raise", "done"), ("diverge", "diverged"), ("count", "done")}
    assert len(heard.ended) == 1


def test_corrupt_record_is_named_and_redone(store):
    """The damaged file is named, and its run executed again; the others are not."""
    runs = toy_runs({"seed": [0, 1]}, "count", seconds=0.0)
    drive(store, runs)
    path = store.folder / "records" / f"{runs[1].id}.json"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    _, heard = drive(store, runs)
    assert heard.notes == [
        f"{path} must be a whole record; it is cut short or garbled; it is put aside and its run is executed again"
    ]
    assert [record.id for record in heard.ended] == [runs[1].id]
    assert store.record(runs[1].id).result["sum"] == 6 + 1 / 3


@pytest.fixture
def small_disk(tmp_path) -> Path:
    """A file system of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root only, and not in every container")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_full_disk_fails_cleanly(small_disk):
    """One line says that there is no room; the store stays valid, blames no run, and goes on once there is room."""
    store = Store.create(small_disk / "store")
    runs = toy_runs({"seed": [0], "how": ["count", "fill"]}, times=1, seconds=0.0)
    with pytest.raises(StoreFull) as refused:
        drive(store, runs, pool(1))
    assert "must have room for" in str(refused.value)
    assert "No space left on device" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert store.corrupt() == []
    assert {record.state for record in store.records()} <= {"done"}
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert set(drive(store, runs)[0]) == {("count", "done"), ("fill", "done")}


class Answering(Executor):
    """An executor that answers something else, or nothing."""

    window = 1

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    def submit(self, function, job):
        """Note the call, and answer it as told."""
        self.asked += 1
        future = Future()
        answer = self.answer(job)
        if answer is not None:
            future.set_result(answer)
        return future

    def stop(self):
        """Stop nothing."""


def test_answer_for_another_run_is_not_believed(store):
    """A stale result, as of a job number used again, is a death like any other."""
    executor = Answering(lambda job: Outcome("another", "recorded"))
    states, heard = drive(store, toy_runs({"seed": [0]}, "count"), executor, retries=1)
    assert set(states) == {(None, "died")}
    assert heard.again == ["the executor answered for run another"]


def test_recorded_counts_only_with_a_record(store, monkeypatch):
    """An executor may say what it likes; without the record the run is not done."""
    monkeypatch.setattr(driver, "SETTLE_S", 0.2)
    executor = Answering(lambda job: Outcome(job.run["id"], "recorded"))
    _, heard = drive(store, toy_runs({"seed": [0]}, "count"), executor, retries=1)
    assert heard.again == ["its record is not there"]


def test_run_that_falls_silent_is_not_waited_for(store, monkeypatch):
    """Where an executor never answers and the run's claim stands still, the run is given up."""
    monkeypatch.setattr(driver, "LISTEN_S", 0.1)
    silent = '{"machine": "another", "pid": 1, "born": "1", "dead_after_s": 0.3}'

    def hang(job):
        if not list(store.claims.folder.glob("*.1")):
            (store.claims.folder / f"{job.run['id']}.1").write_text(silent)
        return None if executor.asked == 1 else Outcome(job.run["id"], "released", "stopped")

    executor = Answering(hang)
    _, heard = drive(store, toy_runs({"seed": [0]}, "count"), executor, retries=1)
    assert heard.again == ["it fell silent"]


def test_pool_refuses_what_it_cannot_send():
    """A function that no other process can import."""
    with (
        pool(1) as executor,
        pytest.raises(VvsError, match=r"a call must be of a module's function; got .*; move it to a module"),
    ):
        executor.submit(lambda: 1)


def test_pool_hands_errors_back():
    """An exception of a call is its future's, and the worker goes on."""
    with pool(1) as executor:
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        first, second = (executor.submit(os.getpid).result() for _ in range(2))
    assert first == second != os.getpid()


def test_cores_are_shared_out(monkeypatch):
    """Without GPUs a slot a core with one thread; fewer slots have more threads each; more slots than GPUs share them."""
    monkeypatch.setattr("vvslib.sweep.local.cores", lambda: 8)
    assert [slot["OMP_NUM_THREADS"] for slot in slots(devices=[])] == ["1"] * 8
    assert [slot["OMP_NUM_THREADS"] for slot in slots(2, devices=[])] == ["4"] * 2
    assert [(s["CUDA_VISIBLE_DEVICES"], s["OMP_NUM_THREADS"]) for s in slots(devices=["0", "1"])] == [("0", "4"), ("1", "4")]


def test_order_of_runs():
    """The cheap first show soonest what is wrong; the costly first end soonest."""
    runs = toy_runs({"seed": [0], "width": [5, 1, 9]}, "count")
    assert [run.parameters["width"] for run in planning.order(runs, "cheap")] == [1, 5, 9]
    assert [run.parameters["width"] for run in planning.order(runs, "costly")] == [9, 5, 1]
    with pytest.raises(VvsError, match="the order must be one of grid, cheap, costly; got 'big'"):
        planning.order(runs, "big")
