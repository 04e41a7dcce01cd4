"""Batch norm, the one norm that mixes a batch and keeps something: in networks, training and files.

Measured by the library's layers, by plain passes, and by equations written out.
"""

import copy
from dataclasses import replace

import pytest
import torch
from test_trainer import CPU, batches, plain_training, steps, stored_and_loaded
from tiny import SIZE, batch, config, judged, pictures, same, translated
from torch import Tensor, nn

from cyclegan import methods
from cyclegan.core.config import (
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
)
from cyclegan.core.networks import build_discriminator, build_generator, is_over_batches
from cyclegan.core.networks.layers import BatchNorm
from cyclegan.inference import evaluation, strips
from cyclegan.inference.translator import Translator
from cyclegan.lessons import UnpairedData
from cyclegan.methods import Model
from cyclegan.methods.cyclegan import Objective
from cyclegan.methods.pix2pix import Objective as Paired
from cyclegan.store import checkpoints
from cyclegan.training import setup as training
from cyclegan.training.asked import config_from
from cyclegan.training.options import build_parser, explicit
from cyclegan.training.trainer import Trainer


def batch_normed(objective=None, **settings) -> Config:
    c = config(objective, **settings)
    g, d = (replace(part, norm="batch") for part in (c.generator, c.discriminator))
    return replace(c, generator=g, discriminator=d)


def trainer(objective=None, init: int = 0, **settings) -> Trainer:
    c = batch_normed(objective, **settings)
    torch.manual_seed(init)
    return Trainer(Model(c), c.training, CPU)


def kept(network: nn.Module) -> list[Tensor]:
    """Copies of what a network has kept of batches."""
    return [value.clone() for value in network.buffers()]


# Networks


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("settings", "channels", "published"),
    [
        # Millions that the original authors' program prints with --norm batch, its own default for
        # pix2pix: from grey pictures to colours, of two grey ones beside each other, and of RGB.
        (Generator("resnet", 64, 9, norm="batch"), (1, 3), 11.377),
        (Discriminator("patchgan", 64, "batch"), (2,), 2.765),
        (Generator("pix2pix", 64, 8, norm="batch"), (3, 3), 54.414),
        (Generator("pix2pix", 64, 7, norm="batch"), (3, 3), 41.829),
        (Generator("pix2pix", 64, 8, norm="batch"), (1, 1), 54.408),
    ],
    ids=str,
)
def test_published_sizes(settings, channels, published):
    build = build_generator if isinstance(settings, Generator) else build_discriminator
    with torch.device("meta"):
        assert round(parameters(build(settings, *channels)) / 1e6, 3) == published


NETWORKS = {
    "ResNet": Generator("resnet", 2, 1),
    "ResNet of another kind": Generator("resnet", 2, 1, "resize", "antialiased", "zeros"),
    "pix2pix": Generator("pix2pix", 1, 7),
    "PatchGAN": Discriminator("patchgan", 2),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_in_training_with_a_single_picture_it_is_instance_norm_as_long_as_it_is_new(name):
    """Mean 0 and variance 1 of each channel of the picture, times γ = 1, plus β = 0."""
    build = build_generator if isinstance(NETWORKS[name], Generator) else build_discriminator
    torch.manual_seed(0)
    instance = build(NETWORKS[name])
    network = build(replace(NETWORKS[name], norm="batch"), initialisation="pytorch")
    weights = instance.state_dict()
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            if key in weights:
                parameter.copy_(weights[key])
    x = batch(1, 128)
    torch.testing.assert_close(network(x), instance(x), rtol=1e-3, atol=1e-4)
    two = torch.cat([x, 0.2 * batch(1, 128, seed=1)])
    assert not torch.allclose(network(two)[:1], instance(x), atol=1e-3), "it sees both"


@pytest.mark.parametrize("name", NETWORKS)
def test_once_trained_each_picture_is_on_its_own(name):
    build = build_generator if isinstance(NETWORKS[name], Generator) else build_discriminator
    network = build(replace(NETWORKS[name], norm="batch"))
    images = batch(3, 128) * torch.tensor([0.1, 1.0, 3.0]).view(3, 1, 1, 1)
    with torch.no_grad():
        network(images)
        before = kept(network.eval())
        singles = torch.cat([network(image) for image in images.split(1)])
        torch.testing.assert_close(network(images), singles, rtol=1e-4, atol=1e-5)
    assert same(kept(network), before) and any(value.any() for value in before)
    assert is_over_batches(network) and not is_over_batches(build(NETWORKS[name]))


def test_the_layer_is_the_librarys_but_for_a_count():
    """γ (x − μ) / √(σ² + ε) + β, and averages of μ and σ² that a tenth of each batch goes into."""
    ours, theirs = BatchNorm(3), nn.BatchNorm2d(3)
    x = batch(4) * 3 + 1
    torch.testing.assert_close(ours(x), theirs(x))
    expected = {k: v for k, v in theirs.state_dict().items() if k != "num_batches_tracked"}
    assert same(dict(ours.state_dict()), dict(expected))
    mean = 0.1 * x.double().mean((0, 2, 3))
    torch.testing.assert_close(ours.running_mean.double(), mean, rtol=1e-5, atol=1e-6)
    again = BatchNorm(3)
    again.load_state_dict(dict(expected))  # Of no version, as from a file.
    torch.testing.assert_close(again.eval()(x), theirs.eval()(x))


@pytest.mark.parametrize(
    ("kind", "mean", "spread"), [("normal", 1.0, 0.02), ("glorot", 1, 0), ("pytorch", 1, 0)]
)
def test_its_scales_begin_near_1(kind, mean, spread):
    """N(1, 0.02) in the original authors' init_weights; 1 in Keras and in PyTorch."""
    torch.manual_seed(0)
    settings = Generator("resnet", 32, 4, norm="batch")
    network = build_generator(settings, initialisation=kind)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    scales = torch.cat([m.weight.detach() for m in norms])
    assert float(scales.mean()) == pytest.approx(mean, abs=0.003)
    assert float(scales.std()) == pytest.approx(spread, rel=0.1)
    assert not any(m.bias.any() for m in norms)


def test_nothing_is_drawn_for_a_form():
    before = torch.get_rng_state()
    with torch.device("meta"):
        build_generator(Generator("resnet", 2, 1, norm="batch"))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("part", "kind"),
    [(Generator, "unet"), (Generator, "course"), (Discriminator, "patch4")],
)
def test_kinds_without_it_say_what_they_have(part, kind):
    with pytest.raises(ConfigError, match=f"norm of {kind} is 'batch'; valid are instance"):
        part(kind, norm="batch")


def test_the_command_line_gives_it_to_both(tmp_path):
    given = ["--data", "drawing", "--norm", "batch", "--width", "2", "--blocks", "1"]
    args, told = build_parser().parse_args([*given, "--size", "24"]), explicit(given)
    found = config_from(args, methods.find("cyclegan"), told)
    assert (found.generator.norm, found.discriminator.norm) == ("batch", "batch")
    assert "batch norm" in found.generator.words and "batch norm" in found.discriminator.words


# The step


X, Y = batch(2, seed=1), 0.3 * batch(2, seed=2) + 0.5


def test_no_pass_mixes_what_the_equations_keep_apart():
    """Translation and identity; real pictures and generated ones; in training mode."""
    one = trainer(Objective(0.7, 3.0, 4.0, 2.0)).model
    G, F, D_X, D_Y = (copy.deepcopy(one[role]) for role in ("G", "F", "D_X", "D_Y"))
    expected = {
        "gan_G": 0.7 * ((D_Y(G(X)) - 1) ** 2).mean(),
        "gan_F": 0.7 * ((D_X(F(Y)) - 1) ** 2).mean(),
        "cycle_forward": 3.0 * (F(G(X)) - X).abs().mean(),
        "cycle_backward": 4.0 * (G(F(Y)) - Y).abs().mean(),
        "identity_G": 2.0 * (G(Y) - Y).abs().mean(),
        "identity_F": 2.0 * (F(X) - X).abs().mean(),
    }
    mixed = 2.0 * (G(torch.cat([X, Y]))[2:] - Y).abs().mean()
    assert abs(mixed - expected["identity_G"]) > 0.01, "that would be seen"
    terms, fakes = translated(one, X, Y)
    torch.testing.assert_close(terms, expected, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(fakes, {"fake_y": G(X), "fake_x": F(Y)}, rtol=1e-4, atol=1e-6)
    expected = {
        "D_X": (((D_X(X) - 1) ** 2).mean() + (D_X(F(Y)) ** 2).mean()) / 2,
        "D_Y": (((D_Y(Y) - 1) ** 2).mean() + (D_Y(G(X)) ** 2).mean()) / 2,
    }
    torch.testing.assert_close(judged(one, X, Y, fakes)[0], expected, rtol=1e-4, atol=1e-6)


def test_the_paired_method_keeps_them_apart_as_well():
    one = trainer(Paired(adversarial="least_squares"), batch=2).model
    D_Y, fakes = copy.deepcopy(one.D_Y), translated(one, X, Y)[1]
    real = ((D_Y(torch.cat([X, Y], 1)) - 1) ** 2).mean()
    expected = (real + (D_Y(fakes["fake_y"]) ** 2).mean()) / 2
    torch.testing.assert_close(judged(one, X, Y, fakes)[0]["D_Y"], expected)


def test_the_steps_are_those_of_a_plain_training():
    ours = trainer(steps=100, rate=1e-2, batch=2)
    data = batches(count=2)
    expected = plain_training(ours.model, data, 5, 1e-2)
    found = [ours.step(x, y) for x, y, _ in steps(data, 0, 5)]
    for step, (terms, plain) in enumerate(zip(found, expected, strict=True)):
        minimised = {name: float(terms[name]) for name in plain}
        assert minimised == pytest.approx(plain, rel=5e-3, abs=1e-4), f"step {step}"


def test_both_ways_go_one_after_the_other():
    """They write into the same averages: side by side, the order would be chance."""
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            one = trainer(steps=20, rate=1e-3)
            for x, y, _ in steps(batches(), 0, 2):
                one.step(x, y)
        finally:
            torch.set_num_threads(1)
        assert one.engine._side_by_side is None
        found.append(kept(one.model))
    for alone, with_threads in zip(*found, strict=True):
        torch.testing.assert_close(alone, with_threads, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", ["together", "in-turn"])
@pytest.mark.parametrize("ema", [0.9, 0.0])
def test_resumed_equals_uninterrupted_to_the_last_bit(ema, order, tmp_path):
    settings = {"steps": 6, "batch": 2, "pool": 2, "ema_decay": ema, "order": order}
    data = batches(count=2)
    straight, first, resumed = (trainer(init=init, **settings) for init in (0, 0, 99))
    straight.fit(steps(data, 0, 6))
    first.fit(steps(data, 0, 3))
    resumed.load_state_dict(stored_and_loaded(first.state_dict(), tmp_path / "state.pt"))
    resumed.fit(steps(data, 3, 6))
    assert same(resumed.state_dict(), straight.state_dict())


def test_in_bfloat16_it_trains_as_well():
    one = trainer(steps=10, precision="bfloat16")
    terms = [one.step(x, y) for x, y, _ in steps(batches(), 0, 3)]
    assert all(torch.isfinite(t) for step in terms for t in step.values())
    assert all(value.dtype == torch.float32 for value in one.model.buffers())


# The moving average, and pictures amid a training


def test_what_norms_keep_is_averaged_like_the_weights():
    """a ← k a + (1 − k) s with k = min(0.9, (1 + n) / (10 + n)), not the last value alone."""
    one = trainer(steps=10, rate=1e-2, ema_decay=0.9)
    expected = None
    for n, (x, y, _) in enumerate(steps(batches(), 0, 4)):
        one.step(x, y)
        now = kept(one.model.G)
        keep = 0.0 if n == 0 else (1 + n) / (10 + n)
        before = expected or now
        expected = [keep * a + (1 - keep) * s for a, s in zip(before, now, strict=True)]
    averaged = kept(one.networks["G"])
    assert len(averaged) == 2 * 7, "a mean and a variance for each of seven norms"
    for own, wanted, last in zip(averaged, expected, now, strict=True):
        torch.testing.assert_close(own, wanted, rtol=1e-5, atol=1e-7)
        assert not torch.allclose(own, last, rtol=1e-3)


class Counting(nn.Module):
    """A network of somebody else's, with the library's batch norm, which counts."""

    multiple, smallest = 4, 8

    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.norm(self.layer(x)))


def test_a_count_in_a_network_is_no_average():
    c = config(steps=5, ema_decay=0.9)
    model = Model(c)
    model.G, model.F = Counting(), Counting()
    one = Trainer(model, c.training, CPU)
    for x, y, _ in steps(batches(), 0, 2):
        one.step(x, y)
    # G(x), G(y) and G(F(y)), twice.
    assert int(one.networks["G"].norm.num_batches_tracked) == 6


def data() -> UnpairedData:
    x, y = pictures(3, SIZE + 4), pictures(5, SIZE + 4, seed=1)
    test = pictures(6, SIZE, seed=2), pictures(6, SIZE, seed=3)
    return UnpairedData(Domains(), x, y, *test, paired=True, in_memory=True)


@pytest.mark.parametrize("ema", [0.9, 0.0])
def test_looking_at_a_training_leaves_no_trace_in_it(ema, tmp_path):
    """Held-out pictures would otherwise become a part of what the networks have seen."""
    ended = []
    for every in (1, 4):
        c = batch_normed(steps=4, ema_decay=ema)
        run, one = training.prepare(tmp_path / str(every), c, data(), CPU, every, every)
        training.fit(run, one, data())
        ended.append(one.state_dict())
        assert all(module.training for module in one.model.modules())
    assert same(*ended)


@pytest.mark.parametrize("ema", [0.9, 0.0])
def test_a_glance_sees_what_the_saved_networks_will_make(ema, tmp_path):
    """One picture at a time or many: in evaluation mode that is one and the same."""
    c = batch_normed(steps=4, ema_decay=ema)
    run, one = training.prepare(tmp_path, c, data(), CPU, 4, 4)
    training.fit(run, one, data())
    held = data().held_out(SIZE)
    seen, _ = evaluation.glance(one.networks, one.method, c, held, CPU)
    translator = Translator(checkpoints.load(tmp_path))
    for i, item in enumerate(held.x):
        made = translator.translate(held.medium.held(item)).translation
        apart = held.medium.kept(made, 3).int() - seen["made"][i].int()
        assert apart.abs().max() <= 2, "weights on disk are halves"


def test_the_score_of_a_patch_does_not_hang_on_the_others(tmp_path):
    """D judges a large picture in tiles, as one batch."""
    c = batch_normed(steps=4)
    run, one = training.prepare(tmp_path, c, data(), CPU, 4, 4)
    training.fit(run, one, data())
    translator = Translator(checkpoints.load(tmp_path))
    x = batch(1, 2 * SIZE)
    picture = translator.medium.held(translator.medium.to_kept(x)[0])
    scores = translator.patch_scores(picture).values
    corner = translator.patch_scores(picture.crop((0, 0, SIZE, SIZE))).values
    # Of the first tile those count that lie in its first three quarters.
    first = sum(at < 0.75 * SIZE for at in translator.patch_scores(picture).down)
    assert first and len(scores) > len(corner)
    assert abs(scores[:first, :first] - corner[:first, :first]).max() < 1e-5


def test_a_picture_by_strips_is_the_whole():
    """A row of a norm by averages is made of the same row: no other moments are asked for."""
    torch.manual_seed(0)
    network = build_generator(Generator("resnet", 4, 2, "resize", norm="batch"), 3, 3, "pytorch")
    with torch.no_grad():
        for seed in range(5):
            network(batch(2, 32, seed=seed))
    x = batch(1, 64) - torch.linspace(0, 1, 64)[:, None]
    network.eval()
    with torch.inference_mode():
        whole = network(x)
    for strip in (1, 10_000):
        assert (strips.run(network, x, strip=strip) - whole).abs().max() < 1e-4
    with pytest.raises(NotImplementedError, match="batch norm by the moments of the batch"):
        strips.run(network.train(), x)
