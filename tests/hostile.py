"""Files that are damaged, wrong or hostile: each a function that writes it.

BAD must be refused; what `flipped` writes has one bit changed, which not every format can tell.
"""

import contextlib
import functools
import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from foreign import Named, Tutorial, patchgan, resnet
from PIL import Image
from safetensors.torch import save, save_file
from torch import nn

GOLDEN = Path(__file__).parent / "golden"
SMALL = "latest_net_G_A.pth"

Write = Callable[[Path], object]

BAD: dict[str, tuple[Write, str]] = {}
"""By name: how to write it, and words that the sentence must have."""


# What the tests ask of all of them


def check_sentence(sentence: str) -> None:
    assert sentence.endswith(".") and not sentence.endswith("..")
    assert len(sentence) <= 600 and sentence.isprintable()
    assert "Traceback" not in sentence and "Error" not in sentence


def listing(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_size) for path in folder.rglob("*")}


def ending(name: str) -> str:
    return ".safetensors" if "safetensors" in name else ".pth"


@contextlib.contextmanager
def memory() -> Iterator[SimpleNamespace]:
    """Bytes by which the peak of this process's memory grows meanwhile; 0 where none can tell."""

    def read(line: str) -> int:
        with contextlib.suppress(OSError):
            status = Path("/proc/self/status").read_text()
            return int(status.partition(f"{line}:")[2].split()[0]) * 1024
        return 0

    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # The peak starts again from here.
    before, peak = read("VmRSS"), SimpleNamespace(growth=0)
    yield peak
    peak.growth = read("VmHWM") - before


# Whole files to start from


@functools.cache
def state() -> dict:
    return dict(torch.load(GOLDEN / SMALL, weights_only=True))


@functools.cache
def as_zip() -> bytes:
    return (GOLDEN / SMALL).read_bytes()


@functools.cache
def as_safetensors() -> bytes:
    return save({key: value.contiguous() for key, value in state().items()})


@functools.cache
def as_legacy() -> bytes:
    file = io.BytesIO()
    torch.save(state(), file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def bad(name: str, make: Write, words: str = "") -> None:
    assert name not in BAD
    BAD[name] = make, words


def put(data: bytes) -> Write:
    return lambda path: path.write_bytes(data)


def keep(values: object, **options) -> Write:
    return lambda path: torch.save(values, path, **options)


# Cut short


def cut(read: Callable[[], bytes], count: int | float) -> Write:
    """count: bytes that are left, or their share."""
    return lambda path: path.write_bytes(read()[: int(count * (1 if count >= 1 else len(read())))])


for share in (0.1, 0.5, 0.99):
    bad(f"zip cut at {share}", cut(as_zip, share), "cut short or damaged")
for share in (0.001, 0.5):  # In the names of the weights, in their numbers.
    bad(f"legacy cut at {share}", cut(as_legacy, share), "cut short")
    bad(f"safetensors cut at {share}", cut(as_safetensors, share), "cut short or damaged")
bad("one byte", cut(as_zip, 1), "neither")
bad("a zip's mark alone", cut(as_zip, 4), "cut short or damaged")
bad("the first 9 bytes of safetensors", cut(as_safetensors, 9), "cut short or damaged")


# One bit is another


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


PICKLE_AT, PICKLE_SIZE = as_zip().index(b"\x80\x02"), 6399

PLACES: dict[str, tuple[Callable[[], bytes], range, int, bool]] = {
    "zip's pickle": (as_zip, range(PICKLE_AT, PICKLE_AT + PICKLE_SIZE), 4, True),
    "zip's numbers": (as_zip, range(100_000, 400_000), 2, True),
    "zip's end": (as_zip, range(len(as_zip()) - 22, len(as_zip()) - 2), 3, False),
    "legacy's head": (as_legacy, range(5000), 4, False),
    "safetensors' length": (as_safetensors, range(8), 3, True),
    "safetensors' head": (as_safetensors, range(8, 3000), 3, False),
    "safetensors' numbers": (as_safetensors, range(10_000, 500_000), 1, False),
}
"""By name: the file, where in it, how many tests of their own, and whether all must be refused."""


# No weight file at all


def png(path: Path) -> None:
    Image.new("RGB", (8, 8)).save(path, "png")


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<text/>")


def script(path: Path) -> None:
    torch.jit.script(nn.Conv2d(3, 8, 7)).save(str(path))


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 113218765\n"
bad("empty", put(b""), "is empty")
bad("text", put(b"horse2zebra weights\n"), "neither")
bad("a web page", put(b"\n<!DOCTYPE html><html><h1>404</h1></html>"), "is a web page")
bad("a web page in capitals", put(b"<HTML><BODY>Sign in</BODY></HTML>"), "is a web page")
bad("XML", put(b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), "is a web page")
bad("a Git LFS pointer", put(LFS), "is a Git LFS pointer, not the weights")
bad("PNG", png, "neither")
bad("a folder", lambda path: path.mkdir(), "is a folder")
bad("nothing", lambda path: None, "cannot be read: No such file")
bad("another zip", other_zip, "none that torch.save wrote")
bad("TorchScript", script, "is a TorchScript program")


# Other things that torch.save writes

WEIGHTS = {"model.1.weight": torch.zeros(8, 3, 7, 7)}
deep: dict = {"model.1.weight": torch.zeros(8, 3, 7, 7)}
for _ in range(50):
    deep = {"deeper": deep}
wide: dict = {"w": torch.zeros(0)}
for _ in range(4):
    wide = {str(i): wide for i in range(20)}  # 160,000 paths to one tensor, in a small file
RESNET_18 = {
    **{"conv1.weight": torch.zeros(64, 3, 7, 7), "bn1.weight": torch.ones(64)},
    **{"layer1.0.conv1.weight": torch.zeros(64, 64, 3, 3), "fc.weight": torch.zeros(1000, 512)},
}
bad("a list of weights", keep(list(state().values())), "holds one list")
bad("a tensor", keep(torch.zeros(3)), "holds one Tensor")
bad("numbers by name", keep({"epoch": 3, "loss": 0.5}), "no weights at all")
bad("numbers as keys", keep({0: torch.zeros(8, 3, 7, 7)}), "by int, not by text")
bad("dictionaries in dictionaries", keep(deep), "too deeply")
bad("many paths to one tensor", keep(wide), "entries")
bad("a long key of digits", keep({"1" * 5000: torch.zeros(1)}), "signs")
bad("a strange key", keep({"model\n\x1b[31m.weight": torch.zeros(3)}), "no generator")
bad("one key in two ways", keep({"a.b": torch.zeros(1), "a": {"b": torch.zeros(1)}}), "twice")
bad("ResNet-18", keep(RESNET_18), "no generator that is known here; its first weights are conv1")
bad("a discriminator", keep(Named(model=patchgan(8)).state_dict()), "a discriminator, but no gen")
bad("two 7×7 convolutions", keep(Named(a=nn.Conv2d(3, 8, 7), b=nn.Conv2d(8, 3, 7)).state_dict()))
bad(
    "three", keep(Named(a=nn.Conv2d(3, 8, 7), b=resnet(2, 1), c=patchgan(2)).state_dict()), "has a."
)
bad("too wide", keep(Named(model=resnet(1025, 0)[:4]).state_dict()), "no generator")
kernels_of_4 = Tutorial(2, 1).state_dict() | {"widen.0.weight": torch.zeros(8, 4, 4, 4)}
bad("transposed convolutions of 4×4", keep(kernels_of_4), "are expected")


# The right keys, and wrong tensors

FIRST, INNER, LAST = "model.1.weight", "model.12.conv_block.5.bias", "model.23.bias"


def with_one(key: str, change: Callable[[torch.Tensor], object]) -> Write:
    return lambda path: torch.save(state() | {key: change(state()[key])}, path)


def filled(number: float, at: int = -1) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(value: torch.Tensor) -> torch.Tensor:
        value = value.clone()
        value.view(-1)[at] = number
        return value

    return change


def quantised(value: torch.Tensor) -> torch.Tensor:
    return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


for key, number in ((FIRST, float("nan")), (INNER, float("inf")), (LAST, -float("inf"))):
    bad(f"{number} in {key}", with_one(key, filled(number)), f"{key} holds numbers that are not")
for key, dtype in ((FIRST, torch.int8), (INNER, torch.int64), (LAST, torch.bool)):
    bad(
        f"{dtype} in {key}",
        with_one(key, lambda v, t=dtype: v.to(t)),
        f"{key} holds {str(dtype)[6:]}",
    )
for key in (FIRST, INNER):
    bad(f"an empty {key}", with_one(key, lambda v: v[:0]))
    bad(f"0 dimensions in {key}", with_one(key, lambda v: v.sum()), key)
    bad(f"60 dimensions in {key}", with_one(key, lambda v: v.reshape(-1)[:1].reshape([1] * 60)))
    bad(f"one side less in {key}", with_one(key, lambda v: v[0]), key)
for name, change in (
    ("complex", lambda v: v.to(torch.complex64)),
    ("float8", lambda v: v.to(torch.float8_e4m3fn)),
    ("quantised", quantised),
    ("sparse", lambda v: v.to_sparse()),
    ("meta", lambda v: v.to("meta")),
):
    bad(f"{name} weights", with_one(FIRST, change), "asks for")
bad("text for a weight", with_one(FIRST, lambda v: "weights"), f"lacks {FIRST}")
bad("a list for a weight", with_one(LAST, lambda v: v.tolist()), f"lacks {LAST}")
bad("too large for float32", with_one(FIRST, lambda v: v.double() * 1e300), "not finite")
bad(
    "NaN in half precision",
    with_one(FIRST, lambda v: filled(float("nan"), 5)(v.half())),
    "finite",
)
bad(
    "float8 in safetensors",
    lambda p: save_file(state() | {LAST: torch.zeros(3, dtype=torch.float8_e5m2)}, p),
    "float8",
)
bad(
    "NaN in safetensors",
    lambda p: save_file(state() | {LAST: torch.full([3], np.nan)}, p),
    "finite",
)
one_number = {key: torch.zeros(()).expand(value.shape) for key, value in state().items()}
bad("one number for all weights", keep(one_number), "more weights than its bytes can hold")


# Sizes that are only declared


class Storage:
    """Pickled as a storage of torch that lies in the zip as data/0 and has `count` numbers."""

    def __init__(self, count: int | str):
        self.id = ("storage", torch.FloatStorage, "0", "cpu", count)


class Declared:
    """Pickled as a tensor of any declared shape."""

    def __init__(self, shape: tuple, stride: tuple, count: int, offset: int = 0):
        self.arguments = (Storage(count), offset, shape, stride, False, OrderedDict())

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None


def pickled(values: object) -> bytes:
    file = io.BytesIO()
    Pickler(file, protocol=2).dump(values)
    return file.getvalue()


def torch_zip(contents: bytes, how: int = zipfile.ZIP_STORED, data: bytes = bytes(400)) -> Write:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", how, compresslevel=1) as archive:
            archive.writestr("archive/data.pkl", contents)
            archive.writestr("archive/byteorder", "little")
            archive.writestr("archive/data/0", data)
            archive.writestr("archive/version", "3\n")

    return write


def overlapping(path: Path) -> None:
    """Many entries of one and the same megabyte."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled({}))
        archive.writestr("archive/data/0", bytes(2**20))
        for i in range(1, 1000):
            again = zipfile.ZipInfo(f"archive/data/{i}")
            for name in ("CRC", "compress_size", "file_size", "header_offset"):
                setattr(again, name, getattr(archive.filelist[1], name))
            archive.filelist.append(again)


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for prefix in ("a", "b"):
            archive.writestr(f"{prefix}/data.pkl", pickled({}))


def header(values: dict, data: bytes = bytes(400)) -> Write:
    text = json.dumps(values).encode()
    return put(struct.pack("<Q", len(text)) + text + data)


def entry(shape: list, end: int = 400, start: int = 0, dtype: str = "F32") -> dict:
    return {"model.1.weight": {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


def tensor(shape: tuple, stride: tuple, count: int = 100, offset: int = 0) -> Write:
    return torch_zip(pickled({"w": Declared(shape, stride, count, offset)}))


bad("a zip's huge storage", tensor((2**40,), (1,), 2**40))
bad("a zip's huge shape of stride 0", tensor((2**40,), (0,)), "more weights than its bytes")
bad("a zip's overflowing shape", tensor((2**40, 2**40), (0, 0)))
bad("a zip's negative shape", tensor((-5,), (1,)))
bad("a zip's offset beyond", tensor((5,), (1,), offset=2**50))
bad("a zip's storage that is none", torch_zip(pickled({"w": Storage("many")})))
bad("a zip of zeros", torch_zip(pickled({}), zipfile.ZIP_DEFLATED, bytes(2**26)), "unpacks")
bad("a zip of compressed weights", torch_zip(pickled({}), zipfile.ZIP_DEFLATED), "unpacks")
bad("a zip of a large pickle", torch_zip(bytes(2**23)), "a table of contents of more than 4 MiB")
bad("a zip of overlapping entries", overlapping, "unpacks")
bad("a zip of two pickles", twice, "same name")
bad("a legacy huge storage", put(as_legacy().replace(struct.pack("<H", 1176), b"\xff\xff", 1)))
large = {f"w{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(20_001)}
bad("safetensors' huge shape", header(entry([2**40])), "damaged")
bad("safetensors' offsets in reverse", header(entry([100], 0, 400)), "damaged")
bad("safetensors' unknown type", header(entry([100], dtype="F33")), "damaged")
bad("safetensors' type of 4 bits", header(entry([200], 100, dtype="F4"), bytes(100)))
bad("safetensors' many tensors", header(large, b""), "has more than")
bad(
    "safetensors' huge header", put(struct.pack("<Q", 2**40) + b"{}"), "a header of more than 4 MiB"
)
bad("safetensors' nested header", put(struct.pack("<Q", 2**20) + b'{"a":' * 2**18), "damaged")
bad("safetensors of nothing", header({}, b""), "no weights at all")


# Pickles with code in them: none may run


class Code:
    def __init__(self, function: Callable, *arguments: object):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


TOUCH = Code(os.system, "touch RAN")
for name, code, asked in (
    ("os.system", TOUCH, "posix.system"),
    ("getattr", Code(getattr, Code(__import__, "os"), "system"), "builtin"),
    ("numpy's object", np.array([TOUCH], dtype=object), "numpy"),
    ("bytearray", Code(bytearray, 2**36), "bytearray"),  # weights_only would let it pass.
    ("a Sequential", nn.Sequential(nn.Conv2d(3, 8, 7)), "torch.nn.modules.container.Sequential"),
    ("an untyped storage", Code(torch.UntypedStorage, 2**36), "UntypedStorage"),
):
    bad(f"code: {name}", keep(code), f"asks for {asked}" if "." in asked else asked)
bad("code beside weights", keep({**WEIGHTS, "more": TOUCH}), "asks for posix.system")
bad("code in the legacy file", keep({"w": TOUCH}, _use_new_zipfile_serialization=False), "asks for")
bad("code of protocol 0", put(pickle.dumps(TOUCH, 0)), "neither")
bad("code of protocol 2", put(pickle.dumps(TOUCH, 2)), "asks for posix.system")
bad("code of protocol 4", put(pickle.dumps(TOUCH, 4)), "asks for posix.system")
bad("code in the zip of another order", torch_zip(b"cos\nsystem\n(S'touch RAN'\ntR."), "os.system")
bad("code by INST", torch_zip(b"(S'touch RAN'\nios\nsystem\n."), "os.system")
bad("a registered extension", torch_zip(b"\x80\x02\x82\x01."), "copyreg.extension")
bad("a plain pickle", put(pickle.dumps({"w": [1.0, 2.0]}, 2)), "damaged")
bad("a pickle that never ends", torch_zip(b"\x80\x02" + b"}" * 2000), "damaged")
bad("a pickle of a huge text", torch_zip(b"\x80\x02X\xff\xff\xff\x7f"), "damaged")
bad("a pickle of itself", torch_zip(b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."), "too deeply")
