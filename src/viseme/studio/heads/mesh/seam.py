"""The seam between the lips: where they touch, and how to close it again.

Shape targets move the two lips apart by up to two millimetres, so that teeth would show at rest.
The seam knows the row of vertices at which each lip ends in the base mesh, where they touch, and
moves the lips towards each other until the rows meet again; further from the seam they give way
less.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_TOUCH_CM = 0.35
_REACH_CM = 0.5
"""How far up and down a lip gives way."""

_OVERLAP_CM = 0.03
_SAMPLES = 21
_ROUNDS = 3


@dataclass(frozen=True)
class Seam:
    """Where the lips touch.

    Attributes:
        upper, lower: vertices of the two rows, each from the person's right to their left.
        lips: vertices (N,) that give way.
        share: how much of the gap each of them closes (N,), negative for the upper lip, which
            goes down.
    """

    upper: NDArray[np.int32]
    lower: NDArray[np.int32]
    lips: NDArray[np.int32]
    share: Array

    def gap(self, points: Array) -> tuple[Array, Array]:
        """Places (S,) across the mouth and how far the rows are apart there, cm (V, 3 points)."""
        upper, lower = points[self.upper], points[self.lower]
        start = max(upper[0, 0], lower[0, 0])
        end = min(upper[-1, 0], lower[-1, 0])
        across = np.linspace(start, end, _SAMPLES)
        apart = np.interp(across, *upper[:, :2].T) - np.interp(across, *lower[:, :2].T)
        return across, apart

    def closed(self, points: Array) -> Array:
        """Points (V, 3) with the lips moved until the rows just overlap."""
        moved = points.copy()
        for _ in range(_ROUNDS):
            across, apart = self.gap(moved)
            missing = np.interp(moved[self.lips, 0], across, apart + _OVERLAP_CM)
            moved[self.lips, 1] += self.share * missing
        return moved


def find_seam(base: Array, lips: Array, inside: Array, jaw_open: Array) -> Seam:
    """The seam of the base mesh.

    Args:
        base: points (V, 3), cm.
        lips, inside: masks (V,) of the lips and the inside of the mouth, 0 to 1.
        jaw_open: displacements (V, 3) of the unit jawOpen, which parts the lips.
    """
    mouth = np.flatnonzero((lips > 0.3) | (inside > 0.3))
    drop = -jaw_open[mouth, 1]
    uppers, lowers = mouth[drop < 0.2 * drop.max()], mouth[drop > 0.4 * drop.max()]
    distance = np.linalg.norm(base[uppers, None] - base[None, lowers], axis=-1)
    upper = _edge(uppers[distance.min(1) < _TOUCH_CM], base, lowest=True)
    lower = _edge(lowers[distance.min(0) < _TOUCH_CM], base, lowest=False)
    rows = np.concatenate([upper, lower])
    across = np.linalg.norm(base[:, None] - base[None, rows], axis=-1).min(1)
    near = np.flatnonzero((across < 3 * _REACH_CM) & ((lips + inside) > 0))
    # The corners belong to both lips: there the sign fades through zero with the jaw's share.
    side = np.clip((-jaw_open[near, 1] / drop.max() - 0.3) / 0.1, -1, 1)
    share = 0.5 * side * np.exp(-((across[near] / _REACH_CM) ** 2) / 2)
    return Seam(upper, lower, near.astype(np.int32), share.astype(np.float32))


def _edge(vertices: NDArray[np.integer], base: Array, lowest: bool) -> NDArray[np.int32]:
    """Those of a lip's vertices beyond which (below, or above) it has none, in order of x."""
    x, y = base[vertices, 0], base[vertices, 1] * (1 if lowest else -1)
    beside = np.abs(x[:, None] - x) < 0.12
    outer = (y[:, None] <= np.where(beside, y, np.inf)).all(1)
    edge = vertices[outer]
    return edge[np.argsort(base[edge, 0], kind="stable")].astype(np.int32)
