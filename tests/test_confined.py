"""Processes that open what strangers made: their walls, their ends, and the pictures they open."""

import io
import os
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from cyclegan.core import confined, pictures
from cyclegan.core.confined import ENDED, Chamber, ConfinedError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="walls of Linux")


def deeds(asked: dict, data: bytes) -> tuple[object, bytes]:
    """What strangers' files might do. Runs in the process."""
    match asked["do"]:
        case "echo":
            return asked, data[::-1]
        case "sleep":
            time.sleep(60)
        case "count":
            while True:
                pass
        case "memory":
            return len(bytearray(asked["bytes"])), b""
        case "pieces":
            kept = []
            while True:
                kept.append(os.urandom(2**20) * 8)
        case "die":
            os._exit(3)
        case "fault":
            raise KeyError("unforeseen")
        case "sentence":
            raise ValueError("It is damaged.")
        case "print":
            print("x" * 100_000, flush=True)
            os.write(1, b"y" * 1000)
        case "program":
            subprocess.run(["true"])
        case "socket":
            socket.socket()
        case "write":
            with open(asked["path"], "wb") as file:
                file.write(b"x")
        case "environment":
            return dict(os.environ), b""
        case "flood":
            return None, bytes(confined.MAX_ANSWER + 1)
    return None, b""


@pytest.fixture
def chamber(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    chamber = Chamber("test_confined:deeds", places=1, seconds=1.0, memory=2**28)
    yield chamber
    chamber.close()


def kind(chamber: Chamber, do: str, **more) -> str:
    with pytest.raises(ConfinedError) as error:
        chamber({"do": do, **more})
    return error.value.kind


def why(chamber: Chamber, do: str, **more) -> str:
    """What became of the process."""
    with pytest.raises(ConfinedError) as error:
        chamber({"do": do, **more})
    assert error.value.kind == ENDED
    return error.value.why


def test_it_answers_again_and_again_by_one_process(chamber):
    for count in (0, 10, 3_000_000):
        said, data = chamber({"do": "echo", "n": [1, None, "é"]}, bytes(range(7)) * count)
        assert said == {"do": "echo", "n": [1, None, "é"]}
        assert data == (bytes(range(7)) * count)[::-1]
    assert chamber._idle.qsize() == 1


@pytest.mark.parametrize("do", ["sleep", "count"])
def test_what_takes_too_long_is_ended_and_the_next_is_served(chamber, do):
    chamber.seconds = 0.3
    began = time.monotonic()
    assert why(chamber, do).startswith("takes more than")
    assert time.monotonic() - began < 5
    chamber.seconds = 30  # The next one begins with its own start.
    assert chamber({"do": "echo"})[0] == {"do": "echo"}


@LINUX
@pytest.mark.parametrize("size", [2**29, 2**31, 2**40])
def test_memory_has_an_end(chamber, size):
    assert chamber({"do": "memory", "bytes": 2**26})[0] == 2**26
    assert "more memory" in why(chamber, "memory", bytes=size)
    assert chamber({"do": "echo"})[0] == {"do": "echo"}


def test_memory_in_pieces_has_an_end(chamber):
    chamber.seconds = 30
    assert "more memory" in why(chamber, "pieces")


@pytest.mark.parametrize("do", ["die", "flood"])
def test_a_process_that_breaks_off_is_no_fault_of_the_next(chamber, do):
    chamber.memory = 2**30  # What it floods with is to fit, wherever its heap lies.
    assert "broke its reader off" in why(chamber, do)
    assert chamber({"do": "echo"})[0] == {"do": "echo"}


def test_sentences_and_faults_come_back_as_text(chamber, caplog):
    assert kind(chamber, "sentence") == "ValueError"
    assert not caplog.text
    assert kind(chamber, "fault") == "KeyError"
    assert "unforeseen" in caplog.text  # The host finds what it was.


def test_what_is_printed_is_no_answer(chamber):
    assert chamber({"do": "print"}) == (None, b"")
    assert chamber({"do": "echo"})[0] == {"do": "echo"}


@LINUX
@pytest.mark.parametrize("do", ["program", "socket", "write"])
def test_doors_that_are_shut(chamber, do, tmp_path):
    path = tmp_path / "written"
    assert kind(chamber, do, path=str(path)) in ("PermissionError", "OSError", ENDED)
    assert not path.exists() or path.stat().st_size == 0


def test_no_secret_goes_in(chamber):
    environment = chamber({"do": "environment"})[0]
    assert "hf_secret" not in str(environment)


def test_one_after_another_where_there_is_one_place(chamber, monkeypatch):
    monkeypatch.setattr(confined, "WAITING", 0.2)
    chamber({"do": "echo"})
    slow = threading.Thread(target=kind, args=(chamber, "sleep"))
    slow.start()
    time.sleep(0.2)
    assert "others wait" in why(chamber, "echo")
    slow.join()
    assert chamber({"do": "echo"})[0] == {"do": "echo"}


# Pictures


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(width: int, height: int) -> Image.Image:
    random = np.random.default_rng(width)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_small_picture_is_what_it_is_without_the_process(kind, tmp_path):
    data = encoded(noise(60, 40), kind)
    path = tmp_path / "own.png"
    path.write_bytes(data)
    for source in (data, path, str(path)):
        found, came, _ = pictures.open_confined(source, longest=64)
        assert came == (60, 40)
        assert found.tobytes() == pictures.load(data).tobytes()


@pytest.mark.parametrize(("longest", "shortest"), [(100, None), (None, 50), (None, 900)])
def test_a_large_picture_comes_back_reduced(longest, shortest):
    exif = Image.Exif()
    exif[274] = 6
    data = encoded(noise(1600, 1200), "JPEG", exif=exif)
    found, came, _ = pictures.open_confined(data, longest=longest, shortest=shortest)
    assert came == (1200, 1600)
    assert found.size == {100: (75, 100), 50: (50, 67), 900: (900, 1200)}[longest or shortest]
    whole = pictures.resize(pictures.load(data), found.size)
    # A JPEG may be reduced while it is read, which is seen by nobody.
    difference = np.abs(np.asarray(found, float) - np.asarray(whole, float)).mean()
    assert difference < 6


@pytest.mark.parametrize("content", [b"", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x89PNG\r\n\x1a\n"])
def test_sentences_of_the_process_are_those_without_it(content):
    with pytest.raises(pictures.ImageError) as inside:
        pictures.open_confined(content, "own.png")
    with pytest.raises(pictures.ImageError) as outside:
        pictures.load(content, "own.png")
    assert str(inside.value) == str(outside.value)


def test_the_largest_picture_that_is_valid_can_be_opened():
    """64 megapixels with transparency, black: the most memory that a picture of our modes takes."""
    data = encoded(Image.new("RGBA", (8000, 8000)), compress_level=1)
    found, came, _ = pictures.open_confined(data, longest=64)
    assert came == (8000, 8000) and found.size == (64, 64)


def test_a_file_that_is_too_large_is_not_read(monkeypatch):
    with pytest.raises(pictures.ImageError, match="65 MiB; a picture may have 64"):
        pictures.open_confined(bytes(65 * 2**20), "own.png")


TAKEN = [((20, 20), True), ((21, 20), False), ((1, 401), False)]


@pytest.mark.parametrize(("size", "is_taken"), TAKEN)
def test_a_caller_may_take_fewer_pixels(size, is_taken):
    data = encoded(noise(*size))
    if is_taken:
        assert pictures.open_confined(data, most=400).came == size
    else:
        with pytest.raises(
            pictures.ImageError, match=f"{size[0]}×{size[1]} pixels; at most 0 mega"
        ):
            pictures.open_confined(data, most=400)


@pytest.mark.parametrize("idle", [0.2, 0.5])
def test_processes_that_nobody_asks_end(chamber, monkeypatch, idle):
    monkeypatch.setattr(confined, "IDLE", idle)
    chamber({"do": "echo"})
    process = chamber._idle.queue[0]
    ends = time.monotonic() + 5
    while process.is_whole and time.monotonic() < ends:
        time.sleep(0.02)
    assert not process.is_whole and chamber._idle.empty()
    assert chamber({"do": "echo"})[0] == {"do": "echo"}
