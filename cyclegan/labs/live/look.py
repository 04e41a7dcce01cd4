"""What both arms make of the same few held-out pictures: one frame for the eye, figures for curves.

One pass serves both. A frame is a single lossless file, replaced in one move, so that both arms
are always shown at the same step.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ...core import images
from ...inference import evaluation
from ...lessons import UnpairedData
from ...store import checkpoints
from ...training.setup import fixed_samples
from ...training.trainer import Trainer

FRAME = "frame.png"

SHOWN, PROBED = 4, 8
"""Held-out pictures of a frame, and those that the figures are means of (the shown among them)."""


@dataclass(frozen=True)
class Frame:
    """What is seen at one step. Rows of pictures, one a held-out input.

    inputs: x. translations, reconstructions: of either arm, G(x) and F(G(x)). truths: y where
    the pictures are pairs, or empty.
    """

    step: int
    inputs: list[Image.Image]
    translations: tuple[list[Image.Image], list[Image.Image]]
    reconstructions: tuple[list[Image.Image], list[Image.Image]]
    truths: list[Image.Image]


class Looker:
    """Looks at trainers through the same pictures again and again.

    data: where the held-out pictures are from. size: side of their middles. is_map: whether Y is
    the map of satellite2map, on which sea can be told from land.
    """

    def __init__(self, data: UnpairedData, size: int, is_map: bool):
        x, y = (images.to_bytes(side) for side in fixed_samples(data, size, PROBED))
        # Every other one first: the shown are spread over the collection like the probed.
        self.x, self.y = (torch.cat([side[::2], side[1::2]]) for side in (x, y))
        self.paired, self.is_map = data.paired, is_map

    def look(self, folder: Path, trainers: list[Trainer]) -> list[dict[str, float]]:
        """Write the frame of this step into `folder`; returns the figures of each arm.

        Figures are there where there are two held-out pictures of either side; those that need
        the truth, where they are pairs.
        """
        columns, figures = [self.x[:SHOWN]], []
        for trainer in trainers:
            made, back = evaluation.there_and_back(*trainer.generators, self.x, trainer.device)
            columns += [made[:SHOWN], back[:SHOWN]]
            few = min(len(self.x), len(self.y)) < 2
            figures.append({} if few else self._figures(made, back))
        if self.paired:
            columns.append(self.y[:SHOWN])
        # (columns, rows, 3, side, side) to one picture of rows by columns
        sheet = torch.cat(list(torch.cat(columns, dim=-1)), dim=-2)
        picture = Image.fromarray(sheet.permute(1, 2, 0).contiguous().numpy())
        notes = PngInfo()
        notes.add_text("step", str(trainers[0].steps_done))
        notes.add_text("rows", str(len(columns[0])))
        checkpoints.write_atomically(
            folder / FRAME,
            lambda path: picture.save(path, "PNG", pnginfo=notes, compress_level=1),
        )
        return figures

    def _figures(self, made: torch.Tensor, back: torch.Tensor) -> dict[str, float]:
        return evaluation.few_figures(made, back, self.x, self.y, self.paired, self.is_map)


def read_frame(folder: Path) -> Frame | None:
    """The newest frame of a live training, or None before the first."""
    try:
        with Image.open(folder / FRAME) as picture:
            picture.load()
            step, rows = int(picture.text["step"]), int(picture.text["rows"])
    except FileNotFoundError:
        return None
    side = picture.height // rows
    columns = [
        [picture.crop((left, row * side, left + side, (row + 1) * side)) for row in range(rows)]
        for left in range(0, picture.width, side)
    ]
    inputs, made_a, back_a, made_b, back_b, *truths = columns
    return Frame(step, inputs, (made_a, made_b), (back_a, back_b), truths[0] if truths else [])
