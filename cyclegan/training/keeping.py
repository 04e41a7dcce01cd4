"""Checkpoints that a run keeps beside its last one: of every N-th step, and the best so far.

Knows no command line.
"""

from .. import methods
from ..core import files
from ..core.config import Config, ConfigError
from ..core.figures import KID, Measure
from ..inference import evaluation
from ..lessons import UnpairedData
from ..store import checkpoints
from . import processes, setup
from .runs import FIGURES, Listener, Run
from .trainer import StepDone, Trainer

KEPT, BEST = "kept", "best"
"""Folders of a run; in the first a checkpoint by its step, as 000500."""


def figure(key: str, config: Config, data: UnpairedData, with_kid: bool = False) -> Measure:
    """The figure by which the best can be kept; raises ConfigError with those that there are.

    with_kid: whether that is measured at each save.
    """
    held = setup.probed(config, data)
    if held is None:
        raise ConfigError(
            "The best is kept by figures of held-out items, of which there must be two a side."
        )
    glanced = evaluation.glanced(methods.find(config.method), config, held)
    known: dict[str, Measure] = {f.key: f for f in (*glanced, *([KID] if with_kid else ()))}
    if key == KID.key and not with_kid:
        raise ConfigError("The best can be kept by KID where --features says by which weights.")
    if key not in known:
        raise ConfigError(f"{key} is no figure of this training; valid are {', '.join(known)}.")
    return known[key]


class EveryNth(Listener):
    """Keeps the checkpoint of every N-th step."""

    def __init__(self, run: Run, every: int):
        self.run, self.every = run, every

    def step(self, trainer: Trainer, done: StepDone) -> None:
        if done.step % self.every:
            return
        trainer.watch.ensure_finite()  # In every process, so that none waits for another.
        if processes.is_first():
            self.run.keep(f"{KEPT}/{done.step:06d}", trainer)


class Best(Listener):
    """Keeps the checkpoint with the best value of a figure of G, as the log has it at each save.

    It goes on from the best that a run which is resumed has kept by the same figure. said: a
    sentence where that is damaged.
    """

    def __init__(self, run: Run, figure: Measure):
        self.run, self.figure = run, figure
        self.value: float | None = None
        self.said = ""
        if run.saved_step and processes.is_first():
            self._go_on()

    def _go_on(self) -> None:
        folder = self.run.folder / BEST
        files.mend_folder(folder)
        if not folder.exists():
            return
        try:
            kept = checkpoints.load(folder).config.facts.get("best")
        except checkpoints.CheckpointError as error:
            self.said = f"{error} The next checkpoint counts as the best so far."
            return
        if isinstance(kept, dict) and kept.get("figure") == self.figure.key:
            self.value = files.numbers(kept).get("value")

    def line(self, line: dict, probed: Trainer | None) -> None:
        value = line.get(FIGURES["xy"], {}).get(self.figure.key)
        if probed is None or value is None:
            return
        worse = self.figure.badness
        if self.value is None or worse(value) < worse(self.value):
            best = {"figure": self.figure.key, "value": value, "step": line["step"]}
            self.run.keep(BEST, probed, best=best)
            self.value = value
