"""Frames in which a face was missed: short gaps are bridged, long ones stay open."""

import numpy as np
from numpy.typing import NDArray

MAX_GAP_FRAMES = 12


def fill_gaps(
    values: NDArray[np.floating], present: NDArray[np.bool_], max_gap: int = MAX_GAP_FRAMES
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Interpolate values over gaps of up to `max_gap` frames.

    A gap at the start or the end repeats the nearest value.

    Args:
        values: (T, D); rows of missing frames are ignored.
        present: (T,), True where the row is known.
        max_gap: longest gap that is filled.

    Returns:
        The values (T, D), not a number where they stay unknown, and (T,) True where they are known.
    """
    filled = np.full(values.shape, np.nan)
    known = np.flatnonzero(present)
    if not len(known):
        return filled, np.zeros(len(values), bool)
    frames = np.arange(len(values))
    following = np.searchsorted(known, frames)
    before = np.concatenate([[-1], known])[following]
    after = np.concatenate([known, [len(values)]])[following]
    visible = present | (after - before - 1 <= max_gap)
    for column in range(values.shape[1]):
        line = np.interp(frames, known, values[known, column])
        filled[visible, column] = line[visible]
    return filled, visible


def spans(visible: NDArray[np.bool_]) -> list[slice]:
    """The unbroken runs of True in (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], visible, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
