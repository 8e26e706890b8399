"""What of a person's skin never changes: its relief and its colour, as a map that is looked up."""

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.drawn.paint import Picture, Plane, bell, paint, step
from viseme.studio.heads.drawn.proportions import Proportions
from viseme.studio.identity import Identity

_PER_UNIT = 150
_HALF_WIDTH, _TOP, _BOTTOM = 1.0, -1.1, 1.2

_COLUMNS = int(2 * _HALF_WIDTH * _PER_UNIT)
_ROWS = int((_BOTTOM - _TOP) * _PER_UNIT)
_BLUSH = paint(1.0, 0.72, 0.72)


class Skin:
    """Maps of the face at rest, by u and v in face units."""

    def __init__(self, identity: Identity, face: Proportions) -> None:
        v, u = np.mgrid[0:_ROWS, 0:_COLUMNS].astype(np.float32)
        u, v = (u + 0.5) / _PER_UNIT - _HALF_WIDTH, (v + 0.5) / _PER_UNIT + _TOP
        relief = _relief(face, u, v)
        slope_v, slope_u = np.gradient(relief * _PER_UNIT)
        colour = _colour(identity, face, u, v)
        self._relief = relief.ravel()
        self._look = np.stack([slope_u, slope_v, *colour], dtype=np.float32).reshape(5, -1)

    def relief(self, u: Plane, v: Plane) -> Plane:
        """Height of the relief over the ellipsoid."""
        return self._relief.take(_index(u, v))

    def look(self, u: Plane, v: Plane) -> NDArray[np.float32]:
        """Slopes of the relief along u and v, and the reflectance (2 + 3, H, W)."""
        return self._look.take(_index(u, v), axis=1)


def _index(u: Plane, v: Plane) -> NDArray[np.intp]:
    column = np.clip((u + _HALF_WIDTH) * _PER_UNIT, 0, _COLUMNS - 1).astype(np.intp)
    row = np.clip((v - _TOP) * _PER_UNIT, 0, _ROWS - 1).astype(np.intp)
    return row * _COLUMNS + column


def _relief(face: Proportions, u: Plane, v: Plane) -> Plane:
    """Height of nose, brows, eye sockets, cheeks, lips and chin."""
    side, nose, size = np.abs(u), face.nose_v, face.nose_size
    relief = 0.17 * size * bell(u, v - nose, 0.09 * size, 0.1)  # tip of the nose
    relief += 0.1 * size * bell(u, v - nose + 0.18, 0.06, 0.16)
    relief += 0.06 * size * bell(side - 0.1 * size, v - nose - 0.03, 0.05, 0.05)
    relief += 0.05 * bell(side - 0.27, v - face.brow_v - 0.02, 0.17, 0.06)
    relief -= 0.07 * bell(side - face.eye_u, v + 0.13, 0.15, 0.09)
    relief += 0.06 * bell(side - 0.36, v - 0.18, 0.16, 0.14)  # cheeks
    relief += 0.05 * bell(u, v - face.mouth_v, 0.2, 0.12)
    relief += 0.07 * bell(u, v - face.chin_v + 0.15, 0.16, 0.1)
    return relief - 0.02 * bell(u, v - nose - 0.16, 0.03, 0.07)  # the groove under the nose


def _colour(identity: Identity, face: Proportions, u: Plane, v: Plane) -> Picture:
    """Reflectance: blood in the cheeks and nose, shade in the hollows, fine texture."""
    side = np.abs(u)
    blush = 0.4 * bell(side - 0.38, v - 0.24, 0.14, 0.12) + 0.3 * bell(u, v - face.nose_v, 0.1, 0.1)
    hollow = 0.22 * bell(side - face.eye_u, v + 0.15, 0.14, 0.08)
    hollow += 0.20 * bell(u, v - face.nose_v - 0.11, 0.13, 0.04)
    hollow += 0.15 * bell(u, v - face.mouth_v - 0.14, 0.14, 0.04)
    nostrils = 0.05 * (1 - np.hypot((side - 0.07) / 0.04, (v - face.nose_v - 0.085) / 0.022))
    hollow = hollow * (1 - step(nostrils, 0, 0.02)) + 0.8 * step(nostrils, -0.01, 0.02)
    rough = 1 + 0.05 * identity.skin_roughness * _noise(identity.id, u.shape)
    tint = 1 + blush * (_BLUSH - 1)
    return paint(*identity.skin) * tint * ((1 - hollow) * rough)


def _noise(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Smooth noise of variance about 1, a person's own."""
    seed = int.from_bytes(sha256(name.encode()).digest()[:8], "little")
    noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
    for axis in (0, 1):
        for _ in range(4):
            noise += np.roll(noise, 1, axis) + np.roll(noise, -1, axis)
    return noise / np.std(noise, dtype=np.float32)
