"""What a run's figures were resampled to, kept beside it, for intervals and paired differences.

One file of a run, estimates.npz: by network and figure the value, and then the resamples.
"""

import zipfile
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from ...core import files
from ...core.evidence import RESAMPLES, Estimate
from ...inference.evaluation import Estimates

ESTIMATES = "estimates.npz"


def write(folder: Path, networks: dict[str, Estimates]) -> None:
    arrays = {
        f"{network} {key}": np.array([one.value, *one.resampled], dtype=np.float64)
        for network, found in networks.items()
        for key, one in found.items()
    }

    def save(path: Path) -> None:
        with open(path, "wb") as file:
            np.savez_compressed(file, **arrays)

    files.write_atomically(folder / ESTIMATES, save)


def read(folder: Path) -> dict[str, Estimates]:
    """By network; empty where there is no such file, or a damaged one."""
    found: dict[str, Estimates] = {}
    try:
        with np.load(folder / ESTIMATES, allow_pickle=False) as arrays:
            for name in arrays:
                network, key = name.split(" ", 1)
                value, *resampled = arrays[name]
                if len(resampled) != RESAMPLES:
                    return {}
                drawn = partial(np.asarray, resampled)
                found.setdefault(network, {})[key] = Estimate(float(value), drawn)
    # What NumPy and its zip raise of damaged files.
    except (OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return {}
    return found
