"""Images a second: the sandbox's renderer at each size on one core and on two, beside PIL decoding JPEGs of that size.

Each measurement is the best of --repeats, in one process, after everything is compiled. Ratios are of numbers measured one after
the other in the same run: the machine's other work moves both, and processor time less than the rest.
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


def rate(work: Callable[[], object], n: int, repeats: int) -> tuple[float, float]:
    """Images a second and milliseconds of processor time an image, each the best of some repeats."""
    seconds, busy = [], []
    for _ in range(repeats):
        started, started_busy = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - started_busy)
    return n / min(seconds), 1e3 * min(busy) / n


def jpegs(pixels: np.ndarray) -> list[bytes]:
    """The images as JPEG files of quality 90."""
    files = []
    for image in pixels:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=90)
        files.append(stream.getvalue())
    return files


def measured(size: int, variation: str, n: int, repeats: int) -> list[tuple[float, float]]:
    """As `rate`: rendered by one thread and by two, decoded by one and by two."""
    classes, indices = np.arange(n) % len(CLASSES), np.arange(n) // len(CLASSES)
    files = jpegs(render(classes, indices, size, variation))

    def read(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda k: np.asarray(decode.rgb(files[k])), range(n), chunksize=64))

    rendered = [rate(lambda t=t: render(classes, indices, size, variation, threads=t), n, repeats) for t in (1, 2)]
    return [*rendered, *(rate(lambda t=t: read(t), n, repeats) for t in (1, 2))]


def main() -> None:
    """Print one row a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="measurements, of which the best counts (default 3)")
    parser.add_argument("--variation", choices=tuple(VARIATIONS), default="medium")
    arguments = parser.parse_args()
    table = Table(
        title=f"images/s, {arguments.variation} variation; {decode.cores()} cores at hand; CPU time is that of one thread"
    )
    table.add_column("size", justify="right")
    for what in ("rendered", "JPEG decoded"):
        for column in (f"{what}, 1 core", "2 cores", "ratio", "CPU ms"):
            table.add_column(column, justify="right")
    table.add_column("CPU, rendered / decoded", justify="right")
    for size in SIZES:
        n = max(128, 1024 * 32 // size)
        one, two, read_one, read_two = measured(size, arguments.variation, n, arguments.repeats)
        cells = [
            text
            for single, double in ((one, two), (read_one, read_two))
            for text in (f"{single[0]:,.0f}", f"{double[0]:,.0f}", f"{double[0] / single[0]:.2f}", f"{single[1]:.2f}")
        ]
        table.add_row(f"{size} px", *cells, f"{one[1] / read_one[1]:.1f}")
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
