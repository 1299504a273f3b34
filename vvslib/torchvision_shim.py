"""Makes PyPI's torchvision importable beside a CPU-only torch, in every process.

The torchvision wheels on PyPI are CUDA builds. Beside a CPU-only torch their compiled extension cannot be loaded, and
``import torchvision`` (hence timm, brainscore-vision) ends in ``operator torchvision::nms does not exist``: torchvision
registers shape functions for two of its operators whether or not the extension is there. Declaring those two, without an
implementation, lets the import go on. Models, feature extraction, transforms, datasets and timm then work.

`torchvision.ops` (NMS, RoI pooling), `torchvision.io` (decode images with PIL instead) and whatever else calls compiled code stay
out of reach; calling them raises torchvision's own error. Install a torch and a torchvision of the same build to have them:
plain ``pip`` for CUDA, ``pip --extra-index-url https://download.pytorch.org/whl/cpu`` for CPU-only.

Beside a torch that fits, nothing is declared. This module imports nothing of torch, and of the standard library only what every
interpreter has loaded already; it is therefore cheap enough for ``import vvslib`` and for the start of every process.

**Every process.** ``python -P vvslib/torchvision_shim.py`` (done by ``make env``) copies this file into the environment's
site-packages, with a ``.pth`` line that calls `install` whenever Python starts: plain notebooks, spawned workers and scripts that
never import vvslib are covered. The copy needs neither vvslib nor the checkout; deleting ``vvs_torchvision_shim.*`` undoes it.
"""

import sys

__all__ = ["PENDING_SCHEMAS", "declare_missing_operators", "install", "write_startup_hook"]

PENDING_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
"""Operators whose shape functions torchvision 0.28.0 registers unconditionally (``torchvision/_meta_registrations.py``)."""

STARTUP_NAME = "vvs_torchvision_shim"

_libraries = []  # a torch.library.Library takes its declarations with it when it is garbage-collected


def declare_missing_operators(extension) -> tuple[str, ...]:
    """Declare the operators that torchvision will ask for and that its compiled extension did not bring.

    Parameters
    ----------
    extension
        The module ``torchvision.extension``, just executed: by then torchvision has tried to load its compiled operators.

    Returns
    -------
    tuple of str
        Names declared by this call, in the order of `PENDING_SCHEMAS`; empty where the extension was loaded, or on a second call.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> declare_missing_operators(SimpleNamespace(_has_ops=lambda: True))
    ()
    """
    if extension._has_ops():
        return ()
    import torch

    missing = tuple(name for name in PENDING_SCHEMAS if not hasattr(torch.ops.torchvision, name))
    if missing:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(PENDING_SCHEMAS[name])
        _libraries.append(library)
    return missing


class _Finder:
    """Meta-path finder that has `declare_missing_operators` called once ``torchvision.extension`` has been executed.

    That moment is chosen because torchvision itself has then decided whether its operators are there, in its own way, and nothing
    has asked for them yet. The spec comes from whichever finder would have answered; only its loader's last step is extended.
    """

    vvs_torchvision_shim = True  # recognised by its mark, not its class: the start-up copy of this file is another module

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        if fullname != "torchvision.extension":
            return None
        for finder in sys.meta_path:
            if getattr(finder, "vvs_torchvision_shim", False) or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                break
        else:
            return None
        if spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_then_declare(module):
                execute(module)
                declare_missing_operators(module)

            spec.loader.exec_module = execute_then_declare
        return spec


def install() -> bool:
    """Have the missing operators declared when, and only when, this process first imports torchvision.

    Returns
    -------
    bool
        True where the hook was put in place; False where it was there already, or torchvision has been imported before.

    Examples
    --------
    >>> install()  # importing vvslib did it
    False
    """
    if "torchvision.extension" in sys.modules or any(getattr(finder, "vvs_torchvision_shim", False) for finder in sys.meta_path):
        return False
    sys.meta_path.insert(0, _Finder)
    return True


def write_startup_hook(site_packages=None) -> tuple[str, ...]:
    """Have `install` called at the start of every Python process of an environment.

    Writes a copy of this file (``vvs_torchvision_shim.py``) and the line that calls it (``vvs_torchvision_shim.pth``). Each file
    appears under its name only when complete, and is left alone when it is up to date.

    Parameters
    ----------
    site_packages : path-like, optional
        Folder that receives the two files; the site-packages of the running interpreter when None.

    Returns
    -------
    tuple of str
        The files written, the copy first; empty when both were up to date.

    Raises
    ------
    OSError
        When the folder does not exist or is not writable.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(write_startup_hook(folder)), len(write_startup_hook(folder))
    (2, 0)
    """
    import os
    import sysconfig
    from pathlib import Path

    folder = Path(sysconfig.get_paths()["purelib"] if site_packages is None else site_packages)
    contents = {
        f"{STARTUP_NAME}.py": Path(__file__).read_bytes(),
        f"{STARTUP_NAME}.pth": f"import {STARTUP_NAME}; {STARTUP_NAME}.install()\n".encode(),
    }
    written = []
    for name, content in contents.items():
        target = folder / name
        if target.is_file() and target.read_bytes() == content:
            continue
        partial = target.with_name(f"{name}.{os.getpid()}.partial")
        try:
            partial.write_bytes(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        written.append(str(target))
    return tuple(written)


if __name__ == "__main__":
    for path in write_startup_hook():
        print(f"wrote {path}")
