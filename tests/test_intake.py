"""Visitors' pictures to a dataset: what is taken, what is refused, and that nothing else stays."""

import io
import shutil
import stat
import struct
import zipfile
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image
from tiny import noise

from cyclegan.core import listing
from cyclegan.lessons import DataError, intake, open_data, zips


def picture_bytes(width: int = 40, height: int = 30, seed: int = 0, kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    noise(width, height, seed).save(made, kind)
    return made.getvalue()


def files(folder: Path, count: int, size: int = 40) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        noise(size + i, size, seed=i).save(folder / f"{i:04d}.png")
    return sorted(folder.iterdir())


def archive(path: Path, entries: dict[str | zipfile.ZipInfo, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", **options) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
    return path


def pictures(count: int) -> dict[str, bytes]:
    return {f"{i:03d}.png": picture_bytes(seed=i) for i in range(count)}


@pytest.fixture
def run(tmp_path):
    """A run's folder, into which alone anything may be written."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# What is taken


def test_pictures_become_a_dataset_that_can_be_trained_on(tmp_path, run):
    """Mixed sizes; every tenth of many is held out, of few none."""
    x, y = files(tmp_path / "x", 25), files(tmp_path / "y", 3, size=17)
    taken = intake.take_in(run / "data", x, y, 32)
    assert (taken.x.train, taken.x.held_out, taken.y.train, taken.y.held_out) == (23, 2, 3, 0)
    assert taken.sentence == (
        "X: 23 pictures to train on, 2 held out (every 10th). Y: 3 pictures to train on, too few "
        "to hold any out: samples show training pictures."
    )
    assert [n for n in names(run) if "test" in n] == [
        "data/testA/A00010.png",
        "data/testA/A00020.png",
    ]
    data = open_data(str(run / "data"), 32, "squeeze")
    assert (len(data.train_x), len(data.train_y), len(data.test_x)) == (23, 3, 2)
    assert data.train_x[0].shape == (3, 36, 36)


def test_equal_names_on_both_sides_are_kept_as_pairs(tmp_path, run):
    """Held out together, whatever order they come in; otherwise no number stands on both sides."""
    x, y = files(tmp_path / "x", 20), files(tmp_path / "y", 20)
    taken = intake.take_in(run / "data", x, y[::-1], 32)
    assert taken.paired and "taken as true pairs" in taken.sentence
    data = open_data(str(run / "data"), 32, "squeeze")
    assert data.paired and data.train_truth is not None and len(data.test_x) == 2
    other = intake.take_in(run / "other", x, files(tmp_path / "z", 19), 32)
    assert not other.paired and not open_data(str(run / "other"), 32, "none").paired


def test_pictures_are_reduced_to_what_training_needs(tmp_path, run):
    (tmp_path / "x").mkdir()
    for i, size in enumerate([(300, 200), (20, 10), (4000, 50), (1, 900)]):
        noise(*size, seed=i).save(tmp_path / "x" / f"{i}.png")
    x = sorted((tmp_path / "x").iterdir())
    intake.take_in(run / "data", x, x, 64)  # The shorter side to 64 · 286 / 256 = 71.5
    sizes = [Image.open(path).size for path in sorted((run / "data/trainA").iterdir())]
    assert sizes == [(108, 72), (20, 10), (288, 50), (1, 288)]


def test_a_zip_of_every_kind_of_rubbish_gives_its_pictures(tmp_path, run):
    entries = {
        "photos/b.jpg": picture_bytes(kind="JPEG"),
        "photos/a.PNG": picture_bytes(seed=1),
        "photos/deep/er/c.webp": picture_bytes(seed=2, kind="WEBP"),
        "__MACOSX/photos/._b.jpg": b"resource fork",
        "photos/.hidden.png": picture_bytes(),
        "photos/readme.txt": b"hello",
        "photos/inner.zip": b"PK\5\6" + bytes(18),
        "photos/gone-bad.png": b"not a picture",
        "photos/folder/": b"",
        "photos/grün.png": picture_bytes(seed=3),
    }
    packed = archive(tmp_path / "photos.zip", entries, compression=zipfile.ZIP_DEFLATED)
    taken = intake.take_in(run / "data", [packed], files(tmp_path / "y", 2), 24)
    assert taken.x.train == 4
    assert len(taken.x.left_out) == 3
    said = taken.sentence
    assert "photos/readme.txt is no picture, like 1 more" in said
    assert "gone-bad.png is not a picture" in said
    assert all(name.startswith("data/train") and name.endswith(".png") for name in names(run))


def test_progress_and_a_change_of_mind(tmp_path, run):
    x, told = files(tmp_path / "x", 4), []
    intake.take_in(run / "data", x, x[:2], 24, lambda *told_: told.append(told_))
    assert told == [*(("X", i, 4) for i in (1, 2, 3, 4)), ("Y", 1, 2), ("Y", 2, 2)]
    with pytest.raises(intake.CancelledError):
        intake.take_in(run / "again", x, x, 24, cancelled=lambda: True)
    assert [path.name for path in run.iterdir()] == ["data"]


def test_pictures_from_elsewhere(tmp_path, run):
    items = [(f"row {i}", picture_bytes(seed=i)) for i in range(10)]
    rest = listing.LeftOut("what follows row 12", "is not taken")
    x = intake.Pictures(11, [*items, ("row 10", b"")], (rest,))
    taken = intake.take_in(run / "data", x, files(tmp_path / "y", 2), 24)
    assert (taken.x.train, taken.x.held_out) == (9, 1)
    assert "Left out: what follows row 12 is not taken; row 10 is not a picture" in taken.sentence


# A whole dataset in one zip


def whole(path: Path, top: str = "horse2zebra/", test: int = 2, **more: bytes) -> Path:
    """trainA of 3 pictures, trainB of 4, and as many as said of testA and testB."""
    counts = {"trainA": 3, "trainB": 4, "testA": test, "testB": test}
    entries = {
        f"{top}{name}/{name}-{i}.jpg": picture_bytes(seed=10 * n + i, kind="JPEG")
        for n, (name, count) in enumerate(counts.items())
        for i in range(count)
    }
    return archive(path, {**entries, **more})


@pytest.mark.parametrize("top", ["", "horse2zebra/", "data/deeper/"])
@pytest.mark.parametrize("given", ["X", "Y", "both"])
def test_a_zip_of_four_folders_is_both_sides(given, top, tmp_path, run):
    """With its own test pictures, whichever side it was given as."""
    packed = whole(tmp_path / "h.zip", top)
    (tmp_path / "again").mkdir()
    copy = shutil.copy(packed, tmp_path / "again" / "h.zip")
    x, y = {"X": ([packed], []), "Y": ([], [packed]), "both": ([packed], [copy])}[given]
    taken = intake.take_in(run / "data", x, y, 24)
    assert (taken.x.train, taken.x.held_out, taken.y.train, taken.y.held_out) == (3, 2, 4, 2)
    assert taken.sentence.startswith("h.zip holds both sides: X are its trainA and testA")
    assert "3 pictures to train on, 2 held out (its own test pictures)" in taken.sentence
    data = open_data(str(run / "data"), 24, "squeeze")
    assert (len(data.train_x), len(data.train_y), len(data.test_x)) == (3, 4, 2)
    assert data.is_held_out and not data.paired


def test_a_whole_dataset_is_counted_too(tmp_path, run):
    """Other folders, other files, damaged ones; and one without test pictures."""
    more = {"horse2zebra/valA/1.png": picture_bytes(), "horse2zebra/trainB/readme.md": b""}
    packed = whole(tmp_path / "h.zip", test=0, **more, **{"horse2zebra/trainA/x.png": b"no"})
    taken = intake.take_in(run / "data", [packed], [], 24)
    told_x, told_y = (listing.tell(side.left_out) for side in (taken.x, taken.y))
    assert "trainA/x.png is not a picture" in told_x
    assert "valA/1.png is in none of its four folders" in told_x
    assert told_y == "horse2zebra/trainB/readme.md is no picture"
    assert (taken.x.train, taken.x.held_out, taken.y.train) == (3, 0, 4)


def test_pairs_in_a_whole_dataset(tmp_path, run):
    """A damaged one takes its partner along, and so it is with files."""
    entries = {
        f"{n}/{i}.png": picture_bytes(seed=i) for n in ("trainA", "trainB") for i in range(4)
    }
    packed = archive(tmp_path / "h.zip", {**entries, "trainB/2.png": b"damaged"})
    taken = intake.take_in(run / "data", [packed], [], 24)
    assert taken.paired and taken.x.train == taken.y.train == 3
    assert listing.tell(taken.x.left_out) == "trainA/2.png has no partner then"
    x, y = files(tmp_path / "x", 4), files(tmp_path / "y", 4)
    x[1].write_bytes(b"damaged")
    taken = intake.take_in(run / "again", x, y, 24)
    assert taken.paired and listing.tell(taken.y.left_out) == "0001.png has no partner then"


def test_two_things_at_once_are_refused(tmp_path, run):
    packed, other = whole(tmp_path / "h.zip"), whole(tmp_path / "other.zip", test=1)
    for x, y in (([packed], files(tmp_path / "y", 2)), ([packed], [other])):
        assert refusal(run, x, y).startswith("h.zip holds both sides, trainA and trainB: give it")


# 16-bit values


def deep(highest: int) -> bytes:
    values = np.full((30, 30), highest // 2, np.uint16)
    values[0, 0] = highest
    made = io.BytesIO()
    Image.fromarray(values).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize("kind", ["files", "zip", "elsewhere"])
def test_sixteen_bit_pictures_have_one_white_a_side(kind, tmp_path, run):
    given = {"a.png": deep(1000), "b.png": deep(4000), "c.png": picture_bytes(30, 30)}
    if kind == "files":
        (tmp_path / "x").mkdir()
        x = [tmp_path / "x" / name for name in given]
        for path, data in zip(x, given.values(), strict=True):
            path.write_bytes(data)
    elif kind == "zip":
        x = [archive(tmp_path / "x.zip", given)]
    else:
        x = intake.Pictures(3, list(given.items()))
    taken = intake.take_in(run / "data", x, files(tmp_path / "y", 2), 24)
    assert "12-bit values in 16-bit files: 4095 is white for all of X. Y: " in taken.sentence
    a, b, c = (Image.open(path) for path in sorted((run / "data" / "trainA").iterdir()))
    assert [p.getpixel((20, 20))[0] for p in (a, b)] == [500 * 255 // 4095, 2000 * 255 // 4095]
    assert c.tobytes() == Image.open(io.BytesIO(given["c.png"])).resize(c.size, 3).tobytes()


# What is refused


def refusal(run: Path, x: list[Path], y: list[Path]) -> str:
    before = {path: path.stat().st_mtime_ns for path in run.parent.rglob("*") if path.is_file()}
    with pytest.raises(DataError) as error:
        intake.take_in(run / "data", x, y, 24)
    after = {path: path.stat().st_mtime_ns for path in run.parent.rglob("*") if path.is_file()}
    assert after == before and list(run.iterdir()) == []
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 400
    return sentence


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "path", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "..\\evil.png", "C:/evil.png"]
)
def test_a_path_that_climbs_out(path, tmp_path, run):
    packed = archive(tmp_path / "x.zip", {**pictures(3), path: picture_bytes()})
    assert "a path that leads out of it" in refusal(run, [packed], files(tmp_path / "y", 2))


def test_links_and_devices(tmp_path, run):
    y = files(tmp_path / "y", 2)
    packed = archive(tmp_path / "x.zip", {**pictures(3), link("a.png"): b"/etc/passwd"})
    assert "x.zip holds a.png, a link or device" in refusal(run, [packed], y)
    entry = zipfile.ZipInfo("b.png")
    entry.external_attr = stat.S_IFCHR << 16
    packed = archive(tmp_path / "x.zip", {entry: b""})
    assert "a link or device" in refusal(run, [packed], y)


def test_a_bomb_by_its_own_account(tmp_path, run, monkeypatch):
    y = files(tmp_path / "y", 2)
    zeros = {f"{i}.png": bytes(200_000) for i in range(5)}
    packed = archive(tmp_path / "x.zip", zeros, compression=zipfile.ZIP_DEFLATED)
    assert packed.stat().st_size < 5_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    monkeypatch.setattr(zips, "MAX_UNPACKED_BYTES", 900_000)
    assert "x.zip unpacks to more than" in refusal(run, [packed], y)
    monkeypatch.setattr(zips, "MAX_FILE_BYTES", 150_000)
    assert "is larger than" in refusal(run, [packed], y)


def test_a_bomb_that_lies_about_its_size(tmp_path, run):
    """Declared as ten bytes in the table and before the data, a megabyte in fact."""
    big = 1_000_000
    packed = archive(tmp_path / "x.zip", {"a.png": bytes(big)}, compression=zipfile.ZIP_DEFLATED)
    raw = packed.read_bytes()
    assert raw.count(struct.pack("<I", big)) == 2
    packed.write_bytes(raw.replace(struct.pack("<I", big), struct.pack("<I", 10)))
    assert "x.zip is a damaged zip" in refusal(run, [packed], files(tmp_path / "y", 2))


def test_more_is_read_than_was_declared(tmp_path, run, monkeypatch):
    """The second line of defence: what was really read counts too."""
    packed = archive(tmp_path / "x.zip", pictures(3))

    def unchecked(path, *_):
        return [zips.Chosen(entry, False) for entry in zipfile.ZipFile(path).infolist()], []

    monkeypatch.setattr(zips, "choose", unchecked)
    monkeypatch.setattr(zips, "MAX_UNPACKED_BYTES", 5_000)
    assert "unpacks to more than" in refusal(run, [packed], files(tmp_path / "y", 2))
    monkeypatch.setattr(zips, "MAX_FILE_BYTES", 1_000)
    assert "the most for a picture file" in refusal(
        run, [packed], files(tmp_path / "z", 0) or [packed]
    )


def test_a_locked_zip(tmp_path, run):
    packed = archive(tmp_path / "x.zip", pictures(1))
    raw = bytearray(packed.read_bytes())
    raw[6] |= 1
    raw[raw.find(b"PK\1\2") + 8] |= 1
    packed.write_bytes(raw)
    assert "locked with a password" in refusal(run, [packed], files(tmp_path / "y", 2))


def test_unusual_compression(tmp_path, run):
    packed = archive(tmp_path / "x.zip", pictures(2), compression=zipfile.ZIP_BZIP2)
    assert "unusual way" in refusal(run, [packed], files(tmp_path / "y", 2))


@pytest.mark.parametrize("cut", [0.3, 0.99])
def test_a_zip_that_is_cut_short(cut, tmp_path, run):
    packed = archive(tmp_path / "x.zip", pictures(3))
    raw = packed.read_bytes()
    packed.write_bytes(raw[: int(len(raw) * cut)])
    sentence = refusal(run, [packed], files(tmp_path / "y", 2))
    assert sentence == "x.zip is a damaged zip, or none; pack it again."


def test_flipped_bytes_never_end_in_a_traceback(tmp_path, run):
    """In the table of contents, which begins some 200 bytes before the end, and anywhere."""
    small = {f"{i}.png": picture_bytes(8, 8, seed=i) for i in range(2)}
    packed, y = tmp_path / "x.zip", files(tmp_path / "y", 2, size=8)
    whole = archive(packed, small, compression=zipfile.ZIP_DEFLATED).read_bytes()
    taken = set()
    for seed in range(24):
        random, raw = Random(seed), bytearray(whole)
        for at in (random.randrange(len(raw)), random.randrange(len(raw) - 200, len(raw))):
            raw[at] ^= 1 + random.randrange(255)
        packed.write_bytes(raw)
        try:
            intake.take_in(run / str(seed), [packed], y, 24)
            taken.add(run / str(seed))
        except DataError as error:
            assert str(error).endswith(".")
        assert set(run.iterdir()) == taken
    assert len(taken) < 24


def test_compressed_data_that_are_none(tmp_path, run):
    packed = archive(tmp_path / "x.zip", pictures(2), compression=zipfile.ZIP_DEFLATED)
    raw = bytearray(packed.read_bytes())
    raw[30 + len("000.png")] = 0xFF  # Where its data begin: a block of no known type.
    packed.write_bytes(raw)
    sentence = refusal(run, [packed], files(tmp_path / "y", 2))
    assert sentence == "x.zip is a damaged zip, or none; pack it again. At fault: 000.png."


def test_too_many_files(tmp_path, run):
    y = files(tmp_path / "y", 2)
    packed = archive(tmp_path / "x.zip", {f"{i}.png": b"" for i in range(2001)})
    assert refusal(run, [packed], y) == ("X has 2,001 pictures; at most 2,000 a side are taken.")
    packed = archive(tmp_path / "x.zip", {f"{i}.txt": b"" for i in range(10_001)})
    assert "10,001 files; at most 10,000 may" in refusal(run, [packed], y)
    # Above 65,535 files, zipfile writes the locator of a table of contents of 64 bits.
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    raw = archive(tmp_path / "x.zip", pictures(2)).read_bytes()
    packed.write_bytes(raw[:-22] + locator + raw[-22:])
    assert "too many files" in refusal(run, [packed], y)


def test_a_table_of_contents_that_would_fill_the_memory(tmp_path, run, monkeypatch):
    packed = archive(tmp_path / "x.zip", {f"{i}{'x' * 60}.png": b"" for i in range(100)})
    monkeypatch.setattr(zips, "MAX_DIRECTORY_BYTES", 5_000)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # Refused before it is read.
    assert "too many files" in refusal(run, [packed], files(tmp_path / "y", 2))


def test_large_uploads(tmp_path, run, monkeypatch):
    x, y = files(tmp_path / "x", 2), files(tmp_path / "y", 2)
    monkeypatch.setattr(zips, "MAX_FILE_BYTES", 1000)
    assert "0000.png is larger than" in refusal(run, x, y)
    monkeypatch.setattr(zips, "MAX_ZIP_BYTES", 1000)
    packed = archive(tmp_path / "x.zip", pictures(2))
    assert "x.zip is larger than" in refusal(run, [packed], y)


def test_too_many_pixels(tmp_path, run, monkeypatch):
    x, y = files(tmp_path / "x", 4), files(tmp_path / "y", 2)
    monkeypatch.setattr(intake, "MAX_MEGAPIXELS", 0.005)
    assert "megapixels in all" in refusal(run, x, y)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pictures(count, tmp_path, run):
    few, enough = files(tmp_path / "x", count), files(tmp_path / "y", 2)
    for x, y, name in ((few, enough, "X"), (enough, few, "Y")):
        sentence = refusal(run, x, y)
        assert sentence.startswith(f"{name} has ")
        assert "no pictures yet" in sentence if count == 0 else "1 usable picture; " in sentence


def test_no_pictures_at_all(tmp_path, run):
    (tmp_path / "x").mkdir()
    bad = []
    for i in range(3):
        bad.append(tmp_path / "x" / f"{i}.png")
        bad[-1].write_bytes(b"not a picture")
    sentence = refusal(run, bad, files(tmp_path / "y", 2))
    assert "X has 0 usable pictures" in sentence and "0.png is not a picture" in sentence


def test_a_zip_beside_pictures(tmp_path, run):
    packed = archive(tmp_path / "x.zip", pictures(2))
    y = files(tmp_path / "y", 2)
    assert "picture files or one zip, not both" in refusal(run, [packed, *y], y)


def test_hostile_names_stay_out_of_sentences(tmp_path, run):
    entries = {**pictures(1), "a\nb\x1b[31m.txt": b"", f"{'long' * 60}.txt": b""}
    packed = archive(tmp_path / "x.zip", entries)
    assert "\x1b" not in refusal(run, [packed], files(tmp_path / "y", 2))
