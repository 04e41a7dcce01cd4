"""What was written, held against PyTorch in float32 on real pictures.

Knows files and networks; no card and no command line.
"""

from collections.abc import Callable
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor
from torch.nn import functional

from ... import lessons
from ...core import images
from ...core.config import Config
from ...core.media import PICTURES
from ...lessons import examples
from ..publishing.card import home
from .convert import quiet
from .parts import Part

PICTURES_A_SIDE = 2

Sizes = tuple[tuple[int, int], tuple[int, int]]


def sizes(config: Config) -> Sizes:
    """Heights and widths at which is checked: the training's, and one that is no multiple."""
    side = config.image_size
    return (side, side), (side + 7, (side + side // 4) | 1)


def pictures(config: Config, folder: Path, part: Part) -> list[Tensor]:
    """Batches (N, C, height, width) in [-1, 1], one for each of `sizes`.

    They are held-out examples of the model's lesson or, where it has none here, of the first
    lesson that has. Channels that a picture lacks are its others again.
    """
    lesson = lessons.find(config.training.data)
    pairs = examples.of_set(home(folder), lesson) or next(
        pairs
        for other in lessons.all_lessons()
        if other.medium is PICTURES and (pairs := other.examples())
    )
    some = [getattr(pair, part.side) for pair in pairs[:PICTURES_A_SIDE]]
    found = []
    for size in sizes(config):
        scaled = [functional.interpolate(_floats(one), size, mode="bilinear") for one in some]
        batch = torch.cat(scaled)
        wanted = torch.arange(part.channels) % batch.shape[1]
        found.append(batch[:, wanted])
    return found


def _floats(kept: Tensor) -> Tensor:
    return images.to_float(kept)[None]


def in_onnxruntime(path: Path, part: Part) -> Callable[[Tensor], Tensor]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda batch: torch.from_numpy(session.run(None, {part.given: batch.numpy()})[0])


def in_torch_export(path: Path) -> Callable[[Tensor], Tensor]:
    with quiet():
        return torch.export.load(path).module()


@torch.no_grad()
def difference(part: Part, batches: list[Tensor], run: Callable[[Tensor], Tensor]) -> float:
    """The largest difference from the network itself, in units of 1/255 of the range of pictures.

    Scores have no range: theirs is 2, or twice the largest of them. NaN where anything is.
    """
    found = []
    for batch in batches:
        wanted, made = _passed(part, batch), run(batch)
        scale = max(1.0, float(wanted.abs().max()))
        found.append((made - wanted).abs().max() / scale * 127.5)
    return float(torch.stack(found).max())


def _passed(part: Part, batch: Tensor) -> Tensor:
    """What the network makes of pictures in this program."""
    if part.is_judge:
        return part.network(batch)
    return PICTURES.unfit(part.network(PICTURES.fit(batch, part.network)), batch)
