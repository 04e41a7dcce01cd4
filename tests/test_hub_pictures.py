"""Datasets of the Hub: two columns of pictures, from a Hub on loopback to a folder to train on."""

import gc
from pathlib import Path

import pyarrow as pa
import pytest
from hub_server import serve
from huggingface_hub import constants, file_download
from pyarrow import parquet
from test_intake import picture_bytes

import train
from cyclegan.lessons import DataError, hub_columns, intake, open_data
from cyclegan.lessons import hub_columns as pictures
from cyclegan.lessons import parquet as columns_of
from cyclegan.store import checkpoints
from cyclegan.store.hub import HubError


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def no_pauses(monkeypatch):
    """The client's, before it asks again for a file that broke off."""
    monkeypatch.setattr(file_download.time, "sleep", lambda seconds: None)


def file(count: int = 3, first: int = 0, **more) -> bytes:
    """A Parquet file of "imageA" (structs, as the Hub writes them), "imageB" (bytes), "label"."""
    cells = [picture_bytes(seed=first + i) for i in range(count)]
    columns = {
        "imageA": [{"bytes": cell, "path": None} for cell in cells],
        "imageB": cells,
        "label": list(range(count)),
        **more,
    }
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


def pull(text: str = "user/set", names=("imageA", "imageB"), **more):
    return hub_columns.pull_pictures(text, names, **more)


def refusal(*args, **more) -> str:
    with pytest.raises((HubError, DataError)) as error:
        x, y = pull(*args, **more)
        list(x.items), list(y.items)
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 400
    return sentence


def test_the_training_split_becomes_a_dataset(server, tmp_path):
    shards = {f"data/train-0000{i}-of-00002.parquet": file(6, 6 * i) for i in range(2)}
    server.add("user/set", {**shards, "data/test-00000-of-00001.parquet": file(), "a.zip": b""})
    told = []
    x, y = pull(progress=lambda *numbers: told.append(numbers))
    assert told[-1][0] == told[-1][1] == sum(map(len, shards.values()))
    taken = intake.take_in(tmp_path / "data", x, y, 24)
    assert (taken.x.train, taken.x.held_out, taken.y.train) == (11, 1, 11)
    data = open_data(str(tmp_path / "data"), 24, "squeeze")
    assert len(data.train_x) == 11 and not data.paired
    before = len(server.downloads)
    assert pull()[0].count == 12 and len(server.downloads) == before, "from the cache"


def test_the_hubs_own_conversion_serves_where_a_repo_has_no_parquet(server):
    server.add("user/set", {"pictures.zip": b"PK"})
    assert "holds no Parquet files, nor has the Hub made any" in refusal()
    converted = {"default/train/0000.parquet": file(2), "default/test/0000.parquet": file(5)}
    server.add("user/set", converted, revision="refs/convert/parquet")
    assert pull()[0].count == 2
    assert "user/set@main holds no Parquet" in refusal("user/set@main")


@pytest.mark.parametrize(
    "text",
    ["user/set@v1", "https://huggingface.co/datasets/user/set@v1", " hf.co/datasets/user/set@v1/"],
)
def test_names_and_addresses(text, server):
    server.add("user/set", {"a.parquet": file(2)}, tags=("v1",))
    server.add("user/set", {"a.parquet": file(4)})
    assert pull(text)[0].count == 2 and pull("user/set")[0].count == 4


def test_one_of_several_configurations_is_named(server):
    server.add("user/set", {"old/train.parquet": file(2), "new/train.parquet": file(4)})
    assert "several configurations; name one: user/set:new, user/set:old." in refusal()
    assert pull("user/set:new")[0].count == 4
    assert "user/set has no gone; valid are new, old." in refusal("user/set:gone")


@pytest.mark.parametrize("text", ["", "../..", "user/set/more", "user/set@"])
def test_what_is_no_name(text, server):
    refusal(text)
    assert not server.requests


def test_what_the_hub_does_not_give(server):
    assert "There is no dataset user/set on the Hub" in refusal()
    server.add("user/set", {"a.parquet": file()}, gated=True)
    assert f"user/set is gated: ask for access on {server.url}/datasets/user/set" in refusal()
    server.add("user/set", {"a.parquet": file()})
    assert "has no branch, tag or commit v9" in refusal("user/set@v9")


@pytest.mark.parametrize("fault", [{"status": 503}, {"after": 100}, {"after": 100, "reset": True}])
def test_a_broken_connection(fault, server, no_pauses):
    server.add("user/set", {"a.parquet": file(40)})
    server.fail("GET /datasets/.*/resolve/", **fault)
    assert "user/set could not be pulled" in refusal() or "broke off" in refusal()
    server.heal()
    assert pull()[0].count == 40


def test_without_a_network(server):
    server.fail("GET /api/datasets", reset=True, after=0)
    assert refusal().startswith("user/set could not be pulled: ")


def test_too_much_is_refused_before_it_is_fetched(server, monkeypatch):
    server.add("user/set", {"a.parquet": file(), "b.parquet": file()})
    monkeypatch.setattr(pictures, "MAX_DATASET", 2 * len(file()) - 1)
    assert "in 2 Parquet files; at most" in refusal()
    monkeypatch.undo()
    assert server.downloads == []


def test_columns_that_are_missing_or_no_pictures(server):
    server.add("user/set", {"a.parquet": file(odd=["a", "b", "c"])})
    sentence = refusal(names=("imageA", "photo"))
    assert sentence == "user/set has no column photo; its columns are imageA, imageB, label, odd."
    assert "column label of user/set holds int64, not pictures" in refusal(
        names=("imageA", "label")
    )
    assert "holds string, not pictures" in refusal(names=("odd", "imageA"))
    assert "Name two columns" in refusal(names=("imageA", "imageA"))
    assert "Name two columns" in refusal(names=("imageA", " "))


def open_file(path: Path, data: bytes, names=("imageA", "imageB")):
    path.write_bytes(data)
    return columns_of.open_columns([path], names, "user/set")


@pytest.mark.parametrize("at", [0, 200, 3000, -4, -300])
def test_damaged_files_are_sentences(at, tmp_path):
    data = bytearray(file())
    for i in range(8):
        data[(at + i) % len(data)] ^= 0x5A
    try:
        for side in open_file(tmp_path / "a.parquet", bytes(data)):
            assert all(path.is_file() for _, path in side.items)
    except DataError as error:
        assert str(error).endswith(".")
    for data in (
        b"",
        b"PAR1",
        b"PAR1" + b"\xff" * 4 + b"PAR1",
        file()[:-20],
        file()[:-4] + b"PARE",
    ):
        with pytest.raises(DataError, match="damaged"):
            open_file(tmp_path / "b.parquet", data)


def test_long_tables_and_large_cells(tmp_path, monkeypatch):
    monkeypatch.setattr(columns_of, "MAX_PICTURES", 2)
    x, _ = open_file(tmp_path / "a.parquet", file(5))
    assert x.count == len(list(x.items)) == 2 and x.left_out[0].name == "what follows row 2 of 5"
    folder = next(iter(x.items))[1].parent
    assert folder.exists()
    del x, _
    gc.collect()
    assert not folder.exists(), "the cells' files go with them"
    monkeypatch.setattr(columns_of, "MAX_FILE_BYTES", 1000)
    with pytest.raises(DataError, match="row 1: a picture has more than"):
        open_file(tmp_path / "a.parquet", file())
    monkeypatch.undo()
    monkeypatch.setattr(columns_of, "MAX_COLUMN_BYTES", 5000)
    with pytest.raises(DataError, match="has more than 0 GiB, the most for a side"):
        open_file(tmp_path / "a.parquet", file())


def repeated(path: Path, value: bytes, rows: int = 1, **options) -> Path:
    """A small file: one value, in every row of both columns, as a writer without Arrow puts it."""
    dictionary = pa.array([value], pa.large_binary())
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), dictionary)
    plain = options.get("use_dictionary") is False
    column = column.cast(pa.large_binary()) if plain else column
    options = {"compression": "zstd", "store_schema": False, **options}
    parquet.write_table(pa.table({"imageA": column, "imageB": column}), path, **options)
    assert path.stat().st_size < 200_000
    return path


@pytest.mark.parametrize(
    "options",
    [{"rows": 24}, {"use_dictionary": False}, {"use_dictionary": False, "rows": 3}],
    ids=["dictionary", "plain", "several in one page"],
)
def test_a_page_that_grows_ends_in_a_sentence_and_in_no_memory_of_ours(options, tmp_path):
    path = repeated(tmp_path / "a.parquet", bytes(250 * 2**20), **options)
    before = peak_memory()
    with pytest.raises(DataError, match=r"a picture has more than|needs more memory"):
        columns_of.open_columns([path], ("imageA", "imageB"), "user/set")
    assert peak_memory() - before < 50 * 2**20


def test_one_value_in_every_row_fills_no_disk(tmp_path, monkeypatch):
    """60 MiB in each of 1,000 rows are within the limit of a picture."""
    monkeypatch.setattr(columns_of, "MAX_COLUMN_BYTES", 2**28)
    path = repeated(tmp_path / "a.parquet", bytes(60 * 2**20), rows=1000)
    with pytest.raises(DataError, match="the most for a side"):
        columns_of.open_columns([path], ("imageA", "imageB"), "user/set")


def peak_memory() -> int:
    """Bytes that this process has had at most; 0 where nobody can tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_empty_cells_are_left_out(tmp_path):
    cells = [None, {"bytes": None, "path": "x.png"}]
    cells += [{"bytes": picture_bytes(seed=i), "path": ""} for i in range(3)]
    x, y = open_file(tmp_path / "a.parquet", file(5, imageA=cells))
    taken = intake.take_in(tmp_path / "data", x, y, 24)
    assert taken.x.train == 3 and len(taken.x.left_out) == 2
    assert "imageA, row 1 is not a picture" in taken.sentence


# As a lesson


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """Where what was taken in is kept."""
    place = "huggingface_hub.utils._cache_assets.HF_ASSETS_CACHE"
    monkeypatch.setattr(place, tmp_path / "assets")


def test_a_dataset_by_its_name_is_brought_once_and_trained_on(server, assets, tmp_path, capsys):
    """`train.py --data user/set`: its two columns are found, and later no network is needed."""
    server.add("user/set", {"data/train-00000-of-00001.parquet": file(12)})
    small = ["--size", "24", "--width", "2", "--blocks", "1", "--discriminator-width", "2"]
    out = tmp_path / "run"
    command = ["--data", "user/set", *small, "--steps", "1", "--device", "cpu", "--out", str(out)]
    assert train.main(command) == 0
    said = capsys.readouterr().out
    assert "user/set at commit" in said and "X: 11 pictures to train on, 1 held out" in said
    assert checkpoints.read_config(out).training.data == "user/set"
    server.fail("user/set", status=500)
    data = open_data("user/set", 24, "squeeze")
    assert (len(data.train_x), len(data.test_x), data.paired) == (11, 1, False)
    assert "X: 11 pictures" in data.said[1]


def test_columns_are_named_where_there_are_more_than_two(server, assets):
    more = [picture_bytes(seed=90 + i) for i in range(3)]
    server.add("user/set", {"data/train.parquet": file(3, imageC=more)})
    with pytest.raises(DataError, match=r"3 columns of pictures .*user/set#imageA,imageB"):
        open_data("user/set", 24, "none")
    assert len(open_data("user/set#imageC,imageA", 24, "squeeze").train_x) == 3
    with pytest.raises(DataError, match="after # stand two columns"):
        open_data("user/set#imageC", 24, "none")
