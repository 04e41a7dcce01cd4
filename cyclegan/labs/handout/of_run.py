"""A handout about one run, or one checkpoint, out of what lies in its folder.

Trains and measures nothing, and needs no data.
"""

from pathlib import Path

from ... import lessons, methods
from ...core.config import Config
from ...inference.evaluation import NETWORK, what_was_measured
from ...lessons import Lesson
from ...store import checkpoints
from ...training.runs import LOG, STATE, read_log
from . import again, curves, facts, intervals, samples, translated
from .document import Document, Measured


def document(folder: Path) -> Document:
    """Raises CheckpointError where the folder does not say what was trained."""
    config = checkpoints.read_config(folder)
    lesson, method = lessons.find(config.training.data), methods.find(config.method)
    log = curves.usable(read_log(folder))
    film = samples.of_run(folder, config) or translated.of_one(folder, config)
    measured, on = figures(folder, config, lesson)
    recipe = facts.recipe(config)
    is_foreign = facts.is_foreign(config)
    return Document(
        title=facts.variant(config),
        kind=method.arrow(config)
        + ("" if is_foreign else f" · {facts.place_of(config.training.data)}"),
        summary=summary(config),
        events=facts.events(config, log),
        film=film,
        no_film="There are no sample pictures in this folder.",
        groups=curves.of_run(log, lesson, method, facts.changed_at(config)),
        no_curves=f"There is no {LOG} in this folder, or nothing in it that can be read: the "
        "figures were not kept as curves.",
        measured=measured,
        measured_on=on,
        settings=[*facts.settings(config).items()] if not is_foreign else [*networks(config)],
        recipes=[recipe] if recipe else [],
        no_recipe="It followed no recipe by name: the settings above are all.",
        commands=commands(folder, config),
    )


def networks(config: Config) -> list[tuple[str, str]]:
    """All that is known of other people's weights."""
    words = facts.settings(config)
    return [(label, words[label]) for label in ("generators", "upsampling", "norm")]


def summary(config: Config) -> str:
    """What was trained on what, for how long and where."""
    method = methods.find(config.method)
    if facts.is_foreign(config):
        return (
            f"Weights of the layout {facts.variant(config)}, which {method.task(config)}. "
            "Such files do not say how they were trained."
        )
    said = [
        f"{method.name} was trained to {method.task(config)}, on "
        f"{facts.place_of(config.training.data)}, by the objective {config.objective.name}, "
        f"{facts.length(config)}"
    ]
    if took := facts.took(config):
        said.append(took)
    text = " ".join(said) + "."
    seen = lessons.words_of_items(config)
    text += f" Its networks are {method.describe(config)}; it saw {seen}."
    if config.is_under_way:
        text += " It is not at its end: what stands here is how far it is."
    return text


def figures(folder: Path, config: Config, lesson: Lesson) -> tuple[list[Measured], str]:
    """Figures with intervals, and a sentence on what they are of."""
    metrics = checkpoints.read_metrics(folder)
    if not any(metrics.get(network) for network in NETWORK.values()):
        return [], (
            "Nobody measured this on all held-out items yet: python -m cyclegan.evaluation RUN "
            "--save does, and then this report has figures with intervals. Those above are of a "
            "few items."
        )
    seeds = checkpoints.metrics_by_seed(folder)
    result = metrics | ({"seeds": seeds} if len(seeds) > 1 else {})
    listed = [
        Measured(title(network, config), intervals.cards({network: result}, known, network))
        for network in NETWORK.values()
        if (known := measures(lesson, [metrics], network))
    ]
    how = intervals.how_to_read({"this run": result})
    return listed, f"{measured_on([metrics], lesson)} {how}".strip()


def measures(lesson: Lesson, results: list[dict], network: str) -> list:
    """What any of the results has of a network, in the order of tables, but for details."""
    have = {key: None for metrics in results for key in metrics.get(network, {})}
    return [m for m in lesson.known(have) if not getattr(m, "is_detail", False)]


def measured_on(results: list[dict], lesson: Lesson) -> str:
    first = {"items": results[0].get("pairs", 0), **results[0]}
    return what_was_measured(first, lesson.medium) if "size" in first else ""


def title(network: str, config: Config) -> str:
    """ "G: flat → 3D"."""
    direction = "xy" if network == "G" else "yx"
    return f"{network}: {' → '.join(methods.find(config.method).from_to(config, direction))}"


def commands(folder: Path, config: Config) -> list[tuple[str, str]]:
    """How to use it, go on with it, and train it anew. RUN stands for the folder, as where that
    lies differs from machine to machine."""
    found = []
    if checkpoints.is_checkpoint(folder):
        if methods.find(config.method).is_from_noise(config):
            use = "python -m cyclegan.translate --model RUN --samples 16 --output out"
            found.append(("Make pictures with it; RUN is the folder of this run:", use))
        else:
            use = "python -m cyclegan.translate --model RUN --input picture.png --output out"
            found.append(("Translate a picture of your own; RUN is the folder of this run:", use))
    if checkpoints.is_checkpoint(folder) and not (folder / checkpoints.METRICS).exists():
        measure = "python -m cyclegan.evaluation RUN --save"
        found.append(("Measure it on all held-out items:", measure))
    if (folder / STATE).exists():
        t = config.training
        longer = "" if config.is_under_way else f" --steps {2 * t.steps} --rate {t.rate:g}"
        words = "Go on to its end:" if config.is_under_way else "Train it on, twice as long:"
        found.append((words, f"python train.py --resume RUN{longer}"))
    if not facts.is_foreign(config):
        if anew := again.command(config):
            found.append(("Train the same again:", anew))
        else:
            words = "The options of train.py do not lead to these settings; they stand in:"
            found.append((words, f"RUN/{checkpoints.CONFIG}"))
    return found
