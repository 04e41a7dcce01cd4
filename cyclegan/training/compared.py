"""KID of a training's translations at each save, and KID and FID of all at its end.

Knows no command line and no file.
"""

from .. import methods
from ..core.config import Config
from ..core.figures import DISTRIBUTIONS
from ..inference import distributions, evaluation
from ..inference.distributions import Distribution
from ..inference.feature_network import FeatureNetwork
from ..lessons import UnpairedData
from ..methods.method import wanted
from .runs import FIGURES
from .trainer import Trainer

AT_A_SAVE = 64
"""Held-out pictures a side, evenly spread: of so few KID is noisy, but more would take minutes on a
CPU. FID would be biased by their number."""


class Compared:
    """Figures for a line of the log, by their place in it.

    found: of all held-out pictures, by network, once the training has come to its end. Raises
    DataError where there is nothing to compare.
    """

    def __init__(self, features: FeatureNetwork, config: Config, data: UnpairedData):
        distributions.check(data)
        self.features, self.config, self.data = features, config, data
        self.few = data.held_out(config.image_size, AT_A_SAVE)
        self.found: dict[str, Distribution] = {}

    def __call__(self, trainer: Trainer) -> dict[str, dict[str, float]]:
        """None for a training that is stopped on its way: who stopped it waits for it."""
        at_end = trainer.steps_done >= trainer.settings.steps
        if trainer.stop and not at_end:
            return {}
        held = self.data.held_out(self.config.image_size) if at_end else self.few
        method, found = methods.find(self.config.method), {}
        for direction in method.directions(self.config):
            originals, real = (held.x, held.y) if direction == "xy" else (held.y, held.x)
            views = wanted(method.views(self.config, direction), ["made"])
            look = views, method, self.config, held.medium.to_float(originals), trainer.device
            made = held.medium.to_kept(evaluation.passes(trainer.networks, *look)["made"])
            one = distributions.compare(
                self.features.of(made), self.features.of_real(real), with_fid=at_end
            )
            values = one.values
            found[FIGURES[direction]] = {
                m.key: values[m.key] for m in DISTRIBUTIONS if m.key in values
            }
            if at_end:
                self.found[evaluation.NETWORK[direction]] = one
        return found
