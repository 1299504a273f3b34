"""The whole book: a strict build, again without changes, and what a reader does with it."""

import csv
import io
import json
import subprocess
import time
from pathlib import Path

import books
import chromium
import pandas as pd
import pytest

from vvslib import sources

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("error")]


def test_real_book_is_strict():
    """The book builds with warnings as errors, with the data that this machine has."""
    built = books.real()
    assert built.status == 0, built.said
    assert (built.html / "index.html").is_file()


def test_second_build_is_quick():
    """Building again without changes reads no page and takes seconds: less than 20 where nothing else runs, as other tests do."""
    books.real()
    with books.checkout_book():
        started = time.monotonic()
        again = books.build(books.CHECKOUT)
    assert again.status == 0, again.said
    assert "0 added, 0 changed, 0 removed" in again.said
    assert time.monotonic() - started < 60


def test_what_is_kept_is_of_this_code(checkout):
    """No result that takes minutes was computed anew for the build: what is committed belongs to the committed code."""
    assert books.real().status == 0
    shown = subprocess.run(["git", "show", "HEAD:results/kept/benchmarks.json"], cwd=checkout, capture_output=True, check=False)
    if shown.returncode:
        pytest.skip(f"not a git checkout: {checkout}")
    before, after = json.loads(shown.stdout), json.loads((checkout / "results/kept/benchmarks.json").read_bytes())
    assert before["key"] == after["key"], "results/kept/benchmarks.json was computed anew, which takes minutes: commit it"


def test_the_claims_page_shows_the_grid():
    """In the real book all eleven claims and their hover texts are there."""
    html = (books.real().html / "chapters" / "claims.html").read_text(encoding="utf-8")
    assert html.count("<abbr title=") >= 60
    assert html.count('class="vvs-fails') >= 3


@pytest.mark.browser
@chromium.needed
@pytest.mark.skipif(sources.locate("published_scores") is None, reason="published_scores not found: vvs fetch published_scores")
def test_a_reader_finds_and_takes_one_of_the_published_models():
    """From the start page to the downloaded row of "ResNet-50, ecoset, 30 images per class": two clicks and a search."""
    built = books.real()
    n_models = 993 + pd.read_parquet(books.CHECKOUT / "results" / "open" / "scores.parquet")["model_id"].nunique()
    with chromium.browser() as browser:
        page = browser.new_context(accept_downloads=True, viewport={"width": 1200, "height": 900}).new_page()
        page.goto((built.html / "index.html").as_uri())
        page.get_by_role("link", name="Look up any of the models").click()
        page.wait_for_function(
            f"document.querySelector('.vvs-explorer-count')?.innerText.startsWith('{n_models:,} of {n_models:,}')"
        )
        page.get_by_label("Search", exact=True).last.type("ResNet-50, ecoset, 30 images per class")
        page.wait_for_function("document.querySelector('.vvs-explorer-count').innerText.startsWith('1 of')")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        text = Path(download.value.path()).read_text(encoding="utf-8")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["model_id"] == "resnet50_ecoset_30_seed-0"
