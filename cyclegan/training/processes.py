"""The processes of one training, as `torchrun` or `accelerate launch` start them.

Who this one is, and what all of them must agree on. With a single process everything is a local
matter. Knows nothing of networks; the calls that many processes answer together say so.
"""

import os
from collections.abc import Iterable
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others: rank 0 writes files while they do."""


def launched() -> bool:
    """Whether a launcher started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def join(device: torch.device) -> torch.device:
    """Meet the other processes (blocks until all are there); returns this one's own device.

    Raises RuntimeError where they cannot be met, or where this machine has fewer GPUs than
    processes.
    """
    if device.type == "cuda":
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise RuntimeError(
                f"This machine has {torch.cuda.device_count()} GPUs; start as many processes."
            )
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    # What is said over gloo never waits for a GPU.
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE)
    return device


def leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def count() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def is_first() -> bool:
    """Whether this is the process that writes files and speaks to the user."""
    return rank() == 0


def any_of(flag: bool) -> bool:
    """Whether `flag` holds for one of the processes. All of them call it."""
    if count() == 1:
        return flag
    flags = torch.tensor(float(flag))
    dist.all_reduce(flags, dist.ReduceOp.MAX)
    return bool(flags)


def mean(numbers: Tensor) -> Tensor:
    """The mean of each process's `numbers`, in place. All of them call it."""
    if count() > 1:
        dist.all_reduce(numbers)
        numbers /= count()
    return numbers


def agree(numbers: Iterable[Tensor]) -> None:
    """Let every process have rank 0's `numbers`, in place. All of them call it."""
    if count() > 1:
        for one in numbers:
            dist.broadcast(one, 0)


def gather(part: object) -> list | None:
    """Every process's `part`, in the order of ranks, for rank 0; None for the others.

    All of them call it. `part` must be picklable.
    """
    if count() == 1:
        return [part]
    parts = [None] * count() if is_first() else None
    dist.gather_object(part, parts)
    return parts


class _Forward(nn.Module):
    """A function of networks as a module, whose parameters are theirs."""

    def __init__(self, networks: nn.Module, function):
        super().__init__()
        self.networks = networks
        self._function = function

    def forward(self, *args):
        return self._function(*args)


def shared(networks: nn.Module, function, device: torch.device) -> nn.Module:
    """`function`, after whose backward pass every process has the mean of all gradients.

    networks: those that it trains; all processes begin with rank 0's weights.
    """
    ids = [device.index] if device.type == "cuda" else None
    return DistributedDataParallel(_Forward(networks, function), device_ids=ids)
