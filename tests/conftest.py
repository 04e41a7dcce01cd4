"""One thread, so that the suite is as quick on a busy machine and its sums have one order.

Also the browser that the tests of the page share.
"""

import os
import shutil

import pytest
import torch

torch.set_num_threads(1)

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        sentence = "No Chromium on this machine (Debian: apt-get install chromium)."
        assert not os.environ.get("REQUIRE_BROWSER"), sentence
        pytest.skip(sentence)
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
