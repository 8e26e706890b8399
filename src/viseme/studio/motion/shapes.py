"""The face of each viseme: weights of the face units, and how strongly each sound insists on them.

Which articulator matters to which sound follows Cohen and Massaro (1993, "Modeling coarticulation
in synthetic visual speech"): p insists on closed lips and leaves their rounding to the neighbours,
s insists on a high jaw, k on next to nothing. The weights are our own, set by eye on the heads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.performance import UNIT_INDEX, UNITS

ARTICULATORS = ("jaw", "width", "height", "tongue")
"""What moves on its own: the jaw, the lips' corners, the lips up and down, the tongue's tip."""

_UNITS_OF = {
    "jaw": ("jawOpen", "jawForward"),
    "width": ("mouthFunnel", "mouthPucker", "mouthStretch", "mouthSmile"),
    "height": (
        *("mouthClose", "mouthPress", "mouthRollLower", "mouthRollUpper"),
        *("mouthLowerDown", "mouthUpperUp", "mouthShrugUpper"),
    ),
    "tongue": ("tongueOut", "tongueUp"),
}


@dataclass(frozen=True)
class Shape:
    """The target of one viseme.

    Attributes:
        weights: of units at an average speaker's size; the units that are left out aim at 0. A name
            without a side stands for both.
        dominance: over each of ARTICULATORS: how far this sound decides against others; an open
            vowel has 1 over the jaw, what cannot be heard right with another shape has more.
        held: articulators whose target is really reached, as the lips' closure of p.
    """

    weights: Mapping[str, float]
    dominance: tuple[float, float, float, float]
    held: tuple[str, ...] = ()


_LIPS = ("jaw", "height")

SHAPES = {
    "rest": Shape({}, (0.5, 0.3, 0.5, 0.5)),
    "bilabial": Shape(
        {"jawOpen": 0.1, "mouthClose": 0.1, "mouthPress": 0.35, "mouthRollLower": 0.1},
        (1.0, 0.08, 2.0, 0.3),
        held=_LIPS,
    ),
    "labiodental": Shape(
        {
            **{"jawOpen": 0.06, "mouthClose": 0.04, "mouthRollLower": 0.5},
            **{"mouthUpperUp": 0.5, "mouthShrugUpper": 0.2},
        },
        (1.0, 0.15, 2.0, 0.3),
        held=_LIPS,
    ),
    "lip_narrow": Shape(
        {"jawOpen": 0.12, "mouthClose": 0.06, "mouthPucker": 0.15}, (1.0, 0.15, 2.0, 0.3)
    ),
    "lip_glide": Shape(
        {"jawOpen": 0.12, "mouthClose": 0.05, "mouthPucker": 0.8, "mouthFunnel": 0.2},
        (1.5, 3.5, 2.0, 0.3),
    ),
    "dental": Shape(
        {
            **{"jawOpen": 0.18, "tongueOut": 0.32, "tongueUp": 0.35},
            **{"mouthLowerDown": 0.2, "mouthUpperUp": 0.12},
        },
        (2.5, 0.15, 1.5, 3.0),
    ),
    "alveolar": Shape(
        {"jawOpen": 0.16, "tongueUp": 0.8, "mouthLowerDown": 0.12}, (1.0, 0.08, 0.4, 3.0)
    ),
    "sibilant": Shape(
        {
            **{"jawOpen": 0.06, "mouthStretch": 0.2, "mouthSmile": 0.05},
            **{"mouthLowerDown": 0.3, "mouthUpperUp": 0.15, "tongueUp": 0.3},
        },
        (4.0, 0.3, 2.0, 2.0),
    ),
    "postalveolar": Shape(
        {
            **{"jawOpen": 0.08, "jawForward": 0.1, "mouthFunnel": 0.55, "mouthPucker": 0.2},
            **{"mouthLowerDown": 0.2, "mouthUpperUp": 0.15},
        },
        (4.0, 2.5, 2.0, 0.5),
    ),
    "rhotic": Shape(
        {"jawOpen": 0.14, "mouthFunnel": 0.3, "mouthPucker": 0.3, "tongueUp": 0.3},
        (0.8, 0.8, 0.5, 1.0),
    ),
    "palatal": Shape(
        {"jawOpen": 0.12, "mouthStretch": 0.2, "mouthLowerDown": 0.1}, (0.8, 0.25, 0.3, 0.5)
    ),
    "back": Shape({"jawOpen": 0.16}, (0.25, 0.03, 0.06, 0.3)),
    "close_front": Shape(
        {
            **{"jawOpen": 0.15, "mouthStretch": 0.5, "mouthSmile": 0.2},
            **{"mouthLowerDown": 0.3, "mouthUpperUp": 0.18},
        },
        (0.8, 0.8, 0.6, 0.3),
    ),
    "near_close": Shape(
        {"jawOpen": 0.2, "mouthStretch": 0.22, "mouthLowerDown": 0.15}, (0.7, 0.5, 0.5, 0.3)
    ),
    "mid_front": Shape(
        {
            **{"jawOpen": 0.32, "mouthStretch": 0.28, "mouthSmile": 0.08},
            **{"mouthLowerDown": 0.2, "mouthUpperUp": 0.12},
        },
        (0.9, 0.7, 0.6, 0.3),
    ),
    "central": Shape({"jawOpen": 0.24, "mouthLowerDown": 0.08}, (0.45, 0.25, 0.3, 0.3)),
    "open": Shape(
        {"jawOpen": 0.6, "mouthLowerDown": 0.18, "mouthUpperUp": 0.12, "mouthStretch": 0.08},
        (1.0, 0.6, 0.6, 0.4),
    ),
    "near_open": Shape({"jawOpen": 0.42, "mouthLowerDown": 0.12}, (0.8, 0.5, 0.5, 0.3)),
    "open_round": Shape(
        {"jawOpen": 0.46, "mouthFunnel": 0.38, "mouthPucker": 0.15}, (0.9, 0.8, 0.6, 0.4)
    ),
    "mid_round": Shape(
        {"jawOpen": 0.3, "mouthFunnel": 0.4, "mouthPucker": 0.4}, (0.9, 0.9, 0.6, 0.4)
    ),
    "close_round": Shape(
        {"jawOpen": 0.14, "mouthFunnel": 0.15, "mouthPucker": 0.8}, (0.8, 1.0, 0.6, 0.3)
    ),
    "front_close_round": Shape(
        {"jawOpen": 0.13, "mouthFunnel": 0.35, "mouthPucker": 0.6}, (0.8, 1.0, 0.6, 0.3)
    ),
    "front_mid_round": Shape(
        {"jawOpen": 0.27, "mouthFunnel": 0.45, "mouthPucker": 0.3}, (0.9, 0.9, 0.6, 0.3)
    ),
}
"""The shape of every viseme."""


def sides(unit: str) -> tuple[str, ...]:
    """The units that a name stands for: itself, or its left and its right."""
    return (unit,) if unit in UNIT_INDEX else (f"{unit}Left", f"{unit}Right")


def unit_weights(weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Weights by name, sides together or apart, as an array (U,)."""
    array = np.zeros(len(UNITS))
    for name, weight in weights.items():
        for unit in sides(name):
            array[UNIT_INDEX[unit]] = weight
    return array


def indices(articulator: str) -> list[int]:
    """The units of an articulator, as indices of UNITS."""
    return [UNIT_INDEX[unit] for name in _UNITS_OF[articulator] for unit in sides(name)]
