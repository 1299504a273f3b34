"""Real single-node Slurm clusters for the tests, one with accounting and one without, each started when first asked for."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("cluster.sh")
PLAIN = ("slurmctld", "slurmd", "sbatch", "munged")
ACCOUNTING = (*PLAIN, "slurmdbd", "mariadbd", "mariadb-install-db", "my_print_defaults")
PACKAGES = "slurmctld slurmd slurm-client munge slurmdbd slurm-wlm-mysql-plugin mariadb-server-core mariadb-client"


def require(commands: tuple[str, ...]) -> None:
    """Skip without Slurm or root; fail where continuous integration has asked for it."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    absent = [name for name in commands if shutil.which(name, path=path) is None]
    reason = f"{absent[0]} is not installed (Debian: apt install {PACKAGES})" if absent else ""
    reason = reason or ("a cluster can be started by root only" if os.getuid() else "")
    if reason:
        (pytest.fail if os.environ.get("REQUIRE_SLURM") == "1" else pytest.skip)(reason)


@contextmanager
def started(kind: str, port: int) -> Iterator[Path]:
    """A cluster in a temporary folder, whose path is short because sockets lie in it."""
    base = Path(tempfile.mkdtemp(prefix="vvs-slurm-", dir="/tmp"))
    inherited = dict(os.environ)
    path = os.pathsep.join((inherited.get("PATH", ""), "/usr/sbin", "/sbin"))
    environment = inherited | {"PORT": str(port), "PATH": path}
    try:
        up = subprocess.run(
            [SCRIPT, "up", base, kind],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            close_fds=True,
        )
        assert up.returncode == 0, up.stderr
        yield base / "slurm.conf"
    finally:
        subprocess.run([SCRIPT, "down", base], env=environment, check=False, timeout=120)
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def accounting_cluster() -> Iterator[Path]:
    """Configuration of a cluster with accounting, as users have."""
    require(ACCOUNTING)
    with started("accounting", random.randrange(20_000, 25_000)) as configuration:
        yield configuration


@pytest.fixture(scope="session")
def plain_cluster() -> Iterator[Path]:
    """Configuration of a cluster whose accounting is off: sacct fails there."""
    require(PLAIN)
    with started("plain", random.randrange(25_100, 30_000)) as configuration:
        yield configuration


@pytest.fixture
def slurm(accounting_cluster, monkeypatch) -> None:
    """Slurm's commands reach the cluster with accounting."""
    monkeypatch.setenv("SLURM_CONF", str(accounting_cluster))


@pytest.fixture
def slurm_without_accounting(plain_cluster, monkeypatch) -> None:
    """Slurm's commands reach the cluster without accounting."""
    monkeypatch.setenv("SLURM_CONF", str(plain_cluster))
