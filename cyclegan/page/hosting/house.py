"""What the host of a page allows, and all numbers that limit what one visitor may take."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """Of a hosted page, by client (an address) unless it says otherwise.

    A class behind one school's address is one client: what is counted by address leaves room for
    forty visitors at once.

    body: bytes of a request that is no upload. events: of one tab, as (at once, a second after
    that). waiting: events of one tab that are not answered yet, heavy: of these, such as may run
    networks, waiting_client: of all tabs of a client. tabs: new ones at once, and tabs_per_second
    after that. opening, starting, translating, drawing: models opened, trainings started, calls of
    the endpoints and looks at what is being drawn, each as (at once, a minute after that). models:
    opened ones that one visitor keeps. trainings: alive or waiting, of one visitor. upload: bytes
    of a file. uploads, pulled, trained: bytes on disk of all visitors' files, pulls and trainings,
    and trained_visitor of one visitor's trainings. work: operations of a visitor's network for a
    picture; a second or so on two cores. film_seconds, film_pixels: of a film that is translated,
    and of a frame as it is in the file.
    """

    body: int = 2**20
    events: tuple[int, float] = (40, 4)
    waiting: int = 24
    heavy: int = 4
    waiting_client: int = 600
    tabs: int = 60
    tabs_per_second: float = 0.5
    opening: tuple[int, float] = (40, 6)
    starting: tuple[int, float] = (40, 4)
    translating: tuple[int, float] = (60, 30)
    drawing: tuple[int, float] = (400, 240)
    models: int = 8
    trainings: int = 1
    upload: int = 2**30
    uploads: int = 4 * 2**30
    pulled: int = 4 * 2**30
    trained: int = 8 * 2**30
    trained_visitor: int = 2 * 2**30
    work: float = 1.2e11
    film_seconds: float = 60.0
    film_pixels: int = 4096 * 2304


@dataclass(frozen=True)
class House:
    """What a visitor may do besides looking at what is there.

    hub: open models and datasets of the Hub. private: the visitor can only be somebody at this
    machine, who may name its files and sees all trainings. is_class: every visitor sees every
    training; who started one steers it. hosts: names in the address bar that a private page
    answers to, besides those of loopback. limits: of a page that is not private.
    """

    hub: bool = True
    private: bool = False
    is_class: bool = False
    hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
