"""Sounds of our own making, encoded as asked."""

from pathlib import Path

import numpy as np
import pytest

from cyclegan.core.sound import Clip

av = pytest.importorskip("av")


def tone(hertz: float = 440.0, seconds: float = 2.0, gain: float = 0.3, rate: int = 16_000) -> Clip:
    at = np.arange(round(seconds * rate)) / rate
    return Clip((gain * np.sin(2 * np.pi * hertz * at)).astype(np.float32), rate)


def quiet(seconds: float, gain: float = 1e-4, seed: int = 0) -> Clip:
    """What a microphone hears of an empty room."""
    noise = np.random.default_rng(seed).normal(size=round(seconds * 16_000))
    return Clip((gain * noise).astype(np.float32))


def joined(*clips: Clip) -> Clip:
    return Clip(np.concatenate([clip.samples for clip in clips]), clips[0].rate)


def write(
    path: Path, clip: Clip, codec: str = "pcm_s16le", form: str = "s16", channels: int = 1
) -> Path:
    """The clip in every channel, as a file of the kind that its name says."""
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=clip.rate, layout=layout, format=form)
        planes = np.repeat(clip.samples[None], channels, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), "fltp", layout)
        frame.sample_rate = clip.rate
        resampler = av.AudioResampler(form, layout, clip.rate, stream.codec_context.frame_size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path
