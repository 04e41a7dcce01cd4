"""What a training would be fed, before it starts: items of either side, and what was left out.

They are the batches of its first steps, as training makes them. Starts nothing and keeps
nothing; knows no component.
"""

import tempfile
from pathlib import Path

from PIL import Image

from .. import lessons
from ..core import pictures
from ..labs.live import Limits, LiveSettings
from ..labs.live.settings import with_own
from ..lessons import open_data
from ..training import setup
from . import dozen
from .live_panels import capital
from .markup import render
from .panels import data_url
from .recipe import Fill

SHOWN = 20
"""Of either side."""

LARGEST = 128
"""Pixels of a side above which a picture is reduced: it is looked at much smaller."""


def look(settings: LiveSettings, fill: Fill | None, limits: Limits) -> str:
    """Markup of what these settings would be fed.

    fill: puts a visitor's files into a folder, as for `Director.start`. Raises ConfigError,
    DataError, or whatever `fill` raises.
    """
    limits.check(settings, uploaded=fill is not None)
    with tempfile.TemporaryDirectory(prefix="cyclegan-fed-") as folder:
        said = []
        if fill:
            own = Path(folder) / "data"
            said = [fill(own).sentence]
            settings = with_own(settings, own)
        config = settings.base
        t = config.training
        data = open_data(t.data, config.image_size, t.fit, pictures=t.pictures)
        setup.check_data(settings.method, data)
        items = setup.first_items(config, data, SHOWN)
        # Of all others it stands in the form.
        twelve = dozen.draw(settings, data) if fill else ""
    medium, draw = data.medium, lessons.of(config).draw
    sides = [
        (name, f"{len(own):,}", [_url(draw(medium.plain(one, data.voices, side))) for one in seen])
        for side, (name, own, seen) in enumerate(
            zip(
                (config.domains.x, config.domains.y),
                (data.train_x, data.train_y),
                items,
                strict=True,
            )
        )
    ]
    each = medium.words_of_part(config.image_size)
    preview = render(
        "fed.preview",
        sides=sides,
        how=f"{capital(lessons.words_of_crops(config))}: each is {each} then.",
        # Of a visitor's files the intake has told, by the names that they gave.
        said=said or data.said,
        paired=settings.method.is_paired,
    )
    return preview + twelve


def _url(picture: Image.Image) -> str:
    return data_url(pictures.reduce(picture, LARGEST))
