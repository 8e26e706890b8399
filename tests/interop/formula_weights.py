"""Weights and inputs by a formula on name and index: the same bits wherever they are computed.

What the original code makes of them can so be stored as figures, without its weights or its code.
"""

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

HEADS = ("ctc.ctc_lo.weight", "decoder.output_layer.weight")
HEAD_GAIN = 4.0
"""Makes the distributions over tokens uneven, so that a search has something to find."""
END_BIAS = 4.0
"""Makes texts end before the clip does."""


def uniform(name: str, count: int) -> NDArray[np.float32]:
    """Numbers of zero mean and unit variance, evenly spread, mixed as in MurmurHash3."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761)
    x += np.uint32(zlib.crc32(name.encode()))
    for shift, factor in ((16, 2246822507), (13, 3266489909)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    return ((x >> np.uint32(8)).astype(np.float32) * np.float32(2**-23) - 1) * np.float32(3**0.5)


def tensor(name: str, shape: Sequence[int]) -> Tensor:
    """One weight; its size is such that activations neither grow nor vanish."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(1)
    values = torch.from_numpy(uniform(name, math.prod(shape))).reshape(tuple(shape))
    if name.endswith("running_var"):
        return 1 + 0.3 * values
    if len(shape) == 1 and name.endswith("weight"):  # of a norm
        return 1 + 0.1 * values
    if len(shape) == 1 or "pos_bias" in name:
        values *= 0.2
        if name == "decoder.output_layer.bias":
            values[-1] += END_BIAS
        return values
    fan_in = shape[1] if name.endswith("embed.0.weight") else math.prod(shape[1:])
    gain = HEAD_GAIN if name.endswith(HEADS) else 1.0
    return values * (gain / fan_in**0.5)


def filled(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """All weights of a layout."""
    return {name: tensor(name, shape) for name, shape in shapes.items()}


def video_input(num_frames: int) -> Tensor:
    """A normalised clip (1, T, 1, 88, 88)."""
    return torch.from_numpy(uniform("video", num_frames * 88 * 88)).reshape(1, -1, 1, 88, 88)


def audio_input(num_frames: int) -> Tensor:
    """A normalised waveform (1, 640 T)."""
    return torch.from_numpy(uniform("audio", num_frames * 640)).reshape(1, -1)
