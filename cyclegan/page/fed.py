"""What a training would be fed, before it starts: pictures of either side, and what was left out.

The pictures are the batches of its first steps, as training makes them. Starts nothing and keeps
nothing; knows no component.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .. import lessons
from ..core import pictures
from ..labs.live import Limits, LiveSettings
from ..labs.live.settings import with_pictures
from ..lessons import open_data
from ..lessons.intake import Taken
from ..training import setup
from . import dozen
from .markup import render
from .panels import data_url

SHOWN = 20
"""Of either side."""

LARGEST = 128
"""Pixels of a side above which a picture is reduced: it is looked at much smaller."""


def look(settings: LiveSettings, fill: Callable[[Path], Taken] | None, limits: Limits) -> str:
    """Markup of what these settings would be fed.

    fill: puts a visitor's pictures into a folder, as for `Director.start`. Raises ConfigError,
    DataError, or whatever `fill` raises.
    """
    limits.check(settings, uploaded=fill is not None)
    with tempfile.TemporaryDirectory(prefix="cyclegan-fed-") as folder:
        said = []
        if fill:
            own = Path(folder) / "data"
            said = [fill(own).sentence]
            settings = with_pictures(settings, own)
        config = settings.base
        t = config.training
        data = open_data(t.data, config.image_size, t.fit, pictures=t.pictures)
        setup.check_data(settings.method, data)
        x, y = setup.first_items(config, data, SHOWN)
        # Of all others it stands in the form.
        twelve = dozen.draw(settings, data) if fill else ""
    draw = lessons.find(config.training.data).draw
    sides = [
        (name, f"{len(own):,}", [_url(draw(item)) for item in items])
        for name, own, items in (
            (config.domains.x, data.train_x, x),
            (config.domains.y, data.train_y, y),
        )
    ]
    words, size = lessons.words_of_crops(config), config.image_size
    preview = render(
        "fed.preview",
        sides=sides,
        how=f"{words[:1].upper()}{words[1:]}: each is {size}×{size} pixels then.",
        # Of a visitor's pictures the intake has told, by the names that they gave.
        said=said or data.said,
        paired=settings.method.is_paired,
    )
    return preview + twelve


def _url(picture: Image.Image) -> str:
    return data_url(pictures.reduce(picture, LARGEST))
