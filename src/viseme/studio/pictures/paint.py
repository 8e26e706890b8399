"""A head's surface as a picture: seen by a camera, lit by a scene, in front of its wall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.pictures.background import wall
from viseme.studio.pictures.colour import to_srgb
from viseme.studio.pictures.fragments import SAMPLES, blend, gather
from viseme.studio.pictures.lights import lights_of
from viseme.studio.pictures.normals import vertex_normals
from viseme.studio.pictures.raster import rasterise
from viseme.studio.pictures.shading import shade
from viseme.studio.pictures.shadow import HOLLOW_CM, HOLLOW_SIZE, cast, surroundings
from viseme.studio.scene import Scene


@dataclass(frozen=True)
class Surface:
    """Triangles and what they are made of. Both sides are drawn.

    Attributes:
        points: corners (V, 3) float32, cm of the room: x to the person's left, y up, z towards the
            centre camera (see Camera.to_view).
        triangles: indices (F, 3) int32, counter-clockwise seen from outside.
        albedo: reflectance (V, 3) float32, linear, 0 to 1.
        gloss: strength of the highlight (V,) float32; skin has about 0.3, an eye 1.
        translucence: share of the light (V,) float32 that shadows and hollows do not take, as it
            comes through what is around; skin has 0 (thin lips pass light on to the teeth).
    """

    points: NDArray[np.float32]
    triangles: NDArray[np.int32]
    albedo: NDArray[np.float32]
    gloss: NDArray[np.float32]
    translucence: NDArray[np.float32]


class Painter:
    """Paints the frames of one clip: what does not move is computed once."""

    def __init__(self, camera: Camera, scene: Scene) -> None:
        self.camera = camera
        self.lights = lights_of(scene, camera)
        self.wall = wall(camera, scene)

    def paint(self, surface: Surface) -> NDArray[np.uint8]:
        """The picture (size, size, 3), sRGB."""
        side = self.camera.size_px * SAMPLES
        triangles = surface.triangles
        with np.errstate(divide="ignore", invalid="ignore"):  # rasterise leaves such points out
            projected = self.camera.project(surface.points)
            xy, nearness = projected[:, :2] * SAMPLES, 1 / projected[:, 2]
        cover, nearest = rasterise(xy, nearness, triangles, side, side)
        points = self.camera.to_view(surface.points)
        normals = vertex_normals(points, triangles)
        looks = (surface.gloss[:, None], surface.translucence[:, None])
        corners = (points, normals, surface.albedo, *looks)
        values = np.concatenate(corners, axis=1, dtype=np.float32)
        fragments = gather(cover, xy, nearness, triangles, values)
        shadow = cast(points, triangles, self.lights.key)
        step = SAMPLES * max(self.camera.size_px // HOLLOW_SIZE, 1)
        reach = HOLLOW_CM / self.camera.view_cm * side / step
        around = surroundings(nearest[step // 2 :: step, step // 2 :: step], max(round(reach), 2))
        colours = shade(fragments, self.lights, shadow, around, self.camera.size_px)
        return to_srgb(blend(self.wall, fragments, colours))


def paint(surface: Surface, camera: Camera, scene: Scene) -> NDArray[np.uint8]:
    """One picture (size, size, 3), sRGB; for the frames of a clip use one `Painter`."""
    return Painter(camera, scene).paint(surface)
