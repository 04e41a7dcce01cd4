"""What classifiers say on the page: bars at each station of the loop, and a wall."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from opened import opened
from test_page import PATIENCE
from variants import lively

from cyclegan import lessons
from cyclegan.core.config import Channels, Config, Discriminator, Generator, Training
from cyclegan.inference.translator import Translator
from cyclegan.lessons.digits import judge
from cyclegan.methods.cycada import Objective
from cyclegan.page import loop, wall, wall_panels
from cyclegan.page.compare import opening, translate
from cyclegan.page.demo import build_demo
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

TITLE = "tests/named"


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    root = tmp_path_factory.mktemp("digits") / "tests" / "named"
    config = Config(
        generator=Generator(width=2, blocks=1, upsampling="resize"),
        discriminator=Discriminator(width=2),
        objective=Objective(latent=3),
        domains=lessons.find("digits").domains,
        channels=Channels(1, 3),
        training=Training(data="digits", fit="none", steps=3),
        image_size=32,
        facts={"steps": 3},
    )
    without = replace(config, objective=Objective(latent=3, semantic=0.0))
    for seed, (name, one) in enumerate({"with": config, "without": without}.items()):
        checkpoints.save(root / name, one, lively(one, seed).networks)
    return Library([root], "cpu")


def test_each_station_is_named_by_the_classifier_of_its_side(library):
    """By hand, of the pictures as they are shown."""
    shown = translate(library, opening(TITLE, library.sets[TITLE]))
    assert shown.label == 7 and [row.side for row in shown.rows] == [True, False]
    row = shown.rows[0]
    model = library.translator(row.variant.source).model
    namers = {"original": "f_S", "made": "f_T", "back": "f_S"}
    assert row.made.named.keys() == namers.keys()
    for key, role in namers.items():
        pixels = torch.from_numpy(np.array(row.made.views[key])).float() / 127.5 - 1
        pixels = pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
        with torch.inference_mode():
            shares = model[role](pixels[None]).softmax(1)[0]
        assert row.made.named[key] == pytest.approx(shares.tolist(), abs=1e-5)
        opinion = loop.opinions(row, shown)[key]
        assert opinion.namer == role and [kind for kind, _ in opinion.shares] == list("0123456789")
        assert opinion.says == str(int(shares.argmax()))
        assert opinion.is_other == (opinion.says != "7")


def test_an_own_digit_is_named_and_nobody_says_what_it_is(library, tmp_path):
    path = tmp_path / "own.png"
    lessons.find("digits").draw(lessons.find("digits").examples()[1].x).save(path)
    request = replace(opening(TITLE, library.sets[TITLE]), example=None, path=str(path))
    shown = translate(library, request)
    opinions = loop.opinions(shown.rows[0], shown).values()
    assert shown.label is None and len(opinions) == 3
    assert not any(opinion.is_other for opinion in opinions)


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_the_wall_frames_what_the_judge_reads_otherwise(library, direction):
    translator: Translator = library.translator(library.sets[TITLE].variants[0].source)
    found = wall.of_row("with it", translator, direction)
    side = 32
    tiles = np.asarray(found.picture)
    across, down = len(found.kinds), len(found.wrong) // len(found.kinds)
    assert (across, down) == (10, wall.EACH)
    step_x, step_y = (tiles.shape[1] - side) // 9, (tiles.shape[0] - side) // (down - 1)
    for place, wrong in enumerate(found.wrong):
        row, label = divmod(place, across)
        left, top = label * step_x, row * step_y
        tile = tiles[top : top + side, left : left + side]
        assert wrong == (judge.says(tile[None])[0] != label)


def test_of_other_methods_there_is_no_wall(library):
    shown = translate(library, opening(TITLE, library.sets[TITLE]))
    assert wall_panels.draw(shown).count('class="tiles"') == 2
    assert wall_panels.draw(replace(shown, walls=())) == ""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
)
def test_bars_and_wall_in_a_browser(browser, library, scheme, width):
    with opened(build_demo(library)) as address:
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.locator(".loop .opinion").first.wait_for()
        said = page.locator(".loop .opinion")
        assert said.count() == 5, "x once, and two stations a row"
        for i in range(5):
            assert said.nth(i).locator(".kinds span").count() == 10
            shares = (
                said.nth(i)
                .locator(".kinds span")
                .evaluate_all(
                    "all => all.map(one => parseFloat(one.style.getPropertyValue('--share')))"
                )
            )
            assert sum(shares) == pytest.approx(1, abs=0.01)
            assert (
                said.nth(i).locator(".said").inner_text() in said.nth(i).locator("p").inner_text()
            )
        walls = page.locator(".walls .tiles")
        assert walls.count() == 2 and page.locator(".walls .marks span").count() == 120
        page.wait_for_function("document.querySelector('.walls img').naturalWidth >= 320")
        marks, picture = walls.first.locator(".marks").bounding_box(), walls.first.locator("img")
        assert marks["height"] == pytest.approx(picture.bounding_box()["height"], abs=1)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, "nothing reaches out of the page"
        page.close()
