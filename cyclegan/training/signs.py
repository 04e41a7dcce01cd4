"""Early signs of a collapse, told in words from the lines of a training's log.

Knows no networks and no files.
"""

from collections import deque
from collections.abc import Iterable, Mapping

from ..core.files import numbers
from ..lessons.troubles import ALIKE

STEPS = 300
"""A sign is one once it has lasted so many steps."""

SURE = 0.99
"""Accuracy of a discriminator that has won. Over 300 steps 45 sound trainings, of four lessons and
with several norms and rates, came to 0.97 at most; the one that collapsed stayed at 1.00."""

(ALIKE_BELOW,) = ALIKE.bounds
"""Diversity of outputs that are alike: ½; those trainings came to 0.51 at least after step 300."""

BEGUN = 1000
"""Steps after which outputs that never were diverse count as well: untrained ones are alike too."""

GONE = 1e-3
"""Share of its largest norm below which a generator's gradient is gone: in two sound trainings it
fell to a tenth at most, and to a millionth where the outputs froze at black and white."""

ACCURACY = "_accuracy"
DIVERSITY = {"figures": ("G", "Y"), "figures_F": ("F", "X")}
"""By place in a line of the log: whose outputs, and of which side the real ones are."""


class Signs:
    """Hears the lines of one training in their order, and says each sign once.

    lines: those so far. said: all sentences so far.
    """

    def __init__(self, lines: Iterable[Mapping] = ()):
        self.said: list[str] = []
        self._known: set[str] = set()
        self._step = 0
        self._recent: dict[str, deque[tuple[int, int, float]]] = {}
        self._largest: dict[str, float] = {}
        self._diverse: dict[str, float] = {}
        self._alike_from: dict[str, int] = {}
        for line in lines:
            self.hear(line)

    def hear(self, line: Mapping) -> list[str]:
        """What the next line tells anew, as sentences."""
        step = line["step"]
        if step <= self._step:
            return []
        terms = numbers(line.get("terms"))
        found = self._won(step, terms) | self._alike(step, line) | self._gone(step, line, terms)
        self._step = step
        new = {key: words for key, words in found.items() if key not in self._known}
        self._known |= new.keys()
        said = [f"Step {step:,}: {words}" for words in new.values()]
        self.said += said
        return said

    def _won(self, step: int, terms: Mapping[str, float]) -> dict[str, str]:
        found = {}
        for key, value in terms.items():
            spans = self._lasting(key, step, value) if key.endswith(ACCURACY) else ()
            steps = sum(end - start for start, end, _ in spans)
            if steps and sum((end - start) * v for start, end, v in spans) >= SURE * steps:
                D = key.removesuffix(ACCURACY)
                found[key] = (
                    f"{D} has won: for {steps:,} steps it has told real from generated in at least "
                    f"{SURE:.0%} of its scores. The network that it judges learns little from it "
                    "any more."
                )
        return found

    def _alike(self, step: int, line: Mapping) -> dict[str, str]:
        found = {}
        for place, (network, side) in DIVERSITY.items():
            value = numbers(line.get(place)).get(ALIKE_BELOW.figure)
            if value is None:
                continue
            if value >= ALIKE_BELOW.limit:
                self._diverse[network] = max(value, self._diverse.get(network, value))
                self._alike_from.pop(network, None)
                continue
            steps = step - self._alike_from.setdefault(network, step)
            best = self._diverse.get(network)
            if steps >= STEPS and (best is not None or step >= BEGUN):
                before = "" if best is None else f", where they came to {best:.2f} before"
                found[f"alike {network}"] = (
                    f"the outputs of {network} are alike: they vary {value:.2f} times as much as "
                    f"the real items of {side}{before}."
                )
        return found

    def _gone(self, step: int, line: Mapping, terms: Mapping[str, float]) -> dict[str, str]:
        """Of generators alone: those of a discriminator vanish where it has won."""
        found = {}
        for role, norm in numbers(line.get("gradients")).items():
            if f"{role}{ACCURACY}" in terms:
                continue
            largest = self._largest[role] = max(norm, self._largest.get(role, 0.0))
            spans = self._lasting(f"gradient {role}", step, norm)
            if spans and max(v for *_, v in spans) < GONE * largest:
                found[f"gradient {role}"] = (
                    f"the gradient of {role} is gone: for {STEPS:,} steps it has been less than a "
                    f"thousandth of its largest. {role} hardly learns any more."
                )
        return found

    def _lasting(self, key: str, step: int, value: float) -> deque[tuple[int, int, float]]:
        """(start, end, mean) of what was logged of the last STEPS; empty where that is less."""
        spans = self._recent.setdefault(key, deque())
        if spans and spans[-1][1] != self._step:  # It was not logged for a while.
            spans.clear()
        spans.append((self._step, step, value))
        while spans[0][1] <= step - STEPS:
            spans.popleft()
        return spans if step - spans[0][0] >= STEPS else deque()
