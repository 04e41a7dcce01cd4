"""Files that are damaged, wrong or hostile: each a function that writes it.

BAD must be refused; DAMAGED have one byte changed, which not every format can tell.
"""

import contextlib
import functools
import io
import json
import os
import pickle
import random
import struct
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torchvision
from foreign import Block, Named, Tutorial, patchgan, resnet
from PIL import Image
from safetensors.torch import save, save_file
from torch import nn

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(json.loads((GOLDEN / "facts.json").read_text(encoding="utf-8"))["files"])
SMALL = "latest_net_G_A.pth"

Write = Callable[[Path], object]

BAD: dict[str, tuple[Write, str]] = {}
"""By name: how to write it, and words that the sentence must have."""

DAMAGED: dict[str, Write] = {}


# What the tests ask of all of them


def check_sentence(sentence: str) -> None:
    assert sentence.endswith(".") and not sentence.endswith("..")
    assert len(sentence) <= 600 and sentence.isprintable()
    assert "Traceback" not in sentence and "Error" not in sentence


def listing(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_size) for path in folder.rglob("*")}


def ending(name: str) -> str:
    return ".safetensors" if "safetensors" in name else ".pth"


def is_structure(name: str) -> bool:
    return "structure" in name


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
def golden(name: str = SMALL) -> bytes:
    return (GOLDEN / name).read_bytes()


@functools.cache
def state(name: str = SMALL) -> dict:
    return dict(torch.load(GOLDEN / name, weights_only=True))


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


def cut(read: Callable[[], bytes], share: float) -> Write:
    return lambda path: path.write_bytes(read()[: int(len(read()) * share)])


for golden_name in NAMES:
    for tenth in range(1, 10):
        reader = functools.partial(golden, golden_name)
        bad(f"{golden_name} cut at {tenth}0 %", cut(reader, tenth / 10), "cut short or damaged")
for tenth in range(1, 10):
    bad(f"safetensors cut at {tenth}0 %", cut(as_safetensors, tenth / 10), "cut short or damaged")
    bad(f"legacy cut at {tenth}0 %", cut(as_legacy, tenth / 10), "cut short")
for count in (1, 4, 8, 9, 30):
    bad(f"the first {count} bytes", cut(golden, count / 514333 + 1e-9))
    bad(f"the first {count} bytes of safetensors", lambda p, n=count: put(as_safetensors()[:n])(p))


# One byte is another


def flip(read: Callable[[], bytes], place: int) -> Write:
    def write(path: Path) -> None:
        data = bytearray(read())
        data[place] ^= 1 << (place % 8) or 255
        path.write_bytes(data)

    return write


chance = random.Random(0)
for golden_name in NAMES:
    reader = functools.partial(golden, golden_name)
    for at in sorted(chance.sample(range(len(reader())), 6)):
        DAMAGED[f"{golden_name} with another byte at {at}"] = flip(reader, at)
pickle_at, pickle_size = golden().index(b"\x80\x02"), 6399
for at in sorted(chance.sample(range(pickle_at, pickle_at + pickle_size), 16)):
    DAMAGED[f"zip with another byte in its structure at {at}"] = flip(golden, at)
for at in sorted(chance.sample(range(len(golden()) - 22, len(golden()) - 2), 4)):
    DAMAGED[f"zip with another byte at its end at {at}"] = flip(golden, at)
for at in sorted(chance.sample(range(len(as_legacy())), 8)):
    DAMAGED[f"legacy with another byte at {at}"] = flip(as_legacy, at)
for at in sorted(chance.sample(range(5000), 16)):
    DAMAGED[f"legacy with another byte in its head at {at}"] = flip(as_legacy, at)
for at in sorted(chance.sample(range(len(as_safetensors())), 8)):
    DAMAGED[f"safetensors with another byte at {at}"] = flip(as_safetensors, at)
for at in sorted(chance.sample(range(8, 3000), 16)):
    DAMAGED[f"safetensors with another byte in its head at {at}"] = flip(as_safetensors, at)
for at in range(8):
    DAMAGED[f"safetensors structure with another length at {at}"] = flip(as_safetensors, at)


# No weight file at all


def png(path: Path) -> None:
    Image.new("RGB", (8, 8)).save(path, "png")


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<text/>")


def tar(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        for name in ("storages", "tensors", "pickle"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())


def script(path: Path) -> None:
    torch.jit.script(nn.Conv2d(3, 8, 7)).save(str(path))


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 113218765\n"
bad("empty", put(b""), "is empty")
bad("text", put(b"horse2zebra weights\n"), "neither")
bad("zeros", put(bytes(5000)), "neither")
bad("noise", put(random.Random(1).randbytes(5000)), "neither")
bad("a web page", put(b"\n<!DOCTYPE html><html><h1>404</h1></html>"), "is a web page")
bad("a web page in capitals", put(b"<HTML><BODY>Sign in</BODY></HTML>"), "is a web page")
bad("XML", put(b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), "is a web page")
bad("a Git LFS pointer", put(LFS), "is a Git LFS pointer, not the weights")
bad("a Git LFS pointer of safetensors", put(LFS), "is a Git LFS pointer, not the weights")
bad("JSON", put(b'{"error": "Not Found"}'), "neither")
bad("PNG", png, "neither")
bad("a folder", lambda path: path.mkdir(), "is a folder")
bad("nothing", lambda path: None, "cannot be read: No such file")
bad("a broken link", lambda path: path.symlink_to("gone"), "cannot be read: No such file")
bad("another zip", other_zip, "none that torch.save wrote")
bad("numpy's zip", lambda path: np.savez(path.open("wb"), w=np.zeros(3)), "none that torch.save")
bad("numpy's array", lambda path: np.save(path.open("wb"), np.zeros(3)), "neither")
bad("torch's oldest tar", tar, "neither")
bad("TorchScript", script, "is a TorchScript program")


# Other things that torch.save writes

WEIGHTS = {"model.1.weight": torch.zeros(8, 3, 7, 7)}
deep: dict = {"model.1.weight": torch.zeros(8, 3, 7, 7)}
for _ in range(50):
    deep = {"deeper": deep}
wide: dict = {"w": torch.zeros(0)}
for _ in range(4):
    wide = {str(i): wide for i in range(20)}  # 160,000 paths to one tensor, in a small file
bad("a list", keep([1, 2]), "holds one list")
bad("a list of weights", keep(list(state().values())), "holds one list")
bad("an int", keep(3), "holds one int")
bad("a text", keep("horse2zebra"), "holds one str")
bad("None", keep(None), "holds one NoneType")
bad("a tensor", keep(torch.zeros(3)), "holds one Tensor")
bad("an empty dictionary", keep({}), "no weights at all")
bad("numbers by name", keep({"epoch": 3, "loss": 0.5}), "no weights at all")
bad("an optimiser alone", keep(torch.optim.Adam(nn.Linear(2, 2).parameters()).state_dict()))
bad("numbers as keys", keep({0: torch.zeros(8, 3, 7, 7)}), "by int, not by text")
bad("pairs as keys", keep({("model", 1): torch.zeros(8, 3, 7, 7)}), "by tuple, not by text")
bad("dictionaries in dictionaries", keep(deep), "too deeply")
bad("many paths to one tensor", keep(wide), "entries")
bad("a long key", keep({"m" * 1000: torch.zeros(1)}), "signs")
bad("a long key of digits", keep({"1" * 100_000: torch.zeros(1)}), "signs")
bad("a strange key", keep({"model\n\x1b[31m.weight": torch.zeros(3)}), "no generator")
bad("one key in two ways", keep({"a.b": torch.zeros(1), "a": {"b": torch.zeros(1)}}), "twice")
bad(
    "ResNet-18", lambda p: torch.save(torchvision.models.resnet18().state_dict(), p), "no generator"
)
bad(
    "ResNet-18 in safetensors",
    lambda path: save_file(torchvision.models.resnet18().state_dict(), path),
    "no generator that is known here; its first weights are",
)
bad("a discriminator", keep(Named(model=patchgan(8)).state_dict()), "a discriminator, but no gen")
bad("discriminators", keep({k: v for k, v in state("upit_pytorch_model.bin").items() if "D_" in k}))
bad("a linear layer", keep(nn.Linear(3, 3).state_dict()), "no generator")
bad("two 7×7 convolutions", keep(Named(a=nn.Conv2d(3, 8, 7), b=nn.Conv2d(8, 3, 7)).state_dict()))
bad(
    "three", keep(Named(a=nn.Conv2d(3, 8, 7), b=resnet(2, 1), c=patchgan(2)).state_dict()), "has a."
)
bad("a generator and a classifier", keep(Named(G=resnet(2, 1), vgg=nn.Linear(3, 3)).state_dict()))
bad("too wide", keep(Named(model=resnet(1025, 0)[:4]).state_dict()), "no generator")
kernels_of_4 = Tutorial(2, 1).state_dict() | {"widen.0.weight": torch.zeros(8, 4, 4, 4)}
bad("transposed convolutions of 4×4", keep(kernels_of_4), "are expected")


# The right keys, and wrong tensors

KEYS = ["model.1.weight", "model.12.conv_block.5.bias", "model.23.bias"]


def with_one(key: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Write:
    return lambda path: torch.save(state() | {key: change(state()[key])}, path)


def filled(number: float, at: int = -1) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(value: torch.Tensor) -> torch.Tensor:
        value = value.clone()
        value.view(-1)[at] = number
        return value

    return change


def quantised(value: torch.Tensor) -> torch.Tensor:
    return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


for key in KEYS:
    for number in (float("nan"), float("inf"), -float("inf")):
        bad(
            f"{number} in {key}", with_one(key, filled(number)), f"{key} holds numbers that are not"
        )
    for dtype in (torch.int8, torch.int64, torch.bool, torch.complex64, torch.uint8):
        words = "asks for" if dtype is torch.complex64 else f"{key} holds {str(dtype)[6:]}"
        bad(f"{dtype} in {key}", with_one(key, lambda v, t=dtype: v.to(t)), words)
    bad(f"an empty {key}", with_one(key, lambda v: v[:0]))
    bad(f"0 dimensions in {key}", with_one(key, lambda v: v.sum()))
    bad(f"65 dimensions in {key}", with_one(key, lambda v: v.reshape(-1)[:1].reshape([1] * 60)))
    bad(f"one side less in {key}", with_one(key, lambda v: v[0]))
    bad(f"sparse {key}", with_one(key, lambda v: v.to_sparse()), "asks for")
    bad(f"meta {key}", with_one(key, lambda v: v.to("meta")), "asks for")
    bad(f"quantised {key}", with_one(key, quantised), "asks for")
    bad(f"text in {key}", lambda p, k=key: torch.save(state() | {k: "weights"}, p), f"{key}")
    bad(f"a list in {key}", lambda p, k=key: torch.save(state() | {k: state()[k].tolist()}, p), key)
bad("too large for float32", with_one(KEYS[0], lambda v: v.double() * 1e300), "not finite")
bad(
    "NaN in half precision",
    with_one(KEYS[0], lambda v: filled(float("nan"), 5)(v.half())),
    "finite",
)
float8 = with_one(KEYS[0], lambda v: v.to(torch.float8_e4m3fn))
bad("float8", float8)
bad(
    "float8 in safetensors",
    lambda p: save_file({KEYS[0]: state()[KEYS[0]].to(torch.float8_e5m2)}, p),
)
bad(
    "NaN in safetensors",
    lambda p: save_file(state() | {KEYS[2]: torch.full([3], np.nan)}, p),
    "finite",
)
bad("int in safetensors", lambda p: save_file(state() | {KEYS[2]: torch.ones(3).int()}, p), "int32")
one_number = {key: torch.zeros(()).expand(value.shape) for key, value in state().items()}
bad("one number for all weights", keep(one_number), "more weights than its bytes can hold")


# Sizes that are only declared


class Storage:
    """Pickled as a storage of torch that lies in the zip as data/0 and has `count` numbers."""

    def __init__(self, count: int, key: str = "0"):
        self.id = ("storage", torch.FloatStorage, key, "cpu", count)


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
        with zipfile.ZipFile(path, "w", how) as archive:
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
        for i in range(1, 5000):
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


many = {"model.1.weight": Declared((2**40,), (1,), 2**40)}
bad("a zip's huge storage", torch_zip(pickled(many)))
bad("a zip's huge shape", torch_zip(pickled({"w": Declared((2**40,), (1,), 100)})))
bad(
    "a zip's huge shape of stride 0",
    torch_zip(pickled({"w": Declared((2**40,), (0,), 100)})),
    "can",
)
bad("a zip's overflowing shape", torch_zip(pickled({"w": Declared((2**40, 2**40), (0, 0), 9)})))
bad("a zip's negative shape", torch_zip(pickled({"w": Declared((-5,), (1,), 100)})))
bad("a zip's negative storage", torch_zip(pickled({"w": Declared((5,), (1,), -100)})))
bad("a zip's offset beyond", torch_zip(pickled({"w": Declared((5,), (1,), 100, 2**50)})))
bad("a zip's missing storage", torch_zip(pickled({"w": Storage(5, "7")})))
bad("a zip's storage that is none", torch_zip(pickled({"w": Storage("many")})))
bad(
    "a zip of compressed zeros",
    torch_zip(pickled({}), zipfile.ZIP_DEFLATED, bytes(2**27)),
    "unpacks",
)
bad("a zip of compressed weights", torch_zip(pickled({}), zipfile.ZIP_DEFLATED), "unpacks")
bad("a zip of a compressed pickle", torch_zip(bytes(2**24), zipfile.ZIP_DEFLATED), "unpacks")
bad("a zip of a large pickle", torch_zip(bytes(2**23)), "a table of contents of more than 4 MiB")
bad("a zip of overlapping entries", overlapping)
bad("a zip of two pickles", twice, "same name")
bad("a legacy huge storage", put(as_legacy().replace(struct.pack("<H", 1176), b"\xff\xff", 1)))
large = {f"w{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(30_000)}
bad("safetensors' huge shape", header(entry([2**40])), "damaged")
bad("safetensors' overflowing shape", header(entry([2**40, 2**40])), "damaged")
bad("safetensors' huge offsets", header(entry([2**40], 2**42)), "damaged")
bad("safetensors' offsets in reverse", header(entry([100], 0, 400)), "damaged")
bad("safetensors' negative shape", header(entry([-100])), "damaged")
bad("safetensors' unknown type", header(entry([100], dtype="F33")), "damaged")
bad("safetensors' type of 4 bits", header(entry([200], 100, dtype="F4"), bytes(100)))
bad("safetensors' trailing bytes", header(entry([100]), bytes(500)), "damaged")
bad("safetensors' many tensors", header(large, b""), "has more than 20000 entries")
bad(
    "safetensors' huge header", put(struct.pack("<Q", 2**40) + b"{}"), "a header of more than 4 MiB"
)
bad("safetensors' nested header", put(struct.pack("<Q", 2**20) + b'{"a":' * 2**18), "damaged")
bad("safetensors' header of no JSON", put(struct.pack("<Q", 8) + b"{weights"), "damaged")
bad("safetensors of nothing", header({}, b""), "no weights at all")


# Pickles with code in them: none may run


class Code:
    def __init__(self, function: Callable, *arguments: object):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


CODE = {
    "os.system": Code(os.system, "touch RAN"),
    "exec": Code(exec, "open('RAN', 'w')"),
    "eval": Code(eval, "open('RAN', 'w')"),
    "open": Code(open, "RAN", "w"),
    "getattr": Code(getattr, Code(__import__, "os"), "system"),
    "numpy's object": np.array([Code(os.system, "touch RAN")], dtype=object),
    "numpy's number": np.float64(3),
    "bytearray": Code(bytearray, 2**36),
    "partial": functools.partial(os.system, "touch RAN"),
    "torch.load": Code(torch.load, "other.pth"),
    "a module": Block(2, "conv_block"),
    "a Sequential": nn.Sequential(nn.Conv2d(3, 8, 7)),
    "a path": Path("weights"),
    "an untyped storage": Code(torch.UntypedStorage, 2**36),
}
for name, code in CODE.items():
    bad(f"code: {name}", keep(code), "asks for")
    bad(f"code: {name} beside weights", keep({**WEIGHTS, "more": code}), "asks for")
    bad(f"code: {name} in the legacy file", keep({"w": code}, _use_new_zipfile_serialization=False))
    for protocol in (0, 2, 4):
        words = "asks for" if protocol else "neither"
        bad(f"code: {name}, protocol {protocol}", put(pickle.dumps(code, protocol)), words)
bad("code in the zip of another order", torch_zip(b"cos\nsystem\n(S'touch RAN'\ntR."), "os.system")
bad("code by INST", torch_zip(b"(S'touch RAN'\nios\nsystem\n."), "os.system")
bad("a registered extension", torch_zip(b"\x80\x02\x82\x01."), "copyreg.extension")
bad("a plain pickle", put(pickle.dumps({"w": [1.0, 2.0]}, 2)))
bad("a pickle that never ends", torch_zip(b"\x80\x02" + b"}" * 2000), "damaged")
bad("a pickle of a huge text", torch_zip(b"\x80\x02X\xff\xff\xff\x7f"), "damaged")
bad("a pickle of itself", torch_zip(b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."), "too deeply")
