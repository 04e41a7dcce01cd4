"""Voices: features, networks and figures of sound, and the lesson through every command."""

import json
import shutil
import sys
from dataclasses import replace
from itertools import product

import hub_server
import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from tiny import config as of_pictures
from tiny import dataset, same

import cyclegan
from cyclegan import lessons, methods, translate
from cyclegan.core.config import (
    Change,
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Training,
)
from cyclegan.core.media import PICTURES
from cyclegan.core.networks import build_discriminator, build_generator
from cyclegan.core.networks.gated import LEARNED, PITCH, WHOSE, Shuffle
from cyclegan.core.sound import measures, opening, world
from cyclegan.core.sound.clip import RATE, Clip, SoundError
from cyclegan.core.sound.medium import VOICE
from cyclegan.core.sound.writing import flac
from cyclegan.inference import Translator, command, comparisons, evaluation
from cyclegan.labs import publishing
from cyclegan.labs.ablation import command as ablation
from cyclegan.lessons.voices.read import load
from cyclegan.lessons.voices.sides import unpaired
from cyclegan.methods import Model
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints
from cyclegan.training import command as train
from cyclegan.training import setup
from cyclegan.training.trainer import StepDone, Trainer

GENERATOR = Generator("gated", width=2, blocks=1, upsampling="shuffle")
DISCRIMINATOR = Discriminator("gated", width=2)
TINY = ["--data", "voices", "--width", "2", "--blocks", "1", "--discriminator-width", "2"]


def tiny(**training) -> Config:
    return Config(
        generator=GENERATOR,
        discriminator=DISCRIMINATOR,
        objective=Objective(schedule=(Change("identity", 0.0, 2, 2),)),
        training=Training(data="voices", flip="none", **training),
        image_size=32,
    )


def hum(hertz: float, seconds: float = 0.6, gain: float = 0.1, resonance: float = 700.0) -> Clip:
    """A pulse train through a resonance: what a throat does."""
    samples = np.zeros(round(seconds * RATE))
    samples[:: round(RATE / hertz)] = 1.0
    time = np.arange(400) / RATE
    samples = np.convolve(samples, np.exp(-300 * time) * np.sin(2 * np.pi * resonance * time))
    return Clip((gain * samples[: round(seconds * RATE)]).astype(np.float32))


def item(length: int, seed: int = 0, pitch: float = 5.0) -> torch.Tensor:
    """Features of nobody's voice, every third column without a pitch."""
    found = torch.randn(27, length, generator=torch.Generator().manual_seed(seed))
    found[24] = torch.where(torch.arange(length) % 3 > 0, pitch + 0.1 * found[24], 0.0)
    found[25] = 0
    return found


def ended(one: torch.Tensor, length: int) -> torch.Tensor:
    return torch.nn.functional.pad(one, (0, length - one.shape[1]), value=torch.nan)


# Sound


def test_twice_as_loud_is_another_energy_and_nothing_else():
    quiet, loud = (world.analyse(hum(150, gain=gain))[:, 20:-20] for gain in (0.1, 0.2))
    np.testing.assert_allclose(loud[0] - quiet[0], np.log(2), atol=1e-3)
    np.testing.assert_allclose(loud[1:24], quiet[1:24], atol=1e-3)
    assert np.median(np.exp(loud[24])) == pytest.approx(150, rel=0.01)


def test_what_is_synthesised_has_the_pitch_and_the_sound_that_it_was_told():
    told = world.analyse(hum(150))
    told[24] = np.where(told[24] > 0, np.log(220.0), 0.0)
    clip = world.synthesise(told)
    assert np.abs(clip.samples).max() <= 1 and clip.seconds == pytest.approx(0.6, abs=0.02)
    heard = world.analyse(clip)
    assert np.median(np.exp(heard[24, 20:-20])) == pytest.approx(220, rel=0.02)
    other = world.analyse(hum(220, resonance=2500))
    assert measures.distance(heard, told) < 3 < 8 < measures.distance(heard, other)


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (Clip(np.zeros(800, np.float32)), "lasts 0.05 s; 0.1 s is the least"),
        (Clip(np.zeros(44100, np.float32), 44100), "16,000 samples a second, not 44,100"),
    ],
)
def test_clips_that_cannot_be_analysed(clip, words):
    with pytest.raises(SoundError, match=words):
        world.analyse(clip)


def test_without_its_package_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyworld", None)
    assert not world.is_installed()
    with pytest.raises(SoundError, match="pip install pyworld-prebuilt"):
        VOICE.held(item(40))


def test_whatever_networks_make_is_synthesised():
    wild = item(60) * 1e4
    wild[24], wild[3, 7], wild[0, 9] = 80.0, torch.nan, torch.inf
    clip = world.synthesise(wild.numpy())
    assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() <= 1


def test_silence_is_analysed():
    found = world.analyse(Clip(np.zeros(RATE, np.float32)))
    assert np.isfinite(found).all() and (found[24] == 0).all()


# Figures


def test_the_distance_by_hand():
    a, b = np.zeros((27, 1)), np.zeros((27, 1))
    b[:3, 0] = 7.0, 0.3, 0.4  # The energy does not count.
    by_hand = 10 / np.log(10) * np.sqrt(2 * (0.3**2 + 0.4**2))
    assert measures.distance(a, b) == pytest.approx(by_hand)
    assert measures.as_it_is(a, b) == pytest.approx(by_hand)


def test_who_speaks_slower_says_the_same():
    one = item(30).numpy()
    slow = np.repeat(one, 2, axis=1)
    assert measures.distance(one, slow) == pytest.approx(0, abs=1e-4)
    assert measures.pitch_error(one, slow) == pytest.approx(0, abs=1e-6)
    slow[24, slow[24] > 0] += np.log(2)
    assert measures.pitch_error(one, slow) == pytest.approx(12, rel=1e-5)


def test_the_way_is_the_cheapest_of_all():
    a, b = item(4, 1).numpy(), item(5, 2).numpy()
    costs = measures._between(a, b)

    def ways(i: int, j: int):
        if (i, j) == (3, 4):
            yield costs[3, 4]
        for di, dj in ((1, 0), (0, 1), (1, 1)):
            if i + di < 4 and j + dj < 5:
                yield from (costs[i, j] + rest for rest in ways(i + di, j + dj))

    at_a, at_b, way = measures.aligned(a, b)
    assert way.sum() == pytest.approx(min(ways(0, 0)))
    assert (at_a[0], at_b[0], at_a[-1], at_b[-1]) == (0, 0, 3, 4)


def test_figures_end_where_items_do():
    a, b = item(20, 1), item(25, 2)
    padded = (ended(one, 30).numpy() for one in (a, b))
    assert measures.distance(*padded) == measures.distance(a.numpy(), b.numpy())


# Networks


def test_a_shuffle_puts_two_channels_behind_each_other_in_time():
    x = torch.tensor([[[0.0, 2.0], [1.0, 3.0], [4.0, 6.0], [5.0, 7.0]]])
    assert torch.equal(Shuffle()(x)[0], torch.tensor([[0.0, 1, 2, 3], [4, 5, 6, 7]]))


def test_networks_take_items_of_any_length_and_judge_the_coefficients_alone():
    torch.manual_seed(0)
    G, D = build_generator(GENERATOR).eval(), build_discriminator(DISCRIMINATOR)
    for channels, length in product((LEARNED, 27), (1, 17, 64)):
        x = torch.stack([item(length, 1), item(length, 2)])[:, :channels]
        assert G(x).shape == (2, channels, length)
    x = torch.stack([item(64, 1), item(64, 2)])
    assert D(x).shape == (2, 1, 1, 4)
    assert torch.equal(D(x), D(x[:, :LEARNED]))


def test_an_item_that_ends_early_is_translated_as_if_it_were_alone():
    torch.manual_seed(0)
    G = build_generator(GENERATOR).eval()
    short, long = item(21, 1), item(30, 2)
    batch = torch.stack([ended(short, 30), long])
    made = G(batch)
    assert made[0, :, 21:].isnan().all()
    torch.testing.assert_close(made[0, :, :21], G(short[None])[0])
    torch.testing.assert_close(made[1], G(long[None])[0])


def test_a_network_that_learned_nothing_moves_mean_and_deviation():
    x, y = [item(400, 1, 5.2), item(300, 2, 5.1)], [item(500, 3, 4.6) * 0.5 + 2.0]
    y[0][24], y[0][25] = item(500, 3, 4.6)[24], 0
    data = unpaired(Domains(), x, y, x, y, paired=False)
    G, F = build_generator(GENERATOR).eval(), build_generator(GENERATOR).eval()
    for network, target in ((G, 1), (F, 0)):
        network.meet(data.voices, target)
        network.layers = torch.nn.Identity()
    made = G(x[0][None])[0]
    of_x, of_y = (torch.cat(side, 1) for side in (x, y))
    by_hand = (x[0][3] - of_x[3].mean()) / of_x[3].std() * of_y[3].std() + of_y[3].mean()
    torch.testing.assert_close(made[3], by_hand, rtol=1e-4, atol=1e-4)
    voiced = x[0][PITCH] > 0
    a, b = (side[PITCH][side[PITCH] > 0] for side in (of_x, of_y))
    by_hand = (x[0][PITCH][voiced] - a.mean()) / a.std() * b.std() + b.mean()
    torch.testing.assert_close(made[PITCH][voiced], by_hand, rtol=1e-4, atol=1e-4)
    assert (made[PITCH][~voiced] == 0).all() and torch.equal(made[26], x[0][26])
    assert (made[WHOSE] == 1).all()
    shown = torch.from_numpy(data.known_x["moved"][0])[:, :400]
    torch.testing.assert_close(made[:WHOSE], shown[:WHOSE], rtol=1e-4, atol=1e-4)
    # The way back, and what is of F's own voice already.
    for found in (F(made[None])[0], F(x[0][None])[0]):
        torch.testing.assert_close(found, x[0], rtol=1e-4, atol=1e-4)


def test_training_items_are_relative_to_their_speaker():
    data = lessons.find("voices").open(128, "none")
    for side in (data.train_x, data.train_y):
        columns = torch.cat(list(side), 1)[:LEARNED]
        assert columns.mean(1).abs().max() < 1e-3
        torch.testing.assert_close(columns.std(1), torch.ones(LEARNED), rtol=1e-3, atol=1e-3)


def test_the_work_of_a_translation_by_hand():
    """One block of one filter, 16 columns: each product and its sum are two operations."""
    c = replace(tiny(), generator=replace(GENERATOR, width=1))
    edges = 24 * 2 * 15 * 16 + 24 * 15 * 16
    down = (1 * 4 * 5 * 8) + (2 * 8 * 5 * 4)
    block = (4 * 16 * 3 * 4) + (8 * 4 * 3 * 4)
    up = (4 * 8 * 5 * 4) + (2 * 4 * 5 * 8)
    assert methods.work(c, 16) == 2 * (edges + down + block + up)


def test_networks_of_two_media_do_not_go_together():
    with pytest.raises(ConfigError, match="gated generator is for voice, and the patchgan"):
        Config(generator=GENERATOR, image_size=64)


# The medium and the lesson


def test_training_sees_columns_of_the_coefficients_alone():
    one = item(50)
    part = VOICE.cut(one, 20, torch.Generator().manual_seed(0))
    assert any(torch.equal(part, one[:24, i : i + 20]) for i in range(31))


def test_a_clip_that_was_made_of_features_has_these():
    one = torch.from_numpy(world.analyse(hum(120)))
    assert torch.equal(VOICE.kept(VOICE.held(ended(one, 200)), 27), one)


def test_a_part_is_drawn_as_it_sounds_and_not_relative_to_its_speaker():
    data, pack = lessons.find("voices").open(128, "none"), load()
    for side, (items, whole) in enumerate(((data.train_x, pack.x), (data.train_y, pack.y))):
        plain = VOICE.plain(items[3][:LEARNED], data.voices, side)
        torch.testing.assert_close(plain[:LEARNED], whole[3][:LEARNED], rtol=1e-4, atol=1e-3)
        assert np.array_equal(np.asarray(VOICE.draw(plain)), np.asarray(VOICE.draw(whole[3])))


def test_drawings_are_of_one_size_and_show_an_item_up_to_its_end():
    one = torch.from_numpy(world.analyse(hum(120, 0.5)))
    picture = np.asarray(VOICE.draw(one))
    assert picture.shape == (128, 128, 3) and picture.min() < 60
    np.testing.assert_array_equal(picture, np.asarray(VOICE.draw(ended(one, 200))))
    # The resonance at 700 Hz is darker than what is far above it.
    assert picture[80:120].mean() < picture[:40].mean() - 30


def test_the_lesson_is_unpaired_and_its_truth_is_the_same_sentence():
    from cyclegan.lessons.voices.sentences import HELD_OUT, OF_X, OF_Y, listed

    texts = [set(listed(text)) for text in (OF_X, OF_Y, HELD_OUT)]
    assert [len(text) for text in texts] == [52, 52, 20]
    assert len(set.union(*texts)) == 124
    data = lessons.find("voices").open(128, "none")
    assert [len(s) for s in (data.train_x, data.train_y, data.test_x, data.test_y)] == [
        52,
        52,
        20,
        20,
    ]
    assert min(one.shape[1] for one in (*data.train_x, *data.train_y)) > 128
    for x, clip in zip(load().test_x, load().recorded_x, strict=True):
        assert abs(x.shape[1] * 0.005 - clip.seconds) < 0.02
    # One sentence in two voices is nearer than two sentences.
    x, y = data.test_x[0].numpy(), data.test_y
    assert min(range(4), key=lambda i: measures.distance(x, y[i].numpy())) == 0
    pitch = [np.exp(np.median(one[24][one[24] > 0])) for one in (x, y[0].numpy())]
    assert pitch[0] > 1.4 * pitch[1]


def test_what_ships_is_what_its_recordings_say():
    pack = load()
    found = world.analyse(pack.recorded_x[3])
    assert measures.distance(found, pack.test_x[3].numpy()) < 0.8  # The silence at both ends.


# Training, and every command


def test_other_networks_and_other_data_are_refused(tmp_path):
    data = lessons.find("voices").open(32, "none")
    c = of_pictures(data="voices")
    with pytest.raises(lessons.DataError, match="resnet networks are for pictures"):
        setup.prepare(tmp_path / "a", c, data, torch.device("cpu"))
    folder = dataset(tmp_path / "data", size=32)
    c = replace(tiny(), training=Training(data=str(folder)))
    data = lessons.open_data(str(folder), 32, "none")
    with pytest.raises(lessons.DataError, match="gated networks are for voice"):
        setup.prepare(tmp_path / "b", c, data, torch.device("cpu"))


def test_a_checkpoint_that_mixes_media_is_refused():
    torch.manual_seed(0)
    for c in (tiny(), of_pictures()):
        other = {"emoji": "pictures", "voices": "voice"}
        data = "emoji" if c.generator.kind == "gated" else "voices"
        c = replace(c, training=replace(c.training, data=data))
        with pytest.raises(checkpoints.CheckpointError, match=f"its data are {other[data]}"):
            Translator(checkpoints.Checkpoint(None, c, Model(c), {}))


def stopped(step: int, argv: list[str]) -> None:
    def stop(trainer: Trainer, done: StepDone) -> None:
        trainer.stop = done.step == step

    run, trainer, data = train.prepare(argv)
    setup.fit(run, trainer, data, [stop])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of four steps, whose identity term ends after two of them."""
    folder = tmp_path_factory.mktemp("voices") / "straight"
    options = ["--steps", "4", "--log-every", "1", "--identity-until", "2", "--size", "32"]
    assert train.main([*TINY, *options, "--out", str(folder)]) == 0
    return folder, [*TINY, *options]


def test_identity_ends_on_the_way(run):
    log = [json.loads(line) for line in (run[0] / "log.jsonl").read_text().splitlines()]
    assert ["identity_G" in line["terms"] for line in log] == [True, True, False, False]
    assert {"mcd", "cycle_error"} <= log[-1]["figures"].keys()


def test_a_resumed_run_is_the_uninterrupted_one(run, tmp_path):
    straight, options = run
    stopped(3, [*options, "--out", str(tmp_path / "run")])
    assert train.main(["--resume", str(tmp_path / "run")]) == 0
    states = (
        torch.load(folder / "training.pt", weights_only=True)["trainer"]
        for folder in (straight, tmp_path / "run")
    )
    assert same(*states)


def test_networks_know_the_voices_once_they_are_saved(run):
    networks = checkpoints.load(run[0]).model
    means, _ = lessons.find("voices").open(32, "none").voices
    for network, target in ((networks.G, 1), (networks.F, 0)):
        torch.testing.assert_close(network.means, means, rtol=1e-3, atol=1e-3)
        assert int(network.target) == target


def test_figures_of_a_checkpoint(run, capsys):
    assert command.main([str(run[0]), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out).values()
    assert found["pairs"] == 20
    for network in "GF":
        assert found[network].keys() == {f.key for f in measures.FIGURES}
        assert 7 < found["unchanged"][network]["mcd"] < 12
        low, high = found["intervals"][network]["mcd_share"]
        assert low < found[network]["mcd_share"] < high


def test_a_clip_goes_round(run):
    made = Translator(checkpoints.load(run[0])).translate(hum(200, 0.7))
    assert made.views.keys() == {"original", "made", "back", "same"}
    assert made.figures.keys() == {"cycle_error", "identity_error"}
    for clip in made.views.values():
        assert clip.seconds == pytest.approx(0.7, abs=0.02)
    heard = world.analyse(made.translation)[24, 20:-20]
    assert np.exp(np.median(heard[heard > 0])) < 160  # His range, from hers.


def test_files_are_translated(run, tmp_path, capsys):
    given, out = tmp_path / "in", tmp_path / "out"
    given.mkdir()
    (given / "word.flac").write_bytes(flac(hum(200, 0.7)))
    (given / "notes.mp3").write_text("no sound")
    argv = ["--model", str(run[0]), "--input", str(given), "--output", str(out)]
    assert translate.main(argv) == 1
    assert "notes.mp3" in capsys.readouterr().err
    names = {path.name for path in out.iterdir()}
    assert names == {f"word_{view}.flac" for view in ("x", "G", "FG", "identity")}
    assert opening.load(out / "word_G.flac", 10).clip.seconds > 0.5
    assert translate.main([*argv[:3], str(tmp_path / "none.wav"), *argv[4:]]) == 2


@pytest.mark.training
def test_a_laboratory_of_voices(tmp_path):
    lab, sizes = tmp_path / "lab", ["--width", "2", "--blocks", "1", "--discriminator-width", "2"]
    rows = ["--data", "voices", "--variants", "gan-identity,cyclegan-identity", "--seeds", "1"]
    options = [*rows, *sizes, "--size", "32", "--steps", "2", "--jobs", "1", "--device", "cpu"]
    assert ablation.main(["run", *options, "--out", str(lab)]) == 0
    assert ablation.main(["report", str(lab)]) == 0
    text = (lab / "report" / "report.md").read_text()
    assert "mel-cepstral distance" in text and "measured on 20 held-out pairs" in text


def test_the_recipe_is_the_lessons_where_none_is_named():
    found = train.build_parser().parse_args(["--data", "voices"])
    _, recipe = train.recipe_from(found, lessons.find("voices"))
    assert found.recipe == "lesson" and recipe.words(Objective)["size"] == "128 frames"


@pytest.mark.filterwarnings("ignore:Use 'content=")
def test_a_model_goes_to_the_hub_and_comes_back(run, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with hub_server.serve() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", "hf_token")
        server.token = "hf_token"
        publishing.push(run[0], "tester/voices")
        card = server.files("tester/voices")["README.md"].decode()
        pulled = cyclegan.load("tester/voices", device="cpu")
    for words in (
        *("pipeline_tag: audio-to-audio", "--input file.flac", "gated generators"),
        "woman's voice and man's voice, in parts of 0.2 s",
    ):
        assert words in card
    x = load().test_x[0]
    assert same(Translator(checkpoints.load(run[0])).kept_views(x), pulled.kept_views(x))


def test_the_bundled_card_has_the_table_of_its_files():
    folder = checkpoints.BUNDLED / "voices"
    card = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    found, kept = checkpoints.find(folder), comparisons.read(folder)
    names = {path.name: checkpoints.read_config(path).objective.name for path in found}
    results = {names[path.name]: checkpoints.read_metrics(path) for path in found}
    columns = [figure for figure in measures.FIGURES if not figure.is_detail]
    table = evaluation.table(results, columns, lambda n, key: names.get(kept.best(names, n, key)))
    for line in table.splitlines():
        assert line in card
    told = comparisons.told(columns, kept.between(*sorted(names), "G"))
    assert f"GAN + cycle + identity against GAN + identity: {told}." in card
    for network in "GF":  # Below statistics alone with the cycle loss, and not without it.
        share = {path.name: checkpoints.read_metrics(path)["intervals"][network] for path in found}
        assert share["gan-cycle-identity"]["mcd_share"][1] < 1
        assert share["gan-identity"]["mcd_share"][1] >= 1
    config = checkpoints.read_config(found[0])
    recipe = lessons.find("voices").recipe.config
    assert replace(config, facts={}, objective=recipe.objective) == recipe


# Own recordings


@pytest.fixture
def recordings(tmp_path):
    """The held-out sentences of either speaker, twice: more than a minute."""
    pack, folder = load(), tmp_path / "two"
    for side, clips in (("A", pack.recorded_x), ("B", pack.recorded_y)):
        (folder / f"train{side}").mkdir(parents=True)
        whole = Clip(np.concatenate([clip.samples for clip in clips] * 2))
        (folder / f"train{side}" / "all.flac").write_bytes(flac(whole))
    return folder


def test_a_folder_of_recordings_is_a_lesson_of_voices(recordings, tmp_path):
    lesson = lessons.find(str(recordings))
    assert lesson.medium is VOICE
    (recordings / "trainA" / "notes.wav").write_text("no sound")
    (recordings / "trainA" / "beep.flac").write_bytes(flac(hum(200, 0.6)))
    out = tmp_path / "run"
    options = ["--width", "2", "--blocks", "1", "--discriminator-width", "2", "--steps", "1"]
    assert train.main(["--data", str(recordings), *options, "--out", str(out)]) == 0
    data = lesson.open(128, "none")
    assert len(data.train_x) == 1 and data.is_held_out and not data.paired
    assert len(data.test_x) == len(data.test_y) == 3, "the end of either side"
    (said,) = data.said
    assert "beep.flac has less than 0.6 s of speech" in said and "notes.wav is no sound" in said
    # Where the folder is gone, its networks still are of voices.
    shutil.rmtree(recordings)
    assert Translator(checkpoints.load(out)).medium is VOICE


def test_held_out_recordings_of_the_same_sentences_are_pairs(recordings):
    for side, clips in (("A", load().recorded_x), ("B", load().recorded_y)):
        (recordings / f"test{side}").mkdir()
        for i in range(2):
            (recordings / f"test{side}" / f"{i}.flac").write_bytes(flac(clips[i]))
    data = lessons.find(str(recordings)).open(128, "none")
    assert data.paired and data.is_held_out and len(data.test_x) == 2


def test_too_little_of_a_speaker_is_said(recordings):
    (recordings / "trainB" / "all.flac").write_bytes(flac(load().recorded_y[0]))
    with pytest.raises(lessons.DataError, match=r"trainB has 2 s of speech, once silence is cut"):
        lessons.find(str(recordings)).open(128, "none")


def test_pictures_beside_sounds_are_a_folder_of_pictures(recordings):
    Image.new("RGB", (32, 32)).save(recordings / "trainA" / "cover.png")
    assert lessons.find(str(recordings)).medium is PICTURES
