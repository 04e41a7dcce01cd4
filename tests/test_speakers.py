"""Visitors' recordings of two speakers: taken in, counted as the lesson counts, or refused."""

import numpy as np
import pytest
from PIL import Image
from sound_files import joined, quiet, tone, write

from cyclegan import lessons
from cyclegan.core.sound import Clip, cleaning, world
from cyclegan.lessons import DataError, intake, recordings, speakers
from cyclegan.lessons.intake import CancelledError
from cyclegan.lessons.voices.read import load

pytest.importorskip("pyworld")

SIZE = 128


def spoken(seconds: float, side: int = 0) -> Clip:
    """Of one of the lesson's speakers, over and over again."""
    pack = load()
    clips = (pack.recorded_x, pack.recorded_y)[side]
    samples = np.concatenate([clip.samples for clip in clips])
    return Clip(np.resize(samples, round(seconds * 16_000)))


@pytest.fixture
def files(tmp_path):
    """A minute of tone of either side."""
    (tmp_path / "came").mkdir()
    return [write(tmp_path / "came" / f"{n}.wav", tone(h, 61)) for n, h in (("x", 220), ("y", 110))]


@pytest.fixture
def take(tmp_path):
    def take(x, y, **more):
        return speakers.take_in(tmp_path / "data", x, y, SIZE, **more)

    return take


def refusal(take, *sides, **more) -> str:
    with pytest.raises(DataError) as refused:
        take(*sides, **more)
    return str(refused.value)


def test_two_speakers_become_a_lesson(tmp_path, take):
    (tmp_path / "came").mkdir()
    first = write(tmp_path / "came" / "<b>.wav", joined(spoken(40), quiet(10), spoken(4)))
    second = write(tmp_path / "came" / "a.mp3", spoken(26), "libmp3lame", "fltp", 2)
    other = write(tmp_path / "came" / "b.flac", spoken(66, 1), "flac")
    told = []
    taken = take([first, second], [other], progress=lambda *said: told.append(said))
    assert (taken.x.count, taken.y.count) == (2, 1) and taken.x.left_out == ()
    assert 69 < taken.x.seconds < 71, "what is silent does not count"
    assert taken.sentence == (
        f"X: {taken.x.seconds:.0f} s of speech in 2 recordings. "
        f"Y: {taken.y.seconds:.0f} s of speech in 1 recording."
    )
    assert told[0] == ("X", 0, 2) and told[-1] == ("Y", 1, 1)
    kept = sorted(p.relative_to(tmp_path / "data").as_posix() for p in tmp_path.glob("data/*/*"))
    assert kept == ["trainA/000.flac", "trainA/001.flac", "trainB/000.flac"]
    lesson = lessons.find(str(tmp_path / "data"))
    data = lesson.open(SIZE, "none")
    for items, held, side in zip(
        (data.train_x, data.train_y), (data.test_x, data.test_y), (taken.x, taken.y), strict=True
    ):
        seconds = sum(one.shape[1] for one in (*items, *held)) * world.FRAME
        assert seconds == pytest.approx(side.seconds, abs=0.02)
    assert data.is_held_out and not data.paired and data.said == ()


def test_both_sides_are_brought_to_one_loudness(tmp_path, take):
    """Before anything is learned: networks would learn who sat nearer to the microphone."""
    (tmp_path / "came").mkdir()
    for name, gain in (("x", 0.01), ("y", 0.5)):
        write(tmp_path / "came" / f"{name}.wav", tone(200, 61, gain))
    take([tmp_path / "came" / "x.wav"], [tmp_path / "came" / "y.wav"])
    levels = [
        cleaning.loudness(recordings.speech(path, SIZE, path.name))
        for path in sorted(tmp_path.glob("data/*/*.flac"))
    ]
    assert levels == pytest.approx([cleaning.LEVEL] * 2, abs=0.1)


def test_too_little_says_how_much_there_is_and_what_was_left_out(tmp_path, files, take):
    came = tmp_path / "came"
    short = write(came / "short.wav", joined(tone(220, 31), quiet(40)))
    silent = write(came / "silent.wav", quiet(70))
    word = write(came / "word.wav", tone(220, 0.55))
    (came / "notes.mp3").write_text("no sound " * 50)
    sentence = refusal(take, [short, silent, word, came / "notes.mp3"], files[1:])
    assert sentence.startswith(
        "X has 31 s of speech, once silence is cut; 60 s of each speaker are the least. Left out: "
    )
    for words in (
        "silent.wav is silent: nothing in it is louder than -55 dB",
        "word.wav has less than 0.6 s of speech",
        "notes.mp3 is no sound that can be read here",
    ):
        assert words in sentence
    assert list(tmp_path.iterdir()) == [came], "nothing stays behind"


def test_pictures_and_recordings_have_each_a_choice_of_their_own(tmp_path, files, take):
    picture = tmp_path / "came" / "cover.png"
    Image.new("RGB", (32, 32)).save(picture)
    assert refusal(take, files[:1], [*files[1:], picture]) == (
        "Y: cover.png is a picture among recordings. What is a picture has a choice of its own: "
        "give it there, or leave it out here."
    )
    with pytest.raises(DataError, match=r"^X: x.wav is a recording among pictures\. What is a"):
        intake.take_in(tmp_path / "data", [picture, files[0]], [picture], 32)


def test_limits(tmp_path, files, take, monkeypatch):
    assert refusal(take, [], files).startswith("X has no recordings yet. Each side: one speaker")
    monkeypatch.setattr(speakers, "MAX_RECORDINGS", 1)
    assert "Y has 2 recordings; at most 1 of a" in refusal(take, files[:1], files)
    monkeypatch.undo()
    monkeypatch.setattr(speakers, "MOST", 60.0)
    taken = take([*files[:1], *files], files[1:])
    assert (taken.x.count, taken.x.left_out[0].why) == (1, speakers.BEYOND)
    monkeypatch.setattr("cyclegan.core.sound.medium.LONGEST", 60.0)
    assert "x.wav lasts more than 60 s; cut it shorter" in refusal(take, files[:1], files[1:])


def test_a_change_of_mind(tmp_path, files, take):
    with pytest.raises(CancelledError):
        take(files[:1], files[1:], cancelled=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["came"]


def columns(*lengths: int) -> list:
    return [np.full((27, length), place) for place, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("lengths", "rest", "held"),
    [
        ((12_000,), [12_000], []),
        ((12_000 + 599,), [12_599], []),
        ((13_600,), [12_400], [600] * 2),
        ((24_000,), [21_600], [600] * 4),
        ((200_000,), [195_200], [600] * 8),
        ((12_000, 700, 650), [12_000, 700], [650]),
        ((6_000, 6_000, 500, 500), [6_000, 6_000], [500, 500]),
    ],
)
def test_the_end_is_held_out_as_far_as_a_minute_is_left(lengths, rest, held):
    items = columns(*lengths)
    left, apart = recordings._apart(items, SIZE)
    assert [one.shape[1] for one in left] == rest and [one.shape[1] for one in apart] == held
    order = [one[0, 0] for one in (*left, *apart)]
    assert order == sorted(order), "the last of all"
