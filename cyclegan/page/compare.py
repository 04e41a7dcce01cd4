"""From what a visitor asks for to what the networks answer, without any component or markup.

`translate` and `look_closer` are all that the page asks of the networks.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..core import images
from ..inference import closer
from ..inference.translator import LONGEST_SIDE, Direction, Translation, picture_l1
from .library import Library, Variant

NOISE, JPEG = "Gaussian noise", "JPEG"
SIGMAS = [0, 2, 5, 10, 20, 40]
QUALITIES = [95, 75, 50, 25, 10, 5]


@dataclass(frozen=True)
class Request:
    """What a visitor wants to see. Small and picklable: it may cross into a GPU process.

    title: of the checkpoint set. example: index of an example, or None for `path`.
    """

    title: str
    direction: Direction
    identity: bool
    cycles: tuple[bool, ...]
    example: int | None = None
    path: str | None = None

    @property
    def has_picture(self) -> bool:
        return self.example is not None or self.path is not None


@dataclass(frozen=True)
class Probe:
    """How the translation is disturbed before it goes back through F."""

    kind: str = NOISE
    sigma: float = 10
    quality: int = 50

    def disturb(self, picture: Image.Image) -> Image.Image:
        if self.kind == NOISE:
            return closer.with_noise(picture, self.sigma)
        return closer.with_jpeg(picture, self.quality)

    def growing(self) -> list[tuple[float, "Probe"]]:
        """Ever stronger disturbances of this kind, with the number that the curve shows."""
        if self.kind == NOISE:
            return [(s, Probe(NOISE, sigma=s)) for s in SIGMAS]
        return [(q, Probe(JPEG, quality=q)) for q in QUALITIES]


@dataclass(frozen=True)
class Row:
    """One variant's line of the comparison; without a variant it says that there is none."""

    cycle: bool
    variant: Variant | None
    made: Translation | None

    @property
    def title(self) -> str:
        if self.variant and self.variant.source.is_foreign:
            return "As published"  # Its objective is not known.
        return "With cycle loss" if self.cycle else "Without cycle loss"

    @property
    def subtitle(self) -> str:
        return self.variant.name if self.variant else ""


@dataclass(frozen=True)
class Close:
    """One variant under the magnifying glass.

    scored, score: the patch scores as an overlay and their mean, or None without a discriminator;
    truth_score: the mean that the truth gets, where it is known.
    recovered: what comes back from the `disturbed` translation, with its cycle error.
    """

    row: Row
    difference: Image.Image
    scored: Image.Image | None
    score: float | None
    truth_score: float | None
    disturbed: Image.Image
    recovered: Image.Image
    recovered_error: float


@dataclass(frozen=True)
class Shown:
    """What one request comes to."""

    rows: list[Row]
    truth: Image.Image | None
    note: str


def translate(library: Library, request: Request) -> Shown:
    """Run every wanted variant on one picture. Raises images.ImageError for a bad one."""
    set_ = library.sets[request.title]
    variants = {cycle: set_.pick(cycle, request.identity) for cycle in request.cycles}
    truth, notes, made = None, [], {}
    if not set_.is_fair:
        notes.append("The variants of this set differ in more than their objective.")
    notes += [note for v in set_.variants for note in v.config.facts.get("notes", [])]
    if request.example is not None:
        truth = set_.examples[request.example].truth(request.direction)
        for cycle, variant in variants.items():
            made[cycle] = variant and library.translate_example(
                request.title, variant, request.example, request.direction
            )
    else:
        if not Path(request.path).exists():
            raise images.ImageError("Your picture is no longer kept here; choose it once more.")
        picture = images.load(request.path, "Your file")
        if max(picture.size) > LONGEST_SIDE:
            notes.append(
                f"Your picture has {picture.width}×{picture.height} pixels and was reduced to "
                f"{LONGEST_SIDE} on its longer side."
            )
        for cycle, variant in variants.items():
            made[cycle] = variant and library.translate(variant, picture, request.direction)
    rows = [Row(cycle, variants[cycle], made[cycle]) for cycle in request.cycles]
    return Shown(rows, truth, " ".join(notes))


def needs_networks(library: Library, request: Request) -> bool:
    """Whether `translate` would run any: not for an example that is remembered."""
    if request.example is None:
        return True
    set_ = library.sets[request.title]
    variants = filter(None, (set_.pick(cycle, request.identity) for cycle in request.cycles))
    return not all(
        library.remembers(request.title, variant, request.example, request.direction)
        for variant in variants
    )


def look_closer(
    library: Library, request: Request, probe: Probe
) -> tuple[list[Close], str, list[tuple[float, float, str]]]:
    """Close-ups of every row, the judging variant's name, and (strength, error, row) points.

    All rows are judged by one discriminator, that of the first variant that ships one, so that
    their scores can be compared.
    """
    set_ = library.sets[request.title]
    direction = request.direction
    full_first = sorted(set_.variants, key=lambda v: v.switches, reverse=True)
    loaded = ((v, library.translator(v.source)) for v in full_first)
    judge, name = next(((t, v.name) for v, t in loaded if t.judge(direction)), (None, ""))
    found, points = [], []
    shown = translate(library, request)
    truth_score = None
    if judge and shown.truth:
        truth_score = float(judge.patch_scores(shown.truth, direction).mean())
    for row in shown.rows:
        if row.made is None or row.made.reconstruction is None:
            continue
        translator = library.translator(row.variant.source)
        made = row.made

        def recover(by: Probe, made=made, translator=translator):
            disturbed = by.disturb(made.translation)
            recovered = translator.reconstruct(disturbed, direction)
            return disturbed, recovered, picture_l1(recovered, made.original)

        scored, score = None, None
        if judge:
            scores = judge.patch_scores(made.translation, direction)
            scored, score = closer.score_overlay(made.translation, scores), float(scores.mean())
        difference = closer.difference_map(made.reconstruction, made.original)
        found.append(Close(row, difference, scored, score, truth_score, *recover(probe)))
        points += [(at, recover(by)[2], row.title) for at, by in probe.growing()]
    return found, name, points
