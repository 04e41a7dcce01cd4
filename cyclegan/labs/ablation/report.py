"""What came of a laboratory: report.json, report.md and report.html, and pictures from all finished
runs.

Every sentence is computed from the figures. Nothing in them tells how long a
run took or how often it was interrupted, so that the same runs always give the same report.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import torch
from tqdm import tqdm

from ... import lessons, methods
from ...core import files
from ...core.config import Config, Direction
from ...core.evidence import Estimate, Interval
from ...core.figures import named
from ...core.networks import parameters
from ...inference import comparisons, evaluation
from ...lessons import DataError, UnpairedData, open_data
from ...methods import Model, NamedRecipe
from ...training import setup as training
from ...training.runs import SAMPLES, RunError
from ..handout import document, moving
from ..handout.grids import Grid
from . import in_one_file, pictures, text
from .finished import FinishedRun, base_of, read
from .run import measure
from .variants import groups, is_paired, known

SHOWN = ("made", "back")
"""Keys of the views that frames hold side by side, where a method has them."""


def summarise(runs: list[FinishedRun]) -> dict:
    """report.json but for its frames: every number that the report tells."""
    first, metrics = runs[0].config, runs[0].metrics
    steps = sorted(set.intersection(*(set(run.log) for run in runs)))
    machines = sorted({str(run.config.facts.get("machine", "unknown")) for run in runs})
    variants = []
    for name, info in known().items():
        if not (alike := [run for run in runs if run.variant == name]):
            continue
        objective, base = alike[0].config.objective, base_of(alike[0], runs)
        variants.append(
            {
                "name": name,
                "title": info.title,
                "source": info.source,
                "left_out": info.left_out_by(objective),
                "terms": objective.name,
                "method": objective.method,
                "paired": is_paired(name),
                "objective": asdict(objective),
                "formulas": _formulas(alike[0].config, "xy"),
                "formulas_back": _formulas(alike[0].config, "yx"),
                "settings": _otherwise(alike[0].settings, base),
                "parameters": _sizes(alike[0].config),
                "seeds": [run.seed for run in alike],
                "figures": {
                    network: _figures(alike, network)
                    for network in evaluation.NETWORK.values()
                    if all(network in run.metrics for run in alike)
                },
                "curves": _curves(alike, steps),
            }
        )
    bases = [base_of(run, runs) for run in runs]
    networks = dict.fromkeys(methods.find(base.method).describe(base) for base in bases)
    settings = bases[0].to_dict()
    del settings["training"]["seed"]
    return {
        "data": first.training.data,
        "pairs": metrics.get("pairs", 0),
        "items": metrics.get("items", metrics.get("pairs", 0)),
        "effective": metrics.get("effective"),
        "held_out": metrics.get("held_out", True),
        "size": first.image_size,
        "steps": first.training.steps,
        "seeds": sorted({run.seed for run in runs}),
        "machine": machines[0] if len(machines) == 1 else machines,
        "networks": "; ".join(networks),
        "settings": {part: settings[part] for part in ("generator", "discriminator", "training")},
        "variants": variants,
        "comparisons": _compared(runs).to_json(),
        "unchanged": None,
        "apart": None,
        "frames": None,
        "paper": text.PAPER if any(v["name"] in groups()["paper"] for v in variants) else {},
    }


def _compared(runs: list[FinishedRun]) -> comparisons.Comparisons:
    """Rows in pairs, over the seeds that both have."""
    rows: dict[str, dict[int, dict]] = {}
    for run in runs:
        rows.setdefault(run.variant, {})[run.seed] = run.estimates
    lesson = lessons.find(runs[0].config.training.data)
    return comparisons.compare(rows, named(lesson.figures))


def _formulas(config: Config, direction: Direction) -> dict[str, str]:
    """Of the views that frames and pictures show, by key; "original" is x, or y."""
    views = methods.find(config.method).views(config, direction)
    return {view.key: view.formula for view in views if view.key in ("original", *SHOWN)}


def _otherwise(settings: Config, base: Config) -> dict[str, str]:
    """What a row has otherwise than others, in words, by a label of a word or two."""
    own, others = (
        NamedRecipe.of(config, "", "").words(type(config.objective)) for config in (settings, base)
    )
    return {label: words for label, words in own.items() if words != others[label]}


def _sizes(config: Config) -> dict[str, dict[str, int]]:
    """Parameters of the network that translates, and of the one that judges what it makes: by
    their roles, and by the letter of the direction."""
    with torch.device("meta"):
        networks = Model(config).networks
    method, found = methods.find(config.method), {}
    for direction in method.directions(config):
        makers = [view.network for view in method.views(config, direction) if view.key == "made"]
        roles = [role for role in (*makers, method.judge(direction)) if role in networks]
        letter = evaluation.NETWORK[direction]
        found[letter] = {role: parameters(networks[role]) for role in roles}
    return found


def _figures(runs: list[FinishedRun], network: str) -> dict:
    found = {}
    for name in runs[0].metrics[network]:
        values = [run.metrics[network].get(name) for run in runs]
        if None in values:
            continue
        spread = _short(stdev(values)) if len(values) > 1 else None
        interval = _interval([run.estimates.get(network, {}).get(name) for run in runs])
        found[name] = {
            "mean": _short(fmean(values)),
            "spread": spread,
            "values": [_short(value) for value in values],
            "interval": interval and [_short(end) for end in interval],
        }
    return found


def _interval(seeds: list[Estimate | None]) -> Interval | None:
    """Of the mean over seeds, as far as other held-out items go; None where it is not known."""
    if None in seeds:
        return None
    mean = fmean(one.value for one in seeds)
    return Estimate(mean, lambda: np.mean([one.resampled for one in seeds], 0)).interval


def _curves(runs: list[FinishedRun], steps: list[int]) -> dict:
    """Lines over `steps`; None where a step knows nothing of a name, as in another stage."""

    def over_seeds(kind: str) -> dict[str, list[list[float] | None]]:
        lines = [[run.log[step].get(kind, {}) for run in runs] for step in steps]
        names = dict.fromkeys(name for line in lines for part in line for name in part)
        return {
            name: [
                [part[name] for part in line] if all(name in part for part in line) else None
                for line in lines
            ]
            for name in names
        }

    def short(of: Callable, seeds: list[float] | None) -> float | None:
        return None if seeds is None else _short(of(seeds))

    bands = {
        name: {
            kind: [short(of, seeds) for seeds in values]
            for kind, of in (("mean", fmean), ("low", min), ("high", max))
        }
        for name, values in over_seeds("figures").items()
    }
    terms = {
        name: [short(fmean, seeds) for seeds in values]
        for name, values in over_seeds("terms").items()
    }
    return {"steps": steps, "terms": terms, "figures": bands}


def _short(value: float) -> float:
    """Six significant digits, far more than seeds agree on."""
    return float(f"{value:.6g}")


def write(lab: Path, out: Path) -> Path:
    """Write the whole report to the folder `out` and return the path of its report.md.

    Raises RunError where there is nothing to compare, or matplotlib is missing, and HandoutError.
    """
    pictures.need_matplotlib()
    runs = read(lab)
    try:
        data = open_data(*lessons.as_trained(runs[0].config))
    except DataError:
        data = None  # Data may be gone by now: the report only lacks the truth beside its pictures.
    if data is not None and (older := [r for r in runs if r.metrics and not r.estimates]):
        for run in tqdm(older, "measuring anew", unit="run"):  # Older versions kept no estimates.
            measure(run.folder, data)
        runs = read(lab)
    report = summarise(runs)
    if data is not None:
        held = data.held_out(runs[0].config.image_size)
        report["apart"] = {n: _short(value) for n, value in evaluation.apart(held).items()}
        if report["pairs"]:
            report["unchanged"] = {
                n: {key: _short(one.value) for key, one in of.items()}
                for n, of in evaluation.unchanged(held).items()
            }
    report["frames"] = _write_pictures(runs, report, data, out)
    files.write_json(out / "report.json", report)
    markdown = text.markdown(report)
    handout = in_one_file.document(runs, report)
    document.write(out / "report.html", handout)
    if moving.moves(handout.film):
        moving.write(out / "film.webp", handout.film, handout.title)
    path = out / "report.md"
    files.write_text(path, markdown)
    return path


def _write_pictures(
    runs: list[FinishedRun], report: dict, data: UnpairedData | None, out: Path
) -> dict:
    """Pictures of each variant's first seed; returns report.json's "frames"."""
    last, held = report["steps"], data and data.held_out(report["size"], training.SAMPLES)
    shown = {run.variant: run for run in reversed(runs)}
    steps = sorted(
        set.intersection(
            *({int(p.stem) for p in (run.folder / SAMPLES).glob("*.png")} for run in shown.values())
        )
    )
    if last not in steps:
        raise RunError(f"{runs[0].folder / SAMPLES} and others lack the pictures of step {last}.")
    tile, inputs, truths = None, None, []
    if held is not None:
        draw = lessons.find(report["data"]).draw
        tile, inputs = draw(held.x[0]).size, len(held.x)
        truths = [draw(kept) for kept in held.y] if held.paired else []

    def read_grid(run: FinishedRun, step: int) -> Grid:
        return Grid.read(run.folder, step, run.config, tile)

    grids = {name: read_grid(run, last) for name, run in shown.items()}
    any_grid = next(iter(grids.values()))
    inputs = inputs or any_grid.inputs
    for name, view, beside in (("inputs", "made", truths), ("reconstructions", "back", [])):
        pictures.write_inputs(out / f"{name}.png", grids, inputs, beside, view)
    pictures.write_curves(out / "curves.png", report["variants"], text.panels(report))

    rows = min(pictures.FRAME_ROWS, inputs)
    fixed = [any_grid.column("original", rows), *([truths[:rows]] if truths else [])]
    pictures.write_frame(out / "frames" / "inputs.webp", fixed, lossless=True)
    for name, run in shown.items():
        for step in steps:
            grid = read_grid(run, step)
            made = [grid.column(view, rows) for view in SHOWN if view in grid.views]
            pictures.write_frame(out / "frames" / name / f"{step:06d}.webp", made)
    return {"steps": steps, "inputs": rows, "side": any_grid.tile[0]}
