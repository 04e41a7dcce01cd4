"""The original authors' recipe as a baseline: separate passes, one process after the other, eager.

The networks and the mathematics of cyclegan/methods/cyclegan/step.py, written the way that
section 7.1 of the paper reads: six generator passes, losses one by one, PyTorch's own layers and
defaults. Float32. Its moving average is not there, as the recipe has none.
"""

from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from cyclegan.core.config import Training
from cyclegan.core.networks.layers import InstanceNorm, WideConv2d
from cyclegan.core.pool import ImagePool
from cyclegan.methods import Model

LIBRARY = {InstanceNorm: nn.InstanceNorm2d, WideConv2d: nn.Conv2d}


class PlainTraining:
    """Trains `model` as it is on `device`; `step` returns the generators' objective as a float."""

    def __init__(self, model: Model, settings: Training, device: torch.device):
        self.model = model.to(device).train()
        _use_library_layers(self.model)
        self.generators = self._adam(settings, model.G, model.F)
        self.discriminators = self._adam(settings, model.D_X, model.D_Y)
        self.pools = [ImagePool(settings.pool, settings.seed + i) for i in (0, 1)]

    def _adam(self, settings: Training, *networks: nn.Module) -> torch.optim.Adam:
        parameters = chain(*(network.parameters() for network in networks))
        return torch.optim.Adam(parameters, settings.rate, (settings.beta1, settings.beta2))

    def step(self, x: Tensor, y: Tensor) -> float:
        G, F, D_X, D_Y = self.model.children()
        weights = self.model.config.objective
        fake_y, fake_x = G(x), F(y)
        cycled_x, cycled_y = F(fake_y), G(fake_x)
        same_y, same_x = G(y), F(x)

        self._judged(False)
        self.generators.zero_grad()
        loss = self._adversarial(D_Y(fake_y), 1.0) + self._adversarial(D_X(fake_x), 1.0)
        loss = loss + weights.cycle_forward * functional.l1_loss(cycled_x, x)
        loss = loss + weights.cycle_backward * functional.l1_loss(cycled_y, y)
        loss = loss + weights.identity * functional.l1_loss(same_y, y)
        loss = loss + weights.identity * functional.l1_loss(same_x, x)
        loss.backward()
        self.generators.step()

        self._judged(True)
        self.discriminators.zero_grad()
        for D, real, fake, pool in zip(
            (D_X, D_Y), (x, y), (fake_x, fake_y), self.pools, strict=True
        ):
            old = pool.query(fake.detach())
            judged = self._adversarial(D(real), 1.0) + self._adversarial(D(old), 0.0)
            (judged / 2).backward()
        self.discriminators.step()
        return loss.item()

    def _judged(self, learning: bool) -> None:
        self.model.group(("D_X", "D_Y")).requires_grad_(learning)

    @staticmethod
    def _adversarial(scores: Tensor, target: float) -> Tensor:
        return functional.mse_loss(scores, torch.full_like(scores, target))


def _use_library_layers(network: nn.Module) -> None:
    """Some of our layers are faster forms of the library's; the baseline takes the library's."""
    for module in network.modules():
        module.__class__ = LIBRARY.get(type(module), type(module))
