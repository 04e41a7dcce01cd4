"""Variants compared on the same held-out items, in pairs: which differences are more than chance.

A difference is of two variants' distance from good ("badness"), so that below 0 the first is
better. Knows no lesson and no page.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isclose, sqrt
from pathlib import Path
from statistics import fmean, stdev

from .. import methods
from ..core import evidence, files
from ..core.config import Config
from ..core.evidence import Difference, Estimate
from ..core.figures import Measure
from ..store.checkpoints import COMPARISONS
from .evaluation import NETWORK, Estimates

Seeds = Mapping[int, Mapping[str, Estimates]]
"""Of one variant, by seed and network."""

Found = dict[str, dict[str, Difference]]
"""By network and figure."""


@dataclass(frozen=True)
class Comparisons:
    """pairs: of names of variants, in one order; the other is its negative."""

    pairs: Mapping[tuple[str, str], Found]

    def difference(self, a: str, b: str, network: str, key: str) -> Difference | None:
        """How much worse `a` is than `b` by a figure; None where nobody compared them."""
        if found := self.pairs.get((a, b), {}).get(network, {}).get(key):
            return found
        if found := self.pairs.get((b, a), {}).get(network, {}).get(key):
            return Difference(-found.value, -found.high, -found.low)
        return None

    def between(self, a: str, b: str, network: str) -> dict[str, Difference]:
        """All that was compared of two variants, by figure."""
        keys = self.pairs.get((a, b), self.pairs.get((b, a), {})).get(network, {})
        found = {key: self.difference(a, b, network, key) for key in keys}
        return {key: one for key, one in found.items() if one}

    def best(self, names: Iterable[str], network: str, key: str) -> str | None:
        """The one that is better than every other, beyond every interval; None without one."""
        names = list(names)
        for name in names:
            others = [self.difference(name, o, network, key) for o in names if o != name]
            if others and all(o and o.is_clear and o.value < 0 for o in others):
                return name
        return None

    def agreeing(
        self, metrics: Mapping[str, Mapping[int, Mapping]], measures: Mapping[str, Measure]
    ) -> "Comparisons":
        """Without what the figures beside it do not say: a variant was measured again, or renamed.

        metrics: of every variant, by seed, as `checkpoints.metrics_by_seed` has them.
        """

        def holds(pair: tuple[str, str], network: str, key: str, one: Difference) -> bool:
            a, b = (metrics.get(name, {}) for name in pair)
            both = [(of.get(network, {}).get(key) for of in (a[s], b[s])) for s in a if s in b]
            if key not in measures or not both:
                return False
            bad = [[measures[key].badness(v) for v in pair if v is not None] for pair in both]
            if any(len(pair) < 2 for pair in bad):
                return False
            apart = fmean(x - y for x, y in bad)
            return isclose(apart, one.value, rel_tol=1e-4, abs_tol=1e-6)

        return Comparisons(
            {
                pair: {
                    network: {key: one for key, one in of.items() if holds(pair, network, key, one)}
                    for network, of in found.items()
                }
                for pair, found in self.pairs.items()
            }
        )

    def to_json(self) -> list[dict]:
        return [
            {"a": a, "b": b} | {network: _written(of) for network, of in found.items()}
            for (a, b), found in self.pairs.items()
        ]

    @classmethod
    def from_json(cls, values: object) -> "Comparisons":
        """From `to_json`; what is not as it should be is left out."""
        pairs = {}
        for one in values if isinstance(values, list) else ():
            if isinstance(one, dict) and all(isinstance(one.get(side), str) for side in "ab"):
                found = {n: _read(of) for n, of in one.items() if n in NETWORK.values()}
                pairs[one["a"], one["b"]] = found
        return cls(pairs)


def _written(found: Mapping[str, Difference]) -> dict[str, list[float]]:
    """Six significant digits: far more than intervals agree on."""
    return {k: [float(f"{n:.6g}") for n in (d.value, d.low, d.high)] for k, d in found.items()}


def _read(found: object) -> dict[str, Difference]:
    listed = found.items() if isinstance(found, dict) else ()
    return {
        key: Difference(*map(float, ends))
        for key, ends in listed
        if isinstance(ends, list) and len(ends) == 3 and all(map(files.is_number, ends))
    }


def read(folder: Path) -> Comparisons:
    """Those of a set; none where it has no file, or a damaged one."""
    path = folder / COMPARISONS
    try:
        return Comparisons.from_json(files.read_json(path).get("comparisons"))
    except (files.FileError, OSError):
        return Comparisons({})


def write(folder: Path, found: Comparisons) -> None:
    """Without line breaks: a set of 32 variants has half a thousand pairs."""
    text = json.dumps({"comparisons": found.to_json()}, separators=(",", ":"))
    files.write_text(folder / COMPARISONS, f"{text}\n")


def switched(configs: Mapping[str, Config]) -> list[tuple[str, str]]:
    """Names of pairs of which the second lacks what a switch of their method takes away, and
    nothing else: of the variant with all switches on."""
    found = []
    for name, config in configs.items():
        method = methods.find(config.method)
        if all(switch.is_on(config.objective) for switch in method.switches):
            for wanted in (method.without(config.objective, switch) for switch in method.switches):
                found += [
                    (name, other)
                    for other, its in configs.items()
                    if its.objective == wanted != config.objective and _rest(its) == _rest(config)
                ]
    return found


def _rest(config: Config) -> tuple:
    """All but the objective."""
    return config.generator, config.discriminator, config.training, config.image_size


def told(measures: Iterable[Measure], found: Mapping[str, Difference]) -> str:
    """What two variants differ in, and in what not: "cycle error 16.3 lower (14.9–17.8); no
    difference in RMSE". Empty where nothing was compared."""
    clear, alike = [], []
    for measure in measures:
        if one := found.get(measure.key):
            if one.is_clear:
                clear.append(_clear(measure, one))
            else:
                alike.append(measure.label)
    parts = [listed(clear), f"no difference in {listed(alike)}" if alike else ""]
    return "; ".join(part for part in parts if part)


def listed(words: Sequence[str]) -> str:
    """ "RMSE, SSIM and diversity"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _clear(measure: Measure, one: Difference) -> str:
    better, worse = {
        "low": ("lower", "higher"),
        "high": ("higher", "lower"),
        "near one": ("closer to 1", "further from 1"),
    }[measure.better]
    ends = sorted(abs(end) for end in (one.low, one.high))
    size, within = measure.written(abs(one.value)), measure.within(ends)
    return f"{measure.label} {size} {better if one.value < 0 else worse} ({within})"


def compare(variants: Mapping[str, Seeds], measures: Mapping[str, Measure]) -> Comparisons:
    """All pairs of variants, by the figures that both have.

    With several seeds a difference is the mean of those of the seeds that both have, and its
    interval holds that of the items and, by Student's t, that of the seeds.
    """
    return Comparisons(
        {(a, b): _pair(variants[a], variants[b], measures) for a, b in combinations(variants, 2)}
    )


def _pair(a: Seeds, b: Seeds, measures: Mapping[str, Measure]) -> Found:
    seeds = [seed for seed in a if seed in b]
    if not seeds:
        return {}
    networks = [n for n in NETWORK.values() if all(n in of[s] for of in (a, b) for s in seeds)]
    found: Found = {}
    for network in networks:
        for key, measure in measures.items():
            pairs = [(a[s][network].get(key), b[s][network].get(key)) for s in seeds]
            if all(x and y for x, y in pairs) and (one := _over_seeds(pairs, measure)):
                found.setdefault(network, {})[key] = one
    return found


def _over_seeds(pairs: Sequence[tuple[Estimate, Estimate]], measure: Measure) -> Difference | None:
    one = evidence.difference(pairs, measure.badness)
    if one is None or len(pairs) == 1:
        return one
    # Imported here, since SciPy takes longer to load than what stands around it.
    from scipy.special import stdtrit

    apart = [measure.badness(x.value) - measure.badness(y.value) for x, y in pairs]
    reach = stdtrit(len(apart) - 1, 0.975) * stdev(apart) / sqrt(len(apart))
    return Difference(one.value, min(one.low, one.value - reach), max(one.high, one.value + reach))
