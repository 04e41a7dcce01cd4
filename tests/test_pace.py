"""What a worker tells of the time that is left."""

from itertools import pairwise
from math import ceil

import pytest

from cyclegan.labs.live.pace import Remaining


def estimates(steps: int, window: float = 10.0, stall: float = 2.0, every: float = 25.0):
    """(now, estimate, truth) each second of a training at 2 steps a second that stands still for
    `stall` seconds every so often, judged by the steps of the last `window` seconds."""
    done, took = [0.0], 0
    for second in range(1, 10_000):
        stands = (second + 15) % every < stall
        done.append(done[-1] + (0 if stands else 2))
        if done[-1] >= steps:
            took = second
            break
    for now in range(2, took):
        first = max(0, now - int(window))
        speed = (done[now] - done[first]) / (now - first) or 1e-9
        yield now, (steps - done[now]) / speed, took - now


def test_what_is_left_falls_steadily_where_a_plain_estimate_jumps():
    remaining, told, plain = Remaining(), [], []
    for now, estimate, truth in estimates(1200):
        told.append((remaining.tell(estimate, now), truth))
        plain.append(ceil(estimate / 60))
    minutes = [ceil(left / 60) for left, truth in told[30:] if truth > 90]
    assert sum(b > a for a, b in pairwise(plain)) > 5, "the input jumps"
    rises = sum(b > a for a, b in pairwise(minutes))
    assert not rises and max(abs(b - a) for a, b in pairwise(minutes)) == 1
    for left, truth in told[30:]:
        assert left == pytest.approx(truth, rel=0.25, abs=20)


def test_after_a_pause_it_begins_anew():
    remaining = Remaining()
    remaining.tell(100, now=0)
    remaining.tell(99, now=1)
    remaining.forget()
    assert remaining.tell(500, now=900) == 500


def test_a_first_bad_estimate_is_soon_forgotten():
    """The first step of a training takes much longer than all others."""
    remaining = Remaining()
    remaining.tell(1000, now=0)
    for now in range(1, 11):
        left = remaining.tell(110 - now, now)
    assert left == pytest.approx(100, abs=25)
