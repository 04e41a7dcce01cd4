"""The Train tab in a real headless Chromium: tiny networks on the bundled pictures, real workers.

The tests share a training, one after another, as visitors of a page do.
"""

import json
import os
import re
import signal
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import variants
from hub_server import serve
from pyarrow import parquet
from test_intake import archive, picture_bytes, pictures
from test_live import director as directing
from test_live import pid_of, reached, wait_for
from test_page import PANELS
from test_page_axe import OPTIONS, axe

from cyclegan import lessons
from cyclegan.core.config import Change
from cyclegan.labs.live import Command, Director, Limits
from cyclegan.page.demo import build_demo, launch_options
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House
from cyclegan.page.library import Library
from cyclegan.page.looking import BUTTONS

pytestmark = pytest.mark.browser

PATIENCE = 60_000
IDENTITY_UNTIL = 80_000
TOKEN = "hf_ThisIsTheVisitorsOwnToken"
SIZES = {"Size, px": "32", "Filters": "8", "Blocks": "2"}
LESSON = lessons.all_lessons()[0]
"""The one that the page offers first."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, serve() as server:
        cache = tmp_path_factory.mktemp("hub")
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
        patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        for name, value in server.environment.items():
            patch.setenv(name, value)
        server.token = TOKEN
        yield server


@pytest.fixture(scope="module")
def director(tmp_path_factory, hub):
    # Workers wait for a page that is busy translating; a test of its own looks at their grace.
    limits = Limits(waiting=1, steps=99_999)
    with directing(tmp_path_factory.mktemp("live"), limits, "--grace", "30") as made:
        yield made


@pytest.fixture(scope="module")
def url(director, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "set"
    for objective in (variants.GAN_IDENTITY, variants.FULL):
        variants.write(folder / objective.slug, objective)
    demo = build_demo(Library([folder]), desk=Desk(House(private=True)), director=director)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    yield address
    demo.close()


def visit(browser, url, **settings):
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **settings})
    page.set_default_timeout(PATIENCE)
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.goto(url)
    page.get_by_role("tab", name="Train").click()
    page.locator("#live-state p").first.wait_for()
    return page


@pytest.fixture
def page(browser, url):
    page = visit(browser, url)
    yield page
    assert not page.mistakes
    page.close()


def test_nothing_is_to_be_pressed_before_a_look_has_said_of_what(url):
    with urllib.request.urlopen(f"{url}config") as answer:
        parts = [component["props"] for component in json.load(answer)["components"]]
    can = {part.get("elem_id"): part.get("interactive") for part in parts}
    assert {name: can[name] for name in BUTTONS} == dict.fromkeys(BUTTONS, False)


def choose(page, label: str, option: str) -> None:
    page.get_by_label(label).click()
    page.get_by_role("option", name=option, exact=True).click()


def start(page, steps: int = 90_000) -> None:
    """Press Start, with networks as small as the page offers them."""
    page.get_by_role("button", name="Networks and length").click()
    for label, option in SIZES.items():
        choose(page, label, option)
    page.get_by_label("Steps", exact=True).fill(str(steps))
    ends = page.get_by_label("Identity until")
    assert ends.input_value() == "300"
    ends.fill(str(IDENTITY_UNTIL))
    page.locator("#start").click()


def running(director: Director) -> str:
    """The id of the training that these tests share, at work."""
    (id,) = (i for i, seen in director.all().items() if seen.is_alive)
    if director.status(id).state == "paused":
        director.command(id, Command("continue"))
    reached(director, id, "running", step=director.status(id).step + 1)
    return id


def now(page) -> str:
    return page.locator("#live-state .now").inner_text()


def step_of(page) -> int:
    found = re.search(r"step ([\d,]+) of", now(page))
    return int(found[1].replace(",", "")) if found else -1


def until(page, is_so: Callable[[], object], seconds: float = 120) -> object:
    """`wait_for` that lets the browser's events go on meanwhile."""

    def look():
        page.wait_for_timeout(100)
        return is_so()

    return wait_for(look, seconds)


def says(page, *words: str, where: str = "#live-state") -> None:
    texts = page.locator(where).all_inner_texts
    try:
        until(page, lambda: all(word in "".join(texts()) for word in words))
    except AssertionError:
        raise AssertionError(f"{words} is not in {texts()}") from None


STAGE = "#live .stage:not([data-id^=recorded])"
"""Of a training, and not of what was recorded."""


def drawn(page) -> list[str]:
    """What stands on the canvases of both arms; empty before anything does."""
    return page.evaluate(
        f"""[...document.querySelectorAll('{STAGE} canvas')]
            .filter((one) => one.getContext('2d').getImageData(0, 0, 1, 1).data[3])
            .map((one) => one.toDataURL())"""
    )


def given(page) -> list[str]:
    return page.evaluate(f"[...document.querySelectorAll('{STAGE} img')].map((one) => one.src)")


VISIBLE = """[...document.querySelectorAll('#training *')].filter((e) => e.checkVisibility()
    && e.clientWidth !== 1 && !e.closest('[data-testid=status-tracker]'))"""
"""What is there to be seen: not what is for screen readers alone, nor Gradio's hidden clocks."""

CUT = f"""() => {VISIBLE}.filter((e) => e.scrollWidth > e.clientWidth + 1 && e.innerText
    && getComputedStyle(e).overflowX !== 'visible').map((e) => e.innerText)"""
"""Words that do not fit into where they stand, and are cut there."""

SMALL = f"""() => {VISIBLE}.filter((e) => [...e.childNodes].some((n) => n.nodeType === 3
    && n.data.trim()) && parseFloat(getComputedStyle(e).fontSize) < 13).map((e) => e.innerText)"""

NAMELESS = f"""() => {VISIBLE}.filter((e) => e.matches('input, button, textarea'))
    .filter((e) => !(e.ariaLabel || e.innerText?.trim() || e.title || e.labels?.length
        || document.getElementById(e.getAttribute('aria-labelledby'))?.innerText))
    .map((e) => e.outerHTML.slice(0, 200))"""


# In this order


def test_an_empty_page_says_what_will_come_and_what_is_wrong(page, director):
    says(page, "A recording: both arms trained")
    for name in ("Pause", "One step", "Stop and keep", "Discard"):
        assert not page.get_by_role("button", name=name, exact=True).is_visible()
    choose_data(page, "my pictures", "own-pictures")
    says(page, "Press Start live")
    assert page.locator("#live .stage, #live-charts svg").count() == 0, (
        "nothing was recorded of these"
    )
    page.get_by_label(LESSON.title).click()
    says(page, "A recording: both arms trained")
    start(page, steps=100_000)
    says(page, "steps is 100000; this page allows 99999 at most.", where="#problem")
    page.get_by_label("Steps", exact=True).fill("")
    page.locator("#start").click()
    says(page, "Steps is empty; it needs a number.", where="#problem")
    assert director.all() == {}


def test_each_lesson_brings_its_recipe(page):
    """That of the emoji takes identity away, and ends nothing on the way."""
    page.get_by_role("button", name="Networks and length").click()
    ends = page.get_by_label("Identity until")
    ends.wait_for()
    page.get_by_label("flat ↔ 3D").click()
    for arm in ("with", "without"):
        page.get_by_role("button", name=f"Arm {arm} the identity loss").click()
    weights = page.get_by_label("identity", exact=True)
    until(page, lambda: [each.input_value() for each in weights.all()] == ["5", "0"])
    assert not ends.is_visible() and not page.get_by_label("X shows").is_visible()
    page.get_by_label(LESSON.title).click()
    page.get_by_role("button", name="Arm with the cycle loss").wait_for()
    assert ends.is_visible()


def test_a_recipe_fills_the_form_and_the_u_net_can_be_chosen(page):
    """The lesson's own is there first, and again with other pictures."""
    name = page.locator("#named-recipe input")
    assert name.input_value() == "the lesson's"
    assert not page.get_by_role("button", name="What it leaves out").is_visible()
    choose(page, "Recipe", "the book")
    page.get_by_role("button", name="What it leaves out").click()
    says(page, "GANs in Action", "128 px", "Here: 64 px", where="#recipe")
    says(page, "In the book one Adam counts the updates", where="#recipe")
    page.get_by_role("button", name="Networks and length").click()
    kind = page.get_by_label("Generators")
    until(page, lambda: kind.input_value() == "U-Net")
    assert page.get_by_label("Filters").input_value() == "32"
    page.get_by_role("button", name="Arm with cycle loss").click()
    until(page, lambda: page.get_by_label("identity", exact=True).first.input_value() == "9")
    page.get_by_label("flat ↔ 3D").click()
    until(page, lambda: name.input_value() == "the lesson's" and kind.input_value() == "ResNet")
    choose(page, "Generators", "U-Net")
    assert kind.input_value() == "U-Net" and name.input_value() == "the lesson's"
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_picture_and_eleven_times_as_it_is_fed_follows_what_is_chosen(page):
    sheets = page.locator("#twelve [role=img]")
    until(page, lambda: sheets.count() == 1)
    assert sheets.get_attribute("aria-label").endswith("as it is shown to both arms")
    assert sheets.locator("img").count() == 12
    page.get_by_label("flat ↔ 3D").click()
    choose(page, "Recipe", "DCGAN")
    until(page, lambda: sheets.count() == 2)
    says(page, "Without augmentation", "With DiffAugment", "Never mirrored.", where="#twelve")
    drawn = sheets.nth(0).inner_html()
    page.get_by_role("button", name="Arm without augmentation").click()
    page.get_by_label("of the pictures alone").first.click()
    until(page, lambda: sheets.nth(0).inner_html() != drawn)
    says(page, "GAN (augmented pictures)", where="#twelve")
    drawn = sheets.nth(1).inner_html()
    page.get_by_label("flat", exact=True).click()
    until(page, lambda: "picture of flat" in (sheets.nth(1).get_attribute("aria-label") or ""))
    assert sheets.nth(1).inner_html() != drawn
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert sheets.first.bounding_box()["width"] <= 390
    assert not axe.Axe().run(page, context="#twelve", options=OPTIONS).response["violations"]


def test_pictures_and_curves_of_both_arms_appear_and_move(page, director):
    start(page)
    page.locator(STAGE).wait_for()
    assert not page.locator("#problem").is_visible()
    heads = page.locator(".stage h3").all_inner_texts()
    assert heads == ["With the cycle loss", "Without the cycle loss"]
    weights = page.locator(".stage .arm.a li").all_inner_texts()
    assert [words.split() for words in weights][1] == ["forward", "cycle", "10"]
    until(page, lambda: len(drawn(page)) == 4)
    before, stays = drawn(page), given(page)
    page.locator("#live-charts svg").nth(4).wait_for()
    labels = page.locator("#live-charts figcaption").all_inner_texts()
    measures = [LESSON.measure(key).label for key in LESSON.headline]
    for label, name in zip(labels, [*measures, "accuracy of D_Y", ""], strict=True):
        assert label.startswith(name)
    for arm in director.settings(running(director)).arms:
        assert arm.objective.schedule == (Change("identity", 0.0, *2 * [IDENTITY_UNTIL]),)
    lines = page.locator("#live-charts .line").count
    assert lines() == 10
    points = page.locator("#live-charts .line.b").first.get_attribute
    first, step = points("points"), step_of(page)
    until(page, lambda: points("points") != first and step_of(page) > step)
    until(page, lambda: not set(before) & set(drawn(page)))
    assert given(page) == stays, "input and truth stay"
    assert re.search(r"Training · step .* steps/s, both arms · .* left", now(page))


def test_who_looks_back_stays_there_while_it_goes_on(page, director):
    """And goes along again from the newest frame on."""
    id = running(director)
    page.locator(STAGE).wait_for()
    until(page, lambda: len(director.frames(id)) > 3 and len(drawn(page)) == 4)
    page.locator(".time input").focus()
    page.keyboard.press("Home")
    said = page.locator(".time output").inner_text
    assert said() == "step 0"
    page.wait_for_timeout(1000)  # Of what came just now not all may be decoded yet.
    first, step = drawn(page), step_of(page)
    until(page, lambda: step_of(page) > step)
    page.wait_for_timeout(2500)
    assert said() == "step 0" and drawn(page) == first
    page.keyboard.press("End")
    assert drawn(page) != first and said() != "step 0"
    newest = said()
    until(page, lambda: said() != newest)


def test_what_was_asked_is_said_at_once(page, director):
    """Whatever the worker is doing: here it stands still."""
    id = running(director)
    for button, words in (("Pause", "Pausing after this step …"), ("Go on", "Going on …")):
        worker = pid_of(director, id)
        page.get_by_role("button", name=button, exact=True).wait_for()
        os.kill(worker, signal.SIGSTOP)
        try:
            page.get_by_role("button", name=button, exact=True).click()
            page.locator(".asked", has_text=words).wait_for(timeout=10_000)
        finally:
            os.kill(worker, signal.SIGCONT)
        page.locator(".asked").wait_for(state="detached")
    says(page, "Training ·")


@pytest.mark.parametrize("lost", [1, 3])
def test_looks_go_on_after_answers_that_were_lost(page, director, lost):
    """The page waits for an event that nobody knows: its answer never comes."""
    running(director)
    page.locator(STAGE).wait_for()
    left = [lost]

    def mislead(route):
        answer = route.fetch()
        told = answer.json()
        if left[0] and "event_id" in told:
            left[0] -= 1
            told["event_id"] = "lost"
        route.fulfill(response=answer, json=told)

    page.route("**/queue/join*", mislead)
    until(page, lambda: not left[0])
    page.unroute("**/queue/join*")
    step = step_of(page)
    until(page, lambda: step_of(page) > step, seconds=60)
    before = step_of(page)
    until(page, lambda: step_of(page) > before, seconds=20)


@pytest.mark.parametrize("other", ["Translate", "Ablation", "Models"])
def test_tabs_turn_the_looks_on_and_off_without_an_answer(page, director, url, other):
    """Of two clicks the last one counts, in whatever order a server would answer them."""
    running(director)
    page.locator(STAGE).wait_for()
    held = []
    page.route("**/queue/join*", lambda route: held.append(route))
    page.get_by_role("tab", name=other).click()
    page.get_by_role("tab", name="Train").click()
    page.wait_for_timeout(1000)
    for route in reversed(held):
        route.continue_()
    page.unroute("**/queue/join*")
    step = step_of(page)
    until(page, lambda: step_of(page) > step, seconds=40)


def test_pause_one_step_and_go_on(page, director):
    id = running(director)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Go on").wait_for()
    says(page, "Paused")
    paused = director.status(id).step
    for more in (1, 2):
        page.get_by_role("button", name="One step").click()
        until(page, lambda more=more: step_of(page) == paused + more)
    says(page, f"step {paused + 2:,}", where=".time output")
    page.get_by_role("button", name="Go on").click()
    until(page, lambda: step_of(page) > paused + 2)
    assert page.get_by_role("button", name="One step").is_disabled()


def test_a_change_is_marked_in_the_curves_and_listed(page, director):
    id = running(director)
    page.get_by_role("button", name="Change it while it runs").click()
    says(page, "forward cycle 10, backward cycle 10", where="#weights")
    choose(page, "Whose", "with the cycle loss")
    page.get_by_label("New value (weight 0: off)").fill("2.5")
    page.wait_for_timeout(3000)  # A look or two later, the choice still stands.
    page.locator("#apply").click()
    change = until(page, lambda: director.status(id).changes)[0]
    assert (change["name"], change["value"], change["arm"]) == ("cycle_forward", 2.5, 0)
    line = f"From step {change['step'] + 1:,}: forward cycle 2.5, with the cycle loss"
    says(page, line, where="#live-charts .changes")
    until(page, lambda: page.locator("#live-charts .mark").count() == 5)
    says(page, "forward cycle 2.5, backward cycle 10", where="#weights")
    page.get_by_label("New value (weight 0: off)").fill("-1")
    page.locator("#apply").click()
    page.get_by_text("A weight must lie between 0 and 1000.").first.wait_for()
    assert page.locator("#live .error").count() == 0, "no mark of Gradio's lies over the result"


def test_a_look_leaves_open_lists_and_other_terms_alone(page, director):
    running(director)
    page.wait_for_selector("#live-charts svg")
    choose(page, "Last curve: a term", "accuracy of D_X")
    until(page, lambda: "accuracy of D_X" in page.locator("#live-charts").inner_text())
    page.get_by_label("Last curve: a term").click()
    other = page.get_by_role("option", name="loss of D_X", exact=True)
    other.wait_for()
    step = step_of(page)
    until(page, lambda: step_of(page) > step)
    assert other.is_visible()
    page.keyboard.press("Escape")
    assert "accuracy of D_X" in page.locator("#live-charts").inner_text()


def test_another_tab_asks_nothing(page, director):
    running(director)
    page.locator(STAGE).wait_for()
    asked = []
    page.get_by_role("tab", name="Models").click()
    page.wait_for_timeout(2500)  # What was under way ends.
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4500)
    assert not [address for address in asked if "queue/join" in address]
    page.get_by_role("tab", name="Train").click()
    until(page, lambda: asked)


def test_a_second_browser_and_a_reopened_page_show_the_same(page, browser, url, director):
    id = running(director)
    director.command(id, Command("pause"))
    step = reached(director, id, "paused").step
    says(page, "Paused", f"step {step:,} of")
    other = visit(browser, url)  # Every new page of this browser has cookies of its own.
    until(other, lambda: now(other) == now(page) and drawn(other) == drawn(page) != [])
    other.get_by_role("button", name="One step").click()
    until(page, lambda: step_of(page) == step_of(other) == step + 1)
    other.close()
    page.reload()
    page.get_by_role("tab", name="Train").click()
    page.locator(STAGE).wait_for()
    assert step_of(page) == step + 1


def test_a_killed_process_is_told_and_goes_on_from_its_checkpoint(page, director):
    id = running(director)
    reached(director, id, "running", step=director.status(id).saved_step + 1)
    os.kill(pid_of(director, id), signal.SIGKILL)
    says(page, "Its process died", "is kept")
    died = director.status(id)
    assert f"all up to step {died.saved_step:,} is kept" in page.locator("#live-state").inner_text()
    assert died.saved_step > 0 and page.locator(STAGE).count()
    page.get_by_role("button", name="Go on").click()
    says(page, "Training ·")
    assert step_of(page) >= died.saved_step
    assert page.locator("#live-charts .changes li").count() == 1, "the change is still known"


def test_a_second_training_waits_with_its_place(page, director):
    first = running(director)
    says(page, "Training ·")
    button = page.locator("#start.secondary")
    assert button.inner_text() == "Start live (waits in the queue)"
    start(page)
    says(page, "Waiting", "place 1 in the queue", "It starts by itself when", "has ended.")
    director.command(first, Command("pause"))
    says(page, "It waits behind a paused training:", first[16:], "Go on lets it train")
    director.command(first, Command("continue"))
    says(page, "It starts by itself when")
    second = next(id for id, seen in director.all().items() if seen.place)
    assert "place 1" in page.locator("#chosen input").input_value()
    page.locator("#start").click()
    says(page, "1 trainings are waiting already; try again later.", where="#problem")
    # The list leads back to the first, and a look does not undo the choice.
    page.locator("#chosen input").click()
    page.get_by_role("option").filter(has_text=first[16:]).click()
    says(page, "Training ·")
    page.wait_for_timeout(2500)
    assert first[16:] in page.locator("#chosen input").input_value()
    page.locator("#chosen input").click()
    page.get_by_role("option").filter(has_text=second[16:]).click()
    says(page, "Waiting")
    page.get_by_role("button", name="Stop and keep").click()
    says(page, "Taken out of the queue.")
    page.locator("#discard").click()
    page.locator("#destroy").click()
    until(page, lambda: second not in director.all() and "Training ·" in now(page))
    page.get_by_role("button", name="Change it while it runs").click()
    page.get_by_label("New value (weight 0: off)").fill("3")
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)  # No hand is as fast as this one.
    page.locator("#apply").click()
    says(page, "forward cycle 3, both arms", where="#live-charts .changes")
    assert "list of choices" not in page.locator("body").inner_text()


def test_stopped_and_kept_it_is_a_model_in_translate(page, director):
    id = running(director)
    page.get_by_role("button", name="Stop and keep").click()
    says(page, "Stopped and kept after")
    assert page.get_by_role("button", name="Stop and keep").is_disabled()
    page.get_by_role("button", name="What came of it").click()
    folder = director.arms(id)[0]
    says(page, f"python train.py --resume {folder}", where="#kept-as")
    page.locator("#use").click()
    page.wait_for_function(f"document.querySelectorAll('{PANELS}').length === 8")
    rows = page.locator("#result h3").all_inner_texts()
    assert rows[0].startswith("With cycle loss") and rows[1].startswith("Without cycle loss")
    assert id in page.locator("#chosen-set input").input_value()
    assert page.locator("#examples button").count() == len(LESSON.examples())


def test_it_downloads_as_a_zip_with_both_arms(page, director, tmp_path):
    (id,) = director.all()
    page.get_by_role("button", name="What came of it").click()
    with page.expect_download() as download:
        page.locator("#take").click()
    assert download.value.suggested_filename == f"{id}.zip"
    names = zipfile.ZipFile(download.value.path()).namelist()
    for arm in director.arms(id):
        assert f"{id}/{arm.name}/model.safetensors" in names


def test_publishing_needs_a_token_which_is_shown_nowhere(page, director, hub, capfd):
    (id,) = director.all()
    page.get_by_role("button", name="What came of it").click()
    name, token = (page.locator(f"#{field} input") for field in ("publish-as", "token"))
    name.fill("tester/two-arms")
    page.locator("#publish").click()
    says(page, "Publishing needs a token of yours", where="#published")
    assert not hub.repos
    token.fill("hf_AnotherToken")
    page.locator("#publish").click()
    says(page, "does not accept your token", where="#published")
    token.fill(TOKEN)
    page.locator("#publish").click()
    says(page, "Published:", f"{hub.url}/tester/two-arms", where="#published")
    there = hub.files("tester/two-arms")
    for arm in director.arms(id):
        assert there[f"{arm.name}/model.safetensors"] and there[f"{arm.name}/config.json"]
    assert token.input_value() == ""
    logs = "".join(path.read_text() for path in director.root.rglob("*.log"))
    said = "".join(capfd.readouterr())
    for token in (TOKEN, "hf_AnotherToken"):
        assert token not in page.content() + logs + said


def test_what_has_ended_goes_on_longer(page, director):
    (id,) = director.all()
    page.get_by_role("button", name="What came of it").click()
    page.wait_for_timeout(1000)  # Its fields are made now, and hear what is typed a moment later.
    before, steps = director.status(id), page.locator("#until input")
    steps.fill("1")
    page.locator("#longer").click()
    says(page, "steps is 1, and", "are done", where=".toast-body")
    assert director.status(id).state == "stopped"
    steps.fill(str(before.steps + 1000))
    page.locator("#then-rate input").fill("0.0003")
    page.locator("#longer").click()
    reached(director, id, "running", step=before.step + 1)
    says(page, f"of {before.steps + 1000:,}")
    assert page.locator("#longer").is_disabled()
    for arm in (0, 1):
        assert {"step": before.saved_step, "arm": arm, "name": "rate", "value": 3e-4} in (
            director.status(id).changes
        )
    page.get_by_role("button", name="Stop and keep").click()
    says(page, "Stopped and kept after")


def test_discarding_asks_first_and_leaves_nothing(page, director):
    (id,) = director.all()
    page.locator("#discard:not([disabled])").click()
    says(page, f"{id[16:]}", "and all that it made?", where="#sure")
    page.get_by_role("button", name="No, keep it").click()
    page.locator("#sure").wait_for(state="hidden")
    assert director.all()
    page.locator("#discard").click()
    page.locator("#destroy").click()
    says(page, "A recording")
    assert director.all() == {} and not (director.root / id).exists()
    assert page.locator("#chosen input").input_value() == f"recorded · {LESSON.title}"
    assert page.locator(STAGE).count() == 0 and not page.locator("#discard").is_visible()


def choose_data(page, label: str, elem_id: str) -> None:
    """And wait until the controls are those of these data."""
    page.get_by_label(label).click()
    page.locator(f"#{elem_id}").wait_for()


def upload(page, side: str, *files: Path) -> None:
    page.locator(f"#own-{side} input[type=file]").set_input_files(files)
    page.locator(f"#own-{side} .file-preview").wait_for()


def test_what_it_will_be_fed_is_shown_before(page, director, tmp_path):
    """A lesson's pictures with one click, away with other settings; then a visitor's own."""
    page.locator("#preview").click()
    shown = page.locator("#as-fed img")
    until(page, lambda: shown.count() == 40)
    assert LESSON.domains.x in page.locator("#as-fed h4").first.inner_text()
    choose_data(page, "my pictures", "own-pictures")
    page.locator("#as-fed").wait_for(state="hidden")
    bad = tmp_path / "notes.png"
    bad.write_text("no picture")
    upload(page, "x", archive(tmp_path / "x.zip", {**pictures(3), "note.txt": b"Milk."}))
    upload(page, "y", archive(tmp_path / "y.zip", {**pictures(3), "a.png": b"no picture"}))
    page.get_by_label("X shows").fill("rain")
    page.locator("#preview").click()
    says(page, "note.txt is no picture", "a.png is not a picture", where="#as-fed")
    assert page.locator("#as-fed h4").first.inner_text().startswith("rain")
    assert shown.count() == 40 + 12, "and one picture, eleven times as it is fed"
    assert director.all() == {}
    page.get_by_role("button", name="Close").click()
    page.locator("#as-fed").wait_for(state="hidden")


def test_a_bad_zip_is_a_sentence(page, director, tmp_path):
    choose_data(page, "my pictures", "own-pictures")
    start(page)
    says(page, "X has no pictures yet. Each side: 2 to 2,000 pictures", where="#problem")
    whole = archive(tmp_path / "x.zip", pictures(3))
    bad = tmp_path / "bad.zip"
    bad.write_bytes(whole.read_bytes()[:-30])
    upload(page, "x", bad)
    upload(page, "y", whole)
    page.locator("#start").click()
    says(page, "bad.zip is a damaged zip, or none; pack it again.", where="#problem")
    assert director.all() == {} and page.locator("#live .error").count() == 0


def test_pictures_of_ones_own_train_unpaired(page, director, tmp_path):
    """A zip on one side and files on the other; there is no truth."""
    files = []
    for i in range(3):
        files.append(tmp_path / f"{i}.png")
        files[-1].write_bytes(picture_bytes(seed=50 + i))
    choose_data(page, "my pictures", "own-pictures")
    upload(page, "x", archive(tmp_path / "x.zip", pictures(12)))
    upload(page, "y", *files)
    page.get_by_label("X shows").fill("<b>rain</b>")
    page.get_by_label("Y shows").fill("snow")
    start(page, steps=3)
    says(page, "Finished", "Trained to the end: 3 steps.")
    assert "<b>rain</b> → snow (own pictures), 32 px" in page.locator("#live-state").inner_text()
    page.locator(STAGE).wait_for()
    assert page.locator(".stage .y").count() == 0, "there is no truth"
    assert page.locator(".stage .x img").count() == 1, "one of twelve was held out"
    (id,) = director.all()
    director.discard(id)


def rows(count: int) -> bytes:
    """A Parquet file as the Hub has them: two columns of pictures, and one of numbers."""
    cells = [{"bytes": picture_bytes(seed=i), "path": f"{i}.png"} for i in range(count)]
    table = pa.table({"imageA": cells, "imageB": cells[::-1], "label": list(range(count))})
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def test_a_dataset_of_the_hub(page, director, hub):
    hub.add("someone/weather", {"data/train-00000.parquet": rows(4)})
    choose_data(page, "a dataset on the Hub", "hub-pictures")
    start(page, steps=2)
    says(page, "Name a dataset of the Hub as user/name", where="#problem")
    page.get_by_label("Dataset", exact=True).fill("someone/nothing")
    page.locator("#start").click()
    says(page, "There is no dataset someone/nothing on the Hub", where="#problem")
    page.get_by_label("Dataset", exact=True).fill("someone/weather")
    page.get_by_label("Column of Y").fill("label")
    page.locator("#start").click()
    says(page, "The column label of someone/weather holds int64", where="#problem")
    page.get_by_label("Column of Y").fill("imageB")
    page.locator("#start").click()
    says(page, "Finished", "Trained to the end: 2 steps.")
    says(page, "are of inputs of the training", where="#live-pictures")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(browser, url, director, scheme):
    """With the training of the test before in sight."""
    phone = visit(browser, url, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    phone.locator(STAGE).wait_for()
    for name in ("Change it while it runs", "What came of it"):
        phone.get_by_role("button", name=name).click()
    phone.get_by_label("a dataset on the Hub").click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.evaluate(CUT) == []
    assert phone.evaluate(SMALL) == []
    phone.close()


def test_every_control_has_a_name(page):
    for name in ("Networks and length", "Change it while it runs", "What came of it"):
        page.get_by_role("button", name=name).click()
    assert page.evaluate(NAMELESS) == []


def test_a_page_without_training_says_so(browser, tmp_path):
    variants.write(tmp_path / "set" / "gan", variants.GAN)
    demo = build_demo(Library([tmp_path / "set"]))
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("tab", name="Train").click()
    page.get_by_text("Training is switched off on this page.").wait_for()
    page.locator("#live .stage canvas").first.wait_for()
    assert page.locator("#start, #at-once").count() == 0
    page.close()
    demo.close()
