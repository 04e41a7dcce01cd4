"""Turns: whoever asks for much waits for much, and nobody else does."""

import threading
import time

import pytest

from cyclegan.page.lane import Lane


def wait_for(count: int, lane: Lane) -> None:
    ends = time.monotonic() + 5
    while (
        sum(len(own) for ring in lane._waiting for own in ring.values()) < count
        and time.monotonic() < ends
    ):
        time.sleep(0.001)


@pytest.mark.parametrize("greedy", [2, 5, 20])
def test_each_has_a_turn(greedy):
    lane, done, gate = Lane("lane", 0), [], threading.Event()
    first = threading.Thread(target=lane.do, args=(("first", False), gate.wait))
    first.start()
    threads = [first]
    asked = ["greedy"] * greedy + ["a", "b"]
    for count, who in enumerate(asked, 1):
        threads.append(threading.Thread(target=lane.do, args=((who, False), done.append, who)))
        threads[-1].start()
        wait_for(count, lane)
    gate.set()
    for thread in threads:
        thread.join()
    assert done == ["greedy", "a", "b"] + ["greedy"] * (greedy - 1)
    assert not any(lane._waiting)


@pytest.mark.parametrize("crowd", [3, 30])
def test_newcomers_have_one_turn_in_four_however_many(crowd):
    lane, done, gate = Lane("lane", 0), [], threading.Event()
    threads = [threading.Thread(target=lane.do, args=(("first", False), gate.wait))]
    threads[0].start()
    asked = [(f"new {i}", True) for i in range(crowd)] + [(f"known {i}", False) for i in range(6)]
    for count, turn in enumerate(asked, 1):
        threads.append(threading.Thread(target=lane.do, args=(turn, done.append, turn[0])))
        threads[-1].start()
        wait_for(count, lane)
    gate.set()
    for thread in threads:
        thread.join()
    assert [name.split()[0] for name in done[:8]].count("new") == 2
    assert sorted(done) == sorted(name for name, _ in asked)


def test_what_is_raised_is_raised_to_who_asked():
    lane = Lane("lane", 0)
    for error in (ValueError("no"), KeyError("no"), SystemExit()):

        def fails(error=error):
            raise error

        with pytest.raises(type(error)):
            lane.do(("a", False), fails)
    assert lane.do(("a", True), lambda x: x + 1, 1) == 2
