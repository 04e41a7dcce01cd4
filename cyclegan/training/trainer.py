"""The training algorithm: G and F first, then D_X and D_Y (paper, sections 4 and 7.1).

Receives batches and reports each step to callbacks. Opens no file and knows no page; sampling,
logging, saving and stopping are the callbacks' work.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ..core.config import ConfigError, Objective, Training
from ..core.pool import ImagePool
from ..methods.model import WAYS, CycleGAN, Fakes, Way
from . import processes as ranks

T = TypeVar("T")

CHECK_EVERY = 50
"""Steps after which a GPU is asked whether all numbers were finite."""


def quick_precision(device: torch.device) -> str:
    """What is faster on a device: "bfloat16" where it multiplies matrices of it, else "float32".

    That is so on GPUs from NVIDIA's Ampere on and on CPUs with AMX; elsewhere, where bfloat16 is
    emulated, it is slower.
    """
    if device.type == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # Older ones lack it.
        quick = device.type == "cpu" and capabilities.get("amx_bf16", False)
    return "bfloat16" if quick else "float32"


class NonFiniteError(RuntimeError):
    """A loss or a gradient became infinite or not a number; the weights are as before the step."""


@dataclass(frozen=True)
class StepDone:
    """What one step reports.

    step: steps done so far, this one included.
    terms: weighted terms of the objective by name, unitless, each of one element on the trainer's
        device: to read one waits for the device. With several processes their mean.
    rate: the learning rate that the step used.
    seconds: the whole step, of which `waited` went by before its batch arrived.
    """

    step: int
    terms: dict[str, Tensor]
    rate: float
    seconds: float
    waited: float


Callback = Callable[["Trainer", StepDone], None]


def rate_factor(step: int, steps: int) -> float:
    """Share of the base rate at a step: 1 for the first half, then linear to 0 (section 7.1)."""
    half = steps // 2
    return 1.0 - max(0, step - half) / (steps - half)


class Trainer:
    """Trains one CycleGAN.

    model: the four networks; moved to `device`.
    settings: steps, rates, pool, moving average, precision, seed.
    device: where to train.

    With several processes (`ranks`), each has a trainer with the same settings, batches and pools
    of its own, and the mean of all gradients. `stop = True` (from a callback or a signal handler,
    in any of the processes) ends `fit` after the current step.
    """

    def __init__(self, model: CycleGAN, settings: Training, device: torch.device):
        self.model = model.to(device).train()
        self.settings = settings
        self.device = device
        self.steps_done = 0
        self.stop = False
        self.average = None
        if settings.ema_decay:
            self.average = AveragedModel(model.generators, multi_avg_fn=self._average_in)
        seed = settings.seed + 2 * ranks.rank()
        self.pools = Fakes(ImagePool(settings.pool, seed), ImagePool(settings.pool, seed + 1))
        self.optimisers = [self._optimiser(model.generators)]
        if model.objective.gan:
            self.optimisers.append(self._optimiser(model.discriminators))
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(o, lambda step: rate_factor(step, settings.steps))
            for o in self.optimisers
        ]
        self.check_every = 1 if device.type == "cpu" else CHECK_EVERY
        self._rows: list[tuple[int, tuple[str, ...], Tensor]] = []
        self._bad = torch.zeros((), device=device)
        self._side_by_side: ThreadPoolExecutor | None = None
        self._shared = self._share() if ranks.count() > 1 else {}

    def _optimiser(self, networks: nn.ModuleList) -> torch.optim.Adam:
        s = self.settings
        return torch.optim.Adam(
            networks.parameters(), lr=s.rate, betas=(s.beta1, s.beta2), fused=True
        )

    @torch.no_grad()
    def _average_in(self, averaged: list[Tensor], current: list[Tensor], _: Tensor) -> None:
        """Update rule for AveragedModel; the first steps forget faster, as they have little."""
        n = float(self.average.n_averaged)  # It stays on the CPU; the copy that is handed in not.
        keep = min(self.settings.ema_decay, (1 + n) / (10 + n))
        torch._foreach_lerp_(averaged, current, 1 - keep)

    def _share(self) -> dict[str, nn.Module]:
        """The model's forward passes, with the mean of all processes' gradients behind them."""
        trained = {"generator_terms": self.model.generators}
        if self.model.objective.gan:
            trained["discriminator_terms"] = self.model.discriminators
        return {
            name: ranks.shared(networks, getattr(self.model, name), self.device)
            for name, networks in trained.items()
        }

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """G and F for samples, evaluation and saving: the moving averages where there are any."""
        G, F = self.average.module if self.average is not None else self.model.generators
        return G, F

    def _autocast(self) -> AbstractContextManager:
        enabled = self.settings.precision == "bfloat16"
        # Every weight is used once a pass: there is nothing for a cache to save, and two threads
        # would empty it for each other.
        return torch.autocast(
            self.device.type,
            torch.bfloat16,
            enabled=enabled,
            cache_enabled=self.device.type != "cpu",
        )

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

    def step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """One update of all networks on unpaired batches x, y: (N, 3, H, W) in [-1, 1].

        Returns the weighted terms. Raises NonFiniteError before a bad update is applied; on a GPU,
        which is not waited for, up to CHECK_EVERY steps late, no update having been applied since.
        """
        model = self.model
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        model.discriminators.requires_grad_(False)
        terms, fakes = self._generate(x, y)
        if model.objective.gan:
            model.discriminators.requires_grad_(True)
            fakes = Fakes(*(pool.query(f) for pool, f in zip(self.pools, fakes, strict=True)))
            terms |= self._judge(x, y, fakes)

        # The fakes carry no gradient, so D_X and D_Y never depend on this step's update of G and F:
        # all updates can wait until all gradients are known to be finite.
        terms = self._watch(terms)
        for optimiser in self.optimisers:
            optimiser.step()
        if self.average is not None:
            self.average.update_parameters(model.generators)
        for schedule in self.schedules:
            schedule.step()
        self.steps_done += 1
        return terms

    def _generate(self, x: Tensor, y: Tensor) -> tuple[dict[str, Tensor], Fakes]:
        """Gradients of G and F; returns the terms, and the images made."""
        progress = self.steps_done / self.settings.steps

        def half(ways: Sequence[Way]) -> tuple[dict[str, Tensor], Fakes]:
            with self._autocast():
                terms, fakes = self._forward("generator_terms")(x, y, progress, ways)
            sum(terms.values()).backward()
            return terms, fakes

        halves = self._each_way(half)
        made = {n: f for _, half in halves for n, f in half._asdict().items() if f is not None}
        return _joined(terms for terms, _ in halves), Fakes(**made)

    def _judge(self, x: Tensor, y: Tensor, fakes: Fakes) -> dict[str, Tensor]:
        """Gradients of D_X and D_Y; returns the terms."""

        def half(ways: Sequence[Way]) -> dict[str, Tensor]:
            with self._autocast():
                terms = self._forward("discriminator_terms")(x, y, fakes, ways)
            sum(terms.values()).backward()
            return terms

        return _joined(self._each_way(half))

    def _forward(self, name: str) -> Callable:
        """The model's method of that name, or what shares its gradients with other processes."""
        return self._shared[name] if self._shared else getattr(self.model, name)

    def _each_way(self, half: Callable[[Sequence[Way]], T]) -> list[T]:
        """Both halves of the objective: on a CPU at once, on half of the threads each.

        They share weights alone, and a sum of two gradients does not depend on the order. Two
        small networks side by side keep two cores busier than one on both.
        """
        threads = torch.get_num_threads()
        if self.device.type != "cpu" or threads < 2 or self._shared:
            return [half(WAYS)]
        if self._side_by_side is None:
            self._side_by_side = ThreadPoolExecutor(
                len(WAYS), "way", torch.set_num_threads, (threads // len(WAYS),)
            )
        return list(self._side_by_side.map(half, [(way,) for way in WAYS]))

    @torch.no_grad()
    def _watch(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Take note of this step's numbers; from the first bad ones on, no update is applied."""
        norms = {}
        for networks, optimiser in zip(("G and F", "D_X and D_Y"), self.optimisers, strict=False):
            gradients = [p.grad for p in optimiser.param_groups[0]["params"] if p.grad is not None]
            if gradients:
                norms[f"gradient of {networks}"] = torch.nn.utils.get_total_norm(gradients)
        row = torch.stack([t.float() for t in (*terms.values(), *norms.values())])
        row = ranks.mean(row)
        self._rows.append((self.steps_done + 1, (*terms, *norms), row))
        self._bad = torch.maximum(self._bad, (~row.isfinite().all()).float())
        if len(self._rows) >= self.check_every:
            self.ensure_finite()
        for optimiser in self.optimisers:
            # What a GradScaler sets: a fused optimiser then decides without being waited for.
            optimiser.grad_scale, optimiser.found_inf = None, self._bad
        return dict(zip(terms, row[: len(terms)].unbind(), strict=True))

    def ensure_finite(self) -> None:
        """Raise NonFiniteError if a step since the last look had a term or gradient that is not."""
        rows, self._rows = self._rows, []
        if not self._bad:
            return
        self._bad = torch.zeros_like(self._bad)
        for step, names, row in rows:
            for name, value in zip(names, row.tolist(), strict=True):
                if not math.isfinite(value):
                    raise NonFiniteError(f"The {name} became {value} at step {step}.")

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
            self.stop = ranks.any_of(self.stop)
            if self.stop or self.steps_done >= self.settings.steps:
                break
            waiting = time.perf_counter()

    def state_dict(self) -> dict:
        """All that the next step depends on; the data position is `steps_done`.

        With several processes all of them call this; the pools of all are in rank 0's. Raises
        NonFiniteError rather than hand out a state after bad numbers.
        """
        self.ensure_finite()
        return {
            "steps_done": self.steps_done,
            "objective": asdict(self.model.objective),
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimisers": [o.state_dict() for o in self.optimisers],
            "schedules": [s.state_dict() for s in self.schedules],
            "pools_by_rank": ranks.gather([pool.state_dict() for pool in self.pools]),
        }

    def load_state_dict(self, state: dict) -> None:
        """Continue from `state_dict()` of a trainer with the same model and settings.

        And with as many processes, each of which calls this with rank 0's.
        """
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
        # A state that an older version saved is of a single process.
        pools = state["pools_by_rank"] if "pools_by_rank" in state else [state["pools"]]
        for pool, saved in zip(self.pools, pools[ranks.rank()], strict=True):
            pool.load_state_dict(saved, self.device)


def _joined(halves: Iterable[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The terms of all halves, G's beside F's and D_X's before D_Y's, as a person lists them."""
    found = {name: term.detach() for half in halves for name, term in half.items()}
    kinds = ("gan", "cycle", "identity", "paired", "D_X", "D_Y")

    def place(name: str) -> int:
        return next((i for i, kind in enumerate(kinds) if name.startswith(kind)), len(kinds))

    return {name: found[name] for name in sorted(found, key=place)}
