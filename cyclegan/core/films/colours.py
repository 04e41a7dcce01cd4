"""HDR pictures as 8-bit RGB: brightness above white is pressed together, colours are narrowed.

Signals of PQ (SMPTE ST 2084) and HLG (ARIB STD-B67) to light on a display of 1,000 nits, as
ITU-R BT.2100 has them; 203 nits are white (BT.2408). Wide colours (BT.2020) to those of BT.709
(BT.2087), and from light to the signal of sRGB. Knows arrays alone.
"""

from functools import lru_cache

import numpy as np

PQ, HLG = 16, 18
"""Transfer characteristics, by the numbers of ITU-T H.273."""

WIDE = 9
"""Colour primaries of BT.2020, by the same."""

WHITE, PEAK = 203.0, 1000.0
"""Nits."""

KNEE = 0.75
"""Of white: what is darker keeps its brightness."""

TO_NARROW = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)
"""Light in the primaries of BT.2020 to that in BT.709's."""


def to_8_bits(picture: np.ndarray, transfer: int, primaries: int) -> np.ndarray:
    """(H, W, 3) uint16 of an HDR film to uint8 as any other film has it."""
    light = _light(transfer)[picture]
    if primaries == WIDE:
        light = np.maximum(light @ TO_NARROW.T, 0)
    # By the largest of the three, so that a colour keeps its hue.
    largest = light.max(-1, keepdims=True)
    light *= pressed(largest) / np.maximum(largest, 1e-6)
    return _signal()[(light * 4095).round().clip(0, 4095).astype(np.uint16)]


def pressed(light: np.ndarray) -> np.ndarray:
    """Light from 0 to PEAK / WHITE as light from 0 to 1, smooth, and the same up to KNEE."""
    room = 1 - KNEE
    above = np.maximum(light - KNEE, 0) / room
    most = (PEAK / WHITE - KNEE) / room
    return np.minimum(light, KNEE) + room * above * (1 + above / most**2) / (1 + above)


@lru_cache(2)
def _light(transfer: int) -> np.ndarray:
    """For each 16-bit value of a signal: light, where white is 1."""
    signal = np.linspace(0, 1, 2**16, dtype=np.float64)
    if transfer == PQ:
        power = signal ** (1 / 78.84375)
        linear = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        nits = 10_000 * linear ** (1 / 0.1593017578125)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        nits = PEAK * scene**1.2
    return (np.minimum(nits, PEAK) / WHITE).astype(np.float32)


@lru_cache(1)
def _signal() -> np.ndarray:
    """For each of 4,096 steps of light: the signal of sRGB in 8 bits."""
    light = np.linspace(0, 1, 4096)
    found = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (255 * found).round().astype(np.uint8)
