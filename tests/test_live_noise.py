"""Two arms that make pictures of noise, live: what is seen of them, what is logged, and how the two
augmentations are chosen."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_live import queued, state_of, work
from test_live_panels import text, tree
from test_recipe import asked
from test_recipe import form as form
from tiny import dataset, same

from cyclegan import lessons, methods
from cyclegan.core import images
from cyclegan.core.config import Config, ConfigError, Discriminator, Generator, Training
from cyclegan.labs.live import Arm, LiveSettings, look, reel, status
from cyclegan.labs.live.worker import Worker
from cyclegan.methods.dcgan.objective import Objective
from cyclegan.page import live_curves, live_panels, stage
from cyclegan.store import checkpoints
from cyclegan.training.runs import read_log

SIZE = 16
DCGAN = methods.find("dcgan")


def settings(data, side: str = "y", steps: int = 4) -> LiveSettings:
    arms = tuple(
        Arm(name, Objective(augmentation=name, side=side)) for name in ("none", "diffaugment")
    )
    base = Config(
        generator=Generator("dcgan", width=2, blocks=0, upsampling="resize", norm="batch"),
        discriminator=Discriminator("dcgan", width=2, norm="instance"),
        objective=arms[0].objective,
        training=Training(data=str(data), batch=3, steps=steps, pool=0, pictures=4),
        image_size=SIZE,
    )
    return LiveSettings(base, arms, None, "cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("data") / "some", size=20, x=6, y=7, test=5)


@pytest.mark.parametrize(
    ("side", "role", "place"), [("y", "G", "figures"), ("x", "F", "figures_F")]
)
def test_a_frame_is_a_sheet_of_samples_of_one_noise(data, tmp_path, side, role, place):
    folder = queued(tmp_path / "run", wanted := settings(data, side))
    assert work(folder).state == "finished"
    frame = look.read_frame(folder)
    assert (frame.step, frame.inputs, frame.truths) == (4, [], [])
    config = wanted.base
    for slug, arm in zip(wanted.slugs, frame.arms, strict=True):
        (tile,) = arm["made"]
        assert tile.size == (5 * SIZE, SIZE), "as many as there are held-out pictures"
        network = checkpoints.load(folder / slug).model.networks[role].eval()
        z = DCGAN.latent("z", config, 5, torch.Generator().manual_seed(0))
        with torch.no_grad():
            made = images.to_bytes(network(z))
        expected = torch.cat(list(made), 2).permute(1, 2, 0).numpy().astype(int)
        assert abs(np.asarray(tile).astype(int) - expected).mean() < 1
        saved = [line[place] for line in read_log(folder / slug) if place in line]
        assert saved[-1]["d_gap"] == pytest.approx(
            saved[-1]["judged_trained"] - saved[-1]["judged_real"], abs=1e-6
        )
    assert reel.steps(folder)[-1] == 4

    html = stage.draw("run", frame, wanted)
    assert html.count("<canvas") == 2 and "alone" in html and "Which input" not in html
    assert "Both arms are given the same noise" in html
    assert live_panels.details(wanted).startswith("noise → ")
    assert "4 pictures a side" in live_panels.details(wanted) and "blocks" not in html


def test_a_training_that_goes_on_is_the_same_to_the_last_bit(data, tmp_path):
    """As one that was never ended: weights, Adam's moments, z and T."""
    straight = queued(tmp_path / "straight", wanted := settings(data))
    assert work(straight).state == "finished"
    halved = queued(tmp_path / "halved", wanted)
    worker = Worker(halved)
    take = worker.train

    def some() -> None:
        """The page is closed after two of four steps."""
        step = worker.lockstep.take_step

        def stop(batch, waited) -> None:
            step(batch, waited)
            if worker.lockstep.step == 2:
                worker.ending = ("interrupted", "")

        worker.lockstep.take_step = stop
        take()

    worker.train = some
    worker.run()
    assert status.read(halved).saved_step == 2
    assert work(halved).state == "finished"
    for slug in wanted.slugs:
        assert same(state_of(straight / slug), state_of(halved / slug))


def test_the_two_opinions_of_an_arm_stand_on_one_scale(data):
    wanted, logs = settings(data), ([], [])
    for log, gap in zip(logs, (0.5, 0.1), strict=True):
        for step in (10, 20):
            known = 0.4 + step * gap / 20
            figures = {"judged_trained": known, "judged_real": 0.4, "diversity": 0.9}
            log.append({"step": step, "figures": figures, "terms": {"gan_G": 1.0}})
    html = live_curves.charts(logs, wanted, (), None)
    drawn = [
        (line.attrib["class"], line.attrib["points"])
        for line in tree(html).iter("polyline")
        if line.attrib["class"].startswith("line")
    ]
    assert [kind for kind, _ in drawn[:4]] == ["line a", "line a dotted", "line b", "line b dotted"]
    heights = [100 - float(points.split(",")[-1]) for _, points in drawn[:4]]
    assert heights[0] == pytest.approx(0.9 / 0.4 * heights[1], abs=1)
    assert heights[1] == heights[3] and heights[2] == pytest.approx(0.5 / 0.4 * heights[1], abs=1)
    assert "0.90, 0.40 · 0.50, 0.40" in text(html) and "diversity" in text(html)


# The form


def test_a_method_with_a_recipe_for_lessons_can_be_chosen_for_each(form):
    wanted = asked(form, "emoji", "dcgan:lesson")
    recipe = DCGAN.recipes["lesson"]
    base = wanted.base
    assert (base.generator, base.discriminator) == (recipe.generator, recipe.discriminator)
    assert base.training == replace(recipe.training, data="emoji", pictures=100)
    assert [arm.objective.augmentation for arm in wanted.arms] == ["none", "diffaugment"]
    assert [arm.name for arm in wanted.arms] == ["without augmentation", "with DiffAugment"]
    assert base.facts["recipe"]["name"] == "lesson" and wanted.direction == "xy"
    assert LiveSettings.from_dict(wanted.to_dict()) == wanted
    shown = form.offered("emoji", "dcgan:lesson")
    assert shown["dcgan", None]["visible"] and not shown["cyclegan", 0]["visible"]
    assert [kind for _, kind in shown["generator"]["choices"]] == ["dcgan"]
    assert shown["size"]["choices"] == [32, 64], "48 is none of its sizes"
    assert not shown["blocks"]["visible"]
    assert shown["told"]["value"].startswith("It learns to make 3D pictures out of noise.")


def test_two_of_the_three_augmentations_and_the_side_are_chosen(form):
    typed = {
        ("dcgan", 0, "augmentation"): "pictures",
        ("dcgan", None, "side"): "x",
        "pictures": 300,
    }
    by_key = dict(zip(form._asked, form.inputs, strict=True))
    values = {c: "" if c.value is None else c.value for c in form.inputs}
    offered = form.offered("satellite2map", "dcgan:lesson")
    values |= {by_key[k]: of["value"] for k, of in offered.items() if k in by_key and "value" in of}
    values |= {by_key["kind"]: "satellite2map", **{by_key[k]: v for k, v in typed.items()}}
    wanted, _ = form.read(list(values.values()), lambda *_, **__: None)
    assert [arm.objective for arm in wanted.arms] == [
        Objective(augmentation="pictures", side="x"),
        Objective(augmentation="diffaugment", side="x"),
    ]
    assert [arm.name for arm in wanted.arms] == ["GAN (augmented pictures)", "with DiffAugment"]
    assert wanted.base.training.pictures == 300 and wanted.direction == "yx"
    domains = lessons.find("satellite2map").domains
    assert offered["dcgan", None, "side"]["choices"] == [(domains.y, "y"), (domains.x, "x")]


def test_both_arms_learn_one_side():
    base = settings("emoji").base
    arms = Arm("a", Objective()), Arm("b", Objective(side="x"))
    with pytest.raises(ConfigError, match="What is learned must be the same for both arms"):
        LiveSettings(base, arms)
