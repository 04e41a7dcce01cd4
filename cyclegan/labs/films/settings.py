"""What a film in the queue is made of, as JSON in its folder."""

from dataclasses import asdict, dataclass
from pathlib import Path

from ...core import device as devices
from ...core.config import Direction, Domains
from ...core.films import Film, FilmError, FilmFile
from ...inference.films import Row, Translating, command
from ...inference.translator import Translator
from ...store.catalogue import Source
from ...store.checkpoints import CheckpointError


@dataclass(frozen=True)
class Shown:
    """A row of a film: its title, and the checkpoint that makes it."""

    title: str
    source: Source


@dataclass(frozen=True)
class FilmSettings:
    """source: "LESSON/FILM", or a file. name: of that file, for people; "" for a lesson's film.
    shortest, first, last: as in `core.films.FilmFile`. most: pixels of a frame in the file."""

    source: str
    rows: tuple[Shown, ...]
    direction: Direction = "xy"
    name: str = ""
    shortest: int | None = None
    first: float = 0.0
    last: float | None = None
    is_steady: bool = False
    most: int = 0
    device: str = "auto"

    def film(self) -> Film:
        """Raises FilmError."""
        if self.name:
            more = {"most": self.most} if self.most else {}
            return FilmFile(
                self.source, self.shortest, self.first, self.last, name=self.name, **more
            )
        if film := command.own(self.direction).get(self.source):
            return film
        raise FilmError(f"There is no film {self.source} here.")

    def translating(self, film: Film) -> Translating:
        """Of networks loaded here and now; raises CheckpointError."""
        device = devices.choose(self.device)
        rows = [Row(row.title, Translator(row.source.load(), device)) for row in self.rows]
        return Translating(film, rows, self.direction, self.is_steady)

    def to_dict(self) -> dict:
        rows = [
            {**asdict(row), "source": {**asdict(row.source), "paths": _absolute(row.source)}}
            for row in self.rows
        ]
        return {**asdict(self), "rows": rows}

    @classmethod
    def from_dict(cls, values: dict) -> "FilmSettings":
        """Raises CheckpointError for what is none."""
        try:
            rows = tuple(Shown(str(one["title"]), _source(one["source"])) for one in values["rows"])
            return cls(**{**values, "rows": rows})
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"The settings of this film are damaged: {error!r}.") from error


def _absolute(source: Source) -> list[str]:
    return [str(path.absolute()) for path in source.paths]


def _source(values: dict) -> Source:
    domains = values["domains"] and Domains(**values["domains"])
    return Source(tuple(map(Path, values["paths"])), domains, values["image_size"])
