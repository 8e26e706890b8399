"""How far the mouth is open, told from the weights of the face units alone."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.performance import UNIT_INDEX, Performance

_PARTS = {
    **{"jawOpen": 1.0, "mouthClose": -1.0, "mouthFunnel": 0.1, "mouthRollLower": -0.35},
    **{"mouthLowerDownLeft": 0.12, "mouthLowerDownRight": 0.12},
    **{"mouthUpperUpLeft": 0.08, "mouthUpperUpRight": 0.08},
    **{"mouthPressLeft": -0.05, "mouthPressRight": -0.05},
}


def mouth_opening(performance: Performance) -> NDArray[np.float64]:
    """Opening between the lips (T,): 0 is closed, 1 about as wide as the jaw goes.

    A linear measure, not a head's geometry: jaw less what the lips make up for, and what the lips
    part or seal beyond it. A lower lip rolled in seals against the upper teeth, as for f, however
    far the upper lip is raised.
    """
    parts = sum(share * performance.units[:, UNIT_INDEX[u]] for u, share in _PARTS.items())
    return np.maximum(np.asarray(parts, np.float64), 0)
