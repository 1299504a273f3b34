"""Contact sheets: some images of every class, to be looked at by a person."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vvslib.errors import VvsError
from vvslib.images.imageset import ImageSet

MARGIN, LINE = 4, 14


def contact_sheet(images: np.ndarray, titles: Sequence[str], scale: int = 1) -> Image.Image:
    """Rows of images, each under its title.

    Parameters
    ----------
    images
        uint8, shape (rows, columns, size, size, 3).
    titles
        One a row.
    scale
        Whole number by which each pixel is enlarged.

    Examples
    --------
    >>> contact_sheet(np.zeros((2, 3, 8, 8, 3), np.uint8), ["a", "b"], 2).size
    (64, 68)
    """
    rows, columns, size = images.shape[:3]
    step = size * scale + MARGIN
    sheet = Image.new("RGB", (columns * step + MARGIN, rows * (step + LINE)), "white")
    draw = ImageDraw.Draw(sheet)
    for row in range(rows):
        top = row * (step + LINE)
        draw.text((MARGIN, top + 1), titles[row], fill="black")
        for column in range(columns):
            tile = Image.fromarray(images[row, column]).resize((size * scale,) * 2, Image.Resampling.NEAREST)
            sheet.paste(tile, (MARGIN + column * step, top + LINE))
    return sheet


def of_set(images: ImageSet, columns: int = 12, scale: int = 1, classes: int = 40) -> Image.Image:
    """The first images of the first classes of a set.

    Parameters
    ----------
    images
        The set.
    columns, classes
        At most so many images a class, and so many classes.
    scale
        Whole number by which each pixel is enlarged.

    Raises
    ------
    VvsError
        When less than one column or one class is asked for.
    """
    if min(columns, classes, scale) < 1:
        raise VvsError(f"a sheet must have at least one column, one class and a scale of 1; got {columns}, {classes}, {scale}")
    titles = images.classes[:classes]
    sheet = np.full((len(titles), columns, images.size, images.size, 3), 255, np.uint8)
    for label in range(len(titles)):
        first = np.flatnonzero(images.labels == label)[:columns]
        sheet[label, : first.size] = images.read(first)
    return contact_sheet(sheet, titles, scale)


def write(sheet: Image.Image, path: Path) -> None:
    """Write a sheet as PNG, whole or not at all.

    Raises
    ------
    VvsError
        When the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        sheet.save(partial, format="PNG")
        partial.replace(path)
    except OSError as error:
        raise VvsError(f"{path} cannot be written ({error.strerror or error}); give --sheet another name") from error
    finally:
        partial.unlink(missing_ok=True)
