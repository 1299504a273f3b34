"""Bytes of image files to pixels, by PIL."""

import io
import os
import struct
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from vvslib.errors import VvsError

CHUNK = 512

T = TypeVar("T")


def rgb(file: bytes | Path | str, name: str | None = None) -> Image.Image:
    """One image, decoded whole, mode RGB; grey, palette, CMYK, transparent and 16-bit images are converted.

    The orientation that a camera notes beside the pixels is ignored, as it is in torchvision.

    Parameters
    ----------
    file
        The bytes of an image file, or its path.
    name
        What to call it in the error; the path when None.

    Raises
    ------
    VvsError
        Naming a file that cannot be read or decoded, and why.

    Examples
    --------
    >>> rgb(b"no image", "noise.jpg")
    Traceback (most recent call last):
    vvslib.errors.VvsError: noise.jpg cannot be decoded (not an image file of a known kind)
    """
    return _open(file, name, _to_rgb)


def check(path: Path) -> None:
    """Decode an image file to the end, at an eighth of its size where it is a JPEG, and forget it.

    Raises
    ------
    VvsError
        Naming a file that cannot be read or decoded, and why.
    """

    def load(image: Image.Image) -> None:
        image.draft("RGB", (1, 1))
        image.load()

    _open(path, None, load)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "P" and "transparency" in image.info:
        return image.convert("RGBA").convert("RGB")
    return image.convert("RGB")


def _open(file: bytes | Path | str, name: str | None, use: Callable[[Image.Image], T]) -> T:
    """What `use` makes of an image; every way in which a file can be wrong is one error that names it."""
    name = str(file) if name is None else name
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
            return use(image)
    except Image.UnidentifiedImageError:
        raise VvsError(f"{name} cannot be decoded (not an image file of a known kind)") from None
    except OSError as error:
        if error.errno:
            raise VvsError(f"{name} cannot be read ({os.strerror(error.errno)})") from error
        raise VvsError(f"{name} cannot be decoded ({error})") from error
    except (SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error, Image.DecompressionBombError) as error:
        raise VvsError(f"{name} cannot be decoded ({str(error) or type(error).__name__})") from error


def decode(n: int, size: int, image: Callable[[int], Image.Image], threads: int | None = None) -> np.ndarray:
    """Many images of one size as one array.

    Parameters
    ----------
    n
        How many.
    size
        Side that each must have, in px.
    image
        The image of a number from 0; called from several threads.
    threads
        At once; as many as there are cores when None.

    Returns
    -------
    ndarray of uint8
        Shape (n, size, size, 3).

    Raises
    ------
    VvsError
        For an image of another size.

    Examples
    --------
    >>> decode(2, 8, lambda i: Image.new("RGB", (8, 8), (i, 0, 0)))[:, 0, 0, 0]
    array([0, 1], dtype=uint8)
    """
    out = np.empty((n, size, size, 3), np.uint8)

    def part(first: int) -> None:
        for i in range(first, min(first + CHUNK, n)):
            one = image(i)
            if one.size != (size, size):
                raise VvsError(f"image {i} must measure {size} × {size} px; got {one.size[0]} × {one.size[1]}")
            out[i] = one

    with ThreadPoolExecutor(cores() if threads is None else threads) as pool:
        list(pool.map(part, range(0, n, CHUNK)))
    return out


def packed(jpeg: np.ndarray, offsets: np.ndarray) -> Callable[[int], Image.Image]:
    """The image of a number, out of concatenated files: number i lies from ``offsets[i]`` to ``offsets[i + 1]``.

    Parameters
    ----------
    jpeg
        Bytes of all files, uint8, shape (bytes,).
    offsets
        Where each begins, and the end; int64, shape (n + 1,).
    """
    return lambda i: rgb(jpeg[offsets[i] : offsets[i + 1]].tobytes(), f"image {i}")


def square(image: Image.Image, size: int) -> np.ndarray:
    """The largest centred square of an image, resized (bilinear, antialiased); uint8, shape (size, size, 3).

    Examples
    --------
    >>> square(Image.new("RGB", (40, 20)), 8).shape
    (8, 8, 3)
    """
    wide, high = image.size
    side = min(wide, high)
    left, top = (wide - side) // 2, (high - side) // 2
    # Cropped first: resizing a box would mix in what lies just outside it.
    middle = image.crop((left, top, left + side, top + side))
    return np.asarray(middle.resize((size, size), Image.Resampling.BILINEAR))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> Sequence[str]:
    """Versions of what decodes: pixels of a JPEG may differ by one or two steps between them."""
    import PIL
    from PIL import features

    return PIL.__version__, str(features.version("jpg"))
