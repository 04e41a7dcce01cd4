"""The two U-Nets: that of *GANs in Action*, and the original authors'."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .layers import NORMS, WideConv2d, has_bias, same


class UNetGenerator(nn.Module):
    """The U-Net of *GANs in Action*, chapter 9: four stride-2 stages and skip connections.

    Each stage is convolution, activation, norm, in the book's order. (N, channels, H, W) in [-1, 1]
    to (N, out, H, W); H and W are multiples of 16, at least 32. norm: "instance", or the book's
    "layer" (see LayerNorm).
    """

    multiple = 16
    smallest = 32

    def __init__(
        self,
        width: int = 32,
        upsampling: str = "resize",
        channels: int = 3,
        out: int = 3,
        norm: str = "instance",
    ):
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.down = nn.ModuleList(
            nn.Sequential(
                WideConv2d(before, after, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                NORMS[norm](after),
            )
            for before, after in zip([channels, *widths], widths, strict=False)
        )

        def double(channels: int, out: int) -> list[nn.Module]:
            if upsampling == "transposed":
                return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1)]
            return [nn.Upsample(scale_factor=2, mode="nearest"), *same(channels, out)]

        self.up = nn.ModuleList(
            nn.Sequential(*double(before, after), nn.ReLU(), NORMS[norm](after))
            for before, after in [
                (8 * width, 4 * width),
                (8 * width, 2 * width),
                (4 * width, width),
            ]
        )
        self.out = nn.Sequential(*double(2 * width, out), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for stage in self.down:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for stage in self.up:
            x = torch.cat([stage(x), skips.pop()], dim=1)
        return self.out(x)


class Pix2PixUNet(nn.Module):
    """The original authors' U-Net (Isola et al. 2017, section 6.1.1), as their CycleGAN offers it.

    `blocks` stride-2 stages down to a bottleneck without norm, as many up again, and skip
    connections between. Their dropout is left out, as it does nothing once training is over.
    (N, channels, H, W) in [-1, 1] to (N, out, H, W); H and W are multiples of 2^blocks. norm:
    "instance" or "batch".
    """

    def __init__(
        self,
        width: int = 64,
        blocks: int = 8,
        channels: int = 3,
        out: int = 3,
        norm: str = "instance",
    ):
        super().__init__()
        bias = has_bias(norm)
        self.multiple = self.smallest = 2**blocks
        widths = [width * min(2**i, 8) for i in range(blocks)]
        self.down = nn.ModuleList([nn.Conv2d(channels, width, 4, stride=2, padding=1, bias=bias)])
        for before, after in pairwise(widths):
            convolution = WideConv2d(before, after, 4, stride=2, padding=1, bias=bias)
            self.down.append(nn.Sequential(nn.LeakyReLU(0.2), convolution, NORMS[norm](after)))
        self.down[-1].pop(-1)  # The bottleneck of a 256×256 picture is one pixel: norm erases it.

        def double(channels: int, out: int, bias: bool = True) -> list[nn.Module]:
            return [nn.ReLU(), nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1, bias=bias)]

        self.up = nn.ModuleList()
        for i, (before, after) in enumerate(zip(widths[:0:-1], widths[-2::-1], strict=True)):
            beside = 2 * before if i else before  # What comes up, and the skip beside it.
            self.up.append(nn.Sequential(*double(beside, after, bias), NORMS[norm](after)))
        self.out = nn.Sequential(*double(2 * width, out), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for stage in self.down:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for stage in self.up:
            x = torch.cat([skips.pop(), stage(x)], dim=1)
        return self.out(x)
