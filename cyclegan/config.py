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


@dataclass(frozen=True)
class Generator:
    """One generator's architecture.

    kind: "resnet" is the paper's (section 7.2), "unet" that of *GANs in Action*, chapter 9.
    width: filters of the first convolution (the paper: 64, the book: 32).
    blocks: residual blocks (the paper: 6 for 128×128, 9 from 256×256); the U-Net has none.
    upsampling: "transposed" convolution as in the paper, or "resize" (nearest + convolution),
        which leaves no checkerboard (Odena et al. 2016).
    """

    kind: str = "resnet"
    width: int = 64
    blocks: int = 9
    upsampling: str = "transposed"

    def __post_init__(self):
        _choice("generator kind", self.kind, ("resnet", "unet"))
        _choice("upsampling", self.upsampling, ("transposed", "resize"))
        _at_least("generator width", self.width, 1)
        _at_least("residual blocks", self.blocks, 0)


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
        _at_least("discriminator width", self.width, 1)


@dataclass(frozen=True)
class Objective:
    """Weights of the terms of the full objective (paper: equation 3; identity: section 5.2).

    A term with weight 0 is not computed at all. `gan` weighs both adversarial terms,
    `cycle_forward` ‖F(G(x)) − x‖, `cycle_backward` ‖G(F(y)) − y‖, and `identity`
    ‖G(y) − y‖₁ + ‖F(x) − x‖₁ (the paper: 0.5 λ = 5, the book: 0.9 λ = 9).
    """

    gan: float = 1.0
    cycle_forward: float = 10.0
    cycle_backward: float = 10.0
    identity: float = 5.0
    adversarial: str = "least_squares"
    cycle_norm: str = "l1"

    def __post_init__(self):
        _choice("adversarial loss", self.adversarial, ("least_squares", "log"))
        _choice("cycle norm", self.cycle_norm, ("l1", "l2"))
        for name in ("gan", "cycle_forward", "cycle_backward", "identity"):
            _at_least(f"weight of {name}", getattr(self, name), 0.0)
        if not (self.gan or self.has_cycle or self.identity):
            raise ConfigError("Every term of the objective is off; give at least one a weight.")

    @property
    def has_cycle(self) -> bool:
        return bool(self.cycle_forward or self.cycle_backward)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the active terms, in the order in which a variant is named."""
        both = self.cycle_forward and self.cycle_backward
        active = {
            "GAN": self.gan,
            "cycle": both,
            "forward cycle": self.cycle_forward and not both,
            "backward cycle": self.cycle_backward and not both,
            "identity": self.identity,
        }
        return tuple(name for name, weight in active.items() if weight)

    @property
    def name(self) -> str:
        """The variant's name for people: "GAN + cycle + identity"."""
        return " + ".join(self.terms)

    @property
    def slug(self) -> str:
        """The variant's name for folders: "gan-cycle-identity"."""
        return "-".join(term.lower().replace(" ", "_") for term in self.terms)


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
    precision: "float32", or "bfloat16" for autocast.
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
        _choice("precision", self.precision, ("float32", "bfloat16"))
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
    facts: what the training turned out to be (steps done, seconds, machine); free-form.
    """

    generator: Generator = field(default_factory=Generator)
    discriminator: Discriminator = field(default_factory=Discriminator)
    objective: Objective = field(default_factory=Objective)
    domains: Domains = field(default_factory=Domains)
    training: Training = field(default_factory=Training)
    image_size: int = 256
    facts: dict = field(default_factory=dict)

    def __post_init__(self):
        multiple, least = (16, 32) if self.generator.kind == "unet" else (4, 8)
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
            if not isinstance(value, accepted) or isinstance(value, bool):
                raise ConfigError(f"{where}.{name} must be {wanted.__name__}, not {value!r}.")
            built[name] = value
    return cls(**built)
