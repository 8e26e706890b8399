"""Soft-edged shapes, and layers of colour."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating]
"""One number per pixel (H, W)."""

Picture = NDArray[np.float32]
"""Linear light (3, H, W), white is 1: planes of red, green and blue, which numpy mixes fastest."""


def inside(distance: Plane, unit_px: float, blur_px: float = 1.0) -> Plane:
    """1 where a signed distance (face units) is positive, with an edge `blur_px` wide."""
    return np.minimum(np.maximum(distance * (unit_px / blur_px) + 0.5, 0), 1)


def bell(u: Plane, v: Plane, width: float, height: float) -> Plane:
    """A bell of height 1 at u = v = 0."""
    return np.exp(-((u / width) ** 2) - (v / height) ** 2)


def step(value: Plane, start: float, end: float) -> Plane:
    """0 before `start`, 1 after `end`, smooth in between."""
    share = np.minimum(np.maximum((value - start) * (1 / (end - start)), 0), 1)
    return share * share * (3 - 2 * share)


def lay(picture: Picture, mask: Plane, colour: NDArray[np.floating]) -> None:
    """Cover a picture in place, where the mask is 1, with a colour (3, 1, 1) or (3, H, W)."""
    picture += mask * (colour - picture)


def paint(red: float, green: float, blue: float) -> Picture:
    """A colour (3, 1, 1), as pictures have it."""
    return np.array([red, green, blue], np.float32).reshape(3, 1, 1)
