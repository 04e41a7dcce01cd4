"""The training algorithm: player after player, then all updates at once, or each after its player.

Receives batches and reports each step to callbacks. Knows no method and no page, and opens no file;
sampling, logging, saving and stopping are the callbacks' work, and speed is the engine's.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ..core.config import ConfigError, Objective, Training, objective_from
from ..core.pool import ImagePool
from ..methods import Model, Moment, Player
from . import processes
from .batches import Batch
from .engine import Engine
from .watch import NonFiniteError, Watch, join

__all__ = ["Callback", "NonFiniteError", "StepDone", "Trainer"]


@dataclass(frozen=True)
class StepDone:
    """What one step reports.

    step: steps done so far, this one included.
    terms: weighted terms of the objective by name, and what was told beside them, unitless, each of
        one element on the trainer's device: to read one waits for the device. With several
        processes their mean.
    rate: the learning rate that the step used.
    seconds: the whole step, of which `waited` went by before its batch arrived.
    gradients: norms of those that moved the networks, by role, likewise of one element each.
    """

    step: int
    terms: dict[str, Tensor]
    rate: float
    seconds: float
    waited: float
    gradients: dict[str, Tensor] = field(default_factory=dict)


Callback = Callable[["Trainer", StepDone], None]


class Trainer:
    """Trains one model by the players of its method.

    model: its networks; moved to `device`.
    settings: steps, rates, pool, moving average, precision, seed.
    device: where to train.

    With several processes (`processes`), each has a trainer with the same settings, batches and
    pools of its own, and the mean of all gradients. `stop = True` (from a callback or a signal
    handler, in any of the processes) ends `fit` after the current step.
    """

    def __init__(self, model: Model, settings: Training, device: torch.device):
        self.model = model.to(device).train()
        self.method = model.method
        self.settings = settings
        self.device = device
        self.objective = model.config.objective
        self.steps_done = 0
        self.stop = False
        self.average = None
        if settings.ema_decay and self.method.averaged:
            averaged = model.group(self.method.averaged)
            # What a batch norm keeps is averaged like the weights: else it would belong to others,
            # and at batch 1 to the last few pictures alone.
            how = {"multi_avg_fn": self._average_in, "use_buffers": True}
            self.average = AveragedModel(averaged, **how)
        names = self.method.remembered
        first = settings.seed + len(names) * processes.rank()
        self.pools = {n: ImagePool(settings.pool, first + i) for i, n in enumerate(names)}
        self.in_turn = settings.order == "in-turn"
        self.players = (
            self.method.players_in_turn(self.objective)
            if self.in_turn
            else self.method.players(self.objective)
        )
        if not self.players:
            raise ConfigError(f"{self.method.name} knows no updates in turn; choose together.")
        self.learners = list(self.players)
        if self.in_turn:  # The first of those with the same roles: they share an optimiser.
            firsts = {player.roles: player for player in reversed(self.players)}
            self.learners = [p for p in self.players if p is firsts[p.roles]]
        self.optimisers = [self._optimiser(player) for player in self.learners]
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(o, settings.rate_factor) for o in self.optimisers
        ]
        self.engine = Engine(model, self.players, device, settings.precision)
        called = [join(player.roles) for player in self.learners]
        trained = [{role: model[role] for role in player.roles} for player in self.learners]
        named = (dict(zip(called, what, strict=True)) for what in (self.optimisers, trained))
        self.watch = Watch(*named, device)

    def _optimiser(self, player: Player) -> torch.optim.Adam:
        s, networks = self.settings, self.model.group(player.roles)
        return torch.optim.Adam(
            networks.parameters(), lr=s.rate * player.rate, betas=(s.beta1, s.beta2), fused=True
        )

    @torch.no_grad()
    def _average_in(self, averaged: list[Tensor], current: list[Tensor], _: Tensor) -> None:
        """Update rule for AveragedModel; the first steps forget faster, as they have little."""
        n = float(self.average.n_averaged)  # It stays on the CPU; the copy that is handed in not.
        keep = min(self.settings.ema_decay, (1 + n) / (10 + n))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, 1 - keep)
        else:  # A count, in somebody else's network.
            torch._foreach_copy_(averaged, current)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """By role, for samples, figures and saving: moving averages where there are any."""
        found = self.model.networks
        if self.average is not None:
            roles = [role for role in self.method.averaged if role in found]
            found |= dict(zip(roles, self.average.module, strict=True))
        return found

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.optimisers[0].param_groups[0]["lr"]

    @property
    def gradients(self) -> dict[str, Tensor]:
        """Norms of the last step's gradients, by role, one element each."""
        return dict(self.watch.norms)

    @property
    def stage(self) -> str:
        """The stage of the next step."""
        return self.method.stage(self.steps_done, self.settings.steps)

    def change(self, objective: Objective | None = None, rate: float | None = None) -> None:
        """Train on with other weights of the terms, or another base rate, from the next step on.

        The schedule goes on as planned, over the new base rate. Raises ConfigError, and changes
        nothing, where the networks do not fit: they are made once, at the beginning.
        """
        if rate is not None:
            replace(self.settings, rate=rate)  # Checks it.
        if objective is not None:
            self.check(objective)
            self.objective = objective
        if rate is not None:
            for player, schedule in zip(self.learners, self.schedules, strict=True):
                schedule.base_lrs = [rate * player.rate]
            self._set_rates()

    def _set_rates(self) -> None:
        """The rates of the next step, by the base rates and the settings' schedule."""
        factor = self.settings.rate_factor(self.steps_done)
        for optimiser, schedule in zip(self.optimisers, self.schedules, strict=True):
            (base,) = schedule.base_lrs
            optimiser.param_groups[0].update(initial_lr=base, lr=base * factor)

    def check(self, objective: Objective) -> None:
        """Raise ConfigError where this training cannot go on with an objective."""
        if objective.method != self.method.key:
            raise ConfigError("The method is chosen when a training begins, not on the way.")
        playing = self.method.playing(objective)
        if missing := [role for role in playing if self.model[role] is None]:
            raise ConfigError(
                f"This training began without {join(missing)}; a term that needs them cannot be "
                "added to it."
            )

    def step(
        self, x: Tensor, y: Tensor, labels: tuple[Tensor, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """One update of all networks on batches x, y: (N, C, …) in [-1, 1].

        The players take turns on what those before them made (CycleGAN: G and F, then D_X and D_Y,
        sections 4 and 7.1); nobody depends on another's update of this step, so that all updates
        wait until all gradients are known to be finite. With updates in turn, each player depends
        on those before it, and each update waits for its own gradients. Returns the weighted terms.
        Raises NonFiniteError before a bad update is applied; on a GPU, which is not waited for, up
        to CHECK_EVERY looks late, no update having been applied since.
        """
        now = self.objective.at(self.steps_done, self.settings.steps)
        seed = self.settings.seed + processes.rank() * 7919
        moment = Moment(x, y, now, labels, self.steps_done, self.stage, seed)
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        self.watch.norms = {}
        terms: dict[str, Tensor] = {}
        made: dict[str, Tensor] = {}
        for player in self._playing(now, moment.stage):
            moment.made |= {name: self._remembered(name, t) for name, t in made.items()}
            found = self.engine.gradients(player, moment)
            made = found.made
            terms |= self._update(found.terms, player) if self.in_turn else found.terms
        terms = {name: terms[name] for name in self.method.in_order(terms)}
        if not self.in_turn:
            terms = self._update(terms)
        if self.average is not None:
            self.average.update_parameters(self.model.group(self.method.averaged))
        for schedule in self.schedules:
            schedule.step()
        self.steps_done += 1
        return terms

    def _update(self, terms: dict[str, Tensor], player: Player | None = None) -> dict[str, Tensor]:
        """Apply a player's gradients, or everybody's, once they and the terms are known to be
        finite; returns the terms, with several processes as their mean."""
        roles = list(dict.fromkeys(p.roles for p in ([player] if player else self.learners)))
        terms = self.watch.look(self.steps_done + 1, terms, [join(r) for r in roles])
        for learner, optimiser in zip(self.learners, self.optimisers, strict=True):
            if learner.roles in roles:
                optimiser.step()
                if player:  # Who may have another turn in this step.
                    optimiser.zero_grad(set_to_none=True)
        return terms

    def _playing(self, objective: Objective, stage: str) -> list[Player]:
        """The players of a step."""
        wanted = (player for player in self.players if player.when(objective))
        return [player for player in wanted if not player.stages or stage in player.stages]

    def _remembered(self, name: str, made: Tensor) -> Tensor:
        """What was made, or older ones from the history (section 7.1; Shrivastava et al. 2017)."""
        return self.pools[name].query(made) if name in self.pools else made

    def fit(self, batches: Iterable[Batch], callbacks: Sequence[Callback] = ()) -> None:
        """Step through `batches` until they, or the settings' steps, end, or `stop` is set."""
        waiting = time.perf_counter()
        for batch in batches:
            batch = batch.to(self.device)
            arrived = time.perf_counter()
            rate = self.rate
            terms = self.step(*batch)
            now = time.perf_counter()
            took = now - waiting, arrived - waiting
            done = StepDone(self.steps_done, terms, rate, *took, self.gradients)
            for callback in callbacks:
                callback(self, done)
            # Their answer is not kept in `stop`: a signal may set that while they confer.
            if processes.any_of(self.stop) or self.steps_done >= self.settings.steps:
                break
            waiting = time.perf_counter()

    def state_dict(self) -> dict:
        """All that the next step depends on; the data position is `steps_done`.

        With several processes all of them call this; the pools of all are in the first's. Raises
        NonFiniteError rather than hand out a state after bad numbers.
        """
        self.watch.ensure_finite()
        return {
            "steps_done": self.steps_done,
            "method": self.method.key,
            "objective": asdict(self.objective),
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average is not None else None,
            "optimisers": [o.state_dict() for o in self.optimisers],
            "schedules": [s.state_dict() for s in self.schedules],
            "pools_by_rank": processes.gather([p.state_dict() for p in self.pools.values()]),
        }

    def load_state_dict(self, state: dict) -> None:
        """Continue from `state_dict()` of a trainer with the same model and settings, but for
        steps, batch and schedule of the rate, which are this one's.

        And with as many processes, each of which calls this with the first's.
        """
        self.steps_done = state["steps_done"]
        if "objective" in state:  # Absent from states that older versions saved.
            self.change(self._objective_of(state))
        self.model.load_state_dict(state["model"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        for part, saved in zip(self.optimisers, state["optimisers"], strict=True):
            part.load_state_dict(saved)
        for part, saved in zip(self.schedules, state["schedules"], strict=True):
            part.load_state_dict(saved)
        self._set_rates()
        # A state that an older version saved is of a single process.
        pools = state["pools_by_rank"] if "pools_by_rank" in state else [state["pools"]]
        for pool, saved in zip(self.pools.values(), pools[processes.rank()], strict=True):
            pool.load_state_dict(saved, self.device)

    def _objective_of(self, state: dict) -> Objective:
        values = state["objective"]
        if "method" in state:
            return objective_from(self.method.key, values)
        # Older states know no schedule; what the run plans still holds.
        older = objective_from(self.method.key, type(self.objective).from_older(values))
        return replace(older, schedule=self.objective.schedule)
