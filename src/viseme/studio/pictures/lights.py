"""The lights of a scene, in the camera's axes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.scene import Scene

FILL_SHARE = 0.3
"""Share of the ambient light that comes from a soft fill beside the camera."""


@dataclass(frozen=True)
class Lights:
    """Directions (3,) towards each light, in camera axes (x right, y down, z away), and colours.

    Attributes:
        key, key_colour: the main light.
        fill, fill_colour: a weak one on the other side that lightens the main light's shadow.
        up: the ceiling's direction.
        sky_colour, ground_colour: what comes from everywhere above and below.
    """

    key: NDArray[np.float64]
    key_colour: NDArray[np.float64]
    fill: NDArray[np.float64]
    fill_colour: NDArray[np.float64]
    up: NDArray[np.float64]
    sky_colour: NDArray[np.float64]
    ground_colour: NDArray[np.float64]


def _direction(yaw: float, pitch: float) -> NDArray[np.float64]:
    """Unit vector of the room, `yaw` towards the person's left and `pitch` up from the z axis."""
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


def lights_of(scene: Scene, camera: Camera) -> Lights:
    """The scene's lights as the camera sees them."""
    aim = np.asarray(camera.aim_cm)
    origin = camera.to_view(aim)
    key, fill, up = (
        camera.to_view(aim + direction) - origin
        for direction in (
            _direction(scene.light_yaw, scene.light_pitch),
            _direction(-0.7 * np.sign(scene.light_yaw or 1.0), 0.1),
            np.array([0.0, 1.0, 0.0]),
        )
    )
    colour = np.asarray(scene.light, dtype=np.float64)
    around = scene.ambient * (colour + colour.mean()) / 2  # walls reflect less of the tint
    return Lights(
        key=key,
        key_colour=(1 - scene.ambient) * 1.25 * colour,
        fill=fill,
        fill_colour=FILL_SHARE * around,
        up=up,
        sky_colour=(1.15 - FILL_SHARE) * around,
        ground_colour=(0.75 - FILL_SHARE) * around,
    )
