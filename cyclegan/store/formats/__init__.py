"""Foreign weight files: other people's CycleGAN generators as checkpoints of ours.

What a file holds is told by its keys and shapes, never by its name, and all of them must fit.
Knows how generators found in files become one model; knows nothing of the Hub, devices or pages.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...core import config
from ...core.files import printable
from .. import checkpoints
from ..checkpoints import MAX_BYTES
from . import finding, layouts, parts
from .directions import SUFFIXES, is_weights, models, pair, reversals, the_one
from .reading import FormatError, read

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "UNSAID",
    "FormatError",
    "is_weights",
    "load",
    "models",
    "pair",
    "read",
    "the_one",
]


UNSAID = 256
"""Pixels that a file is taken to be trained at where nobody says: the paper's."""


def load(
    paths: Sequence[Path],
    domains: config.Domains | None = None,
    image_size: int | None = None,
) -> checkpoints.Checkpoint:
    """Load a file with one or both directions, or two files with one each, X → Y first.

    image_size: side in pixels of the pictures that the training saw (without: UNSAID). The
    checkpoint's `folder` is the first file, and its `config.facts` say in "layout" what was
    recognised and in "notes" what a person should know about it. Where there is one direction
    only, `model.F` is None. Raises FormatError with what is wrong, and where.
    """
    where = " and ".join(printable(path.name) for path in paths)
    found = [generator for path in paths for generator in _generators(path)]
    found, notes = _in_order(paths, found, where)
    G, F = found[0], found[1] if len(found) > 1 else None
    if F and F.settings != G.settings:
        raise FormatError(f"{where}: the generators differ, {G.title} and {F.title}.")
    if F and (F.channels, F.out) != (G.out, G.channels):
        raise FormatError(
            f"{where}: one generator leads from {G.channels} to {G.out} channels, and the other "
            f"from {F.channels} to {F.out}."
        )
    judges = finding.discriminators(G, F) if F else None
    if G.judges and not judges:
        listed = ", ".join(printable(name) for name in list(G.judges)[:4] if name)
        notes.append(f"The discriminators in the file are left out{listed and f': {listed}'}.")

    weights, names = {}, {}
    for i, (role, generator) in enumerate(zip("GF", found, strict=False)):
        of = f" of {printable(paths[i].name)}" if len(paths) > 1 else ""
        ours = {key: f"{role}.{our}" for key, our in generator.names.items()}
        names |= {our: f"{key}{of}" for key, our in ours.items()}
        for key, value in generator.weights.items():
            our = ours.get(key, f"{role} {key}")  # With a space: it is nobody's.
            weights[our] = value
            names[our] = f"{key}{of}"
    if judges:
        settings, own, ours = judges
        weights |= {ours[key]: value for key, value in own.items()}
        names |= {our: key for key, our in ours.items()}
    absent = [*(() if F else ("F",)), *(() if judges else ("D_X", "D_Y"))]
    same = G.channels == G.out
    objective = None if same else config.OBJECTIVES[config.METHOD](identity=0.0)
    try:
        built = config.Config(
            generator=G.settings,
            objective=objective,
            discriminator=settings if judges else config.Discriminator(),
            domains=domains or config.Domains(),
            channels=config.Channels(G.channels, G.out),
            training=config.Training(data="unknown"),
            image_size=UNSAID if image_size is None else image_size,
            facts={"layout": G.layout, "notes": list(dict.fromkeys(notes))}
            | ({} if image_size is None else {"size_said": True}),
        )
        model = checkpoints.restore(built, weights, where, absent, G.title, names)
    except config.ConfigError as error:
        raise FormatError(f"{where}: {error}") from error
    except checkpoints.CheckpointError as error:
        raise FormatError(str(error)) from error
    return checkpoints.Checkpoint(paths[0], built, model, {})


def _generators(path: Path) -> list[layouts.Generator]:
    where = printable(path.name)
    weights, in_order = read(path)
    try:
        weights, norms = parts.joined(weights)
        found = finding.generators(weights, in_order)
        return [replace(generator, notes=_notes(generator, norms)) for generator in found]
    except FormatError as error:
        raise FormatError(f"{where} {error}.") from error
    except config.ConfigError as error:
        raise FormatError(f"{where}: {error}") from error
    except Exception as error:  # Names and shapes of a network that nobody here has thought of.
        raise FormatError(
            f"{where} is laid out in a way that is not known here ({type(error).__name__}); "
            "README.md names the generators that are."
        ) from error


def _notes(generator: layouts.Generator, norms: dict[str, str]) -> tuple[str, ...]:
    own = sorted({norms[key] for key in generator.weights if key in norms})
    return *generator.notes, *(f"The {norm} of its weights is worked into them." for norm in own)


def _in_order(
    paths: Sequence[Path], found: list[layouts.Generator], where: str
) -> tuple[list[layouts.Generator], list[str]]:
    """The generators, X → Y first, and what a person should know about them."""
    notes = [note for generator in found for note in generator.notes]
    prefixes = [printable(generator.prefix.rstrip(".")) for generator in found]
    if not 1 <= len(paths) <= 2 or (len(paths) == 2 and len(found) != 2):
        raise FormatError(
            f"{where or 'Nothing'}: one file, or two with one generator each, make a CycleGAN."
        )
    if len(found) > 2:
        raise FormatError(
            f"{where} holds {len(found)} generators, {', '.join(prefixes[:4])}; a CycleGAN has two."
        )
    if len(found) == 1:
        return found, [*notes, "The file holds one direction; it is taken as X → Y."]
    if len(paths) == 2:
        return found, [*notes, f"{paths[0].name} is taken as X → Y, {paths[1].name} as Y → X."]
    there, back = found
    swapped = there.prefix.lower() in reversals(back.prefix)
    known = swapped or back.prefix.lower() in reversals(there.prefix)
    if there.layout == layouts.UPIT:
        swapped = not swapped  # Its G_A paints domain A, where the original authors' reads it.
    if known and swapped:
        found, prefixes = found[::-1], prefixes[::-1]
    note = f"In the file, {prefixes[0]} is taken as X → Y and {prefixes[1]} as Y → X"
    doubt = "" if known else "; it does not say, so that it may be the other way round"
    return found, [*notes, f"{note}{doubt}."]
