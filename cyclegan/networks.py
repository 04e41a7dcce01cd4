"""Generators and discriminators, in the notation of the paper (section 7.2).

Knows architectures and their initialisation. Knows nothing of losses, training or images on disk.
Images are float tensors of shape (N, 3, H, W) in [-1, 1].
"""

import torch
from torch import Tensor, nn

from . import config


def _upsample(channels: int, out: int, upsampling: str) -> list[nn.Module]:
    if upsampling == "transposed":
        return [nn.ConvTranspose2d(channels, out, 3, stride=2, padding=1, output_padding=1)]
    return [
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.ReflectionPad2d(1),
        nn.Conv2d(channels, out, 3),
    ]


class ResidualBlock(nn.Module):
    """R_k: two 3×3 convolutions with k filters, reflection padding and a sum around both."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class ResNetGenerator(nn.Module):
    """c7s1-k, d2k, d4k, R4k × blocks, u2k, uk, c7s1-3 (paper, section 7.2; after Johnson et al.).

    (N, 3, H, W) in [-1, 1] to the same shape and range; H and W are multiples of 4, at least 8
    (below that the reflection padding of the residual blocks has nothing to reflect).
    """

    multiple = 4
    smallest = 8

    def __init__(self, width: int = 64, blocks: int = 9, upsampling: str = "transposed"):
        super().__init__()
        layers = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(3, width, 7),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        for channels in (width, 2 * width):
            layers += [
                nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
                nn.InstanceNorm2d(2 * channels),
                nn.ReLU(inplace=True),
            ]
        layers += [ResidualBlock(4 * width) for _ in range(blocks)]
        for channels in (4 * width, 2 * width):
            layers += [
                *_upsample(channels, channels // 2, upsampling),
                nn.InstanceNorm2d(channels // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def _same(channels: int, out: int) -> list[nn.Module]:
    """A 4×4 convolution of stride 1 that keeps the size, padded like TensorFlow's "same"."""
    return [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(channels, out, 4)]


class UNetGenerator(nn.Module):
    """The U-Net of *GANs in Action*, chapter 9: four stride-2 stages and skip connections.

    Each stage is convolution, activation, instance norm, in the book's order. (N, 3, H, W) in
    [-1, 1] to the same; H and W are multiples of 16, at least 32.
    """

    multiple = 16
    smallest = 32

    def __init__(self, width: int = 32, upsampling: str = "resize"):
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                nn.InstanceNorm2d(after),
            )
            for before, after in zip([3, *widths], widths, strict=False)
        )

        def double(channels: int, out: int) -> list[nn.Module]:
            if upsampling == "transposed":
                return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1)]
            return [nn.Upsample(scale_factor=2, mode="nearest"), *_same(channels, out)]

        self.up = nn.ModuleList(
            nn.Sequential(*double(before, after), nn.ReLU(), nn.InstanceNorm2d(after))
            for before, after in [
                (8 * width, 4 * width),
                (8 * width, 2 * width),
                (4 * width, width),
            ]
        )
        self.out = nn.Sequential(*double(2 * width, 3), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for stage in self.down:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for stage in self.up:
            x = torch.cat([stage(x), skips.pop()], dim=1)
        return self.out(x)


class PatchGAN(nn.Module):
    """The 70×70 PatchGAN C_k-C_2k-C_4k-C_8k (paper, section 7.2; Isola et al. 2017).

    (N, 3, H, W) in [-1, 1] to unbounded scores (N, 1, h, w), one for each overlapping 70×70
    patch; h ≈ H/8 − 2. H and W at least 24.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        layers = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        for channels, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            layers += [
                nn.Conv2d(channels, 2 * channels, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(2 * channels),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers.append(nn.Conv2d(8 * width, 1, 4, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


class Patch4(nn.Module):
    """The discriminator of *GANs in Action*, chapter 9: four stride-2 stages, one score a patch.

    (N, 3, H, W) in [-1, 1] to unbounded scores (N, 1, H/16, W/16); H and W are multiples of 16,
    at least 32.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        layers = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for channels in (width, 2 * width, 4 * width):
            layers += [
                nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                nn.InstanceNorm2d(2 * channels),
            ]
        self.layers = nn.Sequential(*layers, *_same(8 * width, 1))

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


def build_generator(settings: config.Generator) -> ResNetGenerator | UNetGenerator:
    """A fresh generator with weights from N(0, 0.02)."""
    if settings.kind == "unet":
        network = UNetGenerator(settings.width, settings.upsampling)
    else:
        network = ResNetGenerator(settings.width, settings.blocks, settings.upsampling)
    return initialise(network)


def build_discriminator(settings: config.Discriminator) -> PatchGAN | Patch4:
    """A fresh discriminator with weights from N(0, 0.02)."""
    network = {"patchgan": PatchGAN, "patch4": Patch4}[settings.kind](settings.width)
    return initialise(network)


def initialise(network: nn.Module) -> nn.Module:
    """Draw every convolution's weights from N(0, 0.02) and set its biases to 0 (section 7.1)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            nn.init.zeros_(module.bias)
    return network
