"""What goes on inside a network: activations at its joints, a table of its layers, and its reach.

Follows a picture through whatever layers a network calls, whoever built it. Knows no page.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from ..core.networks import layers, parameters

STRONGEST = 12
"""Channels of a joint that are shown."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""

LINEAR = nn.Conv2d | nn.ConvTranspose2d | nn.Linear
PASSIVE = (
    *(_NormBase, nn.GroupNorm, layers.LayerNorm, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Tanh),
    *(nn.Sigmoid, nn.Dropout, nn.Identity),
)
"""Layers that give each place of a picture back where it was."""


MEANS = (_InstanceNorm, nn.GroupNorm, layers.LayerNorm)
"""Norms by which a place hangs on the whole picture: batch norm has its means from the training."""


@dataclass(frozen=True)
class Stage:
    """Activations at a joint. shape: channels, height, width. numbers, maps: of the channels that
    vary most over the picture, those first; maps (k, height, width), 0 is their least, 255 most."""

    key: str
    shape: tuple[int, int, int]
    numbers: tuple[int, ...]
    maps: np.ndarray


@dataclass(frozen=True)
class Layer:
    """A convolution, with the norm behind it, and what steers that. shape: of what it makes. times:
    in a row."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    times: int = 1


@dataclass(frozen=True)
class Inside:
    """stages: "encoder", "middle" where anything lies at the least size, "decoder". parameters: of
    all layers. has_means: whether norms in it take means over the picture. reach: pixels, the side
    of the square that one place of the output hangs on by convolutions; norms left aside. box: that
    of the place in the middle, as left, top, right and bottom, cut at the picture's edges."""

    stages: tuple[Stage, ...]
    layers: tuple[Layer, ...]
    parameters: int
    has_means: bool
    reach: int
    box: Box


@dataclass(frozen=True)
class _Call:
    module: nn.Module
    given: tuple[int, ...]
    made: tuple[int, ...]


@torch.inference_mode()
def look(network: nn.Module, given: Tensor, *beside: Tensor) -> Inside:
    """Follow one picture (1, C, H, W) in [-1, 1], of a size that the network takes.

    beside: what else it takes, latents (1, …). The network stays as it is, and may be used by
    others meanwhile.
    """
    own = copy.deepcopy(network).eval()
    calls = _calls(own, given, *beside)
    joints = _joints(calls)
    caught: dict[str, Tensor] = {}

    def catch(number: int, tensor: Tensor) -> None:
        for key, place in joints.items():
            if place == number:
                caught[key] = tensor.clone()

    with _heard(own, catch):
        own(given, *beside)
    stages = tuple(_stage(key, caught[key][0]) for key in joints)
    has_means = any(isinstance(m, MEANS) or getattr(m, "takes_means", False) for m in own.modules())
    return Inside(stages, _table(calls), parameters(own), has_means, _reach(calls), _box(calls))


@torch.inference_mode()
def reach(network: nn.Module, given: Tensor) -> tuple[int, Box]:
    """As `Inside.reach` and `Inside.box`, of a network that judges (1, C, H, W)."""
    calls = _calls(copy.deepcopy(network).eval(), given)
    return _reach(calls), _box(calls)


def _calls(network: nn.Module, *given: Tensor) -> list[_Call]:
    """Layers in the order in which a picture, or what steers them, comes to them."""
    found: list[_Call] = []

    def note(module: nn.Module, arrived: tuple[Tensor, ...], made: Tensor) -> None:
        found.append(_Call(module, tuple(arrived[0].shape[1:]), tuple(made.shape[1:])))

    hooks = [layer.register_forward_hook(note) for layer in _leaves(network)]
    network(*given)
    for hook in hooks:
        hook.remove()
    return found


@contextmanager
def _heard(network: nn.Module, hear) -> Iterator[None]:
    """`hear(number, tensor)` is called with what comes to every layer."""
    numbers = iter(range(10**9))

    def before(module: nn.Module, arrived: tuple[Tensor, ...]) -> None:
        hear(next(numbers), arrived[0])

    hooks = [layer.register_forward_pre_hook(before) for layer in _leaves(network)]
    yield
    for hook in hooks:
        hook.remove()


def _leaves(network: nn.Module) -> list[nn.Module]:
    return [one for one in network.modules() if not any(True for _ in one.children())]


def _joints(calls: list[_Call]) -> dict[str, int]:
    """Numbers of the layers before which it is looked: behind what makes the picture small, before
    what makes it large again, and before the last convolution."""
    heights = [call.made[-2] if len(call.made) == 3 else 0 for call in calls]
    least = min(height for height in heights if height)
    first = heights.index(least)
    last = len(heights) - 1 - heights[::-1].index(least)

    def behind(place: int) -> int:
        for n in range(place + 1, len(calls)):
            if len(calls[n].given) == 3 and not isinstance(calls[n].module, PASSIVE):
                return n
        return place

    end = max(n for n, call in enumerate(calls) if isinstance(call.module, LINEAR))
    while "Pad" in type(calls[end - 1].module).__name__:
        end -= 1
    small, large = behind(first), behind(last)
    return {"encoder": small, **({"middle": large} if large != small else {}), "decoder": end}


def _stage(key: str, made: Tensor) -> Stage:
    strength = made.float().std(dim=(1, 2)) if made[0].numel() > 1 else made.float().abs()[:, 0, 0]
    numbers = strength.argsort(descending=True, stable=True)[:STRONGEST]
    shown = made[numbers].float()
    low, high = shown.amin((1, 2), keepdim=True), shown.amax((1, 2), keepdim=True)
    scaled = (shown - low) / (high - low).clamp(min=1e-12) * 255
    return Stage(
        key, tuple(made.shape), tuple(numbers.tolist()), scaled.round().byte().cpu().numpy()
    )


def _table(calls: list[_Call]) -> tuple[Layer, ...]:
    found: list[Layer] = []
    for call in calls:
        own = parameters(call.module)
        if isinstance(call.module, LINEAR) and own and len(call.made) == 3:
            found.append(Layer(_name(call.module), call.made, own))
        elif own and found:  # A norm's γ and β, or what makes them of a latent.
            before = found.pop()
            found.append(Layer(before.name, before.shape, before.parameters + own))
    rows: list[Layer] = []
    for one in found:
        same = rows and (rows[-1].name, rows[-1].shape, rows[-1].parameters)
        if same == (one.name, one.shape, one.parameters):
            rows[-1] = Layer(one.name, one.shape, one.parameters, rows[-1].times + 1)
        else:
            rows.append(one)
    return tuple(rows)


def _name(module: nn.Module) -> str:
    side, stride = module.kernel_size[0], module.stride[0]
    kind = "Transposed convolution" if isinstance(module, nn.ConvTranspose2d) else "Convolution"
    return f"{kind} {side}×{side}" + (f", stride {stride}" if stride > 1 else "")


def _box(calls: list[_Call]) -> Box:
    """Left, top, right and bottom of what the place in the middle of the output hangs on."""
    height, width = calls[-1].made[-2:]
    tops, lefts = _span(calls, height // 2, 0), _span(calls, width // 2, 1)
    bottom, right = calls[0].given[-2:]
    return (
        max(0, lefts[0]),
        max(0, tops[0]),
        min(right, lefts[1] + 1),
        min(bottom, tops[1] + 1),
    )


def _reach(calls: list[_Call]) -> int:
    """The longest side, wherever in the output a place lies: strides treat them differently."""
    length = calls[-1].made[-1]
    spans = [_span(calls, place, 1) for place in range(length // 2, min(length // 2 + 64, length))]
    return max(last - first + 1 for first, last in spans)


def _span(calls: list[_Call], place: int, axis: int) -> tuple[int, int]:
    """First and last pixel of the input, along an axis, that a place of the output hangs on.

    Backwards, by the longest way: one around it, as over a sum or a skip, reaches no further.
    """
    first = last = place
    for call in reversed(calls):
        module = call.module
        if isinstance(module, nn.ConvTranspose2d):
            kernel, stride, padding = (
                of[axis] for of in (module.kernel_size, module.stride, module.padding)
            )
            first = -((kernel - 1 - padding - first) // stride)
            last = (last + padding) // stride
        elif isinstance(module, nn.Conv2d | nn.AvgPool2d | nn.MaxPool2d):
            kernel, stride, padding = (
                of if isinstance(of, int) else of[axis]
                for of in (module.kernel_size, module.stride, module.padding)
            )
            first = first * stride - padding
            last = last * stride - padding + kernel - 1
        elif isinstance(module, nn.Upsample):
            larger = call.made[axis - 2] // call.given[axis - 2]
            if module.mode == "bilinear":  # Between the middles of two pixels.
                first = (2 * first + 1 - larger) // (2 * larger)
                last = -((larger - 2 * last - 1) // (2 * larger))
            else:
                first, last = first // larger, last // larger
        elif "Pad" in type(module).__name__:
            before = module.padding[2 - 2 * axis]  # Left, right, top, bottom.
            first, last = first - before, last - before
    return first, last
