"""Sounds that run into each other, and those that may not be lost in it."""
# ruff: noqa: RUF001

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from spoken import babble, phones

from viseme.studio.camera import Camera
from viseme.studio.head import LANDMARKS
from viseme.studio.heads.drawn_head import DrawnHead
from viseme.studio.identity import Articulation, Identity
from viseme.studio.motion.coarticulation import Speech, articulate, frame_times
from viseme.studio.motion.opening import mouth_opening
from viseme.studio.motion.perform import num_frames, performance
from viseme.studio.performance import FPS, UNIT_INDEX, UNITS
from viseme.studio.utterance import Phone

AVERAGE = Articulation()
ROUND = [UNIT_INDEX["mouthPucker"], UNIT_INDEX["mouthFunnel"]]
JAW = UNIT_INDEX["jawOpen"]


def speak(spoken: tuple[Phone, ...], articulation: Articulation = AVERAGE) -> Speech:
    return articulate(spoken, num_frames(spoken[-1].end_s), articulation)


def opening(speech: Speech) -> np.ndarray:
    still = np.zeros((len(speech.units), 3))
    return mouth_opening(performance(speech.units, still, still))


def inside(phone: Phone, num: int) -> np.ndarray:
    times = frame_times(num)
    return (times >= phone.start_s - 1e-9) & (times <= phone.end_s + 1e-9)


@pytest.mark.parametrize("silence", [(), (Phone("", 0.0, 2.0),)])
def test_silence_is_rest(silence: tuple[Phone, ...]) -> None:
    speech = articulate(silence, 50, AVERAGE)
    assert (speech.units == 0).all()
    assert (speech.closure == 0).all()
    np.testing.assert_allclose(speech.activity, 0, atol=1e-12)


@pytest.mark.parametrize("rate_hz", [6, 9, 12, 15])
@pytest.mark.parametrize("articulation", [AVERAGE, Articulation(1.5, 0.6), Articulation(0.6, 1.4)])
def test_lips_close_for_every_p_b_m_and_f(rate_hz: float, articulation: Articulation) -> None:
    for seed in range(4):
        spoken = babble(default_rng(seed), rate_hz)
        speech = speak(spoken, articulation)
        gap = opening(speech)
        for phone in spoken:
            if phone.symbol in ("p", "b", "m", "f", "v"):
                frames = inside(phone, len(gap))
                assert gap[frames].min() < 0.01
                assert speech.closure[frames].max() > 0.99


@pytest.mark.parametrize("shift_s", np.linspace(0, 1 / FPS, 7).tolist())
def test_no_closure_falls_between_two_frames(shift_s: float) -> None:
    """A p of 30 ms may hold no frame's middle; the frame nearest to it shows closed lips."""
    start_s = 0.5 + shift_s
    end_s = start_s + 0.03
    before, after = Phone("a", 0.4, start_s), Phone("a", end_s, end_s + 0.1)
    speech = speak((before, Phone("p", start_s, end_s), after))
    nearest = round((start_s + end_s) / 2 * FPS - 0.5)
    assert opening(speech)[nearest] < 0.01
    assert speech.closure[nearest] > 0.999


def test_stressed_vowels_open_wider() -> None:
    weak, primary = phones(["t", "a", "t"], 0.12), phones(["t", "'a", "t"], 0.12)
    secondary = tuple(replace(phone, stress=2 * phone.stress) for phone in primary)
    widest = [opening(speak(spoken)).max() for spoken in (weak, secondary, primary)]
    assert widest == sorted(widest)
    assert widest[2] > 1.1 * widest[0]
    assert widest[2] - widest[1] > 0.01 < widest[1] - widest[0]


def test_rounding_is_seen_longer_before_its_vowel_than_after() -> None:
    speech = speak(phones(["k", "k", "k", "u", "k", "k", "k"], 0.08))
    rounding = speech.units[:, ROUND].sum(1)
    times = frame_times(len(rounding)) - (0.4 + 3.5 * 0.08)
    before, after = (rounding[(near > 0.05) & (near < 0.2)].sum() for near in (-times, times))
    assert before > 1.1 * after


def test_a_long_closure_lasts() -> None:
    gap = opening(speak(phones(["a", "m", "a"], 0.28)))
    closed = np.flatnonzero(gap[15:-15] < 0.01)
    assert 4 <= len(closed) <= 8


def test_frames_show_their_middles() -> None:
    np.testing.assert_allclose(frame_times(3), [0.02, 0.06, 0.1])


def test_lips_meet_on_a_head_also_between_rounded_vowels() -> None:
    """The drawn head has landmarks on the inner edges of both lips."""
    spoken = phones(["'u", "m", "'o", "p", "'ɔ", "b", "'ʃ", "p", "'y", "m", "'a"], 0.08)
    speech, still = speak(spoken), np.zeros((num_frames(spoken[-1].end_s), 3))
    head = DrawnHead()
    grey = (0.5, 0.5, 0.5)
    shape = np.zeros(head.num_axes, np.float32)
    person = Identity("p", "female", shape, grey, grey, grey, grey, 0, 0.0)
    places = head.landmarks(person, performance(speech.units, still, still), Camera(size_px=512))
    upper, lower = (list(LANDMARKS).index(f"lip_{which}_inner") for which in ("upper", "lower"))
    gap_px = places[:, lower, 1] - places[:, upper, 1]
    for phone in spoken:
        frames = inside(phone, len(gap_px))
        if phone.symbol in ("p", "b", "m"):
            assert gap_px[frames].min() < 1
        elif phone.symbol in ("o", "ɔ", "a"):
            assert gap_px[frames].max() > 5


@pytest.mark.parametrize("rate_hz", [6, 12])
def test_the_mouth_opens_for_open_vowels_between_closures(rate_hz: float) -> None:
    spoken = phones(["m", "'a"] * 6, 1 / rate_hz)
    gap = opening(speak(spoken))
    for phone in spoken:
        if phone.symbol == "a":
            assert gap[inside(phone, len(gap))].max() > 0.25


@pytest.mark.parametrize("consonant", ["k", "h", "t", "ɡ", "ʁ"])
def test_weak_consonants_take_the_shape_of_the_next_vowel(consonant: str) -> None:
    rounded, spread = (speak(phones(["a", consonant, vowel])) for vowel in ("u", "i"))
    at = int((0.4 + 1.5 * 0.08) * FPS)
    assert rounded.units[at, ROUND].sum() > spread.units[at, ROUND].sum() + 0.15
    stretch = UNIT_INDEX["mouthStretchLeft"]
    assert spread.units[at, stretch] > rounded.units[at, stretch] + 0.05


def test_strong_consonants_keep_theirs() -> None:
    for vowel in "iau":
        speech = speak(phones([vowel, "ʃ", vowel]))
        assert speech.units[int(0.52 * FPS), UNIT_INDEX["mouthFunnel"]] > 0.2
        speech = speak(phones([vowel, "s", vowel]))
        assert speech.units[int(0.52 * FPS), JAW] < 0.35


def test_anticipation_starts_the_rounding_earlier() -> None:
    spoken = phones(["t", "a", "t", "k", "u"])
    early, late = (speak(spoken, Articulation(anticipation=a)) for a in (1.6, 0.6))
    before = slice(int(0.56 * FPS), int(0.68 * FPS))
    assert (early.units[before][:, ROUND] > late.units[before][:, ROUND]).all()


def test_sizes_scale_movement_monotonically() -> None:
    spoken = babble(default_rng(1), 10)
    jaws = [speak(spoken, Articulation(jaw=size)).units[:, JAW] for size in (0.5, 1, 1.5)]
    lips = [speak(spoken, Articulation(lips=size)).units[:, ROUND] for size in (0.5, 1, 1.5)]
    for small, middle, large in (jaws, lips):
        assert (small <= middle + 1e-12).all()
        assert (middle <= large + 1e-12).all()
        assert large.sum() > middle.sum() > small.sum()
    sizes = [articulate(spoken, 60, AVERAGE, s).units.sum() for s in (0, 0.5, 1.0)]
    assert sizes[0] == 0 < sizes[1] < sizes[2]


def test_lips_make_up_for_the_opening_of_any_jaw() -> None:
    """A long w, which is not held closed, keeps the share of the jaw that its lips take back."""
    shares = []
    for articulation in (AVERAGE, Articulation(jaw=1.5, lips=0.7), Articulation(jaw=0.6, lips=1.3)):
        units = speak(phones(["w"], 0.6), articulation).units[int(0.7 * FPS)]
        shares.append(units[UNIT_INDEX["mouthClose"]] / units[JAW])
    assert shares == pytest.approx([shares[0]] * 3, rel=0.02)


def test_fast_speech_reaches_less() -> None:
    slow, fast = (opening(speak(phones(["t", "a", "s", "a"] * 4, 1 / rate))) for rate in (8, 16))
    assert np.ptp(fast[15:-15]) < np.ptp(slow[15:-15])


def test_both_sides_move_alike_unless_the_speaker_is_uneven() -> None:
    spoken = babble(default_rng(2), 10)
    left = [i for i, name in enumerate(UNITS) if name.endswith("Left") and name != "jawLeft"]
    right = [UNIT_INDEX[UNITS[i].replace("Left", "Right")] for i in left]
    even = speak(spoken).units
    np.testing.assert_allclose(even[:, left], even[:, right], atol=1e-12)
    uneven = speak(spoken, replace(AVERAGE, asymmetry=0.8)).units
    assert uneven[:, left].sum() > uneven[:, right].sum() * 1.2
    np.testing.assert_allclose(
        uneven[:, left].mean() + uneven[:, right].mean(), 2 * even[:, left].mean(), rtol=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_movement_is_continuous_and_within_bounds(seed: int) -> None:
    speech = speak(babble(default_rng(seed), 15))
    assert (speech.units >= 0).all()
    assert (speech.units <= 1).all()
    assert np.abs(np.diff(speech.units, axis=0)).max() < 0.5
    assert np.abs(np.diff(speech.units[:, JAW])).max() < 0.35


@pytest.mark.parametrize("frames", [1, 7, 30])
def test_a_later_start_moves_the_curves(frames: int) -> None:
    spoken = babble(default_rng(3), 11)
    shift_s = frames / FPS
    first, *rest = spoken
    moved = [replace(p, start_s=p.start_s + shift_s, end_s=p.end_s + shift_s) for p in rest]
    later = (replace(first, end_s=first.end_s + shift_s), *moved)
    here, there = speak(spoken).units, speak(later).units
    np.testing.assert_allclose(there[frames : frames + len(here)], here, atol=1e-6)


def test_the_mouth_opens_with_the_vowel_within_a_frame() -> None:
    """The opening's centre of mass between closures is the vowel's middle."""
    spoken = phones(["m", "'a"] * 5 + ["m"], 0.12)
    gap = opening(speak(spoken))
    times = frame_times(len(gap))
    offsets = []
    for phone in spoken:
        if phone.symbol == "a":
            near = np.abs(times - (phone.start_s + phone.end_s) / 2) < 0.12
            centre = (gap[near] * times[near]).sum() / gap[near].sum()
            offsets.append(centre - (phone.start_s + phone.end_s) / 2)
    assert abs(np.mean(offsets)) < 0.5 / FPS
    assert np.abs(offsets).max() < 1 / FPS


def test_long_clips_move_like_their_parts() -> None:
    """What is said a minute later changes nothing now, wherever the blocks of frames begin."""
    spoken = babble(default_rng(4), 11)
    end_s = spoken[-1].end_s
    again = [replace(p, start_s=p.start_s + 2 * end_s, end_s=p.end_s + 2 * end_s) for p in spoken]
    both = speak((*spoken, Phone("", end_s, 2 * end_s), *again))
    alone = speak(spoken)
    np.testing.assert_allclose(both.units[: len(alone.units)], alone.units, atol=1e-5)


def test_long_clips_stay_finite() -> None:
    far = (Phone("", 0, 30.0), Phone("a", 30.0, 30.1), Phone("", 30.1, 60.0))
    speech = articulate(far, 1500, AVERAGE)
    assert np.isfinite(speech.units).all()
    assert speech.units[[0, 1499]].max() < 1e-6
