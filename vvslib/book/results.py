"""What the book reads of ``results/<name>/``: values, tables, manifest, provenance; and how a value is written in a sentence."""

import csv
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vvslib.errors import VvsError, suggest

MISSING = "–"
_REFERENCE = re.compile(r"(?P<name>[\w-]+)\.(?P<key>[^\[\]:]+)(?P<index>(?:\[[^\[\]]+\])*)(?::(?P<spec>.+))?")
_SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Results:
    """The results of all notebooks, as the pages read them.

    Parameters
    ----------
    folder
        ``results/``.

    Examples
    --------
    >>> Results(Path("/nowhere")).names
    []
    """

    folder: Path

    @property
    def names(self) -> list[str]:
        """Notebooks that have results: a folder with their values. Other folders are exports, sweeps, what is kept."""
        return sorted(path.parent.name for path in self.folder.glob("*/values.json"))

    def of(self, name: str) -> Path:
        """The folder of one notebook's results.

        Raises
        ------
        VvsError
            When there are none; the nearest names and the command that makes them are given.
        """
        if name not in self.names:
            hint = suggest(name, self.names) if self.names else "results/ is empty"
            raise VvsError(f"there are no results of a notebook {name!r}; {hint} (vvs run makes them)")
        return self.folder / name

    def read(self, name: str, file: str) -> Any:
        """One of a notebook's JSON files.

        Raises
        ------
        VvsError
            When it is not there or is not JSON.
        """
        path = self.of(name) / file
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise VvsError(f"results/{name}/{file} must be a JSON file; got {error}; `vvs run {name}` writes it") from error

    def figure(self, name: str, figure: str) -> Path:
        """Stem of a figure's files, ``results/<name>/<figure>``.

        Raises
        ------
        VvsError
            When the notebook has no figure of that name.
        """
        known = self.read(name, "manifest.json").get("figures", {})
        if figure not in known:
            raise VvsError(f"notebook {name} has no figure {figure!r}; {suggest(figure, known) if known else 'it has none'}")
        stem = self.of(name) / figure
        if not stem.with_name(f"{figure}.png").is_file():
            raise VvsError(f"results/{name}/{figure}.png must be there; it is not; `vvs run {name} --force` writes it")
        return stem

    def table(self, name: str, table: str) -> tuple[list[str], list[list[str]], dict[str, Any]]:
        """Columns, rows as text, and the manifest's entry (labels, digits) of a table.

        Raises
        ------
        VvsError
            When the notebook has no table of that name.
        """
        known = self.read(name, "manifest.json").get("tables", {})
        if table not in known:
            raise VvsError(f"notebook {name} has no table {table!r}; {suggest(table, known) if known else 'it has none'}")
        path = self.of(name) / f"{table}.csv"
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                header, *rows = list(csv.reader(stream))
        except (OSError, ValueError) as error:
            raise VvsError(
                f"results/{name}/{table}.csv must be a CSV with a header; got {error}; `vvs run {name}` writes it"
            ) from error
        return header, rows, known[table]

    def value(self, reference: str) -> str:
        """What ``{val}`` shows: the value of ``name.key[index]:format``, written for a sentence.

        Mappings are walked by dots (``name.key.inner.innermost:.3f``), lists by index.

        Raises
        ------
        VvsError
            On an unknown name, key or index (the nearest are given), or a format that does not fit the value.
        """
        match = _REFERENCE.fullmatch(reference.strip())
        if match is None:
            raise VvsError(f"a value must be given as name.key, name.key[0] or name.key:.3f; got {reference!r}")
        name, (key, *path) = match["name"], match["key"].strip().split(".")
        values = self.read(name, "values.json")
        if key not in values:
            raise VvsError(f"notebook {name} has no value {key!r}; {suggest(key, values)}")
        value = values[key]
        for part in path:
            value = _item(value, part, f"{name}.{key}")
            key = f"{key}.{part}"
        for index in re.findall(r"\[([^\[\]]+)\]", match["index"]):
            value = _item(value, index.strip("'\" "), f"{name}.{key}")
        return written(value, match["spec"] or "", reference)


def _item(value: Any, index: str, where: str) -> Any:
    if isinstance(value, dict):
        if index not in value:
            raise VvsError(f"value {where} has no entry {index!r}; {suggest(index, value)}")
        return value[index]
    if not isinstance(value, list) or not re.fullmatch(r"-?\d+", index) or not -len(value) <= int(index) < len(value):
        size = f"{len(value)} entries" if isinstance(value, list) else "no entries"
        raise VvsError(f"value {where} has {size}; got index {index!r}")
    return value[int(index)]


def written(value: Any, spec: str = "", where: str = "value") -> str:
    """A value as it stands in a sentence.

    Parameters
    ----------
    value
        JSON scalar; None, NaN and the empty string are shown as a dash.
    spec
        Python's format specification; or ``sci``, ``sci3``: so many significant digits times a power of ten. Without one, numbers
        have four significant digits and whole ones their thousands separated.
    where
        What an error names.

    Raises
    ------
    VvsError
        When the value is a list or mapping, or the specification does not fit.

    Examples
    --------
    >>> written(0.70312, ".3f"), written(-0.0461, ".1%"), written(1281167), written(None)
    ('0.703', '−4.6%', '1,281,167', '–')
    >>> written(1.553e20, "sci"), written(-0.0001, ".2f"), written(2.5e-7, ".1e")
    ('1.6 × 10²⁰', '0.00', '2.5 × 10⁻⁷')
    """
    if isinstance(value, list | dict):
        raise VvsError(f"value {where} must be one number or text to be written; got {len(value)} entries; give an index")
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in ("inf", "Infinity", math.inf):
        return "∞"
    if value in ("-inf", "-Infinity", -math.inf):
        return "−∞"
    try:
        scientific = re.fullmatch(r"sci(\d*)", spec)
        if scientific:
            spec = f".{int(scientific[1] or 2) - 1}e"
        if not spec and not isinstance(value, str):
            spec = "," if isinstance(value, int) else ".4g"
        text = format(value, spec)
    except ValueError as error:
        raise VvsError(f"value {where}: format {spec!r} must fit {value!r}; got {error}") from error
    return text if isinstance(value, str) else _typeset(text)


def _typeset(text: str) -> str:
    """A real minus sign, no negative zero, powers of ten in full."""
    mantissa, exponent, power = text.partition("e")
    if not re.search(r"[1-9]", mantissa):
        mantissa = mantissa.replace("-", "")
    mantissa = mantissa.replace("-", "−")
    return f"{mantissa} × 10{str(int(power)).translate(_SUPERSCRIPTS)}" if exponent else mantissa
