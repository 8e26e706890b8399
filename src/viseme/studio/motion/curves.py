"""Curves over time that several motions are made of."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]


def smoothstep(x: Array) -> Array:
    """From 0 at x <= 0 to 1 at x >= 1, flat at both."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def bump(times: Array, middles: Array, half_widths: Array | float) -> Array:
    """Raised cosines (T, N) of height 1 around each of `middles` (N,), 0 beyond the half width."""
    phase = np.clip((times[:, None] - middles) / half_widths, -1, 1)
    return (1 + np.cos(np.pi * phase)) / 2


def window(times: Array, start_s: float, end_s: float, onset_s: float, offset_s: float) -> Array:
    """1 from start to end (T,), after a smooth onset and before a smooth offset outside of them."""
    rise = smoothstep((times - start_s) / onset_s + 1)
    return rise * smoothstep((end_s - times) / offset_s + 1)


def drift(times: Array, num: int, rng: Generator, slowest_hz: float, fastest_hz: float) -> Array:
    """Slow noise (T, num) of unit variance: sums of sines whose power falls with frequency."""
    hz = np.geomspace(slowest_hz, fastest_hz, 7)[:, None]
    phase = rng.uniform(0, 2 * np.pi, (7, num))
    height = 1 / np.sqrt(hz)
    waves = height * np.sin(2 * np.pi * hz * times[:, None, None] + phase)
    return waves.sum(1) * np.sqrt(2 / (height**2).sum())
