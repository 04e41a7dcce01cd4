"""Measure films: `python -m bench.film [--flights | --work | --record] [--frames N] [--json]`.

A phone film of 10 s, 1280×720, 30 frames a second with sound, made here, through the trainings'
queue as the page asks for it: seconds predicted and taken, the same frames through the networks
alone in a process like it, the worker's largest memory after a fifth of the film and at its end,
and whether sound and times are kept; nothing else may run. --work: the processor's seconds of that
film's first frames, plain and steady, over those of the networks alone, in turns; that may be asked
of a busy machine too. --flights: the bundled flights, with and without "steady":
flicker (warping error at 1 px a frame), gradient ratio against the true maps, seconds a frame.
--record measures nothing: it translates the film that the page shows at first.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import psutil

from cyclegan.core import figures, images
from cyclegan.core.films import Film, FilmFile, Frame
from cyclegan.inference.films import Row, Translating
from cyclegan.inference.films.translating import SHOWN
from cyclegan.inference.translator import Translator
from cyclegan.labs import films
from cyclegan.labs.films import FilmSettings, Shown
from cyclegan.labs.live import Director
from cyclegan.lessons import find
from cyclegan.page.screening import RECORDINGS
from cyclegan.store import catalogue
from cyclegan.store.checkpoints import BUNDLED

SET = "satellite2map"
VARIANTS = ("gan-cycle-identity", "gan-identity")
RATE, SIZE, SOUND = 30, (1280, 720), 48_000
NAMED = dict(zip(VARIANTS, ("With cycle loss", "Without cycle loss"), strict=True))
TURNS = 3
BARE = 20
"""Frames that go through the networks alone."""


def phone_film(path: Path, frames: int) -> Path:
    """A walk over a rough picture: it pans, shakes a little, and has a tone."""
    random = np.random.default_rng(0)
    width, height = SIZE
    rough = random.integers(0, 256, (48, 80, 3), dtype=np.uint8)
    world = np.kron(rough, np.ones((32, 32, 1), np.uint8))
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        heard = out.add_stream("aac", rate=SOUND, layout="stereo")
        for place in range(frames):
            left, top = 2 * place % 1200, 100 + int(6 * np.sin(place / 5))
            seen = np.ascontiguousarray(world[top : top + height, left : left + width])
            frame = av.VideoFrame.from_ndarray(seen, "rgb24")
            frame.pts, frame.time_base = place, Fraction(1, RATE)
            out.mux(video.encode(frame))
        wave = np.sin(np.arange(SOUND * frames // RATE) * 2 * np.pi * 440 / SOUND) * 8000
        tone = av.AudioFrame.from_ndarray(
            np.repeat(wave.astype(np.int16), 2)[None].copy(), "s16", "stereo"
        )
        tone.sample_rate, tone.pts = SOUND, 0
        for stream, last in ((heard, tone), (heard, None), (video, None)):
            out.mux(stream.encode(last))
    return path


def bare(source: Path, rows: list[Row]) -> float:
    """Median seconds of a frame's passes alone, frame by frame as they come."""
    taken = []
    for one in FilmFile(source):
        if not isinstance(one, Frame):
            continue
        x = images.to_tensor(one.picture)
        began = time.perf_counter()
        for row in rows:
            row.translator.passes(x, "xy", SHOWN[1:])
        taken.append(time.perf_counter() - began)
        if len(taken) > BARE:
            break
    return float(np.median(taken[1:]))


def through_the_queue(frames: int) -> dict:
    """The phone film as the page asks for it."""
    with tempfile.TemporaryDirectory() as place:
        source = phone_film(Path(place) / "phone.mp4", frames)
        found = tuple(Shown(name, catalogue.Source((BUNDLED / SET / name,))) for name in VARIANTS)
        settings = FilmSettings(str(source), found, name="phone.mp4", shortest=256)
        film = settings.film()
        translating = settings.translating(film)
        # In turns, as the machine may be slower or faster a minute later.
        alone = [bare(source, list(translating.rows))]
        predicted = translating.rehearse().seconds * film.facts.frames
        director = Director(Path(place) / "live")
        try:
            id = films.start(director, settings, film.facts.frames)
            seen, memory = _watched(director, id, frames)
            made = FilmFile(films.film_of(director.folder(id)), None)
        finally:
            director.close()
        alone.append(bare(source, list(translating.rows)))
        each = float(np.mean(alone))
        return {
            "frames": frames,
            "predicted_s": predicted,
            "taken_s": seen.seconds,
            "predicted_over_taken": predicted / seen.seconds,
            "bare_s": each * frames,
            "taken_over_bare": seen.seconds / (each * frames),
            "memory_mb": memory,
            "rate": made.facts.rate,
            "seconds": made.facts.seconds,
            "sound": made.facts.sound_rate,
        }


def work(frames: int) -> dict:
    """Processor's seconds, those of the film's reader among them, over those of bare passes."""
    rows = [Row(n, Translator(catalogue.load_one(f"{SET}/{n}"))) for n in VARIANTS]
    with tempfile.TemporaryDirectory() as place:
        film = Beginning(FilmFile(phone_film(Path(place) / "phone.mp4", frames)), frames)
        given = [images.to_tensor(one.picture) for one in film]

        def alone() -> None:
            for x in given:
                for row in rows:
                    row.translator.passes(x, "xy", SHOWN[1:])

        def whole(is_steady: bool) -> None:
            Translating(film, rows, is_steady=is_steady).run(Path(place) / "made.mp4")

        alone()
        plain, steady = [], []
        for _ in range(TURNS):
            before, taken = _worked(alone), _worked(lambda: whole(False))
            between, steadily = _worked(alone), _worked(lambda: whole(True))
            plain.append(2 * taken / (before + between))
            steady.append(2 * steadily / (between + _worked(alone)))
    return {"frames": frames, "plain_over_bare": plain, "steady_over_bare": steady}


def _worked(do: Callable[[], None]) -> float:
    """Processor's seconds of this process and of those that it has started."""
    began = _used()
    do()
    return _used() - began


def _used() -> float:
    children = psutil.Process().children(recursive=True)
    return time.process_time() + sum(sum(child.cpu_times()[:2]) for child in children)


def _watched(director: Director, id: str, frames: int):
    """The last status, and the worker's memory (MB) after a fifth of the film and at the end."""
    early = late = 0.0
    done = threading.Event()
    while not done.wait(0.5):
        seen = director.status(id)
        child = director._foreman._children.get(id)
        if child is not None and child.poll() is None:
            held = psutil.Process(child.pid).memory_info().rss / 2**20
            early, late = (max(early, held), late) if seen.step < frames / 5 else (early, held)
        if seen.is_ended:
            return seen, [round(early), round(late)]
    raise AssertionError


@dataclass(frozen=True)
class Beginning:
    """The first frames of a film."""

    film: Film
    count: int

    def __getattr__(self, name: str):
        return getattr(self.film, name)

    def __iter__(self) -> Iterator[Frame]:
        return islice((one for one in self.film if isinstance(one, Frame)), self.count)


def flights(frames: int) -> list[dict]:
    """Each flight, plain and steady: flicker, gradient over the true maps', seconds a frame."""
    rows = [Row(n, Translator(catalogue.load_one(f"{SET}/{n}"))) for n in VARIANTS]
    lesson, found = find(SET), []
    truths = {
        film.name: float(np.mean([figures.gradient(np.asarray(f.picture)) for f in film]))
        for film in (Beginning(one, frames) for one in lesson.films("yx"))
    }
    for film in (Beginning(one, frames) for one in lesson.films()):
        for is_steady in (False, True):
            with tempfile.TemporaryDirectory() as place:
                began = time.perf_counter()
                done = Translating(film, rows, is_steady=is_steady).run(Path(place) / "a.mp4")
                taken = time.perf_counter() - began
            found += [
                {
                    "flight": film.name,
                    "row": row.title,
                    "steady": is_steady,
                    "flicker": done.flicker[place],
                    "gradient": done.gradient[place],
                    "truth": truths[film.name],
                    "s_a_frame": taken / done.frames,
                }
                for place, row in enumerate(rows)
            ]
    return found


def record() -> Path:
    """The bundled set's first flight, steady, where the page looks for it."""
    rows = [Row(n, Translator(catalogue.load_one(f"{SET}/{f}"))) for f, n in NAMED.items()]
    path = RECORDINGS / f"{SET}.mp4"
    path.parent.mkdir(exist_ok=True)
    Translating(find(SET).films()[0], rows, is_steady=True).run(path)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.film", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--flights", action="store_true")
    which.add_argument("--work", action="store_true")
    which.add_argument("--record", action="store_true")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.record:
        print(record())
        return 0
    measure = flights if args.flights else work if args.work else through_the_queue
    found = measure(args.frames)
    if args.json or not args.flights:
        print(json.dumps(found, indent=2))
        return 0
    print("| flight | row | steady | flicker, 0–255 | gradient ratio | s a frame |")
    print("|---|---|---|---:|---:|---:|")
    for one in found:
        ratio = one["gradient"] / one["truth"]
        print(
            f"| {one['flight']} | {one['row']} | {'yes' if one['steady'] else 'no'} "
            f"| {one['flicker']:.1f} | {ratio:.2f} | {one['s_a_frame']:.2f} |"
        )
    for name in VARIANTS:
        for is_steady in (False, True):
            own = [f for f in found if f["row"] == name and f["steady"] == is_steady]
            flicker = np.mean([f["flicker"] for f in own])
            ratio = sum(f["gradient"] for f in own) / sum(f["truth"] for f in own)
            print(f"{name}, steady {is_steady}: flicker {flicker:.1f}, gradient ratio {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
