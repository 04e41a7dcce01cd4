"""Train the judge who reads digits: `python -m cyclegan.lessons.digits.teach`.

Needs what `pack` wrote, writes `pictures/judge.safetensors`, and says how often it is right.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from ...core.networks.classifier import Classifier
from . import judge
from .judge import seen
from .read import PICTURES, Pack, coloured, grey, load

STEPS, BATCH, RATE = 3000, 64, 1e-3


def domains(pack: Pack, role: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Digits of a role in every domain, uint8 (N, 32, 32, C), and their labels, by domain.

    In training the coloured ones are other digits than the grey ones.
    """
    of_y = "y" if role == "x" else role
    x, y, uci = pack.mnist.of(role), pack.mnist.of(of_y), pack.uci.of(of_y)
    return {
        "grey": (grey(pack.mnist.pictures[x])[..., None], pack.mnist.labels[x]),
        "coloured": (
            coloured(grey(pack.mnist.pictures[y]), pack.colours[y]),
            pack.mnist.labels[y],
        ),
        "UCI": (grey(pack.uci.pictures[uci])[..., None], pack.uci.labels[uci]),
    }


def train(pack: Pack, steps: int = STEPS) -> Classifier:
    """One that saw as many items of each domain, from a fixed seed."""
    random = torch.Generator().manual_seed(0)
    known = [(seen(p), torch.from_numpy(of).long()) for p, of in domains(pack, "x").values()]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Classifier(3, 10)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    for step in range(steps):
        pictures, labels = known[step % len(known)]
        places = torch.randint(len(labels), (BATCH,), generator=random)
        loss = torch.nn.functional.cross_entropy(network(pictures[places]), labels[places])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return network.eval()


def write(folder: Path) -> None:
    """Train the judge that ships, and write it in float16."""
    weights = train(load()).state_dict()
    save_file({name: weight.half() for name, weight in weights.items()}, folder / judge.FILE)


def main() -> int:
    write(PICTURES)
    for name, (pictures, labels) in domains(load(), "t").items():
        right = (judge.says(pictures) == labels).mean()
        print(f"{name}: {right:.3f} of {len(labels)} held-out digits are named rightly")
    return 0


if __name__ == "__main__":
    sys.exit(main())
