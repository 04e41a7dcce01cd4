"""Generators and discriminators, in the notation of the paper (section 7.2).

Knows architectures and their initialisation. Knows nothing of losses, training or images on disk.
Images are float tensors of shape (N, C, H, W) in [-1, 1].
"""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import handle_torch_function, has_torch_function_unary

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


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    """γ (x − mean) / (standard deviation + ε) + β, over all but the batch; γ and β are scalars.

    ε is added to the deviation, as keras_contrib has it, and not to the variance.
    """
    if has_torch_function_unary(x):  # Strips take it over rows of a picture.
        return handle_torch_function(layer_norm, (x,), x, gamma, beta, eps)
    around = x.float()  # Under autocast too, as the library's norms.
    around = around - around.mean((1, 2, 3), keepdim=True)
    deviation = around.std((1, 2, 3), correction=0, keepdim=True)
    return (gamma * (around / (deviation + eps)) + beta).to(x.dtype)


class LayerNorm(nn.Module):
    """Every image as a whole to mean 0 and variance 1, then times γ plus β, one number each.

    A layer norm (Ba et al. 2016, arXiv 1607.06450) over height, width and channels. It is what
    keras_contrib's `InstanceNormalization()` does by default (axis=None, epsilon=1e-3), and so
    what *GANs in Action* and Keras-GAN train with under the name of instance norm.
    """

    def __init__(self, eps: float = 1e-3):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1))
        self.beta = nn.Parameter(torch.zeros(1))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return layer_norm(x, self.gamma, self.beta, self.eps)


def _norm(kind: str, channels: int) -> nn.Module:
    return LayerNorm() if kind == "layer" else InstanceNorm(channels)


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
        flat = self.weight.flatten(1)
        bias = self.bias
        made = flat @ patches if bias is None else torch.addmm(bias[:, None], flat, patches)
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
                _norm(norm, after),
            )
            for before, after in zip([channels, *widths], widths, strict=False)
        )

        def double(channels: int, out: int) -> list[nn.Module]:
            if upsampling == "transposed":
                return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1)]
            return [nn.Upsample(scale_factor=2, mode="nearest"), *_same(channels, out)]

        self.up = nn.ModuleList(
            nn.Sequential(*double(before, after), nn.ReLU(), _norm(norm, after))
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
    16, at least 32. channels: as in PatchGAN. norm: as in UNetGenerator.
    """

    def __init__(self, width: int = 64, channels: int = 3, norm: str = "instance"):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for channels in (width, 2 * width, 4 * width):
            layers += [
                WideConv2d(channels, 2 * channels, 4, stride=2, padding=1),
                nn.LeakyReLU(0.2),
                _norm(norm, 2 * channels),
            ]
        self.layers = nn.Sequential(*layers, *_same(8 * width, 1))

    def features(self, image: Tensor) -> Tensor:
        """What the last convolution makes its scores of: (N, 8 · width, H/16, W/16)."""
        return self.layers[:-2](image)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


class CourseBlock(nn.Module):
    """One 3×3 convolution with norm, a sum around both, and an activation behind the sum."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), InstanceNorm(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.body(x))


def _stages(widths: list[int], convolution: type[nn.Module]) -> list[nn.Module]:
    """4×4 convolutions of stride 2 from each width to the next, with norm and ReLU, as in DCGAN."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [
            convolution(before, after, 4, stride=2, padding=1, bias=False),
            InstanceNorm(after),
            nn.ReLU(),
        ]
    return layers


class CourseGenerator(nn.Module):
    """The generator of CMU's 16-726, assignment 3 (2021), after Toronto's CSC 321, assignment 4.

    Two 4×4 convolutions of stride 2, residual blocks of one convolution, and two 4×4 transposed
    ones; no biases. (N, channels, H, W) in [-1, 1] to (N, out, H, W); H and W are multiples of 4,
    at least 8.
    """

    multiple = 4
    smallest = 8

    def __init__(self, width: int = 32, blocks: int = 1, channels: int = 3, out: int = 3):
        super().__init__()
        self.layers = nn.Sequential(
            *_stages([channels, width, 2 * width], WideConv2d),
            *(CourseBlock(2 * width) for _ in range(blocks)),
            *_stages([2 * width, width], nn.ConvTranspose2d),
            nn.ConvTranspose2d(width, out, 4, stride=2, padding=1, bias=False),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class CourseDiscriminator(nn.Module):
    """The discriminator of the same assignment: DCGAN's, down to a single score.

    (N, channels, H, W) in [-1, 1] to unbounded scores (N, 1, H/16 − 3, W/16 − 3): one for a whole
    picture of 64×64; H and W are at least 64. channels: as in PatchGAN. No biases.
    """

    def __init__(self, width: int = 32, channels: int = 3):
        super().__init__()
        widths = [channels, width, 2 * width, 4 * width, 8 * width]
        last = WideConv2d(8 * width, 1, 4, bias=False)
        self.layers = nn.Sequential(*_stages(widths, WideConv2d), last)

    def features(self, image: Tensor) -> Tensor:
        """What the last convolution makes its score of: (N, 8 · width, H/16, W/16)."""
        return self.layers[:-1](image)

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


def build_generator(
    settings: config.Generator, channels: int = 3, out: int = 3, initialisation: str = "normal"
) -> ResNetGenerator | UNetGenerator | Pix2PixUNet | CourseGenerator:
    """A fresh generator from `channels` to `out`; initialisation: as in config.Training."""
    s = settings
    if s.kind == "unet":
        network = UNetGenerator(s.width, s.upsampling, channels, out, s.norm)
    elif s.kind == "pix2pix":
        network = Pix2PixUNet(s.width, s.blocks, channels, out)
    elif s.kind == "course":
        network = CourseGenerator(s.width, s.blocks, channels, out)
    else:
        network = ResNetGenerator(
            s.width, s.blocks, s.upsampling, channels, out, s.downsampling, s.padding
        )
    return initialise(network, initialisation)


def build_discriminator(
    settings: config.Discriminator, channels: int = 3, initialisation: str = "normal"
) -> PatchGAN | Patch4 | CourseDiscriminator:
    """A fresh discriminator; initialisation: as in config.Training."""
    s = settings
    if s.kind == "patch4":
        network = Patch4(s.width, channels, s.norm)
    else:
        kinds = {"patchgan": PatchGAN, "course": CourseDiscriminator}
        network = kinds[s.kind](s.width, channels)
    return initialise(network, initialisation)


def initialise(network: nn.Module, kind: str = "normal") -> nn.Module:
    """Draw every convolution's weights, and set its biases to 0, by config.Training's kind.

    "normal" is N(0, 0.02) (section 7.1). Nothing is drawn on the meta device, where a network is
    only a form to be filled.
    """
    if kind == "pytorch":  # Drawn already.
        return network
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not module.weight.is_meta:
            if kind == "glorot":
                nn.init.xavier_uniform_(module.weight)
            else:
                nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network
