"""Refining a mesh: no gaps, no lost area, and values halve with the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from viseme.studio.heads.mesh.refine import refine

SIDE = 4


def sheet() -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A flat square of unit size, as points (V, 3) and triangles."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    points = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(SIDE - 1)[:, None] * SIDE + np.arange(SIDE - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + SIDE + 1], axis=1)
    upper = np.stack([corner, corner + SIDE + 1, corner + SIDE], axis=1)
    return points, np.concatenate([lower, upper]).astype(np.int32)


NUM_TRIANGLES = 2 * (SIDE - 1) ** 2


@settings(max_examples=25)
@given(st.lists(st.booleans(), min_size=NUM_TRIANGLES, max_size=NUM_TRIANGLES))
def test_a_refined_sheet_is_the_same_sheet(marks: list[bool]) -> None:
    points, triangles = sheet()
    finer = refine(triangles, np.array(marks))
    new = finer.apply(points)
    a, b, c = (new[finer.triangles[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)[:, 2] / 2
    assert (area > 0).all()  # nothing is turned over
    assert area.sum() == pytest.approx(1)
    sides = np.sort(finer.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    inner = np.unique(sides, axis=0, return_counts=True)
    border = inner[0][inner[1] == 1]
    on_border = (np.isclose(new[border], 0) | np.isclose(new[border], 1)).any((1, 2))
    assert on_border.all()  # no side without a neighbour inside: no gap
    assert inner[1].max() <= 2


def test_marked_triangles_become_four() -> None:
    points, triangles = sheet()
    finer = refine(triangles, np.ones(NUM_TRIANGLES, bool))
    assert len(finer.triangles) == 4 * NUM_TRIANGLES
    assert len(finer.apply(points)) == len(points) + len(finer.edges)
