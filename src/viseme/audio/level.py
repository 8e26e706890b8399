"""How loud a recording is, and how far speech stands out of its noise, from the waveform alone."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SILENCE_DB = -60.0
"""Sound that never gets louder than this is silence; the noise of a quiet room is louder."""
STEP_SAMPLES = 320
"""Levels are those of 20 ms at 16 kHz."""

_SMOOTH_STEPS = 9  # 180 ms: shorter than most pauses, longer than the gaps inside a word
_QUIET_SHARE = 0.15
_MOST_DB = 40.0


def level_db(samples: Samples) -> NDArray[np.float64]:
    """Loudness of each 20 ms of a waveform (S,), decibels of full scale, -120 at least."""
    starts = np.arange(0, len(samples), STEP_SAMPLES)
    if not len(starts):
        return np.zeros(0)
    energy = np.add.reduceat(samples.astype(np.float64) ** 2, starts)
    counts = np.diff(np.append(starts, len(samples)))
    return 10 * np.log10(np.maximum(energy / counts, 1e-12))


def is_silent(samples: Samples) -> bool:
    """Whether nothing is heard in a waveform (S,) in [-1, 1]: even its loudest moment is silent."""
    levels = level_db(samples)
    return not len(levels) or bool(levels.max() < SILENCE_DB)


def snr_db(samples: Samples) -> float:
    """Estimated ratio of speech to noise in a waveform (S,) at 16 kHz, dB within -40 to 40.

    The noise is taken to be what is left in the quietest sixth of the recording, where nobody
    speaks, and to go on as loud everywhere; the speech is the rest of the mean power, pauses
    included (minimum statistics, after Martin 1994, over a whole clip). Speech without a pause
    looks noisier than it is, and noise that comes and goes looks like speech.
    """
    energy = _energies(samples)
    if not len(energy) or energy.max() == 0:
        return -_MOST_DB
    quietest = np.sort(energy)[: max(1, round(len(energy) * _QUIET_SHARE))]
    floor = float(quietest.mean())
    speech = float(energy.mean()) - floor
    least = 10 ** (-_MOST_DB / 10)
    return float(10 * np.log10(np.clip(speech / max(floor, 1e-20), least, 1 / least)))


def _energies(samples: Samples) -> NDArray[np.float64]:
    """Mean power around every 20 ms, over 180 ms; what is shorter counts as a whole."""
    steps = len(samples) // STEP_SAMPLES
    if steps < _SMOOTH_STEPS:
        return np.array([np.mean(np.square(samples, dtype=np.float64))] if len(samples) else [])
    cut = samples[: steps * STEP_SAMPLES].astype(np.float64).reshape(steps, STEP_SAMPLES)
    return np.convolve(np.square(cut).mean(1), np.full(_SMOOTH_STEPS, 1 / _SMOOTH_STEPS), "valid")
