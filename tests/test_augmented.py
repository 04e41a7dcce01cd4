"""Augmented CycleGAN: its equations by hand, what z steers, and a training that goes on."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import hub_server
import numpy as np
import pytest
import torch
from huggingface_hub import constants
from tiny import SIZE, batch, config, dataset, noise, same
from torch import Tensor, nn

from cyclegan import lessons, methods, translate
from cyclegan.core import images
from cyclegan.core.config import Channels, ConfigError, Generator
from cyclegan.core.networks import build_generator
from cyclegan.inference import command as evaluation
from cyclegan.inference.evaluation import estimate, glance
from cyclegan.inference.translator import Translator
from cyclegan.labs import publishing
from cyclegan.labs.handout import of_run
from cyclegan.methods import Model, Moment
from cyclegan.methods.augmented import Objective, figures, networks, step
from cyclegan.methods.augmented.networks import ConditionalGenerator, ConditionalNorm
from cyclegan.page.plans import plan
from cyclegan.store import catalogue, checkpoints
from cyclegan.training import command as train
from cyclegan.training.trainer import Trainer

X, Y = batch(3, seed=1), batch(3, seed=2)


def model(**objective) -> Model:
    torch.manual_seed(0)
    return Model(config(Objective(latent=5, **objective)))


def terms_of(parts, made: Model, moment: Moment) -> dict[str, Tensor]:
    return {name: term for part in parts for name, term in part(made, moment).terms.items()}


# Networks


@pytest.mark.parametrize("is_whole", [False, True])
@pytest.mark.parametrize("is_here", [False, True])
def test_a_conditional_norm_by_hand(monkeypatch, is_whole, is_here):
    """(1 + γ(z)) (h − mean) / √(variance + ε) + β(z), each item with its own z, on both paths."""
    if not is_here:
        monkeypatch.setattr(networks, "is_here", lambda h: False)
    torch.manual_seed(1)
    norm, h, z = ConditionalNorm(4, 2, is_whole), torch.randn(3, 4, 5, 6), torch.randn(3, 2)
    found = norm(h, z)
    for item, code, out in zip(h, z, found, strict=True):
        steered = norm.of_z.weight @ code + norm.of_z.bias
        gamma, beta = steered[:4], steered[4:]
        for channel in range(4):
            of = item if is_whole else item[channel]
            normed = (item[channel] - of.mean()) / (of.var(correction=0) + 1e-5).sqrt()
            expected = (1 + gamma[channel]) * normed + beta[channel]
            torch.testing.assert_close(out[channel], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", ["instance", "layer", "instance-layer"])
@pytest.mark.parametrize("kind", ["resnet", "augmented"])
def test_without_a_steer_it_is_the_plain_generator(kind, norm):
    """γ and β of 0 leave each norm as the plain ResNet has it at first."""
    settings = Generator(kind, width=4, blocks=2, upsampling="resize", norm=norm)
    torch.manual_seed(0)
    plain = build_generator(settings)
    torch.manual_seed(0)
    steered = ConditionalGenerator(build_generator(settings), latent=3)
    norms = [layer for layer in steered.modules() if isinstance(layer, ConditionalNorm)]
    assert len(norms) == 1 + 2 + 2 * 2 + 2, "everywhere"
    x, z = batch(2), torch.randn(2, 3)
    assert not torch.allclose(steered(x, z), steered(x, -z), atol=1e-3)
    for one in norms:
        nn.init.zeros_(one.of_z.weight)
        nn.init.zeros_(one.of_z.bias)
    torch.testing.assert_close(steered(x, z), plain(x), rtol=1e-4, atol=1e-5)


def test_each_item_hears_its_own_z():
    g = model().G
    z = torch.randn(3, 5)
    one_by_one = torch.cat([g(x[None], code[None]) for x, code in zip(X, z, strict=True)])
    torch.testing.assert_close(g(X, z), one_by_one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lesson", ["glasses", "drawing"])
def test_before_anything_is_learned_each_pair_has_a_z_of_its_own(lesson):
    """About as far from each other as drawn ones: else G learns first that z tells nothing."""
    data = lessons.find(lesson).open(64, "none")
    x, y = (images.to_float(torch.stack(list(side)[:64])) for side in (data.test_x, data.test_y))
    torch.manual_seed(0)
    for width in (16, 32):
        with torch.inference_mode():
            spread = networks.Encoder(width, 3, 3, 8)(x, y).std(0)
        assert spread.min() > 0.4 and spread.max() < 4


def test_what_goes_back_is_disturbed_where_that_is_asked_for():
    """By noise of its own for each translation, that depends on the step and the seed alone."""
    plain, noisy = model(), model(noise=0.5)
    o = noisy.config.objective
    m = Moment(X, Y, o, step=7, seed=3)
    found = terms_of((step.from_x, step.from_y), noisy, m)
    usual = terms_of(
        (step.from_x, step.from_y), plain, replace(m, objective=plain.config.objective)
    )
    moved = {name for name in found if not torch.equal(found[name], usual[name])}
    assert moved == {"cycle_forward", "cycle_backward"}
    with torch.inference_mode():
        fake_y = noisy.G(X, step.drawn(m, step.Z))
        fake_y += 0.5 * m.noise(*X.shape, key=step.ON_FAKE_Y)
        expected = (noisy.F(fake_y) - X).abs().mean()
    torch.testing.assert_close(found["cycle_forward"], expected, rtol=1e-4, atol=1e-6)


def test_roles():
    assert list(model().networks) == ["G", "F", "E", "D_X", "D_Y", "D_z"]
    both = ["G", "F", "E", "E_X", "D_X", "D_Y", "D_z", "D_zX"]
    assert list(model(sides="both").networks) == both
    assert list(model(gan=0.0, gan_z=0.0).networks) == ["G", "F", "E"]
    other = Model(replace(config(Objective()), channels=Channels(1, 3)))
    assert other.G(batch(1)[:, :1], torch.zeros(1, 16)).shape == (1, 3, SIZE, SIZE)
    assert other.E(batch(1)[:, :1], batch(1)).shape == (1, 16)


# Equations


class Steered(nn.Module):
    """A generator: half the picture, and the mean of z on top."""

    def forward(self, image: Tensor, z: Tensor) -> Tensor:
        return image / 2 + z.mean(1)[:, None, None, None]


class Half(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return image / 2


class Apart(nn.Module):
    """An encoder: how far y is from half of x on average, as each number of z."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (y - x / 2).mean((1, 2, 3))[:, None].expand(-1, 2)


class Mean(nn.Module):
    """A judge: the mean of an item."""

    def forward(self, item: Tensor) -> Tensor:
        return item.flatten(1).mean(1, keepdim=True)


def test_the_equations_by_hand(monkeypatch):
    """x is 0.8 and y 0.4 everywhere, and z (0.2, 0.4), whose mean is 0.3.

    G(x, z) = 0.7, of which F makes 0.35 and E finds 0.3 twice; F(y) = 0.2, E(F(y), y) = 0.3 twice
    and G(F(y), 0.3) = 0.4.
    """
    o = Objective(latent=2, gan=2.0, cycle_forward=3.0, cycle_backward=5.0, cycle_z=7.0, gan_z=11.0)
    x, y = (torch.full((1, 3, 4, 4), grey) for grey in (0.8, 0.4))
    made = nn.ModuleDict(
        {"G": Steered(), "F": Half(), "E": Apart(), "D_X": Mean(), "D_Y": Mean(), "D_z": Mean()}
    )
    made.G, made.F, made.E, made.D_X, made.D_Y, made.D_z = made.values()
    monkeypatch.setattr(step, "drawn", lambda m, key: torch.tensor([[0.2, 0.4]]))
    m = Moment(x, y, o)
    found = terms_of((step.from_x, step.from_y), made, m)
    assert {name: pytest.approx(term.item(), abs=1e-6) for name, term in found.items()} == {
        "gan_G": 2 * (0.7 - 1) ** 2,
        "cycle_forward": 3 * abs(0.35 - 0.8),
        "cycle_z": 7 * (abs(0.3 - 0.2) + abs(0.3 - 0.4)) / 2,
        "gan_F": 2 * (0.2 - 1) ** 2,
        "gan_E": 11 * (0.3 - 1) ** 2,
        "cycle_backward": 0,
    }
    m.made |= step.from_x(made, m).made | step.from_y(made, m).made
    judged = terms_of((step.judge_x, step.judge_y, step.judge_z), made, m)
    assert {name: pytest.approx(term.item(), abs=1e-6) for name, term in judged.items()} == {
        "D_X": ((0.8 - 1) ** 2 + 0.2**2) / 2,
        "D_Y": ((0.4 - 1) ** 2 + 0.7**2) / 2,
        "D_z": ((0.3 - 1) ** 2 + 0.3**2) / 2,
    }


@pytest.mark.parametrize("adversarial", ["least_squares", "log"])
@pytest.mark.parametrize("sides", ["y", "both"])
def test_terms_are_those_of_plain_separate_passes(sides, adversarial):
    weights = {"gan": 0.7, "gan_z": 0.9, "cycle_forward": 3.0, "cycle_backward": 4.0}
    networks = model(**weights, cycle_z=2.0, identity=5.0, sides=sides, adversarial=adversarial)
    G, F, E, D_X, D_Y, D_z = (networks[r] for r in ("G", "F", "E", "D_X", "D_Y", "D_z"))
    m = Moment(X, Y, networks.config.objective, step=7, seed=3)
    z, w = step.drawn(m, step.Z), step.drawn(m, step.W)
    assert z.shape == (3, 5) and not torch.equal(z, w)

    def judged_by(scores: Tensor, real: bool) -> Tensor:
        if adversarial == "least_squares":
            return ((scores - float(real)) ** 2).mean()
        share = 1 / (1 + torch.exp(-scores))
        return -torch.log(share if real else 1 - share).mean()

    def apart(a: Tensor, b: Tensor) -> Tensor:
        return (a - b).abs().mean()

    if sides == "y":
        fake_y, fake_x = G(X, z), F(Y)
        code = E(fake_x, Y)
        own = {
            "cycle_forward": 3 * apart(F(fake_y), X),
            "identity_F": 5 * apart(F(X), X),
        }
    else:
        E_X, D_zX = networks.E_X, networks.D_zX
        fake_y, fake_x = G(X, z), F(Y, w)
        code, code_x = E(fake_x, Y), E_X(X, fake_y)
        own = {
            "cycle_forward": 3 * apart(F(fake_y, code_x), X),
            "identity_F": 5 * apart(F(X, code_x), X),
            "cycle_w": 2 * apart(E_X(fake_x, Y), w),
            "gan_E_X": 0.9 * judged_by(D_zX(code_x), True),
        }
    expected = {
        **own,
        "gan_G": 0.7 * judged_by(D_Y(fake_y), True),
        "gan_F": 0.7 * judged_by(D_X(fake_x), True),
        "gan_E": 0.9 * judged_by(D_z(code), True),
        "cycle_backward": 4 * apart(G(fake_x, code), Y),
        "cycle_z": 2 * apart(E(X, fake_y), z),
        "identity_G": 5 * apart(G(Y, code), Y),
    }
    found = terms_of((step.from_x, step.from_y), networks, m)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    m.made |= step.from_x(networks, m).made | step.from_y(networks, m).made
    assert not any(made.requires_grad for made in m.made.values())
    judges = networks.method.players(m.objective)[1:]
    found = terms_of([part for player in judges for part in player.parts], networks, m)
    expected = {
        "D_X": (judged_by(D_X(X), True) + judged_by(D_X(fake_x), False)) / 2,
        "D_Y": (judged_by(D_Y(Y), True) + judged_by(D_Y(fake_y), False)) / 2,
        "D_z": (judged_by(D_z(z), True) + judged_by(D_z(code), False)) / 2,
    }
    if sides == "both":
        expected["D_zX"] = (judged_by(D_zX(w), True) + judged_by(D_zX(code_x), False)) / 2
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("off", "gone", "passes"),
    [
        ((), (), {"G": 6, "F": 6, "E": 6, "D_X": 3, "D_Y": 3, "D_z": 3}),
        (("gan",), ("gan_G", "gan_F"), {"G": 6, "F": 6, "E": 6, "D_z": 3}),
        (("gan_z",), ("gan_E",), {"G": 6, "F": 6, "E": 6, "D_X": 3, "D_Y": 3}),
        (("cycle_z",), ("cycle_z",), {"G": 6, "F": 6, "E": 3, "D_X": 3, "D_Y": 3, "D_z": 3}),
        (
            ("cycle_forward",),
            ("cycle_forward",),
            {"G": 6, "F": 3, "E": 6, "D_X": 3, "D_Y": 3, "D_z": 3},
        ),
        (
            ("cycle_backward", "gan_z"),
            ("cycle_backward", "gan_E"),
            {"G": 3, "F": 6, "E": 3, "D_X": 3, "D_Y": 3},
        ),
    ],
)
def test_a_term_with_weight_0_is_not_computed(off, gone, passes):
    networks, counts = model(**dict.fromkeys(off, 0.0)), Counter()
    for role, network in networks.networks.items():
        network.register_forward_hook(
            lambda _, given, made, role=role: counts.update({role: len(made)})
        )
    found = terms_of((step.from_x, step.from_y), networks, Moment(X, Y, networks.config.objective))
    every = {"gan_G", "gan_F", "gan_E", "cycle_forward", "cycle_backward", "cycle_z"}
    assert set(found) == every - set(gone) and counts == passes


def test_who_learns_from_which_term():
    networks = model(identity=1.0)
    found = terms_of((step.from_x, step.from_y), networks, Moment(X, Y, networks.config.objective))

    def learns(term: Tensor, role: str) -> bool:
        weights = list(networks[role].parameters())
        slopes = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True)
        return any(slope is not None and slope.any() for slope in slopes)

    reached = {
        name: "".join(role for role in "GFE" if learns(term, role)) for name, term in found.items()
    }
    assert reached == {
        **{"gan_G": "G", "gan_F": "F", "gan_E": "FE"},
        **{"cycle_forward": "GF", "cycle_z": "GE", "cycle_backward": "GFE"},
        **{"identity_F": "F", "identity_G": "GFE"},
    }


# Players


def test_judges_learn_at_a_fifth_of_the_rate():
    trainer = Trainer(model(), config(Objective(), rate=1e-3).training, torch.device("cpu"))
    rates = [optimiser.param_groups[0]["lr"] for optimiser in trainer.optimisers]
    roles = [player.roles for player in trainer.players]
    assert roles == [("G", "F", "E"), ("D_X", "D_Y"), ("D_z",)]
    assert rates == pytest.approx([1e-3, 2e-4, 2e-4])


def test_in_turn_the_judges_learn_first():
    """On what is made before anybody learns, so that their gradients are those of together; the
    generators learn against what the judges have become."""
    found = {}
    for order in ("together", "in-turn"):
        networks = model()
        settings = config(networks.config.objective, order=order, pool=0, ema_decay=0.0).training
        trainer = Trainer(networks, settings, torch.device("cpu"))
        trainer.step(X, Y)
        found[order] = {role: n.state_dict() for role, n in networks.networks.items()}
    a, b = found["together"], found["in-turn"]
    for role in ("D_X", "D_Y", "D_z"):
        torch.testing.assert_close(a[role], b[role])
    assert any(not torch.equal(a["G"][key], b["G"][key]) for key in a["G"])


@pytest.mark.parametrize("sides", ["y", "both"])
def test_a_training_goes_on_bit_for_bit(sides):
    settings = config(Objective(), pool=3, ema_decay=0.9).training
    batches = [(batch(2, seed=i), batch(2, seed=100 + i)) for i in range(6)]

    def trainer() -> Trainer:
        return Trainer(model(sides=sides), settings, torch.device("cpu"))

    whole, first, second = trainer(), trainer(), trainer()
    for x, y in batches:
        whole.step(x, y)
    for x, y in batches[:3]:
        first.step(x, y)
    second.load_state_dict(first.state_dict())
    for x, y in batches[3:]:
        second.step(x, y)
    a, b = whole.model.state_dict(), second.model.state_dict()
    assert all(torch.equal(a[key], b[key]) for key in a)
    averages = (t.average.state_dict() for t in (whole, second))
    assert all(torch.equal(p, q) for p, q in zip(*(s.values() for s in averages), strict=True))


# Objective


def test_the_weights_are_the_authors():
    o = Objective()
    assert (o.gan, o.gan_z, o.cycle_forward, o.cycle_backward, o.cycle_z) == (1, 1, 1, 1, 0.025)
    assert (o.latent, o.sides, o.judges, o.identity) == (16, "y", 0.2, 0)
    assert methods.find("augmented").pool == 0
    assert o.slug == "gan-gan_of_z-cycle-cycle_of_z"
    assert Objective(sides="both").name.startswith("GAN (latents on both sides) + ")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sides": "x"}, "sides with a latent is 'x'; valid are y, both"),
        ({"latent": 0}, "numbers of a latent is 0"),
        ({"latent": 4096}, "latent is above 1024"),
        ({"judges": -1.0}, "rate of the judges is -1.0"),
        ({"noise": -1.0}, "noise is -1.0"),
    ],
)
def test_what_is_out_of_range(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Objective(**settings)


def test_networks_that_cannot_hear_z():
    with pytest.raises(ConfigError, match="generator of augmented is 'unet'; valid are"):
        replace(config(Objective()), generator=Generator("unet", width=2, blocks=0), image_size=32)
    with pytest.raises(ConfigError, match="norm of augmented is 'batch'; valid are"):
        replace(config(Objective()), generator=Generator(width=2, norm="batch"))
    with pytest.raises(ConfigError, match="Identity hands a generator what it is to make"):
        replace(config(Objective(identity=1.0)), channels=Channels(1, 3))


# Figures


def test_diversity_of_answers_by_hand():
    """Grey pictures of 0, 30 and 60 are 30, 30 and 60 apart. Of two right answers, 0 and 80, one
    that is drawn is another half of the time, so that any two are 40 apart."""
    answers = {
        name: np.full((2, 2, 3), grey, np.uint8)
        for name, grey in zip("abc", (0, 30, 60), strict=True)
    }
    assert figures.answers_apart(**answers) == pytest.approx(40)
    right = np.stack([np.full((1, 1, 3), grey, np.uint8) for grey in (0, 80)])
    assert figures.answers_diversity(right, **answers) == pytest.approx(1)
    same = dict.fromkeys("abc", answers["b"])
    assert figures.answers_apart(**same) == figures.answers_diversity(right, **same) == 0


def test_the_truths_z_by_hand():
    """The truth is 100; with its own z it is 10 off, with others 40, 10 and 0."""

    def grey(value: int) -> np.ndarray:
        return np.full((2, 2, 3), value, np.uint8)

    answers = {"a": grey(140), "b": grey(110), "c": grey(100)}
    assert figures.nearer(grey(100), grey(90), **answers) == pytest.approx(1 / 3)
    assert figures.left(grey(100), grey(90), **answers) == pytest.approx((10, 50 / 3))


# A training from end to end


THIN = ["--width", "2", "--blocks", "1", "--discriminator-width", "2", "--size", str(SIZE)]


@pytest.fixture(autouse=True)
def signals(monkeypatch):
    """train.py takes Ctrl-C over; here it need not."""
    monkeypatch.setattr(train.signal, "signal", lambda *_: None)


def trained(root: Path, *more: str) -> Path:
    folder = root / "data"
    if not folder.exists():
        dataset(folder, x=4, y=5, test=3)
    argv = ["--method", "augmented", "--data", str(folder), "--out", str(root / "run"), *THIN]
    argv += ["--device", "cpu", "--save-every", "2", "--batch", "2", "--decay", "0"]
    argv += ["--term", "latent=4", *more]
    assert train.main(argv) == 0
    return root / "run"


@pytest.fixture(scope="module", params=["y", "both"])
def run(request, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.signal, "signal", lambda *_: None)
        root = tmp_path_factory.mktemp("augmented")
        return trained(root, "--steps", "2", "--term", f"sides={request.param}")


def test_a_resumed_run_is_the_same_to_the_last_bit(tmp_path):
    straight = trained(tmp_path / "straight", "--steps", "4", "--order", "in-turn")
    resumed = trained(tmp_path / "resumed", "--steps", "2", "--order", "in-turn")
    assert train.main(["--resume", str(resumed), "--steps", "4", "--device", "cpu"]) == 0
    states = [torch.load(each / "training.pt", weights_only=True) for each in (straight, resumed)]
    assert same(*(state["trainer"] for state in states))


def test_views_are_what_the_networks_make(run):
    """What an encoder finds is handed on, and shown nowhere."""
    translator = Translator(checkpoints.load(run))
    model, both = translator.model, translator.config.objective.both
    drawn = {name: torch.full((2, 4), 0.5) for name in ("z", "w")}
    x = batch(2, seed=5)
    with torch.inference_mode():
        made = model.G(x, drawn["z"])
        beside = (model.E_X(x, made),) if both else ()
        expected = {"made": made, "back": model.F(made, *beside)}
        found = translator.passes(x, "xy", given=drawn)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        made = model.F(x, *((drawn["w"],) if both else ()))
        expected = {"made": made, "back": model.G(made, model.E(made, x))}
        found = translator.passes(x, "yx", given=drawn)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert translator.latents_of("xy") == ("z",)
    assert translator.latents_of("yx") == (("w",) if both else ())


def test_probes_are_what_figures_are_told_that_they_are(run):
    translator = Translator(checkpoints.load(run))
    model, x, y = translator.model, batch(2, seed=5), batch(2, seed=6)
    keys = ("answer_3", "with_truths_z")
    given = {"z_3": torch.full((2, 4), -0.5)}
    with torch.inference_mode():
        found = translator.passes(x, "xy", keys, given, truth=y)
        expected = {
            "answer_3": model.G(x, given["z_3"]),
            "with_truths_z": model.G(x, model.E(x, y)),
        }
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        given = {"z": torch.full((2, 4), 2.0), "made": x}
        found = translator.passes(y, "yx", ("back_with_another_z",), given)
        torch.testing.assert_close(found["back_with_another_z"], model.G(x, given["z"]))


def test_while_it_trains_two_answers_are_seen(run):
    """Of either x with a z and another one; the figure is how far they are apart."""
    translator = Translator(checkpoints.load(run))
    method, config, networks = translator.method, translator.config, translator.model.networks
    data = lessons.find("emoji").open(config.image_size, "none")
    held = data.held_out(config.image_size, 4)
    keys = ("made", "another", "back")
    look = networks, method, config, held, translator.device, keys
    kept, found = glance(*look)
    assert {*keys} <= kept.keys()
    one, other = (kept[key].float() for key in ("made", "another"))
    assert found["two_answers"] == pytest.approx(float((one - other).abs().mean()), rel=1e-5)
    assert found["two_answers"] > 0
    translated = method.views(config)
    seen = method.live_views(config)
    assert [view.key for view in seen if view not in translated] == ["another"]
    assert method.live_views(config, "yx") == method.views(config, "yx")
    _, found = glance(networks, method, config, held, translator.device, (), "yx")
    assert "two_answers" not in found


def test_the_arms_of_a_live_training_are_with_and_without_its_cycles():
    lesson = lessons.find("glasses")
    with_it, without = plan(lesson.recipe, "augmented:lesson", lesson.largest).recipe.arms
    assert (with_it.name, without.name) == ("with cycle loss", "without cycle loss")
    off = {"cycle_forward": 0.0, "cycle_backward": 0.0, "cycle_z": 0.0}
    assert without.objective == replace(with_it.objective, **off) != with_it.objective


def test_a_style_is_the_z_of_a_picture(run):
    translator = Translator(checkpoints.load(run))
    model, picture = translator.model, noise(SIZE, SIZE, seed=4)
    y = images.to_tensor(picture)
    w = translator.latents_of("yx")
    with torch.inference_mode():
        drawn = translator.latents(translator.views("yx"), 1)
        made = model.F(y, *(drawn[name] for name in w))
        found = translator.styles(picture)
        torch.testing.assert_close(found, {"z": model.E(made, y)}, rtol=1e-4, atol=1e-5)
        assert list(translator.styles(picture, "yx")) == list(w)
    other = translator.translate(noise(SIZE, SIZE), latents=found)
    assert other.translation != translator.translate(noise(SIZE, SIZE)).translation


def test_a_large_picture_is_the_same_by_strips(run, monkeypatch):
    translator = Translator(checkpoints.load(run))
    for layer in translator.model.modules():
        if isinstance(layer, ConditionalNorm):  # A short training leaves z next to no effect.
            nn.init.normal_(layer.of_z.weight, 0, 0.5)
    picture = noise(40, 36, seed=9)
    for direction in translator.directions:
        whole = translator.translate(picture, direction)
        with monkeypatch.context() as patch:
            patch.setattr("cyclegan.inference.translator.LONGEST_SIDE", 30)
            patch.setattr("cyclegan.inference.strips.passes.BLOCK", 1000)
            by_strips = translator.translate(picture, direction)
        for key, view in whole.views.items():
            apart = np.abs(np.asarray(view, int) - np.asarray(by_strips.views[key], int))
            assert apart.max() <= 1, key


def test_the_way_back_from_y_is_told_more_than_f_of_y(run):
    translator = Translator(checkpoints.load(run))
    picture = noise(SIZE, SIZE, seed=4)
    made = translator.translate(picture, "yx")
    back = translator.reconstruct(made.translation, "yx", picture)
    apart = np.abs(np.asarray(back, int) - np.asarray(made.reconstruction, int))
    assert apart.max() <= 8, "F(y) went through 8 bits"
    with pytest.raises(ValueError, match="is made of the original too; hand it over"):
        translator.reconstruct(made.translation, "yx")


def test_the_commands(run, tmp_path, capsys):
    noise(SIZE, SIZE).save(tmp_path / "a.png")
    noise(SIZE, SIZE, seed=1).save(tmp_path / "style.png")
    argv = ["--model", str(run), "--input", str(tmp_path / "a.png"), "--device", "cpu"]
    assert translate.main([*argv, "--output", str(tmp_path / "one")]) == 0
    assert names(tmp_path / "one") == {"a_x.png", "a_G.png", "a_FG.png"}
    assert translate.main([*argv, "--output", str(tmp_path / "two"), "--answers", "2"]) == 0
    assert names(tmp_path / "two") == {"a_x.png"} | {
        f"a_{what}-{i}.png" for what in ("G", "FG") for i in (1, 2)
    }
    first, second = ((tmp_path / "two" / f"a_G-{i}.png").read_bytes() for i in (1, 2))
    assert first == (tmp_path / "one" / "a_G.png").read_bytes() != second
    style = ["--style", str(tmp_path / "style.png"), "--output", str(tmp_path / "three")]
    assert translate.main([*argv, *style]) == 0
    assert (tmp_path / "three" / "a_G.png").read_bytes() not in (first, second)
    other = ["--model", "drawing/gan", *argv[2:], "--output", str(tmp_path / "four")]
    assert translate.main([*other, "--answers", "2"]) == 2
    assert "drawing/gan has one answer to a picture" in capsys.readouterr().err


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_evaluation_and_reports(run, capsys):
    assert evaluation.main([str(run), "--save"]) == 0
    found = checkpoints.read_metrics(run)
    assert {"answers_apart", "cycle_error"} <= set(found["G"])
    unknown = {"answers_diversity", "truths_z_nearer", "truths_z_left"}
    assert not unknown & set(found["G"]), "nobody knows a right answer here"
    low, high = found["intervals"]["G"]["answers_apart"]
    assert 0 <= low <= found["G"]["answers_apart"] <= high
    document = of_run.document(run)
    assert document.film.strips[0].heads[1] == ("G(x, z)", "Translation")


def test_the_median_and_the_right_answers_of_glasses():
    """Networks that nobody trained: of each face the figure by hand, and its lower median."""
    torch.manual_seed(0)
    c = replace(config(Objective(latent=2), data="glasses"), image_size=32)
    translator = Translator(checkpoints.Checkpoint(Path("."), c, Model(c).eval(), {}))
    for layer in translator.model.modules():
        if isinstance(layer, ConditionalNorm):
            nn.init.normal_(layer.of_z.weight, 0, 0.5)
    data = lessons.find("glasses").open(32, "none")
    few = slice(0, 6)
    data = replace(
        data,
        test_x=data.test_x[few],
        test_y=data.test_y[few],
        known_x={name: values[few] for name, values in data.known_x.items()},
        known_y={name: values[few] for name, values in data.known_y.items()},
        groups=data.groups[few],
    )
    found = estimate(translator, data).networks["G"]["answers_diversity"]
    x = torch.stack(data.test_x)
    views = (*translator.views("xy"), *translator.method.probes(c, "xy"))
    latents, ratios = translator.latents(views, 6), []
    for i, one in enumerate(x):
        with torch.inference_mode():
            z = torch.stack([latents[f"z_{k}"][i] for k in range(20)])
            made = translator.model.G(images.to_float(one)[None].expand(20, -1, -1, -1), z)
        greys = images.to_bytes(made).double()
        apart = [(a - b).abs().mean() for k, a in enumerate(greys) for b in greys[:k]]
        right = torch.from_numpy(data.known_x["answers"][i].reshape(84, -1).copy()).double()
        drawn = torch.cdist(right, right, p=1).mean() / right.shape[1]
        ratios.append(float(torch.stack(apart).mean() / drawn))
    assert found.value == pytest.approx(sorted(ratios)[2], rel=1e-4)
    assert found.items.shape == (6, 1)


# The Hub


@pytest.mark.filterwarnings("ignore:Use 'content=")
def test_pushed_and_pulled_it_is_the_same(run, monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with hub_server.serve() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", "hf_token")
        server.token = "hf_token"
        publishing.push(run, "tester/many")
        card = server.files("tester/many")["README.md"].decode()
        pulled = catalogue.load_one("tester/many")
    for words in ("Augmented CycleGAN", "G(x, z)", "--answers 8", "takes x, (N, 3, H, W)"):
        assert words in card
    ours = checkpoints.load(run).model.state_dict()
    assert same(dict(pulled.model.state_dict()), dict(ours))
