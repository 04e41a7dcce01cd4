"""Watch it learn: two arms train side by side in a process of their own, told and asked by files.

    settings.py     what is trained, and what a host allows
    lockstep.py     two trainings on the same batches, saved as one
    look.py         the pictures and figures of a moment, for both arms
    reel.py         the frames of a training so far
    listens.py      what was heard of it so far
    recorded.py     a training that ships with the page, to be looked through
    status.py       how a training is doing; where its files lie
    control.py      what may be asked of a training while it runs
    stored.py       what lies on disk, read as if a stranger had written it
    pace.py         a worker's manners: when it looks, saves, steps aside and gives up
    worker.py       the process that trains: `python -m cyclegan.labs.live.worker FOLDER`
    spare.py        a worker that waits with its imports done
    ledger.py       the trainings below one root, their queue, zip and removal
    budget.py       how much of the disk they may use, and what is said of those that had to go
    foreman.py      the thread that starts workers and watches over them
    director.py     what the page talks to

A live training is a folder ROOT/ID with an ordinary run folder for each arm. All that is known
about it lies there, so that any page, opened at any time, shows the same.
"""

from .control import Command, ControlError
from .director import Director
from .look import Frame
from .recorded import Recording
from .settings import Arm, Limits, LiveSettings
from .status import Status

__all__ = [
    "Arm",
    "Command",
    "ControlError",
    "Director",
    "Frame",
    "Limits",
    "LiveSettings",
    "Recording",
    "Status",
]
