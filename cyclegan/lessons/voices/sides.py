"""Features of two speakers as data: what is relative to whom, and statistics alone as a baseline.

Knows no file and no figure.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...core.config import Domains
from ...core.sound.measures import FIGURES
from ...core.sound.medium import VOICE
from ...core.sound.world import COEFFICIENTS, PITCH
from ..data import UnpairedData

Voices = tuple[Tensor, Tensor]
"""Means and deviations, (2, 25) each: of X and of Y, of each coefficient and of the pitch."""

LEAST = 1e-3
"""Of a deviation: a recording in which a coefficient stands still divides nothing by 0."""


def statistics(x: Sequence[Tensor], y: Sequence[Tensor]) -> Voices:
    """Of all columns of items, (27, T) each; of the pitch those that have one."""
    found = []
    for items in (x, y):
        columns = torch.cat(list(items), 1).double()
        voiced = columns[PITCH, columns[PITCH] > 0]
        rows = [*columns[:COEFFICIENTS], voiced if len(voiced) > 1 else torch.zeros(2)]
        found.append([(row.mean(), row.std().clamp(min=LEAST)) for row in rows])
    means, deviations = torch.tensor(found).float().unbind(2)
    return means, deviations


def relative(items: Sequence[Tensor], voices: Voices, side: int) -> list[Tensor]:
    """Items with each coefficient relative to its mean and deviation in their speaker's speech."""
    mean, deviation = (of[side, :COEFFICIENTS, None] for of in voices)
    rest = slice(COEFFICIENTS, None)
    return [torch.cat([(i[:COEFFICIENTS] - mean) / deviation, i[rest]]) for i in items]


def moved(items: Sequence[Tensor], voices: Voices, side: int) -> list[Tensor]:
    """Items with each coefficient, and the pitch, moved to the other speaker's mean and deviation:
    mean-variance conversion, which any learning has to beat."""
    found = []
    (mean, to_mean), (deviation, to_deviation) = (
        (of[side, :, None], of[1 - side, :, None]) for of in voices
    )
    for item in items:
        made = (item[: PITCH + 1] - mean) / deviation * to_deviation + to_mean
        pitch = torch.where(item[PITCH:][:1] > 0, made[PITCH:], 0.0)
        found.append(torch.cat([made[:PITCH], pitch, item[PITCH + 1 :]]))
    return found


def unpaired(
    domains: Domains,
    x: Sequence[Tensor],
    y: Sequence[Tensor],
    test_x: Sequence[Tensor],
    test_y: Sequence[Tensor],
    **more,
) -> UnpairedData:
    """Absolute features of training items and of held-out ones as data; more: fields of these."""
    voices = statistics(x, y)
    test_x, test_y = (
        [VOICE.of_side(one, side) for one in items] for side, items in enumerate((test_x, test_y))
    )
    other_x, other_y = VOICE.held_out(moved(test_x, voices, 0), moved(test_y, voices, 1), 0)
    return UnpairedData(
        domains=domains,
        train_x=relative(x, voices, 0),
        train_y=relative(y, voices, 1),
        test_x=test_x,
        test_y=test_y,
        in_memory=True,
        figures=FIGURES,
        medium=VOICE,
        known_x={"moved": other_x.numpy()},
        known_y={"moved": other_y.numpy()},
        voices=voices,
        **more,
    )
