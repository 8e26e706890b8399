"""How speech sounds run into each other on the face.

The model is that of Cohen and Massaro (1993, "Modeling coarticulation in synthetic visual speech"):
every sound s has a dominance over every articulator that falls off exponentially with the distance
from the sound in time, D_s(t) = a_s exp(-d_s(t) / tau), and a unit's weight is the mean of the
sounds' targets, weighted by dominance: F(t) = sum D_s T_s / sum D_s.

Differs from the paper:
- The distance is counted from the edge of the sound's core, not from its centre, so that long
  sounds stay and pauses rest; it is rounded off at zero, so that curves have no corners.
- Time constants shrink with the root of the local length of phones: fast speech overlaps more and
  reaches its vowels less.
- A weighted mean never quite reaches a target. Sounds that cannot be made otherwise (p b m, f v)
  hold their lips: around their middle the mean gives way to the target, for one frame at least.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from viseme.studio.identity import Articulation
from viseme.studio.motion.shapes import ARTICULATORS, SHAPES, indices, unit_weights
from viseme.studio.motion.visemes import REST, VOWELS, visemes
from viseme.studio.performance import FPS, UNIT_INDEX, UNITS
from viseme.studio.utterance import Phone

Array = NDArray[np.float64]

LEAD_S = {"jaw": 0.045, "width": 0.08, "height": 0.04, "tongue": 0.03}
LAG_S = {"jaw": 0.045, "width": 0.055, "height": 0.035, "tongue": 0.03}
"""Time constants before and after a sound. The corners of the lips move first: rounding is seen
100 ms and more before it is heard."""

USUAL_PHONE_S = 0.08
ROUNDING_S = 0.01  # of the dominance's tip
CORE_MARGIN_S = 0.05  # at most so much of a sound's ends is outside its core
HELD_SHARE = 0.6  # of a held sound
APPROACH_S = 0.055  # from the mean to a held target, and back

BLOCK_FRAMES = 100
REACH_S = 2.0  # beyond this no sound is felt; time and memory grow with the length alone

STRESS_SIZE = (0.93, 1.1, 1.03)
"""Size of a vowel without, with primary and with secondary stress."""


@dataclass(frozen=True)
class Speech:
    """What speech does to the face.

    Attributes:
        units: weights (T, U) of UNITS, not clipped.
        closure: how firmly the lips are held, (T,), 0 to 1; others must not part them then.
        activity: 0 at rest, 1 within speech, (T,).
    """

    units: Array
    closure: Array
    activity: Array


@dataclass(frozen=True)
class _Sounds:
    """N visemes in time; a phone that runs through several is split evenly.

    `size` scales their targets; `pace` is the time scale of the speech around them, 1 at the usual
    length of phones.
    """

    names: NDArray[np.str_]
    start_s: Array
    end_s: Array
    size: Array
    pace: Array

    def within(self, start_s: float, end_s: float) -> "_Sounds":
        """Those that reach into a span of time."""
        some = (self.end_s > start_s) & (self.start_s < end_s)
        return _Sounds(*(getattr(self, field.name)[some] for field in fields(self)))


def frame_times(num_frames: int) -> Array:
    """The instants (T,) in seconds that frames show: their middles."""
    return (np.arange(num_frames) + 0.5) / FPS


def articulate(
    phones: Sequence[Phone], num_frames: int, articulation: Articulation, strength: float = 1.0
) -> Speech:
    """Move the mouth of one person for phones.

    Args:
        phones: in order of time; before the first and after the last the mouth rests.
        num_frames: frames T at 25 per second.
        articulation: how this person moves.
        strength: of all movement; 0 is a still face.
    """
    sounds = _sounds(phones, num_frames / FPS)
    blocks = []
    for first in range(0, max(num_frames, 1), BLOCK_FRAMES):
        times = frame_times(num_frames)[first : first + BLOCK_FRAMES]
        span_s = (first / FPS - REACH_S, (first + BLOCK_FRAMES) / FPS + REACH_S)
        blocks.append(_move(sounds.within(*span_s), times, articulation, strength))
    return Speech(
        units=np.concatenate([block.units for block in blocks]),
        closure=np.concatenate([block.closure for block in blocks]),
        activity=np.concatenate([block.activity for block in blocks]),
    )


def _move(sounds: _Sounds, times: Array, articulation: Articulation, strength: float) -> Speech:
    """What sounds do to the face at `times` (T,)."""
    shapes = strength * np.stack([unit_weights(SHAPES[name].weights) for name in sounds.names])
    targets = shapes * sounds.size[:, None] * _unit_sizes(articulation)  # (N, U)
    dominance = _dominance(sounds, times, articulation.anticipation)  # (A, T, N)
    units = np.zeros((len(times), len(UNITS)))
    for articulator, weight in zip(ARTICULATORS, dominance, strict=True):
        own = indices(articulator)
        units[:, own] = weight @ targets[:, own] / weight.sum(1, keepdims=True)
    closure = _hold(units, sounds, shapes, times)
    lips = dominance[ARTICULATORS.index("height")]
    activity = lips[:, sounds.names != REST].sum(1) / lips.sum(1)
    return Speech(units, closure, activity)


def _sounds(phones: Sequence[Phone], duration_s: float) -> _Sounds:
    """Phones as visemes, with a second of rest before and after; adjacent pauses are one."""
    first_s = phones[0].start_s if phones else 0.0
    last_s = phones[-1].end_s if phones else 0.0
    before = Phone("", min(first_s, 0.0) - 1, first_s)
    after = Phone("", last_s, max(last_s, duration_s) + 1)
    names: list[str] = []
    spans_s: list[tuple[float, float]] = []
    sizes: list[float] = []
    for phone in (before, *phones, after):
        parts = visemes(phone.symbol)
        edges = np.linspace(phone.start_s, phone.end_s, len(parts) + 1).tolist()
        for name, start_s, end_s in zip(parts, edges[:-1], edges[1:], strict=True):
            if name == REST and names[-1:] == [REST]:
                spans_s[-1] = (spans_s[-1][0], end_s)
                continue
            names.append(name)
            spans_s.append((start_s, end_s))
            sizes.append(STRESS_SIZE[phone.stress] if name in VOWELS else 1.0)
    all_names, (starts, ends) = np.array(names), np.array(spans_s).T
    return _Sounds(
        all_names, starts, ends, np.array(sizes), _pace(ends - starts, all_names != REST)
    )


def _pace(lengths_s: Array, spoken: NDArray[np.bool_]) -> Array:
    """The root of the mean length of the spoken ones among a sound and its two nearest sounds on
    both sides; 1 at the usual length."""
    padded = np.pad(np.stack([lengths_s * spoken, spoken.astype(float)]), ((0, 0), (2, 2)))
    total, count = (np.convolve(row, np.ones(5), "valid") for row in padded)
    mean = np.where(count > 0, total / np.maximum(count, 1), USUAL_PHONE_S)
    return np.sqrt(np.clip(mean, 0.02, 0.2) / USUAL_PHONE_S)


def _unit_sizes(articulation: Articulation) -> Array:
    """How much this person moves each unit, (U,); 1 is the average speaker."""
    sizes = np.ones(len(UNITS))
    sizes[indices("jaw")] = articulation.jaw
    sizes[indices("width")] = articulation.lips
    sizes[indices("height")] = articulation.lips
    sizes[UNITS.index("mouthClose")] = articulation.jaw  # it makes up for the jaw's opening
    left = np.array([name.endswith("Left") for name in UNITS])
    right = np.array([name.endswith("Right") for name in UNITS])
    return sizes * (1 + 0.4 * articulation.asymmetry * (left.astype(float) - right))


def _dominance(sounds: _Sounds, times: Array, anticipation: float) -> Array:
    """Dominance (A, T, N) of every sound over every articulator at every time."""
    margin = np.minimum((sounds.end_s - sounds.start_s) / 4, CORE_MARGIN_S)
    before = np.maximum(sounds.start_s + margin - times[:, None], 0)  # (T, N)
    after = np.maximum(times[:, None] - (sounds.end_s - margin), 0)
    before, after = (np.hypot(d, ROUNDING_S) - ROUNDING_S for d in (before, after))
    amplitude = np.array([SHAPES[name].dominance for name in sounds.names]).T  # (A, N)
    lead = np.array([LEAD_S[a] for a in ARTICULATORS])[:, None] * sounds.pace * anticipation
    lag = np.array([LAG_S[a] for a in ARTICULATORS])[:, None] * sounds.pace
    exponent = before / lead[:, None] + after / lag[:, None]
    # Far from all sounds but one the others vanish; relative to the nearest nothing underflows.
    exponent -= exponent.min(2, keepdims=True)
    return amplitude[:, None] * np.exp(-exponent)


def _hold(units: Array, sounds: _Sounds, shapes: Array, times: Array) -> Array:
    """Bring held articulators of `units` to their targets, in place; returns the closure (T,).

    The targets are the shapes (N, U) as they are: every speaker closes their lips. Where holds
    overlap, as in the German "pf", the one at its plateau wins.
    """
    held = [n for n, name in enumerate(sounds.names) if SHAPES[name].held]
    if not held:
        return np.zeros(len(times))
    middle = (sounds.start_s[held] + sounds.end_s[held]) / 2
    length = sounds.end_s[held] - sounds.start_s[held]
    plateau = np.maximum(HELD_SHARE * length, 1.001 / FPS)  # no frame's middle can miss it
    distance = np.maximum(np.abs(times[:, None] - middle) - plateau / 2, 0)  # (T, H)
    near = np.clip(1 - distance / APPROACH_S, 0, 1)
    near = near * near * (3 - 2 * near)
    closure = near.max(1)
    odds = near / (1.001 - near)
    share = odds / np.maximum(odds.sum(1, keepdims=True), 1e-9)
    names = {articulator for n in held for articulator in SHAPES[sounds.names[n]].held}
    for articulator in sorted(names):
        own = indices(articulator)
        units[:, own] += closure[:, None] * (share @ shapes[held][:, own] - units[:, own])
    # Rounded lips close as a pucker; a funnel is open by its nature.
    units[:, UNIT_INDEX["mouthFunnel"]] *= 1 - closure
    return closure
