"""Recipes under their own names: each against its source, line by line, and against the docs."""

import json
import re
from pathlib import Path

import pytest
import torch
from tiny import dataset

from cyclegan import lessons, methods
from cyclegan.core.config import Config, Discriminator, Generator, Training
from cyclegan.methods import cyclegan
from cyclegan.store import checkpoints
from cyclegan.training import command as train
from cyclegan.training.runs import read_log

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
CYCLEGAN = methods.find("cyclegan")

COUNT = 3
"""Pictures of X in the tests' folder."""

PAPER = {
    # arXiv 1703.10593, section 7.1, training details
    "training.batch": 1,  # "with a batch size of 1"
    "training.rate": 0.0002,  # "a learning rate of 0.0002"
    "training.steps": 200 * COUNT,  # "for the first 100 epochs ... over the next 100 epochs"
    "training.decay": 0.5,  # "linearly decay the rate to zero over the next 100 epochs"
    "training.pool": 50,  # "an image buffer that stores the 50 previously created images"
    "training.initialisation": "normal",  # "from a Gaussian distribution N(0, 0.02)"
    "training.order": "together",  # as in the authors' optimize_parameters()
    "training.ema_decay": 0.0,  # none
    "training.beta1": 0.5,  # the authors' options/train_options.py, --beta1
    "training.beta2": 0.999,  # models/cycle_gan_model.py, betas=(opt.beta1, 0.999)
    "training.fit": "squeeze",  # --load_size 286, --crop_size 256
    "training.place": "random",
    "training.decay_from": None,
    "training.pictures": None,  # all
    "training.flip": "horizontal",  # not --no_flip
    "training.precision": "float32",
    "objective.cycle_forward": 10.0,  # "For all the experiments, we set λ = 10 in Equation 3"
    "objective.cycle_backward": 10.0,
    "objective.cycle_norm": "l1",  # equation 2
    "objective.adversarial": "least_squares",  # section 4
    "objective.identity": 0.0,  # section 5.2 has it for paintings alone
    # section 7.2, network architectures
    "image_size": 256,
    "generator.kind": "resnet",
    "generator.blocks": 9,  # "9 residual blocks for 256×256 and higher-resolution"
    "generator.width": 64,  # c7s1-64
    "generator.upsampling": "transposed",  # "fractional-strided-convolution", u128, u64
    "generator.downsampling": "strided",  # "stride-2 convolutions", "reflection padding" (7.2)
    "generator.padding": "reflect",  # of a ResNet's blocks alone
    "generator.norm": "instance",  # "InstanceNorm"
    "discriminator.kind": "patchgan",  # "70×70 PatchGANs"
    "discriminator.width": 64,  # C64-C128-C256-C512
    "discriminator.norm": "instance",  # "Convolution-InstanceNorm-LeakyReLU"
}

BOOK = {
    # GANs in Action, chapter 9, Chapter9_CycleGAN.ipynb
    "image_size": 128,  # self.img_rows = 128
    "generator.kind": "unet",  # build_generator: """U-Net Generator"""
    "generator.width": 32,  # self.gf = 32
    "generator.blocks": 0,  # none
    "generator.upsampling": "resize",  # UpSampling2D(size=2), then Conv2D(…, strides=1)
    "generator.downsampling": "strided",  # Conv2D(…, strides=2, padding="same")
    "generator.padding": "reflect",  # of a ResNet's blocks alone
    "generator.norm": "layer",  # InstanceNormalization(), in keras_contrib axis=None
    "discriminator.kind": "patch4",  # patch = int(self.img_rows / 2**4)
    "discriminator.width": 64,  # self.df = 64
    "discriminator.norm": "layer",  # conv2d(d1, …) with normalization=True
    "objective.cycle_forward": 10.0,  # self.lambda_cycle = 10.0
    "objective.cycle_backward": 10.0,
    "objective.identity": 9.0,  # self.lambda_id = 0.9 * self.lambda_cycle
    "objective.cycle_norm": "l1",  # loss=['mse', 'mse', 'mae', 'mae', 'mae', 'mae']
    "objective.adversarial": "least_squares",  # 'mse'
    "training.rate": 0.0002,  # Adam(0.0002, 0.5)
    "training.beta1": 0.5,
    "training.beta2": 0.999,  # Keras' default
    "training.decay": 0.0,  # no schedule
    "training.pool": 0,  # fakes of the same batch
    "training.ema_decay": 0.0,  # none
    "training.initialisation": "glorot",  # Conv2D's kernel_initializer by default
    "training.order": "in-turn",  # train_on_batch(imgs_A, valid), (fake_A, fake), then combined
    "training.batch": 1,  # def train(self, epochs, batch_size=1, …); run with 64
    "training.steps": 100 * COUNT,  # cycle_gan.train(epochs=100, …)
    "training.fit": "squeeze",  # left out: imresize to 128×128
    "training.place": "random",
    "training.decay_from": None,
    "training.pictures": None,  # all
    "training.flip": "horizontal",  # np.random.random() > 0.5: img_A = np.fliplr(img_A)
    "training.precision": "float32",
}

COURSE = {
    # CMU 16-726, spring 2021, assignment 3: cycle_gan.py's options and models.py
    "image_size": 64,  # --image_size default=64
    "generator.kind": "course",  # --gen default='cycle'
    "generator.width": 32,  # --g_conv_dim default=32
    "generator.blocks": 1,  # self.resnet_block, conv(…, kernel_size=3, stride=1)
    "generator.upsampling": "transposed",  # deconv(): nn.ConvTranspose2d
    "generator.downsampling": "strided",  # conv(…, stride=2); no option pads otherwise
    "generator.padding": "reflect",  # of a ResNet's blocks alone
    "generator.norm": "instance",  # --norm default='instance'
    "discriminator.kind": "course",  # --disc default='dc'
    "discriminator.width": 32,  # --d_conv_dim default=32
    "discriminator.norm": "instance",
    "objective.cycle_forward": 10.0,  # --lambda_cycle default=10
    "objective.cycle_backward": 10.0,
    "objective.cycle_norm": "l2",  # CSC 321, assignment 4: ((images_Y - reconstructed_Y) ** 2)
    "objective.adversarial": "least_squares",  # torch.mean((D_X(images_X) - 1) ** 2)
    "objective.identity": 0.0,  # none
    "training.batch": 16,  # --batch_size default=16
    "training.rate": 0.0003,  # --lr default=0.0003
    "training.beta1": 0.5,  # --beta1 default=0.5
    "training.beta2": 0.999,  # --beta2 default=0.999
    "training.decay": 0.0,  # no schedule
    "training.pool": 0,  # fakes of the same batch
    "training.ema_decay": 0.0,  # none
    "training.steps": 600,  # "for 600 iterations", of which the handout asks for samples
    "training.initialisation": "pytorch",  # --init_type default='naive'
    "training.order": "in-turn",  # "Train with real images", "Train with fake images", then G
    "training.fit": "squeeze",  # Resize(1.1 × size), RandomCrop
    "training.place": "random",
    "training.decay_from": None,
    "training.pictures": None,  # all
    "training.flip": "horizontal",  # RandomHorizontalFlip
    "training.precision": "float32",
}

SOURCES = {"paper": PAPER, "book": BOOK, "course": COURSE}

FREE = {
    *("training.data", "training.seed", "objective.gan", "objective.schedule"),
    *("objective.cycle_features", "objective.cycle_decay", "objective.cycle_quality"),
}
"""What no source has a say in, or what is one and the same in every recipe here."""


@pytest.fixture(autouse=True)
def signals(monkeypatch):
    """train.py takes Ctrl-C over; here it need not."""
    monkeypatch.setattr(train.signal, "signal", lambda *_: None)


@pytest.fixture
def folder(tmp_path) -> Path:
    return dataset(tmp_path / "data", size=300, x=COUNT, y=2, test=1)


def flat(config: Config) -> dict:
    """Every setting by a name with a point."""
    found = config.to_dict()
    parts = ("generator", "discriminator", "objective", "training")
    values = {f"{part}.{k}": v for part in parts for k, v in found[part].items()}
    return {"image_size": found["image_size"], **values}


def options(name: str, folder: Path, *more: str) -> list[str]:
    out = ["--out", str(folder.parent / name), "--device", "cpu"]
    return ["--recipe", name, "--data", str(folder), *out, *more]


@pytest.mark.parametrize("name", SOURCES)
def test_a_recipe_is_its_source(name, folder):
    """Every setting but those that no source names."""
    run, trainer, _ = train.prepare(options(name, folder))
    found = flat(run.config)
    assert {k: v for k, v in found.items() if k not in FREE} == SOURCES[name]
    assert not found["objective.schedule"]
    assert trainer.in_turn == (name != "paper")


def test_one_step_of_each_leaves_its_config(folder):
    """All but the steps; the paper's networks are thin here, as they take half a minute else."""
    for name, more in {
        "paper": ["--width", "2", "--blocks", "0"],
        "book": [],
        "course": [],
    }.items():
        argv = options(name, folder, "--steps", "1", *more, "--discriminator-width", "2")
        assert train.main(argv) == 0
        config = checkpoints.read_config(folder.parent / name)
        wanted = {**SOURCES[name], "training.steps": 1, "discriminator.width": 2}
        if more:
            wanted |= {"generator.width": 2, "generator.blocks": 0}
        assert {k: v for k, v in flat(config).items() if k not in FREE} == wanted
        (line,) = read_log(folder.parent / name)
        assert all(torch.isfinite(torch.tensor(value)) for value in line["terms"].values())


@pytest.mark.parametrize("name", ["drawing", "emoji"])
def test_the_lessons_recipe_is_what_the_page_trains(name, tmp_path):
    argv = ["--recipe", "lesson", "--data", name, "--out", str(tmp_path / "run"), "--device", "cpu"]
    run, _, _ = train.prepare(argv)
    own = flat(lessons.find(name).recipe.config)
    found = flat(run.config)
    for each in (own, found):
        del each["training.precision"]  # "auto" is decided by then.
    assert found == own


def test_of_a_folder_the_lesson_is_the_common_one(folder):
    run, _, _ = train.prepare(options("lesson", folder, "--domains", "horse", "zebra"))
    usual = flat(lessons.lesson.quick(str(folder), run.config.domains).config)
    found = flat(run.config)
    assert {k: v for k, v in found.items() if v != usual[k]}.keys() <= {"training.precision"}
    assert run.config.domains.x == "horse"


# Explicit options win


def test_explicit_options_win(folder, capsys):
    more = [
        "--size",
        "32",
        "--generator",
        "resnet",
        "--width",
        "2",
        "--blocks",
        "1",
        "--batch",
        "2",
    ]
    more += ["--discriminator-width", "2", "--identity", "0.1", "--epochs", "2", "--decay", "0.25"]
    assert (
        train.main(options("book", folder, *more, "--order", "together", "--sample-every", "9"))
        == 0
    )
    config = checkpoints.read_config(folder.parent / "book")
    assert config.generator == Generator("resnet", 2, 1, "resize", norm="layer")
    assert config.discriminator == Discriminator("patch4", 2, norm="layer")
    assert (config.objective.identity, config.objective.cycle_forward) == (1.0, 10.0)
    t = config.training
    assert (t.steps, t.batch, t.decay, t.order) == (2 * COUNT // 2, 2, 0.25, "together")
    assert (t.pool, t.initialisation, t.ema_decay) == (0, "glorot", 0.0), "these are the book's"

    said, kept = capsys.readouterr().out, config.facts["recipe"]
    assert kept["name"] == "book" and kept["sets"]["size"] == "128 px"
    assert kept["otherwise"] == {
        "size": "32 px",
        "batch": "2 (the book: 64)",
        "rate": "0.0002, falling to 0 over the last 25%",
        "generators": "ResNet, 1 block, 2 filters, layer norm",
        "discriminators": "four-stage patches, 2 filters",
        "length": "2 epochs",
        "objective": kept["otherwise"]["objective"],
        "updates": "all networks together",
        "samples": "every 9 steps",
    }
    told = [kept["source"], *kept["left_out"], *kept["sets"].values(), *kept["otherwise"].values()]
    assert [words for words in told if words not in said] == []
    assert kept["left_out"] == list(CYCLEGAN.recipes["book"].left_out)


@pytest.mark.parametrize(
    ("flags", "weights"),
    [
        ([], (10, 10, 9)),
        (["--lambda", "20"], (20, 20, 18)),
        (["--identity", "0.5"], (10, 10, 5)),
        (["--cycle", "forward"], (10, 0, 9)),
        (["--cycle", "none", "--identity", "0"], (0, 0, 0)),
    ],
)
def test_what_is_not_given_is_the_recipes(flags, weights):
    parser = train.build_parser()
    args = parser.parse_args(["--data", "d", "--size", "32", "--recipe", "book", *flags])
    config = train.config_from(args, CYCLEGAN, set(flags), CYCLEGAN.recipes["book"])
    o = config.objective
    assert (o.cycle_forward, o.cycle_backward, o.identity) == pytest.approx(weights)


def test_pictures_that_are_smaller_than_the_recipe(tmp_path, capsys):
    argv = ["--recipe", "paper", "--data", "drawing", "--out", str(tmp_path / "run")]
    run, _, _ = train.prepare([*argv, "--width", "2", "--discriminator-width", "2"])
    assert run.config.image_size == 64
    assert "drawing has no pictures of more than 64 px." in capsys.readouterr().out


def test_a_run_samples_as_often_as_its_recipe(folder):
    assert (
        train.prepare(options("book", folder, "--size", "32", "--width", "2"))[0].sample_every == 10
    )


# What cannot be done


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--recipe", "cookie"],
            ["CycleGAN has no recipe 'cookie'", "paper, book, course, voice, lesson"],
        ),
        (
            ["--recipe", "paper", "--method", "pix2pix"],
            ["pix2pix has no recipe 'paper'", "has none"],
        ),
        (["--recipe", "course", "--size", "48"], ["course discriminator takes 64 pixels and more"]),
        (["--recipe", "book", "--size", "100"], ["unet generator", "multiples of 16"]),
        (["--generator", "unet", "--norm", "batch"], ["norm of unet is 'batch'", "layer"]),
        (["--decay", "2"], ["decay is 2.0", "[0, 1]"]),
        (["--order", "in-turn", "--method", "pix2pix"], ["true pairs"]),
    ],
)
def test_wrong_recipes(flags, words, folder, capsys):
    out = folder.parent / "out"
    words_of_all = ("--data", str(folder), "--out", str(out), "--device", "cpu", "--steps", "1")
    assert train.main([*words_of_all, *flags]) == 2
    said = capsys.readouterr().err
    assert [word for word in words if word not in said] == []
    assert not out.exists()


def test_a_recipe_is_not_asked_for_again_when_a_run_goes_on(folder, capsys):
    assert train.main(["--resume", str(folder), "--recipe", "paper"]) == 2
    assert "Leave it out" in capsys.readouterr().err


# What is written about them


def table() -> dict[str, list[str]]:
    """The rows of the docs' first table: by label, a cell a recipe."""
    first = re.search(r"(?:^\|.*\n)+", DOCS, re.MULTILINE).group()
    rows = [line.strip("| ").split(" | ") for line in first.splitlines() if line.startswith("| ")]
    return {label: cells for label, *cells in rows}


def test_the_docs_table_is_the_recipes():
    words = [r.words(cyclegan.Objective) for r in CYCLEGAN.recipes.values()]
    rows = table()
    assert rows.pop("setting") == [f"`{name}`" for name in CYCLEGAN.recipes]
    assert rows == {label: [w[label] for w in words] for label in words[0]}


def test_the_docs_say_what_is_left_out_and_from_where():
    text = re.sub(r"\s+", " ", DOCS)
    for recipe in CYCLEGAN.recipes.values():
        assert recipe.source in text
        assert [sentence for sentence in recipe.left_out if sentence not in text] == []


def test_help_lists_size_batch_rate_networks_and_length(capsys):
    with pytest.raises(SystemExit):
        train.main(["--help"])
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    for recipe in CYCLEGAN.recipes.values():
        words = recipe.words(cyclegan.Objective)
        for label in ("size", "batch", "rate", "generators", "discriminators", "length"):
            assert f"{label}: {words[label]}" in text
    assert "The defaults are this program's own" in text


def test_a_config_of_before_has_the_settings_that_there_were():
    """Written without norm, decay, initialisation and order."""
    older = json.loads(json.dumps(Config().to_dict()))
    for part, fields in {
        "generator": ["norm"],
        "discriminator": ["norm"],
        "training": ["decay", "initialisation", "order"],
    }.items():
        for field in fields:
            del older[part][field]
    assert Config.from_dict(older) == Config()
    t = Training()
    assert (t.decay, t.initialisation, t.order) == (0.5, "normal", "together")
    assert Generator().norm == Discriminator().norm == "instance"
