"""Updates in turn, and a rate that need not fall: by plain PyTorch, resumed, and where it stops."""

import copy
from dataclasses import replace

import pytest
import torch
from tiny import batch, same
from torch import Tensor, nn
from torch.nn import functional

from cyclegan.core.config import Config, ConfigError, Discriminator, Generator, Training
from cyclegan.methods import Model, Moment
from cyclegan.methods.cyclegan import Objective
from cyclegan.methods.pix2pix import Objective as Paired
from cyclegan.training.trainer import NonFiniteError, Trainer

SIDE = 32
RATE = 1e-3
BOOK = Objective(identity=9.0)


def started(objective=BOOK, init: int = 0, pool: int = 0, **training) -> Trainer:
    """The book's networks and settings, tiny."""
    settings = Training(
        **{
            **{"steps": 6, "rate": RATE, "decay": 0.0, "pool": pool, "ema_decay": 0.0},
            **{"initialisation": "glorot", "order": "in-turn", **training},
        }
    )
    c = Config(
        Generator("unet", 2, 0, "resize", norm="layer"),
        Discriminator("patch4", 2, norm="layer"),
        objective,
        training=settings,
        image_size=SIDE,
    )
    torch.manual_seed(init)
    return Trainer(Model(c), settings, torch.device("cpu"))


def pair(step: int) -> tuple[Tensor, Tensor]:
    return batch(2, SIDE, seed=10 + step), batch(2, SIDE, seed=20 + step)


def keras_step(nets: dict[str, nn.Module], adams: dict, x: Tensor, y: Tensor) -> None:
    """train() of the book's notebook: predict, four train_on_batch of D, one of `combined`."""

    def update(loss: Tensor, adam: torch.optim.Adam) -> None:
        for each in adams.values():
            each.zero_grad()
        loss.backward()
        adam.step()

    def mse(scores: Tensor, target: float) -> Tensor:
        return functional.mse_loss(scores, torch.full_like(scores, target))

    G, F, D_X, D_Y = (nets[role] for role in ("G", "F", "D_X", "D_Y"))
    with torch.no_grad():
        fake_y, fake_x = G(x), F(y)
    for name, D, real, fake in (("D_X", D_X, x, fake_x), ("D_Y", D_Y, y, fake_y)):
        update(mse(D(real), 1.0), adams[name])
        update(mse(D(fake), 0.0), adams[name])
    made_y, made_x = G(x), F(y)
    mae = functional.l1_loss
    loss = mse(D_X(made_x), 1.0) + mse(D_Y(made_y), 1.0)
    loss = loss + 10 * (mae(F(made_y), x) + mae(G(made_x), y))
    update(loss + 9 * (mae(F(x), x) + mae(G(y), y)), adams["G and F"])


def test_in_turn_is_the_notebooks_loop():
    ours = started()
    theirs = copy.deepcopy(ours.model.networks)
    adams = {
        name: torch.optim.Adam(
            [p for n in nets for p in theirs[n].parameters()], RATE, (0.5, 0.999)
        )
        for name, nets in (("G and F", "GF"), ("D_X", ["D_X"]), ("D_Y", ["D_Y"]))
    }
    for step in range(3):
        ours.step(*pair(step))
        keras_step(theirs, adams, *pair(step))
    for role, network in ours.model.networks.items():
        for got, wanted in zip(network.parameters(), theirs[role].parameters(), strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-3, atol=2e-5)


def test_together_is_another_order():
    """What the test above would miss if this did not fail."""
    one, other = started(), started(order="together")
    for step in range(3):
        one.step(*pair(step))
        other.step(*pair(step))
    weights = [next(t.model.D_X.parameters()) for t in (one, other)]
    assert (weights[0] - weights[1]).abs().max() > 1e-3


def test_what_a_step_in_turn_tells():
    """D_X as in any log: half of both halves; the accuracy of both, before the updates."""
    one = started()
    before = copy.deepcopy(one.model)
    x, y = pair(0)
    terms = {name: float(value) for name, value in one.step(x, y).items()}
    real = (before.D_X(x) - 1).square().mean().item()
    assert terms["D_X_real"] == pytest.approx(real, rel=1e-4)
    assert terms["D_X"] == pytest.approx((terms["D_X_real"] + terms["D_X_generated"]) / 2)
    assert terms["D_X_generated"] != pytest.approx(
        before.D_X(before.F(y)).square().mean().item(), rel=1e-4
    ), "D has learned from the reals by then"
    assert 0 <= terms["D_X_accuracy"] <= 1
    plain = started(order="together").step(x, y)
    assert set(terms) == set(plain)


@pytest.mark.parametrize("pool", [0, 2])
def test_resumed_in_turn_equals_uninterrupted_to_the_last_bit(pool, tmp_path):
    straight = started(pool=pool)
    for step in range(4):
        straight.step(*pair(step))
    first = started(pool=pool)
    for step in range(2):
        first.step(*pair(step))
    torch.save(first.state_dict(), tmp_path / "state.pt")
    resumed = started(pool=pool, init=99)
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for step in range(2, 4):
        resumed.step(*pair(step))
    assert same(resumed.state_dict(), straight.state_dict())


def test_the_history_is_what_d_learns_from():
    """With one of a single picture, the second batch's D sees the first's as often as not."""
    one = started(pool=1)
    seen = []
    query = one.pools["fake_x"].query
    one.pools["fake_x"].query = lambda made: seen.append(query(made)) or seen[-1]
    for step in range(4):
        one.step(*pair(step))
    assert len(seen) == 4 and all(shown.shape == (2, 3, SIDE, SIDE) for shown in seen)


def spoiled(one: Trainer, number: int) -> None:
    """A player whose loss is finite and whose slope is not: √0."""
    player = one.players[number]

    def with_a_root(model: Model, moment: Moment):
        losses = player.parts[0](model, moment)
        root = (0 * next(model[player.roles[0]].parameters()).sum()).sqrt()
        return replace(losses, terms={**losses.terms, "root": root})

    changed = list(one.players)
    changed[number] = replace(player, parts=(with_a_root, player.parts[1]))
    one.players = tuple(changed)


@pytest.mark.parametrize(
    ("number", "named", "updated"),
    [(0, "D_X and D_Y", 0), (1, "D_X and D_Y", 1), (2, "G and F", 2)],
    ids=["reals", "generated", "generators"],
)
def test_every_update_in_turn_waits_for_its_own_gradients(number, named, updated):
    """Those before it are made, as it depends on them; nothing after the bad one is."""
    one = started()
    one.step(*pair(0))
    spoiled(one, number)
    before = copy.deepcopy(one.model.state_dict())
    with pytest.raises(NonFiniteError, match=f"gradient of {named} became .* at step 2"):
        one.step(*pair(1))
    counts = [int(next(iter(o.state.values()))["step"]) for o in one.optimisers]
    assert counts == [2 + updated, 1], "D has two updates a step, G and F one"
    for name, weights in one.model.state_dict().items():
        if name.startswith(("G.", "F.")) or not updated:
            assert torch.equal(weights, before[name])
        assert torch.isfinite(weights).all()


def test_a_method_without_this_order_says_so():
    with pytest.raises(ConfigError, match="pix2pix knows no updates in turn; choose together"):
        started(Paired())


def test_without_a_gan_term_only_g_and_f_take_a_turn():
    one = started(Objective(gan=0.0))
    assert [player.roles for player in one.players] == [("G", "F")]
    assert set(one.step(*pair(0))) <= {
        *("cycle_forward", "cycle_backward"),
        "identity_G",
        "identity_F",
    }


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        (0.5, [1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2]),
        (0.0, [1] * 10),
        (0.2, [1] * 9 + [0.5]),
        (1.0, [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
    ],
)
def test_the_rate_falls_over_the_last_share_of_the_steps(decay, expected):
    factor = Training(steps=10, decay=decay).rate_factor
    assert [factor(step) for step in range(10)] == pytest.approx(expected)
    one = started(steps=10, decay=decay)
    rates = []
    for step in range(3):
        rates.append(one.rate / RATE)
        one.step(*pair(step))
    assert rates == pytest.approx(expected[:3])
    one.change(rate=2 * RATE)
    assert one.rate == pytest.approx(2 * RATE * expected[3])
