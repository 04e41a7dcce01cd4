"""A look inside a network as HTML: its joints, its layers, and what one place of it hangs on.

Pure functions to what templates/inside.html takes; styles/inside.css says how it looks. Knows no
method and no lesson by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from ..inference.inside import Box, Layer, Stage
from ..methods import View
from .compare import Insides, Request, Within, is_of_a_picture
from .markup import absent, render
from .panels import Urls, data_url

NONE = absent("There is no network of pictures to look into here.")

TITLES = {
    "encoder": ("After the encoder", "What is left of the picture when it is smallest."),
    "middle": (
        "After the blocks",
        "The same places, worked over: here is most of the translation.",
    ),
    "decoder": (
        "Before the last layer",
        "Large again: the last convolution mixes these to colours.",
    ),
}
"""Of the joints, in words."""


@dataclass(frozen=True)
class Joint:
    """A stage as it is drawn. urls: of its maps, by their channels' numbers."""

    title: str
    sentence: str
    size: str
    total: int
    urls: list[tuple[int, str]]


@dataclass(frozen=True)
class Reach:
    """A picture with a box in it. formula: of what has it. style: the box, in percent."""

    title: str
    formula: str
    sentence: str
    url: str
    style: str


def draw(seen: Insides | None, now: Within, request: Request) -> str:
    if seen is None:
        return NONE
    found, view = seen.found, seen.view
    url = Urls()
    return render(
        "inside.inside",
        networks=_networks(seen, request),
        now=now,
        network=view.network,
        formula=view.formula,
        joints=[_joint(stage) for stage in found.stages],
        rows=[(_times(layer), _size(layer), f"{layer.parameters:,}") for layer in found.layers],
        total=f"{found.parameters:,}",
        reaches=_reaches(seen, url),
    )


def _networks(seen: Insides, request: Request) -> list[tuple[str, str, str]]:
    """Key, network and what it is given, of each that this row can be looked into."""
    views = {view.key: view for view in seen.row.variant.views(request.direction)}
    return [
        (view.key, view.network, ", ".join(_formula(one, views) for one in view.of))
        for view in views.values()
        if is_of_a_picture(view, views)
    ]


def _formula(one: str | View, views: Mapping[str, View]) -> str:
    """Of what a network is handed: of a view, or the name of a latent."""
    return one.formula if isinstance(one, View) else views[one].formula if one in views else one


def _joint(stage: Stage) -> Joint:
    channels, height, width = stage.shape
    title, sentence = TITLES[stage.key]
    maps = [data_url(Image.fromarray(one)) for one in stage.maps]
    urls = list(zip(stage.numbers, maps, strict=True))
    return Joint(title, sentence, f"{channels} channels of {width}×{height}", channels, urls)


def _times(layer: Layer) -> str:
    return layer.name if layer.times == 1 else f"{layer.times} × {layer.name}"


def _size(layer: Layer) -> str:
    channels, height, width = layer.shape
    return f"{channels} × {width}×{height}"


def _reaches(seen: Insides, url: Urls) -> list[Reach]:
    pixels = _square(seen.found.reach, seen.given)
    said = f"By its convolutions the one in the middle hangs on {pixels}."
    if seen.found.has_means:
        said += " Norms take means over the whole picture besides."
    box = _style(seen.found.box, seen.given)
    listed = [Reach("One pixel of", seen.view.formula, said, url(seen.given), box)]
    if seen.judge and seen.view.key == "made":
        role, side, box = seen.judge
        pixels = _square(side, seen.made)
        said = f"Real or generated, it says of {pixels}, and never sees what these were made of."
        box = _style(box, seen.made)
        listed.append(Reach("One judgement of", role, said, url(seen.made), box))
    return listed


def _square(side: int, picture: Image.Image) -> str:
    said = f"{side}×{side} pixels"
    return f"{said}, here all of the picture" if side >= max(picture.size) else said


def _style(box: Box, picture: Image.Image) -> str:
    left, top, right, bottom = box
    right, bottom = min(right, picture.width), min(bottom, picture.height)
    across, down = 100 / picture.width, 100 / picture.height
    return (
        f"left: {left * across:.4g}%; top: {top * down:.4g}%; "
        f"width: {(right - left) * across:.4g}%; height: {(bottom - top) * down:.4g}%"
    )
