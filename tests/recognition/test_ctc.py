"""CTC likelihood, greedy text and alignment against brute force and torch's own loss."""

import itertools
import math

import numpy as np
import pytest
import torch
from ctc_oracle import (
    all_texts,
    blank_last,
    collapse,
    examples,
    posteriors,
    random_log_probs,
)
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from viseme.recognition.ctc import align, greedy, log_likelihood


@examples
@given(posteriors)
def test_likelihood_is_the_sum_over_paths(shape: tuple[int, int, int, float]) -> None:
    log_probs = random_log_probs(*shape)
    for text, p in all_texts(log_probs).items():
        assert log_likelihood(log_probs.numpy(), text) == pytest.approx(math.log(p), abs=1e-5)


def test_likelihood_agrees_with_the_loss() -> None:
    log_probs = random_log_probs(60, 9, seed=0)
    tokens = [3, 3, 1, 8, 8, 2, 5]
    loss = F.ctc_loss(log_probs[:, None], torch.tensor([tokens]), [60], [7], reduction="sum")
    assert log_likelihood(log_probs.numpy(), tokens) == pytest.approx(-loss.item(), abs=1e-3)


def test_greedy_merges_repeats_and_drops_blanks_within_the_length() -> None:
    paths = torch.tensor([[1, 1, 0, 1, 2, 2], [0, 0, 3, 3, 1, 1], [0, 0, 0, 0, 0, 0]])
    log_probs = F.one_hot(paths, 4).float()
    assert greedy(log_probs, torch.tensor([6, 4, 6])) == [[1, 1, 2], [3], []]


@examples
@given(posteriors, st.data())
def test_alignment_is_the_best_path(
    shape: tuple[int, int, int, float], data: st.DataObject
) -> None:
    log_probs = random_log_probs(*shape)
    frames, vocab, *_ = shape
    tokens = data.draw(st.lists(st.integers(1, vocab - 1), min_size=1, max_size=4))
    paths = [p for p in itertools.product(range(vocab), repeat=frames) if collapse(p) == (*tokens,)]
    if not paths:
        with pytest.raises(ValueError, match="frames"):
            align(log_probs.numpy(), tokens)
        return
    spans = align(log_probs.numpy(), tokens)
    path = np.zeros(frames, int)
    for span, token in zip(spans, tokens, strict=True):
        path[span.start_frame : span.end_frame] = token
        mean = log_probs[span.start_frame : span.end_frame, token].mean().item()
        assert span.log_prob == pytest.approx(mean, abs=1e-5)
    assert collapse(tuple(path)) == (*tokens,)
    best = max(sum(log_probs[t, c].item() for t, c in enumerate(p)) for p in paths)
    assert sum(log_probs[t, c].item() for t, c in enumerate(path)) == pytest.approx(best, abs=1e-4)


def test_the_blank_can_be_any_id() -> None:
    log_probs, tokens = random_log_probs(30, 6, seed=1), [3, 3, 1, 5, 2]
    moved, lower = blank_last(log_probs), [token - 1 for token in tokens]
    likelihood = log_likelihood(log_probs.numpy(), tokens)
    assert log_likelihood(moved.numpy(), lower, blank_id=5) == pytest.approx(likelihood)
    assert align(moved.numpy(), lower, blank_id=5) == align(log_probs.numpy(), tokens)
    (text,) = greedy(log_probs[None], torch.tensor([30]))
    (moved_text,) = greedy(moved[None], torch.tensor([30]), blank_id=5)
    assert moved_text == [token - 1 for token in text]


def test_a_text_that_the_posteriors_rule_out_is_aligned_all_the_same() -> None:
    log_probs = F.one_hot(torch.tensor([0, 1, 0, 2, 2, 0]), 4).double().log().numpy()
    first, impossible, last = align(log_probs, [1, 3, 2])
    assert first.log_prob == last.log_prob == 0
    assert impossible.log_prob == -math.inf
    assert first.end_frame <= impossible.start_frame < impossible.end_frame <= last.start_frame


def test_alignment_of_nothing_is_nothing() -> None:
    assert align(random_log_probs(3, 4, seed=0).numpy(), []) == []
