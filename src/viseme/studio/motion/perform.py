"""The motion of a whole clip: what is said, how it is felt, and a person who is alive."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.identity import Articulation
from viseme.studio.motion.blending import blend, either
from viseme.studio.motion.coarticulation import articulate, frame_times
from viseme.studio.motion.curves import drift
from viseme.studio.motion.emphasis import emphasis
from viseme.studio.motion.expression import emotion
from viseme.studio.motion.idle import idle
from viseme.studio.motion.laughing import laughing
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.performance import FPS, Performance
from viseme.studio.utterance import Utterance

DECIMALS = 4
"""Results are rounded, so that the last bits of sines and sums, which differ between processors,
make no difference."""


@dataclass(frozen=True)
class Manner:
    """How a clip is performed.

    Attributes:
        emotion: one of expression.EMOTIONS.
        strength: of the emotion, 0 to 1.
        liveliness: size of all motion that is neither speech nor emotion; 0 is a still head.
        head_turn: yaw (towards the person's left) and pitch (chin down) of the head, radians.
        speech: strength of the articulation, 1 is normal, 0 silent lips.
    """

    emotion: str = "neutral"
    strength: float = 0.0
    liveliness: float = 1.0
    head_turn: tuple[float, float] = (0.0, 0.0)
    speech: float = 1.0


def num_frames(duration_s: float) -> int:
    """Frames of a clip of so long a sound: the last may be shown longer than its sound lasts."""
    return math.ceil(round(duration_s * FPS, 6))


def perform(
    utterance: Utterance, articulation: Articulation, manner: Manner, seed: int
) -> Performance:
    """Move a face for an utterance.

    Args:
        utterance: phones and laughs with their times; its length is the clip's.
        articulation: how this person moves their mouth.
        manner: emotion, liveliness, pose.
        seed: of all that is left to chance.

    Raises:
        ConfigError: for an unknown emotion.
    """
    times = frame_times(num_frames(utterance.duration_s))
    rng = np.random.default_rng(seed)
    life = idle(times, manner.liveliness, rng)
    beat = emphasis(utterance.phones, times, manner.liveliness, rng)
    laugh = laughing(utterance.laughs, times)
    # A feeling is never quite constant.
    swell = 1 - 0.1 * np.minimum(np.abs(drift(times, 1, rng, 0.1, 0.5)), 1)
    felt = swell * unit_weights(emotion(manner.emotion, manner.strength))
    speech = articulate(utterance.phones, len(times), articulation, manner.speech)
    units = blend(speech, either(felt, laugh.units))
    units = either(either(units, beat.units), np.clip(life.units, 0, 1))
    rotation = life.rotation + beat.rotation + laugh.rotation
    rotation[:, :2] += manner.head_turn[::-1]
    return performance(units, rotation, life.translation)


def performance(
    units: NDArray[np.float64], rotation: NDArray[np.float64], translation: NDArray[np.float64]
) -> Performance:
    """A performance of weights (T, U) clipped to [0, 1], and of rotation and translation (T, 3)."""
    arrays = (np.clip(units, 0, 1), rotation, translation)
    return Performance(*(np.round(array, DECIMALS).astype(np.float32) for array in arrays))
