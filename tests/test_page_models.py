"""The Models tab in a real headless Chromium, with a Hub on loopback and uploaded files."""

import time
from pathlib import Path

import pytest
import variants
from hub_server import serve
from test_page import PANELS, PATIENCE

from app import build
from cyclegan.page.demo import launch_options

pytestmark = pytest.mark.browser

GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = Path("checkpoints/satellite2map/examples/01-iberia-x.png")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, serve() as server:
        cache = tmp_path_factory.mktemp("hub")
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
        for name, value in server.environment.items():
            patch.setenv(name, value)
        upit = (GOLDEN / "upit_pytorch_model.bin").read_bytes()
        card = b"---\nlicense: bsd-2-clause\n---\nHorses.\n"
        server.add("someone/horses", {"pytorch_model.bin": upit, "README.md": card})
        server.add("someone/gated", {"pytorch_model.bin": upit}, gated=True)
        yield server


@pytest.fixture(scope="module")
def url(hub, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "set"
    for objective in (variants.GAN_IDENTITY, variants.FULL):
        variants.write(folder / objective.slug, objective)
    demo = build([str(folder)])
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    yield address
    demo.close()


@pytest.fixture
def page(browser, url):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.get_by_role("tab", name="Models").click()
    page.wait_for_selector("#shelf .card")
    yield page
    page.close()


def name(page, text):
    page.locator("#model-name textarea, #model-name input").first.fill(text)
    page.locator("#open-model").click()


def titles(page):
    return page.locator("#shelf h3").all_inner_texts()


def test_a_hub_repo_arrives_with_progress_and_translates(page, hub):
    hub.bandwidth = 300_000
    name(page, "someone/horses")
    bar = page.locator("#opening-status progress[max]")
    bar.wait_for()
    seen = set()
    while bar.count() and len(seen) < 3:
        seen.add(bar.first.get_attribute("value", timeout=2000))
        time.sleep(0.2)
    assert len(seen) >= 3, "the bar moves"
    hub.bandwidth = None
    page.get_by_text("Opened: someone/horses").wait_for()
    card = page.locator("#shelf .card").first
    assert "bsd-2-clause" in card.inner_text() and "8 filters" in card.inner_text()
    assert "no partner trained without the cycle loss" in card.inner_text()
    card.get_by_role("button").click()
    # Nobody reaches the field before the tab is there, a script does.
    page.locator("#upload").wait_for()
    page.locator("#upload input[type=file]").first.set_input_files(EXAMPLE)
    page.wait_for_function(f"document.querySelectorAll('{PANELS}').length === 4")
    assert page.locator("#result h3").first.inner_text().startswith("As published")
    assert "no partner trained" in page.locator("#result .note").inner_text()
    assert page.get_by_role("switch").count() == 0, "nobody knows its objective"
    assert not page.locator("#rows").is_visible()
    page.locator("#chosen-set input").click()
    page.get_by_role("option").first.click()
    page.get_by_role("switch", name="without cycle loss").wait_for()


def test_a_second_visitor_finds_it_in_the_cache(page, hub):
    name(page, "someone/horses")
    page.get_by_text("Opened: someone/horses").wait_for()
    before = len(hub.downloads)
    started = time.perf_counter()
    name(page, "someone/horses")
    page.locator("#opening-status progress").wait_for(state="detached")
    assert len(hub.downloads) == before
    assert time.perf_counter() - started < 5


def test_what_a_visitor_opened_is_not_shown_to_another(page, browser, url):
    name(page, "someone/horses")
    page.get_by_text("Opened: someone/horses").wait_for()
    other = browser.new_page()
    other.goto(url)
    other.get_by_role("tab", name="Models").click()
    other.wait_for_selector("#shelf .card", timeout=PATIENCE)
    assert titles(page)[0] == "someone/horses" and "someone/horses" not in titles(other)
    other.close()


def test_a_transfer_can_be_cancelled(page, hub):
    upit = (GOLDEN / "upit_pytorch_model.bin").read_bytes()
    hub.add("someone/slow", {"pytorch_model.bin": upit})
    hub.bandwidth = 30_000
    name(page, "someone/slow")
    page.locator("#opening-status progress[max]").wait_for()
    page.locator("#cancel-model").click()
    page.get_by_text("was stopped").wait_for()
    hub.bandwidth = None
    page.locator("#open-model:not([disabled])").wait_for()
    assert "someone/slow" not in titles(page)
    name(page, "someone/slow")
    page.get_by_text("Opened: someone/slow").wait_for()


@pytest.mark.parametrize(
    "text, words",
    [
        ("someone/gated", "gated"),
        ("someone/nothing", "no model repo"),
        ("/etc/passwd", "cannot be opened here"),
        ("../../etc", "cannot be opened here"),
        ("", "Name a model, or choose a file."),
    ],
)
def test_a_bad_name_is_answered_with_a_sentence(page, text, words):
    name(page, text)
    failed = page.locator("#opening-status .failed")
    failed.wait_for()
    assert words in failed.inner_text()
    assert "/" not in text or "root" not in failed.inner_text()


def test_an_uploaded_generator_shows_what_it_can(page):
    page.locator("#model-files input[type=file]").set_input_files(GOLDEN / "latest_net_G_A.pth")
    page.get_by_label("X", exact=True).fill("horse")
    page.get_by_label("Y", exact=True).fill("zebra")
    page.get_by_label("Trained at, px").fill("128")
    page.locator("#model-files").get_by_text("latest_net_G_A.pth").or_(
        page.locator("#model-files .file-preview")
    ).first.wait_for()
    page.locator("#open-model").click()
    page.get_by_text("One generator alone").first.wait_for()
    card = page.locator("#shelf .card").first.inner_text()
    assert "horse → zebra" in card and "128 px" in card
    said = [page.get_by_label(name, exact=True) for name in ("X", "Y", "Trained at, px")]
    assert [field.input_value() for field in said] == ["", "", ""], "of the next nothing is said"
    page.locator("#shelf .card button").first.click()
    page.locator("#upload").wait_for()
    page.locator("#upload input[type=file]").first.set_input_files(EXAMPLE)
    page.wait_for_function(f"document.querySelectorAll('{PANELS}').length === 2")
    assert page.locator("#direction label").count() == 1
    assert page.get_by_text("needs F, which this model lacks").count() == 2


def test_a_size_that_nobody_said_is_not_said(page):
    assert page.get_by_label("Trained at, px").input_value() == ""
    assert "taken to be the paper's, 256 pixels" in page.locator(".hint").all_inner_texts()[-1]
    page.locator("#model-files input[type=file]").set_input_files(GOLDEN / "latest_net_G_B.pth")
    page.locator("#model-files .file-preview").wait_for()
    page.locator("#open-model").click()
    page.get_by_text("One generator alone").first.wait_for()
    card = page.locator("#shelf .card").first.inner_text()
    assert "not said, taken to be 256 px" in card


def test_a_bad_file_is_answered_with_a_sentence(page, tmp_path):
    bad = tmp_path / "weights.pth"
    bad.write_bytes((GOLDEN / "latest_net_G_A.pth").read_bytes()[:3000])
    page.locator("#model-files input[type=file]").set_input_files(bad)
    page.locator("#model-files .file-preview").wait_for()
    page.locator("#open-model").click()
    failed = page.locator("#opening-status .failed")
    failed.wait_for()
    assert "weights.pth" in failed.inner_text() and "cut short" in failed.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(browser, url, scheme):
    phone = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    phone.goto(url)
    phone.get_by_role("tab", name="Models").click()
    phone.wait_for_selector("#shelf .card", timeout=PATIENCE)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()
