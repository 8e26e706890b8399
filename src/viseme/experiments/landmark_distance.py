"""Distances between named landmarks of the studio's ground truth."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.head import LANDMARKS

Array = NDArray[np.floating]

INDEX = {name: place for place, name in enumerate(LANDMARKS)}
"""Place of every landmark in arrays of ground truth."""


def distance_px(landmarks: Array, first: str, second: str) -> Array:
    """Distances (T,) px between two of `head.LANDMARKS` among places (T, P, 2) px."""
    across = landmarks[:, INDEX[first]] - landmarks[:, INDEX[second]]
    return np.linalg.norm(across.astype(np.float64), axis=-1)


def eye_distance_px(landmarks: Array) -> Array:
    """Distances (T,) px between the outer eye corners, the unit of what is measured on a face."""
    return distance_px(landmarks, "eye_left_outer", "eye_right_outer")


def lip_gap(landmarks: Array) -> Array:
    """Distances (T,) between the inner lips in eye distances."""
    gap_px = distance_px(landmarks, "lip_upper_inner", "lip_lower_inner")
    return gap_px / eye_distance_px(landmarks)
