"""Debian's Chromium for the tests that look at pages."""

import shutil
from contextlib import contextmanager

import pytest

PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--disable-component-update")

needed = pytest.mark.skipif(PATH is None, reason="chromium not found: apt-get install chromium")
"""Skips a test where there is no Chromium."""


@contextmanager
def browser():
    """A browser without a window, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=PATH, args=list(FLAGS))
        yield opened
        opened.close()
