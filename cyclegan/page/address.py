"""What is shown, as the page's address says it, and back.

Plain query parameters, so that a link can be handed out, and reload and Back work. Never a
visitor's picture, model or key. What stands in an address is a stranger's word.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from .compare import Request, opening
from .markup import render
from .sets import CheckpointSet
from .story import WHOLE, Place, Stories

OWN = ("lesson", "example", "without", "rows", "direction", "seed", "luck", "story", "step")
"""What is read here."""

OTHERS = ("tab", "predict", "present", "host")
"""What is read elsewhere."""

NOTHING = "none"
"""Of `without` and `rows`: not one."""

ASKED = "asked"
"""Of `luck`: whether all seeds are."""

LONGEST = 2000
"""Characters that are read of a parameter."""


@dataclass(frozen=True)
class Address:
    """What an address asks for; said: sentences on what it asks for in vain."""

    request: Request
    place: Place
    said: tuple[str, ...] = ()


def slugs(names: Sequence[str]) -> list[str]:
    """A word for each name; no two are alike, and none is "none"."""
    found: list[str] = []
    for name in names:
        word = plain = "-".join(name.lower().replace(",", " ").split())
        number = 1
        while word in (*found, NOTHING):
            number += 1
            word = f"{plain}-{number}"
        found.append(word)
    return found


def written(stories: Stories, request: Request, place: Place) -> str:
    """The parameters as text; "" for a visitor's own model. Beside their own picture, or what they
    drew, they are of all but that, and of no example."""
    library = stories.library
    if request.title not in library.offered:
        return ""
    set_ = library.sets[request.title]
    own = {"lesson": request.title}
    if request.example is not None:
        own["example"] = slugs(set_.choices)[request.example]
    if request.without != set_.without:
        own["without"] = _listed([switch.name for switch in set_.switches], request.without)
    if set_.names[1:] and request.names != opening(request.title, set_).names:
        own["rows"] = _listed(set_.names, request.names)
    if request.direction != set_.directions[0]:
        own["direction"] = request.direction
    rows = set_.rows(request.without, request.names, request.seed)
    if rows != set_.rows(request.without, request.names):
        own["seed"] = str(request.seed)
    if request.luck:
        own["luck"] = ASKED
    if place.story and not request.path:
        own["story"] = place.story
    if place.step is not None and not request.path:
        own["step"] = str(place.step + 1)
    return urlencode(own, safe=",")


def _listed(names: Sequence[str], chosen: Collection[str]) -> str:
    words = (word for name, word in zip(names, slugs(names), strict=True) if name in chosen)
    return ",".join(words) or NOTHING


def markup(stories: Stories, request: Request, place: Place) -> str:
    """For the script that keeps the address: the parameters, and the tab that a step leads to."""
    at = stories.at(place)
    tab = "" if at is None else "train" if at[1].is_live else "translate"
    return render("common.address", query=written(stories, request, place), tab=tab)


def read(stories: Stories, given: Mapping[str, str]) -> Address | None:
    """None where an address asks for nothing."""
    said = [
        f"The address says {name[:40]!r}, which means nothing here."
        for name in given
        if name not in (*OWN, *OTHERS) and not name.startswith("__")
    ]
    asked = {name: str(given[name])[:LONGEST] for name in OWN if given.get(name)}
    if not asked and not said:
        return None
    reading = _Reading(stories, asked, said)
    place = reading.place()
    if at := stories.at(place):
        reading.start = stories.request(*at)
    return Address(reading.request(), place, tuple(said))


class _Reading:
    """One address; what is asked for in vain is said, and left as it would be without it."""

    def __init__(self, stories: Stories, asked: Mapping[str, str], said: list[str]):
        self.stories, self.library = stories, stories.library
        self.asked, self._said = asked, said
        first = self.library.offered[0]
        self.start = opening(first, self.library.sets[first])

    def place(self) -> Place:
        whole = self._one_of("story", self.library.offered, WHOLE)
        count = len(self.stories.steps(whole))
        step = self._one_of("step", [str(n) for n in range(1, count + 1)], None)
        return Place(whole, int(step) - 1 if step else None)

    def request(self) -> Request:
        title = self._one_of("lesson", self.library.offered, self.start.title)
        set_ = self.library.sets[title]
        start = self.start if title == self.start.title else opening(title, set_)
        examples = slugs(set_.choices)
        example = self._one_of("example", examples, None)
        without, names = self._without(set_, start.without), self._rows(set_, start.names)
        seed = self._one_of("seed", [str(seed) for seed in set_.seeds(without, names)], None)
        return replace(
            start,
            direction=self._one_of("direction", set_.directions, start.direction),
            without=without,
            names=names,
            example=start.example if example is None else examples.index(example),
            seed=None if seed is None else int(seed),
            luck=self._one_of("luck", [ASKED], None) is not None,
        )

    def _without(self, set_: CheckpointSet, default: frozenset[str]) -> frozenset[str]:
        names = [switch.name for switch in set_.switches]
        wanted = self._some_of("without", names) if names else frozenset()
        if wanted and not set_.lacking(wanted):
            self._said.append(f"No network was trained without {' and '.join(sorted(wanted))}.")
            return default
        return default if wanted is None else wanted

    def _rows(self, set_: CheckpointSet, default: tuple[str, ...]) -> tuple[str, ...]:
        wanted = self._some_of("rows", set_.names if set_.names[1:] else ())
        return default if wanted is None else tuple(n for n in set_.names if n in wanted)

    def _some_of(self, name: str, names: Sequence[str]) -> frozenset[str] | None:
        """None where nothing is asked for, or what is not there."""
        if name not in self.asked:
            return None
        words = self.asked[name].split(",")
        known = dict(zip(slugs(names), names, strict=True))
        if words == [NOTHING] and names:
            return frozenset()
        if not set(words) <= known.keys():
            self._vain(name, [*known, NOTHING] if names else [])
            return None
        return frozenset(known[word] for word in words)

    def _one_of(self, name: str, valid, default):
        word = self.asked.get(name)
        if word is None or word in valid:
            return default if word is None else word
        self._vain(name, valid)
        return default

    def _vain(self, name: str, valid) -> None:
        self._said.append(
            f"The address says {name}={self.asked[name][:40]}, which is not here"
            f"{'; valid are ' if valid else ''}{', '.join(valid)}."
        )
