"""Long recordings are cut where the lips rest, and nowhere is a frame lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from viseme.face.crop import MouthBlock
from viseme.kinds.recogniser.windows import resting_frame, windows


def blocks_of(rois: NDArray[np.uint8], block_sizes: list[int]) -> list[MouthBlock]:
    """ROIs as consecutive blocks; every third frame is not visible."""
    blocks, start = [], 0
    while start < len(rois):
        stop = min(len(rois), start + block_sizes[len(blocks) % len(block_sizes)])
        number, nothing = np.arange(start, stop), np.zeros(stop - start, np.float32)
        boxes, quads = np.zeros((stop - start, 4)), np.zeros((stop - start, 4, 2))
        visible = number % 3 > 0
        blocks.append(MouthBlock(start, rois[start:stop], visible, nothing, boxes, quads, 1, 0))
        start = stop
    return blocks


def talk(spans: list[tuple[int, float]], seed: int = 0) -> NDArray[np.uint8]:
    """ROIs of (frames, share of the mouth's movement): grey noise around the picture before."""
    rng = np.random.default_rng(seed)
    size = np.concatenate([np.full(frames, share) for frames, share in spans])
    noise = rng.normal(0, 30, (len(size), 24, 24)) * size[:, None, None]
    return np.clip(128 + noise, 0, 255).astype(np.uint8)


@given(
    st.integers(1, 400),
    st.integers(4, 60),
    st.floats(0, 0.9),
    st.lists(st.integers(1, 50), min_size=1),
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.1, 1.0])), min_size=1),
)
def test_windows_cover_every_frame(
    total: int,
    size: int,
    share: float,
    block_sizes: list[int],
    spans: list[tuple[int, float]],
) -> None:
    overlap = int(size * share)
    rois = np.resize(talk(spans), (total, 24, 24))
    pieces = list(windows(blocks_of(rois, block_sizes), size, overlap))
    end = 0
    for index, (begin, part, visible) in enumerate(pieces):
        assert begin == 0 or begin in (end, end - overlap)
        np.testing.assert_array_equal(part, rois[begin : begin + len(part)])
        assert (visible == (np.arange(begin, begin + len(part)) % 3 > 0)).all()
        end = begin + len(part)
        assert 0 < len(part) <= (size + overlap if index == len(pieces) - 1 else size)
    assert end == total


def test_a_long_recording_is_cut_in_its_pauses() -> None:
    pause, speech = (14, 0.05), (44, 1.0)
    rois = talk([speech, pause] * 6)
    cuts = [start for start, _, _ in windows(blocks_of(rois, [100]), 75, 19)][1:]
    assert len(cuts) == 5
    for number, cut in enumerate(cuts):
        begin = number * 58 + 44
        assert begin < cut < begin + 14


def test_lips_that_never_rest_are_read_in_overlapping_windows() -> None:
    rois = talk([(300, 1.0)])
    starts = [start for start, _, _ in windows(blocks_of(rois, [100]), 75, 19)]
    assert starts == [0, 56, 112, 168, 224]


@pytest.mark.parametrize("frames", [1, 9, 10])
def test_a_stub_has_no_rest(frames: int) -> None:
    assert resting_frame(talk([(frames, 1.0)])) is None


def test_a_still_picture_rests_late_enough_to_go_on() -> None:
    assert resting_frame(np.zeros((75, 24, 24), np.uint8)) >= 30
