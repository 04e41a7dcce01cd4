"""One of two processes of tests/test_ranks.py: `python ranks_worker.py FOLDER`, by torchrun.

Each takes two steps on its share of a joint batch; rank 0 writes what all have come to.
"""

import sys
from pathlib import Path

import torch
from tiny import config

from cyclegan.core.config import ORDERS
from cyclegan.methods import Model
from cyclegan.training import processes as ranks
from cyclegan.training.trainer import Trainer


def joint_batches(steps: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Four pictures of X and of Y a step: two a process."""
    from tiny import batch

    return [(batch(4, seed=10 + step), batch(4, seed=20 + step)) for step in range(steps)]


def train(trainer: Trainer, share: slice, steps: int = 3) -> dict:
    """Gradients of the first step, terms of every step, and the weights after the last.

    In turn there are none left: they are let go with each update.
    """
    gradients, terms = None, []
    for x, y in joint_batches(steps):
        terms.append({name: float(t) for name, t in trainer.step(x[share], y[share]).items()})
        if gradients is None:
            gradients = [p.grad.clone() for p in trainer.model.parameters() if p.grad is not None]
    return {"gradients": gradients, "terms": terms, "weights": trainer.model.state_dict()}


def trainer(seed: int, order: str) -> Trainer:
    torch.manual_seed(seed)
    c = config(steps=10, pool=0, order=order)
    return Trainer(Model(c), c.training, torch.device("cpu"))


def main() -> None:
    torch.set_num_threads(1)
    ranks.join(torch.device("cpu"))
    first, found = 2 * ranks.rank(), {}
    for order in ORDERS:
        # Weights that differ: rank 0's are the ones that count.
        found[order] = train(trainer(ranks.rank(), order), slice(first, first + 2))
    everything = ranks.gather(found)
    if ranks.is_first():
        torch.save(everything, Path(sys.argv[1]) / "found.pt")
    ranks.leave()


if __name__ == "__main__":
    main()
