"""Eyeballs: a sphere around each eye, finer around iris and pupil than the mesh's own eyes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.performance import UNIT_INDEX

Array = NDArray[np.floating]

_SECTORS = 28
_RINGS = np.radians([0, 5, 7.5, 9, 13, 17, 20.5, 22.5, 24.5, 32, 45, 60, 80, 100])
"""Angles of the rings of vertices from the gaze: close together where the colour changes."""

_PUPIL, _IRIS = np.radians(8.3), np.radians(23.5)
_INSET = 0.985
"""Radius of the drawn sphere in terms of the mesh's: keeps it inside the lids."""

_SWEEP = {"Up": 22, "Down": 28, "In": 32, "Out": 32}
"""Degrees of gaze at weight 1, of our choice: what people reach without turning their head."""


@dataclass(frozen=True)
class Eye:
    """One eyeball: its centre (3,) and radius, cm; side is "Left" or "Right", the person's own."""

    side: str
    centre: Array
    radius: float


def fit_eye(side: str, vertices: Array) -> Eye:
    """The sphere through the vertices (N, 3) of one eye of the mesh."""
    centre = (vertices.min(0) + vertices.max(0)) / 2
    radius = float(np.linalg.norm(vertices - centre, axis=1).mean())
    return Eye(side, centre, radius * _INSET)


def eye_sphere() -> tuple[Array, NDArray[np.int32]]:
    """Unit sphere that gazes along z: points (N, 3), pole first, and triangles (F, 3)."""
    turn = np.arange(_SECTORS) * 2 * np.pi / _SECTORS
    rings = [
        np.stack([s * np.cos(turn), s * np.sin(turn), np.full(_SECTORS, c)], axis=1)
        for s, c in zip(np.sin(_RINGS[1:]), np.cos(_RINGS[1:]), strict=True)
    ]
    here = np.arange(_SECTORS)
    there = (here + 1) % _SECTORS
    triangles = [np.stack([np.zeros_like(here), here + 1, there + 1], axis=1)]
    for ring in range(len(rings) - 1):
        inner, outer = 1 + ring * _SECTORS, 1 + (ring + 1) * _SECTORS
        triangles.append(np.stack([inner + here, outer + here, outer + there], axis=1))
        triangles.append(np.stack([inner + here, outer + there, inner + there], axis=1))
    points = np.concatenate([[[0, 0, 1]], *rings])
    return points.astype(np.float32), np.concatenate(triangles).astype(np.int32)


def eye_albedo(iris: tuple[float, float, float], rng: np.random.Generator) -> Array:
    """Colours (N, 3) of the vertices of `eye_sphere`."""
    angle = np.concatenate([[0.0], np.repeat(_RINGS[1:], _SECTORS)])
    white = np.array([0.66, 0.62, 0.58])
    red = np.array([0.5, 0.3, 0.26])
    fibres = rng.uniform(0.75, 1.2, len(angle))
    inside = np.clip((angle - _PUPIL) / (_IRIS - _PUPIL), 0, 1)
    limbus = np.interp(inside, [0, 0.25, 0.7, 1], [0.65, 1.15, 1.0, 0.4])
    colour = np.asarray(iris) * (fibres * limbus)[:, None]
    far = np.clip((angle - np.radians(35)) / np.radians(45), 0, 1)[:, None]
    colour = np.where(angle[:, None] > _IRIS, white + far * (red - white), colour)
    return np.where(angle[:, None] < _PUPIL, 0.008, colour).astype(np.float32)


def gaze(eye: Eye, weights: Array) -> Array:
    """Rotations (T, 3, 3) of an eye for unit weights (T, U)."""

    def turned(direction: str) -> Array:
        unit = UNIT_INDEX[f"eyeLook{direction}{eye.side}"]
        return np.radians(_SWEEP[direction]) * weights[:, unit]

    outwards = 1 if eye.side == "Left" else -1  # +x is the person's left
    yaw = outwards * (turned("Out") - turned("In"))
    pitch = turned("Down") - turned("Up")
    sin_y, cos_y, sin_p, cos_p = np.sin(yaw), np.cos(yaw), np.sin(pitch), np.cos(pitch)
    zero = np.zeros_like(yaw)
    rows = [
        np.stack([cos_y, sin_y * sin_p, sin_y * cos_p], axis=-1),
        np.stack([zero, cos_p, -sin_p], axis=-1),
        np.stack([-sin_y, cos_y * sin_p, cos_y * cos_p], axis=-1),
    ]
    return np.stack(rows, axis=-2).astype(np.float32)
