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
from viseme.studio.heads.drawn.hair import STYLES, draw_behind, draw_body, draw_ears, draw_on_head
from viseme.studio.heads.drawn.lighting import direction, light_on, shade
from viseme.studio.heads.drawn.mouth import Mouth, draw_mouth
from viseme.studio.heads.drawn.paint import Picture, Plane, inside, lay, paint
from viseme.studio.heads.drawn.proportions import NUM_AXES, proportions
from viseme.studio.heads.drawn.skin import Skin
from viseme.studio.heads.drawn.surface import Hit, Jaw, Surface
from viseme.studio.heads.drawn.view import Part, View, pixels
from viseme.studio.heads.rotation import rotation_matrix
from viseme.studio.identity import Identity
from viseme.studio.performance import UNITS, Performance
from viseme.studio.pictures.background import wall
from viseme.studio.pictures.colour import to_srgb
from viseme.studio.scene import Scene

_CHIN_SHARE = 0.93
"""Where on the chin its landmark lies, as a share of the chin's height."""

_NOSE_TIP = 0.03
"""How far the landmark of the nose is below the highest point of its relief."""

_HEAD = np.array([(u, v, 0.0) for u in (-1.0, 1.0) for v in (-1.2, 1.5)])
"""Corners of what is drawn around the head, face units."""

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
        self._turn = rotation_matrix(performance.rotation[number])
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
        return self._view.project(self._surface.points(np.array([places[x] for x in LANDMARKS])))

    def draw(self, picture: Picture, scene: Scene) -> None:
        """Draw over a picture (3, S, S)."""
        person, view = self._person, self._view
        room_light = direction(scene)
        part = view.window(_HEAD)
        rays, canvas = view.rays(part), picture[:, *part]
        even = light_on(np.array(room_light[2]), scene)
        skin, hair = person.colours["skin"], person.colours["hair"]
        draw_behind(canvas, view, rays, person.face, person.style, hair, even)
        self._draw_body(picture, room_light, scene)
        draw_ears(canvas, view, rays, person.face, skin, even)
        hit = self._surface.meet(view.eye, rays)
        look = person.skin.look(*self._surface.rest(hit))
        to_light = room_light @ self._turn * (1, -1, 1)
        light = shade(hit, look, to_light.astype(np.float32), scene)
        lay(canvas, inside(hit.edge, view.unit_px), look[2:] * light)
        self._draw_features(picture, part, hit, light)
        draw_on_head(canvas, hit, person.style, hair, light, view.unit_px)

    def _draw_features(self, picture: Picture, part: Part, hit: Hit, light: Picture) -> None:
        colours, unit_px = self._person.colours, self._view.unit_px
        mouth = self._mouth
        low, high = self._person.face.nose_v - 0.05, mouth.v + max(mouth.fall) + 0.3
        window = self._window((mouth.u - 0.48, low), (mouth.u + 0.48, high), part)
        u, v, lit, canvas = _cut(window, part, hit, light, picture)
        draw_mouth(canvas, u, v, mouth, colours["lips"], lit, unit_px)
        for eye in self._eyes:
            window = self._window((eye.u - 0.23, -0.5), (eye.u + 0.23, 0.03), part)
            u, v, lit, canvas = _cut(window, part, hit, light, picture)
            draw_eye(canvas, u, v, eye, colours["iris"], lit, unit_px)
            draw_brow(canvas, u, v, eye, colours["hair"], lit, unit_px)

    def _draw_body(self, picture: Picture, room_light: NDArray[np.float64], scene: Scene) -> None:
        size, unit_px = picture.shape[1], self._body.unit_px
        middle = self._body.project(np.zeros(3))
        top = int(np.clip(middle[1], 0, size))
        x, y = pixels((slice(top, size), slice(0, size)))
        u, v = (x - middle[0]) / unit_px, (y - middle[1]) / unit_px
        light = light_on(np.array(0.8 * room_light[2]), scene)
        lean = 0.4 * float(room_light[0])
        draw_body(picture[:, top:], u, v, self._person.colours["skin"], light, lean, unit_px)

    def _window(self, low: tuple[float, float], high: tuple[float, float], within: Part) -> Part:
        """The part of `within` that shows the rectangle of the face between two corners."""
        corners = [(u, v) for u in (low[0], high[0]) for v in (low[1], high[1])]
        return self._view.window(self._surface.points(np.array(corners)), within)


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
