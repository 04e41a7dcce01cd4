"""Weight files that anyone may have written, read into named tensors without running anything.

Knows containers (safetensors, torch.save's zip and its older pickle) and their limits. Knows
nothing of networks.
"""

import io
import math
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import torch as safetensors
from torch import Tensor

from ...core.files import printable, size
from ..checkpoints import MAX_BYTES, CheckpointError

MAX_CONTENTS = 4 * 1024**2
"""Bytes of a file's table of contents. A CycleGAN's, with its optimisers, has about 0.1 MB."""

MAX_ENTRIES = 20_000
"""Entries of a file's dictionaries, all told. A CycleGAN with running statistics has about 500."""

MAX_NAME, MAX_DEPTH = 200, 5
"""Characters of a weight's name, and dictionaries around it."""

ALLOWED = {
    *("collections OrderedDict", "torch Size", "torch device", "torch.nn.parameter Parameter"),
    *(f"torch._utils _rebuild_{kind}" for kind in ("tensor", "tensor_v2", "parameter")),
    *(
        f"torch {kind}Storage"
        for kind in ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte")
    ),
    "torch BoolStorage",
}
"""What a pickle may name: dense tensors and dictionaries. Stricter than weights_only, which also
builds sparse and quantised tensors and byte arrays of any size."""


class FormatError(CheckpointError):
    """A file holds no generator that this project can run; the message says why."""


def read(path: Path) -> tuple[dict[str, Tensor], bool]:
    """All weights of a file by dotted name, and whether their order is that of the network.

    (safetensors sorts them.) The tensors may be views of the file: copy what is to stay. Raises
    FormatError for anything that is not plainly named tensors, and for more than MAX_BYTES.
    """
    where = printable(path.name)
    if path.is_dir():
        raise FormatError(f"{where} is a folder, not a weight file.")
    try:
        count = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(MAX_CONTENTS)
    except OSError as error:
        raise FormatError(f"{where} cannot be read: {error.strerror}.") from error
    if reason := _other_kind(start) or (count > MAX_BYTES and _too_large(count)):
        raise FormatError(f"{where} {reason}.")
    try:
        if start[8:9] == b"{":
            found, in_order = _read_safetensors(path, start), False
        else:
            found, in_order = _read_torch(path, start), True
        return _flatten(found, count), in_order
    except FormatError as error:
        raise FormatError(f"{where} {error}.") from error


def _too_large(count: int) -> str:
    return f"has {size(count)}; at most {size(MAX_BYTES)} are read"


def _other_kind(start: bytes) -> str:
    """What a file is that is no weight file, by its first bytes; else ""."""
    text = start[:200].lstrip().lower()
    if not start:
        return "is empty"
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the weights: fetch these with git lfs pull"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not weights: the download may have ended at a login or an error"
    if start[8:9] == b"{" or start.startswith((b"PK\x03\x04", b"\x80")):
        return ""
    return "is neither a safetensors file nor one that torch.save wrote"


def _read_safetensors(path: Path, start: bytes) -> dict[str, Tensor]:
    if int.from_bytes(start[:8], "little") > MAX_CONTENTS:
        raise FormatError(f"declares a header of more than {size(MAX_CONTENTS)}")
    try:
        return safetensors.load_file(path)
    except Exception as error:  # The library raises whatever the damage leads to.
        raise FormatError("is cut short or damaged") from error


def _read_torch(path: Path, start: bytes) -> object:
    if path.suffix == ".safetensors":  # torch.load would believe the name.
        raise FormatError("is named .safetensors, but torch.save wrote it: rename it to .pth")
    zipped = start.startswith(b"PK")
    # The older format begins with five pickles: mark, version, machine, weights, storage keys.
    pickles = _contents_of_zip(path) if zipped else start
    for name in _named(io.BytesIO(pickles), 1 if zipped else 5):
        if name not in ALLOWED:
            raise FormatError(
                f"is a pickle that asks for {printable(name.replace(' ', '.'))}; only plain "
                "tensors are read, for safety: save the network's state_dict() alone"
            )
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except Exception as error:  # An unpickler raises whatever the damage leads to.
        raise FormatError("is cut short, damaged, or no file of torch.save") from error


def _contents_of_zip(path: Path) -> bytes:
    """The pickle inside torch.save's zip, once the zip is known to be whole and no bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, path.stat().st_size)
            if not any(entry.CRC for entry in entries):  # torch can be told to leave them out.
                for entry in entries:
                    entry.CRC = None
            if archive.testzip():  # Also finds data that has moved, by its checksum.
                raise zipfile.BadZipFile
            return archive.read(next(e for e in entries if e.filename.endswith("/data.pkl")))
    except FormatError:
        raise
    except Exception as error:  # zipfile raises half a dozen kinds.
        raise FormatError("is cut short or damaged") from error


def _check_entries(entries: list[zipfile.ZipInfo], count: int) -> None:
    names = [entry.filename for entry in entries]
    pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
    declared = sum(entry.file_size for entry in entries)
    if any(name.endswith("/constants.pkl") for name in names):
        raise FormatError("is a TorchScript program; only weights are read: save its state_dict()")
    if not pickles:
        raise FormatError("is a zip archive, but none that torch.save wrote")
    if len(set(names)) < len(names) or len(pickles) > 1 or len(names) > MAX_ENTRIES:
        raise FormatError("is a zip archive whose entries are too many, or have the same name")
    if declared > count or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise FormatError(
            f"is a zip archive of {size(count)} that unpacks to {size(declared)}; torch.save "
            "compresses nothing"
        )
    if pickles[0].file_size > MAX_CONTENTS:
        raise FormatError(f"has a table of contents of more than {size(MAX_CONTENTS)}")


def _named(file: io.BytesIO, count: int) -> Iterator[str]:
    """Everything that the next pickles would import, read without running them."""
    strings = ["?", "?"]
    try:
        for _ in range(count):
            for operation, argument, _ in pickletools.genops(file):
                if operation.name in ("GLOBAL", "INST"):
                    yield argument
                elif operation.name == "STACK_GLOBAL":
                    yield " ".join(strings[-2:])
                elif operation.name.startswith("EXT"):
                    yield "copyreg extension"
                elif isinstance(argument, str):
                    strings.append(argument)
    except Exception as error:  # As above.
        raise FormatError("is cut short or damaged") from error


def _flatten(found: object, count: int) -> dict[str, Tensor]:
    """Nested dictionaries of tensors as one, with dots; what is clearly no network is left out."""
    if not isinstance(found, dict):
        raise FormatError(f"holds one {type(found).__name__}, not weights by name")
    weights: dict[str, Tensor] = {}
    visited = declared = 0

    def walk(values: dict, prefix: str, depth: int) -> None:
        nonlocal visited, declared
        for key, value in values.items():
            visited += 1
            if visited > MAX_ENTRIES:
                raise FormatError(f"has more than {MAX_ENTRIES} entries")
            if isinstance(value, dict):
                # An optimiser's averages have the shapes of weights, but its state has groups.
                if "param_groups" in value or (isinstance(key, str) and "optim" in key.lower()):
                    continue
            elif not isinstance(value, Tensor):
                continue  # Epochs, options, lists of losses: a network is a dictionary.
            if not isinstance(key, str):
                raise FormatError(f"names weights by {type(key).__name__}, not by text")
            name = prefix + key
            if len(name) > MAX_NAME or depth > MAX_DEPTH:
                raise FormatError(f"names weights by more than {MAX_NAME} signs or too deeply")
            if isinstance(value, dict):
                walk(value, f"{name}.", depth + 1)
                continue
            if name in weights:
                raise FormatError(f"has {printable(name)} twice")
            weights[name] = value
            # Strides of 0 let a few bytes stand for any number of weights.
            declared += math.prod(value.shape) * value.element_size()
            if declared > count:
                raise FormatError("declares more weights than its bytes can hold")

    walk(found, "", 1)
    return weights
