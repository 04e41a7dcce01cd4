"""One thread, so that the suite is as quick on a busy machine and its sums have one order.

Also the browser that the tests of the page share, and a lesson and a method of somebody else's.
"""

import importlib
import os
import shutil
import sys

import pytest
import torch

from cyclegan import lessons
from cyclegan.core.config import OBJECTIVES
from cyclegan.methods import shelf

torch.set_num_threads(1)

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
TRAINING = (
    *("test_live", "test_page_film"),
    *("test_page_train", "test_page_train_speakers", "test_page_train_voices"),
)
"""Files whose tests start processes that train. These step aside for whatever else runs, so that
beside a second process of tests they would stand still."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem in TRAINING:
            item.add_marker(pytest.mark.training)


FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    # A webcam that shows a green field, and a visitor who lets the page use it.
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]


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


@pytest.fixture
def toys(monkeypatch):
    """`toy_lesson` and `toy_method` on the shelves, for one test."""
    for registry in (lessons._SHELF, shelf._SHELF):
        monkeypatch.setattr(registry, "_known", dict(registry._known))
    monkeypatch.setitem(OBJECTIVES, "sketch", None)
    for name in ("toy_method", "toy_lesson"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.import_module(name)
    yield lessons.find("tones")
    for name in ("toy_method", "toy_lesson"):
        sys.modules.pop(name, None)
