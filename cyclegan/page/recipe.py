"""The controls of a new training, and the settings that they ask for.

Knows Gradio and where pictures may come from; starts nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from ..core.config import ConfigError, Domains, Objective
from ..labs.live import Arm, LiveSettings
from ..labs.live.settings import IDENTITY_STEPS, LESSON, QUICK
from ..lessons import hub_columns, intake
from .models_tab import Access

BUNDLED, OWN, HUB = "satellite ↔ map", "my pictures", "a dataset on the Hub"

TERMS = {
    "gan": "GAN",
    "cycle_forward": "forward cycle",
    "cycle_backward": "backward cycle",
    "identity": "identity",
}
FORMS = {"least squares": "least_squares", "log": "log"}

SIZES, WIDTHS, DEPTHS = [32, 48, 64, 96, 128], [8, 16, 24, 32, 64], [2, 3, 4, 6, 9]

SHARED = 17
"""Controls before those of the arms."""

NUMBERS = ("Size", "Filters", "Blocks", "Steps", "Minutes", "Rate", "Seed", "Identity until")

Fill = Callable[[Path], object]
"""Puts pictures into a folder that is not there yet."""


def build(access: Access) -> list:
    """Lay the controls out; returns them in the order in which `read` takes their values."""
    base, generator = QUICK, QUICK.generator
    kinds = [BUNDLED, OWN, *([HUB] if access.hub else [])]
    with gr.Group():
        data = gr.Radio(kinds, value=BUNDLED, label="Pictures", elem_id="data")
    with gr.Column(visible=False, elem_id="own-pictures") as mine:
        files = [
            gr.File(
                file_count="multiple",
                file_types=["image", ".zip"],
                label=f"{side}: pictures, or one zip",
                height=130,
                elem_id=f"own-{side.lower()}",
            )
            for side in "XY"
        ]
        folder = gr.Textbox(
            label="Or a folder of this machine", visible=access.paths, placeholder="horses"
        )
        gr.Markdown(intake.LIMITS, elem_classes="hint")
    with gr.Column(visible=False, elem_id="hub-pictures") as theirs:
        dataset = gr.Textbox(
            label="Dataset", placeholder="user/name or user/name@revision", max_lines=1
        )
        with gr.Row():
            columns = [
                gr.Textbox(f"image{letter}", label=f"Column of {side}", min_width=90, max_lines=1)
                for side, letter in zip("XY", "AB", strict=True)
            ]
        gr.Markdown(
            f"Parquet files with two columns of pictures, {hub_columns.MAX_DATASET >> 30} GiB at "
            f"most; of longer ones the first {intake.MAX_PICTURES:,} rows are taken.",
            elem_classes="hint",
        )
    with gr.Row(visible=False) as naming:
        names = [
            gr.Textbox(label=f"{side} shows", placeholder=word, min_width=90, max_lines=1)
            for side, word in (("X", "horse"), ("Y", "zebra"))
        ]
    with gr.Accordion("Networks and length", open=False):
        narrow = {"min_width": 90}
        with gr.Row():
            size = gr.Dropdown(SIZES, value=base.image_size, label="Size, px", **narrow)
            width = gr.Dropdown(WIDTHS, value=generator.width, label="Filters", **narrow)
            blocks = gr.Dropdown(DEPTHS, value=generator.blocks, label="Blocks", **narrow)
            seed = gr.Number(0, label="Seed", precision=0, **narrow)
            steps = gr.Number(base.training.steps, label="Steps", precision=0, **narrow)
            minutes = gr.Number(0, label="Minutes", **narrow)
            rate = gr.Number(base.training.rate, label="Rate", **narrow)
            until = gr.Number(IDENTITY_STEPS, label="Identity until", precision=0, **narrow)
        gr.Markdown(
            "It ends after the steps or the minutes, whichever is sooner; 0 minutes: any. The "
            "identity term ends at a step of its own (0: never). It settles the colours of both "
            "arms; after it, only a cycle term keeps the way back.",
            elem_classes="hint",
        )
    arms = [control for arm in LESSON for control in _arm(arm)]
    data.input(
        lambda kind: [gr.update(visible=v) for v in (kind == OWN, kind == HUB, kind != BUNDLED)],
        data,
        [mine, theirs, naming],
        show_progress="hidden",
        api_visibility="private",
    )
    shared = [data, *files, folder, dataset, *columns, *names, size, width, blocks, steps, minutes]
    return [*shared, rate, seed, until, *arms]


def _arm(arm: Arm) -> list:
    o = arm.objective
    with gr.Accordion(f"Arm {arm.name}", open=False):
        gr.Markdown("Weights of its terms; 0 switches one off.", elem_classes="hint")
        with gr.Row():
            weights = [
                gr.Number(getattr(o, name), label=label, min_width=90)
                for name, label in TERMS.items()
            ]
        form = gr.Radio(list(FORMS), value="least squares", label="GAN loss")
    return [*weights, form]


def read(values: Sequence, access: Access, progress: Callable) -> tuple[LiveSettings, Fill | None]:
    """What the controls ask for, and what fills the data folder with other pictures than ours.

    progress(share, desc=…) is called while that folder is filled. Raises ConfigError; `fill`
    raises DataError and HubError too.
    """
    kind, x, y, folder, dataset, x_column, y_column, x_name, y_name, *numbers = values[:SHARED]
    size, width, blocks, steps, minutes, rate, seed, until = (
        number(value, name) for value, name in zip(numbers, NUMBERS, strict=True)
    )
    arms = (_arm_of(values[SHARED : SHARED + 5], 0), _arm_of(values[SHARED + 5 :], 1))
    if arms[0].name == arms[1].name:
        arms = (arms[0], replace(arms[1], name=f"{arms[1].name} (2)"))
    training = replace(QUICK.training, steps=int(steps), rate=rate, seed=int(seed))
    base = replace(
        QUICK,
        generator=replace(QUICK.generator, width=int(width), blocks=int(blocks)),
        training=training,
        image_size=int(size),
    )
    fill = None
    if kind != BUNDLED:
        base = replace(
            base, domains=Domains(x_name.strip()[:40] or "X", y_name.strip()[:40] or "Y")
        )
    if kind == OWN and access.paths and folder.strip():
        own = replace(training, data=folder.strip(), resize="resize-and-crop")
        base = replace(base, training=own)
    elif kind == OWN:
        sides = [[Path(path) for path in files or []] for files in (x, y)]
        fill = _from_files(sides, int(size), progress)
    elif kind == HUB and access.hub:
        fill = _from_hub(dataset, (x_column, y_column), int(size), progress)
    return LiveSettings(base, arms, minutes or None, identity_steps=int(until) or None), fill


def number(value: float | None, name: str) -> float:
    """A number that a visitor typed; raises ConfigError for an empty field."""
    if value is None:
        raise ConfigError(f"{name} is empty; it needs a number.")
    return float(value)


def _from_files(sides: list, size: int, progress: Callable) -> Fill:
    return lambda target: intake.take_in(target, *sides, size, _showing(progress))


def _from_hub(name: str, columns: tuple[str, str], size: int, progress: Callable) -> Fill:
    def fill(target: Path) -> None:
        def arrived(done: int, total: int) -> None:
            progress(done / max(1, total), desc=f"{done / 2**20:.0f} of {total / 2**20:.0f} MiB")

        sides = hub_columns.pull_pictures(name, columns, arrived)
        intake.take_in(target, *sides, size, _showing(progress))

    return fill


def _showing(progress: Callable) -> intake.Progress:
    def show(name: str, done: int, total: int) -> None:
        progress(done / max(1, total), desc=f"{name}: picture {done:,} of {total:,}")

    return show


def _arm_of(values: Sequence, index: int) -> Arm:
    *weights, form = values
    terms = {
        name: number(weight, f"The weight of {label}")
        for (name, label), weight in zip(TERMS.items(), weights, strict=True)
    }
    objective = Objective(**terms, adversarial=FORMS[form])
    lesson = LESSON[index]
    return Arm(lesson.name if objective == lesson.objective else objective.name, objective)
