"""The process of a local worker: ``python -m vvslib.sweep.worker``. Takes calls from its parent, one after another, and answers.

Calls and answers are pickles between this process and the parent that started it, over the pipes that were its standard input and
output; what a call prints goes elsewhere. When the parent goes, even by ``kill -9``, the pipe ends: the worker gives its claims
up and ends at once, with all that it started.
"""

import contextlib
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from typing import Any, BinaryIO

LENGTH = struct.Struct("<Q")


def send(stream: BinaryIO, message: Any) -> None:
    """Write one message."""
    data = message if isinstance(message, bytes) else pickle.dumps(message)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """The next message.

    Raises
    ------
    EOFError
        When the other side is gone.
    """
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def answer(call: tuple) -> tuple[bool, Any]:
    """What a call returns, or the exception it raises, in a form that can be sent."""
    function, arguments, named = call
    try:
        found = (True, function(*arguments, **named))
    except BaseException as error:
        found = (False, error)
    try:
        pickle.loads(pickle.dumps(found))
    except Exception as error:
        what = "".join(traceback.format_exception(found[1])) if not found[0] else repr(found[1])
        found = (False, RuntimeError(f"an answer could not be sent ({error}): {what}"))
    return found


def main() -> None:
    """Serve until the parent closes the pipe."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inlet, calls), daemon=True, name="parent").start()
    while True:
        call = calls.get()
        with contextlib.suppress(BrokenPipeError):
            send(outlet, answer(call))


def _listen(inlet: BinaryIO, calls: queue.SimpleQueue) -> None:
    try:
        while True:
            try:
                calls.put(receive(inlet))
            except (ImportError, AttributeError) as error:
                calls.put((_reraise, (error,), {}))
    except BaseException:
        _end()


def _reraise(error: Exception) -> None:
    raise error


def _end() -> None:
    """End this process and all that it started; the claims it holds are given up first."""
    claims = sys.modules.get("vvslib.sweep.claims")
    try:
        if claims is not None:
            claims.give_up_all()
    finally:
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


if __name__ == "__main__":
    # Under its own name too, so that what is pickled by reference is found.
    from vvslib.sweep.worker import main as serve

    serve()
