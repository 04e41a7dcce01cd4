"""The paper's generator: a ResNet (section 7.2; after Johnson et al. 2016)."""

from torch import Tensor, nn

from .layers import InstanceNorm, blur, upsample


def norm_of(kind: str, channels: int) -> nn.Module:
    """Of each channel on its own, or "layer": of all together, then a γ and a β a channel."""
    return nn.GroupNorm(1, channels) if kind == "layer" else InstanceNorm(channels)


class ResidualBlock(nn.Module):
    """R_k: two 3×3 convolutions with k filters, padding and a sum around both.

    padding: by "reflect"ion as in the paper, or with "zeros". norm: as in ResNetGenerator.
    """

    def __init__(self, channels: int, padding: str = "reflect", norm: str = "instance"):
        super().__init__()

        def padded() -> list[nn.Module]:
            if padding == "zeros":
                return [nn.Conv2d(channels, channels, 3, padding=1)]
            return [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3)]

        self.body = nn.Sequential(
            *padded(),
            norm_of(norm, channels),
            nn.ReLU(inplace=True),
            *padded(),
            norm_of(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class ResNetGenerator(nn.Module):
    """c7s1-k, d2k, d4k, R4k × blocks, u2k, uk, c7s1-3 (paper, section 7.2; after Johnson et al.).

    (N, channels, H, W) in [-1, 1] to (N, out, H, W); H and W are multiples of 4, at least 8
    (below that the reflection padding of the residual blocks has nothing to reflect).
    norm: "instance" as in the paper, "layer", or "instance-layer": this on the way up, that before.
    """

    multiple = 4
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
    ):
        super().__init__()
        is_blurred = downsampling == "antialiased"
        norm, _, norm_up = norm.partition("-")
        layers = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels, width, 7),
            norm_of(norm, width),
            nn.ReLU(inplace=True),
        ]
        for filters in (width, 2 * width):
            layers += [
                nn.Conv2d(filters, 2 * filters, 3, stride=1 if is_blurred else 2, padding=1),
                norm_of(norm, 2 * filters),
                nn.ReLU(inplace=True),
                *([nn.Sequential(*blur())] if is_blurred else []),
            ]
        layers += [ResidualBlock(4 * width, padding, norm) for _ in range(blocks)]
        for filters in (4 * width, 2 * width):
            layers += [
                *upsample(filters, filters // 2, upsampling),
                norm_of(norm_up or norm, filters // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, out, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
