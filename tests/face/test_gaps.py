"""Short gaps are bridged on a straight line, long ones stay open."""

import numpy as np
import pytest

from viseme.face.gaps import MAX_GAP_FRAMES, fill_gaps, spans


def line_with_gap(length: int, gap: slice) -> tuple[np.ndarray, np.ndarray]:
    present = np.ones(length, bool)
    present[gap] = False
    values = np.stack([np.arange(length) * 2.0, np.arange(length) * -1.0], 1)
    values[~present] = 1e9
    return values, present


@pytest.mark.parametrize("gap", [1, 5, MAX_GAP_FRAMES])
def test_a_short_gap_is_bridged_by_a_line(gap: int) -> None:
    values, present = line_with_gap(40, slice(15, 15 + gap))
    filled, visible = fill_gaps(values, present)
    assert visible.all()
    np.testing.assert_allclose(filled[:, 0], np.arange(40) * 2.0)
    np.testing.assert_allclose(filled[:, 1], np.arange(40) * -1.0)


def test_a_long_gap_stays_open_as_a_whole() -> None:
    values, present = line_with_gap(40, slice(10, 10 + MAX_GAP_FRAMES + 1))
    filled, visible = fill_gaps(values, present)
    np.testing.assert_array_equal(visible, present)
    assert np.isnan(filled[~present]).all()
    np.testing.assert_array_equal(filled[present], values[present])


def test_short_gaps_at_the_ends_repeat_the_nearest() -> None:
    values, present = line_with_gap(40, slice(0, MAX_GAP_FRAMES))
    filled, visible = fill_gaps(values[::-1], present[::-1])
    assert visible.all()
    assert (filled[-MAX_GAP_FRAMES:] == filled[-MAX_GAP_FRAMES - 1]).all()
    filled, visible = fill_gaps(values, present)
    assert (filled[:MAX_GAP_FRAMES] == filled[MAX_GAP_FRAMES]).all()


def test_long_gaps_at_the_ends_stay_open() -> None:
    values, present = line_with_gap(40, slice(0, MAX_GAP_FRAMES + 1))
    np.testing.assert_array_equal(fill_gaps(values, present)[1], present)
    np.testing.assert_array_equal(fill_gaps(values[::-1], present[::-1])[1], present[::-1])


@pytest.mark.parametrize("length", [0, 5])
def test_nothing_known_gives_nothing(length: int) -> None:
    filled, visible = fill_gaps(np.zeros((length, 2)), np.zeros(length, bool))
    assert filled.shape == (length, 2)
    assert not visible.any()


def test_spans_are_the_runs_of_true() -> None:
    assert spans(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [slice(0, 2), slice(3, 4), slice(6, 7)]
    assert spans(np.zeros(3, bool)) == []
    assert spans(np.zeros(0, bool)) == []
