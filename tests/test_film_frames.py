"""Own films to train on: which frames are taken, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest
from film_files import drawn, film
from PIL import Image
from tiny import noise

from cyclegan.core.films import FilmFile, Frame
from cyclegan.lessons import film_frames, intake
from cyclegan.lessons.data import DataError


def changing(seconds: int, size: tuple[int, int] = (96, 64)) -> list[np.ndarray]:
    """Two frames a second; each second shows something else, but the fourth what the third did."""
    found = []
    for second in range(seconds):
        of = 2 if second == 3 else second
        rough = Image.fromarray(np.asarray(noise(6, 4, seed=of)))
        found += [np.asarray(rough.resize(size, Image.Resampling.NEAREST))] * 2
    return found


@pytest.fixture
def own(tmp_path) -> Path:
    pictures = changing(12)
    return film(tmp_path / "walk.mp4", 24, rate=2, pictures=pictures, sound=12.0)


def test_a_frame_a_second_without_those_that_are_alike(own):
    found = list(film_frames.frames(own, "walk.mp4", 32))
    taken = [one for one in found if isinstance(one, film_frames.Taken)]
    assert [one.name for one in taken] == [
        f"walk {second:05d}.0 s" for second in range(12) if second != 3
    ]
    assert [one.is_test for one in taken] == [False] * 10 + [True]
    (left_out,) = (one for one in found if one not in taken)
    assert left_out.name == "walk.mp4" and left_out.why.startswith("has 1 frames")


def test_frames_so_many_seconds_apart_bring_no_sound(own):
    found = list(FilmFile(own, every=3.0))
    assert all(isinstance(one, Frame) for one in found)
    assert [one.time for one in found] == pytest.approx([0, 3, 6, 9], abs=0.01)


def test_a_film_and_pictures_become_a_dataset(own, tmp_path):
    pictures = []
    for place in range(3):
        pictures.append(tmp_path / f"{place}.png")
        noise(40, 40, seed=50 + place).save(pictures[-1])
    taken = intake.take_in(tmp_path / "data", [own], [*pictures, own], 32)
    assert (taken.x.train, taken.x.held_out) == (10, 1)
    assert (taken.y.train, taken.y.held_out) == (13, 1) and not taken.paired
    assert "1 held out (the ends of its films)" in taken.sentence
    assert "walk.mp4 has 1 frames that are nearly like others" in taken.sentence
    sizes = {Image.open(path).size for path in (tmp_path / "data" / "trainA").iterdir()}
    assert sizes == {(54, 36)}


def test_a_film_that_cannot_be_read_is_left_out_and_told(own, tmp_path):
    text = tmp_path / "broken.mp4"
    text.write_text("words")
    taken = intake.take_in(tmp_path / "data", [own, text], [own], 32)
    assert "broken.mp4 is no film that can be read here" in taken.sentence
    with pytest.raises(DataError, match="X has 0 usable pictures"):
        intake.take_in(tmp_path / "none", [text], [own], 32)
    assert not (tmp_path / "none").exists()


def test_a_film_of_one_view_gives_one_picture(tmp_path):
    path = film(tmp_path / "still.mp4", 8, rate=2, pictures=[drawn(0, 96, 64)] * 8)
    found = list(film_frames.frames(path, "still.mp4", 32))
    assert len(found) == 2 and found[1].why.startswith("has 3 frames")
