"""Films through networks: what is shown, what is steady, and what the command says."""

import signal
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from film_files import av, film
from PIL import Image
from variants import FULL, GAN, write

from cyclegan import translate
from cyclegan.core import figures, images
from cyclegan.core.films import FilmFile, Frame
from cyclegan.core.films.parts import Facts
from cyclegan.inference.films import Row, Translating, command, motion
from cyclegan.inference.films.steady import Frames, SharedMoments
from cyclegan.inference.films.translating import flicker
from cyclegan.inference.translator import Translator
from cyclegan.lessons.satellite2map import flights, tiles
from cyclegan.methods import Model
from cyclegan.store import checkpoints


@pytest.fixture
def model(tmp_path) -> Path:
    write(tmp_path / "model", FULL)
    return tmp_path / "model"


@pytest.fixture
def translator(model) -> Translator:
    return Translator(checkpoints.load(model))


class Panned:
    """A window over a smooth picture of our own, which moves by (right, down) a frame."""

    name = title = "panned"

    def __init__(self, count: int = 6, moved: tuple[int, int] = (-1, 0), is_told: bool = True):
        random = torch.Generator().manual_seed(0)
        rough = torch.rand(1, 3, 20, 24, generator=random)
        smooth = torch.nn.functional.interpolate(rough, scale_factor=8, mode="bicubic")
        self.world = (smooth[0].clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
        self.count, self.moved, self.is_told = count, moved, is_told
        self.facts = Facts((64, 48), (64, 48), count, count / 12, 12.0)

    def __iter__(self):
        for place in range(self.count):
            left, top = (60 - place * m for m in self.moved)
            seen = self.world[top : top + 48, left : left + 64]
            moved = self.moved if place and self.is_told else None
            yield Frame(Image.fromarray(seen), place / 12, moved)


def shown(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as found:
        return [frame.to_image() for frame in found.decode(video=0)]


# What is shown


def test_a_row_a_variant_and_a_column_a_view(translator, tmp_path):
    rows = [Row("with it", translator), Row("the other", translator)]
    film = Panned()
    translating = Translating(film, rows)
    done = translating.run(tmp_path / "a.mp4")
    assert done.is_whole and done.frames == 6 and done.why == ""
    frames = shown(done.path)
    assert len(frames) == 6 and frames[0].size == translating.screen.size
    first = next(iter(film)).picture
    made = translator.translate(first)
    # Four times as large; where they lie, the screen knows.
    for places in translating.screen._places:
        for (left, top), picture in zip(
            places, (made.original, made.translation, made.reconstruction), strict=True
        ):
            seen = frames[0].crop((left, top, left + 4 * 64, top + 4 * 48))
            small = np.asarray(seen.resize((64, 48), Image.Resampling.BOX)).astype(int)
            assert np.abs(small - np.asarray(picture)).mean() < 10


def test_a_variant_without_a_way_back_has_no_third_column(tmp_path, translator):
    write(tmp_path / "one", GAN)
    assert len(Translating(Panned(), [Row("whole", translator)])._views) == 3
    one = checkpoints.load(tmp_path / "one")
    one.model.F = None
    rows = [Row("whole", translator), Row("one", Translator(one))]
    assert [view.key for view in Translating(Panned(), rows)._views] == ["original", "made"]


def test_what_is_told_and_how_it_is_stopped(translator, tmp_path):
    told = []
    translating = Translating(Panned(), [Row("one", translator)])
    done = translating.run(tmp_path / "a.mp4", told.append, lambda: len(told) == 4)
    assert told == [1, 2, 3, 4] and not done.is_whole
    assert (done.frames, done.path.name, done.why) == (4, "a.part.mp4", "It was stopped.")
    assert len(shown(done.path)) == 4


def test_frames_and_sound_keep_their_times(translator, tmp_path):
    times = [0, 0.1, 0.15, 0.5, 0.55, 0.9]
    source = film(tmp_path / "a.mkv", 6, times=times, sound=1.0)
    done = Translating(FilmFile(source), [Row("one", translator)]).run(tmp_path / "out.mp4")
    found = FilmFile(done.path)
    parts = list(found)
    assert [p.time for p in parts if isinstance(p, Frame)] == pytest.approx(times, abs=0.001)
    heard = sum(len(p.samples) for p in parts if not isinstance(p, Frame))
    assert heard / 24000 == pytest.approx(1.0, abs=0.1) and found.facts.sound_rate == 24000


# Steady


def gradient(made: list[np.ndarray]) -> float:
    return float(np.mean([figures.gradient(one) for one in made]))


@pytest.mark.parametrize("moved", [(-1, 0), (0, -1), (1, 1)])
def test_the_grid_goes_along_with_what_moves(moved, translator):
    """With strides of four, and norms and blending left out, nothing but edges changes."""
    found = Frames(translator, "xy", ["made"], is_steady=True)
    found._moments = SharedMoments(share=0.0)
    made = []
    for frame in Panned(5, moved):
        known = motion.known((64, 48), moved) if frame.moved else None
        if known:
            known = replace(known, trust=torch.zeros_like(known.trust))
        x = images.to_tensor(frame.picture)
        made.append(images.to_bytes(found.take(x, known)["made"]))
    inner = (slice(None), slice(None), slice(20, 28), slice(20, 44))
    right, down = moved
    for before, now in pairwise(made):
        rolled = before.roll((down, right), (2, 3))
        assert (rolled[inner].int() - now[inner].int()).abs().max() <= 3


def test_steady_films_flicker_less_and_are_as_sharp(translator, tmp_path):
    rows = [Row("one", translator)]
    plain = Translating(Panned(12), rows).run(tmp_path / "plain.mp4")
    steady = Translating(Panned(12), rows, is_steady=True).run(tmp_path / "steady.mp4")
    assert steady.flicker[0] < 0.5 * plain.flicker[0]
    assert steady.gradient[0] > 0.8 * plain.gradient[0]


def test_flicker_is_the_warping_error():
    made = [np.asarray(tiny.noise(30, 20, seed)) for seed in (1, 2)]
    given = [torch.from_numpy(one.copy()).permute(2, 0, 1)[None] for one in made]
    found = flicker(*given, motion.known((30, 20), (-2, 0)))
    assert found == pytest.approx(figures.warping_error(*made, 2), abs=1e-4)


def test_norms_share_their_moments_over_frames():
    """A norm by hand: after a first picture with moments of its own, a tenth of the second's."""
    norm = torch.nn.InstanceNorm2d(2)
    random = torch.Generator().manual_seed(0)
    first, second = (torch.randn(1, 2, 8, 8, generator=random) * (1 + i) + i for i in range(2))
    shared = SharedMoments(share=0.1)
    for x in (first, second):
        shared.begin()
        with shared:
            found = norm(x)
    mean = 0.9 * first.mean((2, 3)) + 0.1 * second.mean((2, 3))
    square = 0.9 * first.square().mean((2, 3)) + 0.1 * second.square().mean((2, 3))
    deviation = (square - mean**2 + norm.eps).sqrt()
    expected = (second - mean[..., None, None]) / deviation[..., None, None]
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("norm", ["instance", "layer", "instance-layer"])
@pytest.mark.parametrize("kind", ["resnet", "course"])
def test_a_first_frame_is_as_a_picture(norm, kind):
    if kind == "course" and "-" in norm:
        pytest.skip("no such network")
    config = tiny.config()
    network = replace(config.generator, kind=kind, norm=norm) if kind == "resnet" else None
    if network is None:
        from cyclegan.core.networks.layers import LayerNorm

        found, x = LayerNorm(), tiny.batch(1, 16)
    else:
        found, x = Model(replace(config, generator=network)).G, tiny.batch(1, 24)
    shared = SharedMoments()
    shared.begin()
    with torch.no_grad():
        with shared:
            made = found(x)
        assert torch.allclose(made, found(x), atol=1e-5)
    assert shared._kept, "its norms were seen"


def test_motion_is_found_where_it_is_not_told():
    frames = [frame.picture for frame in Panned(4, (-3, 2), is_told=False)]
    found = motion.estimated(frames[0], frames[1])
    assert found.camera == pytest.approx((-3, 2), abs=0.2)
    moved = found.warped(images.to_tensor(frames[0]))
    seen = found.trust > 0.5
    assert seen.float().mean() > 0.7
    assert (moved - images.to_tensor(frames[1])).abs().mean(1)[0][seen].mean() < 0.02


def test_a_cut_begins_anew(translator):
    a, b = (frame.picture for frame in list(Panned(2)))
    other = Image.fromarray(255 - np.asarray(b))
    assert motion.estimated(a, b) and motion.estimated(a, other) is None
    found = Frames(translator, "xy", ["made"], is_steady=True)
    found.take(images.to_tensor(a))
    fresh = Frames(translator, "xy", ["made"], is_steady=True)
    x = images.to_tensor(other)
    assert torch.equal(found.take(x, None)["made"], fresh.take(x)["made"])


def test_large_frames_go_by_strips(translator, monkeypatch):
    frame = next(iter(Panned()))
    x = images.to_tensor(frame.picture)
    whole = Frames(translator, "xy", ["made", "back"], is_steady=True).take(x)
    monkeypatch.setattr("cyclegan.inference.films.steady.DIRECT", 100)
    monkeypatch.setattr("cyclegan.inference.translator.LONGEST_SIDE", 32)
    by_strips = Frames(translator, "xy", ["made", "back"], is_steady=True).take(x)
    for key, view in whole.items():
        assert torch.allclose(view, by_strips[key], atol=1e-3)


# The flights


def test_flights_move_by_a_pixel_over_ground_that_was_held_out():
    for name in flights.FLIGHTS:
        x, y = (list(flights.Flight(name, side)) for side in ("xy", "yx"))
        assert len(x) == len(y) == flights.Flight(name).facts.frames
        assert x[0].moved is None and {frame.moved for frame in x[1:]} == {(0, -1)}
        a, b = (np.asarray(frame.picture) for frame in x[100:102])
        assert np.array_equal(a[1:], b[:-1])
        assert figures.warping_error(a.transpose(1, 0, 2), b.transpose(1, 0, 2), 1) == 0
        world = tiles.load_world(tiles.PACKED_WIDTH)
        columns = [c for w, e in tiles.bands("T", tiles.PACKED_WIDTH) for c in range(w, e)]
        left = tiles.corner(*flights.FLIGHTS[name][1:], flights.SIZE, tiles.PACKED_WIDTH)[1]
        assert set(range(left, left + flights.SIZE)) <= set(columns)
        assert world["x"].shape[1] == tiles.PACKED_WIDTH


# The command


def run(capsys, *argv: object) -> tuple[int, str]:
    code = translate.main([str(word) for word in argv])
    printed = capsys.readouterr()
    assert printed.out == ""
    return code, printed.err


def test_a_film_by_command(model, tmp_path, capsys):
    source = film(tmp_path / "a.mp4", 6, sound=0.5)
    out = tmp_path / "out"
    code, err = run(capsys, "--model", model, model, "--input", source, "--output", out)
    assert code == 0
    assert err.startswith("a.mp4: 6 frames of 96×64, 12 a second, 0.5 s, with sound.\nExpected")
    assert [one.name for one in out.iterdir()] == ["a.mp4"]
    assert set(FilmFile(out / "a.mp4").facts.words.split(", ")[1:]) == {
        "12 a second",
        "0.5 s",
        "with sound",
    }


def test_options_of_films(model, tmp_path, capsys):
    source = film(tmp_path / "a.mp4", 24, (640, 360))
    argv = ["--model", model, "--input", source, "--output", tmp_path / "out"]
    more = ["--from", "0.5", "--to", "1", "--side", "256", "--steady", "--direction", "yx"]
    code, err = run(capsys, *argv, *more)
    assert code == 0 and "6 frames of 455×256, 12 a second, 0.5 s" in err
    assert "Flicker of the translation along the motion, a row each: " in err


def test_options_of_films_are_refused_of_pictures(model, tmp_path, capsys):
    tiny.noise(20, 12).save(tmp_path / "a.png")
    argv = ["--model", model, "--input", tmp_path / "a.png", "--output", tmp_path / "out"]
    code, err = run(capsys, *argv, "--steady")
    assert code == 2 and "are for films" in err
    code, err = run(capsys, *argv[:1], model, *argv[1:])
    assert code == 2 and "Several models are for films" in err


def test_a_lessons_own_film_by_command(model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(flights, "FRAMES", 5)
    argv = ["--model", model, "--input", "satellite2map/Asia", "--output", tmp_path / "out"]
    code, err = run(capsys, *argv)
    assert code == 0 and (tmp_path / "out" / "Asia.mp4").exists()
    assert "Flicker" in err


def test_a_film_that_a_lesson_lacks_is_told_with_those_that_it_has(model, tmp_path, capsys):
    argv = ["--model", model, "--input", "satellite2map/Atlantik", "--output", tmp_path / "out"]
    code, err = run(capsys, *argv)
    assert code == 2 and err.startswith("translate: There is no film satellite2map/Atlantik;")
    assert all(f"satellite2map/{name}" in err for name in flights.FLIGHTS)
    code, err = run(capsys, *argv[:3], "nowhere/Atlantik", *argv[4:])
    assert code == 2 and "does not exist" in err


def test_what_cannot_be_translated_is_told(model, tmp_path, capsys, monkeypatch):
    text = tmp_path / "a.mp4"
    text.write_text("words")
    argv = ["--model", model, "--input", text, "--output", tmp_path / "out"]
    code, err = run(capsys, *argv)
    assert code == 2 and err.startswith("translate: a.mp4 is no film") and err.count("\n") == 1
    monkeypatch.setattr("cyclegan.core.films.parts.is_installed", lambda: False)
    code, err = run(capsys, *argv)
    assert code == 2 and "pip install av" in err
    assert not (tmp_path / "out").exists()


def test_ctrl_c_keeps_what_is_finished(model, tmp_path, capsys, monkeypatch):
    source = film(tmp_path / "a.mp4", 12)
    taken = []
    take = Frames.take

    def slow(self, x, motion=None):
        taken.append(x)
        if len(taken) == 9:  # The film's fifth: four were rehearsed.
            signal.raise_signal(signal.SIGINT)
        return take(self, x, motion)

    assert threading.current_thread() is threading.main_thread()
    monkeypatch.setattr(Frames, "take", slow)
    out = tmp_path / "out"
    code, err = run(capsys, "--model", model, "--input", source, "--output", out)
    assert code == 1 and "What was finished is kept in" in err and "5 frames" in err
    assert [one.name for one in out.iterdir()] == ["a.part.mp4"]


def test_time_in_words():
    assert [command.duration(s) for s in (0.2, 59, 150, 5400, 9000)] == [
        *("1 s", "59 s", "2 min", "90 min", "2.5 h")
    ]
