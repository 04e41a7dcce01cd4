"""What a training is made of, as frozen dataclasses that live as JSON beside the weights.

Knows names, ranges and defaults (those of the paper). Knows nothing of tensors, files or pages.
"""

from dataclasses import asdict, dataclass, field, fields, is_dataclass


class ConfigError(ValueError):
    """A setting is unknown or out of range; the message says which and what is valid."""


def _choice(name: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise ConfigError(f"{name} is {value!r}; valid are {', '.join(valid)}.")


def _at_least(name: str, value: float, least: float) -> None:
    if not least <= value < float("inf"):
        raise ConfigError(f"{name} is {value}; it must be a number of at least {least}.")


WIDEST, DEEPEST = 1024, 64
"""Most filters of a first convolution and most blocks: far above any published network's."""


def _size(name: str, value: int, least: int, most: int) -> None:
    _at_least(name, value, least)
    if value > most:
        raise ConfigError(f"{name} is above {most}, the most that is valid.")


UPSAMPLINGS = {
    "resnet": ("transposed", "resize", "resize_zeros"),
    "unet": ("transposed", "resize"),
    "pix2pix": ("transposed",),
}
"""Kinds of generators, and how each may double the size."""


@dataclass(frozen=True)
class Generator:
    """One generator's architecture.

    kind: "resnet" is the paper's (section 7.2), "unet" that of *GANs in Action*, chapter 9, and
        "pix2pix" the original authors' U-Net (Isola et al. 2017), for reading their files.
    width: filters of the first convolution (the paper: 64, the book: 32), at most 1024.
    blocks: residual blocks (the paper: 6 for 128×128, 9 from 256×256), at most 64; of "pix2pix"
        the downsamplings, 7 (for multiples of 128 pixels) or 8 (256); the book's U-Net has none.
    upsampling: "transposed" convolution as in the paper, or "resize" (nearest + convolution),
        which leaves no checkerboard (Odena et al. 2016). "resize_zeros" pads that convolution
        with zeros instead of reflections, as PyTorch-GAN does; it is for reading such files.
    """

    kind: str = "resnet"
    width: int = 64
    blocks: int = 9
    upsampling: str = "transposed"

    def __post_init__(self):
        _choice("generator kind", self.kind, tuple(UPSAMPLINGS))
        _choice(f"upsampling of {self.kind}", self.upsampling, UPSAMPLINGS[self.kind])
        _size("generator width", self.width, 1, WIDEST)
        if self.kind == "pix2pix":
            _size("pix2pix downsamplings", self.blocks, 7, 8)
        else:
            _size("residual blocks", self.blocks, 0, DEEPEST)

    @property
    def multiple(self) -> int:
        """Pixels; heights and widths that the generator takes are multiples of it."""
        return {"resnet": 4, "unet": 16, "pix2pix": 2**self.blocks}[self.kind]

    @property
    def smallest(self) -> int:
        """Pixels; the least height and width that the generator takes."""
        return {"resnet": 8, "unet": 32, "pix2pix": 2**self.blocks}[self.kind]


@dataclass(frozen=True)
class Discriminator:
    """One discriminator's architecture.

    kind: "patchgan" is the paper's 70×70 PatchGAN, "patch4" the book's four stride-2 stages.
    width: filters of the first convolution (both: 64).
    """

    kind: str = "patchgan"
    width: int = 64

    def __post_init__(self):
        _choice("discriminator kind", self.kind, ("patchgan", "patch4"))
        _size("discriminator width", self.width, 1, WIDEST)


@dataclass(frozen=True)
class Objective:
    """Weights of the terms of the full objective (paper: equation 3; identity: section 5.2).

    A term with weight 0 is not computed at all. `gan` weighs both adversarial terms,
    `cycle_forward` ‖F(G(x)) − x‖, `cycle_backward` ‖G(F(y)) − y‖, and `identity`
    ‖G(y) − y‖₁ + ‖F(x) − x‖₁ (the paper: 0.5 λ = 5, the book: 0.9 λ = 9).

    The three remedies of Wang and Lin 2018 ("CycleGAN with Better Cycles") change the cycle terms:
    cycle_features: γ, the share of the cycle that is taken on the discriminator's features; it
        grows linearly from 0 to this at the end of training.
    cycle_decay: the share of λ that is gone by the end; it shrinks linearly.
    cycle_quality: multiply by the discriminator's opinion of the translation, kept in [0, 1].

    paired: weight of ‖G(x) − y‖₁ + ‖F(y) − x‖₁ on true pairs, with discriminators that see the
    input too (pix2pix, Isola et al. 2017: 100). It takes the place of cycle and identity.
    """

    gan: float = 1.0
    cycle_forward: float = 10.0
    cycle_backward: float = 10.0
    identity: float = 5.0
    adversarial: str = "least_squares"
    cycle_norm: str = "l1"
    cycle_features: float = 0.0
    cycle_decay: float = 0.0
    cycle_quality: bool = False
    paired: float = 0.0

    def __post_init__(self):
        _choice("adversarial loss", self.adversarial, ("least_squares", "log"))
        _choice("cycle norm", self.cycle_norm, ("l1", "l2"))
        for name in ("gan", "cycle_forward", "cycle_backward", "identity", "paired"):
            _at_least(f"weight of {name}", getattr(self, name), 0.0)
        for name in ("cycle_features", "cycle_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must lie in [0, 1].")
        if not (self.gan or self.has_cycle or self.identity or self.paired):
            raise ConfigError("Every term of the objective is off; give at least one a weight.")
        if (self.cycle_features or self.cycle_quality) and not (self.gan and self.has_cycle):
            raise ConfigError(
                "cycle_features and cycle_quality ask the discriminators about the cycle; they "
                "need both the GAN and a cycle term."
            )
        if self.paired and (self.has_cycle or self.identity):
            raise ConfigError("True pairs take the place of the cycle and identity terms.")

    @property
    def has_cycle(self) -> bool:
        return bool(self.cycle_forward or self.cycle_backward)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the active terms, in the order in which a variant is named."""
        both = self.cycle_forward and self.cycle_backward
        gan = _with("GAN", log=self.adversarial == "log", conditional=self.paired)
        cycle = "cycle" if both else "forward cycle" if self.cycle_forward else "backward cycle"
        cycle = _with(
            cycle,
            L2=self.cycle_norm == "l2",
            features=self.cycle_features,
            decaying=self.cycle_decay,
            quality=self.cycle_quality,
        )
        active = {
            gan: self.gan,
            cycle: self.has_cycle,
            "identity": self.identity,
            "paired": self.paired,
        }
        return tuple(name for name, weight in active.items() if weight)

    @property
    def name(self) -> str:
        """The variant's name for people: "GAN + cycle + identity"."""
        return " + ".join(self.terms)

    @property
    def slug(self) -> str:
        """The variant's name for folders: "gan-cycle-identity"."""
        plain = (term.translate({ord(sign): None for sign in "(),"}) for term in self.terms)
        return "-".join(term.lower().replace(" ", "_") for term in plain)


def _with(term: str, **qualities: object) -> str:
    """A term's name with what is special about it: "cycle (L2, decaying)"."""
    special = ", ".join(name for name, holds in qualities.items() if holds)
    return f"{term} ({special})" if special else term


@dataclass(frozen=True)
class Domains:
    """Human names of X and Y."""

    x: str = "X"
    y: str = "Y"


@dataclass(frozen=True)
class Training:
    """How the weights come about. Rates and betas are Adam's, as in section 7.1 of the paper.

    data: "satellite2map" or a folder with trainA/ and trainB/.
    resize: "resize-and-crop" (286 → 256, or in proportion) or "crop" (never rescale).
    pool: size of the history of generated images (50 in the paper, 0 for none).
    ema_decay: decay of the moving average of the generators' weights; 0 for none.
    precision: "float32", or "bfloat16" for autocast; "auto" is decided when a training begins.
    """

    data: str = "satellite2map"
    resize: str = "resize-and-crop"
    steps: int = 10_000
    batch: int = 1
    rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    pool: int = 50
    ema_decay: float = 0.999
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self):
        _choice("resize", self.resize, ("resize-and-crop", "crop"))
        _choice("precision", self.precision, ("auto", "float32", "bfloat16"))
        _at_least("steps", self.steps, 1)
        _at_least("batch", self.batch, 1)
        _at_least("pool", self.pool, 0)
        if not 0 <= self.seed < 2**63:
            raise ConfigError(f"seed is {self.seed}; it must lie in [0, 2^63).")
        if not 0 < self.rate < float("inf"):
            raise ConfigError(f"rate is {self.rate}; it must be a number above 0.")
        for name in ("beta1", "beta2", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must lie in [0, 1).")


@dataclass(frozen=True)
class Config:
    """Everything needed to rebuild the networks of one variant and to train it again.

    image_size: side in pixels of the square crops that training sees.
    facts: what the training turned out to be (steps done, seconds, machine); free-form. "kept":
        the step after which it was stopped on purpose, to be used as it is.
    """

    generator: Generator = field(default_factory=Generator)
    discriminator: Discriminator = field(default_factory=Discriminator)
    objective: Objective = field(default_factory=Objective)
    domains: Domains = field(default_factory=Domains)
    training: Training = field(default_factory=Training)
    image_size: int = 256
    facts: dict = field(default_factory=dict)

    def __post_init__(self):
        multiple, least = self.generator.multiple, self.generator.smallest
        if self.image_size % multiple or self.image_size < least:
            raise ConfigError(
                f"image size is {self.image_size}; the {self.generator.kind} generator takes "
                f"multiples of {multiple} from {least} up."
            )
        # Below that the last instance norm of the discriminator has a single number to normalise.
        least = {"patchgan": 24, "patch4": 32}[self.discriminator.kind]
        if self.objective.gan and self.image_size < least:
            raise ConfigError(
                f"image size is {self.image_size}; the {self.discriminator.kind} discriminator "
                f"takes {least} pixels and more."
            )

    @property
    def is_under_way(self) -> bool:
        """Whether the training is neither at its last step nor kept as it is."""
        done = self.facts.get("steps")
        return done is None or done not in (self.training.steps, self.facts.get("kept"))

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Config":
        """Rebuild from `to_dict()`'s JSON. Raises ConfigError naming an unknown key or bad type."""
        return _build(cls, values, "config")


def _build(cls: type, values: object, where: str):
    if not isinstance(values, dict):
        raise ConfigError(f"{where} must be a JSON object, not {type(values).__name__}.")
    types_by_name = {f.name: f.type for f in fields(cls)}
    if unknown := sorted(set(values) - set(types_by_name)):
        raise ConfigError(
            f"{where} has the unknown key {unknown[0]!r}; valid are {', '.join(types_by_name)}."
        )
    built = {}
    for name, value in values.items():
        wanted = types_by_name[name]
        if is_dataclass(wanted):
            built[name] = _build(wanted, value, f"{where}.{name}")
        else:
            accepted = (int, float) if wanted is float else wanted
            if not isinstance(value, accepted) or isinstance(value, bool) != (wanted is bool):
                raise ConfigError(f"{where}.{name} must be {wanted.__name__}, not {value!r}.")
            built[name] = value
    return cls(**built)
