"""`import cyclegan` as somebody uses it who has read docs/python.md, and what it refuses."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import hub_server
import numpy as np
import pytest
from PIL import Image
from tiny import SIZE, config, dataset, noise, same
from variants import FULL, write

import cyclegan
from cyclegan.core.config import ConfigError, Range, Ranges
from cyclegan.core.pictures import ImageError
from cyclegan.inference import Translator
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import CheckpointError
from cyclegan.training import command
from cyclegan.training.options import as_words, build_parser
from cyclegan.training.runs import RunError, read_log

ROOT = Path(__file__).parents[1]
SMALL = {"size": SIZE, "width": 2, "blocks": 1, "discriminator_width": 2, "device": "cpu"}

# The page


def test_the_pages_code_does_what_it_says(tmp_path):
    """All of it, in order, in a process that knows nothing else; only smaller."""
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    tiny = {
        "size=64": f"size={SIZE}",
        "width=16": "width=2",
        "blocks=4": "blocks=1",
        "discriminator_width=32": "discriminator_width=2",
        "steps=2000": "steps=4",
        "steps=1200": "steps=2, width=2, blocks=1, discriminator_width=2",
        "steps=3000": "steps=6",
    }
    for said, smaller in tiny.items():
        assert program.count(said) == 1
        program = program.replace(said, smaller)
    dataset(tmp_path / "horses", test=3)
    noise(30, 20).save(tmp_path / "picture.png")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment |= {"HF_HOME": str(tmp_path / "cache"), "HF_TOKEN": "hf_secret"}
    with hub_server.serve() as server:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**environment, **server.environment},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(float(word) > 0 for word in lines[0].split())
    assert any(re.fullmatch(r"4 [\d.]+ [\d.]+", line) for line in lines), "the last line of the log"
    assert any(re.fullmatch(r"3 [\d.]+ \[[\d.]+, [\d.]+\]", line) for line in lines), "figures"
    assert f"{server.url}/user/horses" in lines and server.repos["user/horses"].private
    assert "Valid are the bundled digits-cycada, drawing" in lines[-1]
    for name in ("translation.png", "reconstruction.png", "identity.png"):
        assert Image.open(tmp_path / name).size == (30, 20)
    assert "metrics.json" in server.files("user/horses")
    assert (tmp_path / "runs" / "drawing" / "gan-identity" / "model.safetensors").is_file()
    assert read_log(tmp_path / "runs" / "horses" / "gan-cycle-identity")[-1]["step"] == 6


# The names


def test_every_public_name_is_there_and_none_is_imported_before_it_is_asked_for():
    program = (
        "import sys, cyclegan\n"
        "assert 'train' in dir(cyclegan) and 'load' in dir(cyclegan)\n"
        "assert not {'torch', 'PIL', 'numpy'} & set(sys.modules)\n"
        "cyclegan.load\n"
        "assert not {'gradio', 'cyclegan.training', 'cyclegan.labs'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    for name in cyclegan._PUBLIC:
        assert getattr(cyclegan, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = cyclegan.lode


# Opening and translating


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> Translator:
    folder = tmp_path_factory.mktemp("set") / "gan-cycle-identity"
    write(folder, FULL)
    return cyclegan.load(folder, "cpu")


def turned(picture: Image.Image, path: Path) -> Path:
    """The same as people see it, stored on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    return path


def test_a_picture_of_any_kind_is_taken_as_its_file_is(translator, tmp_path):
    plain = noise(30, 20)
    clear = plain.convert("RGBA")
    clear.putalpha(128)
    plain.save(tmp_path / "plain.png")
    clear.save(tmp_path / "clear.png")
    plain.convert("L").save(tmp_path / "grey.png")
    plain.quantize(7).save(tmp_path / "palette.png")
    turned(plain, tmp_path / "turned.png")
    expected = {
        "plain": plain,
        "clear": Image.alpha_composite(Image.new("RGBA", plain.size, "white"), clear),
        "grey": plain.convert("L"),
        "palette": plain.quantize(7),
        "turned": plain,
    }
    for name, picture in expected.items():
        path = tmp_path / f"{name}.png"
        for given in (path, str(path), Image.open(path)):
            seen = translator.translate(given).original
            assert seen.mode == "RGB" and np.array_equal(seen, picture.convert("RGB")), name


def test_a_callers_picture_stays_as_large_as_it_is(translator, tmp_path):
    """Of a JPEG that was opened and not read yet, Pillow would decode less from then on."""
    noise(400, 300).save(tmp_path / "photo.jpg")
    opened = Image.open(tmp_path / "photo.jpg")
    assert translator.translate(opened, longest_side=SIZE).original.size == (SIZE, 18)
    assert opened.size == (400, 300)


def test_what_is_no_picture_is_a_sentence(translator, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(ImageError, match=r"notes\.txt is not a picture in a known format"):
        translator.translate(tmp_path / "notes.txt")
    with pytest.raises(ImageError, match=r"none\.png does not exist"):
        translator.translate(tmp_path / "none.png")


def test_what_has_more_than_8_bits_is_not_read_as_if_it_had_8(tmp_path):
    """Black and white of a collection are not those of a file: 12 bits would be nearly black."""
    ranges = Ranges(Range(0, 4095), Range(0, 4095))
    deep = config()
    write(tmp_path / "deep", type(deep)(**{**vars(deep), "ranges": ranges}))
    found = cyclegan.load(tmp_path / "deep", "cpu")
    Image.fromarray(np.full((SIZE, SIZE), 4000, np.uint16)).save(tmp_path / "slice.png")
    for given in (tmp_path / "slice.png", Image.open(tmp_path / "slice.png")):
        with pytest.raises(ImageError, match="more than 8-bit pictures"):
            found.translate(given)
    assert found.translate(noise(SIZE, SIZE)).translation.size == (SIZE, SIZE)


def test_a_set_and_a_wrong_name_are_told_with_the_names_that_are_valid():
    with pytest.raises(CheckpointError, match="name one: drawing/gan, drawing/gan-cycle, "):
        cyclegan.load("drawing")
    with pytest.raises(CheckpointError, match="Valid are the bundled digits-cycada, drawing"):
        cyclegan.load("drawng")
    with pytest.raises(ConfigError, match="finds no nowhere device"):
        cyclegan.load("drawing/gan", "nowhere")


# Training


def test_options_in_python_are_those_of_the_command_line():
    """Each kind of option: a value, several, a flag, one that may be repeated, one with a default
    word; and what is not given stays away."""
    words = as_words(
        {
            **{"data": Path("horses"), "steps": 5, "rate": 1e-05, "lam": 3, "no_gan": True},
            **{"range": (-1000, 3000), "domains": ["a horse", "zebra"], "cycle_quality": True},
            **{"term": ["paired=50", "gan=2"], "change": "identity=0@3", "keep_best": "rmse"},
            **{"compile": False, "batch": None},
        }
    )
    args, usual = build_parser().parse_args(words), build_parser().parse_args([])
    assert (args.data, args.steps, args.rate, args.lam) == ("horses", 5, 1e-05, 3.0)
    assert args.no_gan is True and args.compile is False and args.batch == usual.batch
    assert args.range == [-1000, 3000] and args.domains == ["a horse", "zebra"]
    assert args.cycle_quality == "translation" and args.keep_best == "rmse"
    assert args.term == [("paired", "50"), ("gan", "2")] and args.change[0].weight == "identity"
    assert as_words({"no_gan": 0}) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"step": 5}, "step is no option; did you mean steps?"),
        ({"lambda": 5}, "lambda is no option; "),
        ({"help": True}, "help is no option; "),
        ({"steps": "many"}, "argument --steps: invalid int value: 'many'; .*--help lists"),
        ({"steps": [1, 2]}, "argument --steps: invalid int value"),
        ({"cycle": "sideways"}, "argument --cycle: invalid choice: 'sideways'"),
        ({"domains": "horse"}, "argument --domains: expected 2 arguments"),
        ({"steps": 5, "epochs": 5}, "--epochs: not allowed with argument --steps"),
        ({}, "Say what to train on"),
    ],
)
def test_what_makes_no_sense_raises_a_sentence_and_ends_no_process(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        cyclegan.train(**options)


def test_a_training_from_python_is_that_of_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # Ctrl-C stays pytest's.
    folder, where = dataset(tmp_path / "horses"), tmp_path / "by-python"
    run = cyclegan.train(folder, out=where, steps=3, log_every=1, seed=5, **SMALL)
    told = capsys.readouterr().out
    assert f"Done: {where} holds 3 steps." in told and run.folder == where
    words = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    words += ["--data", str(folder), "--steps", "3", "--seed", "5", "--log-every", "1"]
    assert command.main([*words, "--out", str(tmp_path / "by-words")]) == 0
    ours, theirs = (checkpoints.load(tmp_path / name).model for name in ("by-python", "by-words"))
    assert same(dict(ours.state_dict()), dict(theirs.state_dict()))
    with pytest.raises(RunError, match="already holds a run"):
        cyclegan.train(folder, out=where, steps=3, **SMALL)
    assert cyclegan.train(resume=where, steps=5, rate=1e-4, log_every=1).folder == where
    assert [line["step"] for line in cyclegan.read_log(where)] == [1, 2, 3, 4, 5]


def test_a_thread_that_hears_no_signal_can_train(tmp_path):
    folder, found = dataset(tmp_path / "horses"), []
    asked = {"data": folder, "out": tmp_path / "run", "steps": 2, **SMALL}
    thread = threading.Thread(target=lambda: found.append(cyclegan.train(**asked)))
    thread.start()
    thread.join()
    assert found[0].saved_step == 2


def test_figures_are_of_what_it_was_trained_with(tmp_path):
    folder = dataset(tmp_path / "horses", test=3)
    run = cyclegan.train(folder, out=tmp_path / "run", steps=1, **SMALL)
    found = cyclegan.evaluate(cyclegan.load(run.folder, "cpu"))
    assert found["items"] == 3 and found["size"] == SIZE and found["G"]["cycle_error"] > 0
