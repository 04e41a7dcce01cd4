"""Pictures as they are: channels, depths, ranges, shapes; from file to tensor to file."""

import json

import imagecodecs
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from test_train import NETWORKS, run, sentences, signals

from cyclegan import translate
from cyclegan.core import bands
from cyclegan.core.config import Channels, Range, Ranges
from cyclegan.evaluation import main as evaluate
from cyclegan.lessons import DataError, as_trained, open_data
from cyclegan.store import checkpoints

__all__ = ["signals"]

SIDE = 24


def values(seed: int, *shape: int, high: int = 4095, low: int = 0, kind="uint16") -> np.ndarray:
    """Every level of the range occurs, as often as the size allows."""
    random = np.random.default_rng(seed)
    found = random.integers(low, high + 1, shape)
    found.flat[:2] = low, high
    return found.astype(kind)


def png(path, array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(imagecodecs.png_encode(array))


def tiff(path, array, **how) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array, **how)


def folder(root, x, y, count: int = 3):
    """x, y: write file number i under a path without its ending."""
    for part, write in (("A", x), ("B", y)):
        for split in ("train", "test"):
            for i in range(count):
                write(root / f"{split}{part}" / f"{split}{part}{i}", i + 10 * (split == "test"))
    return root


def colour(path, seed) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = values(seed, SIDE, SIDE, 3, high=255, kind="uint8")
    Image.fromarray(array).save(path.with_suffix(".png"))


def grey(path, seed) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = values(seed, SIDE, SIDE, high=255, kind="uint8")
    Image.fromarray(array).save(path.with_suffix(".png"))


def ct(path, seed) -> None:
    png(path.with_suffix(".png"), values(seed, SIDE, SIDE))


def hounsfield(path, seed) -> None:
    tiff(path.with_suffix(".tif"), values(seed, SIDE, SIDE, low=-1024, high=3071, kind="int16"))


def float_map(path, seed) -> None:
    tiff(path.with_suffix(".tif"), values(seed, SIDE, SIDE, high=4095).astype(np.float32) / 4096)


def deep_colour(path, seed) -> None:
    png(path.with_suffix(".png"), values(seed, SIDE, SIDE, 3, high=65535))


def four_bands(path, seed) -> None:
    array = values(seed, SIDE, SIDE, 4, high=10_000)
    tiff(path.with_suffix(".tif"), array, photometric="minisblack", planarconfig="contig")


def train(tmp_path, data, *more: str):
    out = tmp_path / "out"
    given = ["--data", str(data), "--out", str(out), "--device", "cpu", *NETWORKS, "--steps", "2"]
    assert run(*given, "--fit", "none", *more) == 0
    return out


def config_of(out) -> dict:
    return json.loads((out / "config.json").read_text())


KINDS = {
    "ct": (ct, 1, (0, 4095, "uint16")),
    "hounsfield": (hounsfield, 1, (-1024, 3071, "int16")),
    "floats": (float_map, 1, (0, 4095 / 4096, "float32")),
    "deep colour": (deep_colour, 3, (0, 65535, "uint16")),
    "four bands": (four_bands, 4, (0, 16383, "uint16")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_from_file_to_tensor_to_file_is_exact_to_one_part_in_4096(kind, tmp_path):
    """Trained on, translated, and the x that comes out is the x that went in."""
    write, channels, (low, high, dtype) = KINDS[kind]
    data = folder(tmp_path / "data", write, colour)
    out = train(tmp_path, data)
    config = config_of(out)
    assert config["channels"] == {"x": channels, "y": 3}
    assert config["ranges"] == {"x": {"low": low, "high": high, "kind": dtype}, "y": None}
    argv = ["--model", str(out), "--input", str(data / "testA"), "--output", str(tmp_path / "to")]
    assert translate.main(argv) == 0
    for path in sorted((data / "testA").iterdir()):
        came = bands.read(path).astype(np.float64)
        (x,) = (tmp_path / "to").glob(f"{path.stem}_x.*")
        went = bands.read(x)
        assert went.dtype == np.dtype(dtype) and went.shape == came.shape
        assert np.abs(went - came).max() <= (high - low) / 4096
        if dtype != "float32":
            assert np.array_equal(went, came)
        (back,) = (tmp_path / "to").glob(f"{path.stem}_FG.*")
        assert bands.read(back).dtype == np.dtype(dtype)
        (made,) = (tmp_path / "to").glob(f"{path.stem}_G.*")
        assert bands.read(made).dtype == np.uint8 and bands.read(made).shape[-1] == 3
    assert evaluate([str(out)]) == 0
    assert run("--resume", str(out), "--steps", "3", "--rate", "1e-4") == 0
    assert config_of(out)["ranges"] == config["ranges"]


@pytest.mark.parametrize("kind", KINDS)
def test_back_from_colour(kind, tmp_path):
    write, _, (_, _, dtype) = KINDS[kind]
    data = folder(tmp_path / "data", colour, write)
    out = train(tmp_path, data)
    argv = ["--model", str(out), "--input", str(data / "testA"), "--output", str(tmp_path / "to")]
    assert translate.main(argv) == 0
    for path in sorted((data / "testA").iterdir()):
        (made,) = (tmp_path / "to").glob(f"{path.stem}_G.*")
        assert bands.read(made).dtype == np.dtype(dtype)
        (x,) = (tmp_path / "to").glob(f"{path.stem}_x.*")
        assert np.array_equal(bands.read(x), bands.read(path))


def test_grey_to_colour_of_8_bits(tmp_path, capsys):
    data = folder(tmp_path / "data", grey, colour)
    out = train(tmp_path, data)
    said = capsys.readouterr().out
    assert "trainA has 1 channel (grey)." in said
    assert "The identity term is off: X has 1 channel, and Y 3." in said
    config = config_of(out)
    assert config["channels"] == {"x": 1, "y": 3} and config["ranges"] == {"x": None, "y": None}
    argv = ["--model", str(out), "--input", str(data / "testA"), "--output", str(tmp_path / "to")]
    assert translate.main(argv) == 0
    (x,) = (tmp_path / "to").glob("testA0_x.png")
    assert Image.open(x).mode == "L" and Image.open(x.with_name("testA0_G.png")).mode == "RGB"
    assert evaluate([str(out)]) == 0


def test_a_method_without_an_identity_term_takes_grey_and_colour_too(tmp_path, capsys):
    data = folder(tmp_path / "data", grey, colour)
    argv = ["--data", str(data), "--method", "dcgan", "--size", "16", "--steps", "1"]
    argv += ["--batch", "2", "--width", "2", "--discriminator-width", "2"]
    assert run(*argv, "--out", str(tmp_path / "run")) == 0
    assert config_of(tmp_path / "run")["channels"] == {"x": 1, "y": 3}
    assert "identity" not in capsys.readouterr().out


def test_the_scale_is_the_collections_and_not_a_files(tmp_path):
    """A dark picture stays dark."""

    def slices(path, seed):
        png(path.with_suffix(".png"), np.full((SIDE, SIDE), 4000 if seed == 0 else 40, np.uint16))

    data = open_data(str(folder(tmp_path / "data", slices, slices)), SIDE, "none")
    assert data.ranges == Ranges(Range(0, 4095, "uint16"), Range(0, 4095, "uint16"))
    bright, dark = (int(data.train_x[i].to(torch.int32).max()) for i in (0, 1))
    assert abs(bright - 4000 * 65535 / 4095) <= 1 and abs(dark - 40 * 65535 / 4095) <= 1


def test_a_range_that_is_given(tmp_path, capsys):
    data = folder(tmp_path / "data", hounsfield, colour)
    out = train(tmp_path, data, "--range", "-1000", "1000")
    said = capsys.readouterr().out
    assert "int16: -1,000 to 1,000 are black to white." in said
    assert "trainB has 8 bits, whose white is 255: no --range concerns it." in said
    assert config_of(out)["ranges"]["x"] == {"low": -1000, "high": 1000, "kind": "int16"}
    argv = ["--model", str(out), "--input", str(data / "testA"), "--output", str(tmp_path / "to")]
    assert translate.main(argv) == 0
    came = bands.read(data / "testA" / "testA0.tif")
    assert np.array_equal(bands.read(tmp_path / "to" / "testA0_x.tif"), came.clip(-1000, 1000))


@pytest.mark.parametrize("ends", [["5"], ["4095", "0"], ["0", "1", "2"], ["nan", "1"]])
def test_a_range_that_is_none(ends, tmp_path, capsys):
    data = folder(tmp_path / "data", ct, ct)
    given = ["--data", str(data), "--out", str(tmp_path / "out"), *NETWORKS, "--range", *ends]
    (sentence,) = sentences(capsys, run(*given))
    assert "range" in sentence


@pytest.mark.parametrize("option", [["--channels", "1", "3"], ["--range", "0", "9"]])
def test_a_lesson_brings_its_own_pictures(option, tmp_path, capsys):
    given = ["--data", "drawing", "--out", str(tmp_path / "out"), *NETWORKS, *option]
    (sentence,) = sentences(capsys, run(*given))
    assert f"{option[0]} is about picture files, and drawing is a lesson" in sentence
    assert not (tmp_path / "out").exists()


LAYOUTS = {
    "contiguous": ((SIDE, SIDE, 4), {"photometric": "minisblack", "planarconfig": "contig"}),
    "planes": ((4, SIDE, SIDE), {"photometric": "minisblack", "planarconfig": "separate"}),
    "as it comes": ((4, SIDE, SIDE), {}),
    "colours and one": ((SIDE, SIDE, 4), {"photometric": "rgb"}),
    "unspecified": ((SIDE, SIDE, 4), {"photometric": "rgb", "extrasamples": ["unspecified"]}),
    "imagej": ((4, SIDE, SIDE), {"imagej": True, "metadata": {"axes": "CYX"}}),
    "packed": ((SIDE, SIDE, 4), {"compression": "lzw", "predictor": True}),
    "in tiles": (
        (SIDE, SIDE, 4),
        {"tile": (16, 16), "photometric": "minisblack", "planarconfig": "contig"},
    ),
    "as it comes, bands last": ((SIDE, SIDE + 1, 4), {"photometric": "minisblack"}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_four_bands_in_whatever_order_they_lie(layout, tmp_path):
    shape, how = LAYOUTS[layout]
    array = values(0, *shape, high=60_000)
    tiff(tmp_path / "a.tif", array, **how)
    found = bands.form(tmp_path / "a.tif")
    assert (found.channels, found.kind) == (4, "uint16") and min(found.size) == SIDE
    expected = array if shape[-1] == 4 else np.moveaxis(array, 0, -1)
    assert np.array_equal(bands.read(tmp_path / "a.tif"), expected)


@pytest.mark.parametrize("count", [2, 4, 5, 8])
def test_bands_of_8_bits(count, tmp_path):
    array = values(0, SIDE, SIDE, count, high=255, kind="uint8")
    how = {"photometric": "minisblack", "planarconfig": "contig"}

    def write(path, seed):
        tiff(path.with_suffix(".tif"), array, **how)

    data = open_data(str(folder(tmp_path / "data", write, colour)), SIDE, "none")
    assert data.channels == Channels(count, 3) and data.ranges == Ranges()
    assert data.train_x[0].dtype == torch.uint8
    assert np.array_equal(data.train_x[0].permute(1, 2, 0).numpy(), array)


def test_a_file_with_several_pictures_gives_its_first(tmp_path):
    with tifffile.TiffWriter(tmp_path / "pages.tif") as file:
        for level in (7, 9):
            file.write(np.full((SIDE, SIDE), level, np.uint16), photometric="minisblack")
    assert bands.form(tmp_path / "pages.tif").channels == 1
    assert (bands.read(tmp_path / "pages.tif") == 7).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_deep_picture_lies_as_it_was_held(orientation, tmp_path):
    array = values(0, 6, 8)
    extra = [(274, 3, 1, orientation, True)]
    tiff(tmp_path / "deep.tif", array, extratags=extra)
    small = (array >> 4).astype(np.uint8)
    # Packed, since Pillow 12 scrambles rotated ones that are not.
    tiff(tmp_path / "plain.tif", small, extratags=extra, compression="zlib")
    assert np.array_equal(
        bands.read(tmp_path / "deep.tif")[..., 0] >> 4, bands.read(tmp_path / "plain.tif")[..., 0]
    )


@pytest.mark.parametrize(
    ("mode", "channels"), [("L", 1), ("1", 1), ("RGB", 3), ("RGBA", 3), ("P", 3), ("CMYK", 3)]
)
def test_everyday_pictures_stay_everyday(mode, channels, tmp_path):
    def write(path, seed):
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(values(seed, SIDE, SIDE, 3, high=255, kind="uint8"))
        suffix = ".jpg" if mode == "CMYK" else ".png"
        picture.convert(mode).save(path.with_suffix(suffix))

    data = open_data(str(folder(tmp_path / "data", write, colour)), SIDE, "none")
    assert data.channels == Channels(channels, 3) and data.ranges == Ranges()


def test_one_of_another_kind_is_left_out_or_joins(tmp_path):
    def mixed(path, seed):
        if seed == 1:
            png(path.with_suffix(".png"), np.full((SIDE, SIDE), 255, np.uint8))
        elif seed == 2:
            how = {"photometric": "minisblack", "planarconfig": "contig"}
            tiff(path.with_suffix(".tif"), values(0, SIDE, SIDE, 5), **how)
        else:
            ct(path, seed)

    data = open_data(str(folder(tmp_path / "data", mixed, colour)), SIDE, "none")
    said = " ".join(data.said)
    assert len(data.train_x) == 2 and "has 5 channels, and the others have 1" in said
    assert int(data.train_x[1].to(torch.int32).min()) == 65535  # White of 8 bits is white.


@pytest.mark.parametrize("damage", ["cut", "none", "nan"])
def test_damaged_files_are_left_out_and_named(damage, tmp_path):
    data = folder(tmp_path / "data", float_map, colour)
    path = data / "trainA" / "trainA0.tif"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "none":
        path.write_bytes(b"II*\0 and no more")
    else:
        tiff(path, np.full((SIDE, SIDE), np.nan, np.float32))
    opened = open_data(str(data), SIDE, "none")
    assert len(opened.train_x) == 2
    assert any("Left out of trainA: trainA0.tif" in sentence for sentence in opened.said)


def test_a_side_of_which_nothing_can_be_read_is_told_of(tmp_path):
    data = folder(tmp_path / "data", ct, colour)
    for path in data.glob("*A/*.png"):
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=r"trainA holds no pictures.*damaged"):
        open_data(str(data), SIDE, "none")


def test_older_runs_see_deep_pictures_in_8_bits_as_they_did(tmp_path):
    data = folder(tmp_path / "data", ct, colour)
    older = open_data(str(data), SIDE, "none", Channels(), Ranges())
    assert older.train_x[0].dtype == torch.uint8 and len(older.train_x[0]) == 3
    came = bands.read(data / "trainA" / "trainA0.png")
    assert np.abs(older.train_x[0][0].numpy() - came[..., 0] * (255 / 4095)).max() < 1


def test_channels_that_are_asked_for(tmp_path, capsys):
    data = folder(tmp_path / "data", grey, colour)
    out = train(tmp_path, data, "--channels", "3", "1")
    assert config_of(out)["channels"] == {"x": 3, "y": 1}
    checkpoint = checkpoints.load(out)
    opened = open_data(*as_trained(checkpoint.config))
    assert len(opened.train_x[0]) == 3 and len(opened.train_y[0]) == 1


# Shapes


def marked(width: int, height: int):
    """Grey, a red upper left corner, a blue lower right one."""

    def write(path, seed):
        path.parent.mkdir(parents=True, exist_ok=True)
        array = np.full((height, width, 3), 128, np.uint8)
        array[: height // 8, : width // 8] = 255, 0, 0
        array[-(height // 8) :, -(width // 8) :] = 0, 0, 255
        Image.fromarray(array).save(path.with_suffix(".png"))

    return write


def corner(kept: torch.Tensor, colour: int) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of where a channel is much stronger than the others."""
    signed = kept.to(torch.int32)
    others = [c for c in range(3) if c != colour]
    is_there = signed[colour] - signed[others].max(0).values > 100
    if not is_there.any():
        return None
    rows, columns = is_there.any(1).nonzero(), is_there.any(0).nonzero()
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@pytest.mark.parametrize(
    ("fit", "shape", "red"),
    [
        # 400×900, to 286 of 256; the corner is 50×112.
        ("crop", (286, 644), (0, 0, 36, 80)),
        ("squeeze", (286, 286), (0, 0, 36, 36)),
        ("pad", (286, 286), (0, 0, 96, 36)),  # 127 wide, 79.5 of padding to its left.
        ("none", (400, 900), (0, 0, 50, 112)),
    ],
)
def test_what_becomes_of_a_picture_of_400_by_900(fit, shape, red, tmp_path):
    write = marked(400, 900)
    data = open_data(str(folder(tmp_path / "data", write, write)), 256, fit)
    kept = data.train_x[0]
    assert tuple(kept.shape[:0:-1]) == shape
    assert corner(kept, 0) == pytest.approx(red, abs=1.01)
    held_out = data.held_out(256, 1).x[0]
    assert held_out.shape == (3, 256, 256)
    if fit in ("squeeze", "pad"):
        assert corner(held_out, 0)[:2] == (0, 0) and corner(held_out, 2)[2:] == (256, 256)
    else:  # The middle of a long picture shows neither.
        assert corner(held_out, 0) is None and corner(held_out, 2) is None


def test_the_same_of_deep_pictures(tmp_path):
    def deep(path, seed):
        marked(400, 900)(path, seed)
        array = np.asarray(Image.open(path.with_suffix(".png"))).astype(np.uint16) * 257
        png(path.with_suffix(".png"), array)

    for fit in ("crop", "squeeze", "pad", "none"):
        plain = (
            open_data(str(folder(tmp_path / f"plain {fit}", marked(400, 900), colour)), 64, fit)
            if fit != "none"
            else None
        )
        data = open_data(str(folder(tmp_path / fit, deep, deep)), 64, fit)
        kept = data.train_x[0]
        assert kept.dtype == torch.uint16
        if plain:
            small = (kept.float() / 257).round()
            assert small.shape == plain.train_x[0].shape
            assert (small - plain.train_x[0].float()).abs().mean() < 1


FLIPS = {"none": [(0, 0)], "horizontal": [(0, 0), (1, 0)], "both": [(0, 0), (1, 0), (0, 1), (1, 1)]}


@pytest.mark.parametrize("flip", FLIPS)
def test_where_a_marked_corner_comes_to_lie(flip, tmp_path):
    from dataclasses import replace

    from cyclegan.core.config import Config, Training
    from cyclegan.training import setup

    write = marked(32, 32)
    data = open_data(str(folder(tmp_path / "data", write, write)), 32, "none")
    config = Config(training=Training(flip=flip, fit="none"), image_size=32)
    seen = setup.batches(replace(config, domains=data.domains), data)
    places = set()
    for step in range(40):
        left, top, *_ = corner(data.medium.to_kept(seen[step].x[0]), 0)
        places.add((int(left > 16), int(top > 16)))
    assert sorted(places) == sorted(FLIPS[flip])


@pytest.mark.parametrize(
    ("size", "fit", "said"),
    [
        ((20, 200), "crop", "a crop sees a part of them; --fit pad shows them whole"),
        ((20, 200), "squeeze", "squeezed into squares; --fit crop keeps their shape"),
        ((20, 200), "pad", "most of what is seen of them is padding"),
        ((9, 9), "crop", "smaller than 24 pixels, and enlarged"),
    ],
)
def test_what_becomes_of_thin_and_tiny_pictures_is_said(size, fit, said, tmp_path):
    data = folder(tmp_path / "data", colour, colour)
    Image.new("RGB", size).save(data / "trainA" / "trainA1.png")
    opened = open_data(str(data), SIDE, fit)
    assert any(s.startswith("trainA1.png of trainA is") and said in s for s in opened.said)
    assert all(min(item.shape[1:]) >= SIDE for item in opened.train_x)


def test_pairs_of_different_shapes_are_told_of(tmp_path):
    data = tmp_path / "data"
    for part, size in (("A", (40, 40)), ("B", (40, 80))):
        for split in ("train", "test"):
            (data / f"{split}{part}").mkdir(parents=True)
            Image.new("RGB", size).save(data / f"{split}{part}" / "one.png")
    with pytest.raises(DataError, match=r"differ in shape.*--fit squeeze makes them alike"):
        open_data(str(data), SIDE, "none")
    assert open_data(str(data), SIDE, "squeeze").paired


def test_older_names_of_the_fits(tmp_path):
    data = folder(tmp_path / "data", colour, colour)
    for older, fit, place in (
        ("crop", "none", "random"),
        ("resize-and-crop", "squeeze", "random"),
        ("middle", "none", "middle"),
    ):
        out = tmp_path / older
        given = ["--data", str(data), "--out", str(out), *NETWORKS, "--steps", "1"]
        assert run(*given, "--resize", older) == 0
        training = config_of(out)["training"]
        assert (training["fit"], training["place"]) == (fit, place)
        assert "resize" not in training
