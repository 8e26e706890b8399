"""Turning a head, the same for every head."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def rotation_matrix(angles: Array) -> Array:
    """Matrices (..., 3, 3) of (pitch, yaw, roll) (..., 3) radians as `Performance` defines them."""
    pitch, yaw, roll = np.moveaxis(np.asarray(angles, np.float64), -1, 0)
    zero, one = np.zeros_like(pitch), np.ones_like(pitch)

    def matrix(*entries: Array) -> Array:
        return np.stack(entries, axis=-1).reshape(*pitch.shape, 3, 3)

    sin_p, cos_p = np.sin(pitch), np.cos(pitch)
    sin_y, cos_y = np.sin(yaw), np.cos(yaw)
    sin_r, cos_r = np.sin(roll), np.cos(roll)
    about_x = matrix(one, zero, zero, zero, cos_p, -sin_p, zero, sin_p, cos_p)
    about_y = matrix(cos_y, zero, sin_y, zero, one, zero, -sin_y, zero, cos_y)
    about_z = matrix(cos_r, -sin_r, zero, sin_r, cos_r, zero, zero, zero, one)
    return about_y @ about_x @ about_z
