"""A head drawn by formulas, for tests and for where no mesh is installed.

Every pixel is shaded on its own: a ray to a simple solid gives a place on the face, the solid's
slope the light, and soft-edged shapes (eyes, brows, lips, hair) the colour. It turns by up to about
30 degrees and knows no profile. Lips, lids and gaze follow the face units, and its landmarks are
exact, but it is a drawing: nobody would take it for a recording.
"""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.head import LANDMARKS
from viseme.studio.heads.drawn.eyes import Eye, draw_brow, draw_eye
from viseme.studio.heads.drawn.hair import STYLES, draw_behind, draw_body, draw_on_head
from viseme.studio.heads.drawn.mouth import Mouth, draw_mouth
from viseme.studio.heads.drawn.paint import Picture, Plane, inside, lay, paint
from viseme.studio.heads.drawn.proportions import NUM_AXES, proportions
from viseme.studio.heads.drawn.skin import Skin
from viseme.studio.heads.drawn.surface import Hit, Jaw, Surface, View, turn_matrix
from viseme.studio.identity import Identity
from viseme.studio.performance import UNITS, Performance
from viseme.studio.pictures.background import wall
from viseme.studio.pictures.colour import to_srgb
from viseme.studio.scene import Scene

Part = tuple[slice, slice]

_CHIN_SHARE = 0.93
"""Where on the chin its landmark lies, as a share of the chin's height."""

_NOSE_TIP = 0.03
"""How far the landmark of the nose is below the highest point of its relief."""

_BODY_SHARE = 0.5
"""How far the body follows when the head moves."""


class DrawnHead:
    """The built-in head; `viseme.studio.head.Head` says what it does."""

    name = "drawn"
    num_axes = NUM_AXES

    def landmarks(
        self, identity: Identity, performance: Performance, camera: Camera
    ) -> NDArray[np.float32]:
        """Places (T, P, 2) px of LANDMARKS, also where they are hidden."""
        person = _Person(identity)
        frames = [_Frame(person, performance, camera, i) for i in range(len(performance))]
        places = [frame.landmarks() for frame in frames]
        return np.array(places, np.float32).reshape(-1, len(LANDMARKS), 2)

    def draw(
        self, identity: Identity, performance: Performance, camera: Camera, scene: Scene
    ) -> NDArray[np.uint8]:
        """Pictures (T, size, size, 3) RGB: head and background, before the recording's faults."""
        size = camera.size_px
        person = _Person(identity)
        behind = np.ascontiguousarray(wall(camera, scene).transpose(2, 0, 1))
        pictures = np.empty((len(performance), size, size, 3), np.uint8)
        for number in range(len(performance)):
            picture = behind.copy()
            _Frame(person, performance, camera, number).draw(picture, scene)
            pictures[number] = to_srgb(picture).transpose(1, 2, 0)
        return pictures


class _Person:
    """What stays the same in a clip."""

    def __init__(self, identity: Identity) -> None:
        self.face = proportions(identity)
        self.skin = Skin(identity, self.face)
        self.style = STYLES[identity.hair_style % len(STYLES)]
        self.colours = {
            name: paint(*getattr(identity, name)) for name in ("skin", "lips", "hair", "iris")
        }


class _Frame:
    """A person at one time, seen by a camera."""

    def __init__(
        self, person: _Person, performance: Performance, camera: Camera, number: int
    ) -> None:
        weights = dict(zip(UNITS, performance.units[number].tolist(), strict=True))
        self._person, self._place = person, performance.translation[number].astype(float)
        self._turn = turn_matrix(performance.rotation[number])
        self._view = View.of(camera, self._turn, self._place)
        self._body = View.of(camera, np.eye(3), _BODY_SHARE * self._place)
        self._jaw = Jaw.of(weights)
        self._surface = Surface(person.face, person.skin, self._jaw)
        self._mouth = Mouth.of(person.face, weights)
        self._eyes = [Eye.of(person.face, weights, sign) for sign in (-1, 1)]

    def landmarks(self) -> NDArray[np.float64]:
        """Places (P, 2) px of LANDMARKS."""
        left, right = self._eyes
        mouth, face = self._mouth, self._person.face
        outer_top, top, bottom, outer_bottom, _ = mouth.lines(np.array(mouth.u))
        chin_v = _CHIN_SHARE * (face.chin_v + self._jaw.drop)
        places = {
            "eye_left_outer": left.corner(outer=True),
            "eye_left_inner": left.corner(outer=False),
            "eye_right_inner": right.corner(outer=False),
            "eye_right_outer": right.corner(outer=True),
            "nose_tip": (0.0, face.nose_v + _NOSE_TIP),
            "chin": (self._jaw.shift, chin_v),
            "mouth_left": (mouth.u - mouth.half[0], mouth.corner_v[0]),
            "mouth_right": (mouth.u + mouth.half[1], mouth.corner_v[1]),
            "lip_upper_outer": (mouth.u, float(outer_top)),
            "lip_upper_inner": (mouth.u, float(top)),
            "lip_lower_inner": (mouth.u, float(bottom)),
            "lip_lower_outer": (mouth.u, float(outer_bottom)),
        }
        return self._view.project(np.array([self._surface.point(*places[x]) for x in LANDMARKS]))

    def draw(self, picture: Picture, scene: Scene) -> None:
        """Draw over a picture (3, S, S)."""
        person, view = self._person, self._view
        size = view.camera.size_px
        room_light = _direction(scene)
        self._draw_body(picture, room_light, scene)
        part = self._part(np.zeros(3), (-1.15, -1.25), (1.15, 1.55))
        canvas = picture[:, *part]
        if not canvas.size:
            return
        rays = view.rays(_grid(part, size))
        hit = self._surface.meet(view.eye, rays)
        look = person.skin.look(*self._surface.rest(hit))
        to_light = room_light @ self._turn * (1, -1, 1)
        light = _shade(hit, look, to_light.astype(np.float32), scene)
        even = _light_on(room_light[2], scene)
        colours = person.colours
        draw_behind(
            canvas, view, rays, person.face, person.style, colours["hair"], colours["skin"], even
        )
        lay(canvas, inside(hit.edge, view.unit_px), look[2:] * light)
        self._draw_features(picture, part, hit, light)
        draw_on_head(canvas, hit, person.style, colours["hair"], light, view.unit_px)

    def _draw_features(self, picture: Picture, part: Part, hit: Hit, light: Picture) -> None:
        colours, unit_px = self._person.colours, self._view.unit_px
        mouth = self._mouth
        low, high = self._person.face.nose_v - 0.05, mouth.v + max(mouth.fall) + 0.3
        window = self._part_of_face((mouth.u, (low + high) / 2), (0.48, (high - low) / 2), part)
        u, v, lit, canvas = _cut(window, part, hit, light, picture)
        draw_mouth(canvas, u, v, mouth, colours["lips"], lit, unit_px)
        for eye in self._eyes:
            window = self._part_of_face((eye.u, eye.v - 0.1), (0.23, 0.26), part)
            u, v, lit, canvas = _cut(window, part, hit, light, picture)
            draw_eye(canvas, u, v, eye, colours["iris"], lit, unit_px)
            draw_brow(canvas, u, v, eye, colours["hair"], lit, unit_px)

    def _draw_body(self, picture: Picture, room_light: NDArray[np.float64], scene: Scene) -> None:
        size, unit_px = picture.shape[1], self._body.unit_px
        middle = self._body.project(np.zeros(3))
        top = int(np.clip(middle[1], 0, size))
        x, y = _grid((slice(top, size), slice(0, size)), size) + size / 2
        u, v = (x - middle[0]) / unit_px, (y - middle[1]) / unit_px
        light = _light_on(0.8 * room_light[2], scene)
        draw_body(picture[:, top:], u, v, self._person.colours["skin"], light, unit_px)

    def _part(
        self, centre: NDArray[np.float64], low: tuple[float, float], high: tuple[float, float]
    ) -> Part:
        """The part of the picture around a point (3,) of the head, reaching so many units."""
        size, unit_px = self._view.camera.size_px, self._view.unit_px
        x, y = self._view.project(centre)
        edges = np.array([x + low[0] * unit_px, x + high[0] * unit_px])
        rows = np.array([y + low[1] * unit_px, y + high[1] * unit_px])
        (left, right), (top, bottom) = (
            np.clip(np.rint(e), 0, size).astype(int) for e in (edges, rows)
        )
        return slice(top, bottom), slice(left, right)

    def _part_of_face(
        self, middle: tuple[float, float], half: tuple[float, float], within: Part
    ) -> Part:
        """The part of `within` that shows a rectangle of the face."""
        corners = [
            (middle[0] + i * half[0], middle[1] + j * half[1]) for i in (-1, 1) for j in (-1, 1)
        ]
        pixels = self._view.project(np.array([self._surface.point(*corner) for corner in corners]))
        low, high = np.floor(pixels.min(0)).astype(int), np.ceil(pixels.max(0)).astype(int)
        rows, columns = (
            slice(max(part.start, min(low[k], part.stop)), max(part.start, min(high[k], part.stop)))
            for part, k in zip(within, (1, 0), strict=True)
        )
        return rows, columns


def _cut(
    window: Part,
    part: Part,
    hit: Hit,
    light: Picture,
    picture: Picture,
) -> tuple[Plane, Plane, Picture, Picture]:
    """What a window of the picture shows: u, v and light of the head's part, and the picture."""
    rows, columns = (
        slice(inner.start - outer.start, inner.stop - outer.start)
        for inner, outer in zip(window, part, strict=True)
    )
    return hit.u[rows, columns], hit.v[rows, columns], light[:, rows, columns], picture[:, *window]


def _grid(part: Part, size: int) -> NDArray[np.float32]:
    """Offsets (2, H, W) in px of the pixels of a part from the middle of the picture."""
    rows, columns = part
    y, x = np.mgrid[rows.start : rows.stop, columns.start : columns.stop].astype(np.float32)
    return np.stack([x, y]) + np.float32(0.5 - size / 2)


def _direction(scene: Scene) -> NDArray[np.float64]:
    """Unit vector (3,) to the light, in the room."""
    up, side = scene.light_pitch, scene.light_yaw
    return np.array([np.cos(up) * np.sin(side), np.sin(up), np.cos(up) * np.cos(side)])


def _shade(
    hit: Hit, look: NDArray[np.float32], to_light: NDArray[np.float32], scene: Scene
) -> Picture:
    """Light (3, H, W) on the skin of the head."""
    normal_u = hit.normal[0] - look[0] * hit.normal[2]
    normal_v = hit.normal[1] - look[1] * hit.normal[2]
    length = np.sqrt(normal_u**2 + normal_v**2 + hit.normal[2] ** 2)
    facing = normal_u * to_light[0] + normal_v * to_light[1] + hit.normal[2] * to_light[2]
    return _light_on(facing / length, scene)


def _light_on(facing: NDArray[np.floating] | float, scene: Scene) -> Picture:
    """Light (3, H, W) or (3, 1, 1) where the cosine to the main light is `facing`."""
    main = np.float32(1 - scene.ambient) * paint(*scene.light)
    return np.float32(scene.ambient) + np.maximum(np.float32(facing), 0) * main
