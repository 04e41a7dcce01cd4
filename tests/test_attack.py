"""What `bench.fuzz` and `bench.attack` send and see: that they start, and that they can fail."""

import random
from operator import attrgetter

import pytest
from tiny import noise
from variants import FULL, GAN, write

from app import build
from bench import attack
from bench.hostile import models, odd, pictures, ways
from bench.hostile.host import compare
from bench.hostile.notes import STUCK, Notes
from bench.hostile.stranger import BOUND, Answer, Stranger, as_json
from bench.visitors import Click
from cyclegan.page.demo import launch_options

name = attrgetter("__name__")

FAMILIES = [*pictures.PICTURES, *pictures.ZIPS, *models.WEIGHTS, models.repo]


@pytest.mark.parametrize("family", sorted(set(FAMILIES), key=name), ids=name)
def test_a_family_has_many_files(family):
    assert len({hash(str(family(random.Random(seed)))) for seed in range(4)}) > 1


@pytest.mark.parametrize("family", [pictures.damaged, pictures.tiff, pictures.odd_zip, models.card])
def test_a_file_follows_from_its_seed(family):
    assert family(random.Random("a")) == family(random.Random("a")) != family(random.Random("b"))


def test_there_is_an_attack_of_each_kind():
    assert len(set(attack.ATTACKS)) == 13


def test_values_that_python_does_not_write():
    assert as_json(["@3 []@", "x", float("nan")]) == '[[[[]]], "x", NaN]'


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("queue a", 0, BOUND), "no answer"),
        (Answer("run/predict", 500, 0, "Traceback (most recent call last)"), "traceback"),
        (Answer("queue a", 200, 0, f'"success":true, "{pictures.MARKUP}"'), "markup"),
        (Answer("queue a", 200, 0, "<p>/home/host/set/config.json is damaged</p>"), "private"),
    ],
)
def test_what_is_wrong_with_an_answer_is_noted(answer, words):
    notes = Notes(["/home/host"])
    notes.note(answer)
    (said,) = notes.listed()
    assert words in said


@pytest.mark.parametrize(
    "answer",
    [
        Answer("queue a", 200, 1, '"success":true,"data":["<p>fine</p>"]'),
        Answer("queue a", 200, 1, '"data":[{"path": "/home/host/cache/x.png"}]'),
        Answer("GET /gradio_api/file=/home/host/x", 403, 1, "File not allowed: /home/host/x."),
        Answer("queue a", 200, 1, f'"success":false,"error":"{pictures.MARKUP} is no choice"'),
    ],
)
def test_nothing_is_wrong_with_others(answer):
    notes = Notes(["/home/host"])
    notes.note(answer)
    assert notes.listed() == [] and notes.requests == 1


def test_a_page_is_stuck_when_one_thing_is_answered_no_more():
    notes = Notes([])
    for _ in range(STUCK - 1):
        notes.note(Answer("queue a", 0, BOUND))
        notes.note(Answer("queue b", 200, 0))
    assert not notes.is_stuck()
    notes.note(Answer("queue a", 0, BOUND))
    assert notes.is_stuck() and not notes.is_stuck()


def clicks(seconds: float, error: str = "") -> list[Click]:
    return [Click(n, "example", seconds * (1 + n % 3), error) for n in range(30)]


def test_visitors_may_wait_twice_as_long_and_no_longer():
    assert compare(clicks(0.1), clicks(0.19))[1] == []
    assert len(compare(clicks(0.1), clicks(0.21))[1]) == 2
    assert compare(clicks(0.1), [*clicks(0.1), *clicks(0.1, "refused")])[1] != []


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    for objective in (FULL, GAN):
        write(folder / objective.slug, objective)
    (folder / "examples").mkdir()
    for side in "xy":
        noise(32, 32).save(folder / "examples" / f"0-place-{side}.png")
    demo = build([str(folder)])
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    yield address
    demo.close()


def test_a_stranger_gets_a_file_through_and_its_answer(url):
    notes = Notes([])
    stranger = Stranger(url, notes.note)
    good = pictures.saved(pictures.noise(random.Random(0), side=32), "PNG")
    before = stranger.values[stranger.part("result")]
    ways.translate(stranger, "photo.png", good)
    shown = stranger.values[stranger.part("result")]
    assert "data:image/png" in shown and shown != before
    ways.translate(stranger, "photo.png", b"no picture")
    told = stranger.values[stranger.part("result")]
    assert "is not a picture" in told and "<img" not in told
    ways.open_files(stranger, [("small.pth", models.hostile.as_zip())])
    assert "small.pth" in stranger.values[stranger.part("shelf")]
    assert notes.listed() == []


@pytest.mark.parametrize("door", [odd.queue_door, odd.direct_door, odd.named_door])
def test_every_door_answers(url, door):
    notes = Notes([])
    stranger = Stranger(url, notes.note)
    for number, event in enumerate(stranger.events[::4]):
        _, call = door(event, random.Random(number))
        call(stranger)
    assert notes.requests >= len(stranger.events[::4])
    assert not [fault for fault in notes.listed() if "no answer" in fault]
