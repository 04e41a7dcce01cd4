"""Files that are replaced in one move, and the one reader of texts that anyone may have written.

JSON and YAML have a limit of size and of depth before they are parsed; YAML is read without
aliases, by which a few bytes stand for gigabytes. Knows nothing of what the files mean.
"""

import json
import math
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

MAX_TEXT, MAX_DEPTH = 8 * 2**20, 32
"""Bytes of a JSON file, and lists and objects within each other; a report of twenty variants over
three seeds has 0.2 MiB and 7."""

MAX_FRONT = 16 * 2**10
"""Characters of the YAML at the beginning of a card."""


class FileError(ValueError):
    """A file is missing, or does not hold what it should; the message says which."""


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary neighbour of `path`, then put it in place in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new neighbour of the folder `path`, then put it in place in one move.

    What lay there gets out of the way just before. A kill between the two is made good by the next
    call, and by `mend_folder`.
    """
    mend_folder(path)
    fresh, former = _neighbours(path)
    fresh.mkdir(parents=True)
    try:
        write(fresh)
        if path.exists():
            os.replace(path, former)
        os.replace(fresh, path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(former, ignore_errors=True)


def mend_folder(path: Path) -> None:
    """Remove what a kill within `replace_folder` left, and bring back what it took away."""
    fresh, former = _neighbours(path)
    if former.exists() and not path.exists():
        os.replace(former, path)
    for left in (fresh, former):
        shutil.rmtree(left, ignore_errors=True)


def _neighbours(path: Path) -> tuple[Path, Path]:
    return path.with_name(f".{path.name}.fresh"), path.with_name(f".{path.name}.former")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, values: dict) -> None:
    """Write indented JSON atomically."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path, most: int = MAX_TEXT) -> dict:
    """Read a JSON object of at most `most` bytes; raises FileError for anything else."""
    try:
        with open(path, "rb") as file:
            text = file.read(most + 1)
    except FileNotFoundError as error:
        raise FileError(f"{path.parent} holds no {path.name}; is it a checkpoint?") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error
    if len(text) > most:
        raise FileError(f"{path} has more than {size(most)}, the most for such a file.")
    try:
        values = parse_json(text)
    except ValueError as error:
        raise FileError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(values, dict):
        raise FileError(f"{path} does not hold a JSON object.")
    return values


def parse_json(text: bytes) -> object:
    """JSON no deeper than MAX_DEPTH; raises ValueError."""
    depth = 0
    for mark in _BRACKETS.finditer(text):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark[0], 0)
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    return json.loads(text.decode("utf-8"))


_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.S)
"""Those outside of strings; a string without an end goes to the end of the text."""


def numbers(values: object) -> dict[str, float]:
    """What of an object are finite numbers by short names; the rest is left out."""
    if not isinstance(values, Mapping):
        return {}
    return {
        name: value
        for name, value in values.items()
        if isinstance(name, str) and len(name) <= 200 and is_number(value)
    }


def is_number(value: object) -> bool:
    """Whether a value out of JSON is a finite number that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 if isinstance(value, int) else math.isfinite(value)


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """What stands in the YAML at a text's beginning, words and numbers alone, and the rest.

    All values are text. What cannot be read, is too long or has aliases counts as nothing.
    """
    found = re.match(r"---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", text[: MAX_FRONT + 16], re.S)
    if not found:
        return {}, text
    rest = text[found.end() :]
    try:
        values = yaml.load(found[1], _Plain)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, rest
    if not isinstance(values, dict):
        return {}, rest
    return {k: v for k, v in values.items() if isinstance(k, str) and isinstance(v, str)}, rest


class _Plain(yaml.BaseLoader):
    """Knows lists, objects and text: nothing is built, and nothing stands for something else."""

    def compose_node(self, parent: object, index: object) -> object:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def size(count: int) -> str:
    """Bytes for people: "2 GiB", "113.5 MiB"."""
    units = (2**30, "GiB"), (2**20, "MiB"), (1, "bytes")
    unit, name = next((u for u in units if count >= u[0]), units[-1])
    return f"{round(count / unit, 1):g} {name}"


def printable(key: str) -> str:
    """A name that may come from anywhere, fit for a sentence."""
    shown = key if key.isprintable() else ascii(key)
    return shown if len(shown) <= 80 else f"{shown[:78]}…"
