"""What is in a film's file: runs in a process with walls, which holds one film open.

Videos are read by PyAV, animated pictures (GIF, WebP, PNG, AVIF) by Pillow. Frames come upright,
reduced, in 8-bit RGB, transparency over white; sound in 16 bits, mono or stereo. A damaged place is
passed over and counted, and of a file without its end what is there is read.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from .. import containers, pictures
from . import colours
from .parts import Facts, FilmError, check_installed, reduced

ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
"""Pillow's names of pictures that may move."""

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,dv,mxf,h264,hevc"
)
"""FFmpeg's names of the files that are opened. None of them leads to other files or addresses."""

MAX_PIXELS = 7680 * 4320
"""Of a frame, as it is in the file."""

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Samples a second that are kept; others become 48,000."""

MOST_BYTES, MOST_SOUND = 2**25, 2**22
"""Of an answer's frames, and of sound that was read on the way to them."""

MOST_CHANNELS = 8
"""Of sound; nobody knows where more than these stand in a room."""

HD = 720
"""Rows from which on films are coded as BT.709 has it, where they do not say."""

STILL = 0.1
"""Seconds that a frame of an animated picture is shown which does not say, as in browsers."""


def answer(asked: dict, data: bytes) -> tuple[object, bytes]:
    """open: the facts of a file. more: its next frames, and the sound up to them. close."""
    global _film
    match asked["do"]:
        case "open":
            _film = _open(asked)
            return asdict(_film.facts), b""
        case "more":
            return _film.more(asked["count"])
        case "close":
            _film = None
    return None, b""


_film: "_Film | None" = None


def _open(asked: dict) -> "_Film":
    path = Path(asked["path"])
    try:
        with open(path, "rb") as file:
            start = file.read(64)
    except OSError as error:
        raise FilmError(f"{asked['name']} cannot be read: {error.strerror}.") from error
    if not start:
        raise FilmError(f"{asked['name']} is empty.")
    is_picture = _picture(path)
    film = (_Animation if is_picture else _Video)(path, asked)
    if film.facts.came[0] * film.facts.came[1] > asked["most"]:
        width, height = film.facts.came
        raise FilmError(
            f"{asked['name']} has frames of {width}×{height} pixels; at most "
            f"{asked['most'] / 1e6:.0f} megapixels are accepted."
        )
    return film


def _picture(path: Path) -> bool:
    """Whether Pillow knows the file as a picture, moving or not."""
    with contextlib.suppress(Exception), Image.open(path, formats=ANIMATED):
        return True
    return False


class _Film:
    """events: yields (time, array) of a frame, or (time, bytes) of sound, in the file's order."""

    facts: Facts

    def __init__(self, path: Path, asked: dict):
        self.path, self.name, self.shortest = path, asked["name"], asked["shortest"]
        self.first, self.last, self.every = asked["first"], asked["last"], asked["every"]
        self.damaged = 0
        self._left = self._events()
        self._shown, self._due = -1.0, self.first

    def _events(self) -> Iterator[tuple[float, np.ndarray | bytes]]:
        raise NotImplementedError

    def _is_wanted(self, time: float) -> bool:
        """Whether a frame of this time is to be read at all."""
        if time < self._due - 0.5 / self.facts.rate:
            return False
        self._due = time + self.every if self.every else self._due
        return True

    def more(self, count: int) -> tuple[dict, bytes]:
        """At most `count` frames; none at the end."""
        times, frames, sounds, heard = [], [], [], []
        frame_bytes = 3 * self.facts.size[0] * self.facts.size[1]
        count = max(1, min(count, MOST_BYTES // frame_bytes))
        is_over = True
        for time, values in self._left:
            time -= self.first
            if self.last is not None and time >= self.last - self.first:
                if isinstance(values, bytes):
                    continue
                break
            if isinstance(values, bytes):
                sounds.append(values)
                heard.append((time, len(values)))
            else:
                # Times that stand still or go back, as broken files have them.
                self._shown = time = max(time, 0.0, self._shown + 1e-3)
                times.append(time)
                frames.append(values.tobytes())
            if len(frames) >= count or sum(map(len, sounds)) > MOST_SOUND:
                is_over = False
                break
        said = {"times": times, "heard": heard, "over": is_over, "damaged": self.damaged}
        return said, b"".join(frames + sounds)


class _Animation(_Film):
    """An animated picture."""

    def __init__(self, path: Path, asked: dict):
        super().__init__(path, asked)
        with pictures.telling(self.name, path):
            self.picture = Image.open(path, formats=ANIMATED)
            pictures.check_size(self.name, self.picture.size, asked["most"])
            count = getattr(self.picture, "n_frames", 1)
            self.picture.load()
        if count < 2:
            raise FilmError(f"{self.name} is a single picture, and no film.")
        each = self._lasts()
        seconds = max(0.0, min(count * each, self.last or np.inf) - self.first)
        size = reduced(self.picture.size, self.shortest)
        frames = min(count, round(seconds / each))
        self.facts = Facts(size, self.picture.size, frames, seconds, 1 / each)

    def _lasts(self) -> float:
        """Seconds for which the frame that is open is shown."""
        found = self.picture.info.get("duration", 0)
        found = found / 1000 if isinstance(found, int | float) else 0.0
        return found if found > 0.01 else STILL

    def _events(self) -> Iterator[tuple[float, np.ndarray | bytes]]:
        time, place = 0.0, 0
        while True:
            try:
                self.picture.seek(place)
                self.picture.load()
                shown = pictures.load(self.picture.copy(), self.name)
            except EOFError:
                return
            except (OSError, SyntaxError, ValueError):  # The rest of it is damaged.
                self.damaged += 1
                return
            if self._is_wanted(time):
                yield time, np.asarray(shown.resize(self.facts.size, Image.Resampling.BICUBIC))
            time += self._lasts()
            place += 1


class _Video(_Film):
    def __init__(self, path: Path, asked: dict):
        super().__init__(path, asked)
        check_installed()
        import av

        self.file = open(path, "rb")  # noqa: SIM115 - held for as long as the film is.
        try:
            self.container = containers.opened(self.file, FORMATS)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise FilmError(
                f"{self.name} is no film that can be read here, or its beginning or index is "
                "missing, as where a recording or a copy broke off."
            ) from error
        self.video = self._moving()
        self.sound, notes = self._heard()
        self.streams = [self.video, *([self.sound] if self.sound else [])]
        self._look(notes)

    def _moving(self):
        """The stream of moving pictures."""
        from av.stream import Disposition

        found = [
            stream
            for stream in self.container.streams.video
            if not stream.disposition & (Disposition.attached_pic | Disposition.still_image)
        ]
        if not found:
            raise FilmError(f"{self.name} holds no moving pictures.")
        known = [stream for stream in found if containers.has_decoder(stream)]
        if not known:
            codec = containers.codec_name(found[0])
            raise FilmError(
                f"{self.name} is a film in a form (its codec, {codec}) that cannot be decoded "
                "here; export it as H.264 in MP4."
            )
        return max(known, key=lambda s: s.codec_context.width * s.codec_context.height)

    def _heard(self):
        """The stream of sound, or None; and notes. Of single frames nobody hears any."""
        found = [] if self.every else list(self.container.streams.audio)
        known = [stream for stream in found if containers.has_decoder(stream)]
        if found and not known:
            codec = containers.codec_name(found[0])
            return None, [f"Its sound ({codec}) cannot be decoded here and is left out."]
        if known and (count := known[0].codec_context.channels) > MOST_CHANNELS:
            return None, [f"Its sound ({count} channels) cannot be mixed here and is left out."]
        return (known[0] if known else None), []

    def _look(self, notes: list[str]) -> None:
        """Read up to the first frame: what a file says of itself is not always true."""
        video = self.video
        video.thread_count = 1
        start = (self.container.start_time or 0) / 1e6
        if video.start_time is not None:
            start = float(video.start_time * video.time_base)
        if self.first > 0:
            import av

            with contextlib.suppress(av.FFmpegError):  # Then it is read from its beginning.
                self.container.seek(round((start + self.first) * 1e6))
        self.frames = self._decoded()
        self.waiting = []
        for stream, frame in self.frames:
            self.waiting.append((stream, frame))
            if stream is video:
                break
        else:
            raise FilmError(f"{self.name} holds no frame that can be read.")
        self.start = frame.time if not self.first and frame.time is not None else start
        self.turn = round(frame.rotation / 90) % 4
        ratio = float(video.sample_aspect_ratio or 1) or 1.0
        came = max(1, round(frame.width * ratio)), frame.height
        self.inner = reduced(came, self.shortest)
        upright = came[::-1] if self.turn % 2 else came
        size = self.inner[::-1] if self.turn % 2 else self.inner
        rate = float(video.average_rate or video.guessed_rate or Fraction(25))
        seconds = self._seconds(rate)
        if self.first and self.first >= (seconds or np.inf):
            raise FilmError(f"{self.name} is over by second {self.first:g}.")
        if self.first or self.last is not None:
            seconds = max(0.0, min(seconds or np.inf, self.last or np.inf) - self.first)
            seconds = seconds if np.isfinite(seconds) else 0.0
        if self._is_hdr(frame):
            notes.append("Its HDR colours are brought into the range of other films.")
        sound_rate = self.sound.codec_context.sample_rate if self.sound else 0
        self.sound_rate = sound_rate if sound_rate in RATES else 48000
        channels = min(2, self.sound.codec_context.channels) if self.sound else 0
        self.facts = Facts(
            size,
            upright,
            round(seconds * rate),
            seconds,
            rate,
            self.sound_rate if self.sound else 0,
            channels,
            tuple(notes),
        )

    def _seconds(self, rate: float) -> float:
        if self.video.duration:
            return float(self.video.duration * self.video.time_base)
        if self.container.duration:
            return self.container.duration / 1e6
        return self.video.frames / rate

    def _decoded(self) -> Iterator[tuple[object, object]]:
        """(stream, what PyAV has) in the file's order."""
        for stream, frame in containers.frames(self.container, self.streams):
            if frame is None:
                self.damaged += 1
            else:
                yield stream, frame

    def _events(self) -> Iterator[tuple[float, np.ndarray | bytes]]:
        import av

        layout = "mono" if self.facts.channels == 1 else "stereo"
        resampler = av.AudioResampler("s16", layout, self.sound_rate)
        last = self.start + self.first - 1 / self.facts.rate
        for stream, frame in self._all():
            if stream is self.video:
                last = frame.time if frame.time is not None else last + 1 / self.facts.rate
                if self._is_wanted(last - self.start):
                    yield last - self.start, self._rgb(frame)
            elif frame.time is not None:
                time = frame.time - self.start
                try:
                    given = resampler.resample(frame)
                except (av.FFmpegError, ValueError):  # It goes on in another form.
                    self.damaged += 1
                    resampler = av.AudioResampler("s16", layout, self.sound_rate)
                    continue
                for part in given:
                    samples = part.to_ndarray().reshape(-1, self.facts.channels)
                    begins = time - self.first
                    if begins < 0:  # From before the first frame.
                        samples = samples[round(-begins * self.sound_rate) :]
                        time = self.first
                    if len(samples):
                        yield time, samples.tobytes()
                        time += len(samples) / self.sound_rate

    def _all(self) -> Iterator[tuple[object, object]]:
        while self.waiting:
            yield self.waiting.pop(0)
        yield from self.frames

    def _is_hdr(self, frame) -> bool:
        return int(frame.color_trc or 0) in (colours.PQ, colours.HLG)

    def _rgb(self, frame) -> np.ndarray:
        """(height, width, 3) uint8, upright."""
        width, height = self.inner
        if self._is_hdr(frame):
            transfer, primaries = int(frame.color_trc), int(frame.color_primaries or 0)
            deep = _scaled(frame, width, height, "rgb48le").to_ndarray()
            picture = colours.to_8_bits(deep, transfer, primaries)
        elif any(part.is_alpha for part in frame.format.components):
            shown = Image.fromarray(_scaled(frame, width, height, "rgba").to_ndarray(), "RGBA")
            picture = np.asarray(pictures.load(shown, self.name))
        else:
            picture = _scaled(frame, width, height, "rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(picture, self.turn))


def _scaled(frame, width: int, height: int, form: str):
    # Files that do not say by which matrix their colours are coded: BT.601 in small ones.
    guess = {"src_colorspace": "ITU709"} if frame.colorspace == 2 and frame.height >= HD else {}
    return frame.reformat(width, height, form, interpolation="BICUBIC", **guess)
