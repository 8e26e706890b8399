"""Scenes from easy to hard: one number sets how far light, wall and recording may go."""

import numpy as np

from viseme.errors import ConfigError
from viseme.studio.pictures.occluders import SHAPES
from viseme.studio.scene import Occluder, Scene

OCCLUDER_S = (0.4, 1.2)


def sample_scene(rng: np.random.Generator, difficulty: float, duration_s: float = 3.0) -> Scene:
    """A random scene.

    Every draw is made at every difficulty, in this order, so the same generator gives the same
    scene, only harder. u is uniform in -1 to 1, v in 0 to 1, d the difficulty:

    - light from 0.5 u (1 + 1.6 d) to the side and 0.45 + 0.25 u (1 + d) up, radians; its red grows
      and its blue falls by a share of 0.25 u d;
    - ambient light 0.5 + 0.1 u - 0.15 d v: harder scenes have darker shadows;
    - a wall of any muted colour, with a pattern of strength d v;
    - exposure 2 ** (1.2 u d), blur of 1.3 v d px, noise of deviation 0.045 v d;
    - with a chance of 0.35 d a hand or a microphone near the mouth for 0.4 to 1.2 s.

    Args:
        rng: source of all randomness.
        difficulty: 0 is studio light without faults, 1 the hardest.
        duration_s: of the clip, where occluders must fit in.

    Raises:
        ConfigError: if the difficulty is not between 0 and 1.
    """
    if not 0 <= difficulty <= 1:
        raise ConfigError(f"difficulty {difficulty} is not between 0 and 1")
    d = difficulty
    light_yaw, light_pitch, warmth, ambient, exposure = rng.uniform(-1, 1, 5)
    shadow, detail, blur, noise = rng.uniform(0, 1, 4)
    grey, tint = rng.uniform(0.06, 0.5), rng.uniform(-0.25, 0.25, 3)
    occluder = _sample_occluder(rng, duration_s)
    occluded = rng.uniform() < 0.35 * d
    warmth *= 0.25 * d
    red, green, blue = np.clip(grey * (1 + tint), 0, 1).tolist()
    return Scene(
        light_yaw=float(0.5 * light_yaw * (1 + 1.6 * d)),
        light_pitch=float(0.45 + 0.25 * light_pitch * (1 + d)),
        light=(float(1 + warmth), 1.0, float(1 - warmth)),
        ambient=float(0.5 + 0.1 * ambient - 0.15 * d * shadow),
        background=(red, green, blue),
        background_detail=float(d * detail),
        exposure=float(2 ** (1.2 * exposure * d)),
        blur_px=float(1.3 * blur * d),
        noise=float(0.045 * noise * d),
        occluders=(occluder,) if occluded else (),
        seed=int(rng.integers(2**31)),
    )


def _sample_occluder(rng: np.random.Generator, duration_s: float) -> Occluder:
    """A hand or a microphone near the mouth; a short clip it hides from start to end."""
    kind = tuple(SHAPES)[int(rng.integers(len(SHAPES)))]
    hidden_s = min(float(rng.uniform(*OCCLUDER_S)), duration_s)
    start_s = float(rng.uniform()) * (duration_s - hidden_s)
    x, y, size = rng.uniform((0.35, 0.62, 0.18), (0.65, 0.85, 0.3)).tolist()
    return Occluder(kind, start_s, start_s + hidden_s, x, y, size)
