"""Whether all numbers of a training are finite, asked of a device without waiting for it.

Knows nothing of what the numbers mean.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from . import processes

CHECK_EVERY = 50
"""Looks (one a step, or one an update) after which a GPU is asked whether all were finite."""


class NonFiniteError(RuntimeError):
    """A loss or a gradient became infinite or not a number; no update has been made by it."""


class Watch:
    """From the first bad numbers on, no update of the optimisers is applied.

    optimisers: by the name of what they train. networks: what each trains, by role.
    norms: of the gradients at the last looks, by role, one element each.
    """

    def __init__(
        self,
        optimisers: Mapping[str, Optimizer],
        networks: Mapping[str, Mapping[str, nn.Module]],
        device: torch.device,
    ):
        self.optimisers = optimisers
        self.networks = networks
        self.norms: dict[str, Tensor] = {}
        self.check_every = 1 if device.type == "cpu" else CHECK_EVERY
        self._rows: list[tuple[int, tuple[str, ...], Tensor]] = []
        self._bad = torch.zeros((), device=device)

    @torch.no_grad()
    def look(
        self, step: int, terms: Mapping[str, Tensor], names: Sequence[str]
    ) -> dict[str, Tensor]:
        """Take note of terms, and of the gradients of the optimisers called so, before their
        update; returns the terms, with several processes as their mean.

        Raises NonFiniteError, on a GPU up to CHECK_EVERY looks late.
        """
        norms = {}
        for name in names:
            found = {}
            for role, network in self.networks[name].items():
                gradients = [p.grad for p in network.parameters() if p.grad is not None]
                if gradients:
                    found[role] = torch.nn.utils.get_total_norm(gradients)
            if found:
                norms[f"gradient of {name}"] = torch.stack([*found.values()]).norm()
            self.norms |= found
        row = torch.stack([t.float() for t in (*terms.values(), *norms.values())])
        row = processes.mean(row)
        self._rows.append((step, (*terms, *norms), row))
        self._bad = torch.maximum(self._bad, (~row.isfinite().all()).float())
        if len(self._rows) >= self.check_every:
            self.ensure_finite()
        for optimiser in self.optimisers.values():
            # What a GradScaler sets: a fused optimiser then decides without being waited for.
            optimiser.grad_scale, optimiser.found_inf = None, self._bad
        return dict(zip(terms, row[: len(terms)].unbind(), strict=True))

    def ensure_finite(self) -> None:
        """Raise NonFiniteError if a step since the last look had a number that is not finite."""
        rows, self._rows = self._rows, []
        if not self._bad:
            return
        self._bad = torch.zeros_like(self._bad)
        for step, names, row in rows:
            bad = [n for n, v in zip(names, row.tolist(), strict=True) if not math.isfinite(v)]
            if bad:
                value = row[names.index(bad[0])].item()
                raise NonFiniteError(f"The {bad[0]} became {value} at step {step}.")


def join(words: Sequence[str]) -> str:
    """ "G and F"; "G, F and E"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
