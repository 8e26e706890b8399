"""Where a long clip is best cut: in its pauses."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viseme.audio.level import STEP_SAMPLES, level_db
from viseme.labelling.labeller import SAMPLE_RATE_HZ

Samples = NDArray[np.float32]

_STEP_S = STEP_SAMPLES / SAMPLE_RATE_HZ
_PAUSE_STEPS = 15
"""A cut looks for the quietest 0.3 s, which no closure within a word lasts."""
SHORTEST_SHARE = 0.5
"""Of the greatest length; a piece is not cut shorter for the sake of a deeper pause."""


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
    first, last = int(np.ceil(first_s / _STEP_S)), int(last_s / _STEP_S)
    within = power[first:last]
    if len(within) < _PAUSE_STEPS:
        return last_s
    around = np.convolve(within, np.ones(_PAUSE_STEPS), mode="valid")
    return (first + int(around.argmin()) + _PAUSE_STEPS / 2) * _STEP_S
