"""Where the landmarks of the 478-point face mesh lie on the head mesh."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.head import LANDMARKS
from viseme.studio.heads.mesh.data import MeshData
from viseme.studio.heads.mesh.seam import Seam

Array = NDArray[np.floating]

# Places on the base mesh (cm, origin between the ears) whose nearest vertex of the skin is the
# landmark; the rest is known by name.
_PLACES = {
    "eye_left_outer": (-4.05, 1.65, 7.95),
    "eye_left_inner": (-1.58, 1.3, 8.3),
    "eye_right_inner": (1.58, 1.3, 8.3),
    "eye_right_outer": (4.05, 1.65, 7.95),
    "nose_tip": (0.0, -1.85, 10.9),
    "chin": (0.0, -8.6, 8.8),
    "mouth_left": (-2.45, -4.63, 8.6),
    "mouth_right": (2.42, -4.63, 8.6),
    "lip_upper_outer": (0.0, -3.8, 10.15),
    "lip_lower_outer": (0.0, -5.92, 9.8),
}


@dataclass(frozen=True)
class LandmarkVertices:
    """One vertex of the mesh per landmark, in the order of LANDMARKS (P,)."""

    vertices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vertices)

    def places(self, points: Array) -> Array:
        """The landmarks (P, 3) among the vertices (V, 3)."""
        return points[self.vertices]


def find_landmarks(data: MeshData, seam: Seam) -> LandmarkVertices:
    """The vertices of the landmarks on the base mesh."""
    skin = np.flatnonzero((data.part == 0) & (data.mask("inside-mouth") < 0.5))
    vertices = {
        "lip_upper_inner": seam.upper[len(seam.upper) // 2],
        "lip_lower_inner": seam.lower[len(seam.lower) // 2],
    }
    for name, place in _PLACES.items():
        distance = np.linalg.norm(data.base[skin] - np.array(place), axis=1)
        vertices[name] = skin[distance.argmin()]
    return LandmarkVertices(np.array([vertices[name] for name in LANDMARKS], np.int64))
