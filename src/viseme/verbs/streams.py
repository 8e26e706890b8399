"""What a recogniser takes, from the mouth ROIs and waveforms of several clips."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from viseme.data.inputs import audio_batch, crop, scaled, video_batch
from viseme.recognition.recognizer import Recognizer


def streams(
    recognizer: Recognizer,
    rois: Sequence[NDArray[np.uint8] | None],
    sound: Sequence[NDArray[np.float32] | None],
    lengths: Tensor,
) -> tuple[Tensor | None, Tensor | None]:
    """First stream and audio, the tensors of `Recognizer.read`.

    Args:
        recognizer: decides on the window of the ROIs, and which stream comes first.
        rois: mouth ROIs (T, 96, 96) of each clip, None for a clip without.
        sound: waveform (640 T,) of each clip, None for a clip without.
        lengths: (B,) frames of each clip.
    """
    config, num_frames = recognizer.config, int(lengths.max())
    windows = [None if clip is None else scaled(crop(clip, config.crop_size)) for clip in rois]
    video = video_batch(windows, num_frames)
    audio = audio_batch(sound, num_frames, config.normalise_waveform)
    return (audio, None) if config.modality == "audio" else (video, audio)
