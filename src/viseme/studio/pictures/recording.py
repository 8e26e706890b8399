"""What a recording does to pictures: things in the way, exposure, blur and the sensor's noise."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.performance import FPS
from viseme.studio.pictures.colour import to_linear, to_srgb
from viseme.studio.pictures.occluders import draw_occluder
from viseme.studio.scene import Scene

Array = NDArray[np.floating]


def blur(picture: Array, sigma_px: float) -> Array:
    """Gaussian blur of (H, W, C); the borders are continued."""
    radius = int(np.ceil(3 * sigma_px))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma_px) ** 2)
    weights = (weights / weights.sum()).astype(picture.dtype)
    for axis in (0, 1):
        size = picture.shape[axis]
        pad = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(picture, pad, mode="edge")
        picture = np.zeros_like(picture)
        for start, weight in enumerate(weights):
            window = slice(start, start + size)
            picture += weight * (padded[window] if axis == 0 else padded[:, window])
    return picture


def add_noise(frame: NDArray[np.uint8], scene: Scene, number: int) -> NDArray[np.uint8]:
    """Noise of frame `number`, of deviation `scene.noise` at white and half of it at black.

    It is added to the encoded picture: gamma has already evened out the photons' noise there.
    """
    rng = np.random.default_rng([scene.seed, 2, number])
    signal = frame.astype(np.float32) / 255
    noise = rng.standard_normal(frame.shape, np.float32)
    signal += np.float32(scene.noise) * (0.5 + 0.5 * signal) * noise
    return (np.clip(signal, 0, 1) * 255 + 0.5).astype(np.uint8)


def _through_lens(frame: NDArray[np.uint8], scene: Scene, time_s: float) -> NDArray[np.uint8]:
    """One frame after all that happens to light before the sensor."""
    present = [o for o in scene.occluders if o.start_s <= time_s < o.end_s]
    if not present and scene.exposure == 1 and scene.blur_px <= 0:
        return frame
    light = to_linear(frame)
    for occluder in present:
        draw_occluder(light, occluder, scene, time_s)
    light *= np.float32(scene.exposure)
    if scene.blur_px > 0:
        light = blur(light, scene.blur_px)
    return to_srgb(light)


def record(frames: NDArray[np.uint8], scene: Scene, fps: float = FPS) -> NDArray[np.uint8]:
    """Frames (T, H, W, 3), sRGB, as the scene's camera records them.

    Occluders, exposure and blur act on linear light, noise on the encoded picture. A scene
    without faults leaves every byte as it is.
    """
    recorded = np.empty_like(frames)
    for number, frame in enumerate(frames):
        seen = _through_lens(frame, scene, number / fps)
        recorded[number] = add_noise(seen, scene, number) if scene.noise > 0 else seen
    return recorded
