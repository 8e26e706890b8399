"""The wall behind the head: a colour that changes slowly, the same in all frames of a clip."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.scene import Scene

# Waves per picture of the finest part of the pattern: nothing as small as a face's features.
MAX_WAVES = 3
NUM_WAVES = 8


def wall(camera: Camera, scene: Scene) -> NDArray[np.float32]:
    """Linear light (size, size, 3) of the wall behind a head.

    It is lighter towards the main light and at the top, and carries a pattern of a few slow waves
    in the three colours that `scene.seed` draws.
    """
    rng = np.random.default_rng([scene.seed, 1])
    side = (np.arange(camera.size_px) + 0.5) / camera.size_px
    y, x = np.meshgrid(side, side, indexing="ij")
    gradient = 1 - 0.3 * y + 0.25 * np.sin(scene.light_yaw) * (x - 0.5)
    pattern = np.zeros((*x.shape, 3))
    for _ in range(NUM_WAVES):
        waves_x, waves_y = rng.uniform(-MAX_WAVES, MAX_WAVES, 2)
        phase = rng.uniform(0, 2 * np.pi)
        tint = rng.uniform(0.4, 1.0) * np.array([1, 1, 1]) + rng.uniform(-0.3, 0.3, 3)
        wave = np.sin(2 * np.pi * (waves_x * x + waves_y * y) + phase)
        pattern += wave[..., None] * tint / np.sqrt(NUM_WAVES / 2)
    colour = np.asarray(scene.background) * np.asarray(scene.light)
    detail = np.maximum(1 + 0.45 * scene.background_detail * pattern, 0.05)
    return (colour * gradient[..., None] * detail).astype(np.float32)
