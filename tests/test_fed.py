"""What a training would be fed is what it is fed, and whatever a visitor brought is gone again."""

import re
from dataclasses import replace

import pytest
import torch
from live_root import settings
from test_intake import picture_bytes
from tiny import config

from cyclegan import lessons
from cyclegan.core import images
from cyclegan.core.config import ConfigError
from cyclegan.labs.live import Limits, LiveSettings
from cyclegan.lessons import DataError, intake, open_data
from cyclegan.page import fed
from cyclegan.training import setup

ANYTHING = Limits(folders=True)


@pytest.mark.parametrize("more", [{}, {"flip": "none"}, {"batch": 3}, {"place": "middle"}])
def test_the_pictures_are_those_of_the_first_steps(more):
    wanted = config(data="satellite2map", **more)
    data = open_data(wanted.training.data, wanted.image_size, wanted.training.fit)
    x, y = setup.first_items(wanted, data, 7)
    steps = iter(setup.loader(replace(wanted, training=replace(wanted.training, steps=9)), data, 0))
    batches = [next(steps) for _ in range(7)]
    for seen, side in ((x, 0), (y, 1)):
        fed_then = torch.cat([batch[side] for batch in batches])[:7]
        assert seen.dtype == torch.uint8 and torch.equal(images.to_float(seen), fed_then)


@pytest.fixture
def sides(tmp_path):
    """Files of X and of Y, of which one is no picture."""
    found = []
    for side, count in (("x", 3), ("y", 2)):
        files = [tmp_path / f"{side}{i}.png" for i in range(count)]
        for i, file in enumerate(files):
            file.write_bytes(picture_bytes(seed=i + ord(side)))
        found.append(files)
    (tmp_path / "notes.txt").write_text("Buy milk.")
    found[0].append(tmp_path / "notes.txt")
    return found


def test_a_visitors_pictures_are_shown_and_what_was_left_out(sides, tmp_path):
    folders = []

    def fill(folder):
        folders.append(folder)
        return intake.take_in(folder, *sides, 16)

    html = fed.look(settings(), fill, Limits(folders=False))
    assert html.count("<img") == 2 * fed.SHOWN + 12, "and one picture, eleven times as it is fed"
    assert "notes.txt" in html and "3 pictures to train on" in html
    assert str(folders[0]) not in html and not folders[0].parent.exists()


def test_a_lesson_is_not_said_to_be_scaled():
    html = fed.look(settings(), None, ANYTHING)
    words = re.search(r"<p>(.*?)</p>", html, re.S)[1]
    assert words.startswith("Mirrored by chance: each is 24×24") and "286" not in html
    assert "nobody tells which belongs to which" in words


def test_of_recordings_parts_are_shown_and_not_measured_in_pixels():
    recipe = lessons.find("voices").recipe
    html = fed.look(LiveSettings(recipe.config, recipe.arms), None, ANYTHING)
    assert "Cut at random: each is 0.6 s then." in html and "pixels" not in html
    assert html.count("<img") == 2 * fed.SHOWN and "52 in all" in html


def test_what_may_not_be_trained_on_is_not_shown_either(tmp_path):
    base = settings().base
    named = replace(base, training=replace(base.training, data=str(tmp_path)))
    with pytest.raises(ConfigError, match="folders of its machine are not offered"):
        fed.look(replace(settings(), base=named), None, Limits(folders=False))
    with pytest.raises(DataError, match="holds no pictures"):
        fed.look(LiveSettings(named), None, ANYTHING)
