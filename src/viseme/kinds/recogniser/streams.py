"""From the mouth ROIs and waveforms of several clips to what a recogniser takes, and reads."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viseme.data.inputs import audio_batch, crop, scaled, video_batch
from viseme.kinds.recogniser.modes import UNHEARD, Attended
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.grammar import Constraint
from viseme.recognition.language_model import LanguageModel
from viseme.recognition.recognizer import Reading, Recognizer


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


def read_attended(
    recognizer: Recognizer,
    attended: Sequence[Attended],
    *,
    options: SearchOptions | None = None,
    constraint: Constraint | None = None,
    language_model: LanguageModel | None = None,
) -> list[Reading]:
    """Words of each clip, read together; `UNHEARD` for silence alone. Arguments as for `read`."""
    if not attended:
        return []
    lengths = torch.tensor([clip.num_frames for clip in attended])
    rois, sound = [clip.rois for clip in attended], [clip.audio for clip in attended]
    stream, audio = streams(recognizer, rois, sound, lengths)
    readings = recognizer.read(
        stream,
        lengths,
        audio,
        options=options,
        constraint=constraint,
        language_model=language_model,
        visible=[clip.visible for clip in attended],
    )
    return [UNHEARD if c.is_unheard else r for c, r in zip(attended, readings, strict=True)]
