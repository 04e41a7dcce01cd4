"""What axe-core finds on the page by the WCAG 2.1, levels A and AA, in a real headless Chromium.

Held against a bare page of the same kinds of components, which is made here: what axe finds on a
component of the library as it comes is the library's, all else is ours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr
import pytest
from live_root import directing
from opened import opened
from test_page import PANELS, PATIENCE

from cyclegan.page.demo import build_demo
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = pytest.mark.browser

PRACTICE = ("heading-order", "page-has-heading-one", "landmark-one-main", "region", "empty-heading")

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    # Good practice, and not the guidelines': who listens finds his way by headings and landmarks.
    "rules": {name: {"enabled": True} for name in PRACTICE},
    "resultTypes": ["violations"],
}


@dataclass(frozen=True)
class Finding:
    """rule: axe's name of it. kind: of the element, by its tag, its role and the library's classes.
    is_ours: whether it stands in markup of this page. html, why: for whoever has to mend it."""

    rule: str
    kind: str
    is_ours: bool
    html: str
    why: str


KIND = """([targets, own]) => targets.map((target) => {
  const element = document.querySelector(target);
  if (!element) return ['', false];
  const classes = [...element.classList].filter((name) => !name.startsWith('svelte-')).sort();
  const role = element.getAttribute('role') || element.type || '';
  return [[element.localName, role, ...classes].join('.'), Boolean(element.closest(own))];
})"""


def findings(page, own: str) -> list[Finding]:
    """own: selector of what holds this page's own markup."""
    found = axe.Axe().run(page, options=OPTIONS).response["violations"]
    nodes = [(rule, node) for rule in found for node in rule["nodes"]]
    kinds = page.evaluate(KIND, [[node["target"][0] for _, node in nodes], own])
    return [
        Finding(rule["id"], kind, is_ours, node["html"][:200], node.get("failureSummary", ""))
        for (rule, node), (kind, is_ours) in zip(nodes, kinds, strict=True)
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch, directing(root, patch) as director:
        library = Library([checkpoints.BUNDLED])
        yield build_demo(library, desk=Desk(House(private=True)), director=director)


@pytest.fixture(scope="module")
def url(demo):
    with opened(demo) as address:
        yield address


def bare_components(demo: gr.Blocks) -> Iterator[tuple[type, dict]]:
    """A class and options for every kind that the page has, of what is seen of it."""
    seen = {type(block) for block in demo.blocks.values()}
    words = {"label": "A name"}
    for kind in sorted(seen, key=lambda one: one.__name__):
        if kind in (gr.Radio, gr.CheckboxGroup):
            yield kind, {"choices": ["one", "two"], **words}
        elif kind is gr.Dropdown:
            yield kind, {"choices": ["one", "two"], **words}
            yield kind, {"choices": ["one", "two"], "multiselect": True, "value": ["one"], **words}
        elif kind in (gr.Button, gr.Markdown):
            yield kind, {"value": "Words"}
        elif kind is gr.Image:
            yield kind, {"sources": ["upload", "clipboard", "webcam"], **words}
        elif kind is gr.File:
            yield kind, {"file_count": "multiple", **words}
        elif issubclass(kind, gr.components.Component) and kind not in HIDDEN:
            yield kind, words


HIDDEN = {gr.State, gr.BrowserState, gr.Timer, gr.HTML, gr.LinePlot}
"""What draws nothing, or nothing without values."""


@pytest.fixture(scope="module")
def of_the_library(browser, demo) -> set[tuple[str, str]]:
    """Rules and kinds of elements of what axe finds on a bare page, light and dark."""
    with gr.Blocks() as bare, gr.Tabs():
        with gr.Tab("One"):
            for kind, options in bare_components(demo):
                kind(**options)
            with gr.Accordion("Opened"):
                gr.Markdown("Words.")
        with gr.Tab("Two"):
            gr.Markdown("Words.")
    _, address, _ = bare.launch(
        prevent_thread_lock=True, quiet=True, footer_links=["api", "gradio"]
    )
    found = set()
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
        page.goto(address)
        page.get_by_label("A name").first.wait_for(timeout=PATIENCE)
        # Of what is in it: a bare page as such has no heading, and need not.
        found |= {
            (one.rule, one.kind)
            for one in findings(page, "#none")
            if not one.kind.startswith(("html", "body"))
        }
        page.close()
    bare.close()
    return found


def show_all(page, tab: str) -> None:
    """All that a tab shows at once."""
    page.get_by_role("tab", name=tab, exact=True).click()
    if tab == "Translate":
        for words in ("Look closer", "Inside G", "The objective", "What was measured"):
            page.get_by_text(words, exact=True).click()
        page.wait_for_selector("#close-ups .chart")
        page.wait_for_selector("#insides .maps")
        page.locator("#ladder button").first.click()
        page.wait_for_selector("#rungs .plane")
        page.wait_for_selector("#measured table")
    if tab == "Film":
        page.get_by_label("Film", exact=True).click()
        page.get_by_role("option", name="Your own film").click()
        page.locator("#film-file").wait_for()
    if tab == "Ablation":
        page.wait_for_selector("#lab-grid .cell[data-variant] img")
        page.wait_for_selector("#lab-film .strip img:not([hidden])")
    if tab == "Train":
        page.locator("#recipe").wait_for()
        page.get_by_role("button", name="Networks and length").click()
    if tab == "Models":
        page.wait_for_selector("#shelf .card")
    page.wait_for_timeout(500)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
@pytest.mark.parametrize("tab", ["Translate", "Film", "Ablation", "Train", "Models"])
def test_axe_finds_only_what_is_the_librarys(browser, url, of_the_library, tab, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(PANELS)
    show_all(page, tab)
    found = findings(page, ".html-container")
    page.close()
    check(found, of_the_library)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
@pytest.mark.parametrize("name", ["emoji-from-noise", "glasses", "digits-cycada"])
def test_axe_finds_nothing_where_noise_is_turned(browser, url, of_the_library, name, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}?lesson={name}")
    page.locator("#result input[type=range]").first.wait_for()
    page.get_by_text("What was measured", exact=True).click()
    page.wait_for_selector("#measured table")
    page.wait_for_timeout(500)
    found = findings(page, ".html-container")
    page.close()
    check(found, of_the_library)


def check(found: list[Finding], of_the_library: set[tuple[str, str]]) -> None:
    ours = [one for one in found if one.is_ours or (one.rule, one.kind) not in of_the_library]
    known = ", ".join(
        sorted({f"{rule} on {re.sub(r'[.]+', '.', kind)}" for rule, kind in of_the_library})
    )
    told = "\n".join(f"{one.rule}: {one.html}\n  {one.kind}\n  {one.why}" for one in ours)
    assert not ours, f"{told}\n\nOf the library's own, and left out: {known}"


@pytest.fixture
def page(browser, url):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(PANELS)
    yield page
    page.close()


LOOK = """(element) => {
  const seen = [];
  for (let one = element, n = 0; one && n < 7; one = one.parentElement, n++) {
    const {outline, boxShadow, borderColor} = getComputedStyle(one);
    seen.push(outline, boxShadow, borderColor);
  }
  return seen.join();
}"""


@pytest.mark.parametrize("tab", ["Translate", "Film", "Ablation", "Train", "Models"])
def test_whoever_goes_by_keyboard_sees_where_he_is(page, tab):
    """What has the focus looks other than before, by itself or by its frame."""
    show_all(page, tab)
    page.get_by_role("tab", name=tab, exact=True).focus()
    stops, last = 0, None
    for _ in range(50):
        page.keyboard.press("Tab")
        page.wait_for_timeout(200)  # The frames of the library's fields fade.
        if last:
            element, name, with_focus = last
            assert element.evaluate(LOOK) != with_focus, name
            stops += 1
        element = page.evaluate_handle("document.activeElement").as_element()
        name = element.evaluate("element => element.outerHTML.slice(0, 200)")
        if name.startswith("<body"):
            break
        last = element, name, element.evaluate(LOOK)
    assert stops > 8


def test_arrow_keys_move_among_tabs_and_choices(page):
    page.get_by_role("tab", name="Translate").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent").strip() == "Film"
    page.keyboard.press("ArrowLeft")
    page.locator("#direction input").first.focus()
    before = page.locator("#result img").first.get_attribute("src")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "before => document.querySelector('#result img').src !== before", arg=before
    )
    assert page.locator("#direction input").nth(1).is_checked()


def test_the_outcome_is_read_out_and_not_the_markup(page):
    region = page.locator("#results [aria-live=polite]")
    assert region.inner_text() == "", "nothing at the start, where it is read anyway"
    page.locator("#examples button").nth(3).press("Enter")
    page.wait_for_function(
        "() => document.querySelector('#results [aria-live=polite]').textContent.length > 20"
    )
    assert region.text_content() == page.locator("#result .verdict").text_content()
    assert region.locator("*").count() == 0
    assert page.evaluate("document.documentElement.lang") != ""
