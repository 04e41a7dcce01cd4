"""CyCADA with networks that two cores can train. Knows no lesson."""

from types import MappingProxyType

from ...core.config import Discriminator, Generator, Training
from ..named_recipe import NamedRecipe

LESSON = NamedRecipe(
    title="the lesson",
    source="what one core trains in two minutes (docs/cycada.md)",
    image_size=32,
    generator=Generator(width=16, blocks=2, upsampling="resize", norm="instance-layer"),
    discriminator=Discriminator(width=32),
    training=Training(
        fit="none",
        flip="none",
        steps=1600,
        batch=8,
        pool=0,
        rate=4e-4,
        decay=0.0,
        ema_decay=0.99,
        precision="auto",
    ),
    objective=MappingProxyType({}),
)

RECIPES = MappingProxyType({"lesson": LESSON})
