"""Faces without sound: held still, or moving from one expression to the next."""

from collections.abc import Mapping, Sequence

import numpy as np

from viseme.studio.motion.blending import either
from viseme.studio.motion.coarticulation import frame_times
from viseme.studio.motion.curves import smoothstep
from viseme.studio.motion.idle import idle
from viseme.studio.motion.perform import num_frames, performance
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.performance import UNIT_INDEX, UNITS, Performance

MOVE_SHARE = 0.35  # of an expression's time goes into reaching it
SPREAD_SHARE = 0.1  # by so much units start apart from each other

_LIDS = [UNIT_INDEX["eyeBlinkLeft"], UNIT_INDEX["eyeBlinkRight"]]


def hold(units: Mapping[str, float], num_frames: int) -> Performance:
    """One expression, units by name (a name without a side is both), for a number of frames."""
    weights = np.tile(unit_weights(units), (num_frames, 1))
    still = np.zeros((num_frames, 3))
    return performance(weights, still, still)


def act(
    expressions: Sequence[Mapping[str, float]],
    seconds_each: float,
    seed: int,
    liveliness: float = 0.6,
) -> Performance:
    """A silent clip that starts at rest and moves through expressions, each held for a while.

    Args:
        expressions: units by name, such as `emotion(...)` or `extreme_expressions(...)` give.
        seconds_each: for moving into and holding each.
        seed: of the units' stagger, head motion and blinks.
        liveliness: size of head motion and gaze, rate of blinks.
    """
    rng = np.random.default_rng(seed)
    times = frame_times(num_frames(len(expressions) * seconds_each))
    units = np.zeros((len(times), len(UNITS)))
    before = np.zeros(len(UNITS))
    for index, expression in enumerate(expressions):
        target = unit_weights(expression)
        late = rng.uniform(0, SPREAD_SHARE, len(UNITS))
        share = times[:, None] / seconds_each - index - late
        units += smoothstep(share / MOVE_SHARE) * (target - before)
        before = target
    life = idle(times, liveliness, rng)
    # A wink is one eye's: the more the expression closes either, the less both blink.
    life.units[:, _LIDS] *= 1 - units[:, _LIDS].max(1, keepdims=True)
    return performance(either(units, np.clip(life.units, 0, 1)), life.rotation, life.translation)
