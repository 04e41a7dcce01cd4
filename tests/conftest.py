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
LONGEST = ("test_live", "test_trainer", "test_page_train", "test_ranks")
"""Files that take longest: they begin, the ones with training processes after each other in one of
two processes, so that the rest finds its place beside them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


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
