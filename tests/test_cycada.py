"""CyCADA: its terms by hand, its stages, and what becomes of a run that is stopped in each."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import batch, noise, same
from torch import Tensor, nn

from cyclegan import lessons, methods
from cyclegan.core.config import (
    Channels,
    Config,
    ConfigError,
    Discriminator,
    Generator,
    Training,
)
from cyclegan.inference import evaluation
from cyclegan.inference.translator import Translator
from cyclegan.lessons import DataError
from cyclegan.methods import Model, Moment
from cyclegan.methods.cycada import ADAPT, KEEP, PRE_TRAIN, TRANSLATE, networks, step
from cyclegan.methods.cycada import Objective as CyCADA
from cyclegan.page import plans
from cyclegan.store import checkpoints
from cyclegan.training import command, trainer

SIZE = 24
STEPS = 20
"""Four of them are the first stage, seven the second, one the third and eight the fourth."""


def config(objective: CyCADA | None = None, **training) -> Config:
    return Config(
        generator=Generator(width=2, blocks=0),
        discriminator=Discriminator(width=2),
        objective=objective or CyCADA(classes=3),
        channels=Channels(1, 3),
        training=Training(**{"steps": STEPS, "batch": 2, "flip": "none", "pool": 0, **training}),
        image_size=SIZE,
    )


def items(seed: int = 0) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """A batch of two grey pictures, one of two coloured ones, and their labels."""
    x, y = batch(2, SIZE, seed=seed)[:, :1], batch(2, SIZE, seed=seed + 100)
    return x, y, (torch.tensor([0, 2]), torch.tensor([1, 1]))


def moment(objective: CyCADA, stage: str = "") -> Moment:
    x, y, labels = items()
    return Moment(x, y, objective, labels, stage=stage)


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return Model(config())


# Terms


def test_the_task_is_the_cross_entropy_by_hand():
    """Of scores (ln 1, ln 3) the shares are ¼ and ¾."""
    scores = torch.tensor([[0.0, math.log(3)], [0.0, math.log(3)]])
    found = step.task(scores, torch.tensor([0, 1]))
    assert found.item() == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)
    assert step.accuracy(scores, torch.tensor([0, 1])).item() == 0.5


class Sure(nn.Module):
    """A classifier of two kinds whose scores are the first two pixels of a picture in grey."""

    def forward(self, image: Tensor) -> Tensor:
        return networks.as_seen(image, 1)[:, 0, 0, :2]


def test_the_semantic_term_holds_what_f_s_says_against_what_it_said_by_hand():
    """f_S says 1 of x and scores (ln 3, 0) of its translation, so that ¼ speaks for 1."""
    x = torch.tensor([[[[0.1, 0.9]]]])
    fake_y = torch.tensor([[[[math.log(3), 0.0]]]]).repeat(1, 3, 1, 1)
    assert step.same_label(Sure(), x, fake_y).item() == pytest.approx(math.log(4))
    assert step.same_label(Sure(), fake_y, x).item() == pytest.approx(
        -math.log(math.exp(0.1) / (math.exp(0.1) + math.exp(0.9)))
    ), "of the other way it is what f_S says of y, in grey"


def test_what_f_s_says_is_a_label_and_not_learned():
    x = torch.tensor([[[[0.1, 0.9]]]], requires_grad=True)
    fake_y = torch.zeros(1, 1, 1, 2, requires_grad=True)
    step.same_label(Sure(), x, fake_y).backward()
    assert x.grad is None and fake_y.grad.abs().sum() > 0


def test_a_classifier_sees_colours_in_grey_and_grey_in_three_channels():
    red = torch.tensor([1.0, -1.0, 0.5])[None, :, None, None]
    assert networks.as_seen(red, 1).item() == pytest.approx(0.299 - 0.587 + 0.5 * 0.114)
    assert networks.as_seen(red, 3) is red
    assert networks.as_seen(torch.full((2, 1, 4, 4), 0.3), 3).shape == (2, 3, 4, 4)
    white = torch.ones(1, 3, 1, 1)
    assert networks.as_seen(white, 1).item() == pytest.approx(1), "grey stays what it is"


def expected_of(model: Model, o: CyCADA, m: Moment, z: Tensor | None) -> dict[str, Tensor]:
    """Every term of G, F and E by networks that are called apart, and weighed."""
    told = () if z is None else (z,)
    fake_y, fake_x = model.G(m.x, *told), model.F(m.y)
    said_x = model.f_S(m.x).argmax(1)
    said_y = model.f_S(networks.as_seen(m.y, 1)).argmax(1)
    of_y = torch.log_softmax(model.f_S(networks.as_seen(fake_y, 1)), 1)
    of_x = torch.log_softmax(model.f_S(fake_x), 1)
    return {
        "gan_G": o.gan * ((model.D_Y(fake_y) - 1) ** 2).mean(),
        "gan_F": o.gan * ((model.D_X(fake_x) - 1) ** 2).mean(),
        "cycle_forward": o.cycle_forward * (model.F(fake_y) - m.x).abs().mean(),
        "cycle_backward": o.cycle_backward * (model.G(fake_x, *told) - m.y).abs().mean(),
        "semantic_G": -o.semantic * of_y[range(2), said_x].mean(),
        "semantic_F": -o.semantic * of_x[range(2), said_y].mean(),
    }


WEIGHED = {
    **{"task": 0.7, "gan": 2.0, "cycle_forward": 3.0, "cycle_backward": 4.0},
    **{"semantic": 5.0, "semantic_ways": "both", "features": 3.0},
}


@pytest.mark.parametrize("latent", [0, 8])
def test_translations_are_asked_for_what_the_equations_say(latent):
    """With the z that E finds in y, and as in the paper without; each term, and nothing else."""
    torch.manual_seed(0)
    o = CyCADA(**WEIGHED, classes=3, latent=latent)
    model = Model(config(o)).eval()  # Moments of z stand still.
    m = moment(o, KEEP)
    found = dict(step.translate(model, m).terms)
    with torch.no_grad():
        z = model.E(model.F(m.y), m.y) if latent else None
        expected = expected_of(model, o, m, z)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_before_its_stage_f_s_is_not_asked(model):
    found = step.translate(model, moment(CyCADA(**WEIGHED, classes=3), TRANSLATE)).terms
    assert "cycle_forward" in found and not {"semantic_G", "semantic_F"} & found.keys()


def test_the_forward_way_teaches_nobody_to_find_z(model):
    """G has to do with whatever z it is told; the way back from y alone teaches E."""
    o = CyCADA(cycle_backward=0.0, classes=3)
    sum(step.translate(model, moment(o, KEEP)).terms.values()).backward()
    assert all(p.grad is None for p in model.E.parameters())
    sum(step.translate(model, moment(CyCADA(classes=3), KEEP)).terms.values()).backward()
    assert all(p.grad is not None for p in model.E.parameters())


def test_z_is_whitened_by_its_running_moments():
    """By hand: the mean goes a tenth of the way to a batch's, the covariance three hundredths, and
    only while E learns."""
    torch.manual_seed(1)
    finder = networks.Finder(2, 1, 3, 3)
    x, y, _ = items()
    raw = finder.encoder(x, y).detach()
    found = finder(x, y)
    mean = 0.1 * raw.mean(0)
    around = raw - mean
    covariance = 0.97 * torch.eye(3) + 0.03 * sum(torch.outer(v, v) for v in around) / 2
    torch.testing.assert_close(finder.moments.covariance, covariance)
    white = covariance + 1e-3 * covariance.diagonal().mean() * torch.eye(3)
    # Lengths in a whitened space are those of Mahalanobis.
    expected = torch.einsum("ni,ij,nj->n", around, white.inverse(), around)
    torch.testing.assert_close(found.square().sum(1), expected)
    torch.testing.assert_close(finder.moments.found(found), raw), "and back"
    with torch.no_grad():
        again = finder(x, y)
    assert torch.equal(again, found) and torch.equal(finder.moments.mean, mean)


def test_f_t_learns_the_labels_of_x_on_translations_and_features_of_y(model):
    o = CyCADA(task=0.5, features=3.0, classes=3)
    m = moment(o, ADAPT)
    losses = step.adapt(model, m)
    with torch.no_grad():
        z = model.E(model.F(m.y), m.y)
        # Each x with each z.
        fake_y = torch.cat([model.G(m.x[i : i + 1], z[j : j + 1]) for i in (0, 1) for j in (0, 1)])
        shares = torch.log_softmax(model.f_T(fake_y), 1)
        scores = model.D_feat(model.f_T.features(m.y))
        expected = {
            "task_T": -0.5 * shares[range(4), m.labels[0][[0, 0, 1, 1]]].mean(),
            "features": 3.0 * ((scores - 1) ** 2).mean(),
        }
    torch.testing.assert_close(dict(losses.terms), expected, rtol=1e-4, atol=1e-6)
    sum(losses.terms.values()).backward()
    assert all(p.grad is None for p in model.G.parameters()), "G is translated with, and waits"
    m.made |= losses.made
    judged = step.judge_features(model, m).terms["D_feat"]
    with torch.no_grad():
        real, other = (model.D_feat(model.f_T.features(of)) for of in (fake_y, m.y))
        halves = ((real - 1) ** 2).mean() + (other**2).mean()
    assert judged.item() == pytest.approx(halves.item() / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("off", "gone"),
    [
        ({"semantic": 0.0}, {"semantic_G", "semantic_F"}),
        ({"semantic_ways": "there"}, {"semantic_F"}),
        ({"gan": 0.0}, {"gan_G", "gan_F"}),
        ({"cycle_forward": 0.0, "cycle_backward": 0.0}, {"cycle_forward", "cycle_backward"}),
    ],
)
def test_a_term_of_weight_0_is_not_computed(off, gone):
    every = {"gan_G", "gan_F", "cycle_forward", "cycle_backward"}
    o = CyCADA(**{**WEIGHED, **off}, classes=3)
    found = step.translate(Model(config(o)), moment(o, KEEP)).terms.keys()
    assert found == (every | {"semantic_G", "semantic_F"}) - gone


def test_judges_are_there_where_their_terms_are():
    without = config(CyCADA(gan=0.0, features=0.0, classes=3))
    assert set(Model(without).networks) == {"G", "F", "E", "f_S", "f_T"}
    assert set(Model(config()).networks) == set(methods.find("cycada").roles)
    papers = set(Model(config(CyCADA(classes=3, latent=0))).networks)
    assert papers == set(methods.find("cycada").roles) - {"E"}


def test_labels_of_y_change_nothing(model):
    """They are unknown to the method: only what is told of a training may look at labels of x."""
    m = moment(CyCADA(classes=3), ADAPT)
    other = replace(m, labels=(m.labels[0], m.labels[1] + 1))
    model.eval()  # Moments of z stand still.
    for part in (step.pre_train, step.translate, step.adapt):
        assert same(dict(part(model, m).terms), dict(part(model, other).terms))


# Settings


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"task": 0.0}, "Without the task term f_T learns nothing"),
        (
            dict.fromkeys(("gan", "cycle_forward", "cycle_backward", "semantic"), 0.0),
            "G and F learn from GAN, cycle and semantic terms, and all are off",
        ),
        ({"latent": -1}, "latent is -1; valid are 0 to 1024"),
        ({"classes": 1}, "classes is 1; valid are 2 to 1000"),
        ({"adversarial": "hinge"}, "adversarial loss is 'hinge'"),
    ],
)
def test_settings_that_make_no_sense_are_sentences(fields, sentence):
    with pytest.raises(ConfigError, match=sentence):
        CyCADA(**fields)


def test_other_channels_are_a_sentence():
    with pytest.raises(ConfigError, match="Pictures of Y have 4 channels; f_S and f_T see 1 or 3"):
        replace(config(), channels=Channels(1, 4))


def test_variants_are_named_by_their_terms():
    assert CyCADA().name == "GAN + cycle + semantic + features"
    assert CyCADA(semantic=0.0, features=0.0).slug == "gan-cycle"
    method = methods.find("cycada")
    assert method.switches[0].called(False) == "without semantic loss"
    assert method.without(CyCADA(), method.switches[0]) == CyCADA(semantic=0.0)
    assert Config.from_dict(config().to_dict()) == config()


# Stages


def test_stages_are_played_in_the_papers_order():
    method = methods.find("cycada")
    assert [method.stage(i, STEPS) for i in range(STEPS)] == (
        [PRE_TRAIN] * 4 + [TRANSLATE] * 7 + [KEEP] + [ADAPT] * 8
    )


def trained(steps: int, then: dict | None = None) -> trainer.Trainer:
    """A training up to `steps`, from its beginning or from a state."""
    torch.manual_seed(3)
    found = trainer.Trainer(Model(config()), config().training, torch.device("cpu"))
    if then:
        found.load_state_dict(then)
    for i in range(found.steps_done, steps):
        found.step(*items(seed=i))
    return found


def weights(of: trainer.Trainer, role: str) -> list[Tensor]:
    """With what it keeps beside."""
    return [one.detach().clone() for one in of.model[role].state_dict().values()]


def test_in_each_stage_those_learn_whose_it_is():
    """All others stand still to the last bit."""
    learners = {
        4: {"f_S"},
        11: {"G", "F", "E", "D_X", "D_Y"},
        12: {"G", "F", "E", "D_X", "D_Y"},
        20: {"f_T", "D_feat"},
    }
    before = trained(0)
    for steps, learning in learners.items():
        after = trained(steps)
        for role in methods.find("cycada").roles:
            is_same = same(weights(before, role), weights(after, role))
            assert is_same == (role not in learning), (steps, role)
        before = after


@pytest.mark.parametrize("stopped", [2, 4, 8, 11, 12, 16])
def test_a_run_that_was_stopped_in_any_stage_goes_on_bit_for_bit(stopped):
    """In the middle of each of the four, and where one ends and the next begins."""
    whole = trained(STEPS)
    resumed = trained(STEPS, trained(stopped).state_dict())
    assert same(whole.state_dict()["model"], resumed.state_dict()["model"])
    assert same(whole.state_dict()["optimisers"], resumed.state_dict()["optimisers"])


# The command line


TOLD_BY = ("task_S", "gan_G", "task_T")
OPTIONS = {"method": "cycada", "data": "digits", "width": 2, "blocks": 0, "discriminator_width": 2}


@pytest.mark.parametrize(("data", "channels"), [("digits", (1, 3)), ("digits-uci", (1, 1))])
def test_it_trains_on_digits_from_the_command_line(tmp_path, data, channels):
    """Each stage logs its own terms; flips are scored at the end."""
    options = {**OPTIONS, "data": data, "steps": 5, "batch": 2, "pictures": 20, "log_every": 1}
    run = command.train(**options, out=tmp_path / "run")
    assert run.config.method == "cycada" and run.config.channels == Channels(*channels)
    assert run.config.training.flip == "none"
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").open()]
    seen = [min(line["terms"], key=lambda k: k not in TOLD_BY) for line in lines]
    assert seen == ["task_S", "gan_G", "gan_G", "task_T", "task_T"]
    known = {term.key for term in methods.find("cycada").terms}
    assert all(line["terms"].keys() <= known for line in lines), "each by a name for people"
    assert 0 <= lines[-1]["figures"]["flips"] <= 1


def of_kinds(folder: Path, **kinds: str) -> Path:
    """trainA/KIND/KIND-0.png and so on, two of each kind; "" for pictures in no folder."""
    for name, listed in kinds.items():
        for i, kind in enumerate(listed.split(",")):
            where = folder / name / kind
            where.mkdir(parents=True, exist_ok=True)
            for j in range(2):
                noise(SIZE, SIZE, seed=10 * i + j).save(where / f"{kind}-{j}.png")
    return folder


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ({"trainA": ",cat", "trainB": "cat,dog"}, "Put each picture of trainA into a folder of"),
        ({"trainA": "cat,dog", "trainB": "cat"}, "the same kinds, and trainB lacks dog"),
        ({"trainA": "cat", "trainB": "cat,cow,dog"}, "trainA lacks cow and dog"),
        ({"trainA": "ant,cat", "trainB": "bee,cat"}, "trainA lacks bee, and trainB lacks ant"),
        ({"trainA": "cat", "trainB": ""}, "All pictures of trainA lie in cat"),
        (
            {"trainA": "ant,cat", "trainB": "", "testB": "cat,cow"},
            "testB has cow, and trainA has not",
        ),
    ],
)
def test_a_folder_without_the_labels_that_it_takes_is_a_sentence(tmp_path, kinds, sentence):
    folder = of_kinds(tmp_path / "own", **kinds)
    with pytest.raises(DataError, match="CyCADA learns from labels") as caught:
        command.train(**{**OPTIONS, "data": folder}, size=SIZE, steps=1, out=tmp_path / "run")
    assert sentence in str(caught.value)


def test_it_trains_on_a_labelled_folder(tmp_path):
    """What is in trainB lies in no folders, and what is held out has labels."""
    kinds = {"trainA": "ant,bee,cat", "trainB": "", "testA": "bee,cat", "testB": "cat,ant"}
    folder = of_kinds(tmp_path / "own", **kinds)
    (folder / "unpaired").touch()
    data = lessons.open_data(str(folder), SIZE, "crop")
    assert data.kinds == ("ant", "bee", "cat")
    assert data.labels == ([0, 0, 1, 1, 2, 2], [-1, -1])
    assert (data.known_x, data.known_y) == ({"label": [1, 1, 2, 2]}, {"label": [0, 0, 2, 2]})
    options = {**OPTIONS, "data": folder, "steps": 5, "batch": 2, "size": SIZE, "term": "latent=3"}
    run = command.train(**options, out=tmp_path / "run")
    found = evaluation.evaluate(Translator(checkpoints.load(run.folder)), data)
    assert {"f_S_right", "f_T_right", "made_right"} <= found["F"].keys()
    with pytest.raises(DataError, match="of 3 kinds, and the networks are told 2: add --term cla"):
        command.train(**{**options, "term": "classes=2"}, out=tmp_path / "few")


def test_what_has_no_labels_is_refused_and_not_offered(tmp_path):
    with pytest.raises(DataError, match="CyCADA learns from labels, and these items have none"):
        command.train(**{**OPTIONS, "data": "drawing"}, steps=1, out=tmp_path / "run")
    offered = {
        name: [m.key for m in plans.others(lesson.recipe, lesson)]
        for name in ("digits", "digits-uci", "drawing", "emoji")
        for lesson in [lessons.find(name)]
    }
    assert {name for name, keys in offered.items() if "cycada" in keys} == {"digits", "digits-uci"}


# What is measured


def test_accuracies_are_of_the_classifiers_by_hand():
    """On held-out digits: each named apart, in whatever channels it has."""
    torch.manual_seed(0)
    data = lessons.find("digits").open(32, "none")
    data = replace(data, test_x=data.test_x[:40], test_y=data.test_y[:40])
    c = replace(config(CyCADA()), image_size=32, training=Training(data="digits"))
    model = Model(c).eval()
    found = evaluation.evaluate(Translator(checkpoints.Checkpoint(Path(), c, model, {})), data)
    x, y = (data.medium.to_float(torch.stack(list(of))) for of in (data.test_x, data.test_y))
    labels = torch.tensor(data.known_x["label"][:40])
    with torch.inference_mode():
        says = {
            ("F", "f_T_right"): model.f_T(y),
            ("F", "f_S_right"): model.f_S(networks.as_seen(y, 1)),
            ("G", "f_S_right"): model.f_S(x),
            ("F", "made_right"): model.f_S(model.F(y)),
        }
    for (network, key), scores in says.items():
        assert found[network][key] == pytest.approx(
            float((scores.argmax(1) == labels).float().mean())
        )
