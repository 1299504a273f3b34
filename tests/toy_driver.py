"""A driver in a process of its own, without the command line's imports: `toy_driver.py GRID STORE JOBS`."""

import sys

from vvslib.sweep import driver, grid, planning
from vvslib.sweep.local import LocalExecutor, slots
from vvslib.sweep.store import Store


def main(path: str, folder: str, jobs: str) -> None:
    """Drive the grid to its end."""
    runs = planning.plan(grid.read(path))
    executor = LocalExecutor(slots(int(jobs), threads=1, devices=[]))
    driver.drive(driver.Driver(Store.create(folder), executor, runs))


if __name__ == "__main__":
    main(*sys.argv[1:])
