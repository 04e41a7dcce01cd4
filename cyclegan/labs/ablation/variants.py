"""The rows that are compared: those of all methods on the shelf, and their groups.

A variant is one setting of the objective, or of one thing beside it; all else stays equal: data,
order, seed, steps and networks.
"""

from collections.abc import Iterable, Mapping, Sequence

from ... import lessons, methods
from ...core.config import METHOD, ConfigError
from ...methods import NamedObjective

PAPER = ("paper", "identity")
"""Groups that are trained where nobody says which."""

ALL = "all"

TITLES = {
    "paper": "the paper's five",
    "identity": "the same with identity",
    "others": "others",
    "better-cycles": "better cycles",
    "settings": "other networks and settings",
}


def known() -> dict[str, NamedObjective]:
    """All rows by name, method by method; of two that share a name, the first."""
    found: dict[str, NamedObjective] = {}
    for method in methods.all_methods():
        for name, row in method.rows.items():
            found.setdefault(name, row)
    return found


def groups() -> dict[str, tuple[str, ...]]:
    """Names of rows by group; the rows of a method without groups of its own are one."""
    found: dict[str, list[str]] = {}
    for name, row in known().items():
        found.setdefault(row.group or row.objective.method, []).append(name)
    return {**{group: tuple(names) for group, names in found.items()}, ALL: tuple(known())}


def group_title(group: str) -> str:
    """What a group is called in the middle of a sentence."""
    alone = {method.key: method.name for method in methods.all_methods()}
    return TITLES.get(group) or alone.get(group) or group.replace("-", " ")


def is_paired(name: str) -> bool:
    """Whether a row is trained on true pairs, and so is no rival of the others."""
    return methods.find(known()[name].objective.method).is_paired


def reference(names: Iterable[str]) -> str | None:
    """The row that others are held against: of the first method that needs no pairs, the row that
    is called like it, or else its first. Where that is not among `names`, the row that one with
    other settings is held against; None without any."""
    names, rows = list(names), known()
    for name in names:
        if name in rows and not is_paired(name):
            method = methods.find(rows[name].objective.method)
            main = method.key if method.key in method.rows else next(iter(method.rows))
            found = (main, *(beside(other) for other in names))
            return next((row for row in found if row in names), None)
    return None


def beside(name: str) -> str | None:
    """The row that one with other settings is held against: of the same objective, and without
    them. None for a row that has none, and where there is no such row."""
    rows = known()
    if not (name in rows and rows[name].changes):
        return None
    wanted = rows[name].objective
    alike = (n for n, row in rows.items() if row.objective == wanted and not row.changes)
    return next(alike, None)


def rival(name: str) -> str | None:
    """The row without what its method's first switch takes away, or None."""
    rows = known()
    method = methods.find(rows[name].objective.method) if name in rows else None
    if not (method and method.switches):
        return None
    wanted = method.without(rows[name].objective, method.switches[0])
    alike = (n for n, row in rows.items() if row.objective == wanted and n != name)
    return next((n for n in alike if rows[n].changes == rows[name].changes), None)


def uneven(sizes: Sequence[Mapping[str, int]]) -> list[str]:
    """Roles of networks whose parameters are not as many in every row; sizes: by role, row by row.

    A role that a row lacks is no difference.
    """
    found: dict[str, set[int]] = {}
    for row in sizes:
        for role, count in row.items():
            found.setdefault(role, set()).add(count)
    return [role for role, counts in found.items() if len(counts) > 1]


def usual(data: str) -> list[str]:
    """Names or groups to train on a lesson where nobody says which: its own method's."""
    method = lessons.find(data).recipe.config.method
    return list(PAPER) if method == METHOD else list(methods.find(method).rows)


def choose(names: Iterable[str]) -> list[str]:
    """Variants by name or group, each once, in the order of `known`; raises ConfigError."""
    variants, by_group, wanted = known(), groups(), set()
    for name in names:
        if name in by_group:
            wanted |= set(by_group[name])
        elif name in variants:
            wanted.add(name)
        else:
            raise ConfigError(
                f"There is no variant {name}; valid are {', '.join(variants)}, and the groups "
                f"{', '.join(by_group)}."
            )
    return [name for name in variants if name in wanted]
