"""Other people's networks, written anew in their layouts, to save foreign files with."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

PADS = {"reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}


class Block(nn.Module):
    """A residual block: `name` is the attribute, dropout shifts the second convolution.

    pad: "reflect" and "replicate" are layers of their own, "zeros" is the convolution's.
    """

    def __init__(self, channels: int, name: str, dropout=False, norm=None, pad="reflect", **o):
        super().__init__()
        self.name = name
        norm = norm or nn.InstanceNorm2d

        def padded() -> list[nn.Module]:
            if pad == "zeros":
                return [nn.Conv2d(channels, channels, 3, padding=1, **o)]
            return [PADS[pad](1), nn.Conv2d(channels, channels, 3, **o)]

        layers = [*padded(), norm(channels), nn.ReLU(), *([nn.Dropout(0.5)] * dropout), *padded()]
        setattr(self, name, nn.Sequential(*layers, norm(channels)))

    def forward(self, x: Tensor) -> Tensor:
        return x + getattr(self, self.name)(x)


class Blurred(nn.Module):
    """CUT's layers, which keep their filter in the file: half the size, or twice."""

    def __init__(self, channels: int, row: list[float], larger: bool):
        super().__init__()
        blur = torch.tensor(row)[:, None] * torch.tensor(row)[None, :]
        blur = blur / blur.sum() * (4 if larger else 1)
        self.register_buffer("filt", blur[None, None].repeat(channels, 1, 1, 1))
        self.larger = larger

    def forward(self, x: Tensor) -> Tensor:
        n = len(self.filt)
        if not self.larger:
            x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
            return functional.conv2d(x, self.filt, stride=2, groups=n)
        x = functional.pad(x, (1, 1, 1, 1), mode="replicate")
        made = functional.conv_transpose2d(x, self.filt, stride=2, padding=2, groups=n)
        return made[:, :, 1:-1, 1:-1]


def resnet(
    width: int,
    blocks: int,
    name: str = "conv_block",
    up: str = "transposed",
    dropout: bool = False,
    norm: Callable[[int], nn.Module] = nn.InstanceNorm2d,
    pad: str = "reflect",
    down: str = "strided",
    mode: str = "nearest",
    **o,
) -> nn.Sequential:
    """The paper's generator in one nn.Sequential, with the options of those who wrote it anew.

    up: "transposed", "zeros" or "reflect", the padding after an upsampling by `mode`, or "blurred".
    down: "strided" or "blurred", as CUT. norm, pad: as the original authors name them; norm is any
    layer of so many channels. o: of all convolutions but the last.
    """
    w = width
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, w, 7, **o), norm(w), nn.ReLU()]
    for c in (w, 2 * w):
        step = 1 if down == "blurred" else 2
        layers += [nn.Conv2d(c, 2 * c, 3, stride=step, padding=1, **o), norm(2 * c), nn.ReLU()]
        layers += [Blurred(2 * c, [1.0, 2, 1], larger=False)] * (down == "blurred")
    layers += [Block(4 * w, name, dropout, norm, pad, **o) for _ in range(blocks)]
    for c in (4 * w, 2 * w):
        if up == "transposed":
            layers.append(nn.ConvTranspose2d(c, c // 2, 3, 2, 1, output_padding=1, **o))
        else:
            larger = nn.Upsample(scale_factor=2, mode=mode)
            layers.append(Blurred(c, [1.0, 3, 3, 1], larger=True) if up == "blurred" else larger)
            layers += [nn.ReflectionPad2d(1)] * (up == "reflect")
            layers.append(nn.Conv2d(c, c // 2, 3, padding=int(up != "reflect"), **o))
        layers += [norm(c // 2), nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Tanh())


class Skip(nn.Module):
    """One stage of the original authors' U-Net, around the next one."""

    def __init__(
        self, outer: int, inner: int, inside: nn.Module | None, outermost=False, norm=None, **o
    ):
        super().__init__()
        self.outermost = outermost
        norm = norm or nn.InstanceNorm2d
        down = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, **o)
        o = {} if outermost else o
        up = nn.ConvTranspose2d(inner * (2 if inside else 1), outer, 4, 2, 1, **o)
        if outermost:
            layers = [down, inside, nn.ReLU(), up, nn.Tanh()]
        else:
            norms = [norm(inner)] if inside else []
            layers = [nn.LeakyReLU(0.2), down, *norms, *([inside] if inside else [])]
            layers += [nn.ReLU(), up, norm(outer)]
            layers += [nn.Dropout(0.5)] * (outer == inner and inside is not None)
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        made = self.model(x)
        return made if self.outermost else torch.cat([x, made], 1)


class UNet(nn.Module):
    """o: of all convolutions but the last; norm: as in `resnet`."""

    def __init__(self, width: int, downsamplings: int, **o):
        super().__init__()
        w = width
        stage = Skip(8 * w, 8 * w, None, **o)
        for _ in range(downsamplings - 5):
            stage = Skip(8 * w, 8 * w, stage, **o)
        for outer, inner in ((4 * w, 8 * w), (2 * w, 4 * w), (w, 2 * w)):
            stage = Skip(outer, inner, stage, **o)
        self.model = Skip(3, w, stage, outermost=True, **o)

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


def patchgan(width: int, norm=nn.InstanceNorm2d, **o) -> nn.Sequential:
    """o: of the convolutions before a norm."""
    w = width
    layers = [nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2)]
    for c, stride in ((w, 2), (2 * w, 2), (4 * w, 1)):
        layers += [nn.Conv2d(c, 2 * c, 4, stride, 1, **o), norm(2 * c), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * w, 1, 4, 1, 1))


def lively(network: nn.Module, seed: int = 0) -> nn.Module:
    """In eval mode, with weights so large and biases so varied that every layer shows.

    What norms have kept is as varied.
    """
    random = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        spread = 0.5 if parameter.dim() == 1 else parameter[0].numel() ** -0.5
        parameter.data = torch.randn(parameter.shape, generator=random) * spread
    for name, kept in network.named_buffers():
        if name.endswith("running_mean"):
            kept.copy_(torch.randn(kept.shape, generator=random) / 2)
        if name.endswith("running_var"):
            kept.copy_(torch.rand(kept.shape, generator=random) + 0.2)
    return network.eval()
