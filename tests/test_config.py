"""Settings: defaults of the paper, valid ranges, names of variants, JSON."""

import json
from dataclasses import FrozenInstanceError

import pytest

from cyclegan.core.config import (
    Change,
    Channels,
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Training,
)
from cyclegan.methods.cyclegan import Objective
from cyclegan.methods.pix2pix import Objective as Paired
from cyclegan.store import checkpoints

END = Change("identity", 0.0, 300, 300)
CHANGE = {"weight": "identity", "value": 1.0, "start": 5, "end": 9}


def test_defaults_are_the_papers():
    c = Config()
    assert (c.generator.kind, c.generator.width, c.generator.blocks) == ("resnet", 64, 9)
    assert (c.discriminator.kind, c.discriminator.width) == ("patchgan", 64)
    assert (c.objective.gan, c.objective.cycle_forward, c.objective.cycle_backward) == (1, 10, 10)
    assert c.objective.identity == 0.5 * 10
    assert (c.objective.adversarial, c.objective.cycle_norm) == ("least_squares", "l1")
    t = c.training
    assert (t.batch, t.rate, t.beta1, t.beta2, t.pool) == (1, 2e-4, 0.5, 0.999, 50)
    assert c.image_size == 256


def test_json_round_trip():
    config = Config(
        generator=Generator("unet", 8, 3, "resize"),
        discriminator=Discriminator("patch4", 4),
        objective=Objective(0.5, 1.0, 2.0, 3.0, "log", "l2"),
        domains=Domains("satellite ☀", "map"),
        training=Training("folder", "none", 7, 2, 1e-3, 0.4, 0.9, 3, 0.5, "bfloat16", 11),
        image_size=64,
        facts={"seconds": 1.5, "machine": "CPU"},
    )
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("quality", ["off", "translation", "original"])
def test_every_term_survives_json(quality):
    config = Config(objective=Objective(cycle_features=0.5, cycle_decay=0.9, cycle_quality=quality))
    read = Config.from_dict(json.loads(json.dumps(config.to_dict())))
    assert read == config and read.objective.cycle_quality == quality


@pytest.mark.parametrize("method", [{}, {"method": "cyclegan"}])
@pytest.mark.parametrize(("was", "today"), [(True, "translation"), (False, "off")])
def test_the_quality_of_the_translation_was_once_the_only_one(method, was, today):
    """In files that name their method and in older ones, which name none."""
    found = Config.from_dict({**method, "objective": {"cycle_quality": was}}).objective
    assert found == Objective(cycle_quality=today)
    assert found.slug == f"gan-cycle{'_quality' if was else ''}-identity"


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("feature-cycle", {"cycle_features": 0.5}),
        ("decaying-cycle", {"cycle_decay": 0.9}),
        ("quality-cycle", {"cycle_quality": "translation"}),
    ],
)
def test_bundled_remedies_say_what_they_were_trained_with(name, special):
    """Their report is of before: with γ to a half, and one quality, on or off."""
    path = checkpoints.BUNDLED / "satellite2map-ablation" / "report" / "report.json"
    (row,) = (v for v in checkpoints.read_json(path)["variants"] if v["name"] == name)
    assert Config.from_dict({"objective": row["objective"]}).objective == Objective(**special)


def test_a_config_written_before_there_were_remedies():
    """The bundled set's: what it does not tell is off."""
    folder = checkpoints.BUNDLED / "satellite2map"
    for variant in checkpoints.find(folder):
        values = json.loads((variant / "config.json").read_text(encoding="utf-8"))
        values["objective"] = {
            key: values["objective"][key]
            for key in ("gan", "cycle_forward", "cycle_backward", "identity", "adversarial")
        }
        objective = Config.from_dict(values).objective
        assert objective == checkpoints.read_config(variant).objective
        assert not (objective.cycle_decay or objective.cycle_features or objective.schedule)
        assert objective.cycle_quality == "off" and objective.slug == variant.name


def test_missing_keys_take_their_defaults():
    assert Config.from_dict({"generator": {"width": 8}}) == Config(generator=Generator(width=8))
    # As of configs before there was a choice.
    older = Generator(width=8)
    assert (older.downsampling, older.padding) == ("strided", "reflect")
    assert Config.from_dict({"training": {"seed": 3}}).training.flip == "horizontal"


def test_what_is_unusual_about_a_generator_is_said():
    assert Generator("resnet", 8, 2, "resize").words == "ResNet, 2 blocks, 8 filters"
    unusual = Generator("resnet", 8, 2, "bilinear_zeros", "antialiased", "zeros").words
    said = "anti-aliased downsampling, bilinear upsampling, zero-padded blocks"
    assert unusual == f"ResNet, 2 blocks, 8 filters, {said}"


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Config().generator.width = 3


@pytest.mark.parametrize(
    ("values", "where", "valid"),
    [
        ({"generater": {}}, "config has the unknown key 'generater'", "generator, discriminator"),
        ({"generator": {"wide": 1}}, "config.generator has the unknown key 'wide'", "kind, width"),
        ({"training": {"lr": 1.0}}, "config.training has the unknown key 'lr'", "rate, beta1"),
    ],
)
def test_unknown_key(values, where, valid):
    with pytest.raises(ConfigError) as error:
        Config.from_dict(values)
    assert where in str(error.value) and valid in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "config must be a JSON object, not list"),
        ({"generator": 3}, "config.generator must be a JSON object, not int"),
        ({"generator": {"width": "64"}}, "config.generator.width must be int, not '64'"),
        ({"generator": {"kind": None}}, "config.generator.kind must be str, not None"),
        ({"objective": {"gan": "1"}}, "config.objective.gan must be float, not '1'"),
        ({"objective": {"gan": True}}, "config.objective.gan must be float, not True"),
        ({"training": {"steps": 10.0}}, "config.training.steps must be int, not 10.0"),
        ({"image_size": True}, "config.image_size must be int, not True"),
        ({"objective": {"cycle_quality": 1}}, "config.objective.cycle_quality must be str, not 1"),
        ({"facts": []}, "config.facts must be dict, not []"),
    ],
)
def test_bad_type(values, message):
    with pytest.raises(ConfigError) as error:
        Config.from_dict(values)
    assert message in str(error.value)


def test_a_whole_number_is_a_float_too():
    assert Config.from_dict({"objective": {"gan": 2}}).objective.gan == 2.0


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("build", "values", "words"),
    [
        (Generator, {"kind": "vit"}, ["generator kind", "'vit'", "resnet, unet"]),
        (Generator, {"upsampling": "pixel"}, ["upsampling", "'pixel'", "transposed, resize"]),
        (Generator, {"downsampling": "pool"}, ["downsampling", "'pool'", "strided, antialiased"]),
        (Generator, {"kind": "unet", "downsampling": "antialiased"}, ["downsampling of unet"]),
        (Generator, {"padding": "wrap"}, ["padding", "'wrap'", "reflect, zeros"]),
        (Generator, {"kind": "pix2pix", "padding": "zeros"}, ["padding of pix2pix"]),
        (Generator, {"width": 0}, ["generator width", "0", "at least 1"]),
        (Generator, {"blocks": -1}, ["residual blocks", "-1", "at least 0"]),
        (Discriminator, {"kind": "vit"}, ["discriminator kind", "'vit'", "patchgan, patch4"]),
        (Discriminator, {"width": 0}, ["discriminator width", "0", "at least 1"]),
        (Objective, {"adversarial": "w"}, ["adversarial", "'w'", "least_squares, log"]),
        (Objective, {"cycle_norm": "l3"}, ["cycle norm", "'l3'", "l1, l2"]),
        (Objective, {"gan": -0.1}, ["GAN", "-0.1", "at least 0"]),
        (Objective, {"cycle_backward": NAN}, ["backward cycle", "nan", "at least 0"]),
        (Objective, {"identity": INFINITY}, ["identity", "inf", "a number of at least 0"]),
        (
            Objective,
            {"gan": 0.0, "cycle_forward": 0.0, "cycle_backward": 0.0, "identity": 0.0},
            ["Every term", "at least one"],
        ),
        (Paired, {"paired": -1.0}, ["paired", "-1.0", "at least 0"]),
        (Objective, {"cycle_features": 1.1}, ["cycle_features", "1.1", "[0, 1]"]),
        (Objective, {"cycle_decay": NAN}, ["cycle_decay", "nan", "[0, 1]"]),
        (Objective, {"cycle_features": 0.5, "gan": 0.0}, ["cycle_features", "need both the GAN"]),
        (
            Objective,
            {"cycle_quality": "original", "schedule": (Change("gan", 0.0, 5, 9),)},
            ["need both the GAN", "from the first step to the last"],
        ),
        (
            Objective,
            {"cycle_quality": "original", "cycle_forward": 0.0, "cycle_backward": 0.0},
            ["cycle_quality", "need both the GAN and a cycle term"],
        ),
        (Paired, {"paired": 0.0, "gan": 0.0}, ["Every term", "off"]),
        (Channels, {"x": 0}, ["channels of X", "at least 1"]),
        (Channels, {"y": 65}, ["channels of Y", "64"]),
        (Change, {**CHANGE, "start": -1}, ["start of a change", "at least 0"]),
        (Change, {**CHANGE, "end": 4}, ["end of a change", "at least 5"]),
        (Change, {**CHANGE, "value": -2.0}, ["weight of identity", "-2.0"]),
        (
            Objective,
            {"schedule": (Change("colour", 1.0, 0, 0),)},
            ["colour is no weight of cyclegan", "cycle_forward"],
        ),
        (
            Objective,
            {"cycle_forward": 0.0, "cycle_backward": 0.0, "gan": 0.0, "schedule": (END,)},
            ["Every term of the objective is off after step 300"],
        ),
        (Training, {"fit": "resize"}, ["fit", "'resize'", "crop, squeeze, pad, none"]),
        (Training, {"flip": "vertical"}, ["flip", "'vertical'", "horizontal, none"]),
        (Training, {"precision": "float16"}, ["precision", "'float16'", "float32, bfloat16"]),
        (Training, {"steps": 0}, ["steps", "0", "at least 1"]),
        (Training, {"batch": 0}, ["batch", "0", "at least 1"]),
        (Training, {"pool": -1}, ["pool", "-1", "at least 0"]),
        (Training, {"seed": -1}, ["seed", "-1", "[0, 2^63)"]),
        (Training, {"seed": 2**63}, ["seed", str(2**63), "[0, 2^63)"]),
        (Training, {"rate": 0.0}, ["rate", "0.0", "above 0"]),
        (Training, {"rate": NAN}, ["rate", "nan", "above 0"]),
        (Training, {"rate": INFINITY}, ["rate", "inf", "a number above 0"]),
        (Training, {"beta1": 1.0}, ["beta1", "1.0", "[0, 1)"]),
        (Training, {"beta2": -0.1}, ["beta2", "-0.1", "[0, 1)"]),
        (Training, {"ema_decay": 1.0}, ["ema_decay", "1.0", "[0, 1)"]),
        (Training, {"ema_decay": NAN}, ["ema_decay", "nan", "[0, 1)"]),
        (Config, {"image_size": 30}, ["image size", "30", "multiples of 4 from 8"]),
        (Config, {"image_size": 0}, ["image size", "0", "multiples of 4 from 8"]),
        (Config, {"image_size": 20}, ["image size", "20", "patchgan", "24 pixels"]),
        (
            Config,
            {"image_size": 28, "discriminator": Discriminator("patch4")},
            ["image size", "28", "patch4", "32 pixels"],
        ),
        (
            Config,
            {"image_size": 40, "generator": Generator("unet")},
            ["image size", "40", "multiples of 16 from 32"],
        ),
        (
            Config,
            {"image_size": 16, "generator": Generator("unet")},
            ["image size", "16", "multiples of 16 from 32"],
        ),
    ],
)
def test_out_of_range_says_what_is_valid(build, values, words):
    with pytest.raises(ConfigError) as error:
        build(**values)
    message = str(error.value)
    assert [word for word in words if word not in message] == []
    assert message.endswith(".") and "\n" not in message


def test_the_least_values_are_valid():
    Generator(width=1, blocks=0)
    Training(steps=1, batch=1, pool=0, beta1=0.0, beta2=0.0, ema_decay=0.0, seed=2**63 - 1)
    Config(image_size=24)
    Config(image_size=8, objective=Objective(gan=0.0))
    Config(image_size=32, generator=Generator("unet"), discriminator=Discriminator("patch4"))


@pytest.mark.parametrize(
    ("weights", "name", "slug"),
    [
        # The five rows of Tables 4 and 5 of the paper.
        ({"gan": 0.0, "identity": 0.0}, "cycle", "cycle"),
        ({"cycle_forward": 0.0, "cycle_backward": 0.0, "identity": 0.0}, "GAN", "gan"),
        (
            {"cycle_backward": 0.0, "identity": 0.0},
            "GAN + forward cycle",
            "gan-forward_cycle",
        ),
        (
            {"cycle_forward": 0.0, "identity": 0.0},
            "GAN + backward cycle",
            "gan-backward_cycle",
        ),
        ({"identity": 0.0}, "GAN + cycle", "gan-cycle"),
        # The two switches add these.
        ({"cycle_forward": 0.0, "cycle_backward": 0.0}, "GAN + identity", "gan-identity"),
        ({}, "GAN + cycle + identity", "gan-cycle-identity"),
        (
            {"adversarial": "log", "cycle_norm": "l2", "cycle_decay": 0.9},
            "GAN (log) + cycle (L2, decaying) + identity",
            "gan_log-cycle_l2_decaying-identity",
        ),
        (
            {"cycle_quality": "translation"},
            "GAN + cycle (quality) + identity",
            "gan-cycle_quality-identity",
        ),
        (
            {"cycle_quality": "original"},
            "GAN + cycle (quality of originals) + identity",
            "gan-cycle_quality_of_originals-identity",
        ),
    ],
)
def test_names_of_variants(weights, name, slug):
    objective = Objective(**weights)
    assert (objective.name, objective.slug) == (name, slug)


@pytest.mark.parametrize(
    ("forward", "backward", "has"), [(0, 0, False), (1, 0, True), (0, 1, True), (1, 1, True)]
)
def test_has_cycle(forward, backward, has):
    assert Objective(cycle_forward=forward, cycle_backward=backward).has_cycle is has


@pytest.mark.parametrize(
    ("facts", "under_way"),
    [
        ({}, True),
        ({"steps": 0}, True),
        ({"steps": 7}, True),
        ({"steps": 10}, False),
        ({"steps": 7, "kept": 7}, False),
        ({"steps": 8, "kept": 7}, True),
    ],
)
def test_a_training_is_under_way_until_its_last_step_or_where_it_was_kept(facts, under_way):
    assert Config(training=Training(steps=10), facts=facts).is_under_way == under_way


# Methods and schedules


def test_pix2pix_was_a_weight_of_the_one_objective():
    """Older files name no method; true pairs had a weight, and their slug stays."""
    older = {"gan": 1.0, "cycle_forward": 0.0, "cycle_backward": 0.0, "identity": 0.0}
    older |= {"adversarial": "least_squares", "cycle_norm": "l1", "paired": 100.0}
    found = Config.from_dict({"objective": older})
    assert found.objective == Paired(adversarial="least_squares")
    assert (found.method, found.objective.name) == ("pix2pix", "GAN (conditional) + paired")
    assert found.objective.slug == "gan_conditional-paired"
    assert Config.from_dict(found.to_dict()) == found
    assert Config.from_dict(
        {"objective": {**older, "cycle_forward": 1.0, "paired": 0.0}}
    ).method == ("cyclegan")


def test_an_unknown_method_is_a_sentence():
    with pytest.raises(ConfigError, match="no method 'vae' here; known are cyclegan, pix2pix"):
        Config.from_dict({"method": "vae", "objective": {}})
    with pytest.raises(ConfigError, match=r"config\.method must be a name"):
        Config.from_dict({"method": 3})


def test_a_schedule_lives_in_json_and_changes_no_name():
    planned = Objective(schedule=(END, Change("cycle_forward", 2.0, 0, 100)))
    c = Config(objective=planned)
    assert Config.from_dict(json.loads(json.dumps(c.to_dict()))) == c
    assert (planned.slug, planned.name) == (Objective().slug, Objective().name)
    assert planned.remarks[0] == "The weight of identity is 0 from step 301 on."
    with pytest.raises(ConfigError, match="schedule must be a list"):
        Config.from_dict({"method": "cyclegan", "objective": {"schedule": 3}})


def test_weights_as_they_are_at_a_step():
    planned = Objective(schedule=(END, Change("cycle_forward", 0.0, 100, 200)))
    now = [planned.at(step, 1000) for step in (0, 100, 150, 200, 299, 300)]
    assert [o.cycle_forward for o in now] == [10, 10, 5, 0, 0, 0]
    assert [o.identity for o in now] == [5, 5, 5, 5, 5, 0]
    assert all(o.schedule == () for o in now)


def test_of_two_changes_at_one_step_the_later_made_holds():
    """A weight that is set by hand at the very step at which it was to end; and before it."""
    by_hand = Objective(schedule=(END,)).changed("identity", 2.0, 300)
    assert by_hand.at(300, 1000).identity == 2
    before = Objective(schedule=(END,)).changed("identity", 2.0, 100)
    assert [before.at(step, 1000).identity for step in (99, 100, 300)] == [5, 2, 0]


def test_a_weight_that_comes_later_is_used():
    assert Objective(gan=0.0, schedule=(Change("gan", 1.0, 9, 9),)).uses("gan")
    assert not Objective(gan=0.0).uses("gan")
