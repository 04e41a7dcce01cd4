"""The border between pictures and tensors: modes, orientation, damage, sizes, rounding."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile
from tiny import noise
from torchvision.transforms.v2 import functional as transforms

from cyclegan.core import images, listing, pictures
from cyclegan.core.pictures import ImageError

WHITE, BLACK, RED, BLUE = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255)


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pixels(picture: Image.Image) -> list[tuple[int, int, int]]:
    assert picture.mode == "RGB"
    return [tuple(pixel) for pixel in np.asarray(picture).reshape(-1, 3).tolist()]


def row(mode: str, values: list, dtype: type = np.uint8) -> Image.Image:
    picture = Image.fromarray(np.array([values], dtype=dtype), mode if dtype is np.uint8 else None)
    assert picture.mode == mode
    return picture


# Modes


def test_rgb_and_grey():
    assert pixels(pictures.load(encoded(row("RGB", [RED, (1, 2, 3)])))) == [RED, (1, 2, 3)]
    assert pixels(pictures.load(encoded(row("L", [0, 77, 255])))) == [BLACK, (77, 77, 77), WHITE]


def test_black_and_white():
    picture = Image.new("1", (2, 1))
    picture.putpixel((1, 0), 1)
    assert pixels(pictures.load(encoded(picture))) == [BLACK, WHITE]


def test_transparency_is_laid_over_white():
    rgba = row("RGBA", [(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 51)])
    assert pixels(pictures.load(encoded(rgba))) == [RED, WHITE, (204, 204, 204)]
    grey = row("LA", [(0, 255), (0, 0), (0, 51)])
    assert pixels(pictures.load(encoded(grey))) == [BLACK, WHITE, (204, 204, 204)]


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette(kind):
    picture = Image.new("P", (3, 1))
    picture.putpalette([*RED, *BLUE, 0, 255, 0])
    picture.putdata([0, 1, 2])
    assert pixels(pictures.load(encoded(picture, kind))) == [RED, BLUE, (0, 255, 0)]
    see_through = encoded(picture, kind, transparency=1)
    assert pixels(pictures.load(see_through)) == [RED, WHITE, (0, 255, 0)]


def test_cmyk():
    inks = row("CMYK", [(0, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)])
    assert pixels(pictures.load(encoded(inks, "TIFF"))) == [WHITE, RED, BLACK]
    (colour,) = set(pixels(pictures.load(encoded(inks.crop((1, 0, 2, 1)).resize((8, 8)), "JPEG"))))
    assert colour[0] > 250 and max(colour[1:]) < 5


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit(kind):
    values = [0, 257, 128 * 257, 65535]
    found = pixels(pictures.load(encoded(row("I;16", values, np.uint16), kind)))
    assert all(r == g == b for r, g, b in found)
    assert [r for r, _, _ in found] == pytest.approx([0, 1, 128, 255], abs=1)
    assert (found[0], found[-1]) == (BLACK, WHITE)


def test_a_dark_16_bit_picture_stays_dark():
    found = pixels(pictures.load(encoded(row("I;16", [0, 257, 514], np.uint16))))
    assert max(r for r, _, _ in found) <= 2


@pytest.mark.parametrize(
    ("mode", "values", "kind"),
    [
        ("I", [0, 70_000], np.int32),
        ("I", [-5, 5], np.int32),
        ("I", [0, 255], np.int32),
        ("F", [-2.0, 0.0, 2.0], np.float32),
        ("F", [0.0, float("nan")], np.float32),
    ],
)
def test_numbers_without_a_white_are_refused(mode, values, kind):
    """Each would need a scale of its own, and a collection would have as many as pictures."""
    sentence = refusal(encoded(row(mode, values, kind), "TIFF"), "map.tif")
    assert sentence.startswith("map.tif holds ") and "save it with 8 bits" in sentence


def test_signed_tiffs_are_refused():
    data = bytearray(encoded(row("I;16", [0, 9], np.uint16), "TIFF"))
    # SampleFormat (tag 339), a short: 2 is signed.
    entry = struct.pack("<HHII", 339, 3, 1, 1)
    if entry not in data:  # Unsigned is what a TIFF means that does not say: write it in.
        picture = Image.fromarray(np.array([[0, 9]], np.uint16))
        file = io.BytesIO()
        picture.save(file, "TIFF", tiffinfo={339: 2})
        data = bytearray(file.getvalue())
    else:
        data[data.index(entry) + 8] = 2
    assert "do not say what is white" in refusal(bytes(data), "signed.tif")


@pytest.mark.parametrize(("white", "expected"), [(65535, 16), (4095, 255), (16383, 64)])
def test_white_of_16_bit_pictures(white, expected):
    picture = row("I;16", [0, 4095], np.uint16)
    found = pixels(pictures.load(encoded(picture), white=white))
    assert [r for r, _, _ in found] == pytest.approx([0, expected], abs=1)


def test_many_bands():
    file = io.BytesIO()
    Image.new("CMYK", (4, 4)).save(file, "TIFF")
    data = file.getvalue()
    five = data.replace(struct.pack("<HHII", 277, 3, 1, 4), struct.pack("<HHII", 277, 3, 1, 7))
    assert five != data
    assert "TIFF with other bands" in refusal(five, "bands.tif")


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (4, 3), colour) for colour in (RED, BLUE)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert set(pixels(pictures.load(data))) == {RED}


def test_a_picture_a_path_and_bytes_are_the_same(tmp_path):
    picture = noise(5, 4)
    picture.save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    for source in (picture, tmp_path / "a.png", str(tmp_path / "a.png"), data):
        assert pixels(pictures.load(source)) == pixels(picture)


SIDES = {
    # EXIF standard, tag 274: where row 0 and column 0 of the stored picture belong.
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


@pytest.mark.parametrize(("orientation", "sides"), SIDES.items())
def test_exif_orientation(orientation, sides):
    stored = Image.new("RGB", (6, 4))
    stored.paste(RED, (0, 0, 6, 1))
    stored.paste(BLUE, (0, 1, 1, 4))
    exif = Image.Exif()
    exif[274] = orientation
    shown = np.asarray(pictures.load(encoded(stored, exif=exif)))
    assert shown.shape[:2] == ((4, 6) if orientation < 5 else (6, 4))
    edges = {
        "top": shown[0],
        "bottom": shown[-1],
        "left": shown[:, 0],
        "right": shown[:, -1],
    }
    assert (edges[sides[0]] == RED).all()
    assert {tuple(pixel) for pixel in edges[sides[1]].tolist()} == {RED, BLUE}


# What cannot be used


def refusal(source, name: str = "") -> str:
    with pytest.raises(ImageError) as error:
        pictures.load(source, name)
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def empty_png(side: int) -> bytes:
    """A valid black PNG of side², one bit a pixel, packed without ever unpacking it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        size, check = len(data), zlib.crc32(kind + data)
        return struct.pack(">I", size) + kind + data + struct.pack(">I", check)

    packer = zlib.compressobj(9)
    line = bytes(1 + -(-side // 8))
    packed = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def test_the_packed_png_is_valid():
    assert pixels(pictures.load(empty_png(9))) == [BLACK] * 81


@pytest.mark.parametrize("side", [8_001, 12_000, 20_000])
def test_a_bomb_is_refused_before_it_is_decoded(side, monkeypatch):
    """8,001² is past our limit, 12,000² past Pillow's warning, 20,000² past its error."""
    data = empty_png(side)
    assert len(data) < 300_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    assert "at most 64 megapixels" in refusal(data, "bomb.png")


def test_the_limit_is_exact(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 20)
    pictures.load(encoded(noise(5, 4)))
    assert "7×3 pixels" in refusal(encoded(noise(7, 3)))
    assert "7×3 pixels" in refusal(noise(7, 3))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP"])
def test_cut_short(kind):
    data = encoded(noise(64, 64), kind)
    for share in (0.5, 0.9):
        sentence = refusal(data[: int(len(data) * share)], "photo")
        assert sentence.startswith("photo is ")


def test_damaged_exif_costs_no_picture():
    exif = Image.Exif()
    exif[274] = 6
    exif[271] = "abc"
    data = encoded(noise(8, 8), "JPEG", exif=exif)
    ascii_tag = struct.pack(">HH", 271, 2)
    assert ascii_tag in data
    damaged = data.replace(ascii_tag, struct.pack(">HH", 258, 2))  # BitsPerSample as text
    assert pictures.load(damaged).size == (8, 8)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n", "known"),
        (b"8BPS\0\1" + bytes(30), "known format"),
        (b"qoif" + struct.pack(">IIBB", 2, 2, 3, 0) + bytes(8), "known format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "convert it to JPEG"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(40), "convert it to JPEG"),
    ],
)
def test_formats_that_are_not_wanted(data, words, monkeypatch):
    """EPS starts a program, others are read by code that nobody looks at."""
    monkeypatch.setattr("subprocess.Popen", lambda *a, **k: pytest.fail("a program was started"))
    assert words in refusal(data, "a.png")


@pytest.mark.parametrize("size", [(1, 30_001), (30_001, 1), (40_000, 2)])
def test_a_side_has_a_limit(size):
    assert "30,000 a side" in refusal(encoded(Image.new("1", size)), "line.png")


def test_scans_have_a_limit():
    data = encoded(noise(64, 64), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert pictures.load(data).size == (64, 64)
    assert pictures.load(data[:-2] + scan * 20 + data[-2:]).size == (64, 64)
    assert "scans" in refusal(data[:-2] + scan * 120 + data[-2:], "scans.jpg")


@pytest.mark.parametrize("content", [b"", b"I am a letter, not a picture.", b"\x89PNG\r\n\x1a\n"])
def test_not_a_picture(content, tmp_path):
    path = tmp_path / "letter.png"
    path.write_bytes(content)
    for source in (path, str(path)):
        assert refusal(source).startswith("letter.png is ")
    assert refusal(content, "upload").startswith("upload is ")
    assert refusal(content).startswith("The picture is ")


def test_text_is_no_known_format():
    sentence = refusal(b"I am a letter.", "a.png")
    assert sentence.startswith("a.png is not a picture in a known format; PNG, JPEG, WEBP, ")


def test_missing_file(tmp_path):
    assert refusal(tmp_path / "gone.png") == "gone.png does not exist."


def test_list_folder(tmp_path):
    for name in ["b.png", "a.JPG", "c.tiff", ".hidden.png", "notes.txt", "d.PnG.bak"]:
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    found = listing.list_folder(tmp_path)
    assert found.pictures == [tmp_path / n for n in ("a.JPG", "b.png", "c.tiff")]
    assert [name for name, _ in found.left_out] == ["d.PnG.bak", "notes.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes")
def test_what_is_no_file_is_named_and_not_opened(tmp_path):
    """A link in a circle, a link to nothing, a pipe that would be waited for."""
    noise(8, 8).save(tmp_path / "a.png")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.png")
    found = listing.list_folder(tmp_path)
    assert found.pictures == [tmp_path / "a.png"]
    assert listing.tell(found.left_out) == (
        "circle is a link to a folder; gone.png is no file, like 1 more"
    )


def test_what_is_left_out_is_told_by_reason_and_never_at_length():
    many = [listing.LeftOut(f"{i}.txt", "is no picture") for i in range(1500)]
    assert listing.tell(many) == "0.txt is no picture, like 1,499 more"
    kinds = [listing.LeftOut(f"{i}.png", f"has {i} megapixels") for i in range(9)]
    told = listing.tell([*many, *kinds])
    assert told.endswith("2.png has 2 megapixels; and 6 more")
    assert listing.tell([]) == ""


# Numbers


def test_every_value_survives_the_round_trip():
    every = torch.arange(256, dtype=torch.uint8)
    floats = images.to_float(every)
    assert floats.dtype == torch.float32
    assert floats[0] == -1 and floats[255] == 1
    assert torch.equal(images.to_bytes(floats), every)


def test_bytes_are_the_nearest_and_never_wrap():
    values = torch.tensor([100.4, 100.6, -0.4, 255.4]) / 127.5 - 1
    assert images.to_bytes(values).tolist() == [100, 101, 0, 255]
    assert images.to_bytes(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]
    assert not images.to_bytes(torch.zeros(2, requires_grad=True)).requires_grad


def test_picture_to_tensor_and_back():
    picture = noise(7, 5)
    picture.putpixel((6, 0), (255, 0, 51))
    data = images.to_uint8(picture)
    assert data.dtype == torch.uint8 and data.shape == (3, 5, 7)
    assert data[:, 0, 6].tolist() == [255, 0, 51]
    tensor = images.to_tensor(picture)
    assert tensor.shape == (1, 3, 5, 7)
    torch.testing.assert_close(tensor[0, :, 0, 6], torch.tensor([1.0, -1.0, -0.6]))
    several = images.to_pictures(torch.cat([tensor, -tensor]))
    assert [p.size for p in several] == [(7, 5), (7, 5)]
    assert pixels(several[0]) == pixels(picture)
    assert several[1].getpixel((6, 0)) == (0, 255, 204)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_become_the_tensors_that_torchvision_makes_of_them(channels):
    """Down to their place in memory, by which PyTorch chooses its convolutions."""
    picture = images.with_channels(noise(7, 5), channels)
    ours, theirs = images.to_uint8(picture), transforms.pil_to_tensor(picture)
    assert torch.equal(ours, theirs) and ours.stride() == theirs.stride()
    back = images.to_picture(ours)
    assert back == picture == transforms.to_pil_image(ours)


# Sizes


@pytest.mark.parametrize(("multiple", "smallest"), [(4, 8), (16, 32)])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (2, 3), (63, 65), (8, 9)])
def test_pad_and_crop(height, width, multiple, smallest):
    picture = torch.rand(2, 3, height, width)
    padded = images.pad(picture, multiple, smallest)
    for side, before in zip(padded.shape[-2:], (height, width), strict=True):
        assert side % multiple == 0 and side >= smallest and side >= before
        assert side - before < multiple or side == smallest
    assert torch.equal(images.crop(padded, height, width), picture)


def test_padding_is_a_mirror():
    picture = torch.rand(1, 3, 5, 7)
    padded = images.pad(picture, 4, 8)
    assert padded.shape[-2:] == (8, 8)
    assert torch.equal(padded[..., :5, 7], picture[..., 5])
    for i in (1, 2, 3):
        assert torch.equal(padded[..., 4 + i, :], padded[..., 4 - i, :])


def test_a_row_of_one_colour_stays_so():
    padded = images.pad(torch.full((1, 3, 1, 1), 0.3), 4, 8)
    assert torch.equal(padded, torch.full((1, 3, 8, 8), 0.3))


def test_what_fits_is_not_padded():
    picture = torch.rand(1, 3, 8, 12)
    assert torch.equal(images.pad(picture, 4, 8), picture)


def test_reduce():
    assert pictures.reduce(noise(100, 50), 40).size == (40, 20)
    assert pictures.reduce(noise(50, 100), 40).size == (20, 40)
    assert pictures.reduce(noise(1000, 1), 40).size == (40, 1)
    assert pixels(pictures.reduce(noise(40, 9), 40)) == pixels(noise(40, 9))


def test_resize_is_antialiased():
    """A fine checkerboard becomes grey; without antialiasing it would become black or white."""
    board = np.indices((64, 64)).sum(0) % 2 * 255
    picture = Image.fromarray(board.astype(np.uint8)).convert("RGB")
    values = np.asarray(pictures.resize(picture, (8, 8)))[2:-2, 2:-2]
    assert abs(values.astype(int) - 127).max() < 10


def test_the_folder_of_this_file_is_no_picture():
    assert refusal(Path(__file__).parent).startswith("tests is ")
