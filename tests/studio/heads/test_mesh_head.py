"""The mesh head: shapes and units do what they are named for, and landmarks follow the camera."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.head import LANDMARKS
from viseme.studio.heads.mesh.data import EYE_LEFT, LOWER_TEETH, SEXES, TONGUE, UPPER_TEETH
from viseme.studio.heads.mesh.shape import Shape, shape_of
from viseme.studio.heads.mesh_head import MeshHead
from viseme.studio.identity import Identity
from viseme.studio.people import person
from viseme.studio.performance import UNIT_INDEX, UNITS, Performance
from viseme.studio.scene import Scene

MOUTH = {name: index for index, name in enumerate(LANDMARKS)}


def average(sex: str = "female") -> Identity:
    """The template of a sex: every shape axis at zero."""
    return replace(person(0), sex=sex, shape=np.zeros(MeshHead.num_axes, np.float32))


def weights(**units: float) -> NDArray[np.float32]:
    """Unit weights (U,) with all others zero."""
    values = np.zeros(len(UNITS), np.float32)
    for name, value in units.items():
        values[UNIT_INDEX[name]] = value
    return values


def still(num_frames: int = 1, **units: float) -> Performance:
    """A performance that holds one expression, facing the centre camera."""
    rotation, translation = np.zeros((2, num_frames, 3), np.float32)
    return Performance(np.tile(weights(**units), (num_frames, 1)), rotation, translation)


def both(unit: str, value: float = 1.0) -> dict[str, float]:
    return {f"{unit}Left": value, f"{unit}Right": value}


def shape(head: MeshHead, identity: Identity) -> Shape:
    return shape_of(identity, head._data, head._seam)


@pytest.mark.parametrize("sex", SEXES)
def test_no_shape_and_no_units_are_the_template(mesh_head: MeshHead, sex: str) -> None:
    data = mesh_head._data
    template = data.base + data.templates[SEXES.index(sex)]
    built = shape(mesh_head, average(sex)).moved(weights())
    stiff = np.setdiff1d(np.arange(len(template)), mesh_head._seam.lips)
    shift = built[stiff] - template[stiff]
    assert np.ptp(shift, axis=0) == pytest.approx(0, abs=1e-4)
    assert np.abs(built - template - shift[0]).max() < 0.3  # only the lips, to meet


def test_units_are_linear(mesh_head: MeshHead) -> None:
    who = shape(mesh_head, person(3))
    a, b = weights(jawOpen=0.4, mouthPucker=0.6), weights(eyeBlinkLeft=1, mouthSmileRight=0.3)
    rest = who.moved(weights())
    together = who.moved(a + 2 * b) - rest
    apart = (who.moved(a) - rest) + 2 * (who.moved(b) - rest)
    np.testing.assert_allclose(together, apart, atol=1e-4)


@pytest.mark.parametrize("unit", ["mouthSmile", "browDown", "eyeBlink", "mouthLowerDown"])
def test_left_and_right_units_are_mirror_images(mesh_head: MeshHead, unit: str) -> None:
    who = shape(mesh_head, average())
    rest = who.moved(weights())
    left = np.linalg.norm(who.moved(weights(**{f"{unit}Left": 1})) - rest, axis=1)
    right = np.linalg.norm(who.moved(weights(**{f"{unit}Right": 1})) - rest, axis=1)
    assert left.sum() == pytest.approx(right.sum(), rel=0.02)
    assert (left * rest[:, 0]).sum() > 0 > (right * rest[:, 0]).sum()


@pytest.mark.parametrize("number", range(12))
def test_a_blink_brings_the_lids_together(mesh_head: MeshHead, number: int) -> None:
    data, who = mesh_head._data, shape(mesh_head, person(number))
    rim = (data.mask("eyelids") > 0.9) & (data.base[:, 0] > 0) & (np.abs(data.base[:, 0] - 2.9) < 1)
    drop = data.units[UNIT_INDEX["eyeBlinkLeft"], :, 1]
    upper, lower = rim & (drop < -0.6), rim & (np.abs(drop) < 0.05)
    opened, shut = who.moved(weights()), who.moved(weights(**both("eyeBlink")))
    assert opened[upper, 1].min() > opened[lower, 1].max() - 0.15
    assert shut[upper, 1].mean() <= shut[lower, 1].mean() + 0.05


@pytest.mark.parametrize("number", range(12))
def test_lips_meet_at_rest_and_in_p_b_and_m(mesh_head: MeshHead, number: int) -> None:
    who, seam = shape(mesh_head, person(number)), mesh_head._seam
    for closed in (
        {},
        {"jawOpen": 0.3, "mouthClose": 0.3},
        {"jawOpen": 0.1, "mouthClose": 0.1, **both("mouthPress", 0.5)},
        {"mouthRollLower": 0.5, "mouthRollUpper": 0.5},
    ):
        _, apart = seam.gap(who.moved(weights(**closed)))
        assert np.median(apart) < 0.1


def test_the_jaw_opens_the_lips_further_and_further(mesh_head: MeshHead) -> None:
    performance = still(6)
    performance.units[:, UNIT_INDEX["jawOpen"]] = np.linspace(0, 1, 6)
    places = mesh_head.landmarks(person(1), performance, Camera())
    inner = places[:, MOUTH["lip_lower_inner"], 1] - places[:, MOUTH["lip_upper_inner"], 1]
    assert (np.diff(inner) > 1).all()


def test_jaw_carries_lower_teeth_and_tongue_only(mesh_head: MeshHead) -> None:
    who, part = shape(mesh_head, average()), mesh_head._data.part
    drop = (who.moved(weights()) - who.moved(weights(jawOpen=1)))[:, 1]
    assert drop[part == LOWER_TEETH].min() > 0.5
    assert drop[part == TONGUE].max() > 1
    assert np.abs(drop[part == UPPER_TEETH]).max() < 0.1


def test_the_tongue_comes_out_and_up(mesh_head: MeshHead) -> None:
    who = shape(mesh_head, average())
    tongue = np.flatnonzero(mesh_head._data.part == TONGUE)
    tip = tongue[who.points[tongue, 2].argmax()]
    assert who.moved(weights(tongueOut=1))[tip, 2] > who.points[tip, 2] + 1
    assert who.moved(weights(tongueUp=1))[tip, 1] > who.points[tip, 1] + 0.5


def test_eyes_are_nine_centimetres_wide_and_turn_rigidly(mesh_head: MeshHead) -> None:
    widths = []
    for sex in SEXES:
        places = mesh_head.landmarks(average(sex), still(), Camera(size_px=320, view_cm=32.0))[0]
        away = places[MOUTH["eye_left_outer"]] - places[MOUTH["eye_right_outer"]]
        widths.append(np.linalg.norm(away) / 10)
    assert np.mean(widths) == pytest.approx(9, abs=0.9)
    eye = shape(mesh_head, average()).eyes[0]
    surface = mesh_head.surface(average(), still(eyeLookOutLeft=1), 0)
    first = len(mesh_head._data.base)
    ball = surface.points[first : first + len(mesh_head._sphere)]
    np.testing.assert_allclose(np.linalg.norm(ball - eye.centre, axis=1), eye.radius, rtol=1e-4)
    assert ball[0, 0] > eye.centre[0] + 0.4  # the pupil went towards the person's left
    assert (mesh_head._data.part == EYE_LEFT).any()


def test_a_camera_to_the_side_sees_the_head_turned_the_other_way(mesh_head: MeshHead) -> None:
    turned = still()
    turned.rotation[:, 1] = -0.4
    aside = mesh_head.landmarks(person(5), still(), Camera(yaw=0.4))
    rotated = mesh_head.landmarks(person(5), turned, Camera())
    np.testing.assert_allclose(aside, rotated, atol=0.01)


def test_shoulders_stay_where_they_are(mesh_head: MeshHead) -> None:
    nod = still()
    nod.rotation[:, 0], nod.translation[:, 2] = 0.3, 2.0
    fixed = np.flatnonzero(mesh_head._data.head_share == 0)
    before = mesh_head.surface(average(), still(), 0).points[fixed]
    after = mesh_head.surface(average(), nod, 0).points[fixed]
    np.testing.assert_allclose(before, after, atol=1e-5)


def test_people_differ_and_stay_themselves(mesh_head: MeshHead) -> None:
    camera, scene = Camera(size_px=64), Scene()
    first, again, other = (
        mesh_head.draw(person(number), still(jawOpen=0.2), camera, scene) for number in (2, 2, 4)
    )
    assert first.shape == (1, 64, 64, 3)
    assert first.tobytes() == again.tobytes()
    assert np.abs(first.astype(int) - other).mean() > 5


@pytest.mark.slow
@pytest.mark.parametrize("size_px", [128, 256])
def test_the_face_tracker_finds_these_faces(mesh_head: MeshHead, size_px: int) -> None:
    tracker = pytest.importorskip("viseme.face.tracker").LandmarkTracker(threads=1)
    camera, errors = Camera(size_px=size_px), []
    performance = still(12)
    performance.units[:, UNIT_INDEX["jawOpen"]] = 0.15 * (1 + np.sin(np.arange(12)))
    performance.rotation[:, 1] = np.radians(20) * np.sin(np.arange(12) / 2)
    for number in range(20, 28):
        pictures = mesh_head.draw(person(number), performance, camera, Scene())
        truth = mesh_head.landmarks(person(number), performance, camera)
        for faces, places in zip(tracker.track(list(pictures)), truth, strict=True):
            assert faces, f"person {number} was not found"
            seen = faces[0].landmarks[list(LANDMARKS.values()), :2]
            eyes = np.linalg.norm(places[0] - places[3])
            errors.append(np.linalg.norm(seen - places, axis=1)[6:].mean() / eyes)
    assert np.mean(errors) < 0.04


@pytest.mark.parametrize("number", [4, 7])
def test_teeth_are_light_and_the_mouth_behind_them_is_dark(
    mesh_head: MeshHead, number: int
) -> None:
    camera, someone = Camera(size_px=128, view_cm=27), person(number)
    smile = {**both("mouthSmile", 0.9), **both("mouthUpperUp", 0.3), **both("mouthLowerDown", 0.2)}
    for performance in (still(jawOpen=0.3), still(**smile, jawOpen=0.2)):
        inside = _between_the_lips(mesh_head, someone, performance, camera)
        assert inside.min(axis=2).max() > 170, "teeth are the only thing that is light and grey"
    wide = _between_the_lips(mesh_head, someone, still(jawOpen=0.7), camera)
    assert wide.min(axis=2).max() > 170
    assert wide.max(axis=2).min() < 100


def _between_the_lips(
    head: MeshHead, someone: Identity, performance: Performance, camera: Camera
) -> NDArray[np.uint8]:
    """The picture (H, W, 3) between the middles of the lips."""
    (marks,) = head.landmarks(someone, performance, camera)
    (picture,) = head.draw(someone, performance, camera, Scene())
    x, top = np.round(marks[MOUTH["lip_upper_inner"]]).astype(int)
    bottom = round(float(marks[MOUTH["lip_lower_inner"], 1]))
    return picture[top : bottom + 1, x - 3 : x + 4]
