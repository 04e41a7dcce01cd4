"""The model card of a checkpoint or a set: metadata, figures, samples, and how all came about.

A README.md that lies beside the set stays the card's text; what its metadata lacks is filled in.
Knows no network.
"""

import io
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from PIL import Image
from safetensors import safe_open

from ...core.config import Config, Objective
from ...store import checkpoints
from ...store.checkpoints import METRICS, WEIGHTS, CheckpointError

SAMPLES = "samples.png"
LIBRARY = "cyclegan-lesson"
TAGS = ["cyclegan", "unpaired", "pytorch"]
UNKNOWN = "unknown"
"""The Hub's word for a license that nobody stated; weights may inherit terms of their pictures."""

FIGURES = {
    "sea_iou": "sea IoU",
    "rmse": "RMSE",
    "ssim": "SSIM",
    "cycle_error": "cycle error",
    "identity_error": "identity error",
    "diversity": "diversity",
}


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
    data.license = license or (own.data.license if own else None) or UNKNOWN
    samples = _samples(folder, variants)
    shown = f"## Samples\n\n![samples]({SAMPLES})\n\n{samples[1]}\n" if samples else ""
    if kept:
        body = kept.text if SAMPLES in kept.text else f"{kept.text.rstrip()}\n\n{shown}"
    else:
        body = f"\n{_text(found, repo, shown)}"
    return f"---\n{data.to_yaml()}\n---\n{body}", samples and samples[0]


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
    data.pipeline_tag = data.pipeline_tag or "image-to-image"
    mixin = ["model_hub_mixin", "pytorch_model_hub_mixin"] if len(found) == 1 else []
    data.tags = list(dict.fromkeys([*(data.tags or []), *TAGS, *mixin]))
    data.datasets = data.datasets or sorted({_data(config) for _, config in found})
    if not data.eval_results and (results := _results(found)):
        data.model_name, data.eval_results = repo.split("/")[-1], results


def _results(found: list[tuple[Path, Config]]) -> list[EvalResult]:
    """Every figure of every variant in the metrics form of the Hub."""
    return [
        EvalResult(
            task_type="image-to-image",
            task_name=_task(config),
            dataset_type=_data(config),
            dataset_name=_data(config),
            dataset_split="test",
            metric_type=key,
            metric_value=metrics[network][key],
            metric_name=f"{label} of {network}, {config.objective.name}",
            metric_args={"variant": config.objective.slug, "network": network},
        )
        for folder, config in found
        if (metrics := _metrics(folder))
        for network in ("G", "F")
        for key, label in FIGURES.items()
        if key in metrics.get(network, {})
    ]


def _metrics(folder: Path) -> dict:
    path = folder / METRICS
    return checkpoints.read_json(path) if path.is_file() else {}


def _data(config: Config) -> str:
    return Path(config.training.data).name


def _task(config: Config) -> str:
    return f"{config.domains.x} ↔ {config.domains.y}"


# Samples


def _samples(folder: Path, variants: list[Path]) -> tuple[bytes, str] | None:
    """A picture in PNG and the sentence that says what it shows.

    The last grid of a run; or else the first four pairs of examples/ through all variants.
    """
    if grids := sorted((folder / "samples").glob("*.png")):
        columns = "input, translation, reconstruction, identity output"
        return grids[-1].read_bytes(), f"Columns: {columns}; held-out x above, y below."
    examples = home(folder) / "examples"
    pairs = [
        (path, path.with_name(path.name.replace("-x.png", "-y.png")))
        for path in sorted(examples.glob("*-x.png"))[:4]
    ]
    if not pairs:
        return None
    # Here, since to pull takes none of this, and to import it takes longer than torch.
    from ...core import images
    from ...inference.translator import Translator

    rows = [[images.load(x)] for x, _ in pairs]
    names = []
    for variant in variants:
        translator = Translator(checkpoints.load(variant))
        names.append(translator.config.objective.name)
        for row in rows:
            made = translator.translate(row[0])
            row += [made.translation, made.reconstruction]
    for row, (_, y) in zip(rows, pairs, strict=True):
        row += [images.load(y)] if y.is_file() else []
    columns = "; ".join(f"G(x), F(G(x)) of {name}" for name in names)
    return _grid(rows), f"Columns: x; {columns}; the true y where it is known."


def _grid(rows: list[list[Image.Image]], gap: int = 2) -> bytes:
    side = max(max(picture.size) for row in rows for picture in row)
    width, height = max(map(len, rows)), len(rows)
    sheet = Image.new("RGB", [count * (side + gap) - gap for count in (width, height)], "white")
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            sheet.paste(picture, (j * (side + gap), i * (side + gap)))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


# Text


def _text(found: list[tuple[Path, Config]], repo: str, samples: str) -> str:
    config = found[0][1]
    x, y = config.domains.x, config.domains.y
    sections = [
        f"# {repo.split('/')[-1]}: {_task(config)}",
        "CycleGAN ([Zhu et al. 2017](https://arxiv.org/abs/1703.10593)): "
        f"G translates {x} (X) to {y} (Y), F translates {y} to {x}."
        + (" The variants differ in their objective alone." if len(found) > 1 else ""),
        _objectives(found),
        "## Figures\n\n" + _figures(found),
        samples.rstrip(),
        "## How it was trained\n\n" + _training(found),
        "## How to load it\n\n" + _loading(found, repo),
        "## Limits\n\n"
        f"The networks have seen nothing but {x} and {y} pictures in crops of {config.image_size} "
        "pixels; anything else is outside of what they know. A translation is an invention that "
        f"looks like {y}, not a measurement of one. One seed was trained; whether another gives "
        "the same is not known.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def formula(objective: Objective) -> str:
    """What G and F minimise, as text: "GAN(G, D_Y) + GAN(F, D_X) + 10 · ‖F(G(x)) − x‖₁ + …"."""
    o, norm = objective, {"l1": "‖₁", "l2": "‖₂²"}[objective.cycle_norm]
    judged = "(GAN(G, D_Y | x) + GAN(F, D_X | y))" if o.paired else "(GAN(G, D_Y) + GAN(F, D_X))"
    terms = [
        (o.gan, judged),
        (o.cycle_forward, f"‖F(G(x)) − x{norm}"),
        (o.cycle_backward, f"‖G(F(y)) − y{norm}"),
        (o.identity, "(‖G(y) − y‖₁ + ‖F(x) − x‖₁)"),
        (o.paired, "(‖G(x) − y‖₁ + ‖F(y) − x‖₁)"),
    ]
    return " + ".join(
        text if weight == 1 else f"{weight:g} · {text}" for weight, text in terms if weight
    )


def _objectives(found: list[tuple[Path, Config]]) -> str:
    kind = {"least_squares": "least squares", "log": "cross-entropy"}
    lines = ["| variant | terms | objective | GAN loss | networks |", "|---|---|---|---|---|"]
    for folder, config in found:
        o = config.objective
        loss = kind[o.adversarial] if o.gan else "–"
        cells = [_label(folder, found), o.name, formula(o), loss, ", ".join(_networks(folder))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _label(folder: Path, found: list[tuple[Path, Config]]) -> str:
    config = next(config for path, config in found if path == folder)
    return f"`{folder.name if len(found) > 1 else config.objective.slug}`"


def _networks(folder: Path) -> list[str]:
    """Names of the networks that a checkpoint ships, without reading a weight."""
    with safe_open(folder / WEIGHTS, framework="np") as file:
        shipped = {key.split(".")[0] for key in file.keys()}  # noqa: SIM118
    return [name for name in ("G", "F", "D_X", "D_Y") if name in shipped]


def _figures(found: list[tuple[Path, Config]]) -> str:
    measured = [(folder, _metrics(folder)) for folder, _ in found]
    measured = [(folder, metrics) for folder, metrics in measured if metrics.get("G")]
    if not measured:
        return "None were measured: there were no held-out pairs, or nobody did."
    lines = [
        f"| variant | | {' | '.join(FIGURES.values())} |",
        "|---|---|" + "---:|" * len(FIGURES),
    ]
    for folder, metrics in measured:
        for network in ("G", "F"):
            cells = [metrics.get(network, {}).get(key) for key in FIGURES]
            cells = ["–" if value is None else f"{value:.3g}" for value in cells]
            lines.append(f"| {_label(folder, found)} | {network} | {' | '.join(cells)} |")
    first = measured[0][1]
    return "\n".join(lines) + (
        f"\n\nOn {first.get('pairs', '?')} held-out pairs of {first.get('size', '?')} pixels a "
        "side, in units of 0 to 255; sea IoU and SSIM are best at 1, diversity is 1 for outputs as "
        "varied as the real pictures."
    )


def _training(found: list[tuple[Path, Config]]) -> str:
    config = found[0][1]
    g, d, t = config.generator, config.discriminator, config.training
    blocks = f", {g.blocks} blocks, {g.upsampling} upsampling" if g.kind == "resnet" else ""
    lines = [
        f"- Data: {_data(config)}, {config.image_size}-pixel crops ({t.resize}).",
        f"- Networks: {g.kind} generators with {g.width} filters{blocks}; {d.kind} discriminators "
        f"with {d.width}.",
        f"- Adam, rate {t.rate:g}, β = ({t.beta1:g}, {t.beta2:g}), batch {t.batch}, {t.precision}; "
        f"{t.steps:,} steps planned, the second half with a falling rate; history of {t.pool} "
        f"images; moving average of decay {t.ema_decay:g}; seed {t.seed}.",
    ]
    for folder, config in found:
        facts = config.facts
        done = f"{facts.get('steps', config.training.steps):,} steps"
        took = f" in {facts['seconds'] / 60:.0f} minutes" if facts.get("seconds") else ""
        where = f" on {facts['machine']}" if facts.get("machine") else ""
        lines.append(f"- {_label(folder, found)}: {done}{took}{where}.")
    return "\n".join(lines)


def _loading(found: list[tuple[Path, Config]], repo: str) -> str:
    folder = found[-1][0]
    name = repo if len(found) == 1 else f"{repo}:{folder.name}"
    command = f"python -m cyclegan.translate --model {name} --input picture.png --output out"
    shell = f"```bash\n{command}\n```"
    if len(found) > 1:
        return shell
    return f"{shell}\n\nor with `PyTorchModelHubMixin`:\n\n{mixin(folder, repo)}"


def mixin(folder: Path, repo: str) -> str:
    """The lines that load the single checkpoint of a repo by PyTorchModelHubMixin, strictly."""
    judged = {"D_X", "D_Y"} <= set(_networks(folder))
    without = "" if judged else "\n        self.D_X = self.D_Y = None  # not shipped here"
    return f"""```python
from huggingface_hub import PyTorchModelHubMixin
from cyclegan import config, model

class CycleGAN(model.CycleGAN, PyTorchModelHubMixin):
    def __init__(self, **settings):
        super().__init__(config.Config.from_dict(settings)){without}

G = CycleGAN.from_pretrained("{repo}", strict=True).G  # (N, 3, H, W) in [-1, 1]
```"""
