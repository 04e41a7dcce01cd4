"""A handout about the variants of a set, side by side, out of what lies in their folders.

Trains and measures nothing, and needs no data.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ... import lessons, methods
from ...core.config import Config
from ...core.figures import named
from ...inference import comparisons
from ...inference.evaluation import NETWORK
from ...lessons import Lesson
from ...store import checkpoints
from ...training.runs import read_log
from . import curves, facts, intervals, samples, translated
from .document import Document, Film, Measured
from .of_run import measured_on, measures, title

MOST = 24
"""Variants whose pictures are shown."""


@dataclass(frozen=True)
class Variant:
    """name: for people. seeds: metrics of all its seeds that were measured."""

    name: str
    folder: Path
    config: Config
    metrics: dict
    seeds: Mapping[int, dict] = field(default_factory=dict)


def document(root: Path) -> Document:
    """Raises CheckpointError where a variant cannot be read."""
    variants = read(root)
    config = variants[0].config
    lesson, method = lessons.find(config.training.data), methods.find(config.method)
    logs = {v.name: curves.usable(read_log(v.folder)) for v in variants}
    measured, on, verdicts = figures(root, variants, lesson)
    shared, differing = settings(variants)
    recipes = [r for v in variants if (r := facts.recipe(v.config, v.name))]
    return Document(
        title=root.resolve().name,
        kind=f"{method.arrow(config)} · {len(variants)} variants",
        summary=summary(variants),
        events=[f"{v.name}: {said}" for v in variants for said in told(v, logs[v.name])],
        film=pictures(root, variants),
        no_film="There are neither sample pictures in these folders nor examples that their "
        "weights could translate.",
        groups=curves.of_several(logs, lesson, method),
        no_curves="No logs lie in these folders: there are no curves of their training.",
        measured=measured,
        measured_on=on,
        verdicts=verdicts,
        settings=shared,
        differing=differing,
        recipes=recipes,
        no_recipe="None of them followed a recipe by name: the settings above are all.",
        commands=[
            ("Measure all of them on held-out items; SET is this folder:", MEASURE),
            ("Look at them on the page:", "python app.py --checkpoints SET"),
        ],
    )


MEASURE = "python -m cyclegan.evaluation SET --save"


def read(root: Path) -> list[Variant]:
    """By name; those of one name are told apart by their folders."""
    folders = checkpoints.find(root)
    configs = [checkpoints.read_config(folder) for folder in folders]
    names = [facts.variant(config) for config in configs]
    count = Counter(names)
    return [
        Variant(
            name if count[name] == 1 else f"{name} ({folder.name})",
            folder,
            config,
            checkpoints.read_metrics(folder),
            checkpoints.metrics_by_seed(folder),
        )
        for name, folder, config in zip(names, folders, configs, strict=True)
    ]


def summary(variants: list[Variant]) -> str:
    """What they are, and whether they differ in their objective alone."""
    config = variants[0].config
    data = list(dict.fromkeys(facts.place_of(v.config.training.data) for v in variants))
    steps = sorted({facts.steps_done(v.config) or v.config.training.steps for v in variants})
    length = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    found = [*dict.fromkeys(methods.find(v.config.method) for v in variants)]
    names, does = [m.name for m in found], found[0].task(config).removesuffix(" and back")
    text = (
        f"{len(variants)} trainings by {comparisons.listed(names)} that {does}, on "
        f"{comparisons.listed(data)}, for {length} steps each."
    )
    if len({_rest(v.config) for v in variants}) == 1:
        return f"{text} They differ in their objective alone: all else is equal."
    return f"{text} They differ in more than their objective: see the settings."


def _rest(config: Config) -> tuple:
    return config.generator, config.discriminator, config.training, config.image_size


def told(variant: Variant, log: list[dict]) -> list[str]:
    """How long it took, and what changed on the way."""
    took = facts.took(variant.config)
    trained = [f"trained {facts.length(variant.config)} {took}."] if took else []
    return [*trained, *facts.events(variant.config, log)]


def pictures(root: Path, variants: list[Variant]) -> Film | None:
    """Samples of the same items where all have them, else what they make of examples."""
    shown = variants[:MOST]
    runs = [samples.Training(v.name, v.folder, v.config) for v in shown]
    listed = [(v.name, v.folder) for v in shown]
    return samples.of_several(runs) or translated.of_several(root, listed, shown[0].config)


def figures(
    root: Path, variants: list[Variant], lesson: Lesson
) -> tuple[list[Measured], str, list[str]]:
    """Figures with intervals, what they are of, and what differs beyond chance."""
    known = [v for v in variants if any(v.metrics.get(n) for n in NETWORK.values())]
    if not known:
        return [], f"Nobody measured these yet: {MEASURE} does.", []
    by_folder = {v.folder.name: v for v in known}
    results = {v.name: v.metrics | ({"seeds": v.seeds} if len(v.seeds) > 1 else {}) for v in known}
    found = comparisons.read(root).agreeing(
        {name: v.seeds for name, v in by_folder.items()}, named(lesson.figures)
    )

    def best(network: str, key: str) -> str | None:
        name = found.best(by_folder, network, key)
        return by_folder[name].name if name else None

    metrics = [v.metrics for v in known]
    listed, verdicts = [], []
    pairs = comparisons.switched({name: v.config for name, v in by_folder.items()})
    for network in NETWORK.values():
        if columns := measures(lesson, metrics, network):
            cards = intervals.cards(results, columns, network, best)
            listed.append(Measured(title(network, known[0].config), cards))
        for a, b in pairs:
            if words := comparisons.told(columns, found.between(a, b, network)):
                names = f"{by_folder[a].name} against {by_folder[b].name}"
                verdicts.append(f"{network}, {names}: {words}.")
    missing = [v.name for v in variants if v not in known]
    lacking = f" Not measured: {', '.join(missing)}." if missing else ""
    said = f"{measured_on(metrics, lesson)} {intervals.how_to_read(results)}{lacking}".strip()
    return listed, said, verdicts


def settings(variants: list[Variant]) -> tuple[list, list]:
    """What all share, and what they do not, with every variant's words."""
    words = {v.name: facts.settings(v.config) for v in variants if not facts.is_foreign(v.config)}
    labels = dict.fromkeys(label for of in words.values() for label in of)
    shared, differing = [], []
    for label in labels:
        listed = [(name, of[label]) for name, of in words.items()]
        if len({text for _, text in listed}) == 1:
            shared.append((label, listed[0][1]))
        else:
            differing.append((label, listed))
    return shared, differing
