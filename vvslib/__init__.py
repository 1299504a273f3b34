"""Scaling laws for task-optimised models of the primate visual ventral stream.

The package behind the compendium: a score table, the laws fitted to it, and the experiments that make up the book. Each module is
imported by its own name (``from vvslib.fits import solver``); importing the package itself reads no file.
"""

from vvslib import torchvision_shim

torchvision_shim.install()


def __getattr__(name: str) -> str:
    """``__version__``, looked up when asked for: importing the package reads no file."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("vvs-scaling")
    except PackageNotFoundError:
        return "0+unknown"
