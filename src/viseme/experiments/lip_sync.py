"""Whether lips and sound belong together: by correlation, and by the sounds that close the lips."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viseme.studio.motion.coarticulation import frame_times
from viseme.studio.motion.visemes import visemes
from viseme.studio.performance import FPS
from viseme.studio.utterance import SAMPLE_RATE_HZ, Phone

Array = NDArray[np.floating]

MAX_LAG_FRAMES = 8
CLOSED = 0.03
"""Lips nearer than this many eye distances count as closed: a pixel in pictures of 128 px."""

_FRAME_SAMPLES = SAMPLE_RATE_HZ // FPS


def loudness(sound: Array, num_frames: int) -> Array:
    """Root mean square (T,) of a sound (S,) at 16 kHz while each frame is shown."""
    heard = np.zeros(num_frames * _FRAME_SAMPLES)
    heard[: len(sound)] = sound[: len(heard)]
    return np.sqrt((heard.reshape(num_frames, _FRAME_SAMPLES) ** 2).mean(1))


def lag_frames(lips: Array, sound: Array, reach: int = MAX_LAG_FRAMES) -> int:
    """By how many frames the sound is behind the lips.

    Args:
        lips: opening of the mouth (T,).
        sound: loudness (T,).
        reach: the largest lag that is tried, in both directions; T must be larger by 2 at least.

    Returns:
        The lag with the highest correlation; the overlap of both is correlated.
    """
    end = len(lips)
    found = {
        lag: _correlation(
            lips[max(0, -lag) : end - max(0, lag)], sound[max(0, lag) : end - max(0, -lag)]
        )
        for lag in range(-reach, reach + 1)
    }
    return max(found, key=lambda lag: found[lag])


def closures(gap: Array, phones: Sequence[Phone], classes: Sequence[str]) -> list[bool]:
    """Whether the lips close in each phone of some classes.

    Args:
        gap: between the inner lips (T,) in eye distances.
        phones: with their times.
        classes: of `motion.visemes`; a phone counts by the first that it runs through.

    Returns:
        One value per phone of these classes: whether a frame whose middle is within the phone
        shows closed lips; of a phone that falls between two middles, the frame that is nearest.
    """
    times = frame_times(len(gap))
    closed = []
    for phone in phones:
        if visemes(phone.symbol)[0] not in classes:
            continue
        within = (times >= phone.start_s) & (times <= phone.end_s)
        if not within.any():
            within[np.abs(times - (phone.start_s + phone.end_s) / 2).argmin()] = True
        closed.append(bool(gap[within].min() < CLOSED))
    return closed


def _correlation(a: Array, b: Array) -> float:
    """Pearson's; 0 where one of both is constant."""
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt(max((a * a).sum() * (b * b).sum(), 1e-24)))
