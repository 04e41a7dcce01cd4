"""The controls of a new training, and the settings that they ask for.

Knows Gradio and where data may come from: lessons, which bring recipes of their own, and other
people's pictures, which get the common one. In place of that recipe one of the method's may be
chosen (`plans`). Knows no lesson and no method by name; starts nothing.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from .. import lessons
from ..core.config import GENERATORS, Change, ConfigError, Domains, Objective
from ..core.files import is_number
from ..labs.live import Arm, LiveSettings
from ..lessons import Lesson, Recipe, hub_columns, intake
from ..lessons.lesson import quick
from ..store import hub
from .components import open_choice
from .hosting import disk
from .hosting.desk import Desk
from .plans import LESSON, Plan, plan, recipes_of

OWN, HUB = ":own", ":hub"
"""Kinds of data that are no lesson of the shelf."""

WORDS = {OWN: "my pictures", HUB: "a dataset on the Hub"}

FORM, FORMS = "adversarial", ("least_squares", "log")
"""The field of objectives that choose a form of the GAN loss, and the forms that there are."""

WIDTHS, DEPTHS = (8, 16, 24, 32, 64), (2, 3, 4, 6, 9)

KINDS = tuple((GENERATORS[kind], kind) for kind in ("resnet", "unet", "course"))
"""Generators to choose from; what only reads other people's files is not among them."""

NUMBERS = {
    **{"size": "Size", "width": "Filters", "blocks": "Blocks", "seed": "Seed"},
    **{"steps": "Steps", "minutes": "Minutes", "rate": "Rate"},
}
"""Of the networks and the length, by key."""

NARROW = {"min_width": 90}

Fill = Callable[[Path], intake.Taken]
"""Puts pictures into a folder that is not there yet, and says what became of them."""

Given = Mapping[Hashable, object]
"""What was typed, by key: a name, or (method, arm, weight)."""


class Form:
    """The controls, laid out inside the current Blocks.

    inputs: the components whose values `read` takes, in this order.
    """

    def __init__(self, desk: Desk):
        self._desk, self._access = desk, desk.house
        self._lessons = {lesson.name: lesson for lesson in lessons.all_lessons()}
        self._kinds = [*self._lessons, OWN, *([HUB] if desk.house.hub else [])]
        self._asked: dict[Hashable, gr.components.Component] = {}
        self._frames: dict[Hashable, gr.blocks.Block] = {}
        self._lay_out()
        data, named = self._asked["kind"], self._asked["recipe"]
        there = {**self._frames, **self._asked}

        def choose(kind: str, name: str = LESSON) -> dict:
            return {there[key]: gr.update(**of) for key, of in self.offered(kind, name).items()}

        changing = [component for component in there.values() if component is not data]
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        data.input(choose, data, changing, **quiet)
        named.input(choose, [data, named], changing, **quiet)

    @property
    def inputs(self) -> list[gr.components.Component]:
        return list(self._asked.values())

    def read(self, values: Sequence, progress: Callable) -> tuple[LiveSettings, Fill | None]:
        """What the controls ask for, and what fills the data folder with other people's pictures.

        progress(share, desc=…) is called while that folder is filled. Raises ConfigError; `fill`
        raises DataError and HubError too.
        """
        given = dict(zip(self._asked, values, strict=True))
        kind, access = given["kind"], self._access
        chosen = self._plan(kind, given["recipe"])
        recipe = chosen.recipe
        base, counts = recipe.config, {n: number(given[n], word) for n, word in NUMBERS.items()}
        size = int(counts["size"])
        training = replace(
            base.training,
            steps=int(counts["steps"]),
            rate=counts["rate"],
            seed=int(counts["seed"]),
        )
        fill = None
        if kind in WORDS:
            x, y = (given[f"{side} name"].strip()[:40] or side for side in "XY")
            base = replace(base, domains=Domains(x, y))
        if kind == OWN and access.private and given["folder"].strip():
            folder = given["folder"].strip()
            training = replace(training, data=folder, fit="crop")
        elif kind == OWN:
            sides = [[Path(path) for path in given[f"{side} files"] or []] for side in "XY"]
            fill = _from_files(sides, size, progress)
        elif kind == HUB and access.hub:
            columns = given["X column"], given["Y column"]
            fill = _from_hub(given["dataset"], columns, size, progress, self._visitor())
        generator = base.generator.as_kind(given["generator"])
        blocks = int(counts["blocks"]) or generator.blocks
        generator = replace(generator, width=int(counts["width"]), blocks=blocks)
        base = replace(base, generator=generator, training=training, image_size=size)
        a, b = (_arm_of(recipe, index, given) for index in (0, 1))
        if a.name == b.name:
            b = replace(b, name=f"{b.name} (2)")
        base = chosen.signed(replace(base, objective=a.objective))
        return LiveSettings(base, (a, b), counts["minutes"] or None), fill

    def _visitor(self) -> hub.Visitor | None:
        """For whom datasets are pulled: not by the host's login, unless it is the host."""
        return None if self._access.private else hub.Visitor(self._desk.root / disk.PULLED)

    def _recipe(self, kind: str) -> Recipe:
        lesson = self._lessons.get(kind)
        return lesson.recipe if lesson else quick("", Domains())

    def _plan(self, kind: str, name: str) -> Plan:
        return plan(self._recipe(kind), name, self._lessons.get(kind, Lesson).largest)

    def offered(self, kind: str, name: str = LESSON) -> dict[Hashable, dict]:
        """What is set and shown when a kind of data and a recipe are chosen, by the controls'
        keys."""
        chosen = self._plan(kind, name)
        recipe = chosen.recipe
        base, turn = recipe.config, turning(recipe)
        found = {
            "recipe": {"choices": recipes_of(self._recipe(kind)), "value": name},
            "told": {"value": chosen.told, "visible": bool(chosen.told)},
            "source": {"visible": bool(chosen.left_out)},
            "left out": {"value": chosen.left_out},
            "generator": {"value": base.generator.kind},
            "own": {"visible": kind == OWN},
            "hub": {"visible": kind == HUB},
            "names": {"visible": kind in WORDS},
            "size": _among(self._lessons.get(kind, Lesson).sizes, base.image_size),
            "width": _among(WIDTHS, base.generator.width),
            "blocks": _among(DEPTHS, base.generator.blocks),
            "steps": {"value": base.training.steps},
            "rate": {"value": base.training.rate},
            "until": {"visible": turn is not None},
            "turn": {"visible": turn is not None},
        }
        if turn:
            label = recipe.arms[0].objective.weights()[turn.weight].label
            word = "until" if not turn.value else f"{turn.value:g} after"
            label = f"{label[:1].upper()}{label[1:]} {word}"
            found["until"] |= {"value": turn.end, "label": label}
        found |= {key: {"visible": False} for key in self._frames if isinstance(key, tuple)}
        for index, arm in enumerate(recipe.arms):
            o = arm.objective
            found[o.method, index] = {"visible": True, "label": f"Arm {arm.name}"}
            fields = [*o.weights(), *([FORM] if hasattr(o, FORM) else [])]
            found |= {(o.method, index, name): {"value": getattr(o, name)} for name in fields}
        return found

    def _lay_out(self) -> None:
        shown = self.offered(self._kinds[0])
        titles = {name: lesson.title for name, lesson in self._lessons.items()} | WORDS
        kinds = [(titles[kind], kind) for kind in self._kinds]
        with gr.Group():
            self._asked["kind"] = gr.Radio(
                kinds, value=self._kinds[0], label="Pictures", elem_id="data"
            )
            self._asked["recipe"] = open_choice(
                gr.Dropdown(label="Recipe", elem_id="named-recipe", **shown["recipe"])
            )
        self._frames["told"] = gr.Markdown(elem_classes="hint", **shown["told"])
        with gr.Accordion("What it leaves out", open=False, **shown["source"]) as source:
            self._frames["left out"] = gr.Markdown(elem_classes="hint", **shown["left out"])
        self._frames["source"] = source
        self._lay_out_sources()
        with gr.Accordion("Networks and length", open=False):
            self._asked["generator"] = open_choice(
                gr.Dropdown(list(KINDS), label="Generators", **shown["generator"])
            )
            with gr.Row():
                for name, word in NUMBERS.items():
                    self._asked[name] = _number_or_list(name, word, shown.get(name, {}))
                until = {"label": "Until", "value": 0, **shown["until"]}
                self._asked["until"] = gr.Number(precision=0, **until, **NARROW)
            gr.Markdown(
                "The U-Net has no blocks. A training ends after the steps or the minutes, "
                "whichever is sooner; 0 minutes: any.",
                elem_classes="hint",
            )
            self._frames["turn"] = gr.Markdown(
                "A weight that changes on the way does so after a step of its own, in both arms "
                "(0: never). What it held in place, the other terms alone keep from then on.",
                elem_classes="hint",
                **shown["turn"],
            )
        gr.Markdown(
            "Two arms learn side by side: the same networks from the same start, on the same "
            "pictures. They differ in these weights alone.",
            elem_classes="hint",
        )
        recipes = [self._recipe(kind) for kind in self._kinds]
        for recipe in {recipe.config.method: recipe for recipe in recipes}.values():
            for index, arm in enumerate(recipe.arms):
                self._lay_out_arm(index, arm, shown)

    def _lay_out_sources(self) -> None:
        with gr.Column(visible=False, elem_id="own-pictures") as self._frames["own"]:
            for side in "XY":
                self._asked[f"{side} files"] = gr.File(
                    file_count="multiple",
                    file_types=["image", ".zip"],
                    label=f"{side}: pictures, or one zip",
                    height=130,
                    elem_id=f"own-{side.lower()}",
                )
            self._asked["folder"] = gr.Textbox(
                label="Or a folder of this machine",
                visible=self._access.private,
                placeholder="horses",
            )
            gr.Markdown(intake.LIMITS, elem_classes="hint")
        with gr.Column(visible=False, elem_id="hub-pictures") as self._frames["hub"]:
            self._asked["dataset"] = gr.Textbox(
                label="Dataset", placeholder="user/name or user/name@revision", max_lines=1
            )
            with gr.Row():
                for side, letter in zip("XY", "AB", strict=True):
                    self._asked[f"{side} column"] = gr.Textbox(
                        f"image{letter}", label=f"Column of {side}", max_lines=1, **NARROW
                    )
            gr.Markdown(
                "Parquet files with two columns of pictures, "
                f"{hub_columns.MAX_DATASET >> 30} GiB at most; of longer ones the first "
                f"{intake.MAX_PICTURES:,} rows are taken.",
                elem_classes="hint",
            )
        with gr.Row(visible=False) as self._frames["names"]:
            for side, word in (("X", "horse"), ("Y", "zebra")):
                self._asked[f"{side} name"] = gr.Textbox(
                    label=f"{side} shows", placeholder=word, max_lines=1, **NARROW
                )

    def _lay_out_arm(self, index: int, arm: Arm, shown: Mapping[Hashable, dict]) -> None:
        """Of one method among the recipes'; hidden while another's is shown."""
        o = arm.objective
        with gr.Accordion(
            **{"label": f"Arm {arm.name}", "visible": False, **shown.get((o.method, index), {})},
            open=False,
        ) as self._frames[o.method, index]:
            gr.Markdown("Weights of its terms; 0 switches one off.", elem_classes="hint")
            with gr.Row():
                for name, weight in o.weights().items():
                    key = o.method, index, name
                    self._asked[key] = gr.Number(
                        label=weight.label, **shown.get(key, {"value": 0}), **NARROW
                    )
            if hasattr(o, FORM):
                key = o.method, index, FORM
                forms = [(form.replace("_", " "), form) for form in FORMS]
                self._asked[key] = gr.Radio(forms, label="GAN loss", **shown.get(key, {}))


def turning(recipe: Recipe) -> Change | None:
    """The change on the way that the form asks about: at one step, and in both arms."""
    a, b = (arm.objective.schedule for arm in recipe.arms)
    return next((change for change in a if change.start == change.end and change in b), None)


def number(value: float | None, name: str) -> float:
    """A number that a visitor typed; raises ConfigError for an empty field, and for others."""
    if value is None:
        raise ConfigError(f"{name} is empty; it needs a number.")
    if not is_number(value):
        raise ConfigError(f"{name} needs a number.")
    return float(value)


def _number_or_list(name: str, word: str, shown: dict) -> gr.components.Component:
    if "choices" in shown:
        label = f"{word}, px" if name == "size" else word
        return open_choice(gr.Dropdown(label=label, **shown, **NARROW))
    whole = {"precision": 0} if name in ("seed", "steps") else {}
    return gr.Number(label=word, **{"value": 0, **shown}, **whole, **NARROW)


def _among(listed: Sequence[int], value: int) -> dict:
    return {"choices": sorted({*listed, value}), "value": value}


def _arm_of(recipe: Recipe, index: int, given: Given) -> Arm:
    """The recipe's arm with what was typed; one of other weights is named by its terms."""
    planned = recipe.arms[index]
    o, turn = planned.objective, turning(recipe)
    wanted = {
        name: number(given[o.method, index, name], f"The weight of {weight.label}")
        for name, weight in o.weights().items()
    }
    if hasattr(o, FORM):
        wanted[FORM] = given[o.method, index, FORM]
    plan = o.schedule
    if turn:
        until = int(number(given["until"], "The step of a change"))
        moved = replace(turn, start=until, end=until)
        # None where nothing would change.
        instead = [moved] if until and wanted[turn.weight] != turn.value else []
        plan = tuple(c for change in plan for c in (instead if change == turn else [change]))
    objective: Objective = replace(o, **wanted, schedule=plan)
    alike = replace(objective, schedule=()) == replace(o, schedule=())
    return Arm(planned.name if alike else objective.name, objective)


def _from_files(sides: list, size: int, progress: Callable) -> Fill:
    return lambda target: intake.take_in(target, *sides, size, _showing(progress))


def _from_hub(
    name: str,
    columns: tuple[str, str],
    size: int,
    progress: Callable,
    visitor: hub.Visitor | None,
) -> Fill:
    def fill(target: Path) -> intake.Taken:
        def arrived(done: int, total: int) -> None:
            progress(done / max(1, total), desc=f"{done / 2**20:.0f} of {total / 2**20:.0f} MiB")

        sides = hub_columns.pull_pictures(name, columns, arrived, visitor=visitor)
        return intake.take_in(target, *sides, size, _showing(progress))

    return fill


def _showing(progress: Callable) -> intake.Tally:
    def show(name: str, done: int, total: int) -> None:
        progress(done / max(1, total), desc=f"{name}: picture {done:,} of {total:,}")

    return show
