"""The directive ``model-explorer``: every model of the score tables at hand, to search, filter, sort, compare and take along.

What it shows is a script beside the pages, written when the book is built from the tables that this machine has: rows of the
published table are never committed. The table itself is DataTables', as the package itables brings it.
"""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from vvslib import columns, published, table
from vvslib.book.files import PLOTLY
from vvslib.book.nodes import ROOT, book_html, element
from vvslib.book.results import Results
from vvslib.book.study import study
from vvslib.errors import VvsError

MODELS = "_static/models.js"
LIBRARY = "_static/datatables"
OPEN_TABLE = Path("open", "scores.parquet")
"""The open study's score table, in the folder of results."""
SHOWN = {"V4": "cowley2023.V4-pls", "IT": "kriegeskorte2008.humanIT-rdm", "behavior": "peterson2019.behavior-i2n"}
"""Region → the benchmark of the open study whose score is shown."""

KEPT = (
    "model_id", "arch", "arch_family", "dataset", "samples_per_class", "n_samples", "n_samples_seen", "n_epochs", "n_params",
    "flops", "total_flops", "seed", "acc",
)  # fmt: skip
"""Columns of the score table that are the same in all rows of a model."""

EXPORT = re.compile(r"export\{([^}]*)\};?")


def models(frame: pd.DataFrame, name: str, benchmarks: dict[str, str] | None = None) -> pd.DataFrame:
    """One row a model: what it is, and its score in each region.

    Parameters
    ----------
    frame
        A score table.
    name
        Of the study.
    benchmarks
        Region → the benchmark whose score is shown; when None, the one benchmark that the table has of the region.

    Returns
    -------
    pandas.DataFrame
        Columns study, those of `KEPT`, objective, kind, each region, checkpoint_url; in the order of the table.

    Raises
    ------
    VvsError
        When a region has several benchmarks and none is named.

    Examples
    --------
    >>> row = {"model_id": "a", "benchmark_name": "b", "region": "V4", "score": 0.5, "arch": "resnet18", "is_random": True}
    >>> models(table.check(pd.DataFrame([row])), "mine").loc[0, ["study", "arch", "kind", "objective", "V4"]].tolist()
    ['mine', 'resnet18', 'untrained', 'none', 0.5]
    """
    chosen = dict(benchmarks or {})
    for region, rows in frame.groupby("region", sort=False):
        known = rows["benchmark_name"].unique()
        if region not in chosen and len(known) > 1:
            raise VvsError(f"{name}: benchmarks must name one for {region}; the table has {', '.join(known)}")
        chosen.setdefault(region, known[0])
    shown = frame[frame["benchmark_name"] == frame["region"].map(chosen)]
    scores = shown.pivot(index="model_id", columns="region", values="score").reindex(columns=list(columns.REGIONS))
    first = frame.drop_duplicates("model_id").set_index("model_id")
    made = first.reindex(columns=[column for column in KEPT if column != "model_id"])
    made.insert(0, "study", name)
    made["objective"] = [_objective(row) for row in first.to_dict("records")]
    made["kind"] = [_kind(row) for row in first.to_dict("records")]
    made = made.join(scores)
    made["checkpoint_url"] = first.get("checkpoint_url")
    return made.reset_index()


def _flag(row: dict[str, Any], name: str) -> bool:
    return bool(row.get(name)) and not pd.isna(row.get(name))


def _text(row: dict[str, Any], name: str, otherwise: str) -> str:
    return row[name] if isinstance(row.get(name), str) else otherwise


def _objective(row: dict[str, Any]) -> str:
    if _flag(row, "is_random"):
        return "none"
    if _flag(row, "is_ssl"):
        return _text(row, "ssl_method", "self-supervised")
    if _flag(row, "is_adv"):
        return f"adversarial: {_text(row, 'adv_method', 'not stated')}"
    return "as published elsewhere" if _flag(row, "is_pretrained") else "supervised"


def _kind(row: dict[str, Any]) -> str:
    for flag, said in (
        ("is_random", "untrained"),
        ("is_open_clip", "pretrained, OpenCLIP"),
        ("is_pretrained", "pretrained"),
        ("is_ablation", "ablation"),
    ):
        if _flag(row, flag):
            return said
    return "trained in the study"


def payload(frames: list[pd.DataFrame], curves: dict[str, dict[str, float]]) -> dict[str, Any]:
    """What the page's script reads: columns, rows as lists, fitted curves; numbers to six digits, null where nothing is known.

    Examples
    --------
    >>> payload([pd.DataFrame({"study": ["mine"], "V4": [0.1234567], "acc": [float("nan")]})], {})["rows"]
    [['mine', 0.123457, None]]
    """
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return {
        "columns": list(rows.columns),
        "rows": [[_plain(value) for value in row] for row in rows.to_numpy(object)],
        "curves": curves,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    number = float(value)
    if number != number:  # NaN
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else float(f"{number:.6g}")


def fitted(results: Results) -> dict[str, dict[str, float]]:
    """The laws of compute that the book shows, by what they are laws of; those that the results hold."""
    found = {}
    for shown, experiment in (("neural", "compute_neuro"), ("behavior", "compute_behavior")):
        try:
            entry = results.read("compute_scaling", "values.json")[experiment]
        except (VvsError, KeyError):
            continue
        found[shown] = {**entry["parameters"], "unit": entry["x"]["total_flops"]}
    return found


def gather(results: Results) -> list[pd.DataFrame]:
    """The models of each table that this machine has: the published one, the open study's."""
    found = []
    with contextlib.suppress(VvsError):  # not on this machine: the page says so
        found.append(models(published.scores(), "published"))
    if (results.folder / OPEN_TABLE).is_file():
        frame = table.read(results.folder / OPEN_TABLE)
        found.append(models(frame[frame["benchmark_name"].isin(SHOWN.values())], "open", SHOWN))
    return found


def write(app: Sphinx) -> None:
    """Put the models and the table's library beside the pages."""
    results = study(app).results
    put(payload(gather(results), fitted(results)), Path(app.outdir))


def put(content: dict[str, Any], html: Path) -> None:
    """Write the scripts that the page loads; what is the same is left alone.

    Parameters
    ----------
    content
        Of `payload`.
    html
        Folder of the built pages.
    """
    script, style = library()
    models_script = f"window.vvsModels = {json.dumps(content, ensure_ascii=False, separators=(',', ':'))};\n"
    for name, text in ((MODELS, models_script), (f"{LIBRARY}.js", script), (f"{LIBRARY}.css", style)):
        path, new = html / name, text.encode()
        if not path.is_file() or path.read_bytes() != new:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(new)


def library() -> tuple[str, str]:
    """DataTables as a plain script, which a page opened from disk may load (it may not load a module), and its style.

    Raises
    ------
    VvsError
        When the installed itables does not hold what is expected.
    """
    import itables

    folder = Path(itables.__file__).parent / "html"
    bundle = (folder / "dt_bundle.js").read_text(encoding="utf-8")
    exports = list(EXPORT.finditer(bundle))
    names = dict(reversed(part.split(" as ")) for part in exports[0][1].split(",")) if len(exports) == 1 else {}
    if "jQuery" not in names:
        raise VvsError("itables must bring DataTables as a module that exports jQuery; the installed version does not")
    at = exports[0].span()
    given = f"window.vvsTables={{jQuery:{names['jQuery']}}};"
    return f"(function(){{{bundle[: at[0]]}{given}{bundle[at[1] :]}}})();\n", (folder / "dt_bundle.css").read_text(
        encoding="utf-8"
    )


BUTTONS = {
    "copy": "Copy as CSV",
    "download": "Download CSV",
    "link": "Copy link to this view",
    "clear": "Start over",
}

FILTERS = (
    ("study", "Study"),
    ("arch_family", "Family"),
    ("dataset", "Training data"),
    ("samples_per_class", "Images per class"),
    ("size", "Parameters"),
    ("objective", "Objective"),
    ("kind", "Kind"),
)


class ModelExplorer(SphinxDirective):
    """``model-explorer``: the page's table, its filters, and room for the comparison."""

    def run(self) -> list[nodes.Node]:
        """The frame that the script fills; without JavaScript it says that it needs it."""
        return [book_html(frame())]


def frame() -> str:
    """The HTML that ``explorer.js`` fills; ``@ROOT@`` stands for the way to the book's root."""
    fields = [
        element("label", element("span", label), element("select", element("option", "any", value=""), name=key))
        for key, label in FILTERS
    ]
    search = element(
        "label",
        element("span", "Search"),
        '<input type="search" name="q" placeholder="ResNet-50, ecoset, 30 images per class" autocomplete="off">',
        class_="vvs-explorer-search",
    )
    buttons = [element("button", said, type="button", data_do=do) for do, said in BUTTONS.items()]
    body = [
        element("form", search, *fields, class_="vvs-explorer-filters", role="search", aria_label="Filter the models"),
        element("p", "Loading the models …", class_="vvs-explorer-count", role="status"),
        element("div", *buttons, class_="vvs-explorer-buttons"),
        element("div", element("table", "", class_="display compact"), class_="vvs-explorer-table"),
        element("section", "", class_="vvs-explorer-compare", aria_label="Comparison", hidden=""),
        "<noscript><p>The explorer needs JavaScript.</p></noscript>",
    ]
    attributes = {"data_models": ROOT + MODELS, "data_library": ROOT + LIBRARY, "data_plotly": ROOT + PLOTLY}
    return element("div", *body, class_="vvs-explorer", **attributes)
