"""The driver: has an executor run what a store lacks, until it lacks nothing. Several may work on one store.

What is true is in the store; executors only bring runs nearer to a record there. So a driver can end at any moment and another,
anywhere, goes on; and what an executor answers is believed only when the record is there.
"""

import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from typing import Protocol

from vvslib.sweep.claims import Watch
from vvslib.sweep.files import StoreFull
from vvslib.sweep.records import FINAL, CorruptRecord, Record
from vvslib.sweep.run import Run
from vvslib.sweep.status import Status, summarise
from vvslib.sweep.store import Store
from vvslib.sweep.work import Job, Outcome, WorkerDied, execute, record_death

POLL_S, LOOK_S, TICK_S, LISTEN_S, SETTLE_S = 0.1, 0.5, 0.5, 10.0, 20.0


class Listener(Protocol):
    """Who is told what happens."""

    def finished(self, record: Record) -> None:
        """A run has a record, made by this driver or by another meanwhile."""

    def retried(self, run: Run, why: str, attempt: int) -> None:
        """A run's process or machine went down; this is the attempt that follows."""

    def noted(self, text: str) -> None:
        """Something to know."""

    def ticked(self, status: Status) -> None:
        """Time has passed."""


class Silent:
    """A listener that says nothing."""

    def finished(self, record: Record) -> None:
        """Say nothing."""

    def retried(self, run: Run, why: str, attempt: int) -> None:
        """Say nothing."""

    def noted(self, text: str) -> None:
        """Say nothing."""

    def ticked(self, status: Status) -> None:
        """Say nothing."""


class Driver:
    """Brings every run to a record.

    Parameters
    ----------
    store
        Where the records are.
    executor
        Any executor that can send `vvslib.sweep.work.execute`; its attribute ``window`` says how many calls to keep in flight.
    runs
        What is wanted, in the order in which to begin.
    retries
        How often a run is tried again whose process or machine went down. A run that raised an error is wrong and is not tried
        again; one that diverged neither.
    retry_failed
        Whether to execute the runs again that failed before.
    listener
        Who is told.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        runs: Sequence[Run],
        *,
        retries: int = 2,
        retry_failed: bool = False,
        listener: Listener | None = None,
    ):
        self.store, self.executor, self.runs = store, executor, list(runs)
        self.retries, self.retry_failed, self.listener = retries, retry_failed, listener or Silent()
        self.records: dict[str, Record] = {}
        self._redo: dict[str, str] = {}
        self._waiting: deque[Run] = deque()
        self._elsewhere: dict[str, Run] = {}
        self._flying: dict[Future, Run] = {}
        self._deaths: Counter[str] = Counter()
        self._noted: set[str] = set()
        self._watch = Watch(store.claims)
        self._looked = self._ticked = self._listened = float("-inf")

    def run(self) -> Status:
        """Work until every run has a record.

        Returns
        -------
        Status
            How they ended.

        Raises
        ------
        StoreFull
            When there is no room left; what is recorded stays valid.
        """
        self._begin()
        while len(self.records) < len(self.runs):
            self._submit()
            done, _ = wait(self._flying, timeout=POLL_S, return_when=FIRST_COMPLETED) if self._flying else (set(), None)
            if not self._flying:
                time.sleep(POLL_S)
            for future in done:
                self._land(future, self._flying.pop(future))
            if done or time.monotonic() - self._looked >= LOOK_S:
                self._look()
            self._tick()
        self._tick(now=True)
        return summarise(self.store, self.runs, self.records)

    def _begin(self) -> None:
        """Sort the runs into those that have a lasting record, and those to execute."""
        present = self.store.recorded()
        for run in self.runs:
            found = self._read(run) if run.id in present else None
            if found is not None and found.state in FINAL and not (self.retry_failed and found.state == "failed"):
                self.records[run.id] = found
                continue
            if found is not None:
                self._redo[run.id] = found.stamp
            self._waiting.append(run)

    def _read(self, run: Run) -> Record | None:
        try:
            return self.store.record(run.id)
        except CorruptRecord as fault:
            if run.id not in self._noted:
                self._noted.add(run.id)
                self.listener.noted(f"{fault}; it is put aside and its run is executed again")
            return None

    def _submit(self) -> None:
        window = getattr(self.executor, "window", None) or len(self.runs)
        while self._waiting and len(self._flying) < window:
            run = self._waiting.popleft()
            if run.id in self.records:
                continue
            free, dead = self._watch.available(run.id)
            if not free:
                self._elsewhere[run.id] = run
                continue
            claims = self.store.claims
            job = Job(str(self.store.folder), run.as_dict(), dead, self._redo.get(run.id), claims.beat_s, claims.dead_after_s)
            self._flying[self.executor.submit(execute, job)] = run

    def _look(self) -> None:
        """Take note of new records, whoever made them, and of runs that others have let go."""
        self._looked = time.monotonic()
        present = self.store.recorded()
        for run in self.runs:
            if run.id in present and run.id not in self.records:
                found = self._read(run)
                if found is not None and found.stamp != self._redo.get(run.id):
                    self._settle(found)
        for run in list(self._elsewhere.values()):
            if self._watch.available(run.id)[0]:
                del self._elsewhere[run.id]
                self._waiting.appendleft(run)
        if self._looked - self._listened >= LISTEN_S:
            self._listened = self._looked
            self._listen()

    def _listen(self) -> None:
        """Give up on calls whose run fell silent, although their executor says that they are running."""
        for future, run in list(self._flying.items()):
            if run.id not in self.records and self._watch.available(run.id)[1] is not None:
                del self._flying[future]
                self._died(run, "it fell silent")

    def _settle(self, record: Record) -> None:
        self.records[record.id] = record
        self._elsewhere.pop(record.id, None)
        self.listener.finished(record)

    def _land(self, future: Future, run: Run) -> None:
        """Act on an executor's answer."""
        if run.id in self.records:
            return
        try:
            outcome: Outcome = future.result()
        except (WorkerDied, CancelledError) as error:
            self._died(run, str(error) or "cancelled", getattr(error, "again", False))
            return
        if outcome.id != run.id:
            self._died(run, f"the executor answered for run {outcome.id}")
        elif outcome.ending == "full":
            raise StoreFull(outcome.text)
        elif outcome.ending == "taken":
            self._elsewhere[run.id] = run
        elif outcome.ending == "released":
            self._died(run, outcome.text or "it was stopped from outside")
        elif not self._appears(run):
            self._died(run, "its record is not there")

    def _appears(self, run: Run) -> bool:
        """Whether a record that was written is there; on a shared file system it may take a while to show."""
        until = time.monotonic() + SETTLE_S
        while True:
            found = self._read(run)
            if found is not None and found.stamp != self._redo.get(run.id):
                self._settle(found)
                return True
            if time.monotonic() > until:
                return False
            time.sleep(POLL_S)

    def _died(self, run: Run, why: str, again: bool = True) -> None:
        found = self._read(run)
        if found is not None and found.stamp != self._redo.get(run.id):
            self._settle(found)  # it died after its record was made
            return
        self._deaths[run.id] += 1
        if again and self._deaths[run.id] <= self.retries:
            self.listener.retried(run, why, self._deaths[run.id] + 1)
            self._waiting.append(run)
            return
        times = self._deaths[run.id]
        text = f"{why}; so it went {times} times" if times > 1 else why
        if not record_death(self.store, run, text, self._redo.get(run.id), self._watch.available(run.id)[1]):
            self._elsewhere[run.id] = run

    def _tick(self, now: bool = False) -> None:
        if now or time.monotonic() - self._ticked >= TICK_S:
            self._ticked = time.monotonic()
            self.listener.ticked(summarise(self.store, self.runs, self.records))


def drive(driver: Driver) -> Status:
    """Run a driver to its end and its executor down with it; the table of all records lies in the store afterwards.

    Parameters
    ----------
    driver
        What to run.

    Returns
    -------
    Status
        How the runs ended.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, saying what is valid. What was running is stopped, and goes on from its checkpoint another time.
    """
    from vvslib.sweep import tables  # pandas, which a driver needs for nothing else

    executor, store = driver.executor, driver.store
    try:
        status = driver.run()
    except BaseException as error:
        executor.stop()
        if not isinstance(error, KeyboardInterrupt):
            raise
        valid = len(store.recorded() & {run.id for run in driver.runs})
        raise KeyboardInterrupt(
            f"{valid} of {len(driver.runs)} runs are recorded and stay valid, what was running goes on from its checkpoint; "
            "the same command goes on"
        ) from None
    executor.shutdown()
    tables.write_runs(store.records(), store.folder / "table.csv")
    return status
