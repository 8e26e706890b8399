"""The face of laughter: a jaw that drops with every pulse under a smile that outlasts them all.

Smile, raised cheeks and narrowed eyes (action units 6 and 12, Ruch and Ekman 2001, "The expressive
pattern of laughter") hold from before the first sound of a bout until after its last; jaw and head
follow each pulse one frame late, the head thrown back as far as the laugh is strong.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viseme.studio.motion.curves import bump, window
from viseme.studio.motion.idle import Motion
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.performance import FPS
from viseme.studio.utterance import Laugh

LAG_S = 1 / FPS
BOUT_GAP_S = 0.7  # longer silence parts two bouts
ONSET_S, OFFSET_S = 0.25, 0.6
JAW = {"voiced": 0.4, "breath": 0.08, "inhale": 0.25}
BOB = {"voiced": 0.05, "breath": 0.0, "inhale": -0.03}  # radians, chin down
TILT = -0.1  # radians, head thrown back
JOY = {
    **{"mouthSmile": 0.9, "cheekSquint": 0.75, "eyeSquint": 0.5, "jawOpen": 0.14},
    **{"mouthUpperUp": 0.3, "mouthLowerDown": 0.2, "noseSneer": 0.1, "mouthDimple": 0.2},
}


def laughing(laughs: Sequence[Laugh], times: NDArray[np.float64]) -> Motion:
    """Motion at `times` (T,) of pulses of laughter; weights in [0, 1]."""
    start_s = np.array([laugh.start_s for laugh in laughs])
    end_s = np.array([laugh.end_s for laugh in laughs])
    strength = np.array([laugh.strength for laugh in laughs])
    jaw = np.array([JAW[laugh.kind] for laugh in laughs]) * (0.4 + 0.6 * strength)
    bob = np.array([BOB[laugh.kind] for laugh in laughs]) * strength
    # Wide enough for the frames to catch it, narrow enough for the jaw to rise between pulses.
    half_width_s = np.clip(0.8 * (end_s - start_s), 0.06, 0.25)
    pulses = bump(times, (start_s + end_s) / 2 + LAG_S, half_width_s)
    joy = _joy(laughs, times)
    units = joy[:, None] * unit_weights(JOY)
    units += (pulses @ jaw)[:, None] * unit_weights({"jawOpen": 1.0})
    rotation = np.zeros((len(times), 3))
    rotation[:, 0] = TILT * joy + pulses @ bob
    return Motion(np.clip(units, 0, 1), rotation, np.zeros((len(times), 3)))


def _joy(laughs: Sequence[Laugh], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much the whole face laughs (T,), 0 to 1: the strongest of the bouts around."""
    joy = np.zeros(len(times))
    bout: list[Laugh] = []
    for n, laugh in enumerate(laughs):
        bout.append(laugh)
        if n + 1 == len(laughs) or laughs[n + 1].start_s - laugh.end_s > BOUT_GAP_S:
            size = 0.5 + 0.5 * max(pulse.strength for pulse in bout)
            span = window(times, bout[0].start_s, bout[-1].end_s, ONSET_S, OFFSET_S)
            joy = np.maximum(joy, size * span)
            bout = []
    return joy
