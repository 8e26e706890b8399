"""Word times read off features: learned boundaries are found, and every answer is in order."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from viseme.recognition.word_times import Taught, WordTimer

DIM = 6


def clip(rng: np.random.Generator) -> Taught:
    """Three words: a feature says how much of a frame is silence, others which half of a word it
    is; CTC has the first word's tokens far too early, as real models do."""
    lengths = rng.uniform(4, 9, 7)
    edges = np.cumsum(lengths)
    num_frames = int(edges[-1]) + 1
    times = edges[:6].reshape(3, 2)
    features = rng.normal(0, 0.05, (num_frames, DIM))
    for frame in range(num_frames):
        for start, end in times:
            middle = (start + end) / 2
            for place, (low, high) in enumerate(((start, middle), (middle, end))):
                features[frame, place] += max(0.0, min(frame + 1, high) - max(frame, low))
    spans = [(int(start) + 1, int(end) - 1) for start, end in times]
    spans[0] = (0, spans[0][1])
    return Taught(features.astype(np.float32), spans, times)


@pytest.fixture(scope="module")
def timer() -> WordTimer:
    rng = np.random.default_rng(0)
    return WordTimer.fit([clip(rng) for _ in range(60)])


def test_boundaries_of_unseen_clips_are_found_within_parts_of_a_frame(timer: WordTimer) -> None:
    rng = np.random.default_rng(1)
    clips = [clip(rng) for _ in range(40)]
    errors = [timer.times(torch.from_numpy(c.features), c.spans) - c.times for c in clips]
    assert np.median(np.abs(errors)) < 0.25
    assert np.percentile(np.abs(errors), 95) < 1
    assert abs(np.mean(errors)) < 0.1


def test_what_a_folder_keeps_gives_nearly_the_same(timer: WordTimer) -> None:
    one = clip(np.random.default_rng(3))
    features = torch.from_numpy(one.features)
    again = WordTimer.from_tensors(timer.tensors())
    np.testing.assert_allclose(
        timer.times(features, one.spans), again.times(features, one.spans), atol=0.05
    )


@given(data=st.data(), num_words=st.integers(1, 8), spare=st.integers(0, 30))
def test_words_keep_their_order_and_some_length_within_the_clip(
    data: st.DataObject, num_words: int, spare: int
) -> None:
    num_frames = 2 * num_words + spare
    places = st.lists(
        st.integers(0, num_frames - 1), min_size=2 * num_words, max_size=2 * num_words, unique=True
    )
    frames = sorted(data.draw(places))
    spans = list(zip(frames[::2], frames[1::2], strict=True))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    wild = WordTimer(10 * torch.randn(2, DIM, 6, generator=generator), torch.zeros(DIM))
    times = wild.times(torch.randn(num_frames, DIM, generator=generator), spans)
    assert times.shape == (num_words, 2)
    assert (times[:, 0] < times[:, 1]).all()
    assert (times[1:, 0] >= times[:-1, 1]).all()
    assert times.min() >= 0
    assert times.max() <= num_frames


def test_nothing_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="no clips"):
        WordTimer.fit([])
