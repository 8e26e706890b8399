"""Random changes to training clips. Every function is pure and takes its random generator.

The paper (Auto-AVSR, arXiv 2303.14307, as its code has it) uses the random crop, the adaptive time
mask of picture and sound, and babble at a random level; the other noises, trim, speed, flip and
contrast are ours, for corpora of minutes rather than hundreds of hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.audio.noise import NoiseKind, Samples, add_noise, noise
from viseme.config import check_at_least
from viseme.data.example import SAMPLES_PER_FRAME, VIDEO_FPS, Example
from viseme.data.inputs import crop, scaled
from viseme.face.align import MOUTH_ROI_SIZE_PX

Video = NDArray[np.float32]


@dataclass(frozen=True)
class AugmentConfig:
    """What may happen to a training clip.

    Attributes:
        crop_jitter_px: the crop's centre moves by up to this much on either axis.
        flip: mirror every other clip.
        mask_window_frames: longest time mask; 0 for none.
        mask_stride_frames: about one time mask per so many frames.
        mask_grey: what masked frames show, 0 for black to 1; Auto-AVSR's code masks before it
            normalises, RAVEn's after that, which is the mean grey.
        speed: play up to this much faster or slower, a fraction.
        contrast: scale the contrast by up to this fraction.
        brightness: shift the brightness by up to this much (white is 1).
        trim: cut a random part of the silence before the first and after the last word.
        audio_mask_window_samples: longest time mask of the sound; 0 for none.
        audio_mask_stride_samples: about one time mask of the sound per so many samples.
        noises: kinds of noise to draw from for every clip; none at all for none.
        noise_snr_db: levels to draw from; inf leaves the clip clean.
    """

    crop_jitter_px: int = 4
    flip: bool = False
    mask_window_frames: int = 10
    mask_stride_frames: int = 25
    mask_grey: float = 0.0
    speed: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    trim: bool = False
    audio_mask_window_samples: int = 6400
    audio_mask_stride_samples: int = 16_000
    noises: tuple[NoiseKind, ...] = ("babble",)
    noise_snr_db: tuple[float, ...] = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, inf)

    def __post_init__(self) -> None:
        for name in ("crop_jitter_px", "mask_window_frames", "audio_mask_window_samples"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)} must not be negative")
        check_at_least(1, self, "mask_stride_frames", "audio_mask_stride_samples")
        for name in ("speed", "contrast", "brightness"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} is not at least 0 and below 1")


def check_reach(crop_size: int, config: AugmentConfig) -> None:
    """For a config's own `__post_init__`: refuse crops that move out of the mouth ROI.

    Raises:
        ValueError: they do.
    """
    if crop_size + 2 * config.crop_jitter_px > MOUTH_ROI_SIZE_PX:
        raise ValueError(
            f"crop_size {crop_size} moved by crop_jitter_px {config.crop_jitter_px} leaves the "
            f"{MOUTH_ROI_SIZE_PX} px mouth ROI"
        )


def random_crop(video: NDArray, size: int, jitter_px: int, rng: Generator) -> NDArray:
    """One window for the whole clip, its centre moved by up to jitter_px on either axis."""
    shift_y, shift_x = rng.integers(-jitter_px, jitter_px + 1, 2)
    return crop(video, size, int(shift_y), int(shift_x))


def time_mask(x: Video, window: int, stride: int, fill: float, rng: Generator) -> Video:
    """Adaptive time mask of x (T, ...): about one span of < `window` steps per `stride` steps."""
    x = x.copy()
    for _ in range((len(x) + stride - 1) // stride):
        length = int(rng.integers(0, min(window, len(x))))
        start = int(rng.integers(0, len(x) - length + 1))
        x[start : start + length] = fill
    return x


def trim_silence(example: Example, rng: Generator, margin_frames: int = 2) -> Example:
    """Cut a random share of what lies before the first and after the last word."""
    if not example.words:
        return example
    total = example.num_frames
    first = min(int(example.words[0].start_s * VIDEO_FPS) - margin_frames, total - 1)
    last = int(np.ceil(example.words[-1].end_s * VIDEO_FPS)) + margin_frames
    start = int(rng.integers(0, max(first, 0) + 1))
    end = int(rng.integers(min(last, total), total + 1))
    return cut(example, start, end)


def cut(example: Example, start: int, end: int) -> Example:
    """Frames start to end of the clip, with the sound and word times that belong to them."""
    shift_s = start / VIDEO_FPS
    words = tuple(
        replace(word, start_s=word.start_s - shift_s, end_s=word.end_s - shift_s)
        for word in example.words
    )
    video, audio = example.video, example.audio
    return replace(
        example,
        video=None if video is None else video[start:end],
        audio=None if audio is None else audio[start * SAMPLES_PER_FRAME : end * SAMPLES_PER_FRAME],
        words=words,
    )


def change_speed(example: Example, factor: float) -> Example:
    """Play the clip `factor` times faster: nearest frames, linearly resampled sound."""
    num_frames = max(1, int(example.num_frames / factor))
    video, audio = example.video, example.audio
    if video is not None:
        index = ((np.arange(num_frames) + 0.5) * factor).astype(int)
        video = video[np.minimum(index, len(video) - 1)]
    if audio is not None:
        position = np.arange(num_frames * SAMPLES_PER_FRAME) * factor
        audio = np.interp(position, np.arange(len(audio)), audio).astype(np.float32)
    words = tuple(
        replace(word, start_s=word.start_s / factor, end_s=word.end_s / factor)
        for word in example.words
    )
    return replace(example, video=video, audio=audio, words=words)


def augment_timing(example: Example, config: AugmentConfig, rng: Generator) -> Example:
    """Trim and speed: the changes that concern picture, sound and word times together."""
    if config.trim:
        example = trim_silence(example, rng)
    if config.speed:
        example = change_speed(example, rng.uniform(1 - config.speed, 1 + config.speed))
    return example


def augment_video(
    rois: NDArray[np.uint8], size: int, config: AugmentConfig, rng: Generator
) -> Video:
    """Crop, flip, contrast and time mask of grey ROIs (T, H, W): (T, size, size) in [0, 1]."""
    video = scaled(random_crop(rois, size, config.crop_jitter_px, rng))
    if config.flip and rng.random() < 0.5:
        video = video[:, :, ::-1]
    if config.contrast or config.brightness:
        mean = video.mean()
        scale = rng.uniform(1 - config.contrast, 1 + config.contrast)
        shift = rng.uniform(-config.brightness, config.brightness)
        video = (video - mean) * scale + mean + shift
    if config.mask_window_frames:
        window, stride = config.mask_window_frames, config.mask_stride_frames
        video = time_mask(video, window, stride, config.mask_grey, rng)
    return video


def seen(rois: NDArray[np.uint8], size: int, config: AugmentConfig | None, rng: Generator) -> Video:
    """What a network sees of grey ROIs: `augment_video`, or the middle without a config."""
    if config is None:
        return scaled(crop(rois, size))
    return augment_video(rois, size, config, rng)


def heard(
    sound: Sequence[Samples | None],
    config: AugmentConfig | None,
    voices: Sequence[Samples],
    rng: Generator,
) -> list[Samples | None]:
    """What it hears of the clips of a batch: `augment_audio`, or all without a config.

    Babble is mixed of the batch's own voices where no others are given.
    """
    if config is None:
        return list(sound)
    voices = voices or [audio for audio in sound if audio is not None]
    return [None if audio is None else augment_audio(audio, config, voices, rng) for audio in sound]


def augment_audio(
    audio: Samples, config: AugmentConfig, voices: Sequence[Samples], rng: Generator
) -> Samples:
    """Time mask, then noise, of a waveform (S,); `voices` are what babble is mixed of.

    In this order as in the paper's code: the noise goes on where the speech is silenced.
    """
    if config.audio_mask_window_samples:
        window, stride = config.audio_mask_window_samples, config.audio_mask_stride_samples
        audio = time_mask(audio, window, stride, 0.0, rng)
    if config.noises and config.noise_snr_db:
        snr_db = config.noise_snr_db[int(rng.integers(len(config.noise_snr_db)))]
        if isfinite(snr_db):
            kind = config.noises[int(rng.integers(len(config.noises)))]
            audio = add_noise(audio, noise(kind, len(audio), rng, voices), snr_db)
    return audio
