"""The Ablation tab in a real headless Chromium, over a laboratory of tiny networks."""

import json
import shutil
from itertools import pairwise

import labs
import pytest
from labs import FIGURES, STEPS
from opened import opened
from test_lab import FIVE, write_run

from cyclegan.page.demo import build_demo, launch_options
from cyclegan.page.lab import REPORT
from cyclegan.page.library import Library

pytestmark = pytest.mark.browser

PATIENCE = 30_000
CELLS = "#lab-grid .cell[data-variant]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a laboratory, and another with runs."""
    folder = tmp_path_factory.mktemp("page")
    labs.write_all(folder / "sets" / "lab")
    report = folder / "sets" / "lab" / REPORT
    values = json.loads(report.read_text())
    values["variants"][0]["settings"] = {"norm": "each channel over a batch, " * 9}
    report.write_text(json.dumps(values))
    write_run(folder / "runs" / "horses" / "gan")
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with opened(build_demo(Library([folder / "sets"]), run_roots=[folder / "runs"])) as address:
        yield address


HEAR = """
window.heard = '';
const ask = window.fetch;
window.fetch = async (...how) => {
  const answer = await ask(...how);
  const reader = answer.clone().body?.getReader(), decoder = new TextDecoder();
  const hear = () => reader.read().then(({done, value}) => {
    if (value) window.heard += decoder.decode(value, {stream: true});
    if (!done) hear();
  }, () => {});
  if (reader) hear();
  return answer;
};
"""
"""Keeps all that the server answers, streams included."""


def visit(browser, url, query="", **settings):
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **settings})
    page.set_default_timeout(PATIENCE)
    page.asked, page.mistakes = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.add_init_script(HEAR)
    page.goto(url + query)
    page.get_by_role("tab", name="Ablation").click()
    return page


@pytest.fixture
def page(browser, url):
    """A visitor with all of the tab in sight."""
    page = visit(browser, url)
    page.wait_for_selector(f"{CELLS} img")
    yield page
    assert not page.mistakes
    page.close()


def wait_for_cells(page, names):
    page.wait_for_function(
        "([cells, names]) => [...document.querySelectorAll(cells)]"
        ".map(cell => cell.dataset.variant).join() === names.join()",
        arg=[CELLS, names],
    )


def column(page, number, table=".calm"):
    """What the table's cells of one column say, from above."""
    cells = page.locator(f"#lab-table {table} tbody tr > :nth-child({number + 1})")
    return cells.all_inner_texts()


def test_the_tab_opens_with_everything_and_calls_nobody(page, url):
    wait_for_cells(page, FIVE)
    assert page.locator("#lab-grid img").count() == 2 + 2 * len(FIVE)
    assert len(column(page, 0)) == len(FIVE)
    assert page.locator("#lab-plot canvas, #lab-plot svg").count() >= 1
    assert page.locator("#lab-film .strip").count() == 2
    assert "1703.10593" in page.locator("#lab-paper").inner_text()
    assert not page.locator("#cover").is_visible()
    assert all(asked.startswith((url, "data:", "blob:")) for asked in page.asked)


def test_what_a_row_changes_leaves_room_for_its_figures(page):
    """However much it is in words."""
    assert "each channel" in column(page, 0)[0]
    table, last = "#lab-table .wide >> nth=0", "#lab-table .calm tbody tr >> nth=0 >> td"
    room = page.locator(table).bounding_box()
    cell = page.locator(last).last.bounding_box()
    assert cell["x"] + cell["width"] <= room["x"] + room["width"] + 1


def test_groups_add_their_objectives_to_the_grid(page):
    page.get_by_label("the same with identity").click()
    wait_for_cells(page, [*FIVE, "cyclegan-identity"])
    page.get_by_label("others").click()
    page.get_by_label("the paper's five").click()
    wait_for_cells(page, ["cyclegan-identity", "pix2pix"])


def test_an_example_changes_every_cell_and_the_direction_the_table_too(page):
    images = "[...document.querySelectorAll('#lab-grid img')].map(image => image.src)"
    before = page.evaluate(images)
    page.locator("#lab-examples button").nth(1).click()
    page.wait_for_function(f"!{images}.includes('{before[0]}')")
    after = page.evaluate(images)
    assert len(before) == len(after) and not set(before) & set(after)
    assert "sea IoU" in page.locator("#lab-table").inner_text()
    page.locator("#lab-direction label").nth(1).click()
    page.wait_for_function("!document.querySelector('#lab-table').innerText.includes('sea IoU')")
    page.wait_for_function(f"{images}[0] === '{after[1]}'")
    assert page.evaluate(images)[:2] == [after[1], after[0]]


def test_an_example_is_kept_from_tab_to_tab_and_back(page):
    def is_chosen(where, number):
        button = page.locator(f"{where} button").nth(number)
        page.wait_for_function(
            "button => button.ariaPressed === 'true'", arg=button.element_handle()
        )

    def choose(where, number):
        page.locator(f"{where} button").nth(number).click()
        is_chosen(where, number)

    def go(tab):
        page.get_by_role("tab", name=tab).click()

    is_chosen("#lab-examples", 0)
    choose("#lab-examples", 1)
    go("Translate")
    is_chosen("#examples", 1)
    choose("#examples", 0)
    before = page.locator("#lab-grid img").first.get_attribute("src")
    go("Ablation")
    is_chosen("#lab-examples", 0)
    page.wait_for_function(
        "before => {const image = document.querySelector('#lab-grid img');"
        " return image && image.src !== before}",
        arg=before,
    )
    # It is handed over once: a choice made since stands, whatever tab was looked at.
    choose("#lab-examples", 1)
    go("Translate")
    is_chosen("#examples", 1)
    choose("#examples", 0)
    go("Models")
    go("Translate")
    page.wait_for_timeout(1500)
    is_chosen("#examples", 0)


def test_the_table_sorts_on_a_click_and_by_keyboard(page):
    """The calm one, and all of it, each on its own."""
    asked = len(page.asked)
    titles = column(page, 0)
    page.locator("details.all summary").press("Enter")
    assert len(column(page, 0, ".all")) == len(FIGURES)
    for table, place in ((".calm", 2), (".all", 3)):
        head = page.locator(f"#lab-table {table} th[aria-sort]").nth(place)
        assert "cycle error" in head.inner_text()
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        errors = [float(text.split()[0]) for text in column(page, place, table)]
        assert errors == sorted(errors) and "Cycle alone" in column(page, 0, table)[0]
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == "descending"
        assert column(page, 0, table)[0] == "GAN alone"
    page.locator("#lab-table .calm th button").first.click()
    assert column(page, 0) == titles and column(page, 0, ".all")[0] == "GAN alone"
    assert len(page.asked) == asked, "sorting asks nobody"


def test_the_slider_changes_both_films_without_a_request(page):
    sights = "#lab-film .strip img:not([hidden])"
    alts = lambda: [image.get_attribute("alt") for image in page.query_selector_all(sights)]  # noqa: E731
    assert alts() == ["GAN alone, step 300", "CycleGAN, step 300"]
    asked = len(page.asked)
    slider = page.locator("#lab-film input[type=range]")
    slider.fill("0")
    assert alts() == ["GAN alone, step 100", "CycleGAN, step 100"]
    assert page.locator("#lab-film output").inner_text() == "step 100"
    figures = page.locator("#lab-film .strip .figure:visible").all_inner_texts()
    assert len(figures) == 2 and figures[0] != figures[1]
    slider.press("ArrowRight")
    assert alts()[0].endswith("step 200")
    slider.fill("0")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        f"document.querySelector('#lab-film output').innerText === 'step {STEPS[-1]}'"
    )
    page.get_by_role("button", name="Play").wait_for()
    assert [a for a in page.asked[asked:] if not a.startswith("data:")] == []


def test_other_rivals_and_other_curves_can_be_chosen(page):
    page.locator("#lab-first input").click()
    page.get_by_role("option", name="Cycle alone", exact=True).click()
    page.wait_for_selector("#lab-film img[alt='Cycle alone, step 300']")
    page.locator("#lab-what input").click()
    page.get_by_role("option", name="GAN term of G").click()
    page.wait_for_function(
        "document.querySelector('#lab-plot').innerHTML.includes('GAN term of G')"
    )
    page.locator("#lab-rows input").click()
    page.get_by_role("option", name="Paired (pix2pix)").click()
    page.wait_for_function(
        "document.querySelector('#lab-plot svg').textContent.includes('Paired (pix2pix)')"
    )
    assert "Paired (pix2pix)" in page.locator("#lab-key").inner_text()


def test_a_prediction_comes_before_any_result(browser, url):
    """No figure reaches the browser before, neither on the page nor in an answer."""
    page = visit(browser, url, "?predict")
    page.wait_for_selector("#expected input")
    page.wait_for_timeout(1000)
    heard = page.evaluate("window.heard")
    assert "GAN alone" in heard, "answers are heard"
    heard += page.content()
    for name in ("sea_iou", "data-value", "data:image/webp", "± ", "46.0", "0.550"):
        assert name not in heard
    assert page.locator("#lab-table td, #lab-grid img, #lab-film img").count() == 0
    assert not page.locator("#lab").is_visible() and not page.locator("#runs").is_visible()
    assert page.locator("#expected label").count() == len(FIVE)
    button = page.locator("#reveal")
    assert button.is_disabled()
    page.locator("#expected label").nth(1).click()
    page.locator("#fault label").nth(2).click()
    page.wait_for_selector("#reveal:not([disabled])")
    button.click()
    page.wait_for_selector(f"{CELLS} img")
    words = page.locator("#lab-verdict").inner_text()
    assert "Right, in both seeds." in words and "cycle error above 25.0, half the" in words
    assert "cycle error 46.0 and 46.0" in words and "CycleGAN\nit does not fail" in words
    assert len(column(page, 0)) == len(FIVE)
    assert "data:image/webp" in page.evaluate("window.heard"), "it would have been heard before"
    # Covered once more, all of it leaves the page.
    page.get_by_label("Predict first").click()
    page.wait_for_selector("#cover")
    page.wait_for_function("!document.querySelector('#lab-table td, #lab-grid img, #lab-film img')")
    assert page.locator(".reveal").count() == 0 and page.locator("#reveal").is_disabled()
    assert not page.mistakes
    page.close()


def test_runs_are_shown_and_read_again(page, folder):
    page.get_by_role("button", name="Runs").click()
    page.get_by_text("step 300 of 1,000").wait_for()
    page.wait_for_selector("#run-plot canvas, #run-plot svg")
    line = {"step": 500, "seconds_per_step": 0.5, "terms": {"gan_G": 0.1}}
    log = folder / "runs" / "horses" / "gan" / "log.jsonl"
    log.write_text(log.read_text() + "\n" + json.dumps(line) + "\n")
    page.get_by_role("button", name="Refresh").click()
    page.get_by_text("step 500 of 1,000").wait_for()


AUDIT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => below.map((v, i) => top[i] * top[3] + v * (1 - top[3]));
  const paper = (node) => {
    const found = [];
    for (let n = node; n; n = n.parentElement) {
      found.unshift(rgba(getComputedStyle(n).backgroundColor));
    }
    return found.reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255).map(
      (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const seen = (node) => node.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const tab = document.querySelector('#lab-head').closest('[role=tabpanel]');
  const words = document.createTreeWalker(tab, NodeFilter.SHOW_TEXT);
  const found = {small: [], faint: [], identifiers: []};
  while (words.nextNode()) {
    const text = words.currentNode.textContent.trim(), node = words.currentNode.parentElement;
    if (!text || node.closest('svg, button:disabled') || !seen(node)) continue;
    const style = getComputedStyle(node), below = paper(node);
    const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
    if (parseFloat(style.fontSize) < 13) found.small.push(text);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.faint.push(text);
    if (/\\b[a-z]+_[a-z0-9_]+\\b/.test(text)) found.identifiers.push(text);
  }
  const heads = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(seen);
  found.levels = heads.map((head) => Number(head.tagName[1]));
  const named = (node) => node.ariaLabel || node.innerText || node.title
    || node.querySelector('img[alt]') || [...(node.labels || [])].some((l) => l.innerText);
  const controls = [...tab.querySelectorAll('input, button, summary')].filter(seen);
  found.nameless = controls.filter((one) => !named(one)).map((one) => one.outerHTML);
  return found;
}"""
"""What is small, faint or an identifier among the words in sight; levels of headings; controls
without a name."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_and_work_it(browser, url, scheme):
    """Covered, revealed and opened."""
    page = visit(browser, url, "?predict", color_scheme=scheme)
    page.wait_for_selector("#expected input")
    found = [page.evaluate(AUDIT)]
    page.locator("#expected label").nth(4).click()
    page.locator("#fault label").last.click()
    page.wait_for_selector("#reveal:not([disabled])")
    page.locator("#reveal").click()
    page.wait_for_selector(f"{CELLS} img")
    page.locator("details.all summary").press("Enter")
    found.append(page.evaluate(AUDIT))
    for state in found:
        levels = state.pop("levels")
        assert levels[0] == 1
        assert all(b <= a + 1 for a, b in pairwise(levels)), levels
        assert state == {"small": [], "faint": [], "identifiers": [], "nameless": []}
    summary = page.locator("details.all summary")
    summary.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert summary.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(browser, url, scheme):
    phone = visit(browser, url, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    phone.wait_for_selector(f"{CELLS} img")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [box.bounding_box() for box in phone.locator("#lab-grid .cell").all()[:3]]
    assert boxes[0]["y"] == boxes[1]["y"] < boxes[2]["y"], "two a line"
    wide = "node => node.scrollWidth - node.clientWidth"
    assert phone.locator("#lab-table .wide").first.evaluate(wide) == 0, "all of the calm table"
    phone.close()


def test_without_a_laboratory_the_tab_says_how_to_make_one(browser, folder, tmp_path):
    labs.write_all(tmp_path / "plain")
    (tmp_path / "plain" / "report" / "report.json").unlink()
    demo = build_demo(Library([tmp_path]), run_roots=[folder / "runs"])
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    page = visit(browser, address)
    page.get_by_text("python -m cyclegan.ablation run").wait_for()
    page.get_by_role("button", name="Runs").click()
    page.get_by_text("of 1,000").wait_for()
    page.close()
    demo.close()


def test_a_damaged_report_is_a_sentence(browser, tmp_path):
    labs.write_all(tmp_path / "lab")
    (tmp_path / "lab" / "report" / "report.json").write_text('{"variants": ')
    demo = build_demo(Library([tmp_path]))
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    page = visit(browser, address)
    page.get_by_text("report.json cannot be read").wait_for()
    page.close()
    demo.close()


def test_groups_of_which_no_networks_are_kept_are_not_offered(browser, tmp_path):
    """Their figures are there all the same."""
    labs.write_all(tmp_path / "sets" / "lab")
    shutil.rmtree(tmp_path / "sets" / "lab" / "pix2pix")
    with opened(build_demo(Library([tmp_path / "sets"]))) as address:
        page = visit(browser, address)
        page.wait_for_selector(f"{CELLS} img")
        offered = page.locator("#lab-groups label").all_inner_texts()
        assert offered == ["the paper's five", "the same with identity"]
        page.locator("details.all summary").press("Enter")
        assert any("Paired" in title for title in column(page, 0, ".all"))
        page.close()
