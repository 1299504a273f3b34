"""Who holds a claim: the machine, the process and the Slurm job, in terms that tell whether it can still be alive."""

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any

import psutil


def describe() -> dict[str, Any]:
    """This process, for others to recognise.

    Returns
    -------
    dict
        host (for people); machine, pid, born: one process of one boot of one machine; job, start: the Slurm job and how often it
        was restarted, None outside of one.

    Examples
    --------
    >>> is_gone(describe()), is_gone(describe() | {"born": "before"})
    (False, True)
    """
    return {
        "host": socket.gethostname(),
        "machine": machine(),
        "pid": os.getpid(),
        "born": born(os.getpid()),
        "job": slurm_job(),
        "start": int(os.environ.get("SLURM_RESTART_COUNT", 0)),
    }


@cache
def machine() -> str:
    """This boot of this machine, and the process numbers in force here: containers of one host have different ones.

    Examples
    --------
    >>> machine() == machine()
    True
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{socket.gethostname()} {psutil.boot_time():.0f}"


def slurm_job() -> str | None:
    """The Slurm job this process runs in, array index included; None outside of one."""
    array, index = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    job = f"{array}_{index}" if array else os.environ.get("SLURM_JOB_ID")
    return f"{os.environ.get('SLURM_CLUSTER_NAME', '')}:{job}" if job else None


def is_gone(owner: dict[str, Any]) -> bool:
    """Whether a process is known to have ended; False also where nothing can be known from here.

    Parameters
    ----------
    owner
        What `describe` said in that process.
    """
    if owner.get("job") is not None and owner["job"] == slurm_job() and owner.get("start", 0) < describe()["start"]:
        return True
    if owner.get("machine") != machine():
        return False
    try:
        return born(owner["pid"]) != owner["born"] or psutil.Process(owner["pid"]).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, KeyError, TypeError):
        return False


def born(pid: int) -> str:
    """When a process of this machine started, in words that no correction of the clock changes.

    Raises
    ------
    psutil.NoSuchProcess
        When there is none.

    Examples
    --------
    >>> born(os.getpid()) == born(os.getpid())
    True
    """
    try:
        # the 22nd field of proc(5), clock ticks since boot; the second may hold spaces and parentheses
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            raise psutil.NoSuchProcess(pid) from None
        return f"{psutil.Process(pid).create_time():.0f}"
