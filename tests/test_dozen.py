"""One picture, and eleven times as it is fed: by what is chosen, and of what is chosen."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from test_live_noise import settings as of_noise
from test_live_panels import tree
from tiny import SIZE, config, dataset

from cyclegan import lessons
from cyclegan.labs.live import Arm, LiveSettings
from cyclegan.lessons import DataError, open_data
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import dozen


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("data") / "some", size=SIZE + 4, x=6, y=7, test=5)


def drawn(html: str) -> list[tuple[str, str, list[np.ndarray]]]:
    """Title, words for whoever does not see it, and pictures, of every sheet."""
    found = []
    for figure in tree(html).iter("figure"):
        (sheet,) = figure.iter("div")
        assert sheet.attrib["role"] == "img"
        pictures = []
        for img in sheet.iter("img"):
            content = base64.b64decode(img.attrib["src"].partition(",")[2])
            pictures.append(np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), float))
        (caption,) = figure.iter("figcaption")
        found.append((caption.text, sheet.attrib["aria-label"], pictures))
    return found


def with_cycle(data, **training) -> LiveSettings:
    arms = Arm("with", Objective()), Arm("without", Objective(cycle_forward=0, cycle_backward=0))
    return LiveSettings(config(data=str(data), fit="none", **training), arms, None, "cpu")


def test_crops_and_mirroring_of_translators_are_the_same_for_both_arms(data):
    wanted = with_cycle(data)
    ((title, says, pictures),) = drawn(dozen.look(wanted))
    assert title == "Both arms" and len(pictures) == 12
    assert says == "A training picture of X, and 11 times as it is shown to both arms"
    items = open_data(str(data), SIZE, "none").train_x
    items = [one.permute(1, 2, 0).numpy().astype(float) for one in items]
    item = max(items, key=lambda one: np.abs(one - one[:, ::-1]).mean())
    assert np.array_equal(pictures[0], item[2:-2, 2:-2]), "the middle of it"
    parts = [
        turned
        for top in range(5)
        for left in range(5)
        for part in [item[top : top + SIZE, left : left + SIZE]]
        for turned in (part, part[:, ::-1])
    ]
    assert all(any(np.array_equal(one, part) for part in parts) for one in pictures[1:])
    assert len({one.tobytes() for one in pictures[1:]}) > 5


def test_it_is_said_what_may_become_of_a_picture(data):
    """A lesson's are as large as networks see them: nothing is left to crop."""
    assert "Cropped at random, mirrored by chance." in dozen.look(with_cycle(data))
    recipe = lessons.find("drawing").recipe
    html = dozen.look(LiveSettings(recipe.config, recipe.arms, None, "cpu"))
    assert "<p>Mirrored by chance.</p>" in html
    ((_, _, pictures),) = drawn(html)
    apart = [np.abs(one - pictures[0]).mean() for one in pictures[1:]]
    assert min(apart) == 0 and max(apart) > 5, "and a mirror shows"


def test_without_crops_and_mirroring_nothing_changes(data):
    ((_, _, pictures),) = drawn(dozen.look(with_cycle(data, flip="none", place="middle")))
    assert all(np.array_equal(one, pictures[0]) for one in pictures)


def test_each_augmentation_has_a_sheet_of_the_side_that_is_learned(data):
    wanted = of_noise(data)
    (title, _, plain), (other, says, changed) = drawn(dozen.look(wanted))
    assert (title, other) == ("None", "Diffaugment") and "of Y" in says
    assert np.array_equal(plain[0], changed[0])
    grey = [(abs(one - 127.5) < 1).all(2).mean() for one in changed[1:]]
    assert min(grey) >= 1 / 16, "a hole of half a side lies at least by a quarter in the picture"
    assert not any((abs(one - 127.5) < 1).all(2).mean() > 0.05 for one in plain)


def test_pictures_that_are_not_there_are_a_sentence(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        dozen.look(with_cycle(tmp_path / "nowhere"))
