"""The objective: which terms are computed, and that they are the paper's."""

from collections import Counter

import pytest
import torch
from tiny import batch, config

from cyclegan.config import Objective
from cyclegan.model import CycleGAN, Fakes

X, Y = batch(2, seed=1), batch(3, seed=2)
"""Two images of X, three of Y, so that a mix-up of the two shows in every count."""


def model(**objective) -> CycleGAN:
    torch.manual_seed(0)
    return CycleGAN(config(Objective(**objective)))


def images_through(networks: CycleGAN) -> Counter:
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
    found, _ = networks.generator_terms(X, Y)
    assert sorted(found) == sorted(terms)
    assert seen == counts


def test_without_adversarial_term_there_are_no_discriminators():
    networks = model(gan=0.0)
    assert networks.D_X is None and networks.D_Y is None
    assert len(networks.discriminators) == 0
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

    def judged(scores, real):
        if adversarial == "least_squares":
            return ((scores - float(real)) ** 2).mean()
        share = 1 / (1 + torch.exp(-scores))
        return -torch.log(share if real else 1 - share).mean()

    def distance(a, b):
        return (a - b).abs().mean() if norm == "l1" else ((a - b) ** 2).mean()

    expected = {
        "gan_G": 0.7 * judged(D_Y(G(X)), True),
        "gan_F": 0.7 * judged(D_X(F(Y)), True),
        "cycle_forward": 3.0 * distance(F(G(X)), X),
        "cycle_backward": 4.0 * distance(G(F(Y)), Y),
        "identity_G": 2.0 * (G(Y) - Y).abs().mean(),
        "identity_F": 2.0 * (F(X) - X).abs().mean(),
    }
    terms, fakes = networks.generator_terms(X, Y)
    torch.testing.assert_close(terms, expected, rtol=1e-4, atol=1e-6)
    assert all(0 < term.item() < float("inf") for term in terms.values())

    torch.testing.assert_close(fakes, Fakes(fake_x=F(Y), fake_y=G(X)), rtol=1e-4, atol=1e-6)
    expected = {
        "D_X": (judged(D_X(X), True) + judged(D_X(F(Y)), False)) / 2,
        "D_Y": (judged(D_Y(Y), True) + judged(D_Y(G(X)), False)) / 2,
    }
    torch.testing.assert_close(
        networks.discriminator_terms(X, Y, fakes), expected, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("identity", [0.0, 5.0])
def test_fakes_carry_no_gradient(identity):
    terms, fakes = model(identity=identity).generator_terms(X, Y)
    assert not fakes.fake_x.requires_grad and not fakes.fake_y.requires_grad
    assert all(term.requires_grad for term in terms.values())


def test_the_generators_learn_from_every_term():
    networks = model()
    terms, _ = networks.generator_terms(X, Y)
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
