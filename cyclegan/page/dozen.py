"""One item, and eleven times as each arm of a training would be shown it, before it starts.

Pure functions to what templates/dozen.html takes; styles/dozen.css says how it looks. Knows no
method and no augmentation by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from .. import lessons
from ..core import pictures
from ..labs.live import LiveSettings
from ..lessons import UnpairedData, open_data
from ..training import setup
from .live_panels import capital
from .markup import render
from .panels import data_url

TIMES = 11

LARGEST = 96
"""Pixels of a side above which a picture is reduced."""


@dataclass(frozen=True)
class Dozen:
    """says: what it is, for whoever does not see it. urls: the item, then what became of it."""

    title: str
    says: str
    urls: Sequence[str]


def look(settings: LiveSettings) -> str:
    """Markup of what the lesson or folder that is chosen becomes; raises DataError."""
    t, size = settings.base.training, settings.base.image_size
    opened = _of_shelf if lessons.is_registered(t.data) else open_data
    return draw(settings, opened(t.data, size, t.fit, pictures=t.pictures))


_of_shelf = lru_cache(2)(open_data)


def draw(settings: LiveSettings, data: UnpairedData) -> str:
    config = settings.base
    side = settings.method.from_to(config, settings.direction)[
        settings.method.is_from_noise(config)
    ]
    medium, draw = data.medium, lessons.of(config).draw
    number = int((settings.direction == "xy") == settings.method.is_from_noise(config))
    made = [setup.as_shown(arm, data, settings.direction, TIMES) for arm in settings.configs]
    alike = all(torch.equal(made[0][1], other) for _, other in made[1:])
    names = ["both arms"] if alike else [arm.name for arm in settings.arms]
    dozens = []
    for name, (item, shown) in zip(names, made, strict=not alike):
        plain = [medium.plain(one, data.voices, number) for one in (item, *shown)]
        urls = [data_url(pictures.reduce(draw(one), LARGEST)) for one in plain]
        says = f"A training {medium.called} of {side}, and {TIMES} times as it is shown to {name}"
        dozens.append(Dozen(capital(name), says, urls))
    return render(
        "dozen.dozens",
        called=medium.called,
        times="eleven",
        how=capital(lessons.words_of_crops(config)),
        dozens=dozens,
    )
