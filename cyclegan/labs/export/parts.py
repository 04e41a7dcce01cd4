"""Which networks of a model are written, and what goes in and comes out of each.

Asks the method's views and its judges. Knows no graph and no file.
"""

from dataclasses import dataclass

from torch import nn

from ...core import files
from ...core.config import Direction
from ...inference.translator import Translator
from ...methods import View


class ExportError(ValueError):
    """A model cannot be written in these formats; the message says why."""


@dataclass(frozen=True)
class Part:
    """One network that is written.

    given, made: what goes in and comes out is called. side: "x" or "y", the domain of what goes in.
    channels, out: of both; a judge gives one number a place. smallest: pixels; 1 where the graph
    pads by itself.
    """

    role: str
    network: nn.Module
    given: str
    made: str
    side: str
    channels: int
    out: int
    is_judge: bool = False
    smallest: int = 1


@dataclass(frozen=True)
class Written:
    """A file of an export. difference: the largest, in units of 1/255."""

    part: Part
    name: str
    precision: str
    bytes: int
    difference: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {files.size(self.bytes)}, {self.precision}, at most "
            f"{self.difference:.2g}/255 from PyTorch"
        )


def parts_of(translator: Translator) -> tuple[tuple[Part, ...], list[str]]:
    """The networks that are shown and those that judge, and the roles of the others.

    Left out is a network that takes anything but one picture. Raises ExportError where none that is
    shown is left.
    """
    found: dict[str, Part] = {}
    shown = [(d, view) for d in translator.directions for view in translator.views(d)]
    # A network that translates is known by that, whatever else it is shown with.
    for direction, view in sorted(shown, key=lambda each: each[1].key != "made"):
        if view.network and view.of == ("original",):
            found.setdefault(view.network, _generator(translator, view, direction))
    if not found:
        raise ExportError("No network of this model translates a picture from nothing else.")
    for direction in translator.directions:
        role = translator.method.judge(direction)
        if role and translator.model[role] is not None:
            found.setdefault(role, _judge(translator, role, direction))
    roles = list(translator.model.networks)
    written = tuple(found[role] for role in roles if role in found)
    return written, [role for role in roles if role not in found]


def _generator(translator: Translator, view: View, direction: Direction) -> Part:
    side, other = direction
    channels = translator.config.channels
    is_translation = view.key == "made"
    return Part(
        view.network,
        translator.model[view.network],
        side,
        f"fake_{other}" if is_translation else view.key,
        side,
        getattr(channels, side),
        getattr(channels, other if is_translation else side),
    )


def _judge(translator: Translator, role: str, direction: Direction) -> Part:
    side, config = direction[1], translator.config
    network, channels = translator.model[role], getattr(config.channels, side)
    return Part(role, network, side, "scores", side, channels, 1, True, config.image_size)
