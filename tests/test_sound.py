"""Sounds in and out: odd ones are handled or told of, seen and cleaned as they should be."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest
from film_files import film
from PIL import Image
from sound_files import av, joined, quiet, tone, write

from cyclegan.core.sound import Clip, SoundError, cleaned, load, neither, opening, spectrogram
from cyclegan.core.sound.cleaning import LEVEL, PAUSE, loudness
from cyclegan.core.sound.world import COEFFICIENTS, PITCH, ROWS
from cyclegan.core.sound.writing import flac


def pitch(clip: Clip) -> float:
    """Of its loudest part, in hertz."""
    powers = np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip.samples))))
    return float(powers.argmax() * clip.rate / len(clip.samples))


def refusal(path: Path, most: float = 10.0) -> str:
    with pytest.raises(SoundError) as error:
        load(path, most)
    sentence = str(error.value)
    assert sentence.startswith(path.name) and sentence.endswith(".") and "\n" not in sentence
    return sentence


# Files


@pytest.mark.parametrize(
    ("name", "codec", "form", "channels", "rate"),
    [
        ("a.wav", "pcm_u8", "u8", 1, 16_000),
        ("a.wav", "pcm_s24le", "s32", 2, 48_000),
        ("a.wav", "pcm_f32le", "flt", 1, 44_100),
        ("a.flac", "flac", "s16", 2, 44_100),
        ("a.mp3", "libmp3lame", "fltp", 2, 44_100),
        ("a.m4a", "aac", "fltp", 2, 48_000),
        ("a.ogg", "libopus", "flt", 1, 48_000),
        ("a.webm", "libopus", "flt", 1, 48_000),
        ("a.aiff", "pcm_s16be", "s16", 1, 22_050),
    ],
)
def test_a_sound_comes_as_a_clip(tmp_path, name, codec, form, channels, rate):
    path = write(tmp_path / name, tone(rate=rate), codec, form, channels)
    found = load(path, 10.0)
    assert found.clip.rate == 16_000 and found.clip.samples.dtype == np.float32
    assert found.clip.seconds == pytest.approx(2.0, abs=0.15)
    assert pitch(found.clip) == pytest.approx(440, abs=1)
    assert float(np.abs(found.clip.samples).max()) == pytest.approx(0.3, abs=0.04)
    assert not found.is_longer and not found.damaged


def test_the_sound_of_a_film_is_taken(tmp_path):
    found = load(film(tmp_path / "a.mp4", sound=1.0), 10.0)
    assert found.clip.seconds == pytest.approx(1.0, abs=0.15)
    assert pitch(found.clip) == pytest.approx(440, abs=2)


def test_of_what_is_longer_the_beginning_is_taken(tmp_path):
    path = write(tmp_path / "a.wav", joined(tone(440, 1.0), tone(880, 2.0)))
    found = load(path, 1.0)
    assert found.is_longer and found.clip.seconds == 1.0
    assert pitch(found.clip) == pytest.approx(440, abs=2)


def test_a_header_is_not_believed(tmp_path):
    """It says two hours of sound, and there is one second."""
    path = write(tmp_path / "a.wav", tone(seconds=1.0))
    content = bytearray(path.read_bytes())
    size = 2 * 3600 * 32_000
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", size)
    content[4:8] = struct.pack("<I", size + at)
    path.write_bytes(content)
    found = load(path, 10.0)
    assert found.clip.seconds == pytest.approx(1.0) and not found.is_longer


@pytest.mark.parametrize("channels", [6, 8, 9, 64])
def test_of_many_channels_the_mean_is_taken(tmp_path, channels):
    """A tone in one of them, which is so many times as faint then."""
    samples = np.zeros((16_000, channels), "<i2")
    samples[:, -1] = 32_767 * tone(seconds=1.0).samples
    path = _wav(tmp_path / "a.wav", channels, 16_000, samples.tobytes())
    clip = load(path, 10.0).clip
    assert clip.seconds == 1.0 and pitch(clip) == pytest.approx(440, abs=1)
    assert float(np.abs(clip.samples).max()) == pytest.approx(0.3 / channels, rel=0.02)


@pytest.mark.parametrize(
    ("channels", "rate", "words"),
    [(65, 16_000, "damaged"), (0, 16_000, "damaged"), (1, 0, "is no sound")],
)
def test_no_place_for_samples_is_told(tmp_path, channels, rate, words):
    path = _wav(tmp_path / "a.wav", channels, rate, bytes(65 * 2000))
    assert words in refusal(path)


@pytest.mark.parametrize("rate", [1, 10_000_000])
def test_of_any_rate_no_more_is_taken_than_was_asked_for(tmp_path, rate):
    path = _wav(tmp_path / "a.wav", 1, rate, bytes(2_000_000))
    found = load(path, 10.0)
    assert found.is_longer == (rate == 1)
    assert found.clip.seconds == pytest.approx(min(10.0, 1_000_000 / rate), abs=0.01)


def _wav(path: Path, channels: int, rate: int, data: bytes) -> Path:
    """Of 16 bits, whatever its header is to say."""
    form = struct.pack("<HHIIHH", 1, channels, rate, 2 * channels * rate, 2 * channels or 2, 16)
    parts = b"WAVEfmt ", struct.pack("<I", len(form)), form, b"data", struct.pack("<I", len(data))
    body = b"".join((*parts, data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_a_damaged_place_is_passed_over(tmp_path):
    path = write(tmp_path / "a.mp3", tone(seconds=4.0), "libmp3lame", "fltp")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1500] = bytes(np.random.default_rng(0).bytes(1500))
    path.write_bytes(content)
    assert 3.0 < load(path, 10.0).clip.seconds < 4.5


def test_values_that_are_no_numbers_are_silent(tmp_path):
    path = write(tmp_path / "a.wav", tone(seconds=1.0), "pcm_f32le", "flt")
    content = bytearray(path.read_bytes())
    content[-8:] = struct.pack("<ff", float("nan"), float("inf"))
    path.write_bytes(content)
    samples = load(path, 10.0).clip.samples
    assert np.isfinite(samples).all() and not samples[-2:].any()


def test_what_is_no_sound_is_told(tmp_path):
    text = tmp_path / "a.wav"
    text.write_text("This is no sound, whatever its name says. " * 20)
    assert "is no sound" in refusal(text)
    empty = tmp_path / "b.wav"
    empty.touch()
    assert "is empty" in refusal(empty)
    assert "cannot be read" in refusal(tmp_path / "gone.wav")
    assert "is a film without sound" in refusal(film(tmp_path / "c.mp4"))
    picture = tmp_path / "d.png"
    Image.new("RGB", (8, 8)).save(picture)
    assert "no sound" in refusal(picture)
    header = write(tmp_path / "e.wav", tone()).read_bytes()[:44]
    bare = tmp_path / "f.wav"
    bare.write_bytes(header)
    assert "no sound that can be read" in refusal(bare)


def test_a_file_of_other_files_leads_nowhere(tmp_path):
    secret = write(tmp_path / "secret.wav", tone())
    listing = tmp_path / "a.wav"
    listing.write_text(f"ffconcat version 1.0\nfile {secret}\n")
    assert "is no sound" in refusal(listing)


def test_what_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MAX_BYTES", 2**20)
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(2**20 + 1))
    assert "at most 1 are taken" in refusal(path)


def test_without_its_library_it_is_told(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", tone())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SoundError, match="pip install av"):
        load(path, 10.0)


def test_a_clip_is_written_without_loss(tmp_path):
    clip = tone(gain=0.5)
    path = tmp_path / "a.flac"
    path.write_bytes(flac(clip))
    with av.open(str(path)) as file:
        assert float(file.streams.audio[0].duration * file.streams.audio[0].time_base) == 2.0
    found = load(path, 10.0).clip
    assert np.abs(found.samples - clip.samples).max() < 1 / 32_767


# Cleaning


def test_silence_is_cut_and_loudness_levelled():
    spoken = tone(gain=0.02, seconds=1.0)
    found = cleaned(joined(quiet(1.0), spoken, quiet(3.0, seed=1), spoken, quiet(2.0, seed=2)))
    assert found.seconds == pytest.approx(2.0 + 2 * PAUSE, abs=0.1)
    assert loudness(found) == pytest.approx(LEVEL, abs=0.1)


def test_one_level_whatever_it_was_before():
    levels = [loudness(cleaned(tone(gain=gain))) for gain in (0.01, 0.1, 0.9)]
    assert levels == pytest.approx([LEVEL] * 3, abs=0.1)


def test_peaks_are_not_clipped():
    clip = tone(gain=0.01)
    clip.samples[8000] = 0.9
    assert np.abs(cleaned(clip).samples).max() <= 0.95 + 1e-6


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (Clip(np.zeros(32_000, np.float32)), "silent"),
        (quiet(3.0), "silent"),
        (joined(quiet(1.0), tone(seconds=0.2), quiet(1.0)), "0.2 s of sound"),
        (Clip(np.zeros(0, np.float32)), "silent"),
    ],
)
def test_silence_and_a_cough_are_told(clip, said):
    with pytest.raises(SoundError, match=said) as error:
        cleaned(clip, "Your recording")
    assert str(error.value).startswith("Your recording")


# Spectrograms


def row_of(clip: Clip) -> int:
    """The row of a spectrogram in which most is."""
    return int(spectrogram.levels(clip).mean(1).argmax())


def test_high_sounds_stand_above_low_ones():
    low, high = row_of(tone(200)), row_of(tone(3000))
    # 2595 log₁₀(1 + f/700) of 200, 3,000, 60 and 8,000 Hz: 283, 1,876, 93 and 2,840 mel.
    height = spectrogram.HEIGHT
    assert low == pytest.approx(height * (1 - (283 - 93) / (2840 - 93)), abs=2)
    assert high == pytest.approx(height * (1 - (1876 - 93) / (2840 - 93)), abs=2)


def test_time_runs_to_the_right():
    levels = spectrogram.levels(joined(quiet(1.0, 0.0), tone(seconds=1.0))).max(0)
    middle = spectrogram.WIDTH // 2
    assert levels[: middle - 5].max() < 0.3 and levels[middle + 5 : -5].min() > 0.9


def test_a_spectrogram_does_not_hang_on_loudness():
    loud, faint = (spectrogram.levels(tone(gain=gain)) for gain in (0.5, 0.05))
    assert np.abs(loud - faint).max() < 0.02


@pytest.mark.parametrize("seconds", [0.01, 0.5, 30.0])
def test_any_length_has_one_size(seconds):
    drawn = spectrogram.draw(tone(seconds=seconds))
    assert drawn.size == (spectrogram.WIDTH, spectrogram.HEIGHT) and drawn.mode == "RGB"


def test_silence_is_paper():
    assert np.asarray(spectrogram.draw(Clip(np.zeros(16_000, np.float32)))).min() == 255


# Whose voice it is


def said_of(shift: float, voiced: bool = True, target: int = 1) -> str:
    """X's coefficients are around 0 and Y's around 2, all with a deviation of 1; pitch alike."""
    features = np.zeros((ROWS, 50), np.float32) + shift
    features[PITCH] = 5.0 + shift if voiced else 0.0
    features[0] = 99.0  # How loud it is does not count.
    means = np.repeat([[0.0], [2.0]], COEFFICIENTS + 1, axis=1)
    means[:, PITCH] += 5.0
    return neither.remark(features, means, np.ones_like(means), target)


def test_a_voice_of_neither_is_told():
    assert said_of(0.1) == "" and said_of(2.1, target=0) == ""
    assert "choose the other direction" in said_of(2.1)
    # 1 deviation from both, and 3 from the nearer one.
    assert f"{1 / 0.14:.0f} times as far" in said_of(1.0)
    assert f"{3 / 0.14:.0f} times as far" in said_of(-3.0)
    assert "pitch" in said_of(0.1, voiced=False)
