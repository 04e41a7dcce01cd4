"""The command line of translation: which files it writes, and what it says when it cannot."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import noise
from variants import FULL, GAN, write

from cyclegan import translate
from cyclegan.core import files as disk
from cyclegan.inference import strips
from cyclegan.inference.translator import Translator
from cyclegan.store import checkpoints

XY = ("x", "G", "FG", "identity")
YX = ("y", "F", "GF", "identity")


@pytest.fixture
def model(tmp_path) -> Path:
    write(tmp_path / "model", FULL)
    return tmp_path / "model"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two pictures, one of another mode, and a hidden file."""
    folder = tmp_path / "in"
    folder.mkdir()
    noise(20, 12).save(folder / "one.png")
    noise(9, 30, seed=1).convert("L").save(folder / "two.two.JPG")
    (folder / ".hidden.png").write_bytes(b"no picture")
    return folder


def run(capsys, model: Path | str, source: Path, output: Path, *more: str) -> tuple[int, str]:
    argv = ["--model", model, "--input", source, "--output", output, *more]
    code = translate.main([str(word) for word in argv])
    printed = capsys.readouterr()
    assert printed.out == ""
    return code, printed.err


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def files(stem: str, endings: tuple[str, ...] = XY) -> set[str]:
    return {f"{stem}_{ending}.png" for ending in endings}


def refusal(capsys, *argv) -> str:
    code, err = run(capsys, *argv)
    assert code == 2
    assert err.startswith("translate: ") and err.count("\n") == 1 and err.endswith(".\n")
    return err


# What is written


@pytest.mark.parametrize(("direction", "endings"), [("xy", XY), ("yx", YX)])
def test_a_picture(direction, endings, model, folder, tmp_path, capsys):
    output = tmp_path / "deep" / "out"
    code, err = run(capsys, model, folder / "one.png", output, "--direction", direction)
    assert (code, err) == (0, "")
    assert names(output) == files("one", endings)
    made = Translator(checkpoints.load(model)).translate(noise(20, 12), direction)
    expected = (made.original, made.translation, made.reconstruction, made.identity)
    for ending, picture in zip(endings, expected, strict=True):
        with Image.open(output / f"one_{ending}.png") as found:
            assert found.format == "PNG" and found.mode == "RGB"
            assert np.array_equal(np.asarray(found), np.asarray(picture))
    assert np.array_equal(np.asarray(made.original), np.asarray(noise(20, 12)))


def test_xy_is_the_default(model, folder, tmp_path, capsys):
    run(capsys, model, folder / "one.png", tmp_path / "out")
    assert names(tmp_path / "out") == files("one", XY)


@pytest.mark.parametrize(("direction", "endings"), [("xy", XY), ("yx", YX)])
def test_a_folder(direction, endings, model, folder, tmp_path, capsys):
    code, err = run(capsys, model, folder, tmp_path / "out", "--direction", direction)
    assert (code, err) == (0, "")
    assert names(tmp_path / "out") == files("one", endings) | files("two.two", endings)
    with Image.open(tmp_path / "out" / f"two.two_{endings[1]}.png") as found:
        assert found.size == (9, 30) and found.mode == "RGB"


def test_older_files_are_replaced(model, folder, tmp_path, capsys):
    output = tmp_path / "out"
    output.mkdir()
    (output / "one_G.png").write_bytes(b"old")
    assert run(capsys, model, folder / "one.png", output) == (0, "")
    with Image.open(output / "one_G.png") as found:
        assert found.size == (20, 12)


def test_a_bundled_variant_by_name(folder, tmp_path, capsys, monkeypatch):
    write(tmp_path / "bundled" / "world" / "gan", GAN)
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    assert run(capsys, "world/gan", folder / "one.png", tmp_path / "out") == (0, "")
    assert names(tmp_path / "out") == files("one")


# Large pictures


@pytest.mark.parametrize(("flags", "size"), [((), (512, 9)), (("--longest-side", 600), (600, 10))])
def test_the_longest_side(flags, size, model, folder, tmp_path, capsys):
    noise(700, 12).save(folder / "wide.png")
    argv = (model, folder / "wide.png", tmp_path / "out", *map(str, flags))
    assert run(capsys, *argv) == (0, "")
    for ending in XY:
        with Image.open(tmp_path / "out" / f"wide_{ending}.png") as found:
            assert found.size == size


def test_a_bar_is_drawn_over_a_large_picture_on_a_terminal(
    model, folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    noise(600, 8).save(folder / "wide.png")
    argv = (model, folder / "wide.png", tmp_path / "out")
    assert run(capsys, *argv) == (0, "")
    code, err = run(capsys, *argv, "--longest-side", "600")
    assert code == 0 and "wide.png:" in err and "%" in err


def test_a_picture_too_large_for_a_wide_network(model, folder, tmp_path, capsys, monkeypatch):
    """A sentence, and the others are translated all the same."""
    monkeypatch.setattr(strips, "run", partial(strips.run, kept=1000))
    noise(600, 400).save(folder / "wide.png")
    code, err = run(capsys, model, folder, tmp_path / "out", "--longest-side", "600")
    assert code == 1 and err.count("\n") == 1
    assert "picture of 600×400 pixels" in err and "choose a shorter longest side." in err
    assert names(tmp_path / "out") == files("one") | files("two.two")


# Some pictures are bad


def test_a_broken_picture_does_not_stop_the_others(model, folder, tmp_path, capsys):
    whole = (folder / "one.png").read_bytes()
    (folder / "a-first.png").write_bytes(whole[: len(whole) // 2])
    (folder / "p-middle.jpg").write_text("I am a text")
    code, err = run(capsys, model, folder, tmp_path / "out")
    assert code == 1
    assert names(tmp_path / "out") == files("one") | files("two.two")
    lines = err.splitlines()
    assert len(lines) == 2 and all(line.startswith("translate: ") for line in lines)
    assert "a-first.png is damaged" in lines[0]
    assert "p-middle.jpg is not a picture" in lines[1]


def test_a_folder_of_broken_pictures_alone(model, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.png").write_bytes(b"")
    assert "one.png is not a picture" in refusal(capsys, model, tmp_path / "in", tmp_path / "out")
    assert names(tmp_path / "out") == set()


def test_two_pictures_of_one_name_do_not_overwrite_each_other(model, folder, tmp_path, capsys):
    noise(30, 30, seed=5).save(folder / "one.webp", lossless=True)
    code, err = run(capsys, model, folder, tmp_path / "out")
    assert code == 1
    assert err == (
        "translate: one.webp would overwrite the files of one.png; rename one of them.\n"
    )
    with Image.open(tmp_path / "out" / "one_x.png") as found:
        assert np.array_equal(np.asarray(found), np.asarray(noise(20, 12)))


def test_subfolders_are_walked_and_mirrored_and_other_files_named(model, folder, tmp_path, capsys):
    """Equal names in two of them are two pictures; what an earlier run wrote there is none."""
    for place in ("a", "b"):
        (folder / place).mkdir()
        noise(20, 12).save(folder / place / "one.png")
        (folder / place / "notes.txt").touch()
    (folder / "x.heic").touch()
    for _ in range(2):
        code, err = run(capsys, model, folder, folder / "out")
        assert code == 0
        assert err.splitlines()[0].startswith("Left out: a/notes.txt is no picture, like 1 more; x")
    written = {p.relative_to(folder / "out") for p in (folder / "out").rglob("*.png")}
    assert {p.name for p in written} == files("one") | files("two.two")
    assert {p.parent for p in written} == {Path(), Path("a"), Path("b")} and len(written) == 16


def test_a_folder_of_twelve_bits_has_one_white(model, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for name, highest in (("dark", 1000), ("bright", 4095)):
        values = np.full((12, 12), highest, np.uint16)
        Image.fromarray(values).save(tmp_path / "in" / f"{name}.png")
    code, err = run(capsys, model, tmp_path / "in", tmp_path / "out")
    assert code == 0 and "12-bit values in 16-bit files: 4095 is white for all of" in err
    shown = Image.open(tmp_path / "out" / "dark_x.png")
    assert shown.getpixel((0, 0)) == (1000 * 255 // 4095,) * 3


def test_a_bar_is_drawn_over_a_folder_on_a_terminal(model, folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    _, err = run(capsys, model, folder, tmp_path / "out")
    assert "2/2" in err and "picture" in err
    assert run(capsys, model, folder / "one.png", tmp_path / "out") == (0, "")


# Nothing can be done


def test_a_missing_picture(model, tmp_path, capsys):
    assert "gone.png does not exist." in refusal(
        capsys, model, tmp_path / "gone.png", tmp_path / "out"
    )


def test_an_empty_folder(model, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert f"{tmp_path / 'in'} holds no pictures." in refusal(
        capsys, model, tmp_path / "in", tmp_path / "out"
    )
    assert not (tmp_path / "out").exists()


def test_a_missing_model(folder, tmp_path, capsys, monkeypatch):
    write(tmp_path / "bundled" / "world" / "gan", GAN)
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    sentence = refusal(capsys, "word", folder, tmp_path / "out")
    assert "word is no model" in sentence and "the bundled world, a folder" in sentence
    assert not (tmp_path / "out").exists()


def test_a_set_instead_of_a_checkpoint(folder, tmp_path, capsys):
    write(tmp_path / "set" / "gan", GAN)
    write(tmp_path / "set" / "full", FULL)
    sentence = refusal(capsys, tmp_path / "set", folder, tmp_path / "out")
    assert f"name one: {tmp_path / 'set'}/full, {tmp_path / 'set'}/gan." in sentence


def test_a_damaged_model(model, folder, tmp_path, capsys):
    (model / "config.json").write_text("{")
    code, err = run(capsys, model, folder, tmp_path / "out")
    assert code == 2 and err.count("\n") == 1 and "config.json cannot be read as JSON" in err


def test_an_output_that_is_a_file(model, folder, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no picture")
    code, err = run(capsys, model, folder, tmp_path / "notes.txt")
    assert code == 2 and err.count("\n") == 1 and "notes.txt" in err
    assert (tmp_path / "notes.txt").read_text() == "no picture"


def test_a_full_disk(model, folder, tmp_path, capsys, monkeypatch):
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write_atomically", full)
    code, err = run(capsys, model, folder, tmp_path / "out")
    assert code == 2 and err.count("\n") == 1 and "No space left on device" in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--direction", "zy"], "invalid choice: 'zy'"),
        (["--longest-side", "5000"], "5000 is not from 1 to 4096 pixels"),
        (["--longest-side", "0"], "0 is not from 1 to 4096 pixels"),
        (["--longest-side", "x"], "invalid pixels value: 'x'"),
        (["--dircetion", "xy"], "unrecognized arguments: --dircetion"),
        ([], "the following arguments are required: --model, --output"),
        (["--samples", "3"], "--samples: not allowed with argument --input"),
    ],
)
def test_wrong_flags(argv, words, capsys):
    required = ["--model", "m", "--input", "i", "--output", "o"] if argv else []
    with pytest.raises(SystemExit) as left:
        translate.main([*required, *argv])
    assert left.value.code == 2
    assert words in capsys.readouterr().err


def test_one_foreign_generator_writes_what_it_can(folder, tmp_path, capsys):
    golden = Path(__file__).parent / "golden" / "latest_net_G_A.pth"
    code, said = run(capsys, golden, folder / "one.png", tmp_path / "out")
    assert code == 0 and "no way back, so G(x) alone" in said
    assert names(tmp_path / "out") == {"one_x.png", "one_G.png"}
    assert "direction xy alone" in refusal(
        capsys, golden, folder / "one.png", tmp_path / "back", "--direction", "yx"
    )


def test_readmes_python_does_what_it_says(tmp_path, monkeypatch, capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Python\n")[2]
    program = section.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    noise(32, 32).save("picture.png")
    exec(compile(program, "README.md", "exec"), {})
    assert Path("reconstruction.png").exists() and float(capsys.readouterr().out) > 0
