"""Models as cards, and how the opening of one goes, as HTML: templates/cards.html."""

from dataclasses import dataclass

from ..core.media import PICTURES
from ..store import hub
from .compare import alone, remarks
from .library import Library
from .markup import render
from .panels import figures_of, intervals_of, told
from .sets import CheckpointSet, Variant


@dataclass(frozen=True)
class Card:
    """What a card tells of a set. index: of its title among those that the visitor has."""

    title: str
    index: int
    facts: dict[str, str]
    caveats: list[str]


def shelf(library: Library, titles: list[str]) -> str:
    """A card a set, the ones that the visitor opened first."""
    shown = [(i, library.sets[t]) for i, t in enumerate(titles) if t in library.sets]
    return render("cards.shelf", cards=[_card(set_, i) for i, set_ in reversed(shown)])


def _card(set_: CheckpointSet, index: int) -> Card:
    first = _first(set_)
    several = len(set_.directions) > 1
    domains = f"{set_.domains.x} ↔ {set_.domains.y}" if several else set_.arrow(set_.directions[0])
    facts = {
        "Domains": domains,
        "Networks": first.method.describe(first.config),
        "Trained at": _size(first),
        "Variants": _variants(set_),
        "Figures": _figures(first, is_one=len(set_.variants) == 1),
        "Licence": hub.read_card(set_.folder).license or "not said",
    }
    return Card(set_.title, index, facts, caveats(set_))


def _first(set_: CheckpointSet) -> Variant:
    """The variant that a card tells of: that with most terms, as usual as there is one."""
    return set_.whole or max(set_.variants, key=lambda v: len(v.config.objective.terms))


def caveats(set_: CheckpointSet) -> list[str]:
    """Sentences that one should know before one uses a set."""
    said = remarks(set_.variants)
    views = {view.key: view.formula for view in set_.variants[0].views(set_.directions[0])}
    if len(set_.directions) < len(set_.method.directions(set_.variants[0].config)):
        without = f", {views['back']} cannot" if "back" in views else ""
        said.append(f"One generator alone: {views.get('made', 'it')} can be shown{without}.")
    return said + alone(set_)


def _size(variant: Variant) -> str:
    if variant.is_foreign and not variant.config.facts.get("size_said"):
        return f"not said, taken to be {variant.config.image_size} px"
    is_picture = variant.lesson.medium is PICTURES
    unit = "px" if is_picture else variant.lesson.medium.unit or variant.lesson.medium.name
    return f"{variant.config.image_size} {unit}"


def _variants(set_: CheckpointSet) -> str:
    names = [variant.name for variant in set_.variants]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _figures(variant: Variant, is_one: bool) -> str:
    """A line each; of several variants it says whose they are."""
    figures, lesson = figures_of(variant.metrics, "G"), variant.lesson
    ends, said = intervals_of(variant.metrics, "G"), []
    for measure in (lesson.measure(key) for key in lesson.headline if key in figures):
        within = measure.within(ends.get(measure.key))
        said.append(told(measure, figures[measure.key]) + (f" ({within})" if within else ""))
    whose = [] if is_one or not said else [f"of {variant.name}:"]
    return "\n".join([*whose, *said])


def progress(done: int, total: int) -> str:
    """A bar while a model arrives; total 0 while its size is not known."""
    if not total:
        return render("cards.looking")
    words = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if done < total else "Reading the weights …"
    return render("cards.arriving", done=done, total=total, words=words)


def failed(sentence: str) -> str:
    """What went wrong."""
    return render("cards.failed", sentence=sentence)


def opened(set_: CheckpointSet) -> str:
    return render("cards.opened", title=set_.title, caveats=" ".join(caveats(set_)))
