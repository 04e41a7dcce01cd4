"""Seeds of the variants that are compared: which is shown, and whether a comparison is luck.

A choice where all rows have networks of several seeds, and what the way back of one picture comes
to with each of them. Knows no component; the sentences are `rules`'.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..core.figures import Measure
from ..inference.evaluation import NETWORK, spread
from . import rules
from .compare import Request, Shown, can_be_luck
from .markup import render
from .panels import figures_of
from .sentence import Told, of_choice
from .sets import CheckpointSet, Variant

COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def control(set_: CheckpointSet, request: Request) -> str:
    """Empty where there is nothing to choose. The last button asks whether it is luck."""
    seeds = set_.seeds(request.without, request.names)
    if not seeds:
        return ""
    return render(
        "seeds.control",
        seeds=seeds,
        chosen=_chosen(set_, request),
        can_ask=can_be_luck(set_, request),
        is_asked=request.luck,
    )


def named(set_: CheckpointSet, request: Request) -> str:
    """ "Seed 2. " where there are others, else nothing."""
    has_others = set_.seeds(request.without, request.names)
    return f"Seed {_chosen(set_, request)}. " if has_others else ""


def _chosen(set_: CheckpointSet, request: Request) -> int:
    first, *_ = set_.rows(request.without, request.names, request.seed)
    return first.variant.config.training.seed


def clicked(set_: CheckpointSet, request: Request, button: int) -> Request:
    """What is wanted after a click on a button of `control`."""
    seeds = set_.seeds(request.without, request.names)
    if button < len(seeds):
        return replace(request, seed=seeds[button])
    return replace(request, luck=not request.luck)


def tell(shown: Shown, set_: CheckpointSet) -> str:
    """What all seeds say of the picture; empty where nobody asked, or a way back is missing."""
    back = shown.view("back")
    if not shown.by_seed or back is None:
        return ""
    told = of_seeds(shown, set_, set_.lesson.measure(back.figure))
    return render("seeds.told", parts=rules.spoken(told.numbers, told.words, rules.SEEDS))


def of_seeds(shown: Shown, set_: CheckpointSet, measure: Measure) -> Told:
    """Numbers and words by the names that the rules have for them."""
    seeds, pairs = list(shown.by_seed), list(shown.by_seed.values())
    with_it, without = zip(*pairs, strict=True)
    near, far = ([measure.badness(value) for value in side] for side in (with_it, without))
    nearer = sum(a < b for a, b in zip(near, far, strict=True))
    count = len(seeds)
    numbers: dict[str, float | None] = {
        "apart": min(far) - max(near),
        "against": min(near) - max(far),
        "nearer": nearer,
        "others": count - nearer,
    }
    words = {
        "seeds": f"{', '.join(map(str, seeds[:-1]))} and {seeds[-1]}",
        "count": _counted(count),
        "nearer": _counted(nearer),
        "withs": _listed(measure, with_it),
        "withouts": _listed(measure, without),
    }
    all_with, all_without = (
        _on_all(row.variant, shown, measure, seeds) for row in (shown.rows[0], shown.rows[1])
    )
    if all_with and all_without:
        numbers["on_all"] = 1
        words |= {"all_with": all_with, "all_without": all_without}
    return Told(numbers, {**of_choice(shown, set_).words, **words})


def _listed(measure: Measure, values: Sequence[float]) -> str:
    return " · ".join(measure.written(value) for value in values)


def _counted(count: int) -> str:
    return COUNTS[count] if count < len(COUNTS) else str(count)


def _on_all(variant: Variant | None, shown: Shown, measure: Measure, seeds: Sequence[int]) -> str:
    """Mean and standard deviation over these seeds on all held-out items; "" where one has none."""
    network = NETWORK[shown.direction]
    listed = [figures_of(variant.seeds.get(seed, {}), network) for seed in seeds] if variant else []
    return spread(measure, listed) if all(measure.key in of for of in listed) else ""
