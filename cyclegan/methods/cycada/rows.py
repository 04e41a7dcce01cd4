"""CyCADA's rows of the laboratory: all terms, all but one each, and what they are added to.

They train as its recipe does where the method asks for it: no history, a rate that does not fall
before f_T learns, and a short average of G and F, whose stages are short.
"""

from types import MappingProxyType

from ..named_objective import NamedObjective
from .objective import Objective
from .recipes import LESSON

SOURCE = "Hoffman et al. 2018, arXiv 1711.03213"

LEFT_OUT = (
    "The paper's data, networks and lengths of training. z is ours; the semantic term begins late, "
    "is weak and of G alone; f_T learns its task and its features together. So it is in the rows "
    "without a term."
)

_OWN = {
    "training": {name: getattr(LESSON.training, name) for name in ("pool", "decay", "ema_decay")}
}
_NO_CYCLE = {"cycle_forward": 0.0, "cycle_backward": 0.0}
_ROWS = {
    "cycada-all": ("CyCADA", Objective()),
    "cycada-no-semantic": ("CyCADA without the semantic term", Objective(semantic=0.0)),
    "cycada-no-cycle": ("CyCADA without the cycle", Objective(**_NO_CYCLE)),
    "cycada-no-features": ("CyCADA without the features", Objective(features=0.0)),
    "cycada-gan": ("CyCADA, GAN alone", Objective(**_NO_CYCLE, semantic=0.0, features=0.0)),
}

ROWS = MappingProxyType(
    {
        name: NamedObjective(
            *(title, objective, SOURCE, ""),
            left_out="" if objective != Objective() else LEFT_OUT,
            changes=_OWN,
        )
        for name, (title, objective) in _ROWS.items()
    }
)
