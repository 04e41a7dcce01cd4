"""The maps that a network makes, each known by the rows of others that its rows are made of.

A network is called with a `Map` in place of a tensor: PyTorch hands every operation on it to
`__torch_function__`, and nothing is computed yet. So networks.py stays the one definition of the
networks. Knows their operations; nothing of what is kept, or of the order of computation.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ...core.networks.layers import layer_norm


class Map:
    """One map (1, C, H, W), float. The picture that a network is called with has no sources.

    order: all maps of the network, each after its sources.
    work: about how many multiplications the whole map takes; only convolutions count.
    """

    def __init__(self, shape: tuple[int, ...], *sources: "Map", work: int = 0):
        self.shape = torch.Size(shape)
        self.sources = sources
        self.work = work
        self.order: list[Map] = sources[0].order if sources else []
        self.order.append(self)

    @classmethod
    def __torch_function__(cls, function: Callable, types, args=(), kwargs=None) -> "Map":
        if function not in OPERATIONS:
            raise NotImplementedError(f"Strips know no rows of {function.__name__}.")
        return OPERATIONS[function](*args, **(kwargs or {}))

    def __add__(self, other: "Map") -> "Map":
        return Sum(torch.add, self, other)

    def dim(self) -> int:
        return len(self.shape)

    def size(self, axis: int) -> int:
        return self.shape[axis]

    @property
    def height(self) -> int:
        return self.shape[2]

    @property
    def bytes(self) -> int:
        return self.shape.numel() * torch.float32.itemsize

    def needs(self, first: int, last: int) -> tuple[int, int]:
        """The rows of every source that rows first to last (exclusive) are made of."""
        return first, last

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        """Rows first to last, of the rows needed: one strip a source, all from row `top` on."""
        raise NotImplementedError


class Elementwise(Map):
    """ReLU, tanh, a norm by averages of the training: a row is made of the same row."""

    def __init__(self, function: Callable[..., Tensor], *sources: Map, channels: int | None = None):
        _, own, height, width = sources[0].shape
        super().__init__((1, channels or own, height, width), *sources)
        self.function = function

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        return self.function(*strips)


class Sum(Elementwise):
    """The sum around a residual block."""


class Norm(Map):
    """A norm, by the `moments` of the whole source: mean and biased variance, (C,) each.

    They are there once the source has been made from top to bottom.
    """

    moments: tuple[Tensor, Tensor]


class InstanceNorm(Norm):
    """Every channel by its own moments."""

    def __init__(self, source, weight=None, bias=None, use_input_stats=True, eps=1e-5, **_):
        _only(use_input_stats, "instance norm by running statistics")
        _only(weight is None and bias is None, "instance norm with weights")
        super().__init__(source.shape, source)
        self.eps = eps

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        mean, variance = (one[:, None, None] for one in self.moments)
        # Not functional.batch_norm, which does not make exactly 0 of a flat map; the next norms
        # would multiply what is left by 1 / √eps each.
        return (strips[0] - mean).mul_((variance + self.eps).rsqrt())


class LayerNorm(Norm):
    """All channels by their moments together, as `layers.layer_norm`."""

    def __init__(self, source, gamma, beta, eps):
        super().__init__(source.shape, source)
        self.gamma, self.beta, self.eps = gamma, beta, eps

    @property
    def variance(self) -> Tensor:
        means, variances = self.moments  # Of as many pixels each.
        return variances.mean() + means.var(correction=0)

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        around, deviation = strips[0] - self.moments[0].mean(), self.variance.sqrt() + self.eps
        return around.div_(deviation).mul_(self.gamma).add_(self.beta)


class OneGroup(LayerNorm):
    """The same with a γ and a β a channel, and ε added to the variance: functional.group_norm."""

    def __init__(self, source, num_groups, weight=None, bias=None, eps=1e-5):
        _only(num_groups == 1 and (weight is None) == (bias is None), "several groups' norms")
        given = weight is not None
        gamma, beta = (one[:, None, None] for one in (weight, bias)) if given else (1.0, 0.0)
        super().__init__(source, gamma, beta, eps)

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        around, scale = strips[0] - self.moments[0].mean(), (self.variance + self.eps).rsqrt()
        return around.mul_(scale).mul_(self.gamma).add_(self.beta)


class Padding(Map):
    """Zeros or reflections around the whole picture; between strips there is nothing to pad."""

    def __init__(self, source: Map, pad: tuple[int, ...], mode: str = "constant", value=None):
        _only(mode == "reflect" or (mode == "constant" and not value), f"padding by {mode}")
        self.left, self.right, self.above, below = pad
        _, channels, height, width = source.shape
        width += self.left + self.right
        super().__init__((1, channels, height + self.above + below, width), source)
        self.mode = mode

    def _wanted(self, first: int, last: int) -> list[int]:
        """The source's row behind each row; zeros have one beyond its edges."""
        rows = range(first - self.above, last - self.above)
        if self.mode == "constant":
            return list(rows)
        end = self.sources[0].height - 1
        return [end - abs(end - abs(row)) for row in rows]

    def needs(self, first: int, last: int) -> tuple[int, int]:
        wanted = self._wanted(first, last)
        return max(min(wanted), 0), min(max(wanted) + 1, self.sources[0].height)

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        (strip,), wanted = strips, self._wanted(first, last)
        above = below = 0
        if self.mode == "constant":
            above, below = top - wanted[0], wanted[-1] + 1 - top - strip.shape[2]
        elif wanted != list(range(top, top + len(wanted))):
            strip = strip[:, :, [row - top for row in wanted]]
        return functional.pad(strip, (self.left, self.right, above, below), mode=self.mode)


class Window(Map):
    """A row is made of `reach` rows, the next of those `stride` rows on: what pads nothing itself.

    function: makes of these rows what it makes of a whole map. sides: rows and columns of the
    window. work: multiplications of one value.
    """

    def __init__(
        self,
        source: Map,
        function: Callable[[Tensor], Tensor],
        channels: int,
        sides: Sequence[int],
        stride: Sequence[int],
        work: int = 0,
    ):
        height, width = (
            (side - reach) // step + 1
            for side, reach, step in zip(source.shape[2:], sides, stride, strict=True)
        )
        shape = torch.Size((1, channels, height, width))
        super().__init__(shape, source, work=shape.numel() * work)
        self.function, self.reach, self.stride = function, sides[0], stride[0]

    def needs(self, first: int, last: int) -> tuple[int, int]:
        return first * self.stride, (last - 1) * self.stride + self.reach

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        return self.function(*strips)


class TransposedConvolution(Map):
    """torch.conv_transpose2d: row i of the source reaches rows stride · i − padding and on."""

    def __init__(self, source, weight, bias, stride, padding, output_padding, groups, dilation):
        (_, _, height, width), (_, channels, *_) = source.shape, weight.shape
        self.reach = _reach(weight, dilation)[0]
        self.stride, self.padding = stride[0], padding[0]
        _only(self.reach >= self.stride, "a transposed convolution with gaps")
        height, width = (
            (side - 1) * step - 2 * less + reach + more
            for side, step, less, reach, more in zip(
                (height, width),
                stride,
                padding,
                _reach(weight, dilation),
                output_padding,
                strict=True,
            )
        )
        work = source.shape.numel() * weight[0].numel()
        super().__init__((1, channels * groups, height, width), source, work=work)
        self.function = lambda strip: torch.conv_transpose2d(
            strip, weight, bias, stride, (0, padding[1]), output_padding, groups, dilation
        )

    def needs(self, first: int, last: int) -> tuple[int, int]:
        begin = -((self.reach - 1 - first - self.padding) // self.stride)
        end = (last - 1 + self.padding) // self.stride + 1
        return max(begin, 0), min(end, self.sources[0].height)

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        skipped = first + self.padding - top * self.stride
        return self.function(*strips)[:, :, skipped : skipped + last - first]


class Upsampling(Map):
    """Twice, or `scale` times, as large in both directions.

    A row repeats the nearest one, or lies between two ("bilinear", at the edge one).
    """

    def __init__(
        self, source, size=None, scale_factor=None, mode="nearest", align_corners=None, **_
    ):
        is_known = mode == "nearest" or (mode == "bilinear" and scale_factor == 2)
        is_known &= not align_corners and size is None
        _only(is_known, f"resizing by {mode} to {size or scale_factor}")
        self.scale, self.mode = int(scale_factor), mode
        _, channels, height, width = source.shape
        super().__init__((1, channels, height * self.scale, width * self.scale), source)

    def needs(self, first: int, last: int) -> tuple[int, int]:
        if self.mode == "nearest":
            return first // self.scale, (last - 1) // self.scale + 1
        # Row 2i lies between rows i − 1 and i, row 2i + 1 between i and i + 1.
        return max((first - 1) // 2, 0), min(last // 2 + 1, self.sources[0].height)

    def operate(self, strips: list[Tensor], first: int, last: int, top: int) -> Tensor:
        skipped = first - top * self.scale
        made = functional.interpolate(strips[0], scale_factor=self.scale, mode=self.mode)
        return made[:, :, skipped : skipped + last - first]


def _reach(weight: Tensor, dilation: tuple[int, int]) -> list[int]:
    """Rows and columns that a kernel covers."""
    return [step * (side - 1) + 1 for side, step in zip(weight.shape[2:], dilation, strict=True)]


def _only(known: bool, what: str) -> None:
    if not known:
        raise NotImplementedError(f"Strips know no rows of {what}.")


def _convolution(source, weight, bias, stride, padding, dilation, groups) -> Map:
    if any(padding):
        vertical, horizontal = padding
        source = Padding(source, (horizontal, horizontal, vertical, vertical))

    def convolve(strip: Tensor) -> Tensor:
        return torch.conv2d(strip, weight, bias, stride, dilation=dilation, groups=groups)

    work = weight[0].numel()
    return Window(source, convolve, len(weight), _reach(weight, dilation), stride, work)


def _average(source, kernel_size, stride=None, padding=0, ceil_mode=False, *_) -> Map:
    sides, steps = (
        (n, n) if isinstance(n, int) else n for n in (kernel_size, stride or kernel_size)
    )
    _only(not padding and not ceil_mode, "averages that pad")

    def average(strip: Tensor) -> Tensor:
        return functional.avg_pool2d(strip, sides, steps)

    return Window(source, average, source.size(1), sides, steps)


def _batch_norm(source, mean, variance, weight, bias, training=False, momentum=0.1, eps=1e-5):
    _only(not training, "batch norm by the moments of the batch")

    def normed(strip: Tensor) -> Tensor:
        return functional.batch_norm(strip, mean, variance, weight, bias, eps=eps)

    return Elementwise(normed, source)


def _steered(beta: Tensor, gamma: Tensor, source: Map) -> Map:
    return Elementwise(lambda strip: torch.addcmul(beta, gamma, strip), source)


def _relu(source: Map, inplace: bool = False) -> Map:
    return Elementwise(functional.relu, source)  # Never in place: a strip may be part of a map.


def _leaky_relu(source: Map, negative_slope: float, inplace: bool = False) -> Map:
    return Elementwise(lambda strip: functional.leaky_relu(strip, negative_slope), source)


def _cat(sources: list[Map], dim: int) -> Map:
    _only(dim == 1, f"a concatenation along axis {dim}")
    channels = sum(source.size(1) for source in sources)
    return Elementwise(lambda *strips: torch.cat(strips, 1), *sources, channels=channels)


OPERATIONS: dict[Callable, Callable[..., Map]] = {
    torch.addcmul: _steered,
    torch.conv2d: _convolution,
    torch.conv_transpose2d: TransposedConvolution,
    torch.cat: _cat,
    torch.tanh: lambda source: Elementwise(torch.tanh, source),
    functional.avg_pool2d: _average,
    functional.batch_norm: _batch_norm,
    functional.group_norm: OneGroup,
    functional.instance_norm: InstanceNorm,
    layer_norm: LayerNorm,
    functional.interpolate: Upsampling,
    functional.leaky_relu: _leaky_relu,
    functional.pad: Padding,
    functional.relu: _relu,
}
"""What the networks' modules call, and the map that it makes of the same arguments."""
