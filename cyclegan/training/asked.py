"""The settings that the options of train.py ask for, on top of a recipe or the program's defaults.

Knows no file and no picture: what the data decide comes later.
"""

import argparse
import dataclasses
from dataclasses import replace

from .. import lessons, methods
from ..core.config import (
    RESIZES,
    Change,
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Objective,
    Range,
    Ranges,
    Training,
    medium_of,
    norms,
)
from ..lessons import Lesson
from ..methods import Method, NamedRecipe, cyclegan
from .longer import NEVER

GENERATOR = {
    "--width": "width",
    "--blocks": "blocks",
    "--upsampling": "upsampling",
    "--downsampling": "downsampling",
    "--norm": "norm",
}
ARCHITECTURE = {"--generator", *GENERATOR}
TRAINING = {
    "--steps": "steps",
    "--batch": "batch",
    "--rate": "rate",
    "--decay": "decay",
    "--beta1": "beta1",
    "--pool": "pool",
    "--ema": "ema_decay",
    "--initialisation": "initialisation",
    "--order": "order",
    "--precision": "precision",
    "--fit": "fit",
    "--pictures": "pictures",
    "--flip": "flip",
    "--seed": "seed",
}
"""Options, and the fields of a generator and of a training that they set."""
OF_NETWORKS = {*ARCHITECTURE, "--discriminator", "--discriminator-width"}
"""Options that say what the networks are, once and for all."""

CYCLEGAN = {
    "--cycle",
    "--cycle-norm",
    "--lambda",
    "--identity",
    "--identity-until",
    "--cycle-features",
    "--cycle-decay",
    "--cycle-quality",
}
"""Options of CycleGAN's objective alone."""


def recipe_from(args: argparse.Namespace, lesson: Lesson) -> tuple[Method, NamedRecipe | None]:
    """The method, and the recipe that the command line names or the method has for who names none,
    written into `args`; raises ConfigError."""
    own = lesson.recipe.config
    method = methods.find(args.method or own.method)
    # The program's own defaults are for pictures.
    is_other = medium_of(own.generator.kind) != medium_of(Generator().kind)
    is_other = is_other and own.method == method.key
    args.recipe = args.recipe or method.usual or ("lesson" if is_other else None)
    if args.recipe is None:
        return method, None
    if args.recipe == "lesson" and own.method == method.key:
        return method, NamedRecipe.of(own, "the lesson", f"what the page trains on {lesson.title}")
    return method, method.recipe(args.recipe, ["lesson"] * (own.method == method.key))


def _asked(args: argparse.Namespace, given: set[str], fields: dict[str, str]) -> dict:
    """The fields that were set by options on the command line."""
    named = {option: option.lstrip("-").replace("-", "_") for option in fields}
    return {fields[o]: getattr(args, name) for o, name in named.items() if o in given}


def objective_from(
    args: argparse.Namespace, method: Method, given: set[str], base: Objective
) -> Objective:
    """The objective that the command line asks for; raises ConfigError.

    given: the options that were given, as "--lambda". base: what holds where none was.
    """
    fields = {field.name: field.type for field in dataclasses.fields(base)}
    values: dict = {}
    if issubclass(method.Objective, cyclegan.Objective):
        names = ("cycle_norm", "cycle_features", "cycle_decay", "cycle_quality")
        values |= _asked(args, given, {f"--{name.replace('_', '-')}": name for name in names})
        if given & {"--lambda", "--cycle", "--identity"}:
            values |= _weights(args, given, base)
    elif foreign := given & CYCLEGAN:
        raise ConfigError(
            f"{min(foreign)} is an option of CycleGAN's objective; {method.name}'s has "
            f"{', '.join(name for name in fields if name != 'schedule')} (--term NAME=VALUE)."
        )
    for name, value in (("gan", 0.0 if args.no_gan else None), ("adversarial", args.adversarial)):
        if value is not None:
            if name not in fields:
                raise ConfigError(f"{method.name}'s objective has no {name}.")
            values[name] = value
    for name, text in args.term:
        if name not in fields or name == "schedule":
            valid = ", ".join(known for known in fields if known != "schedule")
            raise ConfigError(f"{method.name}'s objective has no {name}; valid are {valid}.")
        values[name] = _value(fields[name], name, text)
    schedule = [*base.schedule, *args.change]
    if args.identity_until is not None:
        until = args.identity_until
        schedule.append(Change("identity", 0.0, until, until))
    return replace(base, **values, schedule=tuple(schedule))


def _weights(args: argparse.Namespace, given: set[str], base: cyclegan.Objective) -> dict:
    """λ for the ways that count, and identity as a share of it; what was not given is `base`'s."""
    before = max(base.cycle_forward, base.cycle_backward) or args.lam
    lam = args.lam if "--lambda" in given else before
    share = args.identity if "--identity" in given else base.identity / before
    ways = [way for way in ("forward", "backward") if getattr(base, f"cycle_{way}")]
    if "--cycle" in given or not ways:
        ways = [way for way in ("forward", "backward") if args.cycle in (way, "both")]
    cycle = {f"cycle_{way}": lam if way in ways else 0.0 for way in ("forward", "backward")}
    return {**cycle, "identity": share * lam}


def _value(kind: type, name: str, text: str) -> object:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError) as error:
        raise ConfigError(f"--term {name}={text}: {name} takes {kind.__name__}.") from error


def _usual_blocks(size: int) -> int:
    """The paper's residual blocks for a size in pixels (section 7.2)."""
    return 9 if size >= 256 else 6


def config_from(
    args: argparse.Namespace, method: Method, given: set[str], recipe: NamedRecipe | None = None
) -> Config:
    """The settings that the command line asks for, but for what the data decide.

    given: the options that were given; all else is the recipe's, or the program's own. Raises
    ConfigError.
    """
    if recipe is None:
        generator, judges = Generator(blocks=_usual_blocks(args.size)), Discriminator()
        training, objective = Training(pool=method.pool, precision="auto"), method.Objective()
    else:
        generator, judges, training = recipe.generator, recipe.discriminator, recipe.training
        objective = method.Objective(**recipe.objective)
    if "--generator" in given:
        if args.generator == "resnet" and not generator.blocks:
            generator = replace(generator, blocks=_usual_blocks(args.size))
        generator = generator.as_kind(args.generator)
    if generator.kind == "unet" and "--blocks" in given:
        raise ConfigError("The U-Net has no residual blocks; leave --blocks out.")
    if "--discriminator" in given:
        judges = judges.as_kind(args.discriminator)
    judged = _asked(args, given, {"--discriminator-width": "width", "--norm": "norm"})
    if judged.get("norm") not in norms(judges.kind):
        judged.pop("norm", None)
    return Config(
        generator=replace(generator, **_asked(args, given, GENERATOR)),
        discriminator=replace(judges, **judged),
        objective=objective_from(args, method, given, objective),
        domains=Domains(*args.domains) if args.domains else Domains(),
        training=_training(args, given, training),
        image_size=args.size,
    )


def _training(args: argparse.Namespace, given: set[str], base: Training) -> Training:
    asked = _asked(args, given, TRAINING) | RESIZES.get(args.resize, {})
    if args.decay_from == NEVER:
        asked["decay"] = 0.0
    elif args.decay_from is not None:
        asked["decay_from"] = args.decay_from
    return replace(base, data=lessons.from_anywhere(args.data), **asked)


def ranges_from(ends: list[float]) -> Ranges:
    """Of both sides, by two numbers or four; their kind is the files'."""
    if len(ends) not in (2, 4):
        raise ConfigError("--range takes two numbers, low and high, or two for X and two for Y.")
    return Ranges(Range(*ends[:2]), Range(*ends[-2:]))
