"""The pose of the head: it turns about the point between the ears, and the neck goes along."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.rotation import rotation_matrix

Array = NDArray[np.floating]


def posed(points: Array, share: Array, angles: Array, translation: Array) -> Array:
    """Points (V, 3) of the head at rest to the room.

    Args:
        points: cm, the origin between the ears.
        share: how much each point (V,) goes along: 1 the head, 0 the shoulders. In between the
            angles are scaled, so that the neck twists and bends evenly.
        angles: pitch, yaw, roll (3,), radians.
        translation: (3,), cm.
    """
    moved = points @ rotation_matrix(angles).T + translation
    neck = np.flatnonzero(share < 1)
    part = share[neck, None]
    turned = rotation_matrix(part * angles) @ points[neck, :, None]
    moved[neck] = turned[..., 0] + part * translation
    return moved.astype(np.float32)
