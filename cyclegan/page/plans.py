"""What the form of a new training begins with: the lesson's own recipe, or one of its method's.

Knows what a page leaves of a recipe that was meant for other machines; no component and no source.
"""

from dataclasses import dataclass, replace

from .. import methods
from ..core.config import Config, Objective, medium_of
from ..lessons import Arm, Lesson, Recipe
from ..methods import NamedRecipe

LESSON = "lesson"
"""The name of the lesson's own recipe, as on the command line."""

HEAVY = 4
"""Times the lesson's arithmetic from which on a step is called heavy."""


@dataclass(frozen=True)
class Plan:
    """A recipe of two arms, and what is said of it.

    told, left_out: sentences, in Markdown. named: the source's recipe, None for the lesson's own.
    """

    recipe: Recipe
    told: str = ""
    left_out: str = ""
    name: str = LESSON
    named: NamedRecipe | None = None

    def signed(self, config: Config) -> Config:
        """A config that was made from it, with what it sets in its facts."""
        if self.named is None:
            return config
        return replace(config, facts={"recipe": self.named.kept(self.name, config)})


OF = ":"
"""Between a method and its recipe, where that is not the lesson's own method."""


def others(own: Recipe, lesson: Lesson) -> list[methods.Method]:
    """Methods with a recipe for lessons that are made for another, such as this; those that learn
    from labels where it has some."""
    return [
        method
        for method in methods.all_methods()
        if method.key != own.config.method
        and LESSON in method.recipes
        and (not method.media or lesson.medium.name in method.media)
        and (lesson.kinds or not method.classes(method.Objective()))
    ]


def recipes_of(own: Recipe, lesson: Lesson) -> list[tuple[str, str]]:
    """What may be chosen beside a lesson's own recipe, by what people call it: recipes of its
    method, and other methods."""
    named, kind = methods.find(own.config.method).recipes, own.config.generator.kind
    return [
        ("the lesson's", LESSON),
        *(
            (recipe.title, name)
            for name, recipe in named.items()
            if name != LESSON and medium_of(recipe.generator.kind) == medium_of(kind)
        ),
        *((method.name, f"{method.key}{OF}{LESSON}") for method in others(own, lesson)),
    ]


def plan(own: Recipe, name: str, largest: int) -> Plan:
    """The recipe of a name for data whose items have `largest` pixels, with `own` beside it.

    Where a recipe counts epochs, the steps are the lesson's: the data are not open yet, and as many
    are nothing for a page. Raises ConfigError.
    """
    if name == LESSON:
        return Plan(own)
    other, _, recipe = name.rpartition(OF)
    method = methods.find(other or own.config.method)
    named = method.recipe(recipe)
    steps = own.config.training.steps if named.epochs else named.training.steps
    training = replace(named.training, data=own.config.training.data, steps=steps)
    if method.contrast and training.pictures is None:
        training = replace(training, pictures=method.contrast.pictures)
    size = min(named.image_size, largest)
    objective = method.Objective(**named.objective).suited(own.config.channels)
    config = replace(
        own.config,
        generator=named.generator,
        discriminator=named.discriminator,
        objective=objective,
        training=training,
        image_size=size,
    )
    words = named.words(method.Objective)
    here = [
        *([f"{size} px, the most that these pictures have"] if size < named.image_size else []),
        *([f"the lesson's {steps:,} steps"] if named.epochs else []),
    ]
    told = f"{named.source}: {words['size']}, {words['length']}, batch {words['batch']}."
    told += f" Here: {'; '.join(here)}." if here else ""
    if other:
        told = f"It learns to {method.task(config)}. {told[:1].upper()}{told[1:]}"
    usual = _work(own.config)
    times = _work(config) / usual if usual else 1.0
    if times > HEAVY:
        told += f" A step takes about {times:,.0f} times the arithmetic of the lesson's."
    left_out = "\n".join(f"- {sentence}" for sentence in named.left_out)
    return Plan(Recipe(config, _arms(method, objective)), told, left_out, recipe, named)


def _work(config: Config) -> float:
    return config.training.batch * methods.work(config, config.image_size)


def _arms(method: methods.Method, objective: Objective) -> tuple[Arm, Arm]:
    """With and without the method's first switch, or what its contrast says; twice the same where
    it has neither."""
    if (contrast := method.contrast) and not method.switches:
        a, b = (
            Arm(name, replace(objective, **{contrast.form: value}))
            for value, name in contrast.arms.items()
        )
        return a, b
    without, names = objective, [method.name, method.name]
    if method.switches:
        switch = method.switches[0]
        without = replace(objective, **dict.fromkeys(switch.weights, 0.0))
        names = [switch.called(True), switch.called(False)]
    return Arm(names[0], objective), Arm(names[1], without)
