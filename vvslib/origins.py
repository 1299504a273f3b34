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
    """A downloadable thing; `origin` is the URL of the folder its files lie in, pinned to a version."""

    name: str
    title: str
    origin: str
    files: tuple[SourceFile, ...]
    licence: str
    licence_url: str
    citation: str
    bibtex: str

    @property
    def bytes(self) -> int:
        """Size of all files together, in bytes."""
        return sum(f.bytes for f in self.files)

    def url(self, file: str, origin: str | None = None) -> str:
        """Address of one file: at `origin`, else at the mirror named by ``VVS_ORIGIN``, else at the pinned origin.

        A mirror is laid out as a data folder is: ``<mirror>/<source>/<file>``.

        Examples
        --------
        >>> SOURCES["published_scores"].url("benchmark_scores.csv", origin="http://localhost:8000/")
        'http://localhost:8000/published_scores/benchmark_scores.csv'
        """
        mirror = origin or os.environ.get("VVS_ORIGIN")
        return f"{mirror.rstrip('/')}/{self.name}/{file}" if mirror else f"{self.origin}/{file}"


_COMMIT = "e76f924edec181e0b872484eea57e63832281de7"

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
