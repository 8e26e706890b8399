"""One loudness for all voices."""

import numpy as np
from numpy.typing import NDArray

_SPEECH_RMS = 0.08
_PEAK = 0.95
# Samples below this share of the loudest do not count as speech.
_ACTIVE = 0.02


def at_speech_level(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound (S,) at an RMS of 0.08 (-22 dB) where it is heard, or lower so as not to clip."""
    peak = float(np.abs(sound).max(initial=0.0))
    if peak == 0:
        return sound.astype(np.float32)
    active = sound[np.abs(sound) > _ACTIVE * peak].astype(np.float64)
    gain = min(_SPEECH_RMS / float(np.sqrt(np.mean(active**2))), _PEAK / peak)
    return (sound * gain).astype(np.float32)
