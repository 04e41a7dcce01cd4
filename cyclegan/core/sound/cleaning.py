"""Own recordings as networks know clips: silence cut, loudness levelled.

Knows no voice: what is louder than the quiet around it counts as sound.
"""

import numpy as np

from .clip import Clip, SoundError

FRAME = 0.02
"""Seconds of which one loudness is taken."""

SILENT = -55.0
"""dB below full scale: who speaks into a microphone is louder than that."""

UNDER = 30.0
"""dB below what is loud that still counts as sound."""

ABOVE = 6.0
"""dB above the quietest tenth, which is the room's noise."""

PAUSE = 0.25
"""Seconds that are left of a longer pause, and before and after what is spoken half of them."""

SHORTEST = 0.5
"""Seconds of sound at least: a word."""

LEVEL = -23.0
"""dB below full scale, of the sounding parts of a clip: as loud as broadcasters have speech
(EBU R 128)."""

PEAK = 0.95
"""No sample goes beyond it for the sake of the level."""


def cleaned(clip: Clip, name: str = "The recording") -> Clip:
    """Its sounding parts at LEVEL; raises as `spoken`."""
    return levelled(spoken(clip, name))


def spoken(clip: Clip, name: str = "The recording") -> Clip:
    """Its sounding parts, with what is left of the pauses between them.

    Raises SoundError for silence, and for what is too short; `name` stands in it.
    """
    sounds = _sounding(clip)
    seconds = float(sounds.sum()) * FRAME
    if not sounds.any():
        raise SoundError(f"{name} is silent: nothing in it is louder than {SILENT:.0f} dB.")
    if seconds < SHORTEST:
        raise SoundError(
            f"{name} has {seconds:.1f} s of sound; at least {SHORTEST} s are needed: a word or two."
        )
    # Half of a pause stays on either side of what sounds.
    reach = round(PAUSE / 2 / FRAME)
    kept = np.convolve(sounds, np.ones(2 * reach + 1), "same") > 0
    size = _frame(clip)
    samples = clip.samples[: len(kept) * size].reshape(-1, size)
    return Clip(np.ascontiguousarray(samples[kept].reshape(-1)), clip.rate)


def levelled(clip: Clip, level: float = LEVEL) -> Clip:
    """As loud as `level`, in dB below full scale, or as its peaks allow."""
    gain = 10 ** ((level - loudness(clip)) / 20)
    gain = min(gain, PEAK / max(float(np.abs(clip.samples).max()), 1e-9))
    return Clip((clip.samples * gain).astype(np.float32), clip.rate)


def loudness(clip: Clip) -> float:
    """Root mean square of the sounding parts, in dB below full scale."""
    powers = _powers(clip)
    loud = powers[_sounding(clip)]
    return float(10 * np.log10((loud if len(loud) else powers).mean() + 1e-12))


def _frame(clip: Clip) -> int:
    return round(FRAME * clip.rate)


def _powers(clip: Clip) -> np.ndarray:
    """Of frames; a clip shorter than one is one."""
    size = min(_frame(clip), max(1, len(clip.samples)))
    whole = len(clip.samples) // size * size
    return np.square(clip.samples[:whole].astype(np.float64)).reshape(-1, size).mean(1)


def _sounding(clip: Clip) -> np.ndarray:
    """Which frames are no silence."""
    levels = 10 * np.log10(_powers(clip) + 1e-12)
    quiet, loud = np.percentile(levels, (10, 95)) if len(levels) else (SILENT, SILENT)
    # Without a pause, the quietest tenth is no noise of a room.
    least = max(SILENT, loud - UNDER, min(quiet + ABOVE, loud - 20))
    return levels > least
