"""The methods' objectives: which terms are computed, and that they are the papers'."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from tiny import batch, config, judged, translated

from cyclegan import methods
from cyclegan.core.config import Channels, ConfigError
from cyclegan.methods import Model
from cyclegan.methods.cyclegan import Objective, step
from cyclegan.methods.pix2pix import Objective as Paired

X, Y = batch(2, seed=1), batch(3, seed=2)
"""Two images of X, three of Y, so that a mix-up of the two shows in every count."""


def model(**objective) -> Model:
    torch.manual_seed(0)
    return Model(config(Objective(**objective)))


def images_through(networks: Model) -> Counter:
    """Counts, by network, of the images that go through it from now on."""
    counts = Counter()
    for name in ("G", "F", "D_X", "D_Y"):
        if (network := getattr(networks, name)) is not None:
            network.register_forward_hook(
                lambda _, inputs, output, name=name: counts.update({name: len(output)})
            )
    return counts


GAN = ["gan_G", "gan_F"]
IDENTITY = ["identity_G", "identity_F"]


@pytest.mark.parametrize(
    ("weights", "terms", "counts"),
    [
        # (gan, forward, backward, identity); G sees x for fake_y, fake_x for cycled_y, y for same_y
        ((1, 0, 0, 0), GAN, {"G": 2, "F": 3, "D_X": 3, "D_Y": 2}),
        ((1, 9, 0, 0), [*GAN, "cycle_forward"], {"G": 2, "F": 3 + 2, "D_X": 3, "D_Y": 2}),
        ((1, 0, 9, 0), [*GAN, "cycle_backward"], {"G": 2 + 3, "F": 3, "D_X": 3, "D_Y": 2}),
        (
            (1, 9, 9, 0),
            [*GAN, "cycle_forward", "cycle_backward"],
            {"G": 2 + 3, "F": 3 + 2, "D_X": 3, "D_Y": 2},
        ),
        ((1, 0, 0, 5), [*GAN, *IDENTITY], {"G": 2 + 3, "F": 3 + 2, "D_X": 3, "D_Y": 2}),
        (
            (1, 9, 9, 5),
            [*GAN, "cycle_forward", "cycle_backward", *IDENTITY],
            {"G": 2 + 3 + 3, "F": 3 + 2 + 2, "D_X": 3, "D_Y": 2},
        ),
        ((0, 9, 9, 0), ["cycle_forward", "cycle_backward"], {"G": 2 + 3, "F": 3 + 2}),
    ],
)
def test_a_term_with_weight_0_is_not_computed(weights, terms, counts):
    gan, forward, backward, identity = map(float, weights)
    networks = model(gan=gan, cycle_forward=forward, cycle_backward=backward, identity=identity)
    seen = images_through(networks)
    found, _ = translated(networks, X, Y)
    assert sorted(found) == sorted(terms)
    assert seen == counts


def test_without_adversarial_term_there_are_no_discriminators():
    networks = model(gan=0.0)
    assert networks.D_X is None and networks.D_Y is None
    assert set(networks.networks) == {"G", "F"}
    assert not any(key.startswith("D_") for key in networks.state_dict())


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("adversarial", ["least_squares", "log"])
def test_terms_are_those_of_plain_separate_passes(adversarial, norm):
    networks = model(
        gan=0.7,
        cycle_forward=3.0,
        cycle_backward=4.0,
        identity=2.0,
        adversarial=adversarial,
        cycle_norm=norm,
    )
    G, F, D_X, D_Y = networks.G, networks.F, networks.D_X, networks.D_Y

    def judged_by(scores, real):
        if adversarial == "least_squares":
            return ((scores - float(real)) ** 2).mean()
        share = 1 / (1 + torch.exp(-scores))
        return -torch.log(share if real else 1 - share).mean()

    def distance(a, b):
        return (a - b).abs().mean() if norm == "l1" else ((a - b) ** 2).mean()

    expected = {
        "gan_G": 0.7 * judged_by(D_Y(G(X)), True),
        "gan_F": 0.7 * judged_by(D_X(F(Y)), True),
        "cycle_forward": 3.0 * distance(F(G(X)), X),
        "cycle_backward": 4.0 * distance(G(F(Y)), Y),
        "identity_G": 2.0 * (G(Y) - Y).abs().mean(),
        "identity_F": 2.0 * (F(X) - X).abs().mean(),
    }
    terms, fakes = translated(networks, X, Y)
    torch.testing.assert_close(terms, expected, rtol=1e-4, atol=1e-6)
    assert all(0 < term.item() < float("inf") for term in terms.values())

    torch.testing.assert_close(fakes, {"fake_y": G(X), "fake_x": F(Y)}, rtol=1e-4, atol=1e-6)
    expected = {
        "D_X": (judged_by(D_X(X), True) + judged_by(D_X(F(Y)), False)) / 2,
        "D_Y": (judged_by(D_Y(Y), True) + judged_by(D_Y(G(X)), False)) / 2,
    }
    found, told = judged(networks, X, Y, fakes)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    half = 0.0 if adversarial == "log" else 0.5
    for name, D, real, fake in (("D_X", D_X, X, F(Y)), ("D_Y", D_Y, Y, G(X))):
        torch.testing.assert_close(told[f"{name}_real"], judged_by(D(real), True))
        torch.testing.assert_close(told[f"{name}_generated"], judged_by(D(fake), False))
        right = [*(D(real).flatten() > half), *(D(fake).flatten() < half)]
        assert told[f"{name}_accuracy"] == pytest.approx(sum(right) / len(right))
        assert not any(told[f"{name}_{kind}"].requires_grad for kind in ("real", "accuracy"))


@pytest.mark.parametrize("identity", [0.0, 5.0])
def test_fakes_carry_no_gradient(identity):
    terms, fakes = translated(model(identity=identity), X, Y)
    assert not any(fake.requires_grad for fake in fakes.values())
    assert all(term.requires_grad for term in terms.values())


def test_the_generators_learn_from_every_term():
    networks = model()
    terms, _ = translated(networks, X, Y)
    reached = {
        name: {
            network
            for network in ("G", "F")
            if any(
                gradient is not None and gradient.any()
                for gradient in torch.autograd.grad(
                    term,
                    getattr(networks, network).parameters(),
                    retain_graph=True,
                    allow_unused=True,
                )
            )
        }
        for name, term in terms.items()
    }
    assert reached == {
        "gan_G": {"G"},
        "gan_F": {"F"},
        "cycle_forward": {"G", "F"},
        "cycle_backward": {"G", "F"},
        "identity_G": {"G"},
        "identity_F": {"F"},
    }


# Remedies of Wang and Lin, and true pairs


def test_the_cycle_moves_from_pixels_to_features_as_training_goes():
    """γ = 0.8: at half the training 0.4 of the cycle is taken on the discriminator's features."""
    networks = model(cycle_forward=3.0, cycle_backward=4.0, cycle_features=0.8)
    G, F, D_X, D_Y = networks.G, networks.F, networks.D_X, networks.D_Y

    def distance(a, b):
        return (a - b).abs().mean()

    for progress, share in ((0.0, 0.0), (0.5, 0.4), (1.0, 0.8)):
        terms, _ = translated(networks, X, Y, progress)
        for name, weight, original, back, D in (
            ("cycle_forward", 3.0, X, F(G(X)), D_X),
            ("cycle_backward", 4.0, Y, G(F(Y)), D_Y),
        ):
            seen, wanted = D.layers[:-1](back), D.layers[:-1](original)
            mixed = share * distance(seen, wanted) + (1 - share) * distance(back, original)
            torch.testing.assert_close(terms[name], weight * mixed, rtol=1e-4, atol=1e-6)


def test_the_cycles_weight_decays_linearly():
    networks = model(cycle_decay=0.9)
    whole, _ = translated(networks, X, Y)
    for progress, left in ((0.5, 0.55), (1.0, 0.1)):
        terms, _ = translated(networks, X, Y, progress)
        for name, term in terms.items():
            share = left if name.startswith("cycle") else 1
            torch.testing.assert_close(term, share * whole[name], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("adversarial", ["least_squares", "log"])
def test_the_cycle_is_weighed_by_the_opinion_of_the_translation(adversarial):
    """Forward by D_Y(G(x)), backward by D_X(F(y)); nothing learns through the opinion."""
    networks = model(cycle_quality="translation", adversarial=adversarial)
    plain = model(adversarial=adversarial)  # Of the same seed.
    for D, bias in ((networks.D_X, 0.25), (networks.D_Y, 0.75)):
        D.layers[-1].bias.data.fill_(bias)
    terms, _ = translated(networks, X, Y)
    expected, _ = translated(plain, X, Y)
    parameters = [*networks.G.parameters(), *networks.F.parameters()]
    theirs = [*plain.G.parameters(), *plain.F.parameters()]
    for name, D, made in (
        ("cycle_forward", networks.D_Y, networks.G(X)),
        ("cycle_backward", networks.D_X, networks.F(Y)),
    ):
        scores = D(made)
        opinion = (scores.sigmoid() if adversarial == "log" else scores).mean().clamp(0, 1).item()
        assert 0.05 < opinion < 0.95
        torch.testing.assert_close(terms[name], opinion * expected[name], rtol=1e-4, atol=1e-6)
        got = torch.autograd.grad(terms[name], parameters, retain_graph=True)
        wanted = torch.autograd.grad(expected[name], theirs, retain_graph=True)
        for a, b in zip(got, wanted, strict=True):
            torch.testing.assert_close(a, opinion * b, rtol=1e-3, atol=1e-5)
        judges = list(networks.group(("D_X", "D_Y")).parameters())
        reached = torch.autograd.grad(terms[name], judges, retain_graph=True, allow_unused=True)
        assert all(gradient is None for gradient in reached)


class Half(torch.nn.Module):
    """A generator that leaves half of what it is given, a number that learns."""

    def __init__(self):
        super().__init__()
        self.share = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, image):
        return self.share * image


class Brightness(torch.nn.Module):
    """A discriminator whose one feature is twice the picture, and whose score is its mean."""

    def features(self, image):
        return 2 * image

    def forward(self, image):
        return image.mean((1, 2, 3), keepdim=True)


@pytest.mark.parametrize(
    ("quality", "gamma", "forward"),
    [
        # x: 0.4 and 0.8; F(G(x)) is a quarter of it, so that 0.3 and 0.6 are lost, of the feature
        # twice as much. D_Y(G(x)) is 0.2 and 0.4, together 0.3; D_X(x) is 0.4 and 0.8.
        ("off", 0.0, (0.3 + 0.6) / 2),
        ("off", 0.5, (0.5 * (0.6 + 1.2) + 0.5 * (0.3 + 0.6)) / 2),
        ("translation", 0.0, 0.3 * (0.3 + 0.6) / 2),
        ("original", 0.0, (0.4 * 0.3 + 0.8 * 0.6) / 2),
        ("original", 0.5, (0.4 * (0.5 * 0.6 + 0.5 * 0.3) + 0.8 * (0.5 * 1.2 + 0.5 * 0.6)) / 2),
    ],
)
def test_the_equation_of_wang_and_lin_by_hand(quality, gamma, forward):
    """E[D_X(x) (γ ‖f_{D_X}(F(G(x))) − f_{D_X}(x)‖₁ + (1 − γ) ‖F(G(x)) − x‖₁)], on two pictures."""
    x = torch.tensor([0.4, 0.8]).view(2, 1, 1, 1).expand(2, 3, 2, 2)
    o = Objective(identity=0.0, cycle_features=gamma, cycle_quality=quality)
    G, F, D = Half(), Half(), Brightness()
    terms, _ = step.translate(x, x, G, F, D, D, o, 10.0)
    assert terms["cycle"].item() == pytest.approx(10 * forward)
    # Of x, (1 − ab) is lost: by a, −b / (1 − ab) of what is lost, and nothing by the weight.
    (slope,) = torch.autograd.grad(terms["cycle"], G.share)
    assert slope.item() == pytest.approx(10 * forward * -0.5 / 0.75)


@pytest.mark.parametrize(("share", "worth"), [(-1.0, 0.0), (3.0, 1.0)])
def test_the_opinion_of_an_original_is_kept_between_0_and_1(share, worth):
    """A score below 0 would reward a bad way back."""
    x = torch.full((1, 3, 2, 2), share)
    o = Objective(identity=0.0, cycle_quality="original")
    terms, _ = step.translate(x, x, Half(), Half(), Brightness(), Brightness(), o, 1.0)
    assert terms["cycle"].item() == pytest.approx(worth * 0.75 * abs(share))


def test_all_remedies_at_the_end_of_a_training():
    """γ is close to 1 and λ small, neither of them at its bound; no identity term."""
    end = methods.find("cyclegan").rows["all-remedies"].objective.at(1000, 1000)
    assert (
        end.cycle_features
        == methods.find("cyclegan").rows["feature-cycle"].objective.at(1000, 1000).cycle_features
        == pytest.approx(0.9)
    )
    assert end.cycle_forward == end.cycle_backward == pytest.approx(1.0)
    assert (end.cycle_quality, end.identity, end.gan) == ("original", 0, 1)


def test_pix2pix_asks_for_the_truth_of_pairs():
    """Its equations, both ways; a discriminator sees the input beside the output."""
    torch.manual_seed(0)
    networks = Model(config(Paired(paired=7.0, adversarial="least_squares")))
    x, y = batch(2, seed=1), batch(2, seed=2)
    G, F, D_X, D_Y = networks.G, networks.F, networks.D_X, networks.D_Y

    def judged_by(D, given, image, real):
        return ((D(torch.cat([given, image], 1)) - float(real)) ** 2).mean()

    terms, pairs = translated(networks, x, y)
    expected = {
        "gan_G": judged_by(D_Y, x, G(x), True),
        "gan_F": judged_by(D_X, y, F(y), True),
        "paired_G": 7 * (G(x) - y).abs().mean(),
        "paired_F": 7 * (F(y) - x).abs().mean(),
    }
    torch.testing.assert_close(terms, expected, rtol=1e-4, atol=1e-6)
    seen = {"fake_y": torch.cat([x, G(x)], 1), "fake_x": torch.cat([y, F(y)], 1)}
    torch.testing.assert_close(pairs, seen, rtol=1e-4, atol=1e-6)
    assert not any(pair.requires_grad for pair in pairs.values())
    expected = {
        "D_X": (judged_by(D_X, y, x, True) + judged_by(D_X, y, F(y), False)) / 2,
        "D_Y": (judged_by(D_Y, x, y, True) + judged_by(D_Y, x, G(x), False)) / 2,
    }
    torch.testing.assert_close(judged(networks, x, y, pairs)[0], expected, rtol=1e-4, atol=1e-6)


def test_pix2pix_by_default_is_the_papers():
    """Log loss in its non-saturating form, λ = 100, no history (Isola et al. 2017)."""
    assert (Paired().adversarial, Paired().paired, methods.find("pix2pix").pool) == ("log", 100, 0)
    assert methods.find("pix2pix").is_paired and not methods.find("cyclegan").is_paired
    assert methods.find("pix2pix").rows["pix2pix"].objective.adversarial == "least_squares"


# Channels


@pytest.mark.parametrize(
    "objective", [Objective(identity=0.0), Paired()], ids=["cyclegan", "pix2pix"]
)
def test_x_and_y_may_have_other_numbers_of_channels(objective):
    networks = Model(replace(config(objective), channels=Channels(1, 3)))
    x, y = batch(2, seed=1)[:, :1], batch(2, seed=2)
    assert networks.G(x).shape == y.shape and networks.F(y).shape == x.shape
    terms, made = translated(networks, x, y)
    found, _ = judged(networks, x, y, made)
    assert all(term.isfinite() for term in {**terms, **found}.values())
    views = networks.method.views(networks.config)
    assert "same" not in [view.key for view in views]


def test_identity_asks_for_equal_channels():
    with pytest.raises(ConfigError, match="1 channels in X and 3 in Y it must be off"):
        replace(config(), channels=Channels(1, 3))
