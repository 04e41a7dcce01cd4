"""Figures of networks on held-out items, each with its interval.

Loops over a method's views and a lesson's figures; knows none of either by name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean, stdev

import numpy as np
import torch
from torch import Tensor, nn

from ..core.config import Config, Direction
from ..core.evidence import Blocks, Estimate
from ..core.figures import MOST, PANS, Figure, Measure, distances, nearest
from ..core.images import MODES
from ..core.media import PICTURES, Medium
from ..lessons import DataError, HeldOut, UnpairedData, as_trained, open_data
from ..methods import Method, View
from ..methods.method import has_input, latents_of, show, wanted
from . import closer, distributions
from .distributions import Distribution
from .feature_network import FeatureNetwork
from .translator import Translator, is_told

BATCH = 32

PANNED = 24
"""Held-out items that are panned, one a block: a tenth of an evaluation's time."""

NARROWEST = 16
"""Pixels; narrower pictures are not panned."""

NETWORK: dict[Direction, str] = {"xy": "G", "yx": "F"}
"""Under which letter the figures of a direction stand."""

Estimates = dict[str, Estimate]
"""By key of figure, in the order of tables."""


@dataclass(frozen=True)
class Evaluation:
    """What a checkpoint scores on held-out items.

    counts: what was measured on, as in `metrics`. networks: estimates of "G" and of "F".
    unchanged: those of an item that is handed over as its own translation, by network too.
    groups: (N,) which of a network's items belong together, as numbers.
    distributions: KID and FID by network, where a feature network was given.
    """

    counts: dict
    networks: dict[str, Estimates]
    unchanged: dict[str, Estimates]
    groups: dict[str, np.ndarray]
    distributions: dict[str, Distribution] = field(default_factory=dict)

    @property
    def metrics(self) -> dict:
        """What metrics.json holds.

        {"items": n, "effective": n, "size": pixels, "G": {...}, "F": {...}} with keys of figures,
        and their [low, high] at the same places in "intervals". "effective": as many independent
        items would tell as much. "samples": n where they are made of noise. "pairs": n and
        "unchanged" are there where the truth is known;
        "held_out": False where the items are training ones; "distributions": {"G": {...}, ...}
        where KID and FID were measured.
        """
        found = self.counts | {n: _values(e) for n, e in self.networks.items()}
        intervals: dict = {n: _ends(e) for n, e in self.networks.items()}
        if "pairs" in found:
            found["unchanged"] = {n: _values(e) for n, e in self.unchanged.items()}
            intervals["unchanged"] = {n: _ends(e) for n, e in self.unchanged.items()}
        if self.distributions:
            found["distributions"] = {n: one.values for n, one in self.distributions.items()}
        return {**found, "intervals": intervals}


def _values(estimates: Estimates) -> dict[str, float]:
    return {key: one.value for key, one in estimates.items()}


def _ends(estimates: Estimates) -> dict[str, list[float]]:
    """Intervals as JSON has them; what has none is left out."""
    return {key: list(one.interval) for key, one in estimates.items() if one.interval}


def evaluate(translator: Translator, data: UnpairedData | None = None) -> dict:
    """`Evaluation.metrics` of a checkpoint on the held-out items of `data`: errors in 0–255 units.

    data: None for what the checkpoint was trained with. Raises DataError.
    """
    data = data or open_data(*as_trained(translator.config))
    return estimate(translator, data).metrics


def estimate(
    translator: Translator,
    data: UnpairedData,
    told: Callable[[int], object] = lambda items: None,
    features: FeatureNetwork | None = None,
) -> Evaluation:
    """Figures of G and of F on the held-out items of `data`.

    Without truth there are the figures that need none. told: hears how many items each batch had.
    features: of KID and FID, which are not measured without. Raises DataError for fewer than two
    items a side, and for KID and FID of anything but pictures.
    """
    if features:
        distributions.check(data)
    held = data.held_out(translator.config.image_size)
    if min(len(held.x), len(held.y)) < 2:
        raise DataError("Diversity needs at least two held-out items a side.")
    # Of noise, pictures of one side alone are made: what counts are that side's items.
    from_noise = [d for d in translator.directions if not has_input(translator.views(d))]
    is_paired, of = data.paired and not from_noise, "x"
    if from_noise:
        of = "y" if from_noise[0] == "xy" else "x"
    items, blocks = getattr(held, of), getattr(held, f"blocks_{of}")
    counts: dict = {"pairs": len(items)} if is_paired else {}
    counts |= {
        "items": len(items),
        "effective": round(blocks.effective),
        "size": held.medium.size_of(items),
    }
    if from_noise:
        counts["samples"] = len(items)
    if not data.is_held_out:
        counts["held_out"] = False
    networks, compared, groups = {}, {}, {}
    for d in translator.directions:
        if d in from_noise:
            trained = data.trained(translator.config.image_size, d)
            networks[NETWORK[d]], made = _from_noise(translator, held, trained, d, told)
            groups[NETWORK[d]] = np.arange(len(made))
        else:
            networks[NETWORK[d]], made = _direction(translator, held, d, told)
            groups[NETWORK[d]] = held.blocks(d)["original"].of
        if features:
            real = features.of_real(held.originals("yx" if d == "xy" else "xy"))
            compared[NETWORK[d]] = distributions.compare(features.of(made), real)
    return Evaluation(
        counts,
        networks,
        unchanged(held) if is_paired else {},
        groups,
        compared,
    )


def _direction(
    translator: Translator, held: HeldOut, direction: Direction, told: Callable[[int], object]
) -> tuple[Estimates, Tensor]:
    """Of one network, and its translations as kept."""
    network, views = NETWORK[direction], translator.views(direction)
    every = dict.fromkeys((*held.figures, *translator.method.figures))
    figures = [figure for figure in every if network in figure.networks]
    needed = {name for figure in figures for name in figure.needs}
    probes = translator.method.probes(translator.config, direction)
    asked = needed & {v.key for v in probes if held.paired or "truth" not in v.names}
    probed = [figure for figure in figures if asked & set(figure.needs)]
    keys = [*(view.key for view in views), *asked]
    known, truths = held.arrays(direction), held.real(direction) if held.paired else None
    parts: dict[str, list[Tensor]] = {}
    values: dict[str, list[np.ndarray]] = {}
    for first in range(0, len(held.originals(direction)), BATCH):
        part = slice(first, first + BATCH)
        x, truth = held.originals(direction)[part], None
        if truths is not None:
            truth = held.medium.to_float(truths[part])
        passes = translator.passes(held.medium.to_float(x), direction, keys, truth=truth)
        said = {key: one for key, one in passes.items() if is_told(one)}
        kept = {k: held.medium.to_kept(one) for k, one in passes.items() if k not in said}
        for key in kept.keys() - asked:
            parts.setdefault(key, []).append(kept[key])
        # Of each item there may be many of these: they are measured, and let go.
        arrays = {name: array[part] for name, array in known.items()}
        arrays |= {key: held.medium.arrays(tensor) for key, tensor in kept.items()}
        arrays |= {key: one.float().cpu().numpy() for key, one in said.items()}
        for figure in probed:
            if arrays.keys() >= set(figure.needs):
                values.setdefault(figure.key, []).append(figure.values(arrays))
        told(len(x))
    made = {key: torch.cat(some) for key, some in parts.items()}
    if "back" in made and made["made"].shape[1] in MODES:
        for name in needed & {f"back_after_{name}" for name in closer.DISTURBANCES}:
            made[name] = _back_after(name, translator, held, made["made"], direction)
    arrays = {key: held.medium.arrays(kept) for key, kept in made.items()} | known
    blocks = _blocks(held, direction, arrays)
    wide = held.medium is PICTURES and held.x.shape[-1] >= NARROWEST
    if wide and "still" in needed:
        panned, of = _panned(translator, held, direction)
        arrays, blocks = arrays | panned, blocks | dict.fromkeys(panned, of)
    found = estimates(figures, arrays, blocks, network)
    for figure in (figure for figure in probed if figure.key in values):
        found[figure.key] = figure.of_values(
            np.concatenate(values[figure.key]), held.blocks(direction)["original"]
        )
    return {f.key: found[f.key] for f in figures if f.key in found}, made["made"]


def _from_noise(
    translator: Translator,
    held: HeldOut,
    trained: Tensor,
    direction: Direction,
    told: Callable[[int], object],
) -> tuple[Estimates, Tensor]:
    """Of as many samples as there are held-out items of their side, and these as kept."""
    real = held.real(direction)
    made = held.medium.to_kept(translator.samples(len(real), direction=direction)["made"])
    told(len(real))
    look = translator.model.networks, translator.method, translator.config, direction
    arrays = against_training(*look, held, made, trained, translator.device)
    blocks = {"real": held.blocks(direction)["real"], "made": Blocks.by(range(len(made)), seed=1)}
    blocks |= {"judged_trained": Blocks.by(range(len(trained)), seed=2)}
    blocks |= {f"{what}_{of}": blocks[of] for what in ("judged", "nearest") for of in REAL_OR_MADE}
    return estimates(held.figures, arrays, blocks, NETWORK[direction]), made


REAL_OR_MADE = ("real", "made")


@torch.no_grad()
def against_training(
    networks: Mapping[str, nn.Module],
    method: Method,
    config: Config,
    direction: Direction,
    held: HeldOut,
    made: Tensor,
    trained: Tensor,
    device: torch.device,
) -> dict[str, np.ndarray]:
    """What figures need of kept samples (N, C, …), beside held-out items and training ones.

    "made" and "real"; "nearest_made" and "nearest_real", (N,) each, the distance to the nearest
    training item; "judged_made", "judged_real" and "judged_trained", how real each is called,
    unless the method has nobody to ask.
    """
    medium, kept = held.medium, {"made": made, "real": held.real(direction)}
    arrays = {name: medium.arrays(items) for name, items in kept.items()}
    known = medium.arrays(trained)
    found = {f"nearest_{name}": nearest(items, known) for name, items in arrays.items()}
    with _evaluating(networks.values()):
        for name, items in {**kept, "trained": trained}.items():
            parts = [
                method.opinions(networks, config, direction, medium.to_float(part).to(device))
                for part in items.split(BATCH)
            ]
            if parts[0] is not None:
                found[f"judged_{name}"] = torch.cat(parts).float().cpu().numpy()
    return arrays | found


def _back_after(
    name: str, translator: Translator, held: HeldOut, messages: Tensor, direction: Direction
) -> Tensor:
    """F(G(x)) of kept translations that the disturbance of a name came upon, kept."""
    probe, medium, found = closer.DISTURBANCES[name.removeprefix("back_after_")], held.medium, []
    for first in range(0, len(messages), BATCH):
        batch = messages[first : first + BATCH]
        disturbed = [probe.disturb(medium.held(message)) for message in batch]
        kept = torch.stack([medium.kept(one, batch.shape[1]) for one in disturbed])
        x = medium.to_float(held.originals(direction)[first : first + BATCH])
        made = translator.passes(x, direction, ("back",), given={"made": medium.to_float(kept)})
        found.append(medium.to_kept(made["back"]))
    return torch.cat(found)


def _blocks(held: HeldOut, direction: Direction, names: Iterable[str]) -> dict[str, Blocks]:
    """By name of array: what networks make, and the truth, belong together as the originals do."""
    known = held.blocks(direction)
    return dict.fromkeys(names, known["original"]) | known


def _panned(
    translator: Translator, held: HeldOut, direction: Direction
) -> tuple[dict[str, np.ndarray], Blocks]:
    """Translations of a window of some pictures, and of the same moved to the right.

    The flow is exact: the window is smaller than the picture, and no pixel of it is made up.
    """
    blocks = held.blocks(direction)["original"]
    places = blocks.firsts(PANNED)
    pictures = held.originals(direction)[places]
    width = pictures.shape[-1] - max(PANS)
    multiple = translator.multiple(direction)
    if 2 * (whole := width // multiple * multiple) >= width:
        width = whole  # Else it is padded by reflection.
    found = {}
    for name, left in {"still": 0, **{f"panned_{pan}": pan for pan in PANS}}.items():
        window = held.medium.to_float(pictures[..., left : left + width])
        made = translator.passes(window, direction, ("made",))["made"]
        found[name] = held.medium.arrays(held.medium.to_kept(made))
    return found, blocks.only(places)


def estimates(
    figures: Sequence[Figure],
    arrays: Mapping[str, np.ndarray],
    blocks: Mapping[str, Blocks],
    network: str,
) -> Estimates:
    """All figures of a network whose needs are there, by key, in their order."""
    found = {f.key: f.estimate(arrays, blocks) for f in figures if network in f.networks}
    return {key: one for key, one in found.items() if one is not None}


def measure(
    figures: Sequence[Figure], arrays: Mapping[str, np.ndarray], network: str
) -> dict[str, float]:
    """Their values alone."""
    return _values(estimates(figures, arrays, {}, network))


def unchanged(held: HeldOut) -> dict[str, Estimates]:
    """Figures of an item handed over as its own translation: what a generator has to beat.

    By network, without the errors of the way back; empty where the two sides have items of
    different shapes.
    """
    if held.x.shape != held.y.shape:
        return {}
    found = {}
    for direction, network in NETWORK.items():
        arrays = held.arrays(direction)
        arrays["made"] = arrays["original"]
        against = [f for f in held.figures if not {"back", "same", "still"} & set(f.needs)]
        found[network] = estimates(against, arrays, _blocks(held, direction, arrays), network)
    return found


def apart(held: HeldOut) -> dict[str, float]:
    """By network, how far two different originals are from each other on average, mean |x − x′|:
    what a way back scores that leads to another item. Empty for fewer than two a side."""
    found = {}
    for direction, network in NETWORK.items():
        items = held.originals(direction)
        if len(items) > MOST:
            items = items[held.blocks(direction)["original"].firsts(MOST)]
        if len(items) > 1:
            found[network] = float(distances(held.medium.arrays(items)).mean())
    # Items of several lengths have no such distance.
    return {network: far for network, far in found.items() if np.isfinite(far)}


def against_truth(
    figures: Sequence[Figure], known: Mapping[str, object], network: str
) -> dict[str, float]:
    """Quick figures of one translation and its truth.

    known: "original", "made", "truth" and what else is known of the item, by the names in
        `Figure.needs`, without a dimension of items.
    """
    arrays = {name: np.asarray(value)[None] for name, value in known.items()}
    return measure([f for f in figures if f.is_quick], arrays, network)


@torch.no_grad()
def glance(
    networks: Mapping[str, nn.Module],
    method: Method,
    config: Config,
    held: HeldOut,
    device: torch.device,
    keys: Sequence[str] = (),
    direction: Direction = "xy",
    trained: Tensor | None = None,
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Views of few held-out items of a side as kept, and their quick figures, amid a training.

    keys: views that are wanted besides those that the figures need. Figures are there for two items
    a side and more. trained: kept training items that samples out of noise are held against.
    """
    if not has_input(method.views(config, direction)):
        return _glance_from_noise(networks, method, config, held, device, direction, trained)
    quick = glanced(method, config, held, direction)
    needed = {*keys, *(name for f in quick for name in f.needs)}
    views = wanted(method.live_views(config, direction), needed)
    originals = held.medium.to_float(held.originals(direction))
    made = passes(networks, views, method, config, originals, device)
    kept = {key: held.medium.to_kept(tensor) for key, tensor in made.items()}
    if min(len(held.x), len(held.y)) < 2:
        return kept, {}
    arrays = {key: held.medium.arrays(tensor) for key, tensor in kept.items()}
    return kept, measure(quick, {**held.arrays(direction), **arrays}, NETWORK[direction])


def _glance_from_noise(
    networks: Mapping[str, nn.Module],
    method: Method,
    config: Config,
    held: HeldOut,
    device: torch.device,
    direction: Direction,
    trained: Tensor | None,
) -> tuple[dict[str, Tensor], dict[str, float]]:
    views, real = method.views(config, direction), held.real(direction)
    made = passes(networks, views, method, config, real, device)
    kept = {key: held.medium.to_kept(tensor) for key, tensor in made.items()}
    if len(real) < 2:
        return kept, {}
    arrays = {"made": held.medium.arrays(kept["made"]), "real": held.medium.arrays(real)}
    if trained is not None:
        look = networks, method, config, direction
        arrays = against_training(*look, held, kept["made"], trained, device)
    quick = [figure for figure in held.figures if figure.is_quick]
    return kept, measure(quick, arrays, NETWORK[direction])


def glanced(
    method: Method, config: Config, held: HeldOut, direction: Direction = "xy"
) -> list[Figure]:
    """The quick figures of a direction's network that these items allow."""
    live = {view.key for view in method.live_views(config, direction)}
    there = live | held.arrays(direction).keys()
    quick = [f for f in held.figures if f.is_quick and NETWORK[direction] in f.networks]
    return [figure for figure in quick if there.issuperset(figure.needs)]


@torch.no_grad()
def passes(
    networks: Mapping[str, nn.Module],
    views: Sequence[View],
    method: Method,
    config: Config,
    originals: Tensor,
    device: torch.device,
) -> dict[str, Tensor]:
    """All views that networks make of float items (N, C, …) of a size that they take, by key; of
    noise, as many as there are items.

    As they are once they are saved, in evaluation mode, and without a trace in them.
    """
    random = torch.Generator().manual_seed(0)
    latents = {n: method.latent(n, config, len(originals), random) for n in latents_of(views)}
    found: dict[str, list[Tensor]] = {}
    with _evaluating(networks.values()):
        for first in range(0, len(originals), BATCH):
            part = slice(first, first + BATCH)
            given = {"original": originals[part], **{n: z[part] for n, z in latents.items()}}
            shown = show(views, networks, {n: t.to(device) for n, t in given.items()})
            for view in views:
                if view.network:
                    found.setdefault(view.key, []).append(shown[view.key])
    return {key: torch.cat(parts) for key, parts in found.items()}


@contextmanager
def _evaluating(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Networks in evaluation mode, and then again in that in which each of their modules was."""
    modes = [(m, m.training) for network in networks for m in network.modules()]
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, was in modes:
            module.training = was


def table(
    results: dict[str, dict],
    measures: Sequence[Measure],
    best: Callable[[str, str], str | None] = lambda network, key: None,
) -> str:
    """A Markdown table, a row a variant and network, and one of the items themselves.

    A figure that no row has is left out. Every other stands with its interval, and below a variant
    of several seeds their means and standard deviations. results: metrics by name, with those of
    all seeds in "seeds", if there are several. best: the name of the row to be marked, by network
    and figure.
    """
    of_all = [found for result in results.values() for found in map(result.get, NETWORK.values())]
    measures = [m for m in measures if any(m.key in found for found in of_all if found)]
    lines = ["| variant | | " + " | ".join(m.heading for m in measures) + " |"]
    lines.append("|---|---|" + "---:|" * len(measures))
    for name, result in results.items():
        seeds = result.get("seeds", {})
        for network in (n for n in NETWORK.values() if n in result):
            ends = result.get("intervals", {}).get(network, {})
            cells = [cell(m, result[network], ends, name == best(network, m.key)) for m in measures]
            lines.append(f"| {name} | {network} | {' | '.join(cells)} |")
            if len(seeds) > 1:
                of = [metrics.get(network, {}) for metrics in seeds.values()]
                cells = [spread(m, of) for m in measures]
                lines.append(f"| *its {len(seeds)} seeds* | {network} | {' | '.join(cells)} |")
    for network, own in (("G", "x"), ("F", "y")):
        known = (r for r in results.values() if r.get("unchanged", {}).get(network))
        if found := next(known, None):
            ends = found.get("intervals", {}).get("unchanged", {}).get(network, {})
            cells = [cell(m, found["unchanged"][network], ends, False) for m in measures]
            lines.append(f"| *{own} itself* | {network} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(measure: Measure, seeds: Sequence[Mapping[str, float]]) -> str:
    """Mean and standard deviation over seeds: "8.1 ± 0.4"; "–" where one lacks the figure."""
    values = [of[measure.key] for of in seeds if measure.key in of]
    if len(values) < max(2, len(seeds)):
        return measure.written(None)
    return f"{measure.written(fmean(values))} ± {measure.written(stdev(values))}"


def cell(
    measure: Measure, found: Mapping[str, float], ends: Mapping[str, Sequence], is_best: bool
) -> str:
    """A figure in a Markdown table: "**13.5** (12.9–14.2)"."""
    value = measure.written(found.get(measure.key))
    within = measure.within(ends.get(measure.key)) if measure.key in found else ""
    return (f"**{value}**" if is_best else value) + (f" ({within})" if within else "")


def how_sure(results: Mapping[str, Mapping]) -> str:
    """What the brackets and the bold of a `table` mean."""
    intervals = "In brackets 95 % intervals: they are about other items"
    bold = "bold is better than every other variant beyond the interval of their difference"
    best = f" {bold[0].upper()}{bold[1:]}." if len(results) > 1 else ""
    if not any("seeds" in result for result in results.values()):
        return f"{intervals}, and say nothing of other seeds.{best}"
    return (
        f"{intervals}. Below a variant stand mean and standard deviation over its seeds.{best} "
        "Where both variants have several seeds, that interval is about other seeds too."
    )


def what_was_measured(result: dict, medium: Medium = PICTURES) -> str:
    """ "297 held-out pairs of 64×64 pixels, as good as 20 independent ones." """
    size = f"{result['size']}×{result['size']} pixels"
    if medium is not PICTURES:
        size = medium.words_of_held_out(result["size"])
    kind = "pairs" if "pairs" in result else "items"
    where = "held-out" if result.get("held_out", True) else "training (none were held out)"
    truth = "" if "pairs" in result else "; there is no ground truth: figures that need none"
    like = as_good_as(result["items"], result.get("effective"))
    if samples := result.get("samples"):
        return f"{samples} samples, against {result['items']} {where} {kind} of {size}{like}."
    return f"{result['items']} {where} {kind} of {size}{like}{truth}."


def as_good_as(items: int | None, effective: int | None) -> str:
    """ ", as good as 20 independent ones"; "" where they are independent, or nobody says."""
    counts = items and effective and effective < items
    return f", as good as {effective} independent ones" if counts else ""
