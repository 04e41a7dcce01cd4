"""What each term of CyCADA is for, on grey → coloured digits, and the bundled set of it:
`python -m bench.cycada train RUNS`, `… table RUNS`, `… ship RUNS`.

Three seeds of GAN, GAN + cycle, + semantic and + features, and of all terms but one.
`train` goes on after a kill; `table` measures, on all held-out digits, how many coloured ones a
classifier names rightly that learned from each, and how many translations show another digit than
their x. Beside them stand a classifier that saw grey digits alone (that of the
first stage) and one that learned from the labels of Y. `ship` copies the shown seed into the set's
folder and measures it.
"""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bench import jobs, measured
from cyclegan import lessons
from cyclegan.core import evidence
from cyclegan.core.evidence import Blocks, Estimate
from cyclegan.core.networks.classifier import Classifier
from cyclegan.inference import command
from cyclegan.inference.evaluation import BATCH
from cyclegan.inference.translator import Translator
from cyclegan.lessons import UnpairedData
from cyclegan.lessons.digits import judge
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import BUNDLED

NAME, SEEDS, SHOWN = "digits-cycada", (0, 1, 2), 0

COMMON = ("--method", "cycada", "--data", "digits", "--recipe", "lesson", "--precision", "float32")
COMMON += ("--log-every", "50", "--save-every", "1600")

NO_CYCLE = ("--term", "cycle_forward=0", "--term", "cycle_backward=0")
NO_SEMANTIC, NO_FEATURES = ("--term", "semantic=0"), ("--term", "features=0")

FULL, BARE = "gan-cycle-semantic-features", "gan-cycle-features"
UNTIED = "gan-semantic-features"
"""What ships: all terms, all but the semantic one, and all but the cycle."""

ARMS = {
    "gan": (*NO_CYCLE, *NO_SEMANTIC, *NO_FEATURES),
    "gan-cycle": (*NO_SEMANTIC, *NO_FEATURES),
    "gan-cycle-semantic": NO_FEATURES,
    FULL: (),
    BARE: NO_SEMANTIC,
    UNTIED: NO_CYCLE,
}

UPPER_STEPS, UPPER_BATCH, UPPER_RATE = 600, 64, 1e-3
"""Of the classifier that learns from the labels of Y."""


def folder_of(runs: Path, name: str, seed: int) -> Path:
    return runs / f"{name}-{seed}"


def train(runs: Path) -> None:
    """A seed of all arms, then the next."""

    def one(name: str, words: Sequence[str], seed: int) -> None:
        where = folder_of(runs, name, seed)
        jobs.train(where, *COMMON, *words, "--seed", str(seed))
        print(where, flush=True)

    todo = [(name, words, seed) for seed in SEEDS for name, words in ARMS.items()]
    jobs.side_by_side(partial(one, *job) for job in todo)


@torch.no_grad()
def named(network: nn.Module, images: Tensor) -> np.ndarray:
    """What a classifier calls each of (N, C, H, W)."""
    return torch.cat([network(batch).argmax(1) for batch in images.split(BATCH)]).numpy()


def translated(translator: Translator, images: Tensor) -> Tensor:
    """(N, C, H, W) as G makes them, each with a z that is drawn."""
    latents = translator.latents(translator.views("xy"), len(images))
    parts = zip(images.split(BATCH), latents["z"].split(BATCH), strict=True)
    return torch.cat([translator.passes(x, "xy", ("made",), {"z": z})["made"] for x, z in parts])


def share(found: Sequence[np.ndarray]) -> Estimate:
    """The share over items of the mean over seeds; found: of each seed, (N,) of 0 and 1."""
    each = np.mean(found, 0)
    return evidence.of_ratio(each, np.ones(len(each)), Blocks.by(range(len(each))))


def upper(data: UnpairedData, seed: int) -> Classifier:
    """A classifier that learned from the training pictures of Y and their labels."""
    images = data.medium.to_float(torch.stack(list(data.train_y)))
    labels, random = torch.tensor(data.labels[1]), torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = Classifier(images.shape[1], 10)
    optimiser = torch.optim.Adam(network.parameters(), lr=UPPER_RATE)
    for _ in range(UPPER_STEPS):
        places = torch.randint(len(labels), (UPPER_BATCH,), generator=random)
        loss = nn.functional.cross_entropy(network(images[places]), labels[places])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return network.eval()


def written(found: Sequence[np.ndarray]) -> str:
    """ "0.712 (0.690–0.735), seeds 0.70, 0.72, 0.71"."""
    if not found:
        return "–"
    one = share(found)
    low, high = one.interval
    seeds = ", ".join(f"{of.mean():.3f}" for of in found)
    return f"{one.value:.3f} ({low:.3f}–{high:.3f}), seeds {seeds}"


def told(label: str, a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> str:
    """A difference on the same items and seeds, with its interval."""
    pairs = [(share([one]), share([other])) for one, other in zip(a, b, strict=False)]
    found = evidence.difference(pairs, lambda value: value)
    return f"{label}: {found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def table(runs: Path) -> str:
    """Of the runs that are there, and the differences between arms."""
    data = lessons.find("digits").open(32, "none")
    x, y = (data.medium.to_float(torch.stack(list(side))) for side in (data.test_x, data.test_y))
    labels = np.array(data.known_y["label"])
    right: dict[str, list[np.ndarray]] = {"source only": []}
    flipped: dict[str, list[np.ndarray]] = {}
    for name in ARMS:
        for seed in SEEDS:
            folder = folder_of(runs, name, seed)
            if not checkpoints.is_checkpoint(folder):
                continue
            translator = Translator(checkpoints.load(folder))
            if name == FULL:  # The first stage is the same in all arms.
                right["source only"].append(named(translator.model.f_S, y) == labels)
            right.setdefault(name, []).append(named(translator.model.f_T, y) == labels)
            made = data.medium.arrays(data.medium.to_kept(translated(translator, x)))
            flipped.setdefault(name, []).append(judge.says(made) != labels)
    seeds = SEEDS[: len(right["source only"])]
    right["target only"] = [named(upper(data, seed), y) == labels for seed in seeds]
    lines = ["| learned from | accuracy on Y | label flips of G |", "|---|---|---|"]
    lines += [f"| {n} | {written(of)} | {written(flipped.get(n, ()))} |" for n, of in right.items()]
    against = (
        (FULL, "source only"),
        (FULL, BARE),
        (FULL, UNTIED),
        (FULL, "gan-cycle-semantic"),
        ("gan-cycle", "gan"),
    )
    said = [
        told(f"accuracy, {a} less {b}", right[a], right[b])
        for a, b in (*against, ("gan-cycle-semantic", "gan-cycle"))
        if right.get(a) and right.get(b)
    ]
    of_flips = (
        ("gan", "gan-cycle"),
        ("gan-cycle", "gan-cycle-semantic"),
        (BARE, FULL),
        (UNTIED, FULL),
    )
    said += [
        told(f"flips, {a} less {b}", flipped[a], flipped[b])
        for a, b in of_flips
        if flipped.get(a) and flipped.get(b)
    ]
    return "\n".join([*lines, "", *said])


def ship(runs: Path) -> None:
    """The shown seed of all terms and of all but one, but for the judges."""
    for name in (FULL, BARE, UNTIED):
        where = BUNDLED / NAME / name
        shutil.rmtree(where, ignore_errors=True)
        checkpoints.export(folder_of(runs, name, SHOWN), where, with_judges=False)
    command.main([str(BUNDLED / NAME), "--save"])


if __name__ == "__main__":
    measured.main(__doc__, {"train": train, "table": table, "ship": ship})
