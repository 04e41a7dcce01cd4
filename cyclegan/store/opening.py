"""Weight files of strangers, made checkpoints of ours by a process with limits.

Whatever a file does to its reader, it does there: what comes back is a folder with config.json and
model.safetensors, written from the tensors that were checked. Knows nothing of who asks.
"""

from pathlib import Path

from ..core.config import Domains
from ..core.confined import Chamber, ConfinedError
from ..core.files import printable, size
from . import checkpoints, formats
from .formats import FormatError

MAX_BYTES = 2**30
"""Of one file; the largest of any published CycleGAN has 0.5 GB."""

SECONDS, MEMORY, PLACES = 30.0, 5 * 2**30, 1
"""What opening may take: a file of the largest size, once as it is and once in 32 bits."""

_CHAMBER = Chamber(f"{__name__}:answer", PLACES, SECONDS, MEMORY, written=2 * MAX_BYTES + 2**20)


def convert(
    paths: tuple[Path, ...],
    folder: Path,
    domains: Domains | None = None,
    image_size: int | None = None,
) -> None:
    """Write into `folder` the checkpoint that foreign files hold, in 32 bits.

    domains, image_size: as in `formats.load`. Raises CheckpointError with what is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    asked = {
        "paths": [str(path.resolve()) for path in paths],
        "folder": str(folder.resolve()),
        "domains": domains and [domains.x, domains.y],
        "image_size": image_size,
    }
    try:
        _CHAMBER(asked)
    except ConfinedError as error:
        if error.kind.endswith(("FormatError", "CheckpointError", "ConfigError")):
            raise FormatError(str(error)) from None
        names = " and ".join(printable(path.name) for path in paths)
        raise FormatError(f"{names} {error.why}.") from None


def answer(asked: dict, _: bytes) -> tuple[None, bytes]:
    """What the process does for `convert`."""
    paths = [Path(path) for path in asked["paths"]]
    for path in paths:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise FormatError(
                f"{printable(path.name)} has {size(path.stat().st_size)}; at most "
                f"{size(MAX_BYTES)} are opened here."
            )
    domains = asked["domains"] and Domains(*asked["domains"])
    found = formats.load(paths, domains, asked["image_size"])
    networks = found.model.networks
    checkpoints.save(Path(asked["folder"]), found.config, networks, precision=None)
    return None, b""
