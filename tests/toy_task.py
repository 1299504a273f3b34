"""Tasks of some milliseconds for the tests of sweeps; what they do is noted in the file named by their parameter `log`."""

import os
import signal
import time
from pathlib import Path

from vvslib.errors import VvsError
from vvslib.sweep import Diverged

VERSION = 1
STEPS = 4


def note(parameters: dict, what: str) -> None:
    """Append a line to the log, in one write."""
    if "log" in parameters:
        line = f"{what} {parameters['seed']} {parameters.get('width', 0)}\n"
        with open(parameters["log"], "ab", buffering=0) as log:
            log.write(line.encode())


def check(parameters: dict) -> None:
    """Refuse a width that cannot be."""
    if parameters.get("width", 1) < 0:
        raise VvsError(f"width must be ≥ 0; got {parameters['width']}")


def digests(parameters: dict) -> dict[str, str]:
    """What the text of `images` stands for."""
    return {"images": Path(parameters["images"]).name} if "images" in parameters else {}


def estimate(parameters: dict) -> dict[str, float]:
    """Operations: a thousand a unit of width."""
    return {"flops": 1e3 * (1 + parameters.get("width", 0))}


def count(parameters: dict, folder: Path, report) -> dict:
    """Count to `STEPS`, from where the run stopped before; `seconds` in all."""
    note(parameters, "start")
    kept = folder / "step"
    first = int(kept.read_text()) if kept.exists() else 0
    for step in range(first, STEPS):
        time.sleep(parameters.get("seconds", 0.02) / STEPS)
        note(parameters, f"step{step}")
        partial = folder / "step.part"
        partial.write_text(str(step + 1))
        partial.replace(kept)
        report({"fraction": (step + 1) / STEPS})
    note(parameters, "end")
    return {"sum": sum(range(STEPS)) + parameters["seed"] / 3, "steps": STEPS}


def misbehave(parameters: dict, folder: Path, report) -> dict:
    """Do what the parameter `how` says, a number of times; then count."""
    note(parameters, "try")
    tries = folder / "tries"
    tried = int(tries.read_text()) if tries.exists() else 0
    tries.write_text(str(tried + 1))
    how = parameters["how"] if tried < parameters.get("times", 10**9) else "count"
    if how == "raise":
        raise ValueError("the width is wrong")
    if how == "diverge":
        raise Diverged(17, {"loss": float("nan")})
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "obey":
        signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    if how == "stop":
        raise KeyboardInterrupt
    if how == "exit":
        raise SystemExit(3)
    if how == "unsayable":
        return {"sum": object()}
    if how == "print":
        os.write(1, b"said by a library\n")
    if how == "fill":
        with open(folder / "weights", "wb") as stream:
            while True:
                stream.write(b"0" * 65536)
    if how == "wait":
        while True:
            time.sleep(0.05)
            report({"fraction": 0.5})
    return count(parameters, folder, report)
