"""Voices on the Train tab, in a real headless Chromium: heard as they learn.

Of a training that has ended, with tiny networks.
"""

from pathlib import Path

import pytest
from live_root import directing
from opened import opened
from test_live import queued
from test_live_voices import settings
from test_page_axe import OPTIONS, axe
from test_page_train import says, until, visit

from cyclegan.labs.live import Director, listens, worker
from cyclegan.page.demo import build_demo
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

pytest.importorskip("pyworld")
pytestmark = pytest.mark.browser

PLAYERS = ".stage audio"
NAMES = [
    f"{view}, {arm} the cycle loss"
    for arm in ("with", "without")
    for view in ("Translation G(x)", "Reconstruction F(G(x))", "Identity F(x)")
]
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


def page_of(director: Director):
    library = Library([checkpoints.BUNDLED / "drawing"])
    return opened(build_demo(library, desk=Desk(House(private=True)), director=director))


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Of a training that was heard after every second step, to step 4."""
    root = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("LOOK_EVERY", 0.0), ("LOOK_SHARE", 1.0)):
            patch.setattr(worker, name, value)
        folder = queued(root / "2026-11-30-0541-voices-3f2a", settings(steps=4))
        made = worker.Worker(folder)
        look = made.look
        made.look = lambda listening=True: look(made.lockstep.step % 2 == 0)
        made.run()
    assert listens.steps(folder) == [0, 2, 4]
    return root


@pytest.fixture(scope="module")
def url(root):
    with (
        pytest.MonkeyPatch.context() as patch,
        directing(root, patch) as director,
        page_of(director) as address,
    ):
        yield address


@pytest.fixture
def page(browser, url):
    page = tuned(visit(browser, url))
    yield page
    assert not page.mistakes
    page.close()


def tuned(page):
    page.wait_for_function("document.querySelector('.stage .arm audio')?.duration > 0")
    return page


def labels(page) -> list[str]:
    return [one.get_attribute("aria-label") for one in page.locator(PLAYERS).all()]


def sources(page) -> list[str]:
    return [one.get_attribute("src") for one in page.locator(PLAYERS).all()]


def test_input_truth_and_what_either_arm_makes_can_be_heard(page):
    assert labels(page) == ["Input x", *(f"{name}, step 4" for name in NAMES), "Truth y"]
    assert len(set(sources(page))) == 8
    for player in page.locator(PLAYERS).all():
        until(page, lambda player=player: player.evaluate("p => p.duration > 1"))
    says(page, "Input 1 can be heard", "by step 4", where="#live-pictures")


def test_players_go_back_with_the_scrubber(page):
    last = sources(page)
    page.locator(".time input").press("ArrowLeft")
    assert page.locator(".time output").inner_text() == "step 3"
    assert labels(page)[1] == f"{NAMES[0]}, step 2", "of step 3 nothing was kept"
    assert page.locator(".listened b").inner_text() == "step 2"
    before = sources(page)
    assert before[0] == last[0] and not set(before[1:7]) & set(last)
    page.locator(".time input").press("Home")
    first = sources(page)
    assert labels(page)[4] == f"{NAMES[3]}, step 0" and first[1:4] == first[4:7], "alike at first"
    page.locator(".time input").press("End")
    assert sources(page) == last


def test_one_plays_at_a_time_and_is_not_cut_short(page):
    first, second = (page.locator(PLAYERS).nth(place) for place in (1, 4))
    for player in (first, second):
        player.evaluate("p => { p.muted = true; p.playbackRate = 0.07; return p.play(); }")
    until(page, lambda: second.evaluate("p => p.currentTime > 0"))
    assert first.evaluate("p => p.paused") and not second.evaluate("p => p.paused")
    page.locator(".time input").press("Home")
    assert labels(page)[1].endswith("step 0") and labels(page)[4].endswith("step 4")
    second.evaluate("p => p.pause()")
    until(page, lambda: labels(page)[4].endswith("step 0"))


def test_the_keyboard_reaches_them(page):
    page.locator(".stage [data-choose]").first.focus()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('audio')?.ariaLabel ?? ''"))
    assert reached >= set(labels(page)[1:])
    player = page.locator(PLAYERS).nth(2)
    player.focus()
    page.keyboard.press("Space")
    until(page, lambda: player.evaluate("p => p.currentTime > 0"))


def test_they_are_of_the_first_input_alone(page):
    page.get_by_role("button", name="Input 2").click()
    assert not any(one.is_visible() for one in page.locator(PLAYERS).all())
    page.get_by_role("button", name="Input 1").click()
    assert all(one.is_visible() for one in page.locator(PLAYERS).all())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, url, size, scheme):
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    page = tuned(visit(browser, url, viewport=viewport, color_scheme=scheme))
    found = axe.Axe().run(page, context="#live .html-container", options=OPTIONS)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [one.bounding_box() for one in page.locator(".stage .given figure, .inputs").all()]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one["x"] + one["width"] <= other["x"] or one["y"] + one["height"] <= other["y"]
            assert apart, "nothing covers what is beside it"
    page.close()


def test_a_recording_in_pictures_has_no_player(page):
    page.locator("#chosen input").click()
    page.get_by_role("option", name="recorded · line ↔ colour").click()
    page.locator(".stage[data-id=recorded-drawing]").wait_for()
    assert page.locator("#live audio, #live .listened").count() == 0
