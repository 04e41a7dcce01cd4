"""What makes a step fast on a machine: precision, threads, processes. It changes no equation.

Computes a player's losses and their gradients. Knows no optimiser, no data and no method.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.networks import is_over_batches
from ..methods import Losses, Model, Moment, Player
from ..methods.method import Part
from . import processes


@dataclass
class Found:
    """What a player's parts came to, without gradient: terms and what was told, and tensors."""

    terms: dict[str, Tensor] = field(default_factory=dict)
    made: dict[str, Tensor] = field(default_factory=dict)


class Engine:
    """Forward and backward passes of the players of one model on one device.

    precision: "bfloat16" for autocast, or "float32".
    """

    def __init__(
        self, model: Model, players: Sequence[Player], device: torch.device, precision: str
    ):
        self.model = model
        self.device = device
        self.is_mixed = precision == "bfloat16"
        # Both parts would write into one average of what a batch norm has seen.
        self.is_one_by_one = any(map(is_over_batches, model.networks.values()))
        self._side_by_side: ThreadPoolExecutor | None = None
        self._shared: dict[int, Callable] = {}
        if processes.count() > 1:
            for player in players:
                group = model.group(player.roles)
                self._shared[id(player)] = processes.shared(group, self._forward(player), device)

    def gradients(self, player: Player, moment: Moment) -> Found:
        """Add to the gradients of the player's networks; the others stand still meanwhile."""
        for role, network in self.model.networks.items():
            network.requires_grad_(role in player.roles)
        found = Found()
        for losses in self._each(player, moment):
            found.terms |= {n: t.detach() for n, t in {**losses.terms, **losses.told}.items()}
            found.made |= losses.made
        return found

    def _each(self, player: Player, moment: Moment) -> Iterable[Losses]:
        """The losses of all parts, after their backward passes: on a CPU side by side, on a share
        of the threads each.

        Parts share weights alone, and a sum of two gradients does not depend on the order. Two
        small networks side by side keep two cores busier than one on both. With a batch norm they
        share what it keeps as well, and go one after the other.
        """
        if self._shared:
            losses = self._backward(self._shared[id(player)], moment)
            # What networks keep of the items that they saw, another player may ask for next.
            processes.agree(self.model.group(player.roles).buffers())
            return [losses]
        threads, parts = torch.get_num_threads(), len(player.parts)
        runs = [self._run(part) for part in player.parts]
        if self.device.type != "cpu" or threads < parts or parts != 2 or self.is_one_by_one:
            return [self._backward(run, moment) for run in runs]
        if self._side_by_side is None:
            self._side_by_side = ThreadPoolExecutor(
                parts, "part", torch.set_num_threads, (threads // parts,)
            )
        return self._side_by_side.map(lambda run: self._backward(run, moment), runs)

    def _run(self, part: Part) -> Callable[[Moment], Losses]:
        return lambda moment: part(self.model, moment)

    def _forward(self, player: Player) -> Callable[[Moment], Losses]:
        """All parts of a player in one pass, as processes that share gradients need it."""

        def forward(moment: Moment) -> Losses:
            parts = [part(self.model, moment) for part in player.parts]
            return Losses(
                *(
                    {k: v for part in parts for k, v in getattr(part, kind).items()}
                    for kind in ("terms", "told", "made")
                )
            )

        return forward

    def _backward(self, run: Callable[[Moment], Losses], moment: Moment) -> Losses:
        with self._autocast():
            losses = run(moment)
        if losses.terms:
            sum(losses.terms.values()).backward()
        return losses

    def _autocast(self) -> AbstractContextManager:
        # Every weight is used once a pass: there is nothing for a cache to save, and two threads
        # would empty it for each other.
        return torch.autocast(
            self.device.type,
            torch.bfloat16,
            enabled=self.is_mixed,
            cache_enabled=self.device.type != "cpu",
        )
