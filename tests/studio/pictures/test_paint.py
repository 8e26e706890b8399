"""A ball in a room looks like one: lit from the light's side, smooth edges, shadows, both sides."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from viseme.studio.camera import Camera, rig
from viseme.studio.pictures.colour import to_linear
from viseme.studio.pictures.lights import lights_of
from viseme.studio.pictures.normals import vertex_normals
from viseme.studio.pictures.paint import Painter, Surface, paint
from viseme.studio.pictures.shadow import SHADOW_SIZE, cast, surroundings
from viseme.studio.scene import Scene

pytest.importorskip("numba")

CAMERA = Camera(size_px=48)
SCENE = Scene(background=(0.0, 0.0, 1.0), background_detail=0.0)


def ball(
    radius: float = 9.0, middle: tuple[float, float, float] = (0, 0, 0), gloss: float = 0.0
) -> Surface:
    """A grey ball of 24 x 48 squares."""
    down, around = np.meshgrid(np.linspace(0, np.pi, 25), np.arange(48) * np.pi / 24, indexing="ij")
    side = np.sin(down)
    points = np.stack([side * np.sin(around), np.cos(down), side * np.cos(around)], axis=-1)
    a = (np.arange(24)[:, None] * 48 + np.arange(48)).ravel()
    right = a // 48 * 48 + (a + 1) % 48
    triangles = np.concatenate(
        [np.stack([a, a + 48, right], 1), np.stack([right, a + 48, right + 48], 1)]
    )
    points = points.reshape(-1, 3) * radius + middle
    return Surface(
        points.astype(np.float32),
        triangles.astype(np.int32),
        np.full((len(points), 3), 0.4, np.float32),
        np.full(len(points), gloss, np.float32),
        np.zeros(len(points), np.float32),
    )


def together(first: Surface, second: Surface) -> Surface:
    return Surface(
        np.concatenate([first.points, second.points]),
        np.concatenate([first.triangles, second.triangles + len(first.points)]).astype(np.int32),
        np.concatenate([first.albedo, second.albedo]),
        np.concatenate([first.gloss, second.gloss]),
        np.concatenate([first.translucence, second.translucence]),
    )


def red(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear red, of which the wall has none."""
    return to_linear(picture)[..., 0]


def test_normals_of_a_ball_point_outwards() -> None:
    surface = ball()
    normals = vertex_normals(surface.points, surface.triangles)
    np.testing.assert_allclose(normals[48:-48], surface.points[48:-48] / 9, atol=0.03)


def test_large_triangles_turn_a_normal_more_than_small_ones() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 3, 0], [0, 0, 1]])
    triangles = np.array([[0, 1, 2], [0, 3, 4]], np.int32)  # 1/2 towards z, 3/2 towards x
    np.testing.assert_allclose(vertex_normals(points, triangles)[0], np.array([3, 0, 1]) / 10**0.5)


def test_the_ball_is_where_the_camera_projects_it() -> None:
    surface = ball(3, (5, 4, 2))
    seen = red(paint(surface, CAMERA, SCENE)) > 0
    y, x = np.nonzero(seen)
    expected = CAMERA.project(np.array([5.0, 4, 2]))[:2]
    np.testing.assert_allclose([x.mean() + 0.5, y.mean() + 0.5], expected, atol=0.3)
    radius_px = 3 / 98 * CAMERA.distance_cm * CAMERA.size_px / CAMERA.view_cm
    assert seen.sum() == pytest.approx(np.pi * (radius_px + 0.5) ** 2, rel=0.2)


@pytest.mark.parametrize("camera", rig(48), ids=lambda camera: camera.name)
def test_the_lit_side_is_the_lights(camera: Camera) -> None:
    for yaw in (-1.0, 1.0):
        picture = red(paint(ball(), camera, replace(SCENE, light_yaw=yaw + camera.yaw)))
        left, right = picture[:, :24].mean(), picture[:, 24:].mean()
        assert (right > 1.2 * left) == (yaw > 0)
    low, high = (red(paint(ball(), camera, replace(SCENE, light_pitch=p))) for p in (-1.0, 1.0))
    assert low[24:].mean() > high[24:].mean()
    assert low[:24].mean() < high[:24].mean()


@pytest.mark.parametrize("yaw", [-1.2, 0.6])
@pytest.mark.parametrize("camera", rig(48), ids=lambda camera: camera.name)
def test_lights_come_from_all_sides(camera: Camera, yaw: float) -> None:
    lights = lights_of(replace(SCENE, light_yaw=yaw, light_pitch=0.7), camera)
    for direction in (lights.key, lights.fill, lights.up):
        assert np.linalg.norm(direction) == pytest.approx(1)
    to_left = camera.to_view(np.array([1.0, 0, 0])) - camera.to_view(np.zeros(3))
    assert (lights.key @ to_left) * (lights.fill @ to_left) < 0
    assert (lights.sky_colour > lights.ground_colour).all()


def test_a_room_without_a_main_light_is_lighter_from_above() -> None:
    picture = red(paint(ball(), CAMERA, replace(SCENE, ambient=1.0)))
    assert picture[12:20, 20:28].mean() > 1.1 * picture[28:36, 20:28].mean()


def test_red_light_reaches_farthest_around_skin() -> None:
    scene = replace(SCENE, background=(0, 0, 0), light_yaw=1.5, light_pitch=0.0, ambient=0.0)
    colours = to_linear(paint(ball(), CAMERA, scene)).reshape(-1, 3)
    lit = colours[colours[:, 0] > 0.004]
    terminator = lit[lit[:, 0] < 0.2 * lit[:, 0].max()]
    assert (terminator[:, 0] > terminator[:, 1]).mean() > 0.8
    assert (terminator[:, 1] >= terminator[:, 2]).mean() > 0.8


def test_surroundings_are_as_deep_as_what_is_there_also_at_its_edge() -> None:
    y, x = np.mgrid[:40, :40] - 20
    there = x * x + y * y < 200
    around = surroundings(np.where(there, 1 / 50, 0).astype(np.float32), 6)
    np.testing.assert_allclose(around[there], 50, rtol=1e-5)
    assert around[0, 0] == 0


def test_edges_are_smooth() -> None:
    share = red(paint(ball(), CAMERA, replace(SCENE, light_yaw=0.0)))
    across = share[24]
    edge = across[(across > 0) & (across < 0.6 * across.max())]
    assert len(edge) >= 1
    finer = red(paint(ball(), replace(CAMERA, size_px=192), replace(SCENE, light_yaw=0.0)))
    shrunk = finer.reshape(48, 4, 48, 4).mean(axis=(1, 3))
    assert np.abs(shrunk - share).mean() < 0.005


def test_what_is_in_front_hides_what_is_behind() -> None:
    near, far = ball(3, (0, 0, 5)), ball(9, (0, 0, -5))
    near.albedo[:] = 0
    one, other = (paint(together(*pair), CAMERA, SCENE) for pair in ((near, far), (far, near)))
    assert (one == other).mean() > 0.99
    assert red(one)[24, 24] == 0
    assert red(one)[24, 14] > 0.05


def test_a_shadow_falls_behind_the_thing_that_casts_it() -> None:
    scene = replace(SCENE, light_yaw=0.0, light_pitch=1.0, ambient=0.1)
    lid = ball(4, (0, 14, 13))
    free, shaded = (red(paint(s, CAMERA, scene)) for s in (ball(), together(ball(), lid)))
    changed = shaded < 0.6 * free
    assert changed[16:30, 18:30].mean() > 0.2
    assert not changed[36:].any()


def test_gloss_makes_one_small_bright_spot() -> None:
    dull, glossy = (red(paint(ball(gloss=g), CAMERA, SCENE)) for g in (0.0, 1.0))
    spot = glossy > dull + 0.2
    assert 2 <= spot.sum() <= 60
    y, x = np.nonzero(spot)
    assert x.mean() < 24  # the main light stands at the image's left and above
    assert y.mean() < 24


def test_hollows_are_dark() -> None:
    surface = ball()
    outside = surface.points[surface.triangles].mean(axis=1)
    bowl = replace(surface, triangles=surface.triangles[outside[:, 2] < 3])
    picture = red(paint(bowl, CAMERA, replace(SCENE, light_pitch=0.9)))
    assert 0 < picture[24, 24] < 0.75 * red(paint(surface, CAMERA, SCENE))[24, 24]


def test_what_is_translucent_is_lighter_in_shadows_and_hollows() -> None:
    scene = replace(SCENE, light_yaw=0.0, light_pitch=1.0, ambient=0.1)
    lid = ball(4, (0, 14, 13))
    shaded = together(ball(), lid)
    dull, passing = (
        red(
            paint(replace(shaded, translucence=np.full_like(shaded.translucence, t)), CAMERA, scene)
        )
        for t in (0.0, 0.8)
    )
    free = red(paint(ball(), CAMERA, scene))
    dark = dull < 0.6 * free
    assert dark.any()
    assert (passing[dark] > 1.2 * dull[dark]).mean() > 0.9


def test_what_is_translucent_is_lighter_in_hollows_without_a_main_light() -> None:
    surface, near = ball(1.5), replace(CAMERA, view_cm=6.0)
    outside = surface.points[surface.triangles].mean(axis=1)
    bowl = replace(surface, triangles=surface.triangles[outside[:, 2] < 0.5])
    passing = replace(bowl, translucence=np.full_like(bowl.translucence, 0.8))
    scene = replace(SCENE, ambient=1.0)
    dull, light = (red(paint(hollow, near, scene))[24, 24] for hollow in (bowl, passing))
    assert light > 1.1 * dull


@pytest.mark.parametrize("stretched", [0, 1, 2])
@pytest.mark.parametrize("key", [(0.0, 0, -1), (0.6, 0, -0.8), (0, -1.0, 0)])
def test_the_main_light_sees_all_of_a_head(stretched: int, key: tuple[float, ...]) -> None:
    surface = ball()
    points = surface.points.astype(np.float64)
    points[:, stretched] *= 4
    shadow = cast(points, surface.triangles, np.array(key))
    seen = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ shadow.axes
    assert seen[:, :2].min() >= 0
    assert seen[:, :2].max() <= SHADOW_SIZE
    assert np.ptp(seen[:, :2], axis=0).max() > 0.9 * SHADOW_SIZE
    assert shadow.height.max() == pytest.approx(seen[:, 2].max(), rel=0.05)


def test_turned_triangles_are_drawn_and_lit_alike() -> None:
    surface = ball()
    turned = replace(surface, triangles=surface.triangles[:, ::-1].copy())
    one, other = paint(surface, CAMERA, SCENE), paint(turned, CAMERA, SCENE)
    assert np.abs(one.astype(int) - other).max() <= 1


def test_light_that_is_dimmed_dims_all() -> None:
    scene = replace(SCENE, background=(0.2, 0.2, 0.2))
    bright = to_linear(paint(ball(), CAMERA, scene))
    dim = to_linear(paint(ball(), CAMERA, replace(scene, light=(0.5, 0.5, 0.5))))
    np.testing.assert_allclose(dim, bright / 2, atol=0.01)


def test_a_painter_repeats_itself_and_changes_nothing() -> None:
    surface, painter = ball(gloss=0.5), Painter(CAMERA, SCENE)
    before = surface.points.copy()
    first = painter.paint(surface)
    painter.paint(ball(5))
    assert (painter.paint(surface) == first).all()
    assert (paint(surface, CAMERA, SCENE) == first).all()
    assert (surface.points == before).all()


def test_a_head_behind_the_camera_leaves_the_wall() -> None:
    behind = ball(9, (0, 0, 150))
    nothing = replace(behind, triangles=behind.triangles[:0])
    assert (paint(behind, CAMERA, SCENE) == paint(nothing, CAMERA, SCENE)).all()
