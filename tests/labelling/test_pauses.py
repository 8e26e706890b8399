"""Where long clips are cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_labeller import PAUSE_S, TONE_S, tones
from viseme.labelling.labeller import SAMPLE_RATE_HZ
from viseme.labelling.pauses import pieces


@settings(max_examples=30)
@given(st.floats(0.1, 60), st.floats(0.5, 30), st.booleans(), st.integers(0, 9))
def test_pieces_cover_the_clip_and_none_is_too_long(
    duration_s: float, max_s: float, has_sound: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    audio = rng.normal(0, 0.1, round(duration_s * 100)).astype(np.float32).repeat(160)
    found = pieces(duration_s, max_s, audio if has_sound else None)
    assert found[0][0] == 0.0
    assert found[-1][1] == duration_s
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert all(0 < end - start <= max_s + 1e-9 for start, end in found)


def test_cuts_are_in_the_pauses() -> None:
    audio = tones(30)
    found = pieces(len(audio) / SAMPLE_RATE_HZ, 7.0, audio)
    assert len(found) > 4
    for _, end_s in found[:-1]:
        since_tone_began = (end_s - PAUSE_S) % (TONE_S + PAUSE_S)
        assert TONE_S < since_tone_began < TONE_S + PAUSE_S


def test_a_short_clip_stays_whole() -> None:
    assert pieces(3.0, 24.0, tones(2)) == [(0.0, 3.0)]
    assert pieces(24.0, 24.0) == [(0.0, 24.0)]


def test_sound_that_ends_early_does_not_matter() -> None:
    found = pieces(60.0, 24.0, tones(3))
    assert found[-1][1] == 60.0
    assert all(end - start <= 24.0 for start, end in found)


def test_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="max_s"):
        pieces(3.0, 0.0)
