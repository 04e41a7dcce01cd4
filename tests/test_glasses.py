"""The faces that ship: what differs with glasses, who is held out, and figures by hand."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from cyclegan import lessons
from cyclegan.lessons import DataError, Yardsticks
from cyclegan.lessons.glasses import sources
from cyclegan.lessons.glasses.faces import (
    EXAMPLES,
    SIZES,
    answer_error,
    covered,
    enlarged,
    glasses_returned,
    outside,
    put_on,
)
from cyclegan.lessons.glasses.read import COLOURS, FRAMES, KINDS, load

PACKAGES = os.environ.get("DICEBEAR_PACKAGES")
"""A folder with node_modules of the npm packages, for comparing the pack with a fresh drawing."""


def test_no_face_is_there_twice_and_roles_share_no_seed():
    pack = load()
    assert [pack.roles.count(role) for role in ("x", "y", "test")] == [1000, 1000, 160]
    assert len(set(pack.seeds)) == len(pack.seeds) == 2160
    assert len(np.unique(pack.bare.reshape(2160, -1), axis=0)) == 2160
    assert {pack.roles[pack.seeds.index(name)] for name in EXAMPLES} == {"test"}


def test_faces_of_two_roles_differ_in_more_than_glasses_do():
    """In 12 squares of 256 and more; a face and itself with glasses in 5 to 44."""
    pack = load()
    faces = pack.bare.reshape(2160, 256, 3).astype(np.int32)
    held_out = faces[pack.places("test")]
    training = faces[: 2 * 1000]
    nearest = min((face != training).any(-1).sum(-1).min() for face in held_out)
    assert nearest >= 12


def test_glasses_are_in_the_middle_and_nothing_else_changes():
    pack = load()
    changed = (pack.bare != pack.worn).any(-1)
    assert (changed.sum((1, 2)) >= 5).all() and changed.sum((1, 2)).max() <= 44
    assert not changed[:, :4].any() and not changed[:, 9:].any()
    assert not changed[:, :, :2].any() and not changed[:, :, 14:].any()


def test_every_kind_is_worn_and_the_own_one_is_among_the_answers():
    pack = load()
    assert len(KINDS) == len(FRAMES) * len(COLOURS) == 84
    counts = np.bincount(pack.kinds, minlength=84)
    assert counts.min() > 5
    # Evenly: of 2,160 draws the statistic of 83 degrees of freedom is above 128 once in a thousand.
    expected = 2160 / 84
    assert ((counts - expected) ** 2 / expected).sum() < 128
    for answers, i in zip(pack.answers, pack.places("test"), strict=True):
        assert np.array_equal(answers[pack.kinds[i]], pack.worn[i])
        assert len(np.unique(answers.reshape(84, -1), axis=0)) == 84
        assert (answers != pack.bare[i]).any((1, 2, 3)).all()


@pytest.mark.parametrize("size", SIZES)
def test_a_square_of_the_drawing_is_a_square_of_the_picture(size):
    data = lessons.find("glasses").open(size, "none")
    times = size // 16
    for side in (data.train_x, data.train_y, data.train_truth, data.test_x, data.test_y):
        picture = side[3].reshape(3, 16, times, 16, times)
        assert (picture == picture[:, :, :1, :, :1]).all()
    assert data.known_x["covered"][0].shape == (size, size)
    assert data.known_x["answers"][0].shape == (84, 16, 16, 3)
    x, y = torch.stack(data.test_x), torch.stack(data.test_y)
    elsewhere = ~torch.from_numpy(np.stack(data.known_x["covered"]))[:, None].expand_as(x)
    assert (x[elsewhere] == y[elsewhere]).all()


def test_other_sizes():
    with pytest.raises(DataError, match="glasses has no pictures of 40 pixels; 32, 48, 64 are"):
        lessons.find("glasses").open(40, "none")


# Figures, by hand: a face of one row and two columns of 2×2 pixels, glasses in the second.

FACE = np.array([[[10, 10, 10], [20, 20, 20]]], np.uint8)
ANSWERS = np.stack([FACE, FACE])
ANSWERS[0, 0, 1], ANSWERS[1, 0, 1] = 50, 80
COVERED = enlarged(covered(FACE, ANSWERS)[..., None], 2)[..., 0]


def twice(*greys: int) -> np.ndarray:
    """(2, 4, 3) of the grey of each square."""
    return np.array(greys, np.uint8)[None, :, None].repeat(2, 0).repeat(2, 1).repeat(3, 2)


def test_covered_is_where_any_answer_differs():
    assert np.array_equal(covered(FACE, ANSWERS), [[False, True]])
    assert COVERED.shape == (2, 4) and COVERED[:, 2:].all() and not COVERED[:, :2].any()


@pytest.mark.parametrize(("made", "found"), [(50, 0), (80, 0), (60, 10), (70, 10), (20, 30)])
def test_the_nearest_answer(made, found):
    assert answer_error(twice(99, made), ANSWERS, COVERED) == found


def test_how_much_is_put_on():
    """The answers change 30 and 60, so 45 on average; half of a square counts half."""
    known = {"original_answers": ANSWERS, "original_covered": COVERED}
    assert put_on(twice(10, 20), twice(99, 20), **known) == (0, 45)
    made = twice(10, 20)
    made[:, 3] = 50
    assert put_on(twice(10, 20), made, **known) == (15, 45)


def test_change_outside_the_glasses():
    assert outside(twice(10, 20), twice(14, 200), COVERED) == 4


def test_glasses_returned():
    """Their mean is 65 of grey, 15 from either; there are 4 pixels of 3 channels."""
    known = {"original_answers": ANSWERS, "original_covered": COVERED}
    y, way = twice(10, 80), 15 * 12
    assert glasses_returned(y, y, **known) == (way, way)
    assert glasses_returned(y, twice(0, 65), **known) == (0, way)
    assert glasses_returned(y, twice(10, 50), **known) == (-way, way)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"put_on": 0.1}, "no glasses were put on"),
        ({"answer_error": 30.0}, "no pair of glasses"),
        ({"outside": 20.0}, "on another face"),
        ({"outside": 20.0, "put_on": 0.1}, "no glasses were put on"),
        ({"cycle_error": 40.0}, "x is lost"),
        ({}, ""),
    ],
)
def test_what_goes_wrong_with_glasses(own, told):
    own = {
        **{"cycle_error": 5.0, "diversity": 0.9, "put_on": 1.0},
        **{"answer_error": 8.0, "outside": 2.0, **own},
    }
    listed = lessons.find("glasses").troubles
    found = [t.words for t in listed if t.holds(own, Yardsticks(apart=47.0))]
    assert told in " ".join(found) and bool(found) == bool(told)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"outside": 20.0}, "the face is another one"),
        ({"put_on": 0.1}, "no glasses were put on"),
        ({"answer_error": 30.0}, "what is put on is no pair of glasses"),
        ({"outside": 2.0, "put_on": 0.9, "answer_error": 9.0, "rmse": 99.0}, ""),
    ],
)
def test_a_translation_that_is_wrong(made, told):
    assert lessons.find("glasses").wrong(made, {"rmse": 35.0}) == told


@pytest.mark.skipif(not PACKAGES, reason="DICEBEAR_PACKAGES names no folder with node_modules")
def test_the_pack_equals_a_fresh_drawing():
    pytest.importorskip("resvg_py")
    pack, folder = load(), Path(PACKAGES)
    sources.check(folder)
    i, held_out = pack.seeds.index("Kurt"), pack.places("test")
    faces = [sources.Face("Kurt", None), sources.Face("Kurt"), sources.Face("Kurt", *KINDS[20])]
    drawn, kinds = sources.draw(folder, faces)
    answers = pack.answers[held_out.index(i)]
    np.testing.assert_array_equal(drawn, np.stack([pack.bare[i], pack.worn[i], answers[20]]))
    assert kinds[1:] == [KINDS[pack.kinds[i]], KINDS[20]]


def test_packages_of_another_version(tmp_path):
    with pytest.raises(DataError, match=r"@dicebear/core in .* is not there; fetch it: npm"):
        sources.check(tmp_path)
    for name in sources.PACKAGES:
        folder = tmp_path / "node_modules" / "@dicebear" / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"version": "9.4.2"}')
    with pytest.raises(DataError, match=r"@dicebear/core in .* is 9\.4\.2; fetch it"):
        sources.check(tmp_path)
