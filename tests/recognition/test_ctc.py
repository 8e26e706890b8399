"""CTC: paths against brute force and against torch's own loss."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from viseme.recognition.ctc import align, greedy, log_likelihood
from viseme.recognition.ctc_prefix import CtcPrefixScorer

posteriors = st.tuples(
    st.integers(1, 6), st.integers(2, 4), st.integers(0, 2**31), st.sampled_from([0.3, 2.0, 20.0])
)


def random_log_probs(frames: int, vocab: int, seed: int, scale: float = 2.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(frames, vocab, generator=generator)).log_softmax(-1)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(token for token, _ in itertools.groupby(path) if token)


def all_texts(log_probs: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Probability of every text, by listing all paths."""
    frames, vocab = log_probs.shape
    table = log_probs.double().tolist()
    texts: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(vocab), repeat=frames):
        p = math.exp(sum(table[t][token] for t, token in enumerate(path)))
        texts[collapse(path)] = texts.get(collapse(path), 0.0) + p
    return texts


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


@settings(deadline=None)
@given(posteriors)
def test_prefix_score_is_the_sum_over_completions(shape: tuple[int, int, int, float]) -> None:
    log_probs = random_log_probs(*shape)
    vocab, texts = shape[1], all_texts(log_probs)
    scorer = CtcPrefixScorer(log_probs[None], torch.tensor([len(log_probs)]))
    state = scorer.start()
    generator = torch.Generator().manual_seed(shape[2])
    prefix: tuple[int, ...] = ()
    for _ in range(shape[0] + 1):
        assert state.end.exp().item() == pytest.approx(texts.get(prefix, 0.0), rel=1e-5, abs=1e-30)
        scores = scorer.vocabulary_scores(state)
        some = torch.randint(vocab, (1, 5), generator=generator)
        torch.testing.assert_close(scorer.candidate_scores(state, some), scores.gather(1, some))
        assert scores[0, 0] == -math.inf
        for token in range(1, vocab):
            longer = (*prefix, token)
            total = sum(p for text, p in texts.items() if text[: len(longer)] == longer)
            assert scores[0, token].exp().item() == pytest.approx(total, rel=1e-5, abs=1e-30)
        token = int(torch.randint(1, vocab, (1,), generator=generator))
        prefix = (*prefix, token)
        state = scorer.extend(state, torch.tensor([0]), torch.tensor([token]))


def test_prefix_scores_of_a_batch_are_those_of_each_utterance() -> None:
    log_probs = torch.stack([random_log_probs(30, 7, seed) for seed in range(3)])
    lengths = torch.tensor([30, 11, 1])
    batch = CtcPrefixScorer(log_probs, lengths)
    rows, tokens = torch.tensor([2, 1, 0, 1, 1]), torch.tensor([1, 2, 3, 4, 2])
    state = batch.extend(batch.start(), rows, tokens)
    state = batch.extend(state, torch.arange(5), torch.tensor([1, 2, 2, 6, 5]))
    scores = batch.vocabulary_scores(state)
    for row, (utterance, token) in enumerate(zip(rows.tolist(), tokens.tolist(), strict=True)):
        length = lengths[utterance].item()
        alone = CtcPrefixScorer(
            log_probs[utterance : utterance + 1, :length], torch.tensor([length])
        )
        zero = torch.tensor([0])
        one = alone.extend(alone.start(), zero, torch.tensor([token]))
        one = alone.extend(one, zero, state.last[row : row + 1])
        torch.testing.assert_close(alone.vocabulary_scores(one), scores[row : row + 1])
        torch.testing.assert_close(one.end, state.end[row : row + 1])


def test_prefix_scores_stay_exact_over_long_peaky_posteriors() -> None:
    log_probs = random_log_probs(1500, 20, seed=1, scale=30.0)
    tokens = greedy(log_probs[None], torch.tensor([1500]))[0][:40]
    scorer = CtcPrefixScorer(log_probs[None], torch.tensor([1500]))
    state = scorer.start()
    for token in tokens:
        state = scorer.extend(state, torch.tensor([0]), torch.tensor([token]))
    expected = log_likelihood(log_probs.numpy(), tokens)
    assert state.end.item() == pytest.approx(expected, rel=1e-9)


def test_greedy_merges_repeats_and_drops_blanks_within_the_length() -> None:
    paths = torch.tensor([[1, 1, 0, 1, 2, 2], [0, 0, 3, 3, 1, 1], [0, 0, 0, 0, 0, 0]])
    log_probs = F.one_hot(paths, 4).float()
    assert greedy(log_probs, torch.tensor([6, 4, 6])) == [[1, 1, 2], [3], []]


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


def test_alignment_of_nothing_is_nothing() -> None:
    assert align(random_log_probs(3, 4, seed=0).numpy(), []) == []
