"""The model explorer: one row a model, and the page in Debian's Chromium, with 10,000 models of known numbers."""

import csv
import io
import shutil
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

import books
import chromium
import numpy as np
import open_study
import pandas as pd
import pytest

from vvslib import published, sources, table
from vvslib.book import explorer, files
from vvslib.book.results import Results
from vvslib.errors import VvsError

in_browser = [
    pytest.mark.browser,
    pytest.mark.slow,
    chromium.needed,
]
REGIONS = ("V1", "V2", "V4", "IT", "behavior")
ARCHS = ("resnet18", "resnet50", "alexnet", "convnext_tiny", "deit_small")
PER_CLASS = (1, 3, 10, 30, 100, 300, 0)


def score_table(n_models):
    """A score table of that many models in the published form; scores follow from the model's number."""
    number = np.arange(n_models).repeat(len(REGIONS))
    arch = np.array(ARCHS)[number % len(ARCHS)]
    per_class = np.array(PER_CLASS)[number // len(ARCHS) % len(PER_CLASS)]
    dataset = np.array(["imagenet", "ecoset"])[number // 35 % 2]
    seed = number // 70
    frame = pd.DataFrame(
        {
            "model_id": [f"{a}_{d}_{p}_seed-{s}" for a, d, p, s in zip(arch, dataset, per_class, seed, strict=True)],
            "arch": arch,
            "arch_family": arch,
            "dataset": dataset,
            "samples_per_class": per_class,
            "seed": seed,
            "n_params": 3e6 * (1 + number % len(ARCHS)),
            "total_flops": 1e14 * (1 + number),
            "benchmark_name": np.tile([f"{region}-pls" for region in REGIONS], n_models),
            "region": np.tile(REGIONS, n_models),
            "score": number / n_models,
            "acc": number / n_models,
        }
    )
    return table.check(frame)


def test_one_row_a_model():
    """Scores stand in the columns of their regions, whatever the order of the rows."""
    frame = score_table(30)
    found = explorer.models(frame.sample(frac=1, random_state=0), "mine")
    assert len(found) == 30 and set(found["model_id"]) == set(frame["model_id"])
    for _, row in found.sample(5, random_state=1).iterrows():
        own = frame[frame["model_id"] == row["model_id"]].set_index("region")["score"]
        assert row[list(REGIONS)].tolist() == own[list(REGIONS)].tolist()


def test_several_benchmarks_of_a_region_need_a_choice():
    """A region with two benchmarks is refused until one is named; then its scores are shown."""
    frame = score_table(3)
    second = frame[frame["region"] == "V4"].assign(benchmark_name="other.V4", score=0.9)
    both = table.check(pd.concat([frame, second], ignore_index=True))
    with pytest.raises(VvsError, match=r"mine: benchmarks must name one for V4; the table has V4-pls, other\.V4"):
        explorer.models(both, "mine")
    assert explorer.models(both, "mine", {"V4": "other.V4"})["V4"].tolist() == [0.9] * 3


def test_what_a_model_is_called():
    """Flags of the score table become an objective and a kind in words."""
    frame = score_table(5).assign(is_random=False, is_ssl=False, is_adv=False, is_ablation=False)
    ids = frame["model_id"].unique()
    for name, flag in zip(ids, ("is_random", "is_ssl", "is_adv", "is_ablation"), strict=False):
        frame.loc[frame["model_id"] == name, flag] = True
    frame.loc[frame["model_id"] == ids[1], "ssl_method"] = "simclr"
    found = explorer.models(table.check(frame), "mine").set_index("model_id").loc[ids]
    assert found["objective"].tolist() == ["none", "simclr", "adversarial: not stated", "supervised", "supervised"]
    assert found["kind"].tolist() == ["untrained", *["trained in the study"] * 2, "ablation", "trained in the study"]


@pytest.mark.skipif(sources.locate("published_scores") is None, reason="published_scores not found: vvs fetch published_scores")
def test_the_published_models_are_all_there():
    """993 models; the ResNet-50 on 30 images per class of ecoset has its five published scores."""
    frame = published.scores()
    found = explorer.models(frame, "published").set_index("model_id")
    assert len(found) == 993
    own = frame[frame["model_id"] == "resnet50_ecoset_30_seed-0"].set_index("region")["score"]
    assert found.loc["resnet50_ecoset_30_seed-0", list(REGIONS)].tolist() == own[list(REGIONS)].tolist()


def test_networks_of_the_open_study_stand_beside_the_published(tmp_path):
    """Where its table is exported, every network is one row, with the scores of the benchmarks that are named."""
    (tmp_path / "open").mkdir()
    path = open_study.write(tmp_path / "open") / "scores.parquet"
    *published_ones, own = explorer.gather(Results(tmp_path))
    assert len(published_ones) == (sources.locate("published_scores") is not None)
    rows = table.read(path).set_index(["model_id", "benchmark_name"])["score"].unstack()
    assert len(own) == len(rows) and set(own["study"]) == {"open"} and own["V1"].isna().all()
    for region, name in explorer.SHOWN.items():
        assert own.set_index("model_id")[region].to_dict() == pytest.approx(rows[name].to_dict(), nan_ok=True)


def page(folder: Path, n_models: int) -> Path:
    """The explorer alone on a page, as the book puts it there."""
    frames = [explorer.models(score_table(n_models), "mine")] if n_models else []
    explorer.put(explorer.payload(frames, {"neural": {"E": 0.2, "A": 1.0, "alpha": 0.1, "unit": 1e13}}), folder)
    files.copy_plotly(folder)
    for name in ("explorer.js", "book.css"):
        shutil.copy(books.CHECKOUT / "book" / "_static" / name, folder / "_static" / name)
    html = f"""<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Models</title>
        <link rel="stylesheet" href="_static/book.css"><script src="_static/explorer.js"></script></head>
        <body><main>{explorer.frame().replace("@ROOT@", "")}</main></body></html>"""
    (folder / "explorer.html").write_text(html, encoding="utf-8")
    return folder / "explorer.html"


@cache
def seen():
    """What happens in a browser: one visit, its findings by name."""
    found, wrong = {}, []
    folder = books.new_folder()
    address = page(folder, 10_000).as_uri()
    with chromium.browser() as browser:
        context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)

        def visit(url):
            opened = context.new_page()
            opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
            opened.on("pageerror", lambda e: wrong.append(str(e)))
            opened.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else wrong.append(r.url))
            opened.goto(url)
            opened.wait_for_selector(".vvs-explorer[data-state=ready]")
            return opened

        def count(of):
            return of.inner_text(".vvs-explorer-count")

        def column(of, at):
            return of.eval_on_selector_all(".vvs-explorer tbody tr", f"rows => rows.map(r => r.cells[{at}].innerText)")

        desk = visit(address)
        found["all"] = count(desk)
        desk.fill("input[name=q]", "ResNet-50, ecoset, 30 images per class, seed 7")
        found["searched"] = count(desk), column(desk, 1), column(desk, 2), column(desk, 3), column(desk, 4)
        desk.locator(".vvs-pick input").first.click()  # the field still has the focus
        found["ticked"] = count(desk)
        with desk.expect_download() as download:
            desk.click("button[data-do=download]")
        found["file"] = Path(download.value.path()).read_text(encoding="utf-8")
        desk.wait_for_selector(".vvs-place .main-svg")
        found["compared"] = desk.locator(".vvs-profile .legendtext").all_text_contents()
        found["axes"] = desk.evaluate(
            "[...document.querySelectorAll('.vvs-place')].map(p => [p.layout.xaxis.type, p.data.length])"
        )
        desk.fill("input[name=q]", "")
        desk.select_option("select[name=dataset]", "ecoset")
        desk.select_option("select[name=size]", "1 to 10 M")
        found["filtered"] = count(desk)
        desk.get_by_role("button", name="V4: Activate to sort").press("Enter")
        desk.wait_for_timeout(200)
        found["sorted"] = column(desk, 7)
        found["address"] = desk.url.partition("#")[2]

        again = visit(desk.url)
        found["again"] = count(again), column(again, 7), again.eval_on_selector("select[name=dataset]", "s => s.value")
        again.click("button[data-do=clear]")
        found["cleared"] = count(again), again.url.partition("#")[2], again.is_visible(".vvs-explorer-compare")
        again.fill("input[name=q]", "no such model")
        found["nothing"] = count(again), again.inner_text(".vvs-explorer tbody")

        phone = browser.new_context(viewport={"width": 400, "height": 800}).new_page()
        phone.goto(desk.url)
        phone.wait_for_selector(".vvs-explorer[data-state=ready]")
        phone.wait_for_selector(".vvs-place .main-svg")
        found["phone"] = phone.evaluate("document.documentElement.scrollWidth")
        bare = folder / "without"
        bare.mkdir()
        empty = context.new_page()
        empty.goto(page(bare, 0).as_uri())
        empty.wait_for_function("document.querySelector('.vvs-explorer-count').innerText.startsWith('No table')")
        found["empty"] = count(empty), empty.is_visible(".vvs-explorer form")
    found["wrong"] = wrong
    return found


class TestInABrowser:
    """The page does what a reader asks of it."""

    pytestmark = in_browser

    def test_all_models_are_there(self):
        """10,000 models are counted, without an error and without a request that leaves the machine."""
        assert seen()["all"].startswith("10,000 of 10,000 models")
        assert seen()["wrong"] == []

    def test_a_search_finds_the_one(self):
        """Words as people write them find one model: 30 is not 300, and ResNet-50 is resnet50."""
        assert seen()["searched"] == ("1 of 10,000 models; tick models to compare them", ["resnet50"], ["ecoset"], ["30"], ["7"])

    def test_a_tick_compares(self):
        """The first click after typing ticks; the model is drawn beside the others on an axis of compute, with the law."""
        assert seen()["ticked"] == "1 of 10,000 models; 1 chosen to compare"
        assert seen()["compared"] == ["resnet50, ecoset, 30 / class, seed 7"]
        assert seen()["axes"] == [["log", 3]]

    def test_the_row_can_be_taken_along(self):
        """The downloaded file is CSV with every column and the exact score."""
        (row,) = csv.DictReader(io.StringIO(seen()["file"]))
        assert (row["arch"], row["dataset"], row["samples_per_class"], row["seed"]) == ("resnet50", "ecoset", "30", "7")
        number = int(float(row["total_flops"]) / 1e14) - 1
        assert float(row["V4"]) == pytest.approx(number / 10_000)

    def test_filters_and_sorting_by_keyboard(self):
        """Filters add up; Enter on a heading sorts, best first."""
        frame = score_table(10_000).drop_duplicates("model_id")
        wanted = frame[(frame["dataset"] == "ecoset") & (frame["n_params"] < 1e7)]
        assert seen()["filtered"].startswith(f"{len(wanted):,} of 10,000 models")
        shown = [float(text) for text in seen()["sorted"]]
        assert shown == sorted(shown, reverse=True) and shown[0] == pytest.approx(wanted["score"].max(), abs=6e-4)

    def test_the_address_is_the_view(self):
        """Search, filters, order and ticked models stand in the address, and come back from it."""
        state = parse_qs(seen()["address"])
        assert state["dataset"] == ["ecoset"] and state["sort"] == ["V4.desc"] and len(state["compare"]) == 1
        said, values, dataset = seen()["again"]
        assert said == seen()["filtered"].replace("tick models to compare them", "1 chosen to compare")
        assert values == seen()["sorted"] and dataset == "ecoset"

    def test_starting_over(self):
        """One button takes every filter, tick and comparison away."""
        assert seen()["cleared"] == ("10,000 of 10,000 models; tick models to compare them", "", False)

    def test_nothing_found_says_so(self):
        """A search without a find says what to do."""
        assert seen()["nothing"][1] == "No model fits. Take a filter away."

    def test_a_phone_is_wide_enough(self):
        """The page does not scroll sideways at 400 px; the table does, in its own box."""
        assert seen()["phone"] == 400

    def test_without_a_table_it_says_how_to_get_one(self):
        """Where no table is, the page names the command that fetches the published one, and offers no filters."""
        said, filters = seen()["empty"]
        assert "vvs fetch published_scores" in said and not filters
