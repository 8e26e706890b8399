"""What head and brows do with the voice: nods and raised brows on stressed syllables.

Head and brow movements go with prosodic prominence (Krahmer and Swerts 2007, "The effects of visual
beats on prosodic prominence"; Munhall et al. 2004 for the head).
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.studio.motion.curves import bump
from viseme.studio.motion.idle import Motion
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.utterance import Phone

NOD_SHARE, BROW_SHARE = 0.6, 0.3  # of the stressed syllables
NOD_WIDTH_S, BROW_WIDTH_S = 0.22, 0.3
NOD = 0.045  # radians
BROW = 0.35


def emphasis(
    phones: Sequence[Phone], times: NDArray[np.float64], liveliness: float, rng: Generator
) -> Motion:
    """Motion at `times` (T,) on a random part of the syllables with primary stress."""
    middles = np.array([(p.start_s + p.end_s) / 2 for p in phones if p.stress == 1])
    nods = NOD * rng.uniform(0.3, 1.0, len(middles)) * (rng.random(len(middles)) < NOD_SHARE)
    brows = BROW * rng.uniform(0.4, 1.0, len(middles)) * (rng.random(len(middles)) < BROW_SHARE)
    rotation = np.zeros((len(times), 3))
    rotation[:, 0] = liveliness * (bump(times, middles, NOD_WIDTH_S) @ nods)
    raised = liveliness * (bump(times, middles, BROW_WIDTH_S) @ brows)
    units = np.minimum(raised, 1)[:, None] * unit_weights({"browInnerUp": 0.7, "browOuterUp": 1.0})
    return Motion(units, rotation, np.zeros((len(times), 3)))
