"""Weight files that anyone may have written, read into named tensors without running anything.

Knows containers (safetensors, torch.save's zip and its older pickle) and their limits. Knows
nothing of networks.
"""

import io
import math
import pickle
import pickletools
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import torch as safetensors
from torch import Tensor

from ...core.files import printable, size
from ..checkpoints import MAX_BYTES, CheckpointError

MAX_CONTENTS = 4 * 1024**2
"""Bytes of a file's table of contents. A CycleGAN's, with its optimisers, has about 0.1 MB."""

MAX_OPCODES, MAX_ENTRIES = 100_000, 5_000
"""Steps of a pickle, and entries of its dictionaries, all told. A CycleGAN with running statistics
and optimisers has about 20,000 and 1,000."""

MAX_NAME, MAX_DIGITS, MAX_DEPTH, MAX_SIDES = 200, 6, 5, 8
"""Characters of a weight's name, digits of a number in it, dictionaries around it, and sides."""


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
    if path.suffix.lower() == ".safetensors":
        raise FormatError("is named .safetensors, but torch.save wrote it: rename it to .pth")
    read = _read_zip if start.startswith(b"PK") else _read_older
    try:
        return read(path, start)
    except FormatError:
        raise
    except Exception as error:  # zipfile and an unpickler raise whatever the damage leads to.
        what = "is cut short or damaged" if read is _read_zip else _NO_FILE
        raise FormatError(what) from error


_NO_FILE = "is cut short, damaged, or no file of torch.save"


# torch.save's files. What was checked is what is read: one reader finds both the pickle and the
# numbers, and the pickle can name nothing but what stands here.


class _Storage(NamedTuple):
    """Numbers that lie elsewhere in the file."""

    kind: torch.dtype
    key: str
    count: int


class _Laid(NamedTuple):
    """A tensor that has not been made yet."""

    storage: _Storage
    offset: int
    sides: tuple[int, ...]
    strides: tuple[int, ...]


class _Named(dict):
    """An OrderedDict, whose notes (torch puts versions there) are left out."""

    def __setstate__(self, state: object) -> None:
        pass


def _laid(storage: object, offset: object, sides: object, strides: object, *_: object) -> _Laid:
    return _Laid(storage, offset, sides, strides)


_STORAGES = {
    f"torch {name}Storage": kind
    for name, kind in (
        *(("Double", torch.float64), ("Float", torch.float32), ("Half", torch.float16)),
        *(("BFloat16", torch.bfloat16), ("Long", torch.int64), ("Int", torch.int32)),
        *(("Short", torch.int16), ("Char", torch.int8), ("Byte", torch.uint8)),
        ("Bool", torch.bool),
    )
}

ALLOWED: dict[str, Callable | torch.dtype] = {
    "collections OrderedDict": _Named,
    "torch Size": tuple,
    "torch device": lambda *_: None,
    "torch._utils _rebuild_tensor": _laid,
    "torch._utils _rebuild_tensor_v2": _laid,
    "torch._utils _rebuild_parameter": lambda laid, *_: laid,
    "torch.nn.parameter Parameter": lambda laid, *_: laid,
    **_STORAGES,
}
"""What a pickle may name, and what of ours is taken for it: dense tensors and dictionaries."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        asked = f"{module} {name}"
        if asked not in ALLOWED:
            raise FormatError(
                f"is a pickle that asks for {printable(asked.replace(' ', '.'))}; only plain "
                "tensors are read, for safety: save the network's state_dict() alone"
            )
        return ALLOWED[asked]

    def persistent_load(self, saved: object) -> _Storage:
        mark, kind, key, _, count, *view = saved
        if mark != "storage" or not isinstance(kind, torch.dtype) or any(view):
            raise ValueError("no storage")
        return _Storage(kind, str(key), int(count))


def _unpickle(file: io.BytesIO) -> object:
    """The next pickle, once it is known to be short enough; raises FormatError and many others."""
    at = file.tell()
    for count, (step, argument, _) in enumerate(pickletools.genops(file)):
        if count > MAX_OPCODES:
            raise FormatError(
                f"is a pickle of more than {MAX_OPCODES:,} steps, where a network takes some "
                "thousands: save its state_dict() alone"
            )
        if step.name.startswith("EXT"):
            raise FormatError("is a pickle that asks for copyreg.extension; only tensors are read")
        if isinstance(argument, int) and argument.bit_length() > 128:
            raise ValueError("a number without end")
    file.seek(at)
    return _Unpickler(file, encoding="utf-8").load()


def _read_zip(path: Path, _: bytes) -> object:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        _check_entries(entries, path.stat().st_size)
        if not any(entry.CRC for entry in entries):  # torch can be told to leave them out.
            for entry in entries:
                entry.CRC = None
        by_name = {entry.filename: entry for entry in entries}
        pickled = next(entry for entry in entries if entry.filename.endswith("/data.pkl"))
        root = pickled.filename.removesuffix("data.pkl")
        if (order := by_name.get(f"{root}byteorder")) and archive.read(order) != b"little":
            raise FormatError("has its numbers in the order of another kind of processor")
        found = _unpickle(io.BytesIO(archive.read(pickled)))

        def numbers(storage: _Storage) -> Tensor:
            entry = by_name[f"{root}data/{storage.key}"]
            held = bytearray(entry.file_size)
            with archive.open(entry) as file:  # Which compares the checksum at its end.
                if file.readinto(held) != len(held) or file.read(1):
                    raise ValueError("cut short")
            return torch.frombuffer(held, dtype=storage.kind) if held else _none(storage.kind)

        return _fill(found, numbers)


MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
"""How the older format begins: two pickles of these, and one of the machine."""


def _read_older(path: Path, start: bytes) -> object:
    """The format before PyTorch 1.6: pickles, and then each storage with its count before it."""
    file = io.BytesIO(start)
    magic, protocol, machine = (_unpickle(file) for _ in range(3))
    if magic != MAGIC or protocol != PROTOCOL or not machine["little_endian"]:
        raise ValueError("another format")
    found, keys = _unpickle(file), _unpickle(file)
    kinds = {storage.key: storage for storage in _storages(found)}
    with open(path, "rb") as whole:
        whole.seek(file.tell())
        held = {}
        for key in keys:
            storage = kinds[str(key)]
            count = int.from_bytes(whole.read(8), "little")
            if count != storage.count or count * storage.kind.itemsize > path.stat().st_size:
                raise ValueError("another length")
            data = bytearray(whole.read(count * storage.kind.itemsize))
            if len(data) != count * storage.kind.itemsize:
                raise ValueError("cut short")
            held[storage.key] = (
                torch.frombuffer(data, dtype=storage.kind) if data else _none(storage.kind)
            )
    return _fill(found, lambda storage: held[storage.key])


def _none(kind: torch.dtype) -> Tensor:
    return torch.empty(0, dtype=kind)


def _walk(found: object, depth: int = 0) -> Iterator[tuple[dict, object, object]]:
    """Every entry of nested dictionaries, each with its own."""
    if isinstance(found, dict) and depth <= MAX_DEPTH + 2:
        for key, value in list(found.items()):
            yield found, key, value
            yield from _walk(value, depth + 1)


def _storages(found: object) -> Iterator[_Storage]:
    for count, (_, _, value) in enumerate(_walk(found)):
        if count > 2 * MAX_ENTRIES:
            raise FormatError(f"has more than {MAX_ENTRIES:,} entries")
        if isinstance(value, _Laid) and isinstance(value.storage, _Storage):
            yield value.storage


def _fill(found: object, numbers: Callable[[_Storage], Tensor]) -> object:
    """Tensors in place of what stands for them; each storage is read once."""
    if isinstance(found, _Laid):
        return _tensor(found, numbers(found.storage))
    known: dict[tuple, Tensor] = {}
    for count, (within, key, value) in enumerate(_walk(found)):
        if count > 2 * MAX_ENTRIES:
            raise FormatError(f"has more than {MAX_ENTRIES:,} entries")
        if isinstance(value, _Laid):
            storage = value.storage
            if not isinstance(storage, _Storage):
                raise ValueError("no storage")
            mark = storage.key, storage.kind
            if mark not in known:
                known[mark] = numbers(storage)
            within[key] = _tensor(value, known[mark])
    return found


def _tensor(laid: _Laid, numbers: Tensor) -> Tensor:
    """A view of numbers, none of which lies outside of them."""
    _, offset, sides, strides = laid
    wanted = (offset, *sides, *strides)
    if len(sides) != len(strides) or any(type(number) is not int for number in wanted):
        raise ValueError("odd sides")
    if min(wanted) < 0 or len(sides) > 64:
        raise ValueError("odd sides")
    reach = offset + sum((n - 1) * stride for n, stride in zip(sides, strides, strict=True))
    if all(sides) and reach >= len(numbers):
        raise FormatError("declares more weights than its bytes can hold")
    return torch.as_strided(numbers, sides, strides, offset if all(sides) else 0)


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
                raise FormatError(f"has more than {MAX_ENTRIES:,} entries")
            if isinstance(value, dict):
                # An optimiser's averages have the shapes of weights, but its state has groups.
                if "param_groups" in value or (isinstance(key, str) and _OPTIMISER.search(key)):
                    continue
            elif not isinstance(value, Tensor):
                continue  # Epochs, options, lists of losses: a network is a dictionary.
            if not isinstance(key, str):
                raise FormatError(f"names weights by {type(key).__name__}, not by text")
            name = prefix + key
            if len(name) > MAX_NAME or depth > MAX_DEPTH or _LONG_NUMBER.search(name):
                raise FormatError(
                    f"names weights by more than {MAX_NAME} signs, numbers of more than "
                    f"{MAX_DIGITS} digits, or too deeply"
                )
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


_OPTIMISER = re.compile("optim(?!al)", re.IGNORECASE)
_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")
