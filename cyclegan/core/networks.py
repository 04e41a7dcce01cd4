"""Generators and discriminators, in the notation of the paper (section 7.2).

Knows architectures and their initialisation. Knows nothing of losses, training or images on disk.
Images are float tensors of shape (N, C, H, W) in [-1, 1].
"""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import config


class InstanceNorm(nn.InstanceNorm2d):
    """Every channel of every image to mean 0 and variance 1 (section 7.2; Ulyanov et al. 2016).

    On the CPU it is computed as a group norm with a channel a group, which is the same and, in
    PyTorch, twice as fast there.
    """

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(x, Tensor) and x.device.type == "cpu":
            return functional.group_norm(x, x.shape[1], eps=self.eps)
        return super().forward(x)


class WideConv2d(nn.Conv2d):
    """A convolution, on the CPU a product of matrices where filters are at least twice the places.

    The same result to rounding. PyTorch lays weights out anew for each convolution, which with many
    filters and few places takes longer than the arithmetic, up to three times as long as all of
    the product (bfloat16, 16 places).
    """

    def forward(self, x: Tensor) -> Tensor:
        if not (isinstance(x, Tensor) and x.device.type == "cpu"):
            return super().forward(x)
        geometry = zip(x.shape[2:], self.kernel_size, self.padding, self.stride, strict=True)
        size = [(side + 2 * pad - kernel) // stride + 1 for side, kernel, pad, stride in geometry]
        if 2 * len(x) * prod(size) > self.out_channels:
            return super().forward(x)
        patches = functional.unfold(x, self.kernel_size, padding=self.padding, stride=self.stride)
        patches = patches.transpose(0, 1).flatten(1)  # All images side by side.
        made = torch.addmm(self.bias[:, None], self.weight.flatten(1), patches)
        return made.unflatten(1, (len(x), *size)).transpose(0, 1)


def _blur() -> list[nn.Module]:
    """A blur by [1 2 1]/4 both ways, mirrored at the edges, and every second pixel of it.

    Two averages of two neighbours each are that filter (Zhang 2019, "Tri-3"; as CUT applies it).
    """
    return [nn.ReflectionPad2d(1), nn.AvgPool2d(2, stride=1), nn.AvgPool2d(2)]


def _upsample(channels: int, out: int, upsampling: str) -> list[nn.Module]:
    if upsampling == "transposed":
        return [nn.ConvTranspose2d(channels, out, 3, stride=2, padding=1, output_padding=1)]
    larger = nn.Upsample(scale_factor=2, mode="bilinear" if "bilinear" in upsampling else "nearest")
    if upsampling.endswith("_zeros"):
        return [larger, nn.Conv2d(channels, out, 3, padding=1)]
    return [larger, nn.ReflectionPad2d(1), nn.Conv2d(channels, out, 3)]


class ResidualBlock(nn.Module):
    """R_k: two 3×3 convolutions with k filters, padding and a sum around both.

    padding: by "reflect"ion as in the paper, or with "zeros".
    """

    def __init__(self, channels: int, padding: str = "reflect"):
        super().__init__()

        def padded() -> list[nn.Module]:
            if padding == "zeros":
                return [nn.Conv2d(channels, channels, 3, padding=1)]
            return [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3)]

        self.body = nn.Sequential(
            *padded(),
            InstanceNorm(channels),
            nn.ReLU(inplace=True),
            *padded(),
            InstanceNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class ResNetGenerator(nn.Module):
    """c7s1-k, d2k, d4k, R4k × blocks, u2k, uk, c7s1-3 (paper, section 7.2; after Johnson et al.).

    (N, channels, H, W) in [-1, 1] to (N, out, H, W); H and W are multiples of 4, at least 8
    (below that the reflection padding of the residual blocks has nothing to reflect).
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
    ):
        super().__init__()
        is_blurred = downsampling == "antialiased"
        layers = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels, width, 7),
            InstanceNorm(width),
            nn.ReLU(inplace=True),
        ]
        for filters in (width, 2 * width):
            layers += [
                nn.Conv2d(filters, 2 * filters, 3, stride=1 if is_blurred else 2, padding=1),
                InstanceNorm(2 * filters),
                nn.ReLU(inplace=True),
                *([nn.Sequential(*_blur())] if is_blurred else []),
            ]
        layers += [ResidualBlock(4 * width, padding) for _ in range(blocks)]
        for filters in (4 * width, 2 * width):
            layers += [
                *_upsample(filters, filters // 2, upsampling),
                InstanceNorm(filters // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, out, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def _same(channels: int, out: int) -> list[nn.Module]:
    """A 4×4 convolution of stride 1 that keeps the size, padded like TensorFlow's "same"."""
    return [nn.ZeroPad2d((1, 2, 1, 2)), WideConv2d(channels, out, 4)]


class UNetGenerator(nn.Module):
    """The U-Net of *GANs in Action*, chapter 9: four stride-2 stages and skip connections.

    Each stage is convolution, activation, instance norm, in the book's order. (N, channels, H, W)
    in [-1, 1] to (N, out, H, W); H and W are multiples of 16, at least 32.
    """

    multiple = 16
    smallest = 32

    def __init__(
        self, width: int = 32, upsampling: str = "resize", channels: int = 3, out: int = 3
    ):
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.down = nn.ModuleList(
            nn.Sequential(
                WideConv2d(before, after, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                InstanceNorm(after),
            )
            for before, after in zip([channels, *widths], widths, strict=False)
        )

        def double(channels: int, out: int) -> list[nn.Module]:
            if upsampling == "transposed":
                return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1)]
            return [nn.Upsample(scale_factor=2, mode="nearest"), *_same(channels, out)]

        self.up = nn.ModuleList(
            nn.Sequential(*double(before, after), nn.ReLU(), InstanceNorm(after))
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
    (N, channels, H, W) in [-1, 1] to (N, out, H, W); H and W are multiples of 2^blocks.
    """

    def __init__(self, width: int = 64, blocks: int = 8, channels: int = 3, out: int = 3):
        super().__init__()
        self.multiple = self.smallest = 2**blocks
        widths = [width * min(2**i, 8) for i in range(blocks)]
        self.down = nn.ModuleList([nn.Conv2d(channels, width, 4, stride=2, padding=1)])
        for before, after in pairwise(widths):
            convolution = WideConv2d(before, after, 4, stride=2, padding=1)
            self.down.append(nn.Sequential(nn.LeakyReLU(0.2), convolution, InstanceNorm(after)))
        self.down[-1].pop(-1)  # The bottleneck of a 256×256 picture is one pixel: norm erases it.

        def double(channels: int, out: int) -> list[nn.Module]:
            return [nn.ReLU(), nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1)]

        self.up = nn.ModuleList()
        for i, (before, after) in enumerate(zip(widths[:0:-1], widths[-2::-1], strict=True)):
            beside = 2 * before if i else before  # What comes up, and the skip beside it.
            self.up.append(nn.Sequential(*double(beside, after), InstanceNorm(after)))
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


class PatchGAN(nn.Module):
    """The 70×70 PatchGAN C_k-C_2k-C_4k-C_8k (paper, section 7.2; Isola et al. 2017).

    (N, channels, H, W) in [-1, 1] to unbounded scores (N, 1, h, w), one for each overlapping 70×70
    patch; h ≈ H/8 − 2. H and W at least 24.
    channels: of the input; 6 for a conditional one, which sees a pair (Isola et al. 2017).
    """

    def __init__(self, width: int = 64, channels: int = 3):
        super().__init__()
        layers = [
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for channels, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            layers += [
                WideConv2d(channels, 2 * channels, 4, stride=stride, padding=1),
                InstanceNorm(2 * channels),
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
    16, at least 32. channels: as in PatchGAN.
    """

    def __init__(self, width: int = 64, channels: int = 3):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for channels in (width, 2 * width, 4 * width):
            layers += [
                WideConv2d(channels, 2 * channels, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                InstanceNorm(2 * channels),
            ]
        self.layers = nn.Sequential(*layers, *_same(8 * width, 1))

    def features(self, image: Tensor) -> Tensor:
        """What the last convolution makes its scores of: (N, 8 · width, H/16, W/16)."""
        return self.layers[:-2](image)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


def build_generator(
    settings: config.Generator, channels: int = 3, out: int = 3
) -> ResNetGenerator | UNetGenerator | Pix2PixUNet:
    """A fresh generator from `channels` to `out`, with weights from N(0, 0.02)."""
    s = settings
    if s.kind == "unet":
        network = UNetGenerator(s.width, s.upsampling, channels, out)
    elif s.kind == "pix2pix":
        network = Pix2PixUNet(s.width, s.blocks, channels, out)
    else:
        network = ResNetGenerator(
            s.width, s.blocks, s.upsampling, channels, out, s.downsampling, s.padding
        )
    return initialise(network)


def build_discriminator(settings: config.Discriminator, channels: int = 3) -> PatchGAN | Patch4:
    """A fresh discriminator with weights from N(0, 0.02)."""
    network = {"patchgan": PatchGAN, "patch4": Patch4}[settings.kind](settings.width, channels)
    return initialise(network)


def initialise(network: nn.Module) -> nn.Module:
    """Draw every convolution's weights from N(0, 0.02) and set its biases to 0 (section 7.1).

    Nothing is drawn on the meta device, where a network is only a form to be filled.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not module.weight.is_meta:
            nn.init.normal_(module.weight, 0.0, 0.02)
            nn.init.zeros_(module.bias)
    return network
