"""Whole performances: bounds, determinism, feeling with speech, laughter, signs of life."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import default_rng
from spoken import babble, phones, utterance

from viseme.errors import ConfigError
from viseme.studio.identity import Articulation
from viseme.studio.motion.acting import act, hold
from viseme.studio.motion.coarticulation import frame_times
from viseme.studio.motion.expression import EMOTIONS, emotion, extreme_expressions, facs
from viseme.studio.motion.idle import blinks, gaze, look
from viseme.studio.motion.opening import mouth_opening
from viseme.studio.motion.perform import Manner, num_frames, perform
from viseme.studio.performance import FPS, UNIT_INDEX, UNITS, Performance
from viseme.studio.utterance import SAMPLE_RATE_HZ, Laugh, Phone

STILL, USUAL = Manner(liveliness=0.0), Manner()


def same(a: Performance, b: Performance) -> bool:
    return all(
        getattr(a, name).tobytes() == getattr(b, name).tobytes()
        for name in ("units", "rotation", "translation")
    )


def run(
    spoken: tuple[Phone, ...] = (),
    manner: Manner = USUAL,
    seed: int = 0,
    laughs: tuple[Laugh, ...] = (),
    seconds: float = 0.0,
) -> Performance:
    return perform(utterance(spoken, laughs, seconds), Articulation(), manner, seed)


@pytest.mark.parametrize("samples", [0, 1, 640, 641, 16_000, 47_999])
def test_frames_cover_the_sound(samples: int) -> None:
    clip = run(seconds=samples / SAMPLE_RATE_HZ)
    assert len(clip) == -(-samples * FPS // SAMPLE_RATE_HZ)
    for array in (clip.units, clip.rotation, clip.translation):
        assert array.dtype == np.float32
        assert len(array) == len(clip)


def test_nothing_to_say_and_nothing_to_do_is_rest() -> None:
    clip = run(seconds=2.0, manner=STILL)
    assert (clip.units == 0).all()
    assert (clip.rotation == 0).all()
    assert (clip.translation == 0).all()


@pytest.mark.parametrize("name", EMOTIONS)
def test_weights_stay_in_bounds_and_closures_closed_in_every_emotion(name: str) -> None:
    for seed in range(2):
        spoken = babble(default_rng(seed), 12)
        clip = run(spoken, Manner(name, 1.0), seed)
        assert ((clip.units >= 0) & (clip.units <= 1)).all()
        gap, times = mouth_opening(clip), frame_times(len(clip))
        for phone in spoken:
            if phone.symbol in ("p", "b", "m"):
                frames = (times >= phone.start_s) & (times <= phone.end_s)
                assert gap[frames].min() < 0.02


@pytest.mark.parametrize("name", [name for name in EMOTIONS if name != "neutral"])
def test_emotions_grow_and_keep_speech_readable(name: str) -> None:
    spoken = phones(["m", "'a"] * 5 + ["m"], 0.12)
    mild, strong = (run(spoken, Manner(name, s, 0.0)) for s in (0.3, 1.0))
    brow = [i for i, unit in enumerate(UNITS) if not unit.startswith(("jaw", "mouth", "tongue"))]
    assert strong.units[:, brow].sum() > mild.units[:, brow].sum() > 0
    neutral, felt = mouth_opening(run(spoken, STILL)), mouth_opening(strong)
    speaking = slice(10, -10)
    assert np.corrcoef(neutral[speaking], felt[speaking])[0, 1] > 0.9


def test_the_seed_decides_everything() -> None:
    spoken = babble(default_rng(0), 10)
    assert same(run(spoken, seed=5), run(spoken, seed=5))
    assert not same(run(spoken, seed=5), run(spoken, seed=6))


def test_idle_motion_scales_and_stays_small() -> None:
    calm, lively = (run(seconds=20.0, manner=Manner(liveliness=x)) for x in (0.5, 1.0))
    assert 0.005 < calm.rotation.std() < lively.rotation.std() < 0.06
    assert np.abs(lively.rotation).max() < 0.25
    assert np.abs(lively.translation).max() < 1.5
    assert np.abs(np.diff(lively.rotation, axis=0)).max() < 0.03


def test_whole_frames_of_sound_are_as_many_frames() -> None:
    assert all(num_frames(number / FPS) == number for number in range(5000))


def test_stressed_syllables_move_head_and_brows() -> None:
    stressed, flat = (run(phones(["t", vowel] * 30)) for vowel in ("'a", "a"))
    nods = stressed.rotation - flat.rotation
    assert nods[:, 0].max() > 0.02
    assert not nods[:, 1:].any()
    raised = (stressed.units - flat.units)[:, UNIT_INDEX["browOuterUpLeft"]]
    assert raised.max() > 0.1


def test_a_feeling_lives_and_never_exceeds_its_strength() -> None:
    clip = run(seconds=20.0, manner=Manner("happy", 0.7, liveliness=0.0))
    for unit, weight in emotion("happy", 0.7).items():
        felt = clip.units[:, UNIT_INDEX[unit]]
        assert 0.9 * weight - 1e-3 <= felt.min() < felt.max() <= weight + 1e-3


def test_the_head_turns_where_it_is_told() -> None:
    clip = run(seconds=1.0, manner=Manner(liveliness=0.0, head_turn=(0.5, -0.2)))
    np.testing.assert_allclose(clip.rotation, [[-0.2, 0.5, 0.0]] * 25, atol=1e-4)


def test_blinks_come_as_often_as_people_blink() -> None:
    times = frame_times(60 * FPS)
    counts, gaps = [], []
    for seed in range(10):
        lids = blinks(times, 1.0, default_rng(seed))[:, UNIT_INDEX["eyeBlinkLeft"]]
        shut = np.flatnonzero((lids[1:] > 0.9) & (lids[:-1] <= 0.9))
        counts.append(len(shut) / 60)
        gaps += np.diff(shut).tolist()
        assert lids.max() > 0.99
    assert 0.2 < np.mean(counts) < 0.4
    assert min(gaps) >= 0.7 * FPS


def test_both_eyes_look_the_same_way() -> None:
    units = look(gaze(frame_times(500), default_rng(0)))
    of = {name: units[:, UNIT_INDEX[name]] for name in UNITS if name.startswith("eyeLook")}
    np.testing.assert_array_equal(of["eyeLookOutLeft"], of["eyeLookInRight"])
    np.testing.assert_array_equal(of["eyeLookInLeft"], of["eyeLookOutRight"])
    np.testing.assert_array_equal(of["eyeLookUpLeft"], of["eyeLookUpRight"])
    assert (np.minimum(of["eyeLookUpLeft"], of["eyeLookDownLeft"]) == 0).all()
    assert of["eyeLookOutLeft"].max() > 0.05


@pytest.mark.parametrize("rate_hz", [4.0, 5.0, 6.0])
def test_the_jaw_follows_every_pulse_of_laughter(rate_hz: float) -> None:
    starts = 0.5 + np.arange(8) / rate_hz
    laughs = tuple(Laugh("voiced", s, s + 0.1, 1 - 0.07 * n) for n, s in enumerate(starts))
    clip = run(laughs=laughs, manner=STILL)
    jaw = clip.units[:, UNIT_INDEX["jawOpen"]]
    peaks = np.flatnonzero((jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:])) + 1
    assert len(peaks) == len(laughs)
    for peak, laugh in zip(peaks, laughs, strict=True):
        middle = (laugh.start_s + laugh.end_s) / 2 * FPS
        assert 0 <= peak + 0.5 - middle <= 2
    smile = clip.units[:, UNIT_INDEX["mouthSmileLeft"]]
    laughed = slice(int(0.5 * FPS), int(laughs[-1].end_s * FPS))
    assert smile[laughed].min() > 0.6
    assert smile[[0, -1]].max() < 0.5
    assert clip.rotation[laughed, 0].max() < -0.02  # thrown back


def test_a_hold_holds_and_names_without_a_side_are_both() -> None:
    clip = hold({"mouthSmile": 0.5, "jawOpen": 0.2}, 4)
    assert (clip.units[:, UNIT_INDEX["mouthSmileLeft"]] == 0.5).all()
    assert (clip.units[:, UNIT_INDEX["mouthSmileRight"]] == 0.5).all()
    assert clip.units.sum() == pytest.approx(4 * 1.2)


def test_acting_reaches_every_expression() -> None:
    faces = [emotion("happy"), *extreme_expressions(default_rng(0), 5), emotion("sad")]
    clip = act(faces, 1.2, seed=3)
    assert len(clip) == np.ceil(len(faces) * 1.2 * FPS)
    assert ((clip.units >= 0) & (clip.units <= 1)).all()
    assert np.abs(clip.units[0]).max() < 0.05
    for n, face in enumerate(faces):
        at = int((n + 0.95) * 1.2 * FPS)
        for unit, weight in face.items():
            assert clip.units[at, UNIT_INDEX[unit]] >= weight - 1e-3
    assert same(clip, act(faces, 1.2, seed=3))


def test_a_wink_is_one_eyes() -> None:
    clip = act([{"eyeBlinkLeft": 1.0}], 60.0, seed=3, liveliness=1.0)
    held = clip.units[30 * FPS :]
    assert (held[:, UNIT_INDEX["eyeBlinkLeft"]] == 1).all()
    assert not held[:, UNIT_INDEX["eyeBlinkRight"]].any()


def test_extreme_expressions_are_strong_and_varied() -> None:
    faces = extreme_expressions(default_rng(1), 200)
    used = {unit for face in faces for unit in face}
    assert {"tongueOut", "cheekPuff", "jawLeft", "jawRight", "eyeBlinkLeft"} <= used
    assert all(max(face.values()) > 0.4 for face in faces)
    assert any(
        face.get("eyeBlinkLeft", 0) > 0.6 and face.get("eyeBlinkRight", 0) == 0 for face in faces
    )


def test_facs_lines_are_checked() -> None:
    assert facs("L12C 26B") == {"mouthSmileLeft": 0.55, "jawOpen": 0.35}
    assert facs("L12D 12C") == facs("12C L12D") == {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.55}
    for wrong in ("99A", "12F", "12", "X12A"):
        with pytest.raises(ConfigError, match="no action unit"):
            facs(wrong)
    with pytest.raises(ConfigError, match="no emotion 'bored'"):
        emotion("bored")


def test_three_seconds_take_under_twenty_milliseconds() -> None:
    spoken = phones(["t", "'a", "m", "i"] * 9)
    run(spoken)
    best = min(_seconds(lambda: run(spoken, Manner("happy", 0.5))) for _ in range(5))
    assert best < 0.02


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
