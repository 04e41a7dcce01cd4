"""Voices: a woman's ↔ a man's, as CMU's Flite speaks them, by their features.

`sentences` has what they say; `read` opens what ships in `sounds/`, and `pack` wrote it.
"""

from ...core.config import Change, Channels, Config, Discriminator, Domains, Generator, Training
from ...core.figures import Figure
from ...core.sound import world
from ...core.sound.clip import Clip
from ...core.sound.measures import FIGURES, OWN
from ...core.sound.medium import VOICE
from ...methods.cyclegan import Objective
from ..data import DataError, UnpairedData
from ..lesson import Arm, Example, Lesson, Recipe
from .read import load
from .sentences import HELD_OUT, listed
from .sides import unpaired

STEPS, IDENTITY_STEPS = 3_000, 1_000
"""Of the recipe, and those of them with the identity term."""

EXAMPLES = (0, 1, 5, 13, 17, 19)
"""Held-out sentences that are shown, by their places."""


class Voices(Lesson):
    name = "voices"
    title = "woman's voice ↔ man's voice"
    domains = Domains("woman's voice", "man's voice")
    source = (
        "sentences written for this lesson, spoken by CMU's Flite 2.2 in its voices slt and rms"
    )
    licence = "CMU's permissive licence (Flite); the sentences are this project's"
    medium = VOICE
    own = OWN
    headline = ("mcd", "cycle_error")
    troubles = ()
    sizes = (64, 128, 256)
    largest = 352

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Those of pictures mean nothing here."""
        return FIGURES

    @property
    def recipe(self) -> Recipe:
        """CycleGAN-VC (Kaneko and Kameoka 2017), narrower and shorter (docs/voice.md)."""
        until = (Change("identity", 0.0, IDENTITY_STEPS, IDENTITY_STEPS),)
        arms = (
            Arm("with the cycle loss", Objective(schedule=until)),
            Arm(
                "without the cycle loss",
                Objective(cycle_forward=0.0, cycle_backward=0.0, schedule=until),
            ),
        )
        config = Config(
            generator=Generator("gated", width=24, blocks=4, upsampling="shuffle"),
            discriminator=Discriminator("gated", width=16),
            objective=arms[0].objective,
            domains=self.domains,
            channels=Channels(world.ROWS, world.ROWS),
            training=Training(
                data=self.name,
                fit="none",
                steps=STEPS,
                batch=4,
                rate=2e-4,
                pool=0,
                ema_decay=0.998,
                flip="none",
                initialisation="pytorch",
            ),
            image_size=128,
        )
        return Recipe(config, arms)

    def open(self, size: int, fit: str) -> UnpairedData:
        """Raises DataError for more columns than its shortest sentences have."""
        if size > self.largest:
            raise DataError(
                f"{self.name} has sentences of {self.largest} frames and more; {size} are too many."
            )
        pack = load()
        sides = pack.x, pack.y, pack.test_x, pack.test_y
        return unpaired(self.domains, *sides, paired=True)

    def examples(self) -> list[Example]:
        pack, names = load(), listed(HELD_OUT)
        return [Example(names[i], pack.test_x[i], pack.test_y[i]) for i in EXAMPLES]

    def recorded(self, name: str) -> tuple[Clip, Clip]:
        """An example by its name as it was recorded: x and its truth."""
        pack, place = load(), listed(HELD_OUT).index(name)
        return pack.recorded_x[place], pack.recorded_y[place]
