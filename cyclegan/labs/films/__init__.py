"""Films in the trainings' queue: a process each, in turn with trainings and under their limits.

    settings.py   what is translated, by which variants, and how
    queue.py      what the page asks: start one, and where it lies
    worker.py     the process: `python -m cyclegan.labs.films.worker FOLDER`

A film's folder lies beside the trainings', with a status, an owner and commands of the same form;
`labs.live` starts its worker, watches its minutes and its disk, and removes it.
"""

from .queue import film_of as film_of
from .queue import settings_of as settings_of
from .queue import start as start
from .settings import FilmSettings as FilmSettings
from .settings import Shown as Shown
