"""What a face does, frame by frame: weights of its units and the pose of its head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FPS = 25

# The 52 face units under the names that ARKit gave them (left and right are the person's own), and
# the raised tongue tip of l, n, d and t, which ARKit lacks.
UNITS = (
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight"),
    *("eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight"),
    *("eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight"),
    *("eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight"),
    *("eyeWideLeft", "eyeWideRight"),
    *("jawForward", "jawLeft", "jawOpen", "jawRight"),
    *("mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight"),
    *("tongueOut", "tongueUp"),
)
UNIT_INDEX = {name: index for index, name in enumerate(UNITS)}


@dataclass(frozen=True)
class Performance:
    """The motion of one clip at 25 frames per second.

    Head coordinates are x to the person's left (the image's right), y up, z out of the face, with
    the origin between the ears; all zero is a head that faces the centre camera.

    Attributes:
        units: weights (T, U) of UNITS, 0 to 1.
        rotation: pitch (chin down is positive), yaw (towards the person's left is positive) and
            roll (towards the person's right shoulder is positive) of the head (T, 3), radians,
            applied in the order roll, pitch, yaw.
        translation: of the head (T, 3), cm.
    """

    units: NDArray[np.float32]
    rotation: NDArray[np.float32]
    translation: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.units)
