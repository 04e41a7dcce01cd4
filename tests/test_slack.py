"""Freed memory goes back in time, and not more often than it must."""

import subprocess
import sys

import pytest

from cyclegan.page import slack

MB = 1024**2


class Libc:
    """A heap of 100 MB in use, and whatever was freed on top of it."""

    def __init__(self):
        self.held, self.trimmed = 100 * MB, 0

    def malloc_trim(self, pad: int) -> None:
        self.held, self.trimmed = 100 * MB, self.trimmed + 1


def test_what_is_free_goes_back_once_there_is_much_of_it(monkeypatch):
    libc = Libc()
    monkeypatch.setattr(slack, "_libc", libc)
    monkeypatch.setattr(slack, "_resident", lambda: libc.held)
    watch = slack.Slack()
    most = 0
    for _ in range(40):
        libc.held += 50 * MB
        most = max(most, libc.held)
        watch.give_back()
    assert most <= 100 * MB + slack.LIMIT + 50 * MB
    assert 1 <= libc.trimmed <= 40 * 50 * MB // slack.LIMIT + 1


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(slack, "_libc", None)
    monkeypatch.setattr(slack, "_resident", None)
    slack.Slack().give_back()


RESIDENT = """
import mmap
from cyclegan.page import slack
before = slack._resident()
with mmap.mmap(-1, 64 * 2**20) as ballast:  # not from a heap that may have as much lying free
    ballast.write(b"x" * 2**20 * 64)
    print(slack._resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_resident_memory_of_this_process():
    """In one of its own, where no other thread takes or gives anything."""
    command = [sys.executable, "-c", RESIDENT]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 60 * MB < int(told.stdout) < 80 * MB
