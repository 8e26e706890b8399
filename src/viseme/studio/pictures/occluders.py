"""What gets between the camera and a face: a hand or a microphone, drawn as shaded capsules."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.studio.scene import Occluder, Scene

ENTER_S = 0.16
"""How long an occluder takes to slide in from below, and out again."""

FINGER_LENGTHS = (0.62, 0.72, 0.68, 0.52)
SKIN = np.array([0.42, 0.25, 0.17])
METAL = np.array([0.035, 0.035, 0.04])
STICK = np.array([0.012, 0.012, 0.014])

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Capsule:
    """A line with round ends.

    Attributes:
        start, end: of the line, (x, y), in sizes of the occluder from its middle.
        radius: in sizes of the occluder.
        colour: reflectance (3,), linear.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    radius: float
    colour: Array


def hand(seed: int) -> tuple[Capsule, ...]:
    """Four fingers side by side that point up, a thumb and a palm; no two seeds look the same."""
    rng = np.random.default_rng([seed, 3])
    colour = SKIN * rng.uniform(0.35, 1.3)
    lean = rng.uniform(-0.25, 0.25)
    side = rng.choice([-1.0, 1.0])
    wrist = Capsule((0.0, 0.45), (-0.3 * lean, 3.0), 0.34, colour * 0.9)
    palm = Capsule((-0.14, 0.32), (0.14, 0.32), 0.33, colour)
    thumb = Capsule((-0.3 * side, 0.4), (-0.62 * side, 0.0), 0.11, colour)
    fingers = []
    for number, length in enumerate(FINGER_LENGTHS):
        x = (number - 1.5) * 0.205 * side
        spread = lean + 0.06 * (number - 1.5) * side
        fingers.append(Capsule((x, 0.2), (x + spread * length, 0.1 - length), 0.1, colour))
    return (wrist, palm, thumb, *fingers)


def microphone(seed: int) -> tuple[Capsule, ...]:
    """A dark ball on a stick that comes from below."""
    lean = np.random.default_rng([seed, 3]).uniform(-0.5, 0.5)
    return (
        Capsule((0.0, 0.0), (lean, 3.5), 0.16, STICK),
        Capsule((0.0, 0.0), (0.05 * lean, 0.35), 0.26, STICK),
        Capsule((0.0, 0.0), (0.0, 0.0), 0.42, METAL),
    )


SHAPES = {"hand": hand, "microphone": microphone}


def _lay(picture: Array, capsule: Capsule, middle: Array, size_px: float, light: Array) -> None:
    """Draw one capsule over `picture` (H, W, 3), rounded by its shading, antialiased."""
    radius = capsule.radius * size_px
    start = middle + np.asarray(capsule.start) * size_px
    along = (np.asarray(capsule.end) - np.asarray(capsule.start)) * size_px
    low = np.maximum(np.minimum(start, start + along) - radius - 1, 0).astype(int)
    high = np.maximum(np.maximum(start, start + along) + radius + 2, 0).astype(int)
    picture = picture[low[1] : high[1], low[0] : high[0]]  # all that it can touch
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    x, y = x + low[0] + 0.5 - start[0], y + low[1] + 0.5 - start[1]
    share = np.clip((x * along[0] + y * along[1]) / max(along @ along, 1e-9), 0, 1)
    x, y = x - share * along[0], y - share * along[1]
    distance = np.sqrt(x * x + y * y)
    alpha = np.clip(radius - distance + 0.5, 0, 1)[..., None]
    height = np.sqrt(np.clip(1 - (distance / radius) ** 2, 0, 1))
    shading = 0.35 + 0.5 * height - 0.2 * y / radius
    gleam = 0.02 * np.clip(height - 0.3 * (y / radius + 1), 0, 1) ** 4
    colour = (capsule.colour * shading[..., None] + gleam[..., None]) * light
    picture += alpha * (colour - picture)


def draw_occluder(picture: Array, occluder: Occluder, scene: Scene, time_s: float) -> None:
    """Draw `occluder` as it is at `time_s` over `picture` (H, W, 3) of linear light.

    Raises:
        ConfigError: if there is no such kind of occluder.
    """
    if occluder.kind not in SHAPES:
        raise ConfigError(
            f"no occluder is called {occluder.kind!r}", todo=f"Choose from {', '.join(SHAPES)}."
        )
    if not occluder.start_s <= time_s < occluder.end_s:
        return
    inside_s = min(time_s - occluder.start_s, occluder.end_s - time_s)
    out = 1 - min(inside_s / ENTER_S, 1.0)
    height, width = picture.shape[:2]
    y = occluder.y + out * out * (1 + occluder.size - occluder.y)
    middle = np.array([occluder.x * width, y * height])
    light = np.asarray(scene.light, dtype=np.float64)
    for capsule in SHAPES[occluder.kind](scene.seed):
        _lay(picture, capsule, middle, occluder.size * height, light)
