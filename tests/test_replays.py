"""Frames of a live training that are kept, and recordings: written, read back, those that ship."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from live_root import directing, write
from PIL import Image
from test_live import live, noise_folder, work  # noqa: F401
from tiny import SIZE, noise

from bench.live import seen_at
from bench.replays import RECORDED
from cyclegan import lessons
from cyclegan.core import files, sheets
from cyclegan.labs.live import LiveSettings, Status, look, recorded, reel, status
from cyclegan.page import looking
from cyclegan.store.checkpoints import CheckpointError

LARGEST = 3 * 2**20
"""Bytes of a lesson's recording, as the page sends it."""


# Frames


def test_of_too_many_frames_the_one_goes_that_is_missed_least(tmp_path, monkeypatch):
    monkeypatch.setattr(reel, "MOST", 4)
    for step in (0, 10, 12, 20, 30):
        reel.keep(tmp_path, step, noise(8, 8))
    assert reel.steps(tmp_path) == [0, 10, 20, 30]
    for step in range(40, 400, 10):
        reel.keep(tmp_path, step, noise(8, 8))
    kept = reel.steps(tmp_path)
    gaps = np.diff(kept)
    assert (kept[0], kept[-1], len(kept)) == (0, 390, 4) and max(gaps) <= 2.5 * min(gaps)


def test_a_frame_is_read_back_and_nothing_else_is(tmp_path):
    picture = noise(16, 16)
    reel.keep(tmp_path, 7, picture)
    content = reel.read(tmp_path, 7)
    shown = Image.open(io.BytesIO(content))
    assert (shown.format, shown.size) == ("WEBP", (16, 16))
    assert reel.read(tmp_path, 8) is None
    (tmp_path / reel.FRAMES / "0000008.webp").write_text("no picture")
    (tmp_path / reel.FRAMES / "notes.webp").write_text("no step")
    assert reel.steps(tmp_path) == [7, 8] and reel.read(tmp_path, 8) is None


def test_a_picture_of_another_kind_or_too_large_is_no_frame():
    buffer = io.BytesIO()
    noise(8, 8).save(buffer, "PNG")
    assert not reel.is_frame(buffer.getvalue())
    assert reel.is_frame(reel.encoded(noise(8, 8))) and not reel.is_frame(
        reel.encoded(noise(8, 8)), most=63
    )


def test_large_tiles_are_reduced_whole():
    rows = [[noise(250, 500, seed=i) for i in range(3)] for _ in range(2)]
    assert reel.sheet(rows).size == (3 * 80, 2 * 160)
    small = [[noise(8, 8)] * 2]
    assert reel.sheet(small).tobytes() == sheets.grid(small).tobytes()


def test_a_training_keeps_what_both_arms_made(live):  # noqa: F811
    folder = live(steps=3)
    work(folder)
    (first, *_, last) = reel.steps(folder)
    assert (first, last) == (0, 3)
    shown = look.read_frame(folder)
    made = Image.open(io.BytesIO(reel.read(folder, last)))
    whole = Image.open(io.BytesIO(shown.made))
    assert made.size == whole.size == (4 * SIZE, len(shown.inputs) * SIZE)
    assert np.array_equal(np.asarray(made), np.asarray(whole)), "the same tiles in the same places"


def test_frames_of_steps_that_were_lost_are_forgotten(tmp_path):
    for step in (0, 5, 9):
        reel.keep(tmp_path, step, noise(8, 8))
    reel.forget_after(tmp_path, 5)
    assert reel.steps(tmp_path) == [0, 5]


# Recordings


@pytest.fixture
def training(live):  # noqa: F811
    folder = live(steps=4, until=2)
    work(folder)
    return folder


def test_a_recording_holds_what_the_training_showed(training, tmp_path):
    recorded.write(training, tmp_path / "own")
    found = recorded.read(tmp_path / "own")
    assert found.settings == status.read_settings(training)
    assert found.steps == reel.steps(training) and found.seen.step == 4
    assert found.machine.startswith("CPU, ") and found.seen.seconds > 0
    assert [c["step"] for c in found.seen.changes] == [2, 2], "where identity ended"
    shown = look.read_frame(training)
    for mine, theirs in zip(found.frame.inputs, shown.inputs, strict=True):
        assert mine.tobytes() == theirs.tobytes(), "what was given is as it was"
    assert len(found.frame.truths) == len(shown.truths)
    for arm, other in zip(found.frame.arms, shown.arms, strict=True):
        for key in other:
            pair = [np.asarray(p[key][0], float) for p in (arm, other)]
            assert np.abs(pair[0] - pair[1]).mean() < 20, "lossy, and the same picture"
    curves = [line["figures"] for line in found.logs[0] if "figures" in line]
    assert curves and {"terms", "step"} <= found.logs[0][0].keys()


def test_a_sheet_holds_each_frame_in_its_place(training, tmp_path):
    recorded.write(training, tmp_path / "own")
    found = recorded.read(tmp_path / "own")
    sheet = Image.open(io.BytesIO(found.sheet)).convert("RGB")
    for place, step in enumerate(found.steps):
        here = recorded._at(sheet, place, len(found.steps), found.across)
        kept = Image.open(io.BytesIO(reel.read(training, step))).convert("RGB")
        assert np.abs(np.asarray(here, float) - np.asarray(kept, float)).mean() < 20


def test_a_training_that_has_not_ended_is_no_recording(training, tmp_path):
    status.write(training, replace(status.read(training), state="running"))
    with pytest.raises(CheckpointError, match="no frames to be looked through"):
        recorded.write(training, tmp_path / "own")


@pytest.mark.parametrize("damage", ["settings", "steps", "curves", "views", "across"])
def test_a_damaged_recording_is_none(training, tmp_path, monkeypatch, damage):
    monkeypatch.setattr(recorded, "RECORDINGS", tmp_path)
    recorded.write(training, tmp_path / "own")
    assert recorded.find("own") is not None and recorded.find("other") is None
    path = tmp_path / "own" / recorded.REPLAY
    files.write_json(path, {**json.loads(path.read_text()), damage: "nonsense"})
    with pytest.raises(CheckpointError):
        recorded.read(tmp_path / "own")
    assert recorded.find("own") is None


def test_a_picture_that_is_none_is_told(training, tmp_path):
    recorded.write(training, tmp_path / "own")
    (tmp_path / "own" / recorded.SHEET).write_bytes(b"no picture")
    with pytest.raises(CheckpointError, match="damaged"):
        recorded.read(tmp_path / "own")


# Those that ship


@pytest.mark.parametrize("name", RECORDED)
def test_what_ships_is_of_the_lessons_recipe(name):
    """Else Start live would do something else: `python -m bench.replays` records it again."""
    found, recipe = recorded.find(name), lessons.find(name).recipe
    assert found.settings.to_dict() == LiveSettings(recipe.config, recipe.arms).to_dict()
    assert found.seen.state == "finished" and found.seen.step == recipe.config.training.steps
    assert found.frame.held_out and found.frame.truths and len(found.steps) > 20
    weight = len(found.sheet) * 4 / 3 + sum(
        (recorded.RECORDINGS / name / part).stat().st_size
        for part in (recorded.REPLAY, recorded.GIVEN)
    )
    assert weight <= LARGEST


@pytest.mark.parametrize("name", ["drawing", "satellite2map"])
def test_curves_of_what_ships_tell_the_lessons_point(name):
    """By the rule by which a live training counts as seen: three looks in a row.

    Not so of emoji: without identity the colours stay there with most seeds, as README says.
    """
    assert seen_at(lessons.find(name), *recorded.find(name).logs) is not None


# On the page


def test_a_lesson_without_a_recording_has_no_replay(monkeypatch, tmp_path):
    assert looking.recording_id("drawing") == "recorded-drawing"
    assert looking.recording_id("turned") is None and looking.recording_id("own") is None
    assert looking.recording_of("recorded-../drawing") is None
    monkeypatch.setattr(recorded, "RECORDINGS", tmp_path)
    assert looking.recording_id("drawing") is None and looking.recordings() == []


def test_a_recording_gives_way_to_another_and_a_training_stays():
    assert looking.instead("recorded-drawing", "emoji") == "recorded-emoji"
    assert looking.instead("recorded-drawing", "own pictures") is None
    assert looking.instead("2026-11-29-1942-drawing-b4a5", "emoji").startswith("2026")


def test_a_look_sends_only_frames_that_a_page_does_not_have(tmp_path, monkeypatch):
    """Before the first there are none to have; of one that went back to a checkpoint, all again."""
    folder = tmp_path / "2026-11-22-0541-horses-3f2a"
    with directing(tmp_path, monkeypatch) as director:
        looks = looking.Looks(director, desk=None)
        write(tmp_path, folder.name, Status("running"))

        def sent(mark: str) -> tuple[list[str], str]:
            part = looks._feed(folder.name, None, {"feed": mark})
            return re.findall(r' data-steps="(\d+)" data-across', part.update), part.mark

        steps, none_yet = sent("")
        assert steps == []
        for step in (0, 5):
            reel.keep(folder, step, noise(8, 8))
        steps, mark = sent(none_yet)
        assert steps == ["0", "5"] and sent(mark) == ([], mark)
        reel.keep(folder, 9, noise(8, 8))
        assert sent(mark)[0] == ["9"] and sent("2026-11-22-0542-other-1 9")[0] == ["0", "5", "9"]
        _, mark = sent(mark)
        reel.forget_after(folder, 5)
        assert sent(mark)[0] == ["0", "5"]
        monkeypatch.setattr(looking, "SENT", 1)
        assert [sent(mark)[0], sent(f"{folder.name} 0")[0]] == [["0"], ["5"]]
