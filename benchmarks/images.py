"""Images a second: the sandbox's renderer at each size on one core and on two, beside PIL decoding JPEGs of that size.

Each measurement is the best of --repeats, in one process, after everything is compiled. Ratios are of numbers measured one after
the other in the same run: the machine's other work moves both.
"""

import argparse
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from vvslib.images import decode
from vvslib.images.sandbox import CLASSES, VARIATIONS, render

SIZES = (32, 64, 128, 224)


def rate(work: Callable[[], object], n: int, repeats: int) -> float:
    """Images a second, the best of some repeats."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return n / best


def jpegs(pixels: np.ndarray) -> list[bytes]:
    """The images as JPEG files of quality 90."""
    files = []
    for image in pixels:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=90)
        files.append(stream.getvalue())
    return files


def measured(size: int, variation: str, n: int, repeats: int) -> tuple[float, float, float, float]:
    """Images a second: rendered by one thread and by two, decoded by one and by two."""
    classes, indices = np.arange(n) % len(CLASSES), np.arange(n) // len(CLASSES)
    files = jpegs(render(classes, indices, size, variation))

    def read(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda k: np.asarray(decode.rgb(files[k])), range(n), chunksize=64))

    rendered = [rate(lambda t=t: render(classes, indices, size, variation, threads=t), n, repeats) for t in (1, 2)]
    return (*rendered, *(rate(lambda t=t: read(t), n, repeats) for t in (1, 2)))


def main() -> None:
    """Print one row a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="measurements, of which the best counts (default 3)")
    parser.add_argument("--variation", choices=tuple(VARIATIONS), default="medium")
    arguments = parser.parse_args()
    table = Table(title=f"images/s, {arguments.variation} variation; {decode.cores()} cores at hand")
    for column in (
        "size",
        "rendered, 1 core",
        "2 cores",
        "ratio",
        "JPEG decoded, 1 core",
        "2 cores",
        "ratio",
        "rendered / decoded, 2 cores",
    ):
        table.add_column(column, justify="right")
    for size in SIZES:
        n = max(128, 1024 * 32 // size)
        one, two, read_one, read_two = measured(size, arguments.variation, n, arguments.repeats)
        table.add_row(
            f"{size} px", f"{one:,.0f}", f"{two:,.0f}", f"{two / one:.2f}", f"{read_one:,.0f}", f"{read_two:,.0f}",
            f"{read_two / read_one:.2f}", f"{two / read_two:.3f}",
        )  # fmt: skip
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
