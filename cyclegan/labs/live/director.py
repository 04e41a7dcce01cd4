"""What the page talks to: start, look, ask, resume, discard. All that it knows lies in files.

Several browser sessions may call one director at once; each sees the same trainings.
"""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...core import files
from ...training import runs
from . import control, ledger, look, status
from .control import Command, ControlError
from .foreman import Foreman
from .settings import Limits, LiveSettings
from .status import Status


class Director:
    """The trainings below `root`, at most `limits.at_once` of them at a time.

    It acts until `close()` or the end of the process; ten seconds after either, workers save and
    stop by themselves, unless another director has taken over. Methods may be called from any
    thread; an unknown id is a ControlError. options: for the workers' command line.
    """

    def __init__(self, root: Path, limits: Limits | None = None, options: tuple[str, ...] = ()):
        self.root, self.limits = Path(root), limits or Limits()
        self.root.mkdir(parents=True, exist_ok=True)
        self._foreman = Foreman(self.root, self.limits, options)

    def close(self) -> None:
        self._foreman.close()

    def start(self, settings: LiveSettings, fill: Callable[[Path], object] | None = None) -> str:
        """Queue a training; returns its id.

        fill: puts own pictures into the folder it is given (`data.intake`), which becomes the
        training's data; whatever it raises is raised, and nothing stays behind. Raises
        ConfigError for what the host does not allow, ControlError where the queue is full.
        """
        self.limits.check(settings, uploaded=fill is not None)
        settings = self.limits.limited(settings)
        self._check_room()
        training = settings.base.training
        id = ledger.new_id("own" if fill else Path(training.data).name)
        new, folder = self.root / f"{ledger.NEW}{id}", self.root / id
        new.mkdir()
        try:
            if fill:
                fill(new / status.DATA)
                own = replace(training, data=str(folder / status.DATA), resize="resize-and-crop")
                settings = replace(settings, base=replace(settings.base, training=own))
            files.write_json(new / status.SETTINGS, settings.to_dict())
            with self._foreman.changing:
                self._check_room()
                status.write(new, Status("queued", steps=training.steps, asked=time.time()))
                os.replace(new, folder)
        finally:
            if new.exists():
                shutil.rmtree(new)
        return id

    def all(self) -> dict[str, Status]:
        """All trainings by id, the newest first."""
        found = ledger.read_all(self.root)
        return {id: seen for id, seen in found.items() if seen.state != "discarded"}

    def status(self, id: str) -> Status:
        ledger.folder_of(self.root, id)
        if (found := self.all().get(id)) is None:
            raise ControlError(f"There is no training {id} any more.")
        return found

    def settings(self, id: str) -> LiveSettings:
        return status.read_settings(self.folder(id))

    def folder(self, id: str) -> Path:
        return ledger.folder_of(self.root, id)

    def arms(self, id: str) -> tuple[Path, Path]:
        """The arms' run folders: checkpoints, samples, logs."""
        a, b = (self.folder(id) / slug for slug in self.settings(id).slugs)
        return a, b

    def frame(self, id: str) -> look.Frame | None:
        """The newest pictures of both arms, or None before the first."""
        return look.read_frame(self.folder(id))

    def curves(self, id: str) -> tuple[list[dict], list[dict]]:
        """Either arm's log so far: "step", "terms", "rate" and, where looked, "figures"."""
        a, b = (runs.read_log(folder) for folder in self.arms(id))
        return a, b

    def command(self, id: str, command: Command) -> None:
        """Ask the worker; raises ControlError where there is none, or it could never be done."""
        if command.do == "discard":
            self.discard(id)
            return
        with self._foreman.changing:
            found = self.status(id)
            if found.state == "queued" and command.do == "stop":
                out = replace(found, state="stopped", sentence="Taken out of the queue.", place=0)
                status.write(self.folder(id), out)
                return
        if not found.is_alive or found.state == "measuring":
            raise ControlError("This training does not run at the moment.")
        if command.do == "set":
            self._check(self.settings(id), found, command)
        control.send(self.folder(id), command)

    def _check(self, settings: LiveSettings, seen: Status, command: Command) -> None:
        """Raise ControlError for a weight that could never be set."""
        for arm in command.arms if command.name != control.RATE else ():
            began = settings.arms[arm].objective
            changes = [change for change in seen.changes if change.get("arm") == arm]
            wanted = control.changed(control.since_then(began, changes), command, seen.step)
            here = settings.method.playing(began)
            if missing := [r for r in settings.method.playing(wanted) if r not in here]:
                raise ControlError(
                    f"This training began without {' and '.join(missing)}; a term that needs "
                    "them cannot be added to it."
                )

    def resume(self, id: str) -> None:
        """Queue a training again that stopped, failed or died; it goes on from its checkpoint."""
        with self._foreman.changing:
            found = self.status(id)
            if not found.is_resumable:
                raise ControlError(f"This training is {found.state}; nothing is left to resume.")
            self.limits.check(self.settings(id), uploaded=True)  # Its data was allowed once.
            self._check_room()
            control.forget(self.folder(id))
            again = replace(found, state="queued", sentence="", notice="", asked=time.time())
            status.write(self.folder(id), again)

    def discard(self, id: str) -> None:
        """Remove a training and all that it made, once its worker is gone."""
        with self._foreman.changing:
            found = self.status(id)
            if found.is_alive:
                control.send(self.folder(id), Command("discard"))
                self._foreman.kill_if_silent(id, found)
            else:
                ledger.remove(self.root, id)

    def archive(self, id: str, destination: Path, state: bool = False) -> Path:
        """A zip for download; see `ledger.archive`."""
        return ledger.archive(self.folder(id), destination, state)

    def _check_room(self) -> None:
        queued = sum(seen.state == "queued" for seen in self.all().values())
        if queued >= self.limits.waiting:
            raise ControlError(f"{queued} trainings are waiting already; try again later.")
