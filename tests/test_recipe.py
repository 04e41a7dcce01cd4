"""The form of a new training: what it offers for each kind of data, and what it asks for."""

from dataclasses import dataclass, replace

import gradio as gr
import pytest

from cyclegan import lessons, methods
from cyclegan.core.config import Change, Config, ConfigError, Domains, Objective, Training, weight
from cyclegan.labs.live import Arm, LiveSettings
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
