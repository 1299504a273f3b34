"""The registry of downloadable things: origin pinned to a version, files with sha256, licence, citation."""

import os
from dataclasses import dataclass

from vvslib.errors import VvsError, suggest


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: its name (below sub-folders, with slashes), size in bytes, and sha256 as 64 hexadecimal digits."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A downloadable thing; `origin` is the URL of the folder its files lie in, pinned to a version.

    A re-packed copy has no public origin, hence none here: `instead` names the source that has one and holds the same images.
    `tables` are the names by which score tables of it are asked for.
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
    tables: tuple[str, ...] = ()

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
_CIFAR10H_COMMIT = "48da312b193b82e6939ec20f23d1f09cbdd849c8"
_V4_COMMIT = "f4552ad9d34a466ebc66658f72a08a8e5038f1cf"
_OBJECT92_COMMIT = "f1f83cadb7243492a1aae7460466e0f0140b20ac"

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
            tables=("published", "published_checkpoints"),
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
        Source(
            name="cifar10h",
            title="CIFAR-10H: 511,000 human choices on the 10,000 test images of CIFAR-10",
            origin=f"https://raw.githubusercontent.com/jcpeterson/cifar-10h/{_CIFAR10H_COMMIT}/data",
            files=(
                SourceFile("cifar10h-counts.npy", 800_128, "9b36b4550349af56c79083356312eb4af856cc5fd3caf1f669d40b9d0bbb69ff"),
            ),
            licence="CC BY-NC-SA 4.0",
            licence_url=f"https://github.com/jcpeterson/cifar-10h/blob/{_CIFAR10H_COMMIT}/LICENSE.txt",
            citation=(
                "Peterson, J. C., Battleday, R. M., Griffiths, T. L., & Russakovsky, O. (2019). Human Uncertainty Makes "
                "Classification More Robust. Proceedings of the IEEE/CVF International Conference on Computer Vision. "
                "arXiv:1908.07086"
            ),
            bibtex=(
                "@inproceedings{peterson2019human,\n"
                "  title = {Human Uncertainty Makes Classification More Robust},\n"
                "  author = {Peterson, Joshua C. and Battleday, Ruairidh M. and Griffiths, Thomas L. and Russakovsky, Olga},\n"
                "  booktitle = {Proceedings of the IEEE/CVF International Conference on Computer Vision},\n"
                "  year = {2019},\n"
                "  eprint = {1908.07086},\n"
                "  archivePrefix = {arXiv},\n"
                "}"
            ),
        ),
        Source(
            name="macaque_v4",
            title="macaque V4: spike counts of 417 neurons in 8 sessions, to 400 to 1,200 images each",
            origin=f"https://raw.githubusercontent.com/cowleygroup/V4_compact_models/{_V4_COMMIT}/data_V4_responses",
            files=(
                SourceFile(
                    "images/images_190923.zip", 4_024_034, "e99a4df1c7476bdc4d565ff4408bc421976ecc3a22c41af6bfd0cfbddb508c0c"
                ),
                SourceFile(
                    "images/images_190925.zip", 3_967_665, "765b4d4372302d4ed72c3382d41ece5ca55d7dcc3d84da7402091253529b87d1"
                ),
                SourceFile(
                    "images/images_190929.zip", 3_987_552, "7fea6a28c092acfa646145813f532b2ea1d5a22a0b1bdade47d392b8f6bfb3f0"
                ),
                SourceFile(
                    "images/images_201025.zip", 4_131_376, "3abb63679107665eab7220bdeaf7863832a1df943bf3d7792501f5082a55b2e8"
                ),
                SourceFile(
                    "images/images_210225.zip", 4_137_526, "79bfb1066949a7f7bbd3c632ab420c2230b966b80cade76593d8745aea49b7f6"
                ),
                SourceFile(
                    "images/images_210305.zip", 1_492_118, "9fab651e9c2d0b44091c2ea238c78d68fedf573cd7d4ae6b0545c5d84c121776"
                ),
                SourceFile(
                    "images/images_210325.zip", 1_841_475, "992774eca3508a2ad01accb1a31f5f3e3d90248c49f4eec314f2a915a263e454"
                ),
                SourceFile(
                    "images/images_210621.zip", 4_109_414, "aff4d1639a04fb0d964ee09f8e76b07707e8435283c8e0ea47b0fd398ffcc233"
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_190923.npy",
                    316_928,
                    "741672d36541ce39930c8a3b5bd1cfd33c187aa47b1549c9c5569bc21aa97a28",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_190925.npy",
                    345_728,
                    "2f94d7bcef0f68fecdb7472f509737fafac92477cf6b11a4966162b1b1072529",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_190929.npy",
                    316_928,
                    "18639c9e2b2baed54c4fb22e311d84dafbd986a12069370b1004880a721d2c4a",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_201025.npy",
                    854_528,
                    "f729f3dc0d29aa38bd380c0da9e39aba916f9e2580949929b65d1714e7217a8a",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_210225.npy",
                    528_128,
                    "853f196247504fa2526b507f56ee5237711ed166f295f7cb23ec5441a7bf789b",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_210305.npy",
                    224_128,
                    "00dce8d39558bfc3f5dd55c6f678c05de1b63895d56193379fd7dfe41fc703f0",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_210325.npy",
                    256_128,
                    "555e67037182611969ab90da291dcc39601de4411f651a64ad60e90572cf59d3",
                ),
                SourceFile(
                    "responses_repeat_averaged/responses_210621.npy",
                    489_728,
                    "28e57e8eefe774b455087a62f039931b9547b2300908a0af85eee5baa49aa1ba",
                ),
                SourceFile(
                    "responses_raw/responses_210325.npy",
                    2_560_128,
                    "4008dbbf31a47d9b1b8d8da609f4a7a3433c7071f0e45c611c220b217dd75b76",
                ),
            ),
            licence="GPL-3.0 (of the repository)",
            licence_url=f"https://github.com/cowleygroup/V4_compact_models/blob/{_V4_COMMIT}/LICENSE",
            citation=(
                "Cowley, B. R., Stan, P. L., Pillow, J. W., & Smith, M. A. (2023). Compact deep neural network models of visual "
                "cortex. bioRxiv 2023.11.22.568315"
            ),
            bibtex=(
                "@article{cowley2023compact,\n"
                "  title = {Compact deep neural network models of visual cortex},\n"
                "  author = {Cowley, Benjamin R. and Stan, Patricia L. and Pillow, Jonathan W. and Smith, Matthew A.},\n"
                "  journal = {bioRxiv},\n"
                "  year = {2023},\n"
                "  doi = {10.1101/2023.11.22.568315},\n"
                "}"
            ),
        ),
        Source(
            name="object92",
            title="92 object images, and their dissimilarities in monkey IT (674 neurons) and human IT (4 people)",
            origin=f"https://raw.githubusercontent.com/rsagroup/rsatoolbox/{_OBJECT92_COMMIT}/demos/92imageData",
            files=(
                SourceFile(
                    "Kriegeskorte_Neuron2008_supplementalData.mat",
                    3_603_779,
                    "06f21214399a5d43dc264eed19a7f4b8daf11c8622a59eec3e106064ce5e3504",
                ),
                SourceFile("92_brainRDMs.mat", 224_663, "1743f90a15e895798a94318649e80e1123a7e5943a1703fa1dd7c31ea5780b7c"),
            ),
            licence="MIT (of the repository); stimuli of the paper's supplement",
            licence_url=f"https://github.com/rsagroup/rsatoolbox/blob/{_OBJECT92_COMMIT}/LICENSE",
            citation=(
                "Kriegeskorte, N., Mur, M., Ruff, D. A., Kiani, R., Bodurka, J., Esteky, H., Tanaka, K., & Bandettini, P. A. "
                "(2008). Matching Categorical Object Representations in Inferior Temporal Cortex of Man and Monkey. "
                "Neuron 60(6), 1126–1141"
            ),
            bibtex=(
                "@article{kriegeskorte2008matching,\n"
                "  title = {Matching Categorical Object Representations in Inferior Temporal Cortex of Man and Monkey},\n"
                "  author = {Kriegeskorte, Nikolaus and Mur, Marieke and Ruff, Douglas A. and Kiani, Roozbeh and "
                "Bodurka, Jerzy and Esteky, Hossein and Tanaka, Keiji and Bandettini, Peter A.},\n"
                "  journal = {Neuron},\n"
                "  volume = {60},\n"
                "  number = {6},\n"
                "  pages = {1126--1141},\n"
                "  year = {2008},\n"
                "  doi = {10.1016/j.neuron.2008.10.043},\n"
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
