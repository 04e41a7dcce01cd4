"""The form of a new training: what it offers for each kind of data, and what it asks for."""

from dataclasses import dataclass, replace

import gradio as gr
import pytest

from cyclegan import lessons, methods
from cyclegan.core.config import Change, Config, ConfigError, Domains, Objective, Training, weight
from cyclegan.labs.live import Arm, LiveSettings
from cyclegan.labs.live.settings import Limits
from cyclegan.lessons import Lesson, Recipe
from cyclegan.page import recipe
from cyclegan.page.hosting.desk import Desk
from cyclegan.page.hosting.house import House

ID = "cyclegan"
"""The method whose controls are shown first."""


@dataclass(frozen=True)
class Plugged(Objective):
    """Of a method from elsewhere, with no GAN loss to choose and no schedule."""

    likeness: float = weight(1.0, "likeness", "‖G(z)‖", "A stranger's term.")
    method = "plugged"


class PluggedMethod(methods.Method):
    key = "plugged"
    Objective = Plugged


class Tones(Lesson):
    name = "tones"
    title = "low ↔ high"
    domains = Domains("low", "high")
    sizes = (16,)

    @property
    def recipe(self) -> Recipe:
        training = Training(data="tones", steps=77)
        config = Config(objective=Plugged(), domains=self.domains, training=training)
        return Recipe(
            replace(config, image_size=16), (Arm("soft", Plugged()), Arm("loud", Plugged(3.0)))
        )


@pytest.fixture
def form(monkeypatch) -> recipe.Form:
    listed = [*lessons.all_lessons(), Tones()]
    monkeypatch.setattr(lessons, "all_lessons", lambda: listed)
    find = methods.find
    monkeypatch.setattr(methods, "find", lambda k: PluggedMethod() if k == "plugged" else find(k))
    with gr.Blocks():
        return recipe.Form(Desk(House(private=True)))


def read(form: recipe.Form, kind: str | None = None, **typed) -> LiveSettings:
    """What is asked for when a kind is chosen and then something typed, by label."""
    values = {
        c: "" if isinstance(c, gr.Textbox) and c.value is None else c.value for c in form.inputs
    }
    if kind:
        values[form.inputs[0]] = kind
        shown = form.offered(kind)
        by_key = dict(zip(form._asked, form.inputs, strict=True))
        values |= {
            by_key[k]: of["value"] for k, of in shown.items() if k in by_key and "value" in of
        }
    for label, value in typed.items():
        values |= dict.fromkeys(
            [c for c in form.inputs if c.label == label.replace("_", " ")], value
        )
    return form.read(list(values.values()), lambda *_, **__: None)[0]


def test_untouched_it_asks_for_the_first_lessons_recipe(form):
    first = lessons.all_lessons()[0].recipe
    assert read(form) == LiveSettings(first.config, first.arms)


def test_a_schedule_is_asked_about_in_both_arms(form):
    def schedules(wanted: LiveSettings) -> list[tuple]:
        return [arm.objective.schedule for arm in wanted.arms]

    moved = read(form, Identity_until=50)
    assert schedules(moved) == [(Change("identity", 0.0, 50, 50),)] * 2
    assert [arm.name for arm in moved.arms] == [arm.name for arm in LiveSettings().arms]
    assert schedules(read(form, Identity_until=0)) == [(), ()]
    assert schedules(read(form, identity=0)) == [(), ()], "nothing is left to end"
    with pytest.raises(ConfigError, match="off after step 300"):
        read(form, GAN=0, forward_cycle=0, backward_cycle=0)


def test_arms_with_other_weights_are_named_by_their_terms(form):
    wanted = read(form, forward_cycle=1, backward_cycle=1)
    assert [arm.name for arm in wanted.arms] == [
        *("GAN + cycle + identity", "GAN + cycle + identity (2)"),
    ]


@pytest.mark.parametrize("label", ["Steps", "Filters", "Identity_until", "identity"])
def test_an_empty_field_is_a_sentence(form, label):
    with pytest.raises(ConfigError, match="is empty; it needs a number"):
        read(form, **{label: None})


def test_other_pictures_get_the_common_recipe_and_names(form):
    wanted = read(form, recipe.OWN, Or_a_folder_of_this_machine="horses", X_shows="horse")
    assert wanted.base.training.data == "horses"
    assert wanted.base.domains == Domains("horse", "Y")
    assert wanted.arms == LiveSettings().arms


def test_own_recordings_get_the_recipe_of_voices_and_the_words_of_recordings(form):
    wanted = read(form, recipe.SPOKEN, Or_a_folder_of_this_machine="voices-here", X_shows="Ada")
    own = lessons.find("voices").recipe
    training = replace(own.config.training, data="voices-here")
    domains = Domains("Ada", "Y")
    assert wanted.base == replace(own.config, training=training, domains=domains)
    shown = form.offered(recipe.SPOKEN)
    assert shown["pictures"]["label"] == "Recordings a side"
    assert shown["size"]["label"] == "Size, frames" and shown["X name"]["label"] == "X is"
    back = form.offered(recipe.OWN)
    assert back["pictures"]["label"] == "Pictures a side" and back["size"]["label"] == "Size, px"
    visible = [shown[kind]["visible"] for kind in (recipe.OWN, recipe.SPOKEN, recipe.HUB, "names")]
    assert visible == [False, True, False, True]


def test_a_method_from_elsewhere_has_weights_of_its_own(form):
    """Its controls take the place of the others', which are hidden; nothing is asked in vain."""
    shown = form.offered("tones")
    assert [shown[key]["visible"] for key in ((ID, 0), (ID, 1))] == [False, False]
    assert shown["plugged", 0] == {"visible": True, "label": "Arm soft"}
    assert not shown["until"]["visible"] and shown["size"]["choices"] == [16]
    back = form.offered(form.inputs[0].value)
    assert back[ID, 0]["visible"] and not back["plugged", 1]["visible"]

    wanted = read(form, "tones", likeness=2.0)
    assert [arm.objective for arm in wanted.arms] == [Plugged(2.0), Plugged(2.0)]
    assert wanted.base.domains == Tones.domains and wanted.base.training.steps == 77
    assert [arm.name for arm in read(form, "tones").arms] == ["soft", "loud"]


# Recipes of sources, in place of the lesson's


def test_the_lessons_recipe_is_offered_first_and_the_methods_behind_it(form):
    listed = form.offered(form.inputs[0].value)["recipe"]
    own = ["lesson", "paper", "book", "course"]
    others = [
        f"{m.key}:lesson"
        for m in methods.all_methods()
        if "lesson" in m.recipes and not m.classes(m.Objective())  # Neither has labels.
    ]
    assert [name for _, name in listed["choices"]] == [*own, *others] and "dcgan:lesson" in others
    assert listed["value"] == "lesson"
    tones = form.offered("tones")["recipe"]["choices"]
    assert [name for _, name in tones] == ["lesson", *others]


def test_each_method_that_is_offered_for_a_lesson_can_be_trained_there(form):
    for lesson in filter(lambda one: lessons.is_registered(one.name), lessons.all_lessons()):
        for _, name in form.offered(lesson.name)["recipe"]["choices"]:
            if ":" in name:
                wanted = asked(form, lesson.name, name)
                assert wanted.base.method == name.partition(":")[0]
                assert len(set(wanted.slugs)) == 2


def test_texts_that_nobody_typed_come_as_none(form):
    untyped = {"X name": None, "Y name": None, f"{recipe.OWN} folder": None}
    assert asked(form, recipe.OWN, "lesson", **untyped).base.domains == Domains("X", "Y")


def asked(form: recipe.Form, kind: str, name: str, **typed) -> LiveSettings:
    """What is asked for with a recipe and what it fills in."""
    by_key = dict(zip(form._asked, form.inputs, strict=True))
    values = {
        c: "" if isinstance(c, gr.Textbox) and c.value is None else c.value for c in form.inputs
    }
    values[by_key["kind"]] = kind
    for key, of in form.offered(kind, name).items():
        if key in by_key and "value" in of:
            values[by_key[key]] = of["value"]
    values |= {by_key[key]: value for key, value in typed.items()}
    return form.read(list(values.values()), lambda *_, **__: None)[0]


@pytest.mark.parametrize("name", ["paper", "book", "course"])
def test_a_recipe_is_trained_as_its_source_says(form, name):
    """But for the size of the pictures, and the steps where the source counts epochs."""
    source = methods.find(ID).recipes[name]
    wanted = asked(form, "drawing", name)
    base, own = wanted.base, lessons.find("drawing").recipe.config
    assert (base.generator, base.discriminator) == (source.generator, source.discriminator)
    assert base.image_size == min(64, source.image_size)
    steps = own.training.steps if source.epochs else source.training.steps
    assert base.training == replace(source.training, data="drawing", steps=steps)
    assert (base.domains, base.method) == (own.domains, ID)
    o, without = (arm.objective for arm in wanted.arms)
    assert {k: getattr(o, k) for k in source.objective} == dict(source.objective)
    assert without == replace(o, cycle_forward=0.0, cycle_backward=0.0)
    assert [arm.name for arm in wanted.arms] == ["with cycle loss", "without cycle loss"]
    kept = base.facts["recipe"]
    assert kept["name"] == name and kept["left_out"] == list(source.left_out)
    assert LiveSettings.from_dict(wanted.to_dict()) == wanted
    assert not form.offered("drawing", name)["until"]["visible"]


def test_what_is_typed_wins_over_a_recipe(form):
    base = asked(form, "drawing", "book", width=8, steps=5, rate=0.1, generator="resnet").base
    assert (base.generator.kind, base.generator.width, base.generator.norm) == (
        *("resnet", 8, "layer"),
    )
    assert (base.training.steps, base.training.rate, base.training.order) == (5, 0.1, "in-turn")
    assert "generators" in base.facts["recipe"]["otherwise"]


def test_the_u_net_in_the_lessons_recipe(form):
    own = lessons.find("drawing").recipe.config
    base = asked(form, "drawing", "lesson", generator="unet").base
    assert base == replace(own, generator=replace(own.generator, kind="unet"))


@pytest.mark.parametrize("kind", ["satellite2map", recipe.OWN])
def test_what_a_page_does_otherwise_is_said(form, kind):
    """Where pictures are as large as the paper's, its size is offered, with what that costs."""
    shown = form.offered(kind, "paper")
    assert shown["size"]["value"] == 256 and 256 in shown["size"]["choices"]
    assert shown["steps"]["value"] == 1200
    told = shown["told"]["value"]
    assert "200 epochs" in told and "Here: the lesson's 1,200 steps." in told
    assert "times the arithmetic of the lesson's" in told
    assert (
        shown["source"]["visible"] and "- An epoch is a pass over X" in shown["left out"]["value"]
    )
    assert not form.offered(kind)["source"]["visible"] and not form.offered(kind)["told"]["value"]


def test_a_hosts_limits_hold_for_recipes(form):
    """Of a page that allows 128 pixels."""
    wanted = asked(form, "satellite2map", "paper")
    with pytest.raises(ConfigError, match="image size is 256; this page allows 128 at most"):
        Limits(image_size=128).check(wanted)
    Limits(image_size=128).check(asked(form, "satellite2map", "book"))
