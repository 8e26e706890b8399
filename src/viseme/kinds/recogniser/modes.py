"""What of a clip is read: the lips, the voice or both."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from viseme.audio.level import is_silent, snr_db
from viseme.data.example import SAMPLES_PER_FRAME
from viseme.errors import ConfigError
from viseme.recognition.recognizer import Reading, Recognizer

Mode = Literal["auto", "video", "audio", "av"]

LEAST_VISIBLE = 0.5
"""Lips that are seen in fewer of the frames tell nothing beside a voice."""

LEAST_SNR_DB = -10.0
"""A voice that is estimated to be weaker tells nothing beside lips."""

UNHEARD = Reading([], None, "no readable speech here: there is no sound")


class Attended(NamedTuple):
    """What is left of a clip to read; the arguments of `attend`, without the stream left out."""

    rois: NDArray[np.uint8] | None
    audio: NDArray[np.float32] | None
    visible: float

    @property
    def mode(self) -> Mode:
        """The streams that are left."""
        if self.rois is None:
            return "audio"
        return "video" if self.audio is None else "av"

    @property
    def num_frames(self) -> int:
        """Length in frames of 1/25 s."""
        if self.rois is not None:
            return len(self.rois)
        return 0 if self.audio is None else len(self.audio) // SAMPLES_PER_FRAME

    @property
    def is_unheard(self) -> bool:
        """Whether it is sound alone, and silent."""
        return self.rois is None and (self.audio is None or is_silent(self.audio))


def mode_of(recognizer: Recognizer, mode: Mode) -> Mode:
    """The mode that a recogniser is used in; "auto" remains only where there is a choice.

    Raises:
        ConfigError: it cannot read that mode.
    """
    able = recognizer.config.modality
    if able == "av":
        return mode
    if mode not in ("auto", able):
        raise ConfigError(
            f"the model {recognizer.name} reads {able}, not {mode}",
            todo="Choose another --model or leave out --mode.",
        )
    return "audio" if able == "audio" else "video"


def attend(
    mode: Mode,
    rois: NDArray[np.uint8] | None,
    audio: NDArray[np.float32] | None,
    visible: float = 1.0,
) -> Attended:
    """Leave out of a clip what the mode says.

    "auto" reads lips alone where the sound is silent or its estimated signal-to-noise ratio is
    below LEAST_SNR_DB, the voice alone where the lips are hidden, and otherwise both.

    Args:
        mode: what to read.
        rois: mouth ROIs (T, 96, 96), or None if the clip has none.
        audio: waveform (640 T,), or None if it has none.
        visible: share of the frames in which the lips are seen.
    """
    if mode == "auto" and rois is not None and audio is not None:
        mode = _choice(audio, visible)
    if mode == "video":
        return Attended(rois, None, visible)
    if mode == "audio" or rois is None:
        return Attended(None, audio, 1.0)
    return Attended(rois, audio, visible)


def _choice(audio: NDArray[np.float32], visible: float) -> Mode:
    if is_silent(audio):
        return "video"
    if visible < LEAST_VISIBLE:
        return "audio"
    return "video" if snr_db(audio) < LEAST_SNR_DB else "av"
