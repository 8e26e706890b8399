"""Every fault of a recording does what its name says, and a scene without faults does nothing."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.studio.camera import Camera
from viseme.studio.pictures.background import wall
from viseme.studio.pictures.colour import to_linear, to_srgb
from viseme.studio.pictures.recording import record
from viseme.studio.pictures.scenes import sample_scene
from viseme.studio.scene import Occluder, Scene

HAND = Occluder("hand", 0.2, 0.8, 0.5, 0.6, 0.3)


def frames(count: int = 25, size: int = 48) -> NDArray[np.uint8]:
    """Squares that move over a grey picture."""
    video = np.full((count, size, size, 3), 120, np.uint8)
    for number, frame in enumerate(video):
        frame[10:20, number : number + 10] = (230, 180, 40)
    return video


def test_srgb_codes_survive_linear_light() -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert (to_srgb(to_linear(codes)) == codes).all()
    assert to_srgb(np.float32([-1, 2])).tolist() == [0, 255]


def test_linear_light_is_that_of_the_standard() -> None:
    """Figures of IEC 61966-2-1; half of the light is code 188, a grey card of 18 % code 118."""
    codes = np.array([0, 10, 128, 188, 255], np.uint8)
    np.testing.assert_allclose(to_linear(codes), [0, 0.003035, 0.215861, 0.502886, 1], atol=1e-6)
    assert to_srgb(np.float32([0.001, 0.18, 0.5])).tolist() == [3, 118, 188]


def test_a_perfect_recording_changes_nothing() -> None:
    assert (record(frames(), Scene(seed=5)) == frames()).all()


def test_exposure_acts_on_light() -> None:
    seen = to_linear(record(frames(1), Scene(exposure=0.5)))
    np.testing.assert_allclose(seen, to_linear(frames(1)) / 2, atol=0.003)
    assert (record(frames(1), Scene(exposure=100.0)) == 255).all()


def test_blur_keeps_light_and_spreads_a_point_as_far_as_it_says() -> None:
    point = np.zeros((1, 41, 41, 3), np.uint8)
    point[0, 20, 20] = 255
    seen = to_linear(record(point, Scene(blur_px=2.0)))[0, :, :, 0]
    assert seen.sum() == pytest.approx(1, rel=0.05)
    offset = np.arange(41) - 20
    assert np.sqrt((seen.sum(axis=0) * offset**2).sum()) == pytest.approx(2, rel=0.1)
    grey = np.full((1, 20, 20, 3), 77, np.uint8)
    assert (record(grey, Scene(blur_px=2.0)) == grey).all()


def test_noise_is_as_strong_as_it_says_and_new_in_every_frame() -> None:
    flat = np.full((2, 64, 64, 3), 200, np.uint8)
    noisy = record(flat, Scene(noise=0.04))
    share = (0.5 + 0.5 * 200 / 255) * 0.04
    assert noisy.std() / 255 == pytest.approx(share, rel=0.05)
    assert noisy.mean() == pytest.approx(200, abs=0.3)
    assert (noisy[0] != noisy[1]).mean() > 0.8
    assert (noisy == record(flat, Scene(noise=0.04))).all()
    assert (noisy != record(flat, Scene(noise=0.04, seed=1))).any()
    dark = record(np.full_like(flat, 60), Scene(noise=0.04))
    assert dark.std() < noisy.std()


@pytest.mark.parametrize("kind", ["hand", "microphone"])
def test_an_occluder_hides_its_place_for_its_time(kind: str) -> None:
    scene = Scene(occluders=(replace(HAND, kind=kind),))
    changed = (record(frames(), scene) != frames()).any(axis=-1)
    hit = changed.any(axis=(1, 2))
    assert not hit[:5].any()
    assert not hit[20:].any()
    assert hit[10]
    assert changed[10, 27:31, 22:26].mean() > 0.9  # its middle
    assert not changed[:, :8].any()  # it comes from below
    size = changed.mean(axis=(1, 2))
    assert size[6] < size[12]  # it slides in
    assert size[18] < size[12]  # and out


@pytest.mark.parametrize("kind", ["hand", "microphone"])
def test_occluders_stand_in_the_light_of_the_scene_before_its_camera(kind: str) -> None:
    scene, black = Scene(occluders=(replace(HAND, kind=kind),)), np.zeros((1, 96, 96, 3), np.uint8)
    still = replace(scene, occluders=(replace(scene.occluders[0], start_s=-1.0),))
    full, dim, weak = (
        to_linear(record(black, changed))
        for changed in (still, replace(still, exposure=0.5), replace(still, light=(0.5, 0.5, 0.5)))
    )
    assert full.max() > 0.02
    np.testing.assert_allclose(dim, full / 2, atol=0.005)
    np.testing.assert_allclose(weak, full / 2, atol=0.005)


def test_occluders_are_lit_from_above() -> None:
    ball = Occluder("microphone", -1.0, 1.0, 0.5, 0.5, 0.6)
    (seen,) = to_linear(record(np.zeros((1, 96, 96, 3), np.uint8), Scene(occluders=(ball,))))
    across = slice(40, 56)
    assert seen[26:46, across].mean() > 1.1 * seen[50:70, across].mean()


def test_occluders_come_and_go_at_their_time_at_any_rate() -> None:
    scene, grey = Scene(occluders=(HAND,)), np.full((50, 24, 24, 3), 120, np.uint8)
    hit = (record(grey, scene, fps=50) != 120).any(axis=(1, 2, 3))
    assert not hit[:10].any()
    assert hit[15:35].all()
    assert not hit[40:].any()


def test_occluders_are_as_many_pixels_at_any_size() -> None:
    scene = Scene(occluders=(HAND,))
    shares = []
    for size in (48, 96):
        grey = np.full((12, size, size, 3), 120, np.uint8)
        shares.append((record(grey, scene)[-1] != 120).any(axis=-1).mean())
    assert shares[0] == pytest.approx(shares[1], rel=0.1)


def test_an_unknown_occluder_is_refused() -> None:
    with pytest.raises(ConfigError, match="'cat'"):
        record(frames(), Scene(occluders=(replace(HAND, kind="cat"),)))


def test_the_wall_has_its_colour_and_its_pattern() -> None:
    plain = Scene(background=(0.1, 0.2, 0.4), background_detail=0.0)
    detailed = replace(plain, background_detail=1.0)
    assert np.allclose(wall(Camera(), plain).mean(axis=(0, 1)) / (0.1, 0.2, 0.4), 0.85, atol=0.1)
    assert wall(Camera(), detailed)[..., 0].std() > 1.5 * wall(Camera(), plain)[..., 0].std()
    assert (wall(Camera(), detailed) == wall(Camera(), detailed)).all()
    assert (wall(Camera(), detailed) != wall(Camera(), replace(detailed, seed=1))).any()
    steps = np.abs(np.diff(wall(Camera(), detailed), axis=1))
    assert steps.max() < 0.1 * 0.4  # smooth: nothing a tracker could take for a feature


def test_the_wall_is_lighter_at_the_top_and_towards_the_light_whose_colour_it_takes() -> None:
    plain = Scene(background=(0.2, 0.2, 0.2), background_detail=0.0)
    for yaw in (-1.0, 1.0):
        lit = wall(Camera(), replace(plain, light_yaw=yaw))
        assert (np.diff(lit, axis=0) < 0).all()
        assert (np.sign(np.diff(lit, axis=1)) == yaw).all()
    warm = wall(Camera(), replace(plain, light=(1.2, 1.0, 0.8)))
    np.testing.assert_allclose(warm, wall(Camera(), plain) * (1.2, 1.0, 0.8), rtol=1e-5)


def test_difficulty_makes_the_same_scene_harder() -> None:
    for seed in range(20):
        easy, middle, hard = (sample_scene(np.random.default_rng(seed), d) for d in (0, 0.5, 1))
        assert (easy.blur_px, easy.noise, easy.exposure) == (0, 0, 1)
        assert easy.background_detail == 0
        assert not easy.occluders
        assert abs(easy.light_yaw) <= abs(middle.light_yaw) <= abs(hard.light_yaw) <= 1.3
        assert easy.noise < middle.noise < hard.noise
        assert easy.ambient >= middle.ambient >= hard.ambient
        assert hard.light[0] - 1 == pytest.approx(1 - hard.light[2])
        assert easy.light == (1, 1, 1)
        assert easy.background == hard.background
        assert easy.seed == hard.seed
        assert len(middle.occluders) <= len(hard.occluders)


def test_hard_scenes_vary() -> None:
    scenes = [sample_scene(np.random.default_rng(seed), 1.0, 2.0) for seed in range(200)]
    occluders = [o for scene in scenes for o in scene.occluders]
    assert 40 < len(occluders) < 100
    assert {o.kind for o in occluders} == {"hand", "microphone"}
    assert all(0 <= o.start_s < o.end_s <= 2 for o in occluders)
    assert min(s.exposure for s in scenes) < 0.6
    assert max(s.exposure for s in scenes) > 1.6


@pytest.mark.parametrize("difficulty", [-0.1, 1.5, float("nan")])
def test_a_difficulty_out_of_range_is_refused(difficulty: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        sample_scene(np.random.default_rng(0), difficulty)
