"""The paper's generator: a ResNet (section 7.2; after Johnson et al. 2016)."""

from functools import partial
from math import prod

from torch import Tensor, nn

from .layers import NORMS as COMMON
from .layers import blur, has_bias, upsample

NORMS = {**COMMON, "layer": partial(nn.GroupNorm, 1)}
"""The layer norm is of all channels together, then with a γ and a β a channel, as Huang et al. 2018
(arXiv 1804.04732) have it in their decoders."""


class ResidualBlock(nn.Module):
    """R_k: two 3×3 convolutions with k filters, padding and a sum around both.

    padding: by "reflect"ion as in the paper, or with "zeros". norm: as in ResNetGenerator.
    """

    def __init__(self, channels: int, padding: str = "reflect", norm: str = "instance"):
        super().__init__()
        bias = has_bias(norm)

        def padded() -> list[nn.Module]:
            if padding == "zeros":
                return [nn.Conv2d(channels, channels, 3, padding=1, bias=bias)]
            return [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias)]

        self.body = nn.Sequential(
            *padded(),
            NORMS[norm](channels),
            nn.ReLU(inplace=True),
            *padded(),
            NORMS[norm](channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class ResNetGenerator(nn.Module):
    """c7s1-k, d2k, d4k, R4k × blocks, u2k, uk, c7s1-3 (paper, section 7.2; after Johnson et al.).

    (N, channels, H, W) in [-1, 1] to (N, out, H, W); H and W are multiples of 4, at least 8
    (below that the reflection padding of the residual blocks has nothing to reflect).
    norm: "instance" as in the paper, "layer", "instance-layer" (this on the way up), or "batch".
    strides: of the two convolutions on the way down; (1, 2) keeps twice the places in the blocks,
        as Almahairi et al. 2018 have it in their code, and then H and W are multiples of 2.
    """

    smallest = 8

    def __init__(
        self,
        width: int = 64,
        blocks: int = 9,
        upsampling: str = "transposed",
        channels: int = 3,
        out: int = 3,
        downsampling: str = "strided",
        padding: str = "reflect",
        norm: str = "instance",
        strides: tuple[int, int] = (2, 2),
    ):
        super().__init__()
        self.multiple = prod(strides)
        norm, _, norm_up = norm.partition("-")
        is_blurred, bias = downsampling == "antialiased", has_bias(norm)
        layers = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels, width, 7, bias=bias),
            NORMS[norm](width),
            nn.ReLU(inplace=True),
        ]
        for filters, stride in zip((width, 2 * width), strides, strict=True):
            blurred = is_blurred and stride == 2
            step = 1 if blurred else stride
            layers += [
                nn.Conv2d(filters, 2 * filters, 3, stride=step, padding=1, bias=bias),
                NORMS[norm](2 * filters),
                nn.ReLU(inplace=True),
                *([nn.Sequential(*blur())] if blurred else []),
            ]
        layers += [ResidualBlock(4 * width, padding, norm) for _ in range(blocks)]
        for filters, stride in zip((4 * width, 2 * width), strides[::-1], strict=True):
            if stride == 2:
                layers += upsample(filters, filters // 2, upsampling, bias)
            else:
                layers.append(nn.Conv2d(filters, filters // 2, 3, padding=1, bias=bias))
            layers += [
                NORMS[norm_up or norm](filters // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, out, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
