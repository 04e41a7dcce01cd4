"""Other people's networks, written anew in their layouts, to save foreign files with."""

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """A residual block: `name` is the attribute, dropout shifts the second convolution."""

    def __init__(self, channels: int, name: str, dropout: bool = False, **options):
        super().__init__()
        self.name = name
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, **options)]
        layers += [nn.InstanceNorm2d(channels), nn.ReLU(), *([nn.Dropout(0.5)] * dropout)]
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, **options)]
        setattr(self, name, nn.Sequential(*layers, nn.InstanceNorm2d(channels)))

    def forward(self, x: Tensor) -> Tensor:
        return x + getattr(self, self.name)(x)


def resnet(
    width: int, blocks: int, name: str = "conv_block", up: str = "transposed", dropout=False, **o
) -> nn.Sequential:
    """The paper's generator in one nn.Sequential. up: "transposed", "zeros" or "reflect"."""
    w = width
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, w, 7, **o), nn.InstanceNorm2d(w), nn.ReLU()]
    for c in (w, 2 * w):
        down = nn.Conv2d(c, 2 * c, 3, stride=2, padding=1, **o)
        layers += [down, nn.InstanceNorm2d(2 * c), nn.ReLU()]
    layers += [Block(4 * w, name, dropout, **o) for _ in range(blocks)]
    for c in (4 * w, 2 * w):
        if up == "transposed":
            layers.append(nn.ConvTranspose2d(c, c // 2, 3, 2, 1, output_padding=1, **o))
        else:
            layers.append(nn.Upsample(scale_factor=2))
            layers += [nn.ReflectionPad2d(1)] * (up == "reflect")
            layers.append(nn.Conv2d(c, c // 2, 3, padding=int(up == "zeros"), **o))
        layers += [nn.InstanceNorm2d(c // 2), nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Tanh())


class Skip(nn.Module):
    """One stage of the original authors' U-Net, around the next one."""

    def __init__(self, outer: int, inner: int, inside: nn.Module | None, outermost: bool = False):
        super().__init__()
        self.outermost = outermost
        down = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1)
        up = nn.ConvTranspose2d(inner * (2 if inside else 1), outer, 4, 2, 1)
        if outermost:
            layers = [down, inside, nn.ReLU(), up, nn.Tanh()]
        else:
            norms = [nn.InstanceNorm2d(inner)] if inside else []
            layers = [nn.LeakyReLU(0.2), down, *norms, *([inside] if inside else [])]
            layers += [nn.ReLU(), up, nn.InstanceNorm2d(outer)]
            layers += [nn.Dropout(0.5)] * (outer == inner and inside is not None)
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        made = self.model(x)
        return made if self.outermost else torch.cat([x, made], 1)


class UNet(nn.Module):
    def __init__(self, width: int, downsamplings: int):
        super().__init__()
        w = width
        stage = Skip(8 * w, 8 * w, None)
        for _ in range(downsamplings - 5):
            stage = Skip(8 * w, 8 * w, stage)
        for outer, inner in ((4 * w, 8 * w), (2 * w, 4 * w), (w, 2 * w)):
            stage = Skip(outer, inner, stage)
        self.model = Skip(3, w, stage, outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Tutorial(nn.Module):
    """The paper's generator with names of its own, in an order that no alphabet gives."""

    def __init__(self, width: int, blocks: int, up: str = "transposed", **options):
        super().__init__()
        parts = list(resnet(width, blocks, "inside", up, **options))
        ups = 3 if up == "transposed" else 4
        at = [0, 4, 10, 10 + blocks, 10 + blocks + 2 * ups, len(parts)]
        for name, a, b in zip(
            ("start", "narrow", "deep", "widen", "finish"), at, at[1:], strict=False
        ):
            setattr(self, name, nn.Sequential(*parts[a:b]))

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.widen(self.deep(self.narrow(self.start(x)))))


class Named(nn.Module):
    """Networks under names of your choice: Named(model=…) has the keys model.…"""

    def __init__(self, **networks: nn.Module):
        super().__init__()
        for name, network in networks.items():
            self.add_module(name, network)

    def forward(self, x: Tensor) -> Tensor:
        return next(self.children())(x)


def patchgan(width: int) -> nn.Sequential:
    w = width
    layers = [nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2)]
    for c, stride in ((w, 2), (2 * w, 2), (4 * w, 1)):
        layers += [nn.Conv2d(c, 2 * c, 4, stride, 1), nn.InstanceNorm2d(2 * c), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * w, 1, 4, 1, 1))


def lively(network: nn.Module, seed: int = 0) -> nn.Module:
    """In eval mode, with weights so large and biases so varied that every layer shows."""
    random = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        spread = 0.5 if parameter.dim() == 1 else parameter[0].numel() ** -0.5
        parameter.data = torch.randn(parameter.shape, generator=random) * spread
    return network.eval()
