"""What the page without a server tells, as data: diagrams, sentences, thresholds and figures.

Made by the page's own templates and rules, with slots for what a browser fills in: ⟦1.back⟧ is the
second row's reconstruction. Knows no network and no file.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations
from typing import Any

from ..core import figures
from ..core.config import Direction
from ..inference.translator import Translation
from ..lessons import Example
from ..page import loop, objective, panels, rules, sentence
from ..page.answers import choose_one
from ..page.compare import Request, Shown, VariantRow, notes_on, struck, translate, views_of
from ..page.library import Library
from ..page.markup import render
from ..page.panels import Panel
from ..page.sets import ROWS, CheckpointSet, Variant
from ..store.catalogue import Source

Roles = Mapping[str, Set[str]]
"""Of the networks that the page holds, by the names of their variants."""

NONE_YET = Translation({}, {})
"""In the place of what networks will make."""


class Slots(dict):
    """Words by name; whatever is not known stays a slot."""

    def __missing__(self, name: str) -> str:
        return f"⟦{name}⟧"


SLOT = Slots()


def page(library: Library, title: str, names: Mapping[Source, str], roles: Roles) -> dict:
    """All that the page's script knows. names: of the variants in the page."""
    set_ = library.sets[title]
    states = {
        _key(direction, without): _state(set_, direction, without, names, roles)
        for direction in set_.directions
        for without in _choices(set_)
    }
    config = variants_of(set_)[0].config
    return {
        "opening": _key(set_.directions[0], set_.without),
        "states": states,
        "examples": [
            _example(library, title, number, example)
            for number, example in enumerate(set_.examples)
        ],
        "directions": {
            direction: {"label": set_.arrow(direction), **_direction(set_, direction)}
            for direction in set_.directions
        },
        "figures": _figures(set_),
        "channels": {side: getattr(config.channels, side) for side in ("x", "y")},
        "longest": 2 * config.image_size,
        "chooseOne": choose_one(set_),
    }


def variants_of(set_: CheckpointSet) -> list[Variant]:
    """Those that any choice on the page shows, each once."""
    rows = [row for without in _choices(set_) for row in set_.rows(without, set_.names[:ROWS])]
    return list({row.variant.source: row.variant for row in rows if row.variant}.values())


def _key(direction: Direction, without: Set[str]) -> str:
    return "/".join((direction, *sorted(without)))


def _choices(set_: CheckpointSet) -> Iterator[frozenset[str]]:
    """What the lower row may lack."""
    names = [switch.name for switch in set_.switches]
    for count in range(len(names) + 1):
        for some in combinations(names, count):
            if set_.lacking(frozenset(some)) or frozenset(some) == set_.without:
                yield frozenset(some)


def _direction(set_: CheckpointSet, direction: Direction) -> dict:
    pictures = [(e.name, set_.lesson.draw(e.original(direction))) for e in set_.examples]
    return {
        "views": [
            {"key": view.key, "network": view.network, "of": view.of[0], "figure": view.figure}
            for view in views_of(variants_of(set_), direction)
            if view.network and len(view.of) == 1
        ],
        "thumbnails": panels.thumbnails(pictures, None),
        "measured": panels.measured(set_, direction),
        "apart": set_.apart[direction],
    }


def _figures(set_: CheckpointSet) -> dict[str, dict]:
    """Those that a browser computes, each the mean difference of two views."""
    found = {}
    for figure in (figures.CYCLE_ERROR, figures.IDENTITY_ERROR):
        own = set_.lesson.measure(figure.key)
        found[figure.key] = {"label": own.label, "decimals": own.decimals, "of": figure.needs}
    return found


def _state(
    set_: CheckpointSet,
    direction: Direction,
    without: frozenset[str],
    names: Mapping[Source, str],
    roles: Roles,
) -> dict:
    known, own = (_shown(set_, direction, without, is_own) for is_own in (False, True))
    listed = [row.variant and names[row.variant.source] for row in known.rows]
    return {
        "direction": direction,
        "rows": listed,
        "control": objective.control(set_, without),
        "toggled": [
            _key(direction, objective.toggled(set_, without, place))
            for place in range(len(set_.switches))
        ],
        "loops": {
            "known": _loop(set_, known, [roles.get(name, ()) for name in listed]),
            "own": _loop(set_, own, [roles.get(name, ()) for name in listed]),
        },
        **_rules(set_, known),
    }


def _shown(
    set_: CheckpointSet, direction: Direction, without: frozenset[str], is_own: bool
) -> Shown:
    lines = set_.rows(without, set_.names[:ROWS])
    variants = [line.variant for line in lines if line.variant]
    return Shown(
        direction,
        [VariantRow(o.name, o.side, o.variant, o.variant and NONE_YET) for o in lines],
        views_of(variants or set_.variants[:1], direction),
        truth=None if is_own else SLOT["truth"],
        note=" ".join(notes_on(set_, variants)),
        without=struck(set_, without),
        is_own=is_own,
    )


def _loop(set_: CheckpointSet, shown: Shown, roles: Sequence[Set[str]]) -> str:
    """The diagram, with a slot for each picture, each figure and the size of the input."""
    found = loop.route(shown.views)
    keys = [view.key for view in shown.views]
    heads = dict(zip([*keys, "truth"], panels.headings(shown, set_), strict=False))
    places = loop.places(len(shown.rows))
    tracks = []
    for number, (row, place, known) in enumerate(zip(shown.rows, places, roles, strict=True)):
        of = {view.key: _panel(view, number, known, shown.is_own) for view in shown.views}
        if not shown.is_own:
            of["truth"] = Panel(SLOT["truth"], "")
        arc = SLOT[f"{number}.{found.closing.key}.told"] if found.closing and row.made else ""
        if arc and place:
            of[found.closing.key] = Panel(of[found.closing.key].picture, "")
        tracks.append(loop.Track(row, of if row.made else {}, place, arc, row.is_open, None))
    return loop.diagram(found, heads, tracks, shown.note, url=str)


def _panel(view: Any, number: int, roles: Set[str], is_own: bool) -> Panel:
    if not view.network:
        return Panel(SLOT["original"], SLOT["size"])
    if view.network not in roles:
        return Panel(None, f"needs {view.network}, which this model lacks")
    picture = SLOT[f"{number}.{view.key}"]
    if view.key == "made" and is_own:
        return Panel(picture, "no ground truth")
    return Panel(picture, SLOT[f"{number}.{view.key}.told"])


def _rules(set_: CheckpointSet, shown: Shown) -> dict:
    """The rules by which the sentence is found; none where there is nothing to compare."""
    back = shown.view("back")
    if not (shown.without and back and sentence.sides(shown) and all(r.made for r in shown.rows)):
        return {"groups": [], "numbers": {}}
    told = sentence.of_choice(shown, set_)
    words = Slots(told.words)
    groups = [
        [
            {
                "say": render("panels.spoken", parts=rules.parts(rule.say, words)),
                "when": rule.when,
                "ends": rule.ends,
            }
            for rule in group
        ]
        for group in rules.GROUPS
    ]
    return {"groups": groups, "numbers": told.numbers}


def _example(library: Library, title: str, number: int, example: Example) -> dict:
    """An example, and what its truth says of every row, as networks here translate it."""
    set_ = library.sets[title]
    states = {}
    for direction in set_.directions:
        for without in _choices(set_):
            request = Request(title, direction, without, set_.names[:ROWS], number)
            shown = translate(library, request)
            compares = shown.without and sentence.sides(shown) and all(r.made for r in shown.rows)
            told = sentence.of_translations(shown, set_) if compares else sentence.Told({}, {})
            states[_key(direction, without)] = {
                "numbers": told.numbers,
                "words": told.words,
                "captions": [
                    panels.against_truth(row, set_.lesson) if row.made else "" for row in shown.rows
                ],
            }
    draw = set_.lesson.draw
    return {
        "name": example.name,
        "x": panels.data_url(draw(example.original("xy"))),
        "y": panels.data_url(draw(example.original("yx"))),
        "states": states,
    }
