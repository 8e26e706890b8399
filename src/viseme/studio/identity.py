"""Who is seen: everything about a rendered person that does not change while they speak."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""Red, green and blue reflectance, 0 to 1, linear."""


@dataclass(frozen=True)
class Articulation:
    """How a person moves their mouth; all 1 is the average speaker.

    Attributes:
        jaw: size of the jaw's movements.
        lips: size of the lips' movements (rounding, spreading, protrusion).
        anticipation: how early the lips move towards the next sound.
        asymmetry: -1 to 1, how much more the person's left side of the mouth moves; 0 is even.
    """

    jaw: float = 1.0
    lips: float = 1.0
    anticipation: float = 1.0
    asymmetry: float = 0.0


@dataclass(frozen=True)
class Identity:
    """One person who does not exist.

    Attributes:
        id: name, such as "p0042".
        sex: "female" or "male"; only voices and the head's proportions follow it.
        shape: weights (A,) of the head's shape axes, about -1 to 1; every head reads as many as it
            has axes.
        skin, lips, hair, iris: colours.
        hair_style: number of the hair style; every head takes it modulo the styles that it has.
        skin_roughness: strength of the skin's texture, 0 to 1.
        articulation: how the mouth moves.
    """

    id: str
    sex: str
    shape: NDArray[np.float32]
    skin: Colour
    lips: Colour
    hair: Colour
    iris: Colour
    hair_style: int
    skin_roughness: float
    articulation: Articulation = Articulation()
