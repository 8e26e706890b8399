"""sRGB bytes and linear light (IEC 61966-2-1), by table: fast, and the same on every machine."""

import functools

import numpy as np
from numpy.typing import NDArray

# The encoding's steepest part rises by 0.4 codes per entry, so every code is reached.
ENCODE_SIZE = 8192


@functools.cache
def decode_table() -> NDArray[np.float32]:
    """Linear light (256,) of every sRGB code, 0 to 1."""
    code = np.arange(256) / 255
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


@functools.cache
def encode_table() -> NDArray[np.uint8]:
    """sRGB code (ENCODE_SIZE,) of light i / (ENCODE_SIZE - 1)."""
    light = np.arange(ENCODE_SIZE) / (ENCODE_SIZE - 1)
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(code * 255).astype(np.uint8)


def to_linear(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear light 0 to 1 of sRGB codes."""
    return decode_table()[srgb]


def to_srgb(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """sRGB codes of linear light; what is outside 0 to 1 is clipped."""
    scaled = np.clip(light, 0, 1) * np.float32(ENCODE_SIZE - 1) + np.float32(0.5)
    return encode_table()[scaled.astype(np.int16)]
