"""Discriminators that score patches: the paper's, and that of *GANs in Action*."""

from torch import Tensor, nn

from .layers import NORMS, WideConv2d, has_bias, same


class PatchGAN(nn.Module):
    """The 70×70 PatchGAN C_k-C_2k-C_4k-C_8k (paper, section 7.2; Isola et al. 2017).

    (N, channels, H, W) in [-1, 1] to unbounded scores (N, 1, h, w), one for each overlapping 70×70
    patch; h ≈ H/8 − 2. H and W at least 24.
    channels: of the input; 6 for a conditional one, which sees a pair (Isola et al. 2017). norm:
    "instance" or "batch".
    first, stride: the middle of the first patch, and the way to the next, in pixels.
    """

    first, stride = 12, 8

    def __init__(self, width: int = 64, channels: int = 3, norm: str = "instance"):
        super().__init__()
        layers = [
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        bias = has_bias(norm)
        for channels, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            layers += [
                WideConv2d(channels, 2 * channels, 4, stride=stride, padding=1, bias=bias),
                NORMS[norm](2 * channels),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, padding=1))

    def features(self, image: Tensor) -> Tensor:
        """What the last convolution makes its scores of: (N, 8 · width, h, w)."""
        return self.layers[:-1](image)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


class Patch4(nn.Module):
    """The discriminator of *GANs in Action*, chapter 9: four stride-2 stages, one score a patch.

    (N, channels, H, W) in [-1, 1] to unbounded scores (N, 1, H/16, W/16); H and W are multiples of
    16, at least 32. channels, first, stride: as in PatchGAN. norm: as in UNetGenerator.
    """

    first, stride = 16, 16

    def __init__(self, width: int = 64, channels: int = 3, norm: str = "instance"):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for channels in (width, 2 * width, 4 * width):
            layers += [
                WideConv2d(channels, 2 * channels, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                NORMS[norm](2 * channels),
            ]
        self.layers = nn.Sequential(*layers, *same(8 * width, 1))

    def features(self, image: Tensor) -> Tensor:
        """What the last convolution makes its scores of: (N, 8 · width, H/16, W/16)."""
        return self.layers[:-2](image)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)
