"""The ways in: how a file or a name gets into the page, by the parts that a visitor sees.

Each returns what a `Stranger` does. Knows the page's parts by name, and what is sent as bytes.
"""

import random
from collections.abc import Callable

from bench.hostile.pictures import MARK, few, zipped
from bench.hostile.stranger import Stranger

Act = Callable[[Stranger], object]

File = tuple[str, bytes]


def picture(data: bytes, r: random.Random) -> Act:
    """To translate, or three of it a side to train on."""
    name = _name(r, ".png", ".jpg", ".webp", ".gif", ".tif", ".bmp")
    if r.random() < 0.25:
        return lambda stranger: train(stranger, [(name, data)] * 3, [(name, data)] * 3)
    return lambda stranger: translate(stranger, name, data)


def archive(data: bytes, r: random.Random) -> Act:
    good = zipped(few(r))
    other = r.choice([good, data])
    return lambda stranger: train(stranger, [("x.zip", data)], [("y.zip", other)])


def weights(data: bytes, r: random.Random) -> Act:
    names = [_name(r, ".pth", ".pt", ".safetensors", ".bin")]
    if r.random() < 0.2:
        names = ["latest_net_G_A.pth", "latest_net_G_B.pth"]
    size = r.choice([256, 256, 64, 40_000, 10**12, -1, 0.5, None])
    return lambda stranger: open_files(stranger, [(name, data) for name in names], size)


def repo(name: str) -> Act:
    return lambda stranger: open_name(stranger, name)


def dataset(name: str) -> Act:
    def act(stranger: Stranger) -> None:
        stranger.put(data=":hub", Dataset=name)
        stranger.act("start", "click")
        end_training(stranger)

    return act


def translate(stranger: Stranger, name: str, data: bytes) -> None:
    if given := stranger.give(name, data):
        stranger.put(upload=given)
        stranger.act("upload", "input")


def open_files(stranger: Stranger, files: list[File], size: object = 256) -> None:
    given = [stranger.give(*file) for file in files]
    stranger.put(model_name="", model_files=given, X="", Y="")
    stranger.values[stranger.part("Trained at, px")] = size
    open_and_look(stranger)


def open_name(stranger: Stranger, name: str, size: object = 256) -> None:
    stranger.put(model_name=name, model_files=None)
    stranger.values[stranger.part("Trained at, px")] = size
    open_and_look(stranger)


def open_and_look(stranger: Stranger) -> None:
    """Open what the Models tab names, translate with the newest card, and look closer."""
    stranger.act("open-model", "click")
    cards = str(stranger.values[stranger.part("shelf")]).count("data-index")
    if cards > 1:
        stranger.act("shelf", "click", {"index": cards - 1})
        stranger.act("closer", "expand")


def train(stranger: Stranger, x: list[File], y: list[File]) -> None:
    """Start, and end at once what may have begun."""
    given = [[stranger.give(*file) for file in side] for side in (x, y)]
    stranger.put(data=":own", own_x=given[0], own_y=given[1])
    stranger.act("start", "click")
    end_training(stranger)


def end_training(stranger: Stranger) -> None:
    """What was started is not to keep the page busy for a minute."""
    if stranger.values.get(stranger.part("chosen")):
        stranger.act("discard", "click")
        stranger.act("destroy", "click")


def end_trainings(stranger: Stranger) -> None:
    """All that the page lets this stranger end."""
    stranger.act("chosen", "input")
    for _, number in stranger.choices.get(stranger.part("chosen"), []):
        stranger.put(chosen=number)
        end_training(stranger)


def _name(r: random.Random, *endings: str) -> str:
    stem = r.choice(["photo", "holiday 1", "a" * 200, "Ünïcödé", f"{MARK}%2f..%2f", "-rf"])
    return stem + r.choice(endings)
