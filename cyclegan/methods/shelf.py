"""The shelf of methods: found by name, added to by whoever has another."""

from ..core.config import OBJECTIVES, ConfigError
from ..core.registry import Registry
from .method import Method

_SHELF: Registry[Method] = Registry("method")


def register(method: Method) -> Method:
    """Put a method on the shelf, by its `key`.

    Raises ConfigError where that, or the name of one of its rows, is taken.
    """
    others = {name for other in _SHELF.values() if other is not method for name in other.rows}
    if taken := others & set(method.rows):
        raise ConfigError(f"There is a row {min(taken)} already; choose another name.")
    _SHELF.register(method.key, method)
    OBJECTIVES[method.key] = method.Objective
    return method


def find(key: str) -> Method:
    """Raises ConfigError with the methods that there are."""
    return _SHELF.find(key)


def all_methods() -> list[Method]:
    return _SHELF.values()
