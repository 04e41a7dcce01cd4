"""The model card of a checkpoint or a set: metadata, figures, samples, and how all came about.

A README.md that lies beside the set stays the card's text; what its metadata lacks is filled in.
Knows no network.
"""

import io
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ... import lessons, methods
from ...core import sheets
from ...core.config import Config
from ...core.figures import Measure, named
from ...core.media import PICTURES, Medium
from ...lessons import examples
from ...methods import Model
from ...methods.method import latents_of
from ...store import checkpoints
from ...store.checkpoints import CheckpointError
from ..markdown import code, fenced, plain

if TYPE_CHECKING:
    from ...inference.translator import Translator

SAMPLES = "samples.png"
LIBRARY = "cyclegan-lesson"
TAGS = ["cyclegan", "unpaired", "pytorch"]
UNKNOWN = "unknown"
"""The Hub's word for a license that nobody stated; weights may inherit terms of their pictures."""

BLOCK = 8
"""Columns of outputs beside the inputs; those of further variants stand below."""


def home(folder: Path) -> Path:
    """Where README.md and examples/ of a checkpoint lie: a variant's with its set."""
    beside = folder.resolve().parent
    if checkpoints.is_checkpoint(folder) and (beside / "README.md").is_file():
        return beside
    return folder


def write(
    folder: Path, variants: list[Path], repo: str, license: str | None = None
) -> tuple[str, bytes | None]:
    """The text of README.md, and the picture of samples in PNG, if there is anything to show.

    variants: checkpoints of `folder`, or the folder itself. license: the Hub's word for one;
    otherwise that of the set's README.md counts, or "unknown". Raises CheckpointError where that
    has no readable metadata.
    """
    found = [(variant, checkpoints.read_config(variant)) for variant in variants]
    own = _read(home(folder) / "README.md")
    # A set's text is about all of its variants; to a single one it lends the license alone.
    kept = own if home(folder) == folder else None
    data = kept.data if kept else ModelCardData()
    _complete(data, found, repo)
    data.license = license or _license(own)
    samples = _samples(folder, variants)
    shown = f"## Samples\n\n![samples]({SAMPLES})\n\n{samples[1]}\n" if samples else ""
    if kept:
        body = kept.text if SAMPLES in kept.text else f"{kept.text.rstrip()}\n\n{shown}"
    else:
        body = f"\n{_text(folder, found, repo, shown)}"
    return f"---\n{data.to_yaml()}\n---\n{body}", samples and samples[0]


def license_of(folder: Path) -> str:
    """What the README.md of a checkpoint, or of its set, states; raises CheckpointError as `write`
    does."""
    return _license(_read(home(folder) / "README.md"))


def _license(own: ModelCard | None) -> str:
    return (own.data.license if own else None) or UNKNOWN


def _read(path: Path) -> ModelCard | None:
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    try:
        return ModelCard(text if text.startswith("---") else f"---\n\n---\n\n{text}")
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise CheckpointError(f"{path}: its metadata cannot be read: {error}") from error


# Metadata


def _complete(data: ModelCardData, found: list[tuple[Path, Config]], repo: str) -> None:
    data.library_name = data.library_name or LIBRARY
    config = found[0][1]
    is_from_noise = methods.find(config.method).is_from_noise(config)
    data.pipeline_tag = data.pipeline_tag or _pipeline(config)
    mixin = ["model_hub_mixin", "pytorch_model_hub_mixin"] if len(found) == 1 else []
    tags = [TAGS[0], config.method, *TAGS[2:]] if is_from_noise else TAGS
    data.tags = list(dict.fromkeys([*(data.tags or []), *tags, *mixin]))
    data.datasets = data.datasets or sorted({_data(config) for _, config in found})
    if not data.eval_results and (results := _results(found)):
        data.model_name, data.eval_results = repo.split("/")[-1], results


def _results(found: list[tuple[Path, Config]]) -> list[EvalResult]:
    """Every figure of every variant in the metrics form of the Hub."""
    return [
        EvalResult(
            task_type=_pipeline(config),
            task_name=_task(config),
            dataset_type=_data(config),
            dataset_name=_data(config),
            dataset_split="test",
            metric_type=m.key,
            metric_value=metrics[network][m.key],
            metric_name=f"{m.label} of {network}, {config.objective.name}",
            metric_args={"variant": config.objective.slug, "network": network},
        )
        for folder, config in found
        if (metrics := checkpoints.read_metrics(folder))
        for network in ("G", "F")
        for m in _measures(config, metrics.get(network, {}))
    ]


def _measures(config: Config, *metrics: dict) -> list[Measure]:
    """What stands in metrics of a network, in the order of tables, but for details."""
    found = lessons.find(config.training.data).known({k: v for m in metrics for k, v in m.items()})
    return [m for m in found if not getattr(m, "is_detail", False)]


def _data(config: Config) -> str:
    return Path(config.training.data).name


def _task(config: Config) -> str:
    return methods.find(config.method).arrow(config)


def _pipeline(config: Config) -> str:
    """The Hub's word for what it does."""
    is_from_noise = methods.find(config.method).is_from_noise(config)
    return "unconditional-image-generation" if is_from_noise else _medium(config).pipeline


def _medium(config: Config) -> Medium:
    return lessons.of(config).medium


# Samples


def _samples(folder: Path, variants: list[Path]) -> tuple[bytes, str] | None:
    """A picture in PNG and the sentence that says what it shows.

    The last grid of a run; or else the first four pairs of examples/ through all variants.
    """
    config = checkpoints.read_config(variants[0])
    is_from_noise = methods.find(config.method).is_from_noise(config)
    if grids := sorted((folder / "samples").glob("*.png")):
        columns = ", ".join(v.name.lower() for v in methods.find(config.method).views(config))
        said = f"Columns: {columns}; held-out x above, y below."
        return grids[-1].read_bytes(), EACH_OF_ANOTHER if is_from_noise else said
    # Here, since to pull takes none of this, and to import it takes longer than torch.
    from ...inference.translator import Translator

    lesson = lessons.find(config.training.data)
    if is_from_noise:
        return _of_noise([Translator(checkpoints.load(variant)) for variant in variants])
    pairs = examples.of_set(home(folder), lesson)[:4]
    if not pairs:
        return None
    columns = [
        (sheets.Head("x", "input"), [lesson.draw(pair.x) for pair in pairs]),
        (sheets.Head("y", "truth"), [lesson.draw(pair.y) for pair in pairs]),
    ]
    made, formulas = [], []
    for variant in variants:
        translator = Translator(checkpoints.load(variant))
        results = [translator.kept_views(pair.x) for pair in pairs]
        shown = [v for v in translator.views() if v.key in ("made", "back")]
        formulas = [view.formula for view in shown]
        for view in shown:
            head = sheets.Head(view.formula, translator.config.objective.name)
            made.append((head, [lesson.draw(result[view.key]) for result in results]))
    blocks = [columns + made[i : i + BLOCK] for i in range(0, len(made), BLOCK)]
    file = io.BytesIO()
    sheets.stack([sheets.draw_columns(block) for block in blocks]).save(file, "PNG")
    return file.getvalue(), (
        f"Columns: the input x, the truth y, and of each variant {' and '.join(formulas)}."
    )


EACH_OF_ANOTHER = "Samples, each made of another z."


def _of_noise(translators: Sequence["Translator"]) -> tuple[bytes, str]:
    """A column a variant, of the same z from row to row."""
    columns = []
    for translator in translators:
        (view,) = translator.views(translator.directions[0])
        draw = lessons.find(translator.config.training.data).draw
        head = sheets.Head(view.formula, translator.config.objective.name)
        columns.append((head, [draw(one) for one in translator.kept_samples(BLOCK)]))
    file = io.BytesIO()
    sheets.draw_columns(columns).save(file, "PNG")
    return file.getvalue(), f"{EACH_OF_ANOTHER} In a row it is the same."


# Text


def _text(root: Path, found: list[tuple[Path, Config]], repo: str, samples: str) -> str:
    config = found[0][1]
    x, y = plain(config.domains.x), plain(config.domains.y)
    made_by = methods.find(config.method)
    is_from_noise = made_by.is_from_noise(config)
    if is_from_noise:
        (direction,) = made_by.directions(config)
        (view,), y = made_by.views(config, direction), plain(made_by.from_to(config, direction)[1])
        directions = f"{view.formula} is to {plain(made_by.task(config))}"
    else:
        directions = f"G translates {x} (X) to {y} (Y)"
        if len(made_by.directions(config)) > 1:
            directions += f", F translates {y} to {x}"
    sections = [
        f"# {plain(repo.split('/')[-1])}: {plain(_task(config))}",
        f"{made_by.name} ({made_by.source}): {directions}."
        + (" The variants differ in their objective alone." if _differ_in_objective(found) else ""),
        _objectives(found),
        "## Figures\n\n" + _figures(root, found),
        samples.rstrip(),
        "## How it was trained\n\n" + _training(found),
        "## How to load it\n\n" + _loading(found, repo),
        "## Limits\n\n"
        f"The networks have seen nothing but {y if is_from_noise else f'{x} and {y}'}, in "
        f"{lessons.words_of_items(config)}; anything else is outside of what they know. A "
        f"{'sample' if is_from_noise else 'translation'} is an invention that "
        f"{'sounds' if _medium(config).is_heard else 'looks'} like {y}, not a measurement of one. "
        f"{_seeds(found)}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _differ_in_objective(found: list[tuple[Path, Config]]) -> bool:
    rest = {(c.generator, c.discriminator, c.training, c.image_size) for _, c in found}
    return len(found) > 1 and len(rest) == 1


def _seeds(found: list[tuple[Path, Config]]) -> str:
    seeds = sorted({seed for folder, _ in found for seed in checkpoints.seeds(folder)})
    if len(seeds) == 1:
        return "One seed was trained; whether another gives the same is not known."
    fewer = [_label(f, found) for f, _ in found if list(checkpoints.seeds(f)) != seeds]
    but = f", not all of them of {', '.join(fewer)}" if fewer else ""
    return f"The seeds {', '.join(map(str, seeds))} were trained{but}."


def _objectives(found: list[tuple[Path, Config]]) -> str:
    kind = {"least_squares": "least squares", "log": "cross-entropy"}
    lines = ["| variant | terms | objective | GAN loss | networks |", "|---|---|---|---|---|"]
    for folder, config in found:
        o = config.objective
        loss = kind[o.adversarial] if getattr(o, "gan", 0) else "–"
        networks = ", ".join(checkpoints.shipped(folder))
        cells = [_label(folder, found), o.name, o.formula, loss, networks]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _label(folder: Path, found: list[tuple[Path, Config]]) -> str:
    config = next(config for path, config in found if path == folder)
    return code(folder.name if len(found) > 1 else config.objective.slug)


def _figures(root: Path, found: list[tuple[Path, Config]]) -> str:
    # Here, as above.
    from ...inference import comparisons, evaluation

    measured = [(folder, checkpoints.read_metrics(folder)) for folder, _ in found]
    measured = [(f, metrics) for f, metrics in measured if metrics.get("G") or metrics.get("F")]
    if not measured:
        return "None were measured: there were no held-out items, or nobody did."
    every = [metrics.get(n, {}) for _, metrics in measured for n in ("G", "F")]
    columns = [replace(m, label=plain(m.label)) for m in _measures(found[0][1], *every)]
    names = {folder.name: _label(folder, found) for folder, _ in measured}
    seeds = {folder.name: checkpoints.metrics_by_seed(folder) for folder, _ in measured}
    known = {
        folder.name: metrics | ({"seeds": of} if len(of := seeds[folder.name]) > 1 else {})
        for folder, metrics in measured
    }
    compared = comparisons.read(root).agreeing(seeds, named(tuple(columns)))

    def best(network: str, key: str) -> str | None:
        return names.get(compared.best(names, network, key))

    first = {"items": measured[0][1].get("pairs", 0), **measured[0][1]}
    said = [evaluation.table({names[n]: metrics for n, metrics in known.items()}, columns, best)]
    if "size" in first:
        said.append(evaluation.what_was_measured(first, lessons.find(_data(found[0][1])).medium))
    if any("intervals" in metrics for metrics in known.values()):
        said[-1] += f" {evaluation.how_sure(known)}"
    for a, b in comparisons.switched({folder.name: config for folder, config in found}):
        if told := comparisons.told(columns, compared.between(a, b, "G")):
            said.append(f"{names[a]} against {names[b]}: {told}.")
    said.append("\n".join(f"- {m.label}: {m.reads}" for m in columns))
    return "\n\n".join(said)


def _training(found: list[tuple[Path, Config]]) -> str:
    config = found[0][1]
    g, d, t = config.generator, config.discriminator, config.training
    halving = f"{g.downsampling} downsampling, " if g.downsampling != "strided" else ""
    ways = f", {g.blocks} blocks, {halving}{g.upsampling} upsampling"
    blocks = ways if g.kind == "resnet" else ""
    lesson = lessons.find(config.training.data)
    about = f" From {lesson.source}; licence: {lesson.licence}." if lesson.source else ""
    lines = [
        f"- Data: {plain(_data(config))}, {lessons.words_of_items(config)} "
        f"({lessons.words_of_crops(config)}).{about}",
        f"- Networks: {g.kind} generators with {g.width} filters{blocks}; {d.kind} discriminators "
        f"with {d.width}.",
        f"- Adam, rate {t.rate_words}, β = ({t.beta1:g}, {t.beta2:g}), batch {t.batch}, "
        f"{t.precision}; {t.steps:,} steps planned; history of {t.pool} generated items; "
        f"moving average of decay {t.ema_decay:g}; seed {t.seed}.",
        *(f"- {_label(folder, found)}: {r}" for folder, c in found for r in c.objective.remarks),
    ]
    for folder, config in found:
        facts = config.facts
        done = f"{facts.get('steps', config.training.steps):,} steps"
        took = f" in {facts['seconds'] / 60:.0f} minutes" if facts.get("seconds") else ""
        where = f" on {plain(facts['machine'])}" if facts.get("machine") else ""
        lines.append(f"- {_label(folder, found)}: {done}{took}{where}.")
    return "\n".join(lines)


def _loading(found: list[tuple[Path, Config]], repo: str) -> str:
    folder = found[-1][0]
    name = repo if len(found) == 1 else f"{repo}:{folder.name}"
    model = shlex.quote(name)
    config = found[-1][1]
    is_from_noise = methods.find(config.method).is_from_noise(config)
    ending = _medium(config).ending
    file = "picture" if _medium(config) is PICTURES else "file"
    given = "--samples 16" if is_from_noise else f"--input {file}{ending}"
    many = " --answers 8" if not is_from_noise and _latents(config) else ""
    command = f"python -m cyclegan.translate --model {model} {given} --output out{many}"
    shell = fenced(command, "bash")
    if len(found) > 1:
        return shell
    return f"{shell}\n\nor with `PyTorchModelHubMixin`:\n\n{mixin(folder, repo)}"


def _latents(config: Config) -> list[str]:
    """Names of what a translation of x takes beside x."""
    return latents_of(methods.find(config.method).views(config))


def mixin(folder: Path, repo: str) -> str:
    """The lines that load the single checkpoint of a repo by PyTorchModelHubMixin, strictly."""
    config = checkpoints.read_config(folder)
    maker, takes = "G", "(N, 3, H, W) in [-1, 1]"
    if (medium := _medium(config)) is not PICTURES:
        takes = f"(N, {config.channels.x}, …) floats of the medium {medium.name}"
    if methods.find(config.method).is_from_noise(config):
        maker, takes = checkpoints.shown(config)[0], "takes z, (N, 100) of N(0, 1)"
    elif latents := _latents(config):
        takes = f"takes x, {takes}, and {', '.join(latents)} of N(0, 1)"
    shown = checkpoints.shown(config)
    judges = [role for role in Model(config).networks if role not in shown]
    lacking = [f"self.{role}" for role in judges if role not in checkpoints.shipped(folder)]
    without = f"\n        {' = '.join([*lacking, 'None'])}  # not shipped here" if lacking else ""
    return f"""```python
from huggingface_hub import PyTorchModelHubMixin
from cyclegan import config, model

class CycleGAN(model.CycleGAN, PyTorchModelHubMixin):
    def __init__(self, **settings):
        super().__init__(config.Config.from_dict(settings)){without}

{maker} = CycleGAN.from_pretrained("{repo}", strict=True).{maker}  # {takes}
```"""
