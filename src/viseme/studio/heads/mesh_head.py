"""The head that is a mesh: people blended from MakeHuman's shapes, moved by its face units."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.heads.mesh.data import NUM_AXES, load_mesh_data
from viseme.studio.heads.mesh.eyes import eye_albedo, eye_sphere, gaze
from viseme.studio.heads.mesh.hair import HAIR_GLOSS, HairMesh, grow, hair_shadow, style_of
from viseme.studio.heads.mesh.landmarks import find_landmarks
from viseme.studio.heads.mesh.pose import posed
from viseme.studio.heads.mesh.seam import find_seam
from viseme.studio.heads.mesh.shape import Shape, shape_of
from viseme.studio.heads.mesh.skin import skin_albedo
from viseme.studio.identity import Identity
from viseme.studio.performance import UNIT_INDEX, Performance
from viseme.studio.pictures.paint import Painter, Surface
from viseme.studio.scene import Scene

Array = NDArray[np.floating]

EYE_GLOSS = 1.0


@dataclass(frozen=True)
class _Person:
    """What of an identity stays the same in all frames of a clip.

    Attributes:
        shape: the head and how it moves.
        hair: or None.
        triangles: of the skin, the two eyes and the hair, in the order of the vertices.
        albedo, gloss, translucence: of all vertices (V, 3), (V,) and (V,).
        head_share: of all vertices (V,).
    """

    shape: Shape
    hair: HairMesh | None
    triangles: NDArray[np.int32]
    albedo: Array
    gloss: Array
    translucence: Array
    head_share: Array


class MeshHead:
    """A `Head` made of a mesh. Reads the asset "head_mesh" when it is made, or its cache.

    Raises:
        AssetError: the mesh cannot be had.
    """

    name = "mesh"
    num_axes = NUM_AXES

    def __init__(self) -> None:
        self._data = load_mesh_data()
        self._seam = find_seam(
            self._data.base,
            self._data.mask("lips"),
            self._data.mask("inside-mouth"),
            self._data.units[UNIT_INDEX["jawOpen"]],
        )
        self._landmarks = find_landmarks(self._data, self._seam)
        self._sphere, self._sphere_triangles = eye_sphere()

    def landmarks(
        self, identity: Identity, performance: Performance, camera: Camera
    ) -> NDArray[np.float32]:
        """Places (T, P, 2) px of LANDMARKS, also where they are hidden."""
        shape = shape_of(identity, self._data, self._seam)
        places = [
            posed(
                self._landmarks.places(shape.moved(weights)),
                np.ones(len(self._landmarks), np.float32),
                performance.rotation[frame],
                performance.translation[frame],
            )
            for frame, weights in enumerate(performance.units)
        ]
        points = np.stack(places) if places else np.zeros((0, len(self._landmarks), 3))
        return camera.project(points)[..., :2].astype(np.float32)

    def draw(
        self, identity: Identity, performance: Performance, camera: Camera, scene: Scene
    ) -> NDArray[np.uint8]:
        """Pictures (T, size, size, 3) RGB: head and background, before the recording's faults."""
        person = self._person(identity)
        painter = Painter(camera, scene)
        size = camera.size_px
        pictures = np.zeros((len(performance), size, size, 3), np.uint8)
        for frame in range(len(performance)):
            pictures[frame] = painter.paint(self._surface(person, performance, frame))
        return pictures

    def surface(self, identity: Identity, performance: Performance, frame: int) -> Surface:
        """The head and shoulders in one frame of a clip."""
        return self._surface(self._person(identity), performance, frame)

    def _person(self, identity: Identity) -> _Person:
        data = self._data
        rng = default_rng(zlib.crc32(identity.id.encode()))
        shape = shape_of(identity, data, self._seam)
        style = style_of(identity)
        albedo, gloss, translucence = skin_albedo(identity, data, rng)
        shadow = 0.85 * hair_shadow(style, data)[:, None]
        hair_colour = np.asarray(identity.hair, np.float32)
        albedo += shadow * (hair_colour - albedo)
        colours, glosses, shares = [albedo], [gloss], [data.head_share]
        triangles = [data.triangles]
        for _ in shape.eyes:
            triangles.append(self._sphere_triangles + np.int32(sum(map(len, colours))))
            colours.append(eye_albedo(identity.iris, rng))
            glosses.append(np.full(len(self._sphere), EYE_GLOSS, np.float32))
            shares.append(np.ones(len(self._sphere), np.float32))
        hair = grow(style, shape.points, data, rng)
        if hair is not None:
            triangles.append(hair.triangles + np.int32(sum(map(len, colours))))
            colours.append(hair.shade[:, None] * hair_colour)
            glosses.append(np.full(len(hair.points), HAIR_GLOSS, np.float32))
            shares.append(hair.head_share)
        opaque = sum(map(len, colours)) - len(translucence)
        return _Person(
            shape,
            hair,
            np.concatenate(triangles),
            np.clip(np.concatenate(colours), 0, 1).astype(np.float32),
            np.concatenate(glosses),
            np.pad(translucence, (0, opaque)),
            np.concatenate(shares),
        )

    def _surface(self, person: _Person, performance: Performance, frame: int) -> Surface:
        weights = performance.units[frame]
        parts = [person.shape.moved(weights)]
        for eye in person.shape.eyes:
            turned = self._sphere @ gaze(eye, weights[None])[0].T
            parts.append(eye.centre + eye.radius * turned)
        if person.hair is not None:
            parts.append(person.hair.points)
        points = posed(
            np.concatenate(parts),
            person.head_share,
            performance.rotation[frame],
            performance.translation[frame],
        )
        looks = (person.albedo, person.gloss, person.translucence)
        return Surface(points, person.triangles, *looks)
