"""A head's surface as a picture: seen by a camera, lit by a scene, in front of its wall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.pictures.background import wall
from viseme.studio.pictures.colour import to_srgb
from viseme.studio.pictures.lights import lights_of
from viseme.studio.pictures.raster import rasterise
from viseme.studio.pictures.shading import shade
from viseme.studio.scene import Scene

OVERSAMPLING = 2
"""Samples per pixel and axis."""


@dataclass(frozen=True)
class Surface:
    """Triangles and what they are made of. Both sides are drawn.

    Attributes:
        points: corners (V, 3) float32, cm of the room: x to the person's left, y up, z towards the
            centre camera (see Camera.to_view).
        triangles: indices (F, 3) int32, counter-clockwise seen from outside.
        albedo: reflectance (V, 3) float32, linear, 0 to 1.
        gloss: strength of the highlight (V,) float32; skin has about 0.3, an eye 1.
    """

    points: NDArray[np.float32]
    triangles: NDArray[np.int32]
    albedo: NDArray[np.float32]
    gloss: NDArray[np.float32]


class Painter:
    """Paints the frames of one clip: what does not move is computed once."""

    def __init__(self, camera: Camera, scene: Scene) -> None:
        self.camera = camera
        self.lights = lights_of(scene, camera)
        self.wall = wall(camera, scene).repeat(OVERSAMPLING, 0).repeat(OVERSAMPLING, 1)

    def paint(self, surface: Surface) -> NDArray[np.uint8]:
        """The picture (size, size, 3), sRGB."""
        size = self.camera.size_px
        points = self.camera.to_view(surface.points)
        with np.errstate(divide="ignore", invalid="ignore"):  # rasterise leaves such points out
            screen = self.camera.project(surface.points)
        screen = screen * (OVERSAMPLING, OVERSAMPLING, 1)
        side = size * OVERSAMPLING
        cover, _ = rasterise(screen, surface.triangles, side, side)
        light = self.wall.copy()
        shade(
            *(cover, screen, points, surface.triangles, surface.albedo, surface.gloss),
            *(self.lights, light),
        )
        blocks = light.reshape(size, OVERSAMPLING, size, OVERSAMPLING, 3)
        return to_srgb(blocks.mean(axis=(1, 3)))


def paint(surface: Surface, camera: Camera, scene: Scene) -> NDArray[np.uint8]:
    """One picture (size, size, 3), sRGB; for the frames of a clip use one `Painter`."""
    return Painter(camera, scene).paint(surface)
