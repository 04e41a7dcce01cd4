"""The gated networks of CycleGAN-VC (Kaneko and Kameoka 2017, arXiv 1711.11293, figure 4).

A generator that convolves along time, and a discriminator that sees coefficients × time as a
picture. Knows no sound: items are (N, C, T), of which the first `LEARNED` channels are translated
and what follows is carried along.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

LEARNED = 24
"""Mel-cepstral coefficients."""

PITCH, WHOSE = 24, 25
"""Channels behind them: the logarithm of the pitch, 0 where there is none, and whose voice it is,
0 for X and 1 for Y."""


def norm(channels: int) -> nn.GroupNorm:
    """Each channel of each item on its own, with γ and β: an instance norm."""
    return nn.GroupNorm(channels, channels)


class Shuffle(nn.Module):
    """(N, 2C, T) to (N, C, 2T): of two channels neighbours in time (Shi et al. 2016, in 1-D)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, 2)).transpose(2, 3).flatten(2)


def gated(channels: int, out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution whose one half opens and closes the other (Dauphin et al. 2017)."""
    convolution = nn.Conv1d(channels, 2 * out, kernel, stride, kernel // 2)
    return nn.Sequential(convolution, norm(2 * out), nn.GLU(1))


def larger(channels: int, out: int) -> nn.Sequential:
    """The same at twice the length."""
    convolution = nn.Conv1d(channels, 4 * out, 5, padding=2)
    return nn.Sequential(convolution, Shuffle(), norm(2 * out), nn.GLU(1))


class GatedBlock(nn.Module):
    """x + a gated convolution to twice the channels, and one back."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            gated(channels, 2 * channels, 3),
            nn.Conv1d(2 * channels, channels, 3, padding=1),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class GatedGenerator(nn.Module):
    """The 1-D gated CNN: two strides of 2 down, residual blocks, two pixel shuffles up.

    (N, C, T) to the same shape, T at least 1. In training C is LEARNED: coefficients relative to
    their own speaker's mean and deviation, as the paper has them. Whole items have pitch and
    speaker behind them, and more that is copied. Of two voices the network knows mean and deviation
    of each coefficient and of the pitch, once it has met them: what it translates is taken relative
    to the speaker's and given relative to the target's, so that the pitch moves from the one
    distribution to the other (a log-Gaussian transform).
    An item that ends before its batch does has NaN from there on, and is translated by itself.
    width: filters of the first convolution (the paper: 128). blocks: residual ones (6).
    """

    learned = LEARNED
    """Channels of a training item."""
    multiple_of_time, shortest = 4, 16

    def __init__(self, width: int = 128, blocks: int = 6):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(LEARNED, 2 * width, 15, padding=7),
            nn.GLU(1),
            gated(width, 2 * width, 5, stride=2),
            gated(2 * width, 4 * width, 5, stride=2),
            *(GatedBlock(4 * width) for _ in range(blocks)),
            larger(4 * width, 2 * width),
            larger(2 * width, width),
            nn.Conv1d(width, LEARNED, 15, padding=7),
        )
        self.register_buffer("means", torch.zeros(2, LEARNED + 1))
        self.register_buffer("deviations", torch.ones(2, LEARNED + 1))
        self.register_buffer("target", torch.zeros(()))

    def meet(self, voices: tuple[Tensor, Tensor], target: int) -> None:
        """Before training. voices: means and deviations, (2, LEARNED + 1) each, X's first.
        target: 0 to translate into X, 1 into Y."""
        self.means.copy_(voices[0])
        self.deviations.copy_(voices[1])
        self.target.fill_(target)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == LEARNED:
            return self._of_any_length(x)
        lengths = x[:, 0].isfinite().sum(1).tolist()
        if min(lengths) == x.shape[2]:
            return self._translate(x)
        made = (self._translate(x[i : i + 1, :, :length]) for i, length in enumerate(lengths))
        ended = (functional.pad(m, (0, x.shape[2] - m.shape[2]), value=torch.nan) for m in made)
        return torch.cat(list(ended))

    def _translate(self, x: Tensor) -> Tensor:
        """Of whole items."""
        whose = x[:, WHOSE, 0].long()
        mean, deviation = (side[whose, :, None] for side in (self.means, self.deviations))
        relative = (x[:, : LEARNED + 1] - mean) / deviation
        moved = torch.cat([self._of_any_length(relative[:, :LEARNED]), relative[:, PITCH:]], 1)
        target = (self.target > 0.5).long()
        made = moved * self.deviations[target, :, None] + self.means[target, :, None]
        # log f₀' = (log f₀ − μ_X) σ_Y / σ_X + μ_Y, where there is a pitch
        pitch = torch.where(x[:, PITCH:WHOSE] > 0, made[:, PITCH:], x[:, PITCH:WHOSE])
        named = torch.full_like(x[:, WHOSE : WHOSE + 1], float(target))
        return torch.cat([made[:, :LEARNED], pitch, named, x[:, WHOSE + 1 :]], 1)

    def _of_any_length(self, x: Tensor) -> Tensor:
        length = x.shape[2]
        wanted = max(self.shortest, -(-length // self.multiple_of_time) * self.multiple_of_time)
        if wanted == length:
            return self.layers(x)
        return self.layers(functional.pad(x, (0, wanted - length), mode="replicate"))[..., :length]


class GatedDiscriminator(nn.Module):
    """The 2-D gated CNN, which sees coefficients × time as a picture of one channel.

    (N, C, T) to unbounded scores (N, 1, 1, T/16), one for each part of an item; T a multiple of 16,
    at least 32. It sees the first LEARNED channels. width: filters of the first convolution (the
    paper: 128, and one score for the whole).
    """

    def __init__(self, width: int = 128):
        super().__init__()
        layers = [nn.Conv2d(1, 2 * width, 3, stride=(1, 2), padding=1), nn.GLU(1)]
        for channels in (width, 2 * width):
            layers += [
                nn.Conv2d(channels, 4 * channels, 3, stride=2, padding=1),
                norm(4 * channels),
                nn.GLU(1),
            ]
        layers += [
            nn.Conv2d(4 * width, 16 * width, (LEARNED // 4, 3), stride=(1, 2), padding=(0, 1)),
            norm(16 * width),
            nn.GLU(1),
        ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 1))

    def features(self, item: Tensor) -> Tensor:
        """What the last convolution makes its scores of: (N, 8 · width, 1, T/16)."""
        return self.layers[:-1](item[:, None, :LEARNED])

    def forward(self, item: Tensor) -> Tensor:
        return self.layers(item[:, None, :LEARNED])
