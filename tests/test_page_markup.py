"""A stranger's set in a real headless Chromium: whatever its files say, no script runs."""

import json
import os
from dataclasses import replace

import labs
import pytest
from test_page import PANELS, PATIENCE
from tiny import noise
from variants import FULL, GAN, write

from cyclegan.core.config import Domains
from cyclegan.page.demo import build_demo, launch_options
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

pytestmark = pytest.mark.browser


def bait(name: str) -> str:
    """Markup that would tell of itself, by several ways; `name` says from where it came."""
    tell = f"(window.pwned = window.pwned || []).push(`{name}`)"
    return f'<i class="bait"></i><img src=x onerror="{tell}"><svg onload="alert(1)"> {name}'


def poison(folder, objective, seed):
    """A checkpoint whose every word is bait, and whose numbers are too."""
    write(folder, objective, seed=seed)
    config = checkpoints.read_config(folder)
    facts = {**config.facts, "notes": [bait("note")]}
    config = replace(config, domains=Domains(bait("X"), bait("Y")), facts=facts)
    (folder / checkpoints.CONFIG).write_text(json.dumps(config.to_dict()), encoding="utf-8")
    figures = {"cycle_error": 3.25, "rmse": bait("rmse"), bait("key"): 1.5}
    metrics = {"pairs": bait("pairs"), "items": bait("items"), "size": bait("size"), "G": figures}
    (folder / checkpoints.METRICS).write_text(json.dumps(metrics), encoding="utf-8")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    # Windows allows no tags in names of folders.
    one = folder / ("set" if os.name == "nt" else "<img src=x onerror=alert(2)>")
    poison(one / "full", FULL, 0)
    poison(one / "gan", GAN, 1)
    licence = json.dumps(bait("licence"))
    (one / "README.md").write_text(f"---\nlicense: {licence}\n---\n{bait('README')}\n", "utf-8")
    (one / "examples").mkdir()
    for side in "xy":
        noise(32, 32).save(one / "examples" / f"01-place-{side}.png")
    labs.write_all(folder / "lab")
    path = folder / "lab" / "report" / "report.json"
    values = json.loads(path.read_text())
    for row in values["variants"]:
        row.update(title=bait("title"), terms=bait("terms"), source=bait("source"))
        row["figures"]["G"][bait("key")] = {"mean": 0.5, "spread": 0.1}
    values.update(pairs=bait("pairs"), size=bait("size"), machine=bait("machine"))
    values["paper"]["source"] = bait("paper")
    path.write_text(json.dumps(values), encoding="utf-8")
    return [one, folder / "lab"]


def test_no_script_of_a_set_runs(browser, sets):
    library = Library(sets)
    demo = build_demo(library)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    dialogs, outbound = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: outbound.append(request.url))
    try:
        page.goto(address)
        page.wait_for_selector(PANELS)
        assert "note" in page.locator("#result .note").inner_text()
        for words in ("Look closer", "The objective", "What was measured"):
            page.get_by_text(words, exact=True).click()
        page.wait_for_selector("#close-ups .panels img")
        table = page.locator("#measured").inner_text()
        assert "3.2" in table and bait("key") in table.replace("↓", "").replace("\n", " ")
        assert "pairs" not in table and "rmse" not in table.lower(), "what should be numbers"
        assert bait("X") in page.locator("#result .head").first.inner_text()

        page.get_by_role("tab", name="Ablation").click()
        page.wait_for_selector("#lab-grid .cell[data-variant] img")
        page.wait_for_selector("#lab-film .strip img:not([hidden])")
        assert bait("title") in page.locator("#lab-table").inner_text()

        page.get_by_role("tab", name="Train").click()
        page.get_by_role("tab", name="Models").click()
        page.wait_for_selector("#shelf .card")
        shelf = page.locator("#shelf").inner_text()
        assert bait("licence") in shelf and bait("X") in shelf and bait("note") in shelf
        name = bait("name")
        page.locator("#model-name textarea, #model-name input").first.fill(name)
        page.locator("#open-model").click()
        page.locator("#opening-status .failed").wait_for()
        assert "cannot be opened here" in page.locator("#opening-status").inner_text()

        assert page.locator(".bait, svg[onload], img[src=x]").count() == 0, "words became markup"
        assert page.evaluate("window.pwned") is None and not dialogs
        assert not [url for url in outbound if not url.startswith((address, "data:", "blob:"))]
        assert not [url for url in outbound if url.endswith("/x")]
    finally:
        page.close()
        demo.close()


def test_an_error_over_the_page_is_only_words(browser, sets, monkeypatch):
    """Gradio shows such a sentence as HTML, without scripts but with pictures and links."""
    library = Library(sets)
    demo = build_demo(library)

    def fail(*_):
        raise checkpoints.CheckpointError(bait("error"))

    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    try:
        page.goto(address)
        page.wait_for_selector(PANELS)
        monkeypatch.setattr(Library, "translate_example", fail)
        monkeypatch.setattr(Library, "remembers", lambda *_: False)
        page.locator("#direction label").nth(1).click()
        said = page.get_by_test_id("toast-text")
        said.wait_for()
        assert said.inner_text() == bait("error")
        assert page.locator(".bait").count() == 0 and page.evaluate("window.pwned") is None
    finally:
        page.close()
        demo.close()
