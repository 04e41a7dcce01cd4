"""Layers that PyTorch lacks, or has slower: norms, convolutions, ways up and down."""

from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import handle_torch_function, has_torch_function_unary


def is_here(x: object) -> bool:
    """Whether x is a tensor that is computed at once: neither rows of a picture, which strips take,
    nor a place in a graph that is exported for other machines."""
    return isinstance(x, Tensor) and not torch.compiler.is_exporting()


class InstanceNorm(nn.InstanceNorm2d):
    """Every channel of every image to mean 0 and variance 1 (section 7.2; Ulyanov et al. 2016).

    On the CPU it is computed as a group norm with a channel a group, which is the same and, in
    PyTorch, twice as fast there. In an exported graph it stays what it is.
    """

    def forward(self, x: Tensor) -> Tensor:
        if is_here(x) and x.device.type == "cpu":
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


class BatchNorm(nn.BatchNorm2d):
    """Every channel of a batch to mean 0 and variance 1, times γ plus β (Ioffe and Szegedy 2015).

    In training by the moments of the batch, of which running averages are kept (momentum 0.1); in
    evaluation by these. The library's count of batches is left out: it is of use to another kind of
    average alone, and a whole number among weights.
    """

    def __init__(self, channels: int):
        super().__init__(channels)
        self.num_batches_tracked = None

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *more):
        # To weights of no version the library adds the count.
        super()._load_from_state_dict(state_dict, prefix, {**local_metadata, "version": 2}, *more)


NORMS = {"instance": InstanceNorm, "layer": lambda channels: LayerNorm(), "batch": BatchNorm}
"""By config.NORMS' names, made for so many channels; the ResNet has a layer norm of its own."""


def has_bias(norm: str) -> bool:
    """Whether a convolution before a norm has a bias: batch norm adds its own β, and in the
    original authors' code takes it away."""
    return norm != "batch"


def is_over_batches(network: nn.Module) -> bool:
    """Whether, in training, a network's output for an item depends on the others of its batch,
    and leaves a trace in the network."""
    return any(isinstance(module, _BatchNorm) for module in network.modules())


class WideConv2d(nn.Conv2d):
    """A convolution, on the CPU a product of matrices where filters are at least twice the places.

    The same result to rounding; a plain convolution in an exported graph. PyTorch lays weights out
    anew for each convolution, which with many filters and few places takes longer than the
    arithmetic, up to three times as long as all of the product (bfloat16, 16 places).
    """

    def forward(self, x: Tensor) -> Tensor:
        if not (is_here(x) and x.device.type == "cpu"):
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


def blur() -> list[nn.Module]:
    """A blur by [1 2 1]/4 both ways, mirrored at the edges, and every second pixel of it.

    Two averages of two neighbours each are that filter (Zhang 2019, "Tri-3"; as CUT applies it).
    """
    return [nn.ReflectionPad2d(1), nn.AvgPool2d(2, stride=1), nn.AvgPool2d(2)]


def upsample(channels: int, out: int, upsampling: str, bias: bool = True) -> list[nn.Module]:
    if upsampling == "transposed":
        both = {"padding": 1, "output_padding": 1, "bias": bias}
        return [nn.ConvTranspose2d(channels, out, 3, stride=2, **both)]
    larger = nn.Upsample(scale_factor=2, mode="bilinear" if "bilinear" in upsampling else "nearest")
    if upsampling.endswith("_zeros"):
        return [larger, nn.Conv2d(channels, out, 3, padding=1, bias=bias)]
    return [larger, nn.ReflectionPad2d(1), nn.Conv2d(channels, out, 3, bias=bias)]


def same(channels: int, out: int) -> list[nn.Module]:
    """A 4×4 convolution of stride 1 that keeps the size, padded like TensorFlow's "same"."""
    return [nn.ZeroPad2d((1, 2, 1, 2)), WideConv2d(channels, out, 4)]
