"""The room of a hosted page's limits: visitors, quotas, disk, errors, and the gate."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from filelock import FileLock

import app
from cyclegan.core import files, pictures
from cyclegan.core.config import ConfigError
from cyclegan.lessons import DataError, hub_columns, parquet
from cyclegan.page import library
from cyclegan.page.hosting import disk, gate
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.errors import RefusedError, Teller, without_paths
from cyclegan.page.hosting.gate import Gate
from cyclegan.page.hosting.house import House, Limits
from cyclegan.page.hosting.quotas import Quota, Share, Tabs
from cyclegan.page.hosting.visitors import Visitors, mark_of
from cyclegan.store import opening
from cyclegan.store.checkpoints import CheckpointError
from cyclegan.store.formats import reading
from cyclegan.store.hub import layout

KEYS = [letter * 43 for letter in "abc"]
ANNA, BEN, CARO = map(mark_of, KEYS)


# Visitors


def test_what_a_visitor_has_is_theirs():
    visitors = Visitors(models=2)
    for key, opened in ((ANNA, "1"), (BEN, "2"), (ANNA, "3")):
        assert visitors.keep(key, opened) == []
    assert visitors.models(ANNA) == ["1", "3"] and visitors.models(BEN) == ["2"]
    assert visitors.models(CARO) == []
    assert visitors.keep(ANNA, "4") == ["1"], "each has room of their own"
    assert visitors.keep(ANNA, "5", instead=("3",)) == ["3"]
    assert visitors.models(ANNA) == ["4", "5"] and visitors.models(BEN) == ["2"]


@pytest.mark.parametrize("key", [None, "", "a" * 42, "a" * 44, "é" * 43, 43 * "/", ["a"] * 43, 7])
def test_what_is_no_key_owns_nothing_but_what_its_tab_has(key):
    visitors = Visitors()
    assert mark_of(key) == mark_of(key, "short") == mark_of(key, 8) == ""
    assert not visitors.may_steer("", "") and not visitors.may_steer("", ANNA)
    visitors.arrive("", visitors.host_key)
    assert not visitors.is_host("") and not visitors.is_host(ANNA)
    assert (
        mark_of(key, "k3j5h2g8f7d") == mark_of(None, "k3j5h2g8f7d") not in ("", *map(mark_of, KEYS))
    )


def test_a_training_is_steered_by_who_started_it_and_by_the_host():
    visitors = Visitors()
    assert ANNA and ANNA not in (*KEYS, BEN)
    assert visitors.may_steer(ANNA, ANNA) and not visitors.may_steer(BEN, ANNA)
    assert not visitors.may_steer(BEN, ""), "nobody's is not everybody's"
    for guess in (None, "", "host", visitors.host_key[:-1]):
        visitors.arrive(BEN, guess)
    assert not visitors.is_host(BEN)
    visitors.arrive(BEN, visitors.host_key)
    assert visitors.may_steer(BEN, ANNA) and visitors.may_steer(BEN, "")
    assert Visitors(private=True).may_steer("", "")


# Quotas


def test_a_quota_is_each_clients_own_and_fills_again():
    now = [0.0]
    quota = Quota(3, 0.5, lambda: now[0])
    assert [quota.take("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert quota.take("b") == 0, "another is not held up"
    now[0] = 2.0
    assert quota.take("a") == 0 and quota.take("a") == 2.0
    now[0] = 1000.0
    assert [quota.take("a") for _ in range(4)] == [0, 0, 0, 2.0], "no more than at once"
    assert quota.take("c", 4) > 0 and quota.take("c", 3) == 0


def test_a_share_is_given_back():
    share = Share(2)
    assert [share.take("a"), share.take("a"), share.take("a"), share.take("b")] == [1, 1, 0, 1]
    share.give_back("a")
    assert share.take("a") and not share.take("a")


def test_a_tab_is_new_for_a_minute_and_keeps_its_age():
    now = [0.0]
    tabs = Tabs(lambda: now[0])
    assert tabs.is_new("a") and tabs.is_new(None) and "a" not in tabs
    tabs.meet("a", "1.2.3.4")
    now[0] = 59.0
    assert tabs.is_new("a") and tabs.client("a") == "1.2.3.4"
    tabs.meet("a", "1.2.3.5")
    now[0] = 61.0
    assert not tabs.is_new("a") and tabs.client("a") == "1.2.3.5"
    now[0] = 5000.0
    assert "a" not in tabs and tabs.is_new("a")


def test_a_tab_that_does_not_listen_is_given_nothing_to_compute():
    now = [0.0]
    desk = Desk(House())
    desk.tabs = Tabs(lambda: now[0])
    visit = SimpleNamespace(session_hash="tab")
    with pytest.raises(RefusedError, match="Nobody waits"):
        desk.check_listens(visit)
    desk.tabs.meet("tab", "1.2.3.4")
    desk.check_listens(visit)
    with desk.tabs.listening("tab"):
        now[0] = 100.0
        desk.check_listens(visit)
        with desk.tabs.listening("tab"):
            pass
        desk.check_listens(visit)
    now[0] = 105.0
    desk.check_listens(visit)
    now[0] = 111.0
    with pytest.raises(RefusedError, match="Nobody waits"):
        desk.check_listens(visit)
    Desk(House(private=True)).check_listens(visit)


@pytest.mark.parametrize("what", ["opened", "started", "translated"])
def test_a_desk_counts_by_address(what):
    desk = Desk(House(limits=Limits(opening=(2, 1), starting=(2, 1), translating=(2, 1))))
    visit = SimpleNamespace(client=SimpleNamespace(host="1.2.3.4"))
    other = SimpleNamespace(client=SimpleNamespace(host="1.2.3.5"))
    for _ in range(2):
        desk.check(what, visit)
    with pytest.raises(RefusedError, match=f"Much was {what}.*try again in 60 seconds"):
        desk.check(what, visit)
    desk.check(what, other)
    private = Desk(House(private=True, limits=desk.limits))
    for _ in range(9):
        private.check(what, visit)


def test_one_thing_at_a_time():
    desk = Desk(House())
    with desk.one_at_a_time("a", "opening a model"):
        with desk.one_at_a_time("b", "opening a model"), desk.one_at_a_time("a", "else"):
            pass
        again = desk.one_at_a_time("a", "opening a model")
        with pytest.raises(RefusedError, match="already"), again:
            pass
    with desk.one_at_a_time("a", "opening a model"):
        pass


# Disk


def fill(folder: Path, name: str, size: int, age: float) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_the_oldest_go_when_there_is_too_much(tmp_path):
    old, middle, new = (
        fill(tmp_path, f"{name}/x.png", 1000, age)
        for name, age in (("a", 3000), ("b", 2000), ("c", 1000))
    )
    young = fill(tmp_path, "d/half", 9000, 1)
    assert disk.trim(tmp_path, 11_000) == 11_000
    assert not old.exists() and middle.exists() and new.exists() and young.exists()
    assert disk.trim(tmp_path, 0) == 9000, "what may be under way stays"
    assert young.exists() and not new.exists()


def test_what_is_old_goes_whatever_the_budget(tmp_path):
    old, new = fill(tmp_path, "a", 10, 5 * 3600), fill(tmp_path, "b", 10, 3600)
    disk.trim(tmp_path, 10**9)
    assert not old.exists() and new.exists()


def test_links_lead_nowhere(tmp_path):
    outside = fill(tmp_path / "outside", "x", 1000, 9 * 3600)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    disk.trim(inside, 0, now=lambda: time.time() + 9 * 3600)
    assert outside.exists()


def test_folders_of_pages_that_were_killed_are_swept(tmp_path):
    dead, alive, foreign = (tmp_path / f"cyclegan-page-{name}" for name in ("x", "y", "z"))
    foreign = tmp_path / "others"
    for folder in (dead, alive, foreign):
        fill(folder, "gradio/x", 10, 9000)
        (folder / disk.LOCK).touch()
        os.utime(folder, (time.time() - 9000,) * 2)
    with FileLock(alive / disk.LOCK):
        os.utime(alive, (time.time() - 9000,) * 2)
        disk.sweep_left(tmp_path)
        assert not dead.exists() and (alive / "gradio" / "x").exists() and foreign.exists()


def test_a_page_settles_and_leaves_nothing(tmp_path):
    code = (
        "import os, tempfile\n"
        "from pathlib import Path\n"
        "from cyclegan.page.hosting import disk\n"
        "with disk.settled() as root:\n"
        "    assert Path(tempfile.mkdtemp()).is_relative_to(root)\n"
        "    assert Path(os.environ['GRADIO_TEMP_DIR']) == root / 'gradio'\n"
        "    assert oct(root.stat().st_mode)[-3:] == '700'\n"
        "    print(root)\n"
        "assert 'GRADIO_TEMP_DIR' not in os.environ\n"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path and not list(tmp_path.iterdir())


def test_room_is_taken_and_counted_anew(tmp_path):
    fill(tmp_path, "a", 600, 200)
    sweeper = disk.Sweeper({tmp_path: 1000}, every=0.05)
    ends = time.monotonic() + 5
    while sweeper.room(tmp_path) != 400 and time.monotonic() < ends:
        time.sleep(0.01)
    assert not sweeper.take(tmp_path, 500)
    sweeper.close()


def test_the_page_of_limits_says_what_they_are():
    told = (Path(__file__).parents[1] / "docs" / "hosting.md").read_text(encoding="utf-8")
    limits = Limits()

    def row(words: str) -> str:
        return next(line for line in told.splitlines() if line.startswith(f"| {words}"))

    mega, side = pictures.MAX_PIXELS // 10**6, f"{pictures.MAX_SIDE:,}"
    for said, words in {
        "a picture |": [
            f"{mega} megapixels",
            f"{side} pixels a side",
            f"{pictures.MAX_SCANS} scans",
        ],
        "a picture ": [f"{pictures.MAX_FILE_BYTES >> 20} MiB"],
        "opening a picture": [f"{pictures.SECONDS:.0f} s", f"{pictures.MEMORY >> 30} GiB"],
        "a weight file": [
            *(f"{opening.MAX_BYTES >> 30} GiB", f"{reading.MAX_OPCODES:,} steps"),
            *(f"{reading.MAX_ENTRIES:,} entries", f"{opening.SECONDS:.0f} s of"),
            f"{opening.MEMORY >> 30} GiB",
        ],
        "a table of a dataset": [
            *(f"{hub_columns.MAX_DATASET >> 30} GiB to pull", f"{parquet.SECONDS:.0f} s"),
            f"{parquet.MAX_COLUMN_BYTES >> 30} GiB of pictures a column",
        ],
        "JSON": [
            *(f"{files.MAX_TEXT >> 20} MiB and {files.MAX_DEPTH} levels",),
            *(f"{layout.MAX_TEXT >> 20} MiB from a repo", f"{files.MAX_FRONT >> 10} KiB"),
        ],
        "a network": [f"{limits.work / 1e11:g} · 10¹¹", f"{library.SHORTEST_SIDE} pixels"],
        "models that": [f"| {limits.models} |"],
        "trainings of": [f"| {limits.trainings} alive"],
        "a training's place": [f"{app.MINUTES} minutes"],
        "opening models": ["{} at once, then {:.0f} a minute".format(*limits.opening)],
        "starting trainings": ["{} at once, then {:.0f} a minute".format(*limits.starting)],
        "`/translate`": ["{} at once, then {:.0f} a minute".format(*limits.translating)],
        "events of one tab that": [
            *(f"| {limits.waiting}, of these {limits.heavy}", f"{limits.waiting_client} |"),
        ],
        "events of one tab |": ["{} at once, then {} a second".format(*limits.events)],
        "new tabs": [f"{limits.tabs} at once, then {limits.tabs_per_second:g} a second"],
        "a request": [f"{limits.body >> 20} MiB"],
        "an upload": [f"| {limits.upload >> 30} GiB; {limits.uploads >> 23} MiB at once"],
        "disk": [
            *(f"models | {limits.uploads >> 30} GiB each", f"trainings {limits.trained >> 30} GiB"),
            f"{limits.trained_visitor >> 30} GiB of one visitor",
        ],
    }.items():
        for each in words:
            assert each in row(said), (said, each)
    assert limits.uploads == limits.pulled == library.OPENED_LIMIT


# Errors


@pytest.mark.parametrize("kind", [ConfigError, CheckpointError, DataError, RefusedError])
def test_what_was_foreseen_is_told_in_its_own_words(kind, caplog):
    assert Teller(True).sentence(kind("/a/b/c.pth is empty.")) == "/a/b/c.pth is empty."
    assert Teller(False).sentence(kind("/a/b/c.pth is empty.")) == "c.pth is empty."
    assert not caplog.text


@pytest.mark.parametrize("error", [IndexError("tuple"), RuntimeError("/etc/x"), MemoryError()])
def test_what_was_not_foreseen_has_a_number_in_the_log(error, caplog):
    def fails():
        raise error

    with pytest.raises(gr.Error) as told:
        Teller(False).tell(fails)()
    sentence = told.value.message
    number = sentence.rstrip(".").rpartition(" ")[2]
    assert len(number) == 6 and number in caplog.text and "Traceback" in caplog.text
    assert "tuple" not in sentence and "/etc" not in sentence and not told.value.print_exception


def test_generators_are_told_of_too_and_keep_what_they_gave():
    def halts():
        yield 1
        raise CheckpointError("It is damaged.")

    told = Teller(True).tell(halts)()
    assert next(told) == 1
    with pytest.raises(gr.Error, match="It is damaged"):
        next(told)


def test_markup_in_a_sentence_stays_text():
    def fails():
        raise CheckpointError("<img src=x onerror=alert(1)> is no model.")

    with pytest.raises(gr.Error) as told:
        Teller(True).tell(fails)()
    assert "<img" not in told.value.message and "&lt;img" in told.value.message


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("/home/jo/my.net/latest.pth is empty.", "latest.pth is empty."),
        ("There is no folder /data/sets/horses.", "There is no folder horses."),
        (r"C:\Users\Jo\net.pth is empty.", "net.pth is empty."),
        ("See https://hf.co/user/repo for it.", "See https://hf.co/user/repo for it."),
        ("Give user/repo, or a file.", "Give user/repo, or a file."),
        (f"{Path.cwd()}/a b/c.pth is empty.", "a b/c.pth is empty."),
    ],
)
def test_paths_of_the_machine_are_not_told(sentence, told, monkeypatch):
    assert without_paths(sentence) == told


# The gate, around an app that answers everything


class Answering:
    """An app, and what Gradio's queue would hold."""

    def __init__(self):
        self.asked = []
        self._queue = SimpleNamespace(
            pending_event_ids_session=defaultdict(set),
            event_queue_per_concurrency_id={},
            active_jobs=[],
            pending_messages_per_session={},
        )
        self.fns = {}

    async def __call__(self, scope, receive, send):
        body = b""
        if scope["method"] == "POST":
            while (message := await receive()).get("more_body") or message.get("body"):
                body += message["body"]
                if not message.get("more_body"):
                    break
        self.asked.append((scope["path"], body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def ask(
    gate: Gate, path: str, body: bytes | None = None, host: str = "localhost:7860", **headers
) -> tuple[int, str, dict]:
    """Status, sentence and headers of an answer."""
    sent, given = [], [("host", host), *((k.replace("_", "-"), v) for k, v in headers.items())]

    async def receive():
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message):
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        **{"type": "http", "path": path, "query_string": query.encode()},
        **{"method": "GET" if body is None else "POST", "client": ("9.9.9.9", 1)},
        "headers": [(k.encode(), v.encode()) for k, v in given],
    }
    asyncio.run(gate(scope, receive, send))
    said = json.loads(sent[1]["body"]).get("detail", "")
    return sent[0]["status"], said, {k.decode(): v.decode() for k, v in sent[0]["headers"]}


def hosted(**limits) -> tuple[Gate, Answering]:
    app = Answering()
    return Gate(app, app, House(limits=Limits(**limits)), Tabs(), None, None), app


def private(*hosts: str) -> Gate:
    app = Answering()
    return Gate(app, app, House(private=True, hosts=hosts), Tabs(), None, None)


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.5:7860", "[::1]:7860", "LocalHost:80"])
def test_a_private_page_answers_to_loopback(host):
    assert ask(private(), "/", host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:7860", "127.0.0.1.x", "10.0.0.1", ""]
)
def test_a_private_page_answers_to_nobody_elses_name(host):
    for path in ("/", "/config", "/gradio_api/queue/join", "/gradio_api/file=/etc/passwd"):
        status, said, _ = ask(private(), path, host=host)
        assert status == 421 and "this machine" in said


def test_a_tunnel_can_be_allowed():
    gate = private("Lab.example")
    assert ask(gate, "/", host="lab.example:443")[0] == 200
    assert ask(gate, "/", host="lab.example.evil")[0] == 421


def test_a_page_for_others_answers_to_any_name():
    assert ask(hosted()[0], "/", host="any.example")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/gradio_api/monitoring", "/monitoring/x", "/gradio_api/proxy=http://10.0.0.1/"),
        *("/gradio_api/vibe-edit/", "/gradio_api/dev/reload", "/gradio_api/process_recording"),
        *("/gradio_api/run-history/records", "/login", "/gradio_api/stream/a", "/docs", "/../x"),
        *("/gradio_api/call/on_start", "/gradio_api/api/predict"),
    ],
)
def test_doors_that_nobody_needs_are_shut(path):
    gate, app = hosted()
    for body in (None, b"{}"):
        assert ask(gate, path, body)[0] == 404
    assert not app.asked


def test_those_of_the_endpoints_are_open():
    gate, _ = hosted()
    for name in ("translate", "translate_sound"):
        assert ask(gate, f"/gradio_api/call/{name}", b"{}")[0] == 200
        assert ask(gate, f"/gradio_api/call/v2/{name}/a1", None)[0] == 200


def test_headers_are_on_every_answer():
    for one in (hosted()[0], private()):
        headers = ask(one, "/")[2]
        policy = headers["content-security-policy"]
        assert "connect-src 'self'" in policy and "object-src 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


def joining(session: str, **more) -> bytes:
    return json.dumps({"session_hash": session, "fn_index": 1, "data": [], **more}).encode()


JOIN = "/gradio_api/queue/join"


def test_the_body_reaches_the_app_whole():
    gate, app = hosted()
    body = joining("s", data=["x" * 1000])
    assert ask(gate, JOIN, body)[0] == 200 and app.asked == [(JOIN, body)]


@pytest.mark.parametrize("size", [2**20 + 1, 2**22])
def test_a_request_has_a_size(size):
    gate, app = hosted()
    status, said, _ = ask(gate, JOIN, bytes(size))
    assert status == 413 and "1 MiB" in said and not app.asked


@pytest.mark.parametrize("body", [b"", b"[", b"[1]", b'{"session_hash": 5}', b"[" * 10_000])
def test_a_body_that_is_no_event_is_the_apps_to_refuse(body):
    assert ask(hosted()[0], JOIN, body)[0] == 200


def test_new_tabs_have_a_quota_and_known_ones_have_not():
    gate, _ = hosted(tabs=5, tabs_per_second=0.01)
    for i in range(5):
        assert ask(gate, JOIN, joining(f"tab{i}"))[0] == 200
    status, said, _ = ask(gate, JOIN, joining("made-up"))
    assert status == 429 and "try again in" in said
    for path in ("/gradio_api/queue/data?session_hash=made-up", "/gradio_api/heartbeat/made-up"):
        assert ask(gate, path)[0] == 429
    assert ask(gate, "/gradio_api/component_server", joining("another"))[0] == 429
    for i in range(5):
        assert ask(gate, JOIN, joining(f"tab{i}"))[0] == 200


def test_a_tab_fills_no_other_tabs_queue():
    gate, app = hosted(waiting=3)
    app._queue.pending_event_ids_session["greedy"] = {"1", "2", "3"}
    assert ask(gate, JOIN, joining("greedy"))[0] == 429
    assert ask(gate, JOIN, joining("modest"))[0] == 200


def test_a_client_fills_no_other_clients_queue():
    gate, app = hosted(waiting_client=2)
    events = [SimpleNamespace(session_hash=name, concurrency_id="quick") for name in ("a", "b")]
    for name in "ab":
        ask(gate, JOIN, joining(name))
    app._queue.event_queue_per_concurrency_id["x"] = SimpleNamespace(queue=events[:1])
    app._queue.active_jobs = [None, events[1:]]
    assert ask(gate, JOIN, joining("c"))[0] == 429
    other = SimpleNamespace(session_hash="somebody else's", concurrency_id="quick")
    app._queue.active_jobs = [None, [other]]
    assert ask(gate, JOIN, joining("c"))[0] == 200


def test_a_tab_waits_for_few_pictures_and_clicks_on():
    gate, app = hosted(heavy=2)
    app.fns = {
        1: SimpleNamespace(concurrency_id="networks"),
        2: SimpleNamespace(concurrency_id="quick"),
    }
    events = [SimpleNamespace(session_hash="a", concurrency_id="uploads") for _ in range(2)]
    app._queue.event_queue_per_concurrency_id["uploads"] = SimpleNamespace(queue=events)
    assert ask(gate, JOIN, joining("a"))[0] == 429
    assert ask(gate, JOIN, joining("a", fn_index=2))[0] == 200
    assert ask(gate, JOIN, joining("b"))[0] == 200


@pytest.mark.parametrize("events", [(1, 0.01), (5, 0.01)])
def test_a_tab_asks_only_so_fast(events):
    gate, _ = hosted(events=events)
    said = [ask(gate, JOIN, joining("hasty"))[0] for _ in range(events[0] + 2)]
    assert said == [200] * events[0] + [429] * 2
    assert ask(gate, JOIN, joining("calm"))[0] == 200


def test_answers_that_nobody_fetches_are_dropped(monkeypatch):
    monkeypatch.setattr(gate, "SILENT", 0.0)
    one, app = hosted()
    cleaned = []

    async def clean_events(session_hash):
        cleaned.append(session_hash)

    app._queue.clean_events = clean_events
    ask(one, JOIN, joining("silent"))
    app._queue.pending_messages_per_session["silent"] = ["a large answer"]
    app._queue.pending_event_ids_session["silent"] = {"1"}
    time.sleep(0.01)
    app._queue.pending_messages_per_session["heard"] = ["another"]
    app._queue.event_ids_to_events = {"1": "event"}
    with one._tabs.listening("heard"):
        ask(one, JOIN, joining("third"))
    assert "silent" not in app._queue.pending_messages_per_session and cleaned == ["silent"]
    assert "heard" in app._queue.pending_messages_per_session
    assert not app._queue.event_ids_to_events


@pytest.mark.parametrize("length", [None, "-1", "x", "9" * 30, str(2**40)])
def test_an_upload_says_how_long_it_is(length):
    gate, app = hosted()
    headers = {} if length is None else {"content_length": length}
    assert ask(gate, "/gradio_api/upload", b"x", **headers)[0] == 413 and not app.asked


def test_uploads_have_a_budget_by_client_and_by_disk(tmp_path):
    app = Answering()
    limits = Limits(upload=1000, uploads=4000 * 4)
    sweeper = SimpleNamespace(take=lambda folder, size: size <= 900)
    one = Gate(app, app, House(limits=limits), Tabs(), sweeper, tmp_path)
    assert ask(one, "/gradio_api/upload", b"x", content_length="901")[1].startswith("This page has")
    assert ask(one, "/gradio_api/upload", b"x", content_length="900")[0] == 200
    said = ask(one, "/gradio_api/upload", b"x", content_length="900")[1]
    assert said.startswith("Much was uploaded")


def test_websockets_are_not_spoken():
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(hosted()[0]({"type": "websocket"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_nothing_is_logged_that_a_visitor_can_repeat_for_ever(caplog):
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        Teller(False).sentence(RefusedError("No."))
    assert not caplog.text
