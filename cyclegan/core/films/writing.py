"""A film that grows: H.264 and AAC in MP4, which whatever plays films plays.

While it grows it is called NAME.part.mp4, and is written in pieces of a second: whatever ends its
process, what was written can be played. At its end it is laid anew, with its index in front, and
gets its name in one move. Knows no networks.
"""

import errno
import os
from fractions import Fraction
from pathlib import Path

import numpy as np

from .. import files
from .parts import FilmError, Frame, Sound, check_installed

TICKS = 90_000
"""Parts of a second in which frames are timed: all usual rates are whole numbers of them."""

PIECE = 1.0
"""Seconds of film in a piece."""

QUALITY = {"crf": "18", "preset": "veryfast"}
"""Of H.264: no difference to be seen, at 1 or 2 % of the time of the smallest networks."""

SPACE = 50 * 2**20
"""Bytes that are free at least where a film is begun."""


class Writer:
    """Writes `path`, an .mp4, of frames of one `size`, (width, height), both even.

    rate: frames a second, roughly; each has its own time. sound_rate, channels: of the sound; none
    without. Raises FilmError where the film cannot be written; what was is kept then.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        rate: float,
        sound_rate: int = 0,
        channels: int = 0,
    ):
        check_installed()
        import av

        self.path, self.part = path, path.with_name(f"{path.stem}.part{path.suffix}")
        self.frames, self.seconds = 0, 0.0
        self._lasts = 1 / rate
        self._error: OSError | None = None
        with self._telling():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._check_space()
            self.part.unlink(missing_ok=True)
            self._file = open(self.part, "wb", buffering=0)  # noqa: SIM115 - until `end`.
        self._out = av.open(
            self._file,
            "w",
            format="mp4",
            options={
                "movflags": "frag_keyframe+delay_moov+default_base_moof",
                "flush_packets": "1",
            },
        )
        whole = max(1, round(rate))
        self._video = self._out.add_stream("libx264", rate=whole, options=QUALITY)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._video.time_base = self._video.codec_context.time_base = Fraction(1, TICKS)
        self._video.gop_size = max(1, round(PIECE * rate))
        colours = self._video.codec_context
        # BT.709 in limited range, by the numbers of ITU-T H.273.
        colours.colorspace = colours.color_primaries = colours.color_trc = 1
        colours.color_range = 1
        self._sound = None
        if sound_rate:
            self._sound = self._out.add_stream("aac", rate=sound_rate)
            self._sound.layout = "mono" if channels == 1 else "stereo"
        self._heard = 0

    def add(self, one: Frame | Sound) -> None:
        with self._telling():
            if isinstance(one, Frame):
                self._add_frame(one)
            elif self._sound:
                self._add_sound(one)

    def _add_frame(self, frame: Frame) -> None:
        import av

        picture = np.asarray(frame.picture)
        given = av.VideoFrame.from_ndarray(picture, "rgb24")
        given = given.reformat(format="yuv420p", dst_colorspace="ITU709")
        given.pts, given.time_base = round(frame.time * TICKS), Fraction(1, TICKS)
        if self.frames:
            self._lasts = frame.time - self.seconds
        self.frames, self.seconds = self.frames + 1, frame.time
        self._out.mux(self._video.encode(given))

    def _add_sound(self, sound: Sound) -> None:
        import av

        rate = self._sound.rate
        begins = round(sound.time * rate)
        # Gaps are silent; what overlaps is heard once.
        samples = sound.samples[max(0, self._heard - begins) :]
        if begins > self._heard:
            gap = np.zeros((begins - self._heard, samples.shape[1]), np.int16)
            samples = np.concatenate([gap, samples])
        if not len(samples):
            return
        given = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), "s16", self._sound.layout.name
        )
        given.sample_rate, given.pts, given.time_base = rate, self._heard, Fraction(1, rate)
        self._heard += len(samples)
        self._out.mux(self._sound.encode(given))

    def end(self, is_whole: bool = True) -> Path | None:
        """Close the film; returns where it lies now, or None where it has no frame.

        is_whole: False leaves it under the name of a part.
        """
        with self._telling():
            try:
                if not self._error:
                    for stream in filter(None, (self._video, self._sound)):
                        self._out.mux(stream.encode(None))
            finally:
                self._close()
            if not self.frames:
                self.part.unlink(missing_ok=True)
                return None
            self._settle(self.path if is_whole else self.part)
        return self.path if is_whole else self.part

    def _close(self) -> None:
        import av

        try:
            self._out.close()
        except (av.FFmpegError, OSError):
            if not self._error:
                raise
        finally:
            self._file.close()

    def _settle(self, path: Path) -> None:
        """Lay the film anew with its index in front, as some players want it."""
        import av

        try:
            files.write_atomically(path, self._lay_anew)
        except (av.FFmpegError, OSError):  # As where there is no room for two: it plays as it is.
            os.replace(self.part, path)
        if path != self.part:
            self.part.unlink(missing_ok=True)

    def _lay_anew(self, path: Path) -> None:
        import av

        with (
            av.open(str(self.part)) as part,
            av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out,
        ):
            streams = {s.index: out.add_stream_from_template(s) for s in part.streams}
            for packet in part.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)

    def _check_space(self) -> None:
        import shutil

        free = shutil.disk_usage(self.path.parent).free
        if free < SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _telling(self) -> "_Telling":
        return _Telling(self)


class _Telling:
    """Whatever the system says while a film is written, as a FilmError with a sentence."""

    def __init__(self, writer: Writer):
        self.writer = writer

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            self.writer._error = error
            raise FilmError(
                f"{self.writer.path.name} cannot be written: {error.strerror or error}."
            ) from error
