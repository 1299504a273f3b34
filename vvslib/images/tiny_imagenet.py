"""Tiny-ImageNet (Le & Yang 2015): 100,000 and 10,000 photographs of 200 classes, 64 px, or 32 px.

At 32 px it is read from the packed copy where that is found, else from the official archive, whose images are then halved (mean
of 2 × 2 px); the digests differ. At 64 px only the official archive will do. That archive could not be downloaded where this was
written: its reader was tested on small archives of the same layout.
"""

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from vvslib.errors import VvsError
from vvslib.images import decode
from vvslib.images.imageset import MemoryImages
from vvslib.images.published import Arrays, decoded, found

PACKED, ARCHIVE, ROOT, FULL = "tiny_imagenet_32", "tiny_imagenet_archive", "tiny-imagenet-200", 64


def load(name: str, split: str, size: int) -> MemoryImages:
    """Tiny-ImageNet; ``"val"`` is the official validation set. Classes are named as in WordNet, and sorted by its numbers.

    Raises
    ------
    VvsError
        When no copy of that size is found, or its bytes are wrong.
    """
    source, folder = found(PACKED, ARCHIVE) if size < FULL else found(ARCHIVE)
    if source == PACKED:
        images, labels = decoded(source, split, size, lambda: read_packed(folder, split))
        with np.load(folder / "tiny32_val.npz", allow_pickle=False) as arrays:
            classes = arrays["names"].tolist()
    else:
        images, labels = decoded(source, split, size, lambda: read_archive(folder, split, size))
        classes = list(class_names(folder).values())
    return MemoryImages(name, split, classes, labels, images)


def read_packed(folder: Path, split: str) -> Arrays:
    """Images, uint8 (n, 32, 32, 3), and labels, int64 (n,), of the packed copy; the halves of the training set in turn."""
    parts = []
    for file in ("tiny32_val.npz",) if split == "val" else ("tiny32_train_0.npz", "tiny32_train_1.npz"):
        with np.load(folder / file, allow_pickle=False) as arrays:
            jpeg, offsets, labels = arrays["jpeg"], arrays["offsets"], arrays["labels"]
        parts.append((decode.decode(len(labels), 32, decode.packed(jpeg, offsets)), labels.astype(np.int64)))
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def class_names(folder: Path) -> dict[str, str]:
    """WordNet number → names, of the classes of ``tiny-imagenet-200.zip`` in a folder, sorted by number.

    Raises
    ------
    VvsError
        When the archive cannot be read.
    """
    with _Archive(folder) as archive:
        return archive.names()


def read_archive(folder: Path, split: str, size: int) -> Arrays:
    """Images, uint8 (n, size, size, 3), and labels, int64 (n,), of ``tiny-imagenet-200.zip`` in a folder.

    Training images are sorted by class and number, validation images by number.

    Raises
    ------
    VvsError
        When the archive cannot be read, lacks a list or an image, or an image cannot be decoded.
    """
    with _Archive(folder) as archive:
        files, labels = archive.train() if split == "train" else archive.val()
        contents = [archive.read(file) for file in files]

    def image(i: int) -> Image.Image:
        whole = decode.rgb(contents[i], files[i])
        return whole if size == FULL or whole.size != (FULL, FULL) else whole.reduce(FULL // size)

    return decode.decode(len(files), size, image), np.array(labels, np.int64)


class _Archive:
    """The official archive, open for reading."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tiny-imagenet-200.zip"
        try:
            self.zip = zipfile.ZipFile(self.path)
        except (OSError, zipfile.BadZipFile) as error:
            raise VvsError(f"{self.path} cannot be read ({error}); get it again with `vvs fetch {ARCHIVE} --force`") from error

    def __enter__(self) -> "_Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def read(self, file: str) -> bytes:
        """The bytes of one file below the archive's folder."""
        try:
            return self.zip.read(f"{ROOT}/{file}")
        except (KeyError, OSError, zipfile.BadZipFile) as error:
            raise VvsError(f"{self.path} must hold {ROOT}/{file}; it does not, or it is damaged ({error})") from error

    def lines(self, file: str) -> list[list[str]]:
        """The lines of a table without a header, split at tabs."""
        return [line.split("\t") for line in self.read(file).decode().splitlines() if line.strip()]

    def names(self) -> dict[str, str]:
        words = {row[0]: row[1] for row in self.lines("words.txt") if len(row) > 1}
        return {wnid: words.get(wnid, wnid) for wnid in sorted(row[0].strip() for row in self.lines("wnids.txt"))}

    def train(self) -> tuple[list[str], list[int]]:
        number = {wnid: k for k, wnid in enumerate(self.names())}
        found = []
        for member in self.zip.namelist():
            parts = member.split("/")
            if len(parts) == 5 and parts[1] == "train" and parts[3] == "images" and parts[2] in number and parts[4]:
                order = int("".join(filter(str.isdigit, parts[4].rpartition("_")[2])) or 0)
                found.append((number[parts[2]], order, "/".join(parts[1:])))
        if absent := [wnid for wnid, k in number.items() if k not in {label for label, _, _ in found}]:
            raise VvsError(f"{self.path} must hold training images of every class; there are none of {', '.join(absent[:5])}")
        return [file for _, _, file in sorted(found)], [label for label, _, _ in sorted(found)]

    def val(self) -> tuple[list[str], list[int]]:
        number = {wnid: k for k, wnid in enumerate(self.names())}
        rows = [(row[0], row[1]) for row in self.lines("val/val_annotations.txt") if len(row) > 1]
        if unknown := [wnid for _, wnid in rows if wnid not in number]:
            raise VvsError(f"{self.path}: val_annotations.txt names a class that wnids.txt does not list: {unknown[0]}")
        rows.sort(key=lambda row: int("".join(filter(str.isdigit, row[0])) or 0))
        return [f"val/images/{file}" for file, _ in rows], [number[wnid] for _, wnid in rows]
