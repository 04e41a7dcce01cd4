"""The course's two small networks: 4×4 convolutions of stride 2 (CMU 16-726)."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from .layers import InstanceNorm, WideConv2d


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
    picture of 64×64; H and W are at least 64. channels, first, stride: as in PatchGAN. No biases.
    """

    first, stride = 32, 16

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
