"""The training algorithm: against a plain one, against itself resumed, and where it must stop."""

import copy
import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from tiny import SIZE, batch, config, pictures, same, translated
from torch import Tensor, nn

from bench.plain import PlainTraining
from cyclegan.core.config import Change, ConfigError, Discriminator, Generator
from cyclegan.core.device import quick_precision
from cyclegan.labs.ablation.variants import known
from cyclegan.methods import Model, Moment
from cyclegan.methods.cyclegan import Objective
from cyclegan.methods.pix2pix import Objective as Paired
from cyclegan.training import processes
from cyclegan.training.batches import Batch, Batches
from cyclegan.training.trainer import NonFiniteError, StepDone, Trainer

CPU = torch.device("cpu")

CYCLE_ALONE = Objective(gan=0.0, identity=0.0)
VARIANTS = known()
PAIRED = Paired(adversarial="least_squares")


def trainer(
    objective: Objective | None = None, device: torch.device = CPU, init: int = 0, **settings
) -> Trainer:
    c = config(objective, **settings)
    torch.manual_seed(init)
    return Trainer(Model(c), c.training, device)


def batches(count: int = 1, seed: int = 0) -> Batches:
    """Crops of pictures that are a little larger; five of X, three of Y."""
    x, y = pictures(5, SIZE + 3, seed=1), pictures(3, SIZE + 1, seed=2)
    return Batches(x, y, SIZE, count, seed)


def steps(data: Batches, first: int, last: int) -> Iterator[Batch]:
    return (data[i] for i in range(first, last))


def same_batch_forever() -> Iterator[Batch]:
    return itertools.repeat(Batch(batch(seed=1), batch(seed=2)))


def stored_and_loaded(state: dict, path) -> dict:
    torch.save(state, path)
    return torch.load(path, weights_only=True)


# Resumed equals uninterrupted


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("objective", "ema"),
    [(Objective(), 0.9), (Objective(cycle_backward=0.0, identity=0.0), 0.0), (CYCLE_ALONE, 0.9)],
    ids=lambda value: value.name if isinstance(value, Objective) else f"ema {value}",
)
def test_resumed_equals_uninterrupted_to_the_last_bit(objective, ema, precision, tmp_path):
    """Pools of 2 are full, and the rate falls, well before the sixth step."""
    settings = {"steps": 6, "batch": 2, "pool": 2, "ema_decay": ema, "precision": precision}
    data = batches(count=2)
    terms = {"straight": [], "resumed": []}

    straight = trainer(objective, **settings)
    straight.fit(steps(data, 0, 6), [lambda _, done: terms["straight"].append(done.terms)])
    expected = copy.deepcopy(straight.state_dict())

    first = trainer(objective, **settings)
    first.fit(steps(data, 0, 3), [lambda _, done: terms["resumed"].append(done.terms)])
    state = stored_and_loaded(first.state_dict(), tmp_path / "state.pt")
    assert not same(state["model"], expected["model"])

    torch.manual_seed(99)
    resumed = trainer(objective, init=99, **settings)
    resumed.load_state_dict(state)
    assert resumed.steps_done == 3
    resumed.fit(steps(batches(count=2), 3, 6), [lambda _, d: terms["resumed"].append(d.terms)])

    ended = resumed.state_dict()
    assert [part for part in expected if not same(ended[part], expected[part])] == []
    assert len(terms["straight"]) == 6
    assert terms["resumed"] == terms["straight"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_state_saved_on_the_gpu_can_be_resumed_there(tmp_path):
    cuda = torch.device("cuda")
    first = trainer(device=cuda, steps=6, batch=2, pool=2)
    first.fit(steps(batches(count=2), 0, 3))
    resumed = trainer(device=cuda, steps=6, batch=2, pool=2)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", map_location="cpu", weights_only=True)
    resumed.load_state_dict(state)
    resumed.fit(steps(batches(count=2), 3, 6))
    assert resumed.steps_done == 6


# Precision


def test_bfloat16_where_the_processor_multiplies_it(monkeypatch):
    for found, expected in (({"amx_bf16": True}, "bfloat16"), ({"avx2": True}, "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found, raising=False)
        assert quick_precision(CPU) == expected
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert quick_precision(CPU) == "float32"
    assert quick_precision(torch.device("mps")) == "float32"


# The algorithm


def plain_training(
    networks: Model, data: Batches, count: int, rate: float
) -> list[dict[str, float]]:
    """Least squares, L1, λ = 10, identity 5, one pass a term, as section 7.1 tells it."""
    G, F, D_X, D_Y = (copy.deepcopy(n) for n in networks.children())
    generators = torch.optim.Adam([*G.parameters(), *F.parameters()], rate, (0.5, 0.999))
    judges = torch.optim.Adam([*D_X.parameters(), *D_Y.parameters()], rate, (0.5, 0.999))
    history = []
    for x, y, _ in steps(data, 0, count):
        fake_y, fake_x = G(x), F(y)
        terms = {
            "gan_G": ((D_Y(fake_y) - 1) ** 2).mean(),
            "gan_F": ((D_X(fake_x) - 1) ** 2).mean(),
            "cycle_forward": 10 * (F(fake_y) - x).abs().mean(),
            "cycle_backward": 10 * (G(fake_x) - y).abs().mean(),
            "identity_G": 5 * (G(y) - y).abs().mean(),
            "identity_F": 5 * (F(x) - x).abs().mean(),
        }
        generators.zero_grad()
        sum(terms.values()).backward()
        generators.step()

        judged = {
            "D_X": ((D_X(x) - 1) ** 2).mean() / 2 + (D_X(fake_x.detach()) ** 2).mean() / 2,
            "D_Y": ((D_Y(y) - 1) ** 2).mean() / 2 + (D_Y(fake_y.detach()) ** 2).mean() / 2,
        }
        judges.zero_grad()
        sum(judged.values()).backward()
        judges.step()
        history.append({name: term.item() for name, term in (terms | judged).items()})
    return history


def test_the_steps_are_those_of_a_plain_training():
    """Rate 1e-2, so that each step is seen in the next one's terms."""
    ours = trainer(steps=100, rate=1e-2)
    expected = plain_training(ours.model, batches(), 5, 1e-2)
    found = [ours.step(x, y) for x, y, _ in steps(batches(), 0, 5)]
    for step, (terms, plain) in enumerate(zip(found, expected, strict=True)):
        minimised = {name: terms[name] for name in plain}
        assert minimised == pytest.approx(plain, rel=2e-3, abs=1e-5), f"step {step}"
    assert abs(expected[-1]["D_X"] - expected[0]["D_X"]) > 0.01


def test_twenty_steps_are_those_of_the_recipe_that_the_benchmark_compares_with():
    """At the paper's rate and sizes that take our own layers; with pools that give old images.

    In float64: in float32, Adam's first steps make as much of a rounding error as of a gradient.
    """
    c = replace(
        config(steps=100, pool=3), generator=Generator(width=8, blocks=2, upsampling="resize")
    )
    c = replace(c, discriminator=Discriminator(width=64), image_size=32)
    torch.manual_seed(0)
    model = Model(c).double()
    plain = PlainTraining(copy.deepcopy(model), c.training, CPU)
    ours = Trainer(model, c.training, CPU)
    history = []
    for step in range(20):
        x, y = (batch(size=32, seed=seed).double() for seed in (step, 100 + step))
        terms = ours.step(x, y)
        history.append(sum(float(t) for name, t in terms.items() if not name.startswith("D_")))
        assert history[-1] == pytest.approx(plain.step(x, y), rel=1e-6), f"step {step}"
    assert max(history) > 1.03 * min(history)
    for own, their in zip(ours.model.parameters(), plain.model.parameters(), strict=True):
        torch.testing.assert_close(own, their, rtol=0, atol=1e-7)


def watched(one: Trainer, number: int, look) -> None:
    """Let `look(moment)` see each part of a player begin."""

    def seen(part):
        return lambda model, moment: look(moment) or part(model, moment)

    players = list(one.players)
    parts = tuple(seen(part) for part in players[number].parts)
    players[number] = replace(players[number], parts=parts)
    one.players = tuple(players)


def test_discriminators_take_no_gradient_in_the_generators_step():
    one = trainer(steps=4)
    translators, judges = (one.model.group(roles) for roles in (("G", "F"), ("D_X", "D_Y")))
    before = copy.deepcopy(judges.state_dict())
    seen = []

    def translating(moment: Moment) -> None:
        seen.append("generators")
        assert not any(p.requires_grad for p in judges.parameters())

    def judging(moment: Moment) -> None:
        seen.append("discriminators")
        if seen.count("discriminators") == 1:
            assert all(p.grad is None for p in judges.parameters())
        assert all(p.requires_grad for p in judges.parameters())
        assert not any(p.requires_grad for p in translators.parameters())
        assert any(p.grad is not None and p.grad.any() for p in translators.parameters())
        assert same(dict(judges.state_dict()), dict(before))

    watched(one, 0, translating)
    watched(one, 1, judging)
    one.step(batch(seed=1), batch(seed=2))
    assert seen == 2 * ["generators"] + 2 * ["discriminators"]
    assert not same(dict(judges.state_dict()), dict(before))


def test_every_step_begins_with_fresh_gradients():
    """After a step the gradients are those of this step's terms, not of all so far."""
    one = trainer(CYCLE_ALONE, steps=4, ema_decay=0.0)
    one.step(batch(seed=1), batch(seed=2))
    alone = copy.deepcopy(one.model)
    alone.zero_grad()
    x, y = batch(seed=3), batch(seed=4)
    sum(translated(alone, x, y)[0].values()).backward()
    one.step(x, y)
    for p, q in zip(one.model.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-4, atol=1e-6)


def test_discriminators_see_what_the_pools_give():
    """Each domain has a pool of its own, with random numbers of its own."""
    one = trainer(steps=100, pool=1)
    old = {"fake_x": 0, "fake_y": 0}
    differ = 0
    seen = []
    watched(one, 1, lambda moment: seen.append(moment.made))
    for x, y, _ in steps(batches(), 0, 30):
        with torch.no_grad():
            new = {"fake_x": one.model.F(y), "fake_y": one.model.G(x)}
        one.step(x, y)
        given = seen[-1]
        was_old = {name: not torch.allclose(given[name], new[name], atol=1e-5) for name in given}
        for name in old:
            old[name] += was_old[name]
        differ += was_old["fake_x"] != was_old["fake_y"]
    assert 5 < old["fake_x"] < 25 and 5 < old["fake_y"] < 25
    assert differ > 3


def test_the_objective_is_that_of_the_step():
    """A weight that ends, one that decays, and one that moves between two steps."""
    planned = Objective(
        gan=0.0,
        cycle_backward=8.0,
        identity=5.0,
        cycle_decay=0.5,
        schedule=(Change("identity", 0.0, 2, 2), Change("cycle_backward", 0.0, 1, 3)),
    )
    one, told = trainer(planned, steps=4), []
    watched(one, 0, lambda moment: told.append(moment.objective))
    one.fit(same_batch_forever())
    now = told[::2]
    assert [o.identity for o in now] == [5, 5, 0, 0]
    assert [o.cycle_forward for o in now] == [10, 8.75, 7.5, 6.25]
    assert [o.cycle_backward for o in now] == [8, 7.0, 3.0, 0]
    assert "identity_G" not in one.step(batch(seed=1), batch(seed=2))


def test_fakes_of_true_pairs_go_through_the_pool_with_their_input():
    """An old fake beside a new input would be told apart by that alone."""
    one = trainer(PAIRED, steps=100, pool=1)
    known = set()
    seen = []
    watched(one, 1, lambda moment: seen.append(moment.made))
    older = 0
    for x, y, _ in steps(batches(), 0, 20):
        with torch.no_grad():
            new = torch.cat([x, one.model.G(x)], dim=1)
        known.add(tuple(new.flatten().tolist()))
        one.step(x, y)
        given = seen[-1]["fake_y"]
        assert given.shape == (1, 6, SIZE, SIZE)
        nearest = min((given.flatten() - torch.tensor(pair)).abs().max() for pair in known)
        assert nearest < 1e-5
        older += not torch.allclose(given, new, atol=1e-5)
    assert 3 < older < 17


@pytest.mark.parametrize("name", [name for name, row in VARIANTS.items() if not row.changes])
def test_every_variant_learns(name):
    """Two steps with finite terms, after which both generators have moved."""
    one = trainer(VARIANTS[name].objective, steps=2, rate=1e-2)
    before = copy.deepcopy(one.model.group(("G", "F")).state_dict())
    for x, y, _ in steps(batches(), 0, 2):
        terms = one.step(x, y)
        assert terms and all(math.isfinite(value) for value in terms.values())
    after = one.model.group(("G", "F")).state_dict()
    for network in ("0.", "1."):
        keys = [key for key in before if key.startswith(network)]
        assert not all(torch.equal(before[key], after[key]) for key in keys)


# Schedule


@pytest.mark.parametrize(
    ("count", "shares"),
    [
        (10, [1, 1, 1, 1, 1, 1, 4 / 5, 3 / 5, 2 / 5, 1 / 5]),
        (4, [1, 1, 1, 1 / 2]),
        (5, [1, 1, 1, 2 / 3, 1 / 3]),
        (2, [1, 1]),
        (1, [1]),
    ],
)
def test_rate_is_constant_for_half_the_steps_then_linear_to_0(count, shares):
    one = trainer(steps=count, rate=1e-3)
    rates = []

    def note(trainer: Trainer, done: StepDone) -> None:
        rates.append(done.rate)

    one.fit(same_batch_forever(), [note])
    assert rates == pytest.approx([1e-3 * share for share in shares])
    left = [optimiser.param_groups[0]["lr"] for optimiser in one.optimisers]
    assert left == [0.0, 0.0]


def test_both_optimisers_use_the_reported_rate():
    one = trainer(steps=10, rate=1e-3)
    for step in range(9):
        expected = 1e-3 * min(1, (10 - step) / 5)
        rates = [optimiser.param_groups[0]["lr"] for optimiser in one.optimisers]
        assert rates == pytest.approx([expected, expected])
        one.step(batch(seed=1), batch(seed=2))


# Moving average


@pytest.mark.parametrize("decay", [0.9, 0.2])
def test_moving_average_by_hand(decay):
    """a ← k a + (1 − k) w, k = min(decay, (1 + n) / (10 + n)) after n averaged steps."""
    one = trainer(steps=10, rate=1e-2, ema_decay=decay)
    data = batches()

    def weight(G: nn.Module) -> Tensor:
        return next(G.parameters()).detach().clone()

    expected = None
    for n, (x, y, _) in enumerate(steps(data, 0, 4)):
        one.step(x, y)
        current = weight(one.model.G)
        if n == 0:
            expected = current
        else:
            keep = min(decay, {1: 2 / 11, 2: 3 / 12, 3: 4 / 13}[n])
            expected = keep * expected + (1 - keep) * current
        averaged = weight(one.networks["G"])
        torch.testing.assert_close(averaged, expected, rtol=1e-6, atol=1e-7)
    assert (averaged - current).abs().max() > 1e-4


def test_both_generators_are_averaged_and_none_is_trained_on_the_average():
    one = trainer(steps=10, rate=1e-2)
    for x, y, _ in steps(batches(), 0, 3):
        one.step(x, y)
    for averaged, trained in zip(
        (one.networks["G"], one.networks["F"]), (one.model.G, one.model.F), strict=True
    ):
        a, b = (dict(n.state_dict()) for n in (averaged, trained))
        assert a.keys() == b.keys()
        assert not same(a, b)


def test_without_moving_average_samples_come_from_the_trained_generators():
    one = trainer(steps=2, ema_decay=0.0)
    assert (one.networks["G"], one.networks["F"]) == (one.model.G, one.model.F)
    assert one.state_dict()["average"] is None


# Numbers that are not finite


def poison_x(one: Trainer, x: Tensor, y: Tensor) -> None:
    x[0, 0, 0, 0] = float("nan")


def poison_weight(one: Trainer, x: Tensor, y: Tensor) -> None:
    with torch.no_grad():
        next(one.model.D_Y.parameters())[0, 0, 0, 0] = float("inf")


def poison_old_fake(one: Trainer, x: Tensor, y: Tensor) -> None:
    """Only D_Y's own loss is bad; by then the generators' gradients are known to be good."""
    query = one.pools["fake_y"].query
    one.pools["fake_y"].query = lambda images: query(images) * float("inf")


def poison_gradient(one: Trainer, x: Tensor, y: Tensor) -> None:
    """√0 is 0, and its slope infinite."""
    first = one.players[0]
    part, other = first.parts

    def with_a_root(model: Model, moment: Moment):
        losses = part(model, moment)
        root = (0 * next(model.G.parameters()).sum()).sqrt()
        return replace(losses, terms={**losses.terms, "root": root})

    one.players = (replace(first, parts=(with_a_root, other)), one.players[1])


@pytest.mark.parametrize(
    ("poison", "named"),
    [
        (poison_x, "The gan_G became nan at step 3."),
        (poison_weight, "The gan_G became"),
        (poison_old_fake, "The D_Y became"),
        (poison_gradient, "gradient of G and F"),
    ],
)
def test_numbers_that_are_not_finite_change_nothing(poison, named):
    one = trainer(steps=10, rate=1e-2)
    for x, y, _ in steps(batches(), 0, 2):
        one.step(x, y)
    x, y, _ = batches()[2]
    poison(one, x, y)
    before = copy.deepcopy(one.state_dict())
    with pytest.raises(NonFiniteError) as error:
        one.step(x, y)
    assert named in str(error.value)
    assert "at step 3." in str(error.value)
    after = one.state_dict()
    kept = ["steps_done", "model", "average", "optimisers", "schedules"]
    assert [part for part in kept if not same(after[part], before[part])] == []


def test_a_gpu_is_asked_now_and_then_and_no_update_is_applied_in_between():
    """As on a GPU, on the CPU: the bad numbers of step 3 are noticed after step 5."""
    one = trainer(steps=10, rate=1e-2, ema_decay=0.0)
    for x, y, _ in steps(batches(), 0, 2):
        one.step(x, y)
    one.watch.check_every = 3
    before = copy.deepcopy(one.model.state_dict())
    moments = copy.deepcopy([o.state_dict()["state"] for o in one.optimisers])
    x, y, _ = batches()[2]
    poison_x(one, x, y)
    one.step(x, y)
    one.step(*batches()[3])
    with pytest.raises(NonFiniteError, match="The gan_G became nan at step 3"):
        one.step(*batches()[4])
    assert same(dict(one.model.state_dict()), dict(before))
    assert same([o.state_dict()["state"] for o in one.optimisers], moments)


def test_no_state_is_handed_out_after_bad_numbers():
    one = trainer(steps=10)
    one.watch.check_every = 5
    x, y, _ = batches()[0]
    poison_x(one, x, y)
    one.step(x, y)
    with pytest.raises(NonFiniteError, match="at step 1"):
        one.state_dict()


@pytest.mark.parametrize("name", ["cyclegan-identity", "gan-forward", "quality-cycle", "pix2pix"])
def test_both_ways_at_once_are_both_ways_in_turn(name):
    """On two threads each half of the objective has its own; no gradient may get lost."""
    objective = VARIANTS[name].objective
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            one = trainer(objective, steps=20, rate=1e-3)
            terms = [one.step(x, y) for x, y, _ in steps(batches(), 0, 10)]
        finally:
            torch.set_num_threads(1)
        assert (one.engine._side_by_side is not None) is (threads == 2)
        found.append([{k: float(v) for k, v in step.items()} for step in terms])
    for alone, together in zip(*found, strict=True):
        assert list(alone) == list(together)
        assert together == pytest.approx(alone, rel=1e-4)


def test_training_goes_on_after_a_bad_batch_is_left_out():
    """A caller who catches the error can step on, as if the batch had not been there."""
    with_bad, without = (trainer(CYCLE_ALONE, steps=10) for _ in range(2))
    good = list(steps(batches(), 0, 3))
    bad = (torch.full_like(good[0][0], math.nan), good[0][1])
    for x, y, _ in good:
        with pytest.raises(NonFiniteError):
            with_bad.step(*bad)
        with_bad.step(x, y)
        without.step(x, y)
    assert same(with_bad.state_dict(), without.state_dict())


# fit


def test_stop_ends_after_the_step_and_all_its_callbacks():
    one = trainer(CYCLE_ALONE, steps=10)
    calls = []

    def stop_at_2(trainer: Trainer, done: StepDone) -> None:
        calls.append(("first", done.step))
        trainer.stop = done.step == 2

    def after(trainer: Trainer, done: StepDone) -> None:
        calls.append(("second", done.step))

    one.fit(same_batch_forever(), [stop_at_2, after])
    assert one.steps_done == 2
    assert calls == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_a_stop_that_comes_while_the_processes_confer_is_kept(monkeypatch):
    """As a signal handler sets it, after this process has said no."""
    one = trainer(CYCLE_ALONE, steps=10)

    def confer(said: bool) -> bool:
        one.stop = one.stop or one.steps_done == 2
        return said

    monkeypatch.setattr(processes, "any_of", confer)
    one.fit(same_batch_forever())
    assert one.steps_done == 3


def test_fit_ends_with_the_settings_or_the_batches():
    one = trainer(CYCLE_ALONE, steps=5)
    one.fit(itertools.islice(same_batch_forever(), 2))
    assert one.steps_done == 2
    one.fit(same_batch_forever())
    assert one.steps_done == 5


def test_what_a_step_reports():
    one = trainer(steps=3)

    def slow() -> Iterator[Batch]:
        for pair in itertools.islice(same_batch_forever(), 3):
            time.sleep(0.02)
            yield pair

    reports: list[StepDone] = []
    one.fit(slow(), [lambda _, done: reports.append(done), lambda *_: time.sleep(0.3)])
    assert [done.step for done in reports] == [1, 2, 3]
    names = {"gan_G", "gan_F", "cycle_forward", "cycle_backward", "identity_G", "identity_F"}
    for done in reports:
        minimised = {n for n in done.terms if not one.method.term(n).is_told}
        assert minimised == names | {"D_X", "D_Y"}
        for D in ("D_X", "D_Y"):
            halves = done.terms[f"{D}_real"] + done.terms[f"{D}_generated"]
            torch.testing.assert_close(halves / 2, done.terms[D])
            assert 0 <= done.terms[f"{D}_accuracy"] <= 1
        assert 0.02 <= done.waited < done.seconds
        assert done.waited < 0.3  # The callbacks' time is nobody's waiting.


def test_pool_size_and_seed_reach_the_pools():
    one = trainer(steps=10, pool=2, seed=5)
    for x, y, _ in steps(batches(), 0, 4):
        one.step(x, y)
    assert [len(pool.images) for pool in one.pools.values()] == [2, 2]
    states = [pool.random.initial_seed() for pool in one.pools.values()]
    assert len(set(states)) == 2
    assert states != [
        pool.random.initial_seed() for pool in trainer(steps=1, seed=0).pools.values()
    ]


# Changed on the way


def test_a_new_rate_keeps_the_shape_of_the_schedule():
    """Half of it for the first half, then down to zero with the last step, as planned."""
    one, rates = trainer(CYCLE_ALONE, steps=8, rate=0.4), []
    one.fit(itertools.islice(same_batch_forever(), 2))
    one.change(rate=0.2)
    one.fit(same_batch_forever(), [lambda _, done: rates.append(done.rate)])
    assert rates == pytest.approx([0.2, 0.2, 0.2, 0.15, 0.1, 0.05])


def test_a_changed_objective_is_that_of_the_next_step():
    changed, other = trainer(), trainer(Objective(cycle_forward=3.0, identity=0.0))
    changed.change(Objective(cycle_forward=3.0, identity=0.0))
    one, two = (t.step(batch(seed=1), batch(seed=2)) for t in (changed, other))
    assert one == two and "identity_G" not in one
    assert same(changed.model.state_dict(), other.model.state_dict())


def test_without_the_gan_term_the_judges_stand_still_and_may_come_back():
    one = trainer()
    one.fit(itertools.islice(same_batch_forever(), 2))
    before = copy.deepcopy(one.model.group(("D_X", "D_Y")).state_dict())
    one.change(replace(one.objective, gan=0.0))
    for _ in range(2):
        assert {"D_X", "gan_G"}.isdisjoint(one.step(batch(seed=1), batch(seed=2)))
    assert same(one.model.group(("D_X", "D_Y")).state_dict(), before)
    one.change(Objective())
    assert {"D_X", "gan_G"} <= one.step(batch(seed=1), batch(seed=2)).keys()
    assert not same(one.model.group(("D_X", "D_Y")).state_dict(), before)


def test_a_resumed_run_keeps_what_was_changed(tmp_path):
    data = batches()
    straight = trainer(steps=6)
    straight.fit(steps(data, 0, 2))
    straight.change(Objective(cycle_forward=1.0), rate=1e-3)
    straight.fit(steps(data, 2, 4))
    state = stored_and_loaded(straight.state_dict(), tmp_path / "state.pt")
    straight.fit(steps(data, 4, 6))

    resumed = trainer(steps=6)
    resumed.load_state_dict(state)
    assert resumed.objective == Objective(cycle_forward=1.0)
    resumed.fit(steps(data, 4, 6))
    ended, expected = resumed.state_dict(), straight.state_dict()
    assert [part for part in expected if not same(ended[part], expected[part])] == []


def test_a_state_of_before_there_were_changes_can_be_resumed():
    one, other = trainer(), trainer()
    state = one.state_dict()
    del state["objective"]
    other.load_state_dict(state)
    assert other.objective == Objective()


@pytest.mark.parametrize(
    ("began", "change", "words"),
    [
        (CYCLE_ALONE, {"objective": Objective()}, "began without D_X and D_Y"),
        (Objective(), {"objective": Paired()}, "method is chosen"),
        (Objective(), {"rate": 0.0}, "rate is 0.0"),
        (Objective(), {"objective": Objective(identity=0.0), "rate": -1.0}, "rate is -1.0"),
    ],
)
def test_what_cannot_be_changed_changes_nothing(began, change, words):
    one = trainer(began)
    before = copy.deepcopy(one.state_dict())
    with pytest.raises(ConfigError, match=words):
        one.change(**change)
    assert same(one.state_dict(), before)
