"""Sound levels: whether anything is to be heard, and where a long clip is best cut."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viseme.labelling.labeller import SAMPLE_RATE_HZ

Samples = NDArray[np.float32]

_HOP_S = 0.02
_PAUSE_HOPS = 15
"""A cut looks for the quietest 0.3 s, which no closure within a word lasts."""
SILENCE_DB = -60.0
"""Sound that never gets louder than this is silence; the noise of a quiet room is louder."""
SHORTEST_SHARE = 0.5
"""Of the greatest length; a piece is not cut shorter for the sake of a deeper pause."""


def level_db(audio: Samples) -> NDArray[np.float64]:
    """Loudness of each 20 ms of samples (S,) at 16 kHz, decibels of full scale, -120 at least."""
    hop = round(_HOP_S * SAMPLE_RATE_HZ)
    starts = np.arange(0, len(audio), hop)
    if not len(starts):
        return np.zeros(0)
    energy = np.add.reduceat(audio.astype(np.float64) ** 2, starts)
    counts = np.diff(np.append(starts, len(audio)))
    return 10 * np.log10(np.maximum(energy / counts, 1e-12))


def is_silent(audio: Samples) -> bool:
    """Whether nothing is to be heard in samples (S,) at 16 kHz; true of no samples at all."""
    levels = level_db(audio)
    return not len(levels) or bool(levels.max() < SILENCE_DB)


def pieces(
    duration_s: float, max_s: float, audio: Samples | None = None
) -> list[tuple[float, float]]:
    """Start and end (s) of pieces that cover a clip, none longer than `max_s`.

    A clip that is too long is cut in the middle of the quietest 0.3 s in the second half of what
    would fit. Without sound the pieces are equally long.

    Raises:
        ValueError: `max_s` is not positive.
    """
    if max_s <= 0:
        raise ValueError(f"max_s {max_s} must be positive")
    if audio is None:
        count = max(1, int(np.ceil(duration_s / max_s - 1e-9)))
        bounds = [float(bound) for bound in np.linspace(0, duration_s, count + 1)]
        return list(pairwise(bounds))
    power = 10 ** (level_db(audio) / 10)
    cuts = [0.0]
    while duration_s - cuts[-1] > max_s:
        cuts.append(_quietest_s(power, cuts[-1] + SHORTEST_SHARE * max_s, cuts[-1] + max_s))
    cuts.append(duration_s)
    return list(pairwise(cuts))


def _quietest_s(power: NDArray[np.float64], first_s: float, last_s: float) -> float:
    """The middle of the quietest pause between two times; the later one where the sound ends."""
    first, last = int(np.ceil(first_s / _HOP_S)), int(last_s / _HOP_S)
    within = power[first:last]
    if len(within) < _PAUSE_HOPS:
        return last_s
    around = np.convolve(within, np.ones(_PAUSE_HOPS), mode="valid")
    return (first + int(around.argmin()) + _PAUSE_HOPS / 2) * _HOP_S
