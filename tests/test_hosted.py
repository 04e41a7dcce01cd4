"""A hosted page through its real server: whose things are whose, and what strangers cannot do."""

import io
import json
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from hub_server import serve
from live_root import write as write_training
from PIL import Image
from tiny import noise
from variants import FULL, GAN, write

from bench.hostile.stranger import Answer, Stranger
from cyclegan.labs.live import Director, Limits, Status
from cyclegan.page import demo as page
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House
from cyclegan.page.hosting.house import Limits as Quotas
from cyclegan.page.hosting.visitors import mark_of
from cyclegan.page.library import Library

GOLDEN = Path(__file__).parent / "golden"
ANNA, BEN = "a" * 43, "b" * 43

FOREIGN = "latest_net_G_A.pth"
TRAINING = "2026-11-28-1000-own-aaaa"


@contextmanager
def hosted(folder: Path, director: Director | None = None, is_class=False, **limits):
    """The address of a page over two variants, and its desk."""
    for objective in (FULL, GAN):
        write(folder / "set" / objective.slug, objective)
    (folder / "set" / "examples").mkdir(exist_ok=True)
    for index in range(2):
        for side in "xy":
            noise(32, 32, seed=index).save(folder / "set" / "examples" / f"{index}-a-{side}.png")
    desk = Desk(House(is_class=is_class, limits=Quotas(**limits)))
    demo = page.build_demo(Library([folder / "set"]), desk=desk, director=director)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **page.launch_options(demo))
    try:
        yield url, desk
    finally:
        demo.close()
        desk.close()


class Visitor(Stranger):
    """Somebody with a browser that keeps a key."""

    def __init__(self, url: str, key: str | None = None, **more):
        super().__init__(url, lambda answer: None, **more)
        if key:
            (number,) = (n for n, p in self.parts.items() if p["type"] == "browserstate")
            self.values[number] = key
            for event in self.events:  # A browser that has been here before.
                if event["inputs"] == [number] and event["trigger_after"] is not None:
                    self.fire(event)

    def open_file(self, name: str, data: bytes, **values) -> Answer:
        self.put(model_name="", model_files=[self.give(name, data)], **values)
        return self.act("open-model", "click")

    def sets(self) -> list[str]:
        """What may be chosen in Translate, by title."""
        number = self.part("chosen-set")
        listed = self.choices.get(number) or self.parts[number]["props"]["choices"]
        return [title for title, _ in listed]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with hosted(tmp_path_factory.mktemp("sets")) as (url, _):
        yield url


def test_what_a_visitor_opened_is_theirs_and_survives_a_reload(url):
    anna, data = Visitor(url, ANNA), (GOLDEN / FOREIGN).read_bytes()
    assert "Opened: " in anna.open_file(FOREIGN, data).text
    again, ben = Visitor(url, ANNA), Visitor(url, BEN)
    own = [title for title in again.sets() if FOREIGN in title]
    assert len(own) == 1 and again.session != anna.session
    assert len(ben.sets()) == 1 and FOREIGN not in ben.sets()[0]
    # A title opens nothing, and no sentence tells of it.
    for named in (own[0], FOREIGN, "nothing"):
        ben.put(model_files=None, model_name=named)
        text = ben.act("open-model", "click").text
        assert "cannot be opened here" in text or "no model repo" in text or "reached" in text
        assert text.count(FOREIGN) <= named.count(FOREIGN) * 2
    ben.put(chosen_set=own[0])
    assert '"success":false' in ben.act("chosen-set", "input").text


@pytest.mark.parametrize("size", [40_000, 10**9, -3, "wide", None])
def test_a_size_has_a_top(url, size):
    data = (GOLDEN / FOREIGN).read_bytes()
    visitor = Visitor(url)
    text = visitor.open_file(FOREIGN, data, Trained_at__px=size).text
    (number,) = (n for n, p in visitor.parts.items() if p["props"].get("label") == "Trained at, px")
    visitor.values[number] = size
    text = visitor.act("open-model", "click").text
    assert "Traceback" not in text
    if size is not None:
        assert "from 1 to 2,048" in text or 'success":false' in text.replace(" ", "")


def picture(kind: str, **options) -> bytes:
    file = io.BytesIO()
    noise(64, 48).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n",
            "known format",
        ),
        (picture("PCX"), "known format"),
        (picture("ICO"), "known format"),
        (b"", "known format"),
        (picture("PNG")[:80], "damaged or cut short"),
    ],
)
def test_a_picture_that_is_none_is_a_sentence(url, data, words):
    visitor = Visitor(url)
    visitor.put(upload=visitor.give("own.png", data))
    started = time.monotonic()
    text = visitor.act("upload", "input").text
    assert words in text and "Traceback" not in text and time.monotonic() - started < 10


def test_while_a_picture_takes_long_others_click(url, monkeypatch):
    """A decoder that is at it for three seconds holds up neither examples nor other pictures."""
    file = io.BytesIO()
    Image.effect_noise((7000, 7000), 50).save(file, "PNG", compress_level=1)
    slow, other = Visitor(url), Visitor(url)
    slow.put(upload=slow.give("slow.png", file.getvalue()))
    body = slow.body(slow.event("upload", "input"))
    assert slow.send("POST", "/gradio_api/queue/join", body).status == 200
    for _ in range(3):
        assert other.act("examples", "click", {"index": 1}).seconds < 2
    other.put(upload=other.give("quick.png", picture("PNG")))
    assert other.act("upload", "input").seconds < 5


@pytest.mark.parametrize(
    "door", ["run/predict", "run/x", "api/predict", "api/%2e%2e", "call/on_start"]
)
def test_the_side_door_is_shut_by_whatever_name(url, door):
    # Two tabs: all doors one after the other are more than one may try so fast.
    first, second = Visitor(url), Visitor(url)
    for number, event in enumerate(first.events):
        visitor = first if number % 2 else second
        answer = visitor.send("POST", f"/gradio_api/{door}", visitor.body(event))
        assert answer.status in (404, 405, 422) or "queue" not in event or not event["queue"], event


def test_made_up_tabs_push_nobody_out(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "SESSIONS", 20)
    with hosted(tmp_path, tabs=10, tabs_per_second=0.01) as (url, _):
        anna = Visitor(url, ANNA)
        assert "Opened: " in anna.open_file(FOREIGN, (GOLDEN / FOREIGN).read_bytes()).text
        crowd = Visitor(url)
        event, refused = crowd.event("examples", "click"), 0
        for i in range(60):
            body = {**crowd.body(event, {"index": 0}), "session_hash": f"made-up-{i}"}
            refused += crowd.send("POST", "/gradio_api/queue/join", body).status == 429
        assert refused > 40
        assert anna.act("examples", "click", {"index": 1}).status == 200
        assert any(FOREIGN in title for title in Visitor(url, ANNA, address="127.0.0.3").sets())


def test_choices_of_a_tab_that_was_forgotten_are_still_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "SESSIONS", 1)
    with hosted(tmp_path) as (url, _):
        anna = Visitor(url, ANNA)
        assert "Opened: " in anna.open_file(FOREIGN, (GOLDEN / FOREIGN).read_bytes()).text
        listed = Visitor(url, ANNA)
        (key,) = (v for title, v in listed.choices[listed.part("chosen-set")] if v != title)
        anna.put(chosen_set=key, direction="xy")
        text = anna.act("chosen-set", "input").text
        assert "not in the list of choices" not in text and '"success":true' in text


# Trainings


@pytest.fixture
def director(tmp_path):
    root = tmp_path / "live"
    kept = Status("stopped", step=5, steps=9, saved_step=5, asked=time.time())
    write_training(root, TRAINING, kept, owner=mark_of(ANNA))
    director = Director(root, Limits(minutes=5))
    yield director
    director.close()


def look(visitor: Visitor) -> str:
    number = visitor.part("chosen")
    visitor.values[number] = TRAINING
    ticks = (e for e in visitor.events if e["targets"][0][1] == "tick" and number in e["outputs"])
    visitor.fire(next(ticks))
    return json.dumps(visitor.choices.get(number, []))


def try_to_discard(visitor: Visitor) -> str:
    visitor.values[visitor.part("chosen")] = TRAINING
    said = visitor.act("discard", "click").text
    event = visitor.event("destroy", "click")
    said += visitor.fire(
        event, values=[*[visitor.values[n] for n in event["inputs"][:-1]], TRAINING]
    ).text
    return said


def test_a_training_is_its_starters(tmp_path, director):
    with hosted(tmp_path, director) as (url, _):
        assert TRAINING in look(Visitor(url, ANNA))
        ben = Visitor(url, BEN)
        assert TRAINING not in look(ben)
        said = try_to_discard(ben)
        assert "no such training here" in said
        for button in ("pause", "stop", "apply", "use", "take"):
            ben.values[ben.part("chosen")] = TRAINING
            assert "no such training here" in ben.act(button, "click").text, button
        assert TRAINING in director.all()
        anna = Visitor(url, ANNA)
        look(anna)
        try_to_discard(anna)
        assert TRAINING not in director.all()


def test_a_class_watches_and_the_host_steers(tmp_path, director):
    with hosted(tmp_path, director, is_class=True) as (url, desk):
        ben = Visitor(url, BEN)
        assert TRAINING in look(ben)
        assert "steered by whoever started it" in try_to_discard(ben)
        assert TRAINING in director.all()
        desk.visitors.arrive(mark_of(BEN), desk.visitors.host_key)
        try_to_discard(ben)
        assert TRAINING not in director.all()


# The Hub


def test_a_visitors_pull_uses_no_login_of_the_host(tmp_path, monkeypatch):
    weights = (GOLDEN / FOREIGN).read_bytes()
    with serve() as server, hosted(tmp_path) as (url, _):
        server.token = "hf_hosts"
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HF_TOKEN", "hf_hosts")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "host"))
        server.add("host/secret", {"net_G.pth": weights}, private=True)
        server.add("host/open", {"net_G.pth": weights})
        visitor = Visitor(url)
        visitor.put(model_name="host/secret")
        assert "no model repo" in visitor.act("open-model", "click").text
        visitor.put(model_name="host/open")
        assert "Opened: " in visitor.act("open-model", "click").text
        assert not (tmp_path / "host").exists(), "nor the host's cache"
