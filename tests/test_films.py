"""Films in and out: odd ones are handled or told of, and what is written can always be played."""

import importlib.util
import signal
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import film_files
import numpy as np
import pytest
from film_files import BAR, LEFT, RIGHT, av, drawn, film, patched, turned
from PIL import Image

from cyclegan.core import confined, films
from cyclegan.core.films import FilmError, FilmFile, Frame, Sound, Writer, colours

NEAR = 12
"""Of 255: what encoders change."""


def read(path: Path, **asked) -> tuple[FilmFile, list[Frame], np.ndarray]:
    """A film, its frames, and its sound from its first sample on."""
    found = FilmFile(path, **asked)
    frames, heard = [], [np.zeros((0, max(1, found.facts.channels)), np.int16)]
    for one in found:
        if isinstance(one, Frame):
            frames.append(one)
        else:
            heard.append(one.samples)
    return found, frames, np.concatenate(heard)


def looks(frame: Frame, place: tuple[float, float], colour: tuple[int, ...]) -> bool:
    """place: as shares of width and height."""
    width, height = frame.picture.size
    seen = frame.picture.getpixel((int(place[0] * width), int(place[1] * height)))
    return max(abs(a - b) for a, b in zip(seen, colour, strict=True)) <= NEAR


def refusal(path: Path, **asked) -> str:
    with pytest.raises(FilmError) as error:
        read(path, **asked)
    sentence = str(error.value)
    assert sentence.startswith(path.name) and sentence.endswith(".") and "\n" not in sentence
    return sentence


# Films as most are


def test_a_film_comes_as_it_was_made(tmp_path):
    found, frames, sound = read(film(tmp_path / "a.mp4", sound=1.0))
    facts = found.facts
    assert (facts.size, facts.came, facts.frames, facts.rate) == ((96, 64), (96, 64), 12, 12)
    assert facts.seconds == pytest.approx(1.0) and facts.notes == () and found.damaged == 0
    assert [frame.time for frame in frames] == pytest.approx([i / 12 for i in range(12)], abs=1e-3)
    assert looks(frames[0], (0.25, 0.6), LEFT) and looks(frames[0], (0.75, 0.6), RIGHT)
    assert looks(frames[11], (0.4, 0.1), BAR) and not looks(frames[0], (0.4, 0.1), BAR)
    assert (facts.sound_rate, facts.channels) == (24000, 1)
    assert len(sound) / 24000 == pytest.approx(1.0, abs=0.1)
    assert np.abs(sound).max() == pytest.approx(film_files.HIGH, rel=0.1)


def test_frames_are_reduced_by_their_shorter_side_and_never_enlarged(tmp_path):
    path = film(tmp_path / "a.mp4", 2, (320, 180))
    assert FilmFile(path, 90).facts.size == (160, 90)
    assert FilmFile(path, 512).facts.size == FilmFile(path, None).facts.size == (320, 180)


@pytest.mark.parametrize("ending", ["mov", "mkv", "webm", "avi"])
def test_containers(ending, tmp_path):
    codec = {"webm": "libvpx-vp9", "avi": "mpeg4"}.get(ending, "libx264")
    _, frames, _ = read(film(tmp_path / f"a.{ending}", 6, codec=codec))
    assert len(frames) == 6 and looks(frames[0], (0.25, 0.6), LEFT)


@pytest.mark.parametrize("matrix", [(1, 1, 1), (9, 9, 14)])
def test_colours_are_those_of_the_matrix_that_is_named(matrix, tmp_path):
    _, frames, _ = read(film(tmp_path / "a.mp4", 1, tags=matrix))
    assert looks(frames[0], (0.25, 0.6), LEFT) and looks(frames[0], (0.75, 0.6), RIGHT)


def test_a_part_is_taken(tmp_path):
    path = film(tmp_path / "a.mp4", 36, sound=3.0)
    found, frames, sound = read(path, first=1.0, last=2.0)
    assert (len(frames), found.facts.frames) == (12, 12)
    assert frames[0].time == pytest.approx(0, abs=0.01)
    assert looks(frames[0], (56 / 96 - 0.03, 0.1), BAR), "the thirteenth"
    assert len(sound) / 24000 == pytest.approx(1.0, abs=0.1)
    with pytest.raises(FilmError, match="From second 2 to 1"):
        FilmFile(path, first=2, last=1)
    assert "is over by second 60" in refusal(path, first=60.0)


# Odd ones


def test_a_film_of_a_phone_that_was_held_upright_stands(tmp_path):
    found, frames, _ = read(turned(film(tmp_path / "a.mp4", 3)), shortest=32)
    assert found.facts.size == frames[0].picture.size == (32, 48)
    # What was on the left is at the top now, and what was at the top, on the right.
    assert looks(frames[0], (0.3, 0.3), LEFT) and looks(frames[0], (0.3, 0.8), RIGHT)
    assert looks(frames[2], (0.9, 0.05), BAR)


def test_a_variable_rate_keeps_its_times(tmp_path):
    times = [0, 0.1, 0.15, 0.5, 0.55, 1.4]
    _, frames, _ = read(film(tmp_path / "a.mkv", 6, times=times))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=0.002)


def test_a_film_that_begins_later_than_its_file(tmp_path):
    _, frames, _ = read(film(tmp_path / "a.mkv", 3, times=[5, 5.5, 6]))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.5, 1], abs=0.002)


def test_odd_sides_and_pixels_that_are_no_squares(tmp_path):
    found, frames, _ = read(film(tmp_path / "a.mkv", 2, (95, 63), codec="ffv1", form="bgr0"))
    assert found.facts.size == frames[0].picture.size == (95, 63)
    path = film(tmp_path / "b.mp4", 2, (72, 64), ratio=Fraction(4, 3))
    assert FilmFile(path).facts.size == (96, 64)


def test_ten_bits(tmp_path):
    _, frames, _ = read(film(tmp_path / "a.mp4", 2, form="yuv420p10le"))
    assert looks(frames[0], (0.25, 0.6), LEFT) and looks(frames[0], (0.75, 0.6), RIGHT)


@pytest.mark.parametrize("transfer", [colours.PQ, colours.HLG])
def test_hdr_is_brought_into_range(transfer, tmp_path):
    """Grey steps of 2, 100 and 203 nits, and a light of 1,000, in a signal made by hand."""
    nits = np.array([2.0, 100.0, 203.0, 1000.0])
    if transfer == colours.PQ:
        power = (nits / 10_000) ** 0.1593017578125
        signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        scene = (nits / 1000) ** (1 / 1.2)
        above = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        signal = np.where(scene <= 1 / 12, np.sqrt(3 * scene), above)
    values = np.repeat(np.repeat((signal * 65535).astype(np.uint16), 24)[None, :, None], 64, 0)
    picture = np.repeat(values, 3, 2)
    path = film(
        tmp_path / "a.mp4", 2, pictures=[picture] * 2, form="yuv420p10le", tags=(9, 9, transfer)
    )
    found, frames, _ = read(path)
    assert "HDR" in found.facts.notes[0]
    seen = [frames[0].picture.getpixel((12 + 24 * i, 32)) for i in range(4)]
    assert all(max(pixel) - min(pixel) <= 4 for pixel in seen), "grey stays grey"
    dark, middle, white, light = (pixel[1] for pixel in seen)
    srgb = 255 * (1.055 * (100 / 203) ** (1 / 2.4) - 0.055)
    assert abs(middle - srgb) <= NEAR and dark < 30
    assert 215 < white < light <= 255


@pytest.mark.parametrize("codec", ["qtrle", "prores_ks"])
def test_transparency_is_over_white(codec, tmp_path):
    seen = np.dstack([drawn(0, 96, 64), np.full((64, 96), 255, np.uint8)])
    seen[:, 48:, 3] = 0
    form = {"qtrle": "argb", "prores_ks": "yuva444p10le"}[codec]
    _, frames, _ = read(film(tmp_path / "a.mov", 2, pictures=[seen] * 2, codec=codec, form=form))
    assert looks(frames[0], (0.25, 0.6), LEFT) and looks(frames[0], (0.75, 0.6), (255,) * 3)


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animated_picture_with_transparency_and_times_of_its_own(ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    pictures = []
    for place in range(3):
        values = np.dstack([drawn(place, 48, 32), np.full((32, 48), 255, np.uint8)])
        values[:, 24:, 3] = 0
        pictures.append(Image.fromarray(values))
    options = {"gif": {"disposal": 2}, "webp": {"lossless": True}}.get(ending, {})
    first, *rest = pictures
    first.save(path, save_all=True, append_images=rest, duration=[40, 200, 500], **options)
    assert films.is_film(path)
    found, frames, _ = read(path)
    assert (found.facts.size, found.facts.frames) == ((48, 32), 3)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.24], abs=0.002)
    assert looks(frames[2], (0.75, 0.6), (255, 255, 255)) and looks(frames[2], (0.25, 0.6), LEFT)


def test_a_broken_tail_leaves_what_came_before_it(tmp_path):
    whole = film(tmp_path / "a.mp4", 48, container={"movflags": "faststart"}, sound=4.0)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    found, frames, _ = read(whole)
    assert found.facts.frames == 48 and 10 < len(frames) < 48
    assert looks(frames[5], (0.25, 0.6), LEFT)


def test_damage_in_the_middle_is_passed_over(tmp_path):
    path = film(tmp_path / "a.ts", 48)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = np.random.default_rng(0).bytes(600)
    path.write_bytes(content)
    _, frames, _ = read(path)
    assert len(frames) > 24
    assert all(a.time < b.time for a, b in pairwise(frames))


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path):
    whole = film(tmp_path / "whole.mp4", 12)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "index is missing" in refusal(cut)
    assert "cannot be decoded here" in refusal(patched(whole, b"avc1\0\0\0\0", b"zzz1\0\0\0\0"))
    text, empty = tmp_path / "text.mp4", tmp_path / "empty.mp4"
    text.write_text("no film at all, but words " * 50)
    empty.touch()
    assert "no film" in refusal(text) and "is empty" in refusal(empty)
    assert "No such file" in refusal(tmp_path / "missing.mp4")
    single = tmp_path / "single.gif"
    Image.fromarray(drawn(0, 48, 32)).save(single)
    assert "single picture" in refusal(single) and not films.is_film(single)


def test_sound_alone_is_no_film(tmp_path):
    path = tmp_path / "a.m4v"
    with av.open(str(path), "w", format="mp4") as out:
        heard = out.add_stream("aac", rate=24000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 24000), np.int16), "s16", "mono")
        frame.sample_rate = 24000
        out.mux(heard.encode(frame))
        out.mux(heard.encode(None))
    assert "no moving pictures" in refusal(path)


def test_sound_that_cannot_be_decoded_is_left_out_and_told(tmp_path):
    path = patched(film(tmp_path / "a.mp4", sound=1.0), b"mp4a\0\0\0\0", b"zzz2\0\0\0\0")
    patched(path, b"\x40\x15", b"\x01\x15")  # The kind of sound stands in two places.
    found, frames, sound = read(path)
    assert len(frames) == 12 and not len(sound)
    assert "sound" in found.facts.notes[0] and not found.facts.sound_rate


def test_sound_of_more_channels_than_can_be_mixed_is_left_out_and_told(tmp_path):
    path = film(tmp_path / "a.mkv", sound=1.0, heard_by="pcm_s16le")
    patched(path, b"\x9f\x81\x01", b"\x9f\x81\x09")  # Matroska's Channels, one byte long.
    found, frames, sound = read(path)
    assert len(frames) == 12 and not len(sound)
    assert found.facts.notes == ("Its sound (9 channels) cannot be mixed here and is left out.",)


@pytest.mark.parametrize(
    "said", ["#EXTM3U\n#EXTINF:1,\n{path}\n", "ffconcat version 1.0\nfile '{path}'\n"]
)
def test_a_film_leads_to_no_other_file(said, tmp_path):
    other = film(tmp_path / "secret.ts", 6)
    list_ = tmp_path / "list.mp4"
    list_.write_text(said.format(path=other))
    assert "no film" in refusal(list_)


def test_frames_of_too_many_pixels_are_refused_before_they_are_read(tmp_path):
    path = film(tmp_path / "a.mp4", 2)
    with pytest.raises(FilmError, match="96×64 pixels; at most"):
        FilmFile(path, most=96 * 64 - 1)


def test_a_decoder_that_dies_costs_a_sentence(tmp_path, monkeypatch):
    """The process is killed between two questions, as a crash in it would."""
    path = film(tmp_path / "a.mp4", 48)
    frames = iter(FilmFile(path))
    next(frames)

    def die(process, *asked):
        process._popen.kill()
        return real(process, *asked)

    real = confined._Process.ask
    monkeypatch.setattr(confined._Process, "ask", die)
    with pytest.raises(FilmError, match=r"a\.mp4 cannot be opened: it broke its reader off\."):
        list(frames)


# Writing


def frames_of(count: int, size: tuple[int, int] = (96, 64), rate: int = 12) -> list[Frame]:
    return [Frame(Image.fromarray(drawn(i, *size)), i / rate) for i in range(count)]


def streams(path: Path) -> dict[str, float]:
    """Seconds by kind of what a player finds."""
    with av.open(str(path)) as found:
        return {s.type: float(s.duration * s.time_base) for s in found.streams}


def starts(path: Path) -> dict[str, int]:
    """When a player begins with each stream."""
    with av.open(str(path)) as found:
        return {stream.type: stream.start_time for stream in found.streams}


def test_what_is_written_is_read_as_it_was(tmp_path):
    times = [0, 0.1, 0.15, 0.5, 0.55, 1.4]
    writer = Writer(tmp_path / "deep" / "a.mp4", (96, 64), 12, 24000, 1)
    given = [f._replace(time=t) for f, t in zip(frames_of(6), times, strict=True)]
    wave = (np.sin(np.arange(36000) * 0.1) * 5000).astype(np.int16)[:, None]
    for place, frame in enumerate(given):
        writer.add(frame)
        writer.add(Sound(wave[6000 * place : 6000 * (place + 1)], 0.25 * place))
    path = writer.end()
    assert path == tmp_path / "deep" / "a.mp4" and [*path.parent.iterdir()] == [path]
    found, frames, sound = read(path)
    assert [frame.time for frame in frames] == pytest.approx(times, abs=0.001)
    assert looks(frames[0], (0.25, 0.6), LEFT) and looks(frames[0], (0.75, 0.6), RIGHT)
    assert (found.facts.sound_rate, found.facts.channels) == (24000, 1)
    assert len(sound) / 24000 == pytest.approx(1.5, abs=0.1)
    assert starts(path) == {"video": 0, "audio": 0}
    # Its index stands in front, as browsers want it.
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")


def test_gaps_in_the_sound_are_silent(tmp_path):
    writer = Writer(tmp_path / "a.mp4", (96, 64), 12, 24000, 1)
    for frame in frames_of(12):
        writer.add(frame)
    loud = np.full((6000, 1), 9000, np.int16) * np.where(np.arange(6000) // 20 % 2, 1, -1)[:, None]
    writer.add(Sound(loud.astype(np.int16), 0.0))
    writer.add(Sound(loud.astype(np.int16), 0.75))
    _, _, sound = read(writer.end())
    parts = [
        np.abs(sound[int(24000 * t) : int(24000 * (t + 0.1))].astype(int)) for t in (0.1, 0.5, 0.85)
    ]
    first, between, last = (part.mean() for part in parts)
    assert first > 3000 and last > 3000 and between < 300


def test_a_part_that_was_stopped_is_kept_under_a_name_that_says_so(tmp_path):
    writer = Writer(tmp_path / "a.mp4", (96, 64), 12)
    for frame in frames_of(7):
        writer.add(frame)
    path = writer.end(is_whole=False)
    assert path.name == "a.part.mp4" and [*tmp_path.iterdir()] == [path]
    assert len(read(path)[1]) == 7


def test_of_no_frames_nothing_is_left(tmp_path):
    assert Writer(tmp_path / "a.mp4", (96, 64), 12).end(is_whole=False) is None
    assert [*tmp_path.iterdir()] == []


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from cyclegan.core.films import Writer
from test_films import frames_of
writer = Writer(Path({path!r}), (96, 64), 12)
for frame in frames_of(60):
    writer.add(frame)
print("written", flush=True)
time.sleep(60)
"""


def test_a_kill_leaves_a_film_that_plays(tmp_path):
    path = tmp_path / "a.mp4"
    code = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    assert run.stdout.readline() == b"written\n"
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not path.exists()
    _, frames, _ = read(tmp_path / "a.part.mp4")
    assert len(frames) >= 24 and looks(frames[0], (0.25, 0.6), LEFT)


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import numpy as np
from PIL import Image
from cyclegan.core.films import FilmError, Frame, Writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
writer = Writer(Path({path!r}), (96, 64), 12)
random = np.random.default_rng(0)
try:
    for place in range(400):
        noise = random.integers(0, 256, (64, 96, 3), dtype=np.uint8)
        writer.add(Frame(Image.fromarray(noise), place / 12))
except FilmError as error:
    print(error)
print(writer.end(is_whole=False).name)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_a_full_disk_is_told_and_what_fitted_plays(tmp_path):
    path = tmp_path / "a.mp4"
    code = FULL_DISK.format(tests=str(Path(__file__).parent), path=str(path))
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert said.stdout.splitlines() == [
        "a.mp4 cannot be written: File too large.",
        "a.part.mp4",
    ], said.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["a.part.mp4"]
    assert len(read(tmp_path / "a.part.mp4")[1]) >= 12


def test_without_room_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(films.writing, "SPACE", 2**60)
    with pytest.raises(FilmError, match=r"a\.mp4 cannot be written: No space left on device\."):
        Writer(tmp_path / "a.mp4", (96, 64), 12)
    assert [*tmp_path.iterdir()] == []


def test_without_the_library_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FilmError, match="pip install av"):
        Writer(tmp_path / "a.mp4", (96, 64), 12)


def test_memory_is_flat(tmp_path):
    """Frames come a few at a time, however long a film is."""
    path = film(tmp_path / "a.mp4", 400, (320, 240))
    import psutil

    own, seen = psutil.Process(), []
    for place, _ in enumerate(FilmFile(path)):
        if place % 50 == 49:
            seen.append(own.memory_info().rss)
    assert max(seen[1:]) - seen[1] < 20 * 2**20
