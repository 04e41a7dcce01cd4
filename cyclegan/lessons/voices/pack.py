"""Pack the voices for the repository: `python -m cyclegan.lessons.voices.pack`.

CMU's Flite speaks the sentences (Debian: apt-get install flite). Writes `sounds/`: the features of
all sentences, rounded, and the recordings of those held out as FLAC. What is read back is checked.
"""

import io
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

from ...core.sound import world
from ...core.sound.cleaning import cleaned
from ...core.sound.clip import RATE, Clip, SoundError
from ...core.sound.writing import flac
from ..data import DataError
from .read import FEATURES, RECORDED, SOUNDS, STEPS, read
from .sentences import HELD_OUT, OF_X, OF_Y, listed

VOICES = ("slt", "rms")
"""As Flite names those of X and of Y."""


def spoken(voice: str, text: str) -> Clip:
    """What a voice of Flite makes of a sentence, as own recordings are cleaned."""
    command = ["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(told)) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
            raise DataError(f"Flite's {voice} does not speak at {RATE} Hz.")
        samples = np.frombuffer(told[44:], np.int16).astype(np.float32) / 32768
    return cleaned(Clip(samples))


def rounded(features: list[np.ndarray]) -> np.ndarray:
    """Columns behind each other, as differences of whole steps: int16 (26, T)."""
    told = np.delete(np.concatenate(features, axis=1), world.WHOSE, axis=0)
    whole = np.round(told / STEPS).astype(np.int32)
    return np.diff(whole, axis=1, prepend=0).astype(np.int16)


def write(folder: Path) -> dict[str, int]:
    """Write what ships; returns the files' sizes in bytes. Raises DataError."""
    slt, rms = VOICES
    parts = [(slt, OF_X), (rms, OF_Y), (slt, HELD_OUT), (rms, HELD_OUT)]
    clips = [[spoken(voice, text) for text in listed(texts)] for voice, texts in parts]
    features = [world.analyse(clip) for side in clips for clip in side]
    held_out = [np.round(c.samples * 32767).astype(np.int16) for side in clips[2:] for c in side]
    folder.mkdir(exist_ok=True)
    np.savez_compressed(
        folder / FEATURES,
        steps=rounded(features),
        columns=[one.shape[1] for one in features],
        samples=[len(one) for one in held_out],
    )
    (folder / RECORDED).write_bytes(flac(Clip(np.concatenate(held_out) / np.float32(32767))))
    _check(folder, features, held_out)
    return {name: (folder / name).stat().st_size for name in (FEATURES, RECORDED)}


def _check(folder: Path, features: list[np.ndarray], held_out: list[np.ndarray]) -> None:
    pack = read(folder)
    found = (*pack.x, *pack.y, *pack.test_x, *pack.test_y)
    for was, one in zip(features, found, strict=True):
        if (np.abs(np.delete(was - one.numpy(), world.WHOSE, axis=0)) > 0.51 * STEPS).any():
            raise DataError(f"{folder / FEATURES} does not hold what was written to it.")
    for was, clip in zip(held_out, (*pack.recorded_x, *pack.recorded_y), strict=True):
        if not np.array_equal(was, np.round(clip.samples * 32768)):
            raise DataError(f"{folder / RECORDED} does not hold what was written to it.")


def main() -> int:
    try:
        sizes = write(SOUNDS)
    except (DataError, SoundError, OSError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 2
    for name, size in sizes.items():
        print(f"{SOUNDS / name}: {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
