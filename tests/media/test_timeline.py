"""The clock's mapping, as a pure function of time stamps."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.media.timeline import MAX_HOLD_S, Timed, as_fps, on_clock, repair

PERIOD = Fraction(1, 25)
RATES = [
    Fraction(15),
    Fraction(24),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60),
]


def constant(rate: Fraction, num_frames: int, first_s: Fraction = Fraction(0)) -> list[Timed[int]]:
    return [Timed(first_s + i / rate, 1 / rate, i) for i in range(num_frames)]


def test_as_fps_finds_the_broadcast_rates():
    assert as_fps(29.97002997) == Fraction(30000, 1001)
    assert as_fps(25.0) == 25


def test_same_rate_is_the_identity():
    assert list(on_clock(constant(Fraction(25), 75), Fraction(25))) == list(range(75))


@pytest.mark.parametrize("rate", RATES)
def test_constant_rate_gives_the_nearest_picture(rate):
    num_frames = round(3 * rate)
    shown = list(on_clock(constant(rate, num_frames), Fraction(25)))
    assert len(shown) == 75
    reach = min(PERIOD, 1 / rate) / 2
    for i, number in enumerate(shown):
        assert -reach <= i * PERIOD - number / rate <= 1 / rate - reach + Fraction(1, 1000)


@pytest.mark.parametrize("rate", [r for r in RATES if r > 25])
def test_a_faster_copy_of_a_clip_gives_back_every_picture(rate):
    # the usual converter shows the source picture whose time is nearest
    copy = [round(i * 25 / rate) for i in range(round(3 * rate))]
    shown = list(on_clock(constant(rate, len(copy)), Fraction(25)))
    assert [copy[i] for i in shown] == [min(i, max(copy)) for i in range(75)]


@given(st.integers(1, 400), st.sampled_from([*RATES, Fraction(25), Fraction(10)]))
def test_number_of_frames(num_frames, rate):
    num_shown = len(list(on_clock(constant(rate, num_frames), Fraction(25))))
    wanted = num_frames / rate * 25
    assert wanted - Fraction(1, 2) <= num_shown < wanted + 1
    assert num_shown > (num_frames - 1) / rate * 25  # up to the last picture's time
    if rate <= 25:
        assert abs(num_shown - wanted) <= Fraction(1, 2)


times = st.lists(st.integers(1, 3000), min_size=1, max_size=40).map(
    lambda gaps: [Fraction(sum(gaps[: i + 1]) - gaps[0], 1000) for i in range(len(gaps))]
)


@given(times, st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(10)]))
def test_variable_rate_holds_the_picture_on_screen(stamps, fps):
    timed = [Timed(t, PERIOD, i) for i, t in enumerate(stamps)]
    shown = list(on_clock(timed, fps))
    assert shown == sorted(shown)
    for tick, number in enumerate(shown):
        now = tick / fps
        # at most half an output frame before its time, never after the next one's
        assert stamps[number] <= now + 1 / (2 * fps)
        assert number == len(stamps) - 1 or stamps[number + 1] >= now


@given(times, st.integers(0, 100), st.integers(1, 100))
def test_a_window_is_a_slice(stamps, first, length):
    timed = [Timed(t, PERIOD, i) for i, t in enumerate(stamps)]
    whole = list(on_clock(timed, Fraction(25)))
    part = list(on_clock(timed, Fraction(25), first * PERIOD, (first + length) * PERIOD))
    assert part == whole[first : first + length]


@pytest.mark.parametrize(("periods", "shown"), [(2.4, 2), (2.5, 3), (2.6, 3), (0.4, 0)])
def test_a_window_is_as_long_as_it_is_to_the_nearest_picture(periods, shown):
    timed = constant(Fraction(25), 10)
    end_s = Fraction(1, 5) + Fraction(periods) * PERIOD
    part = list(on_clock(timed, Fraction(25), Fraction(1, 5), end_s))
    assert part == list(range(5, 5 + shown))


@pytest.mark.parametrize(
    ("duration_s", "shown_s"),
    [(Fraction(2), 2), (Fraction(0), PERIOD), (Fraction(MAX_HOLD_S + 1), PERIOD)],
)
def test_the_last_picture_stays_as_long_as_its_file_says_if_that_can_be(duration_s, shown_s):
    timed = list(repair([(Fraction(0), duration_s, 0)], PERIOD, pytest.fail))
    assert timed[0].duration_s == shown_s
    assert list(on_clock(timed, Fraction(25))) == [0] * round(shown_s * 25)


def test_pictures_before_the_first_stamp_are_the_first():
    late = constant(Fraction(25), 3, first_s=Fraction(1, 5))
    assert list(on_clock(late, Fraction(25))) == [0] * 5 + [0, 1, 2]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), min_size=1, max_size=50))
def test_repaired_stamps_increase_and_never_hold_for_ever(stamps):
    stamped = [
        (None if s is None else Fraction(s, 1000), Fraction(0), i) for i, s in enumerate(stamps)
    ]
    repaired = list(repair(stamped, PERIOD, lambda message: None))
    assert [item.picture for item in repaired] == list(range(len(stamps)))
    gaps = [b.time_s - a.time_s for a, b in pairwise(repaired)]
    assert all(0 < gap <= MAX_HOLD_S for gap in gaps)


@pytest.mark.parametrize("first_s", [None, Fraction(10**9)])
def test_without_a_stamp_reading_began_at_zero(first_s):
    stamped = [(first_s, PERIOD, 0), (None, PERIOD, 1)]
    times = [i.time_s for i in repair(stamped, PERIOD, lambda message: None, Fraction(700))]
    assert times == [0, PERIOD]


@pytest.mark.parametrize(
    "stamps",
    [
        [0, 400, 800],  # long before the asked start
        [700 + MAX_HOLD_S, 1301],  # as late as can be after it
        [Fraction(-1, 10), 0],  # edited away in part
        [0, MAX_HOLD_S],  # held as long as can be
    ],
)
def test_stamps_that_can_be_are_kept(stamps):
    stamped = [(Fraction(s), PERIOD, s) for s in stamps]
    repaired = repair(stamped, PERIOD, pytest.fail, Fraction(700))
    assert [item.time_s for item in repaired] == stamps


def test_a_picture_three_periods_early_is_guessed_and_not_broken():
    stamped = [(s * PERIOD, PERIOD, s) for s in (0, 5, 2, 6)]
    repaired = [item.time_s / PERIOD for item in repair(stamped, PERIOD, pytest.fail)]
    assert repaired == [0, 5, 5 + Fraction(1, 4), 6]


def test_good_stamps_are_kept_and_guessed_ones_do_not_shift_the_rest():
    warnings: list[str] = []
    stamps = [0, 40, 120, 160, 160, 200, 240]  # the second to fourth came a period late
    stamped = [(Fraction(s, 1000), PERIOD, i) for i, s in enumerate(stamps)]
    repaired = [item.time_s for item in repair(stamped, PERIOD, warnings.append)]
    assert [float(t) for t in repaired] == [0, 0.04, 0.12, 0.16, 0.17, 0.2, 0.24]
    assert warnings == []


def test_a_jump_back_is_said_and_played_on():
    warnings: list[str] = []
    stamped = [(Fraction(s), PERIOD, s) for s in (0, 5, 9, 0, 1, 2)]
    repaired = [float(item.time_s) for item in repair(stamped, PERIOD, warnings.append)]
    assert repaired == [0, 5, 9, 9.04, 9.08, 9.12]
    assert len(warnings) == 1
