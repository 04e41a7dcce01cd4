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
from ...training import longer
from . import budget, control, ledger, listens, look, reel, status, stored
from .control import Command, ControlError
from .foreman import Foreman
from .settings import Limits, LiveSettings, with_own
from .status import Status


class Director:
    """The trainings below `root`, at most `limits.at_once` of them at a time.

    Whose a training is, it knows by an opaque mark; who may see and steer it, the page decides.

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

    def start(
        self,
        settings: LiveSettings,
        fill: Callable[[Path], object] | None = None,
        owner: str = "",
    ) -> str:
        """Queue a training; returns its id.

        fill: puts own pictures or recordings into the folder it is given (`lessons.intake`,
        `lessons.speakers`), which becomes the training's data; whatever it raises is raised, and
        nothing stays behind. owner: a mark of at most 64 characters, kept with the training; "" for
        nobody's. Raises ConfigError for what the host does not allow, ControlError where the queue
        or the disk is full, or the owner has as many trainings as one may have.
        """
        if not status.is_mark(owner):
            raise ControlError(f"An owner's mark has at most {status.MAX_OWNER} characters.")
        self.limits.check(settings, uploaded=fill is not None)
        asked = self.limits.limited(settings)
        training = asked.base.training

        def write(new: Path, folder: Path) -> int:
            own = asked
            if fill:
                fill(new / status.DATA)
                own = with_own(asked, folder / status.DATA)
            files.write_json(new / status.SETTINGS, own.to_dict())
            return training.steps

        return self.enqueue("own" if fill else Path(training.data).name, write, owner)

    def enqueue(self, name: str, write: Callable[[Path, Path], int], owner: str = "") -> str:
        """Queue a training, or a film (`labs.films`); returns its id, which has `name` in it.

        write: fills the new folder that it is given, which will lie at the second, and returns how
        many steps there are. Whatever it raises is raised, and nothing stays behind. Raises
        ControlError as `start` does.
        """
        self._check_room(owner)
        id = ledger.new_id(name)
        new, folder = self.root / f"{ledger.NEW}{id}", self.root / id
        new.mkdir(parents=True)
        try:
            steps = write(new, folder)
            if owner:
                status.write_owner(new, owner)
            with self._foreman.changing:
                self._check_room(owner, budget.size_of(new))
                status.write(new, Status("queued", steps=steps, asked=time.time()))
                os.replace(new, folder)
        finally:
            if new.exists():
                shutil.rmtree(new)
        self._foreman.hurry()
        return id

    def expect(self) -> None:
        """Somebody may start a training within a minute: a worker imports what it needs."""
        self._foreman.expect()

    def jobs(self) -> dict[str, Status]:
        """All trainings and films by id, the newest first."""
        found = ledger.read_all(self.root)
        return {id: seen for id, seen in found.items() if seen.state != "discarded"}

    def all(self) -> dict[str, Status]:
        """All trainings by id, the newest first."""
        return {id: s for id, s in self.jobs().items() if not status.is_film(self.root / id)}

    def films(self, owner: str | None = None) -> dict[str, Status]:
        """An owner's films, or all of them, by id, the newest first."""
        own = {id: s for id, s in self.jobs().items() if status.is_film(self.root / id)}
        return {id: s for id, s in own.items() if owner is None or self.owner(id) == owner}

    def of(self, owner: str) -> dict[str, Status]:
        """Those that an owner started, the newest first."""
        return {id: seen for id, seen in self.all().items() if self.owner(id) == owner}

    def owner(self, id: str) -> str:
        """The mark of whoever started a training; "" where it is nobody's, or older than marks."""
        return status.read_owner(self.root / id) if ledger.ID.fullmatch(id) else ""

    def gone(self, id: str) -> str:
        """A sentence on a training that was removed to make room; "" for all others."""
        return budget.gone(self.root, id)

    def status(self, id: str) -> Status:
        ledger.folder_of(self.root, id)
        if (found := self.jobs().get(id)) is None:
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

    def frames(self, id: str) -> list[int]:
        """Steps of which what both arms made is kept, in order."""
        return reel.steps(self.folder(id))

    def made_at(self, id: str, step: int) -> bytes | None:
        """What both arms made at a step, as a WebP (reel.py); None where that is gone."""
        return reel.read(self.folder(id), step)

    def listens(self, id: str) -> list[int]:
        """Steps of which what both arms made can be heard, in order."""
        return listens.steps(self.folder(id))

    def heard_at(self, id: str, step: int) -> dict[str, bytes]:
        """What both arms made at a step, as FLAC by arm and view (listens.py)."""
        return listens.read(self.folder(id), step)

    def heard_of(self, id: str) -> dict[str, bytes]:
        """What they made it of, "x", and its truth "y", where there is one."""
        return listens.read_given(self.folder(id))

    def curves(self, id: str) -> tuple[list[dict], list[dict]]:
        """Either arm's log so far: "step", "terms", "rate" and, where looked, "figures"."""
        a, b = (stored.read_curve(folder) for folder in self.arms(id))
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

    def pending(self, id: str) -> list[Command]:
        """What was asked of a training and is not done yet; nothing of one that is gone."""
        listed = control.pending(self.root / id) if ledger.ID.fullmatch(id) else []
        return [command for _, command in listed if isinstance(command, Command)]

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
            settings, folder = self.settings(id), self.folder(id)
            self._check_again(folder, found, settings)
            control.forget(folder)
            self._queue(folder, found, settings)

    def lengthen(self, id: str, steps: int, rate: float | None = None) -> None:
        """Queue a training again that has ended, to go on to `steps` in all.

        rate: the base rate from the next step on; None for the one that it has. Raises ConfigError
        for what the host does not allow, or where the rate has fallen and none is given, and
        ControlError where there is nothing to go on from.
        """
        with self._foreman.changing:
            found, folder = self.status(id), self.folder(id)
            if not found.is_ended or not found.saved_step:
                raise ControlError(
                    "Only a training that has ended, and is kept, can be lengthened."
                )
            before = self.settings(id)
            # As any rate that is set: done before the first step, and kept.
            asked = Command("set", control.RATE, rate) if rate is not None else None
            base = longer.train_on(before.base, found.saved_step, steps, rate)
            base = longer.recorded(before.base, base, found.saved_step)
            # Its own minutes are over; the host's hold again.
            after = self.limits.limited(replace(before, base=base, minutes=None))
            self._check_again(folder, found, after)
            control.forget(folder)
            if asked:
                control.send(folder, asked)
            files.write_json(folder / status.SETTINGS, after.to_dict())
            self._queue(folder, found, after)

    def _check_again(self, folder: Path, found: Status, settings: LiveSettings) -> None:
        """Raise ConfigError or ControlError where a training may not go on here."""
        own = (folder / status.DATA).resolve()
        is_own = Path(settings.base.training.data).resolve() == own
        self.limits.check(settings, uploaded=is_own)
        most = self.limits.minutes
        if most is not None and found.held >= most * 60:
            raise ControlError(
                f"This training has had the {most:g} minutes that this page gives one; it does "
                "not go on here."
            )
        self._check_room(self.owner(folder.name), budget.size_of(folder))

    def _queue(self, folder: Path, found: Status, settings: LiveSettings) -> None:
        found = replace(found, steps=settings.base.training.steps)
        again = replace(found, state="queued", sentence="", notice="", asked=time.time())
        status.write(folder, again)
        self._foreman.hurry()

    def discard(self, id: str) -> None:
        """Remove a training and all that it made, once its worker is gone."""
        with self._foreman.changing:
            found = self.status(id)
            is_damaged = found.state == status.DAMAGED
            if found.is_alive or (is_damaged and self._foreman.is_at_work(id, found)):
                control.send(self.folder(id), Command("discard"))
                self._foreman.kill_if_silent(id, found)
            else:
                ledger.remove(self.root, id)

    def archive(self, id: str, destination: Path, state: bool = False) -> Path:
        """A zip for download; see `ledger.archive`."""
        return ledger.archive(self.folder(id), destination, state)

    def _check_room(self, owner: str, more: int = 0) -> None:
        """Raise ControlError where a training of `more` bytes has no room in queue or on disk."""
        found, limits = self.jobs(), self.limits
        queued = sum(seen.state == "queued" for seen in found.values())
        if queued >= limits.waiting:
            raise ControlError(f"{queued} trainings are waiting already; try again later.")
        if owner and limits.per_owner is not None:
            busy = [id for id, s in found.items() if s.is_alive or s.state == "queued"]
            if sum(self.owner(id) == owner for id in busy) >= limits.per_owner:
                several = "a training" if limits.per_owner == 1 else f"{limits.per_owner} trainings"
                raise ControlError(
                    f"You have {several} running or waiting already; stop one, or wait until it "
                    "ends."
                )
        if limits.disk is not None or limits.disk_per_owner is not None:
            budget.check(ledger.weigh(self.root, found), limits, owner, more)
