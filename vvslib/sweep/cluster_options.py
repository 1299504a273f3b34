"""What Slurm jobs are to be like: our own options, and those of sbatch that submitit knows."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from vvslib import strict_yaml
from vvslib.errors import VvsError, suggest

SBATCH = "sbatch."
# The signal may come this much early, as Slurm looks at limits every half minute.
EARLY_S = 60
# Said in other words by Options.
OURS_ALREADY = (
    "time",
    "array_parallelism",
    "signal_delay_s",
    "setup",
    "cpus_per_task",
    "job_name",
    "mem",
    "additional_parameters",
)


@dataclass(frozen=True)
class Options:
    """How runs become jobs.

    Attributes
    ----------
    jobs
        Jobs at a time.
    pack
        Runs a job executes, one after another: for runs that are short beside a job's start.
    timeout_min
        Time limit of a job, minutes. A job that reaches it is requeued, and its run goes on from its checkpoint.
    signal_delay_s
        How long before the limit a job is told, seconds.
    requeues
        How often a job may reach its limit.
    cpus
        CPUs, and threads, of a job.
    mem_gb
        Memory of a job, GiB; 0 for the cluster's default.
    poll_s
        Seconds between two looks at the queue.
    grace_s
        How long after its end a job's answer may take to appear, seconds (shared file systems are slow to show new files).
    parameters
        Of sbatch, as submitit names them: partition, account, gpus_per_node, …
    extra
        Of sbatch, that submitit does not know (given as ``sbatch.KEY=VALUE``).
    """

    jobs: int = 64
    pack: int = 1
    timeout_min: int = 720
    signal_delay_s: int = 120
    requeues: int = 1000
    cpus: int = 1
    mem_gb: float = 0
    poll_s: float = 10.0
    grace_s: float = 20.0
    parameters: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("jobs", "pack", "timeout_min", "signal_delay_s", "requeues", "cpus"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise VvsError(f"the Slurm option {name} must be a whole number of at least 1; got {value!r}")
        if not isinstance(self.mem_gb, int | float) or self.mem_gb < 0:
            raise VvsError(f"the Slurm option mem_gb must be at least 0 GiB; got {self.mem_gb!r}")
        for name in ("poll_s", "grace_s"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or value <= 0:
                raise VvsError(f"the Slurm option {name} must be a positive number of seconds; got {value!r}")
        if self.timeout_min * 60 <= self.signal_delay_s + EARLY_S:
            raise VvsError(
                f"the time limit of {self.timeout_min} min must leave a job more than signal_delay_s + {EARLY_S} s = "
                f"{self.signal_delay_s + EARLY_S} s, or it is told to stop as it starts; give it a longer timeout_min"
            )

    def for_submitit(self, name: str) -> dict[str, Any]:
        """The parameters of submitit's executor; `name` is the job's."""
        # Since 22.05 srun does not take the number of CPUs over from sbatch.
        path = os.pathsep.join(part for part in sys.path if part)
        threads = ("OMP", "OPENBLAS", "MKL", "NUMBA")
        setup = [f"export SRUN_CPUS_PER_TASK={self.cpus}", f"export PYTHONPATH={shlex.quote(path)}"]
        memory = {"mem": f"{round(self.mem_gb * 1024)}MB"} if self.mem_gb else {}
        return {
            **self.parameters,
            **memory,
            "job_name": name,
            "time": self.timeout_min,
            "signal_delay_s": self.signal_delay_s,
            "array_parallelism": self.jobs,
            "cpus_per_task": self.cpus,
            "setup": [*setup, *(f"export {library}_NUM_THREADS={self.cpus}" for library in threads)],
            "additional_parameters": {"requeue": True} | self.extra,
        }


def parse(texts: Mapping[str, str], jobs: int | None = None, threads: int | None = None) -> Options:
    """Options from ``KEY=VALUE`` texts.

    Parameters
    ----------
    texts
        Key → text, read as YAML.
    jobs, threads
        Jobs at a time, and CPUs of a job, where given.

    Raises
    ------
    VvsError
        For an unknown key, with the nearest known one, or a value that cannot be.

    Examples
    --------
    >>> parse({"pack": "8", "partition": "gpu", "sbatch.licenses": "a:1"}, jobs=4).parameters
    {'partition': 'gpu'}
    >>> parse({"packs": "8"})
    Traceback (most recent call last):
    vvslib.errors.VvsError: the Slurm option 'packs' is unknown: did you mean 'pack', 'grace_s'?; any ...
    """
    ours = {entry.name for entry in fields(Options)} - {"parameters", "extra", "jobs", "cpus"}
    theirs = _known_to_submitit()
    own: dict[str, Any] = {} if jobs is None else {"jobs": jobs}
    own |= {} if threads is None else {"cpus": threads}
    parameters, extra = {}, {}
    for key, text in texts.items():
        value = strict_yaml.load(text, f"the Slurm option {key}")
        if key.startswith(SBATCH):
            extra[key.removeprefix(SBATCH)] = value
        elif key in ours:
            own[key] = value
        elif key in theirs:
            parameters[key] = value
        else:
            known = suggest(key, {*ours, *theirs})
            raise VvsError(f"the Slurm option {key!r} is unknown: {known}; any option of sbatch goes as {SBATCH}KEY=VALUE")
    return Options(**own, parameters=parameters, extra=extra)


def _known_to_submitit() -> set[str]:
    from submitit.slurm.slurm import SlurmExecutor

    return SlurmExecutor._valid_parameters() - set(OURS_ALREADY)
