"""Image sets: their names, sets in memory, the cache, and the public sets."""

import io
import json
import logging
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from vvslib import images, provenance, sources
from vvslib.errors import VvsError
from vvslib.images import cache, cifar10, decode, tiny_imagenet
from vvslib.images.sheet import of_set


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache of its own, empty."""
    monkeypatch.setenv("VVS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


def memory(n=6, size=8, seed=0):
    """A small set in memory, of two classes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    return images.MemoryImages("noise", "train", ("a", "b"), np.arange(n) % 2, pixels)


# Names


@pytest.mark.parametrize(
    ("spec", "spelled"),
    [
        ("cifar10", "cifar10"),
        (" tiny_imagenet ", "tiny_imagenet:size=32"),
        ("sandbox", "sandbox:per_class=500,seed=0,size=32,val_per_class=50,variation=medium"),
        ("sandbox:seed=+7,size=064", "sandbox:per_class=500,seed=7,size=64,val_per_class=50,variation=medium"),
        ("folder:path=/a,b=c/d,skip_corrupt=Yes", None),
        ("folder:path=/a,b,size=64", "folder:path=/a,b,size=64,skip_corrupt=false"),
    ],
)
def test_canonical_spells_every_option(spec, spelled):
    """Two ways of writing a set become one string, which is its own canonical form."""
    if spelled is None:
        with pytest.raises(VvsError, match="folder has no option 'b'"):
            images.canonical(spec)
        return
    assert images.canonical(spec) == spelled == images.canonical(spelled)


def test_a_relative_path_becomes_absolute(tmp_path, monkeypatch):
    """A run started from another folder is the same run."""
    monkeypatch.chdir(tmp_path)
    assert images.canonical("folder:path=data") == f"folder:path={tmp_path}/data,size=224,skip_corrupt=false"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("cifar", r"there is no image set 'cifar'; did you mean 'cifar10'\?"),
        ("imagenet21k", "there is no image set 'imagenet21k'; did you mean"),
        ("", "must be named by a string such as"),
        (None, "must be named by a string such as"),
        ("sandbox:", "must be written name or name:key=value"),
        ("sandbox:size", "each option .* must be written key=value; got 'size'"),
        ("sandbox:size=32,size=64", "must be given once; got 'size' twice"),
        ("sandbox:variaton=low", r"sandbox has no option 'variaton'; did you mean 'variation'\?"),
        ("cifar10:size=32", "cifar10 has no option 'size'; it takes none"),
        ("sandbox:size=big", "sandbox: size must be a whole number; got 'big'"),
        ("sandbox:size=32.0", "sandbox: size must be a whole number"),
        ("sandbox:size=8", "sandbox: size must be from 16 to 512; got 8"),
        ("sandbox:variation=hihg", r"variation must be low or medium or high; got 'hihg'; did you mean 'high'\?"),
        ("tiny_imagenet:size=48", "size must be 32 or 64; got '48'"),
        ("folder", "folder needs path"),
        ("folder:path=/x,skip_corrupt=maybe", "skip_corrupt must be true or false; got 'maybe'"),
    ],
)
def test_bad_specifications_are_refused(spec, said):
    """What must be what, and the nearest names."""
    with pytest.raises(VvsError, match=said):
        images.canonical(spec)


def test_an_unknown_split_is_refused():
    """Only train and val."""
    with pytest.raises(VvsError, match="split must be train or val; got 'valid'; did you mean 'val'"):
        images.load("sandbox:per_class=1", "valid")


# Sets in memory


def test_reading_keeps_the_order_asked_for():
    """Images come in the order of the indices, repeated where they are, as a copy."""
    few = memory()
    got = few.read(np.array([4, 0, 4]))
    assert np.array_equal(got, few.images[[4, 0, 4]])
    got[:] = 0
    assert few.images[4].any()
    assert few.open(3).mode == "RGB"
    assert np.array_equal(np.asarray(few.open(3)), few.images[3])
    assert few.read([]).shape == (0, 8, 8, 3)


@pytest.mark.parametrize("indices", [[6], [-1], [0.5], [[0]], [True]])
def test_indices_outside_the_set_are_refused(indices):
    """Negative numbers do not count from the end."""
    with pytest.raises(VvsError, match="noise: indices must be"):
        memory().read(np.array(indices))


def test_the_digest_is_of_pixels_labels_and_classes():
    """Any change of any of them changes it; the set's name does not."""
    few = memory()
    pixels = few.images.copy()
    pixels[0, 0, 0, 0] ^= 1
    others = [
        images.MemoryImages("noise", "train", few.classes, few.labels, pixels),
        images.MemoryImages("noise", "train", ("a", "c"), few.labels, few.images),
        images.MemoryImages("noise", "train", few.classes, few.labels[::-1], few.images),
    ]
    assert len({few.digest, *(o.digest for o in others)}) == 4
    assert images.MemoryImages("other", "val", few.classes, few.labels.astype(np.int32), few.images).digest == few.digest


def test_a_known_digest():
    """The digest of this set is this one, on every platform."""
    pixels = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    few = images.MemoryImages("ramp", "train", ("one", "two"), np.array([1, 0]), pixels)
    assert few.digest == "cf59e7fe629f8c9f1f455a6a6950cf87093b01cc8c6ab7946b20380bc80a30e3"


@pytest.mark.parametrize(
    ("labels", "pixels", "said"),
    [
        ([0], np.zeros((1, 4, 4, 3), float), "images must be uint8 of shape"),
        ([0], np.zeros((1, 4, 5, 3), np.uint8), "images must be uint8 of shape"),
        ([0, 1], np.zeros((1, 4, 4, 3), np.uint8), r"of shape \(2, size, size, 3\); got uint8 of shape \(1, 4, 4, 3\)"),
        ([2], np.zeros((1, 4, 4, 3), np.uint8), "labels must be from 0 to 1; got 2 to 2"),
        ([], np.zeros((0, 4, 4, 3), np.uint8), "at least one image"),
    ],
)
def test_what_is_no_set_is_refused(labels, pixels, said):
    """Shapes, types and labels are checked."""
    with pytest.raises(VvsError, match=said):
        images.MemoryImages("wrong", "train", ("a", "b"), np.array(labels, int), pixels)


def test_sets_survive_pickling():
    """Worker processes get the same set."""
    few = memory()
    again = pickle.loads(pickle.dumps(few))
    assert again.digest == few.digest
    assert np.array_equal(again.images, few.images)


def test_a_sheet_shows_the_first_images_of_each_class():
    """Rows are classes; what a class lacks stays white."""
    few = memory(n=3)
    sheet = np.asarray(of_set(few, columns=2))
    assert (sheet == few.images[0, 0, 0]).all(axis=-1).any()
    assert sheet.shape == (2 * (8 + 4 + 14), 2 * 12 + 4, 3)


# The cache


def test_an_array_is_made_once(own_cache):
    """The second time it comes from disk."""
    made = []
    make = lambda: made.append(1) or np.arange(5)  # noqa: E731
    first, second = cache.remembered("five", make), cache.remembered("five", make)
    assert len(made) == 1
    assert first.tolist() == second.tolist() == [0, 1, 2, 3, 4]
    assert sorted(os.listdir(own_cache)) == ["five.npy", "five.sha256"]


def test_writing_into_a_kept_array_does_not_change_the_cache(own_cache):
    """The file is mapped copy-on-write."""
    cache.remembered("five", lambda: np.arange(5))[0] = 9
    assert cache.remembered("five", lambda: np.arange(5))[0] == 0


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no digest"])
def test_a_damaged_entry_is_made_again(own_cache, damage, caplog):
    """Cut short, changed in a byte, emptied, or left without its digest: never handed out."""
    cache.remembered("five", lambda: np.arange(5))
    path = own_cache / "five.npy"
    content = path.read_bytes()
    path.unlink()  # a new file: what is mapped keeps its pages
    path.write_bytes({"cut": content[:-3], "flipped": content[:-1] + b"\1", "empty": b"", "no digest": content}[damage])
    if damage == "no digest":
        (own_cache / "five.sha256").unlink()
    with caplog.at_level(logging.WARNING, "vvslib"):
        assert cache.remembered("five", lambda: np.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert ("damaged" in caplog.text) == (damage != "no digest")
    assert path.read_bytes() == content


def test_a_cache_that_takes_no_files_only_costs_time(tmp_path, monkeypatch, caplog):
    """The array is computed, and a note says why it was not kept."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VVS_CACHE", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING, "vvslib"):
        assert cache.remembered("five", lambda: np.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert "takes no files" in caplog.text
    assert "VVS_CACHE" in caplog.text


# Decoding


def file_of(image, kind="PNG", **options):
    """The bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_every_mode_becomes_rgb(mode):
    """Grey, palette, transparent, CMYK, binary and 16-bit images."""
    image = (
        Image.new("L", (8, 8), 200).convert(mode) if mode != "I;16" else Image.fromarray(np.full((8, 8), 200 * 256, np.uint16))
    )
    got = decode.rgb(file_of(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert got.mode == "RGB"
    assert abs(int(np.asarray(got)[4, 4, 0]) - (255 if mode == "1" else 200)) <= 2


def test_square_takes_the_middle():
    """What lies left and right of the largest centred square is cut off."""
    pixels = np.zeros((8, 24, 3), np.uint8)
    pixels[:, 8:16] = 255
    assert (decode.square(Image.fromarray(pixels), 4) == 255).all()


# CIFAR-10 and Tiny-ImageNet, the packed copies


@pytest.fixture(scope="module")
def cifar_test(locate_or_skip):
    """The test images of CIFAR-10."""
    locate_or_skip("cifar10")
    return images.load("cifar10", "val")


def test_cifar10_holds_what_is_known_of_it(cifar_test):
    """Counts, shape, classes, the first twelve test images."""
    first = ["cat", "ship", "ship", "airplane", "frog", "frog", "automobile", "frog", "cat", "automobile", "airplane", "truck"]
    assert [cifar_test.classes[k] for k in cifar_test.labels[:12]] == first
    assert cifar_test.images.shape == (10_000, 32, 32, 3)
    assert np.bincount(cifar_test.labels).tolist() == [1000] * 10
    assert cifar_test.in_memory


def test_cifar10_pixels_are_those_of_the_files(cifar_test, locate_or_skip):
    """An image decoded by itself equals the one in the set."""
    with np.load(locate_or_skip("cifar10") / "cifar10_test_jpeg.npz") as arrays:
        jpeg = arrays["jpeg"][arrays["offsets"][77] : arrays["offsets"][78]].tobytes()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(jpeg))), cifar_test.images[77])


def test_loading_records_what_was_read(cifar_test):
    """The packed files are among the inputs of the result, by digest."""
    provenance.reset()
    images.load("cifar10", "val")
    recorded = {entry["name"]: entry["sha256"] for entry in provenance.inputs()}
    expected = {f"cifar10/{f.name}": f.sha256 for f in sources.source("cifar10").files}
    assert expected.items() <= recorded.items()


def test_tiny_imagenet_holds_what_is_known_of_it(locate_or_skip):
    """Counts, classes, and grey photographs with three equal channels (about 2 %)."""
    locate_or_skip("tiny_imagenet_32")
    val = images.load("tiny_imagenet", "val")
    assert val.images.shape == (10_000, 32, 32, 3)
    assert np.bincount(val.labels).tolist() == [50] * 200
    assert val.classes[0] == "goldfish, Carassius auratus"
    assert len(set(val.classes)) == 200
    grey = (val.images == val.images[..., :1]).all(axis=(1, 2, 3)).mean()
    assert 0.01 < grey < 0.03


def test_without_any_copy_the_error_says_what_to_fetch(tmp_path, monkeypatch):
    """The official archive is what a user can get."""
    monkeypatch.setattr(sources, "data_folders", lambda: [tmp_path])
    with pytest.raises(VvsError, match="get it with `vvs fetch cifar10_archive`"):
        images.load("cifar10", "train")
    with pytest.raises(VvsError, match="get it with `vvs fetch tiny_imagenet_archive`"):
        images.load("tiny_imagenet:size=64", "train")


# The official archives, as small ones of the same layout


def tar_of(path, files):
    """A gzipped tar with some files."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def cifar_archive(tmp_path):
    """``cifar-10-binary.tar.gz`` with three records a file, and what they hold."""
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (18, 32, 32, 3), dtype=np.uint8), rng.integers(0, 10, 18).astype(np.uint8)
    records = [bytes([k]) + p.transpose(2, 0, 1).tobytes() for p, k in zip(pixels, labels, strict=True)]
    names = [*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]
    files = {f"cifar-10-batches-bin/{name}": b"".join(records[3 * k : 3 * k + 3]) for k, name in enumerate(names)}
    files = {"cifar-10-batches-bin/readme.html": b"", **dict(reversed(files.items()))}
    tar_of(tmp_path / "cifar-10-binary.tar.gz", files)
    return tmp_path, pixels, labels


def test_the_official_cifar_archive_is_read(cifar_archive):
    """Five batches in order, whatever their order in the archive; planes become pixels."""
    folder, pixels, labels = cifar_archive
    for split, part in (("train", slice(0, 15)), ("val", slice(15, 18))):
        got, numbers = cifar10.read_archive(folder, split)
        assert np.array_equal(got, pixels[part])
        assert np.array_equal(numbers, labels[part])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"cifar-10-batches-py/test_batch": b"\x80"}, "must hold cifar-10-batches-bin/test_batch.bin; it does not"),
        ({"cifar-10-batches-bin/test_batch.bin": b"\0" * 3074}, "records of 3073 bytes"),
        ({"cifar-10-batches-bin/test_batch.bin": b"\x0a" * 3073}, "a label from 0 to 9"),
        (None, "cannot be read"),
    ],
)
def test_another_archive_is_refused(tmp_path, files, said):
    """The pickled version, other record lengths, other labels, a damaged file."""
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(b"no archive") if files is None else tar_of(path, files)
    with pytest.raises(VvsError, match=said):
        cifar10.read_archive(tmp_path, "val")


@pytest.fixture
def tiny_archive(tmp_path):
    """``tiny-imagenet-200.zip`` of two classes, eleven training images each and three validation images."""
    root = "tiny-imagenet-200"
    with zipfile.ZipFile(tmp_path / "tiny-imagenet-200.zip", "w") as archive:
        archive.writestr(f"{root}/wnids.txt", "n02\nn01\n")
        archive.writestr(f"{root}/words.txt", "n01\tcat, true cat\nn02\tdog\nn03\tcow\n")
        for wnid, base in (("n02", 100), ("n01", 0)):
            for k in range(11):
                image = Image.new("L" if k == 2 else "RGB", (64, 64), base + k if k == 2 else (base + k,) * 3)
                archive.writestr(f"{root}/train/{wnid}/images/{wnid}_{k}.JPEG", file_of(image, "JPEG", quality=100))
            archive.writestr(f"{root}/train/{wnid}/{wnid}_boxes.txt", f"{wnid}_0.JPEG\t0\t0\t62\t62\n")
        rows = [("val_10.JPEG", "n01"), ("val_2.JPEG", "n02"), ("val_0.JPEG", "n02")]
        archive.writestr(f"{root}/val/val_annotations.txt", "".join(f"{f}\t{w}\t0\t0\t63\t63\n" for f, w in rows))
        for file, _ in rows:
            archive.writestr(f"{root}/val/images/{file}", file_of(Image.new("RGB", (64, 64), (9, 9, 9)), "JPEG"))
    return tmp_path


def test_the_official_tiny_imagenet_archive_is_read(tiny_archive):
    """Classes by WordNet number, training images by number (2 before 10), grey ones too; validation labels from the list."""
    assert list(tiny_imagenet.class_names(tiny_archive).items()) == [("n01", "cat, true cat"), ("n02", "dog")]
    pixels, labels = tiny_imagenet.read_archive(tiny_archive, "train", 64)
    assert labels.tolist() == [0] * 11 + [1] * 11
    assert pixels[:, 32, 32].tolist() == [[v] * 3 for v in (*range(11), *range(100, 111))]
    halved, labels = tiny_imagenet.read_archive(tiny_archive, "val", 32)
    assert halved.shape == (3, 32, 32, 3)
    assert labels.tolist() == [1, 1, 0]


def test_a_damaged_tiny_imagenet_archive_is_refused(tiny_archive):
    """No zip, and a zip without its lists."""
    with zipfile.ZipFile(tiny_archive / "tiny-imagenet-200.zip", "w") as archive:
        archive.writestr("tiny-imagenet-200/readme", "")
    with pytest.raises(VvsError, match=r"must hold tiny-imagenet-200/words\.txt"):
        tiny_imagenet.read_archive(tiny_archive, "train", 64)
    (tiny_archive / "tiny-imagenet-200.zip").write_bytes(b"no archive")
    with pytest.raises(VvsError, match="cannot be read"):
        tiny_imagenet.class_names(tiny_archive)


# The command


def vvs(*arguments):
    """Run the command in a process of its own."""
    start = "import sys; sys.argv[0] = 'vvs'; from vvslib.cli import main; main()"
    return subprocess.run([sys.executable, "-W", "error", "-c", start, *arguments], capture_output=True, text=True, timeout=120)


def test_the_command_lists_describes_and_draws(own_cache, tmp_path):
    """Without a name all kinds; with one its content, and a sheet."""
    listed = vvs("images").stdout
    assert [line.partition(":")[0] for line in listed.splitlines() if not line.startswith(" ")] == images.names()
    sheet = tmp_path / "sheet.png"
    done = vvs("images", "sandbox:per_class=2,size=16", "--sheet", str(sheet), "--columns", "2")
    assert "48 of 24 classes, 2 a class" in done.stdout
    assert images.load("sandbox:per_class=2,size=16").digest in done.stdout
    with Image.open(sheet) as drawn:
        assert drawn.size == (2 * 20 + 4, 24 * (20 + 14))


def test_the_command_refuses_with_one_line():
    """Exit code 2, and the nearest name."""
    done = vvs("images", "sandbx")
    assert done.returncode == 2
    assert done.stderr == "error: there is no image set 'sandbx'; did you mean 'sandbox'?\n"


def test_importing_image_sets_is_quick_and_compiles_nothing():
    """`import vvslib.images` loads neither numba nor torch."""
    code = "import sys, json; import vvslib.images; print(json.dumps(sorted({'numba', 'torch'} & set(sys.modules))))"
    assert json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) == []
