"""The recording of a lesson on the Train tab, in a real headless Chromium: there at once, scrubbed
by hand and by keyboard, and what stands on the canvases is what was recorded."""

import io
import json
from base64 import b64decode

import numpy as np
import pytest
from live_root import directing
from opened import opened
from PIL import Image
from test_page import PANELS, PATIENCE
from test_page_axe import OPTIONS, axe

from cyclegan.labs.live import recorded
from cyclegan.page.demo import build_demo
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

pytestmark = pytest.mark.browser

FOUND = recorded.find("drawing")

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}

PICTURES = """() => [...document.querySelectorAll('.stage figure > :is(img, canvas)')]
    .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().width)"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    root = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch, directing(root, patch) as director:
        library = Library([checkpoints.BUNDLED / "drawing"])
        demo = build_demo(library, desk=Desk(House(private=True)), director=director)
        with opened(demo) as address:
            yield address


def visit(browser, url, size="desktop", scheme="light", **more):
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, **more
    )
    page.set_default_timeout(PATIENCE)
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.goto(url)
    page.wait_for_selector(PANELS)
    page.get_by_role("tab", name="Train").click()
    page.wait_for_function(
        """() => document.querySelector('.tracks .cursor')
            && [...document.querySelectorAll('.arm canvas')].every((one) =>
                one.getContext('2d').getImageData(0, 0, 1, 1).data[3] === 255)"""
    )
    return page


@pytest.fixture
def page(browser, url):
    page = visit(browser, url)
    yield page
    assert not page.mistakes
    page.close()


def said(page) -> int:
    """The step that is shown."""
    words = page.locator(".time output").inner_text()
    return int(words.removeprefix("step ").replace(",", ""))


def canvas(page, arm: str, view: int) -> np.ndarray:
    url = page.locator(f".stage .arm.{arm} canvas").nth(view).evaluate("one => one.toDataURL()")
    content = io.BytesIO(b64decode(url.partition(",")[2]))
    return np.asarray(Image.open(content).convert("RGB"), float)


def of_record(step: int, arm: int, view: int, row: int) -> np.ndarray:
    """The same out of the file: frames side by side, in each the inputs below each other."""
    sheet = Image.open(io.BytesIO(FOUND.sheet)).convert("RGB")
    side, place = FOUND.frame.inputs[0].width, FOUND.steps.index(step)
    left = (place % FOUND.across * 4 + 2 * arm + view) * side
    top = (place // FOUND.across * len(FOUND.frame.inputs) + row) * side
    return np.asarray(sheet.crop((left, top, left + side, top + side)), float)


def assert_shows(page, step: int, row: int = 0) -> None:
    """All that is tied to a step: pictures, cursor, λ and the values beside the curves."""
    assert said(page) == step
    for index, arm in enumerate("ab"):
        for view in (0, 1):
            apart = np.abs(canvas(page, arm, view) - of_record(step, index, view, row))
            assert apart.mean() < 2, "browsers turn colours of a WebP back a little differently"
    last = float(page.locator(".tracks").get_attribute("data-last"))
    x = float(page.locator(".track .cursor").first.get_attribute("points").split(",")[0])
    assert x == pytest.approx(100 * step / last, abs=0.01)
    shown = page.locator(".track").first
    for arm, line in json.loads(shown.get_attribute("data-written")).items():
        until = [words for at, words in line if at <= step]
        beside = shown.locator(f"figcaption .{arm}").inner_text()
        assert beside == (until[-1] if until else "–")
    ended = step >= FOUND.seen.changes[0]["step"]
    weights = dict(words.split("\n") for words in page.locator(".arm.b li").all_inner_texts())
    assert weights["identity"] == ("0" if ended else "5") and weights["forward cycle"] == "0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_recording_stands_there_without_a_click(browser, url, size, scheme):
    page = visit(browser, url, size, scheme)
    assert_shows(page, FOUND.steps[-1])
    state = page.locator("#live-state").inner_text()
    assert "A recording" in state and f"{FOUND.seen.step:,} steps" in state
    assert FOUND.machine in state
    start = page.locator("#at-once")
    assert start.inner_text() == "Start live"
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    widths = page.evaluate(PICTURES)
    assert len(widths) == 6
    if size == "desktop":
        assert min(widths) >= 160
    else:  # Two side by side, and what was given makes room for what is made of it.
        assert min(widths[1:5]) >= 150
    for seen in (start, page.locator(".stage .arm.a canvas").first):
        box = seen.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= SIZES[size][1], "without scrolling"
    assert not page.mistakes
    page.close()


def test_the_scrubber_moves_pictures_cursor_weights_and_values(page):
    for place in (0, len(FOUND.steps) // 3, len(FOUND.steps) - 2):
        page.locator(".time input").fill(str(FOUND.steps[place] + 1))
        assert_shows(page, FOUND.steps[place])


def test_the_flag_stands_where_identity_ends_and_leads_there(page):
    end = FOUND.seen.changes[0]["step"]
    flag = page.get_by_role("button", name="Identity ends")
    mark = page.locator(".track .mark").first.get_attribute("points")
    last = float(page.locator(".tracks").get_attribute("data-last"))
    assert float(mark.split(",")[0]) == pytest.approx(100 * end / last, abs=0.01)
    svg, box = page.locator(".track svg").first.bounding_box(), flag.bounding_box()
    assert box["x"] == pytest.approx(svg["x"] + svg["width"] * end / last, abs=2), "above it"
    flag.click()
    near = min(FOUND.steps, key=lambda step: abs(step - end))
    assert abs(said(page) - end) == abs(near - end)


def test_by_keyboard_alone(page):
    page.get_by_role("tab", name="Train").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "range":
            break
    steps = FOUND.steps
    for key, place in (("Home", 0), ("ArrowRight", 1), ("PageUp", 11), ("ArrowLeft", 10)):
        page.keyboard.press(key)
        assert said(page) == steps[place]
    slider = page.locator(".time input")
    assert slider.get_attribute("aria-valuetext") == (
        f"step {steps[10]:,}, frame 11 of {len(steps)}"
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "tracks"
    page.keyboard.press("ArrowRight")
    assert_shows(page, steps[11])
    page.keyboard.press("End")
    assert_shows(page, steps[-1])
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.play').ariaLabel === 'Hold the frames'")
    page.keyboard.press("Space")


def test_pointing_on_a_curve_shows_that_frame_and_a_click_stays(page):
    track = page.locator(".track svg").nth(1)
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    last = float(page.locator(".tracks").get_attribute("data-last"))
    half = min(FOUND.steps, key=lambda step: abs(step - last / 2))
    assert_shows(page, half)
    page.mouse.move(box["x"] + box["width"] / 2, 5)
    assert said(page) == FOUND.steps[-1], "it was only pointed at"
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(5, 5)
    assert_shows(page, half)


def test_it_plays_from_the_beginning_and_holds(page):
    play = page.get_by_role("button", name="Play the frames")
    play.click()
    page.wait_for_function("document.querySelector('.time output').textContent !== 'step 0'")
    page.get_by_role("button", name="Hold the frames").click()
    held = said(page)
    assert 0 < held < FOUND.steps[-1]
    page.wait_for_timeout(500)
    assert said(page) == held
    play.click()
    page.wait_for_function(
        f"document.querySelector('.time output').textContent === 'step {FOUND.steps[-1]:,}'"
    )
    play.wait_for()


def test_another_input_is_one_click_away(page):
    page.get_by_role("button", name="Input 3").click()
    assert_shows(page, FOUND.steps[-1], row=2)
    assert page.locator(".stage .x figure img:visible").get_attribute("data-input") == "2"
    assert page.locator(".stage .y figure img:visible").get_attribute("data-input") == "2"


def test_another_lesson_brings_its_recording_and_one_without_says_what_to_do(page):
    page.get_by_label("flat ↔ 3D").click()
    page.locator(".stage[data-id=recorded-emoji]").wait_for()
    assert page.locator("#chosen input").input_value() == "recorded · flat ↔ 3D"
    assert page.locator(".flag:visible").count() == 0, "nothing ends on the way"
    page.get_by_label("upright ↔ upside down").click()
    page.get_by_text("Press Start live").wait_for()
    assert page.locator("#live .stage, .track, #at-once:visible").count() == 0
    assert page.locator("#chosen input").input_value() == ""
    page.locator("#chosen input").click()
    page.get_by_role("option", name="recorded · satellite ↔ map").click()
    page.locator(".stage[data-id=recorded-satellite2map]").wait_for()


def test_on_a_phone_a_finger_moves_the_frame_and_the_page_stays_as_wide(browser, url):
    page = visit(browser, url, "phone", has_touch=True)
    track = page.locator(".track svg").first
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    last = float(page.locator(".tracks").get_attribute("data-last"))
    assert_shows(page, min(FOUND.steps, key=lambda step: abs(step - last / 4)))
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_the_stage(browser, url, size, scheme):
    page = visit(browser, url, size, scheme)
    found = axe.Axe().run(page, context="#live .html-container", options=OPTIONS)
    assert not found.response["violations"], found.generate_report()
    page.close()
