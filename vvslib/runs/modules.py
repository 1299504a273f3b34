"""Which vvslib modules a piece of code reaches, found in its syntax tree, and the digest of each."""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "vvslib"


def imported(source: str, package: str = "") -> set[str]:
    """Dotted names of ours that a source imports, wherever in it the import stands.

    Parameters
    ----------
    source
        Python source; what cannot be parsed imports nothing (it fails when it runs).
    package
        The package it lies in, for relative imports.

    Returns
    -------
    set of str
        Candidates: for ``from vvslib.fits import solver`` both ``vvslib.fits`` and ``vvslib.fits.solver``, since the name
        alone does not tell a module from a function.

    Examples
    --------
    >>> sorted(imported("def f():\\n    from vvslib.fits import solver"))
    ['vvslib.fits', 'vvslib.fits.solver']
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, node.module] if node.module else parents)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "import_module" and isinstance(node.args[0].value, str):
                names.add(node.args[0].value)
    return {name for name in names if name == PACKAGE or name.startswith(PACKAGE + ".")}


def reached(source: str, root: Path) -> dict[str, str]:
    """Digest of every vvslib module, and of its package's data, that a source reaches, transitively.

    Parameters
    ----------
    source
        Python source, e.g. a notebook's code cells.
    root
        Folder that holds the ``vvslib`` package.

    Returns
    -------
    dict
        ``{dotted name: sha256}``. The packages above a module count (importing the module runs them), with their files
        that are not Python (a style sheet, say); a package's other modules do not.

    Examples
    --------
    >>> from vvslib import errors
    >>> sorted(reached("from vvslib import errors", Path(errors.__file__).parents[1]))[:2]
    ['vvslib', 'vvslib.errors']
    """
    digests: dict[str, str] = {}
    waiting = list(imported(source))
    while waiting:
        name = waiting.pop()
        parts = name.split(".")
        waiting.extend(".".join(parts[:i]) for i in range(1, len(parts)) if ".".join(parts[:i]) not in digests)
        path = module_path(name, root)
        if name in digests or path is None:
            continue
        stamp = path.stat()
        digests[name], below = _read(name, path, stamp.st_mtime_ns, stamp.st_size)
        waiting.extend(below - set(digests))
        if path.name == "__init__.py" and name != PACKAGE:
            data = (p for p in sorted(path.parent.iterdir()) if p.is_file() and p.suffix not in (".py", ".pyc"))
            digests.update({f"{name}/{p.name}": hashlib.sha256(p.read_bytes()).hexdigest() for p in data})
    return dict(sorted(digests.items()))


def library(root: Path) -> Path:
    """Folder whose ``vvslib`` a notebook of this project imports: the project's own, or else the installed one.

    Examples
    --------
    >>> (library(Path("/nowhere")) / "vvslib" / "errors.py").is_file()
    True
    """
    return Path(root) if (Path(root) / PACKAGE).is_dir() else Path(__file__).resolve().parents[2]


def module_path(name: str, root: Path) -> Path | None:
    """The file of a dotted module name below `root`, None when there is no such module.

    Examples
    --------
    >>> module_path("vvslib.nothing", Path("/nowhere")) is None
    True
    """
    folder = Path(root).joinpath(*name.split("."))
    for path in (folder / "__init__.py", folder.with_suffix(".py")):
        if path.is_file():
            return path
    return None


@cache
def _read(name: str, path: Path, mtime_ns: int, size: int) -> tuple[str, frozenset[str]]:
    """Digest and imports of one module; the file's stamp is part of the key, so that an edit is seen."""
    source = path.read_bytes()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return hashlib.sha256(source).hexdigest(), frozenset(imported(source.decode("utf-8"), package))
