"""The lens in a real headless Chromium: what it shows is what the files hold.

On the comparison alone, without the page around it, and once in the page.
"""

import io
from dataclasses import replace

import numpy as np
import pytest
from opened import opened
from PIL import Image
from test_handout import OPTIONS, axe
from test_page import PANELS, PATIENCE
from test_panels import LESSON, TRUTH, flat, heads, row, shown_of
from tiny import noise

from app import build
from cyclegan.core import palette
from cyclegan.page import loop, panels
from cyclegan.page.demo import CSS
from cyclegan.page.markup import script
from cyclegan.store import checkpoints

pytestmark = pytest.mark.browser

ANSWERED = 100
"""Milliseconds after which whoever moves a pointer sees that something lags."""

PAGE = """<!DOCTYPE html><html lang="en"><head><title>A comparison</title><style>{style}</style>
<meta name="viewport" content="width=device-width, initial-scale=1">
</head><body><main><h1>A comparison</h1><div><div id="result"></div></div></main></body></html>"""

LOOK = """async ([image, across, down]) => {
  const {left, top, width, height} = image.getBoundingClientRect();
  const at = {clientX: left + across * width, clientY: top + down * height, bubbles: true};
  const started = performance.now();
  image.dispatchEvent(new PointerEvent('pointermove', {pointerType: 'mouse', ...at}));
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""
"""A pointer at a spot of a picture; milliseconds until it is drawn."""


def made_of(side: bool, seed: int, sizes: dict | None = None):
    """A row of noise, 24 pixels a side unless `sizes` says otherwise."""
    keys = ("original", "made", "back", "same")
    sizes = {key: (24, 24) for key in keys} | (sizes or {})
    views = {key: noise(*sizes[key], seed=seed + i) for i, key in enumerate(keys)}
    views["original"] = noise(*sizes["original"])
    found = row(side)
    return replace(found, made=replace(found.made, views=views))


def drawn(rows, truth: Image.Image | None = TRUTH) -> str:
    shown = shown_of(rows, truth)
    return loop.draw(shown, heads(truth=truth), panels.panels_of(shown, LESSON), LESSON)


def answer(page, html: str) -> None:
    """Another answer in the place of the one before."""
    page.evaluate("html => { document.getElementById('result').innerHTML = html; }", html)
    page.wait_for_function(
        "[...document.querySelectorAll('#result img')].every((image) => image.tabIndex === 0)"
    )


@pytest.fixture(params=[{}])
def page(browser, request):
    settings = {"viewport": {"width": 1280, "height": 800}, **request.param}
    page = browser.new_page(**settings)
    page.set_default_timeout(20_000)
    mistakes = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    sheets = "".join(path.read_text(encoding="utf-8") for path in CSS)
    page.set_content(PAGE.format(style=palette.document_css() + sheets))
    page.add_script_tag(content=script("lens"))
    page.evaluate("lens(document.getElementById('result'))")
    yield page
    page.close()
    assert not mistakes


def picture(page, key: str, number: int = 0):
    return page.locator(f"#result [data-view={key}] img").nth(number)


def look(page, image, across: float, down: float) -> float:
    return page.evaluate(LOOK, [image.element_handle(), across, down])


def values(page, key: str, number: int = 0) -> list[int]:
    box = page.locator(f"#result [data-view={key}] .value").nth(number)
    return [int(n) for n in box.evaluate("e => e.firstChild.data").split()]


ENLARGED = """canvas => ({
  data: [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data],
  shape: [canvas.height, canvas.width, 4],
})"""


def enlarged(page, key: str, number: int = 0) -> np.ndarray:
    found = page.locator(f"#result [data-view={key}] canvas").nth(number).evaluate(ENLARGED)
    return np.reshape(found["data"], found["shape"])


def around(image: Image.Image, left: int, top: int, side: int) -> np.ndarray:
    """A square of a picture with nothing, transparent, beyond its edges."""
    box = (left, top, left + side, top + side)
    return np.asarray(image.convert("RGBA").crop(box)).astype(int)


@pytest.mark.parametrize(("column", "line"), [(12, 7), (0, 23), (22, 1)])
@pytest.mark.parametrize("over", ["original", "back", "truth"])
def test_every_picture_tells_the_same_spot_as_its_file_has_it(page, over, column, line):
    rows, truth = [made_of(True, 10), made_of(False, 20)], noise(24, 24, seed=3)
    answer(page, drawn(rows, truth))
    look(page, picture(page, over), (column + 0.5) / 24, (line + 0.5) / 24)
    for number, one in enumerate(rows):
        for key in ("made", "back", "same"):
            view = one.made.views[key]
            assert values(page, key, number) == list(view.getpixel((column, line)))
            seen = enlarged(page, key, number)
            assert (seen == around(view, column - 5, line - 5, 11)).all()
    assert values(page, "truth") == list(truth.getpixel((column, line)))
    assert values(page, "original") == list(rows[0].made.views["original"].getpixel((column, line)))
    picture(page, over).hover()
    page.mouse.move(2, 2)
    page.locator("#result .lens").first.wait_for(state="detached")


def test_the_same_spot_of_pictures_of_other_sizes(page):
    """Twice as large, a part of it as wide as a picture is high, and a scan in grey."""
    one = made_of(True, 10, {"made": (48, 48), "back": (12, 36)})
    one.made.views["same"] = one.made.views["same"].convert("L")
    answer(page, drawn([one], None))
    look(page, picture(page, "original"), 10.2 / 24, 20.9 / 24)
    views = one.made.views
    # The middle of pixel (10, 20) of 24 lies on 21 of 48, 5 of 12 and 30 of 36.
    assert values(page, "made") == list(views["made"].getpixel((21, 41)))
    assert values(page, "back") == list(views["back"].getpixel((5, 30)))
    assert values(page, "same") == [views["same"].getpixel((10, 20))] * 3
    assert (enlarged(page, "made") == around(views["made"], 10, 30, 22)).all()
    assert page.locator(".here").count() == 0, "no pixel of one stands for one of the other"


def window(image: Image.Image, column: int, line: int) -> np.ndarray:
    rows, columns = (slice(max(0, at - 5), at + 6) for at in (line, column))
    return np.asarray(image.convert("RGB"))[rows, columns].astype(float)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_how_far_the_way_back_is_off_there(page, count):
    rows = [made_of(number == 0, 10 * number) for number in range(count)]
    answer(page, drawn(rows))
    for column, line in ((12, 12), (2, 23)):
        look(page, picture(page, "made"), (column + 0.5) / 24, (line + 0.5) / 24)
        said = page.locator(".here").all_inner_texts()
        for one, words in zip(rows, said, strict=True):
            x, back = (window(one.made.views[key], column, line) for key in ("original", "back"))
            assert words.strip() == f"· here {abs(x - back).mean():.1f} of 255"


BOXES = """() => {
  const parts = document.querySelectorAll('#result :is(img, h3, .head, .arc, figcaption)');
  return JSON.stringify([...parts].map((one) => one.getBoundingClientRect()));
}"""


@pytest.mark.parametrize(
    "page", [{}, {"viewport": {"width": 390, "height": 844}}], indirect=True, ids=["wide", "phone"]
)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_nothing_moves_under_the_lens(page, count):
    answer(page, drawn([made_of(number == 0, 10 * number) for number in range(count)]))
    before = page.evaluate(BOXES)
    for across, down in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)):
        look(page, picture(page, "made"), across, down)
        assert page.locator(".lens").count() == 3 * count + 2
        assert page.evaluate(BOXES) == before
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def spoken(page) -> str:
    return page.evaluate("document.querySelector('#result ~ [role=status]').textContent")


def test_by_keyboard_alone(page):
    rows, truth = [made_of(True, 10), made_of(False, 20)], noise(24, 24, seed=3)
    answer(page, drawn(rows, truth))
    page.keyboard.press("Tab")
    x = picture(page, "original")
    assert x.evaluate("image => image === document.activeElement")
    assert x.evaluate("image => getComputedStyle(image).boxShadow") != "none"
    page.locator(".lens").first.wait_for()
    assert spoken(page) == "", "who arrives hears the picture's name"
    for key in ("ArrowLeft", "ArrowDown", "Shift+ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    column, line = 12 - 1 + 1, 12 + 1 - 8
    view = rows[1].made.views["back"]
    page.wait_for_function("document.querySelector('#result .lens .value')")
    assert values(page, "back", 1) == list(view.getpixel((column, line)))
    said = spoken(page)
    assert said.startswith(
        f"x {' '.join(map(str, rows[0].made.views['original'].getpixel((column, line))))}, "
    )
    off = abs(window(rows[1].made.views["original"], column, line) - window(view, column, line))
    assert said.endswith(f"here {off.mean():.1f} of 255.")
    assert said.count("F(G(x)) ") == 2, "x is of both rows"
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_timeout(50)
    assert values(page, "truth") == list(truth.getpixel((0, line))), "the edge is the end"
    page.keyboard.press("Escape")
    assert page.locator(".lens").count() == 0
    for _ in range(3):  # By the truth and the identity output to the translation.
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert spoken(page).count("F(G(x)) ") == 1 and "With cycle loss: " in spoken(page)
    page.keyboard.press("Enter")
    assert shown(page) == "Translation G(x), with cycle loss"
    for key, wanted in [
        ("ArrowRight", "Reconstruction F(G(x)), with cycle loss"),
        ("ArrowDown", "Reconstruction F(G(x)), without cycle loss"),
        ("ArrowRight", "Truth y"),
        ("ArrowRight", "Identity F(x), without cycle loss"),
        ("ArrowRight", "Input x"),
        ("ArrowUp", "Input x"),
        ("ArrowRight", "Translation G(x), with cycle loss"),
    ]:
        page.keyboard.press(key)
        assert shown(page) == wanted
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.alt === 'Translation G(x), with cycle loss'")
    picture(page, "same", 1).focus()
    page.keyboard.press(" ")
    assert shown(page) == "Identity F(x), without cycle loss"


def shown(page) -> str:
    """What the open dialog shows, which its name and its heading say as well."""
    dialog = page.get_by_role("dialog")
    named = dialog.locator(".stage img").first.get_attribute("alt")
    assert dialog.get_attribute("aria-label") == named
    name = dialog.locator("h2").evaluate("e => e.textContent.replaceAll(/\\s+/g, ' ').trim()")
    *formula, words = name.split(" ")
    assert named.startswith(f"{words} {''.join(formula)}")
    return named


def test_a_pointer_says_nothing(page):
    answer(page, drawn([made_of(True, 10)]))
    for spot in (0.2, 0.4, 0.6):
        look(page, picture(page, "made"), spot, spot)
    assert spoken(page) == ""


def seen(page, across: float) -> tuple[int, ...]:
    """The colour on the stage, beside its middle line and away from where the wipe is."""
    box = page.locator(".stage").bounding_box()
    clip = {"x": box["x"] + across * box["width"], "y": box["y"] + 20, "width": 2, "height": 2}
    data = page.screenshot(clip=clip)
    with Image.open(io.BytesIO(data)) as spot:
        return spot.convert("RGB").getpixel((0, 0))


def test_a_wipe_between_the_way_back_and_x(page):
    red, blue = (200, 30, 20), (10, 40, 210)
    one = row(True)
    views = {**one.made.views, "back": flat(red, (24, 24)), "original": flat(blue, (24, 24))}
    answer(page, drawn([replace(one, made=replace(one.made, views=views))]))
    picture(page, "back").click()
    wipe = page.get_by_role("slider", name="Wipe between F(G(x)) and x")
    assert (seen(page, 0.4), seen(page, 0.6)) == (red, blue)
    wipe.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert wipe.input_value() == "30"
    assert (seen(page, 0.2), seen(page, 0.4)) == (red, blue)
    assert shown(page).startswith("Reconstruction"), "these keys are the wipe's"
    box = page.locator(".stage").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 60)
    page.mouse.up()
    assert wipe.input_value() == "80"
    assert (seen(page, 0.7), seen(page, 0.9)) == (red, blue)
    page.locator("dialog").get_by_role("button", name="Translation G(x)").click()
    assert page.get_by_role("slider").count() == 0
    assert page.locator(".stage img:visible").count() == 1


@pytest.mark.parametrize("size", [(24, 24), (512, 300), (60, 200)], ids=str)
@pytest.mark.parametrize(
    "page", [{}, {"viewport": {"width": 390, "height": 844}}], indirect=True, ids=["wide", "phone"]
)
def test_full_size_is_as_large_as_the_window_allows(page, size):
    one = row(True, size=size)
    answer(page, drawn([one], None))
    picture(page, "back").click()
    width, height = page.viewport_size["width"], page.viewport_size["height"]
    box, dialog = (page.locator(name).bounding_box() for name in (".stage", "dialog"))
    assert abs(box["width"] / box["height"] - size[0] / size[1]) < 0.02
    assert box["width"] > width - 90 or dialog["height"] > height - 90
    assert dialog["x"] >= 0 and dialog["y"] >= 0
    assert dialog["width"] <= width and dialog["height"] <= height
    assert page.locator("dialog").evaluate("e => e.scrollHeight <= e.clientHeight + 1")


def test_another_answer(page):
    first, second = [made_of(True, 10), made_of(False, 20)], [made_of(True, 30), made_of(False, 40)]
    answer(page, drawn(first))
    look(page, picture(page, "made"), 0.5, 0.5)
    answer(page, drawn(second))
    page.locator("#result .lens").first.wait_for()
    spot = second[0].made.views["back"].getpixel((12, 12))
    assert values(page, "back") == list(spot), "the pointer is where it was"
    assert page.locator(".lens").count() == 8
    picture(page, "made", 1).click()
    answer(page, drawn(first[:1]))
    source = picture(page, "made").get_attribute("src")
    page.wait_for_function(
        "source => document.querySelector('.stage img').src === source", arg=source
    )
    page.evaluate("document.getElementById('result').textContent = 'Nothing to compare.'")
    page.keyboard.press("ArrowRight")
    page.locator("dialog").wait_for(state="hidden")
    page.evaluate("document.getElementById('result').textContent = ''")
    answer(page, drawn([made_of(True, 50)]))
    picture(page, "made").click()
    assert shown(page).startswith("Translation")


TOUCH = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("page", [TOUCH], indirect=True)
def test_a_finger_looks_by_dragging_opens_by_a_tap_and_still_scrolls(page):
    answer(page, drawn([made_of(True, 10), made_of(False, 20)]))
    page.evaluate("document.body.style.minHeight = '1800px'")
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(60)

    box = picture(page, "made").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch("touchStart", x, y)
    assert page.locator(".lens").count() == 8
    before = page.locator(".value").all_inner_texts()
    touch("touchMove", x + 15, y)
    touch("touchMove", x + 35, y)
    assert page.locator(".value").all_inner_texts() != before
    touch("touchEnd")
    assert page.locator(".lens").count() == 0 and not page.get_by_role("dialog").count()
    touch("touchStart", x, y)
    for by in (20, 60, 120):
        touch("touchMove", x, y - by)
    touch("touchEnd")
    assert page.evaluate("scrollY") > 20 and page.locator(".lens").count() == 0
    box = picture(page, "made").bounding_box()
    page.touchscreen.tap(box["x"] + 20, box["y"] + 20)
    assert shown(page).startswith("Translation")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_the_lens_and_in_full_size(browser, url, scheme, width):
    size = {"width": width, "height": 844}
    page = browser.new_page(viewport=size, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(PANELS)
    picture(page, "back").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#result .lens").first.wait_for()
    context = "#results"
    found = axe.Axe().run(page, context, options=OPTIONS).response["violations"]
    page.keyboard.press("Enter")
    page.get_by_role("slider").wait_for()
    found += axe.Axe().run(page, "dialog.full-size", options=OPTIONS).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    page.close()


@pytest.fixture(scope="module")
def url():
    with opened(build([checkpoints.BUNDLED])) as address:
        yield address


def test_in_the_page_it_answers_at_once_and_asks_nobody(browser, url):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(PANELS)
    page.wait_for_timeout(1000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    taken = [look(page, picture(page, "back"), n / 12, n / 13) for n in range(1, 12)]
    assert sorted(taken)[len(taken) // 2] < ANSWERED
    assert page.locator("#result .here").count() == 2
    assert not [url for url in asked if not url.startswith(("data:", "blob:"))]
    # Before a class, the arrow keys are the story's, but on a picture the lens's.
    page.locator("[data-do=present]").first.click()
    picture(page, "made").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    assert shown(page) == "Reconstruction F(G(x)), with cycle loss"
    assert page.locator(".steps [aria-current]").count() == 0
    box = page.locator("dialog.full-size").bounding_box()
    assert box["x"] >= 0 and box["y"] >= 0 and box["height"] <= 800 and box["width"] <= 1280
    assert box["height"] > 700
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.alt?.startsWith('Reconstruction')")
    page.close()
