"""Where pauses really begin and end: by the sound, not by the plan of the synthesiser."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viseme.studio.voices.timing import SpokenPhone, moved

_HOP_S = 0.005
# A hop is quiet whose RMS is below this share of the loudest hop's.
_QUIET = 0.03
_MIN_PHONE_S = 0.02
_MIN_PAUSE_S = 0.04
_MAX_EARLY_S = 0.15


def settled(
    phones: Sequence[SpokenPhone], sound: NDArray[np.float32], rate_hz: int
) -> list[SpokenPhone]:
    """The phones, with pauses and both ends moved to where the sound is quiet.

    A pause becomes the longest quiet time between the beginning of the phone before it and the end
    of the one after it; where there is none, the phone before takes its time.

    Args:
        phones: without gaps, none of the two ends a pause; times in seconds of `sound`.
        sound: samples (S,).
        rate_hz: of the sound.
    """
    heard = _heard_hops(sound, rate_hz)
    borders = [one.phone.start_s for one in phones] + [phones[-1].phone.end_s]
    for place, one in enumerate(phones):
        if one.word is None:
            earliest, latest = borders[place - 1] + _MIN_PHONE_S, borders[place + 2] - _MIN_PHONE_S
            start, end = _longest_quiet(heard, earliest, latest)
            if end - start < _MIN_PAUSE_S:
                start = end = borders[place + 1]
            borders[place], borders[place + 1] = start, end
    first, last = max(borders[0] - _MAX_EARLY_S, 0.0), borders[-1] + _MAX_EARLY_S
    borders[0] = _heard_within(heard, first, borders[1] - _MIN_PHONE_S)[0]
    borders[-1] = _heard_within(heard, borders[-2] + _MIN_PHONE_S, last)[1]
    return [
        moved(one, start, end)
        for one, start, end in zip(phones, borders[:-1], borders[1:], strict=True)
        if end > start
    ]


def _heard_hops(sound: NDArray[np.float32], rate_hz: int) -> NDArray[np.bool_]:
    hop = round(_HOP_S * rate_hz)
    whole = sound[: len(sound) // hop * hop].reshape(-1, hop).astype(np.float64)
    rms = np.sqrt(np.mean(whole**2, axis=1))
    return rms >= _QUIET * rms.max(initial=0.0)


def _longest_quiet(
    heard: NDArray[np.bool_], earliest_s: float, latest_s: float
) -> tuple[float, float]:
    first = int(np.ceil(earliest_s / _HOP_S))
    part = heard[first : max(int(latest_s / _HOP_S), first)]
    loud = np.concatenate([[-1], np.flatnonzero(part), [len(part)]])
    longest = int(np.argmax(np.diff(loud)))
    return (first + int(loud[longest]) + 1) * _HOP_S, (first + int(loud[longest + 1])) * _HOP_S


def _heard_within(
    heard: NDArray[np.bool_], earliest_s: float, latest_s: float
) -> tuple[float, float]:
    """Where the first sound of a stretch of time begins, and where its last one ends."""
    first = int(np.ceil(earliest_s / _HOP_S))
    loud = first + np.flatnonzero(heard[first : int(latest_s / _HOP_S)])
    if not len(loud):
        return latest_s, earliest_s
    return float(loud[0] * _HOP_S), float((loud[-1] + 1) * _HOP_S)
