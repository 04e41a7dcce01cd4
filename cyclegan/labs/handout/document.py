"""What a handout holds, and how it becomes one HTML file.

Knows templates, a style sheet and a script; nothing of runs, sets and laboratories.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from ...core import files, palette
from ...core.charts import Chart
from ...core.markup import SHEETS, Templates

HERE = Path(__file__).parent

MOST = 5_000_000
"""Bytes of a handout: what a mail and a learning platform take."""

_TEMPLATES = Templates(HERE / "templates")


class HandoutError(ValueError):
    """A handout cannot be written; the message says why."""


@dataclass(frozen=True)
class Strip:
    """Pictures of one kind at several steps, over each other.

    heads: of its columns, as formula and name. lines: rows of tiles. urls: a picture a step, or one
    that does not change. alt: what they show. across: tiles side by side under a single head.
    """

    title: str
    heads: Sequence[tuple[str, str]]
    lines: int
    urls: Sequence[str]
    alt: str
    across: int = 0

    @property
    def columns(self) -> int:
        return self.across or len(self.heads)


@dataclass(frozen=True)
class Film:
    """Strips under one slider. steps: of their pictures; none where time is not what is shown.
    said: how many are shown of how many, and of what."""

    strips: Sequence[Strip]
    steps: Sequence[int] = ()
    said: str = ""


@dataclass(frozen=True)
class Group:
    """Charts under a heading, each with its sentence.

    keys: kind, colour and name of their lines.
    """

    title: str
    charts: Sequence[tuple[Chart, str]]
    keys: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True)
class Row:
    """A value of a figure beside its interval. low, high, at: places in percent, where known.
    seeds: mean and standard deviation over seeds, where there are several."""

    name: str
    value: str
    within: str = ""
    seeds: str = ""
    at: float | None = None
    low: float | None = None
    high: float | None = None
    is_best: bool = False
    is_itself: bool = False


@dataclass(frozen=True)
class Card:
    """A figure, and what it comes to in every row. good: the place of what is best, where that is
    none of the ends."""

    heading: str
    reads: str
    rows: Sequence[Row]
    good: float | None = None


@dataclass(frozen=True)
class Measured:
    """The figures of a network."""

    title: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Recipe:
    """title: whose. left_out: sentences."""

    title: str
    source: str = ""
    sets: Sequence[tuple[str, str]] = ()
    otherwise: Sequence[tuple[str, str]] = ()
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Document:
    """A handout, from above. Sentences stand where a part is missing.

    events: what changed on the way. verdicts: what differs beyond chance. differing: settings that
    rows do not share, each with every row's words. commands: sentences and command lines.
    """

    title: str
    kind: str
    summary: str
    events: Sequence[str] = ()
    film: Film | None = None
    no_film: str = ""
    groups: Sequence[Group] = ()
    no_curves: str = ""
    measured: Sequence[Measured] = ()
    measured_on: str = ""
    verdicts: Sequence[str] = ()
    settings: Sequence[tuple[str, str]] = ()
    differing: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    recipes: Sequence[Recipe] = ()
    no_recipe: str = ""
    commands: Sequence[tuple[str, str]] = field(default=())


def draw(document: Document) -> str:
    """The file's text. Raises HandoutError where it would be too large to be handed in."""
    script = (HERE / "scripts" / "scrub.js").read_text(encoding="utf-8")
    sheets = (*SHEETS, HERE / "styles" / "handout.css")
    styles = [palette.document_css(), *(path.read_text(encoding="utf-8") for path in sheets)]
    html = _TEMPLATES.render(
        "handout.page",
        document=document,
        # Our own files, in which nothing of a run stands.
        style=Markup("".join(styles)),
        script=Markup(script),
        script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    if (size := len(html.encode())) > MOST:
        raise HandoutError(
            f"The report would have {files.size(size)}, more than the {files.size(MOST)} that can "
            "be handed in everywhere."
        )
    return html


def write(path: Path, document: Document) -> Path:
    """Write the file in one move. Raises HandoutError and OSError."""
    files.write_text(path, draw(document))
    return path
