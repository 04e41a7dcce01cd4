"""A model without an x on the page: what it makes, in markup and in a real headless Chromium."""

import json
from dataclasses import replace
from math import hypot
from pathlib import Path

import numpy as np
import pytest
import torch
from opened import opened
from PIL import Image
from test_page import PATIENCE
from variants import FULL, lively, write

from cyclegan.core.config import Config, Discriminator, Domains, Generator, Training
from cyclegan.core.figures import JUDGED
from cyclegan.core.files import write_json
from cyclegan.inference import noise as places
from cyclegan.inference.translator import Translator
from cyclegan.methods.dcgan.objective import Objective
from cyclegan.page import cards, noise, translate_tab
from cyclegan.page.answers import Answers
from cyclegan.page.compare import Closer, Probe, Within, look_closer, look_inside, opening
from cyclegan.page.demo import build_demo
from cyclegan.page.library import Library
from cyclegan.page.sets import PAIRS
from cyclegan.page.story import Stories
from cyclegan.store import checkpoints
from cyclegan.training.runs import LOG, SAMPLES

SIZE = 16
STEPS = (100, 200, 300)


def keep(folder: Path, augmentation: str, seed: int) -> Path:
    """A checkpoint of few filters, with a log and sheets of samples as a training leaves them."""
    config = Config(
        generator=Generator("dcgan", width=2, blocks=0, upsampling="resize", norm="batch"),
        discriminator=Discriminator("dcgan", width=2, norm="batch"),
        objective=Objective(augmentation=augmentation),
        domains=Domains("flat", "3D"),
        training=Training(data="emoji", fit="none", steps=300, seed=0, pictures=40),
        image_size=SIZE,
        facts={"steps": 300},
    )
    checkpoints.save(folder, config, lively(config, seed).networks)
    values = {"diversity": 0.9, "nearest": 1.0, "d_gap": 0.1 + seed / 2}
    write_json(folder / checkpoints.METRICS, {"items": 9, "samples": 9, "size": SIZE, "G": values})
    lines = [
        {"step": step, "figures": {m.key: 0.25 * i + step / 1000 for i, m in enumerate(JUDGED)}}
        for step in STEPS
    ]
    (folder / LOG).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (folder / SAMPLES).mkdir()
    for i, step in enumerate(STEPS):
        Image.new("RGB", (40, 20), (80 * i, 0, 0)).save(folder / SAMPLES / f"{step:06d}.webp")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    keep(root / "dots" / "diffaugment", "diffaugment", 1)
    keep(root / "dots" / "none", "none", 0)
    write(root / "pairs" / "full", FULL)
    return root


@pytest.fixture(scope="module")
def library(folder):
    return Library([folder / "dots", folder / "pairs"])


@pytest.fixture(scope="module")
def title(library):
    return next(name for name in library.offered if name.endswith("dots"))


# Places of z


def test_all_places_of_the_way_are_as_far_from_the_middle_as_its_ends():
    found = places.way(9)
    assert found[0] == pytest.approx((1, 0)) and found[-1] == pytest.approx((0, 1))
    assert [hypot(*place) for place in found] == pytest.approx([1] * 9)


def test_the_plane_has_a_from_left_to_right_and_b_from_below():
    found = places.plane(3, 1.5)
    assert found == [
        *((-1.5, 1.5), (0.0, 1.5), (1.5, 1.5)),
        *((-1.5, 0.0), (0.0, 0.0), (1.5, 0.0)),
        *((-1.5, -1.5), (0.0, -1.5), (1.5, -1.5)),
    ]


def test_what_is_made_at_a_place_is_g_of_that_sum(folder):
    translator = Translator(checkpoints.load(folder / "dots" / "none"))
    z = torch.randn(2, 100, generator=torch.Generator().manual_seed(7))
    (found,) = places.at(translator, [(0.5, -0.25)], seed=7)
    with torch.no_grad():
        wanted = translator.model.G((0.5 * z[0] - 0.25 * z[1])[None])[0]
    array = np.asarray(found).transpose(2, 0, 1)
    assert np.abs(array - ((wanted.numpy() + 1) * 127.5)).max() <= 0.51
    with pytest.raises(ValueError, match="makes nothing of noise"):
        places.at(Translator(checkpoints.load(folder / "pairs" / "full")), [(1, 0)], 0)


# What the page makes of a set


def test_the_set_has_pairs_of_points_in_the_place_of_examples(library, title):
    set_ = library.sets[title]
    assert set_.is_from_noise and set_.examples == []
    assert set_.choices == [str(i) for i in range(1, PAIRS + 1)]
    assert set_.arrow("xy") == "noise → 3D" and set_.names == ("GAN (DiffAugment)", "GAN")
    assert not translate_tab.takes_pictures(set_)
    assert Stories(library).steps(title) == [], "a lesson's story is about translation"
    assert "noise → 3D" in cards.shelf(library, [title])


def alike(a, b) -> bool:
    """But for rounding, which depends on what is computed at once."""
    return np.abs(np.asarray(a, int) - np.asarray(b, int)).max() <= 1


def test_a_look_has_the_same_z_in_every_row(library, title, monkeypatch):
    request = opening(title, library.sets[title])
    shown = noise.look(library, request)
    assert [row.name for row in shown.rows] == ["GAN (DiffAugment)", "GAN"]
    assert shown.count == 40 and len(shown.known) == noise.SHEET
    for row in shown.rows:
        translator = library.translator(row.variant.source)
        (first,) = places.at(translator, [(1, 0)], noise.SEED)
        assert alike(row.way[0], first)
        assert len(row.plane) == noise.PLACES**2 and len(row.way) == noise.STEPS
        assert alike(row.samples[0], places.samples(translator, 1)[0])
    other = noise.look(library, replace(request, example=1))
    assert alike(other.rows[0].samples[0], shown.rows[0].samples[0])
    assert not alike(other.rows[0].way[0], shown.rows[0].way[0])


def test_the_markup_says_what_it_is_and_names_its_values(library, title):
    set_ = library.sets[title]
    request = opening(title, set_)
    known = Answers(library)
    assert known.ready(request) is None
    answer = known.draw(request, noise.look(library, request))
    assert known.ready(request) is answer
    text = " ".join(answer.result.split())
    assert "This model has no x: nothing is translated" in text
    assert "G makes a 3D picture of z, 100 random numbers." in text
    assert "from 40 real 3D pictures" in text
    assert 'data-written="−1.5 −1.125 −0.75 −0.375 0 0.375 0.75 1.125 1.5"' in text
    assert 'data-steps="100 200 300"' in text
    assert text.count('class="opinion"') == 2
    assert (
        "GAN: at step 300 D on training pictures 0.30, D on held-out pictures 0.55, D on samples "
        "0.80." in text
    )
    assert answer.thumbnails.count("<button") == PAIRS
    assert "D's gap" in answer.measured.replace("&#39;", "'")
    assert "9 samples, against 9 held-out items" in answer.measured


def test_without_a_log_and_samples_there_is_neither_curve_nor_film(folder, tmp_path):
    for name in (checkpoints.CONFIG, checkpoints.WEIGHTS):
        (tmp_path / "bare" / "one").mkdir(parents=True, exist_ok=True)
        content = (folder / "dots" / "none" / name).read_bytes()
        (tmp_path / "bare" / "one" / name).write_bytes(content)
    library = Library([tmp_path / "bare"])
    (title,) = library.offered
    text = noise.draw(noise.look(library, opening(title, library.sets[title])), library.sets[title])
    assert 'class="film"' not in text and 'class="opinion"' not in text and "Samples" in text


def test_nothing_is_looked_closer_at_or_into(library, title):
    request = opening(title, library.sets[title])
    assert look_closer(library, request, Probe()) == Closer("xy", Probe())
    assert look_inside(library, request, Within()) is None


def test_a_folder_of_both_is_two_sets(folder, tmp_path):
    for name in ("dots/none", "pairs/full"):
        copy = tmp_path / "both" / Path(name).name
        copy.mkdir(parents=True)
        for file in (checkpoints.CONFIG, checkpoints.WEIGHTS):
            (copy / file).write_bytes((folder / name / file).read_bytes())
    path = tmp_path / "both" / "full" / checkpoints.CONFIG
    values = json.loads(path.read_text())
    values["training"]["data"] = "emoji"
    write_json(path, values)
    assert sorted(set_.is_from_noise for set_ in Library([tmp_path / "both"]).sets.values()) == [
        False,
        True,
    ]


# In a browser


@pytest.fixture(scope="module")
def url(library):
    with opened(build_demo(library)) as address:
        yield address


@pytest.fixture
def page(browser, url):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(".noise .here")
    yield page
    page.close()


def place(page) -> tuple[str, str]:
    """The column and the line of the plane that are shown."""
    style = "e => [e.style.getPropertyValue('--column'), e.style.getPropertyValue('--line')]"
    return tuple(page.locator(".noise .plane").evaluate(style))


@pytest.mark.browser
def test_keys_and_clicks_move_on_the_plane(page):
    a, b = (page.locator(f".noise input[name={name}]") for name in "ab")
    a.focus()
    page.keyboard.press("ArrowRight")
    assert a.get_attribute("aria-valuetext") == "1.125" and place(page) == ("7", "2")
    b.focus()
    page.keyboard.press("Home")
    assert b.get_attribute("aria-valuetext") == "−1.5" and place(page) == ("7", "8")
    box = page.locator(".noise .map").first.bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + 2)
    assert place(page) == ("0", "0")
    assert (a.get_attribute("aria-valuetext"), b.get_attribute("aria-valuetext")) == (
        "−1.5",
        "1.5",
    )


@pytest.mark.browser
def test_other_points_and_rows_are_a_click_away_and_in_the_address(page, url):
    first = page.locator(".noise .map img").first.get_attribute("src")
    page.get_by_role("button", name="pair 2 of points").click()
    page.wait_for_function(
        "known => document.querySelector('.noise .map img').src !== known", arg=first
    )
    page.wait_for_function("location.search.includes('example=2')")
    page.locator("#rows label").nth(1).click()
    page.wait_for_function("document.querySelectorAll('.noise .here').length === 1")
    assert not page.locator("#upload").is_visible()
    assert not page.locator("#closer").is_visible() and not page.locator("#inside").is_visible()
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "a phone has it all in sight"


@pytest.mark.browser
def test_the_film_plays_and_one_picture_can_be_downloaded(page):
    film = page.locator(".noise .film input")
    film.focus()
    page.keyboard.press("Home")
    assert film.get_attribute("aria-valuetext") == "step 100"
    assert page.locator(".noise .film .strip img:visible").count() == 2
    with page.expect_download() as download:
        page.locator("#download").click()
    with Image.open(download.value.path()) as picture:
        assert picture.width > picture.height > 1000


@pytest.mark.browser
def test_a_set_that_translates_brings_its_own_parts_back(page, library):
    page.locator("#chosen-set input").click()
    page.get_by_role("option", name="pairs").click()
    page.wait_for_selector("#upload")
    assert page.locator("#closer").is_visible() and page.locator("#inside").is_visible()
    assert not page.locator(".noise").count()
