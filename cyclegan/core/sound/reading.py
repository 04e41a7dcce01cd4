"""What is in a sound's file, or a film's: runs in a process with walls.

Decoded by PyAV, brought to one channel and to the rate of a `Clip`. A damaged place is passed over
and counted, and of a file without its end what is there is read.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import containers
from ..films.reading import FORMATS as FILMS
from .clip import RATE, SoundError

FORMATS = f"wav,w64,mp3,flac,aac,ac3,aiff,au,caf,amr,wv,ape,tta,{FILMS}"
"""FFmpeg's names of the files that are opened. None of them leads to other files or addresses."""


def answer(asked: dict, data: bytes) -> tuple[dict, bytes]:
    """The first `most` seconds of a file's sound, as float32, and what is known of it.

    longer: whether there is more. damaged: places that were passed over.
    """
    import av

    path, name, most = Path(asked["path"]), asked["name"], asked["most"]
    try:
        with open(path, "rb") as file:
            sound = _Sound(_opened(file, name), name)
            samples = sound.first(round(most * RATE))
    except av.FFmpegError as error:  # What gets through all else.
        raise SoundError(f"{name} is damaged and cannot be read.") from error
    except OSError as error:
        raise SoundError(f"{name} cannot be read: {error.strerror}.") from error
    return {"longer": sound.is_longer, "damaged": sound.damaged}, samples.tobytes()


def _opened(file, name: str):
    import av

    if not file.read(1):
        raise SoundError(f"{name} is empty.")
    file.seek(0)
    try:
        return containers.opened(file, FORMATS)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SoundError(
            f"{name} is no sound that can be read here, or its beginning is missing; WAV, MP3, "
            "M4A, Ogg, FLAC and films with sound are."
        ) from error


class _Sound:
    def __init__(self, container, name: str):
        self.container, self.name = container, name
        self.damaged, self.is_longer = 0, False
        found = list(container.streams.audio)
        if not found:
            what = "is a film without sound" if container.streams.video else "holds no sound"
            raise SoundError(f"{name} {what}.")
        known = [stream for stream in found if containers.has_decoder(stream)]
        if not known:
            raise SoundError(
                f"{name} has its sound in a form (its codec, {containers.codec_name(found[0])}) "
                "that cannot be decoded here; save it as WAV."
            )
        self.stream = known[0]
        self.stream.thread_count = 1

    def first(self, count: int) -> np.ndarray:
        """At most so many samples, (N,) float32 in [-1, 1]."""
        parts, had = [], 0
        for part in self._parts():
            parts.append(part)
            had += len(part)
            if had > count:
                self.is_longer = True
                break
        if not had:
            raise SoundError(f"{self.name} holds no sound that can be read: it is damaged.")
        # Samples of float files may be anything.
        samples = np.nan_to_num(np.concatenate(parts)[:count], posinf=0.0, neginf=0.0)
        return (samples / max(1.0, float(np.abs(samples).max()))).astype(np.float32)

    def _parts(self) -> Iterator[np.ndarray]:
        import av

        resampler = av.AudioResampler("flt", rate=RATE)
        for frame in self._frames():
            try:
                given = resampler.resample(frame)
            except (av.FFmpegError, ValueError):  # It goes on in another form.
                self.damaged += 1
                resampler = av.AudioResampler("flt", rate=RATE)
                continue
            # The mean of all channels: FFmpeg's own mixing makes equal ones louder. They come in
            # one plane, as PyAV reads beyond the end of eight and more.
            for part in given:
                yield part.to_ndarray().reshape(-1, part.layout.nb_channels).mean(1)

    def _frames(self) -> Iterator[object]:
        """What PyAV has, and None at the end."""
        for _, frame in containers.frames(self.container, [self.stream]):
            if frame is None:
                self.damaged += 1
            else:
                yield frame
        yield None
