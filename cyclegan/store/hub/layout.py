"""What of a repo is wanted: checkpoints of ours, or else foreign weight files; and how much.

A repo holds a set (a folder a variant), or one checkpoint at its root; then a card, README.md, and
examples/. Other seeds of a variant lie in its folder: their figures come with it, their weights
where one is named, as in user/repo:gan-cycle/seed-1. Knows a repo as the names and sizes of its
files.
"""

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ...core import files
from .. import checkpoints, formats
from ..checkpoints import COMPARISONS, CONFIG, LADDER, METRICS, WEIGHTS
from .names import HubError, HubName, is_safe

MAX_TOTAL = 2 * checkpoints.MAX_BYTES
"""Bytes that one pull or push may move; a single file may have checkpoints.MAX_BYTES."""

MAX_TEXT = 2**20
"""Bytes of a text that is brought: a config, figures, comparisons, a ladder's file, a card."""

MAX_VARIANTS, MAX_EXAMPLES, MAX_EXAMPLE = 32, 100, 2**23
"""Variants of a set, its example pictures, and bytes of one of these; more are passed over."""

MAX_SEEDS = 40
"""Files that tell of other seeds of a variant, two of each."""

README, EXAMPLES = "README.md", "examples"

Progress = Callable[[int, int], None]
"""Called with the bytes done and their total."""

Sizes = dict[str, int]
"""Bytes of every file of a repo."""

Fetch = Callable[[list[str], Progress | None], list[Path]]
"""Files of a repo to where they lie on this machine, in the same order."""


def choose(name: HubName, sizes: Sizes, fetch: Fetch) -> tuple[list[str], list[str]]:
    """Folders of our checkpoints ("" is the root), or else foreign weight files: one or a pair.

    A config.json tells whose it is, so these are fetched. Raises HubError with the valid names.
    """
    ours = _ours(_holders(sizes, name.part), fetch)
    foreign = _foreign(sizes)
    if name.part is not None:
        folder, _, file = name.part.rpartition("/")
        for meant in (name.part, folder) if file in (CONFIG, WEIGHTS) else (name.part,):
            if meant in ours:
                return [meant], []
        if name.part in foreign:
            return [], [name.part]
        if files := formats.models(foreign).get(name.part):
            return [], list(files)
        valid = _listing(
            name, [folder for folder in ours if folder] or list(formats.models(foreign))
        )
        raise HubError(f"{replace(name, part=None)} has no {name.part}; valid are {valid}.")
    if ours:
        # As in checkpoints.find: a checkpoint at the root is a set of one.
        return ([""] if "" in ours else ours), []
    found = formats.models(foreign)
    if files := formats.the_one(found):
        return [], list(files)
    if found:
        valid = _listing(name, list(found))
        raise HubError(f"{name} holds several weight files; name one: {valid}.")
    endings = ", ".join(formats.SUFFIXES)
    raise HubError(f"{name} holds no checkpoint and no weight file ({endings}).")


def wanted(folders: list[str], files: list[str], sizes: Sizes) -> list[str]:
    """All files to bring for what was chosen: nothing of optimisers, logs or other variants.

    Raises HubError where a name would lead out of the cache, or a size is over the limits.
    """
    found = list(files)
    for folder in folders:
        found += [file for file in inside(folder, CONFIG, WEIGHTS) if file in sizes]
        found += [f for f in inside(folder, METRICS) if sizes.get(f, MAX_TEXT + 1) <= MAX_TEXT]
        figures = re.compile(rf"{re.escape(folder)}/seed-\d+/({CONFIG}|{METRICS})".lstrip("/"))
        said = sorted(f for f in sizes if figures.fullmatch(f) and sizes[f] <= MAX_TEXT)
        found += said[:MAX_SEEDS]
    beside = [README, *([COMPARISONS, LADDER] if folders else [])]
    found += [file for file in beside if sizes.get(file, MAX_TEXT + 1) <= MAX_TEXT]
    if folders:
        pictures = sorted(f for f in sizes if re.fullmatch(rf"{EXAMPLES}/[^/]+\.png", f))
        found += [file for file in pictures if sizes[file] <= MAX_EXAMPLE][:MAX_EXAMPLES]
    for file in found:
        if not is_safe(file):
            raise HubError(f"{file!r} is a name that leads out of its repo; nothing was pulled.")
    check_sizes({file: sizes[file] for file in found})
    return found


def check_sizes(sizes: Sizes) -> None:
    """Raise HubError for what is over the limits."""
    for file, size in sizes.items():
        if size > checkpoints.MAX_BYTES:
            raise HubError(
                f"{file} has {files.size(size)}; a file may have "
                f"{files.size(checkpoints.MAX_BYTES)}."
            )
    if (total := sum(sizes.values())) > MAX_TOTAL:
        raise HubError(
            f"These are {files.size(total)}; {files.size(MAX_TOTAL)} may be moved at "
            "once. Name one variant."
        )


def inside(folder: str, *files: str) -> list[str]:
    """Paths of files in a folder of a repo; "" is the root."""
    return [f"{folder}/{file}" if folder else file for file in files]


def _holders(sizes: Sizes, part: str | None) -> list[str]:
    """Folders that look like checkpoints: the root, those in it, and what a name may mean."""
    asked = [str(PurePosixPath(part)), part.rpartition("/")[0]] if part else []
    folders = sorted({file.rpartition("/")[0] for file in sizes if file.endswith(WEIGHTS)})
    first = [folder for folder in folders if "/" not in folder][:MAX_VARIANTS]
    return [
        folder
        for folder in dict.fromkeys([*(f for f in folders if f in asked), *first])
        if all(file in sizes for file in inside(folder, CONFIG, WEIGHTS))
        and sizes[inside(folder, CONFIG)[0]] <= MAX_TEXT
        and all(map(is_safe, inside(folder, CONFIG)))
    ]


def _ours(folders: list[str], fetch: Fetch) -> list[str]:
    """Those of the folders whose config.json this project wrote."""
    configs = fetch([file for folder in folders for file in inside(folder, CONFIG)], None)
    return [folder for folder, path in zip(folders, configs, strict=True) if _is_ours(path)]


def _is_ours(path: Path) -> bool:
    with contextlib.suppress(checkpoints.CheckpointError):
        return {"generator", "objective"} <= checkpoints.read_json(path).keys()
    return False


def _foreign(sizes: Sizes) -> list[str]:
    """Weight files, without what is there to train on, or twice in another format."""
    files = [
        file
        for file in sorted(sizes)
        if formats.is_weights(file)
        and not re.match(r"training|optimizer|scheduler|rng_state", PurePosixPath(file).name)
    ]
    whole = [PurePosixPath(file) for file in files if PurePosixPath(file).name == WEIGHTS]
    doubled = {str(path.with_name("pytorch_model.bin")) for path in whole}
    return [file for file in files if file not in doubled]


def _listing(name: HubName, parts: list[str]) -> str:
    names = [str(replace(name, part=part)) for part in parts]
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(names[:20]) or "none") + more
