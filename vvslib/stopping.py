"""Being asked to stop: work ends between two of its steps, not within one."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def requested() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, so that work stops between two steps; only the main thread may catch signals."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = {number: signal.signal(number, lambda *_: event.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
