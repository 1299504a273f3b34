"""Sweeps on a real Slurm cluster: arrays, errors, kills, cancellation, requeueing, packing, and life without accounting."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vvslib.errors import VvsError
from vvslib.sweep import driver, grid, planning, status
from vvslib.sweep.cluster import SlurmExecutor, _Job
from vvslib.sweep.cluster_options import parse
from vvslib.sweep.store import Store
from vvslib.sweep.work import WorkerDied

pytestmark = pytest.mark.slurm

QUICK = {"poll_s": "0.5", "grace_s": "1", "timeout_min": "10", "signal_delay_s": "5", "mem_gb": "0.4"}


class Heard(driver.Silent):
    """A listener that remembers what was tried again."""

    def __init__(self):
        self.again = []

    def retried(self, run, why, attempt):
        """Remember why."""
        self.again.append(why)


class Sweep:
    """A sweep that is driven in a thread, so that a test can interfere."""

    def __init__(self, folder: Path, axes: dict, task: str = "misbehave", **options: str):
        self.log = folder / "log"
        self.log.touch()
        fixed = {"log": str(self.log)} | {key: values for key, values in axes.items() if not isinstance(values, list)}
        varied = {key: values for key, values in axes.items() if isinstance(values, list)}
        definition = {"name": "toy", "task": f"toy_task:{task}", "fixed": fixed, "axes": varied}
        self.runs = planning.plan(grid.build(definition))
        self.store = Store.create(folder / "store", beat_s=0.5)
        self.executor = SlurmExecutor(self.store.folder / "slurm", parse(QUICK | options, jobs=4))
        self.heard = Heard()
        self.driver = driver.Driver(self.store, self.executor, self.runs, listener=self.heard)
        self.thread = threading.Thread(target=self._drive, daemon=True)
        self.status = self.error = None
        self.thread.start()

    def _drive(self) -> None:
        try:
            self.status = driver.drive(self.driver)
        except BaseException as error:
            self.error = error

    def end(self, timeout: float = 60) -> status.Status:
        """How it ended."""
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "the sweep did not end"
        if self.error is not None:
            raise self.error
        return self.status

    def wait_for(self, line: str, timeout: float = 30) -> None:
        """Wait until a run has noted a line."""
        until = time.monotonic() + timeout
        while line not in self.log.read_text().splitlines():
            assert time.monotonic() < until, f"{line!r} was not noted"
            time.sleep(0.05)

    def states(self) -> dict:
        """State of each run, by what it was told to do."""
        return {run.parameters.get("how"): self.driver.records[run.id].state for run in self.runs}

    def noted(self, what: str) -> int:
        """How often the runs noted something."""
        return sum(line.startswith(what) for line in self.log.read_text().splitlines())


def queue(*columns: str) -> list[str]:
    """What squeue says of all jobs there are."""
    command = ["squeue", "--noheader", "--array", "--states=all", f"--format={'|'.join(columns)}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def active() -> list[str]:
    """Jobs that wait or run."""
    return [line.partition("|")[0] for line in queue("%i", "%T") if line.endswith(("RUNNING", "PENDING"))]


def test_array_ends_every_run_as_it_deserves(slurm, tmp_path):
    """One array; what raises has failed, what diverges has diverged, what is killed once is tried again, the rest is done."""
    sweep = Sweep(tmp_path, {"seed": 0, "times": 1, "how": ["count", "diverge", "kill", "exit"]})
    sweep.end()
    assert sweep.states() == {"count": "done", "diverge": "diverged", "kill": "done", "exit": "failed"}
    assert len(sweep.heard.again) == 1
    assert "without an answer" in sweep.heard.again[0]


def test_exception_is_recorded_with_its_traceback(slurm, tmp_path):
    """The record has type, text and traceback of the error on the node; nothing is tried again."""
    sweep = Sweep(tmp_path, {"seed": 0, "how": "raise"})
    sweep.end()
    error = sweep.driver.records[sweep.runs[0].id].error
    assert (error["type"], error["text"]) == ("ValueError", "the width is wrong")
    assert "toy_task.py" in error["traceback"]
    assert sweep.noted("try") == 1


def test_tiny_runs_share_a_job(slurm, tmp_path):
    """Six runs packed by three are two jobs."""
    sweep = Sweep(tmp_path, {"seed": [0, 1, 2, 3, 4, 5]}, "count", pack="3")
    assert sweep.end().counts["done"] == 6
    assert len(list(sweep.executor.folder.glob("*_submitted.pkl"))) == 2


def test_cancelled_job_is_not_submitted_again(slurm_without_accounting, tmp_path):
    """Who cancels a job means it; the run is recorded as died, for the next sweep. sacct fails here; squeue tells."""
    sweep = Sweep(tmp_path, {"seed": 0, "how": "wait"})
    sweep.wait_for("try 0 0")
    subprocess.run(["scancel", *active()], check=True)
    assert sweep.end().counts["died"] == 1
    assert "was cancelled" in sweep.driver.records[sweep.runs[0].id].error["text"]
    assert sweep.noted("try") == 1


def test_preempted_run_goes_on_from_its_checkpoint(slurm, tmp_path):
    """After the signal of preemption the job is requeued; no step of the run is lost, none is repeated after its checkpoint."""
    sweep = Sweep(tmp_path, {"seed": 0, "seconds": 3.0}, "count")
    sweep.wait_for("step1 0 0")
    next(iter(sweep.executor._jobs.values())).job._interrupt()
    assert sweep.end().counts["done"] == 1
    assert sweep.noted("start") == 2
    assert [sweep.noted(f"step{i}") for i in (0, 3)] == [1, 1]
    assert sweep.noted("step") <= 5
    assert sweep.heard.again == []


def test_preempted_run_that_obeys_sigterm_is_requeued_too(slurm, tmp_path):
    """A task that ends by itself at SIGTERM, before the signal that requeues the job, goes on too, at no retry."""
    sweep = Sweep(tmp_path, {"seed": 0, "seconds": 3.0, "how": "obey"})
    sweep.wait_for("step1 0 0")
    next(iter(sweep.executor._jobs.values())).job._interrupt()
    assert sweep.end().counts["done"] == 1
    assert (sweep.noted("try"), sweep.noted("step0"), sweep.noted("end")) == (2, 1, 1)
    assert sweep.heard.again == []


def test_stopped_driver_cancels_its_jobs(slurm, tmp_path):
    """Stopping the executor leaves no job behind."""
    sweep = Sweep(tmp_path, {"how": "wait", "seed": [0, 1, 2]})
    sweep.wait_for("try 0 0")
    sweep.executor.stop()
    until = time.monotonic() + 20
    while active() and time.monotonic() < until:
        time.sleep(0.2)
    assert active() == []


def test_killed_driver_leaves_its_jobs_to_the_next(slurm, tmp_path):
    """Jobs outlive their driver; the next one waits for them and starts nothing twice."""
    sweep_file = tmp_path / "toy.yaml"
    log = tmp_path / "log"
    log.touch()
    sweep_file.write_text(f"task: toy_task:count\nfixed: {{log: {log}, seconds: 2.5}}\naxes: {{seed: [0, 1]}}\n")
    options = [word for key, value in QUICK.items() for word in ("--slurm", f"{key}={value}")]
    vvs = str(Path(sys.executable).with_name("vvs"))
    command = [vvs, "sweep", str(sweep_file), "--store", str(tmp_path / "store"), "--executor", "slurm", *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while log.read_text().count("start") < 2 and time.monotonic() < until:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert second.returncode == 0, second.stdout + second.stderr
    assert sorted(log.read_text().splitlines()).count("start 0 0") == 1
    assert log.read_text().count("end") == 2


def test_what_sbatch_refuses_ends_the_sweep(slurm, tmp_path):
    """A partition that is not there: one error with what sbatch said, and no run is recorded."""
    sweep = Sweep(tmp_path, {"seed": 0}, "count", partition="nowhere")
    with pytest.raises(VvsError, match=r"sbatch must accept the jobs; it said: .*invalid partition"):
        sweep.end()
    assert sweep.store.recorded() == set()


def test_without_accounting_a_killed_job_is_noticed(slurm_without_accounting, tmp_path):
    """sacct fails here; squeue tells that the job has ended, and the run is tried again."""
    assert subprocess.run(["sacct"], capture_output=True).returncode != 0
    sweep = Sweep(tmp_path, {"seed": 0, "how": "kill", "times": 1})
    assert sweep.end().counts["done"] == 1
    assert len(sweep.heard.again) == 1


def test_result_of_another_submission_is_not_believed(slurm, tmp_path):
    """A result that lies beside a job number from an earlier cluster does not pass for the job's own."""
    executor = SlurmExecutor(tmp_path, parse(QUICK))
    try:
        future = executor.submit(print)
        executor._calls.clear()
        job = type("Job", (), {"job_id": "10", "paths": type("Paths", (), {"result_pickle": tmp_path / "10_0_result.pkl"})})
        job.paths.result_pickle.write_bytes(pickle.dumps(("success", ("another", [(True, "old")]))))
        executor._collect(_Job(job, "this", [future]))
        with pytest.raises(WorkerDied, match="another submission's result"):
            future.result(timeout=1)
    finally:
        executor.stop()
