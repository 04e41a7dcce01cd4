"""Weight files, and repos of a Hub, that a stranger might bring to hurt a page: families by seed.

Each family is a function of a random number generator; the weight files that the tests refuse are
one of them. Knows how to write them, and opens none.
"""

import io
import json
import pickle
import random
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import torch
import variants
from pyarrow import parquet

import hostile
from bench.hostile import pictures
from bench.hostile.pictures import MARK, MARKUP, MIB, Family, deflated, raw_zip

BEGIN = b"\x80\x02"


# Weight files


def written(write: hostile.Write) -> bytes:
    """What one of the tests' functions writes; nothing where it is no file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pth"
        write(path)
        return path.read_bytes() if path.is_file() else b""


def of_tests(r: random.Random) -> bytes:
    return written(hostile.BAD[r.choice(list(hostile.BAD))][0])


def flipped(r: random.Random) -> bytes:
    data = r.choice([hostile.as_zip, hostile.as_legacy, hostile.as_safetensors])()
    for _ in range(r.choice([1, 3, 30])):
        data = hostile.flipped(data, r.choice([r.randrange(9000), r.randrange(len(data))]))
    return data


def packed(contents: bytes, data: bytes = bytes(400)) -> bytes:
    return written(hostile.torch_zip(contents, data=data))


def flood(r: random.Random) -> bytes:
    """Instructions by the hundred thousand, or numbers that take long to read."""
    count = r.choice([100_000, 500_000, 1_300_000])
    body = r.choice(
        [
            b"K\x00" * count,
            b"]" * count,
            b"I" + b"1" * count + b"\n",
            b"L" + b"9" * count + b"L\n",
            b"F" + b"1" * count + b"e9\n",
            b"\x8b" + struct.pack("<i", count) + b"\x7f" * count,
            b"}" + b"r\xff\xff\xff\x7f" * (count // 5),
            b"(" * count,
            b"}" + b"K\x00K\x00s" * (count // 5),
            b"}q\x00" + b"h\x00" * (count // 2),
            b"ccollections\nOrderedDict\n)R" * (count // 27),
            b"V" + b"\\u0041" * (count // 6) + b"\n",
        ]
    )
    contents = BEGIN + body + b"}."
    return packed(contents) if r.random() < 0.5 else contents


def nested(r: random.Random) -> bytes:
    """Values inside values, small to write and endless to walk, compare or hash."""
    depth = r.choice([30, 200, 100_000])
    # t = (t, t): its hash takes 2^depth steps. No unpickler of weights can pop what is left behind.
    twice = b")q\x00" + b"h\x00h\x00\x86q\x00" * depth
    cycle = b"]q\x00h\x00a"
    body = {
        "hash": twice + b"}h\x00K\x01s",
        "twice": twice + b"}X\x01\x00\x00\x00wh\x00s",
        "key of a dictionary": twice + b"ccollections\nOrderedDict\n]h\x00K\x01\x86a\x85R",
        "lists": b"}X\x01\x00\x00\x00w" + b"](" * depth + b"e" * depth + b"s",
        "dictionaries": b"}(X\x01\x00\x00\x00w" * depth + b"}" + b"u" * depth,
        "cycle": b"}X\x01\x00\x00\x00w" + cycle + b"s",
        "wide": b"}X\x01\x00\x00\x00wq\x01" + b"]q\x00(" + b"h\x00" * depth + b"es",
        "size": b"}X\x01\x00\x00\x00wctorch\nSize\n(" + b"K\x01" * depth + b"t\x85Rs",
        "state": b"ccollections\nOrderedDict\n)R" + b"}X\x01\x00\x00\x00a}s" + b"b",
    }
    contents = BEGIN + r.choice(list(body.values())) + b"."
    return packed(contents) if r.random() < 0.7 else contents


def shaped(r: random.Random) -> bytes:
    """Tensors whose shapes, strides and storages do not fit, or are one and the same."""
    big = r.choice([2**20, 2**33, 2**62])
    shape, stride = r.choice(
        [
            ((big,), (0,)),
            ((big, big), (0, 0)),
            ((100,), (-1,)),
            ((-1, 4), (1, 1)),
            ((5, 5), (2**62, 2**62)),
            ((1,) * 70, (1,) * 70),
            ((8, 3, 7, 7), (0, 0, 0, 0)),
            ((), ()),
        ]
    )
    name = r.choice(["model.1.weight", "w", "a" * 150, MARKUP, "\u202e", ""])
    one = hostile.Declared(shape, stride, r.choice([1, 100, big]), r.choice([0, 0, 99, big]))
    return packed(hostile.pickled({f"{name}{i or ''}": one for i in range(r.choice([1, 5000]))}))


def shared_storage(r: random.Random) -> bytes:
    """Thousands of large tensors over one storage: each copy of one costs memory."""
    side = r.choice([256, 1024])
    one = hostile.Declared((side, side), (side, 1), side * side)
    values = {f"model.{i}.weight": one for i in range(r.choice([300, 5_000]))}
    return packed(hostile.pickled(values), bytes(4 * side * side))


def deep_network(r: random.Random) -> bytes:
    """A generator that is one, with more blocks or filters than anybody waits for."""
    from foreign import Named, resnet

    width, blocks = r.choice([(1, 900), (2, 300), (8, 60), (256, 0), (1, 1)])
    return saved(Named(model=resnet(width, blocks)).state_dict())


def no_network(r: random.Random) -> bytes:
    """Names as in a generator, with layers that no generator has."""
    state = {
        "depthwise": {"model.1.weight": torch.zeros(64, 1, 7, 7), "model.4.weight": torch.zeros(9)},
        "no blocks": {"model.1.weight": torch.zeros(8, 3, 7, 7), "model.1.bias": torch.zeros(8)},
        "optimiser": {"state": {0: {"exp_avg": torch.zeros(9)}}, "param_groups": [{"lr": 0.1}]},
        "one kernel": {"model.1.weight": torch.zeros(1, 3, 2000, 2000)},
        "numbers": {f"model.{10**i}.weight": torch.zeros(8, 3, 7, 7) for i in range(1, 150, 7)},
        "dots": {"." * 150: torch.zeros(2), "..": torch.zeros(2), "": torch.zeros(2)},
        "many": {f"model.{i}.weight": torch.zeros(1) for i in range(19_000)},
    }
    return saved(r.choice(list(state.values())))


def saved(values: object) -> bytes:
    file = io.BytesIO()
    torch.save(values, file)
    return file.getvalue()


def safetensors(r: random.Random) -> bytes:
    """Headers that are long, deep or untrue."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    head = r.choice(
        [
            json.dumps({"w": {**entry, "data_offsets": [-8, 0]}}),
            json.dumps({"w": {**entry, "shape": [2**62, 4]}}),
            json.dumps({"w": {**entry, "shape": [-2]}}),
            json.dumps({"w": {**entry, "data_offsets": [0, 2**64 - 1]}}),
            json.dumps({"w": {**entry, "dtype": MARKUP}}),
            json.dumps({f"w{i}": entry for i in range(r.choice([2, 15_000]))}),
            json.dumps({"__metadata__": {"a" * 1000: "b" * 3_000_000}, "w": entry}),
            '{"w":' + r.choice("[{") * r.choice([100, 1_900_000]),
            '{"w":' + "9" * 3_000_000 + "}",
            '{"w":{"dtype":"F32","shape":[' + "1," * 900_000 + '2],"data_offsets":[0,8]}}',
            '{"\\ud800":' + json.dumps(entry) + "}",
        ]
    ).encode()
    length = r.choice([len(head), len(head), 2**63, len(head) + 10**6])
    return struct.pack("<Q", length) + head + bytes(8)


def two_directories(r: random.Random) -> bytes:
    """One zip for a reader that takes the last directory, another for one that takes its offset."""
    size = r.choice([20, 1500]) * MIB
    head = BEGIN + b"X" + struct.pack("<I", size)
    big, plain = deflated(head, size, b"."), deflated(BEGIN + b"}.", 0, b"")
    rest = [
        (b"archive/byteorder", deflated(b"little", 0, b"")),
        (b"archive/version", deflated(b"3\n", 0, b"")),
    ]
    first, second = (raw_zip([(b"archive/data.pkl", p), *rest]) for p in r.sample([big, plain], 2))
    # The end record of the second, whose offset counts from its own beginning.
    return r.choice([first[:-22] + second, first + second, first + second[:-6] + first[-6:]])


def program(r: random.Random) -> bytes:
    """Pickles that call something."""
    call = r.choice(
        [
            f"cos\nsystem\n(S'touch {MARK}'\ntR.",
            f"cbuiltins\nopen\n(S'{MARK}'\nS'w'\ntR.",
            "cbuiltins\nbytearray\n(I9000000000\ntR.",
            "ctorch.serialization\nload\n(S'/dev/zero'\ntR.",
            "ctorch\nUntypedStorage\n(I9000000000\ntR.",
            "ctorch._utils\n_rebuild_tensor_v2\n(NI0\n(I9000000000\nt(I1\ntI00\nNtR.",
            "ccollections\nOrderedDict\n(ccollections\nOrderedDict\ntR.",
        ]
    ).encode()
    return r.choice([packed(BEGIN + call), BEGIN + call, pickle.dumps(call, 4)])


WEIGHTS: list[Family] = [
    *(of_tests, of_tests, flipped, flood, nested, shaped, shared_storage, deep_network),
    *(no_network, safetensors, two_directories, program),
]


# Repos


@cache
def whole() -> dict[str, bytes]:
    """The files of a tiny model, with an example; as this project writes them."""
    with TemporaryDirectory() as folder:
        variants.write(Path(folder) / "gan", variants.FULL, variants.JUDGES)
        return {f"gan/{path.name}": path.read_bytes() for path in (Path(folder) / "gan").iterdir()}


def values(r: random.Random) -> str:
    """JSON that no reader wants."""
    return r.choice(
        [
            json.dumps({"pairs": MARKUP, "size": {"a": 1}, "G": {"rmse": MARKUP}, "F": [1]}),
            json.dumps({"pairs": 10**400, "G": {"rmse": 1e308 * 10}, "size": -1}),
            '{"G":' * 100_000,
            "[" * 900_000,
            '{"pairs": ' + "9" * 500_000 + "}",
            json.dumps({f"k{i}": i for i in range(200_000)}),
            json.dumps({"G": {f"figure{i}": i for i in range(50_000)}}),
            "null",
            '"\\ud800"',
            json.dumps(["x" * 900_000]),
        ]
    )


def settings(r: random.Random) -> str:
    """A config.json with one value that is out of all range, or of another kind."""
    found = json.loads(whole()["gan/config.json"])
    places = [found, found["generator"], found["discriminator"], found["objective"]]
    place = r.choice([*places, found["training"], found["domains"]])
    odd = [40_000, 10**9, 10**30, -1, 0, 1e308, None, MARKUP, [], {}, True, "x" * 10**5, "\ud800"]
    place[r.choice(list(place))] = r.choice(odd)
    return json.dumps(found)


def card(r: random.Random) -> str:
    """A card whose front matter is more than it seems."""
    levels = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    levels += [f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 9)}]" for k in range(1, r.randint(5, 9))]
    front = r.choice(
        [
            "\n".join([*levels, f"{r.choice(['license', 'tags', 'title'])}: *a{len(levels) - 1}"]),
            "a: &a [*a]\nlicense: *a",
            "license: " + "[" * 20_000,
            "license: " + "9" * 200_000,
            "license: !!python/object/apply:os.system ['touch x']",
            f"license: '{MARKUP}'\nbase_model: '{MARKUP}'\ndatasets: ['{MARKUP}']",
            "license:\n" + "\n".join(f"{' ' * i}- " for i in range(1, 700)),
            "? {a: b}\n: c\nlicense: {1: 2}",
            "license: 2001-99-99\n<<: [1]",
            "x: " + "1:" * 9000 + "1",
        ]
    )
    return f"---\n{front}\n---\n# {MARKUP}\n[a](javascript:{MARK})\n"


def as_parquet(*columns: tuple[str, object]) -> bytearray:
    names, values = zip(*columns, strict=True)
    file = pa.BufferOutputStream()
    table = pa.table(list(values), list(names))
    # Without its schema, in which a dictionary would be read as one again.
    parquet.write_table(table, file, compression="zstd", store_schema=False)
    return bytearray(file.getvalue().to_pybytes())


def repeated(value: bytes, count: int) -> pa.DictionaryArray:
    """One value so many times, which lies in a file once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([value]))


def table(r: random.Random) -> bytes:
    """Parquet with a column of pictures that is a bomb, or none, or is damaged."""
    picture = r.choice(pictures.PICTURES)(r)
    column = r.choice(
        [
            [picture] * r.choice([4, 300]),
            repeated(bytes(r.choice([1, 200]) * MIB), 40),
            [None] * 9,
            [{"bytes": picture, "path": f"../../{MARK}.png"}] * 4,
            [{"bytes": None, "path": "/etc/passwd"}] * 4,
            [[picture]] * 4,
            ["x" * 9] * 4,
            np.arange(9),
        ]
    )
    names = r.choice([("imageA", "imageB"), ("imageA", "imageA"), (MARKUP, "imageB")])
    data = as_parquet(*((name, column) for name in names))
    for _ in range(r.choice([0, 0, 3])):
        data[-r.randrange(8, min(len(data), 900))] = r.randrange(256)
    return bytes(data)


def repo(r: random.Random) -> dict[str, bytes]:
    """A repo with one thing in it that is not as it should be."""
    files = dict(whole())
    kind = r.choice(["metrics", "config", "card", "example", "weights", "report", "table"])
    if kind == "metrics":
        files["gan/metrics.json"] = values(r).encode()
    elif kind == "config":
        files["gan/config.json"] = settings(r).encode()
    elif kind == "card":
        files["README.md"] = card(r).encode()
    elif kind == "example":
        for i in range(r.choice([1, 100])):
            files[f"examples/{i:02}-a-{r.choice('xy')}.png"] = r.choice(pictures.PICTURES)(r)
    elif kind == "weights":
        files["gan/model.safetensors"] = r.choice([safetensors, flipped, of_tests])(r)
    elif kind == "report":
        files["report/report.json"] = values(r).encode()
    else:
        files = {"data/train-0.parquet": table(r)}
    return files
