"""DCGAN's two networks (Radford et al. 2015, sections 3 and 4, figure 1)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ...core.networks.layers import NORMS, has_bias

LATENT = 100
"""Numbers in z."""

FIRST = 4
"""Pixels of a side of what is made of z first."""

SIZES = (16, 32, 64, 128, 256)
"""Pixels of a side that they can have: 4, doubled at each stage."""


def filters(size: int, width: int) -> list[int]:
    """Of the stages between FIRST and `size` pixels, the largest first: [512, 256, 128, 64] for 64
    pixels and a width of 64."""
    stages = (size // FIRST).bit_length() - 1
    return [width * 2**stage for stage in reversed(range(stages))]


def _larger(channels: int, out: int, upsampling: str, bias: bool) -> list[nn.Module]:
    if upsampling == "transposed":
        return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1, bias=bias)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, padding=1, bias=bias)]


class Maker(nn.Module):
    """z (N, 100), and a kind (N,) where there are several, to pictures (N, out, size, size).

    The paper's: z becomes 4×4 places, and each stage doubles their sides and halves the filters, by
    a transposed convolution ("transposed") or by nearest upsampling and a convolution ("resize");
    norm and ReLU behind all but the last, which has tanh.
    width: filters of the last stage but the picture; figure 1 has 128, and so 1024 at first.
    classes: kinds to choose from, as a one-hot code beside z (Mirza and Osindero 2014); 0 for none.
    """

    def __init__(
        self, size: int, width: int, out: int, upsampling: str, norm: str, classes: int = 0
    ):
        super().__init__()
        self.classes = classes
        widths, bias = filters(size, width), has_bias(norm)
        layers = [
            nn.ConvTranspose2d(LATENT + classes, widths[0], FIRST, bias=bias),
            NORMS[norm](widths[0]),
            nn.ReLU(),
        ]
        for before, after in pairwise(widths):
            layers += [*_larger(before, after, upsampling, bias), NORMS[norm](after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, *_larger(widths[-1], out, upsampling, True), nn.Tanh())

    def forward(self, z: Tensor, kind: Tensor | None = None) -> Tensor:
        if self.classes:
            z = torch.cat([z, one_hot(kind, self.classes, z)], 1)
        return self.layers(z[..., None, None])


class Judge(nn.Module):
    """A picture (N, channels, size, size) to an unbounded score (N, 1, 1, 1).

    The paper's, which it describes as the generator's mirror image: strided convolutions, leaky
    ReLU with slope 0.2, a norm behind all but the first and the last, no layer between the last
    places and the score.
    width: filters of the first convolution. channels: of a picture, and one more a kind (`told`).
    """

    def __init__(self, size: int, width: int, channels: int, norm: str):
        super().__init__()
        widths, bias = filters(size, width)[::-1], has_bias(norm)
        self.first, self.stride = size // 2, size
        layers = [nn.Conv2d(channels, widths[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for before, after in pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias),
                NORMS[norm](after),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, FIRST))

    def features(self, image: Tensor) -> Tensor:
        """What the last convolution makes its score of: (N, filters, 4, 4)."""
        return self.layers[:-1](image)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


def one_hot(kind: Tensor, classes: int, like: Tensor) -> Tensor:
    """(N,) whole numbers to (N, classes) of 0 and 1."""
    return torch.nn.functional.one_hot(kind.long(), classes).to(like)


def told(images: Tensor, kind: Tensor | None, classes: int) -> Tensor:
    """Pictures with their kind beside them, as one plane of 1 and others of 0, (N, C + classes, …);
    as they are where there are no kinds."""
    if not classes:
        return images
    planes = one_hot(kind, classes, images)[..., None, None].expand(-1, -1, *images.shape[2:])
    return torch.cat([images, planes], 1)
