"""The Slurm queue: the state of jobs, asked of squeue, and of sacct where a job has left the queue and accounting is on.

submitit asks sacct alone, so without accounting it never learns that a job was killed or cancelled.
"""

import getpass
import logging
import re
import subprocess

WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT")
WORKING = ("RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED")
ACTIVE = frozenset((*WAITING, *WORKING))
GONE = "GONE"
TIMEOUT_S = 60

logger = logging.getLogger(__name__)


def states(jobs: set[str]) -> dict[str, str] | None:
    """The state of jobs.

    Parameters
    ----------
    jobs
        Job ids, ``"123"`` or ``"123_4"`` for an element of an array.

    Returns
    -------
    dict or None
        Job → Slurm's word for its state, ``GONE`` for one that nobody knows; None when the queue does not answer, which says
        nothing about the jobs.
    """
    listed = _run("squeue", "--noheader", "--array", "--states=all", f"--user={getpass.getuser()}", "--format=%i|%T")
    if listed is None:
        return None
    known = parse(listed)
    unknown = jobs - known.keys()
    if unknown:
        masters = ",".join(sorted({job.partition("_")[0] for job in unknown}))
        accounted = _run(
            "sacct", "--noheader", "--parsable2", "--allocations", "--array", f"--jobs={masters}", "--format=JobID,State"
        )
        known = parse(accounted or "") | known
    return {job: known.get(job, GONE) for job in jobs}


def parse(listed: str) -> dict[str, str]:
    """Job → state, from lines ``id|STATE``; sacct says who cancelled a job, which is left out.

    Examples
    --------
    >>> parse("12_0|RUNNING\\n12_1|CANCELLED by 0\\n13|PENDING")
    {'12_0': 'RUNNING', '12_1': 'CANCELLED', '13': 'PENDING'}
    """
    return {job: state for job, state in re.findall(r"^(\d+(?:_\d+)?)\|([A-Z_]+)", listed, re.M)}


def cancel(jobs: set[str]) -> None:
    """Have jobs cancelled; those that have ended are left as they are."""
    if jobs:
        _run("scancel", "--quiet", *sorted(jobs))


def _run(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.debug("%s: %s", command[0], error)
        return None
    if done.returncode:
        logger.debug("%s: %s", command[0], done.stderr.strip())
        return None
    return done.stdout
