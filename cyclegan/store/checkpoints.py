"""Save and load checkpoints: config.json + model.safetensors + metrics.json, one folder each.

`python -m cyclegan.checkpoints RUN DESTINATION` copies a run's checkpoint for shipping.

A checkpoint set is a folder of such folders, and other seeds of a variant lie in the variant's own
folder, as seed-N. Knows nothing of training state, devices or the Hub.
"""

import argparse
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors import torch as safetensors
from torch import Tensor, nn

from .. import methods
from ..core import files
from ..core.config import Config, ConfigError
from ..core.files import FileError, printable, size, write_atomically, write_json
from ..methods import Model

CONFIG, WEIGHTS, METRICS = "config.json", "model.safetensors", "metrics.json"

COMPARISONS = "comparisons.json"
"""Of a set: what differs between its variants beyond chance (`inference.comparisons`)."""

LADDER = "ladder.json"
"""Of a set whose variants differ in one weight alone, step by step: which, and on which lesson."""

BESIDE = "data_from_here"
"""Among the facts of a run: the way from its folder to its pictures."""

MAX_BYTES = 2 * 1024**3
"""A larger file of weights is refused; the largest that any published CycleGAN needs is 0.5 GB."""

BUNDLED = Path(__file__).parents[2] / "checkpoints"
"""Where the checkpoint sets lie that come with the project."""


class CheckpointError(ValueError):
    """A folder is no usable checkpoint; the message says what is wrong with it."""


@dataclass(frozen=True)
class Checkpoint:
    """One trained variant, ready for use.

    model: in eval mode, float32, without gradients; D_X and D_Y are None where not shipped, and F
        too where a foreign file holds one direction only.
    metrics: what `cyclegan.evaluation` found, or an empty dict.
    """

    folder: Path
    config: Config
    model: Model
    metrics: dict

    @property
    def name(self) -> str:
        return self.config.objective.name


def read_json(path: Path) -> dict:
    """Read a JSON object beside weights; raises CheckpointError for anything else."""
    try:
        return files.read_json(path)
    except FileError as error:
        raise CheckpointError(str(error)) from error


def read_metrics(folder: Path) -> dict:
    """What `cyclegan.evaluation` found, as far as it is what it should be; empty without a file.

    Whole numbers by "pairs", "items", "samples", "effective" and "size", and figures by network and
    by key ("unchanged": again by network); [low, high] of the same in "intervals"; "held_out":
    False.
    Raises CheckpointError for what is no JSON.
    """
    path = folder / METRICS
    if not path.exists():
        return {}
    values = read_json(path)
    found = {k: int(v) for k, v in files.numbers(values).items() if k in COUNTS and v == int(v)}
    found |= {role: own for role in NETWORKS if (own := files.numbers(values.get(role)))}
    if values.get("held_out") is False:
        found["held_out"] = False
    unchanged, intervals = values.get("unchanged"), values.get("intervals")
    if isinstance(unchanged, dict):
        found["unchanged"] = {role: files.numbers(unchanged.get(role)) for role in NETWORKS}
    if isinstance(intervals, dict):
        found["intervals"] = {role: _intervals(intervals.get(role)) for role in NETWORKS}
        if isinstance(itself := intervals.get("unchanged"), dict):
            found["intervals"]["unchanged"] = {r: _intervals(itself.get(r)) for r in NETWORKS}
    return found


def _intervals(values: object) -> dict[str, list[float]]:
    listed = values.items() if isinstance(values, dict) else ()
    return {
        key: ends
        for key, ends in listed
        if isinstance(ends, list) and len(ends) == 2 and all(map(files.is_number, ends))
    }


COUNTS, NETWORKS = ("pairs", "items", "samples", "effective", "size"), ("G", "F")


def save(
    folder: Path,
    config: Config,
    networks: Mapping[str, nn.Module],
    precision: torch.dtype | None = torch.float16,
) -> None:
    """Write config and weights of one variant.

    Weights are stored in float16, which moves no output by a visible amount (a test holds that).
    What else networks keep, as the averages of a batch norm, is stored in float32: variances may be
    smaller, or larger, than float16 knows. networks: by role; those that only judge may be left
    out. precision: None for the networks'.
    """
    weights = {}
    for name, network in networks.items():
        learned = {key for key, _ in network.named_parameters(remove_duplicate=False)}
        for key, value in network.state_dict().items():
            kind = precision if key in learned else torch.float32
            weights[f"{name}.{key}"] = value.detach().to("cpu", kind).contiguous()
    # As bytes, since only Python's own writing tells a full disk from other errors.
    write_atomically(folder / WEIGHTS, lambda path: path.write_bytes(safetensors.save(weights)))
    write_json(folder / CONFIG, config.to_dict())


def read_config(folder: Path) -> Config:
    """The config of a checkpoint, its data where they lie now; raises CheckpointError."""
    try:
        return placed(Config.from_dict(read_json(folder / CONFIG)), folder)
    except ConfigError as error:
        raise CheckpointError(f"{folder / CONFIG}: {error}") from error


def placed(config: Config, folder: Path) -> Config:
    """The same for a checkpoint in `folder`, whose pictures may have been moved together with it:
    where they are no longer where they were, and lie where they lay from there."""
    way, data = config.facts.get(BESIDE), config.training.data
    if not isinstance(way, str) or os.path.lexists(data) or not (folder / way).is_dir():
        return config
    found = os.path.normpath(folder.absolute() / way)
    return replace(config, training=replace(config.training, data=found))


def beside(data: str, folder: Path) -> dict[str, str]:
    """For the facts of a checkpoint: the way from its folder to that of its pictures, if any."""
    try:
        if os.path.isabs(data) and os.path.isdir(data):
            return {BESIDE: Path(os.path.relpath(data, folder)).as_posix()}
    except ValueError:  # Another drive.
        pass
    return {}


def load(folder: Path) -> Checkpoint:
    """Load one checkpoint; every weight must be there, finite and of the right shape.

    Raises CheckpointError with the first difference; nothing is ever filled up with random
    weights.
    """
    config = read_config(folder)
    try:
        if (folder / WEIGHTS).stat().st_size > MAX_BYTES:
            raise CheckpointError(f"{folder / WEIGHTS} is larger than {size(MAX_BYTES)}.")
        weights = _read_weights(folder / WEIGHTS)
    except FileNotFoundError as error:
        raise CheckpointError(f"{folder} holds no {WEIGHTS}.") from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{folder / WEIGHTS} is damaged: {error}.") from error
    absent = [
        role
        for role in methods.find(config.method).roles
        if role not in needed(config) and not any(key.startswith(f"{role}.") for key in weights)
    ]
    model = restore(config, weights, str(folder / WEIGHTS), absent)
    return Checkpoint(folder, config, model, read_metrics(folder))


MAX_HEADER = 4 * 2**20
"""Bytes of the table of contents of a safetensors file; a CycleGAN's has about 20 kB."""


def _read_weights(path: Path) -> dict[str, Tensor]:
    with open(path, "rb") as file:
        start = file.read(8)
        if len(start) == 8 and int.from_bytes(start, "little") > MAX_HEADER:
            raise CheckpointError(f"{path} declares a header of more than {size(MAX_HEADER)}.")
    return safetensors.load_file(path)


def shipped(folder: Path) -> list[str]:
    """Roles of the networks that a checkpoint ships, in their order, without reading a weight."""
    try:
        with safe_open(folder / WEIGHTS, framework="np") as file:
            found = {key.split(".")[0] for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{folder / WEIGHTS} is damaged: {error}.") from error
    return [role for role in methods.find(read_config(folder).method).roles if role in found]


def shown(config: Config) -> list[str]:
    """Roles that something is shown by, in the order of the views, and those that name what is
    shown; the others only judge."""
    method = methods.find(config.method)
    directions = method.directions(config)
    views = [view for d in directions for view in method.views(config, d)]
    names = [role for d in directions for role in method.namers(d).values()]
    return list(dict.fromkeys([*(role for view in views for role in view.roles), *names]))


def needed(config: Config) -> list[str]:
    """Roles that a checkpoint must have; of foreign files, one direction is enough."""
    return shown(config)[:1] if "layout" in config.facts else shown(config)


def restore(
    config: Config,
    weights: Mapping[str, Tensor],
    where: str,
    absent: Collection[str] = (),
    owner: str = "its config",
    names: Mapping[str, str] | None = None,
) -> Model:
    """The model that a config describes, filled with these weights and no others.

    weights: by the keys of the model's state dict, of any shape and dtype: all is checked.
    absent: networks to leave out. owner: whose keys and shapes are expected, for the sentences,
    which begin with `where` and call a weight by `names`, if it has another name in the file.
    Raises CheckpointError with the first differences. The weights are copied, so that no file has
    to stay as it is.
    """
    with torch.device("meta"):  # A form without memory: nothing is allocated twice, or drawn.
        model = Model(config)
    for name in absent:
        setattr(model, name, None)
    expected = model.state_dict()

    def called(*keys: str) -> str:
        listed = [printable((names or {}).get(key, key)) for key in keys[:3]]
        more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
        return ", ".join(listed) + more

    lacking = sorted(expected.keys() - weights.keys())
    extra = sorted(weights.keys() - expected.keys())
    if lacking and extra:
        raise CheckpointError(f"{where} lacks {called(*lacking)}; it has {called(*extra)} instead.")
    if lacking:
        raise CheckpointError(f"{where} lacks {called(*lacking)}.")
    if extra:
        raise CheckpointError(f"{where} has {called(*extra)}, which {owner} does not.")
    filled = {}
    for key, wanted in expected.items():
        found = weights[key]
        if found.shape != wanted.shape:
            raise CheckpointError(
                f"{where}: {called(key)} has the shape {shape(found)}, {owner} asks for "
                f"{shape(wanted)}."
            )
        if found.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            kind = str(found.dtype).removeprefix("torch.")
            raise CheckpointError(f"{where}: {called(key)} holds {kind}, not real numbers.")
        filled[key] = found.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        # One pass for both: a NaN shows in either, an infinity in one.
        if not all(bound.isfinite() for bound in filled[key].aminmax()):
            raise CheckpointError(f"{where}: {called(key)} holds numbers that are not finite.")
    model.load_state_dict(filled, assign=True)
    return model.eval().requires_grad_(False)


def shape(tensor: Tensor) -> str:
    """Sides of a tensor, of which a hostile file may declare thousands."""
    return str(tuple(tensor.shape)) if tensor.dim() <= 8 else f"of {tensor.dim()} dimensions"


def is_checkpoint(folder: Path) -> bool:
    return (folder / CONFIG).is_file() and (folder / WEIGHTS).is_file()


def find(folder: Path) -> list[Path]:
    """Checkpoint folders of a set, by name; a single checkpoint is a set of one."""
    if is_checkpoint(folder):
        return [folder]
    if not folder.is_dir():
        return []
    return sorted(child for child in folder.iterdir() if is_checkpoint(child))


def seeds(folder: Path) -> dict[int, Path]:
    """The trainings of one variant that differ in their seed alone, by seed.

    The variant's folder itself holds the one that is shown; others lie in it, as seed-N. Raises
    CheckpointError for a config that cannot be read.
    """
    return {seed: one for seed, one in by_seed(folder).items() if is_checkpoint(one)}


def metrics_by_seed(folder: Path) -> dict[int, dict]:
    """What `cyclegan.evaluation` found of all seeds of a variant, be their weights here or not."""
    found = {seed: read_metrics(one) for seed, one in by_seed(folder).items()}
    return {seed: metrics for seed, metrics in found.items() if metrics}


def by_seed(folder: Path) -> dict[int, Path]:
    """Folders of all seeds of a variant, be their weights here or not; of two of one seed, the
    variant's own, or else the first by name."""
    found: dict[int, Path] = {}
    for one in (folder, *sorted(folder.glob("seed-*"))):
        if (one / CONFIG).is_file():
            found.setdefault(read_config(one).training.seed, one)
    return dict(sorted(found.items()))


def locate(name: str) -> Path:
    """The folder of a set or checkpoint by path or by bundled name.

    Bundled names are "drawing" or "drawing/gan-cycle-identity". Raises
    CheckpointError with the valid names.
    """
    for folder in (Path(name), BUNDLED / name):
        if find(folder):
            return folder
    valid = [folder.name for folder in sorted(BUNDLED.glob("*")) if find(folder)]
    raise CheckpointError(
        f"{name} is neither a folder with a checkpoint nor a bundled set; bundled are: "
        f"{', '.join(valid) or 'none'}."
    )


def export(run: Path, destination: Path, with_judges: bool = True) -> None:
    """Copy what a checkpoint needs from a run folder: no training state, log or samples."""
    checkpoint = load(run)
    networks = checkpoint.model.networks
    if not with_judges:
        kept = shown(checkpoint.config)
        networks = {role: network for role, network in networks.items() if role in kept}
    facts = {name: fact for name, fact in checkpoint.config.facts.items() if name != BESIDE}
    save(destination, replace(checkpoint.config, facts=facts), networks)
    if checkpoint.metrics:
        write_json(destination / METRICS, checkpoint.metrics)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.checkpoints",
        description="Copy the checkpoint of a run: config, weights, figures, nothing else.",
    )
    parser.add_argument("run", type=Path, help="a run folder of train.py")
    parser.add_argument("destination", type=Path, help="the folder to write")
    parser.add_argument(
        "--without-discriminators", action="store_true", help="leave D_X and D_Y out"
    )
    args = parser.parse_args(argv)
    try:
        export(args.run, args.destination, not args.without_discriminators)
    except (CheckpointError, OSError) as error:
        print(f"checkpoints: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
