"""The controls of a new training, and the settings that they ask for.

Knows Gradio and where data may come from: lessons, which bring recipes of their own, and what
visitors bring, which gets the common one of its medium. In place of that recipe one of the method's
may be chosen (`plans`). Knows no lesson and no method by name; starts nothing.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import gradio as gr

from .. import lessons
from ..core.config import (
    GENERATORS,
    Change,
    Config,
    ConfigError,
    Domains,
    Forms,
    Objective,
    unit_of,
)
from ..core.files import is_number
from ..core.sound.medium import VOICE
from ..labs.live import Arm, LiveSettings
from ..labs.live.settings import with_own
from ..lessons import Lesson, Recipe, hub_columns, intake, speakers
from ..lessons.recordings import Recordings
from ..store import hub
from .components import open_choice
from .hosting import disk
from .hosting.desk import Desk
from .live_panels import capital
from .plans import LESSON, Plan, others, plan, recipes_of


class Taken(Protocol):
    """What became of what a visitor brought."""

    @property
    def sentence(self) -> str: ...


Fill = Callable[[Path], Taken]
"""Puts a visitor's files into a folder that is not there yet, and says what became of them."""


@dataclass(frozen=True)
class Brought:
    """What a visitor may bring in place of a lesson.

    word: as it is chosen. lesson: what is true of it. fields: the beginning of its fields' ids.
    files: what goes into one of them. types: as Gradio has them. take_in: makes a folder of them
    (`lessons.intake`). folder: an example of one. shows: what stands between a side's letter and
    its name, of which `names` are examples.
    """

    word: str
    lesson: Lesson
    fields: str
    files: str
    types: Sequence[str]
    limits: str
    take_in: Callable[..., Taken]
    folder: str
    shows: str
    names: tuple[str, str]

    @property
    def items(self) -> str:
        return f"{self.lesson.medium.called}s"


OWN, SPOKEN, HUB = ":own", ":recordings", ":hub"
"""Kinds of data that are no lesson of the shelf."""

BROUGHT = {
    OWN: Brought(
        word="my pictures",
        lesson=Lesson(),
        fields="own",
        files="pictures, films, or one zip",
        types=("image", "video", ".mkv", ".zip"),
        limits=intake.LIMITS,
        take_in=intake.take_in,
        folder="horses",
        shows="shows",
        names=("horse", "zebra"),
    ),
    SPOKEN: Brought(
        word="my recordings",
        lesson=Recordings(""),
        fields="spoken",
        files="one speaker's recordings",
        types=("audio", "video", *sorted(VOICE.endings)),
        limits=speakers.LIMITS,
        take_in=speakers.take_in,
        folder="two-voices",
        shows="is",
        names=("my voice", "Ada's voice"),
    ),
}

WORDS = {kind: one.word for kind, one in BROUGHT.items()} | {HUB: "a dataset on the Hub"}

WIDTHS, DEPTHS = (8, 16, 24, 32, 64), (2, 3, 4, 6, 9)

KINDS = tuple((GENERATORS[kind], kind) for kind in ("resnet", "unet", "course"))
"""Generators to choose from, but for a method that has networks of its own; what only reads other
people's files is not among them."""

COUNTS = (100, 300)
"""Of training items a side, to be chosen in place of all."""

NUMBERS = {
    **{"size": "Size", "width": "Filters", "blocks": "Blocks", "seed": "Seed"},
    **{"steps": "Steps", "minutes": "Minutes", "rate": "Rate", "pictures": "Items a side"},
}
"""Of the networks and the length, by key."""

BOTH = None
"""In place of an arm's number, for what both have alike."""

NARROW = {"min_width": 90}

Given = Mapping[Hashable, object]
"""What was typed, by key: a name, or (method, arm, field of its objective)."""


class Form:
    """The controls, laid out inside the current Blocks.

    inputs: the components whose values `read` takes, in this order.
    """

    def __init__(self, desk: Desk):
        self._desk, self._access = desk, desk.house
        here = [lesson for lesson in lessons.all_lessons() if not lesson.medium.missing]
        self._lessons = {lesson.name: lesson for lesson in here}
        self._brought = {k: one for k, one in BROUGHT.items() if not one.lesson.medium.missing}
        self._kinds = [*self._lessons, *self._brought, *([HUB] if desk.house.hub else [])]
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

    @property
    def feeding(self) -> list[gr.components.Component]:
        """Those that say what networks are shown."""
        plain = ("kind", "recipe", "size", "pictures", "seed")
        plain += tuple(f"{kind} folder" for kind in self._brought)
        return [
            component
            for key, component in self._asked.items()
            if key in plain or isinstance(component, gr.Radio)
        ]

    @property
    def data(self) -> gr.Radio:
        """The choice of data: a lesson's name, or where else they come from."""
        return self._asked["kind"]

    def read(self, values: Sequence, progress: Callable) -> tuple[LiveSettings, Fill | None]:
        """What the controls ask for, and what fills the data folder with other people's files.

        progress(share, desc=…) is called while that folder is filled. Raises ConfigError; `fill`
        raises DataError and HubError too.
        """
        given = dict(zip(self._asked, values, strict=True))
        # A text that was never typed is None.
        given |= {n: given[n] or "" for n, c in self._asked.items() if isinstance(c, gr.Textbox)}
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
            pictures=int(counts["pictures"]) or None,
        )
        folder, fill = "", None
        if kind in WORDS:
            x, y = (given[f"{side} name"].strip()[:40] or side for side in "XY")
            base = replace(base, domains=Domains(x, y))
        if kind in self._brought:
            folder = given[f"{kind} folder"].strip() if access.private else ""
            sides = [[Path(path) for path in given[f"{kind} {side}"] or []] for side in "XY"]
            fill = None if folder else _from_files(self._brought[kind], sides, size, progress)
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
        wanted = LiveSettings(base, (a, b), counts["minutes"] or None)
        return with_own(wanted, folder) if folder else wanted, fill

    def _visitor(self) -> hub.Visitor | None:
        """For whom datasets are pulled: not by the host's login, unless it is the host."""
        return None if self._access.private else hub.Visitor(self._desk.root / disk.PULLED)

    def _of(self, kind: str) -> Lesson:
        """The lesson of the shelf, or what is true of what a visitor brings."""
        return self._lessons.get(kind) or self._from(kind).lesson

    def _from(self, kind: str) -> Brought:
        """What a visitor brings, of which a dataset of the Hub is made too."""
        return BROUGHT.get(kind, BROUGHT[OWN])

    def _plan(self, kind: str, name: str) -> Plan:
        lesson = self._of(kind)
        return plan(lesson.recipe, name, lesson.largest)

    def offered(self, kind: str, name: str = LESSON) -> dict[Hashable, dict]:
        """What is set and shown when a kind of data and a recipe are chosen, by the controls'
        keys."""
        chosen = self._plan(kind, name)
        recipe = chosen.recipe
        base, turn, words = recipe.config, turning(recipe), self._from(kind)
        found = {
            "recipe": {
                "choices": recipes_of(self._of(kind).recipe, self._of(kind)),
                "value": name,
            },
            "told": {"value": chosen.told, "visible": bool(chosen.told)},
            "source": {"visible": bool(chosen.left_out)},
            "left out": {"value": chosen.left_out},
            "generator": {
                "choices": _kinds_beside(base.generator.kind),
                "value": base.generator.kind,
            },
            **{one: {"visible": kind == one} for one in (*self._brought, HUB)},
            "names": {"visible": kind in WORDS},
            **{
                f"{side} name": {"label": f"{side} {words.shows}", "placeholder": example}
                for side, example in zip("XY", words.names, strict=True)
            },
            "size": {
                **_among(_fitting(base, self._of(kind).sizes), base.image_size),
                "label": f"{NUMBERS['size']}, {unit_of(base.generator.kind)}",
            },
            "width": _among(WIDTHS, base.generator.width),
            "blocks": {
                **_among(DEPTHS, base.generator.blocks),
                "visible": base.generator.blocks > 0,
            },
            "pictures": {
                "label": f"{capital(self._of(kind).medium.called)}s a side",
                "choices": [("all", 0), *((str(count), count) for count in COUNTS)],
                "value": base.training.pictures or 0,
            },
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
            found |= {(o.method, index, n): {"value": getattr(o, n)} for n in o.weights()}
            for name, form in o.forms().items():
                key = o.method, BOTH if form.is_shared else index, name
                found[key] = {"choices": _options(form, base.domains), "value": getattr(o, name)}
        if any(form.is_shared for form in o.forms().values()):
            found[o.method, BOTH] = {"visible": True}
        return found

    def _lay_out(self) -> None:
        shown = self.offered(self._kinds[0])
        titles = {name: lesson.title for name, lesson in self._lessons.items()} | WORDS
        kinds = [(titles[kind], kind) for kind in self._kinds]
        with gr.Group():
            self._asked["kind"] = gr.Radio(
                kinds, value=self._kinds[0], label="Data", elem_id="data"
            )
            self._asked["recipe"] = open_choice(
                gr.Dropdown(label="Recipe", elem_id="named-recipe", **shown["recipe"])
            )
        self._frames["told"] = gr.Markdown(elem_classes="hint", **shown["told"])
        with gr.Accordion("What it leaves out", open=False, **shown["source"]) as source:
            self._frames["left out"] = gr.Markdown(elem_classes="hint", **shown["left out"])
        self._frames["source"] = source
        self._lay_out_sources(shown)
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
            "Two arms learn side by side: the same networks from the same start, on the same data. "
            "They differ in what is set here alone.",
            elem_classes="hint",
        )
        for objective in self._objectives():
            self._lay_out_both(objective, shown)
            for index in (0, 1):
                self._lay_out_arm(index, objective, shown)

    def _objectives(self) -> list[Objective]:
        """One of every method that can be trained here."""
        found = {}
        for lesson in map(self._of, self._kinds):
            recipe = lesson.recipe
            beside = others(recipe, lesson)
            found |= {method.key: method.Objective() for method in beside}
            found[recipe.config.method] = recipe.config.objective
        return list(found.values())

    def _lay_out_sources(self, shown: Mapping[Hashable, dict]) -> None:
        for kind, brought in self._brought.items():
            self._lay_out_brought(kind, brought)
        with gr.Column(visible=False, elem_id="hub-pictures") as self._frames[HUB]:
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
            for side in "XY":
                key = f"{side} name"
                self._asked[key] = gr.Textbox(max_lines=1, **shown[key], **NARROW)

    def _lay_out_brought(self, kind: str, brought: Brought) -> None:
        with gr.Column(
            visible=False, elem_id=f"own-{brought.items}", elem_classes="own-files"
        ) as self._frames[kind]:
            for side in "XY":
                self._asked[f"{kind} {side}"] = gr.File(
                    file_count="multiple",
                    file_types=list(brought.types),
                    label=f"{side}: {brought.files}",
                    height=130,
                    elem_id=f"{brought.fields}-{side.lower()}",
                )
            self._asked[f"{kind} folder"] = gr.Textbox(
                label="Or a folder of this machine",
                visible=self._access.private,
                placeholder=brought.folder,
            )
            gr.Markdown(value=brought.limits, elem_classes="hint")

    def _lay_out_both(self, o: Objective, shown: Mapping[Hashable, dict]) -> None:
        """What both arms of a method have alike; hidden while another's is shown."""
        shared = {name: form for name, form in o.forms().items() if form.is_shared}
        if not shared:
            return
        frame = {"visible": False, **shown.get((o.method, BOTH), {})}
        with gr.Column(**frame) as self._frames[o.method, BOTH]:
            for name, form in shared.items():
                self._lay_out_form((o.method, BOTH, name), form, o, shown)

    def _lay_out_form(
        self, key: tuple, form: Forms, o: Objective, shown: Mapping[Hashable, dict]
    ) -> None:
        usual = {"choices": _options(form, Domains()), "value": getattr(o, key[-1])}
        self._asked[key] = gr.Radio(label=form.label, **{**usual, **shown.get(key, {})})

    def _lay_out_arm(self, index: int, o: Objective, shown: Mapping[Hashable, dict]) -> None:
        """Of one method; hidden while another's is shown."""
        with gr.Accordion(
            **{"label": f"Arm {index + 1}", "visible": False, **shown.get((o.method, index), {})},
            open=False,
        ) as self._frames[o.method, index]:
            gr.Markdown("Weights of its terms; 0 switches one off.", elem_classes="hint")
            with gr.Row():
                for name, weight in o.weights().items():
                    key = o.method, index, name
                    self._asked[key] = gr.Number(
                        label=weight.label, **shown.get(key, {"value": 0}), **NARROW
                    )
            for name, form in o.forms().items():
                if not form.is_shared:
                    self._lay_out_form((o.method, index, name), form, o, shown)


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
        return open_choice(gr.Dropdown(**{"label": word, **shown}, **NARROW))
    whole = {"precision": 0} if name in ("seed", "steps") else {}
    return gr.Number(label=word, **{"value": 0, **shown}, **whole, **NARROW)


def _kinds_beside(kind: str) -> list[tuple[str, str]]:
    """Generators to choose from in place of one: none but itself where it is of another make."""
    known = [one for _, one in KINDS]
    return list(KINDS) if kind in known else [(GENERATORS[kind], kind)]


def _fitting(base: Config, sizes: Sequence[int]) -> list[int]:
    """Sizes that the networks take."""
    found = []
    for size in sizes:
        with suppress(ConfigError):
            found.append(replace(base, image_size=size).image_size)
    return found


def _options(form: Forms, domains: Domains) -> list[tuple[str, str]]:
    """Choices as a component takes them, of what the domains are called."""
    names = {"x": domains.x, "y": domains.y}
    return [(words.format(**names), value) for value, words in form.options.items()]


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
    forms = {n: BOTH if form.is_shared else index for n, form in o.forms().items()}
    wanted |= {name: given[o.method, whose, name] for name, whose in forms.items()}
    plan = o.schedule
    if turn:
        until = int(number(given["until"], "The step of a change"))
        moved = replace(turn, start=until, end=until)
        # None where nothing would change.
        instead = [moved] if until and wanted[turn.weight] != turn.value else []
        plan = tuple(c for change in plan for c in (instead if change == turn else [change]))
    objective: Objective = replace(o, **wanted, schedule=plan)
    shared = {name: wanted[name] for name, whose in forms.items() if whose is BOTH}
    alike = replace(objective, schedule=()) == replace(o, **shared, schedule=())
    return Arm(planned.name if alike else objective.name, objective)


def _from_files(brought: Brought, sides: list, size: int, progress: Callable) -> Fill:
    showing = _showing(progress, brought.lesson.medium.called)
    return lambda target: brought.take_in(target, *sides, size, showing)


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
        return intake.take_in(target, *sides, size, _showing(progress, "picture"))

    return fill


def _showing(progress: Callable, called: str) -> intake.Tally:
    def show(name: str, done: int, total: int) -> None:
        progress(done / max(1, total), desc=f"{name}: {called} {done:,} of {total:,}")

    return show
