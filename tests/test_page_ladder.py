"""The ladder in a real headless Chromium: found, turned up and down by hand and by keyboard, and
read out."""

import pytest
from ladders import LAMBDAS, examples, ladder, samples
from opened import opened
from test_ladders import PEAK
from test_page import PANELS, PATIENCE
from test_page_axe import findings
from tiny import config
from variants import FULL, GAN, write

from cyclegan.page.demo import build_demo
from cyclegan.page.library import Library

pytestmark = pytest.mark.browser

ANSWERED = 100
"""Milliseconds after which whoever moves a slider sees that something lags."""

DRAG = """async ([value, isOver]) => {
  const range = document.querySelector('.ladder input');
  const fire = (kind, name) => range.dispatchEvent(new kind(name, {bubbles: true}));
  const started = performance.now();
  fire(PointerEvent, 'pointerdown');
  range.value = value;
  fire(Event, 'input');
  if (isOver) { fire(PointerEvent, 'pointerup'); fire(Event, 'change'); }
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""
"""What a browser does while a thumb is held at a place, and when it is let go of there."""

SEEN = """() => [...document.querySelectorAll('.ladder .stack')].map((stack) =>
  [...stack.children].map((image) => image.hidden ? 0 : Number(image.style.opacity || 1)))"""

SPOT = """() => {
  const {points} = document.querySelector('.ladder .way');
  const dot = document.querySelector('.ladder .dot.now').getAttribute('d');
  return [[...points].map(({x, y}) => [x, y]), dot.match(/[\\d.]+/g).slice(0, 2).map(Number)];
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A page over a set with a ladder, and over one of another lesson without."""
    folder = tmp_path_factory.mktemp("library")
    for seed, (name, data) in enumerate({"drawings": "drawing", "others": "emoji"}.items()):
        write(folder / name / "full", config(FULL, data=data), seed=seed)
        write(folder / name / "gan", config(GAN, data=data), seed=3)
        examples(folder / name)
    rungs = ladder(folder / "ladders" / "cycle", PEAK)
    for value in LAMBDAS:
        samples(rungs / f"{value:g}", 100, (200, 0, 0))
    with opened(build_demo(Library([folder]))) as address:
        yield address


@pytest.fixture
def page(browser, url):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    mistakes = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(url)
    page.wait_for_selector(PANELS)
    yield page
    page.close()
    assert not mistakes


def climb(page) -> None:
    """Open it by what leads there from the first screen."""
    button = page.get_by_role("button", name="λ 0 to 10").first
    assert button.evaluate("e => e.getBoundingClientRect().bottom < innerHeight")
    button.press("Enter")
    page.wait_for_selector(".ladder .plane")


def slider(page):
    return page.get_by_role("slider", name="λ, the weight of the cycle loss")


def told(page) -> str:
    return page.locator(".ladder [role=status]").inner_text()


def settled(page, name: str) -> None:
    page.wait_for_function(
        """name => document.querySelector('.ladder output').textContent === name &&
          [...document.querySelectorAll('.ladder .stack')].every((stack) =>
            [...stack.children].filter((image) => !image.hidden).length === 1)""",
        arg=name,
    )


def test_arrow_keys_go_from_rung_to_rung(page):
    climb(page)
    assert "F(G(x)) comes nearer to x" in page.locator(".ladder .verdict").text_content()
    slider(page).focus()
    for key, name, figures in (
        ("ArrowRight", "λ 0.1", "cycle error 20.0, silhouette IoU 0.840"),
        ("ArrowRight", "λ 10", "cycle error 8.0, silhouette IoU 0.600"),
        ("ArrowRight", "λ 10", "cycle error 8.0"),
        ("ArrowLeft", "λ 0.1", "cycle error 20.0"),
        ("Home", "λ 0", "cycle error 60.0"),
        ("End", "λ 10", "cycle error 8.0"),
        ("ArrowDown", "λ 0.1", "cycle error 20.0"),
    ):
        page.keyboard.press(key)
        settled(page, name)
        assert slider(page).get_attribute("aria-valuetext") == name
        assert f"{name}: {figures}" in told(page)
        seen = page.locator(".ladder .pictures .stack img:not([hidden])")
        assert [one.get_attribute("alt") for one in seen.all()] == [
            f"G(x), {name}",
            f"F(G(x)), {name}",
        ]
        way, dot = page.evaluate(SPOT)
        assert dot == pytest.approx(way[["λ 0", "λ 0.1", "λ 10"].index(name)])


def test_two_quick_presses_are_two_rungs(page):
    climb(page)
    slider(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    settled(page, "λ 10")


def test_it_opens_when_its_part_of_the_page_comes_later(page):
    page.evaluate(
        """() => {
          const ladder = document.getElementById('ladder'), {parentNode, nextSibling} = ladder;
          ladder.remove();
          setTimeout(() => parentNode.insertBefore(ladder, nextSibling), 700);
        }"""
    )
    climb(page)


STEPPED = """async () => {
  const range = document.querySelector('.ladder input'), seen = [];
  range.value = 0.01;
  range.dispatchEvent(new Event('input', {bubbles: true}));
  const shares = () => [...document.querySelector('.ladder .stack').children]
    .map((image) => image.hidden ? 0 : Number(image.style.opacity));
  while (shares()[1] < 1) {
    seen.push(shares()[1]);
    await new Promise(requestAnimationFrame);
  }
  return seen;
}"""
"""How much of the next rung is seen from frame to frame after a key."""


def test_a_key_fades_as_well_unless_the_visitor_wants_no_motion(page):
    climb(page)
    seen = page.evaluate(STEPPED)
    assert 0 < seen[0] < 1 and seen == sorted(seen) and len(seen) > 1
    settled(page, "λ 0.1")
    page.emulate_media(reduced_motion="reduce")
    slider(page).press("Home")
    settled(page, "λ 0")
    assert page.evaluate(STEPPED) == []


def test_between_rungs_pictures_fade_and_the_dot_moves(page):
    climb(page)
    for value in (0.25, 1.5, 1.75):
        assert page.evaluate(DRAG, [value, False]) <= ANSWERED
        lower, share = int(value), value - int(value)
        wanted = [0, 0, 0]
        wanted[lower], wanted[lower + 1] = 1, share
        assert all(seen == pytest.approx(wanted) for seen in page.evaluate(SEEN))
        way, dot = page.evaluate(SPOT)
        between = [a + share * (b - a) for a, b in zip(way[lower], way[lower + 1], strict=True)]
        assert dot == pytest.approx(between, abs=0.01)
    page.evaluate(DRAG, [1.75, True])
    settled(page, "λ 10")
    assert slider(page).input_value() == "2"


def test_another_picture_stays_on_its_rung(page):
    climb(page)
    slider(page).focus()
    page.keyboard.press("End")
    settled(page, "λ 10")
    before = page.locator(".ladder .pictures img").first.get_attribute("src")
    page.locator("#examples button").nth(1).click()
    page.wait_for_function(
        "b => document.querySelector('.ladder .pictures img').src !== b", arg=before
    )
    settled(page, "λ 10")
    assert slider(page).input_value() == "2"
    page.locator("#direction label").nth(1).click()
    page.get_by_text("G(F(y))").last.wait_for()
    page.wait_for_function(
        "document.querySelector('.ladder .verdict').textContent.includes('G(F(y)) comes nearer')"
    )
    settled(page, "λ 10")


def test_where_there_is_no_ladder_nothing_is_said_of_one(page):
    climb(page)
    page.locator("#chosen-set input").click()
    page.get_by_role("option", name="others").click()
    page.wait_for_function("!document.querySelector('#sum button[data-opens]')")
    page.locator("#ladder").wait_for(state="hidden")
    page.locator("#chosen-set input").click()
    page.get_by_role("option", name="drawings").click()
    page.locator("#ladder").wait_for()
    page.wait_for_selector("#sum button[data-opens]")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_it_can_be_read_and_heard(browser, url, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(PANELS)
    page.locator("#sum button[data-opens]").click()
    page.wait_for_selector(".ladder .plane")
    page.wait_for_timeout(500)
    found = [one for one in findings(page, "#rungs, #sum") if one.is_ours]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.close()
    assert not found and overflow <= 0
