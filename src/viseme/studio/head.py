"""What every head can do, be it drawn by formulas or a mesh."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.identity import Identity
from viseme.studio.performance import Performance
from viseme.studio.scene import Scene

# Points that every head knows the place of, and the landmark of the 478-point face mesh that lies
# on each. Left and right are the image's, as in the mesh.
LANDMARKS = {
    "eye_left_outer": 33,
    "eye_left_inner": 133,
    "eye_right_inner": 362,
    "eye_right_outer": 263,
    "nose_tip": 1,
    "chin": 152,
    "mouth_left": 61,
    "mouth_right": 291,
    "lip_upper_outer": 0,
    "lip_upper_inner": 13,
    "lip_lower_inner": 14,
    "lip_lower_outer": 17,
}


class Head(Protocol):
    """Turns a person and their motion into pictures and the places of landmarks."""

    name: str
    num_axes: int

    def landmarks(
        self, identity: Identity, performance: Performance, camera: Camera
    ) -> NDArray[np.float32]:
        """Places (T, P, 2) px of LANDMARKS, also where they are hidden."""

    def draw(
        self, identity: Identity, performance: Performance, camera: Camera, scene: Scene
    ) -> NDArray[np.uint8]:
        """Pictures (T, size, size, 3) RGB: head and background, before the recording's faults."""
