"""What came of a laboratory: report.json, report.md and pictures from all finished runs.

Every sentence is computed from the figures. Nothing in report.json and report.md tells how long a
run took or how often it was interrupted, so that the same runs always give the same report.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev

from ...core.config import Config
from ...core.images import to_pictures
from ...inference import evaluation
from ...lessons import DataError, UnpairedData, open_data
from ...store import checkpoints
from ...training import setup as training
from ...training.runs import LOG, SAMPLES, RunError
from . import pictures, text
from .run import is_done
from .variants import VARIANTS


@dataclass(frozen=True)
class FinishedRun:
    """One run that is done. metrics: empty without ground truth. log: its lines, by step."""

    folder: Path
    variant: str
    config: Config
    metrics: dict
    log: dict[int, dict]

    @property
    def seed(self) -> int:
        return self.config.training.seed

    @property
    def settings(self) -> dict:
        """All that has to be equal for runs to be compared."""
        values = self.config.to_dict()
        del values["objective"], values["facts"], values["training"]["seed"]
        return values


def read(lab: Path) -> list[FinishedRun]:
    """All finished runs, in the order of VARIANTS and seeds; raises RunError where there is none,
    or where they are not alike."""
    found = []
    for variant in VARIANTS:
        folders = [folder for folder in (lab / variant).glob("seed-*") if is_done(folder)]
        found += sorted((_read(folder, variant) for folder in folders), key=lambda run: run.seed)
    if not found:
        raise RunError(
            f"{lab} holds no finished run; python -m cyclegan.ablation run --out {lab} trains some."
        )
    for run in found:
        for part, value in run.settings.items():
            if value != found[0].settings[part]:
                raise RunError(
                    f"{run.folder} and {found[0].folder} differ in {part}: a report compares "
                    "runs that are alike but for their objective."
                )
        if run.config.objective != VARIANTS[run.variant].objective:
            raise RunError(f"{run.folder} was trained with another objective than {run.variant}.")
    return found


def _read(folder: Path, variant: str) -> FinishedRun:
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
        log = {line["step"]: line for line in map(json.loads, lines)}
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{folder / LOG} is missing or damaged.") from error
    metrics = checkpoints.read_json(folder / checkpoints.METRICS)
    return FinishedRun(folder, variant, checkpoints.read_config(folder), metrics, log)


def summarise(runs: list[FinishedRun]) -> dict:
    """report.json but for its frames: every number that the report tells."""
    first = runs[0].config
    steps = sorted(set.intersection(*(set(run.log) for run in runs)))
    machines = sorted({str(run.config.facts.get("machine", "unknown")) for run in runs})
    variants = []
    for name, info in VARIANTS.items():
        if not (alike := [run for run in runs if run.variant == name]):
            continue
        variants.append(
            {
                "name": name,
                "title": info.title,
                "source": info.source,
                "terms": info.objective.name,
                "objective": asdict(info.objective),
                "seeds": [run.seed for run in alike],
                "figures": {network: _figures(alike, network) for network in "GF"},
                "curves": _curves(alike, steps),
            }
        )
    settings = runs[0].settings
    return {
        "data": first.training.data,
        "pairs": runs[0].metrics.get("pairs", 0),
        "size": first.image_size,
        "steps": first.training.steps,
        "seeds": sorted({run.seed for run in runs}),
        "machine": machines[0] if len(machines) == 1 else machines,
        "settings": {part: settings[part] for part in ("generator", "discriminator", "training")},
        "variants": variants,
        "unchanged": None,
        "frames": None,
        "paper": text.PAPER,
    }


def _figures(runs: list[FinishedRun], network: str) -> dict:
    found = {}
    for name in runs[0].metrics.get(network, {}):
        values = [run.metrics[network][name] for run in runs]
        spread = _short(stdev(values)) if len(values) > 1 else None
        found[name] = {
            "mean": _short(fmean(values)),
            "spread": spread,
            "values": [_short(value) for value in values],
        }
    return found


def _curves(runs: list[FinishedRun], steps: list[int]) -> dict:
    def over_seeds(kind: str, name: str) -> list[list[float]]:
        return [[run.log[step][kind][name] for run in runs] for step in steps]

    last = runs[0].log[steps[-1]]
    bands = {}
    for name in last.get("figures", {}):
        values = over_seeds("figures", name)
        bands[name] = {
            kind: [_short(of(seeds)) for seeds in values]
            for kind, of in (("mean", fmean), ("low", min), ("high", max))
        }
    terms = {
        name: [_short(fmean(seeds)) for seeds in over_seeds("terms", name)]
        for name in last["terms"]
    }
    return {"steps": steps, "terms": terms, "figures": bands}


def _short(value: float) -> float:
    """Six significant digits, far more than seeds agree on."""
    return float(f"{value:.6g}")


def write(lab: Path, out: Path) -> Path:
    """Write the whole report to the folder `out` and return the path of its report.md.

    Raises RunError where there is nothing to compare, or matplotlib is missing.
    """
    pictures.need_matplotlib()
    runs = read(lab)
    report = summarise(runs)
    try:
        settings = runs[0].config.training
        data = open_data(settings.data, runs[0].config.image_size, settings.resize)
    except DataError:
        data = None  # Data may be gone by now: the report only lacks the truth beside its pictures.
    if report["pairs"] and data is not None:
        found = evaluation.unchanged(data, settings.data == "satellite2map")
        report["unchanged"] = {n: {k: _short(v) for k, v in found[n].items()} for n in "GF"}
    report["frames"] = _write_pictures(runs, report, data, out)
    checkpoints.write_json(out / "report.json", report)
    markdown = text.markdown(report)
    path = out / "report.md"
    checkpoints.write_atomically(path, lambda to: to.write_text(markdown, encoding="utf-8"))
    return path


def _write_pictures(
    runs: list[FinishedRun], report: dict, data: UnpairedData | None, out: Path
) -> dict:
    """Pictures of each variant's first seed; returns report.json's "frames"."""
    side, last = report["size"], report["steps"]
    shown = {run.variant: run for run in reversed(runs)}
    steps = sorted(
        set.intersection(
            *({int(p.stem) for p in (run.folder / SAMPLES).glob("*.png")} for run in shown.values())
        )
    )
    if last not in steps:
        raise RunError(f"{runs[0].folder / SAMPLES} and others lack the pictures of step {last}.")
    grids = {
        name: pictures.Grid.read(shown[name].folder, last, side)
        for name in VARIANTS
        if name in shown
    }
    any_grid = next(iter(grids.values()))
    inputs, truths = any_grid.rows // 2, []
    if data is not None:
        x, y = training.fixed_samples(data, side)
        inputs, truths = len(x), to_pictures(y) if data.paired else []
    for name, column in (
        ("inputs.png", pictures.TRANSLATION),
        ("reconstructions.png", pictures.RECONSTRUCTION),
    ):
        known = truths if column == pictures.TRANSLATION else []
        pictures.write_inputs(out / name, grids, inputs, known, column)
    pictures.write_curves(out / "curves.png", report["variants"], text.panels(report))

    rows = min(pictures.FRAME_ROWS, inputs)

    def column(grid: pictures.Grid, number: int) -> list:
        return [grid.tile(row, number) for row in range(rows)]

    fixed = [column(any_grid, pictures.ORIGINAL), *([truths[:rows]] if truths else [])]
    pictures.write_frame(out / "frames" / "inputs.webp", fixed, lossless=True)
    for name, run in shown.items():
        for step in steps:
            grid = pictures.Grid.read(run.folder, step, side)
            made = [column(grid, n) for n in (pictures.TRANSLATION, pictures.RECONSTRUCTION)]
            pictures.write_frame(out / "frames" / name / f"{step:06d}.webp", made)
    return {"steps": steps, "inputs": rows, "side": side}
