"""Voices in Translate, in a real headless Chromium: tiny networks, sounds of our own making."""

from dataclasses import replace

import gradio as gr
import pytest
import torch
from opened import opened
from sound_files import joined, quiet, tone, write
from test_page_axe import findings
from test_page_train import until
from tiny import config
from variants import FULL, GAN_IDENTITY
from variants import write as write_pictures

from cyclegan import lessons
from cyclegan.core.config import Discriminator, Generator
from cyclegan.core.sound.writing import flac
from cyclegan.methods import Model
from cyclegan.page.demo import build_demo
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

pytest.importorskip("pyworld")
pytestmark = pytest.mark.browser

PATIENCE = 60_000
PLAYERS = "#result .loop audio"
NAMED = ["Input x", "Truth y"]
NAMED += [
    f"{kind}, {which} cycle loss"
    for which in ("with", "without")
    for kind in ("Identity F(x)", "Translation G(x)", "Reconstruction F(G(x))")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    voices = lessons.find("voices")
    held, recipe = voices.open(128, "none"), voices.recipe
    for arm in recipe.arms:
        settings = replace(
            recipe.config,
            generator=Generator("gated", width=2, blocks=1, upsampling="shuffle"),
            discriminator=Discriminator("gated", width=2),
            objective=arm.objective,
            facts={"steps": recipe.config.training.steps},
        )
        torch.manual_seed(len(arm.name))
        model = Model(settings)
        for role, target in (("G", 1), ("F", 0)):
            model[role].meet(held.voices, target)
        roles = {role: model[role] for role in ("G", "F")}
        checkpoints.save(folder / "sets" / "voices" / arm.objective.slug, settings, roles)
    for objective in (FULL, GAN_IDENTITY):
        pictures = folder / "sets" / "pictures" / objective.slug
        write_pictures(pictures, config(objective, data="satellite2map"))
    own = voices.medium.held(held.test_x[7])
    (folder / "own.flac").write_bytes(flac(own))
    (folder / "other.flac").write_bytes(flac(voices.medium.held(held.test_y[7])))
    write(folder / "tone.wav", tone(300, 3.0))
    write(folder / "silent.wav", quiet(2.0))
    write(folder / "long.mp3", joined(*[own] * 9), "libmp3lame", "fltp")
    (folder / "words.wav").write_text("words " * 100)
    return folder


@pytest.fixture(scope="module")
def url(folder):
    library = Library([folder / "sets"])
    library.begin_with("voices")
    with opened(build_demo(library)) as address:
        yield address


def test_without_its_packages_the_lesson_is_not_offered(folder, monkeypatch, caplog):
    for package, where in (("pyworld-prebuilt", "world"), ("av", "containers")):
        with monkeypatch.context() as patch:
            patch.setattr(f"cyclegan.core.sound.medium.{where}.is_installed", lambda: False)
            assert Library([folder / "sets"]).offered == ["sets/pictures"]
            assert f"sets/voices needs the package {package}." in caplog.text
            caplog.clear()
    assert Library([folder / "sets"]).offered == ["sets/pictures", "sets/voices"]


def visit(browser, url, script: str = "", **settings):
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **settings})
    page.set_default_timeout(PATIENCE)
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    if script:
        page.add_init_script(script)
    page.goto(url)
    page.wait_for_selector(PLAYERS)
    return page


@pytest.fixture
def page(browser, url):
    page = visit(browser, url)
    yield page
    assert not page.mistakes
    page.close()


def labels(page) -> list[str]:
    return [one.get_attribute("aria-label") for one in page.query_selector_all(PLAYERS)]


def says(page, *words: str, where: str = "#result") -> None:
    for one in words:
        until(page, lambda one=one: one in page.locator(where).inner_text())


def give(page, path) -> None:
    """Choose a file as one's own recording."""
    page.locator("#recording").get_by_label("Upload file").click()
    page.locator("#recording input[type=file]").set_input_files(path)


def test_all_that_networks_make_can_be_heard_and_seen(page):
    assert labels(page) == NAMED
    lengths = []
    for player in page.query_selector_all(PLAYERS):
        until(page, lambda player=player: player.evaluate("p => p.duration > 0"))
        lengths.append(player.evaluate("p => p.duration"))
    x, _, *made = lengths
    assert made == pytest.approx([x] * 6, abs=0.02), "no translation is slower than its input"
    seen = page.locator("#result .loop .seen img")
    assert seen.count() == 8
    assert len({one.get_attribute("src") for one in seen.all()}) == 8
    assert all(one.evaluate("i => i.naturalWidth") == 320 for one in seen.all())
    says(page, f"{x:.1f} s", "dB", "Spectrograms: time runs to the right", "cycle error")


def test_one_plays_at_a_time_and_a_line_follows(page):
    first, second = (page.locator(PLAYERS).nth(place) for place in (0, 3))
    for player in (first, second):
        # So slowly that none ends while it is looked at.
        player.evaluate("p => { p.muted = true; p.playbackRate = 0.07; return p.play(); }")
        until(page, lambda player=player: player.evaluate("p => p.currentTime > 0.02"))
    assert first.evaluate("p => p.paused") and not second.evaluate("p => p.paused")
    line = second.locator("xpath=..").evaluate("f => Number(f.style.getPropertyValue('--at'))")
    assert 0 < line <= 1
    seen = first.locator("xpath=..").locator("img")
    box = seen.bounding_box()
    seen.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    until(page, lambda: not first.evaluate("p => p.paused"))
    at, length = first.evaluate("p => [p.currentTime, p.duration]")
    assert at / length == pytest.approx(0.5, abs=0.2) and second.evaluate("p => p.paused")


def test_the_keyboard_reaches_every_player(page):
    page.locator("#results #examples button").first.focus()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('audio')?.ariaLabel ?? ''"))
    assert reached >= set(NAMED)
    page.locator(PLAYERS).nth(2).focus()
    page.keyboard.press("Space")
    until(page, lambda: page.locator(PLAYERS).nth(2).evaluate("p => p.currentTime > 0"))


def test_an_example_is_called_by_its_words_and_changes_all(page):
    before = [one.get_attribute("src") for one in page.query_selector_all(PLAYERS)]
    button = page.locator("#examples button").nth(2)
    assert len(button.inner_text().split()) > 4
    button.click()
    until(page, lambda: button.get_attribute("aria-pressed") == "true")
    after = [one.get_attribute("src") for one in page.query_selector_all(PLAYERS)]
    assert len(after) == 8 and not set(before) & set(after)


def test_what_is_for_pictures_alone_is_absent(page):
    visible = {
        one: page.locator(one).is_visible()
        for one in ("#draw", "#upload", "#closer", "#inside", "#ladder", "#recording", "#download")
    }
    assert [one for one, is_so in visible.items() if is_so] == ["#recording", "#download"]
    assert page.locator("#result .loop .seen img[role]").count() == 0, "no lens"
    arrows = page.locator("#result .loop .step i")
    assert arrows.count() and page.locator("#result .loop .step i[role]").count() == 0
    arrows.first.click()
    page.get_by_label("Lesson or model").click()
    page.get_by_role("option", name="sets/pictures").click()
    page.locator("#upload").wait_for()
    until(page, lambda: page.locator(PLAYERS).count() == 0)
    assert page.locator("#recording").count() == 0
    assert page.locator("#draw").is_visible() and page.locator("#closer").is_visible()
    until(page, lambda: page.locator("#result .loop .step i[role=button]").count() > 0)
    page.get_by_label("Lesson or model").click()
    page.get_by_role("option", name="sets/voices").click()
    until(page, lambda: page.locator(PLAYERS).count() == 8)
    until(page, lambda: page.locator("#result .loop .step i[role]").count() == 0)


def test_an_own_recording_is_turned(page, folder):
    give(page, folder / "own.flac")
    says(page, "Your recording, as networks see it", "no ground truth", "cycle error")
    assert labels(page) == [one for one in NAMED if one != "Truth y"]
    assert "two voices" not in page.locator("#result").inner_text()
    page.locator("#examples button").first.click()
    until(page, lambda: labels(page) == NAMED)
    says(page, "Your own recording", where="#recording")
    assert page.locator("#recording input[type=file]").count() == 1, "the field is empty again"


def test_an_empty_field_takes_nothing_out_of_it_that_came_since(folder):
    """A recorder says that it is empty when it is made, and is answered when a file is there."""
    demo = build_demo(Library([folder / "sets"]))
    fields = [fn for fn in demo.fns.values() if fn.name == "on_own"]
    assert len(fields) == 2
    for field in fields:
        *known, _ = field.inputs
        (answer,) = field.fn(*(one.value for one in known), None, None)
        assert list(answer.values()) == [gr.skip()]


def test_of_a_long_one_the_beginning_is_taken(page, folder):
    give(page, folder / "long.mp3")
    says(page, "its first 15 s of speech are taken", "as networks see it: 15.0 s")


def test_whose_voice_it_is_not_is_told(page, folder):
    give(page, folder / "tone.wav")
    says(page, "this is neither", "What comes out is a guess.")
    page.locator("#recording").get_by_label("Clear").click()
    says(page, "Choose an example, or a recording of your own.")
    give(page, folder / "other.flac")
    says(page, "choose the other direction", where="#result .verdict")
    page.locator("#direction input").nth(1).check()
    until(page, lambda: page.locator(PLAYERS).first.get_attribute("aria-label") == "Input y")
    assert "direction" not in page.locator("#result .verdict").inner_text()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("silent.wav", "Your recording is silent"),
        ("words.wav", "Your recording is no sound that can be read here"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(page, folder, name, sentence):
    give(page, folder / name)
    says(page, sentence, "Choose an example, or a recording of your own.")
    assert page.locator(PLAYERS).count() == 0


def test_a_microphone_is_listened_to(page):
    """Chromium's fake one beeps, and is the voice of nobody."""
    page.locator("#recording .record-button").click()
    page.wait_for_timeout(4000)
    page.locator("#recording .stop-button").first.click()
    says(page, "Your recording, as networks see it")


def with_media(devices: str) -> str:
    return f"Object.defineProperty(navigator, 'mediaDevices', {{value: {devices}}});"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("NotAllowedError", "This page may not use the microphone."),
        ("NotFoundError", "There is no microphone here."),
        ("NotReadableError", "perhaps another program has it"),
    ],
)
def test_a_refused_microphone_is_a_sentence(browser, url, error, sentence):
    refuses = f"() => Promise.reject(new DOMException('No', '{error}'))"
    devices = f"{{getUserMedia: {refuses}, enumerateDevices: () => Promise.resolve([])}}"
    page = visit(browser, url, with_media(devices))
    assert page.locator("#microphone").inner_text().strip() == ""
    page.locator("#recording .record-button").click()
    says(page, sentence, where="#microphone")
    assert page.locator("#microphone p:visible").count() == 1
    page.close()


def test_a_page_without_https_says_so(browser, url):
    page = visit(browser, url, with_media("undefined"))
    says(page, "no microphone to a page without HTTPS", where="#microphone")
    page.close()


def test_a_phone_has_a_list_of_wide_players(browser, url):
    page = visit(browser, url, viewport={"width": 390, "height": 844}, color_scheme="dark")
    assert labels(page) == NAMED
    for name in (*PLAYERS.split()[-1:], ".seen img"):
        boxes = [one.bounding_box() for one in page.query_selector_all(f"#result .loop {name}")]
        assert all(box["width"] > 300 for box in boxes), name
    tops = [one.bounding_box()["y"] for one in page.query_selector_all(PLAYERS)]
    assert len(set(tops)) == 8, "below each other"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ink = page.locator(".seen img").first.evaluate("i => getComputedStyle(i).filter")
    assert "invert" in ink, "light on a dark page"
    page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_of_ours(browser, url, scheme, width):
    page = visit(browser, url, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.wait_for_timeout(1000)
    found = [one for one in findings(page, ".html-container") if one.is_ours]
    assert not found, found
    page.close()
