"""What a live training leaves on disk is read as a stranger's: nobody else suffers from any of it.

Trainings are written by hand, and no worker runs.
"""

import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from live_root import directing, settings, write
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from test_live import wait_for

from cyclegan.core import files
from cyclegan.labs.live import Command, ControlError, Status, control, look, pace, status, stored
from cyclegan.labs.live import foreman as foremen
from cyclegan.store.checkpoints import CheckpointError

WHOLE = asdict(Status("paused", step=7, steps=9, saved_step=7, written=1.0, asked=1.0))
PIPE = b"a named pipe"
FOLDER = b"a folder"
DEEP = "[" * 100_000


def lay(path: Path, content: str | bytes) -> None:
    """A file, or something else of its name."""
    path.unlink(missing_ok=True)
    if content == PIPE:
        if not hasattr(os, "mkfifo"):
            pytest.skip("No named pipes on this system.")
        os.mkfifo(path)
    elif content == FOLDER:
        path.mkdir()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def but(**wrong) -> str:
    """A status like any other, but for some entries."""
    return json.dumps({**WHOLE, **wrong})


def but_settings(**wrong) -> str:
    return json.dumps({**settings().to_dict(), **wrong})


def named(content: str | bytes) -> str:
    return repr(content[-24:])


NO_STATUS = {
    "no JSON": "{",
    "another kind": "[]",
    "deep": DEEP,
    "large": json.dumps({"state": "x" * 2**21}),
    "binary": b"\xff\xfe\x00",
    "a pipe": PIPE,
    "a folder": FOLDER,
    "no state": "{}",
    "unknown state": but(state="flying"),
    "unwritten state": but(state="damaged"),
    "state of another type": but(state=["running"]),
    "step as text": but(step="7"),
    "step as bool": but(step=True),
    "step below 0": but(step=-1),
    "no end": but(steps=10**400),
    "not finite": but(seconds=float("inf")),
    "not a number": but(steps_per_second=float("nan")),
    "unknown entry": but(colour="red"),
    "long": but(sentence="x" * 10_000),
    "changes of numbers": but(changes=[1, 2]),
    "a change of nobody": but(changes=[{"step": 1, "name": "gan", "value": 1, "arm": 7}]),
    "a change to nothing": but(changes=[{"step": 1, "name": "gan", "value": None, "arm": 0}]),
    "a change of a list": but(changes=[{"step": 1, "name": ["gan"], "value": 1.0}]),
}


@pytest.mark.parametrize("kind", NO_STATUS)
def test_a_damaged_status_is_seen_and_stops_nobody(kind, tmp_path, monkeypatch):
    folder = write(tmp_path, "2026-damaged", Status("queued"))
    lay(folder / status.STATUS, NO_STATUS[kind])
    with directing(tmp_path, monkeypatch) as d:
        assert list(d.all()) == ["2026-damaged"]
        seen = d.status("2026-damaged")
        assert seen.state == "damaged" and seen.sentence.startswith("status.json ")
        other = d.start(settings())
        wait_for(lambda: d.status(other).is_alive and other in d.children)
        assert list(d.all()) == [other, "2026-damaged"]
        d.discard("2026-damaged")
        assert list(d.all()) == [other] and not folder.exists()


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", "{}", DEEP, PIPE, json.dumps({"base": {}, "arms": 3}), " " * 2**21),
        *(but_settings(minutes="ten"), but_settings(arms=[[], []])),
        *(but_settings(base=[]), but_settings(device={})),
    ],
    ids=named,
)
def test_damaged_settings_are_a_sentence_of_their_own_training(content, tmp_path, monkeypatch):
    folder = write(tmp_path, "2026-damaged", Status("queued"))
    lay(folder / status.SETTINGS, content)
    with directing(tmp_path, monkeypatch) as d:
        other = d.start(settings())
        wait_for(lambda: d.status(other).is_alive)
        seen = d.status("2026-damaged")
        assert seen.state == "damaged" and "cannot go on; it can be discarded" in seen.sentence
        for do in (d.settings, d.resume, d.curves):
            with pytest.raises(CheckpointError, match=r"live\.json"):
                do("2026-damaged")
        assert "2026-damaged" not in d.children
        d.discard("2026-damaged")
        assert list(d.all()) == [other]


@pytest.mark.parametrize("content", ["", '{"state": 1}', None])
def test_a_training_with_a_damaged_status_goes_on(content, tmp_path, monkeypatch):
    folder = write(tmp_path, "2026-damaged", Status("stopped", step=5, saved_step=5))
    lay(folder / status.STATUS, content or "")
    if content is None:
        (folder / status.STATUS).unlink()
    with directing(tmp_path, monkeypatch) as d:
        assert "can go on from its last checkpoint" in d.status("2026-damaged").sentence
        d.resume("2026-damaged")
        wait_for(lambda: d.status("2026-damaged").is_alive)
        assert d.status("2026-damaged").steps == 9


def test_a_worker_whose_status_is_damaged_keeps_its_place_and_is_discarded_by_itself(
    tmp_path, monkeypatch
):
    with directing(tmp_path, monkeypatch) as d:
        id, waits = d.start(settings()), d.start(settings())
        (first,) = wait_for(lambda: list(d.children))
        (second,) = {id, waits} - {first}
        lay(d.folder(first) / status.STATUS, "{")
        time.sleep(0.2)
        assert d.status(first).state == "damaged" and d.status(second).state == "queued"
        control.send(d.folder(first), Command("pause"))
        d.discard(first)  # Nobody has heard of it for very long: it is ended.
        wait_for(lambda: d.children[first].asked == ["kill"])
        assert Command("discard") in [c for _, c in control.pending(d.folder(first))]
        wait_for(lambda: d.status(second).is_alive)
        d.discard(first)
        assert first not in d.all()


@pytest.mark.parametrize("ahead", [3600.0, 1e12, float("inf"), float("nan"), -5.0, "soon", None])
def test_times_that_cannot_be_true_are_long_ago(ahead, tmp_path, monkeypatch):
    """Neither the place nor the head of the queue is held by them."""
    time_ = time.time() + ahead if isinstance(ahead, float) and ahead > 0 else ahead
    wrong = json.dumps({**WHOLE, "state": "starting", "written": time_, "asked": time_})
    write(tmp_path, "2026-future", wrong)
    seen = status.read(tmp_path / "2026-future")
    assert seen.written == seen.asked == 0 and seen.silent > foremen.STARTING
    with directing(tmp_path, monkeypatch) as d:
        id = d.start(settings())
        wait_for(lambda: d.status(id).is_alive)
        assert d.status("2026-future").state == "died"
        assert list(d.all()) == [id, "2026-future"]


def test_a_clock_that_runs_a_little_ahead_is_believed(tmp_path):
    write(tmp_path, "2026-run", but(written=time.time() + 2))
    assert status.read(tmp_path / "2026-run").silent == 0


@pytest.mark.parametrize("left", ["nothing", "the folder", "another page's lock"])
def test_the_root_is_made_anew(left, tmp_path, monkeypatch):
    """Removed with all trainings while the page runs."""
    root = tmp_path / "deep" / "live"
    with directing(root, monkeypatch) as d:
        first = d.start(settings())
        wait_for(lambda: first in d.children)
        root.rename(tmp_path / "gone")  # In one move: the foreman writes meanwhile.
        if left != "nothing":
            root.mkdir(exist_ok=True)
        if left == "another page's lock":
            (root / foremen.LOCK).touch()
        assert d.all() == {}
        wait_for(lambda: (root / pace.HEARTBEAT).exists() and (root / foremen.LOCK).exists())
        second = d.start(settings())
        wait_for(lambda: d.status(second).is_alive)
        with pytest.raises(ControlError, match="There is no training"):
            d.status(first)


@pytest.mark.parametrize("name", [foremen.LOCK, pace.HEARTBEAT])
@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_has_the_name_of_the_lock_or_the_heartbeat_is_put_away(
    name, kind, tmp_path, monkeypatch
):
    root = tmp_path / "live"
    root.mkdir()
    if kind == "link":
        (tmp_path / "elsewhere").write_text("precious")
        (root / name).symlink_to(tmp_path / "elsewhere")
    else:
        lay(root / name, FOLDER if kind == "folder" else PIPE)
    with directing(root, monkeypatch) as d:
        id = d.start(settings())
        wait_for(lambda: d.status(id).is_alive)
        assert (root / name).is_file() and not (root / name).is_symlink()
    if kind == "link":
        assert (tmp_path / "elsewhere").read_text() == "precious"


@pytest.mark.parametrize("name", [status.LOCK, status.LOG, control.COMMANDS, status.OWNER])
@pytest.mark.parametrize("content", [FOLDER, PIPE, b"\xff" * 10_000], ids=named)
def test_anything_may_lie_in_a_trainings_folder(name, content, tmp_path, monkeypatch):
    for state in ("queued", "paused", "stopped"):
        folder = write(tmp_path, f"2026-{state}", Status(state))
        lay(folder / name, content)
    with directing(tmp_path, monkeypatch) as d:
        wait_for(lambda: d.status("2026-paused").state == "died")
        wait_for(lambda: d.status("2026-queued").is_alive)
        assert d.of("") == d.all()
        d.command("2026-queued", Command("stop"))
        d.children["2026-queued"].code = -9
        wait_for(lambda: d.status("2026-queued").state == "died")
        for id in list(d.all()):
            d.discard(id)
        assert d.all() == {}


@pytest.mark.parametrize("most", [1, 10, 99])
def test_a_file_has_a_largest_size(most, tmp_path):
    lay(tmp_path / "file", "x" * 100)
    with pytest.raises(CheckpointError, match=f"file is larger than {most} bytes"):
        stored.read_bytes(tmp_path / "file", most)
    assert len(stored.read_bytes(tmp_path / "file", 100)) == 100


def test_a_worker_that_cannot_be_started_is_said_and_leaves_its_place(tmp_path, monkeypatch):
    write(tmp_path, "2026-first", Status("queued", asked=1.0))
    write(tmp_path, "2026-second", Status("queued", asked=2.0))
    with directing(tmp_path, monkeypatch, broken="2026-first") as d:
        wait_for(lambda: d.status("2026-second").is_alive)
        first = d.status("2026-first")
    assert first.state == "failed" and "could not be started: Cannot allocate" in first.sentence


def test_what_is_wrong_with_one_training_is_logged_once(tmp_path, monkeypatch, caplog):
    write(tmp_path, "2026-a", "{")
    write(tmp_path, "2026-b", Status("paused"))
    write(tmp_path, "2026-c", Status("queued"))

    def bury(self, id, place):
        raise RuntimeError("a fault that nobody thought of")

    monkeypatch.setattr(foremen.Foreman, "_bury", bury)
    with directing(tmp_path, monkeypatch) as d:
        wait_for(lambda: d.status("2026-c").is_alive)
        time.sleep(0.3)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert sum("2026-a: status.json is damaged" in one for one in said) == 1
    assert sum("2026-b: a fault that nobody" in one for one in said) == 1


# Frames


def sheet(notes: dict[str, str], size: tuple[int, int] = (40, 16), kind: str = "PNG") -> bytes:
    info, made = PngInfo(), io.BytesIO()
    for name, value in notes.items():
        info.add_text(name, value)
    more = {"pnginfo": info} if kind == "PNG" else {}
    Image.new("RGB", size).save(made, kind, **more)
    return made.getvalue()


NOTES = {"step": "7", "rows": "2", "columns": "5", "views": "made back", "held_out": "yes"}


def large() -> bytes:
    """A few hundred bytes that declare 20 megapixels, and fit in all else."""
    info, made = PngInfo(), io.BytesIO()
    for name, value in NOTES.items():
        info.add_text(name, value)
    Image.new("1", (5000, 4000)).save(made, "PNG", pnginfo=info)
    return made.getvalue()


def bomb() -> bytes:
    """A note that grows to 64 MB."""
    info, made = PngInfo(), io.BytesIO()
    info.add_text("views", "x" * 2**26, zip=True)
    Image.new("RGB", (40, 16)).save(made, "PNG", pnginfo=info)
    return made.getvalue()


NO_FRAMES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"<svg/>",
    "a program": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n",
    "a JPEG": lambda: sheet({}, kind="JPEG"),
    "a GIF": lambda: sheet({}, kind="GIF"),
    "a pipe": lambda: PIPE,
    "cut short": lambda: sheet(NOTES, (400, 160))[:-60],
    "no notes": lambda: sheet({}),
    "large": large,
    "a note that grows": bomb,
    **{
        f"{name} {value!r:.20}": lambda name=name, value=value: sheet({**NOTES, name: value})
        for name, value in (
            *(("step", "-1"), ("step", "seven"), ("step", "1" * 5000), ("rows", "0")),
            *(("rows", "3"), ("rows", "1e3"), ("columns", "0"), ("columns", "-5")),
            *(("columns", "99999999"), ("columns", "8"), ("views", "made"), ("views", "")),
            *(("views", "made <script>"), ("views", "made " + "x" * 99)),
        )
    },
}


@pytest.mark.parametrize("kind", NO_FRAMES)
def test_a_damaged_frame_is_none(kind, tmp_path, monkeypatch):
    write(tmp_path, "2026-run", Status("stopped"))
    with directing(tmp_path, monkeypatch) as d:
        lay(tmp_path / "2026-run" / look.FRAME, sheet(NOTES))
        assert d.frame("2026-run").arms[1].keys() == {"made", "back"}
        lay(tmp_path / "2026-run" / look.FRAME, NO_FRAMES[kind]())
        assert d.frame("2026-run") is None


# Logs, commands, owners


@pytest.mark.parametrize(
    "line",
    ["{", "7", DEEP, "{}", '{"step": "7"}', '{"step": -1}', '{"step": 1e400}', '{"step": true}'],
    ids=named,
)
def test_a_line_of_a_log_without_a_step_is_none(line, tmp_path, monkeypatch):
    write(tmp_path, "2026-run", Status("stopped"))
    with directing(tmp_path, monkeypatch) as d:
        for arm in d.arms("2026-run"):
            arm.mkdir()
            (arm / "log.jsonl").write_text('{"step": 1, "terms": {"gan_G": -0.5}}\n' + line)
        a, b = d.curves("2026-run")
    assert a == b and (a == [{"step": 1, "terms": {"gan_G": -0.5}}] or line == DEEP)


def test_of_a_line_only_finite_numbers_are_drawn(tmp_path, monkeypatch):
    write(tmp_path, "2026-run", Status("stopped"))
    line = {
        "step": 2,
        "rate": float("nan"),
        "terms": {"a": 1.5, "d": float("inf"), "e": 10**400},
        "more": "x",
    }
    odd = [
        {"step": 3, **more} for more in ({"terms": {"b": "x"}}, {"figures": [1]}, {"rate": True})
    ]
    with directing(tmp_path, monkeypatch) as d:
        for arm in d.arms("2026-run"):
            arm.mkdir()
            (arm / "log.jsonl").write_text("\n".join(map(json.dumps, [*odd, line, *odd])))
        assert d.curves("2026-run") == ([{"step": 2, "terms": {"a": 1.5}}],) * 2


@pytest.mark.parametrize(
    "content",
    [
        *(
            FOLDER,
            PIPE,
            b"\xff\xfe",
            "{",
            "[]",
            DEEP,
            '{"do": ["stop"]}',
            '{"do": "stop", "more": 1}',
        ),
        '{"do": "set", "name": {}, "value": 1}',
        json.dumps({"do": "x" * 5000}),
        json.dumps({"do": "set", "name": "gan", "value": 10**400}),
    ],
    ids=named,
)
def test_a_damaged_command_is_answered_and_gone(content, tmp_path):
    control.send(tmp_path, Command("pause"))
    lay(tmp_path / control.COMMANDS / "0.json", content)
    (wrong, answer), (_, right) = control.pending(tmp_path)
    assert isinstance(answer, ControlError) and len(str(answer)) < 200
    assert right == Command("pause")
    control.drop(wrong)
    assert [command for _, command in control.pending(tmp_path)] == [right]


def test_more_commands_than_may_wait_are_refused_and_discard_is_not(tmp_path):
    for _ in range(control.MOST_WAITING):
        control.send(tmp_path, Command("set", "identity", 1.0))
    for do in ("pause", "step", "stop"):
        with pytest.raises(ControlError, match="100 commands wait"):
            control.send(tmp_path, Command(do))
    control.send(tmp_path, Command("discard"))
    for i in range(500):
        files.write_text(tmp_path / control.COMMANDS / f"0-{i}.json", "{}")
    found = control.pending(tmp_path)
    assert len(found) == control.MOST_WAITING and found[-1][1] == Command("discard")


def test_a_file_where_commands_should_lie(tmp_path):
    (tmp_path / control.COMMANDS).write_text("none")
    assert control.pending(tmp_path) == []
    control.forget(tmp_path)
    control.send(tmp_path, Command("stop"))
    assert [command for _, command in control.pending(tmp_path)] == [Command("stop")]


@pytest.mark.parametrize(
    "content", [b"x" * 10**6, b"\xff\xfe", b"a\nb", PIPE, FOLDER, b"x" * 65], ids=named
)
def test_an_owner_that_cannot_be_is_nobody(content, tmp_path):
    lay(tmp_path / status.OWNER, content)
    assert status.read_owner(tmp_path) == ""
