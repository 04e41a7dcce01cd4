"""The named objectives that are compared, and what each is for.

A variant is one setting of the objective; data, order, seed, steps and networks stay equal.
"""

from dataclasses import dataclass, replace

from ...core.config import ConfigError, Objective


@dataclass(frozen=True)
class VariantInfo:
    """One row of the ablation: its title, its objective, and where the idea comes from."""

    title: str
    objective: Objective
    source: str


PAPER = "Zhu et al. 2017, Tables 4 and 5"
WANG_LIN = "Wang and Lin 2018"

CYCLEGAN = Objective(identity=0.0)
_ROWS = {
    "cycle": ("Cycle alone", replace(CYCLEGAN, gan=0.0)),
    "gan": ("GAN alone", replace(CYCLEGAN, cycle_forward=0.0, cycle_backward=0.0)),
    "gan-forward": ("GAN + forward cycle", replace(CYCLEGAN, cycle_backward=0.0)),
    "gan-backward": ("GAN + backward cycle", replace(CYCLEGAN, cycle_forward=0.0)),
    "cyclegan": ("CycleGAN", CYCLEGAN),
}

_IDENTITY = 5.0
FULL = replace(CYCLEGAN, identity=_IDENTITY)

VARIANTS: dict[str, VariantInfo] = {
    **{name: VariantInfo(title, o, PAPER) for name, (title, o) in _ROWS.items()},
    **{
        f"{name}-identity": VariantInfo(
            f"{title} + identity",
            replace(o, identity=_IDENTITY),
            f"{PAPER}; identity: section 5.2",
        )
        for name, (title, o) in _ROWS.items()
    },
    "pix2pix": VariantInfo(
        "Paired (pix2pix)",
        Objective(cycle_forward=0.0, cycle_backward=0.0, identity=0.0, paired=100.0),
        "Isola et al. 2017: the upper bound, trained on true pairs",
    ),
    "discogan": VariantInfo(
        "DiscoGAN's objective",
        Objective(1.0, 1.0, 1.0, 0.0, adversarial="log", cycle_norm="l2"),
        "Kim et al. 2017: log loss, L2 reconstruction",
    ),
    "l2-cycle": VariantInfo(
        "CycleGAN + identity, L2 cycle",
        replace(FULL, cycle_norm="l2"),
        "a course's exercise: squared instead of absolute differences",
    ),
    "feature-cycle": VariantInfo(
        "CycleGAN + identity, cycle on features", replace(FULL, cycle_features=0.5), WANG_LIN
    ),
    "decaying-cycle": VariantInfo(
        "CycleGAN + identity, decaying cycle", replace(FULL, cycle_decay=0.9), WANG_LIN
    ),
    "quality-cycle": VariantInfo(
        "CycleGAN + identity, cycle weighed by quality",
        replace(FULL, cycle_quality=True),
        WANG_LIN,
    ),
}

GROUPS = {
    "paper": tuple(_ROWS),
    "identity": tuple(f"{name}-identity" for name in _ROWS),
    "others": ("pix2pix", "discogan", "l2-cycle"),
    "better-cycles": ("feature-cycle", "decaying-cycle", "quality-cycle"),
    "all": tuple(VARIANTS),
}


def choose(names: list[str]) -> list[str]:
    """Variants by name or group, each once, in the order of VARIANTS; raises ConfigError."""
    wanted = set()
    for name in names:
        if name in GROUPS:
            wanted |= set(GROUPS[name])
        elif name in VARIANTS:
            wanted.add(name)
        else:
            raise ConfigError(
                f"There is no variant {name}; valid are {', '.join(VARIANTS)}, and the groups "
                f"{', '.join(GROUPS)}."
            )
    return [name for name in VARIANTS if name in wanted]
