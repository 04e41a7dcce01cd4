"""Clips to features of the vocoder WORLD and back (Morise et al. 2016), by pyworld.

Features are float32 (27, T), a column every 5 ms: 24 mel-cepstral coefficients, log |H| =
Σ c_m cos(m ω) over the mel axis; the logarithm of the pitch in Hz, 0 where nothing is voiced;
whose voice it is, 0 or 1, which nobody hears; and how much of the sound is noise, in dB (one band,
as WORLD codes it at 16 kHz). Knows no network.
"""

from types import ModuleType

import numpy as np

from .clip import RATE, Clip, SoundError

COEFFICIENTS = 24
PITCH, WHOSE, NOISE = 24, 25, 26
"""Rows behind them."""

ROWS = 27

FRAME = 0.005
"""Seconds between columns."""

LEAST = 0.1
"""Seconds; the shortest clip that is analysed."""

WIDEST, HERTZ = 14.0, (30.0, 2000.0)
"""Bounds of what is synthesised, coefficients and pitch: networks of strangers may say anything."""

LOUDEST = 0.98
"""Of a synthesised clip; what is louder is turned down."""

SCALE = np.array([1 / 2] + [1 / np.sqrt(2)] * (COEFFICIENTS - 1))
"""WORLD's coefficients are of log |H|² in an orthonormal basis."""


def _pyworld() -> ModuleType:
    try:
        import pyworld
    except ImportError as error:
        raise SoundError(
            "Voices need the package pyworld-prebuilt, which is not installed here: "
            "pip install pyworld-prebuilt."
        ) from error
    return pyworld


def is_installed() -> bool:
    """Whether clips can be analysed and synthesised here."""
    try:
        _pyworld()
    except SoundError:
        return False
    return True


def analyse(clip: Clip) -> np.ndarray:
    """The features of a clip: float32 (27, T), of voice 0. Raises SoundError."""
    world = _pyworld()
    if clip.rate != RATE:
        raise SoundError(f"Voices are analysed at {RATE:,} samples a second, not {clip.rate:,}.")
    if clip.seconds < LEAST:
        raise SoundError(f"The sound lasts {clip.seconds:.2f} s; {LEAST:g} s is the least.")
    samples = np.ascontiguousarray(clip.samples, np.float64)
    pitch, times = world.dio(samples, RATE, frame_period=1000 * FRAME)
    pitch = world.stonemask(samples, pitch, times, RATE)
    spectra = world.cheaptrick(samples, pitch, times, RATE)
    noise = world.d4c(samples, pitch, times, RATE)
    coefficients = world.code_spectral_envelope(spectra, RATE, COEFFICIENTS) * SCALE
    voiced = pitch > 0
    pitch = np.where(voiced, np.log(np.where(voiced, pitch, 1.0)), 0.0)
    noise = world.code_aperiodicity(noise, RATE)[:, 0]
    return np.vstack([coefficients.T, pitch, np.zeros_like(pitch), noise]).astype(np.float32)


def synthesise(features: np.ndarray) -> Clip:
    """The clip of features (27, T). Raises SoundError where the package is missing."""
    world = _pyworld()
    found = np.nan_to_num(features.T.astype(np.float64))
    pitch = np.exp(found[:, PITCH].clip(*np.log(HERTZ)))
    pitch = np.where(found[:, PITCH] > 0, pitch, 0.0)
    size = world.get_cheaptrick_fft_size(RATE)
    coefficients = found[:, :COEFFICIENTS].clip(-WIDEST, WIDEST) / SCALE
    spectra = world.decode_spectral_envelope(np.ascontiguousarray(coefficients), RATE, size)
    noise = np.ascontiguousarray(found[:, NOISE:].clip(-100.0, 0.0))
    noise = world.decode_aperiodicity(noise, RATE, size)
    samples = world.synthesize(pitch, spectra, noise, RATE, 1000 * FRAME)
    peak = max(float(np.abs(samples).max(initial=0.0)), LOUDEST)
    return Clip((samples * (LOUDEST / peak)).astype(np.float32), RATE)
