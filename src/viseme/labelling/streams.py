"""A clip's sound and lips as labellers take them, and what makes a clip unfit for that."""

from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from viseme.audio.level import is_silent
from viseme.data.manifest import Clip
from viseme.data.outcomes import UnfitError
from viseme.data.roi_storage import read_rois
from viseme.errors import MediaError, NoAudioError
from viseme.labelling.labeller import SAMPLE_RATE_HZ
from viseme.media import TrackChoice, read_audio


def read_sound(clip: Clip, audio_track: TrackChoice | None = None) -> NDArray[np.float32]:
    """Samples (S,) at 16 kHz of a clip, out of its sound file or else its video.

    Args:
        clip: the row, paths absolute.
        audio_track: which of several sound tracks, as for `read_audio`.

    Raises:
        UnfitError: it has none, or not that one, cannot be read, or is silent.
    """
    path = clip.audio or clip.video
    if path is None:
        raise UnfitError("no_sound", "its row names neither sound nor video.")
    try:
        audio = read_audio(
            path,
            sample_rate_hz=SAMPLE_RATE_HZ,
            start_s=clip.start_s,
            end_s=clip.end_s,
            audio_track=audio_track,
        )
    except NoAudioError as error:
        raise UnfitError("no_sound", f"{error.what}.") from error
    except MediaError as error:
        _unreadable(error)
    if is_silent(audio):
        raise UnfitError("silent", "nothing is to be heard.")
    return audio


def read_lips(clip: Clip) -> NDArray[np.uint8]:
    """Mouth ROIs (T, 96, 96) of a prepared clip.

    Raises:
        UnfitError: it has none, cannot be read, or is not prepared.
    """
    if clip.video is None:
        raise UnfitError("no_video", "its row names no video.")
    if clip.start_s or clip.end_s is not None:
        raise UnfitError("not_prepared", "is a part of a file; run `viseme prepare` first.")
    try:
        return read_rois(clip.video)
    except MediaError as error:
        _unreadable(error)


def _unreadable(error: MediaError) -> NoReturn:
    raise UnfitError("unreadable", error.reason) from error
