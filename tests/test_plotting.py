"""Figures: what they refuse, that they are the same bytes every time, and that colours and toggles work as told."""

import io
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import chromium
import matplotlib as mpl
import numpy as np
import pandas as pd
import plotly.graph_objects
import pytest
from matplotlib import image
from matplotlib.text import Text

from vvslib import charts
from vvslib.errors import VvsError
from vvslib.plotting import Curve, Estimates, Figure, Line, Panel, Points, interactive, labels, palette, static, tidy

TRAINED = ("ResNet", "EfficientNet", "AlexNet", "CORnet-S", "ConvNeXt", "ViT")
FAMILIES = (*TRAINED, "DaVit", "EfficientViT-B", "FastViT", "LeViT", "MaxxViT", "MobileViT")
REGIONS = ("V1", "V2", "V4", "IT", "behavior")


@pytest.fixture
def models() -> pd.DataFrame:
    """Sixty made-up models of six families on two data sets."""
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "model_id": [f"model_{i}" for i in range(n)],
            "arch_family": np.resize(TRAINED, n),
            "dataset": np.repeat(["imagenet", "ecoset"], n // 2),
            "n_params": 10 ** rng.uniform(5, 8, n),
            "n_samples": rng.integers(1000, 1_281_167, n),
            "total_flops": 10 ** rng.uniform(14, 20, n),
            "seed": np.resize([0, 1, 2], n),
            "region": "IT",
            "score": rng.uniform(0.1, 0.5, n),
        }
    )


@pytest.fixture
def figure(models: pd.DataFrame) -> Figure:
    """Two panels: points by family and data set, a curve with its band, one curve of a data set, a reference line."""
    x = np.geomspace(1e14, 1e20, 30)
    points = Points(models, "total_flops", "score", group="arch_family", fill="dataset")
    fit = Curve(x, 0.4 - 0.3 * (x / 1e14) ** -0.3, np.full(30, 0.05), np.full(30, 0.45), label="power law")
    own = Curve(x, np.full(30, 0.3), label="ecoset only", group="ecoset", dash="dash")
    return Figure(
        [
            Panel([points, fit, own], "C (FLOPs)", "Score S", title="IT", lines=[Line(0.4, label="Ŝ")]),
            Panel([points, fit], "C (FLOPs)", "Score S", title="V4", y_range=(0, 0.6)),
        ]
    )


def machado(colour: str, deficiency: str) -> np.ndarray:
    """CIELAB of a colour as seen with full deuteranopia, protanopia or tritanopia (Machado et al. 2009, table 1)."""
    simulated = {
        "normal": np.eye(3),
        "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    }
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(simulated[deficiency]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("page", [palette.LIGHT, palette.DARK])
@pytest.mark.parametrize("name", [*FAMILIES, *REGIONS, "imagenet", "ecoset", "places365", "a model of mine", "another one"])
def test_contrast_of_every_colour_is_three_on_both_pages(name: str, page: str) -> None:
    """Families, regions, data sets and unknown names are readable on white and on the dark page."""
    assert palette.contrast(palette.style(name).colour, page) >= 3


@pytest.mark.parametrize("deficiency", ["normal", "protanopia", "deuteranopia", "tritanopia"])
def test_trained_families_differ_without_colour_vision(deficiency: str) -> None:
    """The six families that share figures are at least 15 units of CIELAB apart, however they are seen."""
    seen = [machado(palette.style(name).colour, deficiency) for name in TRAINED]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= 15


def test_trained_families_and_regions_have_markers_of_their_own() -> None:
    """Shape alone tells the six families apart, and the five regions."""
    for names in (TRAINED, REGIONS):
        assert len({palette.style(name).marker for name in names}) == len(names)


@pytest.mark.parametrize("names", [FAMILIES, REGIONS])
def test_no_two_names_are_drawn_alike(names: tuple[str, ...]) -> None:
    """Colour and marker together are different for every family and every region."""
    assert len({(palette.style(name).colour, palette.style(name).marker) for name in names}) == len(names)


def test_scale_rises_in_luminance() -> None:
    """The continuous scale keeps its order in grey: contrast against black rises from colour to colour."""
    contrasts = [palette.contrast(colour, "#000000") for colour in palette.SCALE]
    assert contrasts == sorted(contrasts)


def test_unknown_names_look_the_same_in_every_process() -> None:
    """The fallback depends on the name alone, not on the process's hash seed."""
    code = "from vvslib.plotting import palette; print(palette.style('my model'))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == str(
        palette.style("my model")
    )


def test_too_many_fills_are_refused_with_what_to_do() -> None:
    """Five data sets cannot be told apart by fill."""
    with pytest.raises(VvsError, match=r"at most 4 values.*got 5.*use it as group"):
        palette.fills(["a", "b", "c", "d", "e"])


def test_unknown_column_is_refused_with_the_nearest(models: pd.DataFrame) -> None:
    """A misspelt column names its neighbour."""
    with pytest.raises(VvsError, match=r"Points.x must be a column.*'n_param'.*did you mean 'n_params'"):
        Points(models, "n_param", "score")


def test_text_column_is_refused_as_coordinate(models: pd.DataFrame) -> None:
    """A coordinate must be numeric."""
    with pytest.raises(VvsError, match=r"Points.y must be a numeric column.*'model_id'"):
        Points(models, "n_params", "model_id")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": [1, 2], "y": [1]}, r"Curve.y must be of shape \(2,\); got shape \(1,\)"),
        ({"x": [1], "y": [1], "low": [0]}, "Curve.low and Curve.high must be given together"),
        ({"x": [1], "y": [1], "low": [2], "high": [0]}, "Curve.low must not exceed Curve.high; got 2.0 > 0.0"),
        ({"x": [1], "y": [1], "dash": "dashed"}, "Curve.dash must be one of .* did you mean 'dash'"),
    ],
)
def test_impossible_curves_are_refused(arguments: dict, message: str) -> None:
    """Lengths, limits and dashes are checked when the curve is made."""
    with pytest.raises(VvsError, match=message):
        Curve(**arguments)


def test_logarithmic_axis_refuses_zero(models: pd.DataFrame) -> None:
    """A value that has no logarithm is counted and named, not dropped."""
    models.loc[:2, "n_params"] = 0
    with pytest.raises(VvsError, match=r"x_log must be False.*got 3 values at or below 0 on 'N'"):
        Panel([Points(models, "n_params", "score")], "N", "Score")


def test_estimates_and_curves_do_not_share_a_panel() -> None:
    """Rows and a continuous y axis exclude each other."""
    with pytest.raises(VvsError, match="all Estimates or none"):
        Panel([Estimates(["a"], [1], [0], [2]), Curve([1], [1])], "x", "y")


def test_rows_without_a_score_are_not_drawn(models: pd.DataFrame) -> None:
    """A missing score or N takes its row out, in both drawings."""
    models.loc[4, "score"] = np.nan
    models["n_params"] = models.n_params.round().astype("Int64")
    models.loc[7, "n_params"] = pd.NA
    figure = Figure([Panel([Points(models, "n_params", "score")], "N", "Score")])
    drawn = [trace for trace in interactive.plotly(figure)["data"] if "customdata" in trace]
    assert sum(len(trace["x"]) for trace in drawn) == len(models) - 2
    assert static.draw(figure).axes[0].collections[0].get_offsets().shape[0] == len(models) - 2


def test_drawing_twice_gives_the_same_bytes(figure: Figure) -> None:
    """PNG, SVG and JSON do not depend on the time or on what was drawn before."""
    assert static.render(figure) == static.render(figure)
    assert json.dumps(interactive.plotly(figure)) == json.dumps(interactive.plotly(figure))


def test_images_carry_no_date(figure: Figure) -> None:
    """Neither the PNG's text chunks nor the SVG's metadata say when, or by what, they were made."""
    images = static.render(figure)
    assert b"dc:date" not in images["svg"]
    assert b"Software" not in images["png"]


def test_drawing_leaves_the_users_settings_alone(figure: Figure) -> None:
    """No setting leaks out, and none of the user's leaks in."""
    with mpl.rc_context():
        before = static.render(figure)["png"]
        mpl.rcParams["axes.facecolor"] = "red"
        mpl.rcParams["font.size"] = 30
        kept = dict(mpl.rcParams)
        assert static.render(figure)["png"] == before
        assert dict(mpl.rcParams) == kept


def test_drawing_does_not_import_pyplot() -> None:
    """No window system and no global figure list: pyplot is never loaded."""
    code = (
        "import sys; from vvslib.plotting import *; from vvslib.plotting import static;"
        "static.render(Figure([Panel([Curve([1, 2], [1, 2])], 'x', 'y')])); print('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_legend_stays_clear_of_the_panels_and_inside_the_page(figure: Figure) -> None:
    """No legend row overlaps another, the panels, or the page's edge."""
    canvas = static.draw(figure)
    renderer = canvas.canvas.get_renderer()
    boxes = [legend.get_window_extent(renderer) for legend in canvas.legends]
    panels = [axes.get_tightbbox(renderer) for axes in canvas.axes]
    assert len(boxes) == 3
    assert all(box.x0 >= 0 and box.x1 <= canvas.bbox.x1 and box.y0 >= 0 for box in boxes)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert not any(box.overlaps(panel) for box in boxes for panel in panels)


def test_png_is_twice_the_books_width(figure: Figure) -> None:
    """200 dots an inch over 7.2 inches."""
    assert image.imread(io.BytesIO(static.render(figure)["png"])).shape[1] == 1440


def test_save_leaves_only_complete_files(figure: Figure, tmp_path: Path) -> None:
    """Two files under their names, nothing partial beside them."""
    static.save(figure, tmp_path / "deep" / "compute")
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["compute.png", "compute.svg"]


def test_json_is_valid_for_plotly(figure: Figure) -> None:
    """Plotly's own schema accepts every trace and the layout, before and after rearranging."""
    drawn = interactive.plotly(figure)
    checked = plotly.graph_objects.Figure({"data": drawn["data"], "layout": drawn["layout"]})
    checked.update_layout({name.replace(".", "_"): value for name, value in drawn["narrow"].items()})
    assert checked.layout.height == drawn["narrow"]["height"]


def test_json_is_compact(figure: Figure) -> None:
    """No template, no float with more than five digits, less than 500 bytes a point."""
    text = json.dumps(interactive.plotly(figure), separators=(",", ":"), allow_nan=False)
    assert "template" not in text.replace("hovertemplate", "")
    assert not re.search(r"\d\.\d{17,}", text)
    assert len(text) < 500 * 120


def test_hover_says_what_a_reader_wants_to_know(figure: Figure) -> None:
    """Model, N, D, C, seed, region and score, with their names."""
    trace = next(trace for trace in interactive.plotly(figure)["data"] if "customdata" in trace)
    for word in ("N (parameters)", "D (images)", "C (FLOPs)", "Seed", "Region", "Score"):
        assert f"<br>{word}: " in trace["hovertemplate"]
    assert trace["customdata"][0][0] == "model_0"


def test_names_cannot_inject_markup(models: pd.DataFrame) -> None:
    """A model called like an element is shown, not run, and does not end the script that it stands in."""
    models.loc[0, "model_id"] = "</script><img src=x>"
    figure = Figure([Panel([Points(models, "n_params", "score")], "N", "Score")])
    assert "<img" not in interactive.fragment(interactive.plotly(figure), "here")


def test_band_goes_with_its_curve(figure: Figure) -> None:
    """Curve and band share one legend group, and the legend says what the band is."""
    data = interactive.plotly(figure)["data"]
    entry = next(trace for trace in data if trace.get("showlegend") and trace["name"] == "power law, 95 % band")
    mine = [trace for trace in data if trace["legendgroup"] == entry["legendgroup"] and trace is not entry]
    assert len(mine) == 4
    assert sum(trace.get("fill") == "toself" for trace in mine) == 2


def test_logarithmic_axes_show_powers_of_ten(figure: Figure) -> None:
    """No SI letters on a compute axis."""
    axis = interactive.plotly(figure)["layout"]["xaxis"]
    assert (axis["type"], axis["exponentformat"]) == ("log", "power")


def test_curves_are_told_and_points_are_not(figure: Figure) -> None:
    """The tidy table holds every vertex of every curve, and no model."""
    table = tidy.curves(figure)
    assert len(table) == 90
    assert set(table.layer) == {"curve"}
    assert not table.astype(str).apply(lambda column: column.str.contains("model_")).any(axis=None)


def test_estimates_are_told_with_their_reference() -> None:
    """One row per estimate and one per reference value, in the order given."""
    layer = Estimates(["V1", "IT"], [0.1, 0.6], [0.0, 0.5], [0.2, 0.7], group=["V1", "IT"], reference=[0.11, 0.67])
    table = tidy.curves(Figure([Panel([layer], "Gain", "", x_log=False)]))
    assert table[["layer", "item", "x"]].to_numpy().tolist() == [
        ["estimate", "V1", 0.1],
        ["estimate", "IT", 0.6],
        ["reference", "V1", 0.11],
        ["reference", "IT", 0.67],
    ]


@pytest.mark.parametrize(
    ("value", "shown"), [(0.48312, "0.483"), (0.0996, "0.0996"), (12.3456, "12.3"), (1.5532e20, "1.55×10²⁰"), (99999.9, "100000")]
)
def test_numbers_are_rounded_for_readers(value: float, shown: str) -> None:
    """Three significant digits, powers of ten outside the everyday."""
    assert labels.number(value) == shown


@pytest.mark.browser
@chromium.needed
def test_toggles_combine_in_a_browser(figure: Figure, tmp_path: Path) -> None:
    """The legend hides a family in all panels, a switch a data set, and neither undoes the other; no request."""
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    page_file = tmp_path / "page.html"
    drawn = interactive.fragment(interactive.plotly(figure), "figure")
    page_file.write_text(f'<!doctype html><meta charset="utf-8"><body><script src="{script.as_uri()}"></script>{drawn}')
    shown = """() => document.getElementById("figure")._fullData
        .filter(d => d.customdata && d.visible === true && d.opacity === 1)
        .map(d => d.name + "/" + d.meta)"""
    with chromium.browser() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        trouble: list[str] = []
        page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
        page.on("request", lambda request: trouble.append(request.url) if not request.url.startswith("file:") else None)
        page.goto(page_file.as_uri())
        page.locator(".legendtoggle").first.wait_for(state="attached")
        assert len(page.evaluate(shown)) == 24
        page.locator(".legendtoggle").first.click()
        page.wait_for_function("() => document.getElementById('figure')._fullData.some(d => d.visible === 'legendonly')")
        page.locator(".updatemenu-button").nth(1).click()
        left = page.evaluate(shown)
        assert len(left) == 10
        assert not any(name.startswith("ResNet") or name.endswith("ecoset") for name in left)
        page.locator(".updatemenu-button").nth(1).click()
        assert len(page.evaluate(shown)) == 20
    assert trouble == []


def test_the_region_of_behaviour_is_spelled_one_way():
    """Both drawings say behaviour wherever the data say behavior; the table of numbers keeps the data's."""
    rows = pd.DataFrame({"model_id": ["a", "b"], "x": [1.0, 2.0], "y": [0.1, 0.2], "region": ["IT", "behavior"]})
    points = Panel([Points(rows, "x", "y", group="region", hover=["model_id", "region"])], "x", "y", title="IT and behavior")
    forest = Panel([Estimates(["IT", "behavior"], [1.0, 2.0], [0.5, 1.0], [2.0, 3.0], label="behavior")], "x", "", x_log=False)
    for figure in (Figure([points]), Figure([forest])):
        drawn = interactive.plotly(figure)
        shown = [[trace.get(key) for key in ("name", "customdata", "hovertemplate")] for trace in drawn["data"]]
        for said in ([text.get_text() for text in static.draw(figure).findobj(Text)], [shown, drawn["layout"], drawn["alt"]]):
            assert "behaviour" in json.dumps(said) and not re.search(r"behavior\b", json.dumps(said))
    assert tidy.curves(Figure([forest]))["item"].tolist() == ["IT", "behavior"]


def test_ticks_stand_in_named_rows():
    """Both drawings name the rows from the top and draw a tick at each place; a curve has no place among them."""
    ticked = pd.DataFrame({"rank": [1, 2, 3], "option": ["b", "a", "b"], "choice": ["form", "form", "form"]})
    panel = charts.ticks(ticked, "rank", "option", "choice", x_label="rank")
    axes = static.draw(Figure([panel])).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["b", "a"] and axes.yaxis_inverted()
    drawn = interactive.plotly(Figure([panel]))
    assert drawn["layout"]["yaxis"]["ticktext"] == ["b", "a"]
    (trace,) = [trace for trace in drawn["data"] if trace.get("x") == [1, 2, 3]]
    assert trace["y"] == [0, 1, 0] and trace["marker"]["symbol"] == "line-ns-open"
    with pytest.raises(VvsError, match=r"must be Points where Panel\.rows are named"):
        Panel([Curve([1, 2], [0, 1])], "rank", "", x_log=False, rows=["a", "b"])
