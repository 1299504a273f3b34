"""Scaling laws for task-optimised models of the primate visual ventral stream.

The package behind the compendium: a score table, the laws fitted to it, and the experiments that make up the book. Each module is
imported by its own name (``from vvslib.fits import solver``); importing the package itself reads no file.
"""

from importlib.metadata import PackageNotFoundError, version

from vvslib import torchvision_shim

try:
    __version__ = version("vvs-scaling")
except PackageNotFoundError:
    __version__ = "0+unknown"

torchvision_shim.install()
