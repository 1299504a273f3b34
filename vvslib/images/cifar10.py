"""CIFAR-10 (Krizhevsky 2009): 50,000 and 10,000 photographs of 10 classes, 32 px.

Read from the packed copy (JPEG, lossy: pixels differ a little from the official ones, and training images are sorted by class)
where that is found, else from the official binary archive, which holds no pickles. The two have different digests, and subsets of
one are not those of the other. The official archive could not be downloaded where this was written: its reader was tested on
small archives of the same layout.
"""

import tarfile
from pathlib import Path

import numpy as np

from vvslib.errors import VvsError
from vvslib.images import decode
from vvslib.images.imageset import MemoryImages
from vvslib.images.published import Arrays, decoded, found

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = 32
FILES = {"train": tuple(f"data_batch_{k}.bin" for k in range(1, 6)), "val": ("test_batch.bin",)}


def load(name: str, split: str) -> MemoryImages:
    """CIFAR-10; ``"val"`` is the official test set, in the official order.

    Raises
    ------
    VvsError
        When neither copy is found, or its bytes are wrong.
    """
    source, folder = found("cifar10", "cifar10_archive")
    read = read_packed if source == "cifar10" else read_archive
    images, labels = decoded(source, split, SIZE, lambda: read(folder, split))
    return MemoryImages(name, split, CLASSES, labels, images)


def read_packed(folder: Path, split: str) -> Arrays:
    """Images, uint8 (n, 32, 32, 3), and labels, int64 (n,), of the packed copy."""
    with np.load(folder / f"cifar10_{'test' if split == 'val' else 'train'}_jpeg.npz", allow_pickle=False) as arrays:
        jpeg, offsets, labels = arrays["jpeg"], arrays["offsets"], arrays["labels"]
    return decode.decode(len(labels), SIZE, decode.packed(jpeg, offsets)), labels.astype(np.int64)


def read_archive(folder: Path, split: str) -> Arrays:
    """Images, uint8 (n, 32, 32, 3), and labels, int64 (n,), of ``cifar-10-binary.tar.gz`` in a folder.

    A record is one byte of label, then 1,024 bytes each of red, green and blue, row by row.

    Raises
    ------
    VvsError
        When the archive cannot be read, lacks a file, or a file does not hold whole records of ten classes.
    """
    path = folder / "cifar-10-binary.tar.gz"
    try:
        with tarfile.open(path, "r:gz") as archive:
            wanted = {f"cifar-10-batches-bin/{file}" for file in FILES[split]}
            # Members are read in the order of the archive, which unpacks it only once.
            contents = {m.name: archive.extractfile(m).read() for m in archive if m.name in wanted and m.isfile()}
    except (OSError, EOFError, tarfile.TarError) as error:
        raise VvsError(f"{path} cannot be read ({error}); get it again with `vvs fetch cifar10_archive --force`") from error
    if missing := wanted - set(contents):
        raise VvsError(f"{path} must hold {', '.join(sorted(missing))}; it does not: is it the binary version of CIFAR-10?")
    records = np.frombuffer(b"".join(contents[name] for name in sorted(contents)), np.uint8)
    record = 1 + 3 * SIZE * SIZE
    if not records.size or records.size % record or records[::record].max() >= len(CLASSES):
        raise VvsError(f"{path} must hold records of {record} bytes that begin with a label from 0 to 9; it holds others")
    records = records.reshape(-1, record)
    images = records[:, 1:].reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), records[:, 0].astype(np.int64)
