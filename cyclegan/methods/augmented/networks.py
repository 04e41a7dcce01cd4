"""The networks that Augmented CycleGAN adds: generators that hear z, and who finds and judges it.

z is (N, latent), from N(0, 1). Knows no objective and no training.
"""

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.networks.layers import InstanceNorm, WideConv2d, is_here
from ...core.networks.resnet import ResidualBlock, ResNetGenerator

SLOPE, PLACES = 0.2, 4
"""Of E's leaky ReLUs, and what it goes down to, along a side."""

GAIN = 0.3
"""Of the numbers with which E makes a z of its features at first."""


class ConditionalNorm(nn.Module):
    """A norm whose γ and β are straight functions of z: (1 + γ(z)) · norm(h) + β(z).

    whole: whether mean and variance are those of all channels together, as in a layer norm, and not
    of each on its own, as in conditional instance norm (Dumoulin et al. 2017, arXiv 1610.07629).
    """

    takes_means = True

    def __init__(self, channels: int, latent: int, whole: bool = False):
        super().__init__()
        self.of_z = nn.Linear(latent, 2 * channels)
        # So small that a training begins with what x shows, and z has to be learned.
        nn.init.normal_(self.of_z.weight, 0.0, 0.02)
        nn.init.zeros_(self.of_z.bias)
        self.whole = whole

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        gamma, beta = self.of_z(z).chunk(2, dim=1)
        if is_here(h):
            # Items side by side as the channels of one: norm, γ and β in a single pass.
            count, channels = gamma.shape
            groups = 1 if self.whole else channels
            flat = h.reshape(1, count * channels, *h.shape[2:])
            scale, shift = (one.flatten().to(h.dtype) for one in (1 + gamma, beta))
            return functional.group_norm(flat, count * groups, scale, shift).view_as(h)
        normed = functional.group_norm(h, 1) if self.whole else functional.instance_norm(h)
        return torch.addcmul(beta[..., None, None], (1 + gamma)[..., None, None], normed)


class ConditionalBlock(nn.Module):
    """R_k with both of its norms steered by z."""

    def __init__(self, plain: ResidualBlock, latent: int):
        super().__init__()
        self.body = conditional(plain.body, latent)

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        return h + through(self.body, h, z)


class ConditionalGenerator(nn.Module):
    """A ResNet of `core.networks` with each of its norms steered by z.

    x (N, C, H, W) in [-1, 1] and z (N, latent) to (N, out, H, W) in [-1, 1].
    """

    def __init__(self, plain: ResNetGenerator, latent: int):
        super().__init__()
        self.multiple, self.smallest = plain.multiple, plain.smallest
        self.layers = conditional(plain.layers, latent)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return through(self.layers, x, z)


def conditional(layers: Iterable[nn.Module], latent: int) -> nn.ModuleList:
    """The same layers, with conditional ones in place of norms and residual blocks."""

    def changed(layer: nn.Module) -> nn.Module:
        if isinstance(layer, ResidualBlock):
            return ConditionalBlock(layer, latent)
        if isinstance(layer, InstanceNorm):
            return ConditionalNorm(layer.num_features, latent)
        if isinstance(layer, nn.GroupNorm):
            return ConditionalNorm(layer.num_channels, latent, whole=True)
        return layer

    return nn.ModuleList(map(changed, layers))


def through(layers: nn.ModuleList, h: Tensor, z: Tensor) -> Tensor:
    for layer in layers:
        h = layer(h, z) if isinstance(layer, ConditionalNorm | ConditionalBlock) else layer(h)
    return h


class Encoder(nn.Module):
    """E: four 3×3 convolutions of stride 2, down to 4×4 places, and a z of all of these.

    x and y, (N, C, H, W) each in [-1, 1], to (N, latent); H and W at least 16. Where both have as
    many channels it sees x, and how y differs from it. There is no norm, which would need batches
    or take away how strong a colour is; weights are drawn so that the z of different pairs differ
    about as much as drawn ones do, before anything is learned: if all were alike, G would soon
    have learned that z tells nothing.
    """

    def __init__(self, width: int, x: int, y: int, latent: int):
        super().__init__()
        self.is_difference = x == y
        widths = (x + y, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [WideConv2d(before, after, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(PLACES), nn.Flatten())
        self.z = nn.Linear(8 * width * PLACES**2, latent)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, SLOPE)
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.z.weight, 0.0, GAIN / width**0.5)
        nn.init.zeros_(self.z.bias)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        seen = y - x if self.is_difference else y
        return self.z(self.layers(torch.cat([x, seen], dim=1)))


class LatentDiscriminator(nn.Module):
    """D_z: three layers of 64, z (N, latent) to unbounded scores (N, 1)."""

    def __init__(self, latent: int, width: int = 64):
        super().__init__()
        widths = (latent, width, width, width)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)
