"""Signs of life that no sound causes: blinks, gaze, a head that is never quite still, breath.

Sizes and rates: blinks 0.2 to 0.4 a second in conversation, closing in about 100 ms and opening in
200 (Bentivoglio et al. 1997; VanderWerf et al. 2003); eyes rest for 0.3 to 3 s between jumps that
take two frames at most, and stay on what they look at while the head moves (the vestibulo-ocular
reflex); breath about 0.25 a second. Head movements are within a few degrees.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.studio.motion.curves import drift, smoothstep
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.performance import UNIT_INDEX, UNITS

Array = NDArray[np.float64]

BLINK_CLOSE_S, BLINK_SHUT_S, BLINK_OPEN_S = 0.1, 0.04, 0.2
BLINK_PAUSE_S = 0.8  # no blink sooner after the last
SWAY = (0.025, 0.04, 0.02)  # standard deviations of pitch, yaw and roll in radians
SWAY_CM = (0.12, 0.08, 0.15)
BREATH_HZ = 0.25
BREATH_CM = 0.08
EYE_RANGE = 0.5  # radians that an eye turns at weight 1
SACCADE_S = 0.05


@dataclass(frozen=True)
class Motion:
    """What one cause adds: weights (T, U), pitch, yaw and roll (T, 3) radians, place (T, 3) cm."""

    units: Array
    rotation: Array
    translation: Array


def idle(times: Array, liveliness: float, rng: Generator) -> Motion:
    """Motion at `times` (T,) seconds of a person who does nothing; `liveliness` is its size."""
    sway = drift(times, 6, rng, 0.04, 0.9) * liveliness
    rotation = sway[:, :3] * SWAY
    translation = sway[:, 3:] * SWAY_CM
    breath = np.sin(2 * np.pi * (BREATH_HZ * rng.uniform(0.8, 1.2) * times + rng.uniform()))
    translation[:, 1] += BREATH_CM * liveliness * breath
    rotation[:, 0] -= 0.004 * liveliness * breath
    eyes = gaze(times, rng) * liveliness - rotation[:, [1, 0]]
    units = look(eyes / EYE_RANGE) + blinks(times, liveliness, rng)
    return Motion(units, rotation, translation)


def blinks(times: Array, liveliness: float, rng: Generator) -> Array:
    """Weights (T, U) of both eyelids: blinks at random, more often of a lively person."""
    closing = np.zeros(len(times))
    mean_s = 1 / rng.uniform(0.2, 0.4) / max(liveliness, 1e-3)
    end_s = times[-1] if len(times) else 0.0
    shut_s = rng.exponential(mean_s)
    while shut_s < end_s + BLINK_CLOSE_S:
        fall = smoothstep(1 + (times - shut_s) / BLINK_CLOSE_S)
        rise = smoothstep(1 - (times - shut_s - BLINK_SHUT_S) / BLINK_OPEN_S)
        closing = np.maximum(closing, fall * rise)
        shut_s += BLINK_PAUSE_S + rng.exponential(max(mean_s - BLINK_PAUSE_S, 0.1))
    return closing[:, None] * unit_weights({"eyeBlink": 1.0})


def gaze(times: Array, rng: Generator) -> Array:
    """Where the eyes look (T, 2): yaw to the person's left and pitch down, radians.

    Every other glance, on average, goes back to the camera.
    """
    direction = np.zeros((len(times), 2))
    here = rng.normal(0, 0.02, 2)
    direction += here
    end_s = times[-1] if len(times) else 0.0
    jump_s = rng.exponential(1.0)
    while jump_s < end_s:
        spread = (0.02, 0.015) if rng.random() < 0.5 else (0.13, 0.06)
        there = rng.normal(0, spread)
        direction += smoothstep((times - jump_s) / SACCADE_S)[:, None] * (there - here)
        here = there
        jump_s += 0.3 + rng.exponential(0.9)
    return direction


def look(direction: Array) -> Array:
    """Weights (T, U) of eyes that both turn by (T, 2), shares of their range to the left, down."""
    left, down = direction[:, 0], direction[:, 1]
    parts = {
        "eyeLookOutLeft": left,
        "eyeLookInRight": left,
        "eyeLookInLeft": -left,
        "eyeLookOutRight": -left,
        "eyeLookDownLeft": down,
        "eyeLookDownRight": down,
        "eyeLookUpLeft": -down,
        "eyeLookUpRight": -down,
    }
    units = np.zeros((len(direction), len(UNITS)))
    for unit, weight in parts.items():
        units[:, UNIT_INDEX[unit]] = np.clip(weight, 0, 1)
    return units
