"""Speech on a face that feels something: what yields to what.

Speech and feeling add up like probabilities, 1 - (1 - a)(1 - b), so that nothing exceeds 1. Where
they contradict each other speech wins, for it must stay readable: lips that it holds closed are not
parted, rounded lips are not spread, and the jaw is left to it.
"""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.motion.coarticulation import Speech
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.performance import UNIT_INDEX, UNITS

Array = NDArray[np.float64]

# What is left of a feeling's unit while speech goes on.
_SHARE = {
    **{"jawOpen": 0.15, "jawLeft": 0.3, "jawRight": 0.3, "tongueOut": 0.0, "cheekPuff": 0.2},
    **{"mouthPress": 0.3, "mouthFunnel": 0.3, "mouthPucker": 0.3, "mouthStretch": 0.5},
    **{"mouthLowerDown": 0.5, "mouthUpperUp": 0.6, "mouthRollLower": 0.2, "mouthRollUpper": 0.2},
    **{"mouthShrugLower": 0.5, "mouthSmile": 0.7, "mouthFrown": 0.7, "mouthDimple": 0.7},
}
_PARTING = unit_weights(
    {"jawOpen": 1, "mouthLowerDown": 1, "mouthUpperUp": 1, "mouthFunnel": 1, "tongueOut": 1}
)
_SPREADING = unit_weights({"mouthSmile": 0.6, "mouthStretch": 0.8, "mouthDimple": 0.6})
_ROUNDING = [UNIT_INDEX["mouthPucker"], UNIT_INDEX["mouthFunnel"]]


def either(a: Array, b: Array) -> Array:
    """Two sets of weights in [0, 1] at once, still in [0, 1]."""
    return 1 - (1 - a) * (1 - b)


def blend(speech: Speech, feeling: Array) -> Array:
    """Weights (T, U) of speech together with those of a feeling (T, U), all in [0, 1]."""
    said = np.clip(speech.units, 0, 1)
    share = np.where(_mentioned(), unit_weights(_SHARE), 1.0)
    left = 1 - speech.activity[:, None] * (1 - share)
    left = left * (1 - speech.closure[:, None] * _PARTING)
    left = left * (1 - said[:, _ROUNDING].max(1, keepdims=True) * _SPREADING)
    return either(said, np.clip(feeling, 0, 1) * left)


def _mentioned() -> NDArray[np.bool_]:
    """The units (U,) that _SHARE names."""
    return unit_weights(dict.fromkeys(_SHARE, 1.0)) > np.zeros(len(UNITS))
