"""Models that visitors brought: who sees which, and which goes when another comes."""

from .hosting.desk import Desk
from .library import Library


def seen_by(library: Library, desk: Desk, who: str) -> list[str]:
    """Keys of the sets that a visitor may choose from: those of all, and their own."""
    return [*library.offered, *(one for one in desk.visitors.models(who) if one in library.sets)]


def keep(library: Library, desk: Desk, who: str, opened: str) -> None:
    """Note that a visitor opened a model, in the place of an older one of the same title."""
    if not library.is_guest(opened):
        return
    title = library.sets[opened].title
    had = [one for one in desk.visitors.models(who) if one in library.sets]
    alike = tuple(one for one in had if one != opened and library.sets[one].title == title)
    for gone in desk.visitors.keep(who, opened, alike):
        library.forget(gone)
