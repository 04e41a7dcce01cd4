"""The training algorithm: G and F first, then D_X and D_Y (paper, sections 4 and 7.1).

Receives batches and reports each step to callbacks. Opens no file and knows no page; sampling,
logging, saving and stopping are the callbacks' work.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from .config import ConfigError, Objective, Training
from .model import CycleGAN, Fakes
from .pool import ImagePool


class NonFiniteError(RuntimeError):
    """A loss or a gradient became infinite or not a number; the weights are as before the step."""


@dataclass(frozen=True)
class StepDone:
    """What one step reports.

    step: steps done so far, this one included.
    terms: weighted terms of the objective by name, unitless.
    rate: the learning rate that the step used.
    seconds: the whole step, of which `waited` went by before its batch arrived.
    """

    step: int
    terms: dict[str, float]
    rate: float
    seconds: float
    waited: float


Callback = Callable[["Trainer", StepDone], None]


def rate_factor(step: int, steps: int) -> float:
    """Share of the base rate at a step: 1 for the first half, then linear to 0 (section 7.1)."""
    half = steps // 2
    return 1.0 - max(0, step - half) / (steps - half)


def _moving_average(decay: float):
    """Update rule for AveragedModel; the first steps forget faster, as they have little to keep."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        n = float(count)
        keep = min(decay, (1 + n) / (10 + n))
        torch._foreach_lerp_(averaged, current, 1 - keep)

    return update


class Trainer:
    """Trains one CycleGAN.

    model: the four networks; moved to `device`.
    settings: steps, rates, pool, moving average, precision, seed.
    device: where to train.

    `stop = True` (from a callback or a signal handler) ends `fit` after the current step.
    """

    def __init__(self, model: CycleGAN, settings: Training, device: torch.device):
        self.model = model.to(device).train()
        self.settings = settings
        self.device = device
        self.steps_done = 0
        self.stop = False
        self.average = None
        if settings.ema_decay:
            self.average = AveragedModel(
                model.generators, multi_avg_fn=_moving_average(settings.ema_decay)
            )
        self.pools = Fakes(
            ImagePool(settings.pool, settings.seed), ImagePool(settings.pool, settings.seed + 1)
        )
        self.optimisers = [self._optimiser(model.generators)]
        if model.objective.gan:
            self.optimisers.append(self._optimiser(model.discriminators))
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(o, lambda step: rate_factor(step, settings.steps))
            for o in self.optimisers
        ]

    def _optimiser(self, networks: nn.ModuleList) -> torch.optim.Adam:
        s = self.settings
        return torch.optim.Adam(
            networks.parameters(), lr=s.rate, betas=(s.beta1, s.beta2), fused=True
        )

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """G and F for samples, evaluation and saving: the moving averages where there are any."""
        G, F = self.average.module if self.average is not None else self.model.generators
        return G, F

    def _autocast(self) -> AbstractContextManager:
        enabled = self.settings.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.optimisers[0].param_groups[0]["lr"]

    def change(self, objective: Objective | None = None, rate: float | None = None) -> None:
        """Train on with other weights of the terms, or another base rate, from the next step on.

        The schedule goes on as planned, over the new base rate. Raises ConfigError, and changes
        nothing, where the networks do not fit: discriminators are made once, at the beginning.
        """
        if rate is not None:
            replace(self.settings, rate=rate)  # Checks it.
        if objective is not None:
            self.check(objective)
            self.model.objective = objective
            # A judge that is left out from now on must not be moved by what it learned last.
            self.model.discriminators.zero_grad(set_to_none=True)
        if rate is not None:
            for optimiser, schedule in zip(self.optimisers, self.schedules, strict=True):
                schedule.base_lrs = [rate]
                factor = rate_factor(self.steps_done, self.settings.steps)
                optimiser.param_groups[0].update(initial_lr=rate, lr=rate * factor)

    def check(self, objective: Objective) -> None:
        if objective.gan and self.model.D_X is None:
            raise ConfigError(
                "This training began without discriminators; the GAN term cannot be added to it."
            )
        if bool(objective.paired) != bool(self.model.objective.paired):
            raise ConfigError("True pairs are chosen when a training begins, not on the way.")

    def step(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """One update of all networks on unpaired batches x, y: (N, 3, H, W) in [-1, 1].

        Returns the weighted terms. Raises NonFiniteError before a bad update is applied.
        """
        model = self.model
        model.discriminators.requires_grad_(False)
        with self._autocast():
            terms, fakes = model.generator_terms(x, y, self.steps_done / self.settings.steps)
        values = self._backward(self.optimisers[0], terms)

        if model.objective.gan:
            model.discriminators.requires_grad_(True)
            fakes = Fakes(*(pool.query(f) for pool, f in zip(self.pools, fakes, strict=True)))
            with self._autocast():
                terms = model.discriminator_terms(x, y, fakes)
            values |= self._backward(self.optimisers[1], terms)

        # The fakes carry no gradient, so D_X and D_Y never depend on this step's update of G and F:
        # all updates can wait until all gradients are known to be finite.
        for optimiser in self.optimisers:
            optimiser.step()
        if self.average is not None:
            self.average.update_parameters(model.generators)
        for schedule in self.schedules:
            schedule.step()
        self.steps_done += 1
        return values

    def _backward(self, optimiser: torch.optim.Adam, terms: dict[str, Tensor]) -> dict[str, float]:
        optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        gradients = [p.grad for p in optimiser.param_groups[0]["params"] if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        numbers = torch.stack([t.detach().float() for t in terms.values()] + [norm.float()])
        *values, norm = numbers.tolist()
        values = dict(zip(terms, values, strict=True))
        for name, value in {**values, "gradient of " + " + ".join(terms): norm}.items():
            if not -float("inf") < value < float("inf"):
                raise NonFiniteError(f"The {name} became {value} at step {self.steps_done + 1}.")
        return values

    def fit(
        self, batches: Iterable[tuple[Tensor, Tensor]], callbacks: Sequence[Callback] = ()
    ) -> None:
        """Step through `batches` until they, or the settings' steps, end, or `stop` is set."""
        waiting = time.perf_counter()
        for x, y in batches:
            x, y = x.to(self.device, non_blocking=True), y.to(self.device, non_blocking=True)
            arrived = time.perf_counter()
            rate = self.rate
            terms = self.step(x, y)
            now = time.perf_counter()
            done = StepDone(self.steps_done, terms, rate, now - waiting, arrived - waiting)
            for callback in callbacks:
                callback(self, done)
            if self.stop or self.steps_done >= self.settings.steps:
                break
            waiting = time.perf_counter()

    def state_dict(self) -> dict:
        """All that the next step depends on; the data position is `steps_done`."""
        return {
            "steps_done": self.steps_done,
            "objective": asdict(self.model.objective),
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimisers": [o.state_dict() for o in self.optimisers],
            "schedules": [s.state_dict() for s in self.schedules],
            "pools": [pool.state_dict() for pool in self.pools],
            "random": torch.get_rng_state(),
        }

    def load_state_dict(self, state: dict) -> None:
        """Continue from `state_dict()` of a trainer with the same model and settings."""
        self.steps_done = state["steps_done"]
        if "objective" in state:  # Absent from states that older versions saved.
            self.change(Objective(**state["objective"]))
        self.model.load_state_dict(state["model"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        for part, saved in zip(self.optimisers, state["optimisers"], strict=True):
            part.load_state_dict(saved)
        for part, saved in zip(self.schedules, state["schedules"], strict=True):
            part.load_state_dict(saved)
        for pool, saved in zip(self.pools, state["pools"], strict=True):
            pool.load_state_dict(saved, self.device)
        torch.set_rng_state(state["random"].cpu())
