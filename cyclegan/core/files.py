"""Files that are replaced in one move, and JSON objects read with a sentence for what is wrong.

Knows nothing of what the files mean.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path


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


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, values: dict) -> None:
    """Write indented JSON atomically."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict:
    """Read a JSON object; raises FileError for anything else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileError(f"{path.parent} holds no {path.name}; is it a checkpoint?") from error
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(values, dict):
        raise FileError(f"{path} does not hold a JSON object.")
    return values


def size(count: int) -> str:
    """Bytes for people: "2 GiB", "113.5 MiB"."""
    unit, name = next(u for u in ((2**30, "GiB"), (2**20, "MiB"), (1, "bytes")) if count >= u[0])
    return f"{round(count / unit, 1):g} {name}"


def printable(key: str) -> str:
    """A name that may come from anywhere, fit for a sentence."""
    shown = key if key.isprintable() else ascii(key)
    return shown if len(shown) <= 80 else f"{shown[:78]}…"
