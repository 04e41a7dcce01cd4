"""The lessons that ship: their figures by hand, their data, and what they say of themselves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan import lessons
from cyclegan.core import figures
from cyclegan.core.config import Config, ConfigError
from cyclegan.core.media import PICTURES
from cyclegan.lessons import DataError, Yardsticks
from cyclegan.lessons.fluent.pairs import colour_error, colour_returned, silhouette_iou
from cyclegan.lessons.fluent.turned import TURNED, UNTURNED
from cyclegan.lessons.satellite2map import SEA_IOU
from cyclegan.lessons.troubles import MOVED

SHIPPED = [lesson.name for lesson in lessons.all_lessons()]
PAIRED = [
    name
    for name in SHIPPED
    if name != "digits-uci" and lessons.find(name).medium is PICTURES  # voices: test_voice.py
]


def test_drawing_opens_first():
    names = [
        "drawing",
        "emoji",
        "satellite2map",
        "digits",
        "digits-uci",
        "turned",
        "glasses",
        "voices",
    ]
    assert names == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lesson_says_all_of_itself(name):
    lesson = lessons.find(name)
    assert lesson.title and lesson.source and lesson.licence
    assert lesson.own and set(lesson.headline) <= {figure.key for figure in lesson.figures}
    known = {MOVED.key, *(figure.key for figure in lesson.figures if "G" in figure.networks)}
    assert all(t.words and {bound.figure for bound in t.bounds} <= known for t in lesson.troubles)
    assert len({trouble.key for trouble in lesson.troubles}) == len(lesson.troubles)
    recipe = lesson.recipe
    assert recipe.config.training.data == name and recipe.config.domains == lesson.domains
    assert len({arm.objective for arm in recipe.arms}) == 2
    assert Config.from_dict(recipe.config.to_dict()) == recipe.config


@pytest.mark.parametrize("name", PAIRED)
def test_a_lessons_data(name):
    """No training pair, aligned truths, groups of what is not independent, examples to show."""
    lesson = lessons.find(name)
    size, channels = min(64, lesson.largest), lesson.recipe.config.channels
    data = lesson.open(size, "none")
    assert data.channels == channels
    for side, own in (("x", channels.x), ("y", channels.y)):
        kept = [*getattr(data, f"train_{side}")[:2], *getattr(data, f"test_{side}")[:2]]
        assert {tuple(picture.shape) for picture in kept} == {(own, size, size)}
    assert data.train_truth[0].shape == data.train_y[0].shape
    assert data.paired and data.is_held_out and len(data.test_x) == len(data.test_y)
    assert len(data.groups) == len(data.test_x) > len(set(data.groups)) - 1
    assert len(data.train_truth) == len(data.train_x)
    for known, side in ((data.known_x, data.test_x), (data.known_y, data.test_y)):
        assert all(len(values) == len(side) for values in known.values())
    examples = lesson.examples()
    assert len(examples) == 12 and examples[0].x.shape[0] == channels.x
    held = data.held_out(size, 24)
    found = {
        f.key: f.measure({**held.arrays("xy"), "made": held.arrays("xy")["truth"]})
        for f in data.figures
    }
    assert found["rmse"] == 0 and found["diversity"] == 1, "the truth itself is perfect"
    for figure in (f for f in lesson.own if "G" in f.networks):
        assert figure.badness(found[figure.key]) <= figure.badness(
            0.9 if figure.better == "high" else 0.1
        )


def test_own_figures_are_known_nowhere_else():
    keys = [figure.key for name in SHIPPED for figure in lessons.find(name).own]
    common = {f.key for f in (*figures.AGAINST_TRUTH, *figures.WITHOUT_TRUTH)}
    assert not common & set(keys)


@pytest.mark.parametrize("name", SHIPPED)
def test_it_is_said_whether_items_are_seen_whole(name):
    """By the data themselves, at the recipe's size and at the smallest."""
    lesson = lessons.find(name)
    for size in {lesson.recipe.config.image_size, 32}:
        config = replace(lesson.recipe.config, image_size=size)
        try:
            data = lesson.open(size, "none")
        except DataError:  # The one size of this lesson is another.
            continue
        items = [*data.train_x, *data.train_y]
        is_whole = {length for item in items for length in item.shape[1:]} == {size}
        assert lessons.words_of_items(config).startswith("whole ") == is_whole
        assert ("at random" in lessons.words_of_crops(config)) != is_whole


@pytest.mark.parametrize(
    ("name", "size", "items", "crops"),
    [
        ("drawing", 64, "whole pictures of 64 pixels", "mirrored by chance"),
        ("digits", 32, "whole pictures of 32 pixels", "never mirrored"),
        ("digits", 24, "crops of 24 pixels", "cropped at random, never mirrored"),
        ("voices", 128, "parts of 0.6 s", "cut at random"),
        (
            *("some/folder", 256, "crops of 256 pixels"),
            "files scaled to 286/256 by their short side, cropped at random, mirrored by chance",
        ),
    ],
)
def test_what_networks_see_in_words(name, size, items, crops):
    config = replace(lessons.find(name).recipe.config, image_size=size)
    if not lessons.is_registered(name):
        config = replace(config, training=replace(config.training, fit="crop"))
    assert lessons.words_of_items(config) == items
    assert lessons.words_of_crops(config) == crops


def test_a_size_that_a_lesson_has_not():
    with pytest.raises(DataError, match="emoji has no pictures of 96 pixels; 64 are the most"):
        lessons.find("emoji").open(96, "none")
    assert lessons.find("drawing").open(32, "none").train_x[0].shape == (3, 32, 32)


def test_a_name_that_is_taken():
    class Another(lessons.Lesson):
        name = "emoji"

    with pytest.raises(ConfigError, match="There is a lesson emoji already"):
        lessons.register(Another())


def test_what_is_no_lesson_is_a_folder_or_a_dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert isinstance(lessons.find("user/name"), lessons.HubData)
    (tmp_path / "user" / "name").mkdir(parents=True)
    assert isinstance(lessons.find("user/name"), lessons.Folder), "what exists is no Hub name"
    assert isinstance(lessons.find("horses"), lessons.Folder)
    assert lessons.find("anything").measure("novel_figure").label == "novel figure"


# Fluent pictograms


def test_silhouette_iou_by_hand():
    """Drawn is what has a channel below 245; two of three pixels agree, of four."""
    made = np.full((1, 4, 3), 255, np.uint8)
    made[0, 0] = (255, 244, 255)
    made[0, 1] = (0, 0, 0)
    made[0, 2] = (245, 245, 245)
    truth = np.array([[False, True, True, False]])
    assert silhouette_iou(made, truth) == pytest.approx(1 / 3)
    assert silhouette_iou(np.full((2, 2, 3), 255, np.uint8), np.zeros((2, 2), bool)) == 1


def test_colour_error_by_hand():
    """Inside the silhouette alone, and without wrapping around."""
    made, truth = np.zeros((1, 3, 3), np.uint8), np.full((1, 3, 3), 255, np.uint8)
    truth[0, 0] = (30, 0, 0)
    assert colour_error(made, truth, np.array([[True, False, False]])) == pytest.approx(10)
    assert colour_error(made, truth, np.array([[False, True, False]])) == 255
    assert colour_error(made, truth, np.zeros((1, 3), bool)) == 0


def test_white_is_behind_and_the_silhouette_is_the_truths():
    data = lessons.find("drawing").open(64, "none")
    dog = data.groups.index("1f436")
    line, colour = data.test_x[dog], data.test_y[dog]
    assert (line[:, 0, 0] == 255).all() and (colour[:, 0, 0] == 255).all()
    inside = torch.from_numpy(data.known_y["silhouette"][dog])
    assert 0.2 < inside.float().mean() < 0.9
    drawn = colour.min(0).values < 245
    assert (drawn & inside).sum() / (drawn | inside).sum() > 0.85
    assert (line[0] == line[1]).all() and (colour[0] != colour[1]).any(), "lines have no colour"


# turned


def columns(*greys: list[int]) -> np.ndarray:
    """Pictures one pixel wide, in levels from the top: (N, H, 1, 3)."""
    return np.array(greys, np.uint8)[:, :, None, None].repeat(3, axis=3)


def turns(x: np.ndarray, made: np.ndarray, y: np.ndarray) -> list[float | None]:
    """The shares turned and unturned."""
    arrays = {"original": x, "made": made, "truth": y}
    return [figure.measure(arrays) for figure in (TURNED, UNTURNED)]


def test_turned_is_within_half_of_the_way_and_unturned_nearer_to_x():
    """From black over white to white over black it is 255 of 255 on average."""
    x, y = columns([0, 255]), columns([255, 0])
    assert turns(x, y, y) == [1, 0] and turns(x, x, y) == [0, 1]
    assert turns(x, columns([128, 127]), y) == [1, 0], "127 from y"
    assert turns(x, columns([128, 128]), y) == [0, 0], "127.5 from either"
    assert turns(x, columns([127, 128]), y) == [0, 1]
    assert turns(x, columns([255, 255]), y) == [0, 0], "white is neither"


def test_pictograms_count_by_how_far_they_are_from_upside_down():
    """Of 200 + 50 + 0 the first was turned: what looks the same upside down tells nothing."""
    x, y = columns([0, 200], [50, 100], [90, 90]), columns([200, 0], [100, 50], [90, 90])
    made = np.concatenate([y[:1], x[1:]])
    assert turns(x, made, y) == [pytest.approx(200 / 250), pytest.approx(50 / 250)]
    assert turns(x[2:], made[2:], y[2:]) == [None, None]


def test_what_training_cannot_tell_from_a_turn_is_one():
    """Batches mirror either side at random; RMSE does not take the mirrored for the truth."""
    x = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    y = np.rot90(x, 2, (1, 2))
    assert turns(x, x[:, ::-1], y) == [1, 0] and turns(x, x[:, :, ::-1], y) == [0, 1]
    assert figures.RMSE.measure({"made": x[:, ::-1], "truth": y}) > 50


def test_the_turned_are_told_from_all_else_that_is_no_x():
    data = lessons.find("turned").open(32, "none").held_out(32)
    arrays = data.arrays("xy")
    x, y = arrays["original"], arrays["truth"]
    for made in (np.roll(y, 7, axis=0), 255 - x, 255 - y, np.full_like(x, 255), x // 2 + y // 2):
        assert TURNED.measure({**arrays, "made": made}) < 0.05
    noisy = np.random.default_rng(0).normal(y, 8).clip(0, 255).astype(np.uint8)
    assert TURNED.measure({**arrays, "made": noisy}) > 0.95


@pytest.mark.parametrize("size", lessons.find("turned").sizes)
def test_the_truth_is_the_turn_to_the_last_bit(size):
    data = lessons.find("turned").open(size, "none")
    for x, y in ((data.test_x, data.test_y), (data.train_x, data.train_truth)):
        assert all(torch.equal(torch.rot90(a, 2, (1, 2)), b) for a, b in zip(x, y, strict=True))
    silhouettes = zip(data.known_x["silhouette"], data.known_y["silhouette"], strict=True)
    assert all(np.array_equal(np.rot90(a, 2), b) for a, b in silhouettes)
    assert not {picture.numpy().tobytes() for picture in data.train_x} & {
        torch.rot90(picture, 2, (1, 2)).numpy().tobytes() for picture in data.train_y
    }


def test_examples_of_the_turn_are_held_out_and_plain_to_see():
    lesson = lessons.find("turned")
    data = lesson.open(64, "none")

    def way(x: torch.Tensor) -> float:
        standing = [x.float() - turned for turned in (x.flip(1, 2), x.flip(1))]
        return min(float(difference.abs().mean()) for difference in standing)

    median = np.median([way(x) for x in data.test_x])
    for example in lesson.examples():
        assert any(torch.equal(example.x, x) for x in data.test_x)
        assert torch.equal(example.y, torch.rot90(example.x, 2, (1, 2)))
        assert way(example.x) > median, example.name


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"turned": 0.0, "unturned": 1.0}, "x comes back, but was never turned"),
        ({"turned": 0.1, "unturned": 0.2}, "x comes back, and is neither left as it was nor"),
        ({"turned": 0.9, "unturned": 0.1}, None),
        ({"turned": 0.0, "unturned": 1.0, "cycle_error": 40.0}, "x is lost"),
        ({"turned": 0.0, "unturned": 1.0, "diversity": 0.2}, "every output looks alike"),
        ({}, None),
    ],
)
def test_a_small_cycle_error_is_no_excuse(own, told):
    """What is not turned is not turned, whoever made it."""
    own, apart = {"cycle_error": 20.0, "diversity": 0.9, **own}, Yardsticks(apart=57.0)
    listed = lessons.find("turned").troubles
    found = next((trouble.words for trouble in listed if trouble.holds(own, apart)), None)
    assert found == told or found.startswith(told)


def test_seen_is_what_came_back_unturned():
    seen = lessons.find("turned").seen
    without = {"cycle_error": 40.0, "unturned": 1.0}
    assert seen({"cycle_error": 20.0, "unturned": 1.0}, without)
    assert not seen({"cycle_error": 30.0, "unturned": 1.0}, without), "no better than without"
    assert not seen({"cycle_error": 20.0, "unturned": 0.5}, without), "some were turned"
    assert not seen({}, {}) and not seen({"cycle_error": 20.0}, without)


# satellite2map


SEA, LAND = (20, 60, 160), (180, 160, 90)


def test_colours_returned_by_hand():
    """Of pure red the luma is 76, so that grey is 179 + 76 + 76 away from it."""
    red, grey, white = ([[value]] for value in ([255, 0, 0], [76, 76, 76], [255, 255, 255]))
    y = np.array(np.tile(red, (1, 4, 1)), np.uint8)
    inside = np.array([[True, True, False, False]])
    way = 2 * (179 + 76 + 76)

    def returned(*pixels: list) -> tuple[float, float]:
        return colour_returned(y, np.concatenate(pixels, 1).astype(np.uint8), inside)

    assert returned(red, red, white, white) == (way, way)
    assert returned(grey, grey, red, red) == (0, way)
    assert returned(red, grey, white, white) == (way / 2, way)
    assert returned(white, white, red, red) == (way - 2 * 510, way), "worse than grey"
    assert colour_returned(y, y, np.zeros((1, 4), bool)) == (0, 0)
    assert returned(grey, grey, red, red)[0] == 0


def test_colours_that_return_are_of_the_way_back_from_colour_alone():
    figures = {figure.key: figure for figure in lessons.find("drawing").figures}
    listed = [key for key in figures if key.startswith("colour_returned")]
    assert [key.removeprefix("colour_returned") for key in listed] == [
        *("", "_another_z", "_noise", "_jpeg", "_blur"),
    ]
    assert all(figures[key].networks == "F" for key in listed)
    y = np.stack([np.full((4, 4, 3), (200, 40, 90), np.uint8)] * 3)
    known = {"original": y, "original_silhouette": np.ones((3, 4, 4), bool)}
    luma = np.stack([np.asarray(Image.fromarray(one).convert("L").convert("RGB")) for one in y])
    for key in listed:
        back = figures[key].needs[1]
        assert figures[key].measure({**known, back: y}) == 1
        assert figures[key].measure({**known, back: luma}) == 0


def sea_iou(made: np.ndarray, truth: np.ndarray) -> float | None:
    """Of one map, (H, W, 3), or of several."""
    made, truth = (a if a.ndim == 4 else a[None] for a in (made, truth))
    return SEA_IOU.measure({"made": made, "truth": truth})


def picture(*pixels: tuple[int, int, int]) -> np.ndarray:
    """One row of pixels, (1, W, 3)."""
    return np.array([pixels], np.uint8)


def coast(*sea: int, width: int = 4) -> np.ndarray:
    """One row of land with sea at the given columns."""
    return picture(*(SEA if i in sea else LAND for i in range(width)))


def test_sea_is_where_blue_exceeds_red_by_more_than_30():
    all_sea = picture((0, 0, 200), (0, 0, 200), (0, 0, 200))
    edge = picture((100, 0, 130), (100, 0, 131), (240, 255, 10))
    assert sea_iou(edge, all_sea) == pytest.approx(1 / 3)


def test_sea_iou_by_hand():
    assert sea_iou(coast(0, 1), coast(1, 2)) == pytest.approx(1 / 3)
    assert sea_iou(coast(0), coast(0, 1, 2, 3)) == pytest.approx(1 / 4)
    assert sea_iou(coast(0, 1), coast(2, 3)) == 0


def test_sea_iou_without_any_sea():
    assert sea_iou(coast(), coast()) is None, "there is nothing to overlap"
    assert sea_iou(coast(), coast(2)) == 0
    assert sea_iou(coast(2), coast()) == 0


def test_sea_iou_is_pooled_over_pictures():
    """One of one pixel right, and one of three: 2 of 4, and not the mean of 1 and 1/3."""
    made = np.stack([coast(0), coast(0)])
    truth = np.stack([coast(0), coast(0, 1, 2)])
    assert sea_iou(made, truth) == pytest.approx(2 / 4)


def test_swapped_colours_are_found_by_sea_iou():
    """A map that is consistent but wrong: sea painted as land, and land as sea."""
    is_sea = np.random.default_rng(0).random((20, 20)) < 0.4
    truth = np.where(is_sea[..., None], SEA, LAND).astype(np.uint8)
    swapped = np.where(is_sea[..., None], LAND, SEA).astype(np.uint8)
    assert sea_iou(swapped, truth) == 0
    one_wrong = truth.copy()
    one_wrong[is_sea.nonzero()[0][0], is_sea.nonzero()[1][0]] = LAND
    assert sea_iou(one_wrong, truth) == pytest.approx(1 - 1 / is_sea.sum())
