"""One way to name a model everywhere: a bundled set, a folder, a weight file, or a Hub repo.

    drawing                               a bundled set; drawing/gan-cycle is one variant
    runs/horses  latest_net_G_A.pth       a folder or a file on this machine
    checkpoints/horse2zebra:5             of a folder of several, the variant, epoch or file
    user/repo  user/repo@revision:part    a repo on the Hub, a revision, a variant or file in it

Knows where models lie and how they are opened; the layouts are `checkpoints`', `formats`' and
`hub`'s business.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from ..core.config import Domains
from . import checkpoints, formats, hub
from .checkpoints import Checkpoint, CheckpointError


@dataclass(frozen=True)
class Source:
    """One checkpoint on this machine, to be loaded when it is needed.

    paths: a checkpoint folder, or foreign weight files (one, or X→Y and Y→X).
    domains, image_size: what the files do not say; None for the formats' own defaults.
    """

    paths: tuple[Path, ...]
    domains: Domains | None = None
    image_size: int | None = None

    def load(self) -> Checkpoint:
        """Read and check all weights; raises CheckpointError."""
        if self.is_foreign:
            return formats.load(self.paths, self.domains, self.image_size)
        return checkpoints.load(self.paths[0])

    @property
    def is_foreign(self) -> bool:
        return not self.paths[0].is_dir()

    @property
    def name(self) -> str:
        """The variant's folder or the file's name."""
        return self.paths[0].name


@dataclass(frozen=True)
class Model:
    """What a name stands for: the variants of a set, or a single model.

    folder: where README.md and examples/ of a set lie. card: of the Hub. note: a sentence about
    how it was found, or "".
    """

    name: str
    sources: tuple[Source, ...]
    folder: Path
    card: hub.Card | None = None
    note: str = ""


def find(
    name: str,
    progress: hub.Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    with_hub: bool = True,
) -> Model:
    """The model of a name; what is on the Hub is brought here first.

    progress(done, total) gets bytes, cancelled() may stop the transfer. with_hub: whether the
    Hub may be asked at all. A folder with a model goes before a bundled set of the same name, and
    whatever lies here before a Hub repo, even if it is no model. Raises CheckpointError with the
    names that are valid, or with what is wrong with the model.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return Model(name, (Source((path,)),), path.parent)
    for folder in (path, checkpoints.BUNDLED / name):
        if sources := in_folder(folder):
            return Model(name, sources, folder)
    if name and os.path.lexists(path):
        raise CheckpointError(_no_model(path))
    whole, _, part = name.rpartition(":")
    if whole and os.path.lexists(folder := Path(whole).expanduser()):
        return Model(name, (_part_of(folder, part),), folder)
    if not with_hub or (hub_name := hub.parse(name)) is None:
        raise CheckpointError(
            f"{name} is no model: there is no such folder or file, and it is no Hub name. "
            f"{_valid_names()}"
        )
    try:
        return pull(hub_name, progress, cancelled)
    except hub.Cancelled:
        raise
    except hub.HubError as error:
        raise CheckpointError(f"{error} {_valid_names()}") from error


def pull(
    name: hub.HubName,
    progress: hub.Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    visitor: hub.Visitor | None = None,
) -> Model:
    """The model of a Hub name, and nothing else; raises hub.HubError."""
    pulled = hub.pull(name, progress, cancelled, visitor)
    ours = tuple(Source((folder,)) for folder in pulled.checkpoints)
    sources = ours or (Source(tuple(pulled.files)),)
    return Model(str(name), sources, pulled.folder, pulled.card, pulled.note)


def bring(name: str) -> Model:
    """The model of a name, for command lines: a transfer shows its bar on stderr, where what is to
    be known of it is printed too. Raises CheckpointError."""
    with bar() as progress:
        model = find(name, progress)
    if model.note:
        print(model.note, file=sys.stderr)
    return model


def load_one(name: str) -> Checkpoint:
    """The single checkpoint of a name, as `bring` finds it.

    Raises CheckpointError, with the variants where the name means a set of several.
    """
    model = bring(name)
    if len(model.sources) > 1:
        joint = ":" if model.card else "/"
        variants = ", ".join(f"{name}{joint}{source.name}" for source in model.sources)
        raise CheckpointError(f"{name} is a set of several checkpoints; name one: {variants}.")
    return model.sources[0].load()


@contextmanager
def bar() -> Iterator[hub.Progress]:
    """Shows a transfer on stderr, where that is a terminal."""
    with tqdm(unit="B", unit_scale=True, delay=0.5, disable=not sys.stderr.isatty()) as shown:

        def progress(done: int, total: int) -> None:
            shown.total = total
            shown.update(done - shown.n)

        yield progress


def notes_of(checkpoint: Checkpoint) -> list[str]:
    """What a person should know of its file, in sentences fit for a terminal."""
    notes = checkpoint.config.facts.get("notes", [])
    return [note if note.isprintable() else ascii(note) for note in notes]


def in_folder(folder: Path) -> tuple[Source, ...]:
    """Our checkpoints in a folder, else the foreign generators that lie there.

    Of several of these, "latest" is taken; raises CheckpointError where there is none.
    """
    if found := checkpoints.find(folder):
        return tuple(Source((child,)) for child in found)
    foreign = _foreign(folder)
    if not foreign:
        return ()
    if (files := formats.the_one(foreign)) is None:
        raise CheckpointError(
            f"{folder} holds several models; name one: {_parts(folder, foreign)}."
        )
    return (_source(folder, files),)


def _part_of(folder: Path, part: str) -> Source:
    """What "folder:part" names: a variant, an epoch of the authors' files, or a file."""
    children = {child.name: child for child in checkpoints.find(folder)}
    foreign = {} if children else _foreign(folder)
    if part in children:
        return Source((children[part],))
    if part in foreign:
        return _source(folder, foreign[part])
    if Path(part).name == part and (folder / part).is_file():
        return Source((folder / part,))
    if not (children or foreign):
        raise CheckpointError(_no_model(folder))
    raise CheckpointError(
        f"{folder} has no {part}; valid are {_parts(folder, children or foreign)}."
    )


def _foreign(folder: Path) -> dict[str, tuple[str, ...]]:
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return formats.models(sorted(names))


def _source(folder: Path, files: tuple[str, ...]) -> Source:
    return Source(tuple(folder / name for name in files))


def _parts(folder: Path, marks: Iterable[str]) -> str:
    """What may be named, by number where epochs have one."""
    ordered = sorted(marks, key=lambda mark: (not mark.isdigit(), mark.zfill(9), mark))
    more = f" and {len(ordered) - 20} more" if len(ordered) > 20 else ""
    return ", ".join(f"{folder}:{mark}" for mark in ordered[:20]) + more


def _no_model(path: Path) -> str:
    """Why what lies here is no model; it is never looked up on the Hub instead."""
    endings = ", ".join(formats.SUFFIXES)
    if path.is_file():
        return f"{path} is one file on this machine; name it without what follows the colon."
    if not path.is_dir():
        return f"{path} lies on this machine, but is neither a file nor a folder that can be read."
    inside = sorted(child.name for child in path.iterdir())
    more = f" and {len(inside) - 5:,} more" if len(inside) > 5 else ""
    held = f"it holds {', '.join(inside[:5])}{more}" if inside else "it is empty"
    return (
        f"{path} is a folder on this machine, and no model lies in it: no checkpoint (config.json "
        f"and model.safetensors) and no weight file ({endings}); {held}."
    )


def _valid_names() -> str:
    bundled = [f.name for f in sorted(checkpoints.BUNDLED.glob("*")) if checkpoints.find(f)]
    return (
        f"Valid are the bundled {', '.join(bundled) or '(none)'}, a folder, a weight file, and a "
        "Hub repo as user/repo."
    )
