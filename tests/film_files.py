"""Films of our own making: a bar that moves over two colours, encoded as asked."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

LEFT, RIGHT, BAR = (200, 40, 30), (30, 60, 210), (240, 240, 240)

HIGH = 8000
"""Of its sound: a sine of this height, in 16 bits."""


def drawn(place: int, width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8: red on the left, blue on the right, a bar at the top that grows."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:, : width // 2], picture[:, width // 2 :] = LEFT, RIGHT
    picture[: height // 4, : 8 + 4 * place] = BAR
    return picture


def film(
    path: Path,
    frames: int = 12,
    size: tuple[int, int] = (96, 64),
    rate: int = 12,
    codec: str = "libx264",
    form: str = "yuv420p",
    sound: float = 0.0,
    heard_by: str = "aac",
    times: Sequence[float] | None = None,
    pictures: Sequence[np.ndarray] | None = None,
    tags: Sequence[int] | None = None,
    ratio: Fraction | None = None,
    container: dict | None = None,
    **options: str,
) -> Path:
    """sound: seconds of it, coded by heard_by. times: of each frame. tags: matrix, primaries and
    transfer, as in ITU-T H.273."""
    with av.open(str(path), "w", options=container or {}) as out:
        video = out.add_stream(codec, rate=rate, options={"g": "6", **options})
        video.width, video.height, video.pix_fmt = *size, form
        ticks = video.time_base = video.codec_context.time_base = Fraction(1, 1200)
        if ratio:
            video.codec_context.sample_aspect_ratio = ratio
        if tags:
            context = video.codec_context
            context.colorspace, context.color_primaries, context.color_trc = tags
        heard = out.add_stream(heard_by, rate=24000, layout="mono") if sound else None
        for place in range(frames):
            picture = pictures[place] if pictures is not None else drawn(place, *size)
            kind = {4: "rgba", 3: "rgb24"}[picture.shape[2]]
            kind = "rgb48le" if picture.dtype == np.uint16 else kind
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), kind)
            if tags:
                frame = frame.reformat(format=form, dst_colorspace={1: "ITU709", 9: 9}[tags[0]])
            time = times[place] if times is not None else place / rate
            frame.pts, frame.time_base = round(time / ticks), ticks
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if heard:
            wave = np.sin(np.arange(round(24000 * sound)) * 2 * np.pi * 440 / 24000) * HIGH
            frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
            frame.sample_rate, frame.pts = 24000, 0
            out.mux(heard.encode(frame))
            out.mux(heard.encode(None))
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    """A film with some bytes of its index changed."""
    content = path.read_bytes()
    assert old in content and len(old) == len(new)
    path.write_bytes(content.replace(old, new))
    return path


def turned(path: Path) -> Path:
    """As a phone that was held upright writes it: the picture lies, and a matrix says so."""
    content = bytearray(path.read_bytes())
    one = (1 << 16).to_bytes(4, "big")
    whole, none = (1 << 30).to_bytes(4, "big"), bytes(4)
    plain = one + none * 3 + one + none * 3 + whole
    # A quarter to the right.
    minus = (-(1 << 16) % 2**32).to_bytes(4, "big")
    quarter = none + one + none + minus + none * 4 + whole
    place = content.index(plain, content.index(b"tkhd"))
    content[place : place + len(plain)] = quarter
    path.write_bytes(content)
    return path
