"""A recipe: all that a training is made of, under the name of where it is from, and in words.

Knows the fields of a config; no source, no method and no lesson.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from ..core.config import Config, Discriminator, Generator, Objective, Training, unit_of

LABELS = ("size", "batch", "rate", "generators", "discriminators", "length")
"""What is told first of a recipe."""

_ORDERS = {
    "together": "all networks together",
    "in-turn": "D on real pictures, D on generated ones, then G and F",
}
_DRAWN = {
    "normal": "N(0, 0.02), biases 0",
    "glorot": "uniform by Glorot and Bengio, biases 0",
    "pytorch": "PyTorch's own",
}
_NUMBERS = {"auto": "bfloat16 where it is faster, else float32"}
_NORMS = {
    "instance": "each channel of a picture on its own",
    "layer": "height, width and channels together, with one γ and one β",
    "instance-layer": "each channel on its own, and on the way up all of them together",
    "batch": "each channel over a batch, and once trained by the averages of that",
}
_UPSAMPLINGS = {
    "transposed": "transposed convolutions",
    "resize": "nearest upsampling and convolution",
    "resize_zeros": "nearest upsampling and convolution, padded with zeros",
    "bilinear": "bilinear upsampling and convolution",
    "bilinear_zeros": "bilinear upsampling and convolution, padded with zeros",
    "shuffle": "pixel shuffle along time",
}


@dataclass(frozen=True)
class NamedRecipe:
    """What a source trains with, as far as it is followed here; data and seed are not its business.

    title: the source's for people. source: where its settings stand.
    objective: the fields of the method's objective that it sets.
    epochs: passes over X in place of the training's steps. sample_every: steps between samples.
    source_batch: the source's, where `training` has another.
    left_out: sentences on what it has and is not followed in, and on what is chosen for it.
    """

    title: str
    source: str
    image_size: int
    generator: Generator
    discriminator: Discriminator
    training: Training
    objective: Mapping[str, object] = field(default_factory=dict)
    epochs: int | None = None
    sample_every: int | None = None
    source_batch: int | None = None
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Config, title: str, source: str) -> "NamedRecipe":
        """The settings of a config, under a name."""
        o = config.objective
        return cls(
            title,
            source,
            config.image_size,
            config.generator,
            config.discriminator,
            config.training,
            {f.name: getattr(o, f.name) for f in fields(o)},
        )

    def config(self, objective: type[Objective]) -> Config:
        """As the settings of a method with that class of objectives. Raises ConfigError."""
        return Config(
            self.generator,
            self.discriminator,
            objective(**self.objective),
            training=self.training,
            image_size=self.image_size,
        )

    def words(self, objective: type[Objective]) -> dict[str, str]:
        """Every setting in words, by a label of a word or two; LABELS come first."""
        g, t = self.generator, self.training
        batch = f" ({self.title}: {self.source_batch})" if self.source_batch else ""
        every = (
            f"every {counted(self.sample_every, 'step')}"
            if self.sample_every
            else "with each checkpoint"
        )
        return {
            "size": f"{self.image_size} {unit_of(g.kind)}",
            "batch": f"{t.batch}{batch}",
            "rate": t.rate_words,
            "generators": g.words,
            "discriminators": self.discriminator.words,
            "length": counted(self.epochs, "epoch") if self.epochs else counted(t.steps, "step"),
            "upsampling": _UPSAMPLINGS[g.upsampling],
            "norm": _NORMS[g.norm],
            "initial weights": _DRAWN[t.initialisation],
            "objective": objective(**self.objective).formula,
            "updates": _ORDERS[t.order],
            "Adam's betas": f"{t.beta1:g}, {t.beta2:g}",
            "history": f"{t.pool} pictures" if t.pool else "none",
            "average of the weights": f"decay {t.ema_decay:g}" if t.ema_decay else "none",
            "numbers": _NUMBERS.get(t.precision, t.precision),
            "crops": t.crop_words,
            **({"training pictures": f"{t.pictures:,} of either side"} if t.pictures else {}),
            "samples": every,
        }

    def kept(
        self, name: str, config: Config, epochs: int | None = None, sample_every: int | None = None
    ) -> dict:
        """For the facts of a config that was made by it: what it sets and leaves out, and what is
        otherwise there, as JSON. epochs, sample_every: of that training, as it was asked for."""
        objective = type(config.objective)
        sets = self.words(objective)
        made = replace(
            NamedRecipe.of(config, self.title, self.source),
            epochs=epochs,
            sample_every=sample_every,
            source_batch=self.source_batch,
        )
        other = {k: word for k, word in made.words(objective).items() if word != sets.get(k)}
        return {
            "name": name,
            "source": self.source,
            "sets": sets,
            "otherwise": other,
            "left_out": list(self.left_out),
            "sample_every": sample_every,
        }


def of_objective(kept: dict, objective: Objective) -> dict:
    """What `NamedRecipe.kept` gave, for a training of another objective; as it is where a file has
    something else there."""
    sets, other = kept.get("sets"), kept.get("otherwise")
    if not (isinstance(sets, dict) and isinstance(other, dict)):
        return kept
    other = {key: word for key, word in other.items() if key != "objective"}
    if objective.formula != sets.get("objective"):
        other["objective"] = objective.formula
    return {**kept, "otherwise": other}


def counted(number: int, thing: str) -> str:
    """ "1 step", "1,200 steps"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
