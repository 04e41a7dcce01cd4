"""The Film tab in a real headless Chromium: tiny networks, short films, real workers."""

import importlib.util

import pytest
from film_files import film
from opened import opened
from test_films import read
from test_live import director as directing
from test_page_train import until
from tiny import config
from variants import FULL, GAN_IDENTITY, write

from cyclegan.labs.live import Limits
from cyclegan.page.demo import build_demo
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House
from cyclegan.page.hosting.house import Limits as Quotas
from cyclegan.page.library import Library
from cyclegan.store.checkpoints import BUNDLED

pytestmark = [pytest.mark.browser, pytest.mark.training]

PATIENCE = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for objective in (FULL, GAN_IDENTITY):
        write(folder / "set" / objective.slug, config(objective, data="satellite2map"))
    film(folder / "short.mp4", 12, sound=1.0)
    film(folder / "long.mp4", 3000, rate=100, preset="ultrafast")
    (folder / "words.mp4").write_text("words")
    return folder


@pytest.fixture(scope="module")
def director(tmp_path_factory):
    with directing(tmp_path_factory.mktemp("live"), Limits(), "--grace", "30") as made:
        yield made


@pytest.fixture(scope="module")
def url(folder, director):
    library = Library([folder / "set"])
    with opened(build_demo(library, desk=Desk(House(private=True)), director=director)) as address:
        yield address


def visit(browser, url, **settings):
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **settings})
    page.set_default_timeout(PATIENCE)
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.goto(url)
    page.get_by_role("tab", name="Film").click()
    page.locator("#film").wait_for()
    return page


@pytest.fixture
def page(browser, url):
    page = visit(browser, url)
    yield page
    assert not page.mistakes
    page.close()


def says(page, *words: str, where: str = "#film-state") -> None:
    for one in words:
        until(page, lambda one=one: one in page.locator(where).inner_text())


def give(page, path) -> None:
    """Choose a film of one's own."""
    page.get_by_label("Film", exact=True).click()
    page.get_by_role("option", name="Your own film").click()
    page.locator("#film-file").wait_for()
    page.locator("#film-file input[type=file]").set_input_files(path)
    page.locator("#film-file .file-preview").wait_for()


def shown(page, where: str = "#film-shown") -> dict:
    """The video in sight, as its browser plays it."""
    video = page.locator(f"{where} video")
    video.wait_for()
    until(page, lambda: video.evaluate("v => v.readyState >= 2"))
    video.evaluate("v => { v.muted = true; return v.play(); }")
    until(page, lambda: video.evaluate("v => v.currentTime > 0.1"))
    return video.evaluate("v => ({seconds: v.duration, width: v.videoWidth})")


def test_what_a_flight_takes_is_said_before(page, director):
    says(page, "Choose a film and press the button", where="#film")
    assert page.get_by_label("Film", exact=True).input_value() == "Ireland to Guinea"
    assert page.locator("#film-stop").is_disabled()
    page.locator("#film-expect").click()
    said = ("250 frames of 128×128, 25 a second, 10.0 s", "Expected time: ")
    says(page, *said, where="#film-expected")
    assert page.locator("#film-still img").evaluate("i => i.naturalWidth") > 3 * 256
    assert director.jobs() == {}


def test_what_is_wrong_is_a_sentence(page, folder, director):
    page.get_by_label("Film", exact=True).click()
    page.get_by_role("option", name="Your own film").click()
    page.locator("#film-start").click()
    says(page, "Choose a film first.", where="#film-expected")
    give(page, folder / "words.mp4")
    page.locator("#film-start").click()
    says(page, "Your film is no film that can be read here", where="#film-expected")
    assert director.jobs() == {}


def test_a_film_of_ones_own_plays_and_downloads_with_its_sound(page, folder, director, tmp_path):
    give(page, folder / "short.mp4")
    page.locator("#film-steady input").check()
    page.locator("#film-start").click()
    says(page, "12 frames of 96×64", "with sound", where="#film-expected")
    says(page, "The whole film: 12 frames.", "Flicker")
    found = shown(page)
    assert page.locator("#film-still img").count() == 0
    assert found["seconds"] == pytest.approx(1, abs=0.1) and found["width"] > 3 * 192
    with page.expect_download() as waited:
        page.locator("#film-shown a[download]").first.click()
    waited.value.save_as(tmp_path / "film.mp4")
    made, frames, sound = read(tmp_path / "film.mp4", shortest=None)
    assert len(frames) == 12 and made.facts.rate == pytest.approx(12) and len(sound)


def test_it_grows_in_sight_and_what_is_stopped_is_kept(page, browser, url, folder, director):
    give(page, folder / "long.mp4")
    page.locator("#film-start").click()
    says(page, "of 3,000 frames")
    bar = page.locator("#film-state progress")
    until(page, lambda: bar.get_attribute("max") == "3000")
    assert page.locator("#film-shown video").count() == 0
    other = visit(browser, url)
    says(other, "of 3,000 frames")
    other.close()
    id = next(iter(director.films()))
    until(page, lambda: director.status(id).step > 30)
    page.locator("#film-stop").click()
    says(page, "Stopped. The first ", "are kept.")
    kept = director.status(id).step
    assert 30 < kept < 3000 and page.locator("#film-stop").is_disabled()
    assert shown(page)["seconds"] == pytest.approx(kept / 100, abs=0.1)


def test_a_recording_stands_there_until_something_is_asked(browser, tmp_path):
    library = Library([BUNDLED / "satellite2map"])
    with directing(tmp_path / "live", Limits(), "--grace", "30") as director:
        demo = build_demo(library, desk=Desk(House(private=True)), director=director)
        with opened(demo) as address:
            page = visit(browser, address)
            says(page, "A recording: Ireland to Guinea, satellite → map, steady.", where="#film")
            found = shown(page, "#film-recorded")
            assert found["seconds"] == pytest.approx(10, abs=0.1) and found["width"] > 3 * 128
            page.locator("#film-expect").click()
            says(page, "250 frames", where="#film-expected")
            page.locator("#film-recorded").wait_for(state="hidden")
            assert director.jobs() == {} and not page.mistakes
            page.close()


def test_maps_fly_too(page):
    page.locator("#film-way input").nth(1).check()
    page.locator("#film-expect").click()
    says(page, "250 frames", where="#film-expected")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(browser, url, scheme):
    """With the film of the tests before in sight."""
    phone = visit(browser, url, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    phone.locator("#film-shown video").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()


def test_on_a_hosted_page_it_is_in_the_trainings_queue_and_limits(browser, folder, tmp_path):
    desk = Desk(House(limits=Quotas(film_seconds=0.5)))
    limits = Limits(minutes=30, per_owner=1)
    with directing(tmp_path / "live", limits, "--grace", "30") as director:
        demo = build_demo(Library([folder / "set"]), desk=desk, director=director)
        with opened(demo) as address:
            anna, ben = (visit(browser, address) for _ in range(2))
            give(anna, folder / "short.mp4")
            says(anna, "of it a part of up to 0.5 s", "counts as one", where="#film")
            assert anna.get_by_label("full", exact=True).count() == 0
            anna.locator("#film-start").click()
            says(anna, "Of a film this page takes 0.5 s", where="#film-expected")
            says(anna, "The whole film: 6 frames.")
            anna.get_by_label("Film", exact=True).click()
            anna.get_by_role("option", name="Altai to Sumatra").click()
            anna.locator("#film-start").click()
            says(anna, "of 250 frames")
            says(ben, "Choose a film and press the button", where="#film")
            anna.locator("#film-start").click()
            says(anna, "running or waiting", where="#film-expected")
            anna.close()
            ben.close()
    desk.close()


def test_without_pyav_the_page_says_so(browser, folder, director, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    demo = build_demo(Library([folder / "set"]), desk=Desk(House(private=True)), director=director)
    with opened(demo) as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("tab", name="Film").click()
        page.get_by_text("Films need the library PyAV, which is not installed here").wait_for()
        assert page.locator("#film-start").count() == 0
        page.close()


def test_without_trainings_the_page_says_so(browser, folder):
    with opened(build_demo(Library([folder / "set"]))) as address:
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("tab", name="Film").click()
        page.get_by_text("these are switched off on this page").wait_for()
        page.close()
