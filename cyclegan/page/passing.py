"""An example goes along from tab to tab: once, so that what is chosen afterwards stands."""

from dataclasses import dataclass

from .sets import CheckpointSet


@dataclass(frozen=True)
class Passed:
    """An example that was chosen in one tab and waits for another. data: of which lesson it is."""

    tab: str
    data: str
    name: str


def pass_on(tab: str, set_: CheckpointSet, index: int) -> Passed:
    return Passed(tab, _data(set_), set_.examples[index].name)


def arrived(passed: Passed | None, tab: str, set_: CheckpointSet | None) -> int | None:
    """The place among a set's examples of what was chosen in another tab; None without any."""
    if not passed or passed.tab == tab or set_ is None or passed.data != _data(set_):
        return None
    names = [example.name for example in set_.examples]
    return names.index(passed.name) if passed.name in names else None


def _data(set_: CheckpointSet) -> str:
    return set_.variants[0].config.training.data or set_.title
