"""DCGAN: its networks by published counts, its step by hand, and a training from end to end."""

import json
from dataclasses import replace

import pytest
import torch
from tiny import batch, dataset, pictures, same
from torch import nn
from torch.nn.functional import softplus

from cyclegan import methods, translate
from cyclegan.core import augmentation
from cyclegan.core.config import (
    Channels,
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Training,
)
from cyclegan.core.networks import parameters
from cyclegan.inference import command as evaluation
from cyclegan.inference.translator import Translator
from cyclegan.labs.handout import of_run, of_set
from cyclegan.labs.publishing import card
from cyclegan.lessons import DataError, Lesson, UnpairedData
from cyclegan.methods import Model, Moment, cyclegan
from cyclegan.methods.dcgan import networks, step
from cyclegan.methods.dcgan.objective import Objective
from cyclegan.store import checkpoints
from cyclegan.training import command as train
from cyclegan.training import setup
from cyclegan.training.runs import read_log

SIZE, COUNT = 16, 3
DCGAN = methods.find("dcgan")


def config(objective: Objective | None = None, **training) -> Config:
    return Config(
        generator=Generator("dcgan", width=2, blocks=0, upsampling="resize", norm="batch"),
        discriminator=Discriminator("dcgan", width=2, norm="instance"),
        objective=objective or Objective(),
        domains=Domains("noise-free", "sharp"),
        training=Training(batch=COUNT, **training),
        image_size=SIZE,
    )


def model(objective: Objective | None = None) -> Model:
    torch.manual_seed(0)
    return Model(config(objective))


def moment(objective: Objective, made: dict | None = None, labels=None) -> Moment:
    x, y = batch(COUNT, SIZE, seed=1), batch(COUNT, SIZE, seed=2)
    return Moment(x, y, objective, labels, step=7, seed=3, made=made or {})


# Networks


def test_networks_have_as_many_parameters_as_published_ones():
    """PyTorch's DCGAN tutorial prints them for a width of 64: 3,576,704 and 2,765,568, without the
    biases that the last layers, and D's first, have here."""
    maker = networks.Maker(64, 64, 3, "transposed", "batch")
    judge = networks.Judge(64, 64, 3, "batch")
    assert parameters(maker) == 3_576_704 + 3
    assert parameters(judge) == 2_765_568 + 64 + 1


def test_the_papers_widths():
    """Figure 1: 1024 filters for 4×4 places, then 512, 256 and 128."""
    recipe = DCGAN.recipes["paper"]
    assert networks.filters(recipe.image_size, recipe.generator.width) == [1024, 512, 256, 128]


@pytest.mark.parametrize("size", networks.SIZES)
@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_from_z_to_a_picture_to_one_score(size, upsampling):
    maker = networks.Maker(size, 1, 3, upsampling, "batch")
    made = maker(torch.randn(2, networks.LATENT))
    assert made.shape == (2, 3, size, size) and made.abs().max() <= 1
    assert networks.Judge(size, 1, 3, "instance")(made).shape == (2, 1, 1, 1)


def test_a_kind_is_told_to_both():
    maker = networks.Maker(SIZE, 2, 3, "resize", "instance", classes=4)
    z, kinds = torch.randn(1, networks.LATENT).expand(4, -1), torch.arange(4)
    made = maker(z, kinds)
    assert all(not torch.allclose(made[0], other) for other in made[1:])
    told = networks.told(made, kinds, 4)
    assert torch.equal(told[:, :3], made)
    planes = told[:, 3:]
    assert torch.equal(planes.mean((2, 3)), torch.eye(4))
    assert set(planes.unique().tolist()) == {0.0, 1.0}


# The step


class Recorder(nn.Module):
    """A judge that keeps what it sees."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))
        self.seen = []

    def forward(self, images):
        self.seen.append(images)
        return self.weight * images.flatten(1).sum(1)


def test_terms_by_hand():
    """−log σ(s) = softplus(−s) and −log(1 − σ(s)) = softplus(s) (Goodfellow et al. 2014)."""
    of, o = model(), Objective(gan=0.5)
    m = moment(o)
    z = m.noise(COUNT, networks.LATENT, key=step.Z)
    fake = of.G(z).detach()
    made = step.make(of, m)
    torch.testing.assert_close(made.terms["gan_G"], 0.5 * softplus(-of.D_Y(fake)).mean())
    torch.testing.assert_close(made.made["fake"], fake)
    losses = step.judge_both(of, moment(o, {"fake": fake}))
    halves = softplus(-of.D_Y(m.y)).mean(), softplus(of.D_Y(fake)).mean()
    torch.testing.assert_close(losses.terms["D_Y"], sum(halves) / 2)
    torch.testing.assert_close(losses.told["D_Y_real"], halves[0].detach())


def test_least_squares_by_hand():
    of, o = model(), Objective(adversarial="least_squares")
    made = step.make(of, moment(o))
    fake, y = made.made["fake"], moment(o).y
    torch.testing.assert_close(made.terms["gan_G"], (of.D_Y(fake) - 1).square().mean())
    found = step.judge_both(of, moment(o, {"fake": fake})).terms["D_Y"]
    wanted = ((of.D_Y(y) - 1).square().mean() + of.D_Y(fake).square().mean()) / 2
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", augmentation.AUGMENTATIONS)
def test_what_d_sees(name):
    """Zhao et al. 2020, equations 2 and 3: T(y) and T(G(z)); of pictures alone, T(y) and G(z)."""
    of, o, change = model(), Objective(augmentation=name), augmentation.AUGMENTATIONS[name]
    of.D_Y = Recorder()
    m = moment(o)
    fake = step.make(of, m).made["fake"]
    step.judge_both(of, moment(o, {"fake": fake}))
    in_makers_turn, both = of.D_Y.seen
    real, generated = both.split(COUNT)
    assert torch.equal(real, change(m.y, m.random(step.OF_REAL)))
    if name == "diffaugment":
        assert torch.equal(generated, change(fake, m.random(step.OF_GENERATED)))
        torch.testing.assert_close(in_makers_turn, change(fake, m.random(step.IN_MAKERS_TURN)))
        assert not torch.equal(in_makers_turn.detach(), generated)
    else:
        assert torch.equal(generated, fake) and torch.equal(in_makers_turn.detach(), fake)


def test_g_learns_through_t():
    """With DiffAugment the gradient of G's term is that of D(T(G(z))), and not of D(G(z))."""
    gradients = {}
    for name in ("none", "diffaugment"):
        of = model()
        step.make(of, moment(Objective(augmentation=name))).terms["gan_G"].backward()
        gradients[name] = of.G.layers[0].weight.grad
        assert gradients[name].abs().sum() > 0
    assert not torch.allclose(*gradients.values())


def test_in_turn_d_learns_before_g():
    """From the same z: D on what G makes before it learns, without a gradient to it."""
    of, o = model(), Objective()
    first, then = DCGAN.players_in_turn(o)
    assert (first.roles, then.roles) == (("D_Y",), ("G",))
    m = moment(o)
    found = first.parts[0](of, m)
    torch.testing.assert_close(m.made["fake"], step.make(of, m).made["fake"])
    found.terms["D_Y"].backward()
    assert of.G.layers[0].weight.grad is None


def test_kinds_go_with_the_labels_of_the_pictures():
    o = Objective(classes=4, augmentation="diffaugment")
    of = model(o)
    of.D_Y = Recorder()
    labels = torch.tensor([0, 0, 0]), torch.tensor([3, 1, 0])
    m = moment(o, labels=labels)
    step.judge_both(of, moment(o, step.make(of, m).made, labels))
    for seen in of.D_Y.seen:
        planes = seen[:, 3:]
        assert torch.equal(planes.amax((2, 3)).argmax(1), labels[1].repeat(len(seen) // COUNT))
        assert torch.equal(planes.amin((2, 3)), planes.amax((2, 3))), "T leaves them alone"


def test_the_other_side_has_its_own_letters():
    o = Objective(side="x")
    of = model(o)
    assert list(of.networks) == ["F", "D_X"]
    m = moment(o)
    made = step.make(of, m)
    assert list(made.terms) == ["gan_F"]
    found = step.judge_both(of, moment(o, made.made))
    real, fake = softplus(-of.D_X(m.x)).mean(), softplus(of.D_X(made.made["fake"])).mean()
    torch.testing.assert_close(found.terms["D_X"], (real + fake) / 2)
    assert o.formula == "GAN(F, D_X)"
    (view,) = DCGAN.views(config(o), "yx")
    assert (view.formula, view.network) == ("F(z)", "F") and DCGAN.views(config(o)) == ()
    assert DCGAN.from_to(config(o), "yx") == ("noise", "noise-free")


def test_what_variants_are_called():
    assert Objective().name == "GAN"
    assert Objective(augmentation="diffaugment").slug == "gan_diffaugment"
    assert Objective(adversarial="least_squares", augmentation="pictures").name == (
        "GAN (least squares, augmented pictures)"
    )
    assert Objective(augmentation="pictures", side="x").formula == "GAN(F, D_X) on T(x), F(z)"


# Settings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"generator": Generator()}, "the generator is resnet, and must be dcgan"),
        ({"discriminator": Discriminator()}, "the discriminator is patchgan"),
        ({"image_size": 48}, "image size is 48; DCGAN makes pictures of 16, 32, 64, 128, 256"),
        ({"objective": cyclegan.Objective()}, "The dcgan generator is for pictures out of noise"),
    ],
)
def test_what_does_not_fit(changes, words):
    with pytest.raises(ConfigError, match=words):
        replace(config(), **changes)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"augmentation": "some"}, "valid are none, pictures, diffaugment"),
        ({"side": "z"}, "valid are y, x"),
        ({"adversarial": "hinge"}, "valid are least_squares, log"),
        ({"classes": -1}, "at least 0"),
        ({"gan": 0.0}, "Every term of the objective is off"),
    ],
)
def test_what_an_objective_cannot_be(values, words):
    with pytest.raises(ConfigError, match=words):
        Objective(**values)


PAPER = {
    # arXiv 1511.06434, section 4, details of adversarial training
    "batch": 128,  # "with a mini-batch size of 128"
    "initialisation": "normal",  # "zero-centered Normal distribution with standard deviation 0.02"
    "rate": 0.0002,  # "we used 0.0002 instead"
    "beta1": 0.5,  # "reducing it to 0.5 helped stabilize training"
    "flip": "none",  # "No data augmentation was applied to the images."
    "decay": 0.0,  # the authors' code: niter_decay = 0
    "pool": 0,
    "ema_decay": 0.0,
    "order": "in-turn",  # Goodfellow et al. 2014, algorithm 1
}


def test_the_papers_recipe_is_its_source(tmp_path):
    folder = dataset(tmp_path / "data", size=80, y=2)
    argv = ["--method", "dcgan", "--recipe", "paper", "--data", str(folder), "--device", "cpu"]
    run, trainer, _ = train.prepare([*argv, "--out", str(tmp_path / "run"), "--batch", "1"])
    t = run.config.training
    assert {name: getattr(t, name) for name in PAPER} == {**PAPER, "batch": 1}
    assert DCGAN.recipes["paper"].training.batch == PAPER["batch"]
    o, g, d = run.config.objective, run.config.generator, run.config.discriminator
    assert (o.adversarial, o.augmentation) == ("log", "none")
    assert (g.norm, d.norm, g.upsampling) == ("batch", "batch", "transposed")
    assert trainer.in_turn and run.config.image_size == 64


def test_who_names_no_recipe_has_the_lessons(tmp_path, capsys):
    folder = dataset(tmp_path / "data", size=80)
    argv = ["--method", "dcgan", "--data", str(folder), "--device", "cpu"]
    run, _, _ = train.prepare([*argv, "--out", str(tmp_path / "run"), "--steps", "1"])
    lesson = DCGAN.recipes["lesson"]
    assert (run.config.generator, run.config.discriminator) == (
        lesson.generator,
        lesson.discriminator,
    )
    assert run.config.training.batch == lesson.training.batch
    assert capsys.readouterr().out.startswith("Recipe lesson: ")


# A training


@pytest.fixture(autouse=True)
def signals(monkeypatch):
    """train.py takes Ctrl-C over; here it need not."""
    monkeypatch.setattr(train.signal, "signal", lambda *_: None)


THIN = ["--width", "2", "--discriminator-width", "2", "--size", "16", "--batch", "3"]


def arguments(folder, out, *more: str) -> list[str]:
    argv = ["--method", "dcgan", "--data", str(folder), "--out", str(out), "--device", "cpu"]
    return [*argv, *THIN, "--log-every", "1", "--save-every", "3", *more]


@pytest.mark.parametrize(
    "options",
    [
        ["--term", "augmentation=diffaugment", "--pool", "4"],
        ["--term", "augmentation=pictures", "--order", "in-turn"],
        ["--term", "side=x", "--norm", "batch"],
    ],
    ids=["diffaugment", "in-turn", "other side"],
)
def test_a_resumed_run_is_the_same_to_the_last_bit(options, tmp_path):
    folder = dataset(tmp_path / "data", size=20, x=6, y=7, test=3)
    straight, resumed = tmp_path / "straight", tmp_path / "resumed"
    assert train.main(arguments(folder, straight, "--steps", "6", *options)) == 0
    assert train.main(arguments(folder, resumed, "--steps", "3", *options)) == 0
    assert train.main(["--resume", str(resumed), "--steps", "6", "--device", "cpu"]) == 0
    states = [torch.load(run / "training.pt", weights_only=True) for run in (straight, resumed)]
    assert same(*(state["trainer"] for state in states))
    assert states[0]["trainer"]["steps_done"] == 6


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of few steps on 4 of 7 pictures of Y, and on all of them."""
    root = tmp_path_factory.mktemp("dcgan")
    folder = dataset(root / "data", size=20, x=6, y=7, test=5)
    more = ["--steps", "6", "--domains", "photo", "drawing"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.signal, "signal", lambda *_: None)
        for name, options in {
            "none": ["--pictures", "4"],
            "diffaugment": ["--pictures", "4", "--term", "augmentation=diffaugment"],
        }.items():
            assert train.main(arguments(folder, root / "runs" / name, *more, *options)) == 0
    return root / "runs"


def test_the_log_has_what_d_thinks_of_pictures_that_it_knows_and_of_others(trained):
    saved = [line["figures"] for line in read_log(trained / "none") if "figures" in line]
    assert len(saved) == 2
    for figures in saved:
        keys = {"nearest", "d_gap", "judged_trained", "judged_real", "judged_made", "diversity"}
        assert set(figures) == keys
        assert figures["d_gap"] == pytest.approx(
            figures["judged_trained"] - figures["judged_real"], abs=1e-6
        )


def test_figures_by_hand(trained, capsys):
    """Of 5 held-out pictures of Y, and 4 training ones out of 7."""
    assert evaluation.main([str(trained / "none"), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out).values()
    assert (found["items"], found["samples"]) == (5, 5)
    assert "pairs" not in found and "rmse" not in found["G"]
    translator = Translator(checkpoints.load(trained / "none"))
    data = setup.lessons.open_data(*setup.lessons.as_trained(translator.config))
    assert len(data.train_y) == 4
    middle = [data.medium.middle(item, SIZE) for item in (*data.train_y, *data.test_y)]
    items = torch.stack(middle).double()
    trained_items, held = items[:4], items[4:]
    made = translator.kept_samples(5).double()

    def nearest(some):
        gaps = [[(a - b).square().mean().sqrt() for b in trained_items] for a in some]
        return torch.tensor(gaps).min(1).values.mean()

    assert found["G"]["nearest"] == pytest.approx(float(nearest(made) / nearest(held)), rel=1e-4)

    def judged(some):
        with torch.no_grad():
            return translator.model.D_Y((some / 127.5 - 1).float()).sigmoid().mean()

    gap = float(judged(trained_items) - judged(held))
    assert found["G"]["d_gap"] == pytest.approx(gap, abs=1e-5)
    low, high = found["intervals"]["G"]["d_gap"]
    assert low < found["G"]["d_gap"] < high


def test_a_sample_that_is_a_training_picture_is_copied():
    held = torch.stack(pictures(4, SIZE, seed=1)).numpy()
    known = torch.stack(pictures(3, SIZE, seed=2)).numpy()
    from cyclegan.core.figures import NEAREST, nearest

    arrays = {"nearest_made": nearest(known[:2], known), "nearest_real": nearest(held, known)}
    assert NEAREST.measure(arrays) == 0
    assert NEAREST.measure({**arrays, "nearest_made": arrays["nearest_real"]}) == 1


def test_the_same_z_through_time(trained):
    """Each sample grid is of the same latents, four rows of eight; with more steps they change."""
    from PIL import Image

    translator = Translator(checkpoints.load(trained / "none"))
    early, late = (Image.open(trained / "none" / "samples" / f"00000{n}.png") for n in (3, 6))
    assert early.size == late.size == (8 * (SIZE + 2) + 2, 4 * (SIZE + 2) + 2)
    assert early.tobytes() != late.tobytes()
    tile = late.crop((2, 2, 2 + SIZE, 2 + SIZE))
    first = translator.medium.draw(translator.kept_samples(32)[0])
    difference = torch.tensor(list(tile.tobytes())) - torch.tensor(list(first.tobytes()))
    assert difference.abs().max() <= 2, "float16 on disk"


def test_a_translator_makes_samples_and_takes_no_picture(trained):
    translator = Translator(checkpoints.load(trained / "none"))
    assert translator.is_from_noise and translator.directions == ("xy",)
    a, b = (translator.samples(40, seed)["made"] for seed in (0, 1))
    assert a.shape == (40, 3, SIZE, SIZE) and not torch.equal(a, b)
    assert torch.equal(a, translator.samples(40)["made"])
    with pytest.raises(ValueError, match="takes no picture"):
        translator.translate(translator.medium.draw(translator.kept_samples(1)[0]))


def test_the_command_writes_samples(trained, tmp_path, capsys):
    model_of = ["--model", str(trained / "none"), "--output", str(tmp_path / "out")]
    assert translate.main([*model_of, "--samples", "3", "--device", "cpu"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("0000.png", "0001.png", "0002.png")
    ]
    assert translate.main([*model_of, "--input", str(tmp_path / "out" / "0000.png")]) == 2
    assert "takes no picture: it makes them of noise. --samples 16" in capsys.readouterr().err
    other = ["--model", "drawing/gan", "--output", str(tmp_path / "out"), "--samples", "3"]
    assert translate.main(other) == 2
    assert "makes nothing of noise" in capsys.readouterr().err


def test_reports_say_what_it_does(trained):
    found = of_run.document(trained / "none")
    assert found.kind == "noise → drawing · data"
    assert "DCGAN was trained to make drawing pictures out of noise" in found.summary
    assert found.film.steps == [3, 6]
    (strip,) = found.film.strips
    assert strip.title == "G: noise → drawing" and strip.heads == [("G(z)", "Sample")]
    assert any("--samples 16" in line for _, line in found.commands)
    several = of_set.document(trained)
    assert several.kind == "noise → drawing · 2 variants"
    assert [strip.title for strip in several.film.strips] == ["GAN (DiffAugment)", "GAN"]
    assert "make drawing pictures out of noise" in several.summary


def test_a_card_says_how_to_make_samples(trained, tmp_path):
    checkpoints.export(trained / "none", tmp_path / "shipped")
    evaluation.main([str(tmp_path / "shipped"), "--save"])
    text, samples = card.write(tmp_path / "shipped", [tmp_path / "shipped"], "user/dots")
    assert samples
    for words in (
        "pipeline_tag: unconditional-image-generation",
        "# dots: noise → drawing",
        "G(z) is to make drawing pictures out of noise.",
        "--samples 16",
        ".G  # takes z, (N, 100) of N(0, 1)",
        "nothing but drawing, in crops of 16 pixels",
        "D's gap",
    ):
        assert words in text, words
    assert "unpaired" not in text and "translation" not in text.split("## Limits")[1]


# Labels


def quarter(item, label):
    half = item.shape[-1] // 2
    row, column = divmod(label, 2)
    return item[..., row * half : (row + 1) * half, column * half : (column + 1) * half]


class Marks(Lesson):
    """Dark pictures of three kinds, with a bright quarter above on the left, there on the right, or
    below on the left."""

    name, title = "marks", "marks"
    domains = Domains("mark", "mark")
    source = "made up for a test"
    largest = SIZE

    def open(self, size, fit):
        labels, items = [i % 3 for i in range(12)], []
        for label in labels:
            item = torch.full((3, size, size), 20, dtype=torch.uint8)
            quarter(item, label).fill_(235)
            items.append(item)
        return UnpairedData(
            *(self.domains, items, items, items[:4], items[:4]),
            paired=False,
            in_memory=True,
            labels=(labels, labels),
        )


def test_class_by_class_on_a_labelled_lesson(tmp_path, monkeypatch):
    """Soon each kind is brightest in its own quarter."""
    lesson = Marks()
    monkeypatch.setattr("cyclegan.lessons.find", lambda name: lesson)
    c = config(
        Objective(classes=3),
        data="marks",
        steps=150,
        rate=1e-3,
        flip="none",
        ema_decay=0.0,
        decay=0.0,
    )
    c = replace(c, generator=replace(c.generator, width=8), channels=Channels())
    c = replace(c, discriminator=replace(c.discriminator, width=8))
    c = replace(c, training=replace(c.training, batch=6))
    data = lesson.open(SIZE, "none")
    run, trainer = setup.prepare(tmp_path / "run", c, data, torch.device("cpu"))
    setup.fit(run, trainer, data)
    translator = Translator(checkpoints.load(tmp_path / "run"))
    made = translator.kept_samples(30).float()
    for kind in range(3):
        bright = [float(quarter(made[kind::3], other).mean()) for other in range(4)]
        assert max(bright) == bright[kind] > 1.25 * sorted(bright)[-2], (kind, bright)
    assert "d_gap" not in read_log(tmp_path / "run")[-1]["figures"], "D is told kinds, not asked"

    few = replace(c, objective=Objective(classes=2))
    with pytest.raises(
        DataError, match="of 3 kinds, and the networks are told 2: add --term classes=3"
    ):
        setup.prepare(tmp_path / "few", few, data, torch.device("cpu"))
    with pytest.raises(DataError, match="DCGAN learns from labels, and these items have none"):
        bare = replace(data, labels=None)
        setup.prepare(tmp_path / "bare", c, bare, torch.device("cpu"))
