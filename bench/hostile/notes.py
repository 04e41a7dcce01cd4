"""What came back from a page under attack, noted by many threads, and what is wrong with it."""

import re
import threading
from collections import Counter
from collections.abc import Iterable

from bench.hostile.pictures import MARKUP
from bench.hostile.stranger import API, Answer

STUCK = 4
"""Questions of one kind in a row without an answer, after which a page counts as stuck."""


class Notes:
    """All answers so far. private: texts that no answer may have in it.

    faults: by kind, how often; first: an example of each. wordless, failed: what was answered with
    an error and no sentence, or with a server's error that is no answer of Gradio's.
    """

    def __init__(self, private: Iterable[str]):
        self.requests = 0
        self.faults: Counter = Counter()
        self.first: dict[str, str] = {}
        self.wordless: Counter = Counter()
        self.failed: Counter = Counter()
        self.under_way: dict[int, str] = {}
        self._hung_in_a_row: Counter = Counter()
        self._private = list(private)
        self._lock = threading.Lock()

    def __str__(self) -> str:
        """What is under way."""
        return "; ".join(dict.fromkeys(self.under_way.values())) or "attacks under way"

    def begin(self, what: str) -> None:
        """The answers to this thread belong to `what` from now on."""
        self.under_way[threading.get_ident()] = what

    def note(self, answer: Answer) -> None:
        what = self.under_way.get(threading.get_ident(), "")
        said = f"{what} → {answer.status} {' '.join(answer.text.split())[:300]}"
        with self._lock:
            self.requests += 1
            in_a_row = self._hung_in_a_row[answer.asked]
            self._hung_in_a_row[answer.asked] = in_a_row + 1 if answer.is_hung else 0
            for fault in set(self._faults(answer)):
                self.faults[fault] += 1
                self.first.setdefault(fault, said)
            if '"error":null' in answer.text.replace(" ", ""):
                self.wordless[_door(answer.asked)] += 1
            if answer.is_failed:
                self.failed[f"{answer.status} {_door(answer.asked)}"] += 1

    def is_stuck(self) -> bool:
        """Whether one kind of question is answered no more; said once."""
        with self._lock:
            found = max(self._hung_in_a_row.values(), default=0) >= STUCK
            if found:
                self._hung_in_a_row.clear()
            return found

    def listed(self) -> list[str]:
        """The faults as sentences."""
        with self._lock:
            return [f"{n}× {what}\n      {self.first[what]}" for what, n in self.faults.items()]

    def _faults(self, answer: Answer) -> list[str]:
        found = []
        if answer.is_hung:
            found.append(f"no answer: {answer.asked}")
        if "Traceback (most" in answer.text:
            found.append(f"a traceback: {answer.asked}")
        is_shown = answer.asked.startswith("queue") and '"success":true' in answer.text
        if is_shown and MARKUP in answer.text:
            found.append(f"markup as it came: {answer.asked}")
        # Where an upload lies is what stands for it in Gradio's protocol.
        if not answer.asked.startswith(("upload", f"POST {API}/upload")):
            told = re.sub(r'"(path|url)":\s*"[^"]*"', "", answer.text)
            for text in self._private:
                if text in told and text not in answer.asked:
                    at = told.index(text)
                    found.append(f"private: {told[max(0, at - 60) : at + 90]!r} by {answer.asked}")
        return found


def _door(asked: str) -> str:
    """Gradio's own doors without the name that was called: there are too many."""
    return re.sub(r"^(call/v2|call|run|api)/.*", r"\1/…", asked)
