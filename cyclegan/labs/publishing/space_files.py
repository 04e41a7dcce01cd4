"""What a Space is made of: the page, its package, the sets; a README and requirements of its own.

Only what git tracks; in a download without git, what lies in the same folders and is of the kinds
that belong there. Knows no network.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ...core import files
from ...store import checkpoints
from ...store.hub.layout import README
from ...store.hub.names import HubError
from .pushing import without_place

ROOT = checkpoints.BUNDLED.parent
FOLDERS = ("cyclegan", checkpoints.BUNDLED.name)
"""These are the same in a Space as here, so that no module or set of an older version stays."""

PAGE, LICENSE, REQUIREMENTS = "app.py", "LICENSE", "requirements.txt"
KINDS = {
    *(".py", ".html", ".css", ".js", ".mjs", ".md"),
    *(".json", ".jsonl", ".npz", ".png", ".webp", ".flac", ".mp4", ".safetensors"),
}
"""Of files in those folders; training states and tables of anybody's are none of them."""

VERSIONS = {"torch": "2.11.0", "torchvision": "0.26.0"}
"""The newest that ZeroGPU runs (August 2026); gradio is the README's `sdk_version`."""


@dataclass(frozen=True)
class SpaceFiles:
    """files: what is uploaded, by its path in the Space. untracked: what git does not know, which
    stays here. hardware: what the README suggests."""

    files: dict[str, Path | bytes]
    untracked: list[str]
    hardware: str


def gather(root: Path) -> SpaceFiles:
    """What goes to a Space from a clone or a download of this project.

    Raises HubError where that is not whole, or git does not say what belongs to it.
    """
    for file in (PAGE, README, REQUIREMENTS):
        if not (root / file).is_file():
            raise HubError(f"{root} holds no {file}: a Space is made from a clone of this project.")
    paths, untracked = _tracked(root) if (root / ".git").exists() else (_lying(root), [])
    found: dict[str, Path | bytes] = {path: root / path for path in paths if _belongs(root, path)}
    for path, source in found.items():
        if source.name == checkpoints.CONFIG and checkpoints.is_checkpoint(source.parent):
            found[path] = without_place(source.parent) or source
    stated, card = _card((root / README).read_text(encoding="utf-8"))
    wanted = (root / REQUIREMENTS).read_text(encoding="utf-8")
    found[README] = card.encode()
    found[REQUIREMENTS] = requirements(wanted, stated["sdk_version"]).encode()
    return SpaceFiles(found, [path for path in untracked if _is_ours(path)], stated["hardware"])


def requirements(wanted: str, gradio: str) -> str:
    """The project's requirements for a Space: what its platform fixes is fixed here as well."""
    fixed = VERSIONS | {"gradio": gradio}
    lines = []
    for line in filter(None, map(str.strip, wanted.splitlines())):
        name = re.match(r"[\w.-]*", line)[0]
        lines.append(f"{name}=={fixed[name]}" if name in fixed else line)
    return "\n".join(lines) + "\n"


def _card(text: str) -> tuple[dict[str, str], str]:
    """What the front matter states, and a README of it and of the first words, without pictures.

    The rest is about a clone, and links to what a Space does not hold.
    """
    stated, rest = files.front_matter(text)
    if not stated.get("sdk_version"):
        raise HubError(f"{README} has no sdk_version in its front matter, which a Space needs.")
    front = text[: len(text) - len(rest)]
    words = re.split(r"^## ", rest, maxsplit=1, flags=re.M)[0]
    words = re.sub(r"^!\[.*\n*", "", words, flags=re.M)
    hardware = stated.get("suggested_hardware", "cpu-basic")
    return {**stated, "hardware": hardware}, f"{front.rstrip()}\n\n{words.strip()}\n"


def _tracked(root: Path) -> tuple[list[str], list[str]]:
    """What git tracks of the wanted, and what it neither tracks nor ignores."""
    wanted = ("--", PAGE, LICENSE, *FOLDERS)
    listed = []
    for options in ([], ["--others", "--exclude-standard", "--directory"]):
        command = ["git", "-C", str(root), "ls-files", "-z", *options, *wanted]
        try:
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = " ".join((getattr(error, "stderr", "") or str(error)).split())
            raise HubError(
                f"git does not say which files of {root} belong to the project: {said[:300]}"
            ) from None
        listed.append(sorted(filter(None, done.stdout.split("\0"))))
    return listed[0], listed[1]


def _lying(root: Path) -> list[str]:
    inside = (path for folder in FOLDERS for path in (root / folder).rglob("*"))
    paths = (path.relative_to(root) for path in inside)
    kinds = (p.as_posix() for p in paths if p.suffix in KINDS or p.name == LICENSE)
    return [PAGE, LICENSE, *sorted(kinds)]


def _belongs(root: Path, path: str) -> bool:
    """A link may lead to anybody's file."""
    file = root / path
    return _is_ours(path) and file.is_file() and not file.is_symlink()


def _is_ours(path: str) -> bool:
    parts = Path(path).parts
    return "__pycache__" not in parts and not any(part.startswith(".") for part in parts)
