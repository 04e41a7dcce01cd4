"""The command that trains with the settings of a config again.

It is read back before it is told: what train.py has no options for is not told at all.
"""

import shlex
from dataclasses import fields, replace

from ... import lessons, methods
from ...core.config import Config, ConfigError
from ...training import asked, options

PARTS = {
    "generator": {"--generator": "kind", **asked.GENERATOR},
    "discriminator": {"--discriminator": "kind", "--discriminator-width": "width"},
    "training": {**asked.TRAINING, "--decay-from": "decay_from"},
}
"""Options by the part of a config whose fields they set."""


def command(config: Config) -> str | None:
    """None where no options of train.py lead to this config."""
    is_lesson = lessons.is_registered(config.training.data)
    data = config.training.data if is_lesson else "DATA"
    argv = ["--data", data, "--size", str(config.image_size)]
    argv += [] if is_lesson else ["--domains", config.domains.x, config.domains.y]
    method = methods.find(config.method)
    if method is not methods.find(lessons.find(config.training.data).recipe.config.method):
        argv += ["--method", method.key]
    usual = _read(argv)
    for part, of in PARTS.items():
        own, theirs = getattr(config, part), getattr(usual, part)
        for option, field in of.items():
            if (value := getattr(own, field)) != getattr(theirs, field):
                argv += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    for field in fields(config.objective):
        value = getattr(config.objective, field.name)
        if field.name != "schedule" and value != getattr(usual.objective, field.name):
            argv += ["--term", f"{field.name}={value}"]
    for change in config.objective.schedule:
        steps = f"{change.start}-{change.end}" if change.end > change.start else change.end
        argv += ["--change", f"{change.weight}={change.value:g}@{steps}"]
    try:
        found = _read(argv)
    except (ConfigError, SystemExit):  # What options do not take.
        return None
    parts = ("generator", "discriminator", "objective", "image_size")
    is_same = all(getattr(found, part) == getattr(config, part) for part in parts)
    is_same &= replace(found.training, data=config.training.data) == config.training
    return f"python train.py {shlex.join(argv)}" if is_same else None


def _read(argv: list[str]) -> Config:
    args = options.build_parser().parse_args(argv)
    method, recipe = asked.recipe_from(args, lessons.find(args.data))
    return asked.config_from(args, method, options.explicit(argv), recipe)
