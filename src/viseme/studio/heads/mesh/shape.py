"""An identity's head at rest, and how its face units move it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.mesh.data import (
    EYE_LEFT,
    EYE_RIGHT,
    SEXES,
    TONGUE,
    MeshData,
)
from viseme.studio.heads.mesh.eyes import Eye, fit_eye
from viseme.studio.heads.mesh.seam import Seam
from viseme.studio.identity import Identity
from viseme.studio.performance import UNIT_INDEX

Array = NDArray[np.floating]

_LIMIT = 1.3
"""Shape weights beyond this make monsters; they are cut there."""


@dataclass(frozen=True)
class Shape:
    """One person's head.

    Attributes:
        points: vertices (V, 3) at rest, cm, the origin between the ears.
        moving: vertices (N,) that the units move.
        units: their displacements (U, N * 3) at weight 1, cm.
        eyes: the two eyeballs, left and right.
    """

    points: Array
    moving: NDArray[np.int64]
    units: Array
    eyes: tuple[Eye, Eye]

    def moved(self, weights: Array) -> Array:
        """Vertices (V, 3) for the unit weights (U,) of one frame."""
        points = self.points.copy()
        points[self.moving] += (weights @ self.units).reshape(-1, 3)
        return points


def shape_of(identity: Identity, data: MeshData, seam: Seam) -> Shape:
    """The head of a person; a weight of the shape that is missing counts as 0."""
    weights = np.zeros(len(data.axes), np.float32)
    given = np.asarray(identity.shape, np.float32)[: len(weights)]
    weights[: len(given)] = np.clip(given, -_LIMIT, _LIMIT)
    ends = np.stack([np.maximum(weights, 0), np.maximum(-weights, 0)], axis=1)
    template = data.base + data.templates[SEXES.index(identity.sex)]
    points = template + np.tensordot(ends, data.axes, 2)
    points = seam.closed(points)
    points = (points - _between_ears(points, data)).astype(np.float32)
    units = data.units.copy()
    units[UNIT_INDEX["tongueUp"]] = _tongue_up(points, data)
    _fit_blink(units, points, data)
    moving = np.flatnonzero(np.abs(units).max((0, 2)) > 0)
    eyes = (
        fit_eye("Left", points[data.part == EYE_LEFT]),
        fit_eye("Right", points[data.part == EYE_RIGHT]),
    )
    return Shape(points, moving, units[:, moving].reshape(len(units), -1), eyes)


def _between_ears(points: Array, data: MeshData) -> Array:
    """The middle (3,) of the two ears."""
    ears = data.mask("ears") > 0.5
    return points[ears].mean(0)


def _tongue_up(points: Array, data: MeshData) -> Array:
    """Displacements (V, 3) that lift the tongue's tip behind the upper teeth."""
    unit = np.zeros_like(points)
    tongue = np.flatnonzero(data.part == TONGUE)
    depth = points[tongue, 2]
    tip = np.clip(((depth - depth.min()) / np.ptp(depth) - 0.5) / 0.5, 0, 1)
    unit[tongue, 1] = 0.7 * tip**2
    unit[tongue, 2] = 0.15 * tip
    return unit


def _fit_blink(units: Array, points: Array, data: MeshData) -> None:
    """Stretch the blink of each eye in `units` by as much as the eye is wider than the base's."""
    for side, sign in (("Left", 1), ("Right", -1)):
        unit = units[UNIT_INDEX[f"eyeBlink{side}"]]
        lids = (data.mask("eyelids") > 0.9) & (sign * data.base[:, 0] > 0)
        upper = lids & (unit[:, 1] < 0.7 * unit[lids, 1].min())
        lower = lids & (np.abs(unit[:, 1]) < 0.05)
        opening = [shape[upper, 1].mean() - shape[lower, 1].mean() for shape in (points, data.base)]
        unit *= np.clip(opening[0] / opening[1], 0.8, 1.5)
