"""Methods: which networks there are, who learns from what, and what can be shown of them.

One file a method, and its line here; `register` adds one from elsewhere (docs/plugins.md).
"""

from .augmented import Augmented
from .cycada import CyCADA
from .cyclegan import CycleGAN
from .dcgan import DCGAN
from .method import Losses, Method, Moment, Player, Stage, Switch, View
from .model import Model, work
from .named_objective import NamedObjective
from .named_recipe import NamedRecipe
from .pix2pix import Pix2Pix
from .shelf import all_methods, find, register

__all__ = [
    "Losses",
    "Method",
    "Model",
    "Moment",
    "NamedObjective",
    "NamedRecipe",
    "Player",
    "Stage",
    "Switch",
    "View",
    "all_methods",
    "find",
    "register",
    "work",
]

register(CycleGAN())
register(Pix2Pix())
register(Augmented())
register(DCGAN())
register(CyCADA())
