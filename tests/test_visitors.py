"""Several visitors at once, through the real server and the events that a browser fires."""

import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from tiny import noise
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY, write

from app import build
from bench.visitors import Visitor, visit
from cyclegan.inference.translator import Translator
from cyclegan.page import demo as page
from cyclegan.page.library import Library

FOUR = (FULL, GAN_CYCLE, GAN_IDENTITY, GAN)
PATIENCE = 30


@pytest.fixture
def url(tmp_path):
    for seed, objective in enumerate(FOUR):
        write(tmp_path / "set" / objective.slug, objective, seed=seed)
    (tmp_path / "set" / "examples").mkdir()
    for index in range(3):
        for side in "xy":
            picture = noise(32, 32, seed=10 * index + (side == "y"))
            picture.save(tmp_path / "set" / "examples" / f"{index}-place-{side}.png")
    demo = build([str(tmp_path / "set")])
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **page.launch_options(demo))
    yield address
    demo.close()


@pytest.fixture
def passes(monkeypatch) -> Counter:
    """How often each variant was asked to translate."""
    counted, translate = Counter(), Translator.translate

    def counting(self, picture, direction="xy", *more):
        counted[self.config.objective.name] += 1
        return translate(self, picture, direction, *more)

    monkeypatch.setattr(Translator, "translate", counting)
    return counted


class Gate:
    """Pictures of visitors' own wait here until it is opened; notes their widths as they come."""

    def __init__(self):
        self.opened, self.reached, self.widths = threading.Event(), threading.Event(), []

    def pass_through(self, width: int) -> None:
        self.reached.set()
        if width not in self.widths:  # A picture comes once a variant.
            self.widths.append(width)
        assert self.opened.wait(PATIENCE)


@pytest.fixture
def gate(monkeypatch) -> Gate:
    gate, translate = Gate(), Library.translate

    def waiting(self, variant, picture, direction):
        gate.pass_through(picture.width)
        return translate(self, variant, picture, direction)

    monkeypatch.setattr(Library, "translate", waiting)
    yield gate
    gate.opened.set()


def own(folder, width: int = 40):
    path = folder / f"{width}.png"
    noise(width, 30, seed=width).save(path)
    return path


def test_six_visitors_click_at_once_without_an_error(url, tmp_path, monkeypatch):
    monkeypatch.setattr("bench.visitors.THINK", (0.0, 0.1))
    monkeypatch.setattr("bench.visitors.SIDES", (24, 48))
    with ThreadPoolExecutor(6) as pool:
        visits = list(pool.map(lambda n: visit(url, n, 3, tmp_path), range(6)))
    clicks = [click for one in visits for click in one]
    assert [click.error for click in clicks if click.error] == []
    kinds = Counter(click.kind for click in clicks)
    assert {"open", "example", "own picture"} <= set(kinds)
    answers = [sum(c.kind not in ("open", "what follows") for c in one) for one in visits]
    assert min(answers) >= 1


def test_an_example_that_someone_clicked_is_there_for_the_next(url, passes):
    first, second = Visitor(url), Visitor(url)
    shown = first.click_example(2)
    done = dict(passes)
    assert done
    assert second.click_example(2) == shown
    assert passes == done


def test_an_example_does_not_wait_for_somebody_elses_picture(url, gate, tmp_path):
    first, second = Visitor(url), Visitor(url)
    shown = second.click_example(1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(first.upload, own(tmp_path))
        assert gate.reached.wait(PATIENCE)
        assert second.click_example(2) != shown, "not even one that nobody has seen"
        assert second.click_example(1) == shown
        assert not waiting.done()
        gate.opened.set()
        assert waiting.result(PATIENCE) != shown


def test_pictures_come_in_the_order_of_their_arrival(url, gate, tmp_path):
    visitors = [Visitor(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        asked = []
        for number, visitor in enumerate(visitors):
            asked.append(pool.submit(visitor.upload, own(tmp_path, 60 - 8 * number)))
            assert gate.reached.wait(PATIENCE)
            time.sleep(0.3)
        gate.opened.set()
        for one in asked:
            one.result(PATIENCE)
    assert gate.widths == [60, 52, 44, 36]


def test_a_visitor_may_send_one_picture_after_another(url, tmp_path):
    visitor = Visitor(url)
    shown = {visitor.upload(own(tmp_path, width)) for width in (30, 40, 50)}
    assert len(shown) == 3
    again = visitor.switch("direction", "yx")
    assert again not in shown, "the switches keep the visitor's picture"
    assert visitor.click_example(0) != again


def test_uploads_are_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "FORGET_EVERY", 1)
    monkeypatch.setattr(page, "FORGET_AFTER", 2)
    write(tmp_path / "set" / "gan", GAN)
    demo = build([str(tmp_path / "set")])
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **page.launch_options(demo))
    try:
        visitor = Visitor(url)
        visitor.upload(own(tmp_path))
        kept = visitor.shown("upload")["path"]
        assert os.path.exists(kept)
        until = time.monotonic() + PATIENCE
        while os.path.exists(kept) and time.monotonic() < until:
            time.sleep(0.2)
        assert not os.path.exists(kept)
        with pytest.raises(RuntimeError, match="choose it once more"):
            visitor.switch("direction", "yx")
    finally:
        demo.close()
