"""What a training is made of, as frozen dataclasses that live as JSON beside the weights.

Knows names, ranges and the defaults of this program. Each method brings an `Objective` of its own;
nothing here knows which methods there are, and nothing of tensors, files or pages.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, get_args, get_origin

Direction = Literal["xy", "yx"]
DIRECTIONS: tuple[Direction, Direction] = ("xy", "yx")
"""From X to Y, and from Y to X."""

METHOD = "cyclegan"
"""The method of whatever does not name one."""


class ConfigError(ValueError):
    """A setting is unknown or out of range; the message says which and what is valid."""


def choice(name: str, value: str, valid: tuple[str, ...]) -> None:
    """Raise ConfigError unless `value` is one of `valid`."""
    if value not in valid:
        raise ConfigError(f"{name} is {value!r}; valid are {', '.join(valid)}.")


def at_least(name: str, value: float, least: float) -> None:
    """Raise ConfigError unless `value` is a finite number of at least `least`."""
    if not least <= value < float("inf"):
        raise ConfigError(f"{name} is {value}; it must be a number of at least {least}.")


WIDEST, DEEPEST, MOST_CHANNELS, LARGEST = 1024, 64, 64, 2048
"""Most filters of a first convolution, blocks, channels of an item and pixels of a crop's side: far
above any published network's. Every number that memory follows has such a top."""

MOST_STEPS, MOST_BATCH, MOST_POOL, MOST_PICTURES = 10**9, 1024, 10**5, 10**9
"""Of a training."""

MOST_CHANGES, LONGEST_NAME = 1000, 200
"""Changes of a schedule, and characters of a domain's name."""


def _size(name: str, value: int, least: int, most: int) -> None:
    at_least(name, value, least)
    if value > most:
        raise ConfigError(f"{name} is above {most}, the most that is valid.")


UPSAMPLINGS = {
    "resnet": ("transposed", "resize", "resize_zeros", "bilinear", "bilinear_zeros"),
    "unet": ("transposed", "resize"),
    "pix2pix": ("transposed",),
    "course": ("transposed",),
    "augmented": ("transposed", "resize"),
    "dcgan": ("transposed", "resize"),
    "gated": ("shuffle",),
}
"""Kinds of generators, and how each may double the size."""

DOWNSAMPLINGS, PADDINGS = ("strided", "antialiased"), ("reflect", "zeros")
"""How a ResNet may halve the size, and pad in its residual blocks."""

GENERATORS = {
    "resnet": "ResNet",
    "unet": "U-Net",
    "pix2pix": "pix2pix U-Net",
    "course": "small ResNet",
    "augmented": "ResNet of one stride",
    "dcgan": "DCGAN",
    "gated": "gated CNN",
}
"""What people call them."""

NORMS = {
    "resnet": ("instance", "layer", "instance-layer", "batch"),
    "unet": ("instance", "layer"),
    "pix2pix": ("instance", "batch"),
    "augmented": ("instance", "layer", "instance-layer", "batch"),
    "patchgan": ("instance", "batch"),
    "patch4": ("instance", "layer"),
    "dcgan": ("batch", "instance"),
}
"""Kinds of networks whose norm may be chosen, and between what; all others have "instance"."""

UNUSUAL_NORMS = {
    "layer": "layer norm",
    "instance-layer": "layer norm on the way up",
    "batch": "batch norm",
}
"""What they are called for people; the book's U-Net has its own."""


DISCRIMINATORS = {
    "patchgan": "70×70 PatchGAN",
    "patch4": "four-stage patches",
    "course": "down to one score",
    "dcgan": "DCGAN's",
    "gated": "gated CNN",
}
"""What people call them."""

MEDIA = {"gated": "voice"}
"""Kinds of networks, and the name of the medium that they are for; all others are for pictures."""


UNITS = {"voice": "frames"}
"""Of the length of what networks for a medium see; pixels for all others."""


def medium_of(kind: str) -> str:
    """The name of the medium that a kind of network is for."""
    return MEDIA.get(kind, "pictures")


def unit_of(kind: str) -> str:
    """What a config's `image_size` counts for a kind of network: "px"."""
    return UNITS.get(medium_of(kind), "px")


FROM_NOISE = ("dcgan",)
"""Kinds of networks for pictures that are made of noise: their generators take no picture."""


def norms(kind: str) -> tuple[str, ...]:
    """The norms that a kind of network may have, the usual one first."""
    return NORMS.get(kind, ("instance",))


@dataclass(frozen=True)
class Generator:
    """One generator's architecture.

    kind: "resnet" is the paper's (section 7.2), "unet" that of *GANs in Action*, chapter 9,
        "pix2pix" the original authors' U-Net (Isola et al. 2017), for reading their files,
        "course" the small one of CMU's 16-726, with 4×4 convolutions of stride 2, "augmented" a
        ResNet that halves the size once, as in the code of Almahairi et al. 2018, "dcgan" that of
        Radford et al. 2015, which makes pictures of noise, and "gated" the 1-D gated CNN of Kaneko
        and Kameoka 2017, for voices.
    width: filters of the first convolution (the paper: 64, the book and the course: 32, Kaneko and
        Kameoka: 128), at most 1024; of "dcgan" those of the last stage before the picture.
    blocks: residual blocks (the paper: 6 for 128×128, 9 from 256×256; the course: 1), at most 64;
        of "pix2pix" the downsamplings, 7 (for multiples of 128 pixels) or 8 (256); the book's
        U-Net and "dcgan" have none.
    upsampling: "transposed" convolution as in the paper, or "resize" (nearest + convolution),
        which leaves no checkerboard (Odena et al. 2016), or "bilinear" + convolution. With
        "_zeros" that convolution is padded with zeros instead of reflections: "resize_zeros" as
        in PyTorch-GAN, "bilinear_zeros" as in CUT (Park et al. 2020).
    downsampling: "strided" convolution as in the paper, or "antialiased": a convolution of stride
        1, whose result is blurred before every second pixel of it is taken (Zhang 2019; CUT).
    padding: of the residual blocks' convolutions, "reflect" or "zeros".
    norm: "instance", each channel on its own, as in the paper, or "layer", height, width and
        channels together, which keeps how strong one is beside another: in "resnet" with a γ and a
        β a channel, in "unet" with one γ and one β, as keras_contrib's instance norm is by default.
        "instance-layer", of "resnet", has layer norm on the way up alone, as the decoders of Huang
        et al. 2018 (arXiv 1804.04732). "batch" is each channel over all pictures of a batch and,
        once trained, by the averages that were kept of them (Ioffe and Szegedy 2015): in "resnet",
        in "dcgan", and in "pix2pix", whose authors' files have it.
    """

    kind: str = "resnet"
    width: int = 64
    blocks: int = 9
    upsampling: str = "transposed"
    downsampling: str = "strided"
    padding: str = "reflect"
    norm: str = "instance"

    def __post_init__(self):
        choice("generator kind", self.kind, tuple(GENERATORS))
        choice(f"upsampling of {self.kind}", self.upsampling, UPSAMPLINGS[self.kind])
        most = 2 if self.kind == "resnet" else 1
        choice(f"downsampling of {self.kind}", self.downsampling, DOWNSAMPLINGS[:most])
        choice(f"padding of {self.kind}", self.padding, PADDINGS[:most])
        choice(f"norm of {self.kind}", self.norm, norms(self.kind))
        _size("generator width", self.width, 1, WIDEST)
        if self.kind == "pix2pix":
            _size("pix2pix downsamplings", self.blocks, 7, 8)
        else:
            _size("residual blocks", self.blocks, 0, DEEPEST)

    @property
    def words(self) -> str:
        """ "ResNet, 9 blocks, 64 filters", and what is unusual about it."""
        blocks = f", {self.blocks} block{'' if self.blocks == 1 else 's'}"
        depth = dict.fromkeys(("resnet", "course", "augmented", "gated"), blocks)
        depth |= {"pix2pix": f", {self.blocks} stages"}
        unusual = "".join(f", {words}" for words in self.unusual)
        kind = GENERATORS[self.kind]
        return f"{kind}{depth.get(self.kind, '')}, {self.width} filters{unusual}"

    @property
    def unusual(self) -> tuple[str, ...]:
        """What neither the paper nor PyTorch-GAN does."""
        return (
            *(("anti-aliased downsampling",) if self.downsampling == "antialiased" else ()),
            *(("bilinear upsampling",) if "bilinear" in self.upsampling else ()),
            *(("zero-padded blocks",) if self.padding == "zeros" else ()),
            *(
                (UNUSUAL_NORMS[self.norm],)
                if self.norm != "instance" and self.kind not in ("unet", "dcgan")
                else ()
            ),
        )

    @property
    def multiple(self) -> int:
        """Pixels; heights and widths that the generator takes are multiples of it."""
        of_kind = {"resnet": 4, "unet": 16, "course": 4, "augmented": 2, "gated": 4}
        return of_kind.get(self.kind) or 2**self.blocks

    @property
    def smallest(self) -> int:
        """Pixels; the least height and width that the generator takes."""
        of_kind = {"resnet": 8, "unet": 32, "course": 8, "augmented": 8, "gated": 16}
        return of_kind.get(self.kind) or 2**self.blocks

    def as_kind(self, kind: str) -> "Generator":
        """The same in another kind, with what that kind offers where it lacks what this one has."""
        choice("generator kind", kind, tuple(GENERATORS))
        ways, known = UPSAMPLINGS[kind], norms(kind)
        way = self.upsampling if self.upsampling in ways else ways[0]
        norm = self.norm if self.norm in known else known[0]
        plain = {} if kind == "resnet" else {"downsampling": "strided", "padding": "reflect"}
        # The book's U-Net has none, and others are nothing without.
        usual = {"resnet": 6, "course": 1, "pix2pix": 8, "augmented": 3, "gated": 6}
        blocks = self.blocks or usual.get(kind, 0)
        return replace(self, kind=kind, upsampling=way, norm=norm, blocks=blocks, **plain)


@dataclass(frozen=True)
class Discriminator:
    """One discriminator's architecture.

    kind: "patchgan" is the paper's 70×70 PatchGAN, "patch4" the book's four stride-2 stages,
        "course" that of CMU's 16-726, which comes to a single score at 64 pixels, "dcgan" that of
        Radford et al. 2015, which does so at any size, and "gated" that of Kaneko and Kameoka 2017.
    width: filters of the first convolution (the paper and the book: 64, the course: 32).
    norm: as in Generator; "layer" is an option of "patch4", "batch" of "patchgan" and "dcgan".
    """

    kind: str = "patchgan"
    width: int = 64
    norm: str = "instance"

    def __post_init__(self):
        choice("discriminator kind", self.kind, tuple(DISCRIMINATORS))
        choice(f"norm of {self.kind}", self.norm, norms(self.kind))
        _size("discriminator width", self.width, 1, WIDEST)

    @property
    def words(self) -> str:
        """ "70×70 PatchGAN, 64 filters"."""
        norm = ", batch norm" if self.norm == "batch" else ""
        return f"{DISCRIMINATORS[self.kind]}, {self.width} filters{norm}"

    def as_kind(self, kind: str) -> "Discriminator":
        """The same in another kind, with a norm that this kind has."""
        choice("discriminator kind", kind, tuple(DISCRIMINATORS))
        norm = self.norm if self.norm in norms(kind) else norms(kind)[0]
        return replace(self, kind=kind, norm=norm)


@dataclass(frozen=True)
class Weight:
    """What the weight of a summand is called, the summand as a formula, and what it asks for."""

    label: str
    formula: str
    reads: str


def weight(default: float, label: str, formula: str, reads: str) -> Any:
    """A field of an `Objective` that weighs one summand; 0 leaves it out."""
    return field(default=default, metadata={"weight": Weight(label, formula, reads)})


@dataclass(frozen=True)
class Forms:
    """What a choice between forms of an objective is called, and its options in words, by value.

    is_shared: whether two trainings side by side have it alike. Words may have {x} and {y} for the
    domains' names.
    """

    label: str
    options: Mapping[str, str]
    is_shared: bool = False


def form(default: str, label: str, options: Mapping[str, str], is_shared: bool = False) -> Any:
    """A field of an `Objective` that chooses between forms, for whoever trains to choose."""
    return field(default=default, metadata={"forms": Forms(label, options, is_shared)})


@dataclass(frozen=True)
class Change:
    """A weight that changes while training goes on: up to step `start` it is what it was, from
    step `end` on it is `value`, and between them it moves on a straight line.

    Steps are those that are done: with start = end = 300, step 301 is the first of the new weight.
    """

    weight: str
    value: float
    start: int
    end: int

    def __post_init__(self):
        at_least("the start of a change", self.start, 0)
        at_least("the end of a change", self.end, self.start)
        at_least(f"weight of {self.weight}", self.value, 0.0)

    def at(self, before: float, step: int) -> float:
        """The weight after `step` steps, if it was `before` until now."""
        if step >= self.end:
            return self.value
        way = max(0, step - self.start) / max(1, self.end - self.start)
        return before + (self.value - before) * way


@dataclass(frozen=True)
class Objective:
    """The weighted sum that a training minimises; each method has a subclass of its own.

    Its fields made by `weight` weigh a summand each; a summand of weight 0 is not computed at all.
    Others choose between forms, those made by `form` before people's eyes. schedule: how weights
    change on the way, in order.
    """

    schedule: tuple[Change, ...] = field(default=(), kw_only=True)

    method: ClassVar[str] = ""
    """Name of the method that it belongs to."""

    def __post_init__(self):
        for name, weight in self.weights().items():
            at_least(f"weight of {weight.label}", getattr(self, name), 0.0)
        if unknown := {change.weight for change in self.schedule} - set(self.weights()):
            valid = ", ".join(self.weights())
            raise ConfigError(f"{min(unknown)} is no weight of {self.method}; valid are {valid}.")
        if not any(getattr(self, name) for name in self.weights()):
            raise ConfigError("Every term of the objective is off; give at least one a weight.")
        for change in self.schedule:
            if not any(self._weights_at(change.end).values()):
                raise ConfigError(
                    f"Every term of the objective is off after step {change.end:,}; give at least "
                    "one a weight."
                )

    def check(self, config: "Config") -> None:
        """Raise ConfigError where the rest of a config does not suit the method."""

    def suited(self, channels: "Channels") -> "Objective":
        """The same without what cannot be asked of items of these channels."""
        return self

    @classmethod
    def weights(cls) -> dict[str, Weight]:
        """What is weighed, by the field's name."""
        found = {f.name: f.metadata.get("weight") for f in fields(cls)}
        return {name: weight for name, weight in found.items() if weight}

    @classmethod
    def forms(cls) -> dict[str, Forms]:
        """What is chosen before people's eyes, by the field's name."""
        found = {f.name: f.metadata.get("forms") for f in fields(cls)}
        return {name: form for name, form in found.items() if form}

    def at(self, step: int, steps: int) -> "Objective":
        """The objective of the step after `step` done ones of `steps`: nothing left to change."""
        return self.weighed_at(step)

    def weighed_at(self, step: int) -> "Objective":
        """The same with the weights of the step after `step` done ones for good."""
        if not self.schedule:
            return self
        return replace(self, schedule=(), **self._weights_at(step))

    def changed(self, weight: str, value: float, step: int) -> "Objective":
        """The same with another weight from the step after `step` on, whatever was planned."""
        change = Change(weight, value, step, step)
        return replace(self, schedule=(*self.schedule, change))

    def _weights_at(self, step: int) -> dict[str, float]:
        now = {name: getattr(self, name) for name in self.weights()}
        # Of two that begin at one step, the one that was added later holds.
        for change in sorted(self.schedule, key=lambda change: change.start):
            if step < change.start:
                break
            now[change.weight] = change.at(now[change.weight], step)
        return now

    def uses(self, name: str) -> bool:
        """Whether a weight counts at any time of the training."""
        later = any(c.weight == name and c.value for c in self.schedule)
        return bool(getattr(self, name)) or later

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the active terms, in the order in which a variant is named."""
        return tuple(w.label for name, w in self.weights().items() if getattr(self, name))

    @property
    def name(self) -> str:
        """The variant's name for people: "GAN + cycle + identity"."""
        return " + ".join(self.terms)

    @property
    def slug(self) -> str:
        """The variant's name for folders: "gan-cycle-identity". A schedule does not change it."""
        plain = (term.translate({ord(sign): None for sign in "(),"}) for term in self.terms)
        return "-".join(term.lower().replace(" ", "_") for term in plain)

    @property
    def formula(self) -> str:
        """What the generators minimise, as text."""
        parts = [(getattr(self, name), w.formula) for name, w in self.weights().items()]
        return " + ".join(f if w == 1 else f"{w:g} · {f}" for w, f in parts if w)

    @property
    def remarks(self) -> tuple[str, ...]:
        """A sentence a change of the schedule."""
        labels = {name: w.label for name, w in self.weights().items()}
        return tuple(
            f"The weight of {labels[c.weight]} "
            + (
                f"is {c.value:g} from step {c.end + 1:,} on."
                if c.start == c.end
                else f"moves to {c.value:g} from step {c.start:,} to step {c.end:,}."
            )
            for c in self.schedule
        )

    @classmethod
    def from_older(cls, values: dict) -> dict | None:
        """What an objective that names no method says in today's words; None if it is not ours."""
        return None

    @classmethod
    def renewed(cls, values: dict) -> dict:
        """What an objective of this method, written at any time, says in today's words."""
        return values


OBJECTIVES: dict[str, type[Objective]] = {}
"""The objective's class of every method; the methods' registry fills it."""


@dataclass(frozen=True)
class Domains:
    """Human names of X and Y."""

    x: str = "X"
    y: str = "Y"

    def __post_init__(self):
        for name in (self.x, self.y):
            if len(name) > LONGEST_NAME:
                raise ConfigError(f"A domain's name may have {LONGEST_NAME} characters.")


@dataclass(frozen=True)
class Channels:
    """Channels of an item of X and of Y: 3 for RGB pictures."""

    x: int = 3
    y: int = 3

    def __post_init__(self):
        _size("channels of X", self.x, 1, MOST_CHANNELS)
        _size("channels of Y", self.y, 1, MOST_CHANNELS)


INITIALISATIONS = ("normal", "glorot", "pytorch")

ORDERS = ("together", "in-turn")


@dataclass(frozen=True)
class Range:
    """Which values of a collection of pictures are black and white; what lies outside counts as
    either. kind: numpy's name of what the files hold, "" before any was seen."""

    low: float
    high: float
    kind: str = ""

    def __post_init__(self):
        if not -float("inf") < self.low < self.high < float("inf"):
            raise ConfigError(
                f"A range goes from a lower number to a higher one, not from {self.low} to "
                f"{self.high}."
            )
        choice("kind of values", self.kind, KINDS)

    @property
    def words(self) -> str:
        """ "0 to 4,095"."""
        return " to ".join(f"{end:,.0f}" if end == int(end) else f"{end:,.6g}" for end in self.ends)

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high


KINDS = ("", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64")
"""Of the values in picture files."""


@dataclass(frozen=True)
class Ranges:
    """Of the pictures of X and of Y; None for 8-bit ones, whose white is 255."""

    x: Range | None = None
    y: Range | None = None


FITS, PLACES = ("crop", "squeeze", "pad", "none"), ("random", "middle")
FLIPS = ("horizontal", "none", "both")
"""How training comes by its crops."""

RESIZES = {
    "resize-and-crop": {"fit": "squeeze"},
    "crop": {"fit": "none"},
    "middle": {"fit": "none", "place": "middle"},
}
"""The same in the words of older files and of train.py --resize."""


MIRRORED = {
    "horizontal": "mirrored by chance",
    "both": "mirrored by chance, left to right and upside down",
    "none": "never mirrored",
}


@dataclass(frozen=True)
class Training:
    """How the weights come about. Rates and betas are Adam's, as in section 7.1 of the paper.

    data: a lesson's name, a folder of pictures, or a dataset of the Hub.
    fit: how a picture file comes to the size from which crops are taken (286 for crops of 256, or
        in proportion). "crop": its short side is scaled to that; "squeeze": it is scaled to a
        square, as in the paper; "pad": its long side is scaled to that, and its edges go on to a
        square; "none": it is never rescaled. Lessons that ship rescale nothing.
    place: of a crop, "random" or always the "middle".
    flip: each crop mirrored by chance where the medium has a mirror image: "horizontal", "both"
        (upside down too), or "none".
    pictures: training items of either side that are seen, evenly spread over all there are; None
        for all.
    pool: size of the history of generated images (50 in the paper, 0 for none).
    ema_decay: decay of the moving average of the generators' weights; 0 for none.
    decay: share of the steps, at the end, over which the rate falls linearly to 0 (the paper: a
        half; 0: the rate never falls). decay_from: the step from which on it falls, whatever the
        share is; None for the share.
    initialisation: of the weights. "normal" is N(0, 0.02) and biases of 0, the paper's; "glorot"
        is Keras' default, uniform by Glorot and Bengio 2010 and biases of 0; "pytorch" is what
        PyTorch draws where nothing is said.
    order: of the updates. "together": all networks by gradients at one state of the weights;
        "in-turn": a discriminator on real items, then on generated ones, then the generators
        against the discriminators that this made.
    precision: "float32", or "bfloat16" for autocast; "auto" is decided when a training begins.
    """

    data: str = "satellite2map"
    fit: str = "crop"
    steps: int = 10_000
    batch: int = 1
    rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    pool: int = 50
    ema_decay: float = 0.999
    precision: str = "float32"
    seed: int = 0
    decay: float = 0.5
    initialisation: str = "normal"
    order: str = "together"
    flip: str = "horizontal"
    decay_from: int | None = None
    place: str = "random"
    pictures: int | None = None

    def __post_init__(self):
        choice("initialisation", self.initialisation, INITIALISATIONS)
        choice("order of updates", self.order, ORDERS)
        if not 0 <= self.decay <= 1:
            raise ConfigError(f"decay is {self.decay}; it must lie in [0, 1].")
        if self.decay_from is not None:
            at_least("the step from which the rate falls", self.decay_from, 0)
        choice("fit", self.fit, FITS)
        choice("place of the crops", self.place, PLACES)
        choice("flip", self.flip, FLIPS)
        choice("precision", self.precision, ("auto", "float32", "bfloat16"))
        if self.pictures is not None:
            _size("training pictures", self.pictures, 1, MOST_PICTURES)
        _size("steps", self.steps, 1, MOST_STEPS)
        _size("batch", self.batch, 1, MOST_BATCH)
        _size("pool", self.pool, 0, MOST_POOL)
        if not 0 <= self.seed < 2**63:
            raise ConfigError(f"seed is {self.seed}; it must lie in [0, 2^63).")
        if not 0 < self.rate < float("inf"):
            raise ConfigError(f"rate is {self.rate}; it must be a number above 0.")
        for name in ("beta1", "beta2", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must lie in [0, 1).")

    @staticmethod
    def in_todays_words(values: dict) -> dict:
        """JSON of any time; what had no word for it was squeezed."""
        if "fit" in values:
            return values
        older = values.get("resize", "resize-and-crop")
        choice("resize", older, tuple(RESIZES))
        return {name: value for name, value in values.items() if name != "resize"} | RESIZES[older]

    @property
    def crop_words(self) -> str:
        """ "cropped at random, mirrored by chance", and scaled before; lessons that ship scale
        nothing."""
        scaled = {
            "crop": ("files scaled to 286/256 by their short side",),
            "squeeze": ("files squeezed into a square of 286/256",),
            "pad": ("files scaled to 286/256 by their long side, and padded",),
            "none": (),
        }
        cropped = "the middle of each" if self.place == "middle" else "cropped at random"
        return ", ".join((*scaled[self.fit], cropped, MIRRORED[self.flip]))

    @property
    def falls_from(self) -> int:
        """The step from which on the rate falls; the last one, and later, for never."""
        share = int(self.steps * (1 - self.decay))
        return share if self.decay_from is None else self.decay_from

    def rate_factor(self, step: int) -> float:
        """Share of the rate after so many steps: 1 at first, then linear to 0 at the last.

        In the paper it falls over the second half (section 7.1).
        """
        start = self.falls_from
        return 1.0 - max(0, step - start) / (self.steps - start) if start < self.steps else 1.0

    @property
    def rate_words(self) -> str:
        """ "0.0002, falling to 0 over the second half"."""
        if self.falls_from >= self.steps:
            return f"{self.rate:g} throughout"
        if self.decay_from is not None:
            return f"{self.rate:g}, falling to 0 from step {self.decay_from:,} on"
        part = "the second half" if self.decay == 0.5 else f"the last {self.decay:.0%}"
        return f"{self.rate:g}, falling to 0 over {part}"


@dataclass(frozen=True)
class Config:
    """Everything needed to rebuild the networks of one variant and to train it again.

    objective: its class says which method trains; None for the default method's.
    image_size: side in pixels of the square crops that training sees; of voices, frames.
    channels, ranges: of an item of X and of Y, as the data has them.
    facts: what the training turned out to be (steps done, seconds, machine); free-form. "kept":
        the step after which it was stopped on purpose, to be used as it is.
    """

    generator: Generator = field(default_factory=Generator)
    discriminator: Discriminator = field(default_factory=Discriminator)
    objective: Objective = None
    domains: Domains = field(default_factory=Domains)
    channels: Channels = field(default_factory=Channels)
    ranges: Ranges = field(default_factory=Ranges)
    training: Training = field(default_factory=Training)
    image_size: int = 256
    facts: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.objective is None:
            object.__setattr__(self, "objective", OBJECTIVES[METHOD]())
        self.objective.check(self)
        _check_facts(self.facts)
        _size("image size", self.image_size, 1, LARGEST)
        if len(self.objective.schedule) > MOST_CHANGES:
            raise ConfigError(f"A schedule may have {MOST_CHANGES} changes.")

    @property
    def method(self) -> str:
        return self.objective.method

    @property
    def is_under_way(self) -> bool:
        """Whether the training is neither at its last step nor kept as it is."""
        done = self.facts.get("steps")
        return done is None or done not in (self.training.steps, self.facts.get("kept"))

    def to_dict(self) -> dict:
        return {"method": self.method, **asdict(self)}

    @classmethod
    def from_dict(cls, values: dict) -> "Config":
        """Rebuild from `to_dict()`'s JSON. Raises ConfigError naming an unknown key or bad type."""
        if not isinstance(values, dict):
            raise ConfigError(f"config must be a JSON object, not {type(values).__name__}.")
        rest = {k: v for k, v in values.items() if k not in ("method", "objective")}
        return _build(cls, rest, "config", objective=read_objective(values))


def _check_facts(facts: dict) -> None:
    """Raise ConfigError where what is shown of free-form facts is not what it should be."""
    if not isinstance(facts.get("layout", ""), str):
        raise ConfigError("config.facts.layout must be a name.")
    notes = facts.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ConfigError("config.facts.notes must be a list of sentences.")


def _method_of(values: dict) -> tuple[str, dict]:
    """The method's name and its objective; older files name none, and the methods know theirs."""
    method, objective = values.get("method"), values.get("objective", {})
    if method is None and isinstance(objective, dict):
        for name, cls in OBJECTIVES.items():
            if (own := cls.from_older(objective)) is not None:
                return name, own
    if not isinstance(method or METHOD, str):
        raise ConfigError(f"config.method must be a name, not {method!r}.")
    return method or METHOD, objective


def read_objective(values: dict) -> Objective:
    """The objective out of JSON with "objective" and, unless it is an older file, "method"."""
    return objective_from(*_method_of(values))


def objective_from(method: str, values: dict) -> Objective:
    """An objective from its JSON; raises ConfigError, for an unknown method too."""
    if method not in OBJECTIVES:
        known = ", ".join(OBJECTIVES)
        raise ConfigError(
            f"There is no method {method!r} here; known are {known}. One from elsewhere is made "
            "known by CYCLEGAN_PLUGINS."
        )
    if isinstance(values, dict):
        values = OBJECTIVES[method].renewed(values)
    return _build(OBJECTIVES[method], values, "config.objective")


def _build(cls: type, values: object, where: str, **built: object):
    if not isinstance(values, dict):
        raise ConfigError(f"{where} must be a JSON object, not {type(values).__name__}.")
    if renew := getattr(cls, "in_todays_words", None):
        values = renew(values)
    types_by_name = {f.name: f.type for f in fields(cls)}
    if unknown := sorted(set(values) - set(types_by_name)):
        raise ConfigError(
            f"{where} has the unknown key {unknown[0]!r}; valid are {', '.join(types_by_name)}."
        )
    built |= {n: _value(types_by_name[n], v, f"{where}.{n}") for n, v in values.items()}
    return cls(**built)


def _value(wanted: type | UnionType, value: object, where: str):
    if isinstance(wanted, UnionType):
        if value is None:
            return None
        (wanted,) = set(get_args(wanted)) - {NoneType}
    if is_dataclass(wanted):
        return _build(wanted, value, where)
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where} must be a list, not {value!r}.")
        return tuple(_value(get_args(wanted)[0], one, where) for one in value)
    accepted = (int, float) if wanted is float else wanted
    if not isinstance(value, accepted) or isinstance(value, bool) != (wanted is bool):
        raise ConfigError(f"{where} must be {wanted.__name__}, not {value!r}.")
    return value
