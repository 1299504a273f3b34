"""The registry of downloadable things: origin pinned to a version, files with sha256, licence, citation."""

import os
from dataclasses import dataclass

from vvslib.errors import VvsError, suggest


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: its name, size in bytes, and sha256 as 64 hexadecimal digits."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A downloadable thing; `origin` is the URL of the folder its files lie in, pinned to a version.

    A re-packed copy has no public origin, hence none here: `instead` names the source that has one and holds the same images.
    """

    name: str
    title: str
    origin: str
    files: tuple[SourceFile, ...]
    licence: str
    licence_url: str
    citation: str
    bibtex: str
    instead: str = ""

    @property
    def bytes(self) -> int:
        """Size of all files together, in bytes."""
        return sum(f.bytes for f in self.files)

    def url(self, file: str, origin: str | None = None) -> str:
        """Address of one file: at `origin`, else at the mirror named by ``VVS_ORIGIN``, else at the pinned origin.

        A mirror is laid out as a data folder is: ``<mirror>/<source>/<file>``. Empty where there is neither mirror nor origin.

        Examples
        --------
        >>> SOURCES["published_scores"].url("benchmark_scores.csv", origin="http://localhost:8000/")
        'http://localhost:8000/published_scores/benchmark_scores.csv'
        """
        mirror = origin or os.environ.get("VVS_ORIGIN")
        if mirror:
            return f"{mirror.rstrip('/')}/{self.name}/{file}"
        return f"{self.origin}/{file}" if self.origin else ""


_COMMIT = "e76f924edec181e0b872484eea57e63832281de7"

_KRIZHEVSKY = "Krizhevsky, A. (2009). Learning Multiple Layers of Features from Tiny Images. University of Toronto."
_KRIZHEVSKY_BIBTEX = (
    "@techreport{krizhevsky2009learning,\n"
    "  title = {Learning Multiple Layers of Features from Tiny Images},\n"
    "  author = {Krizhevsky, Alex},\n"
    "  institution = {University of Toronto},\n"
    "  year = {2009},\n"
    "}"
)
_LE = "Le, Y., & Yang, X. (2015). Tiny ImageNet Visual Recognition Challenge. CS 231N, Stanford University."
_LE_BIBTEX = (
    "@misc{le2015tiny,\n"
    "  title = {Tiny {ImageNet} Visual Recognition Challenge},\n"
    "  author = {Le, Ya and Yang, Xuan S.},\n"
    "  howpublished = {CS 231N, Stanford University},\n"
    "  year = {2015},\n"
    "}"
)

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="published_scores",
            title="the paper's score tables: 993 models, 43 training runs by epoch, 28 models on private benchmarks",
            origin=f"https://raw.githubusercontent.com/epflneuroailab/scaling-primate-vvs/{_COMMIT}/scaling_primate_vvs/artifacts",
            files=(
                SourceFile("benchmark_scores.csv", 1_875_009, "3c902d135628cf0a63a537dad7ed2bb5a91738a759819d45a946d129eff06609"),
                SourceFile(
                    "benchmark_scores_ckpts.csv", 2_225_240, "5745f1cc2306de9347fa6dca6df79e309f91e21ac5cb3f3e2d057adb860e7b76"
                ),
                SourceFile(
                    "benchmark_scores_brainscore.csv", 19_976, "0c122bde7392d3dfe7a1a3dc1ff279eaa6cc12bed67d899c2e68e31f8c3aa78a"
                ),
            ),
            licence="MIT",
            licence_url=f"https://github.com/epflneuroailab/scaling-primate-vvs/blob/{_COMMIT}/LICENSE",
            citation=(
                "Gokce, A., & Schrimpf, M. (2025). Scaling Laws for Task-Optimized Models of the Primate Visual Ventral Stream. "
                "Proceedings of the 42nd International Conference on Machine Learning. arXiv:2411.05712"
            ),
            bibtex=(
                "@inproceedings{gokce2025scaling,\n"
                "  title = {Scaling Laws for Task-Optimized Models of the Primate Visual Ventral Stream},\n"
                "  author = {Gokce, Abdulkadir and Schrimpf, Martin},\n"
                "  booktitle = {Proceedings of the 42nd International Conference on Machine Learning},\n"
                "  year = {2025},\n"
                "  eprint = {2411.05712},\n"
                "  archivePrefix = {arXiv},\n"
                "}"
            ),
        ),
        Source(
            name="cifar10",
            title="CIFAR-10, re-packed as JPEG: 60,000 photographs of 10 classes, 32 px",
            origin="",
            files=(
                SourceFile(
                    "cifar10_train_jpeg.npz", 46_492_657, "3f8743ce242504238dd3e283dd3906c479b37ba595f0952dc8f33c9467dc6cd4"
                ),
                SourceFile(
                    "cifar10_test_jpeg.npz", 9_401_324, "4f1d2ecaffe96c3aeca1e8f0b5423b63918d46f4f48d03032d24499cdf29fcc1"
                ),
            ),
            licence="none stated; for research",
            licence_url="https://www.cs.toronto.edu/~kriz/cifar.html",
            citation=_KRIZHEVSKY,
            bibtex=_KRIZHEVSKY_BIBTEX,
            instead="cifar10_archive",
        ),
        Source(
            name="cifar10_archive",
            title="CIFAR-10, the official binary archive: 60,000 photographs of 10 classes, 32 px",
            origin="https://www.cs.toronto.edu/~kriz",
            files=(
                SourceFile(
                    "cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
                ),
            ),
            licence="none stated; for research",
            licence_url="https://www.cs.toronto.edu/~kriz/cifar.html",
            citation=_KRIZHEVSKY,
            bibtex=_KRIZHEVSKY_BIBTEX,
        ),
        Source(
            name="tiny_imagenet_32",
            title="Tiny-ImageNet at 32 px, re-packed as JPEG: 110,000 photographs of 200 classes",
            origin="",
            files=(
                SourceFile("tiny32_train_0.npz", 46_451_252, "80e70458de2ec67107d32c078a223488d7f803c0124a2903672d9ec26966fe35"),
                SourceFile("tiny32_train_1.npz", 46_788_949, "f9764446f56ca28498cf3d958c9476815d55b0d1ce11d6b420d795e818fbedbc"),
                SourceFile("tiny32_val.npz", 9_917_551, "534eca65dae9ac4ba5fc062301e3d8b2be9fc0cdfdaf18fdf6400ef6e30512de"),
            ),
            licence="ImageNet terms: non-commercial research",
            licence_url="https://www.image-net.org/download.php",
            citation=_LE,
            bibtex=_LE_BIBTEX,
            instead="tiny_imagenet_archive",
        ),
        Source(
            name="tiny_imagenet_archive",
            title="Tiny-ImageNet, the official archive: 110,000 photographs of 200 classes, 64 px",
            origin="http://cs231n.stanford.edu",
            files=(
                SourceFile(
                    "tiny-imagenet-200.zip", 248_100_043, "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821"
                ),
            ),
            licence="ImageNet terms: non-commercial research",
            licence_url="https://www.image-net.org/download.php",
            citation=_LE,
            bibtex=_LE_BIBTEX,
        ),
    )
}


def source(name: str) -> Source:
    """The registry's entry of that name.

    Raises
    ------
    VvsError
        When there is none; the nearest names are given.

    Examples
    --------
    >>> source("published_scores").licence
    'MIT'
    """
    if name not in SOURCES:
        raise VvsError(f"source must be one of the registry's; got {name!r}; {suggest(name, SOURCES)}")
    return SOURCES[name]
