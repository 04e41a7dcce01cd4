"""Shelves: things by name, to which plug-ins add theirs.

CYCLEGAN_PLUGINS names Python modules, parted by commas; whoever imports one has its lessons and
methods registered. Knows neither.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from .config import ConfigError

T = TypeVar("T")

PLUGINS = "CYCLEGAN_PLUGINS"


class Registry(Generic[T]):
    """Things by name, in the order in which they were registered. kind: "lesson", for sentences."""

    def __init__(self, kind: str):
        self.kind = kind
        self._known: dict[str, T] = {}

    def register(self, name: str, thing: T) -> None:
        """Raises ConfigError where the name is taken by something else."""
        if self._known.setdefault(name, thing) is not thing:
            raise ConfigError(f"There is a {self.kind} {name} already; choose another name.")

    def find(self, name: str) -> T:
        """Raises ConfigError with the names that there are."""
        if name not in self._known:
            raise ConfigError(f"There is no {self.kind} {name}; known are {', '.join(self)}.")
        return self._known[name]

    def get(self, name: str) -> T | None:
        return self._known.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def values(self) -> list[T]:
        return list(self._known.values())


def load_plugins() -> None:
    """Import what CYCLEGAN_PLUGINS names; raises ConfigError where that cannot be done."""
    for name in _plugins():
        try:
            importlib.import_module(name)
        except ConfigError as error:
            raise ConfigError(f"The plug-in {name} cannot be used: {error}") from error
        except Exception as error:  # A stranger's code may raise anything.
            raise ConfigError(
                f"The plug-in {name}, which {PLUGINS} names, cannot be imported: "
                f"{type(error).__name__}: {error}."
            ) from error


def plugin_folders() -> list[str]:
    """Folders that a new process needs on its path to import the same plug-ins."""
    files = [getattr(sys.modules.get(name), "__file__", None) for name in _plugins()]
    depth = [name.count(".") for name in _plugins()]
    found = [str(Path(f).resolve().parents[d]) for f, d in zip(files, depth, strict=True) if f]
    return list(dict.fromkeys(found))


def _plugins() -> list[str]:
    return [name.strip() for name in os.environ.get(PLUGINS, "").split(",") if name.strip()]
