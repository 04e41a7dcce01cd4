"""Lessons: data with two sides, what is true about them, what to measure, what to look for.

One folder a lesson, and its line here; `register` adds one from elsewhere (docs/plugins.md). Image
folders and datasets of the Hub are lessons too, found by their names.
"""

import importlib
import os
from dataclasses import replace
from pathlib import Path

from ..core.config import MIRRORED, Channels, Config, Ranges, medium_of
from ..core.media import PICTURES
from ..core.registry import Registry
from ..core.sound.medium import VOICE
from ..store.hub.names import HubError
from . import hub_columns, recordings
from .data import DataError, HeldOut, UnpairedData
from .folder import Folder, before_mark
from .hub_data import HubData
from .lesson import Arm, Example, Hidden, Lesson, Recipe
from .troubles import Bound, Trouble, Yardsticks

__all__ = [
    "Arm",
    "Bound",
    "DataError",
    "Example",
    "Folder",
    "HeldOut",
    "Hidden",
    "HubData",
    "Lesson",
    "Recipe",
    "Trouble",
    "UnpairedData",
    "Yardsticks",
    "all_lessons",
    "as_trained",
    "find",
    "from_anywhere",
    "is_registered",
    "of",
    "open_data",
    "register",
    "words_of_crops",
    "words_of_items",
]

_SHELF: Registry[Lesson] = Registry("lesson")


def register(lesson: Lesson) -> Lesson:
    """Put a lesson on the shelf, by its `name`; raises ConfigError where that is taken."""
    _SHELF.register(lesson.name, lesson)
    return lesson


def is_registered(name: str) -> bool:
    """Whether a name is one of the shelf."""
    return _SHELF.get(name) is not None


def all_lessons() -> list[Lesson]:
    return _SHELF.values()


def find(name: str) -> Lesson:
    """The lesson of a name: one of the shelf, a folder of pictures or of recordings, or a dataset
    of the Hub.

    What lies on this machine is never a Hub name, with columns or without. Whether it can be
    opened, `open` will tell.
    """
    if lesson := _SHELF.get(name):
        return lesson
    if recordings.is_here(name):
        return recordings.Recordings(name)
    if not os.path.lexists(before_mark(name)) and hub_columns.is_name(name):
        return HubData(name)
    return Folder(name)


def of(config: Config) -> Lesson:
    """The lesson that networks were trained on; where its folder is not here, one of their
    medium."""
    found = find(config.training.data)
    is_voice = medium_of(config.generator.kind) == VOICE.name
    if isinstance(found, Folder) and is_voice and found.medium is not VOICE:
        return recordings.Recordings(found.name)
    return found


def words_of_items(config: Config) -> str:
    """What networks see of training items: "whole pictures of 64 pixels", "crops of 256 pixels",
    "parts of 0.6 s"."""
    lesson = of(config)
    is_whole, medium = lesson.is_whole(config.image_size), lesson.medium
    kind = f"whole {medium.called}s" if is_whole else medium.parts
    return f"{kind} of {medium.words_of(config.image_size)}"


def words_of_crops(config: Config) -> str:
    """What becomes of training items before all else: "cropped at random, mirrored by chance"; of a
    lesson whose pictures are as large as networks see them, no more than is mirrored, and of what
    has no mirror image, no more than is cut."""
    lesson, training = of(config), config.training
    if lesson.medium is not PICTURES:
        return "the middle of each" if training.place == "middle" else "cut at random"
    if lesson.is_whole(config.image_size):
        return MIRRORED[training.flip]
    if is_registered(training.data):
        training = replace(training, fit="none")
    return training.crop_words


def from_anywhere(name: str) -> str:
    """A name that means the same in every working directory: a folder's becomes its whole path."""
    return str(Path(name).absolute()) if isinstance(find(name), Folder) else name


def open_data(
    name: str,
    size: int,
    fit: str,
    channels: Channels | None = None,
    ranges: Ranges | None = None,
    pictures: int | None = None,
) -> UnpairedData:
    """The data of `find(name)` for crops of `size` pixels; raises DataError with a sentence.

    channels, ranges: of picture files, for others than the collection's own. pictures: as in
    `Training`.
    """
    lesson = find(name)
    asked = {"channels": channels, "ranges": ranges} if isinstance(lesson, Folder | HubData) else {}
    try:
        data = lesson.open(size, fit, **asked)
    except HubError as error:
        raise DataError(str(error)) from error
    if is_registered(name) and Path(name).is_dir():
        said = f"{name} is the lesson of that name; the folder here is ./{name}."
        data = replace(data, said=(*data.said, said))
    return data if pictures is None else data.fewer(pictures)


def as_trained(config: Config) -> tuple[str, int, str, Channels, Ranges, int | None]:
    """What `open_data` is to be given for the data as a training saw them."""
    t = config.training
    return t.data, config.image_size, t.fit, config.channels, config.ranges, t.pictures


SHIPPED = (
    "fluent.pairs:Drawing",
    "fluent.pairs:Emoji",
    "satellite2map:Satellite2Map",
    "digits:Digits",
    "digits:DigitsUCI",
    "fluent.turned:Turned",
    "glasses.faces:Glasses",
    "voices:Voices",
)
"""A line a lesson, the one that opens first at the top."""

for _entry in SHIPPED:
    _module, _, _class = _entry.partition(":")
    register(getattr(importlib.import_module(f".{_module}", __name__), _class)())
