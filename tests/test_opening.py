"""Strangers' weight files become checkpoints of ours, in a process that ends what hurts."""

import io
import pickle
import struct
import threading
import time
import zipfile
import zlib
from pathlib import Path

import pytest
import torch
from tiny import noise

from cyclegan.core.config import Domains
from cyclegan.inference.translator import Translator
from cyclegan.methods import work
from cyclegan.page.library import SHORTEST_SIDE, Library
from cyclegan.store import checkpoints, formats, opening
from cyclegan.store.catalogue import Model, Source
from cyclegan.store.formats import FormatError, reading

GOLDEN = Path(__file__).parent / "golden"
FOREIGN = ["latest_net_G_A.pth", "upit_pytorch_model.bin", "huggan_pytorch_model.bin"]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_comes_back_is_the_same_network(name, tmp_path):
    opening.convert((GOLDEN / name,), tmp_path / "new", Domains("horse", "zebra"), 128)
    found, direct = checkpoints.load(tmp_path / "new"), formats.load([GOLDEN / name])
    assert found.config.domains == Domains("horse", "zebra") and found.config.image_size == 128
    assert found.config.facts == {**direct.config.facts, "size_said": True}
    picture = noise(40, 32)
    for direction in Translator(direct).directions:
        a, b = (Translator(one).translate(picture, direction) for one in (found, direct))
        assert a.translation.tobytes() == b.translation.tobytes()
    assert Translator(found).directions == Translator(direct).directions


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """A second of work, so that what never ends ends soon here."""
    monkeypatch.setattr(opening._CHAMBER, "seconds", 1.0)


def as_zip(pickled: bytes, *more: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (("a/data.pkl", pickled), ("a/version", b"3\n"), *more):
            archive.writestr(name, data)
    return file.getvalue()


def hashing(depth: int) -> bytes:
    """A dictionary whose key is a tuple of two of itself, `depth` deep: 2^depth to hash."""
    return b"\x80\x02)q\0" + b"h\0h\0\x86q\0" * depth + b"}h\0K\x01s."


@pytest.mark.parametrize(
    "data",
    [as_zip(hashing(60)), as_zip(hashing(60).replace(b"}", b"ccollections\nOrderedDict\n)R"))],
    ids=["a dictionary", "an OrderedDict"],
)
def test_what_never_ends_is_ended_and_others_are_served(data, tmp_path):
    (tmp_path / "bad.pth").write_bytes(data)
    with pytest.raises(FormatError, match=r"bad\.pth takes more than"):
        opening.convert((tmp_path / "bad.pth",), tmp_path / "a")
    opening.convert((GOLDEN / FOREIGN[0],), tmp_path / "b")
    assert checkpoints.load(tmp_path / "b").model.G is not None


def names(name: str, count: int) -> bytes:
    """A state dictionary of one number under many names."""
    file = io.BytesIO()
    one = torch.zeros(1)
    torch.save({name.format(i): one for i in range(count)}, file)
    return file.getvalue()


FLOODS = {
    "opcodes": as_zip(b"\x80\x02" + b"K\x000" * 900_000 + b"}."),
    "opcodes of the older format": b"\x80\x02" + b"K\x000" * 900_000 + b"}.",
    "a number": as_zip(b"\x80\x02I" + b"1" * 3_000_000 + b"\n."),
    "a long integer": as_zip(b"\x80\x02\x8b" + struct.pack("<I", 10**6) + b"\x7f" * 10**6 + b"."),
    "digits in names": names("1" * 150 + ".conv_block.1.weight{}", 1000),
    "many names": names("model.{}.conv_block.1.weight", 6000),
    "many generators": names("net{}.model.10.conv_block.1.weight", 400),
    "dots in names": names("a." * 90 + "{}", 1000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_a_sentence_soon(name, tmp_path):
    path = tmp_path / "flood.pth"
    path.write_bytes(FLOODS[name])
    began = time.process_time()
    with pytest.raises(FormatError) as error:
        formats.load([path])
    assert time.process_time() - began < 3 and str(error.value).endswith(".")


# Two readers, two truths


def entry(name: bytes, data: bytes, at: int) -> tuple[bytes, bytes]:
    """An entry of a zip, stored, and its line in the table of contents."""
    facts = struct.pack("<IIIHH", zlib.crc32(data), len(data), len(data), len(name), 0)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 0, 0, 0) + facts + name + data
    line = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 0, 0, 0) + facts
    return local, line + struct.pack("<HHHII", 0, 0, 0, 0, at) + name


def table(lines: list[bytes], start: int) -> bytes:
    whole = b"".join(lines)
    end = struct.pack("<HHHHIIH", 0, 0, len(lines), len(lines), len(whole), start, 0)
    return whole + b"PK\5\6" + end


def two(hidden: bytes, shown: bytes, kind: str) -> bytes:
    """A zip in which one reader finds `shown` as the pickle, and another might find `hidden`."""
    first, a = entry(b"a/data.pkl", hidden, 0)
    second, b = entry(b"a/data.pkl", shown, len(first))
    if kind == "a table in front":  # Found by who trusts the offset that the end states.
        early = table([a], len(first))
        body = first + early + entry(b"a/data.pkl", shown, 0)[0]
        shift = len(first) + len(early)
        return body + table([entry(b"a/data.pkl", shown, 0)[1]], len(body) - shift)
    if kind == "another name in front of the data":
        second = second.replace(b"a/data.pkl", b"a/data.xxx", 1)
    if kind == "the same name twice":
        return first + second + table([a, b], len(first) + len(second))
    return first + second + table([b], len(first) + len(second))


EVIL = b"cos\nsystem\n(S'true'\ntR."
HARMLESS = pickle.dumps({"epoch": 1}, protocol=2)


@pytest.mark.parametrize(
    "kind",
    ["a table in front", "another name in front of the data", "the same name twice", "plain"],
)
def test_there_is_one_reader(kind, tmp_path, monkeypatch):
    """torch's own is not asked: what was checked is what is read."""
    path = tmp_path / "two.pth"
    path.write_bytes(two(EVIL, HARMLESS, kind))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("another reader"))
    with pytest.raises(FormatError, match=r"holds no weights|damaged|same name"):
        formats.load([path])
    path.write_bytes(two(HARMLESS, EVIL, "plain"))
    with pytest.raises(FormatError, match=r"asks for os\.system"):
        formats.load([path])


@pytest.mark.parametrize("name", FOREIGN)
def test_the_own_reader_finds_what_torch_does(name):
    theirs = torch.load(GOLDEN / name, map_location="cpu", weights_only=True)
    ours, _ = reading.read(GOLDEN / name)
    flat = {key: value for key, value in theirs.items() if isinstance(value, torch.Tensor)}
    assert flat and all(torch.equal(ours[key], value) for key, value in flat.items())


@pytest.mark.parametrize(
    "kind", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]
)
@pytest.mark.parametrize("older", [False, True])
def test_kinds_and_views(kind, older, tmp_path):
    base = torch.arange(24).to(kind)
    state = {"a": base, "t": base.view(4, 6).t(), "part": base[5:9], "none": base[:0]}
    state["one"] = torch.tensor(1).to(kind)
    torch.save(state, tmp_path / "x.pth", _use_new_zipfile_serialization=not older)
    found, _ = reading.read(tmp_path / "x.pth")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], value) for name, value in state.items())


# Layouts that nobody has thought of


def odd(kind: str) -> dict:
    g = torch.Generator().manual_seed(0)

    def weight(*sides: int) -> torch.Tensor:
        return torch.randn(*sides, generator=g)

    ends = {"first.weight": weight(8, 3, 7, 7), "last.weight": weight(3, 8, 7, 7)}
    return {
        "no blocks at all": ends
        | {"d1.weight": weight(16, 8, 3, 3), "d2.weight": weight(32, 16, 3, 3)}
        | {"u1.weight": weight(32, 16, 3, 3), "u2.weight": weight(16, 8, 3, 3)},
        "depthwise-separable": ends | {f"b{i}.weight": weight(32, 1, 3, 3) for i in range(4)},
        "nothing between the ends": ends,
        "kernels of one side": {"a.weight": weight(8, 3, 7), "b.weight": weight(3, 8, 7)},
        "an optimiser's state": {"state": {0: {"exp_avg": weight(3)}}, "param_groups": [{"lr": 1}]},
        "numbers to nowhere": {f"model.{n}.conv_block.1.weight": weight(4) for n in (10, 99)},
        "a nest without an end": {"model.1.model.3.model.3.weight": weight(2)},
        "scalars": {f"model.{i}.weight": torch.tensor(1.0) for i in range(9)},
    }[kind]


ODD = ["no blocks at all", "depthwise-separable", "nothing between the ends"]
ODD += ["kernels of one side", "an optimiser's state", "numbers to nowhere"]
ODD += ["a nest without an end", "scalars"]


@pytest.mark.parametrize("kind", ODD)
def test_an_unknown_layout_is_a_sentence(kind, tmp_path):
    torch.save(odd(kind), tmp_path / "odd.pth")
    try:
        formats.load([tmp_path / "odd.pth"])
    except FormatError as error:
        assert str(error).startswith("odd.pth") and str(error).endswith(".")
    else:
        assert kind == "no blocks at all", "a generator without blocks is one"


def test_whatever_recognising_raises_is_a_sentence(tmp_path, monkeypatch):
    def broken(*_):
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("cyclegan.store.formats.finding.generators", broken)
    with pytest.raises(FormatError, match="laid out in a way that is not known here"):
        formats.load([GOLDEN / FOREIGN[0]])


# In the page's library


def foreign(path: Path) -> Model:
    return Model(path.name, (Source((path,)),), path.parent)


def test_one_who_opens_what_never_ends_holds_up_no_translator(tmp_path):
    (tmp_path / "bad.pth").write_bytes(as_zip(hashing(60)))
    library = Library([])
    key = library.add(foreign(GOLDEN / FOREIGN[0]))
    errors = []

    def open_bad() -> None:
        try:
            library.add(foreign(tmp_path / "bad.pth"))
        except checkpoints.CheckpointError as error:
            errors.append(error)

    thread = threading.Thread(target=open_bad)
    thread.start()
    variant, began = library.sets[key].variants[0], time.monotonic()
    library.translator(variant.source)
    library.translate(variant, noise(16, 16), "xy")
    assert time.monotonic() - began < 1 and thread.is_alive()
    thread.join()
    assert len(errors) == 1


def test_a_heavy_network_sees_smaller_pictures_or_is_not_opened():
    path = GOLDEN / FOREIGN[0]
    light = Library([])
    config = light.sets[light.add(foreign(path))].variants[0].config
    asked = work(config, 512)
    heavy = Library([], heaviest=asked / 4.2)
    (variant,) = heavy.sets[heavy.add(foreign(path))].variants
    assert variant.longest == 224
    assert heavy.translate(variant, noise(512, 256), "xy").translation.size == (224, 112)
    with pytest.raises(checkpoints.CheckpointError, match="too large a network"):
        Library([], heaviest=asked / (512 / SHORTEST_SIDE) ** 2 / 2).add(foreign(path))


def test_what_the_host_names_has_no_visitors_limits():
    library = Library([], heaviest=1.0)
    title, twice = (library.offer(foreign(GOLDEN / FOREIGN[0])) for _ in range(2))
    assert library.offered == [title, twice] == [FOREIGN[0], f"{FOREIGN[0]} (2)"]
    (variant,) = library.sets[title].variants
    assert variant.longest == 512 and not library.is_guest(title)
    library.forget(title)
    assert library.offered == [title, twice]


@pytest.mark.parametrize("side", [64, 256])
def test_work_is_counted_as_published(side):
    """The paper's 9 blocks of 64 filters: 99 GFLOP for 256 × 256 (FACTS, measured)."""
    from cyclegan.core.config import Config

    assert work(Config(), side) == pytest.approx(99e9 * (side / 256) ** 2, rel=0.01)
