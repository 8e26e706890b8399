"""Light on the drawn head: one main light, and some from everywhere."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.drawn.paint import Picture, paint
from viseme.studio.heads.drawn.surface import Hit
from viseme.studio.scene import Scene


def direction(scene: Scene) -> NDArray[np.float64]:
    """Unit vector (3,) to the light, in the room."""
    up, side = scene.light_pitch, scene.light_yaw
    return np.array([np.cos(up) * np.sin(side), np.sin(up), np.cos(up) * np.cos(side)])


def shade(
    hit: Hit, look: NDArray[np.float32], to_light: NDArray[np.float32], scene: Scene
) -> Picture:
    """Light (3, H, W) on the skin of the head."""
    normal_u = hit.normal[0] - look[0] * hit.normal[2]
    normal_v = hit.normal[1] - look[1] * hit.normal[2]
    length = np.sqrt(normal_u**2 + normal_v**2 + hit.normal[2] ** 2)
    facing = normal_u * to_light[0] + normal_v * to_light[1] + hit.normal[2] * to_light[2]
    return light_on(facing / length, scene)


def light_on(facing: NDArray[np.floating], scene: Scene) -> Picture:
    """Light (3, H, W) or (3, 1, 1) where the cosine to the main light is `facing`."""
    main = np.float32(1 - scene.ambient) * paint(*scene.light)
    return np.float32(scene.ambient) + np.maximum(facing.astype(np.float32), 0) * main
