"""What was run, for a person to read: a box for one notebook, and a table of all."""

from collections.abc import Mapping
from html import escape
from typing import Any

from vvslib.book.files import STUDY
from vvslib.book.nodes import ROOT, element
from vvslib.book.results import MISSING, written
from vvslib.book.study import Study

PACKAGES_SHOWN = ("python", "numpy", "scipy", "numba", "pandas", "matplotlib", "plotly")


def day(provenance: Mapping[str, Any]) -> str:
    """The date of a provenance, without the time of day.

    Examples
    --------
    >>> day({"date": "2026-11-21T03:20:01+00:00"}), day({})
    ('2026-11-21', '–')
    """
    return str(provenance.get("date") or MISSING)[:10]


def seconds(provenance: Mapping[str, Any]) -> str:
    """Wall time of a provenance.

    Examples
    --------
    >>> seconds({"wall_seconds": 12.34}), seconds({})
    ('12.3 s', '–')
    """
    value = provenance.get("wall_seconds", provenance.get("seconds"))
    return MISSING if value is None else f"{written(float(value), '.1f')} s"


def run_box(study: Study, name: str) -> str:
    """HTML of the box that says what was run for a notebook's results."""
    provenance = study.provenance(name)
    where = "committed results; their source data are not on this machine" if study.committed(name) else "executed by this build"
    if name not in study.outcomes:
        where = "committed results"
    lines = [
        ("Notebook", notebook_link(study, name)),
        ("Results", f"{escape(where)}, {escape(day(provenance))}, {escape(seconds(provenance))}"),
        ("Parameters", parameters(provenance)),
        ("Read", digests(provenance)),
        ("Code", commit(provenance)),
        ("Versions", escape(", ".join(f"{k} {v}" for k, v in provenance.get("versions", {}).items() if k in PACKAGES_SHOWN))),
        ("Machine", escape(machine(provenance.get("device")))),
    ]
    terms = "".join(element("dt", term) + element("dd", text or MISSING) for term, text in lines)
    summary = element("summary", f"What was run: {escape(name)}, {escape(day(provenance))}")
    return element("details", summary, element("dl", terms), class_="vvs-run")


def status_table(study: Study) -> str:
    """HTML of the table of all notebooks."""
    titles = ("Notebook", "Results", "Date", "Time", "Parameters", "Read", "Code")
    head = element("tr", *(element("th", title, scope="col") for title in titles))
    rows = []
    for name, outcome in sorted(study.outcomes.items()):
        provenance = study.provenance(name)
        state = f"committed: {escape(outcome.why).replace('`', '')}" if study.committed(name) else "executed here"
        cells = (state, day(provenance), seconds(provenance), parameters(provenance), digests(provenance), commit(provenance))
        rows.append(
            element("tr", element("th", notebook_link(study, name), scope="row"), *(element("td", cell) for cell in cells))
        )
    table = element("table", element("thead", head), element("tbody", *rows), class_="table vvs-status")
    return element("div", table, class_="vvs-scroll", tabindex="0", role="region", aria_label="State of every notebook")


def notebook_link(study: Study, name: str) -> str:
    """A link to the chapter where there is one, and to the notebook's file."""
    shown = element("a", escape(name), href=f"{ROOT}chapters/{name}.html") if name in study.chapters else escape(name)
    if name not in study.outcomes:
        return shown
    return f"{shown} ({element('a', 'ipynb', href=f'{ROOT}{STUDY}/{name}/{name}.ipynb', download='')})"


def parameters(provenance: Mapping[str, Any]) -> str:
    """Parameters as code, one after another."""
    given = {name: value for name, value in provenance.get("parameters", {}).items() if name != "results"}
    return ", ".join(element("code", f"{escape(name)} = {escape(repr(value))}") for name, value in given.items())


def digests(provenance: Mapping[str, Any]) -> str:
    """What was read, each with the first digits of its sha256; the whole digest on hover."""
    read = [entry for entry in provenance.get("inputs", []) if not str(entry["path"]).startswith("experiments/")]
    experiments = len(provenance.get("inputs", [])) - len(read)
    parts = [
        f"{escape(str(entry['name']))} {element('code', entry['sha256'][:12], title='sha256 ' + entry['sha256'])}"
        for entry in read
    ]
    return ", ".join(parts + ([f"{experiments} experiment{'s' if experiments > 1 else ''}"] if experiments else []))


def commit(provenance: Mapping[str, Any]) -> str:
    """The commit, and whether the tree differed from it."""
    if not provenance.get("commit"):
        return "no git commit"
    changed = " with uncommitted changes" if provenance.get("dirty") else ""
    return element("code", escape(str(provenance["commit"])[:10])) + changed


def machine(device: Any) -> str:
    """The machine in a few words.

    Examples
    --------
    >>> machine({"cpu": "Xeon", "cores": 2, "gpu": None})
    'Xeon, 2 cores'
    """
    if not isinstance(device, dict):
        return str(device or "")
    parts = [device.get("cpu"), f"{device['cores']} cores" if device.get("cores") else None, device.get("gpu")]
    return ", ".join(str(part) for part in parts if part)
