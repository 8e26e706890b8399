"""Network-ready tensors from mouth ROIs and waveforms: the same for training and for reading.

Batches are filled by numpy: a thread that makes them with torch beside a training step would start
compute threads of its own, which keep the step's waiting.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viseme.data.example import SAMPLES_PER_FRAME
from viseme.nn.frontends import VIDEO_MEAN, VIDEO_STD

Samples = NDArray[np.float32]

WAVEFORM_EPS = 1e-8


def crop(video: NDArray, size: int, shift_y: int = 0, shift_x: int = 0) -> NDArray:
    """The size x size window of video (T, H, W) around its centre, moved by the shifts.

    Raises:
        ValueError: the window leaves the picture.
    """
    height, width = video.shape[1:]
    top, left = (height - size) // 2 + shift_y, (width - size) // 2 + shift_x
    if min(top, left) < 0 or top + size > height or left + size > width:
        raise ValueError(f"crop {size} shifted by ({shift_y}, {shift_x}) leaves {height}x{width}")
    return video[:, top : top + size, left : left + size]


def scaled(rois: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey values 0 to 255 as floats 0 to 1."""
    return rois.astype(np.float32) / np.float32(255)


def video_batch(videos: Sequence[NDArray[np.float32] | None], num_frames: int) -> Tensor | None:
    """Normalise videos (T_i, H, W) in [0, 1] and pad them with zeros: (B, num_frames, 1, H, W).

    A clip without video is all zeros; None if no clip has any.
    """
    given = [video for video in videos if video is not None]
    if not given:
        return None
    batch = np.zeros((len(videos), num_frames, 1, *given[0].shape[1:]), np.float32)
    for row, video in zip(batch, videos, strict=True):
        if video is not None:
            row[: len(video), 0] = (video - VIDEO_MEAN) / VIDEO_STD
    return torch.from_numpy(batch)


def audio_batch(
    waveforms: Sequence[Samples | None], num_frames: int, normalise: bool = True
) -> Tensor | None:
    """Normalise waveforms (640 T_i,) each as a whole and pad them: (B, 640 num_frames).

    A clip without sound is all zeros; None if no clip has any. Models that were trained on sound
    as it is want it without `normalise`.
    """
    if all(samples is None for samples in waveforms):
        return None
    batch = np.zeros((len(waveforms), num_frames * SAMPLES_PER_FRAME), np.float32)
    for row, samples in zip(batch, waveforms, strict=True):
        if samples is not None:
            row[: len(samples)] = normalise_audio(samples) if normalise else samples
    return torch.from_numpy(batch)


def fit_audio(
    samples: Samples, num_frames: int, samples_per_frame: int = SAMPLES_PER_FRAME
) -> Samples:
    """Cut or zero-pad a waveform (S,) to exactly num_frames video frames, of 640 samples each."""
    wanted = num_frames * samples_per_frame
    return np.pad(samples[:wanted], (0, max(0, wanted - len(samples))))


def normalise_audio(samples: Samples) -> Samples:
    """Zero mean and unit variance over the whole waveform, as the published models expect."""
    return ((samples - samples.mean()) / np.sqrt(samples.var() + WAVEFORM_EPS)).astype(np.float32)
