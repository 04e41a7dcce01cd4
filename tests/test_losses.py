"""Every term by values computed by hand."""

from math import log

import pytest
import torch

from cyclegan.core import losses


def value(loss: torch.Tensor) -> float:
    assert loss.shape == ()
    return loss.item()


def test_least_squares():
    scores = torch.tensor([0.0, 3.0])
    assert value(losses.adversarial(scores, True)) == (1 + 4) / 2
    assert value(losses.adversarial(scores, False)) == (0 + 9) / 2


def test_log():
    """σ(0) = 1/2, σ(log 3) = 3/4."""
    scores = torch.tensor([0.0, log(3)])
    real, fake = (value(losses.adversarial(scores, real, "log")) for real in (True, False))
    assert real == pytest.approx((log(2) + log(4 / 3)) / 2)
    assert fake == pytest.approx((log(2) + log(4)) / 2)


def test_the_generators_log_loss_does_not_saturate():
    """−log σ(D(G(x))) still pulls where D is sure of a fake; log(1 − σ(D(G(x)))) would not."""
    scores = torch.tensor([-20.0], requires_grad=True)
    loss = losses.adversarial(scores, True, "log")
    loss.backward()
    assert value(loss) == pytest.approx(20)
    assert scores.grad.item() == pytest.approx(-1)


def test_log_stays_finite_for_large_scores():
    assert value(losses.adversarial(torch.tensor([-500.0]), True, "log")) == 500
    assert value(losses.adversarial(torch.tensor([500.0]), False, "log")) == 500


def test_patch_scores_are_averaged():
    scores = torch.tensor([[[[1.0, 2.0], [3.0, 5.0]]]])
    assert value(losses.adversarial(scores, True)) == (0 + 1 + 4 + 16) / 4


def test_accuracy_is_the_share_on_the_right_side_of_one_half():
    """Scores at ½ are on neither; of logits, ½ is at 0."""
    real, fake = torch.tensor([0.6, 0.5, -1.0]), torch.tensor([[0.4, 0.5, 2.0, -3.0]])
    assert value(losses.accuracy(real, fake)) == pytest.approx((1 + 2) / 7)
    assert value(losses.accuracy(real, fake, "log")) == pytest.approx((2 + 1) / 7)
    assert not losses.accuracy(real.requires_grad_(), fake).requires_grad


def test_cycle():
    x, cycled_x = torch.tensor([0.0, 1.0]), torch.tensor([0.5, -1.0])
    assert value(losses.cycle(x, cycled_x)) == (0.5 + 2) / 2
    assert value(losses.cycle(x, cycled_x, "l2")) == (0.25 + 4) / 2


def test_cycle_of_items_of_unlike_worth():
    """(0.2 · (0.5 + 2)/2 + 0.4 · (1 + 0)/2) / 2; a single worth is that of all."""
    x = torch.tensor([[[[0.0, 1.0]]], [[[1.0, 1.0]]]])
    cycled_x = torch.tensor([[[[0.5, -1.0]]], [[[0.0, 1.0]]]])
    worth = torch.tensor([0.2, 0.4])
    assert value(losses.cycle(x, cycled_x, worth=worth)) == pytest.approx((0.25 + 0.2) / 2)
    squares = (0.2 * (0.25 + 4) / 2 + 0.4 * 1 / 2) / 2
    assert value(losses.cycle(x, cycled_x, "l2", worth)) == pytest.approx(squares)
    half = losses.cycle(x, cycled_x, worth=torch.tensor(0.5))
    assert value(half) == pytest.approx(0.5 * (0.5 + 2 + 1 + 0) / 4)


def test_identity():
    x, same_x = torch.tensor([0.0, 1.0, 1.0]), torch.tensor([0.5, -1.0, 1.0])
    assert value(losses.identity(x, same_x)) == pytest.approx((0.5 + 2 + 0) / 3)


def test_paired():
    y, fake_y = torch.tensor([0.0, 1.0]), torch.tensor([0.5, -1.0])
    assert value(losses.paired(y, fake_y)) == (0.5 + 2) / 2


@pytest.mark.parametrize(
    ("scores", "share"),
    [([0.2, 0.6], 0.4), ([-3.0, 1.0], 0.0), ([1.5, 2.5], 1.0), ([0.0, 3.0], 1.0)],
)
def test_opinion_is_the_mean_score_kept_between_0_and_1(scores, share):
    """Kept only after the mean, as single patches may well lie outside."""
    assert value(losses.opinion(torch.tensor(scores))) == pytest.approx(share)


def test_opinion_of_log_scores_is_a_probability():
    """σ(0) = 1/2, σ(log 3) = 3/4."""
    assert value(losses.opinion(torch.tensor([0.0, log(3)]), "log")) == pytest.approx(5 / 8)
    assert value(losses.opinion(torch.tensor([500.0]), "log")) == 1


def test_opinion_carries_no_gradient():
    scores = torch.tensor([0.5], requires_grad=True)
    assert not losses.opinion(scores).requires_grad


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_perfect_outputs_cost_nothing(norm):
    x = torch.linspace(-1, 1, 12)
    assert value(losses.cycle(x, x, norm)) == value(losses.identity(x, x)) == 0
    assert value(losses.adversarial(torch.ones(3), True)) == 0
    assert value(losses.accuracy(torch.ones(3), torch.zeros(3))) == 1
